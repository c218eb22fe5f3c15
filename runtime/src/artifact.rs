//! A table to bytes and back: what `agentos compile --emit artifact` writes.
//!
//! A header (magic, format, the version that wrote it, length), an XXH3 of 128 bits
//! over header and body, and the body. Equal tables give equal bytes. What is read
//! borrows its texts from the bytes; a file that is damaged, cut, foreign, too
//! new or too large is refused with the reason. The checksum finds accidents;
//! it proves no authorship, so [`Engine::new`](crate::Engine::new) checks the
//! rows of an artifact like those of any other table.

use twox_hash::XxHash3_128;

use crate::{prepare::TableError, table::Table};

/// What an artifact begins with.
const MAGIC: [u8; 8] = *b"agentos\x1A";

/// The format this version writes, and the only one it reads.
pub const FORMAT: u16 = 3;

/// The largest artifact that is read, in bytes.
pub const MAX_ARTIFACT_BYTES: usize = 64 * 1024 * 1024;

/// How deep conditions and types may nest in an artifact.
pub const MAX_ARTIFACT_NESTING: usize = 256;

const CHECKSUM_BYTES: usize = 16;

/// Why bytes are not an artifact that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// It does not begin as one.
    #[error("this is no agentos artifact")]
    Foreign,
    /// It ends before its header says.
    #[error("the artifact is cut off: it has {have} bytes and needs {need}")]
    Truncated {
        /// How many bytes there are.
        have: usize,
        /// How many there should at least be.
        need: usize,
    },
    /// Something follows its end.
    #[error("{} after the end of the artifact", more(*.0))]
    Trailing(usize),
    /// Another format.
    #[error(
        "the artifact has format {found}, and this version reads format {FORMAT}: compile the policy again"
    )]
    Format {
        /// The format it says it has.
        found: u16,
    },
    /// Its checksum is wrong.
    #[error("the artifact is damaged: its checksum does not fit its content")]
    Damaged,
    /// It passes [`MAX_ARTIFACT_BYTES`].
    #[error("the artifact is larger than `MAX_ARTIFACT_BYTES` ({MAX_ARTIFACT_BYTES} bytes)")]
    TooLarge,
    /// Its checksum fits, and still it is no table.
    #[error("the artifact holds no table: {0}")]
    Malformed(String),
}

fn more(bytes: usize) -> String {
    if bytes == 1 {
        "1 byte stands".to_owned()
    } else {
        format!("{bytes} bytes stand")
    }
}

/// The bytes of `table`.
///
/// # Errors
///
/// When the artifact would pass [`MAX_ARTIFACT_BYTES`].
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, ArtifactError> {
    let body = postcard::to_allocvec(table)
        .map_err(|error| ArtifactError::Malformed(error.to_string()))?;
    let mut bytes = header(body.len());
    if bytes.len() + CHECKSUM_BYTES + body.len() > MAX_ARTIFACT_BYTES {
        return Err(ArtifactError::TooLarge);
    }
    let checksum = checksum(&bytes, &body);
    bytes.extend_from_slice(&checksum);
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Whether `bytes` begin as an artifact does.
pub fn is_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Why an artifact cannot be [opened](crate::Engine::open).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The table in it is broken.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The table in `bytes`, which borrows from them.
///
/// # Errors
///
/// When `bytes` are not, in full and undamaged, what [`write`] makes.
pub fn read(bytes: &[u8]) -> Result<Table<'_>, ArtifactError> {
    if bytes.len() > MAX_ARTIFACT_BYTES {
        return Err(ArtifactError::TooLarge);
    }
    let mut rest = bytes;
    let mut take = |length: usize| {
        let (taken, left) = rest
            .split_at_checked(length)
            .ok_or(ArtifactError::Truncated {
                have: bytes.len(),
                need: bytes.len() - rest.len() + length,
            })?;
        rest = left;
        Ok(taken)
    };
    if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) && !bytes.is_empty() {
        return Err(ArtifactError::Truncated {
            have: bytes.len(),
            need: MAGIC.len(),
        });
    }
    if take(MAGIC.len()).map_err(|_| ArtifactError::Foreign)? != MAGIC {
        return Err(ArtifactError::Foreign);
    }
    let found = u16::from_le_bytes(array(take(2)?));
    if found != FORMAT {
        return Err(ArtifactError::Format { found });
    }
    let version_length = usize::from(u16::from_le_bytes(array(take(2)?)));
    take(version_length)?;
    let length = u64::from_le_bytes(array(take(8)?));
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_ARTIFACT_BYTES);
    let length = length.ok_or(ArtifactError::TooLarge)?;
    let header_length = MAGIC.len() + 2 + 2 + version_length + 8;
    let expected = take(CHECKSUM_BYTES)?;
    let body = take(length)?;
    if !rest.is_empty() {
        return Err(ArtifactError::Trailing(rest.len()));
    }
    let (header, _) = bytes
        .split_at_checked(header_length)
        .ok_or(ArtifactError::Damaged)?;
    if checksum(header, body) != expected {
        return Err(ArtifactError::Damaged);
    }
    let (table, left) = postcard::take_from_bytes::<Table<'_>>(body)
        .map_err(|error| ArtifactError::Malformed(error.to_string()))?;
    if !left.is_empty() {
        return Err(ArtifactError::Malformed(
            "bytes follow the last row".to_owned(),
        ));
    }
    Ok(table)
}

