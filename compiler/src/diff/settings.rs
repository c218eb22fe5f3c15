//! What policies have beside rules in, what of it changed out: limits, rates,
//! modes, views and supervisors.

use agentos_runtime::table::{Limits, Mode, Normalize, Place, Policy, Rate, Supervisor, Table};
use serde::Serialize;

use super::Side;
use crate::{
    prove::meaning::looks_through,
    review::{
        limits,
        words::{self, code, list},
    },
};

/// Something beside rules that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Setting {
    /// How strict it is now.
    pub side: Side,
    /// What it is, in words.
    pub what: String,
    /// What it was; absent where there was nothing.
    pub old: Option<String>,
    /// What it is; absent where there is nothing.
    pub new: Option<String>,
    /// Where that was written: `file:line:column`.
    pub old_at: Option<String>,
    /// Where that is written: `file:line:column`.
    pub new_at: Option<String>,
}

/// Two tables, and which of their policies belong together.
pub(super) struct Pairs<'p, 't> {
    tables: [&'p Table<'t>; 2],
    pub(super) pairs: Vec<[&'p Policy<'t>; 2]>,
}

impl<'p, 't> Pairs<'p, 't> {
    /// Policies of one name belong together; so do those that are left, where each
    /// side has one.
    pub(super) fn new(tables: [&'p Table<'t>; 2]) -> Pairs<'p, 't> {
        let [old, new] = tables;
        let mut pairs = Vec::new();
        for policy in old.policies.iter() {
            let mut others = new.policies.iter();
            if let Some(other) = others.find(|other| other.name == policy.name) {
                pairs.push([policy, other]);
            }
        }
        let left = |table: &'p Table<'t>, side: usize| -> Vec<&'p Policy<'t>> {
            let policies = table.policies.iter();
            let is_left = |policy: &&Policy<'t>| {
                !policy.base && !pairs.iter().any(|pair| pair[side].name == policy.name)
            };
            policies.filter(is_left).collect()
        };
        if let ([one], [other]) = (left(old, 0).as_slice(), left(new, 1).as_slice()) {
            pairs.push([one, other]);
        }
        Pairs { tables, pairs }
    }

    /// Policies that have none on the other side.
    pub(super) fn alone(&self) -> impl Iterator<Item = &'p Policy<'t>> {
        let tables = self.tables.into_iter().enumerate();
        let policies = tables
            .flat_map(|(side, table)| table.policies.iter().map(move |policy| (side, policy)));
        let alone = policies.filter(|(side, policy)| {
            let mut pairs = self.pairs.iter();
            !pairs.any(|pair| std::ptr::eq(pair[*side], *policy))
        });
        alone.map(|(_, policy)| policy)
    }

    /// Whether a policy looks through disguises on one side only.
    pub(super) fn views_differ(&self) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|[old, new]| old.normalize != new.normalize)
    }

    /// All settings that changed.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut found = Vec::new();
        self.limits(&mut found);
        self.rates(&mut found);
        for [old, new] in &self.pairs {
            self.modes(old, new, &mut found);
            self.views(old, new, &mut found);
            trust(Some(old), Some(new), &mut found);
        }
        for policy in self.alone() {
            let is_old = self.tables[0]
                .policies
                .iter()
                .any(|old| std::ptr::eq(old, policy));
            if is_old {
                trust(Some(policy), None, &mut found);
            } else {
                trust(None, Some(policy), &mut found);
            }
        }
        self.shadows(&mut found);
        found.sort();
        found
    }

    fn limits(&self, found: &mut Vec<Setting>) {
        let [old, new] = self.tables.map(joint);
        let rows = limits(&old).into_iter().zip(limits(&new));
        let sides = [
            Side::of_bound(old.max_tokens, new.max_tokens),
            Side::of_bound(old.max_tool_calls, new.max_tool_calls),
            Side::of_bound(old.timeout_ms, new.timeout_ms),
            Side::of_bound(old.max_concurrent, new.max_concurrent),
            Side::of_bound(old.backpressure_threshold, new.backpressure_threshold),
            Side::of_floor(old.confidence_threshold, new.confidence_threshold),
            Side::of_bound(old.drift_threshold, new.drift_threshold),
            Side::of_floor(
                old.log_all_calls.filter(|&all| all),
                new.log_all_calls.filter(|&all| all),
            ),
            Side::of_bound(old.checkpoint_frequency, new.checkpoint_frequency),
        ];
        for (((what, old), (_, new)), side) in rows.zip(sides) {
            if let Some(side) = side {
                found.push(Setting {
                    side,
                    what: what.to_owned(),
                    old,
                    new,
                    old_at: None,
                    new_at: None,
                });
            }
        }
    }

    fn rates(&self, found: &mut Vec<Setting>) {
        let [mut old, mut new] = self.tables.map(|table| {
            let rates =
                asked(table).flat_map(|policy| policy.rates.iter().map(|rate| (policy.name, rate)));
            rates.collect::<Vec<Of<'p, 't>>>()
        });
        pairs(&mut old, &mut new, |(_, rate), (_, other)| {
            is_same(rate, other)
        });
        // Of the same policy rather than of another one.
        for is_anywhere in [false, true] {
            let is_near = |one: Of<'_, '_>, other: Of<'_, '_>| is_anywhere || one.0 == other.0;
            for by in [By::Time, By::Scope, By::Actions] {
                let [was, is] = [old.clone(), new.clone()];
                let is_only = |of: Of<'_, '_>, all: &[Of<'_, '_>]| {
                    let alike = all.iter().filter(|other| of.1.actions == other.1.actions);
                    alike.filter(|other| is_near(of, **other)).count() == 1
                };
                let paired = pairs(&mut old, &mut new, |one, other| {
                    let is_scope = one.1.per_tenant == other.1.per_tenant;
                    let belong = match by {
                        By::Time => is_scope && one.1.per_ms == other.1.per_ms,
                        By::Scope => is_scope,
                        // Of several it is not known which is which.
                        By::Actions => is_only(one, &was) && is_only(other, &is),
                    };
                    belong && one.1.actions == other.1.actions && is_near(one, other)
                });
                let paired = paired.into_iter();
                found.extend(paired.map(|(old, new)| self.rate(Some(old), Some(new))));
            }
        }
        found.extend(old.into_iter().map(|of| self.rate(Some(of), None)));
        found.extend(new.into_iter().map(|of| self.rate(None, Some(of))));
    }

    fn rate(&self, old: Option<Of<'_, 't>>, new: Option<Of<'_, 't>>) -> Setting {
        let side = match (old, new) {
            (Some((_, old)), Some((_, new))) => rate_side(old, new),
            (None, _) => Side::Stricter,
            (_, None) => Side::Looser,
        };
        let actions = old.or(new).map_or(&[][..], |(_, rate)| &*rate.actions);
        let of = new.or(old).map_or("", |(policy, _)| policy);
        let words =
            |(_, rate): Of<'_, 't>| format!("{}, else {}", words::rate(rate), rate.otherwise);
        Setting {
            side,
            what: format!(
                "rate of {} in {}",
                list(actions, |action| code(action)),
                code(of)
            ),
            old: old.map(words),
            new: new.map(words),
            old_at: old.and_then(|(_, rate)| self.place(0, rate.at)),
            new_at: new.and_then(|(_, rate)| self.place(1, rate.at)),
        }
    }

    fn modes(&self, old: &Policy<'t>, new: &Policy<'t>, found: &mut Vec<Setting>) {
        let words = |mode| match mode {
            Mode::Enforce => "enforced",
            Mode::Shadow => "only reported",
        };
        let side = match (old.mode, new.mode) {
            (Mode::Enforce, Mode::Shadow) => Side::Looser,
            (Mode::Shadow, Mode::Enforce) => Side::Stricter,
            _ => return,
        };
        let what = format!("what {} decides", code(new.name));
        found.push(self.of_policies([old, new], side, what, [words(old.mode), words(new.mode)]));
    }

    /// Where policies come or go and some are only reported, what holds nobody back
    /// may take the place of what does: no side of that is the stricter one.
    fn shadows(&self, found: &mut Vec<Setting>) {
        let are_some_alone = self.alone().any(|policy| !policy.base);
        let [old, new] = self.tables.map(|table| {
            let shadows = asked(table).filter(|policy| policy.mode == Mode::Shadow);
            shadows.map(|policy| policy.name).collect::<Vec<_>>()
        });
        if !are_some_alone || (old.is_empty() && new.is_empty()) {
            return;
        }
        let words = |names: &[&str]| (!names.is_empty()).then(|| list(names, |name| code(name)));
        found.push(Setting {
            side: Side::Neither,
            what: "policies that are only reported, beside others".to_owned(),
            old: words(&old),
            new: words(&new),
            old_at: None,
            new_at: None,
        });
    }

    fn views(&self, old: &Policy<'t>, new: &Policy<'t>, found: &mut Vec<Setting>) {
        let sees = |policy: &Policy<'t>| {
            let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
            let mut rules = rules.map(|rule| looks_through(policy, rule));
            rules.any(|looks| looks)
        };
        let side = match (old.normalize, new.normalize) {
            (Normalize::Strict, Normalize::Never) if sees(old) => Side::Looser,
            (Normalize::Never, Normalize::Strict) if sees(new) => Side::Stricter,
            _ => return,
        };
        let words = |normalize| match normalize {
            Normalize::Never => "not looked through",
            Normalize::Strict => "looked through",
        };
        let what = format!("disguises, by {}", code(new.name));
        let words = [words(old.normalize), words(new.normalize)];
        found.push(self.of_policies([old, new], side, what, words));
    }

    fn of_policies(
        &self,
        [old, new]: [&Policy<'t>; 2],
        side: Side,
        what: String,
        words: [&str; 2],
    ) -> Setting {
        let [was, is] = words.map(|words| Some(words.to_owned()));
        Setting {
            side,
            what,
            old: was,
            new: is,
            old_at: self.place(0, old.at),
            new_at: self.place(1, new.at),
        }
    }

    fn place(&self, side: usize, at: Place) -> Option<String> {
        let source = self.tables.get(side)?.sources.get(at.source as usize)?;
        Some(format!("{}:{}:{}", source.name, at.line, at.column))
    }
}

