//! Languages that a text is to be in, and others that it is not, in; the
//! shortest such text out, or that there is none.
//!
//! All automata are read side by side, breadth first. So the first text that is
//! found is a shortest one, and of those the one that reads best; and where the
//! search ends without one, there is none.

use std::collections::{HashSet, VecDeque};

use super::language::{Around, Language, State, TooLarge};

/// What a text is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'l> {
    pub(crate) language: &'l Language,
    pub(crate) around: Around,
    /// Whether it is to be in the language.
    pub(crate) is_in: bool,
}

impl Wanted<'_> {
    /// Whether a text is that, as far as it can be read.
    pub(crate) fn is_met(&self, text: &str) -> bool {
        self.language.has_within(text, self.around) == Ok(self.is_in)
    }
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// This text is one.
    Text(String),
    /// There is none.
    None,
    /// The search passed its bounds.
    NotDecided,
}

/// A shortest text that is all that is wanted, found within so many states.
pub(crate) fn member(wanted: &[Wanted<'_>], most_states: usize) -> Member {
    search(wanted, most_states).unwrap_or(Member::NotDecided)
}

/// Some text that is all that is wanted: one that is likely, where one is; else a
/// shortest one.
pub(crate) fn any_member(wanted: &[Wanted<'_>], most_states: usize) -> Member {
    let is_one = |text: &str| wanted.iter().all(|wanted| wanted.is_met(text));
    let sought: Vec<Wanted<'_>> = wanted
        .iter()
        .filter(|wanted| wanted.is_in)
        .copied()
        .collect();
    let mut examples = sought
        .iter()
        .filter_map(|wanted| wanted.language.example.as_ref());
    if let Some(text) = examples.find(|text| is_one(text)) {
        return Member::Text(text.clone());
    }
    if most_states == 0 {
        return Member::NotDecided;
    }
    // Mostly what is not wanted is not there anyway.
    if !sought.is_empty() && sought.len() < wanted.len() {
        match member(&sought, most_states) {
            Member::Text(text) if is_one(&text) => return Member::Text(text),
            Member::None => return Member::None,
            Member::Text(_) | Member::NotDecided => {}
        }
    }
    member(wanted, most_states)
}

/// Those of several things that contradict each other which are needed for it: what is
/// not is left out, at first in large pieces, as few mostly are.
pub(crate) fn needed<T: Clone>(mut all: Vec<T>, is_none: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut size = all.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < all.len() {
            let end = all.len().min(at + size);
            let without = [&all[..at], &all[end..]].concat();
            if is_none(&without) {
                all = without;
            } else {
                at = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    all
}

/// A state that was reached, and how.
struct Reached {
    from: usize,
    byte: u8,
    letter: Letter,
    states: Open,
}

/// The states of those languages of which it is not settled yet that the text
/// is what is wanted, with their numbers.
type Open = Vec<(usize, State)>;

fn search(wanted: &[Wanted<'_>], most_states: usize) -> Result<Member, TooLarge> {
    let languages: Vec<&Language> = wanted.iter().map(|wanted| wanted.language).collect();
    let bytes = alphabet(&languages);
    let mut states = Vec::with_capacity(wanted.len());
    for (at, wanted) in wanted.iter().enumerate() {
        match settle(*wanted, wanted.language.start(wanted.around)?) {
            Settled::Wrong => return Ok(Member::None),
            Settled::Right => {}
            Settled::Open(state) => states.push((at, state)),
        }
    }
    let first = Reached {
        from: 0,
        byte: 0,
        letter: Letter::Over,
        states,
    };
    let mut known = HashSet::from([(first.letter, first.states.clone())]);
    let mut reached = vec![first];
    let mut left = VecDeque::from([0]);
    while let Some(at) = left.pop_front() {
        if reached[at].letter == Letter::Over && is_one(wanted, &reached[at].states)? {
            return Ok(Member::Text(text(&reached, at)));
        }
        for &byte in &bytes {
            let Some(letter) = reached[at].letter.step(byte) else {
                continue;
            };
            let Some(states) = step(wanted, &reached[at].states, byte)? else {
                continue;
            };
            let key = (letter, states);
            if !known.insert(key.clone()) {
                continue;
            }
            if reached.len() >= most_states {
                return Ok(Member::NotDecided);
            }
            left.push_back(reached.len());
            reached.push(Reached {
                from: at,
                byte,
                letter,
                states: key.1,
            });
        }
    }
    Ok(Member::None)
}

enum Settled {
    Right,
    Wrong,
    Open(State),
}

fn settle(wanted: Wanted<'_>, state: State) -> Settled {
    match state {
        State::Found if wanted.is_in => Settled::Right,
        State::Never if !wanted.is_in => Settled::Right,
        State::Found | State::Never => Settled::Wrong,
        state => Settled::Open(state),
    }
}

/// Where all are a byte further on; `None` where no text is what is wanted any more.
fn step(wanted: &[Wanted<'_>], states: &Open, byte: u8) -> Result<Option<Open>, TooLarge> {
    let mut next = Vec::with_capacity(states.len());
    for (at, state) in states {
        let wanted = wanted[*at];
        match settle(wanted, wanted.language.step(state, byte)?) {
            Settled::Wrong => return Ok(None),
            Settled::Right => {}
            Settled::Open(state) => next.push((*at, state)),
        }
    }
    Ok(Some(next))
}

/// Whether the text that was read so far is what is wanted.
fn is_one(wanted: &[Wanted<'_>], states: &Open) -> Result<bool, TooLarge> {
    for (at, state) in states {
        let wanted = wanted[*at];
        if wanted.language.ends(state, wanted.around)? != wanted.is_in {
            return Ok(false);
        }
    }
    Ok(true)
}

fn text(reached: &[Reached], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while at != 0 {
        bytes.push(reached[at].byte);
        at = reached[at].from;
    }
    bytes.reverse();
    String::from_utf8(bytes).expect("only whole letters are read")
}

/// A byte of each kind that some automaton tells from others, those that read
/// best first.
pub(super) fn alphabet(languages: &[&Language]) -> Vec<u8> {
    let mut classes = HashSet::new();
    let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
    bytes.sort_by_key(|&byte| rank(byte));
    bytes.retain(|&byte| {
        let of_languages = languages.iter().map(|language| language.class(byte));
        let class: Vec<(u8, u8)> = of_languages.chain([(kind(byte), 0)]).collect();
        classes.insert(class)
    });
    bytes
}

/// Small for bytes that read well.
fn rank(byte: u8) -> (u8, u8) {
    let rank = match byte {
        b'a'..=b'z' => 0,
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b' ' => 3,
        b'!'..=b'~' => 4,
        // Those of `é`.
        0xA9 | 0xC3 => 5,
        0x80.. => 6,
        _ => 7,
    };
    (rank, byte)
}

/// Where reading a letter of UTF-8 has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Letter {
    Over,
    /// So many bytes more, of which the first is in this range.
    Within(u8, u8, u8),
}

impl Letter {
    pub(super) fn step(self, byte: u8) -> Option<Letter> {
        match self {
            Letter::Over => match byte {
                0..=0x7F => Some(Letter::Over),
                0xC2..=0xDF => Some(Letter::Within(1, 0x80, 0xBF)),
                0xE0 => Some(Letter::Within(2, 0xA0, 0xBF)),
                0xED => Some(Letter::Within(2, 0x80, 0x9F)),
                0xE1..=0xEF => Some(Letter::Within(2, 0x80, 0xBF)),
                0xF0 => Some(Letter::Within(3, 0x90, 0xBF)),
                0xF1..=0xF3 => Some(Letter::Within(3, 0x80, 0xBF)),
                0xF4 => Some(Letter::Within(3, 0x80, 0x8F)),
                _ => None,
            },
            Letter::Within(left, low, high) => (low..=high).contains(&byte).then_some(match left {
                1 => Letter::Over,
                left => Letter::Within(left - 1, 0x80, 0xBF),
            }),
        }
    }
}

/// The same for bytes that UTF-8 does not tell apart.
fn kind(byte: u8) -> u8 {
    match byte {
        0..=0x7F => 0,
        0x80..=0x8F => 1,
        0x90..=0x9F => 2,
        0xA0..=0xBF => 3,
        0xC0..=0xC1 | 0xF5.. => 4,
        0xC2..=0xDF => 5,
        0xE0 => 6,
        0xED => 7,
        0xE1..=0xEF => 8,
        0xF0 => 9,
        0xF1..=0xF3 => 10,
        0xF4 => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::{member as search, *};

    fn member(wanted: &[Wanted<'_>]) -> Member {
        search(wanted, 1000)
    }

    fn language(expression: &str, unless: Option<&str>) -> Language {
        let parse = |text: &str| regex_syntax::parse(text).unwrap();
        Language::new(&parse(expression), unless.map(parse).as_ref()).unwrap()
    }

    fn has(language: &Language, text: &str) -> bool {
        let mut state = language.start(Around::Nothing).unwrap();
        for &byte in text.as_bytes() {
            state = language.step(&state, byte).unwrap();
        }
        language.ends(&state, Around::Nothing).unwrap()
    }

    fn shortest(wanted: &[(&str, bool)]) -> Member {
        let languages: Vec<Language> = wanted
            .iter()
            .map(|(text, _)| language(text, None))
            .collect();
        let wanted: Vec<Wanted<'_>> = languages
            .iter()
            .zip(wanted)
            .map(|(language, &(_, is_in))| Wanted {
                language,
                around: Around::Nothing,
                is_in,
            })
            .collect();
        member(&wanted)
    }

    fn text(text: &str) -> Member {
        Member::Text(text.to_owned())
    }

    #[test]
    fn the_shortest_text_is_found_or_that_there_is_none() {
        assert_eq!(shortest(&[]), text(""));
        assert_eq!(shortest(&[("b+", true)]), text("b"));
        assert_eq!(shortest(&[("b", true), ("ab", true)]), text("ab"));
        assert_eq!(shortest(&[("", false)]), Member::None);
        assert_eq!(
            shortest(&[("(?i)password", true), ("(?i)pass", false)]),
            Member::None
        );
        assert_eq!(
            shortest(&[("(?i)pass", true), ("(?i)password", false)]),
            text("pass")
        );
        assert_eq!(shortest(&[(r"\Aab", true), (r"cd\z", true)]), text("abcd"));
        assert_eq!(
            shortest(&[(r"\Aab\z", true), (r"\Aab", false)]),
            Member::None
        );
        assert_eq!(
            shortest(&[("[^a]", true), (r"[\x00-\x7f]", false)]),
            text("é")
        );
    }

    #[test]
    fn what_must_not_follow_is_read() {
        let delete = language("(?i)delete from", Some("(?i).*where"));
        for (with, expected) in [
            ("delete from t", true),
            ("DELETE FROM t where 1", false),
            ("delete from t\nwhere", true),
            ("delete from a where; delete from b", true),
            ("delete fro", false),
        ] {
            assert_eq!(has(&delete, with), expected, "{with}");
        }
        let wanted = |language, is_in| Wanted {
            language,
            around: Around::Nothing,
            is_in,
        };
        let any = language("(?i)delete", None);
        assert_eq!(
            member(&[wanted(&delete, true), wanted(&any, false)]),
            Member::None
        );
        assert_eq!(member(&[wanted(&delete, true)]), text("delete from"));
        assert_eq!(
            member(&[
                wanted(&delete, false),
                wanted(&language("delete from", None), true)
            ]),
            text("delete fromwhere")
        );
    }

    #[test]
    fn a_part_of_a_text_is_read_between_spaces() {
        let word = language(r"(?:\A|[^a-z])(rm)(?:\z|[^a-z])", None);
        let tied = language(r"\Arm", None);
        let wanted = |language, around, is_in| Wanted {
            language,
            around,
            is_in,
        };
        let rm = language(r"\Arm\z", None);
        for (language, around, expected) in [
            (&word, Around::Both, true),
            (&word, Around::After, true),
            (&tied, Around::After, true),
            (&tied, Around::Both, false),
        ] {
            let found = member(&[
                wanted(&rm, Around::Nothing, true),
                wanted(language, around, true),
            ]);
            assert_eq!(found == text("rm"), expected, "{language:?} {around:?}");
        }
    }
}
