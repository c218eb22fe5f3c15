//! Rules that decide nothing, conditions that always or never hold, and rules of
//! one priority that say opposite things. Each finding shows a request.

use std::collections::HashMap;

use agentos_runtime::{
    Effect, Engine, Request, Spoke,
    glob::Glob,
    table::{self, Combine, Stage},
};

use agentos_grammar::Span;

use crate::{
    finding::{Finding, Lint, codes},
    ir,
    plan::Plan,
    prove::{
        about::{About, RuleAt, is_glob},
        atom::Ask,
        circuit::Lit,
        fields::Fields,
        matters::{OfRule, of_rules},
        meaning::{Meaning, Part, Place},
        names::Names,
        search::Found,
    },
};

/// Everything there is to say of what the rules of a plan decide.
pub(crate) fn check(plan: &Plan) -> Vec<Finding> {
    let table = plan.table();
    let mut found = Vec::new();
    // What is wrong with a table is said elsewhere.
    let Ok(engine) = Engine::new(&table) else {
        return found;
    };
    for (at, policy) in table.policies.iter().enumerate() {
        for stage in [Stage::Input, Stage::Call, Stage::Output] {
            let mut checking = Checking {
                program: plan.program(),
                table: &table,
                engine: &engine,
                at,
                policy,
                names: Names::new(&[policy], stage),
                about: About::new(policy, stage),
                fields: Fields::new(policy),
                stage,
                cases: HashMap::new(),
            };
            checking.check(&mut found);
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
    /// By name.
    cases: HashMap<String, Case<'t>>,
}

/// What the rules say of the calls of one action.
struct Case<'t> {
    meaning: Meaning<'t>,
    rules: HashMap<RuleAt, OfRule>,
}

/// A value in the list of a test: `in ["a", "b"]`.
type Entry<'e, 't> = (&'e table::Test<'t>, &'e table::Literal<'t>);

impl<'t> Case<'t> {
    /// That a test finds this value.
    fn entry(&mut self, policy: &table::Policy<'t>, (test, value): Entry<'_, 't>) -> Lit {
        self.meaning.entry(policy, test, value)
    }

    /// Whether a rule's condition holds of each call that fits its declaration.
    fn is_always(&mut self, at: RuleAt) -> bool {
        let Some(&rule) = self.rules.get(&at) else {
            return true;
        };
        self.meaning.find(&[rule.does_not], |_| true) == Found::Nothing
    }
}

/// Lists of more values are not looked at one by one.
const MOST_ENTRIES: usize = 64;

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

impl Actions {
    /// What it is that nothing was found among them.
    fn nowhere(&self, is_decided: bool) -> Anywhere {
        if is_decided && self.are_all {
            Anywhere::Nowhere
        } else {
            Anywhere::NotDecided
        }
    }
}

/// What a search among all actions came to.
enum Anywhere {
    Request(Box<Request<'static>>),
    Nowhere,
    NotDecided,
}

impl<'c, 't> Checking<'c, 't> {
    fn check(&mut self, found: &mut Vec<Finding>) {
        let own = self.policy.parts.len().saturating_sub(1);
        let Some(part) = self.policy.parts.last() else {
            return;
        };
        for (at, rule) in part.rules.iter().enumerate() {
            if rule.stage == self.stage {
                self.check_rule((own, at), rule, found);
            }
        }
        if part.combine == Combine::Priority {
            self.check_priorities(own, part, found);
        }
    }

    /// Whether a rule decides a request that is made for it alone: mostly it does,
    /// and nothing else has to be asked.
    fn decides_alone(
        &self,
        alone: &mut Case<'t>,
        at: RuleAt,
        rule: &table::Rule<'t>,
        entry: Option<Entry<'_, 't>>,
    ) -> bool {
        let Some(&of_rule) = alone.rules.get(&at) else {
            return false;
        };
        let decides = |request: &Request<'_>| {
            let request = asked(self.policy, request);
            let decision = self.engine.decide(&request);
            decision.rule() == Some(rule.id) && decision.policy() == Some(self.policy.name)
        };
        let mut wanted = vec![of_rule.holds];
        wanted.extend(entry.map(|entry| alone.entry(self.policy, entry)));
        let Found::Request(request) = alone.meaning.find(&wanted, |_| true) else {
            return false;
        };
        // What is missing may put others in doubt.
        decides(&request)
            || [false, true]
                .into_iter()
                .any(|are_high| decides(&self.fields.filled(&request, are_high)))
    }

    fn check_rule(&mut self, at: RuleAt, rule: &table::Rule<'t>, found: &mut Vec<Finding>) {
        let Some(ir) = self.ir_rule(self.at, at) else {
            return;
        };
        let words: Vec<Actions> = rule.actions.iter().map(|word| self.actions(word)).collect();
        let all = Actions {
            names: words.iter().flat_map(|word| word.names.clone()).collect(),
            are_all: words.iter().all(|word| word.are_all),
        };
        let decides = |rule: OfRule| vec![rule.holds, rule.matters];
        let before = found.len();
        let (mut dead, mut open) = (Vec::new(), Vec::new());
        let mut is_always = rule.when.is_some();
        for (word, actions) in words.iter().enumerate() {
            let mut is_alive = false;
            for name in &actions.names {
                let mut alone = self.made(name, |known| known == at);
                is_always = is_always && alone.is_always(at);
                is_alive = is_alive || self.decides_alone(&mut alone, at, rule, None);
                if is_alive && !is_always {
                    break;
                }
            }
            if is_alive {
                continue;
            }
            match self.anywhere(actions, at, None, decides) {
                Anywhere::Request(_) => {}
                Anywhere::Nowhere => dead.push(word),
                Anywhere::NotDecided => open.push(word),
            }
        }
        if is_always && all.are_all {
            found.push(always_holds(ir));
        }
        if dead.len() == words.len() {
            self.check_dead(at, rule, ir, &all, found);
        } else if dead.len() + open.len() == words.len() {
            found.push(not_decided(ir));
        } else {
            for word in dead {
                self.check_dead_word(at, rule, ir, (word, &words[word]), found);
            }
        }
        let is_told = found.len() > before || self.asks_for_nothing(rule);
        if !is_told && rule.when.is_some() && all.are_all {
            self.check_parts(at, rule, ir, &all, found);
            self.check_entries(at, rule, ir, &all, found);
        }
    }

    /// Values in the lists of a rule's tests for which it never decides.
    fn check_entries(
        &mut self,
        at: RuleAt,
        rule: &table::Rule<'t>,
        ir: &ir::Rule,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        let tests = ir.when.as_ref().map(ir::Condition::tests);
        let rows = rule.when.iter().flat_map(tests_of);
        for (test, ir_test) in rows.zip(tests.into_iter().flatten()) {
            let table::Check::OneOf(values) = &test.check else {
                continue;
            };
            if test.negated || !(2..=MOST_ENTRIES).contains(&values.len()) {
                continue;
            }
            for value in values.iter() {
                let entry = Some((test, value));
                let is_alive = actions.names.iter().any(|name| {
                    let mut alone = self.made(name, |known| known == at);
                    self.decides_alone(&mut alone, at, rule, entry)
                });
                let matters = |rule: OfRule| vec![rule.matters];
                if !is_alive
                    && let Anywhere::Nowhere = self.anywhere(actions, at, entry, matters)
                    && let Anywhere::Request(request) = self.example(at, rule, actions, entry)
                {
                    let message = format!(
                        "with {value} this {} never decides: another rule always does",
                        word(rule.effect)
                    );
                    let finding = Finding::new(&codes::SHADOWED_RULE, ir_test.span, message)
                        .help("take it out of the list, or narrow what stands in its way");
                    found.push(self.shown(finding, at, rule, &request));
                }
            }
        }
    }

    /// Whether a rule asks for an intent that no signal shows, which is a finding of
    /// its own.
    fn asks_for_nothing(&self, rule: &table::Rule<'t>) -> bool {
        let mut tests = rule.when.iter().flat_map(tests_of);
        tests.any(|test| {
            matches!(test.check, table::Check::Intent(..))
                && Ask::new(self.policy, &test.check) == Ask::Matches(Vec::new())
        })
    }

    /// Parts of a condition that never hold, where one of several has to, or always,
    /// where all have to.
    fn check_parts(
        &self,
        at: RuleAt,
        rule: &table::Rule<'t>,
        ir: &ir::Rule,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        // What is left of the parts of each case by their places.
        let mut idle: Option<Vec<(usize, Part)>> = None;
        for name in &actions.names {
            let mut alone = self.made(name, |known| known == at);
            let Some(&of_rule) = alone.rules.get(&at) else {
                continue;
            };
            let parts = alone.meaning.parts(self.policy, rule);
            let is_idle = |part: &Part, meaning: &mut Meaning<'t>| {
                let wanted = if part.is_way { part.holds } else { !part.holds };
                meaning.find(&[wanted, of_rule.fits], |_| true) == Found::Nothing
            };
            let known = idle.map(|idle| idle.into_iter().map(|(place, _)| place).collect());
            let known: Vec<usize> = known.unwrap_or_else(|| (0..parts.len()).collect());
            let parts = parts.into_iter().enumerate();
            let parts = parts.filter(|(place, _)| known.contains(place));
            let left: Vec<(usize, Part)> = parts
                .filter(|(_, part)| is_idle(part, &mut alone.meaning))
                .collect();
            if left.is_empty() {
                return;
            }
            idle = Some(left);
        }
        let mut said: Vec<u16> = Vec::new();
        for (_, part) in idle.into_iter().flatten() {
            // What is part of a part that was told is told with it.
            if part.clauses.iter().any(|clause| said.contains(clause)) {
                continue;
            }
            said.extend(&part.clauses);
            let tests = ir.when.as_ref().map(ir::Condition::tests);
            let mut tests = tests.into_iter().flatten();
            let spans = tests
                .by_ref()
                .filter(|test| part.clauses.contains(&test.clause));
            let Some(span) = spans.map(|test| test.span).reduce(Span::to) else {
                continue;
            };
            found.push(
                Finding::new(
                    &codes::IDLE_CONDITION,
                    span,
                    "this part of the condition comes to the same for every request",
                )
                .help("take the part out, or write what was meant"),
            );
        }
    }

    /// A rule that never decides by what is true.
    fn check_dead(
        &mut self,
        at: RuleAt,
        rule: &table::Rule<'t>,
        ir: &ir::Rule,
        actions: &Actions,
        found: &mut Vec<Finding>,
    ) {
        match self.example(at, rule, actions, None) {
            Anywhere::Nowhere if self.asks_for_nothing(rule) => {}
            Anywhere::Nowhere => found.push(never_holds(ir)),
            Anywhere::NotDecided => found.push(not_decided(ir)),
            Anywhere::Request(request) => {
                // What is in doubt may be decided by it alone.
                let matters = |rule: OfRule| vec![rule.matters];
                match self.anywhere(actions, at, None, matters) {
                    Anywhere::Request(_) => {}
                    Anywhere::NotDecided => found.push(not_decided(ir)),
                    Anywhere::Nowhere => {
                        let message = format!(
                            "this {} never decides: whenever it holds, another rule does",
                            word(rule.effect)
                        );
                        let finding = Finding::new(&codes::SHADOWED_RULE, ir.effect.span, message)
                            .help("take it out, or narrow what stands in its way");
                        found.push(self.shown(finding, at, rule, &request));
                    }
                }
            }
        }
    }

    /// An action in a rule for which it never decides.
    fn check_dead_word(
        &mut self,
        at: RuleAt,
        rule: &table::Rule<'t>,
        ir: &ir::Rule,
        (number, actions): (usize, &Actions),
        found: &mut Vec<Finding>,
    ) {
        let Some(action) = ir.actions.get(number) else {
            return;
        };
        let matters = |rule: OfRule| vec![rule.matters];
        if let Anywhere::Request(request) = self.example(at, rule, actions, None)
            && let Anywhere::Nowhere = self.anywhere(actions, at, None, matters)
        {
            let message = format!(
                "`{}` in this {} never decides: another rule always does",
                action.node,
                word(rule.effect)
            );
            let finding = Finding::new(&codes::SHADOWED_RULE, action.span, message)
                .help("take it out of the list, or narrow what stands in its way");
            found.push(self.shown(finding, at, rule, &request));
        }
    }

    /// Rules of one written priority that say opposite things of one request: the
    /// order in which they stand decides.
    fn check_priorities(&mut self, own: usize, part: &table::Part<'t>, found: &mut Vec<Finding>) {
        let program = self.program;
        let Some(ir) = program.policies.get(self.at).map(ir::Policy::own) else {
            return;
        };
        let rules = part.rules.iter().zip(&ir.rules).enumerate();
        let opposed = |one: Effect, other: Effect| {
            matches!(
                (one, other),
                (Effect::Allow, Effect::Deny) | (Effect::Deny, Effect::Allow)
            )
        };
        for (at, (rule, ir_rule)) in rules.clone() {
            let Some(priority) = ir_rule.priority.as_ref() else {
                continue;
            };
            for (other_at, (other, other_ir)) in rules.clone().skip(at + 1) {
                let is_alike =
                    other_ir.priority.as_ref().map(|priority| priority.node) == Some(priority.node);
                let stages = [rule.stage, other.stage];
                if !is_alike || !opposed(rule.effect, other.effect) || stages != [self.stage; 2] {
                    continue;
                }
                let both = [((own, at), rule.id), ((own, other_at), other.id)];
                if let Some(request) = self.both(both) {
                    let message = format!(
                        "this {} and this {} have one priority, and one request meets both",
                        word(rule.effect),
                        word(other.effect)
                    );
                    found.push(
                        Finding::new(&codes::CONTRADICTION, other_ir.effect.span, message)
                            .other(ir_rule.effect.span, "stands first, and decides")
                            .note(format!(
                                "for example: {}",
                                self.json(&asked(self.policy, &request))
                            ))
                            .help("give the one that is to win a larger priority"),
                    );
                    break;
                }
            }
        }
    }

    /// A request of which the first of two rules decides and the other one holds too.
    fn both(&mut self, both: [(RuleAt, &str); 2]) -> Option<Request<'static>> {
        let names = self.names.names.clone();
        let [(first, _), (second, _)] = both;
        let (engine, policy) = (self.engine, self.policy);
        let meets_both = |request: &Request<'_>| {
            let request = asked(policy, request);
            let spoken = engine.explain(&request);
            both.iter().all(|(_, id)| {
                let mut spoken = spoken.iter();
                spoken.any(|spoke| spoke.rule == *id && spoke.outcome.is_ok())
            })
        };
        for name in names {
            let case = self.case(&name);
            let (Some(&first), Some(&second)) = (case.rules.get(&first), case.rules.get(&second))
            else {
                continue;
            };
            let wanted = [first.answers, second.holds];
            if let Found::Request(request) = case.meaning.find(&wanted, meets_both) {
                return Some(*request);
            }
        }
        None
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
        let names = self.names.names.iter();
        Actions {
            names: names.filter(|name| glob.matches(name)).cloned().collect(),
            are_all: self.names.are_all,
        }
    }

    /// A request that a rule is about, of which what is wanted of it holds.
    fn anywhere(
        &mut self,
        actions: &Actions,
        at: RuleAt,
        entry: Option<Entry<'_, 't>>,
        wanted: impl Fn(OfRule) -> Vec<Lit>,
    ) -> Anywhere {
        let mut is_decided = true;
        let policy = self.policy;
        for name in &actions.names {
            let case = self.case(name);
            let Some(&rule) = case.rules.get(&at) else {
                continue;
            };
            let mut wanted = wanted(rule);
            wanted.extend(entry.map(|entry| case.entry(policy, entry)));
            match case.meaning.find(&wanted, |_| true) {
                Found::Request(request) => return Anywhere::Request(request),
                Found::Nothing => {}
                Found::NotDecided => is_decided = false,
            }
        }
        actions.nowhere(is_decided)
    }

    /// A request of which a rule's condition is true, as the engine says as well.
    fn example(
        &self,
        at: RuleAt,
        rule: &table::Rule<'t>,
        actions: &Actions,
        entry: Option<Entry<'_, 't>>,
    ) -> Anywhere {
        let (engine, policy) = (self.engine, self.policy);
        let is_true = |request: &Request<'_>| {
            let request = asked(policy, request);
            let spoken = engine.explain(&request);
            spoken.iter().any(|spoke| {
                spoke.rule == rule.id && spoke.policy == policy.name && spoke.outcome.is_ok()
            })
        };
        let mut is_decided = true;
        for name in &actions.names {
            // What the other rules say does not matter to that.
            let mut alone = self.made(name, |known| known == at);
            let Some(&of_rule) = alone.rules.get(&at) else {
                continue;
            };
            let mut wanted = vec![of_rule.holds];
            wanted.extend(entry.map(|entry| alone.entry(policy, entry)));
            match alone.meaning.find(&wanted, is_true) {
                Found::Request(request) => return Anywhere::Request(request),
                Found::Nothing => {}
                Found::NotDecided => is_decided = false,
            }
        }
        actions.nowhere(is_decided)
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
        program
            .policies
            .get(policy)?
            .parts
            .get(part)?
            .rules
            .get(rule)
    }

    /// The finding with the request that shows it and the rule that decides instead.
    fn shown(
        &self,
        finding: Finding,
        at: RuleAt,
        rule: &table::Rule<'t>,
        request: &Request<'_>,
    ) -> Finding {
        let request = asked(self.policy, request);
        let decision = self.engine.decide(&request);
        let spoken = self.engine.explain(&request);
        let others = spoken
            .iter()
            .filter(|spoke| (spoke.policy, spoke.rule) != (self.policy.name, rule.id));
        let decides = others
            .clone()
            .find(|spoke| Some(spoke.rule) == decision.rule())
            .or_else(|| others.max_by_key(|spoke| spoke.effect));
        let json = self.json(&request);
        let note = format!(
            "for example, the answer to {json} is {}",
            word(decision.effect())
        );
        let finding = finding.note(match decides {
            Some(spoke) => format!("{note}, by `{}` of `{}`", spoke.rule, spoke.policy),
            None => note,
        });
        match decides.and_then(|spoke| self.span_of(spoke, at)) {
            Some(span) => finding.other(span, "decides instead"),
            None => finding,
        }
    }

    /// Where the rule that spoke was written.
    fn span_of(&self, spoke: &Spoke<'_>, but: RuleAt) -> Option<Span> {
        let mut policies = self.table.policies.iter().enumerate();
        let (policy, row) = policies.find(|(_, policy)| policy.name == spoke.policy)?;
        let parts = row.parts.iter().enumerate();
        let mut rules = parts.flat_map(|(part_at, part)| {
            let rules = part.rules.iter().enumerate();
            rules.map(move |(at, rule)| ((part_at, at), rule.id))
        });
        let (at, _) = rules.find(|(at, id)| *id == spoke.rule && *at != but)?;
        self.ir_rule(policy, at).map(|rule| rule.effect.span)
    }

    /// A request as `agentos eval` reads it.
    fn json(&self, request: &Request<'_>) -> String {
        let is_alone = self.table.policies.len() == 1;
        let mut request = request.clone();
        if is_alone {
            request.policies.clear();
        }
        request.to_json()
    }
}

