//! Text of unknown origin to text that is safe to print: what a terminal
//! would obey, and what a reader could not see, is written out.
//!
//! Names and messages quote policies and paths that anybody may have written.
//! A line end in a file's name must not look like a second message, and an
//! escape sequence must not repaint the terminal.

use std::borrow::Cow;

/// `text` in one line, with control, direction and invisible characters as
/// their escapes.
///
/// ```
/// use agentos_compiler::finding::visible;
///
/// assert_eq!(visible("a\nb\u{1b}[31m"), r"a\nb\u{1b}[31m");
/// assert_eq!(visible("naïve 語"), "naïve 語");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => shown.extend(hidden.escape_unicode()),
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// One visible character for one character of a source line; tabs stay.
pub(super) fn stand_in(character: char) -> char {
    match character {
        '\t' => '\t',
        '\0'..='\x1f' => char::from_u32('\u{2400}' as u32 + character as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        hidden if is_hidden(hidden) => '\u{fffd}',
        plain => plain,
    }
}

/// Control characters, those that turn the direction of text, and those that
/// take no room.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_written_out() {
        assert_eq!(
            visible("a\u{202e}b\u{200b}c\0\u{85}"),
            r"a\u{202e}b\u{200b}c\u{0}\u{85}"
        );
        assert_eq!(visible("\u{feff}\r\n\t"), r"\u{feff}\r\n\t");
    }

    #[test]
    fn a_stand_in_is_one_visible_character() {
        for character in [
            '\0',
            '\x1b',
            '\r',
            '\x7f',
            '\u{9b}',
            '\u{202e}',
            '\u{e0041}',
        ] {
            assert!(!is_hidden(stand_in(character)), "{character:?}");
        }
        assert_eq!(stand_in('\x1b'), '␛');
        assert_eq!(stand_in('é'), 'é');
    }
}
