//! A decision and its request in, what people and programs read of it out.

use crate::{
    Disguises, Doubt, Effect, Engine, Number,
    condition::{Buffers, Check, Look},
    decision::{Cause, Decision},
    engine::with_buffers,
    matches,
    nearest::nearest,
    prepared::{Policy, Rule, Signal},
    request::Request,
    shape::Mismatch,
    table::{Category, DefaultAnswer, Place},
};

/// How many matches a report lists; fewer of a long text.
pub const MOST_MATCHES: usize = 100;

/// What people and programs read of a decision: the contract that the command,
/// the servers and the hooks share. Fields are added, never renamed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Report {
    /// The request's; absent where it has none.
    pub id: Option<String>,
    /// The answer.
    #[cfg_attr(feature = "json", serde(serialize_with = "as_text"))]
    pub effect: Effect,
    /// What the answer does to the agent: `SIGKILL`, `ESCALATE`, `DEFER`.
    pub signal: Option<&'static str>,
    /// The policy it stands on.
    pub policy: Option<String>,
    /// The rule it stands on.
    pub rule: Option<String>,
    /// Where that was written: `file:line:column`.
    pub at: Option<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// What the agent may do instead.
    pub suggestion: Option<String>,
    /// What the policy takes the text of the request to intend.
    pub intents: Vec<IntentReport>,
    /// What the rule's patterns found.
    pub matches: Vec<Match>,
    /// The number of the test that settled the rule.
    pub clause: Option<u16>,
    /// What that test was in doubt about, where it was.
    pub doubt: Option<DoubtReport>,
}

/// What a text intends.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct IntentReport {
    /// The category.
    #[cfg_attr(feature = "json", serde(serialize_with = "as_text"))]
    pub category: Category,
    /// The weight of its heaviest signal.
    #[cfg_attr(feature = "json", serde(serialize_with = "as_float"))]
    pub confidence: Number,
    /// What its signals mean, in the order of the policy.
    pub signals: Vec<String>,
}

/// What a pattern found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Match {
    /// `action`, `params.query`, `params.cc[0]`; `text` for the canonical text,
    /// where the match is in more than one value or key.
    pub field: String,
    /// Whether it is in the name of that field, as `cc` is that of `params.cc`;
    /// else it is in its value.
    #[cfg_attr(
        feature = "json",
        serde(rename = "key", skip_serializing_if = "std::ops::Not::not")
    )]
    pub in_key: bool,
    /// The pattern as written.
    pub pattern: String,
    /// The first byte of the match in that value or name.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// The disguises that it was seen through, where it does not stand in the
    /// field as it is: `percent`, `invisible+look-alike`.
    #[cfg_attr(
        feature = "json",
        serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "as_some_text"
        )
    )]
    pub view: Option<Disguises>,
}

/// What a test was in doubt about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct DoubtReport {
    /// The field as the policy names it.
    pub field: String,
    /// What is the matter with it.
    #[cfg_attr(feature = "json", serde(serialize_with = "as_text"))]
    pub problem: Doubt,
}

#[cfg(feature = "json")]
pub(crate) fn as_text<T: ToString, S: serde::Serializer>(
    value: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.to_string())
}

#[cfg(feature = "json")]
#[expect(clippy::ref_option, reason = "serde hands the field over so")]
fn as_some_text<T: ToString, S: serde::Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => as_text(value, to),
        None => to.serialize_none(),
    }
}

#[cfg(feature = "json")]
pub(crate) fn as_float<S: serde::Serializer>(number: &Number, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(number.to_f64())
}

impl Report {
    /// The report on what is no request.
    #[cfg(feature = "json")]
    pub fn bad_request(error: &crate::RequestError) -> Report {
        Report {
            id: error.id.clone(),
            ..Report::bare(Effect::Deny, format!("this is no request: {error}"))
        }
    }

    /// The report as one line of JSON.
    #[cfg(feature = "json")]
    pub fn to_json(&self) -> String {
        // Texts and numbers only: writing them does not fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn bare(effect: Effect, reason: String) -> Report {
        Report {
            id: None,
            effect,
            signal: signal(effect),
            policy: None,
            rule: None,
            at: None,
            reason,
            suggestion: None,
            intents: Vec::new(),
            matches: Vec::new(),
            clause: None,
            doubt: None,
        }
    }
}

