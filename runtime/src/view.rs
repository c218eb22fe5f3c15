//! A text in, its views out: what it says once a disguise is taken off.
//!
//! A view is a text of its own, which patterns look at like at the first one,
//! and each of its bytes leads back to where it came from. There are few: the
//! text with its letters made plain in three ways ([`letters`]), the same of
//! the text with its [`escapes`] read, and with its [`base64`] read. One that
//! equals its text or an earlier one is left out, and plain ASCII without `%`,
//! `\` and long runs of letters and digits has none, which one quick pass says.

mod base64;
mod escapes;
mod letters;
mod look_alikes;
mod trace;

use std::ops::Range;

pub use self::trace::{Disguise, Disguises, LONGEST_VIEW};
use self::{
    base64::Decoding,
    letters::Gap,
    trace::{Map, Tracer},
};
use crate::{
    doubt::Doubt,
    text::{KEPT_CAPACITY, Text},
};

/// What a text says once a disguise is taken off.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) text: Text,
    map: Map,
    /// The position of the view it is one of; none where it is one of the text.
    of: Option<usize>,
}

/// The views of one text, in buffers that are used again.
#[derive(Default)]
pub(crate) struct Views {
    state: State,
    /// The first `count` of them are views; the rest are kept for later.
    kept: Vec<View>,
    count: usize,
    decoding: Decoding,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Unmade,
    Made,
    Refused(Doubt),
}

/// How a view is made of a text, or of a view that took an encoding off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Escapes,
    Base64,
    Composed,
    Ascii(Gap),
}

impl Views {
    /// Forgets the text; keeps the buffers, unless they have grown large.
    pub(crate) fn clear(&mut self) {
        self.state = State::Unmade;
        self.count = 0;
        for view in &mut self.kept {
            view.text.clear();
            if view.map.capacity() > KEPT_CAPACITY / 16 {
                view.map = Map::default();
            }
        }
    }

    /// The views of a canonical text that was read, made at most once.
    pub(crate) fn of(&mut self, text: &Text) -> Result<&mut [View], Doubt> {
        if let State::Unmade = self.state {
            self.make(text.whole(), text.spans());
        }
        self.made()
    }

    /// The views of a text that stands by itself.
    pub(crate) fn of_field(&mut self, text: &str) -> Result<&mut [View], Doubt> {
        self.clear();
        self.make(text, &[(0, text.len() as u32)]);
        self.made()
    }

    fn made(&mut self) -> Result<&mut [View], Doubt> {
        match self.state {
            State::Refused(doubt) => Err(doubt),
            State::Unmade | State::Made => Ok(self.kept.get_mut(..self.count).unwrap_or_default()),
        }
    }

    /// The views that were made.
    pub(crate) fn all(&self) -> &[View] {
        self.kept.get(..self.count).unwrap_or_default()
    }

    /// The part of the text that a part of a view was made of, and the
    /// disguises it wore.
    pub(crate) fn back(&self, view: usize, range: &Range<usize>) -> (Range<usize>, Disguises) {
        let (mut range, mut disguises) = (range.clone(), Disguises::NONE);
        let mut at = Some(view);
        // A view is made of the text, or of one that is.
        while let Some(view) = at.and_then(|at| self.all().get(at)) {
            let more;
            (range, more) = view.map.back(&range);
            disguises = disguises.and(more);
            at = view.of;
        }
        (range, disguises)
    }

    fn make(&mut self, whole: &str, spans: &[(u32, u32)]) {
        self.count = 0;
        self.state = State::Made;
        let hints = Hints::of(whole);
        if hints.is_plain() {
            return;
        }
        if whole.len() > LONGEST_VIEW {
            self.state = State::Refused(Doubt::TooLong);
        } else if let Err(doubt) = self.make_all(whole, spans, hints) {
            self.state = State::Refused(doubt);
        }
    }

    fn make_all(&mut self, whole: &str, spans: &[(u32, u32)], hints: Hints) -> Result<(), Doubt> {
        if hints.letters {
            self.make_letters(whole, spans, None)?;
        }
        for kind in [Kind::Escapes, Kind::Base64] {
            let is_there = match kind {
                Kind::Escapes => hints.escapes,
                Kind::Base64 | Kind::Composed | Kind::Ascii(_) => hints.runs,
            };
            if !is_there || !self.make_one(kind, whole, spans, None)? {
                continue;
            }
            let of = self.count - 1;
            let Some(view) = self.kept.get_mut(of) else {
                continue;
            };
            if Hints::of(view.text.whole()).letters {
                // Lent while views of it are made.
                let text = std::mem::take(&mut view.text);
                let made = self.make_letters(text.whole(), text.spans(), Some(of));
                if let Some(view) = self.kept.get_mut(of) {
                    view.text = text;
                }
                made?;
            }
        }
        Ok(())
    }

    fn make_letters(
        &mut self,
        whole: &str,
        spans: &[(u32, u32)],
        of: Option<usize>,
    ) -> Result<(), Doubt> {
        self.make_one(Kind::Composed, whole, spans, of)?;
        self.make_one(Kind::Ascii(Gap::Closed), whole, spans, of)?;
        if whole.chars().any(letters::is_invisible) {
            self.make_one(Kind::Ascii(Gap::Space), whole, spans, of)?;
        }
        Ok(())
    }

