//! Patterns of a policy, ready: texts in, which of them are there and where out.
//!
//! What finds them was built by the compiler and stands in the table as bytes.
//! Nothing is built here, neither when an engine is made nor while a request
//! waits: the tables are used where they are.

use std::ops::Range;

use agentos_scan::{Matchers, Memory, Set};

use crate::{
    table,
    text::{self, Text},
};

/// How much text is looked at once more to say where patterns are, in bytes: the
/// length of the text for each of them. Beyond it, where they are is not said.
pub const MOST_LOOKED_AGAIN: usize = 2 << 20;

/// How many patterns may be asked where they are in a text.
pub(crate) fn looks(text: &str) -> usize {
    MOST_LOOKED_AGAIN / text.len().max(1)
}

/// The patterns of a policy.
#[derive(Default)]
pub(crate) struct Patterns {
    /// Those of all sets, then those of all signals.
    pub(crate) rows: Box<[Pattern]>,
    pub(crate) matchers: Matchers,
}

/// A pattern, for people and for finding where it is.
pub(crate) struct Pattern {
    /// As written.
    pub(crate) source: Box<str>,
    kind: Kind,
}

enum Kind {
    Substring(Box<str>),
    Regex,
    /// It is looked for in each value by itself.
    Glob,
}

/// What was found in a text.
#[derive(Default)]
pub(crate) struct Scan {
    done: bool,
    found: Vec<u64>,
}

/// What looking for patterns needs to remember while it does, kept for the next time.
#[derive(Default)]
pub(crate) struct Searching {
    pub(crate) memory: Memory,
    /// A text in lower case.
    pub(crate) small: String,
    /// What was found in a field.
    field: Scan,
}

impl Scan {
    /// Forgets what was found.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.done {
            self.done = false;
            self.found.clear();
        }
    }

    /// Whether this pattern was found.
    pub(crate) fn has(&self, id: u32) -> bool {
        self.found
            .get(id as usize / 64)
            .is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Whether one of these patterns was found.
    pub(crate) fn has_any(&self, ids: &[u32]) -> bool {
        ids.iter().any(|&id| self.has(id))
    }

    fn start(&mut self, patterns: usize) {
        self.found.clear();
        self.found.resize(patterns.div_ceil(64), 0);
        self.done = true;
    }
}

impl Pattern {
    pub(crate) fn new(row: &table::Pattern<'_>) -> Pattern {
        Pattern {
            source: row.source.into(),
            kind: match row.matcher {
                table::Matcher::Substring(part) => Kind::Substring(part.into()),
                table::Matcher::Regex(_) | table::Matcher::RegexUnless(..) => Kind::Regex,
                table::Matcher::Glob(_) => Kind::Glob,
            },
        }
    }
}

impl Patterns {
    /// Looks for those that are looked for in texts, unless that was done
    /// already. The text has to be [read](Text::read) before.
    pub(crate) fn scan(&self, text: &mut Text, memory: &mut Memory, scan: &mut Scan) {
        self.scan_for(&self.matchers.text, text, memory, scan);
    }

    /// Whether some of them mind where the text ends.
    pub(crate) fn mind_ends(&self) -> bool {
        !self.matchers.ends.is_empty()
    }

    /// The same for those that mind where the text ends.
    pub(crate) fn scan_ends(&self, text: &mut Text, memory: &mut Memory, scan: &mut Scan) {
        self.scan_for(&self.matchers.ends, text, memory, scan);
    }

    fn scan_for(&self, set: &Set, text: &mut Text, memory: &mut Memory, scan: &mut Scan) {
        if scan.done {
            return;
        }
        scan.start(self.rows.len());
        let found = &mut scan.found;
        if set.needs_lower() {
            set.scan_lower(text.lower(), memory, found);
        }
        set.scan(text.whole(), memory, found);
        if set.looks_at_values() {
            for (_, value) in text.values() {
                set.scan_value(value, memory, found);
            }
        }
    }

    /// Whether one of these, which are looked for in single fields, is in a text
    /// that stands by itself.
    pub(crate) fn one_is_in(&self, ids: &[u32], text: &str, searching: &mut Searching) -> bool {
        self.scan_field(text, searching).has_any(ids)
    }

    /// Looks for those that are looked for in single fields in a text that
    /// stands by itself.
    pub(crate) fn scan_field<'s>(
        &self,
        text: &str,
        Searching {
            small,
            memory,
            field: scan,
        }: &'s mut Searching,
    ) -> &'s Scan {
        let set = &self.matchers.fields;
        scan.start(self.rows.len());
        let found = &mut scan.found;
        if set.needs_lower() {
            text::lower(text, small);
            set.scan_lower(small, memory, found);
        }
        set.scan(text, memory, found);
        set.scan_value(text, memory, found);
        scan
    }

    /// Where a pattern is first found in a text that stands by itself: its first
    /// group that took part, since what stands outside of groups is there to be
    /// beside it.
    pub(crate) fn find(&self, id: u32, text: &str) -> Option<Range<usize>> {
        match &self.rows.get(id as usize)?.kind {
            Kind::Substring(part) => {
                let mut small = String::new();
                text::lower(text, &mut small);
                let start = small.find(&**part)?;
                let (start, end) = text::raise(text, start, start + part.len());
                Some(start..end)
            }
            Kind::Regex | Kind::Glob => self.matchers.programs.find(id, text),
        }
    }

    /// Where it is first found in a canonical text that was read.
    pub(crate) fn find_in(&self, id: u32, text: &Text) -> Option<Range<usize>> {
        if !matches!(self.rows.get(id as usize)?.kind, Kind::Glob) {
            return self.find(id, text.whole());
        }
        text.values().find_map(|(start, value)| {
            let found = self.find(id, value)?;
            Some(start + found.start..start + found.end)
        })
    }
}
