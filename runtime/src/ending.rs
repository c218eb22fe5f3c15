//! An expression in, whether it minds where a text ends out.
//!
//! Behind the last value of a canonical text stand its keys, which the caller
//! names. A pattern that asks for the end, or that something does not follow,
//! may be in the text without them only.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Whether an expression may be in a text, and not in the same text with a blank
/// and more behind it.
pub(crate) fn asks_for_end(hir: &Hir) -> bool {
    asks(hir, true)
}

/// `last`: nothing stands behind this part. How deep expressions nest is bounded
/// where they are read.
fn asks(hir: &Hir, last: bool) -> bool {
    match hir.kind() {
        HirKind::Look(look) => is_end(*look),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Repetition(repetition) => asks(&repetition.sub, false),
        HirKind::Capture(capture) => asks(&capture.sub, last),
        HirKind::Concat(hirs) => hirs
            .iter()
            .enumerate()
            .any(|(at, hir)| asks(hir, last && at + 1 == hirs.len())),
        HirKind::Alternation(hirs) => {
            // `(?:\z|[^a])`: the blank does for the end.
            let is_pardoned = last && hirs.iter().any(has_blank);
            hirs.iter().any(|hir| match hir.kind() {
                HirKind::Look(look) if is_end(*look) => !is_pardoned,
                _ => asks(hir, last),
            })
        }
    }
}

fn is_end(look: Look) -> bool {
    matches!(look, Look::End | Look::EndLF | Look::EndCRLF)
}

/// Whether a part is a class that has the blank.
fn has_blank(hir: &Hir) -> bool {
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else {
        return false;
    };
    class
        .iter()
        .any(|range| (range.start()..=range.end()).contains(&' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_the_end_minds_it_and_the_end_of_a_word_does_not() {
        for (expression, expected) in [
            (r"(?:\A|[^\pL])((?i)sudo)(?:\z|[^\pL])", false),
            (r"((?i)x)\n?\z", true),
            (r"(?i)x(?m:$)", true),
            (r"(?:\z|[^ ])", true),
            (r"(?:\z|[^\pL])(?:\z|[^\pN])", true),
            (r"a|(b(?:\z|[^c]))", false),
            (r"a|b\z", true),
            (r"\Aa b", false),
        ] {
            let hir = regex_syntax::parse(expression).unwrap();
            assert_eq!(asks_for_end(&hir), expected, "{expression}");
        }
    }
}
