//! Text of unknown origin in, a label that says it and nothing else out.
//!
//! A label stands in double quotes. What Mermaid, the Markdown it reads in
//! labels, HTML, formulas, icons or a Markdown fence around the picture would
//! take for theirs becomes a numbered entity, which Mermaid turns back when
//! all of them have read the text.

use std::fmt::Write as _;

use crate::finding::visible;

/// The most characters of what a label says of one thing.
pub(super) const LONGEST_LINE: usize = 160;

/// What begins and ends the place of an entity while Mermaid reads a text.
const MERMAIDS_OWN: [char; 2] = ['\u{fb02}', '\u{b6}'];

/// The lines of a label, in their quotes.
pub(super) fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!("\"{}\"", lines.join("<br/>"))
}

/// One line of a label.
fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if is_plain(c, &before, characters.peek().copied()) {
            out.push(c);
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(out, "#{};", u32::from(c));
        }
        before.push(c);
    }
    out
}

/// Whether nobody takes this character for more than itself.
fn is_plain(c: char, before: &str, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        _ if MERMAIDS_OWN.contains(&c) => false,
        // A line that begins with anything but a word may be a list or a rule to Markdown.
        _ if before.is_empty() => c.is_alphanumeric() || !(c.is_ascii() || c.is_whitespace()),
        // `direction TB` anywhere in a line is a statement to Mermaid, in quotes too.
        ' ' => after.is_some_and(|next| next != ' ') && !before.ends_with("direction"),
        // In the middle of a word it emphasizes nothing.
        '_' => is_word(before.chars().next_back()) && is_word(after),
        // `1.` and `1)` begin a list, and `www.` a link.
        '.' | ')' => {
            !before.chars().all(char::is_numeric) && !before.to_lowercase().ends_with("www")
        }
        ',' | '-' | '\'' | '(' | '/' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => !c.is_whitespace(),
    }
}

/// At most [`LONGEST_LINE`] characters of `text`, cut where a part of it ends if
/// there is such a place in its second half, with a mark that there was more.
pub(super) fn shortened(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = one_line.char_indices().nth(LONGEST_LINE) else {
        return one_line;
    };
    let whole = &one_line[..end];
    let after = |at: usize| at > end / 2;
    let part = [" and ", " or ", ", "]
        .iter()
        .filter_map(|word| Some(whole.rfind(word)? + word.len()))
        .max()
        .filter(|at| after(*at));
    let word = || whole.rfind(' ').filter(|at| after(*at));
    let cut = part.or_else(word).unwrap_or(end);
    format!("{} …", one_line[..cut].trim_end())
}

/// A name or a pattern among words.
pub(super) fn quoted(text: &str) -> String {
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_read_is_written_as_numbers() {
        for (text, expected) in [
            ("read_file", "read_file"),
            ("_all_", "#95;all#95;"),
            ("a \"b\" [c]", "a #34;b#34; #91;c#93;"),
            ("# 1", "#35; 1"),
            ("1. one", "1#46; one"),
            ("12) one", "12#41; one"),
            ("- one", "#45; one"),
            ("www.a.b", "www#46;a.b"),
            ("%%{init: 1}%%", "#37;#37;#123;init#58; 1#125;#37;#37;"),
            ("<b>&amp;", "#60;b#62;#38;amp#59;"),
            ("a\nend", "a#92;nend"),
            ("ﬂ°°60¶ß", "#64258;°°60#182;ß"),
            ("語 é", "語 é"),
            ("a  b ", "a#32; b#32;"),
            ("in direction TB", "in direction#32;TB"),
        ] {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_leaves_its_label() {
        // Every character that is no letter, alone and between others, by itself and at both ends.
        let odd: Vec<char> = (0..0x3100)
            .filter_map(char::from_u32)
            .filter(|c| !c.is_alphanumeric())
            .collect();
        for c in odd {
            for text in [
                format!("{c}"),
                format!("a{c}b"),
                format!("{c}end{c}"),
                format!("x {c}{c}{c} y"),
            ] {
                let inside = escaped(&text);
                assert!(
                    inside
                        .chars()
                        .all(|c| !c.is_ascii_control() && !"\"`<>[]{}|&%$*~:@=\\^+!?".contains(c)),
                    "{text:?}: {inside}"
                );
                // What is left of `#` and `;` are entities.
                let mut rest = inside.as_str();
                while let Some((before, after)) = rest.split_once('#') {
                    assert!(!before.contains(';'), "{text:?}: {inside}");
                    let (number, after) = after.split_once(';').unwrap();
                    assert!(
                        number
                            .parse::<u32>()
                            .is_ok_and(|n| char::from_u32(n).is_some())
                    );
                    rest = after;
                }
                assert!(!rest.contains(';'), "{text:?}: {inside}");
            }
        }
    }

    #[test]
    fn a_long_text_ends_where_a_part_of_it_does() {
        let parts: Vec<String> = (0..40).map(|n| format!("field_{n} is {n}")).collect();
        let short = shortened(&parts.join(" and "));
        assert!(short.ends_with(" and …"), "{short}");
        assert!(short.chars().count() <= LONGEST_LINE + 2);
        let word = "語".repeat(LONGEST_LINE + 1);
        assert_eq!(shortened(&word), format!("{} …", "語".repeat(LONGEST_LINE)));
        assert_eq!(shortened("two\n words "), "two words");
    }
}
