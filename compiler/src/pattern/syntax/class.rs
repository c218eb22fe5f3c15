//! Reads `[…]`: Python knows no classes inside it and no operations on it.

use super::{Flags, Parser, Read, cased, escape::Escape};
use crate::pattern::set::Set;

impl Parser {
    /// `[…]`. Python knows no classes inside it and no operations on it.
    pub(super) fn class(&mut self, flags: Flags) -> Read<Set> {
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
                        .help(r"write `\[` for the character itself")
                        .literally());
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
    pub(super) fn class_item(&mut self, flags: Flags) -> Read<Result<u32, Set>> {
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
}
