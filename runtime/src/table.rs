//! What a compiled policy is: rows that the compiler writes and the engine reads.
//!
//! A table is plain data. It borrows from whoever made it: from the compiler's
//! plan, from the bytes of an artifact, or, in generated code, from `static`
//! rows. [`Engine::new`](crate::Engine::new) makes it ready for requests.
//!
//! Contents: [`Table`], [`Policy`], [`Part`], [`Rule`], [`Condition`] with
//! [`Test`], [`Field`] and [`Check`]; [`Action`] with [`Param`] and [`Type`];
//! [`Normalize`]; [`PatternSet`] and [`Pattern`]; [`Intent`] and [`Signal`]; what the kernel
//! enforces: [`Limits`], [`Rate`], [`Approvers`], [`Trust`].

use std::borrow::Cow;

use crate::number::Number;

/// A list that is either a `static` slice or owned.
pub type List<'t, T> = Cow<'t, [T]>;

/// All policies that were compiled together.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Table<'t> {
    /// Names of the source texts, as the compiler was given them.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub sources: List<'t, Source<'t>>,
    /// In the order they were given.
    pub policies: List<'t, Policy<'t>>,
}

/// A source text that went into a table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Source<'t> {
    /// Its name: usually a path.
    pub name: &'t str,
    /// SHA-256 of its bytes, in hex.
    pub sha256: &'t str,
}

/// Where in the sources something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Place {
    /// Index into [`Table::sources`].
    pub source: u32,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

/// A policy, with everything it inherited.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Policy<'t> {
    /// What requests call it.
    pub name: &'t str,
    /// Its version text; empty where none was given.
    pub version: &'t str,
    /// Where it was written.
    pub at: Place,
    /// The answer where no rule fires.
    pub default: DefaultAnswer,
    /// Why that is right, where the policy says so.
    pub default_because: Option<&'t str>,
    /// Whether it only reports.
    pub mode: Mode,
    /// Whether its matchers look through disguises.
    pub normalize: Normalize,
    /// Whether another policy of the table extends it. It is then asked
    /// through that one, and by itself only when a request names it.
    pub base: bool,
    /// Its own rules last, those it inherited before them; each combines its
    /// own way, and the strictest of them wins.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub parts: List<'t, Part<'t>>,
    /// Declared actions.
    pub actions: List<'t, Action<'t>>,
    /// Pattern sets, one row a name; a `matches` with a regex of its own has a
    /// nameless one.
    pub patterns: List<'t, PatternSet<'t>>,
    /// Intents, one row a category.
    pub intents: List<'t, Intent<'t>>,
    /// What finds its patterns, as `matchers::build` of this version makes it;
    /// empty where nothing looks for any.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub matchers: Cow<'t, [u8]>,
    /// Bounds the kernel keeps.
    pub limits: Limits,
    /// Rates the kernel counts.
    pub rates: List<'t, Rate<'t>>,
    /// The supervisors, where the policy names any.
    pub trust: Option<Trust<'t>>,
}

/// The answer where no rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum DefaultAnswer {
    /// Permit.
    Allow,
    /// Refuse.
    Deny,
    /// Say nothing; when every policy abstains, the answer is deny.
    Abstain,
}

/// Whether a policy holds anybody back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Mode {
    /// It does.
    Enforce,
    /// It decides and reports only.
    Shadow,
}

/// Whether matchers look through disguises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Normalize {
    /// They see a text as it is written.
    #[default]
    Never,
    /// What denies, escalates or defers also sees what the text says once a
    /// disguise is taken off; what permits does not.
    Strict,
}

/// The rules of one policy text.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Part<'t> {
    /// The policy they were written in.
    pub policy: &'t str,
    /// How they are combined.
    pub combine: Combine,
    /// In the order they were written.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub rules: List<'t, Rule<'t>>,
}

/// How the rules of one part are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Combine {
    /// The strictest rule that fires.
    Strictest,
    /// The first rule that fires, by falling priority, then by order.
    Priority,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Rule<'t> {
    /// What it answers when it fires.
    pub effect: Effect,
    /// Unique in its policy.
    pub id: &'t str,
    /// Where it was written.
    pub at: Place,
    /// Names and globs of actions; `*` crosses dots.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub actions: List<'t, &'t str>,
    /// What it looks at.
    pub stage: Stage,
    /// When it fires; absent: always.
    pub when: Option<Condition<'t>>,
    /// Counts under [`Combine::Priority`] only; larger first.
    pub priority: i64,
    /// Why, for people.
    pub because: Option<&'t str>,
    /// What the agent may do instead.
    pub suggest: Option<&'t str>,
    /// Who may approve what the rule escalates.
    pub approvers: Option<Approvers<'t>>,
    /// How bad it is, for reviews: `info`, `low`, `medium`, `high`, `critical`.
    pub severity: Option<&'t str>,
    /// More for reviews.
    pub help: Option<&'t str>,
}

