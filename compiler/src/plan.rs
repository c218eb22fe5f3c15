//! IR in, rows of a table out.
//!
//! A plan owns what its table borrows. Making the table twice gives equal
//! rows: nothing here depends on hash order, time or the environment.

use std::{borrow::Cow, fmt::Write as _};

use agentos_grammar::{Span, ast};
use agentos_runtime::{
    matchers::{self, Finder, Unfit},
    table::{self, Place},
};

use crate::{
    finding::{Finding, codes},
    ir, pattern,
    source::{Source, Sources},
};

/// A checked policy, ready to become a table, an artifact or Rust.
#[derive(Debug)]
pub struct Plan {
    program: ir::Program,
    sources: Vec<PlanSource>,
    /// For each policy and part, the ids of its rules as decisions name them.
    ids: Vec<Vec<Vec<String>>>,
    /// For each policy, what finds its patterns.
    matchers: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct PlanSource {
    id: agentos_grammar::SourceId,
    source: Source,
    sha256: String,
}

impl Plan {
    /// A plan of `program`, whose places are in `sources`.
    ///
    /// # Errors
    ///
    /// Patterns that no automaton finds within its budget.
    pub fn new(program: ir::Program, sources: &Sources) -> Result<Plan, Vec<Finding>> {
        let mut used: Vec<agentos_grammar::SourceId> = sources.iter().map(|(id, _)| id).collect();
        for policy in &program.policies {
            for part in &policy.parts {
                used.extend(part.rules.iter().map(|rule| rule.span.source));
            }
            used.extend(
                policy
                    .patterns
                    .iter()
                    .flat_map(|set| &set.patterns)
                    .map(|p| p.span.source),
            );
            used.extend(
                policy
                    .intents
                    .iter()
                    .flat_map(|i| &i.signals)
                    .map(|s| s.pattern.span.source),
            );
            used.extend(policy.rates.iter().map(|rate| rate.span.source));
        }
        used.sort_unstable();
        used.dedup();
        let sources = used
            .into_iter()
            .map(|id| {
                let source = sources.get(id).clone();
                let sha256 = sha256(source.text.as_bytes());
                PlanSource { id, source, sha256 }
            })
            .collect();
        let ids = program.policies.iter().map(ids).collect();
        let mut plan = Plan {
            program,
            sources,
            ids,
            matchers: Vec::new(),
        };
        let (mut matchers, mut findings) = (Vec::new(), Vec::new());
        for (policy, ids) in plan.program.policies.iter().zip(&plan.ids) {
            match matchers::build(&plan.policy(policy, ids, &[])) {
                Ok(built) => matchers.push(built),
                Err(Unfit(numbers)) => {
                    let patterns = patterns(policy);
                    let unfit = numbers.iter().filter_map(|&at| patterns.get(at as usize));
                    add_outgrown(unfit, &mut findings);
                }
            }
        }
        if findings.is_empty() {
            plan.matchers = matchers;
            Ok(plan)
        } else {
            Err(findings)
        }
    }

    /// What the plan was made of.
    pub fn program(&self) -> &ir::Program {
        &self.program
    }

    /// The rows.
    pub fn table(&self) -> table::Table<'_> {
        let policies = self
            .program
            .policies
            .iter()
            .zip(&self.ids)
            .zip(&self.matchers)
            .map(|((policy, ids), matchers)| self.policy(policy, ids, matchers));
        table::Table {
            sources: self
                .sources
                .iter()
                .map(|s| table::Source {
                    name: &s.source.name,
                    sha256: &s.sha256,
                })
                .collect(),
            policies: policies.collect(),
        }
    }