    /// Makes a view; `false` where there is one like it already.
    fn make_one(
        &mut self,
        kind: Kind,
        whole: &str,
        spans: &[(u32, u32)],
        of: Option<usize>,
    ) -> Result<bool, Doubt> {
        if self.kept.len() == self.count {
            self.kept.push(View::default());
        }
        let (earlier, rest) = self
            .kept
            .split_at_mut_checked(self.count)
            .unwrap_or_default();
        let Some(View { text, map, of: of_ }) = rest.first_mut() else {
            return Ok(false);
        };
        let (view, view_spans) = text.refill();
        let mut tracer = Tracer::new(view, map);
        let mut part = |range: Range<usize>, tracer: &mut Tracer<'_>| {
            let part = whole.get(range).unwrap_or_default();
            match kind {
                Kind::Escapes => escapes::decode(part, tracer),
                Kind::Base64 => base64::decode(part, &mut self.decoding, tracer),
                Kind::Composed => letters::composed(part, tracer),
                Kind::Ascii(gap) => letters::ascii(part, gap, tracer),
            }
        };
        let mut at = 0;
        for &(start, end) in spans {
            let (start, end) = (start as usize, end as usize);
            tracer.same(whole.get(at..start).unwrap_or_default());
            let from = tracer.len();
            part(start..end, &mut tracer);
            view_spans.push((from, tracer.len()));
            at = end;
        }
        // The keys.
        part(at..whole.len(), &mut tracer);
        if !tracer.finish() {
            return Err(Doubt::ViewTooLong);
        }
        *of_ = of;
        let is_like = |other: &View| other.text.whole() == text.whole();
        let is_new = text.whole() != whole && !earlier.iter().any(is_like);
        self.count += usize::from(is_new);
        Ok(is_new)
    }
}

/// What a text may hide behind, as one quick pass tells.
#[derive(Clone, Copy, Default)]
struct Hints {
    /// Something beyond ASCII, or a control character.
    letters: bool,
    /// `%` or `\`
    escapes: bool,
    /// A run of base64.
    runs: bool,
}

impl Hints {
    fn of(text: &str) -> Hints {
        let bytes = text.as_bytes();
        let (mut letters, mut escapes) = (false, false);
        // In steps that the compiler can take for many bytes at once.
        let (steps, rest) = bytes.as_chunks::<32>();
        let mut look = |part: &[u8]| {
            let (mut odd, mut escape) = (0, 0);
            for &byte in part {
                let is_control = (byte < 0x1c) & (byte.wrapping_sub(b'\t') > b'\r' - b'\t');
                odd |= u8::from((byte >= 0x7f) | is_control);
                escape |= u8::from(byte == b'%') | u8::from(byte == b'\\');
            }
            letters |= odd != 0;
            escapes |= escape != 0;
        };
        for step in steps {
            look(step);
        }
        look(rest);
        Hints {
            letters,
            escapes,
            runs: base64::next_run(bytes, 0).is_some(),
        }
    }

    const fn is_plain(self) -> bool {
        !self.letters && !self.escapes && !self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(text: &str) -> Result<Vec<String>, Doubt> {
        let mut views = Views::default();
        let made = views.of_field(text)?;
        Ok(made
            .iter()
            .map(|view| view.text.whole().to_owned())
            .collect())
    }

    #[test]
    fn a_plain_text_has_none() {
        for text in [
            "",
            "rm -rf /\n\t",
            "100 words, /usr/local/lib/python3",
            "Érase đã",
            "日本語",
        ] {
            assert_eq!(views(text), Ok(vec![]), "{text}");
        }
    }

    #[test]
    fn there_are_few_and_no_two_are_alike() {
        assert_eq!(views("ｒm"), Ok(vec!["rm".into()]));
        assert_eq!(views("a\u{200b}b"), Ok(vec!["ab".into(), "a b".into()]));
        assert_eq!(views("a%20b"), Ok(vec!["a b".into()]));
        // All that can differ does: three of the text, four each of its two readings.
        let most = views("é\u{334}\u{200b}е %C3%A9%CC%B4 SGVsbG8gd29ybGQ\u{440}").unwrap();
        assert!((6..=11).contains(&most.len()), "{most:?}");
    }

    #[test]
    fn an_encoding_is_read_before_its_letters() {
        let all = views("%EF%BD%92m").unwrap();
        assert_eq!(all, ["ｒm", "rm"]);
        let mut views = Views::default();
        assert!(views.of_field("x %EF%BD%92m").is_ok());
        let (range, disguises) = views.back(1, &(2..4));
        assert_eq!(range, 2..12);
        assert_eq!(disguises.to_string(), "compatibility+percent");
    }

    #[test]
    fn a_view_that_is_too_long_is_doubt() {
        // One letter of three bytes that stands for a sentence of 33.
        let text = "\u{fdfa}".repeat(LONGEST_VIEW / 33 + 1);
        assert_eq!(views(&text), Err(Doubt::ViewTooLong));
        let text = "é".repeat(LONGEST_VIEW / 2 + 1);
        assert_eq!(views(&text), Err(Doubt::TooLong));
    }
}
