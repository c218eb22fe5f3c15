//! Parts of a text in, a view of it and the way back to its bytes out.
//!
//! A [`Tracer`] writes a view from left to right. What it writes as it stands,
//! and what it replaces, is a [`Piece`] each; so each byte of the view leads
//! back to the bytes that it was made of, and to the disguise they wore.

use std::{fmt, ops::Range};

/// The longest view, in bytes. A text with a longer one is in doubt.
pub const LONGEST_VIEW: usize = 8 << 20;

/// What stands between a text and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disguise {
    /// Another form of the same letter: full-width, circled, ligature.
    Compatibility,
    /// A letter that is another one in another case: `ß`.
    CaseFold,
    /// What shows nothing: zero-width, bidirectional, control characters.
    Invisible,
    /// A mark on top of a letter, as a character of its own.
    CombiningMark,
    /// A letter that looks like one of ASCII.
    LookAlike,
    /// `%72`
    Percent,
    /// `\x72`
    Backslash,
    /// Base64
    Base64,
}

impl Disguise {
    /// All of them.
    const ALL: [Disguise; 8] = [
        Disguise::Compatibility,
        Disguise::CaseFold,
        Disguise::Invisible,
        Disguise::CombiningMark,
        Disguise::LookAlike,
        Disguise::Percent,
        Disguise::Backslash,
        Disguise::Base64,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Disguise::Compatibility => "compatibility",
            Disguise::CaseFold => "case-fold",
            Disguise::Invisible => "invisible",
            Disguise::CombiningMark => "combining-mark",
            Disguise::LookAlike => "look-alike",
            Disguise::Percent => "percent",
            Disguise::Backslash => "backslash",
            Disguise::Base64 => "base64",
        }
    }
}

/// The disguises that something was seen through. In words, their names with
/// `+` between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disguises(u8);

impl Disguises {
    /// None.
    pub(crate) const NONE: Disguises = Disguises(0);

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this one is among them.
    pub const fn contains(self, disguise: Disguise) -> bool {
        self.0 >> disguise as u8 & 1 == 1
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Disguises) -> Disguises {
        Disguises(self.0 | other.0)
    }
}

impl From<Disguise> for Disguises {
    fn from(disguise: Disguise) -> Disguises {
        Disguises(1 << disguise as u8)
    }
}

impl fmt::Display for Disguises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for disguise in Disguise::ALL {
            if self.contains(disguise) {
                write!(f, "{between}{}", disguise.name())?;
                between = "+";
            }
        }
        Ok(())
    }
}

/// A part of a view; it ends where the next one starts.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it starts in the view.
    view: u32,
    /// Where it starts in the text.
    text: u32,
    /// How long it is there.
    length: u32,
    /// What was taken off; nothing where it stands in the view as in the text.
    disguises: Disguises,
}

/// The way from a view back to its text.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// By rising place in the view; the last one is empty.
    pieces: Vec<Piece>,
}

impl Map {
    /// The part of the text that a part of the view was made of, and the
    /// disguises in it: whole pieces where they were replaced. Where nothing
    /// was replaced in it, what was replaced right beside it counts.
    pub(super) fn back(&self, range: &Range<usize>) -> (Range<usize>, Disguises) {
        let first = self
            .pieces
            .partition_point(|piece| (piece.view as usize) < range.start)
            .saturating_sub(1);
        let pieces = self.pieces.get(first..).unwrap_or_default();
        let mut back: Option<Range<usize>> = None;
        let (mut inside, mut beside) = (Disguises::NONE, Disguises::NONE);
        for (piece, next) in pieces.iter().zip(pieces.iter().skip(1)) {
            let (from, to) = (piece.view as usize, next.view as usize);
            if from > range.end {
                break;
            }
            let is_inside = from < range.end && (to > range.start || from > range.start);
            if !is_inside {
                if to >= range.start {
                    beside = beside.and(piece.disguises);
                }
                continue;
            }
            inside = inside.and(piece.disguises);
            let text = piece.text as usize;
            let (start, end) = if piece.disguises.is_empty() {
                (
                    text + range.start.saturating_sub(from),
                    text + range.end.min(to).saturating_sub(from),
                )
            } else {
                (text, text + piece.length as usize)
            };
            back = Some(match back {
                Some(back) => back.start.min(start)..back.end.max(end),
                None => start..end,
            });
        }
        let at = || pieces.first().map_or(0, |piece| piece.text as usize);
        let disguises = if inside.is_empty() { beside } else { inside };
        (back.unwrap_or_else(|| at()..at()), disguises)
    }
}

