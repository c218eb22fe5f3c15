//! Reads a glob as Python's `fnmatch` does: `*`, `?`, `[seq]`, `[!seq]`, in any case.
//!
//! Every text is a glob: a `[` without its `]` stands for itself, a range that
//! ends before it starts holds nothing.

use super::{
    body::{Body, Count},
    set::Set,
};

/// What the glob `text` consumes.
pub(super) fn body(text: &str) -> Body {
    let chars: Vec<char> = text.chars().collect();
    let mut parts: Vec<Body> = Vec::new();
    let mut rest = chars.as_slice();
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        let part = match c {
            '*' => Body::set(Set::all()).repeat(Count {
                min: 0,
                max: None,
                lazy: false,
            }),
            '?' => Body::set(Set::all()),
            '[' => match class(after) {
                Some((set, after)) => {
                    rest = after;
                    Body::set(set)
                }
                None => Body::set(Set::one('[')),
            },
            c => Body::set(Set::one(c).in_any_case(false)),
        };
        // Two stars are one.
        if !(c == '*' && parts.last() == Some(&part)) {
            parts.push(part);
        }
    }
    Body::cat(parts)
}

/// What stands after a `[`, and the rest after its `]`.
fn class(text: &[char]) -> Option<(Set, &[char])> {
    let negated = text.first() == Some(&'!');
    let text = if negated { &text[1..] } else { text };
    // A `]` that comes first stands for itself.
    let end = 1 + text.get(1..)?.iter().position(|&c| c == ']')?;
    let set = Set::union_of(ranges(&text[..end])).in_any_case(false);
    Some((if negated { set.not() } else { set }, &text[end + 1..]))
}

fn ranges(mut text: &[char]) -> Vec<Set> {
    let mut sets = Vec::new();
    loop {
        match text {
            [] => return sets,
            [low, '-', high, rest @ ..] => {
                // Holds nothing when it ends before it starts.
                if low <= high {
                    sets.push(Set::range(*low, *high));
                }
                text = rest;
            }
            [c, rest @ ..] => {
                sets.push(Set::one(*c));
                text = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(glob: &str) -> Set {
        match body(glob) {
            Body::Set(set) => set,
            Body::Never => Set::none(),
            other => panic!("`{glob}` is no single set: {other:?}"),
        }
    }

    #[test]
    fn a_class_is_read_as_fnmatch_reads_it() {
        assert_eq!(set("[]3]"), Set::ranges([(']', ']'), ('3', '3')]));
        assert_eq!(set("[!]3]"), Set::ranges([(']', ']'), ('3', '3')]).not());
        assert_eq!(set("[5-3]"), Set::none());
        assert_eq!(set("[!5-3]"), Set::all());
        assert_eq!(set("[3-]"), Set::ranges([('3', '3'), ('-', '-')]));
        assert_eq!(set("[-3]"), Set::ranges([('3', '3'), ('-', '-')]));
        assert_eq!(set(r"[\]"), Set::one('\\'));
    }

    #[test]
    fn a_bracket_without_its_end_stands_for_itself() {
        for glob in ["[", "[]", "[!", "[!]", "["] {
            let letters: Vec<Body> = glob.chars().map(|c| Body::set(Set::one(c))).collect();
            assert_eq!(body(glob), Body::cat(letters), "{glob}");
        }
    }
}
