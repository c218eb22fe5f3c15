//! A value of TOML in, the same as JSON out, or why there is none.
//!
//! Numbers keep their digits, since a request's numbers are exact.

use toml::{
    Spanned,
    de::{DeInteger, DeValue},
};

use super::quoted;

/// A value that JSON has no way to write.
pub(super) struct NoJson {
    /// Where it stands.
    pub(super) byte: usize,
    /// Why, and what to write instead.
    pub(super) message: String,
}

/// Appends `value` as JSON. The reader of TOML bounded its depth.
pub(super) fn write(value: &Spanned<DeValue<'_>>, out: &mut String) -> Result<(), NoJson> {
    let refused = |message: &str| {
        Err(NoJson {
            byte: value.span().start,
            message: message.to_owned(),
        })
    };
    match value.get_ref() {
        DeValue::String(text) => out.push_str(&quoted(text)),
        DeValue::Boolean(is_true) => out.push_str(if *is_true { "true" } else { "false" }),
        DeValue::Integer(number) => match integer(number) {
            Some(digits) => out.push_str(&digits),
            None => return refused("this number is too large for one that is not decimal"),
        },
        DeValue::Float(number) => {
            let digits = number.as_str().trim_start_matches('+');
            if digits.ends_with(|last: char| last.is_ascii_digit()) {
                out.push_str(digits);
            } else {
                return refused("a request has no such number: `inf` and `nan` are none");
            }
        }
        DeValue::Datetime(_) => {
            return refused("a request has no dates, only texts: put it in quotes");
        }
        DeValue::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(value, out)?;
            }
            out.push(']');
        }
        DeValue::Table(table) => {
            out.push('{');
            for (at, (key, value)) in table.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(key.get_ref()));
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Its decimal digits.
fn integer(number: &DeInteger<'_>) -> Option<String> {
    if number.radix() == 10 {
        return Some(number.as_str().trim_start_matches('+').to_owned());
    }
    let value = i128::from_str_radix(number.as_str(), number.radix()).ok()?;
    Some(value.to_string())
}

/// What a value is, for messages.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
