//! What was read before is not read once more: a run that begins alike where the
//! same bytes follow comes to the same end. So a text that repeats one thing, as
//! texts that are made to take long do, is not read letter by letter.

use crate::search::{NO_RUN, Run};

/// Runs are kept that read so many bytes at most.
const LONGEST: usize = 2 * HALF;

/// They are kept in halves, the second of which mostly has no bytes.
const HALF: usize = size_of::<u128>();

/// How many are kept.
const KEPT: usize = 4;

/// The last runs that ended soon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeats([Past; KEPT]);

/// A run that ended.
#[derive(Clone, Copy, Debug)]
struct Past {
    begun: Run,
    /// The bytes that it read.
    bytes: [u128; 2],
    /// Which bits of as many as can be kept those are.
    mask: [u128; 2],
    reports: Reports,
}

/// What a run reported, and where; at most so much is kept.
pub(crate) type Reports = [(Report, usize); 2];

const NO_REPORTS: Reports = [(Report::Nothing, 0); 2];

/// What a run reported at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Nothing,
    /// What it finds in this state.
    Found(Run),
    /// Nothing but that a pattern ends there that something must not follow.
    Ended {
        follower: u16,
        pattern: u16,
    },
}

impl Past {
    const NONE: Past = Past {
        begun: NO_RUN,
        bytes: [0; 2],
        mask: [0; 2],
        reports: NO_REPORTS,
    };
}

/// A run from where it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    run: Run,
    at: usize,
    /// Up to where it was looked ahead to tell what its reports mean.
    looked: usize,
    reports: Reports,
    /// Whether it can be told by where it began, and in few words.
    is_simple: bool,
}

impl Begun {
    pub(crate) fn new(run: Run, at: usize) -> Begun {
        Begun {
            run,
            at,
            looked: 0,
            reports: NO_REPORTS,
            is_simple: true,
        }
    }

    /// Takes note of a report.
    pub(crate) fn reports(&mut self, report: Report, end: usize) {
        let mut kept = self.reports.iter_mut();
        match kept.find(|(report, _)| *report == Report::Nothing) {
            Some(kept) => *kept = (report, end),
            None => self.is_simple = false,
        }
    }

    /// Takes note of up to where it was looked ahead to tell what a report means.
    pub(crate) fn looked(&mut self, to: usize) {
        self.looked = self.looked.max(to);
    }

    /// It became one with others.
    pub(crate) fn is_mixed(&mut self) {
        self.is_simple = false;
    }
}

impl Repeats {
    pub(crate) const NONE: Repeats = Repeats([Past::NONE; KEPT]);

    /// Keeps a run that ended before `end`.
    pub(crate) fn keep(&mut self, text: &str, begun: Begun, end: usize) {
        let length = end.max(begun.looked) - begun.at;
        if !begun.is_simple || length > LONGEST {
            return;
        }
        let lengths = [length.min(HALF), length.saturating_sub(HALF)];
        let mask = lengths.map(|length| {
            let missing = u128::BITS - 8 * length as u32;
            u128::MAX.checked_shr(missing).unwrap_or(0)
        });
        let Some(first) = half(text, begun.at) else {
            return;
        };
        let second = if mask[1] == 0 {
            Some(0)
        } else {
            half(text, begun.at + HALF)
        };
        let Some(second) = second else {
            return;
        };
        self.0[place(first)] = Past {
            begun: begun.run,
            bytes: [first & mask[0], second & mask[1]],
            mask,
            reports: begun
                .reports
                .map(|(report, end)| (report, end.saturating_sub(begun.at))),
        };
    }

    /// What a run reports that begins here, where it is known how it ends; and
    /// how far from here.
    #[inline]
    pub(crate) fn tell(&self, text: &str, run: Run, at: usize) -> Option<&Reports> {
        let first = half(text, at)?;
        let past = &self.0[place(first)];
        let is_alike =
            past.begun == run && first & past.mask[0] == past.bytes[0] && past.mask[0] != 0;
        if !is_alike || past.mask[1] != 0 && half(text, at + HALF)? & past.mask[1] != past.bytes[1]
        {
            return None;
        }
        Some(&past.reports)
    }
}

fn half(text: &str, at: usize) -> Option<u128> {
    let bytes = text.as_bytes().get(at..)?.first_chunk()?;
    Some(u128::from_le_bytes(*bytes))
}

/// Where a run is kept, by the bytes it reads first.
fn place(bytes: u128) -> usize {
    let first = bytes as u32;
    (first.wrapping_mul(0x9E37_79B1) >> 30) as usize
}
