//! Policies and what each case reached in, which rules, patterns and signals no
//! case reached out.
//!
//! Counted is what stands in the policies of the run, where it stands: a rule
//! that another policy inherits is reached through that one too, and nobody has
//! to cover the shipped policies that theirs extends.

use std::{collections::HashMap, ops::RangeInclusive};

use agentos_compiler::{Plan, Sources, ir};
use agentos_runtime::{
    Effect, Found, Report, Spoke,
    table::{Pattern, Place, Policy, Table},
};

/// What the cases reached, by policy.
pub(super) struct Coverage {
    pub policies: Vec<PolicyCoverage>,
}

/// What the cases reached of one policy.
pub(super) struct PolicyCoverage {
    pub policy: String,
    /// The file it was written in.
    pub file: String,
    /// By place.
    pub items: Vec<Item>,
}

/// Something that a case can reach.
pub(super) struct Item {
    pub kind: Kind,
    /// A rule's id, a pattern as written, what a signal means.
    pub name: String,
    pub line: u32,
    pub column: u32,
    /// The lines it stands in.
    pub lines: RangeInclusive<u32>,
    /// How many cases it fired in or was found in.
    pub reached: u64,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Rule {
        /// How many cases it decided.
        decided: u64,
    },
    Pattern {
        /// Its set; empty for one that is written in a condition.
        set: String,
    },
    Signal {
        /// Its category.
        intent: String,
    },
}

/// Some of how many.
#[derive(Clone, Copy, Default)]
pub(super) struct Share {
    pub reached: usize,
    pub all: usize,
}

impl Share {
    /// Of what there is; all of nothing.
    pub(super) fn percent(self) -> f64 {
        if self.all == 0 {
            return 100.0;
        }
        // Counts of rows are far below what `f64` holds exactly.
        #[expect(clippy::cast_precision_loss)]
        let (reached, all) = (self.reached as f64, self.all as f64);
        reached * 100.0 / all
    }
}

impl Coverage {
    /// Of everything.
    pub(super) fn share(&self) -> Share {
        share(self.policies.iter().flat_map(|policy| &policy.items))
    }
}

impl PolicyCoverage {
    /// Of everything.
    pub(super) fn share(&self) -> Share {
        share(&self.items)
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Item> {
        let items = self.items.iter();
        items.filter(|item| matches!(item.kind, Kind::Rule { .. }))
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Item> {
        let items = self.items.iter();
        items.filter(|item| matches!(item.kind, Kind::Pattern { .. }))
    }

    pub(super) fn signals(&self) -> impl Iterator<Item = &Item> {
        let items = self.items.iter();
        items.filter(|item| matches!(item.kind, Kind::Signal { .. }))
    }
}

/// How many of these were reached.
pub(super) fn share<'i>(items: impl IntoIterator<Item = &'i Item>) -> Share {
    items
        .into_iter()
        .fold(Share::default(), |share, item| Share {
            reached: share.reached + usize::from(item.reached > 0),
            all: share.all + 1,
        })
}

/// What was reached so far.
pub(super) struct Reached<'t> {
    /// With their positions among the policies.
    items: Vec<(usize, Item)>,
    policies: Vec<PolicyCoverage>,
    /// By policy and id, as decisions name them.
    rules: HashMap<(&'t str, &'t str), usize>,
    /// By policy, in the order that [`Found`] counts in.
    patterns: HashMap<&'t str, Vec<Option<usize>>>,
}

