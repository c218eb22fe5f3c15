//! A request in, its canonical text out: what patterns look at.
//!
//! The text is the action, then every value at any depth in order, then every
//! key in order, joined by single spaces. Numbers, booleans and null have
//! Python's spelling. It is made at most once a request, in buffers that are
//! used again, and only when something looks at it.

use std::fmt::Write as _;

use crate::{
    Number,
    doubt::Doubt,
    pages::Pages,
    request::Request,
    short::Short,
    value::{DEEPEST_VALUE, Map, Spelling, Value},
};

mod escaped;
mod nested;

/// The longest canonical text, in bytes; a longer one puts every look at it in doubt.
pub const LONGEST_TEXT: usize = 4 << 20;

/// Buffers that grew beyond this are given back.
pub(crate) const KEPT_CAPACITY: usize = 1 << 20;

/// The canonical text of one request.
#[derive(Default)]
pub(crate) struct Text {
    state: State,
    whole: String,
    /// Where the action and each value that is no list or map stand in `whole`.
    values: Vec<(u32, u32)>,
    /// Where each key stands in `whole`.
    keys: Vec<(u32, u32)>,
    /// Whether `lower` is that of `whole`.
    lowered: bool,
    lower: String,
}

#[derive(Default, Clone, Copy)]
enum State {
    #[default]
    Unread,
    Read,
    Refused(Doubt),
}

impl Text {
    /// Forgets the request; keeps the buffers, unless they have grown large.
    #[inline]
    pub(crate) fn clear(&mut self) {
        // Most requests are decided without reading any.
        if !matches!(self.state, State::Unread) {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        self.state = State::Unread;
        self.lowered = false;
        if self.whole.capacity() > KEPT_CAPACITY || self.lower.capacity() > KEPT_CAPACITY {
            *self = Text::default();
        }
    }

    /// Makes the text, if it is not there yet.
    pub(crate) fn read(&mut self, request: &Request<'_>) -> Result<&str, Doubt> {
        self.read_call(&request.action, &request.params)
    }

    /// Makes the text of a call, if it is not there yet.
    pub(crate) fn read_call(&mut self, action: &str, params: &Map<'_>) -> Result<&str, Doubt> {
        self.read_by(|text| text.flatten(action, params))
    }

    /// Makes the text of a call as the [reference spells it](nested), if none is
    /// there yet. Its parts cannot be located.
    pub(crate) fn read_nested(&mut self, action: &str, params: &Map<'_>) -> Result<&str, Doubt> {
        self.read_by(|text| nested::flatten(text, action, params))
    }

    /// Makes this text another one, which was read, without its keys.
    pub(crate) fn read_values_of(&mut self, other: &Text) -> Result<&str, Doubt> {
        self.read_by(|text| {
            let end = other.values.last().map_or(0, |(_, end)| *end as usize);
            text.whole
                .push_str(other.whole.get(..end).unwrap_or_default());
            text.values.clone_from(&other.values);
            Ok(())
        })
    }

    /// Whether it has keys behind its values.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    fn read_by(
        &mut self,
        flatten: impl FnOnce(&mut Text) -> Result<(), Doubt>,
    ) -> Result<&str, Doubt> {
        if let State::Unread = self.state {
            self.whole.clear();
            self.values.clear();
            self.keys.clear();
            self.state = match flatten(self) {
                Ok(()) => State::Read,
                Err(doubt) => State::Refused(doubt),
            };
        }
        match self.state {
            State::Refused(doubt) => Err(doubt),
            State::Unread | State::Read => Ok(&self.whole),
        }
    }

    /// The text as it was [read](Text::read).
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// The action and each value by itself, as they stand in the text.
    pub(crate) fn values(&self) -> impl Iterator<Item = (usize, &str)> {
        self.values.iter().map(|&(start, end)| {
            let (start, end) = (start as usize, end as usize);
            (start, self.whole.get(start..end).unwrap_or_default())
        })
    }

    /// Where the action and each value stand in the text.
    pub(crate) fn spans(&self) -> &[(u32, u32)] {
        &self.values
    }

    /// The emptied text and places of its values, for who makes it otherwise
    /// than from a request. It counts as read.
    pub(crate) fn refill(&mut self) -> (&mut String, &mut Vec<(u32, u32)>) {
        self.state = State::Read;
        self.lowered = false;
        self.whole.clear();
        self.values.clear();
        (&mut self.whole, &mut self.values)
    }

