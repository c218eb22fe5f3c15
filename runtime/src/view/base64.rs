//! A text in, the same with what is readable in its runs of base64 out.
//!
//! A run is as long as the letters of base64 go on, of the usual alphabet or
//! that of URLs. It is read from each of its first four letters on, since what
//! stands before it may be made of the same letters (`data/cm0g…`); what comes
//! out readable is written in its place. A run with nothing readable in it, as
//! an id or an image is, stands as it stood.

use super::trace::{Disguise, Tracer};

/// The shortest run that is read, in letters: eight bytes.
const SHORTEST_RUN: usize = 11;

/// The shortest stretch that counts as readable, in bytes.
const SHORTEST_STRETCH: usize = 8;

/// What a byte stands for in base64, if anything.
fn sextet(byte: u8) -> Option<u8> {
    const NONE: u8 = 0xff;
    #[expect(clippy::indexing_slicing, reason = "it is made when this is compiled")]
    const SEXTETS: [u8; 256] = {
        let mut sextets = [NONE; 256];
        let mut at = 0;
        while at < 256 {
            let byte = at as u8;
            sextets[at] = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => NONE,
            };
            at += 1;
        }
        sextets
    };
    let sextet = SEXTETS.get(usize::from(byte)).copied();
    sextet.filter(|sextet| *sextet != NONE)
}

/// Where the next run starts, from `at` on, and how long it is without its
/// padding. `at` is at the start of a run, or at what is before one. Words and
/// paths, which are made of the same letters, are none: capitals stand at the
/// start of their parts only, and base64 that is so would spell no text.
pub(super) fn next_run(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    next_run_before(bytes, at, bytes.len())
}

fn next_run_before(bytes: &[u8], mut at: usize, end: usize) -> Option<(usize, usize)> {
    let near = bytes.get(..end + SHORTEST_RUN).unwrap_or(bytes);
    loop {
        at = next_stretch(near, at)?;
        let window = bytes.get(at..at + SHORTEST_RUN)?;
        if let Some(last) = window.iter().rposition(|byte| sextet(*byte).is_none()) {
            at += last + 1;
            continue;
        }
        let length = run(bytes.get(at..)?);
        if !is_words(bytes.get(at..at + length)?) {
            return Some((at, length));
        }
        at += length;
    }
}

/// Where the next stretch starts, from `at` on, that has neither spaces nor
/// quotes nor brackets and is as long as the shortest run.
fn next_stretch(bytes: &[u8], at: usize) -> Option<usize> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Nothing below is a letter.
    const LOWEST: u64 = 0x2b2b_2b2b_2b2b_2b2b;
    const LONG: u32 = 8 * SHORTEST_RUN as u32;
    let (steps, rest) = bytes.get(at..)?.as_chunks();
    // How long the stretch is that goes on here, in bits.
    let mut long = 0;
    let mut at = at;
    for step in steps {
        let others = !((u64::from_le_bytes(*step) | HIGH) - LOWEST) & HIGH;
        if long + (others.trailing_zeros() & !7) >= LONG {
            return Some(at - long as usize / 8);
        }
        long = if others == 0 {
            long + 64
        } else {
            others.leading_zeros() & !7
        };
        at += 8;
    }
    for byte in rest {
        long = if byte & 0x7f < 0x2b { 0 } else { long + 8 };
        at += 1;
        if long >= LONG {
            return Some(at - long as usize / 8);
        }
    }
    None
}

/// Whether a run has one of the bytes `from..to`, and that one is a digit, a `+`
/// or a capital behind a letter. A run without these is words.
pub(super) fn has_run(bytes: &[u8], from: usize, to: usize) -> bool {
    let before = |at: usize| {
        let letters = bytes.get(..at).unwrap_or_default().iter().rev();
        let letters = letters.take(SHORTEST_RUN);
        at - letters.take_while(|byte| sextet(**byte).is_some()).count()
    };
    // As far back as what makes it long enough.
    let mut start = before(from);
    let ends = bytes.get(..start).unwrap_or_default();
    let line = ends.strip_suffix(b"\n").unwrap_or(ends);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    start = before(line.len());
    next_run_before(bytes, start, to).is_some()
}

fn is_words(run: &[u8]) -> bool {
    let mut starts = true;
    run.iter().all(|byte| {
        let fits = match byte {
            b'A'..=b'Z' => starts,
            b'0'..=b'9' | b'+' => false,
            _ => true,
        };
        starts = matches!(byte, b'-' | b'_' | b'/' | b'\r' | b'\n');
        fits
    })
}