    fn policy<'p>(
        &'p self,
        policy: &'p ir::Policy,
        ids: &'p [Vec<String>],
        matchers: &'p [u8],
    ) -> table::Policy<'p> {
        let mut sets: Vec<table::PatternSet<'p>> = policy
            .patterns
            .iter()
            .map(|set| table::PatternSet {
                name: &set.name,
                patterns: set
                    .patterns
                    .iter()
                    .map(|pattern| self.pattern(pattern))
                    .collect(),
            })
            .collect();
        let mut rows = Rows {
            plan: self,
            policy,
            sets: &mut sets,
        };
        let parts = policy
            .parts
            .iter()
            .zip(ids)
            .map(|(part, ids)| rows.part(part, ids))
            .collect();
        table::Policy {
            name: &policy.name.node,
            version: &policy.version,
            at: self.place(policy.span),
            default: match policy.default {
                ast::DefaultAnswer::Allow => table::DefaultAnswer::Allow,
                ast::DefaultAnswer::Deny => table::DefaultAnswer::Deny,
                ast::DefaultAnswer::Abstain => table::DefaultAnswer::Abstain,
            },
            default_because: policy.default_because.as_deref(),
            mode: match policy.mode {
                ast::Mode::Enforce => table::Mode::Enforce,
                ast::Mode::Shadow => table::Mode::Shadow,
            },
            normalize: if policy.normalize {
                table::Normalize::Strict
            } else {
                table::Normalize::Never
            },
            base: policy.base,
            parts,
            actions: policy
                .actions
                .iter()
                .map(|action| action_row(action))
                .collect(),
            patterns: sets.into(),
            intents: policy
                .intents
                .iter()
                .map(|intent| self.intent(intent))
                .collect(),
            matchers: matchers.into(),
            limits: limits_row(&policy.limits),
            rates: policy.rates.iter().map(|rate| self.rate(rate)).collect(),
            trust: policy.trust.as_ref().map(trust_row),
        }
    }

    fn pattern<'p>(&'p self, pattern: &'p ir::Pattern) -> table::Pattern<'p> {
        table::Pattern {
            source: &pattern.source,
            at: self.place(pattern.span),
            matcher: pattern.compiled.matcher(),
        }
    }

    fn intent<'p>(&'p self, intent: &'p ir::Intent) -> table::Intent<'p> {
        let signals = intent.signals.iter().map(|signal| table::Signal {
            weight: signal.weight,
            pattern: self.pattern(&signal.pattern),
            explain: &signal.explain,
        });
        table::Intent {
            category: intent.category,
            signals: signals.collect(),
        }
    }

    fn rate<'p>(&'p self, rate: &'p ir::Rate) -> table::Rate<'p> {
        table::Rate {
            at: self.place(rate.span),
            actions: rate
                .actions
                .iter()
                .map(|action| action.node.as_str())
                .collect(),
            count: rate.count,
            per_ms: rate.per_ms,
            per_tenant: rate.scope == ast::RateScope::Tenant,
            otherwise: effect_row(rate.otherwise),
            because: rate.because.as_deref(),
        }
    }

    fn place(&self, span: Span) -> Place {
        let at = self
            .sources
            .binary_search_by_key(&span.source, |source| source.id);
        let Some((index, source)) = at.ok().and_then(|at| Some((at, self.sources.get(at)?))) else {
            return Place {
                source: 0,
                line: 1,
                column: 1,
            };
        };
        let at = source.source.position(span.start as usize);
        Place {
            source: index as u32,
            line: at.line,
            column: at.column,
        }
    }
}

/// Makes the parts of one policy; regexes and globs written in conditions
/// become nameless sets behind the named ones.
struct Rows<'p, 's> {
    plan: &'p Plan,
    policy: &'p ir::Policy,
    sets: &'s mut Vec<table::PatternSet<'p>>,
}