/// What a rule answers, from mildest to strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Effect {
    /// Permit.
    Allow,
    /// Permit and flag.
    Audit,
    /// Answer later.
    Defer,
    /// Ask somebody above.
    Escalate,
    /// Refuse.
    Deny,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Stage {
    /// What comes in: a prompt.
    Input,
    /// A call of a tool.
    #[default]
    Call,
    /// What comes back from a tool.
    Output,
}

/// A condition in three-valued logic; `not` stands at the tests only.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Condition<'t> {
    /// True when all are; empty: true.
    #[cfg_attr(
        feature = "artifact",
        serde(borrow, deserialize_with = "crate::artifact::nested::list")
    )]
    All(List<'t, Condition<'t>>),
    /// True when one is; empty: false.
    #[cfg_attr(
        feature = "artifact",
        serde(borrow, deserialize_with = "crate::artifact::nested::list")
    )]
    Any(List<'t, Condition<'t>>),
    /// One look at one field.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    Test(Test<'t>),
}

/// One look at one field.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Test<'t> {
    /// Its number in its rule, counted from 1 as written.
    pub clause: u16,
    /// Whether its outcome is turned round; doubt stays doubt.
    pub negated: bool,
    /// Which elements of a list have to pass.
    pub quantifier: Quantifier,
    /// What is looked at.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub field: Field<'t>,
    /// What is asked of it.
    pub check: Check<'t>,
}

/// Which elements of a list have to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Quantifier {
    /// The field itself is looked at.
    Whole,
    /// At least one element.
    Any,
    /// All elements; an empty list holds.
    Every,
}

/// A part of a request that rules may look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Field<'t> {
    /// The action's name.
    Action,
    /// The agent's name.
    Agent,
    /// The canonical text of action and params.
    Text,
    /// A param, by its path.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    Param(List<'t, &'t str>),
    /// What the caller claims, by its path.
    Context(List<'t, &'t str>),
    /// What the host says, by its path.
    Attested(List<'t, &'t str>),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Check<'t> {
    /// It is there and is not null. Never in doubt.
    Exists,
    /// It equals the literal.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    Equals(Literal<'t>),
    /// It is ordered so towards the literal: a number or a time.
    Compare(Order, Literal<'t>),
    /// It equals one of them.
    OneOf(List<'t, Literal<'t>>),
    /// A text has it as a part; a list has it as a member.
    Contains(Literal<'t>),
    /// A text starts so.
    StartsWith(&'t str),
    /// A text ends so.
    EndsWith(&'t str),
    /// A pattern of this set matches: index into [`Policy::patterns`].
    Matches(u32),
    /// A path is this directory or below it, after normalising.
    Under(&'t str),
    /// An intent of these has at least this confidence. The field is [`Field::Text`].
    Intent(List<'t, Category>, Number),
}

/// A value written in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Literal<'t> {
    /// A text.
    Text(&'t str),
    /// An exact number.
    Number(Number),
    /// `true`, `false`
    Boolean(bool),
    /// A moment, in nanoseconds since 1970-01-01T00:00:00Z; the field is a text in RFC 3339.
    Time(i128),
}

/// How a field is ordered towards a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A declared action.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Action<'t> {
    /// Its whole name.
    pub name: &'t str,
    /// Its params in order.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub params: List<'t, Param<'t>>,
}

/// A declared param.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Param<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its type.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub ty: Type<'t>,
    /// Whether it may be missing or null.
    pub optional: bool,
}

/// The type of a declared param.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Type<'t> {
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
    #[cfg_attr(feature = "artifact", serde(borrow))]
    OneOf(List<'t, Literal<'t>>),
    /// A list; the slice holds the one type of its elements.
    #[cfg_attr(
        feature = "artifact",
        serde(borrow, deserialize_with = "crate::artifact::nested::list")
    )]
    List(List<'t, Type<'t>>),
}

