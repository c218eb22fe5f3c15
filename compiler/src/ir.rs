//! What policies mean, before it becomes a table: names resolved, defaults
//! explicit, fields typed, every part with its place.
//!
//! Every dialect ends here. Checks read it and never change it; [`plan`]
//! turns it into rows. A rule still calls pattern sets by name, because a
//! policy that extends another may add patterns to its sets.
//!
//! [`plan`]: crate::plan

use std::rc::Rc;

use agentos_grammar::{
    Span, Spanned,
    ast::{Combine, DefaultAnswer, Effect, Mode, RateScope, Severity, Stage},
};
use agentos_runtime::{
    Number,
    table::{Category, Order, Quantifier},
};

use crate::{finding::Lint, pattern};

/// All policies of one compilation, in the order they were given.
#[derive(Debug, Default)]
pub struct Program {
    /// The policies of the given sources; shipped ones stand in `parts` only.
    pub policies: Vec<Policy>,
}

/// A policy with everything it inherited.
#[derive(Debug)]
pub struct Policy {
    /// What requests call it.
    pub name: Spanned<String>,
    /// Its version text; empty where none was given.
    pub version: String,
    /// The whole policy.
    pub span: Span,
    /// Whether another policy of the program extends it.
    pub base: bool,
    /// The answer where no rule fires, made explicit.
    pub default: DefaultAnswer,
    /// Where the default was written, if it was.
    pub default_span: Option<Span>,
    /// Why the default is right.
    pub default_because: Option<String>,
    /// Whether it holds anybody back.
    pub mode: Mode,
    /// Whether matchers look through disguises: where it or a policy it extends says so.
    pub normalize: bool,
    /// Inherited parts first, its own last.
    pub parts: Vec<Rc<Part>>,
    /// Names of declared actions to their declarations, inherited ones first.
    pub actions: Vec<Rc<Action>>,
    /// Pattern sets, one a name.
    pub patterns: Vec<PatternSet>,
    /// Intents, one a category, signals of inherited ones first.
    pub intents: Vec<Intent>,
    /// The stricter of what it says and what it inherited.
    pub limits: Limits,
    /// Rates, inherited ones first.
    pub rates: Vec<Rc<Rate>>,
    /// Supervisors, inherited ones first.
    pub trust: Option<Trust>,
    /// Findings that are said to be fine.
    pub expects: Vec<Expect>,
}

impl Policy {
    /// The rules written in this policy itself.
    ///
    /// # Panics
    ///
    /// When the policy has no part, which lowering never makes.
    pub fn own(&self) -> &Part {
        self.parts
            .last()
            .expect("lowering gives every policy a part of its own")
    }
}

/// The rules of one policy text.
#[derive(Debug)]
pub struct Part {
    /// The policy they were written in.
    pub policy: String,
    /// All of that policy.
    pub span: Span,
    /// The policies that it extends itself.
    pub extends: Vec<String>,
    /// How they are combined.
    pub combine: Combine,
    /// In the order they were written.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// What it answers when it fires.
    pub effect: Spanned<Effect>,
    /// Unique in its part.
    pub id: String,
    /// The whole rule.
    pub span: Span,
    /// Names and globs of actions.
    pub actions: Vec<Spanned<String>>,
    /// What it looks at.
    pub stage: Stage,
    /// When it fires; absent: always.
    pub when: Option<Condition>,
    /// Larger first, under `combine priority`.
    pub priority: Option<Spanned<i64>>,
    /// Why.
    pub because: Option<String>,
    /// What to do instead.
    pub suggest: Option<String>,
    /// Who may approve.
    pub approvers: Option<Approvers>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// More for reviews.
    pub help: Option<String>,
}

/// A condition; `not` stands at the tests only.
#[derive(Debug)]
pub enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// One look at one field.
    Test(Box<Test>),
}

impl Condition {
    /// Every test, in the order they were written.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Condition::All(list) | Condition::Any(list) => {
                list.iter().flat_map(Condition::tests).collect()
            }
            Condition::Test(test) => vec![test],
        }
    }
}

/// One look at one field.
#[derive(Debug)]
pub struct Test {
    /// The test as written.
    pub span: Span,
    /// Counted from 1 in its rule.
    pub clause: u16,
    /// Whether the outcome is turned round.
    pub negated: bool,
    /// Which elements of a list have to pass.
    pub quantifier: Quantifier,
    /// What is looked at.
    pub field: Spanned<Field>,
    /// What is asked.
    pub check: Check,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The action's name.
    Action,
    /// The agent's name.
    Agent,
    /// The canonical text.
    Text,
    /// A param, by its path.
    Param(Vec<String>),
    /// What the caller claims.
    Context(Vec<String>),
    /// What the host says.
    Attested(Vec<String>),
}