impl<'p> Rows<'p, '_> {
    fn part(&mut self, part: &'p ir::Part, ids: &'p [String]) -> table::Part<'p> {
        table::Part {
            policy: &part.policy,
            combine: match part.combine {
                ast::Combine::Strictest => table::Combine::Strictest,
                ast::Combine::Priority => table::Combine::Priority,
            },
            rules: part
                .rules
                .iter()
                .zip(ids)
                .map(|(rule, id)| self.rule(rule, id))
                .collect(),
        }
    }

    fn rule(&mut self, rule: &'p ir::Rule, id: &'p str) -> table::Rule<'p> {
        table::Rule {
            effect: effect_row(rule.effect.node),
            id,
            at: self.plan.place(rule.span),
            actions: rule
                .actions
                .iter()
                .map(|action| action.node.as_str())
                .collect(),
            stage: match rule.stage {
                ast::Stage::Input => table::Stage::Input,
                ast::Stage::Call => table::Stage::Call,
                ast::Stage::Output => table::Stage::Output,
            },
            when: rule.when.as_ref().map(|when| self.condition(when)),
            priority: rule.priority.as_ref().map_or(0, |priority| priority.node),
            because: rule.because.as_deref(),
            suggest: rule.suggest.as_deref(),
            approvers: rule.approvers.as_ref().map(|approvers| table::Approvers {
                needed: approvers.needed,
                of: approvers.of.iter().map(String::as_str).collect(),
                within_ms: approvers.within_ms,
            }),
            severity: rule.severity.map(severity_word),
            help: rule.help.as_deref(),
        }
    }

    fn condition(&mut self, condition: &'p ir::Condition) -> table::Condition<'p> {
        match condition {
            ir::Condition::All(list) => {
                table::Condition::All(list.iter().map(|part| self.condition(part)).collect())
            }
            ir::Condition::Any(list) => {
                table::Condition::Any(list.iter().map(|part| self.condition(part)).collect())
            }
            ir::Condition::Test(test) => table::Condition::Test(table::Test {
                clause: test.clause,
                negated: test.negated,
                quantifier: test.quantifier,
                field: field_row(&test.field.node),
                check: self.check(&test.check),
            }),
        }
    }

    fn check(&mut self, check: &'p ir::Check) -> table::Check<'p> {
        match check {
            ir::Check::Exists => table::Check::Exists,
            ir::Check::Equals(value) => table::Check::Equals(literal_row(value)),
            ir::Check::Compare(order, value) => table::Check::Compare(*order, literal_row(value)),
            ir::Check::OneOf(values) => {
                table::Check::OneOf(values.iter().map(literal_row).collect())
            }
            ir::Check::Contains(value) => table::Check::Contains(literal_row(value)),
            ir::Check::StartsWith(text) => table::Check::StartsWith(text),
            ir::Check::EndsWith(text) => table::Check::EndsWith(text),
            ir::Check::Under(dir) => table::Check::Under(dir),
            ir::Check::MatchesSet(name) => {
                let at = self
                    .policy
                    .patterns
                    .iter()
                    .position(|set| set.name == *name);
                table::Check::Matches(at.expect("lowering found the set of this name") as u32)
            }
            ir::Check::MatchesPattern(pattern) => {
                self.sets.push(table::PatternSet {
                    name: "",
                    patterns: Cow::Owned(vec![self.plan.pattern(pattern)]),
                });
                table::Check::Matches(self.sets.len() as u32 - 1)
            }
            ir::Check::Intent(categories, at) => {
                table::Check::Intent(Cow::Borrowed(categories), *at)
            }
        }
    }
}

/// Patterns that no automaton finds within its budget, in a program that has
/// errors, and so holes: only its patterns are looked at.
pub(crate) fn outgrown_in(program: &ir::Program) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in &program.policies {
        let patterns = patterns(policy);
        let rows: Vec<_> = patterns
            .iter()
            .map(|pattern| pattern.compiled.matcher())
            .collect();
        if let Err(Unfit(numbers)) = Finder::new(&rows) {
            let unfit = numbers.iter().filter_map(|&at| patterns.get(at as usize));
            add_outgrown(unfit, &mut findings);
        }
    }
    findings
}

/// The patterns of a policy, in the order of their numbers: those of sets, those
/// in conditions, those of signals.
fn patterns(policy: &ir::Policy) -> Vec<&ir::Pattern> {
    fn inside<'p>(condition: &'p ir::Condition, patterns: &mut Vec<&'p ir::Pattern>) {
        match condition {
            ir::Condition::All(list) | ir::Condition::Any(list) => {
                for part in list {
                    inside(part, patterns);
                }
            }
            ir::Condition::Test(test) => {
                if let ir::Check::MatchesPattern(pattern) = &test.check {
                    patterns.push(pattern);
                }
            }
        }
    }
    let sets = policy.patterns.iter().flat_map(|set| &set.patterns);
    let mut patterns: Vec<&ir::Pattern> = sets.collect();
    let rules = policy.parts.iter().flat_map(|part| &part.rules);
    for when in rules.filter_map(|rule| rule.when.as_ref()) {
        inside(when, &mut patterns);
    }
    let signals = policy.intents.iter().flat_map(|intent| &intent.signals);
    patterns.extend(signals.map(|signal| &signal.pattern));
    patterns
}

/// A pattern that policies inherit is told once.
fn add_outgrown<'p>(
    patterns: impl Iterator<Item = &'p &'p ir::Pattern>,
    findings: &mut Vec<Finding>,
) {
    for pattern in patterns {
        if findings
            .iter()
            .all(|finding| finding.primary.span != pattern.span)
        {
            findings.push(outgrown(pattern.span));
        }
    }
}

fn outgrown(span: Span) -> Finding {
    let problem = pattern::outgrown();
    let mut finding = Finding::new(&codes::PATTERN_TOO_LARGE, span, problem.message);
    finding.help = problem.help;
    finding
}

/// Rules of inherited parts are named with their policy in front.
fn ids(policy: &ir::Policy) -> Vec<Vec<String>> {
    let own = policy.parts.len() - 1;
    let parts = policy.parts.iter().enumerate().map(|(at, part)| {
        let ids = part.rules.iter().map(|rule| {
            if at == own {
                rule.id.clone()
            } else {
                format!("{}/{}", part.policy, rule.id)
            }
        });
        ids.collect()
    });
    parts.collect()
}

fn effect_row(effect: ast::Effect) -> table::Effect {
    match effect {
        ast::Effect::Allow => table::Effect::Allow,
        ast::Effect::Audit => table::Effect::Audit,
        ast::Effect::Defer => table::Effect::Defer,
        ast::Effect::Escalate => table::Effect::Escalate,
        ast::Effect::Deny => table::Effect::Deny,
    }
}