impl<'t> Reached<'t> {
    /// Nothing yet of the policies of `plan`. The rows of `table` are theirs,
    /// and maybe others behind them.
    pub(super) fn new(sources: &Sources, plan: &Plan, table: &'t Table<'t>) -> Reached<'t> {
        let programs = &plan.program().policies;
        let own = || table.policies.iter().zip(programs).enumerate();
        let mut reached = Reached {
            items: Vec::new(),
            policies: Vec::new(),
            rules: HashMap::new(),
            patterns: HashMap::new(),
        };
        let mut by_place: HashMap<(Place, &str), usize> = HashMap::new();
        for (at, (policy, program)) in own() {
            reached.policies.push(PolicyCoverage {
                policy: policy.name.to_owned(),
                file: sources.get(program.span.source).name.clone(),
                items: Vec::new(),
            });
            let Some(part) = policy.parts.last() else {
                continue;
            };
            for (rule, written) in part.rules.iter().zip(&program.own().rules) {
                let source = sources.get(written.span.source);
                let last = source.position((written.span.end as usize).saturating_sub(1));
                let kind = Kind::Rule { decided: 0 };
                let lines = rule.at.line..=last.line.max(rule.at.line);
                by_place.insert((rule.at, rule.id), reached.items.len());
                reached.push(at, kind, rule.id, rule.at, lines);
            }
        }
        for (at, (policy, _)) in own() {
            for (pattern, kind) in patterns(policy) {
                let key = (pattern.at, pattern.source);
                let Some(owner) = owner(sources, programs, pattern.at) else {
                    continue;
                };
                // Who inherits a pattern does not own it.
                if owner == at && !by_place.contains_key(&key) {
                    let name = match &kind {
                        Kind::Signal { .. } => meaning(policy, pattern),
                        Kind::Rule { .. } | Kind::Pattern { .. } => pattern.source,
                    };
                    by_place.insert(key, reached.items.len());
                    let line = pattern.at.line;
                    reached.push(at, kind, name, pattern.at, line..=line);
                }
            }
        }
        for policy in table.policies.iter() {
            for part in policy.parts.iter() {
                for rule in part.rules.iter() {
                    let inherited = format!("{}/", part.policy);
                    let id = rule.id.strip_prefix(&inherited).unwrap_or(rule.id);
                    let own = by_place.get(&(rule.at, rule.id));
                    if let Some(item) = own.or_else(|| by_place.get(&(rule.at, id))) {
                        reached.rules.insert((policy.name, rule.id), *item);
                    }
                }
            }
            let items = patterns(policy)
                .map(|(pattern, _)| by_place.get(&(pattern.at, pattern.source)).copied());
            reached.patterns.insert(policy.name, items.collect());
        }
        reached
    }

    fn push(
        &mut self,
        policy: usize,
        kind: Kind,
        name: &str,
        at: Place,
        lines: RangeInclusive<u32>,
    ) {
        let item = Item {
            kind,
            name: name.to_owned(),
            line: at.line,
            column: at.column,
            lines,
            reached: 0,
        };
        self.items.push((policy, item));
    }

    /// Adds what one case reached.
    pub(super) fn add(&mut self, report: &Report, spoke: &[Spoke<'_>], found: &[Found<'_>]) {
        let mut items = Vec::new();
        for spoke in spoke {
            // An `allow` in doubt permits nothing.
            if spoke.outcome.is_ok() || spoke.effect != Effect::Allow {
                items.extend(self.rules.get(&(spoke.policy, spoke.rule)));
            }
        }
        for found in found {
            let known = self.patterns.get(found.policy);
            let known = known.map_or(&[][..], Vec::as_slice);
            let positions = found.patterns.iter();
            items.extend(positions.filter_map(|at| known.get(*at as usize)?.as_ref()));
        }
        // What two policies of a case share was reached by one case.
        items.sort_unstable();
        items.dedup();
        let items: Vec<usize> = items.into_iter().copied().collect();
        for item in items {
            self.items[item].1.reached += 1;
        }
        if let (Some(policy), Some(rule)) = (&report.policy, &report.rule)
            && let Some(item) = self.rules.get(&(policy.as_str(), rule.as_str()))
            && let Kind::Rule { decided } = &mut self.items[*item].1.kind
        {
            *decided += 1;
        }
    }

    /// What was reached.
    pub(super) fn coverage(self) -> Coverage {
        let mut policies = self.policies;
        for (policy, item) in self.items {
            policies[policy].items.push(item);
        }
        for policy in &mut policies {
            policy.items.sort_by_key(|item| (item.line, item.column));
        }
        Coverage { policies }
    }
}

/// The patterns of a policy, in the order that [`Found`] counts in.
fn patterns<'p, 't>(policy: &'p Policy<'t>) -> impl Iterator<Item = (&'p Pattern<'t>, Kind)> {
    let sets = policy.patterns.iter().flat_map(|set| {
        let kind = Kind::Pattern {
            set: set.name.to_owned(),
        };
        set.patterns
            .iter()
            .map(move |pattern| (pattern, kind.clone()))
    });
    let signals = policy.intents.iter().flat_map(|intent| {
        let kind = Kind::Signal {
            intent: intent.category.to_string(),
        };
        let signals = intent.signals.iter();
        signals.map(move |signal| (&signal.pattern, kind.clone()))
    });
    sets.chain(signals)
}

fn meaning<'t>(policy: &Policy<'t>, pattern: &Pattern<'t>) -> &'t str {
    let mut signals = policy
        .intents
        .iter()
        .flat_map(|intent| intent.signals.iter());
    let signal = signals.find(|signal| signal.pattern == *pattern);
    match signal.map(|signal| signal.explain) {
        None | Some("") => pattern.source,
        Some(explain) => explain,
    }
}

/// The policy that has something at this place written in it.
fn owner(sources: &Sources, programs: &[ir::Policy], at: Place) -> Option<usize> {
    programs.iter().position(|program| {
        let span = program.span;
        if span.source.0 != at.source {
            return false;
        }
        let source = sources.get(span.source);
        let (start, end) = (
            source.position(span.start as usize),
            source.position(span.end as usize),
        );
        ((start.line, start.column)..=(end.line, end.column)).contains(&(at.line, at.column))
    })
}
