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
/// It is kept as a whole, since what is found may look back; no part is read twice.
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
    text: String,
    /// By automaton.
    scratches: Vec<Scratch>,
}

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
            scratches: self.regexes.iter().map(scratch).collect(),
        }
    }
}

impl Arriving<'_> {
    /// Reads the next part. `found` is as in [`Set::scan`]: the bits of what is
    /// there already are set; what something must not follow may be told at the end.
    pub fn push(&mut self, part: &str, found: &mut [u64]) {
        self.text.push_str(part);
        for (automaton, scratch) in self.set.regexes.iter().zip(&mut self.scratches) {
            automaton.go_on(&self.text, scratch, found);
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
