//! Reads an expression of Python's `re` (3.11) into a tree, letters already in any case.
//!
//! What Python refuses is refused here, and what needs backtracking; sets,
//! flags and escapes are settled, so the tree has sets, repeats and assertions
//! only. One liberty: `(?-i)` may stand at the start, and minds case from there.

use std::{collections::HashSet, ops::Range};

use super::{PatternProblem, ProblemKind, body::Count, set::Set};

mod class;
mod escape;
mod group;

use group::Inline;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// The empty string.
    Empty,
    /// One character.
    Set(Set),
    /// One after the other.
    Cat(Vec<Expr>),
    /// One of them.
    Alt(Vec<Expr>),
    /// Some number of times.
    Repeat(Box<Expr>, Count, Range<usize>),
    /// What it took first, it keeps: `(?>…)`, `a++`.
    Atomic(Box<Expr>, Range<usize>),
    /// A look at the place.
    Assert(Assertion),
    /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`
    Around(Around),
}

/// A look at a place of the text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Assertion {
    /// `\A`, `^`
    TextStart,
    /// `\Z`
    TextEnd,
    /// `$`: the end, or before a line feed that ends the text.
    LastLineEnd,
    /// `(?m)^`
    LineStart,
    /// `(?m)$`
    LineEnd,
    /// `\b`
    Boundary { ascii: bool },
    /// `\B`
    NotBoundary { ascii: bool },
}

/// A look at what stands after or before a place.
#[derive(Clone, Debug)]
pub(super) struct Around {
    pub(super) inner: Box<Expr>,
    pub(super) ahead: bool,
    pub(super) negative: bool,
    pub(super) range: Range<usize>,
}

/// Reads `text`.
pub(super) fn parse(text: &str) -> Result<Expr, Vec<PatternProblem>> {
    let mut parser = Parser {
        chars: text.char_indices().collect(),
        end: text.len(),
        at: 0,
        groups: 0,
        open: Vec::new(),
        names: HashSet::new(),
        problems: Vec::new(),
    };
    let expr = parser.whole();
    match expr {
        Ok(expr) if parser.problems.is_empty() => Ok(expr),
        Ok(_) => Err(parser.problems),
        Err(problem) => {
            parser.problems.push(problem);
            Err(parser.problems)
        }
    }
}

#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Python's flags are that many switches"
)]
struct Flags {
    any_case: bool,
    ascii: bool,
    lines: bool,
    dot_all: bool,
    verbose: bool,
}

struct Parser {
    chars: Vec<(usize, char)>,
    end: usize,
    /// Index of the next character.
    at: usize,
    /// How many groups were opened.
    groups: usize,
    /// Numbers of the groups that are open.
    open: Vec<usize>,
    names: HashSet<String>,
    /// What is wrong though it can be read.
    problems: Vec<PatternProblem>,
}

type Read<T> = Result<T, PatternProblem>;

impl Parser {
    fn whole(&mut self) -> Read<Expr> {
        let mut flags = Flags {
            any_case: true,
            ascii: false,
            lines: false,
            dot_all: false,
            verbose: false,
        };
        loop {
            if flags.verbose {
                self.skip_blank();
            }
            let start = self.at;
            let letter = self.peek_at(2);
            if !(self.starts_with("(?")
                && letter.is_some_and(|c| c == '-' || "aiLmsux".contains(c)))
            {
                break;
            }
            self.at += 2;
            match self.inline_flags(flags, start)? {
                Inline::Rest(next) => flags = next,
                Inline::Group(_) => {
                    self.at = start;
                    break;
                }
            }
        }
        let expr = self.alternatives(flags, 0)?;
        if self.at < self.chars.len() {
            return Err(self
                .invalid(self.at..self.at + 1, "a `)` without its `(`")
                .help(r"write `\)` for the character itself")
                .literally());
        }
        Ok(expr)
    }

    fn alternatives(&mut self, flags: Flags, depth: u32) -> Read<Expr> {
        let mut parts = vec![self.sequence(flags, depth)?];
        while self.eat('|') {
            parts.push(self.sequence(flags, depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::Alt(parts)
        })
    }

    fn sequence(&mut self, flags: Flags, depth: u32) -> Read<Expr> {
        let mut parts: Vec<Expr> = Vec::new();
        // Where the last part started, and whether it may be repeated.
        let mut last: Option<(usize, Repeatable)> = None;
        loop {
            if flags.verbose {
                self.skip_blank();
            }
            let start = self.at;
            let Some(c) = self.peek().filter(|&c| c != '|' && c != ')') else {
                break;
            };
            if self.starts_with("(?#") {
                self.comment()?;
                continue;
            }
            if let Some((count, possessive)) = self.count(c)? {
                let range = self.bytes(start..self.at);
                let part = match (last, parts.pop()) {
                    (Some((_, Repeatable::Yes)), Some(part)) => part,
                    (Some((_, Repeatable::Repeated)), _) => {
                        return Err(problem(range, "a repeat of a repeat")
                            .help("put what is repeated in a group, `(?:…)`"));
                    }
                    (Some((_, Repeatable::No)) | None, _) | (_, None) => {
                        let sign = self.text(start..self.at);
                        return Err(problem(range, "a repeat of nothing")
                            .help(format!(r"write `\{sign}` for the character itself"))
                            .literally());
                    }
                };
                let start = last.map_or(start, |(start, _)| start);
                let range = self.bytes(start..self.at);
                let repeat = Expr::Repeat(Box::new(part), count, range.clone());
                parts.push(if possessive {
                    Expr::Atomic(Box::new(repeat), range)
                } else {
                    repeat
                });
                last = Some((start, Repeatable::Repeated));
                continue;
            }
            let part = self.atom(c, flags, depth)?;
            // In a group of its own even an assertion may be repeated.
            let repeatable = if matches!(part, Expr::Assert(_)) && c != '(' {
                Repeatable::No
            } else {
                Repeatable::Yes
            };
            last = Some((start, repeatable));
            parts.push(part);
        }
        Ok(match parts.len() {
            0 => Expr::Empty,
            1 => parts.remove(0),
            _ => Expr::Cat(parts),
        })
    }

    fn atom(&mut self, c: char, flags: Flags, depth: u32) -> Read<Expr> {
        match c {
            '\\' => self.escaped(flags),
            '[' => self.class(flags).map(Expr::Set),
            '(' => self.group(flags, depth),
            '.' => {
                self.at += 1;
                Ok(Expr::Set(if flags.dot_all {
                    Set::all()
                } else {
                    Set::one('\n').not()
                }))
            }
            '^' => {
                self.at += 1;
                Ok(Expr::Assert(if flags.lines {
                    Assertion::LineStart
                } else {
                    Assertion::TextStart
                }))
            }
            '$' => {
                self.at += 1;
                Ok(Expr::Assert(if flags.lines {
                    Assertion::LineEnd
                } else {
                    Assertion::LastLineEnd
                }))
            }
            c => {
                self.at += 1;
                Ok(Expr::Set(cased(Set::one(c), flags)))
            }
        }
    }

    /// `*`, `+`, `?`, `{…}`, and the `?` or `+` after it. A `{` that starts no count stands for itself.
    fn count(&mut self, c: char) -> Read<Option<(Count, bool)>> {
        let (min, max) = match c {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            '{' => {
                let Some(found) = self.braces()? else {
                    return Ok(None);
                };
                return Ok(Some(self.greed(found)));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(self.greed((min, max))))
    }

    fn greed(&mut self, (min, max): (u32, Option<u32>)) -> (Count, bool) {
        let lazy = self.eat('?');
        let possessive = !lazy && self.eat('+');
        (Count { min, max, lazy }, possessive)
    }

    fn braces(&mut self) -> Read<Option<(u32, Option<u32>)>> {
        let start = self.at;
        self.at += 1;
        let low = self.digits();
        let comma = self.eat(',');
        let high = if comma { self.digits() } else { low.clone() };
        if !self.eat('}') || (low.is_empty() && !comma) {
            self.at = start;
            return Ok(None);
        }
        // A number beyond `u32` outgrows every budget, whatever it is.
        let number = |digits: &str| digits.parse().unwrap_or(u32::MAX);
        let min = if low.is_empty() { 0 } else { number(&low) };
        let max = if high.is_empty() {
            None
        } else {
            Some(number(&high))
        };
        if max.is_some_and(|max| max < min) {
            let range = self.bytes(start..self.at);
            return Err(
                problem(range, "a repeat whose least count is above its largest")
                    .help(format!("write `{{{high},{low}}}`")),
            );
        }
        Ok(Some((min, max)))
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        digits
    }

    /// White space and comments, under `(?x)`.
    fn skip_blank(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => self.at += 1,
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|&(_, c)| c)
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(ahead, c)| self.peek_at(ahead) == Some(c))
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn bytes(&self, range: Range<usize>) -> Range<usize> {
        let byte = |at: usize| self.chars.get(at).map_or(self.end, |&(byte, _)| byte);
        byte(range.start)..byte(range.end)
    }

    fn text(&self, range: Range<usize>) -> String {
        self.chars
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(|&(_, c)| c)
            .collect()
    }

    fn invalid(&self, range: Range<usize>, message: impl Into<String>) -> PatternProblem {
        problem(self.bytes(range), message)
    }

    fn unclosed(&self, start: usize) -> PatternProblem {
        self.invalid(start..start + 1, "a `(` without its `)`")
            .help(r"write `\(` for the character itself")
            .literally()
    }
}

/// Whether a part may be followed by a count.
#[derive(Clone, Copy)]
enum Repeatable {
    Yes,
    /// It has one.
    Repeated,
    /// It consumes nothing.
    No,
}

fn problem(range: Range<usize>, message: impl Into<String>) -> PatternProblem {
    PatternProblem::new(ProblemKind::Invalid, range, message)
}

fn cased(set: Set, flags: Flags) -> Set {
    if flags.any_case {
        set.in_any_case(flags.ascii)
    } else {
        set
    }
}

/// The least and the largest number of characters, the latter unless it has no end.
pub(super) fn width(expr: &Expr) -> (u64, Option<u64>) {
    match expr {
        Expr::Empty | Expr::Assert(_) | Expr::Around(_) => (0, Some(0)),
        Expr::Set(_) => (1, Some(1)),
        Expr::Atomic(inner, _) => width(inner),
        Expr::Cat(parts) => {
            parts
                .iter()
                .map(width)
                .fold((0, Some(0)), |(least, most), (low, high)| {
                    (
                        least.saturating_add(low),
                        most.zip(high).map(|(most, high)| most.saturating_add(high)),
                    )
                })
        }
        Expr::Alt(parts) => {
            let widths: Vec<_> = parts.iter().map(width).collect();
            let least = widths.iter().map(|&(low, _)| low).min().unwrap_or(0);
            let most = widths
                .iter()
                .map(|&(_, high)| high)
                .try_fold(0, |most, high| high.map(|high| most.max(high)));
            (least, most)
        }
        Expr::Repeat(inner, count, _) => {
            let (low, high) = width(inner);
            let most = match (high, count.max) {
                (Some(0), _) => Some(0),
                (high, max) => high
                    .zip(max)
                    .map(|(high, max)| high.saturating_mul(u64::from(max))),
            };
            (low.saturating_mul(u64::from(count.min)), most)
        }
    }
}
