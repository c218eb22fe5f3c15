//! The syntax tree: what a policy file says, with the place of each part.
//!
//! One tree for both spellings and for every dialect. Fixed words (effects,
//! operators, types) are enums; names that somebody declares or ships
//! (limits, intents, pattern sets, findings, policies) are texts, and the
//! compiler finds what they stand for. Numbers keep the digits they were
//! written with. Equality ignores places (see [`Spanned`]) and comments.

use crate::span::Spanned;

/// A text with its place.
pub type Name = Spanned<String>;

/// All policies of one source text, and its comments.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// In the order they are written.
    pub policies: Vec<Spanned<Policy>>,
    /// Every comment, by rising place.
    pub comments: Vec<Comment>,
}

impl PartialEq for File {
    fn eq(&self, other: &File) -> bool {
        self.policies == other.policies
    }
}

/// One comment, without its markers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Comment {
    /// What it says, without the space after the marker, so that a row of
    /// comments keeps its indentation; a block comment keeps its inner line ends.
    pub text: Spanned<String>,
    /// Whether nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// `policy name "version" { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Policy {
    /// What other policies and requests call it.
    pub name: Name,
    /// The version text after the name.
    pub version: Option<Name>,
    /// Its statements, in the order they are written.
    pub items: Vec<Spanned<Item>>,
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// `about "…";`
    About(Name),
    /// `extends a, b;`
    Extends(Vec<Name>),
    /// `default deny because "…";`
    Default(Default_),
    /// `combine strictest;`
    Combine(Spanned<Combine>),
    /// `mode shadow;`
    Mode(Spanned<Mode>),
    /// `normalize strict;`
    Normalize(Name),
    /// `limits { tokens 4096; }`
    Limits(Vec<Spanned<Limit>>),
    /// `action refund { amount: decimal }`
    Action(ActionDecl),
    /// `patterns secrets { … }`
    Patterns(PatternSet),
    /// `deny send_email unless … because "…";`
    Rule(Box<Rule>),
    /// `limit http.request 3 per minute else deny;`
    Rate(Rate),
    /// `intent destructive_data { … }`
    Intent(Intent),
    /// `trust { … }`
    Trust(Trust),
    /// `expect shadowed-rule because "…";`, about the statement after it.
    Expect(Expect),
}

/// What is answered where no rule fires.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Default_ {
    /// The answer.
    pub answer: Spanned<DefaultAnswer>,
    /// Why that is right.
    pub because: Option<Name>,
}

/// The word after `default`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefaultAnswer {
    /// Permit.
    Allow,
    /// Refuse.
    Deny,
    /// Say nothing; when all policies abstain, the answer is deny.
    Abstain,
}

/// What a rule that fires answers, from mildest to strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// How the rules of one policy are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The strictest rule that fires.
    Strictest,
    /// The first rule that fires, by falling priority, then by order.
    Priority,
}

/// Whether a policy holds anybody back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does.
    Enforce,
    /// It decides and reports only.
    Shadow,
}

/// One line of `limits`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Which limit, as written (`tokens`, `max_tokens`).
    pub name: Name,
    /// How much.
    pub value: Spanned<LimitValue>,
}

/// The value of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LimitValue {
    /// A number, as written.
    Number(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A number with a unit of time.
    Duration(Duration),
}

/// A length of time as written: `300s`, `60m`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    /// How many of the unit, as written.
    pub count: String,
    /// Of what.
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// `ms`
    Millisecond,
    /// `s`, `second`
    Second,
    /// `m`, `minute`
    Minute,
    /// `h`, `hour`
    Hour,
    /// `d`, `day`
    Day,
}

/// `action name { param: type, … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionDecl {
    /// The action's whole name, dots included.
    pub name: Name,
    /// Its params in order.
    pub params: Vec<Spanned<ParamDecl>>,
}

/// `amount: decimal`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParamDecl {
    /// The param's name.
    pub name: Name,
    /// Its type.
    pub ty: Spanned<Type>,
}

/// The type of a declared param.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `string`
    String,
    /// `integer`
    Integer,
    /// `decimal`
    Decimal,
    /// `boolean`
    Boolean,
    /// `timestamp`: a text in RFC 3339.
    Timestamp,
    /// `[T]`
    List(Box<Spanned<Type>>),
    /// `T?`
    Optional(Box<Spanned<Type>>),
    /// `one of ["a", "b"]`
    OneOf(Vec<Spanned<Literal>>),
    /// `shell`
    Shell,
    /// `sql`
    Sql,
    /// `path`
    Path,
    /// `url`
    Url,
    /// `python`
    Python,
}

/// `patterns name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternSet {
    /// What `matches` calls it.
    pub name: Name,
    /// Its patterns in order.
    pub patterns: Vec<Spanned<Pattern>>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// How the text is read.
    pub kind: PatternKind,
    /// The text to find.
    pub text: Name,
    /// `unless followed by r"…"`
    pub unless_followed_by: Option<Name>,
}

