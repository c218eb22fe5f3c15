//! Conditions and types as texts; both spellings write them so.

use crate::ast::{Check, Condition, Field, IntentTest, Literal, Name, Test, Type};
use crate::parse::CONDITION_WORDS;
use crate::print::quote;
use crate::span::Spanned;

/// A condition on one line.
pub(super) fn condition(condition: &Condition) -> String {
    parts(condition).join(" ")
}

/// A condition in parts that may stand on lines of their own, each but the
/// first starting with the `and` or `or` that joins it.
pub(super) fn parts(condition: &Condition) -> Vec<String> {
    let (word, list) = match condition {
        Condition::And(list) => ("and", list),
        Condition::Or(list) => ("or", list),
        Condition::Not(inner) => {
            let mut parts = operand(inner);
            prefix(&mut parts, "not ");
            return parts;
        }
        Condition::Exists(field) => return vec![format!("exists {}", self::field(field))],
        Condition::Intent(test) => return vec![intent(test)],
        Condition::Test(test) => return vec![self::test(test)],
    };
    let mut joined = Vec::new();
    for (i, part) in list.iter().enumerate() {
        let binds_closer = matches!(
            (condition, &part.node),
            (Condition::Or(_), Condition::And(_))
        );
        let mut parts = if binds_closer {
            parts(part)
        } else {
            operand(part)
        };
        if i > 0 {
            prefix(&mut parts, &format!("{word} "));
        }
        joined.append(&mut parts);
    }
    joined
}

/// A condition as a part of a larger one: in brackets when it joins parts itself.
fn operand(condition: &Condition) -> Vec<String> {
    let mut parts = parts(condition);
    if matches!(condition, Condition::And(_) | Condition::Or(_)) {
        prefix(&mut parts, "(");
        if let Some(last) = parts.last_mut() {
            last.push(')');
        }
    }
    parts
}

/// Puts `word` before the first of `parts`.
pub(super) fn prefix(parts: &mut [String], word: &str) {
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, word);
    }
}

fn intent(test: &IntentTest) -> String {
    let categories: Vec<String> = test
        .categories
        .iter()
        .map(|name| quote::name(name))
        .collect();
    let at = test
        .at
        .as_ref()
        .map(|at| format!(" at {}", quote::number(at)))
        .unwrap_or_default();
    format!("intent in [{}]{at}", categories.join(", "))
}

fn test(test: &Test) -> String {
    let quantifier = test
        .quantifier
        .as_ref()
        .map(|word| format!("{} ", word.word()))
        .unwrap_or_default();
    format!("{quantifier}{} {}", field(&test.field), check(&test.check))
}

fn check(check: &Check) -> String {
    let text = |word: &str, said: &Name| format!("{word} {}", quote::text(said));
    match check {
        Check::Compare(sign, literal) => format!("{} {}", sign.word(), quote::literal(literal)),
        Check::In { negated, list } => {
            let not = if *negated { "not " } else { "" };
            format!("{not}in {}", literals(list))
        }
        Check::Contains(literal) => format!("contains {}", quote::literal(literal)),
        Check::StartsWith(said) => text("starts with", said),
        Check::EndsWith(said) => text("ends with", said),
        Check::MatchesRegex(regex) => format!("matches {}", quote::raw(regex)),
        Check::MatchesSet(name) if quote::is_word(name) => format!("matches {}", name.node),
        Check::MatchesSet(name) => format!("matches patterns {}", quote::text(name)),
        Check::Like(glob) => text("like", glob),
        Check::Under(directory) => text("under", directory),
    }
}

fn literals(list: &[Spanned<Literal>]) -> String {
    let literals: Vec<String> = list.iter().map(|literal| quote::literal(literal)).collect();
    format!("[{}]", literals.join(", "))
}

/// A field; one whose first word means something else is written as a param.
fn field(field: &Field) -> String {
    let first = field.path.first().map_or("", String::as_str);
    let clear = quote::is_word(first) && !CONDITION_WORDS.contains(&first);
    let mut written = String::from(if clear { "" } else { "params" });
    for word in &field.path {
        if !written.is_empty() {
            written.push('.');
        }
        if quote::is_segment(word) {
            written.push_str(word);
        } else {
            written.push_str(&quote::text(word));
        }
    }
    written
}

/// A type.
pub(super) fn param_type(ty: &Type) -> String {
    match ty {
        Type::List(inner) => format!("[{}]", param_type(inner)),
        Type::Optional(inner) => format!("{}?", param_type(inner)),
        Type::OneOf(list) => format!("one of {}", literals(list)),
        Type::String
        | Type::Integer
        | Type::Decimal
        | Type::Boolean
        | Type::Timestamp
        | Type::Shell
        | Type::Sql
        | Type::Path
        | Type::Url
        | Type::Python => ty.word().unwrap_or_default().to_owned(),
    }
}
