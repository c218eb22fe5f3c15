//! Conditions written as texts (`tool_name == 'x' and amount > 5`) in, our
//! conditions out.
//!
//! What the homes read, and no more: `or` over `and` over `field == 'text'`,
//! `field != 'text'`, `field > 5`, `field in ['a', 'b']` and a field alone. The
//! homes let a condition that they cannot read match nothing, or everything;
//! here it is a finding at the part that cannot be read.
//!
//! A missing field: `==`, `in`, `>`, `>=` above 0 and a field alone match
//! nothing, and are asked with `exists`. `!=` matches, and one home takes a
//! missing number for 0; there a rule of ours that holds somebody back fires on
//! doubt as it is.

use agentos_grammar::{
    Span, Spanned,
    ast::{Check, Comparison, Condition, Effect, Field, Literal, Name, Test},
    limits::MAX_YAML_NESTING,
};

use super::{condition, draft::shown};

/// What the text of a condition says.
pub(super) struct Expression {
    pub(super) condition: Spanned<Condition>,
    /// The fields that disarm it by not being there.
    pub(super) disarmed_by: Vec<Name>,
}

/// A part of a text that cannot be read, by its bytes in that text.
pub(super) struct Unreadable {
    pub(super) span: Span,
    pub(super) message: String,
}

/// Reads `text`; the places that come out count from its start.
pub(super) fn read(text: &str, at: Span, effect: Effect) -> Result<Expression, Unreadable> {
    let mut cx = Cx {
        at,
        effect,
        disarmed_by: Vec::new(),
    };
    let condition = cx.joined(text, 0, Join::Or)?;
    Ok(Expression {
        condition,
        disarmed_by: cx.disarmed_by,
    })
}

#[derive(Clone, Copy)]
enum Join {
    Or,
    And,
}

struct Cx {
    at: Span,
    effect: Effect,
    disarmed_by: Vec<Name>,
}

impl Cx {
    fn joined(
        &mut self,
        text: &str,
        from: usize,
        join: Join,
    ) -> Result<Spanned<Condition>, Unreadable> {
        let keyword = match join {
            Join::Or => " or ",
            Join::And => " and ",
        };
        let parts = split(text, from, keyword);
        if parts.len() > MAX_YAML_NESTING * MAX_YAML_NESTING {
            return Err(self.unreadable(from, text.len(), "too many parts".to_owned()));
        }
        let mut conditions = Vec::with_capacity(parts.len());
        for (part, from) in parts {
            conditions.push(match join {
                Join::Or => self.joined(part, from, Join::And)?,
                Join::And => self.atom(part, from)?,
            });
        }
        if conditions.len() == 1
            && let Some(one) = conditions.pop()
        {
            return Ok(one);
        }
        let condition = match join {
            Join::Or => Condition::Or(conditions),
            // `exists F and F == x` of each part stand side by side.
            Join::And => Condition::And(conditions.into_iter().flat_map(flat).collect()),
        };
        Ok(Spanned::new(condition, self.span(from, text.len())))
    }

    fn atom(&mut self, text: &str, from: usize) -> Result<Spanned<Condition>, Unreadable> {
        let trimmed = text.trim_start();
        let from = from + (text.len() - trimmed.len());
        let text = trimmed.trim_end();
        let length = text
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(text.len());
        let (path, rest) = text.split_at(length);
        if path.is_empty()
            || path.split('.').any(str::is_empty)
            || path.starts_with(|c: char| c.is_ascii_digit())
        {
            let message = match text {
                "" => "a part of the condition is missing".to_owned(),
                _ => format!("`{}` does not begin with a field", shown(text)),
            };
            return Err(self.unreadable(from, text.len(), message));
        }
        let name = Spanned::new(path.to_owned(), self.span(from, length));
        let operator = rest.trim_start();
        let operator_at = from + text.len() - operator.len();
        if operator.is_empty() {
            let check = Check::Compare(
                Comparison::Equal,
                Spanned::new(Literal::Boolean(true), name.span),
            );
            return Ok(self.test(&name, Spanned::new(check, name.span), true));
        }
        let unreadable = |cx: &Cx| {
            cx.unreadable(
                operator_at,
                operator.len(),
                format!(
                    "`{}` cannot be read after `{}`",
                    shown(operator),
                    shown(path)
                ),
            )
        };
        for (word, comparison) in [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ] {
            let Some(value) = operator.strip_prefix(word) else {
                continue;
            };
            let value_text = value.trim_start();
            let value_at = self.span(
                operator_at + operator.len() - value_text.len(),
                value_text.len(),
            );
            let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            let literal = if equality {
                quoted(value_text).map(Literal::Text)
            } else {
                number(value_text)
            };
            let Some(literal) = literal else {
                return Err(unreadable(self));
            };
            // Where the home takes a missing field for a match, doubt does so too.
            let matches_nothing = match (&literal, comparison) {
                (_, Comparison::Equal) => true,
                (Literal::Number(digits), Comparison::Greater) => !digits.starts_with('-'),
                (Literal::Number(digits), Comparison::AtLeast) => {
                    digits.bytes().any(|b| (b'1'..=b'9').contains(&b))
                }
                _ => false,
            };
            let check = Check::Compare(comparison, Spanned::new(literal, value_at));
            let check = Spanned::new(check, self.span(operator_at, operator.len()));
            return Ok(self.test(&name, check, matches_nothing));
        }
        let list = operator
            .strip_prefix("in")
            .filter(|rest| rest.starts_with(char::is_whitespace))
            .and_then(|rest| rest.trim().strip_prefix('[')?.strip_suffix(']'));
        let Some(list) = list else {
            return Err(unreadable(self));
        };
        let span = self.span(operator_at, operator.len());
        let mut values = Vec::new();
        for value in list.split(',').map(str::trim) {
            let Some(text) = quoted(value) else {
                return Err(unreadable(self));
            };
            values.push(Spanned::new(Literal::Text(text), span));
        }
        Ok(self.test(
            &name,
            Spanned::new(
                Check::In {
                    negated: false,
                    list: values,
                },
                span,
            ),
            true,
        ))
    }

