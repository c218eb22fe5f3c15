//! A text in, the same with its percent and backslash escapes read out.
//!
//! One level deep: what comes out is not read again. What is no escape, or
//! does not make a character, stands as it stood.

use super::trace::{Disguise, Tracer};

/// Writes a text with its escapes read.
pub(super) fn decode(text: &str, into: &mut Tracer<'_>) {
    let bytes = text.as_bytes();
    let (mut at, mut same) = (0, 0);
    let mut made = String::new();
    while let Some(step) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'%' | b'\\')))
    {
        at += step;
        made.clear();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let rest = bytes.get(at..).unwrap_or_default();
        let (length, disguise) = if rest.first() == Some(&b'%') {
            (percent(rest, &mut made), Disguise::Percent)
        } else {
            (backslash(before, rest, &mut made), Disguise::Backslash)
        };
        match length {
            Some(length) => {
                into.same(text.get(same..at).unwrap_or_default());
                into.replace(length, &made, disguise.into());
                at += length;
                same = at;
            }
            None => at += 1,
        }
    }
    into.same(text.get(same..).unwrap_or_default());
}

/// Reads the escapes `%72%6d` or `%u0072` at the start: how long they are, where
/// they make whole characters.
fn percent(bytes: &[u8], into: &mut String) -> Option<usize> {
    if let Some(after @ [b'u' | b'U', ..]) = bytes.get(1..) {
        into.push(char::from_u32(digits(after.get(1..)?, 16, 4)?)?);
        return Some(6);
    }
    let byte = |at: usize| -> Option<u8> {
        let escape = bytes.get(at..)?;
        (*escape.first()? == b'%').then_some(())?;
        u8::try_from(digits(escape.get(1..)?, 16, 2)?).ok()
    };
    // One character at a time, so that what is none stops only itself.
    let first = byte(0)?;
    if first.is_ascii() {
        into.push(char::from(first));
        return Some(3);
    }
    let mut encoded = [0; 4];
    for count in 1..=encoded.len() {
        *encoded.get_mut(count - 1)? = byte(3 * (count - 1))?;
        if let Ok(letter) = std::str::from_utf8(encoded.get(..count)?) {
            into.push_str(letter);
            return Some(3 * count);
        }
    }
    None
}

/// Reads the escape at the start: how long it is. `before` is the byte before it.
fn backslash(before: Option<&u8>, bytes: &[u8], into: &mut String) -> Option<usize> {
    let rest = bytes.get(1..)?;
    let (code, length) = match *rest.first()? {
        b'n' => (u32::from('\n'), 2),
        b'r' => (u32::from('\r'), 2),
        b't' => (u32::from('\t'), 2),
        b'v' => (0x0b, 2),
        b'f' => (0x0c, 2),
        quote @ (b'\\' | b'"' | b'\'' | b'/' | b' ') => (u32::from(quote), 2),
        // The line goes on.
        b'\n' => return Some(2),
        b'\r' if rest.get(1) == Some(&b'\n') => return Some(3),
        b'x' if digits(rest.get(1..)?, 16, 2).is_some() => (digits(rest.get(1..)?, 16, 2)?, 4),
        b'u' if rest.get(1) == Some(&b'{') => {
            let inside = rest.get(2..)?;
            let length = inside.iter().take(7).position(|byte| *byte == b'}')?;
            (digits(inside, 16, length)?, length + 4)
        }
        b'u' if digits(rest.get(1..)?, 16, 4).is_some() => pair(bytes)?,
        b'U' if digits(rest.get(1..)?, 16, 8).is_some() => (digits(rest.get(1..)?, 16, 8)?, 10),
        b'0'..=b'7' => {
            let length = rest
                .iter()
                .take(3)
                .take_while(|byte| matches!(byte, b'0'..=b'7'))
                .count();
            (digits(rest, 8, length)?, 1 + length)
        }
        // A shell drops it: `r\m`. What stands for itself elsewhere (`\b` in a
        // regex, `\Windows` in a path) is only meant so inside of a word.
        letter if letter.is_ascii_alphabetic() => {
            before.filter(|before| before.is_ascii_alphanumeric())?;
            return Some(1);
        }
        _ => return None,
    };
    into.push(char::from_u32(code)?);
    Some(length)
}

/// Reads `\u0072`, or the two halves `\ud83d\ude00`: its code and length.
fn pair(bytes: &[u8]) -> Option<(u32, usize)> {
    let first = digits(bytes.get(2..)?, 16, 4)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((first, 6));
    }
    let rest = bytes.get(6..)?.strip_prefix(b"\\u")?;
    let second = digits(rest, 16, 4)?;
    (0xDC00..0xE000)
        .contains(&second)
        .then(|| (0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12))
}

/// The number that the first `count` bytes spell.
fn digits(bytes: &[u8], radix: u32, count: usize) -> Option<u32> {
    let digits = bytes.get(..count).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u32, |number, &byte| {
        let digit = char::from(byte).to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let mut view = String::new();
        let mut tracer = Tracer::new(&mut view, None);
        decode(text, &mut tracer);
        assert!(tracer.finish());
        view
    }

    #[test]
    fn percent_escapes_are_read_once() {
        assert_eq!(seen("q=DROP%20TABLE%2520x"), "q=DROP TABLE%20x");
        assert_eq!(seen("gr%C3%B6%c3%9Fe %u0072m"), "größe rm");
    }

    #[test]
    fn backslash_escapes_are_read_once() {
        assert_eq!(seen(r"\x72\x6d \162\u006d \u{72}\U0000006d"), "rm rm rm");
        assert_eq!(seen(r#"a\nb\tc\\n\"d\" \/e"#), "a\nb\tc\\n\"d\" /e");
        assert_eq!(seen("\\ud83d\\ude00"), "😀");
        assert_eq!(seen("rm \\\n -rf \\\r\n/"), "rm  -rf /");
        assert_eq!(seen(r"r\m s\u\do"), "rm sudo");
    }

    #[test]
    fn what_is_no_escape_stands() {
        for text in [
            "100% of 5%, 50%de %zz %",
            r"C:\Windows \bsudo (\d) \",
            "%ff%C3 %",
            r"\xg \ud83d \u{} \u{110000}",
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