    /// The text in lower case.
    pub(crate) fn lower(&mut self) -> &str {
        if !self.lowered {
            lower(&self.whole, &mut self.lower);
            self.lowered = true;
        }
        &self.lower
    }

    fn flatten(&mut self, action: &str, params: &Map<'_>) -> Result<(), Doubt> {
        self.whole.push_str(action);
        self.values.push((0, self.offset()?));
        for (_, value) in params.iter() {
            self.value(value, DEEPEST_VALUE)?;
        }
        self.keys(params, DEEPEST_VALUE)?;
        self.offset().map(|_| ())
    }

    fn offset(&self) -> Result<u32, Doubt> {
        if self.whole.len() > LONGEST_TEXT {
            return Err(Doubt::TooLong);
        }
        u32::try_from(self.whole.len()).map_err(|_| Doubt::TooLong)
    }

    fn value(&mut self, value: &Value<'_>, deeper: usize) -> Result<(), Doubt> {
        let next = || deeper.checked_sub(1).ok_or(Doubt::TooDeep);
        match value {
            Value::List(values) => {
                let deeper = next()?;
                return values
                    .iter()
                    .try_for_each(|value| self.value(value, deeper));
            }
            Value::Map(map) => {
                let deeper = next()?;
                return map
                    .iter()
                    .try_for_each(|(_, value)| self.value(value, deeper));
            }
            Value::Null
            | Value::Boolean(_)
            | Value::Number(..)
            | Value::OutOfRange(_)
            | Value::String(_) => {}
        }
        self.whole.push(' ');
        let start = self.offset()?;
        spell(value, &mut self.whole);
        self.values.push((start, self.offset()?));
        Ok(())
    }

    fn keys(&mut self, map: &Map<'_>, deeper: usize) -> Result<(), Doubt> {
        for (key, value) in map.iter() {
            self.whole.push(' ');
            let start = self.offset()?;
            self.whole.push_str(key);
            self.keys.push((start, self.offset()?));
            self.keys_below(value, deeper)?;
        }
        Ok(())
    }

    fn keys_below(&mut self, value: &Value<'_>, deeper: usize) -> Result<(), Doubt> {
        let next = || deeper.checked_sub(1).ok_or(Doubt::TooDeep);
        match value {
            Value::List(values) => {
                let deeper = next()?;
                values
                    .iter()
                    .try_for_each(|value| self.keys_below(value, deeper))
            }
            Value::Map(map) => self.keys(map, next()?),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(..)
            | Value::OutOfRange(_)
            | Value::String(_) => Ok(()),
        }
    }
}

/// Writes a value that is no list or map as Python's `str` does.
fn spell(value: &Value<'_>, into: &mut String) {
    match value {
        Value::Null => into.push_str("None"),
        Value::Boolean(true) => into.push_str("True"),
        Value::Boolean(false) => into.push_str("False"),
        Value::Number(number, Spelling::Whole) => spell_whole(*number, into),
        Value::Number(number, Spelling::Pointed) => spell_pointed(*number, into),
        Value::OutOfRange(digits)
            if digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-') =>
        {
            into.push_str(digits);
        }
        Value::OutOfRange(digits) => spell_float(digits.parse().unwrap_or(f64::NAN), into),
        Value::String(text) => into.push_str(text),
        Value::List(_) | Value::Map(_) => {}
    }
}

fn spell_whole(number: Number, into: &mut String) {
    // Writing to a `String` does not fail.
    let _ = write!(into, "{number}");
}

/// Writes a number as Python's `repr` writes the float nearest to it.
fn spell_pointed(number: Number, into: &mut String) {
    // Floats tell all numbers of 15 digits apart, so that up to there the
    // shortest spelling of the nearest one is that of the number itself.
    const DIGITS: u128 = 1_000_000_000_000_000;
    if number.mantissa().unsigned_abs() >= DIGITS || number.scale() > 4 {
        return spell_float(number.to_f64(), into);
    }
    spell_whole(number, into);
    if number.is_integer() {
        into.push_str(".0");
    }
}

