//! Where a pattern is in a text: its program and the text in, a range out.
//!
//! Automata say which patterns are there. Where one is, is asked of few texts,
//! so this takes its time: it follows all ways to read an expression at once,
//! in the order in which a backtracking engine would try them. The first way
//! that succeeds is the match, so that matches are those people know.

use std::{cell::Cell, ops::Range};

use crate::stored::{Words, stored};

/// How many letters may be looked at behind possible ends of one pattern that
/// something must not follow. Beyond it, where the pattern is is not said.
const MOST_LOOKED_AHEAD: usize = 8 << 20;

/// The programs of a policy's patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    pub(crate) classes: Box<[Class]>,
    /// By the number of the pattern; some have none.
    pub(crate) programs: Box<[Option<Program>]>,
}

stored!(Programs { classes, programs });

/// What some letters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    /// Those of ASCII, as bits.
    pub(crate) ascii: [u64; 2],
    /// Ranges of all others, both ends included, rising.
    pub(crate) beyond: Words<[u32; 2]>,
}

stored!(Class { ascii, beyond });

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// As [`Step`] has them; the first is where it begins.
    pub(crate) steps: Words<[u32; 3]>,
    /// The letters of ASCII that it may begin with, as bits.
    pub(crate) firsts: [u64; 2],
    /// What must not follow.
    pub(crate) unless: Option<Words<[u32; 3]>>,
}

stored!(Program {
    steps,
    firsts,
    unless,
});

/// One step of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads a letter of a class.
    Read { class: u32, next: u32 },
    /// Goes both ways, the first one rather.
    Either(u32, u32),
    /// What was found begins here.
    Begin(u32),
    /// What was found ends here.
    End(u32),
    /// Goes on at this edge only.
    At(Edge, u32),
    /// Succeeds.
    Match,
}

/// An edge of a text or of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
    LineStart,
    LineEnd,
}

impl Edge {
    fn is_at(self, text: &str, at: usize) -> bool {
        let bytes = text.as_bytes();
        match self {
            Edge::Start => at == 0,
            Edge::End => at == text.len(),
            Edge::LineStart => {
                at == 0 || at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\n')
            }
            Edge::LineEnd => at == text.len() || bytes.get(at) == Some(&b'\n'),
        }
    }
}

impl Step {
    pub(crate) fn words(self) -> [u32; 3] {
        match self {
            Step::Read { class, next } => [0, class, next],
            Step::Either(one, other) => [1, one, other],
            Step::Begin(next) => [2, next, 0],
            Step::End(next) => [3, next, 0],
            Step::At(edge, next) => [4, next, edge as u32],
            Step::Match => [5, 0, 0],
        }
    }

    fn of(words: [u32; 3]) -> Option<Step> {
        Some(match words {
            [0, class, next] => Step::Read { class, next },
            [1, one, other] => Step::Either(one, other),
            [2, next, _] => Step::Begin(next),
            [3, next, _] => Step::End(next),
            [4, next, edge] => {
                let edges = [Edge::Start, Edge::End, Edge::LineStart, Edge::LineEnd];
                Step::At(*edges.get(edge as usize)?, next)
            }
            [5, ..] => Step::Match,
            _ => return None,
        })
    }
}

impl Programs {
    /// Where a pattern is first found in a text: of its ways to match there the
    /// one that is tried first, without what only has to stand beside it. None
    /// where it is not in the text, or finding out would take too long.
    pub fn find(&self, number: u32, text: &str) -> Option<Range<usize>> {
        let program = self.programs.get(number as usize)?.as_ref()?;
        let left = Cell::new(MOST_LOOKED_AHEAD);
        let search = Search {
            classes: &self.classes,
            steps: &program.steps,
            text,
        };
        let is_end = |at: usize| match &program.unless {
            Some(steps) => !Search { steps, ..search }.is_at(at, &left),
            None => true,
        };
        let found = search.first(&program.firsts, &is_end);
        found.filter(|_| left.get() > 0)
    }

    /// What they take, in bytes.
    pub fn bytes(&self) -> usize {
        let classes = self.classes.iter().map(|class| class.beyond.bytes().len());
        let programs = self.programs.iter().flatten();
        let steps = programs.map(|program| {
            let unless = program.unless.as_ref();
            program.steps.bytes().len() + unless.map_or(0, |steps| steps.bytes().len())
        });
        classes.sum::<usize>() + steps.sum::<usize>()
    }
}

impl Class {
    fn has(&self, letter: char) -> bool {
        if letter.is_ascii() {
            return has(&self.ascii, letter as u8);
        }
        let letter = letter as u32;
        let before = self.beyond.partition_point(|[_, last]| last < letter);
        let range = self.beyond.get(before);
        range.is_some_and(|[first, _]| first <= letter)
    }
}

fn has(ascii: &[u64; 2], byte: u8) -> bool {
    ascii
        .get(usize::from(byte >> 6))
        .is_some_and(|word| word >> (byte & 63) & 1 == 1)
}