/// A request to one policy.
fn asked<'r>(policy: &'r table::Policy<'_>, request: &'r Request<'_>) -> Request<'r> {
    Request {
        policies: vec![policy.name.into()],
        ..request.clone()
    }
}

/// The tests of a condition, as they stand in it.
fn tests_of<'p, 't>(condition: &'p table::Condition<'t>) -> Vec<&'p table::Test<'t>> {
    match condition {
        table::Condition::All(parts) | table::Condition::Any(parts) => {
            parts.iter().flat_map(tests_of).collect()
        }
        table::Condition::Test(test) => vec![test],
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
}

fn not_decided(rule: &ir::Rule) -> Finding {
    Finding::new(
        &codes::NOT_DECIDED,
        rule.effect.span,
        "whether this rule ever changes an answer was not decided within the checker's bounds",
    )
    .help("split the rule, or make its patterns simpler")
}

const fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Audit => "audit",
        Effect::Defer => "defer",
        Effect::Escalate => "escalate",
        Effect::Deny => "deny",
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, Sources, compile};

    /// What is proved of a text: the finding, the marked text, the line of another
    /// place that has a part in it.
    fn found(text: &str) -> Vec<(&'static str, String, Option<u32>)> {
        let sources = Sources::one("p.policy", text);
        let options = Options {
            strict: false,
            proves: true,
        };
        let (_, findings) = compile(&sources, &options);
        let ours = findings.iter().filter(|finding| super::finds(finding.lint));
        ours.map(|finding| {
            let other = finding.secondary.first();
            (
                finding.lint.name,
                sources.text_at(finding.primary.span).to_owned(),
                other.map(|other| sources.line_column(other.span).0),
            )
        })
        .collect()
    }

    fn one(text: &str) -> (&'static str, String, Option<u32>) {
        let mut found = found(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn a_rule_behind_a_wider_one_never_decides() {
        for (text, marked, line) in [
            ("policy p {\ndeny x;\nallow x;\n}", "allow", 2),
            (
                "policy p {\nallow x;\nallow x when params.a == 1;\n}",
                "allow",
                2,
            ),
            ("policy p {\ndeny w;\nallow r, w;\n}", "w", 2),
            (
                "policy p {\ndeny \"db.*\";\nescalate db.read, \"db.w*\";\n}",
                "escalate",
                2,
            ),
            (
                "policy p {\ndeny x when params.a > 10;\ndeny x when params.a > 20;\n}",
                "deny",
                2,
            ),
            (
                "policy p {\nallow x when params.a starts with \"ab\";\nallow x when params.a starts with \"abc\";\n}",
                "allow",
                2,
            ),
            (
                "policy p {\ncombine priority;\nallow x priority 2;\ndeny x when params.a == 1 priority 1;\n}",
                "deny",
                3,
            ),
            (
                "policy b {\ndeny * when text contains \"secret\";\n}\npolicy p {\nextends b;\nallow x when params.a contains \"secret\";\n}",
                "allow",
                2,
            ),
            (
                "policy p {\naction pay { to: one of [\"a\", \"b\"] }\ndeny pay when to == \"a\";\ndeny pay when to == \"b\";\nallow pay;\n}",
                "allow",
                3,
            ),
            (
                "policy p {\nnormalize strict;\ndeny x when text contains \"s\";\ndeny x when text contains \"st\" and params.a == 1;\n}",
                "",
                0,
            ),
        ] {
            if marked.is_empty() {
                // What is behind a disguise may make it decide.
                assert_eq!(found(text), [], "{text}");
            } else {
                assert_eq!(
                    one(text),
                    ("shadowed-rule", marked.to_owned(), Some(line)),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_rule_that_says_why_before_others_do_decides() {
        for text in [
            "policy p { deny x when params.a > 10 because \"too much\"; deny x; }",
            "policy p { default deny; deny x because \"never\"; allow y; }",
            "policy p { default allow because \"a sandbox\"; allow x; }",
            // Where the amount is in doubt the second one decides.
            "policy p { allow x when params.a > 20; escalate x when params.a <= 20; }",
            "policy p { allow x when params.a > 1; allow x when params.b > 1; }",
            "policy p { escalate * to \"a\" when text contains \"s\"; deny x when params.s == 1; }",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn a_condition_that_always_or_never_holds_is_found() {
        for (condition, name) in [
            ("amount > 10 and amount < 5", "never-holds"),
            ("amount > 10 and amount <= 10", "never-holds"),
            ("amount == 1 and amount == 2", "never-holds"),
            ("kind in [\"a\"] and kind != \"a\"", "never-holds"),
            (
                "at < \"2026-01-01T00:00:00Z\" and at > \"2026-02-01T00:00:00Z\"",
                "never-holds",
            ),
            (
                "name starts with \"ab\" and not name contains \"a\"",
                "never-holds",
            ),
            (
                "name matches r\"^a+$\" and name contains \"b\"",
                "never-holds",
            ),
            ("name == \"rm\" and not text contains \"rm\"", "never-holds"),
            (
                "text contains \"secret\" and not text matches r\"(?i)SECRET\"",
                "never-holds",
            ),
            ("action == \"other\"", "never-holds"),
            (
                "action == \"pay\" and not text contains \"pay\"",
                "never-holds",
            ),
            (
                "every tags starts with \"a\" and any tags == \"b\"",
                "never-holds",
            ),
            ("exists amount", "always-holds"),
            ("kind in [\"a\", \"b\"]", "always-holds"),
            ("amount > 10 or amount <= 10", "always-holds"),
            ("action starts with \"p\"", "always-holds"),
            ("text contains \"pay\"", "always-holds"),
        ] {
            let text = format!(
                "policy p {{ action pay {{ amount: decimal, kind: one of [\"a\", \"b\"], name: string, at: timestamp, tags: [string] }} allow pay when {condition}; }}"
            );
            assert_eq!(one(&text), (name, "allow".to_owned(), None), "{text}");
        }
        for condition in [
            "amount > 10 and amount < 11",
            "params.note > 10 or params.note <= 10",
            "name starts with \"ab\" and name ends with \"bc\"",
            "name contains \"rm\" and not text contains \"rm -rf\"",
            "any tags == \"a\" and any tags == \"b\"",
            "every tags starts with \"a\"",
            "at < \"2026-01-01T00:00:00Z\"",
            "name under \"/tmp\" and not name under \"/tmp/x\"",
            "context.level > 3",
            "text matches r\"pay(?!.*where)\"",
        ] {
            let text = format!(
                "policy p {{ action pay {{ amount: decimal, name: string, at: timestamp, tags: [string] }} allow pay when {condition}; }}"
            );
            assert_eq!(found(&text), [], "{text}");
        }
    }

    #[test]
    fn a_part_of_a_condition_that_does_nothing_is_found() {
        for (condition, marked) in [
            (
                "amount > 5 and amount < 3 or b == 1",
                "amount > 5 and amount < 3",
            ),
            ("exists amount and b == 1", "exists amount"),
            (
                "(c == 2 or action == \"other\") and b == 1",
                "action == \"other\"",
            ),
            ("b == 1 and not (c == 2 and c == 3)", "c == 2 and c == 3"),
        ] {
            let text = format!(
                "policy p {{ action pay {{ amount: decimal, b: integer, c: integer }} allow pay when {condition}; }}"
            );
            assert_eq!(
                one(&text),
                ("idle-condition", marked.to_owned(), None),
                "{text}"
            );
        }
    }

    #[test]
    fn a_value_in_a_list_that_another_rule_always_beats_is_found() {
        let text = "policy p {\ndeny go when params.tool == \"b\";\nallow go when params.tool in [\"a\", \"b\"];\n}";
        let marked = "params.tool in [\"a\", \"b\"]".to_owned();
        assert_eq!(one(text), ("shadowed-rule", marked, Some(2)));
        let text = "policy p { deny go when params.tool == \"b\" and params.n == 1; allow go when params.tool in [\"a\", \"b\"]; }";
        assert_eq!(found(text), []);
    }

    #[test]
    fn rules_of_one_written_priority_contradict_each_other() {
        let policy = |first: &str, second: &str| {
            format!(
                "policy p {{\ncombine priority;\nallow x when params.a < 10 {first};\ndeny x when params.b == 1 {second};\n}}"
            )
        };
        assert_eq!(
            one(&policy("priority 5", "priority 5")),
            ("contradiction", "deny".to_owned(), Some(3))
        );
        for (first, second) in [("", ""), ("priority 5", "priority 4"), ("priority 0", "")] {
            assert_eq!(found(&policy(first, second)), []);
        }
    }

    #[test]
    fn expected_findings_are_silent() {
        let text = "policy p { deny x; expect shadowed-rule because \"kept for later\"; allow x; }";
        assert_eq!(found(text), []);
    }
}
