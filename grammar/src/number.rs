//! Numbers as texts: which of them the language writes, and how.

/// `text` as the language writes it, when it is a number at all: no zeros in
/// front (other readers take `010` for eight), no exponent, no `_`.
///
/// Digits after the point are kept, zeros included.
pub(crate) fn plain(text: &str) -> Option<String> {
    /// An exponent beyond this is no number that anybody wrote on purpose.
    const MOST_PLACES: i32 = 40;
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.replace('_', "");
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return None;
    }
    if !(-MOST_PLACES..=MOST_PLACES).contains(&exponent) {
        return None;
    }
    let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
    for _ in 0..exponent {
        whole.push(if fraction.is_empty() {
            '0'
        } else {
            fraction.remove(0)
        });
    }
    for _ in exponent..0 {
        fraction.insert(0, whole.pop().unwrap_or('0'));
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_out() {
        for (text, written) in [
            ("0", "0"),
            ("-5", "-5"),
            ("1.50", "1.50"),
            ("010", "10"),
            ("00", "0"),
            ("1_000", "1000"),
            ("1e3", "1000"),
            ("1.5E3", "1500"),
            ("15e-3", "0.015"),
            ("+2", "2"),
            (".5", "0.5"),
            ("1.", "1"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(written), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "0x10",
            "1e999999999",
            "1e41",
            "1e",
            "five",
            "1.2.3",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
