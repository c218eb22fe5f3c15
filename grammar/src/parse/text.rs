//! What a string literal says: Rust's escapes and raw strings.

/// The number of `#` before the quote of the raw string that `rest` starts with.
pub(super) fn raw_quotes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let inner = after.trim_start_matches('#');
    inner.starts_with('"').then_some(after.len() - inner.len())
}

/// How long the string literal is that `rest` starts with, when something ends it.
pub(super) fn literal_end(rest: &str) -> Option<usize> {
    if let Some(marks) = raw_quotes(rest) {
        let open = marks + 2;
        let mut at = open;
        loop {
            let quote = at + rest[at..].find('"')?;
            let closing = rest[quote + 1..]
                .bytes()
                .take(marks)
                .take_while(|b| *b == b'#')
                .count();
            if closing == marks {
                return Some(quote + 1 + marks);
            }
            at = quote + 1;
        }
    }
    let bytes = rest.strip_prefix('"').map(str::as_bytes)?;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 2),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What the string `literal` says. `bad(range, why)` is told about each escape
/// that Rust does not know, by its place in the literal; it stays as written.
pub(super) fn decode(
    literal: &str,
    mut bad: impl FnMut(std::ops::Range<usize>, &'static str),
) -> String {
    if let Some(marks) = raw_quotes(literal) {
        let inner = literal
            .get(marks + 2..literal.len() - marks - 1)
            .unwrap_or_default();
        return inner.replace("\r\n", "\n");
    }
    let inner = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(literal);
    let mut said = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find(['\\', '\r']) {
        said.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\r') {
            said.push_str(if rest.starts_with("\r\n") { "" } else { "\r" });
            rest = &rest[1..];
            continue;
        }
        let (escape, len) = escape(rest);
        match escape {
            Escape::Char(c) => said.push(c),
            Escape::Nothing => {}
            Escape::Bad(why) => {
                let place = 1 + inner.len() - rest.len();
                bad(place..place + len, why);
                said.push_str(&rest[..len]);
            }
        }
        rest = &rest[len..];
    }
    said.push_str(rest);
    said
}

enum Escape {
    Char(char),
    /// A line that goes on.
    Nothing,
    Bad(&'static str),
}

/// Reads the escape that `rest` starts with, and how long it is.
fn escape(rest: &str) -> (Escape, usize) {
    const UNKNOWN: &str = "write `\\\\` for a backslash, or the whole text as `r\"…\"`";
    let Some(c) = rest.chars().nth(1) else {
        return (Escape::Bad(UNKNOWN), rest.len());
    };
    let plain = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        '\\' | '"' | '\'' => c,
        '\n' | '\r' => {
            let after = rest[2..].trim_start_matches([' ', '\t', '\n', '\r']);
            return (Escape::Nothing, rest.len() - after.len());
        }
        'x' => {
            let value = rest
                .get(2..4)
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            return match value
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .filter(u8::is_ascii)
            {
                Some(value) => (Escape::Char(char::from(value)), 4),
                None => (
                    Escape::Bad(
                        "`\\x` takes two hexadecimal digits up to 7F; beyond, write `\\u{…}`",
                    ),
                    2,
                ),
            };
        }
        'u' => {
            let digits = rest[2..]
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .map(|(digits, _)| digits);
            let value = digits
                .filter(|digits| {
                    (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
                })
                .and_then(|digits| Some((u32::from_str_radix(digits, 16).ok()?, digits.len())))
                .and_then(|(value, len)| Some((char::from_u32(value)?, len)));
            return match value {
                Some((c, len)) => (Escape::Char(c), len + 4),
                None => (
                    Escape::Bad(
                        "`\\u` takes the number of a character in hexadecimal, as in `\\u{e9}`",
                    ),
                    2,
                ),
            };
        }
        _ => return (Escape::Bad(UNKNOWN), 1 + c.len_utf8()),
    };
    (Escape::Char(plain), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a literal says, and the escapes that are wrong in it.
    fn read(literal: &str) -> (String, Vec<&str>) {
        let mut bad = Vec::new();
        (decode(literal, |range, _| bad.push(&literal[range])), bad)
    }

    #[test]
    fn escapes_say_what_rust_says() {
        assert_eq!(
            read(r#""a\n\t\\\"\x41\u{e9}\0""#),
            ("a\n\t\\\"A\u{e9}\0".to_owned(), vec![])
        );
        assert_eq!(read("\"one \\\n   two\"").0, "one two");
    }

    #[test]
    fn raw_strings_say_what_stands_there() {
        assert_eq!(read(r#"r"\d\n""#).0, r"\d\n");
        assert_eq!(read(r##"r#"a"b"#"##).0, "a\"b");
    }

    #[test]
    fn line_ends_of_windows_are_line_ends() {
        assert_eq!(read("\"a\r\nb\"").0, "a\nb");
        assert_eq!(read("r\"a\r\nb\"").0, "a\nb");
    }

    #[test]
    fn a_wrong_escape_is_told_by_its_place_and_stays() {
        assert_eq!(read(r#""a\db""#), ("a\\db".to_owned(), vec![r"\d"]));
        assert_eq!(read("\"a\r\n\\d\""), ("a\n\\d".to_owned(), vec![r"\d"]));
        for literal in [
            r#""\x80""#,
            r#""\x4""#,
            r#""\u{110000}""#,
            r#""\u{}""#,
            r#""\u41""#,
            "\"\\é\"",
        ] {
            assert_eq!(read(literal).1.len(), 1, "{literal}");
        }
    }

    #[test]
    fn a_literal_ends_at_its_own_quote() {
        assert_eq!(literal_end(r#""a\"b" c"#), Some(6));
        assert_eq!(literal_end(r###"r##"a"#b"## c"###), Some(11));
        assert_eq!(literal_end("\"abc"), None);
        assert_eq!(literal_end("r#\"abc\""), None);
        assert_eq!(literal_end("\"abc\\"), None);
        assert_eq!(literal_end("word"), None);
    }
}
