//! What an engine keeps of a table: rows that are owned, checked and interned.

use crate::{
    Number,
    condition::{Condition, Path, Test},
    glob::Glob,
    index::{Names, Rules},
    matcher::Patterns,
    request::Request,
    shape::Shape,
    table::{Category, Combine, DefaultAnswer, Effect, Mode, Normalize, Place, Stage},
};

/// A policy, ready for requests.
pub(crate) struct Policy {
    pub(crate) name: Box<str>,
    pub(crate) at: Place,
    pub(crate) default: DefaultAnswer,
    pub(crate) default_because: Option<Box<str>>,
    pub(crate) mode: Mode,
    pub(crate) normalize: Normalize,
    /// Whether it is asked only when a request names it.
    pub(crate) base: bool,
    /// Fields that its rules look at.
    pub(crate) paths: Box<[Path]>,
    pub(crate) shapes: Box<[(Box<str>, Shape)]>,
    pub(crate) parts: Box<[Part]>,
    /// Where the rules of a request are found, by [stage](crate::index::STAGES).
    pub(crate) stages: [ByStage; 3],
    pub(crate) patterns: Patterns,
    pub(crate) intents: Box<[Intent]>,
}

/// Where the rules about one stage are found.
pub(crate) struct ByStage {
    pub(crate) names: Names,
    /// By part.
    pub(crate) rules: Box<[Rules]>,
}

/// The rules of one policy text.
pub(crate) struct Part {
    pub(crate) combine: Combine,
    /// In the order in which they are considered: under `strictest` by falling
    /// effect, under `priority` by falling priority, then as written.
    pub(crate) rules: Box<[Rule]>,
}

/// A rule, ready for requests: what deciding looks at stands close together.
pub(crate) struct Rule {
    pub(crate) when: Option<Condition>,
    pub(crate) effect: Effect,
    pub(crate) stage: Stage,
    pub(crate) sees: Sees,
    pub(crate) about: Box<About>,
}

/// Whether a rule looks at what is behind disguises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sees {
    /// It permits, has no test that could, or its policy does not ask for it.
    Nothing,
    /// In the canonical text only.
    Text,
    /// In fields by themselves as well.
    Fields,
}

/// What is said about a rule that speaks.
pub(crate) struct About {
    pub(crate) actions: Box<[Action]>,
    pub(crate) id: Box<str>,
    pub(crate) at: Place,
    pub(crate) because: Option<Box<str>>,
    pub(crate) suggest: Option<Box<str>>,
    /// Its tests in words, in the order they stand in `when`.
    pub(crate) clauses: Box<[Clause]>,
}

/// A name or glob of actions.
pub(crate) enum Action {
    Exact(Box<str>),
    Any,
    /// All names that start so.
    Prefix(Box<str>),
    Glob(Glob),
}

/// A test in words.
pub(crate) struct Clause {
    pub(crate) number: u16,
    /// `amount > 1000`
    pub(crate) words: Box<str>,
    /// `amount`
    pub(crate) field: Box<str>,
}

/// An intent's signals.
pub(crate) struct Intent {
    pub(crate) category: Category,
    pub(crate) signals: Box<[Signal]>,
}

/// A signal, by the number of its pattern.
pub(crate) struct Signal {
    pub(crate) pattern: u32,
    pub(crate) weight: Number,
    pub(crate) explain: Box<str>,
}

impl Rule {
    /// Its tests, as they stand in its condition.
    pub(crate) fn tests(&self) -> Vec<&Test> {
        self.when.as_ref().map(Condition::tests).unwrap_or_default()
    }

    /// Whether it is about what the request is about.
    pub(crate) fn applies(&self, request: &Request<'_>) -> bool {
        self.stage == request.stage
            && self
                .about
                .actions
                .iter()
                .any(|action| action.is(&request.action))
    }
}

impl Action {
    pub(crate) fn is(&self, name: &str) -> bool {
        match self {
            Action::Exact(ours) => **ours == *name,
            Action::Any => true,
            Action::Prefix(prefix) => name.starts_with(&**prefix),
            Action::Glob(glob) => glob.matches(name),
        }
    }
}
