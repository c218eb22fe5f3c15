//! A workload and a number of rules in, [`Rule`]s and the [`Request`]s to ask about them out.
//!
//! The same rules go to every engine, each in its own language. [`permits`] says
//! what they mean in the plainest way there is; no engine is timed before it
//! has agreed with that on every request.

use serde_json::json;

/// How many requests a workload is asked.
pub const REQUESTS: usize = 64;

/// How many rules the workloads have.
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// The action of the workloads with one action.
const ONE: &str = "transfer";

/// What the rules of a workload are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Each rule about an action of its own: a quarter each of allowed tools,
    /// denied tools, `amount <= 1000`, and a path prefix.
    Spread,
    /// One action; each rule allows one user.
    User,
    /// One action; each rule allows one directory.
    Path,
    /// One action; each rule allows up to another amount.
    Amount,
    /// One action; a quarter each of the three above, and of users that are denied.
    Mixed,
}

impl Workload {
    /// All of them.
    pub const ALL: [Workload; 5] = [
        Workload::Spread,
        Workload::User,
        Workload::Path,
        Workload::Amount,
        Workload::Mixed,
    ];

    /// What a row of a report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Workload::Spread => "many actions",
            Workload::User => "one action, users",
            Workload::Path => "one action, paths",
            Workload::Amount => "one action, amounts",
            Workload::Mixed => "one action, mixed",
        }
    }
}

/// One rule, in nobody's language.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whether it allows or denies.
    pub allows: bool,
    /// The one action it is about.
    pub action: String,
    /// When it fires.
    pub when: When,
}

/// When a rule fires.
#[derive(Clone, Debug)]
pub enum When {
    /// On every call of its action.
    Always,
    /// When the verified user is this one.
    UserIs(String),
    /// When the path starts so.
    PathStartsWith(String),
    /// When the amount is at most this.
    AmountAtMost(i64),
}

/// One request, in nobody's types. Every request has every field.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, as text.
    pub id: String,
    /// Who asks.
    pub agent: String,
    /// What for.
    pub action: String,
    /// Whom the host vouches for.
    pub user: String,
    /// A param.
    pub amount: i64,
    /// A param.
    pub path: String,
}

impl Request {
    /// The bytes that a caller would send.
    pub fn to_json(&self) -> String {
        json!({
            "id": self.id,
            "agent_id": self.agent,
            "action": self.action,
            "params": {"amount": self.amount, "path": self.path},
            "attested": {"user": self.user},
        })
        .to_string()
    }
}

/// The rules of a workload.
pub fn rules(workload: Workload, count: usize) -> Vec<Rule> {
    (0..count).map(|number| rule(workload, number)).collect()
}

fn rule(workload: Workload, number: usize) -> Rule {
    let user = || When::UserIs(format!("u_{number}"));
    let path = || When::PathStartsWith(directory(number));
    let amount = || When::AmountAtMost(whole(number));
    let (allows, action, when) = match (workload, number % 4) {
        (Workload::Spread, 0) => (true, format!("read_{number}"), When::Always),
        (Workload::Spread, 1) => (false, format!("drop_{number}"), When::Always),
        (Workload::Spread, 2) => (true, format!("pay_{number}"), When::AmountAtMost(1_000)),
        (Workload::Spread, _) => (true, format!("write_{number}"), path()),
        (Workload::User, _) | (Workload::Mixed, 0) => (true, ONE.to_owned(), user()),
        (Workload::Path, _) | (Workload::Mixed, 1) => (true, ONE.to_owned(), path()),
        (Workload::Amount, _) | (Workload::Mixed, 2) => (true, ONE.to_owned(), amount()),
        (Workload::Mixed, _) => (false, ONE.to_owned(), user()),
    };
    Rule {
        allows,
        action,
        when,
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).expect("there are few rules")
}

fn directory(number: usize) -> String {
    format!("/data/ws_{number}/")
}

/// The requests of a workload: for each a rule is drawn, and each field either
/// fits that rule or does not. Every eighth is about an action nobody has a
/// rule for.
pub fn requests(workload: Workload, rules: &[Rule]) -> Vec<Request> {
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    (0..REQUESTS)
        .map(|number| {
            let drawn = draw.below(rules.len());
            let user = if draw.coin() {
                format!("u_{drawn}")
            } else {
                format!("stranger_{drawn}")
            };
            let path = if draw.coin() {
                format!("{}notes/file.txt", directory(drawn))
            } else {
                "/etc/passwd".to_owned()
            };
            let amount = match workload {
                Workload::Spread if draw.coin() => 500,
                Workload::Spread => 5_000,
                // Half of them above the largest amount that a rule allows.
                _ => whole(draw.below(2 * rules.len())),
            };
            let action = if number % 8 == 7 {
                format!("unknown_{number}")
            } else {
                rules[drawn].action.clone()
            };
            Request {
                id: format!("r{number}"),
                agent: format!("agent_{}", number % 5),
                action,
                user,
                amount,
                path,
            }
        })
        .collect()
}

/// What the rules say of a request: a rule allows it and none denies it.
pub fn permits(rules: &[Rule], request: &Request) -> bool {
    let fires = |rule: &&Rule| {
        rule.action == request.action
            && match &rule.when {
                When::Always => true,
                When::UserIs(user) => request.user == *user,
                When::PathStartsWith(prefix) => request.path.starts_with(prefix),
                When::AmountAtMost(most) => request.amount <= *most,
            }
    };
    let mut firing = rules.iter().filter(fires).peekable();
    firing.peek().is_some() && firing.all(|rule| rule.allows)
}

/// Numbers that look random and are the same in every run (xorshift).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound
    }

    fn coin(&mut self) -> bool {
        self.next() >> 40 & 1 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_requests_that_are_allowed_denied_and_unknown() {
        for workload in Workload::ALL {
            for size in SIZES {
                let rules = rules(workload, size);
                let requests = requests(workload, &rules);
                let allowed = requests
                    .iter()
                    .filter(|request| permits(&rules, request))
                    .count();
                let unknown = requests
                    .iter()
                    .filter(|request| request.action.starts_with("unknown"))
                    .count();
                assert!(allowed >= 8, "{workload:?} {size}: {allowed} allowed");
                assert!(allowed <= REQUESTS - 16, "{workload:?} {size}: {allowed}");
                assert_eq!(unknown, REQUESTS / 8);
            }
        }
    }
}
