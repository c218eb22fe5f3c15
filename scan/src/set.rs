//! All patterns that are looked for in one kind of text: texts in, the numbers
//! of what is there out.

use bytes::Bytes;

use crate::{
    Automaton, Literals, Malformed, Programs, Samples, Scratch,
    stored::{Reader, Stored, Words, stored},
};

/// Patterns of every kind that are searched together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// The numbers of all, rising.
    pub(crate) numbers: Words<u32>,
    pub(crate) literals: Literals,
    /// Of the literals that are too short for the others, or too much alike.
    pub(crate) shorts: Box<[Automaton]>,
    pub(crate) regexes: Box<[Automaton]>,
    /// Of what a value has to be as a whole.
    pub(crate) wholes: Box<[Automaton]>,
}

stored!(Set {
    numbers,
    literals,
    shorts,
    regexes,
    wholes,
});

/// What a search needs to remember while it runs, kept for the next one.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    scratch: Scratch,
    samples: Samples,
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

    /// Finds its regexes in a text. `found` has a bit for each number; the bits
    /// of those that are in the text are set, the others left alone.
    pub fn scan(&self, text: &str, memory: &mut Memory, found: &mut [u64]) {
        for automaton in &self.regexes {
            automaton.scan(text, &mut memory.scratch, found);
        }
    }

    /// Whether it makes a difference to [`scan_lower`](Set::scan_lower) that a
    /// text is in lower case.
    pub fn needs_lower(&self, text: &str) -> bool {
        let has_literals = !self.literals.is_empty();
        !self.shorts.is_empty() || has_literals && !self.literals.ignore_case_of(text)
    }

    /// Finds its literals, which stand in lower case, in a text that does too.
    pub fn scan_lower(&self, lower: &str, memory: &mut Memory, found: &mut [u64]) {
        self.literals
            .scan(lower.as_bytes(), &mut memory.samples, found);
        for automaton in &self.shorts {
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
        let automata = [&self.shorts, &self.regexes, &self.wholes];
        let automata = automata.into_iter().flatten().map(Automaton::bytes);
        self.literals.bytes() + automata.sum::<usize>()
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
