//! Moments that comparisons tell apart, and how they are spelled.

use agentos_runtime::{table::Literal, time};

use super::atom::{Ask, Kind};

/// The moments that a question compares with.
pub(super) fn moments(ask: &Ask<'_>, into: &mut Vec<i128>) {
    moments_of(ask, into);
    if *ask == Ask::HasType(Kind::Timestamp) && into.is_empty() {
        into.push(0);
    }
}

pub(super) fn moments_of(ask: &Ask<'_>, into: &mut Vec<i128>) {
    let literals: &[Literal<'_>] = match ask {
        Ask::Equals(literal) | Ask::Compare(_, literal) => std::slice::from_ref(literal),
        Ask::OneOf(literals) | Ask::HasType(Kind::OneOf(literals)) => literals,
        _ => return,
    };
    into.extend(literals.iter().filter_map(|literal| match literal {
        Literal::Time(moment) => Some(*moment),
        _ => None,
    }));
}

/// The nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// A moment of each kind that comparisons with these tell apart.
pub(super) fn around_moments(mut bounds: Vec<i128>) -> Option<Vec<i128>> {
    bounds.sort_unstable();
    bounds.dedup();
    let mut moments = vec![bounds.last()?.checked_add(SECOND)?];
    for pair in bounds.windows(2) {
        if pair[1] - pair[0] > 1 {
            let second = (pair[0] + SECOND).min(pair[1] - 1);
            moments.push(second);
        }
    }
    moments.push(bounds.first()?.checked_sub(SECOND)?);
    moments.extend(bounds);
    Some(moments)
}

/// A moment in RFC 3339, where it has four digits of a year.
pub(super) fn spelled(nanoseconds: i128) -> Option<String> {
    let (seconds, fraction) = (
        nanoseconds.div_euclid(SECOND),
        nanoseconds.rem_euclid(SECOND),
    );
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years begin in March here, so that the day that some lack is their last one.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        return None;
    }
    let fraction = if fraction == 0 {
        String::new()
    } else {
        format!(".{fraction:09}")
    };
    let text = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    (time::nanoseconds(&text) == Some(nanoseconds)).then_some(text)
}
