//! A text in, its views out: what it says once a disguise is taken off.
//!
//! A view is a text of its own, which patterns look at like at the first one,
//! and each of its bytes leads back to where it came from. There are few: the
//! text with its letters made plain in three ways ([`letters`]), the same of
//! the text with its [`escapes`] read, and with its [`base64`] read. One that
//! equals its text or an earlier one is left out, and plain ASCII without `%`,
//! `\` and long runs of letters and digits has none, which one quick pass says.

mod base64;
mod class;
mod escapes;
mod hints;
mod letters;
mod look_alikes;
mod trace;

use std::{cell::OnceCell, ops::Range};

pub use self::trace::{Disguise, Disguises, LONGEST_VIEW};
use self::{
    base64::Decoding,
    hints::Hints,
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
    /// The same without its keys, for patterns that mind where it ends.
    pub(crate) values: Text,
    kind: Kind,
    /// The position of the view it is one of; none where it is one of the text.
    of: Option<usize>,
    /// The way back, once it was asked for.
    map: OnceCell<Map>,
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

/// The views of the fields of one request that were looked at by themselves.
#[derive(Default)]
pub(crate) struct FieldViews {
    /// The first `count` of them are made, of the text beside them.
    kept: Vec<(String, Views)>,
    count: usize,
}

/// How many fields have their views kept; the last of them is made anew for
/// each field beyond.
const MOST_FIELDS: usize = 16;

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Unmade,
    Made,
    Refused(Doubt),
}

/// How a view is made of a text, or of a view that took an encoding off.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    Escapes,
    Base64,
    #[default]
    Composed,
    Ascii(Gap),
}

impl Views {
    /// Forgets the text; keeps the buffers, unless they have grown large.
    #[inline]
    pub(crate) fn clear(&mut self) {
        // Most requests are decided without looking at any.
        if !matches!(self.state, State::Unmade) {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        self.state = State::Unmade;
        self.count = 0;
        for view in &mut self.kept {
            view.text.clear();
            view.values.clear();
            view.map.take();
        }
    }

    /// The views of a canonical text that was read, made at most once.
    pub(crate) fn of(&mut self, text: &Text) -> Result<&mut [View], Doubt> {
        if let State::Unmade = self.state {
            self.make(text.whole(), text.spans());
        }
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
    /// disguises it wore. The text is the one that they are views of.
    pub(crate) fn back(
        &self,
        (whole, spans): (&str, &[(u32, u32)]),
        view: usize,
        range: &Range<usize>,
    ) -> (Range<usize>, Disguises) {
        let (mut range, mut disguises) = (range.clone(), Disguises::NONE);
        let mut at = Some(view);
        // A view is made of the text, or of one that is.
        while let Some(view) = at.and_then(|at| self.all().get(at)) {
            let of = view.of.and_then(|of| self.all().get(of));
            let (whole, spans) = of.map_or((whole, spans), |of| (of.text.whole(), of.text.spans()));
            // Few views are asked for it, and it takes as much room as they do.
            let map = view.map.get_or_init(|| {
                let (mut again, mut map) = (String::new(), Map::default());
                let tracer = Tracer::new(&mut again, Some(&mut map));
                let decoding = &mut Decoding::default();
                let is_made = write(view.kind, whole, spans, decoding, tracer, |_| {});
                debug_assert!(
                    is_made && again == view.text.whole(),
                    "made of another text"
                );
                map
            });
            let more;
            (range, more) = map.back(&range);
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
        let survey = letters::survey(whole);
        if survey.composes {
            self.make_one(Kind::Composed, whole, spans, of)?;
        }
        if survey.shows {
            self.make_one(Kind::Ascii(Gap::Closed), whole, spans, of)?;
        }
        if survey.hides {
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
        let Some(view) = rest.first_mut() else {
            return Ok(false);
        };
        (view.kind, view.of) = (kind, of);
        view.map.take();
        let text = &mut view.text;
        let (made, made_spans) = text.refill();
        let tracer = Tracer::new(made, None);
        let is_made = write(kind, whole, spans, &mut self.decoding, tracer, |span| {
            made_spans.push(span);
        });
        if !is_made {
            return Err(Doubt::ViewTooLong);
        }
        let is_like = |other: &View| other.text.whole() == text.whole();
        let is_new = text.whole() != whole && !earlier.iter().any(is_like);
        self.count += usize::from(is_new);
        Ok(is_new)
    }
}

impl FieldViews {
    /// Forgets the request; keeps the buffers, unless they have grown large.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.count > 0 {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        for (text, views) in self.kept.iter_mut().take(self.count) {
            views.clear();
            if text.capacity() > KEPT_CAPACITY {
                *text = String::new();
            }
        }
        self.count = 0;
    }

    /// The views of a field, made once where fields are few.
    pub(crate) fn of(&mut self, text: &str) -> Result<&Views, Doubt> {
        let mut made = self.kept.iter().take(self.count);
        let at = made.position(|(of, _)| of == text);
        let at = at.unwrap_or_else(|| {
            self.count = MOST_FIELDS.min(self.count + 1);
            if self.kept.len() < self.count {
                self.kept.push(Default::default());
            }
            let last = self.count - 1;
            if let Some((of, views)) = self.kept.get_mut(last) {
                text.clone_into(of);
                views.clear();
                views.make(text, &[(0, text.len() as u32)]);
            }
            last
        });
        // It is there; doubt is strict.
        let (_, views) = self.kept.get(at).ok_or(Doubt::TooLong)?;
        match views.state {
            State::Refused(doubt) => Err(doubt),
            State::Unmade | State::Made => Ok(views),
        }
    }
}

/// Writes a view of a text, and tells where each value stands in it; `false`
/// where it is too long.
fn write(
    kind: Kind,
    whole: &str,
    spans: &[(u32, u32)],
    decoding: &mut Decoding,
    mut tracer: Tracer<'_>,
    mut span: impl FnMut((u32, u32)),
) -> bool {
    let mut part = |range: Range<usize>, tracer: &mut Tracer<'_>| {
        let part = whole.get(range).unwrap_or_default();
        match kind {
            Kind::Escapes => escapes::decode(part, tracer),
            Kind::Base64 => base64::decode(part, decoding, tracer),
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
        span((from, tracer.len()));
        at = end;
    }
    // The keys.
    part(at..whole.len(), &mut tracer);
    tracer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(text: &str) -> Result<Vec<String>, Doubt> {
        let mut fields = FieldViews::default();
        let made = fields.of(text)?.all().iter();
        Ok(made.map(|view| view.text.whole().to_owned()).collect())
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
        let text = "x %EF%BD%92m";
        let mut fields = FieldViews::default();
        let views = fields.of(text).unwrap();
        let (range, disguises) = views.back((text, &[(0, 12)]), 1, &(2..4));
        assert_eq!(range, 2..12);
        assert_eq!(disguises.to_string(), "compatibility+percent");
    }

    #[test]
    fn each_field_has_its_own_however_many_there_are() {
        let mut fields = FieldViews::default();
        for _ in 0..2 {
            for field in 0..2 * MOST_FIELDS {
                for text in [format!("a%20{field}"), field.to_string()] {
                    let views = fields.of(&text).unwrap();
                    let plain = text.replace("%20", " ");
                    let made: Vec<_> = views.all().iter().map(|view| view.text.whole()).collect();
                    assert_eq!(made, if plain == text { vec![] } else { vec![&*plain] });
                }
            }
        }
        assert!(fields.of(&"é".repeat(LONGEST_VIEW)).is_err());
        fields.clear();
        assert!(fields.of("é").unwrap().all().is_empty());
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
