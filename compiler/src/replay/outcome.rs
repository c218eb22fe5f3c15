//! A tally and the engines that decided in, plain data for people and programs out.

use agentos_runtime::{Engine, Record, RequestSource};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Basis, Cause, Change, Direction,
    tally::{Kept, LineAt, Tally},
};

/// What decided.
#[derive(Clone, Copy)]
pub struct Judges<'e> {
    /// Now.
    pub new: &'e Engine,
    /// Before; absent where the log says what was decided.
    pub old: Option<&'e Engine>,
}

/// What came of replaying a log. Keys are added, never renamed.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// One sentence.
    pub summary: String,
    /// Lines that are requests.
    pub requests: u64,
    /// Requests with a decision before to compare with.
    pub compared: u64,
    /// Whether decisions are compared with those that the log has.
    pub is_recorded: bool,
    /// Requests whose answer changed.
    pub changed: u64,
    /// Those of them whose answer is milder.
    pub looser: u64,
    /// Those of them whose answer is stricter.
    pub stricter: u64,
    /// What the changes mean to whoever asked.
    pub directions: Directions,
    /// The changed requests by what decides them now and before.
    pub changes: Vec<Group>,
    /// Changed requests that are in no group, as there are more than `MOST_GROUPS`.
    pub ungrouped: u64,
    /// All requests by what decides them now.
    pub rules: Vec<Counted>,
    /// Lines that are no requests.
    pub unreadable: u64,
    /// The first of them.
    pub unreadable_lines: Vec<UnreadableLine>,
}

/// Changes by direction.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Directions {
    /// [`Direction::NewlyAllowed`]
    pub newly_allowed: u64,
    /// [`Direction::NewlyDenied`]
    pub newly_denied: u64,
    /// [`Direction::NewlyEscalated`]
    pub newly_escalated: u64,
    /// The rest: those of the three below.
    pub other: u64,
    /// [`Direction::NoLongerAudited`]
    pub no_longer_audited: u64,
    /// [`Direction::NewlyDeferred`]
    pub newly_deferred: u64,
    /// [`Direction::NewlyAudited`]
    pub newly_audited: u64,
}

impl Directions {
    /// Those of one direction.
    pub const fn get(&self, direction: Direction) -> u64 {
        match direction {
            Direction::NewlyAllowed => self.newly_allowed,
            Direction::NewlyDenied => self.newly_denied,
            Direction::NewlyEscalated => self.newly_escalated,
            Direction::NoLongerAudited => self.no_longer_audited,
            // Approvals are not compared here.
            Direction::OtherApproval => 0,
            Direction::NewlyDeferred => self.newly_deferred,
            Direction::NewlyAudited => self.newly_audited,
        }
    }
}

/// Requests whose answer changed, all from one basis to one other.
#[derive(Debug, Serialize)]
pub struct Group {
    /// What the change means to whoever asked.
    pub direction: Direction,
    /// Whether the answer is milder than before.
    pub is_looser: bool,
    /// How many they are.
    pub requests: u64,
    /// What decided before.
    pub old: BasisReport,
    /// What decides now.
    pub new: BasisReport,
    /// The shortest of them.
    pub examples: Vec<Example>,
}

/// What a decision stands on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BasisReport {
    /// The answer.
    pub effect: &'static str,
    /// What kind of thing gives it.
    pub cause: Cause,
    /// The policy.
    pub policy: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// Where that was written: `file:line:column`.
    pub at: Option<String>,
}

/// How many requests something decides.
#[derive(Debug, Serialize)]
pub struct Counted {
    /// How many.
    pub requests: u64,
    /// What decides them.
    #[serde(flatten)]
    pub basis: BasisReport,
}

/// A request whose answer changed.
#[derive(Debug, Serialize)]
pub struct Example {
    /// `log:line`, or `log` where the line is not known.
    pub at: String,
    /// How many bytes it has.
    pub length: usize,
    /// The request; absent where it is longer than `LONGEST_EXAMPLE`.
    pub request: Option<Box<RawValue>>,
    /// Why it was decided so before, where that is known.
    pub old_reason: Option<String>,
    /// Why it is decided so now.
    pub new_reason: Option<String>,
}

/// A line that is no request.
#[derive(Debug, Serialize)]
pub struct UnreadableLine {
    /// `log:line`, or `log` where the line is not known.
    pub at: String,
    /// What is wrong with it.
    pub message: String,
}

