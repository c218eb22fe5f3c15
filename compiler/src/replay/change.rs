//! Two effects in, what has changed between them out.

use agentos_runtime::Effect;

/// What changed about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The answer before.
    pub old: Effect,
    /// The answer now.
    pub new: Effect,
}

/// What a change means to whoever asked. Programs read the last four as `other`, and
/// tell them by the effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It may go ahead now, and could not before.
    NewlyAllowed,
    /// It is denied now, and was not before.
    NewlyDenied,
    /// A person is asked now, and was not before.
    NewlyEscalated,
    /// It goes ahead as before, and is not flagged any more.
    #[serde(rename = "other")]
    NoLongerAudited,
    /// A person is asked as before; who may approve it, how many have to, or how soon
    /// is otherwise.
    #[serde(rename = "other")]
    OtherApproval,
    /// It is put off now, and was not before.
    #[serde(rename = "other")]
    NewlyDeferred,
    /// It goes ahead as before, and is flagged now.
    #[serde(rename = "other")]
    NewlyAudited,
}

impl Direction {
    /// In the order in which they are shown: what needs most care first.
    pub const ALL: [Direction; 7] = [
        Direction::NewlyAllowed,
        Direction::NewlyDenied,
        Direction::NewlyEscalated,
        Direction::NoLongerAudited,
        Direction::OtherApproval,
        Direction::NewlyDeferred,
        Direction::NewlyAudited,
    ];

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Direction::NewlyAllowed => "newly allowed",
            Direction::NewlyDenied => "newly denied",
            Direction::NewlyEscalated => "newly escalated",
            Direction::NoLongerAudited => "no longer audited",
            Direction::OtherApproval => "escalated for another approval",
            Direction::NewlyDeferred => "newly deferred",
            Direction::NewlyAudited => "newly audited",
        }
    }
}

impl Change {
    /// `None` where the answer is the same.
    pub fn between(old: Effect, new: Effect) -> Option<Change> {
        (old != new).then_some(Change { old, new })
    }

    /// Whether the answer is milder than before.
    pub fn is_looser(self) -> bool {
        self.new < self.old
    }

    /// What it means to whoever asked.
    pub const fn direction(self) -> Direction {
        match (self.old, self.new) {
            (Effect::Defer | Effect::Escalate | Effect::Deny, Effect::Allow | Effect::Audit) => {
                Direction::NewlyAllowed
            }
            (_, Effect::Deny) => Direction::NewlyDenied,
            (_, Effect::Escalate) => Direction::NewlyEscalated,
            (_, Effect::Defer) => Direction::NewlyDeferred,
            (Effect::Allow | Effect::Audit, Effect::Audit) => Direction::NewlyAudited,
            (Effect::Allow | Effect::Audit, Effect::Allow) => Direction::NoLongerAudited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effect::{Allow, Audit, Defer, Deny, Escalate};

    #[test]
    fn a_change_has_the_direction_that_whoever_asked_notices() {
        for (old, new, direction, is_looser) in [
            (Deny, Allow, Direction::NewlyAllowed, true),
            (Escalate, Audit, Direction::NewlyAllowed, true),
            (Defer, Allow, Direction::NewlyAllowed, true),
            (Allow, Deny, Direction::NewlyDenied, false),
            (Escalate, Deny, Direction::NewlyDenied, false),
            (Audit, Escalate, Direction::NewlyEscalated, false),
            (Deny, Escalate, Direction::NewlyEscalated, true),
            (Allow, Audit, Direction::NewlyAudited, false),
            (Audit, Allow, Direction::NoLongerAudited, true),
            (Deny, Defer, Direction::NewlyDeferred, true),
            (Audit, Defer, Direction::NewlyDeferred, false),
        ] {
            let change = Change::between(old, new).unwrap();
            assert_eq!(change.direction(), direction, "{old} to {new}");
            assert_eq!(change.is_looser(), is_looser, "{old} to {new}");
        }
        assert_eq!(Change::between(Deny, Deny), None);
    }

    #[test]
    fn programs_read_what_they_always_read() {
        let spelled = Direction::ALL.map(|direction| serde_json::to_value(direction).unwrap());
        assert_eq!(
            spelled,
            [
                "newly_allowed",
                "newly_denied",
                "newly_escalated",
                "other",
                "other",
                "other",
                "other"
            ]
        );
    }
}
