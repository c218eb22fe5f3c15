//! The lines that one finding is about, ready to be drawn.
//!
//! codespan-reporting draws whole lines, prints control characters as they
//! are and walks every line of a long label. So it gets an excerpt: only the
//! lines it will draw, long ones cut to the part the labels are in, with a
//! visible character for each hidden one. Characters stay one to one, and so
//! columns stay true.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use agentos_grammar::{SourceId, Span};
use codespan_reporting::files::{Error, Files};

use super::visible::{stand_in, visible};
use crate::source::{Source, Sources};

/// The most characters of a line that are drawn.
const MOST_COLUMNS: usize = 160;
/// How many of them stand before what the line is about.
const COLUMNS_BEFORE: usize = 40;
/// Lines drawn after the first of a label of many lines.
pub(super) const LINES_AFTER_START: usize = 3;
/// Lines drawn before the last of a label of many lines.
pub(super) const LINES_BEFORE_END: usize = 1;

/// Excerpts of all sources that one finding points into.
pub(super) struct Excerpts<'s> {
    parts: Vec<Excerpt<'s>>,
}

struct Excerpt<'s> {
    id: SourceId,
    source: &'s Source,
    text: String,
    lines: Vec<Line>,
}

/// A line of an excerpt, or a place holder for lines that are left out.
struct Line {
    /// The line in the source, from 0.
    of: usize,
    /// The bytes of the source that are shown.
    from: Range<usize>,
    /// Where they are shown in the excerpt's text.
    shown: Range<usize>,
}

impl<'s> Excerpts<'s> {
    /// The excerpts that `spans` need, the most important span first.
    pub(super) fn new(sources: &'s Sources, spans: &[Span]) -> Excerpts<'s> {
        let mut parts: Vec<Excerpt<'s>> = Vec::new();
        for span in spans {
            if parts.iter().any(|part| part.id == span.source) {
                continue;
            }
            let source = sources.get(span.source);
            let here: Vec<Range<usize>> = spans
                .iter()
                .filter(|other| other.source == span.source)
                .map(|other| bounded(source, *other))
                .collect();
            parts.push(Excerpt::new(span.source, source, &here));
        }
        Excerpts { parts }
    }

    /// Where `span` is shown.
    pub(super) fn shown(&self, span: Span) -> Range<usize> {
        let Ok(part) = self.part(span.source) else {
            return 0..0;
        };
        let range = bounded(part.source, span);
        let start = part.shown(range.start);
        start..part.shown(range.end).max(start)
    }

    fn part(&self, id: SourceId) -> Result<&Excerpt<'s>, Error> {
        self.parts
            .iter()
            .find(|part| part.id == id)
            .ok_or(Error::FileMissing)
    }
}

impl<'s> Excerpt<'s> {
    fn new(id: SourceId, source: &'s Source, ranges: &[Range<usize>]) -> Excerpt<'s> {
        let mut excerpt = Excerpt {
            id,
            source,
            text: String::new(),
            lines: Vec::new(),
        };
        let mut before = None;
        for line in drawn_lines(source, ranges) {
            match before.map_or(1, |before| line - before) {
                1 => {}
                2 => excerpt.push(line - 1, ranges),
                // Two place holders, and the drawing shows a break.
                _ => (0..2).for_each(|_| excerpt.push_hidden(line - 1)),
            }
            excerpt.push(line, ranges);
            before = Some(line);
        }
        excerpt
    }

    fn push(&mut self, line: usize, ranges: &[Range<usize>]) {
        let whole = self.source.line_range(line);
        let from = window(&self.source.text, whole.clone(), ranges);
        let start = self.text.len();
        let cut_at = (from.start > whole.start, from.end < whole.end);
        let characters = self.source.text[from.clone()].char_indices();
        let last = characters.clone().next_back().map(|(at, _)| at);
        self.text.extend(characters.map(|(at, character)| {
            let cut = (cut_at.0 && at == 0) || (cut_at.1 && Some(at) == last);
            if cut { '…' } else { stand_in(character) }
        }));
        let shown = start..self.text.len();
        self.text.push('\n');
        self.lines.push(Line {
            of: line,
            from,
            shown,
        });
    }

    fn push_hidden(&mut self, line: usize) {
        let start = self.text.len();
        self.text.push('\n');
        let from = self.source.line_range(line).start;
        self.lines.push(Line {
            of: line,
            from: from..from,
            shown: start..start,
        });
    }

    /// Where a byte of the source is shown; the nearest shown byte for one that is not.
    fn shown(&self, byte: usize) -> usize {
        let of = self.source.line_of(byte);
        let Some(line) = self.lines.iter().rfind(|line| line.of == of) else {
            return 0;
        };
        let end = byte.clamp(line.from.start, line.from.end);
        let count = self.source.text[line.from.start..end].chars().count();
        let mut characters = self.text[line.shown.clone()].char_indices();
        characters
            .nth(count)
            .map_or(line.shown.end, |(at, _)| line.shown.start + at)
    }
}

/// `span` within its source, without the line ends it closes with.
fn bounded(source: &Source, span: Span) -> Range<usize> {
    let start = source.boundary(span.start as usize);
    let end = source.boundary(span.end as usize).max(start);
    let kept = source.text[start..end].trim_end_matches(['\r', '\n']).len();
    start..start + kept
}

/// The lines to draw, rising.
fn drawn_lines(source: &Source, ranges: &[Range<usize>]) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    for range in ranges {
        let (first, last) = (source.line_of(range.start), source.line_of(range.end));
        lines.extend(first..=last.min(first + LINES_AFTER_START));
        lines.extend(first.max(last.saturating_sub(LINES_BEFORE_END))..=last);
    }
    lines
}

