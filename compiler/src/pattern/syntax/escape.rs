//! Reads what starts with a `\`: codes, sets, assertions, and references to groups.

use super::{Assertion, Expr, Flags, Parser, Read, cased};
use crate::pattern::{PatternProblem, ProblemKind, set::Set};

/// What stands after a backslash.
pub(super) enum Escape {
    Code(u32),
    Set(Set),
    Assert(Assertion),
    Reference,
}

impl Parser {
    pub(super) fn escaped(&mut self, flags: Flags) -> Read<Expr> {
        let start = self.at;
        match self.escape(flags, false)? {
            Escape::Code(code) => Ok(Expr::Set(cased(Set::codes(code, code), flags))),
            Escape::Set(set) => Ok(Expr::Set(set)),
            Escape::Assert(assertion) => Ok(Expr::Assert(assertion)),
            Escape::Reference => {
                self.reference(start);
                Ok(Expr::Empty)
            }
        }
    }

    pub(super) fn reference(&mut self, start: usize) {
        let range = self.bytes(start..self.at);
        self.problems.push(
            PatternProblem::new(
                ProblemKind::NotAnAutomaton,
                range,
                "a text that repeats what a group found needs backtracking",
            )
            .help("write out what may repeat: `'[^']*'|\"[^\"]*\"` for `(['\"]).*?\\1`"),
        );
    }

    pub(super) fn escape(&mut self, flags: Flags, in_class: bool) -> Read<Escape> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.peek() else {
            return Err(self
                .invalid(start..self.at, r"a `\` with nothing after it")
                .help(r"write `\\` for the character itself")
                .literally());
        };
        self.at += 1;
        let assertion = match c {
            'A' => Some(Assertion::TextStart),
            'Z' => Some(Assertion::TextEnd),
            'b' => Some(Assertion::Boundary { ascii: flags.ascii }),
            'B' => Some(Assertion::NotBoundary { ascii: flags.ascii }),
            _ => None,
        };
        if let Some(assertion) = assertion.filter(|_| !in_class) {
            return Ok(Escape::Assert(assertion));
        }
        Ok(match c {
            'd' => Escape::Set(Set::digit(flags.ascii).clone()),
            'D' => Escape::Set(Set::digit(flags.ascii).not()),
            's' => Escape::Set(Set::space(flags.ascii).clone()),
            'S' => Escape::Set(Set::space(flags.ascii).not()),
            'w' => Escape::Set(Set::word(flags.ascii).clone()),
            'W' => Escape::Set(Set::not_word(flags.ascii).clone()),
            'a' => Escape::Code(7),
            'b' => Escape::Code(8),
            'f' => Escape::Code(12),
            'n' => Escape::Code(10),
            'r' => Escape::Code(13),
            't' => Escape::Code(9),
            'v' => Escape::Code(11),
            'x' => Escape::Code(self.hex(start, 2)?),
            'u' => Escape::Code(self.hex(start, 4)?),
            'U' => Escape::Code(self.hex(start, 8)?),
            'N' => return Err(self.character_name(start)),
            '0'..='9' => self.number(c, start, in_class)?,
            c if c.is_ascii_alphabetic() => return Err(self.unknown_escape(c, start, in_class)),
            c => Escape::Code(u32::from(c)),
        })
    }

    pub(super) fn hex(&mut self, start: usize, digits: usize) -> Read<u32> {
        let mut code = 0;
        for _ in 0..digits {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                let letter = self.text(start + 1..start + 2);
                return Err(self.invalid(
                    start..self.at,
                    format!(r"`\{letter}` takes {digits} hexadecimal digits"),
                ));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        if code > u32::from(char::MAX) {
            return Err(self
                .invalid(start..self.at, "a code beyond the last character")
                .help(r"the last one is `\U0010FFFF`"));
        }
        Ok(code)
    }

    /// A digit after a backslash: an octal code, or the number of a group.
    pub(super) fn number(&mut self, first: char, start: usize, in_class: bool) -> Read<Escape> {
        let octal = |c: Option<char>| c.filter(|c| ('0'..='7').contains(c));
        let mut digits = String::from(first);
        let mut more = |parser: &mut Parser, at_most: usize| {
            while let Some(digit) = octal(parser.peek()).filter(|_| digits.len() < at_most) {
                digits.push(digit);
                parser.at += 1;
            }
            digits.len()
        };
        if first == '0' {
            more(self, 3);
        } else if in_class {
            if octal(Some(first)).is_none() {
                return Err(self
                    .invalid(start..self.at, format!(r"`\{first}` is no character"))
                    .help("codes are octal, or `\\xHH`"));
            }
            more(self, 3);
        } else if !(octal(Some(first)).is_some()
            && octal(self.peek()).is_some()
            && octal(self.peek_at(1)).is_some())
        {
            if let Some(digit) = self.peek().filter(char::is_ascii_digit) {
                digits.push(digit);
                self.at += 1;
            }
            let group: usize = digits.parse().unwrap_or(usize::MAX);
            if group > self.groups {
                return Err(self.invalid(
                    start..self.at,
                    format!("there is no group {group} before this"),
                ));
            }
            if self.open.contains(&group) {
                return Err(self.invalid(
                    start..self.at,
                    format!("group {group} cannot be asked for inside itself"),
                ));
            }
            return Ok(Escape::Reference);
        } else {
            more(self, 3);
        }
        let code = u32::from_str_radix(&digits, 8).unwrap_or(u32::MAX);
        if code > 0o377 {
            return Err(self.invalid(
                start..self.at,
                format!(r"the octal code `\{digits}` is above `\377`"),
            ));
        }
        Ok(Escape::Code(code))
    }

    pub(super) fn character_name(&mut self, start: usize) -> PatternProblem {
        while self.peek().is_some_and(|c| c != '}') {
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.chars.len());
        let written = self.text(start..self.at);
        self.invalid(
            start..self.at,
            format!("characters are not known by name: `{written}`"),
        )
        .help(r"write the character itself, or its code as `\uXXXX`")
    }

    pub(super) fn unknown_escape(
        &mut self,
        c: char,
        start: usize,
        in_class: bool,
    ) -> PatternProblem {
        let help = match c {
            'z' if !in_class => r"write `\Z` for the end of the text".to_owned(),
            'p' | 'P' => {
                r"Python has no `\p{…}`: write the characters, or `\w`, `\d`, `\s`".to_owned()
            }
            'h' => r"write `[ \t]` for a space or a tab".to_owned(),
            'R' => r"write `(?:\r\n|\n|\r)` for the end of a line".to_owned(),
            'k' | 'g' => {
                "write out what may repeat: a policy cannot ask what a group found".to_owned()
            }
            _ => format!("write `{c}` for the letter itself"),
        };
        self.invalid(start..self.at, format!(r"`\{c}` means nothing to Python"))
            .help(help)
    }
}
