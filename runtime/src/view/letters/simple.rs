//! Letters made plain the long way: each character is looked at by itself.

use unicode_normalization::{
    IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfkc_quick,
};

use super::{Gap, fold, form, goes_on, is_invisible, is_own, is_plain_mark, show, tag};
use crate::view::{
    look_alikes::look_alike,
    trace::{Disguise, Disguises, Tracer},
};

/// Writes compatibility forms and loose marks as the letters they make, without
/// what shows nothing.
pub(crate) fn composed(text: &str, into: &mut Tracer<'_>) {
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
pub(crate) fn ascii(text: &str, gap: Gap, into: &mut Tracer<'_>) {
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
