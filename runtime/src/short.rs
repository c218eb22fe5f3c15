//! A short text on the stack: what is written to it costs no allocation.

use std::fmt;

/// The most bytes a [`Short`] holds.
const CAPACITY: usize = 64;

/// A text of at most 64 bytes; writing more is an error.
pub(crate) struct Short {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Short {
    pub(crate) const fn new() -> Short {
        Short {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole texts were written, so it is UTF-8.
        self.bytes
            .get(..self.length)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
