//! An expression in, a short text in which it is found out, as a guess: what
//! has to stand beside it is left out, and whoever needs to be sure reads it.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The longest guess, in bytes.
const LONGEST: usize = 4096;

/// A short text in which an expression is found, if what it looks at beside
/// itself allows it; `None` where that is too long.
pub(crate) fn example(expression: &Hir) -> Option<String> {
    let mut text = String::new();
    add(expression, &mut text)?;
    Some(text)
}

// Expressions are no deeper than their parser allows.
fn add(expression: &Hir, text: &mut String) -> Option<()> {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(letter(class)?),
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                add(&repetition.sub, text)?;
                if text.len() > LONGEST {
                    return None;
                }
            }
        }
        HirKind::Capture(capture) => add(&capture.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                add(part, text)?;
            }
        }
        HirKind::Alternation(parts) => {
            let shortest = parts.iter().filter_map(example).min_by_key(String::len);
            text.push_str(&shortest?);
        }
    }
    (text.len() <= LONGEST).then_some(())
}

/// The letter of a class that reads best.
fn letter(class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .filter(|range| range.end().is_ascii())
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
    };
    let liked = ['a'..='z', '0'..='9', 'A'..='Z', ' '..=' ', '!'..='~'];
    let first = |&(from, to): &(char, char)| {
        let in_liked = liked.iter().enumerate().filter_map(move |(rank, liked)| {
            let letter = from.max(*liked.start());
            (letter <= to && letter <= *liked.end()).then_some((rank, letter))
        });
        in_liked.min().unwrap_or((liked.len(), from))
    };
    ranges.iter().map(first).min().map(|(_, letter)| letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_short_and_reads_well() {
        for (expression, expected) in [
            (r"drop\s+table", "drop table"),
            (r"(?i)AKIA[0-9A-Z]{4}", "akiaaaaa"),
            (r"(?:\A|[^a-z])(rm)(?:\z|[^a-z])", "rm"),
            (r"secret|key|\w{9}", "key"),
            (r"[^\x00-\x7f]", "\u{80}"),
        ] {
            let expression = regex_syntax::parse(expression).unwrap();
            assert_eq!(example(&expression).as_deref(), Some(expected));
        }
        assert_eq!(
            example(&regex_syntax::parse("(?:abcdefgh){900}").unwrap()),
            None
        );
    }
}
