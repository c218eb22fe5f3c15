//! Exact decimal numbers, as policies and requests write them.

use std::{
    cmp::Ordering,
    fmt::{self, Write as _},
    str::FromStr,
};

use crate::short::Short;

/// An exact number: `mantissa / 10^scale`, without trailing zeros.
///
/// ```
/// use agentos_runtime::Number;
///
/// let a: Number = "1000.10".parse()?;
/// assert!(a > Number::from(1000));
/// assert_eq!(a.to_string(), "1000.1");
/// # Ok::<(), agentos_runtime::NumberError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Number {
    mantissa: i128,
    scale: u8,
}

/// A text that is no number, or one with more than 38 digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("not a number")]
    Syntax,
    /// More digits than can be held exactly.
    #[error("more than 38 digits")]
    TooLong,
}

const MOST_DIGITS: i64 = 38;

impl Number {
    /// `mantissa / 10^scale`.
    pub const fn new(mantissa: i128, scale: u8) -> Number {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Number { mantissa, scale }
    }

    /// The number between 0 and 1 that the shortest spelling of `value` says, such
    /// as a weight or a confidence; `None` where it is another.
    pub fn fraction(value: f64) -> Option<Number> {
        let number: Number = value.to_string().parse().ok()?;
        (number >= Number::from(0) && number <= Number::from(1)).then_some(number)
    }

    /// The digits without the point.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many of the digits stand after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Whether nothing stands after the point.
    pub const fn is_integer(self) -> bool {
        self.scale == 0
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        let mut spelled = Short::new();
        let written = write!(spelled, "{}e-{}", self.mantissa, self.scale);
        debug_assert!(written.is_ok(), "40 digits, `e-` and 3 digits fit");
        spelled.as_str().parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number {
            mantissa: i128::from(value),
            scale: 0,
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Number {
        Number {
            mantissa: i128::from(value),
            scale: 0,
        }
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Number {
        Number::from(i64::from(value))
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads what JSON and the policy language call a number.
    fn from_str(text: &str) -> Result<Number, NumberError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = match rest.find(['e', 'E']) {
            Some(at) => {
                let (digits, exponent) = rest.split_at(at);
                let exponent = exponent.get(1..).unwrap_or_default();
                let bare = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NumberError::Syntax);
                }
                // An exponent too long for its type is out of reach either way.
                (
                    digits,
                    exponent.parse::<i64>().map_err(|_| NumberError::TooLong)?,
                )
            }
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.')
        {
            return Err(NumberError::Syntax);
        }
        let mut mantissa: i128 = 0;
        let mut scale = i64::try_from(fraction.len()).map_err(|_| NumberError::TooLong)?;
        // Zeros at the end cost no digits: they are counted, and added only if another digit follows.
        let mut zeros: u32 = 0;
        for digit in whole
            .bytes()
            .chain(fraction.bytes())
            .map(|b| i128::from(b - b'0'))
        {
            if digit == 0 {
                zeros = zeros.saturating_add(u32::from(mantissa != 0));
                continue;
            }
            mantissa = 10_i128
                .checked_pow(zeros + 1)
                .and_then(|power| mantissa.checked_mul(power))
                .and_then(|shifted| shifted.checked_add(digit))
                .ok_or(NumberError::TooLong)?;
            zeros = 0;
        }
        if mantissa == 0 {
            return Ok(Number {
                mantissa: 0,
                scale: 0,
            });
        }
        scale = scale
            .saturating_sub(i64::from(zeros))
            .saturating_sub(exponent);
        if scale < 0 {
            let up = u32::try_from(-scale).map_err(|_| NumberError::TooLong)?;
            mantissa = 10_i128
                .checked_pow(up)
                .and_then(|power| mantissa.checked_mul(power))
                .ok_or(NumberError::TooLong)?;
            scale = 0;
        }
        if scale > MOST_DIGITS {
            return Err(NumberError::TooLong);
        }
        let scale = u8::try_from(scale).map_err(|_| NumberError::TooLong)?;
        Ok(Number::new(
            if negative { -mantissa } else { mantissa },
            scale,
        ))
    }
}

impl Ord for Number {
    #[inline]
    fn cmp(&self, other: &Number) -> Ordering {
        match self.scale.cmp(&other.scale) {
            Ordering::Equal => self.mantissa.cmp(&other.mantissa),
            Ordering::Less => raised(self.mantissa, other.scale - self.scale, other.mantissa),
            Ordering::Greater => {
                raised(other.mantissa, self.scale - other.scale, self.mantissa).reverse()
            }
        }
    }
}

/// How `mantissa * 10^places` is ordered towards `other`.
#[inline]
fn raised(mantissa: i128, places: u8, other: i128) -> Ordering {
    // Most numbers are small, and small multiplications are cheap.
    if let (Ok(small), Some(power)) = (
        i64::try_from(mantissa),
        10_i64.checked_pow(u32::from(places)),
    ) {
        return (i128::from(small) * i128::from(power)).cmp(&other);
    }
    match 10_i128
        .checked_pow(u32::from(places))
        .and_then(|power| mantissa.checked_mul(power))
    {
        Some(raised) => raised.cmp(&other),
        // Too large to be held, so larger than anything that is.
        None => mantissa.cmp(&0),
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        let scale = usize::from(self.scale);
        // Most numbers are small, and are written much faster so.
        if let (Ok(digits), Some(unit)) = (
            u64::try_from(digits),
            10_u64.checked_pow(u32::from(self.scale)),
        ) {
            return match unit {
                1 => write!(f, "{sign}{digits}"),
                unit => write!(f, "{sign}{}.{:0scale$}", digits / unit, digits % unit),
            };
        }
        match 10_u128.checked_pow(u32::from(self.scale)) {
            Some(1) => write!(f, "{sign}{digits}"),
            Some(unit) => write!(f, "{sign}{}.{:0scale$}", digits / unit, digits % unit),
            None => write!(f, "{sign}0.{digits:0scale$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_read_back_as_they_print() {
        for text in [
            "0",
            "1",
            "-1",
            "1000",
            "0.5",
            "-0.001",
            "12345678901234567890.123",
            "99999999999999999999999999999999999999",
        ] {
            assert_eq!(n(text).to_string(), text);
        }
        for (text, printed) in [
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("15e-1", "1.5"),
            ("0e999999999", "0"),
            ("-0", "0"),
            ("1.0", "1"),
        ] {
            assert_eq!(n(text).to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_number_is_said() {
        for text in [
            "", "-", ".5", "1.", "1e", "1e+", "+1", "0x10", "1_000", " 1", "1e1.5", "NaN",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Syntax), "{text}");
        }
        for text in [
            "1e999",
            "1e-999",
            "1e99999999999999999999",
            "999999999999999999999999999999999999999999",
            "1e9223372036854775807",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::TooLong), "{text}");
        }
    }

    #[test]
    fn order_is_exact_across_scales() {
        let rising = [
            "-99999999999999999999999999999999999999",
            "-1.5",
            "-1",
            "-0.99999999999999999999999999999999999999",
            "0",
            "0.00000000000000000000000000000000000001",
            "0.1",
            "0.10000000000000000000000000000000000001",
            "1",
            "1000.00000000000000000000000001",
            "99999999999999999999999999999999999999",
        ];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                assert_eq!(n(a).cmp(&n(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }
}