fn header(length: usize) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(
        &u16::try_from(version.len())
            .unwrap_or(u16::MAX)
            .to_le_bytes(),
    );
    bytes.extend_from_slice(version);
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
    bytes
}

fn checksum(header: &[u8], body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let seed = XxHash3_128::oneshot(header) as u64;
    XxHash3_128::oneshot_with_seed(seed, body).to_le_bytes()
}

/// `bytes` as an array; they were taken with its length.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// Reads lists that hold lists of their own kind, to a bounded depth.
pub(crate) mod nested {
    use std::{borrow::Cow, cell::Cell};

    use serde::{Deserialize, Deserializer, de::Error as _};

    use super::MAX_ARTIFACT_NESTING;

    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    struct Level;

    impl Level {
        fn enter() -> Option<Level> {
            let depth = DEPTH.get();
            (depth < MAX_ARTIFACT_NESTING).then(|| {
                DEPTH.set(depth + 1);
                Level
            })
        }
    }

    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().saturating_sub(1));
        }
    }

    /// For `#[serde(deserialize_with)]` on a list of the type's own kind.
    pub(crate) fn list<'t, 'de: 't, D, T>(deserializer: D) -> Result<Cow<'t, [T]>, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de> + Clone + 't,
    {
        let Some(_level) = Level::enter() else {
            return Err(D::Error::custom(format!(
                "it nests deeper than `MAX_ARTIFACT_NESTING` ({MAX_ARTIFACT_NESTING})"
            )));
        };
        Vec::deserialize(deserializer).map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        Number,
        table::{
            Action, Check, Combine, Condition, DefaultAnswer, Effect, Field, Limits, Literal, Mode,
            Normalize, Order, Param, Part, Place, Policy, Quantifier, Rule, Source, Stage, Test,
            Type,
        },
    };

    const AT: Place = Place {
        source: 0,
        line: 3,
        column: 5,
    };

    fn condition(depth: usize) -> Condition<'static> {
        let test = Condition::Test(Test {
            clause: 1,
            negated: false,
            quantifier: Quantifier::Whole,
            field: Field::Param(vec!["amount"].into()),
            check: Check::Compare(Order::AtMost, Literal::Number(Number::new(100_050, 2))),
        });
        (0..depth).fold(test, |inner, _| Condition::All(vec![inner].into()))
    }

    fn table(depth: usize) -> Table<'static> {
        let rule = Rule {
            effect: Effect::Deny,
            id: "no-large",
            at: AT,
            actions: vec!["pay", "send.*"].into(),
            stage: Stage::Call,
            when: Some(condition(depth)),
            priority: -1,
            because: Some("too much — é"),
            suggest: None,
            approvers: None,
            severity: Some("high"),
            help: None,
        };
        let list = Type::List(vec![Type::List(vec![Type::String].into())].into());
        Table {
            sources: vec![Source {
                name: "a.policy",
                sha256: "00",
            }]
            .into(),
            policies: vec![Policy {
                name: "a",
                version: "",
                at: AT,
                default: DefaultAnswer::Abstain,
                default_because: None,
                mode: Mode::Enforce,
                normalize: Normalize::Strict,
                base: false,
                parts: vec![Part {
                    policy: "a",
                    combine: Combine::Strictest,
                    rules: vec![rule].into(),
                }]
                .into(),
                actions: vec![Action {
                    name: "pay",
                    params: vec![Param {
                        name: "cc",
                        ty: list,
                        optional: true,
                    }]
                    .into(),
                }]
                .into(),
                patterns: Cow::Borrowed(&[]),
                intents: Cow::Borrowed(&[]),
                matchers: vec![7, 0, 9].into(),
                limits: Limits::default(),
                rates: Cow::Borrowed(&[]),
                trust: None,
            }]
            .into(),
        }
    }

    #[test]
    fn what_is_written_reads_back_and_is_written_the_same_again() {
        let table = table(3);
        let bytes = write(&table).unwrap();
        let read = read(&bytes).unwrap();
        assert_eq!(format!("{read:?}"), format!("{table:?}"));
        assert_eq!(write(&read).unwrap(), bytes);
        assert!(is_artifact(&bytes));
    }

    #[test]
    fn texts_borrow_from_the_bytes() {
        let bytes = write(&table(1)).unwrap();
        let read = read(&bytes).unwrap();
        let name = read.policies[0].name.as_ptr() as usize;
        assert!((bytes.as_ptr() as usize..bytes.as_ptr() as usize + bytes.len()).contains(&name));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = write(&table(3)).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(read(&flipped).is_err(), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn every_cut_is_refused_and_so_is_what_follows_the_end() {
        let bytes = write(&table(3)).unwrap();
        assert_eq!(read(&[]), Err(ArtifactError::Foreign));
        for end in 1..bytes.len() {
            assert!(
                matches!(read(&bytes[..end]), Err(ArtifactError::Truncated { .. })),
                "cut at {end}"
            );
        }
        let mut longer = bytes;
        longer.extend_from_slice(b"xy");
        assert_eq!(read(&longer), Err(ArtifactError::Trailing(2)));
    }

    #[test]
    fn foreign_and_newer_files_are_told_apart() {
        assert_eq!(
            read(b"policy a { default deny; }"),
            Err(ArtifactError::Foreign)
        );
        let mut newer = write(&table(1)).unwrap();
        newer[MAGIC.len()] = 9;
        assert_eq!(read(&newer), Err(ArtifactError::Format { found: 9 }));
    }

    #[test]
    fn nesting_is_bounded_whatever_the_checksum_says() {
        assert!(read(&write(&table(MAX_ARTIFACT_NESTING - 1)).unwrap()).is_ok());
        let error = read(&sealed(&hostile_nesting())).unwrap_err();
        assert!(matches!(error, ArtifactError::Malformed(_)), "{error}");
    }

    #[test]
    fn lengths_that_lie_take_no_memory() {
        // A list of sources that claims to have nearly all there can be.
        let error = read(&sealed(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F])).unwrap_err();
        assert!(matches!(error, ArtifactError::Malformed(_)), "{error}");
    }

    /// A table whose one rule has a condition a million levels deep.
    fn hostile_nesting() -> Vec<u8> {
        let one = postcard::to_allocvec(&table(1)).unwrap();
        let two = postcard::to_allocvec(&table(2)).unwrap();
        let at = one.iter().zip(&two).position(|(a, b)| a != b).unwrap();
        // `All` is variant 0, and its list has 1 element: the level repeats as these two bytes.
        let level = [0_u8, 1];
        let start = at - at % 2;
        let mut body = one[..start].to_vec();
        for _ in 0..1_000_000 {
            body.extend_from_slice(&level);
        }
        body.extend_from_slice(&one[start..]);
        body
    }

    fn sealed(body: &[u8]) -> Vec<u8> {
        let mut bytes = header(body.len());
        let checksum = checksum(&bytes, body);
        bytes.extend_from_slice(&checksum);
        bytes.extend_from_slice(body);
        bytes
    }
}
