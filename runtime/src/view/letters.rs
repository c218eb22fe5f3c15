//! A text in, its letters without what disguises them out.
//!
//! [`composed`] keeps every script as it is: compatibility forms become what
//! they are forms of, marks are put on their letters, what shows nothing goes.
//! [`ascii`] goes on to what is looked for in ASCII: letters that look like
//! ASCII become it, and marks that are characters of their own are taken off.
//! A letter that has its mark built in (`é`, `ø`) stays: it is a letter of
//! somebody's alphabet, and `Érase` is not `erase`.

use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{decompose_canonical, decompose_compatible, is_combining_mark},
    is_nfkc_quick,
};

use super::{
    class::Class,
    look_alikes::look_alike,
    trace::{Disguise, Disguises, Tracer},
};

/// What takes the place of what shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: `pass\u{200b}word`.
    Closed,
    /// A space, since it may stand for one: `rm\u{200b}-rf`. A tag, which shows
    /// nothing either, is the letter it names.
    Space,
}

/// Whether a character shows nothing: control characters that are no white
/// space, those that Unicode says to ignore by default, and a blank of Braille.
pub(super) fn is_invisible(letter: char) -> bool {
    match letter {
        '\t'..='\r' | '\x1c'..='\x1f' | ' '..='~' | '\u{85}' => false,
        '\0'..='\x08'
        | '\x0e'..='\x1b'
        | '\x7f'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Writes compatibility forms and loose marks as the letters they make, without
/// what shows nothing.
pub(super) fn composed(text: &str, into: &mut Tracer<'_>) {
    let (mut shown, mut made) = (String::new(), String::new());
    each_cluster(text, into, Class::stays_composed, |cluster, _, into| {
        compose(cluster, &mut shown, &mut made, into);
    });
}

/// Writes what looks like ASCII as ASCII, without what shows nothing and
/// without loose marks on ASCII.
pub(super) fn ascii(text: &str, gap: Gap, into: &mut Tracer<'_>) {
    let mut made = String::new();
    each_cluster(text, into, Class::stays_plain, |cluster, like, into| {
        if let Some(like) = like {
            return into.replace(cluster.len(), like, Disguise::LookAlike.into());
        }
        make_plain(cluster, gap, &mut made, into);
    });
}

/// Writes one letter with what belongs to it, composed. `shown` and `made` are buffers.
fn compose(cluster: &str, shown: &mut String, made: &mut String, into: &mut Tracer<'_>) {
    let hidden = cluster.chars().any(is_invisible);
    if !hidden && is_nfkc_quick(cluster.chars()) == IsNormalized::Yes {
        return into.same(cluster);
    }
    shown.clear();
    shown.extend(cluster.chars().filter(|&letter| !is_invisible(letter)));
    made.clear();
    made.extend(shown.nfkc());
    if made == cluster {
        return into.same(cluster);
    }
    let mut disguises = Disguises::NONE;
    if hidden {
        disguises = disguises.and(Disguise::Invisible.into());
    }
    if made != shown {
        disguises = disguises.and(form(shown));
    }
    into.replace(cluster.len(), made, disguises);
}

/// Writes one letter with what belongs to it, as ASCII where it looks so.
/// `made` is a buffer.
fn make_plain(cluster: &str, gap: Gap, made: &mut String, into: &mut Tracer<'_>) {
    made.clear();
    let mut disguises = Disguises::NONE;
    let mut gaps = false;
    for letter in cluster.chars() {
        if is_invisible(letter) {
            disguises = disguises.and(Disguise::Invisible.into());
            match tag(letter).filter(|_| gap == Gap::Space) {
                Some(named) => made.push(named),
                None => gaps = true,
            }
            continue;
        }
        let on_ascii = made.chars().next_back().is_some_and(|base| base.is_ascii());
        if is_loose_mark(letter) && (on_ascii || is_plain_mark(letter)) {
            disguises = disguises.and(Disguise::CombiningMark.into());
            continue;
        }
        let mut buffer = [0; 4];
        let written: &str = letter.encode_utf8(&mut buffer);
        let is_form = !is_own(letter) && is_nfkc_quick(written.chars()) != IsNormalized::Yes;
        if !is_form {
            disguises = disguises.and(show(letter, made));
            continue;
        }
        let before = made.len();
        for form in written.nfkc() {
            disguises = disguises.and(show(form, made));
        }
        if made.get(before..) != Some(written) {
            disguises = disguises.and(form(written));
        }
    }
    if gaps && gap == Gap::Space {
        made.push(' ');
    }
    if made == cluster {
        into.same(cluster);
    } else {
        into.replace(cluster.len(), made, disguises);
    }
}

/// Writes a letter that is its own form, as ASCII where it looks so.
fn show(letter: char, into: &mut String) -> Disguises {
    if let Some(folded) = fold(letter) {
        into.push_str(folded);
        return Disguise::CaseFold.into();
    }
    if let Some(like) = look_alike(letter) {
        into.push_str(like);
        return Disguise::LookAlike.into();
    }
    into.push(letter);
    Disguises::NONE
}

/// The ASCII that a letter is in another case.
pub(super) fn fold(letter: char) -> Option<&'static str> {
    match letter {
        'ß' => Some("ss"),
        'ẞ' => Some("SS"),
        'İ' => Some("I"),
        _ => None,
    }
}

/// What changes when a text is put into its normal form.
fn form(text: &str) -> Disguises {
    let differs = |letter: char| {
        let (mut canonical, mut compatible) = ((0_u64, 0_usize), (0_u64, 0_usize));
        let sum = |of: &mut (u64, usize), part: char| {
            *of = (
                of.0.wrapping_mul(31)
                    .wrapping_add(u64::from(u32::from(part))),
                of.1 + 1,
            );
        };
        decompose_canonical(letter, |part| sum(&mut canonical, part));
        decompose_compatible(letter, |part| sum(&mut compatible, part));
        canonical != compatible
    };
    if text.chars().any(differs) || !text.chars().any(is_combining_mark) {
        Disguise::Compatibility.into()
    } else {
        Disguise::CombiningMark.into()
    }
}

/// The letter that a tag names.
fn tag(letter: char) -> Option<char> {
    let named = u32::from(letter).checked_sub(0xE_0000)?;
    char::from_u32(named).filter(|named| (' '..='~').contains(named))
}

/// Whether a character is a mark by itself.
fn is_loose_mark(letter: char) -> bool {
    !is_own(letter) && is_combining_mark(letter)
}

/// Whether a character is a mark that goes from whatever letter it is on.
pub(super) fn is_mark_to_drop(letter: char) -> bool {
    is_loose_mark(letter) && is_plain_mark(letter)
}

/// Whether a mark belongs to no script.
fn is_plain_mark(mark: char) -> bool {
    matches!(
        mark,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Whether a character goes with the one before it.
pub(super) fn goes_on(letter: char) -> bool {
    if is_own(letter) {
        return false;
    }
    // The second and third parts of a syllable of Hangul are no marks.
    is_combining_mark(letter)
        || matches!(letter, '\u{1161}'..='\u{11ff}')
        || (!letter.is_ascii() && is_invisible(letter))
}

/// Whether a character stands for itself and by itself: printed ASCII, white
/// space, and the letters that most texts are made of. It is its own form, no
/// mark, and shows something. Others may be so as well; this is quick.
pub(super) fn is_own(letter: char) -> bool {
    matches!(
        letter,
        ' '..='~'
            | '\t'..='\r'
            | '\u{c0}'..='\u{131}'
            | '\u{388}'..='\u{38a}'
            | '\u{38e}'..='\u{3a1}'
            | '\u{3a3}'..='\u{3ce}'
            | '\u{400}'..='\u{482}'
            | '\u{48a}'..='\u{52f}'
            | '\u{5d0}'..='\u{5ea}'
            | '\u{621}'..='\u{63a}'
            | '\u{641}'..='\u{64a}'
            | '\u{905}'..='\u{939}'
            | '\u{e01}'..='\u{e30}'
            | '\u{1ea0}'..='\u{1ef9}'
            | '\u{3001}'..='\u{3002}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}

/// Writes what `stays`, behind a character that does, as it stands, and hands
/// out the rest: a letter each, with the marks and what shows nothing behind it;
/// and what it looks like, where it is by itself.
fn each_cluster(
    text: &str,
    into: &mut Tracer<'_>,
    stays: impl Fn(Class, Class) -> bool,
    mut write: impl FnMut(&str, Option<&'static str>, &mut Tracer<'_>),
) {
    let mut rest = text;
    while !rest.is_empty() {
        // Where the last letter that nothing goes before starts.
        let mut last = 0;
        let mut before = Class::NONE;
        let other = rest.char_indices().find_map(|(at, letter)| {
            let class = Class::of(letter);
            if !class.goes_on() {
                last = at;
            }
            if stays(class, before) {
                before = class;
                return None;
            }
            Some(class)
        });
        let Some(class) = other else {
            return into.same(rest);
        };
        let (run, others) = rest.split_at_checked(last).unwrap_or((rest, ""));
        into.same(run);
        rest = others;
        let mut letters = rest.char_indices();
        let first = letters.next().map(|(_, letter)| Class::of(letter));
        let alone = first.is_some_and(Class::is_invisible);
        let end = letters
            .find(|&(_, letter)| alone || !Class::of(letter).goes_on())
            .map_or(rest.len(), |(at, _)| at);
        let (cluster, others) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let is_one = cluster.chars().nth(1).is_none();
        if !cluster.is_empty() {
            write(cluster, class.like().filter(|_| is_one), into);
        }
        rest = others;
    }
}

/// What making the letters of a text plain would do to it. What is not said to
/// change stays the same.
#[derive(Clone, Copy, Default)]
pub(super) struct Survey {
    /// [`composed`] may change it.
    pub(super) composes: bool,
    /// [`ascii`] may change it.
    pub(super) shows: bool,
    /// Something in it shows nothing.
    pub(super) hides: bool,
}

/// Looks at each character once.
pub(super) fn survey(text: &str) -> Survey {
    let mut survey = Survey::default();
    let mut before = Class::NONE;
    for letter in text.chars() {
        let class = Class::of(letter);
        survey.composes |= !class.stays_composed(before);
        survey.shows |= !class.stays_plain(before);
        survey.hides |= class.is_invisible();
        before = class;
    }
    survey
}

#[cfg(test)]
mod simple;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::view::trace::Map;

    fn seen(write: impl FnOnce(&mut Tracer<'_>)) -> String {
        let mut view = String::new();
        let mut tracer = Tracer::new(&mut view, None);
        write(&mut tracer);
        assert!(tracer.finish());
        view
    }

    fn both(text: &str) -> (String, String) {
        (
            seen(|into| composed(text, into)),
            seen(|into| ascii(text, Gap::Closed, into)),
        )
    }

    fn spaced(text: &str) -> String {
        seen(|into| ascii(text, Gap::Space, into))
    }

    #[test]
    fn forms_become_what_they_are_forms_of() {
        let plain = ("DROP fi 1".to_owned(), "DROP fi 1".to_owned());
        assert_eq!(both("ＤＲＯＰ\u{3000}ﬁ ①"), plain);
        assert_eq!(both("\u{212a}elvin"), ("Kelvin".into(), "Kelvin".into()));
    }

    #[test]
    fn what_shows_nothing_goes_or_is_a_space() {
        assert_eq!(both("pa\u{ad}ss\u{202e}w").1, "passw");
        assert_eq!(both("pa\u{ad}ss\u{202e}w").0, "passw");
        assert_eq!(spaced("rm\u{200b}-rf\0/"), "rm -rf /");
        assert_eq!(spaced("\u{e0072}\u{e006d} x"), "rm x");
    }

    #[test]
    fn loose_marks_are_put_on_or_taken_off() {
        let (composed, ascii) = both("cafe\u{301} r\u{336}m\u{200d}\u{336}");
        assert_eq!(composed, "café r\u{336}m\u{336}");
        assert_eq!(ascii, "cafe rm");
    }

    #[test]
    fn letters_of_alphabets_stay() {
        for text in ["Érase đã hált", "हिन्दी", "한국어", "عَرَبِيّ", "ไทย", "日本語"]
        {
            assert_eq!(both(text).0, text);
        }
        for text in ["Érase đã hált", "한국어", "日本語"] {
            assert_eq!(both(text).1, text);
        }
    }

    #[test]
    fn what_is_taken_for_its_own_is() {
        for letter in ('\0'..=char::MAX).filter(|&letter| is_own(letter)) {
            let is_form = std::iter::once(letter).nfkc().eq([letter]);
            let is_mark = is_combining_mark(letter);
            assert!(is_form && !is_mark && !is_invisible(letter), "{letter:?}");
        }
    }

    #[test]
    fn look_alikes_become_ascii() {
        assert_eq!(both("ѕudo rеbооt ІNDЕХ").1, "sudo reboot INDEX");
        assert_eq!(both("rm –rf ∣ sh").1, "rm -rf | sh");
        assert_eq!(both("paßwd wİpe").1, "passwd wIpe");
        assert_eq!(both("m rn l 0 |").1, "m rn l 0 |");
    }

    /// A view, and where each of its bytes leads.
    fn traced(write: impl FnOnce(&mut Tracer<'_>)) -> (String, String) {
        let (mut view, mut map) = (String::new(), Map::default());
        let mut tracer = Tracer::new(&mut view, Some(&mut map));
        write(&mut tracer);
        assert!(tracer.finish());
        (view, format!("{map:?}"))
    }

    fn is_as_the_long_way(text: &str) {
        let told = survey(text);
        let view = traced(|into| composed(text, into));
        assert_eq!(
            view,
            traced(|into| simple::composed(text, into)),
            "{text:?}"
        );
        assert!(told.composes || view.0 == text, "{text:?}");
        for gap in [Gap::Closed, Gap::Space] {
            let view = traced(|into| ascii(text, gap, into));
            assert_eq!(
                view,
                traced(|into| simple::ascii(text, gap, into)),
                "{text:?}"
            );
            assert_eq!(view.0, seen(|into| ascii(text, gap, into)), "{text:?}");
            assert!(told.shows || view.0 == text, "{text:?}");
        }
        assert_eq!(told.hides, text.chars().any(is_invisible), "{text:?}");
    }

    /// Characters of all sorts, those that meet others most often.
    fn letters() -> impl Strategy<Value = char> {
        let often: Vec<char> = "ab1 .\n\0\u{7f}éßİа\u{43b}яορह\u{93f}\u{94d}\u{93c}กุ\u{e31}ع\u{64e}\u{651}日かカ\u{3099}한\u{1112}\u{1161}\u{11ab}ａﬁ①“–\u{300}\u{336}\u{31b}\u{345}\u{200b}\u{200d}\u{ad}\u{e0061}\u{85}\u{90}\u{fe0f}😀\u{1f3fd}\u{20000}\u{2f800}\u{1d400}".chars().collect();
        prop_oneof![
            6 => select(often),
            1 => any::<char>(),
            1 => (0x80_u32..0x3000).prop_map(|code| char::from_u32(code).unwrap_or('x')),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_quick_way_sees_what_the_long_way_sees(text in vec(letters(), 0..12)) {
            is_as_the_long_way(&text.into_iter().collect::<String>());
        }
    }

    #[test]
    fn each_character_beside_each_kind_is_as_the_long_way_sees_it() {
        for letter in '\0'..=char::MAX {
            // Most of what is beyond is ideographs and nothing.
            if u32::from(letter) < 0x3100 || u32::from(letter) % 61 == 0 {
                let mut text = String::new();
                for other in ["", "a", "а", "ह", "\u{301}", "\u{94d}", "\u{200b}"] {
                    text.extend([letter]);
                    text.push_str(other);
                }
                is_as_the_long_way(&text);
            }
        }
    }
}
