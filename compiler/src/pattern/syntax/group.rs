//! Reads what starts with a `(`: groups, names, looks around, flags, comments.

use std::ops::Range;

use super::{Around, Expr, Flags, Parser, Read, problem, width};
use crate::pattern::{PatternProblem, ProblemKind, limits::GROUP_DEPTH};

/// What `(?` and some letters said.
pub(super) enum Inline {
    /// `(?i)`
    Rest(Flags),
    /// `(?i:`
    Group(Flags),
}

impl Parser {
    pub(super) fn group(&mut self, flags: Flags, depth: u32) -> Read<Expr> {
        let start = self.at;
        if depth >= GROUP_DEPTH {
            return Err(PatternProblem::new(
                ProblemKind::TooLarge,
                self.bytes(start..start + 1),
                format!("groups nested deeper than `GROUP_DEPTH` ({GROUP_DEPTH})"),
            ));
        }
        self.at += 1;
        if !self.eat('?') {
            return self.capture(flags, depth, start);
        }
        let Some(c) = self.peek() else {
            return Err(self.unclosed(start));
        };
        self.at += 1;
        match c {
            ':' => self.inside(flags, depth, start),
            '>' => {
                let inner = self.inside(flags, depth, start)?;
                Ok(Expr::Atomic(Box::new(inner), self.bytes(start..self.at)))
            }
            'P' => self.named(flags, depth, start),
            '=' | '!' => self.around(flags, depth, start, true, c == '!'),
            '<' => match self.peek() {
                Some(sign @ ('=' | '!')) => {
                    self.at += 1;
                    self.around(flags, depth, start, false, sign == '!')
                }
                _ => Err(self
                    .invalid(start..self.at, "`(?<` starts no group that Python knows")
                    .help("write `(?P<name>…)`, or `(?:…)`: a policy has no use for the name")),
            },
            '(' => {
                let range = self.condition(flags, depth, start)?;
                self.problems.push(
                    PatternProblem::new(
                        ProblemKind::NotAnAutomaton,
                        range,
                        "a group that depends on another group needs backtracking",
                    )
                    .help("write each way out as an alternative: `ab|c` for `(a)?(?(1)b|c)`"),
                );
                Ok(Expr::Empty)
            }
            c if c == '-' || c.is_ascii_alphabetic() => {
                self.at -= 1;
                match self.inline_flags(flags, start)? {
                    Inline::Group(flags) => self.inside(flags, depth, start),
                    Inline::Rest(_) => {
                        let letters = self.text(start + 2..self.at - 1);
                        Err(self.invalid(start..self.at, "flags for the whole expression that do not stand at its start")
                            .help(format!("move them to the start, or write `(?{letters}:…)` around the part they are about")))
                    }
                }
            }
            c => Err(self
                .invalid(
                    start..self.at,
                    format!("`(?{c}` starts no group that Python knows"),
                )
                .help(r"write `(?:…)` for a group, or `\(` for the character itself")
                .literally()),
        }
    }

    pub(super) fn capture(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
        self.groups += 1;
        self.open.push(self.groups);
        let inner = self.inside(flags, depth, start)?;
        self.open.pop();
        Ok(inner)
    }

    /// What stands in a group, and its `)`.
    pub(super) fn inside(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
        let inner = self.alternatives(flags, depth + 1)?;
        if !self.eat(')') {
            return Err(self.unclosed(start));
        }
        Ok(inner)
    }

    pub(super) fn around(
        &mut self,
        flags: Flags,
        depth: u32,
        start: usize,
        ahead: bool,
        negative: bool,
    ) -> Read<Expr> {
        let inner = self.inside(flags, depth, start)?;
        let range = self.bytes(start..self.at);
        if !ahead {
            let (least, most) = width(&inner);
            if Some(least) != most {
                return Err(problem(range, "a look behind at a text of no fixed length")
                    .help("give every alternative the same length, or look behind at one character only"));
            }
        }
        Ok(Expr::Around(Around {
            inner: Box::new(inner),
            ahead,
            negative,
            range,
        }))
    }