/// A rate, and the name of the policy that has it.
type Of<'p, 't> = (&'p str, &'p Rate<'t>);

/// What two rates of the same actions have in common beside them.
#[derive(Clone, Copy)]
enum By {
    /// Which calls count together, and for how long.
    Time,
    /// Which calls count together.
    Scope,
    /// Nothing.
    Actions,
}

/// The policies that are asked where a request names none.
pub(super) fn asked<'p, 't>(table: &'p Table<'t>) -> impl Iterator<Item = &'p Policy<'t>> {
    table.policies.iter().filter(|policy| !policy.base)
}

/// The limits of all policies that are asked: of each the strictest.
fn joint(table: &Table<'_>) -> Limits {
    fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
    let all = asked(table).map(|policy| policy.limits);
    all.fold(Limits::NONE, |one, other| Limits {
        max_tokens: least(one.max_tokens, other.max_tokens),
        max_tool_calls: least(one.max_tool_calls, other.max_tool_calls),
        timeout_ms: least(one.timeout_ms, other.timeout_ms),
        max_concurrent: least(one.max_concurrent, other.max_concurrent),
        backpressure_threshold: least(one.backpressure_threshold, other.backpressure_threshold),
        confidence_threshold: one.confidence_threshold.max(other.confidence_threshold),
        drift_threshold: least(one.drift_threshold, other.drift_threshold),
        log_all_calls: one.log_all_calls.max(other.log_all_calls),
        checkpoint_frequency: least(one.checkpoint_frequency, other.checkpoint_frequency),
    })
}

/// Whether two rates say the same.
fn is_same(one: &Rate<'_>, other: &Rate<'_>) -> bool {
    let said = |rate: &Rate<'_>| (rate.count, rate.per_ms, rate.per_tenant, rate.otherwise);
    one.actions == other.actions && said(one) == said(other)
}

/// Takes out those that belong together, each of the old ones with the first new one
/// that does.
fn pairs<'p, 't>(
    old: &mut Vec<Of<'p, 't>>,
    new: &mut Vec<Of<'p, 't>>,
    belong: impl Fn(Of<'p, 't>, Of<'p, 't>) -> bool,
) -> Vec<(Of<'p, 't>, Of<'p, 't>)> {
    let mut pairs = Vec::new();
    old.retain(|&of| {
        let Some(at) = new.iter().position(|&other| belong(of, other)) else {
            return true;
        };
        pairs.push((of, new.remove(at)));
        false
    });
    pairs
}

/// How strict one rate is beside another one of the same actions.
fn rate_side(old: &Rate<'_>, new: &Rate<'_>) -> Side {
    // A tenant has several agents, and an agent may work for several tenants.
    if old.per_tenant != new.per_tenant {
        return Side::Neither;
    }
    // So many in a longer time, and no more in a shorter one, is stricter.
    let count = Side::of_bound(Some(old.count), Some(new.count));
    let window = Side::of_floor(Some(old.per_ms), Some(new.per_ms));
    let effect = Side::of_floor(Some(old.otherwise), Some(new.otherwise));
    let sides = [count, window, effect].into_iter().flatten();
    Side::of_all(sides).unwrap_or(Side::Neither)
}

fn trust<'t>(old: Option<&Policy<'t>>, new: Option<&Policy<'t>>, found: &mut Vec<Setting>) {
    let none = &[][..];
    let [was, is] = [old, new].map(|policy| {
        let trust = policy.and_then(|policy| policy.trust.as_ref());
        trust.map_or(none, |trust| &*trust.supervisors)
    });
    let of = code(new.or(old).map_or("", |policy| policy.name));
    let words = |supervisor: &Supervisor<'_>| {
        let kind = if supervisor.agent {
            "an agent"
        } else {
            "no agent"
        };
        format!("level {}, {kind}", supervisor.level)
    };
    let mut add = |name: &str, old: Option<&Supervisor<'_>>, new: Option<&Supervisor<'_>>| {
        if old != new {
            found.push(Setting {
                side: Side::Neither,
                what: format!("supervisor {} of {of}", code(name)),
                old: old.map(words),
                new: new.map(words),
                old_at: None,
                new_at: None,
            });
        }
    };
    for supervisor in was {
        let other = is.iter().find(|other| other.name == supervisor.name);
        add(supervisor.name, Some(supervisor), other);
    }
    for supervisor in is {
        if !was.iter().any(|other| other.name == supervisor.name) {
            add(supervisor.name, None, Some(supervisor));
        }
    }
    let [was, is] = [old, new].map(|policy| {
        let trust = policy.and_then(|policy| policy.trust.as_ref());
        trust.map(|trust| trust.max_escalation_depth)
    });
    if let Some(side) = Side::of_bound(was, is) {
        found.push(Setting {
            side,
            what: format!("levels that an escalation of {of} climbs, at most"),
            old: was.map(|depth| depth.to_string()),
            new: is.map(|depth| depth.to_string()),
            old_at: None,
            new_at: None,
        });
    }
}