/// How a pattern's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// Letter by letter, in any case.
    Substring,
    /// Python's `re`, searched, in any case.
    Regex,
    /// `*`, `?`, `[…]`, anchored at both ends, in any case.
    Glob,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What it answers when it fires.
    pub effect: Spanned<Effect>,
    /// Names and globs of actions.
    pub actions: Vec<Name>,
    /// `on input`; without it a rule speaks of calls.
    pub stage: Option<Spanned<Stage>>,
    /// `to 2 of "controller", "cfo" within 60m`
    pub approvers: Option<Spanned<Approvers>>,
    /// `when …`
    pub when: Option<Spanned<Condition>>,
    /// `unless …`
    pub unless: Option<Spanned<Condition>>,
    /// `because "…"`
    pub because: Option<Name>,
    /// `suggest "…"`
    pub suggest: Option<Name>,
    /// `priority N`
    pub priority: Option<Spanned<i64>>,
    /// `id name`
    pub id: Option<Name>,
    /// `severity high`
    pub severity: Option<Spanned<Severity>>,
    /// `help "…"`
    pub help: Option<Name>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Stage {
    /// What comes in: a prompt.
    Input,
    /// A call of a tool.
    #[default]
    Call,
    /// What comes back from a tool.
    Output,
}

/// How bad it is when a rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For the record.
    Info,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

/// Who may approve, how many of them, and by when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Approvers {
    /// How many have to.
    pub needed: Spanned<u32>,
    /// Out of these.
    pub of: Vec<Name>,
    /// And how soon.
    pub within: Option<Spanned<Duration>>,
}

/// `limit http.request 3 per minute per tenant else deny;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Names and globs of actions.
    pub actions: Vec<Name>,
    /// How often.
    pub count: Spanned<u64>,
    /// In what time.
    pub per: Spanned<TimeUnit>,
    /// Who is counted.
    pub scope: Option<Spanned<RateScope>>,
    /// What is answered beyond it.
    pub otherwise: Spanned<Effect>,
    /// `because "…"`
    pub because: Option<Name>,
}

/// Whose calls a rate counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateScope {
    /// One agent's.
    Agent,
    /// One tenant's.
    Tenant,
}

/// `intent category { signal … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Intent {
    /// One of the nine categories, as written.
    pub category: Name,
    /// Its signals in order.
    pub signals: Vec<Spanned<Signal>>,
}

/// `signal 0.9 r"…" unless followed by r"…" "explanation";`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// 0..=1, as written.
    pub weight: Spanned<String>,
    /// A regex.
    pub pattern: Name,
    /// A regex that must not match right after it.
    pub unless_followed_by: Option<Name>,
    /// What it means, for people.
    pub explain: Option<Name>,
}

/// `trust { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trust {
    /// In the order they are written.
    pub supervisors: Vec<Spanned<Supervisor>>,
    /// `max_escalation_depth N;`
    pub max_escalation_depth: Option<Spanned<i64>>,
}

/// `supervisor "name" level 1 agent;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Supervisor {
    /// Its name.
    pub name: Name,
    /// 0 is the root.
    pub level: Spanned<i64>,
    /// Whether it is an agent itself.
    pub agent: bool,
}

/// `expect shadowed-rule because "…";`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expect {
    /// The finding's name or code.
    pub finding: Name,
    /// Why it is fine here.
    pub because: Option<Name>,
}

/// What `when` and `unless` take.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Two or more, joined by `and`.
    And(Vec<Spanned<Condition>>),
    /// Two or more, joined by `or`.
    Or(Vec<Spanned<Condition>>),
    /// `not …`
    Not(Box<Spanned<Condition>>),
    /// `exists F`
    Exists(Spanned<Field>),
    /// `intent in [a, b] at 0.5`
    Intent(IntentTest),
    /// One look at one field.
    Test(Test),
}

/// `intent in [a, b] at 0.5`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IntentTest {
    /// Categories, as written.
    pub categories: Vec<Name>,
    /// The least confidence, as written.
    pub at: Option<Spanned<String>>,
}

/// `every cc ends with "@example.com"`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// `any` or `every`, for a list.
    pub quantifier: Option<Spanned<Quantifier>>,
    /// What is looked at.
    pub field: Spanned<Field>,
    /// What is asked of it.
    pub check: Spanned<Check>,
}

/// Which elements of a list have to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// All; an empty list holds.
    Every,
}

/// A field as written: `amount`, `params.x.y`, `context.confidence`, `text`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The words between the dots; never empty.
    pub path: Vec<String>,
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// `== != < <= > >=`
    Compare(Comparison, Spanned<Literal>),
    /// `in […]`, `not in […]`
    In {
        /// `not in`
        negated: bool,
        /// The list.
        list: Vec<Spanned<Literal>>,
    },
    /// `contains …`: a part of a text, a member of a list.
    Contains(Spanned<Literal>),
    /// `starts with "…"`
    StartsWith(Name),
    /// `ends with "…"`
    EndsWith(Name),
    /// `matches r"…"`
    MatchesRegex(Name),
    /// `matches secrets`
    MatchesSet(Name),
    /// `like "glob"`
    Like(Name),
    /// `under "dir"`
    Under(Name),
}

/// An operator between a field and a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A value written in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `"…"`
    Text(String),
    /// A number, as written.
    Number(String),
    /// `true`, `false`
    Boolean(bool),
}