/// The part of a line to show: all of it, or what is around the first place
/// in it that a range starts or ends at.
fn window(text: &str, line: Range<usize>, ranges: &[Range<usize>]) -> Range<usize> {
    if text[line.clone()].chars().nth(MOST_COLUMNS).is_none() {
        return line;
    }
    let inside = |byte: &usize| (line.start..=line.end).contains(byte);
    // The first range is the primary one.
    let primary = ranges.first().map(|range| range.start).filter(inside);
    let starts = ranges.iter().map(|range| range.start).filter(inside).min();
    let ends = ranges.iter().map(|range| range.end).filter(inside).min();
    let focus = primary.or(starts).or(ends).unwrap_or(line.start);
    let start = text[line.start..focus]
        .char_indices()
        .rev()
        .take(COLUMNS_BEFORE)
        .last()
        .map_or(focus, |(at, _)| line.start + at);
    let end = text[start..line.end]
        .char_indices()
        .nth(MOST_COLUMNS)
        .map_or(line.end, |(at, _)| start + at);
    start..end
}

impl<'a> Files<'a> for Excerpts<'_> {
    type FileId = SourceId;
    type Name = Cow<'a, str>;
    type Source = &'a str;

    fn name(&'a self, id: SourceId) -> Result<Cow<'a, str>, Error> {
        Ok(visible(&self.part(id)?.source.name))
    }

    fn source(&'a self, id: SourceId) -> Result<&'a str, Error> {
        Ok(&self.part(id)?.text)
    }

    fn line_index(&'a self, id: SourceId, byte: usize) -> Result<usize, Error> {
        let lines = &self.part(id)?.lines;
        Ok(lines
            .partition_point(|line| line.shown.start <= byte)
            .saturating_sub(1))
    }

    fn line_number(&'a self, id: SourceId, index: usize) -> Result<usize, Error> {
        Ok(line_at(&self.part(id)?.lines, index)?.of + 1)
    }

    fn column_number(&'a self, id: SourceId, index: usize, byte: usize) -> Result<usize, Error> {
        let part = self.part(id)?;
        let line = line_at(&part.lines, index)?;
        let first = part.source.position(line.from.start).column as usize;
        let before = part.text.get(line.shown.start..byte).unwrap_or_default();
        Ok(first + before.chars().count())
    }

    fn line_range(&'a self, id: SourceId, index: usize) -> Result<Range<usize>, Error> {
        let line = line_at(&self.part(id)?.lines, index)?;
        Ok(line.shown.start..line.shown.end + 1)
    }
}

fn line_at(lines: &[Line], index: usize) -> Result<&Line, Error> {
    lines.get(index).ok_or(Error::LineTooLarge {
        given: index,
        max: lines.len(),
    })
}