/// Writes a view.
pub(super) struct Tracer<'v> {
    view: &'v mut String,
    /// None where nobody asks for the way back.
    pieces: Option<&'v mut Vec<Piece>>,
    /// How much of the text was read.
    at: usize,
    /// Whether the view passed [`LONGEST_VIEW`]; it is cut then.
    is_full: bool,
}

impl<'v> Tracer<'v> {
    /// A tracer that starts anew; with the way back, if it is asked for.
    pub(super) fn new(view: &'v mut String, map: Option<&'v mut Map>) -> Tracer<'v> {
        view.clear();
        Tracer {
            view,
            pieces: map.map(|map| {
                map.pieces.clear();
                &mut map.pieces
            }),
            at: 0,
            is_full: false,
        }
    }

    /// How long the view is so far.
    pub(super) fn len(&self) -> u32 {
        self.view.len() as u32
    }

    /// Writes the next part of the text as it stands.
    pub(super) fn same(&mut self, part: &str) {
        if part.is_empty() {
            return;
        }
        let at = self.at;
        let ends_here = |last: &Piece| (last.text + last.length) as usize == at;
        match self.pieces.as_mut().and_then(|pieces| pieces.last_mut()) {
            Some(last) if last.disguises.is_empty() && ends_here(last) => {
                last.length += part.len() as u32;
            }
            Some(_) | None => self.piece(part.len(), Disguises::NONE),
        }
        self.write(part);
        self.at += part.len();
    }

    /// Writes something for the next `length` bytes of the text.
    pub(super) fn replace(&mut self, length: usize, with: &str, disguises: Disguises) {
        self.piece(length, disguises);
        self.write(with);
        self.at += length;
    }

    /// Ends the view; `false` where it is too long.
    pub(super) fn finish(mut self) -> bool {
        self.piece(0, Disguises::NONE);
        !self.is_full
    }

    fn piece(&mut self, length: usize, disguises: Disguises) {
        if !self.is_full
            && let Some(pieces) = &mut self.pieces
        {
            pieces.push(Piece {
                view: self.view.len() as u32,
                text: self.at as u32,
                length: length as u32,
                disguises,
            });
        }
    }

    fn write(&mut self, part: &str) {
        if self.view.len() + part.len() > LONGEST_VIEW {
            self.is_full = true;
        }
        if !self.is_full {
            self.view.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ab` as it stands, an invisible `..` (gone), `cd` made `x`, `ef`.
    fn map() -> (String, Map) {
        let (mut view, mut map) = (String::new(), Map::default());
        let mut tracer = Tracer::new(&mut view, Some(&mut map));
        tracer.same("ab");
        tracer.replace(2, "", Disguise::Invisible.into());
        tracer.replace(2, "x", Disguise::Percent.into());
        tracer.same("ef");
        assert!(tracer.finish());
        (view, map)
    }

    #[test]
    fn each_part_leads_back_to_what_it_was_made_of() {
        let (view, map) = map();
        assert_eq!(view, "abxef");
        let back = |range: Range<usize>| {
            let (range, disguises) = map.back(&range);
            (range, disguises.to_string())
        };
        assert_eq!(back(0..2).0, 0..2);
        assert_eq!(back(1..3), (1..6, "invisible+percent".to_owned()));
        assert_eq!(back(2..3), (4..6, "percent".to_owned()));
        assert_eq!(
            back(3..5),
            (6..8, "percent".to_owned()),
            "what is beside it"
        );
        assert_eq!(back(4..5), (7..8, String::new()));
        assert_eq!(back(0..5).0, 0..8);
    }

    #[test]
    fn a_view_that_is_too_long_is_cut_and_says_so() {
        let mut view = String::new();
        let mut tracer = Tracer::new(&mut view, None);
        let part = "x".repeat(LONGEST_VIEW);
        tracer.same(&part);
        tracer.same("y");
        assert!(!tracer.finish());
        assert_eq!(view.len(), LONGEST_VIEW);
    }
}