/// Writes a text with what is readable in its runs.
pub(super) fn decode(text: &str, decoding: &mut Decoding, into: &mut Tracer<'_>) {
    let bytes = text.as_bytes();
    let (mut at, mut same) = (0, 0);
    while let Some((start, run)) = next_run(bytes, at) {
        let letters = bytes.get(start..start + run).unwrap_or_default();
        let padding = bytes.iter().skip(start + run).take(2);
        at = start + run + padding.take_while(|byte| **byte == b'=').count();
        if decoding.read(letters) {
            into.same(text.get(same..start).unwrap_or_default());
            into.replace(at - start, &decoding.readable, Disguise::Base64.into());
            same = at;
        }
    }
    into.same(text.get(same..).unwrap_or_default());
}

/// How long the run at the start is. It goes on past the end of a line that is
/// long enough to be a run by itself.
fn run(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let rest = bytes.get(length..).unwrap_or_default();
        let line = rest
            .iter()
            .take_while(|byte| sextet(**byte).is_some())
            .count();
        length += line;
        let end = match bytes.get(length..) {
            Some([b'\n', next, ..]) if sextet(*next).is_some() => 1,
            Some([b'\r', b'\n', next, ..]) if sextet(*next).is_some() => 2,
            _ => return length,
        };
        if line < SHORTEST_RUN {
            return length;
        }
        length += end;
    }
}

/// Buffers for what is read.
#[derive(Default)]
pub(super) struct Decoding {
    sextets: Vec<u8>,
    bytes: Vec<u8>,
    readable: String,
}

impl Decoding {
    /// Reads a run; `false` where nothing in it is readable.
    fn read(&mut self, run: &[u8]) -> bool {
        self.readable.clear();
        self.sextets.clear();
        self.sextets
            .extend(run.iter().filter_map(|byte| sextet(*byte)));
        for from in 0..4 {
            self.decode(from);
            let is_whole = may_read(&self.bytes) && stretches(&self.bytes, &mut self.readable);
            if is_whole && from == 0 {
                break;
            }
        }
        !self.readable.is_empty()
    }

    /// Decodes the sextets from one of them on.
    fn decode(&mut self, from: usize) {
        self.bytes.clear();
        let sextets = self.sextets.get(from..).unwrap_or_default();
        let (whole, rest) = sextets.as_chunks();
        self.bytes.extend(
            whole
                .iter()
                .flat_map(|&[a, b, c, d]| [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]),
        );
        if let [a, b, rest @ ..] = rest {
            self.bytes.push(a << 2 | b >> 4);
            self.bytes.extend(rest.first().map(|c| b << 4 | c >> 2));
        }
        // Two bytes a letter, as some shells want them.
        let wide = self.bytes.iter().skip(1).step_by(2);
        let zeros = wide.clone().filter(|byte| **byte == 0).count();
        if zeros > 0 && zeros * 10 >= wide.len() * 9 {
            let mut odd = false;
            self.bytes.retain(|_| {
                odd = !odd;
                odd
            });
        }
    }
}

/// Whether some bytes may have a readable stretch: quick, and never `false`
/// where they have.
fn may_read(bytes: &[u8]) -> bool {
    const LETTER: u8 = 0;
    const GOES_ON: u8 = 1;
    const STARTS: u8 = 2;
    const NEVER: u8 = 3;
    #[expect(clippy::indexing_slicing, reason = "it is made when this is compiled")]
    const KINDS: [u8; 256] = {
        let mut kinds = [NEVER; 256];
        let mut at = 0;
        while at < 256 {
            kinds[at] = match at as u8 {
                b'\t'..=b'\r' | b' '..=b'~' => LETTER,
                0x80..=0xbf => GOES_ON,
                0xc2..=0xf4 => STARTS,
                _ => NEVER,
            };
            at += 1;
        }
        kinds
    };
    // Behind each kind, those that may stand there.
    const FITS: [u8; 4] = [0b101, 0b111, 0b010, 0b101];
    let (mut length, mut fits) = (0, 0b101);
    for &byte in bytes {
        let kind = KINDS.get(usize::from(byte)).copied().unwrap_or(NEVER);
        length = if fits >> kind & 1 == 1 {
            length + 1
        } else {
            usize::from(kind == LETTER || kind == STARTS)
        };
        if length >= SHORTEST_STRETCH {
            return true;
        }
        fits = FITS.get(usize::from(kind)).copied().unwrap_or_default();
    }
    false
}