    fn test(
        &mut self,
        name: &Name,
        check: Spanned<Check>,
        missing_matches_nothing: bool,
    ) -> Spanned<Condition> {
        let field: Spanned<Field> = condition::field(name, false);
        let span = name.span.to(check.span);
        let test = Spanned::new(
            Condition::Test(Test {
                quantifier: None,
                field,
                check,
            }),
            span,
        );
        if !missing_matches_nothing {
            return test;
        }
        let tested = condition::guarded(test, name, self.effect);
        self.disarmed_by.extend(tested.disarmed_by);
        tested.condition
    }

    fn span(&self, from: usize, length: usize) -> Span {
        Span::new(self.at.source, from, from + length)
    }

    fn unreadable(&self, from: usize, length: usize, message: String) -> Unreadable {
        Unreadable {
            span: self.span(from, length.max(1)),
            message,
        }
    }
}

/// The parts of `text` between `keyword`, outside quotes, each with its place.
fn split<'t>(text: &'t str, from: usize, keyword: &str) -> Vec<(&'t str, usize)> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut start = 0;
    let mut skip = 0;
    for (at, c) in text.char_indices() {
        if at < skip {
            continue;
        }
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None => {
                let here = text.get(at..at + keyword.len());
                if here.is_some_and(|here| here.eq_ignore_ascii_case(keyword)) {
                    parts.push((&text[start..at], from + start));
                    start = at + keyword.len();
                    skip = start;
                }
            }
        }
    }
    parts.push((&text[start..], from + start));
    parts
}

/// A text in single or double quotes, with none inside and not empty.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains(['\'', '"'])).then(|| inner.to_owned())
}

/// Digits, perhaps with a point between them.
fn number(text: &str) -> Option<Literal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let leads = whole.len() > 1 && whole.starts_with('0');
    (digits(whole) && digits(fraction) && !leads).then(|| Literal::Number(text.to_owned()))
}

fn flat(condition: Spanned<Condition>) -> Vec<Spanned<Condition>> {
    match condition.node {
        Condition::And(parts) => parts,
        node => vec![Spanned::new(node, condition.span)],
    }
}

#[cfg(test)]
mod tests {
    use agentos_grammar::{SourceId, parse_condition};

    use super::*;

    fn read_as(text: &str, effect: Effect) -> Result<Condition, (std::ops::Range<usize>, String)> {
        match read(text, Span::new(SourceId(0), 0, text.len()), effect) {
            Ok(expression) => Ok(expression.condition.node),
            Err(unreadable) => Err((unreadable.span.range(), unreadable.message)),
        }
    }

    fn ours(text: &str) -> Condition {
        let (condition, errors) = parse_condition(SourceId(0), text);
        assert_eq!(errors, []);
        condition.unwrap().node
    }

    #[test]
    fn what_the_homes_read_becomes_ours() {
        for (text, condition) in [
            ("tool_name == 'x'", "action == \"x\""),
            ("path == \"a or b\"", "params.path == \"a or b\""),
            (
                "a == 'x' and b > 5 or c",
                "params.a == \"x\" and params.b > 5 or params.c == true",
            ),
            (
                "user.role in ['admin', 'operator']",
                "context.user.role in [\"admin\", \"operator\"]",
            ),
            ("amount<=10.5", "params.amount <= 10.5"),
        ] {
            assert_eq!(
                read_as(text, Effect::Allow).unwrap(),
                ours(condition),
                "{text}"
            );
        }
    }

    #[test]
    fn a_rule_that_restrains_asks_whether_its_field_is_there() {
        for (text, condition) in [
            ("tool_name == 'x'", "action == \"x\""),
            ("path == 'x'", "exists params.path and params.path == \"x\""),
            // These match at home when the field is missing.
            ("path != 'x'", "params.path != \"x\""),
            ("amount < 5", "params.amount < 5"),
            ("amount >= 0", "params.amount >= 0"),
            ("amount > 0", "exists params.amount and params.amount > 0"),
        ] {
            assert_eq!(
                read_as(text, Effect::Deny).unwrap(),
                ours(condition),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_where_it_stands() {
        for (text, range) in [
            ("a == x", 2..6),
            ("a == 'x' and (b > 5)", 13..20),
            ("a == 'x' or not b", 16..17),
            ("a > -5", 2..6),
            ("a == ''", 2..7),
            ("a in b", 2..6),
            ("a == 'x' or ", 12..13),
            ("", 0..1),
        ] {
            let (found, message) = read_as(text, Effect::Deny).unwrap_err();
            assert_eq!(found, range, "{text}: {message}");
        }
    }
}
