//! Rules that decide nothing, conditions that always or never hold, and rules of
//! one priority that say opposite things. Each finding shows a request.
//!
//! Here: which question is asked of each rule. [`conditions`] looks inside their
//! conditions, [`priorities`] at two of them, and [`shown`] has what a finding shows.
//! [`witness`] answers for one rule what a person asks of it.

mod conditions;
mod priorities;
mod shown;
pub(crate) mod witness;

use std::collections::HashMap;

use agentos_runtime::{
    Engine, Request,
    glob::Glob,
    table::{self, Combine, Stage},
};

use crate::{
    finding::{Finding, Lint, codes},
    ir,
    plan::Plan,
    prove::{
        about::{About, RuleAt, is_glob},
        circuit::Lit,
        fields::Fields,
        matters::{OfRule, of_rules},
        meaning::{Meaning, Place},
        names::Names,
        search::Found,
    },
};

use shown::asked;

/// Everything there is to say of what the rules of a plan decide; less where it does
/// not go on.
pub(crate) fn check(plan: &Plan, goes_on: &dyn Fn() -> bool) -> Vec<Finding> {
    let table = plan.table();
    let mut found = Vec::new();
    // What is wrong with a table is said elsewhere.
    let Ok(engine) = Engine::new(&table) else {
        return found;
    };
    for (at, policy) in table.policies.iter().enumerate() {
        for stage in [Stage::Input, Stage::Call, Stage::Output] {
            let place = (at, policy, stage);
            Checking::new(plan.program(), &table, &engine, place).check(&mut found, goes_on);
        }
    }
    found
}

/// Whether it is looked for here.
pub(crate) fn finds(lint: &Lint) -> bool {
    let ours = [
        &codes::SHADOWED_RULE,
        &codes::NEVER_HOLDS,
        &codes::ALWAYS_HOLDS,
        &codes::CONTRADICTION,
        &codes::NOT_DECIDED,
        &codes::IDLE_CONDITION,
    ];
    ours.iter().any(|ours| ours.code == lint.code)
}

/// One policy that is looked at, at one stage.
struct Checking<'c, 't> {
    program: &'c ir::Program,
    table: &'c table::Table<'t>,
    engine: &'c Engine,
    /// The number of the policy.
    at: usize,
    policy: &'c table::Policy<'t>,
    names: Names,
    about: About<'t>,
    fields: Fields<'t>,
    stage: Stage,
    /// By name, what all rules say.
    cases: HashMap<String, Case<'t>>,
    /// By name, what the rule alone says that is looked at.
    alone: HashMap<String, Case<'t>>,
}

/// A rule that is looked at.
#[derive(Clone, Copy)]
struct Subject<'s, 't> {
    at: RuleAt,
    rule: &'s table::Rule<'t>,
    ir: &'s ir::Rule,
}

/// What rules say of the calls of one action.
struct Case<'t> {
    meaning: Meaning<'t>,
    rules: HashMap<RuleAt, OfRule>,
}

/// A value in the list of a test: `in ["a", "b"]`.
type Entry<'e, 't> = (&'e table::Test<'t>, &'e table::Literal<'t>);

/// So many cases are kept.
const MOST_CASES: usize = 64;

/// The actions that a rule is about by some of its words.
#[derive(Clone, Default)]
struct Actions {
    /// Names that stand for them.
    names: Vec<String>,
    /// Whether they stand for all.
    are_all: bool,
}

/// What a search among actions came to.
enum Anywhere {
    Request(Box<Request<'static>>),
    Nowhere,
    NotDecided,
}

impl<'c, 't> Checking<'c, 't> {
    fn new(
        program: &'c ir::Program,
        table: &'c table::Table<'t>,
        engine: &'c Engine,
        (at, policy, stage): (usize, &'c table::Policy<'t>, Stage),
    ) -> Checking<'c, 't> {
        Checking {
            program,
            table,
            engine,
            at,
            policy,
            names: Names::new(&[policy], stage),
            about: About::new(policy, stage),
            fields: Fields::new(policy),
            stage,
            cases: HashMap::new(),
            alone: HashMap::new(),
        }
    }

    fn check(&mut self, found: &mut Vec<Finding>, goes_on: &dyn Fn() -> bool) {
        let own = self.policy.parts.len().saturating_sub(1);
        let Some(part) = self.policy.parts.last() else {
            return;
        };
        let subjects: Vec<Subject<'c, 't>> = part
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.stage == self.stage)
            .filter_map(|(at, rule)| {
                let at = (own, at);
                let ir = self.ir_rule(self.at, at)?;
                Some(Subject { at, rule, ir })
            })
            .collect();
        for &subject in &subjects {
            if !goes_on() {
                return;
            }
            self.alone.clear();
            self.check_rule(subject, found);
        }
        if part.combine == Combine::Priority {
            self.check_priorities(&subjects, found);
        }
    }