/// Patterns under one name.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct PatternSet<'t> {
    /// Its name; empty for a regex or glob written in a condition.
    pub name: &'t str,
    /// In the order they were written.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub patterns: List<'t, Pattern<'t>>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Pattern<'t> {
    /// As written, for people.
    pub source: &'t str,
    /// Where it was written.
    pub at: Place,
    /// What finds it.
    pub matcher: Matcher<'t>,
}

/// What finds a pattern in a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Matcher<'t> {
    /// The lower-cased text has this lower-cased text as a part.
    Substring(&'t str),
    /// An expression in the syntax of the `regex` crate, flags inside, as the
    /// compiler prints it: assertions stand at its ends. Where it has groups, the
    /// first that takes part is what was found; the rest stands beside.
    Regex(&'t str),
    /// The same, where the second one does not match right after it.
    RegexUnless(&'t str, &'t str),
    /// An expression anchored at both ends, for each value of the text by itself.
    Glob(&'t str),
}

/// The nine kinds of intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub enum Category {
    /// DROP, DELETE, TRUNCATE, wipe
    DestructiveData,
    /// Bulk export, dump, copy to elsewhere
    DataExfiltration,
    /// GRANT, sudo, chmod, admin
    PrivilegeEscalation,
    /// rm, shutdown, reboot, kill
    SystemModification,
    /// exec, eval, subprocess, shell
    CodeExecution,
    /// fetch, curl, HTTP, connect
    NetworkAccess,
    /// SELECT, get, read, list
    DataRead,
    /// INSERT, UPDATE, create, write
    DataWrite,
    /// Nothing of the kind
    Benign,
}

/// What counts towards a category.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Intent<'t> {
    /// The category.
    pub category: Category,
    /// In the order they were written, inherited ones first.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub signals: List<'t, Signal<'t>>,
}

/// A pattern with a weight.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Signal<'t> {
    /// 0..=1; an intent's confidence is that of its heaviest signal.
    pub weight: Number,
    /// What it finds.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub pattern: Pattern<'t>,
    /// What it means, for people; empty where nobody said.
    pub explain: &'t str,
}

/// Bounds the kernel keeps; absent: none. Each has the reference's name.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Tokens a request.
    pub max_tokens: Option<u64>,
    /// Tool calls a request; 0 forbids them.
    pub max_tool_calls: Option<u64>,
    /// Wall-clock milliseconds a request.
    pub timeout_ms: Option<u64>,
    /// Executions at one time.
    pub max_concurrent: Option<u64>,
    /// Executions at one time from which on they are slowed down.
    pub backpressure_threshold: Option<u64>,
    /// Least confidence, 0..=1.
    pub confidence_threshold: Option<Number>,
    /// Largest semantic drift, 0..=1.
    pub drift_threshold: Option<Number>,
    /// Whether every call is logged.
    pub log_all_calls: Option<bool>,
    /// A checkpoint every so many calls.
    pub checkpoint_frequency: Option<u64>,
}

impl Limits {
    /// No bounds at all.
    pub const NONE: Limits = Limits {
        max_tokens: None,
        max_tool_calls: None,
        timeout_ms: None,
        max_concurrent: None,
        backpressure_threshold: None,
        confidence_threshold: None,
        drift_threshold: None,
        log_all_calls: None,
        checkpoint_frequency: None,
    };
}

/// A rate the kernel counts.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Rate<'t> {
    /// Where it was written.
    pub at: Place,
    /// Names and globs of actions.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub actions: List<'t, &'t str>,
    /// How often.
    pub count: u64,
    /// In how many milliseconds.
    pub per_ms: u64,
    /// Whether a tenant's agents are counted together.
    pub per_tenant: bool,
    /// What is answered beyond it.
    pub otherwise: Effect,
    /// Why, for people.
    pub because: Option<&'t str>,
}

/// Who may approve what a rule escalates.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Approvers<'t> {
    /// How many have to.
    pub needed: u32,
    /// Out of these.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub of: List<'t, &'t str>,
    /// Within so many milliseconds.
    pub within_ms: Option<u64>,
}

/// The supervisors of a policy.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Trust<'t> {
    /// In the order they were written.
    #[cfg_attr(feature = "artifact", serde(borrow))]
    pub supervisors: List<'t, Supervisor<'t>>,
    /// How many levels an escalation may climb.
    pub max_escalation_depth: u32,
}

/// A supervisor.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "artifact", derive(serde::Serialize, serde::Deserialize))]
pub struct Supervisor<'t> {
    /// Its name.
    pub name: &'t str,
    /// 0 is the root.
    pub level: u32,
    /// Whether it is an agent itself.
    pub agent: bool,
}