/// Writes a float as Python's `repr` does: shortest digits, an exponent below
/// 1e-4 and from 1e16 on.
fn spell_float(value: f64, into: &mut String) {
    if !value.is_finite() {
        into.push_str(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
        return;
    }
    let mut scientific = Short::new();
    let written = write!(scientific, "{value:e}");
    debug_assert!(written.is_ok(), "17 digits, a point and an exponent fit");
    let Some((digits, exponent)) = scientific.as_str().split_once('e') else {
        return;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let _ = write!(into, "{value:?}");
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(into, "{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
}

/// Writes a text in lower case, as Python's `str.lower` does.
pub(crate) fn lower(text: &str, into: &mut String) {
    into.clear();
    if text.is_ascii() {
        into.push_str(text);
        into.make_ascii_lowercase();
    } else if text.contains('Σ') {
        // The one letter whose small form depends on what stands around it, up
        // to the blanks.
        for word in text.split_inclusive(' ') {
            if word.contains('Σ') {
                into.push_str(&word.to_lowercase());
            } else {
                lower_each(word, into);
            }
        }
        into.make_ascii_lowercase();
    } else {
        lower_each(text, into);
        into.make_ascii_lowercase();
    }
}

/// Writes what is beyond ASCII in lower case.
fn lower_each(text: &str, into: &mut String) {
    let mut same = 0;
    for (at, letter) in text.char_indices() {
        if !letter.is_ascii() && !is_small(letter) {
            into.push_str(text.get(same..at).unwrap_or_default());
            into.extend(letter.to_lowercase());
            same = at + letter.len_utf8();
        }
    }
    into.push_str(text.get(same..).unwrap_or_default());
}

/// Whether a character is its own small form.
#[inline]
fn is_small(letter: char) -> bool {
    static SMALL: Pages<bool> = Pages::new();
    SMALL.get(letter, |letter| letter.to_lowercase().eq([letter]))
}

/// Where a part of the lower-cased text stands in the text itself, widened to
/// whole characters.
pub(crate) fn raise(text: &str, start: usize, end: usize) -> (usize, usize) {
    let mut lowered = 0;
    let (mut from, mut to) = (text.len(), text.len());
    for (at, letter) in text.char_indices() {
        let next = lowered + letter.to_lowercase().map(char::len_utf8).sum::<usize>();
        if (lowered..next).contains(&start) {
            from = at;
        }
        if lowered >= end {
            to = at;
            break;
        }
        lowered = next;
    }
    (from.min(to), to)
}

/// What a part of the canonical text is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// `action`, `params.query`, `params.cc[0]`; `text` where the part is in
    /// more than one value or key.
    pub(crate) field: String,
    /// Whether it is in the name of that field, not in its value.
    pub(crate) in_key: bool,
    /// Bytes from the start of the field's value, or of its name.
    pub(crate) start: usize,
    /// The byte after it.
    pub(crate) end: usize,
}

/// Finds what a part of a call's canonical text is a part of.
pub(crate) fn locate(text: &Text, params: &Map<'_>, start: usize, end: usize) -> Spot {
    let spanning = || Spot {
        field: "text".to_owned(),
        in_key: false,
        start,
        end,
    };
    let holding = |parts: &[(u32, u32)]| {
        let holds = |&&(from, to): &&(u32, u32)| from as usize <= start && end <= to as usize;
        let (position, &(from, _)) = parts.iter().enumerate().find(|(_, part)| holds(part))?;
        Some((position, from as usize))
    };
    let (wanted, position, from) = if let Some((position, from)) = holding(&text.values) {
        let Some(position) = position.checked_sub(1) else {
            return Spot {
                field: "action".to_owned(),
                ..spanning()
            };
        };
        (Wanted::Value, position, from)
    } else if let Some((position, from)) = holding(&text.keys) {
        (Wanted::Key, position, from)
    } else {
        return spanning();
    };
    let mut path = FieldPath {
        wanted,
        left: position,
        field: "params".to_owned(),
    };
    if !path.descend_map(params, DEEPEST_VALUE) {
        return spanning();
    }
    Spot {
        field: path.field,
        in_key: wanted == Wanted::Key,
        start: start - from,
        end: end - from,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Key,
    Value,
}

/// The way to a key or value, by how many of its kind stand before it.
struct FieldPath {
    wanted: Wanted,
    left: usize,
    field: String,
}

impl FieldPath {
    /// Extends the field to what is wanted; `false` where it is not below.
    fn descend_map(&mut self, map: &Map<'_>, deeper: usize) -> bool {
        map.iter().any(|(key, value)| {
            let length = self.field.len();
            let _ = write!(self.field, ".{key}");
            self.is_here(Wanted::Key) || self.descend(value, deeper) || {
                self.field.truncate(length);
                false
            }
        })
    }

    fn descend(&mut self, value: &Value<'_>, deeper: usize) -> bool {
        match (value, deeper.checked_sub(1)) {
            (Value::List(values), Some(deeper)) => values.iter().enumerate().any(|(at, value)| {
                let length = self.field.len();
                let _ = write!(self.field, "[{at}]");
                self.descend(value, deeper) || {
                    self.field.truncate(length);
                    false
                }
            }),
            (Value::Map(map), Some(deeper)) => self.descend_map(map, deeper),
            (Value::List(_) | Value::Map(_), None) => false,
            (
                Value::Null
                | Value::Boolean(_)
                | Value::Number(..)
                | Value::OutOfRange(_)
                | Value::String(_),
                _,
            ) => self.is_here(Wanted::Value),
        }
    }

    /// Whether this one is wanted; counts those of its kind.
    fn is_here(&mut self, met: Wanted) -> bool {
        if met != self.wanted {
            return false;
        }
        let found = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(request: &Request<'_>) -> Text {
        let mut text = Text::default();
        text.read(request).unwrap();
        text
    }

    #[test]
    fn values_come_before_keys_at_any_depth() {
        let inner: Map<'_> = [
            ("deep", Value::from("v2")),
            ("list", vec!["v3", "v4"].into()),
        ]
        .into_iter()
        .collect();
        let request = Request::new("a", "act")
            .param("one", "v1")
            .param("two", inner)
            .param("three", "");
        assert_eq!(
            text(&request).whole(),
            "act v1 v2 v3 v4  one two deep list three"
        );
    }

    #[test]
    fn scalars_have_the_spelling_of_python() {
        let spelled = |value: Value<'_>| {
            let mut into = String::new();
            spell(&value, &mut into);
            into
        };
        let pointed =
            |digits: &str| spelled(Value::Number(digits.parse().unwrap(), Spelling::Pointed));
        assert_eq!(spelled(Value::Null), "None");
        assert_eq!(spelled(true.into()), "True");
        assert_eq!(spelled(1.into()), "1");
        assert_eq!(spelled((-17).into()), "-17");
        for (written, repr) in [
            ("1.0", "1.0"),
            ("1e0", "1.0"),
            ("0.0", "0.0"),
            ("-2.50", "-2.5"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("12345678901234567e0", "1.2345678901234568e+16"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5e-7", "1.5e-07"),
            ("0.1", "0.1"),
            ("123456789.125", "123456789.125"),
            ("9999999999999999.0", "1e+16"),
            ("999999999999999.0", "999999999999999.0"),
            ("99999999999.9999", "99999999999.9999"),
            ("-0.0001", "-0.0001"),
            ("0.12345", "0.12345"),
        ] {
            assert_eq!(pointed(written), repr, "{written}");
        }
        assert_eq!(spelled(Value::OutOfRange("1e400".into())), "inf");
        assert_eq!(spelled(Value::OutOfRange("-1e300".into())), "-1e+300");
        let digits = "9".repeat(60);
        assert_eq!(spelled(Value::OutOfRange(digits.as_str().into())), digits);
    }

    #[test]
    fn short_numbers_are_spelled_as_the_nearest_float_is() {
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let digits = i128::from(seed >> (11 + seed % 50)) - (1 << 30);
            let number = Number::new(digits, (seed >> 3) as u8 % 6);
            let (mut short, mut float) = (String::new(), String::new());
            spell_pointed(number, &mut short);
            spell_float(number.to_f64(), &mut float);
            assert_eq!(short, float);
        }
    }

    #[test]
    fn lower_case_is_that_of_each_character() {
        let mut into = String::new();
        for letter in '\u{80}'..=char::MAX {
            if letter != 'Σ' {
                lower(&format!("A{letter}"), &mut into);
                let each = ['A', letter].into_iter().flat_map(char::to_lowercase);
                assert!(into.chars().eq(each), "{letter:?}");
            }
        }
        for text in ["ΟΔΟΣ ΑΣ, ΣΑ Σ' ÉÀ'Σ ΑΣ\u{a0}Α", "Σ\u{301} ΑΣ\u{301}\nΣ"] {
            lower(text, &mut into);
            assert_eq!(into, text.to_lowercase());
        }
    }

    #[test]
    fn lower_case_is_that_of_python() {
        for word in ["DROP", "ÄÖ", "ΣΑΣ", "İ", "K", "straẞe", "ǅ"] {
            let mut into = String::new();
            lower(word, &mut into);
            assert_eq!(into, word.to_lowercase());
        }
    }

    #[test]
    fn a_place_in_lower_case_is_found_in_the_text() {
        // `İ` has two bytes and three in lower case, the Kelvin sign three and one.
        let text = "aİK\u{212A}b";
        let mut small = String::new();
        lower(text, &mut small);
        let b = small.find('b').unwrap();
        assert_eq!(raise(text, b, b + 1), (text.len() - 1, text.len()));
        assert_eq!(raise(text, 0, 1), (0, 1));
        assert_eq!(raise(text, 1, 4), (1, 3));
        assert_eq!(raise(text, 2, 3), (1, 3), "half a letter is that letter");
        assert_eq!(
            raise(text, small.len(), small.len()),
            (text.len(), text.len())
        );
    }

    #[test]
    fn a_part_is_located_in_its_field() {
        let inner: Map<'_> = [("to", Value::from(vec!["x", "secret"]))]
            .into_iter()
            .collect();
        let request = Request::new("a", "send")
            .param("n", 1)
            .param("mail", inner)
            .param("body", "b");
        let text = text(&request);
        let at = |part: &str| {
            let start = text.whole().find(part).unwrap();
            let spot = locate(&text, &request.params, start, start + part.len());
            (spot.field, spot.in_key, spot.start, spot.end)
        };
        assert_eq!(at("send"), ("action".into(), false, 0, 4));
        assert_eq!(at("ecre"), ("params.mail.to[1]".into(), false, 1, 5));
        assert_eq!(at("x secret"), ("text".into(), false, 7, 15));
        assert_eq!(at("ail"), ("params.mail".into(), true, 1, 4));
        assert_eq!(at("mail to"), ("text".into(), false, 20, 27));
        assert_eq!(at("to"), ("params.mail.to".into(), true, 0, 2));
        assert_eq!(at("body"), ("params.body".into(), true, 0, 4));
    }

    #[test]
    fn a_key_inside_a_list_is_located_at_any_depth() {
        let deep: Map<'_> = [("wanted", Value::from(1))].into_iter().collect();
        let request = Request::new("a", "act")
            .param("p", vec![Value::from(1), vec![Value::from(deep)].into()]);
        let text = text(&request);
        let start = text.whole().find("wanted").unwrap();
        let spot = locate(&text, &request.params, start, start + 6);
        assert_eq!(spot.field, "params.p[1][0].wanted");
        assert_eq!((spot.in_key, spot.start, spot.end), (true, 0, 6));
    }

    #[test]
    fn the_deepest_value_is_located() {
        let mut value = Value::from("deep");
        for _ in 0..DEEPEST_VALUE {
            value = Value::List(vec![value]);
        }
        let request = Request::new("a", "act")
            .param("p", value)
            .param("q", "shallow");
        let text = text(&request);
        for (part, field) in [
            ("deep", format!("params.p{}", "[0]".repeat(DEEPEST_VALUE))),
            ("shallow", "params.q".to_owned()),
        ] {
            let start = text.whole().find(part).unwrap();
            let spot = locate(&text, &request.params, start, start + part.len());
            assert_eq!(spot.field, field);
        }
    }

    #[test]
    fn a_value_too_deep_leaves_the_text_in_doubt() {
        let mut value = Value::from("x");
        for _ in 0..=DEEPEST_VALUE {
            value = Value::List(vec![value]);
        }
        let request = Request::new("a", "act").param("p", value);
        assert_eq!(Text::default().read(&request), Err(Doubt::TooDeep));
    }
}
