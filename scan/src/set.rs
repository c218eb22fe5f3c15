//! All patterns that are looked for in one kind of text: texts in, the numbers
//! of what is there out.

use bytes::Bytes;

use crate::{
    Automaton, Malformed, Programs, Scratch,
    stored::{Reader, Stored, Words, stored},
};

/// Patterns of every kind that are searched together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// The numbers of all, rising.
    pub(crate) numbers: Words<u32>,
    pub(crate) regexes: Box<[Automaton]>,
    /// Of what is looked for in lower case.
    pub(crate) lower: Box<[Automaton]>,
    /// Of what a value has to be as a whole.
    pub(crate) wholes: Box<[Automaton]>,
}

stored!(Set {
    numbers,
    regexes,
    lower,
    wholes,
});

/// What a search needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    scratch: Scratch,
}

impl Set {
    /// Whether it has no patterns.
    pub fn is_empty(&self) -> bool {
        self.numbers.len() == 0
    }

    /// Whether it looks for the pattern of this number.
    pub fn has(&self, number: u32) -> bool {
        let before = self.numbers.partition_point(|known| known < number);
        self.numbers.get(before) == Some(number)
    }

    /// Finds its patterns in a text, but for those that are looked for in lower
    /// case and those that are about values. `found` has a bit for each number; the bits
    /// of those that are in the text are set, the others left alone.
    pub fn scan(&self, text: &str, memory: &mut Memory, found: &mut [u64]) {
        for automaton in &self.regexes {
            automaton.scan(text, &mut memory.scratch, found);
        }
    }

    /// Whether some of its patterns are looked for in lower case.
    pub fn needs_lower(&self) -> bool {
        !self.lower.is_empty()
    }

    /// Finds those that are looked for in lower case, in a text in lower case.
    pub fn scan_lower(&self, lower: &str, memory: &mut Memory, found: &mut [u64]) {
        for automaton in &self.lower {
            automaton.scan(lower, &mut memory.scratch, found);
        }
    }

    /// Finds those that a value is as a whole.
    pub fn scan_value(&self, value: &str, memory: &mut Memory, found: &mut [u64]) {
        for automaton in &self.wholes {
            automaton.scan(value, &mut memory.scratch, found);
        }
    }

    /// Whether some patterns are about values as a whole.
    pub fn looks_at_values(&self) -> bool {
        !self.wholes.is_empty()
    }

    /// What its tables take, in bytes.
    pub fn bytes(&self) -> usize {
        let automata = [&self.regexes, &self.lower, &self.wholes];
        automata.into_iter().flatten().map(Automaton::bytes).sum()
    }
}

/// A text that arrives in parts, and what was found in it so far.
///
/// Of what was read so much is kept as may still matter, which is little mostly:
/// as much as a gap under way may reach over (`.{0,100}`), all from where a pattern
/// ends on while it is not told whether what must not follow it does, and the whole
/// text where some patterns are looked for in lower case.
///
/// ```
/// # use agentos_scan::{Set, Sought};
/// let set = Set::build(&[(0, Sought::Part("drop table"))]).unwrap();
/// let mut arriving = set.arriving();
/// let mut found = [0];
/// arriving.push("please DROP ", &mut found);
/// assert_eq!(found, [0]);
/// arriving.push("TABLE users", &mut found);
/// arriving.finish(&mut found);
/// assert_eq!(found, [1]);
/// ```
#[derive(Clone, Debug)]
pub struct Arriving<'s> {
    set: &'s Set,
    /// The text, but for its head where that is forgotten.
    text: String,
    /// How long it is when its head is forgotten next.
    most: usize,
    /// By automaton.
    scratches: Vec<Scratch>,
}

/// A text of this length is not too long to be kept, in bytes.
const KEPT: usize = 128;

/// So much of a part is read behind what is kept, in bytes: mostly enough that
/// the part is then read where it stands, and little enough that both are one block.
const BRIDGE: usize = 48;

impl Set {
    /// A text of which nothing arrived. What a value is as a whole is not looked for.
    pub fn arriving(&self) -> Arriving<'_> {
        let scratch = |automaton: &Automaton| {
            let mut scratch = Scratch::default();
            automaton.start(&mut scratch);
            scratch
        };
        Arriving {
            set: self,
            text: String::new(),
            most: KEPT,
            scratches: self.regexes.iter().map(scratch).collect(),
        }
    }
}