/// What an answer does to an agent.
const fn signal(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Deny => Some("SIGKILL"),
        Effect::Escalate => Some("ESCALATE"),
        Effect::Defer => Some("DEFER"),
        Effect::Allow | Effect::Audit => None,
    }
}

impl Engine {
    /// What people and programs read of a decision. `request` is the one it
    /// answers.
    pub fn report(&self, decision: &Decision<'_>, request: &Request<'_>) -> Report {
        with_buffers(|buffers| {
            buffers.new_request();
            self.report_with(decision, request, buffers)
        })
    }

    fn report_with(
        &self,
        decision: &Decision<'_>,
        request: &Request<'_>,
        buffers: &mut Buffers,
    ) -> Report {
        let mut report = Report {
            id: (!request.id.is_empty()).then(|| request.id.to_string()),
            policy: decision.policy().map(str::to_owned),
            rule: decision.rule().map(str::to_owned),
            clause: decision.clause(),
            ..Report::bare(decision.effect(), String::new())
        };
        if let Some(policy) = decision.policy {
            report.at = decision.at().map(|at| self.spell(at));
            let shape = policy.shape(request);
            let mut reporting = Reporting {
                look: Look {
                    policy,
                    request,
                    shape,
                    buffers,
                    through: decision.cause() == Cause::Disguise,
                },
            };
            report.intents = reporting.intents();
            if let Some(rule) = decision.rule {
                report.suggestion = rule.about.suggest.as_deref().map(str::to_owned);
                report.matches = matches::of_rule(&mut reporting.look, rule);
                report.doubt = reporting.doubt(rule, decision);
                report.reason = reporting.reason(rule, decision, report.doubt.as_ref());
            }
        }
        if decision.rule.is_none() {
            report.reason = self.reason(decision, request);
        }
        report
    }

    /// A place in the sources of its table: `file:line:column`.
    pub fn spell(&self, at: Place) -> String {
        let source = self.sources.get(at.source as usize).map_or("", |name| name);
        format!("{source}:{}:{}", at.line, at.column)
    }

    /// Why, where the decision stands on no rule.
    fn reason(&self, decision: &Decision<'_>, request: &Request<'_>) -> String {
        let action = &request.action;
        let policy = decision.policy().unwrap_or_default();
        match decision.cause() {
            Cause::Default => match decision
                .policy
                .map(|policy| (policy.default, &policy.default_because))
            {
                Some((_, Some(because))) => because.to_string(),
                Some((DefaultAnswer::Allow, None)) => {
                    format!(
                        "no rule of policy `{policy}` speaks of `{action}`, and its default is to allow"
                    )
                }
                Some((DefaultAnswer::Deny | DefaultAnswer::Abstain, None)) | None => {
                    format!("no rule of policy `{policy}` allows `{action}`")
                }
            },
            Cause::AllAbstain => format!("no policy allows `{action}`"),
            Cause::NoPolicies => format!("there is no policy that could allow `{action}`"),
            Cause::UnknownPolicy { position } => {
                let name = request.policies.get(position).map_or("", |name| name);
                match nearest(name, self.policies()) {
                    Some(near) => format!("there is no policy `{name}`; did you mean `{near}`?"),
                    None => format!("there is no policy `{name}`"),
                }
            }
            Cause::WrongShape { param, problem } => {
                let value = request.params.get(param);
                let misfit = decision
                    .policy
                    .and_then(|policy| policy.shape(request)?.misfit(param, value?));
                let (place, found) = misfit.unwrap_or_default();
                match problem {
                    Mismatch::Missing => format!(
                        "`{param}` is missing, and policy `{policy}` declares it for `{action}`"
                    ),
                    Mismatch::Type(declared) => {
                        let it = if place.is_empty() {
                            "it".to_owned()
                        } else {
                            format!("`{param}`")
                        };
                        format!(
                            "`{param}{place}` is {found}, and policy `{policy}` declares {it} for `{action}` as `{declared}`"
                        )
                    }
                }
            }
            Cause::BadRequest => "this is no request".to_owned(),
            Cause::BrokenTable => match &self.broken {
                Some(error) => format!("the policies cannot be used: {error}"),
                None => "the policies cannot be used".to_owned(),
            },
            Cause::Rule | Cause::Disguise | Cause::Doubt => {
                format!("`{action}` is {}", done(decision.effect()))
            }
        }
    }
}