/// One search of one text.
#[derive(Clone, Copy)]
struct Search<'s> {
    classes: &'s [Class],
    steps: &'s Words<[u32; 3]>,
    text: &'s str,
}

/// A way to read the text up to some place.
#[derive(Clone, Copy, Debug)]
struct Way {
    step: u32,
    /// Where the expression begins.
    from: usize,
    /// Where what was found begins and ends, as far as it is known.
    begin: Option<usize>,
    end: Option<usize>,
}

/// The ways that are open at one place, those to be tried first in front.
#[derive(Default)]
struct Ways {
    open: Vec<Way>,
    /// By step, the place at which it was last among them, and one more.
    seen: Vec<usize>,
    /// Those whose next step was not looked at.
    left: Vec<Way>,
}

impl Search<'_> {
    /// Its first match.
    fn first(&self, firsts: &[u64; 2], is_end: &dyn Fn(usize) -> bool) -> Option<Range<usize>> {
        let mut found = None;
        let mut ways = self.ways();
        let mut at = 0;
        loop {
            let letter = self.letter(at);
            let may_begin =
                letter.is_none_or(|letter| !letter.is_ascii() || has(firsts, letter as u8));
            if found.is_none() && may_begin {
                self.add(&mut ways.0, Way::new(at), at);
            }
            // What would be tried later than a match is not.
            found = self.read(&mut ways, at, letter, is_end).or(found);
            match letter {
                Some(letter) if found.is_none() || !ways.0.open.is_empty() => {
                    at += letter.len_utf8();
                }
                _ => return found,
            }
        }
    }

    /// Whether it is right at a place. What is left to look at gets less.
    fn is_at(&self, mut at: usize, left: &Cell<usize>) -> bool {
        let mut ways = self.ways();
        self.add(&mut ways.0, Way::new(at), at);
        loop {
            let letter = self.letter(at);
            if left.get() == 0 || self.read(&mut ways, at, letter, &|_| true).is_some() {
                return true;
            }
            left.set(left.get() - 1);
            match letter {
                Some(letter) if !ways.0.open.is_empty() => at += letter.len_utf8(),
                _ => return false,
            }
        }
    }

    fn ways(&self) -> (Ways, Ways) {
        let ways = || Ways {
            seen: vec![0; self.steps.len()],
            ..Ways::default()
        };
        (ways(), ways())
    }

    fn letter(&self, at: usize) -> Option<char> {
        self.text.get(at..).and_then(|rest| rest.chars().next())
    }

    /// Takes all ways one letter on, until one succeeds: those after it are over.
    fn read(
        &self,
        (now, next): &mut (Ways, Ways),
        at: usize,
        letter: Option<char>,
        is_end: &dyn Fn(usize) -> bool,
    ) -> Option<Range<usize>> {
        let mut found = None;
        for way in &now.open {
            match self.steps.get(way.step as usize).and_then(Step::of) {
                Some(Step::Read { class, next: step }) => {
                    let class = self.classes.get(class as usize);
                    if let (Some(letter), Some(class)) = (letter, class)
                        && class.has(letter)
                    {
                        let way = Way { step, ..*way };
                        self.add(next, way, at + letter.len_utf8());
                    }
                }
                Some(Step::Match) if is_end(at) => {
                    let begin = way.begin.filter(|_| way.end.is_some());
                    found = Some(begin.unwrap_or(way.from)..way.end.unwrap_or(at));
                    break;
                }
                _ => {}
            }
        }
        std::mem::swap(now, next);
        next.open.clear();
        found
    }

    /// Adds a way and all it leads to without reading.
    fn add(&self, ways: &mut Ways, way: Way, at: usize) {
        ways.left.push(way);
        while let Some(way) = ways.left.pop() {
            let Some(seen) = ways.seen.get_mut(way.step as usize) else {
                continue;
            };
            if std::mem::replace(seen, at + 1) == at + 1 {
                continue;
            }
            match self.steps.get(way.step as usize).and_then(Step::of) {
                Some(Step::Either(one, other)) => {
                    ways.left.push(Way { step: other, ..way });
                    ways.left.push(Way { step: one, ..way });
                }
                Some(Step::Begin(step)) => {
                    let begin = way.begin.filter(|_| way.end.is_some()).or(Some(at));
                    ways.left.push(Way { step, begin, ..way });
                }
                Some(Step::End(step)) => {
                    let end = way.end.or(Some(at));
                    ways.left.push(Way { step, end, ..way });
                }
                Some(Step::At(edge, step)) if edge.is_at(self.text, at) => {
                    ways.left.push(Way { step, ..way });
                }
                Some(Step::Read { .. } | Step::Match) => ways.open.push(way),
                Some(Step::At(..)) | None => {}
            }
        }
    }
}

impl Way {
    fn new(at: usize) -> Way {
        Way {
            step: 0,
            from: at,
            begin: None,
            end: None,
        }
    }
}
