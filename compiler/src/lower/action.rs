//! A declared action in, its params with their types out.

use std::collections::HashMap;

use agentos_grammar::{Spanned, ast};

use super::{condition::literal, scope::Scope};
use crate::{
    finding::{Finding, codes},
    ir,
};

/// Lowers a declaration; `None` where the name is declared already.
pub(super) fn lower(
    decl: &ast::ActionDecl,
    scope: &Scope,
    found: &mut Vec<Finding>,
) -> Option<ir::Action> {
    if let Some(first) = scope.actions.get(&decl.name.node) {
        found.push(
            Finding::new(
                &codes::DUPLICATE_ACTION,
                decl.name.span,
                format!("action `{}` is declared twice", decl.name.node),
            )
            .other(first.name.span, "first declared here")
            .help("keep one declaration; a policy that extends another has its declarations too"),
        );
        return None;
    }
    if decl.name.node.contains(['*', '?', '[']) {
        found.push(
            Finding::new(
                &codes::WRONG_SHAPE,
                decl.name.span,
                format!(
                    "an action is declared by its whole name, and `{}` is a glob",
                    decl.name.node
                ),
            )
            .help("declare each action by itself"),
        );
        return None;
    }
    let mut params: Vec<ir::Param> = Vec::new();
    let mut seen: HashMap<&str, &ast::Name> = HashMap::new();
    for param in &decl.params {
        if let Some(first) = seen.insert(&param.name.node, &param.name) {
            found.push(
                Finding::new(
                    &codes::DUPLICATE_NAME,
                    param.name.span,
                    format!("param `{}` is declared twice", param.name.node),
                )
                .other(first.span, "first declared here"),
            );
            continue;
        }
        let (inner, optional) = match &param.ty.node {
            ast::Type::Optional(inner) => (inner.as_ref(), true),
            _ => (&param.ty, false),
        };
        if let Some(ty) = lower_type(inner, found) {
            params.push(ir::Param {
                name: param.name.clone(),
                ty,
                optional,
            });
        }
    }
    Some(ir::Action {
        name: decl.name.clone(),
        params,
    })
}

/// Whether this version enforces a type; what is declared as another one is a finding.
pub const fn is_enforced(ty: &ast::Type) -> bool {
    match ty {
        ast::Type::String
        | ast::Type::Integer
        | ast::Type::Decimal
        | ast::Type::Boolean
        | ast::Type::Timestamp
        | ast::Type::OneOf(_) => true,
        ast::Type::Shell
        | ast::Type::Sql
        | ast::Type::Path
        | ast::Type::Url
        | ast::Type::Python => false,
        ast::Type::List(inner) | ast::Type::Optional(inner) => is_enforced(&inner.node),
    }
}

fn lower_type(ty: &Spanned<ast::Type>, found: &mut Vec<Finding>) -> Option<ir::Type> {
    let understood = |word: &str, found: &mut Vec<Finding>| {
        found.push(
            Finding::new(
                &codes::NOT_YET,
                ty.span,
                format!("the type `{word}` is not understood by this version"),
            )
            .help("declare it as `string`; rules then look at it as a text")
            .instead("string"),
        );
        Some(ir::Type::String)
    };
    match &ty.node {
        ast::Type::String => Some(ir::Type::String),
        ast::Type::Integer => Some(ir::Type::Integer),
        ast::Type::Decimal => Some(ir::Type::Decimal),
        ast::Type::Boolean => Some(ir::Type::Boolean),
        ast::Type::Timestamp => Some(ir::Type::Timestamp),
        ast::Type::Shell => understood("shell", found),
        ast::Type::Sql => understood("sql", found),
        ast::Type::Path => understood("path", found),
        ast::Type::Url => understood("url", found),
        ast::Type::Python => understood("python", found),
        ast::Type::List(inner) => {
            lower_type(inner, found).map(|inner| ir::Type::List(Box::new(inner)))
        }
        ast::Type::OneOf(list) => {
            let values: Vec<ir::Literal> = list
                .iter()
                .filter_map(|value| literal(value, found))
                .collect();
            if list.is_empty() {
                found.push(
                    Finding::new(&codes::WRONG_TYPE, ty.span, "no value is `one of []`")
                        .help("list the values the param may have"),
                );
                return None;
            }
            Some(ir::Type::OneOf(values))
        }
        ast::Type::Optional(_) => {
            found.push(
                Finding::new(
                    &codes::WRONG_TYPE,
                    ty.span,
                    "only a whole param is optional, not an element or an optional one",
                )
                .help("write `?` once, at the end of the param's type"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Sources, compile};

    #[test]
    fn a_type_is_enforced_or_a_finding() {
        for word in ast::Type::WORDS {
            let ty = ast::Type::from_word(word).unwrap();
            let text = format!("policy p {{ action a {{ b: [{word}]? }} allow a; }}");
            let (_, found) = compile(&Sources::one("p.policy", text), &Options::default());
            let is_refused = found.iter().any(|one| one.lint == &codes::NOT_YET);
            assert_eq!(is_enforced(&ty), !is_refused, "{word}");
            // Who misspells a type is told one that is.
            let is_advised = ast::Type::OF_VALUES.contains(word);
            assert_eq!(is_enforced(&ty), is_advised, "{word}");
        }
    }
}
