//! Letters made plain the long way: which of them stay is asked of each by itself.

use super::{Gap, compose, fold, goes_on, is_invisible, is_own, make_plain};
use crate::view::{look_alikes::look_alike, trace::Tracer};

/// As [`composed`](super::composed).
pub(crate) fn composed(text: &str, into: &mut Tracer<'_>) {
    let (mut shown, mut made) = (String::new(), String::new());
    each_cluster(text, into, is_own, |cluster, into| {
        compose(cluster, &mut shown, &mut made, into);
    });
}

/// As [`ascii`](super::ascii).
pub(crate) fn ascii(text: &str, gap: Gap, into: &mut Tracer<'_>) {
    let mut made = String::new();
    let stays = |letter: char| {
        letter.is_ascii() && is_own(letter)
            || is_own(letter) && fold(letter).is_none() && look_alike(letter).is_none()
    };
    each_cluster(text, into, stays, |cluster, into| {
        make_plain(cluster, gap, &mut made, into);
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
