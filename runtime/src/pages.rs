//! A character in, what was once told of it out: a table of all of Unicode that
//! is filled where texts need it.
//!
//! What is told has to depend on the character alone. A page is filled when a
//! text first has one of its characters; nothing is allocated.

use std::sync::OnceLock;

/// Characters a page.
const PAGE: usize = 256;

/// Pages up to the ideographs of plane 2; what is beyond is told each time.
const PAGES: usize = 0x3_0000 / PAGE;

/// What is told of characters.
pub(crate) struct Pages<T: 'static> {
    pages: [OnceLock<[T; PAGE]>; PAGES],
}

impl<T: Copy + 'static> Pages<T> {
    /// Of none so far.
    pub(crate) const fn new() -> Pages<T> {
        Pages {
            pages: [const { OnceLock::new() }; PAGES],
        }
    }

    /// What `tell` tells of a character. It is the same function at each call.
    #[inline]
    pub(crate) fn get(&self, letter: char, tell: fn(char) -> T) -> T {
        let code = u32::from(letter) as usize;
        let page = self.pages.get(code / PAGE);
        let told = page.map(|page| page.get_or_init(|| fill(code / PAGE, tell)));
        match told.and_then(|page| page.get(code % PAGE)) {
            Some(told) => *told,
            None => tell(letter),
        }
    }
}

#[cold]
fn fill<T>(page: usize, tell: fn(char) -> T) -> [T; PAGE] {
    std::array::from_fn(|at| {
        let code = (page * PAGE + at) as u32;
        // The halves of pairs are no characters; nobody asks for them.
        tell(char::from_u32(code).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_gets_its_own() {
        static CODES: Pages<u32> = Pages::new();
        for _ in 0..2 {
            for letter in ['\0', 'a', 'я', '\u{ffff}', '😀', '\u{2ffff}', char::MAX] {
                assert_eq!(CODES.get(letter, u32::from), u32::from(letter));
            }
        }
    }
}