    fn check_rule(&mut self, subject: Subject<'_, 't>, found: &mut Vec<Finding>) {
        let Subject { at, rule, ir } = subject;
        let words: Vec<Actions> = rule.actions.iter().map(|word| self.actions(word)).collect();
        let all = Actions {
            names: words.iter().flat_map(|word| word.names.clone()).collect(),
            are_all: words.iter().all(|word| word.are_all),
        };
        let before = found.len();
        if rule.when.is_some() && all.are_all && self.is_always(at, &all) {
            found.push(always_holds(ir));
        }
        let decides = |rule: OfRule| vec![rule.holds, rule.matters];
        let (mut dead, mut open) = (Vec::new(), 0);
        for (word, actions) in words.iter().enumerate() {
            if self.decides_alone(subject, actions, None) {
                continue;
            }
            match self.anywhere(actions, at, None, decides) {
                Anywhere::Request(_) => {}
                Anywhere::Nowhere => dead.push(word),
                Anywhere::NotDecided => open += 1,
            }
        }
        if dead.len() == words.len() {
            self.check_dead(subject, &all, found);
        } else if dead.len() + open == words.len() {
            found.push(not_decided(ir));
        } else {
            for word in dead {
                if let Some(action) = ir.actions.get(word)
                    && let Some(request) = self.is_idle(subject, &words[word], None)
                {
                    let message = format!(
                        "`{}` in this {} never decides: another rule always does",
                        action.node, rule.effect
                    );
                    let finding = Finding::new(&codes::SHADOWED_RULE, action.span, message)
                        .help("take it out of the list, or narrow what stands in its way")
                        .without_entry();
                    found.push(self.shown(finding, subject, &request));
                }
            }
        }
        if found.len() == before && rule.when.is_some() && all.are_all {
            self.check_conditions(subject, &all, found);
        }
    }

    /// A rule that never decides by what is true.
    fn check_dead(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        let Subject { at, rule, ir } = subject;
        let request = match self.example(subject, actions, None) {
            Anywhere::Nowhere => {
                found.extend((!self.asks_for_nothing(rule)).then(|| never_holds(ir)));
                return;
            }
            Anywhere::NotDecided => {
                found.push(not_decided(ir));
                return;
            }
            Anywhere::Request(request) => request,
        };
        // What is in doubt may be decided by it alone.
        match self.anywhere(actions, at, None, |rule| vec![rule.matters]) {
            Anywhere::Request(_) => {}
            Anywhere::NotDecided => found.push(not_decided(ir)),
            Anywhere::Nowhere => {
                let message = format!(
                    "this {} never decides: whenever it holds, another rule does",
                    rule.effect
                );
                let finding = Finding::new(&codes::SHADOWED_RULE, ir.effect.span, message)
                    .help("take it out, or narrow what stands in its way")
                    .without_statement(ir.span, "rule");
                found.push(self.shown(finding, subject, &request));
            }
        }
    }

