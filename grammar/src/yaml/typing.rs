//! What a scalar without quotes is to YAML readers, old and new.
//!
//! `PyYAML` and many others read YAML 1.1, where `no` is false, `010` is eight
//! and `1:30` is ninety; we read YAML 1.2 with its core schema, where the first
//! and the last are texts and the other is ten. A policy that the two take for
//! different things is not one policy, so whoever wants a typed value asks
//! both ([`yaml_1_1`], [`yaml_1_2`]) and refuses where they differ.

use std::fmt;

/// What a reader takes a scalar for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number, in decimal; see [`decimal`].
    Number(String),
    /// `.inf`, `.nan`: a floating-point number that is no number.
    NotFinite,
    /// A day or a moment.
    Date,
    /// A text.
    Text,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("nothing"),
            Value::Boolean(value) => write!(f, "the boolean {value}"),
            Value::Number(digits) => write!(f, "the number {digits}"),
            Value::NotFinite => f.write_str("a number that is not finite"),
            Value::Date => f.write_str("a date"),
            Value::Text => f.write_str("a text"),
        }
    }
}

/// What a reader of YAML 1.2 (core schema) takes a plain scalar for.
pub fn yaml_1_2(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Boolean(true),
        "false" | "False" | "FALSE" => return Value::Boolean(false),
        _ if is_not_finite(text) => return Value::NotFinite,
        _ => {}
    }
    let based = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix)?;
        let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        all.then(|| i128::from_str_radix(digits, radix).ok())
            .flatten()
    };
    if let Some(number) = based("0o", 8).or_else(|| based("0x", 16)) {
        return Value::Number(number.to_string());
    }
    let (sign, rest) = signed(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_number = digits(whole)
        && fraction.is_none_or(digits)
        && (!whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty()))
        && exponent
            .is_none_or(|exponent| !signed(exponent).1.is_empty() && digits(signed(exponent).1));
    if is_number {
        Value::Number(decimal(sign, whole, fraction, exponent))
    } else {
        Value::Text
    }
}

/// What a reader of YAML 1.1 takes a plain scalar for.
pub fn yaml_1_1(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Boolean(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Boolean(false);
        }
        _ if is_not_finite(text) => return Value::NotFinite,
        _ => {}
    }
    if is_date(text) {
        return Value::Date;
    }
    let (sign, rest) = signed(text);
    let plain = rest.replace('_', "");
    let number =
        |number: i128| Value::Number(format!("{}{number}", if number == 0 { "" } else { sign }));
    let based = |digits: &str, radix: u32| i128::from_str_radix(digits, radix).ok().map(number);
    if let Some(binary) = plain.strip_prefix("0b")
        && !binary.is_empty()
        && binary.chars().all(|c| c.is_digit(2))
    {
        return based(binary, 2).unwrap_or(Value::Text);
    }
    if let Some(hex) = plain.strip_prefix("0x")
        && !hex.is_empty()
        && hex.chars().all(|c| c.is_ascii_hexdigit())
    {
        return based(hex, 16).unwrap_or(Value::Text);
    }
    // A number, unlike `_1`, begins with a digit; and `089` is no octal.
    let starts_with_digit = rest.starts_with(|c: char| c.is_ascii_digit());
    if starts_with_digit && digits(&plain) {
        if plain.len() > 1 && plain.starts_with('0') {
            let octal = plain.chars().all(|c| c.is_digit(8));
            return if octal {
                based(&plain, 8).unwrap_or(Value::Text)
            } else {
                Value::Text
            };
        }
        return Value::Number(decimal(sign, &plain, None, None));
    }
    if starts_with_digit && plain.contains(':') {
        return sexagesimal(sign, &plain);
    }
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (plain.as_str(), None),
    };
    let Some((whole, fraction)) = mantissa.split_once('.') else {
        return Value::Text;
    };
    let is_number = (starts_with_digit || (rest.starts_with('.') && !fraction.is_empty()))
        && digits(whole)
        && digits(fraction)
        // Where YAML 1.1 wants a sign in an exponent, `1.0e3` is a text.
        && exponent.is_none_or(|exponent| {
            exponent.strip_prefix(['-', '+']).is_some_and(|power| !power.is_empty() && digits(power))
        });
    if is_number {
        Value::Number(decimal(sign, whole, Some(fraction), exponent))
    } else {
        Value::Text
    }
}