fn severity_word(severity: ast::Severity) -> &'static str {
    match severity {
        ast::Severity::Info => "info",
        ast::Severity::Low => "low",
        ast::Severity::Medium => "medium",
        ast::Severity::High => "high",
        ast::Severity::Critical => "critical",
    }
}

fn field_row(field: &ir::Field) -> table::Field<'_> {
    match field {
        ir::Field::Action => table::Field::Action,
        ir::Field::Agent => table::Field::Agent,
        ir::Field::Text => table::Field::Text,
        ir::Field::Param(words) => table::Field::Param(words.iter().map(String::as_str).collect()),
        ir::Field::Context(words) => {
            table::Field::Context(words.iter().map(String::as_str).collect())
        }
        ir::Field::Attested(words) => {
            table::Field::Attested(words.iter().map(String::as_str).collect())
        }
    }
}

fn literal_row(literal: &ir::Literal) -> table::Literal<'_> {
    match literal {
        ir::Literal::Text(text) => table::Literal::Text(text),
        ir::Literal::Number(number) => table::Literal::Number(*number),
        ir::Literal::Boolean(flag) => table::Literal::Boolean(*flag),
        ir::Literal::Time(time) => table::Literal::Time(*time),
    }
}

fn action_row(action: &ir::Action) -> table::Action<'_> {
    let params = action.params.iter().map(|param| table::Param {
        name: &param.name.node,
        ty: type_row(&param.ty),
        optional: param.optional,
    });
    table::Action {
        name: &action.name.node,
        params: params.collect(),
    }
}

fn type_row(ty: &ir::Type) -> table::Type<'_> {
    match ty {
        ir::Type::String => table::Type::String,
        ir::Type::Integer => table::Type::Integer,
        ir::Type::Decimal => table::Type::Decimal,
        ir::Type::Boolean => table::Type::Boolean,
        ir::Type::Timestamp => table::Type::Timestamp,
        ir::Type::OneOf(values) => table::Type::OneOf(values.iter().map(literal_row).collect()),
        ir::Type::List(inner) => table::Type::List(vec![type_row(inner)].into()),
    }
}

/// The bounds in the kernel's units.
pub(crate) fn limits_row(limits: &ir::Limits) -> table::Limits {
    table::Limits {
        max_tokens: limits.max_tokens.as_ref().map(|l| l.node),
        max_tool_calls: limits.max_tool_calls.as_ref().map(|l| l.node),
        timeout_ms: limits.timeout_ms.as_ref().map(|l| l.node),
        max_concurrent: limits.max_concurrent.as_ref().map(|l| l.node),
        backpressure_threshold: limits.backpressure_threshold.as_ref().map(|l| l.node),
        confidence_threshold: limits.confidence_threshold.as_ref().map(|l| l.node),
        drift_threshold: limits.drift_threshold.as_ref().map(|l| l.node),
        log_all_calls: limits.log_all_calls.as_ref().map(|l| l.node),
        checkpoint_frequency: limits.checkpoint_frequency.as_ref().map(|l| l.node),
    }
}

fn trust_row(trust: &ir::Trust) -> table::Trust<'_> {
    let supervisors = trust
        .supervisors
        .iter()
        .map(|supervisor| table::Supervisor {
            name: &supervisor.name.node,
            // Checked: nothing is compiled from a level that is none.
            level: u32::try_from(supervisor.level.node).unwrap_or(u32::MAX),
            agent: supervisor.agent,
        });
    table::Trust {
        supervisors: supervisors.collect(),
        max_escalation_depth: trust.max_escalation_depth,
    }
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let mut hex = String::with_capacity(64);
    for byte in sha2::Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use crate::{Options, Sources, compile};

    #[test]
    fn patterns_that_outgrow_every_automaton_are_found_where_they_stand() {
        let text = r#"policy p {
    patterns hard { substring "fine"; regex r"x[ab]*a[ab]{18}c"; }
    action pay { note: string }
    deny * when text matches hard;
    deny pay when note matches r"x[ab]*b[ab]{18}c";
}"#;
        let (plan, findings) = compile(&Sources::one("p.policy", text), &Options::default());
        assert!(plan.is_none());
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.lint.name, &text[finding.primary.span.range()]))
            .collect();
        let expected = [
            ("pattern-too-large", r#"r"x[ab]*a[ab]{18}c""#),
            ("pattern-too-large", r#"r"x[ab]*b[ab]{18}c""#),
        ];
        assert_eq!(found, expected);
        // Beside other errors too.
        let text = text.replace("fine", "");
        let (_, findings) = compile(&Sources::one("p.policy", text), &Options::default());
        let names = findings.iter().map(|finding| finding.lint.name);
        let large = names.filter(|name| *name == "pattern-too-large");
        assert_eq!((large.count(), findings.len()), (2, 3));
    }
}