    /// A request of which a rule is true, where it decides none of these actions, with
    /// this value, whether it is true or in doubt.
    fn is_idle(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        entry: Option<Entry<'_, 't>>,
    ) -> Option<Box<Request<'static>>> {
        let matters = |rule: OfRule| vec![rule.matters];
        let anywhere = self.anywhere(actions, subject.at, entry, matters);
        match (anywhere, self.example(subject, actions, entry)) {
            (Anywhere::Nowhere, Anywhere::Request(request)) => Some(request),
            _ => None,
        }
    }

    /// Whether a rule's condition holds of each call that fits its declaration.
    fn is_always(&mut self, at: RuleAt, actions: &Actions) -> bool {
        actions.names.iter().all(|name| {
            let alone = self.alone(name, at);
            let rule = alone.rules.get(&at).copied();
            rule.is_none_or(|rule| alone.meaning.find(&[rule.does_not], |_| true) == Found::Nothing)
        })
    }

    /// Whether a rule decides a request that is made for it alone: mostly it does,
    /// and nothing else has to be asked.
    fn decides_alone(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        entry: Option<Entry<'_, 't>>,
    ) -> bool {
        let (engine, policy) = (self.engine, self.policy);
        let decides = |request: &Request<'_>| {
            let request = asked(policy, request);
            let decision = engine.decide(&request);
            decision.rule() == Some(subject.rule.id) && decision.policy() == Some(policy.name)
        };
        actions.names.iter().any(|name| {
            let Found::Request(request) = self.find_alone(subject, name, entry, |_| true) else {
                return false;
            };
            // What is missing may put others in doubt.
            let fields = &self.fields;
            let filled = [false, true].into_iter();
            let mut fills = filled.map(|high| fields.filled(&request, subject.rule, high));
            decides(&request) || fills.any(|request| decides(&request))
        })
    }

    /// A request of which a rule's condition is true, as the engine says as well.
    fn example(
        &mut self,
        subject: Subject<'_, 't>,
        actions: &Actions,
        entry: Option<Entry<'_, 't>>,
    ) -> Anywhere {
        let is_true = self.fires(subject.rule);
        // What the other rules say does not matter to that.
        among(actions, |name| {
            self.find_alone(subject, name, entry, &is_true)
        })
    }

    /// A request of which a rule is true, with this value.
    fn find_alone(
        &mut self,
        Subject { at, .. }: Subject<'_, 't>,
        name: &str,
        entry: Option<Entry<'_, 't>>,
        holds: impl Fn(&Request<'_>) -> bool,
    ) -> Found {
        let policy = self.policy;
        let alone = self.alone(name, at);
        let Some(&rule) = alone.rules.get(&at) else {
            return Found::Nothing;
        };
        let mut wanted = vec![rule.holds];
        wanted.extend(entry.map(|entry| alone.entry(policy, entry)));
        alone.meaning.find(&wanted, holds)
    }

    /// A request to one of these actions, of which what is wanted of a rule holds.
    fn anywhere(
        &mut self,
        actions: &Actions,
        at: RuleAt,
        entry: Option<Entry<'_, 't>>,
        wanted: impl Fn(OfRule) -> Vec<Lit>,
    ) -> Anywhere {
        let policy = self.policy;
        among(actions, |name| {
            let case = self.case(name);
            let Some(&rule) = case.rules.get(&at) else {
                return Found::Nothing;
            };
            let mut wanted = wanted(rule);
            wanted.extend(entry.map(|entry| case.entry(policy, entry)));
            case.meaning.find(&wanted, |_| true)
        })
    }

    /// The actions that a word of a rule stands for.
    fn actions(&self, word: &str) -> Actions {
        if !is_glob(word) {
            return Actions {
                names: vec![word.to_owned()],
                are_all: true,
            };
        }
        let glob = Glob::new(word);
        let names = self.names.all.iter();
        Actions {
            names: names.filter(|name| glob.matches(name)).cloned().collect(),
            are_all: self.names.are_all,
        }
    }

    fn case(&mut self, name: &str) -> &mut Case<'t> {
        if !self.cases.contains_key(name) {
            if self.cases.len() >= MOST_CASES {
                self.cases.clear();
            }
            let case = self.made(name, |_| true);
            self.cases.insert(name.to_owned(), case);
        }
        self.cases.get_mut(name).expect("it was just made")
    }

    fn alone(&mut self, name: &str, at: RuleAt) -> &mut Case<'t> {
        if !self.alone.contains_key(name) {
            if self.alone.len() >= MOST_CASES {
                self.alone.clear();
            }
            let case = self.made(name, |known| known == at);
            self.alone.insert(name.to_owned(), case);
        }
        self.alone.get_mut(name).expect("it was just made")
    }

    /// What the rules that count say of the calls of an action.
    fn made(&self, name: &str, is_there: impl Fn(RuleAt) -> bool) -> Case<'t> {
        let mut meaning = Meaning::new(Place {
            action: name.to_owned(),
            stage: self.stage,
        });
        let rules = of_rules(&mut meaning, self.policy, &self.about, is_there);
        Case { meaning, rules }
    }

    fn ir_rule(&self, policy: usize, (part, rule): RuleAt) -> Option<&'c ir::Rule> {
        let program: &'c ir::Program = self.program;
        let part = program.policies.get(policy)?.parts.get(part)?;
        part.rules.get(rule)
    }
}

impl<'t> Case<'t> {
    /// That a test finds this value.
    fn entry(&mut self, policy: &table::Policy<'t>, (test, value): Entry<'_, 't>) -> Lit {
        self.meaning.entry(policy, test, value)
    }
}

/// The first request that is found to one of these actions.
fn among(actions: &Actions, mut find: impl FnMut(&str) -> Found) -> Anywhere {
    let mut is_decided = actions.are_all;
    for name in &actions.names {
        match find(name) {
            Found::Request(request) => return Anywhere::Request(request),
            Found::Nothing => {}
            Found::NotDecided => is_decided = false,
        }
    }
    if is_decided {
        Anywhere::Nowhere
    } else {
        Anywhere::NotDecided
    }
}

fn always_holds(rule: &ir::Rule) -> Finding {
    Finding::new(
        &codes::ALWAYS_HOLDS,
        rule.effect.span,
        "the condition of this rule holds of every request that the rule is about",
    )
    .help("take the condition out, or write what was meant")
}

fn never_holds(rule: &ir::Rule) -> Finding {
    Finding::new(
        &codes::NEVER_HOLDS,
        rule.effect.span,
        "no request meets the condition of this rule",
    )
    .help("take the rule out, or write what was meant")
    .without_statement(rule.span, "rule")
}

fn not_decided(rule: &ir::Rule) -> Finding {
    Finding::new(
        &codes::NOT_DECIDED,
        rule.effect.span,
        "whether this rule ever changes an answer was not decided within the checker's bounds",
    )
    .help("split the rule, or make its patterns simpler")
}

#[cfg(test)]
mod enumerated;
#[cfg(test)]
mod tests;