impl Arriving<'_> {
    /// Reads the next part. `found` is as in [`Set::scan`]: the bits of what is
    /// there already are set; what something must not follow may be told at the end.
    pub fn push(&mut self, part: &str, found: &mut [u64]) {
        let before = self.text.len();
        let (bridge, rest) = part.split_at(part.floor_char_boundary(BRIDGE));
        self.text.push_str(bridge);
        self.go_on(None, found);
        // The lower case of a letter depends on those before it.
        let may_forget = !self.set.needs_lower();
        if may_forget && before < KEPT && self.needed_from(None) >= before {
            // The part is read where it stands.
            self.forget(None, before);
            self.go_on(Some(part), found);
            self.follow_on(Some(part), found);
            let needed = self.needed_from(Some(part));
            self.forget(Some(part), needed);
            self.text.clear();
            self.text.push_str(part.get(needed..).unwrap_or_default());
            return;
        }
        self.text.push_str(rest);
        self.go_on(None, found);
        if may_forget && self.text.len() >= self.most {
            self.follow_on(None, found);
            let needed = self.needed_from(None);
            self.forget(None, needed);
            self.text.drain(..needed);
            // Where much is kept, that is not looked at each time.
            self.most = KEPT.max(2 * self.text.len());
        }
    }

    /// Reads a text as far as it is there; the kept one where none is given.
    fn go_on(&mut self, text: Option<&str>, found: &mut [u64]) {
        let text = text.unwrap_or(&self.text);
        for (automaton, scratch) in self.set.regexes.iter().zip(&mut self.scratches) {
            automaton.go_on(text, scratch, found);
        }
    }

    /// Tells what can be told of what something must not follow.
    fn follow_on(&mut self, text: Option<&str>, found: &mut [u64]) {
        let text = text.unwrap_or(&self.text);
        for (automaton, scratch) in self.set.regexes.iter().zip(&mut self.scratches) {
            automaton.follow_on(text, scratch, found);
        }
    }

    /// From where on a text that was read as far as it is there still matters.
    fn needed_from(&self, text: Option<&str>) -> usize {
        let text = text.unwrap_or(&self.text);
        let automata = self.set.regexes.iter().zip(&self.scratches);
        let needed = automata.map(|(automaton, scratch)| automaton.needed_from(text, scratch));
        needed.min().unwrap_or(text.len())
    }

    /// Forgets the head of a text.
    fn forget(&mut self, text: Option<&str>, head: usize) {
        let text = text.unwrap_or(&self.text);
        for (automaton, scratch) in self.set.regexes.iter().zip(&mut self.scratches) {
            automaton.forget(text, head, scratch);
        }
    }

    /// Reads on to the end: no part is to come.
    pub fn finish(mut self, found: &mut [u64]) {
        for (automaton, scratch) in self.set.regexes.iter().zip(&mut self.scratches) {
            automaton.finish(&self.text, scratch, found);
        }
        if self.set.needs_lower() {
            let lower = self.text.to_lowercase();
            self.set.scan_lower(&lower, &mut Memory::default(), found);
        }
    }
}

/// What bytes of tables begin with: tables of other versions are refused.
const VERSION: u8 = 1;

/// Everything that finds the patterns of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matchers {
    /// Those that are looked for in whole texts.
    pub text: Set,
    /// Those of them that mind where the text ends.
    pub ends: Set,
    /// Those that are looked for in single fields.
    pub fields: Set,
    /// Where any of them is.
    pub programs: Programs,
}

stored!(Matchers {
    text,
    ends,
    fields,
    programs,
});

impl Matchers {
    /// As bytes, which [`Matchers::open`] opens.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        self.store(&mut bytes);
        bytes
    }

    /// Opens bytes that [`Matchers::to_bytes`] made. Nothing is built, and the
    /// tables stay where they are.
    ///
    /// # Errors
    ///
    /// Where the bytes are not, in full, what was made by this version.
    pub fn open(bytes: Bytes) -> Result<Matchers, Malformed> {
        let mut reader = Reader(bytes);
        if reader.read::<u8>()? != VERSION {
            return Err(Malformed);
        }
        let matchers = reader.read()?;
        if reader.0.is_empty() {
            Ok(matchers)
        } else {
            Err(Malformed)
        }
    }
}

#[cfg(all(test, feature = "build"))]
mod tests {
    use super::{KEPT, Set};
    use crate::Sought;

    /// Looks for expressions, the first of which something must not follow.
    fn set(expressions: &[&str], unless: &str) -> Set {
        let parse = |text: &&str| regex_syntax::parse(text).unwrap();
        let hirs: Vec<_> = expressions.iter().map(parse).collect();
        let unless = parse(&unless);
        let rows = hirs.iter().zip(0..).map(|(expression, number)| {
            let unless = Some(&unless).filter(|_| number == 0);
            (number, Sought::Match { expression, unless })
        });
        Set::build(&rows.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn of_a_long_text_little_is_kept() {
        let set = set(&["delete", "kimo.{0,90}sash", "obi.*geta"], ".*where");
        let mut arriving = set.arriving();
        let (mut found, mut most) = ([0], 0);
        for _ in 0..1000 {
            for part in [
                "delete this whe",
                "re that kimo kimo",
                " -- kimo -- \n sash",
            ] {
                arriving.push(part, &mut found);
                most = most.max(arriving.text.len());
            }
        }
        assert_eq!(found, [0]);
        assert!(most < 8 * KEPT, "{most}");
        // What must not follow may still come.
        arriving.push("delete all", &mut found);
        arriving.push(&" ".repeat(10 * KEPT), &mut found);
        assert!(arriving.text.len() > 10 * KEPT);
        arriving.push(&"\n".repeat(20 * KEPT), &mut found);
        assert_eq!(found, [0b01]);
        assert!(arriving.text.len() < KEPT);
        for (letters, expected) in [(50, 0b01), (45, 0b11)] {
            let between = "日".repeat(letters);
            for part in ["kimo", &between, &between, "sash", &" ".repeat(KEPT)] {
                arriving.push(part, &mut found);
            }
            assert_eq!(found, [expected]);
        }
        arriving.push(&format!("{}obi{0}", " ".repeat(10 * KEPT)), &mut found);
        arriving.push("geta", &mut found);
        arriving.finish(&mut found);
        assert_eq!(found, [0b111]);
    }

    #[test]
    fn each_place_that_something_must_not_follow_is_kept_while_it_is_not_told() {
        let set = set(&["q"], "qw{10}c|w{10}d");
        for (last, expected) in [("d", 1), ("c", 1), ("", 1)] {
            let mut arriving = set.arriving();
            let mut found = [0];
            arriving.push("qqwwwwwwwwww", &mut found);
            assert_eq!(found, [0]);
            arriving.push(last, &mut found);
            arriving.finish(&mut found);
            assert_eq!(found, [expected], "{last}");
        }
    }
}