/// Minutes and seconds, hours and minutes: `1:30` is 90.
fn sexagesimal(sign: &str, text: &str) -> Value {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut total: i128 = 0;
    for (index, part) in whole.split(':').enumerate() {
        let fits =
            index == 0 || (part.len() <= 2 && part.parse::<u8>().is_ok_and(|part| part < 60));
        // A whole number of this kind does not begin with a zero: `08:30` is a text.
        let leads = index > 0 || fraction.is_some() || !part.starts_with('0');
        let next = part
            .parse::<i128>()
            .ok()
            .filter(|_| digits(part) && fits && leads);
        let Some(next) = next.and_then(|next| total.checked_mul(60)?.checked_add(next)) else {
            return Value::Text;
        };
        total = next;
    }
    if !fraction.is_none_or(digits) {
        return Value::Text;
    }
    Value::Number(decimal(sign, &total.to_string(), fraction, None))
}

/// A number in one way of writing: no plus, no needless zeros, a digit on both
/// sides of the point.
fn decimal(sign: &str, whole: &str, fraction: Option<&str>, exponent: Option<&str>) -> String {
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.map(|fraction| fraction.trim_end_matches('0'));
    let zero = whole.is_empty() && fraction.is_none_or(str::is_empty);
    let mut number = String::new();
    if sign == "-" && !zero {
        number.push('-');
    }
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction {
        number.push('.');
        number.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        number.push('e');
        number.push_str(exponent.strip_prefix('+').unwrap_or(exponent));
    }
    number
}

/// The sign, as `-` or nothing, and what stands after it.
fn signed(text: &str) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Infinity with or without a sign, or what is no number.
fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Whether there are digits only; true of nothing.
fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// `2024-01-01`, alone or with a time after it.
fn is_date(text: &str) -> bool {
    let Some((day, rest)) =
        text.split_at_checked(text.find(['T', 't', ' ', '\t']).unwrap_or(text.len()))
    else {
        return false;
    };
    let mut parts = day.split('-');
    let mut part = |lengths: [usize; 2]| {
        parts
            .next()
            .is_some_and(|part| lengths.contains(&part.len()) && digits(part))
    };
    let (year, month, day) = (part([4, 4]), part([1, 2]), part([1, 2]));
    let clock = rest.trim_start_matches(['T', 't', ' ', '\t']);
    let mut clock = clock.split(':');
    let hour = clock
        .next()
        .is_some_and(|hour| (1..=2).contains(&hour.len()) && digits(hour));
    let minute = clock
        .next()
        .is_some_and(|minute| minute.len() == 2 && digits(minute));
    let second = clock
        .next()
        .is_some_and(|second| second.get(..2).is_some_and(digits));
    year && month
        && day
        && parts.next().is_none()
        && (rest.is_empty() || (hour && minute && second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> Value {
        Value::Number(digits.to_owned())
    }

    #[test]
    fn old_and_new_readers_differ_on_the_well_known_traps() {
        for (text, old, new) in [
            ("no", Value::Boolean(false), Value::Text),
            ("On", Value::Boolean(true), Value::Text),
            ("y", Value::Boolean(true), Value::Text),
            ("010", number("8"), number("10")),
            ("0o10", Value::Text, number("8")),
            ("089", Value::Text, number("89")),
            ("1:30", number("90"), Value::Text),
            ("1:30:15.5", number("5415.5"), Value::Text),
            ("1e3", Value::Text, number("1e3")),
            ("1.0e3", Value::Text, number("1.0e3")),
            ("1_000", number("1000"), Value::Text),
            ("0b11", number("3"), Value::Text),
            ("2024-01-01", Value::Date, Value::Text),
            ("2024-1-1T10:00:00Z", Value::Date, Value::Text),
        ] {
            assert_eq!((yaml_1_1(text), yaml_1_2(text)), (old, new), "{text}");
        }
    }

    #[test]
    fn old_and_new_readers_agree_on_the_rest() {
        for (text, value) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("True", Value::Boolean(true)),
            ("0", number("0")),
            ("-0", number("0")),
            ("+5", number("5")),
            ("0.80", number("0.8")),
            (".5", number("0.5")),
            ("5.", number("5.0")),
            ("1.0e+3", number("1.0e3")),
            ("0x1F", number("31")),
            ("007", number("7")),
            ("-12.5", number("-12.5")),
            (".inf", Value::NotFinite),
            ("-.Inf", Value::NotFinite),
            (".NaN", Value::NotFinite),
            ("-.nan", Value::Text),
            (".info", Value::Text),
            ("08:30", Value::Text),
            ("1:99", Value::Text),
            ("10.0.0.1", Value::Text),
            ("1.2.3", Value::Text),
            ("300s", Value::Text),
            (".", Value::Text),
            ("-", Value::Text),
            ("e5", Value::Text),
            ("1e", Value::Text),
            ("0x", Value::Text),
            ("read_file", Value::Text),
            ("2024-01", Value::Text),
            ("2024-01-01-01", Value::Text),
            ("é", Value::Text),
        ] {
            assert_eq!(
                (yaml_1_1(text), yaml_1_2(text)),
                (value.clone(), value),
                "{text}"
            );
        }
    }
}
