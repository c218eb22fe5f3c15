//! The places of a text where a pattern may begin, one after the other.

use crate::{
    automaton::Known,
    fingerprint::{BLOCK, Fingerprint},
    simd::{self, Blocks},
};

/// How many blocks are looked at ahead, where they may be in another way soon.
const FEWEST_AHEAD: usize = 2;

/// The places where a pattern may begin, rising.
pub(crate) struct Candidates<'c> {
    fingerprint: &'c Fingerprint,
    known: Known<'c>,
    /// The places that were found ahead, from `start` on.
    places: &'c mut [u32],
    /// How many blocks to look at next.
    ahead: usize,
    /// How many were looked at.
    judged: usize,
    /// Where the first of them starts in the text.
    start: usize,
    /// Which place comes next.
    at: usize,
    /// How many there are.
    count: usize,
}

impl<'c> Candidates<'c> {
    /// Those of what is to be read of a text, from a place on. `places` is room
    /// for those that are found ahead.
    pub(crate) fn new(
        fingerprint: &'c Fingerprint,
        known: Known<'c>,
        start: usize,
        places: &'c mut Vec<u32>,
    ) -> Candidates<'c> {
        if places.len() < simd::ROOM {
            places.resize(simd::ROOM, 0);
        }
        Candidates {
            fingerprint,
            known,
            places,
            ahead: simd::MOST_BLOCKS,
            judged: 0,
            start,
            at: 0,
            count: 0,
        }
    }

    /// Goes on from another place with another fingerprint; answers the first candidate.
    pub(crate) fn enter(&mut self, fingerprint: &'c Fingerprint, at: usize) -> Option<usize> {
        self.fingerprint = fingerprint;
        // Where this is done often, little is judged for nothing.
        self.ahead = FEWEST_AHEAD;
        (self.start, self.judged, self.at, self.count) = (at, 0, 0, 0);
        self.next()
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        while self.at == self.count {
            if !self.look_ahead() {
                return None;
            }
        }
        let place = self.start + *self.places.get(self.at)? as usize;
        self.at += 1;
        (place < self.known.stop).then_some(place)
    }

    /// Finds the places of the next blocks; false at the end of the text.
    #[inline]
    fn look_ahead(&mut self) -> bool {
        let text = self.known.text.as_bytes();
        self.start += self.judged * BLOCK;
        let left = text.len().saturating_sub(self.start).div_ceil(BLOCK);
        self.judged = self.ahead.min(left);
        self.ahead = (self.ahead * 2).min(simd::MOST_BLOCKS);
        self.at = 0;
        let blocks = Blocks {
            text,
            start: self.start,
            count: self.judged,
        };
        self.count = if blocks.count > 0 {
            simd::candidates(self.fingerprint, blocks, self.places)
        } else {
            0
        };
        self.judged > 0
    }
}
