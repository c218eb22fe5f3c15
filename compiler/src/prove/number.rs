//! Numbers that comparisons tell apart.

use agentos_runtime::{
    Number,
    table::{Literal, Order},
};

use super::atom::{Ask, Claim, Kind, Of, Outcomes};

/// The numbers that some comparisons leave.
pub(super) struct Range {
    low: Option<Bound>,
    high: Option<Bound>,
}

/// Where a range ends.
#[derive(Clone, Copy)]
struct Bound {
    at: Number,
    /// Whether the number itself is outside.
    is_open: bool,
    /// Whose claim that is.
    number: usize,
}

impl Range {
    /// Those that meet the comparisons among these claims.
    pub(super) fn new(claims: &[Claim<'_, '_>]) -> Range {
        let mut range = Range {
            low: None,
            high: None,
        };
        for claim in claims.iter().filter(|claim| claim.of == Of::Whole) {
            let Ask::Compare(order, Literal::Number(at)) = claim.ask else {
                continue;
            };
            let is_true = match claim.wanted {
                Outcomes::TRUE => true,
                Outcomes::FALSE => false,
                _ => continue,
            };
            let (is_low, is_open) = match (order, is_true) {
                (Order::Greater, true) | (Order::AtMost, false) => (true, true),
                (Order::AtLeast, true) | (Order::Less, false) => (true, false),
                (Order::Less, true) | (Order::AtLeast, false) => (false, true),
                (Order::AtMost, true) | (Order::Greater, false) => (false, false),
            };
            let bound = Bound {
                at: *at,
                is_open,
                number: claim.number,
            };
            let end = if is_low {
                &mut range.low
            } else {
                &mut range.high
            };
            let is_tighter = end.is_none_or(|known| {
                let order = if is_low {
                    at.cmp(&known.at)
                } else {
                    known.at.cmp(at)
                };
                order.is_gt() || order.is_eq() && is_open && !known.is_open
            });
            if is_tighter {
                *end = Some(bound);
            }
        }
        range
    }

    /// The claims that leave none.
    pub(super) fn contradiction(&self) -> Option<Vec<usize>> {
        let (low, high) = (self.low?, self.high?);
        let is_none = low.at > high.at || low.at == high.at && (low.is_open || high.is_open);
        is_none.then(|| vec![low.number, high.number])
    }

    /// Whether a number is among them, or next to them.
    pub(super) fn has(&self, number: Number) -> bool {
        self.low.is_none_or(|low| low.at <= number)
            && self.high.is_none_or(|high| number <= high.at)
    }

    /// Whose claims they are.
    pub(super) fn numbers(&self) -> impl Iterator<Item = usize> {
        let ends = [self.low, self.high].into_iter().flatten();
        ends.map(|bound| bound.number)
    }
}

/// The numbers that a question compares with.
pub(super) fn numbers(ask: &Ask<'_>, into: &mut Vec<Number>) {
    let literals: &[Literal<'_>] = match ask {
        Ask::Equals(literal) | Ask::Compare(_, literal) => std::slice::from_ref(literal),
        Ask::OneOf(literals) | Ask::HasType(Kind::OneOf(literals)) => literals,
        _ => return,
    };
    into.extend(literals.iter().filter_map(|literal| match literal {
        Literal::Number(number) => Some(*number),
        _ => None,
    }));
}

/// A number of each kind that comparisons with these tell apart: each of them,
/// and a whole one and another one between, before and after them. `None`
/// where these have too many digits.
pub(super) fn around_numbers(mut bounds: Vec<Number>) -> Option<Vec<Number>> {
    bounds.sort_unstable();
    bounds.dedup();
    let (Some(&first), Some(&last)) = (bounds.first(), bounds.last()) else {
        return Some(vec![1.into(), Number::new(15, 1)]);
    };
    let half = Number::new(5, 1);
    let mut numbers = Vec::new();
    let after = whole_after(last)?;
    numbers.extend([after, plus(after, half)?]);
    for pair in bounds.windows(2) {
        let whole = whole_after(pair[0])?;
        if whole < pair[1] {
            numbers.push(whole);
        }
        numbers.push(middle(pair[0], pair[1])?);
        // One that is not whole, whatever these are.
        let digits = pair[0].scale().max(pair[1].scale());
        numbers.push(plus(pair[0], Number::new(1, digits.checked_add(1)?))?);
    }
    let before = whole_before(first)?;
    numbers.extend([before, plus(before, negative(half))?]);
    numbers.extend(bounds);
    Some(numbers)
}

fn negative(number: Number) -> Number {
    Number::new(-number.mantissa(), number.scale())
}

/// Both as digits with equally many of them after the point.
fn aligned(one: Number, other: Number) -> Option<(i128, i128, u8)> {
    let scale = one.scale().max(other.scale());
    let digits = |number: Number| {
        let more = u32::from(scale - number.scale());
        number.mantissa().checked_mul(10_i128.checked_pow(more)?)
    };
    Some((digits(one)?, digits(other)?, scale))
}

fn plus(one: Number, other: Number) -> Option<Number> {
    let (one, other, scale) = aligned(one, other)?;
    Some(Number::new(one.checked_add(other)?, scale))
}

/// The number halfway.
fn middle(one: Number, other: Number) -> Option<Number> {
    let (one, other, scale) = aligned(one, other)?;
    let sum = one.checked_add(other)?.checked_mul(5)?;
    Some(Number::new(sum, scale.checked_add(1)?))
}

/// The next whole number above.
pub(super) fn whole_after(number: Number) -> Option<Number> {
    let one = 10_i128.checked_pow(number.scale().into())?;
    let whole = number.mantissa().div_euclid(one).checked_add(1)?;
    Some(Number::new(whole, 0))
}

/// The next whole number below.
pub(super) fn whole_before(number: Number) -> Option<Number> {
    whole_after(negative(number)).map(negative)
}
