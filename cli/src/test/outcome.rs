//! What a run came to: cases, mistakes, pages, coverage. The renderers beside
//! this file make text, JSON and `JUnit` of it.

use std::{path::PathBuf, time::Duration};

use agentos_compiler::{
    cases::{Difference, Mistake},
    source::Position,
};
use agentos_runtime::Report;

use super::coverage::Coverage;
use crate::spoken::Spoken;

/// What a run came to.
pub(super) struct Outcome {
    /// By cases file, in the order of the policies.
    pub suites: Vec<Suite>,
    /// Of all cases files, by place.
    pub mistakes: Vec<(String, Mistake)>,
    /// Those that were looked at.
    pub pages: Vec<Page>,
    /// What the cases reached.
    pub coverage: Coverage,
    /// How many policy files were compiled.
    pub files: usize,
    /// From the first file read to the last case answered.
    pub time: Duration,
}

/// The cases of one file.
pub(super) struct Suite {
    /// What the cases file goes by.
    pub file: String,
    /// The policies that are asked.
    pub policies: Vec<String>,
    /// The cases that were run.
    pub results: Vec<Ran>,
}

/// A case that was run.
pub(super) struct Ran {
    pub name: String,
    pub at: Position,
    pub report: Report,
    /// Empty where it passed.
    pub differences: Vec<Difference>,
    /// What may be wrong with what the case expects.
    pub help: Option<String>,
    /// The rules that spoke, where it failed.
    pub spoke: Vec<Spoken>,
    pub time: Duration,
}

/// The page of a policy file, as a person reviewed it.
pub(super) struct Page {
    /// The policy file.
    pub policy: String,
    /// Where the page stands.
    pub path: PathBuf,
    /// Whether it is what the policy says now.
    pub state: PageState,
}

pub(super) enum PageState {
    /// It says what the policy says.
    Current,
    /// The policy says something else: the lines that differ.
    Stale(String),
    /// It was written.
    Written,
}

impl Ran {
    pub(super) fn has_passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Outcome {
    pub(super) fn ran(&self) -> usize {
        self.suites.iter().map(|suite| suite.results.len()).sum()
    }

    pub(super) fn failed(&self) -> usize {
        let all = self.suites.iter().flat_map(|suite| &suite.results);
        all.filter(|ran| !ran.has_passed()).count()
    }

    pub(super) fn stale(&self) -> usize {
        let stale = |page: &&Page| matches!(page.state, PageState::Stale(_));
        self.pages.iter().filter(stale).count()
    }

    /// Whether everything is as it should be.
    pub(super) fn is_fine(&self) -> bool {
        self.failed() == 0 && self.mistakes.is_empty() && self.stale() == 0
    }
}