/// What is asked of a field.
#[derive(Debug)]
pub enum Check {
    /// It is there.
    Exists,
    /// It equals the literal.
    Equals(Literal),
    /// It is ordered so.
    Compare(Order, Literal),
    /// It equals one of them.
    OneOf(Vec<Literal>),
    /// A part of a text, a member of a list.
    Contains(Literal),
    /// A text starts so.
    StartsWith(String),
    /// A text ends so.
    EndsWith(String),
    /// A pattern of the set of this name matches.
    MatchesSet(String),
    /// This pattern matches.
    MatchesPattern(Pattern),
    /// A path is this directory or below it.
    Under(String),
    /// One of these intents has at least this confidence.
    Intent(Vec<Category>, Number),
}

/// A value written in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// A text.
    Text(String),
    /// An exact number.
    Number(Number),
    /// `true`, `false`
    Boolean(bool),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Time(i128),
}

/// A declared action.
#[derive(Debug)]
pub struct Action {
    /// Its whole name.
    pub name: Spanned<String>,
    /// Its params in order.
    pub params: Vec<Param>,
}

impl Action {
    /// The declared param of this name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name.node == name)
    }
}

/// A declared param.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub ty: Type,
    /// Whether it may be missing.
    pub optional: bool,
}

/// The type of a declared param.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// An exact number.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A text in RFC 3339.
    Timestamp,
    /// One of these.
    OneOf(Vec<Literal>),
    /// A list.
    List(Box<Type>),
}

/// Patterns under one name.
#[derive(Clone, Debug)]
pub struct PatternSet {
    /// Its name.
    pub name: String,
    /// In the order they were written, inherited ones first.
    pub patterns: Vec<Pattern>,
}

/// A pattern that can be found.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written.
    pub source: String,
    /// Where.
    pub span: Span,
    /// What finds it.
    pub compiled: pattern::Compiled,
}

/// What counts towards a category.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The category.
    pub category: Category,
    /// Inherited ones first.
    pub signals: Vec<Signal>,
}

/// A pattern with a weight.
#[derive(Clone, Debug)]
pub struct Signal {
    /// 0..=1.
    pub weight: Number,
    /// What it finds.
    pub pattern: Pattern,
    /// What it means.
    pub explain: String,
}

/// Bounds; each is absent where nobody set it.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Tokens a request.
    pub max_tokens: Option<Spanned<u64>>,
    /// Tool calls a request.
    pub max_tool_calls: Option<Spanned<u64>>,
    /// Milliseconds a request.
    pub timeout_ms: Option<Spanned<u64>>,
    /// Executions at one time.
    pub max_concurrent: Option<Spanned<u64>>,
    /// Executions from which on they are slowed down.
    pub backpressure_threshold: Option<Spanned<u64>>,
    /// Least confidence.
    pub confidence_threshold: Option<Spanned<Number>>,
    /// Largest drift.
    pub drift_threshold: Option<Spanned<Number>>,
    /// Whether every call is logged.
    pub log_all_calls: Option<Spanned<bool>>,
    /// A checkpoint every so many calls.
    pub checkpoint_frequency: Option<Spanned<u64>>,
}

/// A rate.
#[derive(Debug)]
pub struct Rate {
    /// The whole statement.
    pub span: Span,
    /// Names and globs of actions.
    pub actions: Vec<Spanned<String>>,
    /// How often.
    pub count: u64,
    /// In how many milliseconds.
    pub per_ms: u64,
    /// Whose calls are counted together.
    pub scope: RateScope,
    /// What is answered beyond it.
    pub otherwise: Effect,
    /// Why.
    pub because: Option<String>,
}

/// Who may approve.
#[derive(Debug)]
pub struct Approvers {
    /// How many have to.
    pub needed: u32,
    /// Out of these.
    pub of: Vec<String>,
    /// Within so many milliseconds.
    pub within_ms: Option<u64>,
}

/// The supervisors of a policy.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The statement, or the last one of several.
    pub span: Span,
    /// Inherited ones first.
    pub supervisors: Vec<Supervisor>,
    /// How many levels an escalation may climb.
    pub max_escalation_depth: u32,
}

/// A supervisor.
#[derive(Clone, Debug)]
pub struct Supervisor {
    /// Its name.
    pub name: Spanned<String>,
    /// 0 is the root.
    pub level: Spanned<i64>,
    /// Whether it is an agent itself.
    pub agent: bool,
}

/// `expect shadowed-rule because "…";`
#[derive(Clone, Debug)]
pub struct Expect {
    /// Which finding.
    pub lint: &'static Lint,
    /// The statement it is said of.
    pub about: Span,
    /// The `expect` itself.
    pub span: Span,
}
