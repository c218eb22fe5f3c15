//! Conditions in our own YAML: a text in the language's own expressions, or a
//! tree for machines.
//!
//! Every place inside a text is mapped to where it was written, through the
//! quotes and folds of YAML, so that a mistake is underlined inside the text.

use super::Cx;
use crate::ast::{Check, Comparison, Condition, Field, IntentTest, Literal, Quantifier, Test};
use crate::span::Spanned;
use crate::words::{shown, unknown_word};
use crate::yaml::align::Alignment;
use crate::yaml::node::{Entry, Kind, Node, Scalar};
use crate::yaml::reading::Keys;
use crate::{SyntaxErrorKind, parse_condition};

/// What `op` may say.
const OPS: [&str; 16] = [
    "eq",
    "ne",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "not_in",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "like",
    "under",
    "exists",
    "intent",
];

impl Cx<'_> {
    pub(super) fn condition(&mut self, node: &Node, key: &str) -> Option<Spanned<Condition>> {
        match &node.kind {
            Kind::Scalar(scalar) => self.expression(node, scalar, key),
            Kind::Mapping(_) => self.tree(node, key),
            Kind::Null | Kind::Sequence(_) => self.reading.wrong(
                node,
                key,
                "a condition: a text, or `{all: […]}`, `{any: […]}`, `{not: …}`, `{field: …}`",
            ),
        }
    }

    fn expression(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        key: &str,
    ) -> Option<Spanned<Condition>> {
        self.reading.text(node, key)?;
        let alignment = Alignment::new(self.text, node.span, scalar);
        let (condition, errors) = parse_condition(self.source, &scalar.text);
        for error in errors {
            self.reading.error(alignment.error(error));
        }
        let mut condition = condition?;
        condition.map_spans(&mut |span| alignment.map(span));
        Some(condition)
    }

    fn tree(&mut self, node: &Node, key: &str) -> Option<Spanned<Condition>> {
        let mut keys = self.reading.mapping(node, key)?;
        let (all, any, not) = (keys.take("all"), keys.take("any"), keys.take("not"));
        let (field, op) = (keys.take("field"), keys.take("op"));
        let found: Vec<&Entry> = [all, any, not, op.or(field)]
            .into_iter()
            .flatten()
            .collect();
        let [one] = found[..] else {
            return self.reading.wrong_shape(
                node,
                "a condition has one of `all`, `any`, `not`, or `field` with `op` and `value`"
                    .to_owned(),
            );
        };
        let condition = match one.name() {
            "all" => self.joined(one, Condition::And),
            "any" => self.joined(one, Condition::Or),
            "not" => self
                .condition(&one.value, "not")
                .map(|inner| Condition::Not(Box::new(inner))),
            _ => return self.test(keys, field, op),
        };
        self.reading.no_other_keys(&keys, "a condition", &[]);
        Some(Spanned::new(condition?, node.span))
    }

    fn joined(
        &mut self,
        entry: &Entry,
        join: fn(Vec<Spanned<Condition>>) -> Condition,
    ) -> Option<Condition> {
        let nodes = self.reading.list(&entry.value, entry.name())?;
        if nodes.is_empty() {
            return self
                .reading
                .wrong_shape(&entry.value, format!("`{}` is an empty list", entry.name()));
        }
        let parts: Vec<Option<Spanned<Condition>>> = nodes
            .iter()
            .map(|node| self.condition(node, entry.name()))
            .collect();
        let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        // A list of one is that one.
        if parts.len() == 1 {
            parts.pop().map(|part| part.node)
        } else {
            Some(join(parts))
        }
    }

    fn test(
        &mut self,
        mut keys: Keys<'_>,
        field: Option<&Entry>,
        op: Option<&Entry>,
    ) -> Option<Spanned<Condition>> {
        let span = keys.span;
        let (value, quantifier, at) =
            (keys.take("value"), keys.take("quantifier"), keys.take("at"));
        self.reading
            .no_other_keys(&keys, "a condition", &["all", "any", "not"]);
        let Some(op) = op else {
            return self.reading.missing(span, "a condition on a field", "op");
        };
        let word = self.reading.text(&op.value, "op")?;
        if !OPS.contains(&word.node.as_str()) {
            self.reading
                .error(unknown_word("operator", &word.node, word.span, &OPS));
            return None;
        }
        let word = word.node.as_str();
        let unused = match word {
            "intent" => [field, quantifier],
            "exists" => [value.or(at), quantifier],
            _ => [at, None],
        };
        for entry in unused.into_iter().flatten() {
            let message = format!("`{word}` takes no `{}`", entry.name());
            self.reading
                .fail(SyntaxErrorKind::UnknownKey, entry.key.span, message, None);
        }
        if word == "intent" {
            let test = self.intent_test(span, value, at)?;
            return Some(Spanned::new(Condition::Intent(test), span));
        }
        let field = match field {
            Some(entry) => self.field(&entry.value),
            None => self.reading.missing(span, "a condition", "field"),
        };
        if word == "exists" {
            return Some(Spanned::new(Condition::Exists(field?), span));
        }
        let (known, from_word) = (Quantifier::WORDS, Quantifier::from_word);
        let quantifier = match quantifier {
            Some(entry) => Some(
                self.reading
                    .word(&entry.value, "quantifier", known, from_word)?,
            ),
            None => None,
        };
        let Some(value) = value else {
            return self
                .reading
                .missing(span, "a condition on a field", "value");
        };
        let check = self.check(word, &value.value)?;
        let check = Spanned::new(check, op.key.span.to(value.value.span));
        Some(Spanned::new(
            Condition::Test(Test {
                quantifier,
                field: field?,
                check,
            }),
            span,
        ))
    }

    fn intent_test(
        &mut self,
        span: crate::Span,
        value: Option<&Entry>,
        at: Option<&Entry>,
    ) -> Option<IntentTest> {
        let categories = match value {
            Some(entry) => self.reading.texts(&entry.value, "value"),
            None => self
                .reading
                .missing(span, "a condition on an intent", "value"),
        };
        let at = match at {
            Some(entry) => Some(self.reading.number(&entry.value, "at")?),
            None => None,
        };
        Some(IntentTest {
            categories: categories?,
            at,
        })
    }

    fn field(&mut self, node: &Node) -> Option<Spanned<Field>> {
        let text = self.reading.text(node, "field")?;
        let path: Vec<String> = text.node.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            let message = format!(
                "`{}` is no field: words with dots between them",
                shown(&text.node)
            );
            return self.reading.wrong_shape(node, message);
        }
        Some(Spanned::new(Field { path }, node.span))
    }

    fn check(&mut self, op: &str, node: &Node) -> Option<Check> {
        let compare = |cx: &mut Self, comparison| {
            Some(Check::Compare(
                comparison,
                cx.reading.literal(node, "value")?,
            ))
        };
        match op {
            "eq" => compare(self, Comparison::Equal),
            "ne" => compare(self, Comparison::NotEqual),
            "lt" => compare(self, Comparison::Less),
            "lte" => compare(self, Comparison::AtMost),
            "gt" => compare(self, Comparison::Greater),
            "gte" => compare(self, Comparison::AtLeast),
            "in" | "not_in" => {
                let list: Vec<Spanned<Literal>> = self.literals(node, "value")?;
                Some(Check::In {
                    negated: op == "not_in",
                    list,
                })
            }
            "contains" => Some(Check::Contains(self.reading.literal(node, "value")?)),
            "starts_with" => Some(Check::StartsWith(self.reading.text(node, "value")?)),
            "ends_with" => Some(Check::EndsWith(self.reading.text(node, "value")?)),
            "like" => Some(Check::Like(self.reading.text(node, "value")?)),
            "under" => Some(Check::Under(self.reading.text(node, "value")?)),
            _ => {
                // `matches`: a regex, or `{patterns: NAME}`.
                if node.as_mapping().is_none() {
                    return Some(Check::MatchesRegex(self.reading.text(node, "value")?));
                }
                let mut keys = self.reading.mapping(node, "value")?;
                let set = self.required(&mut keys, "`matches`", "patterns", |cx, node| {
                    cx.reading.text(node, "patterns")
                });
                self.reading.no_other_keys(&keys, "`matches`", &[]);
                Some(Check::MatchesSet(set?))
            }
        }
    }
}