/// What was done to an action.
const fn done(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allowed",
        Effect::Audit => "allowed and flagged",
        Effect::Defer => "deferred",
        Effect::Escalate => "escalated",
        Effect::Deny => "denied",
    }
}

struct Reporting<'e, 'r> {
    look: Look<'e, 'r>,
}

impl<'e> Reporting<'e, '_> {
    /// The signals found, by intent.
    fn intents(&mut self) -> Vec<IntentReport> {
        let policy: &'e Policy = self.look.policy;
        if policy.intents.is_empty() || !self.look.scan() {
            return Vec::new();
        }
        self.look.scan_views();
        let buffers = &*self.look.buffers;
        let report = |intent: &crate::prepared::Intent| {
            let found = || {
                intent
                    .signals
                    .iter()
                    .filter(|signal| buffers.has(signal.pattern))
            };
            Some(IntentReport {
                category: intent.category,
                confidence: found().map(|signal| signal.weight).max()?,
                signals: found()
                    .map(|signal| meaning(policy, signal).to_owned())
                    .collect(),
            })
        };
        policy.intents.iter().filter_map(report).collect()
    }

    /// What the test that settled the rule was in doubt about.
    fn doubt(&mut self, rule: &Rule, decision: &Decision<'_>) -> Option<DoubtReport> {
        if !matches!(decision.cause(), Cause::Doubt | Cause::AllAbstain) {
            return None;
        }
        let clauses = rule.tests().into_iter().zip(&rule.about.clauses);
        let mut settling = clauses.filter(|(test, _)| Some(test.clause) == decision.clause());
        settling.find_map(|(test, clause)| {
            let problem = self.look.test(test).err()?;
            Some(DoubtReport {
                field: clause.field.to_string(),
                problem,
            })
        })
    }

    /// Why, where the decision stands on a rule.
    fn reason(&self, rule: &Rule, decision: &Decision<'_>, doubt: Option<&DoubtReport>) -> String {
        if decision.cause() == Cause::AllAbstain {
            let (action, id) = (&self.look.request.action, &rule.about.id);
            let why = doubt.map_or(String::new(), |DoubtReport { field, problem }| {
                format!(", as `{field}` {problem}")
            });
            return format!("no policy allows `{action}`, and rule `{id}` is in doubt{why}");
        }
        if let Some(because) = &rule.about.because {
            return because.to_string();
        }
        if let Some(signal) = self.heaviest(rule) {
            return meaning(self.look.policy, signal).to_owned();
        }
        let done = format!(
            "`{}` is {} by rule `{}`",
            self.look.request.action,
            done(decision.effect()),
            rule.about.id
        );
        let settling = rule
            .about
            .clauses
            .iter()
            .find(|clause| Some(clause.number) == decision.clause());
        match (doubt, settling) {
            (None, Some(clause)) if decision.cause() == Cause::Disguise => {
                format!("{done}, as behind a disguise {}", clause.words)
            }
            (Some(DoubtReport { field, problem }), _) => format!("{done}, as `{field}` {problem}"),
            (None, Some(clause)) => format!("{done}, as {}", clause.words),
            (None, None) => done,
        }
    }

    /// The heaviest signal that was found, of those that the rule asks for.
    fn heaviest(&self, rule: &Rule) -> Option<&'e Signal> {
        let asked = |signal: &&Signal| {
            rule.tests().iter().any(|test| {
                !test.negated && matches!(&test.check, Check::Found(patterns) if patterns.contains(&signal.pattern))
            })
        };
        let policy: &'e Policy = self.look.policy;
        let buffers = &*self.look.buffers;
        let signals = policy.intents.iter().flat_map(|intent| &intent.signals);
        let found = signals
            .filter(|signal| buffers.has(signal.pattern))
            .filter(asked);
        // Of equals, the first.
        found.reduce(|heaviest, signal| {
            if signal.weight > heaviest.weight {
                signal
            } else {
                heaviest
            }
        })
    }
}

/// What a signal means; its pattern where nobody said.
fn meaning<'e>(policy: &'e Policy, signal: &'e Signal) -> &'e str {
    if !signal.explain.is_empty() {
        return &signal.explain;
    }
    policy
        .patterns
        .rows
        .get(signal.pattern as usize)
        .map_or("", |pattern| &pattern.source)
}
