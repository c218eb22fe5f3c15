//! Declared actions in our own YAML: params and their types.
//!
//! A type is a text as in the language (`string?`, `[string]`), or
//! `{one_of: [a, b]}`; a list of one type without quotes is read as that list.

use super::Cx;
use crate::ast::{ActionDecl, Literal, ParamDecl, Type};
use crate::parse_type;
use crate::span::Spanned;
use crate::yaml::align::Alignment;
use crate::yaml::node::{Entry, Kind, Node};

impl Cx<'_> {
    pub(super) fn action(&mut self, entry: &Entry) -> Option<ActionDecl> {
        let name = self.reading.key(entry, "actions");
        let keys = self.reading.mapping(&entry.value, entry.name())?;
        let mut params = Vec::new();
        for entry in keys.entries {
            let name = self.reading.key(entry, "a param");
            let ty = self.ty(&entry.value, entry.name());
            if let (Some(name), Some(ty)) = (name, ty) {
                params.push(Spanned::new(
                    ParamDecl { name, ty },
                    super::entry_span(entry),
                ));
            }
        }
        Some(ActionDecl {
            name: name?,
            params,
        })
    }

    fn ty(&mut self, node: &Node, key: &str) -> Option<Spanned<Type>> {
        match &node.kind {
            Kind::Sequence(nodes) => {
                let [element] = &nodes[..] else {
                    return self
                        .reading
                        .wrong_shape(node, "a list has one type: `[string]`".to_owned());
                };
                let element = self.ty(element, key)?;
                Some(Spanned::new(Type::List(Box::new(element)), node.span))
            }
            Kind::Mapping(_) => {
                let mut keys = self.reading.mapping(node, key)?;
                let values = self.required(&mut keys, "a type", "one_of", |cx, node| {
                    cx.literals(node, "one_of")
                });
                self.reading.no_other_keys(&keys, "a type", &[]);
                Some(Spanned::new(Type::OneOf(values?), node.span))
            }
            Kind::Null => self.reading.wrong(node, key, "a type"),
            Kind::Scalar(scalar) => {
                self.reading.text(node, key)?;
                let alignment = Alignment::new(self.text, node.span, scalar);
                let (ty, errors) = parse_type(self.source, &scalar.text);
                for error in errors {
                    self.reading.error(alignment.error(error));
                }
                let mut ty = ty?;
                ty.map_spans(&mut |span| alignment.map(span));
                Some(ty)
            }
        }
    }

    /// A list of literals with one at least.
    pub(super) fn literals(&mut self, node: &Node, key: &str) -> Option<Vec<Spanned<Literal>>> {
        let nodes = self.reading.list(node, key)?;
        if nodes.is_empty() {
            return self
                .reading
                .wrong_shape(node, format!("`{key}` is an empty list"));
        }
        let literals: Vec<Option<Spanned<Literal>>> = nodes
            .iter()
            .map(|node| self.reading.literal(node, key))
            .collect();
        literals.into_iter().collect()
    }
}
