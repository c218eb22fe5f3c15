//! Expressions to programs: their syntax in, steps out.

use std::collections::HashMap;

use regex_syntax::hir::{self, Hir, HirKind, Look};

use crate::program::{Class, Edge, Program, Programs, Step};

/// How many steps a program may have.
const MOST_STEPS: usize = 1 << 17;

/// Makes the programs of patterns.
#[derive(Debug, Default)]
pub(crate) struct Programmer {
    classes: Vec<Class>,
    known: HashMap<Vec<(u32, u32)>, u32>,
    programs: Vec<Option<Program>>,
}

impl Programmer {
    /// Adds the program of a pattern. None where it asks for what programs do not
    /// know, or has too many steps.
    pub(crate) fn add(
        &mut self,
        number: u32,
        expression: &Hir,
        unless: Option<&Hir>,
    ) -> Option<()> {
        let steps = self.steps(expression)?;
        let unless = match unless {
            Some(unless) => Some(self.steps(unless)?),
            None => None,
        };
        let program = Program {
            firsts: self.firsts(&steps),
            steps: steps.into_iter().map(Step::words).collect(),
            unless: unless.map(|steps| steps.into_iter().map(Step::words).collect()),
        };
        let number = number as usize;
        if self.programs.len() <= number {
            self.programs.resize(number + 1, None);
        }
        self.programs[number] = Some(program);
        Some(())
    }

    pub(crate) fn finish(self) -> Programs {
        Programs {
            classes: self.classes.into(),
            programs: self.programs.into(),
        }
    }

    fn steps(&mut self, hir: &Hir) -> Option<Vec<Step>> {
        // The first step is known last.
        let mut steps = vec![Step::Match, Step::Match];
        let first = self.hir(hir, 1, false, &mut steps)?;
        steps[0] = Step::Either(first, first);
        Some(steps)
    }

    /// Adds what goes on at `next`; answers where it begins.
    fn hir(&mut self, hir: &Hir, next: u32, is_inside: bool, steps: &mut Vec<Step>) -> Option<u32> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                text.chars().rev().try_fold(next, |next, letter| {
                    let class = self.class(vec![(letter as u32, letter as u32)]);
                    push(steps, Step::Read { class, next })
                })
            }
            HirKind::Class(hir::Class::Unicode(class)) => {
                let ranges = class.iter();
                let ranges = ranges.map(|range| (range.start() as u32, range.end() as u32));
                let class = self.class(ranges.collect());
                push(steps, Step::Read { class, next })
            }
            HirKind::Class(hir::Class::Bytes(class)) => {
                let ranges = class.is_ascii().then(|| class.iter())?;
                let ranges = ranges.map(|range| (range.start().into(), range.end().into()));
                let class = self.class(ranges.collect());
                push(steps, Step::Read { class, next })
            }
            HirKind::Look(look) => {
                let edge = match look {
                    Look::Start => Edge::Start,
                    Look::End => Edge::End,
                    Look::StartLF => Edge::LineStart,
                    Look::EndLF => Edge::LineEnd,
                    _ => return None,
                };
                push(steps, Step::At(edge, next))
            }
            HirKind::Capture(capture) if is_inside => self.hir(&capture.sub, next, true, steps),
            HirKind::Capture(capture) => {
                let end = push(steps, Step::End(next))?;
                let sub = self.hir(&capture.sub, end, true, steps)?;
                push(steps, Step::Begin(sub))
            }
            HirKind::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.hir(part, next, is_inside, steps)),
            HirKind::Alternation(parts) => {
                let begins = parts
                    .iter()
                    .map(|part| self.hir(part, next, is_inside, steps))
                    .collect::<Option<Vec<u32>>>()?;
                let (last, others) = begins.split_last()?;
                others
                    .iter()
                    .rev()
                    .try_fold(*last, |last, &one| push(steps, Step::Either(one, last)))
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next, is_inside, steps),
        }
    }

    fn repetition(
        &mut self,
        repetition: &hir::Repetition,
        next: u32,
        is_inside: bool,
        steps: &mut Vec<Step>,
    ) -> Option<u32> {
        let either = |again: u32, on: u32| {
            if repetition.greedy {
                Step::Either(again, on)
            } else {
                Step::Either(on, again)
            }
        };
        let mut begin = match repetition.max {
            None => {
                let fork = push(steps, Step::Match)?;
                let again = self.hir(&repetition.sub, fork, is_inside, steps)?;
                *steps.get_mut(fork as usize)? = either(again, next);
                fork
            }
            Some(max) => {
                let mut begin = next;
                for _ in repetition.min..max {
                    let again = self.hir(&repetition.sub, begin, is_inside, steps)?;
                    begin = push(steps, either(again, next))?;
                }
                begin
            }
        };
        for _ in 0..repetition.min {
            begin = self.hir(&repetition.sub, begin, is_inside, steps)?;
        }
        Some(begin)
    }

    fn class(&mut self, ranges: Vec<(u32, u32)>) -> u32 {
        if let Some(&known) = self.known.get(&ranges) {
            return known;
        }
        let mut ascii = [0_u64; 2];
        for &(first, last) in &ranges {
            for letter in first..=last.min(127) {
                ascii[letter as usize / 64] |= 1 << (letter % 64);
            }
        }
        let beyond = ranges.iter().filter(|(_, last)| *last > 127);
        self.classes.push(Class {
            ascii,
            beyond: beyond
                .map(|&(first, last)| [first.max(128), last])
                .collect(),
        });
        let class = self.classes.len() as u32 - 1;
        self.known.insert(ranges, class);
        class
    }

    /// The letters of ASCII that steps may read first; all where they may succeed
    /// without reading.
    fn firsts(&self, steps: &[Step]) -> [u64; 2] {
        let (mut firsts, mut seen, mut left) = ([0; 2], vec![false; steps.len()], vec![0_u32]);
        while let Some(at) = left.pop() {
            let at = at as usize;
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match steps[at] {
                Step::Read { class, .. } => {
                    let class = &self.classes[class as usize];
                    for (all, more) in firsts.iter_mut().zip(class.ascii) {
                        *all |= more;
                    }
                }
                Step::Either(one, other) => left.extend([one, other]),
                Step::Begin(next) | Step::End(next) | Step::At(_, next) => left.push(next),
                Step::Match => return [u64::MAX; 2],
            }
        }
        firsts
    }
}

fn push(steps: &mut Vec<Step>, step: Step) -> Option<u32> {
    if steps.len() >= MOST_STEPS {
        return None;
    }
    steps.push(step);
    Some(steps.len() as u32 - 1)
}
