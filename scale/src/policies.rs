//! Artifacts under names in, engines out; and all of them as bytes, and back.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use agentos_runtime::{Engine, artifact::OpenError};

/// What the bytes of several artifacts begin with: a format of its own, with its number.
const HEAD: &[u8] = b"agentos-scale 1\n";

/// Policies that functions decide by, each set of them under a name.
pub struct Policies {
    sets: Vec<Set>,
}

struct Set {
    name: String,
    artifact: Arc<[u8]>,
    engine: Engine,
}

/// Why artifacts are no policies to decide by.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// One of them cannot be opened.
    #[error("the policies `{name}` cannot be opened: {source}")]
    Artifact {
        /// What they are called.
        name: String,
        /// What is wrong with them.
        source: OpenError,
    },
    /// Two have one name.
    #[error("two sets of policies are called `{0}`")]
    Twice(String),
    /// The bytes of all of them are cut or not ours.
    #[error("these bytes are no policies, or are damaged")]
    Bytes,
}

impl Policies {
    /// Opens artifacts that `agentos compile` made.
    ///
    /// # Errors
    ///
    /// See [`Unfit`].
    pub fn new<N: Into<String>, A: Into<Vec<u8>>>(
        artifacts: impl IntoIterator<Item = (N, A)>,
    ) -> Result<Policies, Unfit> {
        let mut sets: Vec<Set> = Vec::new();
        for (name, artifact) in artifacts {
            let (name, artifact) = (name.into(), artifact.into());
            if sets.iter().any(|set| set.name == name) {
                return Err(Unfit::Twice(name));
            }
            let engine = Engine::open(artifact.clone()).map_err(|source| Unfit::Artifact {
                name: name.clone(),
                source,
            })?;
            sets.push(Set {
                name,
                artifact: artifact.into(),
                engine,
            });
        }
        Ok(Policies { sets })
    }

    /// The engine of the policies of this name.
    pub fn engine(&self, name: &str) -> Option<&Engine> {
        let set = self.sets.iter().find(|set| set.name == name);
        set.map(|set| &set.engine)
    }

    /// The names, in the order they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|set| set.name.as_str())
    }

    /// All of them as bytes, for a plan that is sent elsewhere.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for set in &self.sets {
            for part in [set.name.as_bytes(), &set.artifact] {
                bytes.extend((part.len() as u64).to_le_bytes());
                bytes.extend(part);
            }
        }
        bytes
    }

    /// The policies that [`Policies::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// See [`Unfit`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Policies, Unfit> {
        let mut rest = bytes.strip_prefix(HEAD).ok_or(Unfit::Bytes)?;
        let mut artifacts = Vec::new();
        while !rest.is_empty() {
            let name = part(&mut rest)?;
            let name = std::str::from_utf8(name).map_err(|_| Unfit::Bytes)?;
            artifacts.push((name, part(&mut rest)?));
        }
        Policies::new(artifacts)
    }
}

fn part<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], Unfit> {
    let (length, after) = rest.split_first_chunk::<8>().ok_or(Unfit::Bytes)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Unfit::Bytes)?;
    let (part, after) = after.split_at_checked(length).ok_or(Unfit::Bytes)?;
    *rest = after;
    Ok(part)
}

/// Equal where they were made of the same bytes: they then decide alike.
impl PartialEq for Policies {
    fn eq(&self, other: &Policies) -> bool {
        let made_of = |set: &Set| (set.name.clone(), Arc::clone(&set.artifact));
        self.sets
            .iter()
            .map(made_of)
            .eq(other.sets.iter().map(made_of))
    }
}

impl Eq for Policies {}

impl Hash for Policies {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Plans are hashed often, and artifacts are long.
        for set in &self.sets {
            (&set.name, set.artifact.len()).hash(state);
        }
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use agentos_compiler::{Options, Sources, compile};
    use agentos_runtime::artifact;

    use super::{Policies, Unfit};

    fn made_of(text: &str) -> Vec<u8> {
        let (plan, _) = compile(&Sources::one("p.policy", text), &Options::default());
        artifact::write(&plan.unwrap().table()).unwrap()
    }

    #[test]
    fn bytes_are_the_same_policies_again() {
        let new = made_of("policy p { allow read; }");
        let policies = Policies::new([("new", new), ("old", made_of("policy p { }"))]).unwrap();
        let bytes = policies.to_bytes();
        let again = Policies::from_bytes(&bytes).unwrap();
        assert_eq!(again, policies);
        assert_eq!(again.names().collect::<Vec<_>>(), ["new", "old"]);
        assert!(again.engine("old").is_some() && again.engine("mid").is_none());
    }

    #[test]
    fn cut_bytes_are_refused_wherever_they_end() {
        let bytes = Policies::new([("new", made_of("policy p { }"))])
            .unwrap()
            .to_bytes();
        let head = super::HEAD.len();
        for end in (0..bytes.len()).filter(|end| *end != head) {
            assert!(Policies::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut huge = bytes[..head].to_vec();
        huge.extend(u64::MAX.to_le_bytes());
        assert!(matches!(Policies::from_bytes(&huge), Err(Unfit::Bytes)));
    }

    #[test]
    fn what_is_no_artifact_and_what_is_there_twice_are_refused() {
        let no = Policies::new([("new", "policy p { }")]).unwrap_err();
        assert!(
            no.to_string()
                .starts_with("the policies `new` cannot be opened: ")
        );
        let one = made_of("policy p { }");
        let twice = Policies::new([("a", one.clone()), ("a", one)]).unwrap_err();
        assert_eq!(twice.to_string(), "two sets of policies are called `a`");
    }
}