/// Writes the readable stretches of some bytes; `true` where that is all of them.
fn stretches(bytes: &[u8], into: &mut String) -> bool {
    let mut is_whole = true;
    for chunk in bytes.utf8_chunks() {
        let mut letters = chunk.valid();
        while !letters.is_empty() {
            let end = letters.find(is_unreadable).unwrap_or(letters.len());
            let (stretch, rest) = letters.split_at_checked(end).unwrap_or((letters, ""));
            if stretch.len() >= SHORTEST_STRETCH {
                if !into.is_empty() {
                    into.push(' ');
                }
                into.push_str(stretch);
            } else {
                is_whole = false;
            }
            let mut rest = rest.chars();
            is_whole &= rest.next().is_none();
            letters = rest.as_str();
        }
        is_whole &= chunk.invalid().is_empty();
    }
    is_whole
}

fn is_unreadable(letter: char) -> bool {
    letter.is_control() && !letter.is_whitespace()
}

/// Whether there is a run, told line by line.
#[cfg(test)]
pub(super) fn simple_run(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let length = run(&bytes[at..]);
        let found = &bytes[at..at + length];
        if length >= SHORTEST_RUN && !is_words(found) {
            return true;
        }
        at += length.max(1);
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// What is readable in a run, the long way.
    fn simple(run: &str) -> String {
        let mut readable = String::new();
        for from in 0..4 {
            let mut bytes = Vec::new();
            let (mut held, mut bits) = (0_u32, 0);
            for sextet in run.bytes().skip(from).filter_map(sextet) {
                held = held << 6 | u32::from(sextet);
                bits += 6;
                if bits >= 8 {
                    bits -= 8;
                    bytes.push((held >> bits) as u8);
                    held &= (1 << bits) - 1;
                }
            }
            let wide = bytes.iter().skip(1).step_by(2);
            let zeros = wide.clone().filter(|byte| **byte == 0).count();
            if zeros > 0 && zeros * 10 >= wide.len() * 9 {
                bytes = bytes.into_iter().step_by(2).collect();
            }
            if stretches(&bytes, &mut readable) && from == 0 {
                break;
            }
        }
        readable
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_run_reads_as_the_long_way_reads_it(parts in vec(prop_oneof![
            "[A-Za-z0-9+/_-]{1,9}",
            select(vec!["cm0gLXJm", "IC9zcnYvZGF0YQ", "cgBtACAA", "w6nDqcOp", "wqDCgQ", "AAAA", "4oCc"]).prop_map(str::to_owned),
        ], 3..9), ends in select(vec!["", "", "\n", "\r\n"])) {
            let run = format!("abcdefghijk{ends}{}", parts.concat());
            for run in [run.as_str(), run.trim_start_matches("abcdefghijk").trim_start()] {
                let mut decoding = Decoding::default();
                let is_readable = decoding.read(run.as_bytes());
                prop_assert_eq!(&decoding.readable, &simple(run), "{:?}", run);
                prop_assert_eq!(is_readable, !simple(run).is_empty());
            }
        }
    }

    fn seen(text: &str) -> String {
        let mut view = String::new();
        let mut tracer = Tracer::new(&mut view, None);
        decode(text, &mut Decoding::default(), &mut tracer);
        assert!(tracer.finish());
        view
    }

    #[test]
    fn a_run_is_read_in_its_place() {
        assert_eq!(
            seen("echo cm0gLXJmIC9zcnYvZGF0YQ== | base64 -d"),
            "echo rm -rf /srv/data | base64 -d"
        );
        assert_eq!(seen("cm0gLXJmIC8"), "rm -rf /", "without padding");
        assert_eq!(seen("Pz8_Pz8-Pz8_"), "?????>???", "of URLs");
    }

    #[test]
    fn a_run_may_start_late_and_hold_other_bytes() {
        assert!(seen("data/cm0gLXJmIC8=").contains("rm -rf /"));
        assert!(seen("//8gcm0gLXJmIC8g//8=").contains(" rm -rf / "));
        assert_eq!(
            seen("cgBtACAALQByAGYAIAAvAA=="),
            "rm -rf /",
            "two bytes a letter"
        );
        assert_eq!(seen("ZWNobyBvbmU7\nIHJtIC1yZg=="), "echo one; rm -rf");
    }

    #[test]
    fn what_is_not_readable_stands() {
        for text in [
            "a plain line of words, /usr/local/lib/python3/site-packages too",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "cm0gLXJm",
            "Counter-intelligence/information_architecture",
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
