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
    each_cluster(text, into, is_own, |cluster, into| {
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
            disguises = disguises.and(form(&shown));
        }
        into.replace(cluster.len(), &made, disguises);
    });
}

/// Writes what looks like ASCII as ASCII, without what shows nothing and
/// without loose marks on ASCII.
pub(super) fn ascii(text: &str, gap: Gap, into: &mut Tracer<'_>) {
    let mut made = String::new();
    let stays = |letter: char| {
        letter.is_ascii() && is_own(letter)
            || is_own(letter) && fold(letter).is_none() && look_alike(letter).is_none()
    };
    each_cluster(text, into, stays, |cluster, into| {
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
            if !is_own(letter) && is_combining_mark(letter) && (on_ascii || is_plain_mark(letter)) {
                disguises = disguises.and(Disguise::CombiningMark.into());
                continue;
            }
            let mut buffer = [0; 4];
            let written: &str = letter.encode_utf8(&mut buffer);
            let is_form = !is_own(letter) && is_nfkc_quick(written.chars()) != IsNormalized::Yes;
            if !is_form {
                disguises = disguises.and(show(letter, &mut made));
                continue;
            }
            let before = made.len();
            for form in written.nfkc() {
                disguises = disguises.and(show(form, &mut made));
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
            into.replace(cluster.len(), &made, disguises);
        }
    });
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
fn fold(letter: char) -> Option<&'static str> {
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
    let is_loose = |letter: char| is_combining_mark(letter);
    if text.chars().any(differs) || !text.chars().any(is_loose) {
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
fn goes_on(letter: char) -> bool {
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
fn is_own(letter: char) -> bool {
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

/// Writes what `stays` as it stands, and hands out the rest: a letter each,
/// with the marks and what shows nothing behind it.
fn each_cluster(
    text: &str,
    into: &mut Tracer<'_>,
    stays: impl Fn(char) -> bool,
    mut write: impl FnMut(&str, &mut Tracer<'_>),
) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut last = 0;
        let other = rest.char_indices().find(|&(at, letter)| {
            let stays = stays(letter);
            if stays {
                last = at;
            }
            !stays
        });
        let run = match other {
            None => rest.len(),
            Some((_, letter)) if goes_on(letter) => last,
            Some((at, _)) => at,
        };
        let (run, others) = rest.split_at_checked(run).unwrap_or((rest, ""));
        into.same(run);
        rest = others;
        let mut letters = rest.char_indices().skip(1);
        let alone = rest.chars().next().is_some_and(is_invisible);
        let end = letters
            .find(|&(_, letter)| alone || !goes_on(letter))
            .map_or(rest.len(), |(at, _)| at);
        let (cluster, others) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !cluster.is_empty() {
            write(cluster, into);
        }
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::Map;

    fn seen(write: impl FnOnce(&mut Tracer<'_>)) -> String {
        let (mut view, mut map) = (String::new(), Map::default());
        let mut tracer = Tracer::new(&mut view, &mut map);
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
}
