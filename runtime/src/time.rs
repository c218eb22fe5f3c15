//! RFC 3339 in, nanoseconds since 1970-01-01T00:00:00Z out.

/// The moment a text in RFC 3339 names, in nanoseconds since
/// 1970-01-01T00:00:00Z; `None` where it names none.
///
/// Date and time are joined by `T`, `t` or a space. A leap second (`:60`) and
/// more than nine digits of a second are not read.
///
/// ```
/// use agentos_runtime::time::nanoseconds;
///
/// assert_eq!(nanoseconds("1970-01-01T01:00:00.5+01:00"), Some(500_000_000));
/// assert_eq!(nanoseconds("1970-02-30T00:00:00Z"), None);
/// ```
pub fn nanoseconds(text: &str) -> Option<i128> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    byte(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    byte(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    byte(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    byte(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    byte(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let fraction = if rest.first() == Some(&b'.') {
        fraction(&mut rest)?
    } else {
        0
    };
    let sign = match byte(&mut rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => 0,
    };
    let mut offset = 0;
    if sign != 0 {
        let hours = digits(&mut rest, 2)?;
        byte(&mut rest, b":")?;
        let minutes = digits(&mut rest, 2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        offset = sign * (hours * 60 + minutes);
    }
    let valid = rest.is_empty()
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 59;
    if !valid {
        return None;
    }
    let minutes = (days_before(year, month, day) * 24 + hour) * 60 + minute - offset;
    Some(i128::from(minutes * 60 + second) * 1_000_000_000 + i128::from(fraction))
}

/// A moment in RFC 3339, in UTC.
pub(crate) fn spelled(nanoseconds: i128) -> String {
    let (seconds, fraction) = (
        nanoseconds.div_euclid(1_000_000_000),
        nanoseconds.rem_euclid(1_000_000_000),
    );
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    let fraction = match fraction {
        0 => String::new(),
        fraction => format!(".{fraction:09}").trim_end_matches('0').to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02}T{clock}{fraction}Z")
}

/// The day of the Gregorian calendar so many days after 1970-01-01.
fn date(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (0, month + 3)
    } else {
        (1, month - 9)
    };
    (year_of_era + era * 400 + year, month, day)
}

fn byte(rest: &mut &[u8], among: &[u8]) -> Option<u8> {
    let (&first, others) = rest.split_first()?;
    *rest = others;
    among.contains(&first).then_some(first)
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (head, others) = rest.split_at_checked(count)?;
    *rest = others;
    head.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i64::from(digit - b'0'))
    })
}

/// The digits after a point, as nanoseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    byte(rest, b".")?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let value = digits(rest, length)?;
    Some(value * 10_i64.pow(9 - u32::try_from(length).ok()?))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to that day of the Gregorian calendar.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1970() {
        let second = |text: &str| nanoseconds(text).unwrap() / 1_000_000_000;
        assert_eq!(second("1970-01-01T00:00:00Z"), 0);
        assert_eq!(second("1969-12-31t23:59:59z"), -1);
        assert_eq!(second("2000-02-29 12:00:00-00:00"), 951_825_600);
        assert_eq!(second("2024-03-01T00:00:00+14:00"), 1_709_200_800);
        assert_eq!(second("0000-01-01T00:00:00Z"), -62_167_219_200);
        assert_eq!(second("9999-12-31T23:59:59Z"), 253_402_300_799);
        assert_eq!(nanoseconds("1970-01-01T00:00:00.000000001Z"), Some(1));
    }

    #[test]
    fn moments_read_back_as_they_are_spelled() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.5Z",
            "0000-03-01T00:00:00.000000001Z",
            "1969-12-31T00:00:00Z",
            "2024-12-31T12:30:00Z",
        ] {
            assert_eq!(spelled(nanoseconds(text).unwrap()), text);
        }
        for day in (-800_000..3_000_000_i128).step_by(97) {
            let moment = day * 86_400_000_000_000;
            if (-62_167_219_200..=253_402_300_799).contains(&(day * 86_400)) {
                assert_eq!(nanoseconds(&spelled(moment)), Some(moment));
            }
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-32T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567891Z",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00Z ",
            " 2024-01-01T00:00:00Z",
            "+024-01-01T00:00:00Z",
            "２024-01-01T00:00:00Z",
        ] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
