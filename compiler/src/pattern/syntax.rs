//! Reads an expression of Python's `re` (3.11) into a tree, letters already in any case.
//!
//! What Python refuses is refused here, and what needs backtracking; sets,
//! flags and escapes are settled, so the tree has sets, repeats and assertions
//! only. One liberty: `(?-i)` may stand at the start, and minds case from there.

use std::{collections::HashSet, ops::Range};

use super::{PatternProblem, ProblemKind, body::Count, limits::GROUP_DEPTH, set::Set};

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

/// What `(?` and some letters said.
enum Inline {
    /// `(?i)`
    Rest(Flags),
    /// `(?i:`
    Group(Flags),
}

/// What stands after a backslash.
enum Escape {
    Code(u32),
    Set(Set),
    Assert(Assertion),
    Reference,
}

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
                .help(r"write `\)` for the character itself"));
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
                            .help(format!(r"write `\{sign}` for the character itself")));
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

    fn group(&mut self, flags: Flags, depth: u32) -> Read<Expr> {
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
                .help(r"write `(?:…)` for a group, or `\(` for the character itself")),
        }
    }

    fn capture(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
        self.groups += 1;
        self.open.push(self.groups);
        let inner = self.inside(flags, depth, start)?;
        self.open.pop();
        Ok(inner)
    }

    /// What stands in a group, and its `)`.
    fn inside(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
        let inner = self.alternatives(flags, depth + 1)?;
        if !self.eat(')') {
            return Err(self.unclosed(start));
        }
        Ok(inner)
    }

    fn around(
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
    fn named(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Expr> {
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

    fn name(&mut self, end: char, start: usize) -> Read<String> {
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
    fn condition(&mut self, flags: Flags, depth: u32, start: usize) -> Read<Range<usize>> {
        while !self.eat(')') {
            if self.peek().is_none() {
                return Err(self.unclosed(start));
            }
            self.at += 1;
        }
        self.inside(flags, depth, start)?;
        Ok(self.bytes(start..self.at))
    }

    fn comment(&mut self) -> Read<()> {
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
    fn inline_flags(&mut self, flags: Flags, start: usize) -> Read<Inline> {
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

    fn escaped(&mut self, flags: Flags) -> Read<Expr> {
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

    fn reference(&mut self, start: usize) {
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

    fn escape(&mut self, flags: Flags, in_class: bool) -> Read<Escape> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.peek() else {
            return Err(self
                .invalid(start..self.at, r"a `\` with nothing after it")
                .help(r"write `\\` for the character itself"));
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

    fn hex(&mut self, start: usize, digits: usize) -> Read<u32> {
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
    fn number(&mut self, first: char, start: usize, in_class: bool) -> Read<Escape> {
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

    fn character_name(&mut self, start: usize) -> PatternProblem {
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

    fn unknown_escape(&mut self, c: char, start: usize, in_class: bool) -> PatternProblem {
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

    /// `[…]`. Python knows no classes inside it and no operations on it.
    fn class(&mut self, flags: Flags) -> Read<Set> {
        let start = self.at;
        self.at += 1;
        let negated = self.eat('^');
        let (mut letters, mut sets) = (Vec::new(), Vec::new());
        let mut first = true;
        loop {
            let from = self.at;
            let low = match self.peek() {
                None => {
                    return Err(self
                        .invalid(start..self.at, "a `[` without its `]`")
                        .help(r"write `\[` for the character itself"));
                }
                Some(']') if !first => break,
                Some(_) => self.class_item(flags)?,
            };
            first = false;
            if self.peek() != Some('-') {
                match low {
                    Ok(code) => letters.push(Set::codes(code, code)),
                    Err(set) => sets.push(set),
                }
                continue;
            }
            match self.peek_at(1) {
                None | Some(']') => {
                    match low {
                        Ok(code) => letters.push(Set::codes(code, code)),
                        Err(set) => sets.push(set),
                    }
                    if self.peek_at(1).is_some() {
                        letters.push(Set::one('-'));
                    }
                    self.at += 1;
                }
                Some(_) => {
                    self.at += 1;
                    let high = self.class_item(flags)?;
                    let (Ok(low), Ok(high)) = (low, high) else {
                        return Err(self
                            .invalid(from..self.at, "a range from or to a set")
                            .help(r"write `\-` for the character itself"));
                    };
                    if high < low {
                        return Err(self
                            .invalid(from..self.at, "a range that ends before it starts")
                            .help(r"write `\-` for the character itself"));
                    }
                    letters.push(Set::codes(low, high));
                }
            }
        }
        self.at += 1;
        let letters = cased(Set::union_of(letters), flags);
        let set = Set::union_of(sets.into_iter().chain([letters]));
        Ok(if negated { set.not() } else { set })
    }

    /// One code of a class, or a set.
    fn class_item(&mut self, flags: Flags) -> Read<Result<u32, Set>> {
        if self.peek() != Some('\\') {
            let code = self.peek().map_or(0, u32::from);
            self.at += 1;
            return Ok(Ok(code));
        }
        let start = self.at;
        match self.escape(flags, true)? {
            Escape::Code(code) => Ok(Ok(code)),
            Escape::Set(set) => Ok(Err(set)),
            Escape::Assert(_) | Escape::Reference => {
                Err(self.invalid(start..self.at, "an assertion inside `[…]`"))
            }
        }
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