    /// `(?P<name>…)`, `(?P=name)`
    pub(super) fn named(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
        if self.eat('<') {
            let name = self.name('>', start)?;
            if !self.names.insert(name.clone()) {
                return Err(
                    self.invalid(start..self.at, format!("the group `{name}` is named twice"))
                );
            }
            return self.capture(flags, depth, start);
        }
        if self.eat('=') {
            let name = self.name(')', start)?;
            if !self.names.contains(&name) {
                return Err(self.invalid(
                    start..self.at,
                    format!("no group before this one is named `{name}`"),
                ));
            }
            self.reference(start);
            return Ok(Expr::Empty);
        }
        Err(self.invalid(
            start..self.at,
            "`(?P` starts a group only as `(?P<name>` or `(?P=name)`",
        ))
    }

    pub(super) fn name(&mut self, end: char, start: usize) -> Read<String> {
        let mut name = String::new();
        loop {
            match self.peek() {
                None => return Err(self.unclosed(start)),
                Some(c) if c == end => break,
                Some(c) => name.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        let fits = |(i, c): (usize, char)| {
            c == '_'
                || if i == 0 {
                    c.is_alphabetic()
                } else {
                    c.is_alphanumeric()
                }
        };
        if name.is_empty() || !name.chars().enumerate().all(fits) {
            return Err(self
                .invalid(start..self.at, format!("`{name}` is no name for a group"))
                .help("names are letters, digits and `_`, and start with no digit"));
        }
        Ok(name)
    }

    /// `(?(1)yes|no)`, after its `(?(`: only read, for the place of its end.
    pub(super) fn condition(
        &mut self,
        flags: Flags,
        depth: u32,
        start: usize,
    ) -> Read<Range<usize>> {
        while !self.eat(')') {
            if self.peek().is_none() {
                return Err(self.unclosed(start));
            }
            self.at += 1;
        }
        self.inside(flags, depth, start)?;
        Ok(self.bytes(start..self.at))
    }

    pub(super) fn comment(&mut self) -> Read<()> {
        let start = self.at;
        while !self.eat(')') {
            if self.peek().is_none() {
                return Err(self.invalid(start..self.at, "a comment without its `)`"));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// The letters after `(?`, and the `)` or `:` after them.
    pub(super) fn inline_flags(&mut self, flags: Flags, start: usize) -> Read<Inline> {
        let mut next = flags;
        let (mut on, mut any, mut kind) = (true, false, None);
        loop {
            let Some(c) = self.peek() else {
                return Err(self.unclosed(start));
            };
            self.at += 1;
            match c {
                'i' => next.any_case = on,
                'm' => next.lines = on,
                's' => next.dot_all = on,
                'x' => next.verbose = on,
                'a' | 'u' if on && kind.is_none_or(|kind| kind == c) => {
                    next.ascii = c == 'a';
                    kind = Some(c);
                }
                'a' | 'u' if on => {
                    return Err(
                        self.invalid(start..self.at, "the flags `a` and `u` exclude each other")
                    );
                }
                'a' | 'u' => {
                    return Err(self.invalid(
                        start..self.at,
                        format!("the flag `{c}` cannot be turned off"),
                    ));
                }
                'L' => {
                    return Err(self
                        .invalid(
                            start..self.at,
                            "the flag `L` is for bytes, and policies look at text",
                        )
                        .help("leave it out"));
                }
                '-' if on => {
                    on = false;
                    any = false;
                    continue;
                }
                ')' | ':' if !any => {
                    return Err(self
                        .invalid(start..self.at, "flags without a letter")
                        .help("write `(?:…)` for a group"));
                }
                // Python turns flags off in a group only; at the start it is how one asks to mind case.
                ')' => return Ok(Inline::Rest(next)),
                ':' => return Ok(Inline::Group(next)),
                c => {
                    return Err(self
                        .invalid(
                            start..self.at,
                            format!("`{c}` is no flag that Python knows"),
                        )
                        .help("flags are `a`, `i`, `m`, `s`, `u`, `x`"));
                }
            }
            any = true;
        }
    }
}