impl Tally<'_> {
    /// What came of it all. `logs` are the names of the logs.
    pub fn finish(self, judges: Judges<'_>, logs: &[String]) -> Outcome {
        let of = |direction: Direction| self.directions[direction as usize];
        let no_longer_audited = of(Direction::NoLongerAudited);
        let newly_deferred = of(Direction::NewlyDeferred);
        let newly_audited = of(Direction::NewlyAudited);
        let directions = Directions {
            newly_allowed: of(Direction::NewlyAllowed),
            newly_denied: of(Direction::NewlyDenied),
            newly_escalated: of(Direction::NewlyEscalated),
            other: no_longer_audited + newly_deferred + newly_audited,
            no_longer_audited,
            newly_deferred,
            newly_audited,
        };
        let changed = self.directions.iter().sum();
        let finish = Finish { judges, logs };
        let unreadable_lines = self.unreadable_lines.iter();
        let mut outcome = Outcome {
            summary: String::new(),
            requests: self.requests,
            compared: self.requests - self.unrecorded,
            is_recorded: judges.old.is_none(),
            changed,
            looser: self.looser,
            stricter: changed - self.looser,
            directions,
            changes: Vec::new(),
            ungrouped: self.ungrouped,
            rules: finish.counted(&self),
            unreadable: self.unreadable,
            unreadable_lines: unreadable_lines
                .map(|(at, message)| UnreadableLine {
                    at: finish.line(*at),
                    message: message.clone(),
                })
                .collect(),
        };
        outcome.changes = finish.groups(self);
        outcome.summary = super::words::summary(&outcome);
        outcome
    }
}

struct Finish<'f> {
    judges: Judges<'f>,
    logs: &'f [String],
}

impl Finish<'_> {
    fn line(&self, at: LineAt) -> String {
        let log = self.logs.get(at.log).map_or("", |name| name);
        match at.line {
            0 => log.to_owned(),
            line => format!("{log}:{line}"),
        }
    }

    /// The most frequent first.
    fn counted(&self, tally: &Tally<'_>) -> Vec<Counted> {
        let answers = tally.answers.iter();
        let mut rules: Vec<Counted> = answers
            .map(|(basis, requests)| Counted {
                requests: *requests,
                basis: BasisReport::new(basis, self.judges.new),
            })
            .collect();
        rules.sort_by(|a, b| b.requests.cmp(&a.requests).then(a.basis.cmp(&b.basis)));
        rules
    }

    /// By direction, the most frequent first.
    fn groups(&self, tally: Tally<'_>) -> Vec<Group> {
        let groups = tally.into_groups().filter_map(|(new, old, changes)| {
            let change = Change::between(old.effect, new.effect)?;
            Some(Group {
                direction: change.direction(),
                is_looser: change.is_looser(),
                requests: changes.requests,
                // What was recorded has its place with it.
                old: BasisReport::new(&old, self.judges.old.unwrap_or(self.judges.new)),
                new: BasisReport::new(&new, self.judges.new),
                examples: changes
                    .into_examples()
                    .into_iter()
                    .map(|kept| self.example(kept))
                    .collect(),
            })
        });
        let mut groups: Vec<Group> = groups.collect();
        groups.sort_by(|a, b| {
            (a.direction, b.requests)
                .cmp(&(b.direction, a.requests))
                .then_with(|| (&a.new, &a.old).cmp(&(&b.new, &b.old)))
        });
        groups
    }

    fn example(&self, kept: Kept) -> Example {
        let mut example = Example {
            at: self.line(kept.at),
            length: kept.length,
            request: None,
            old_reason: None,
            new_reason: None,
        };
        let Some(text) = kept.text else {
            return example;
        };
        if let Ok(Record { request, .. }) = Record::from_json(&text, RequestSource::Host) {
            let reason = |engine: &Engine| engine.report(&engine.decide(&request), &request).reason;
            example.new_reason = Some(reason(self.judges.new));
            example.old_reason = self.judges.old.map(reason);
        }
        // Line ends stand between values only, where they say nothing.
        let text = String::from_utf8_lossy(&text).replace(['\n', '\r'], " ");
        example.request = RawValue::from_string(text).ok();
        example
    }
}

impl BasisReport {
    /// What a basis is for programs. Places of tables are in the sources of `engine`.
    pub(crate) fn new(basis: &Basis<'_>, engine: &Engine) -> BasisReport {
        BasisReport {
            effect: basis.effect.name(),
            cause: basis.cause,
            policy: basis.policy.as_deref().map(str::to_owned),
            rule: basis.rule.as_deref().map(str::to_owned),
            at: basis.at(engine),
        }
    }
}
