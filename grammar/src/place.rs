//! A tree and a byte in, the parts of the tree that stand there out, from the
//! whole policy to the smallest name.
//!
//! For editors: what is under the cursor, in either spelling. A part of a text
//! that was refused is not in the tree, and not here.

use crate::ast::{
    ActionDecl, Approvers, Check, Combine, Comment, Condition, DefaultAnswer, Effect, Expect,
    Field, File, Intent, Item, Limit, Mode, Name, ParamDecl, PatternKind, PatternSet, Policy, Rate,
    Rule, Severity, Stage, Supervisor, Test, Trust, Type,
};
use crate::span::{Span, Spanned};

/// A part of a tree, with its place.
#[derive(Clone, Copy, Debug)]
pub enum Part<'t> {
    /// A comment.
    Comment(&'t Comment),
    /// A policy.
    Policy(&'t Spanned<Policy>),
    /// The name that a policy gives itself.
    PolicyName(&'t Name),
    /// The name of a policy that is built on.
    Base(&'t Name),
    /// A statement.
    Item(&'t Spanned<Item>),
    /// The rule that a statement is; the place is that of the statement.
    Rule(&'t Rule, Span),
    /// What a rule answers.
    Effect(&'t Spanned<Effect>),
    /// What is answered where no rule fires.
    Default(&'t Spanned<DefaultAnswer>),
    /// How rules are combined.
    Combine(&'t Spanned<Combine>),
    /// Whether anybody is held back.
    Mode(&'t Spanned<Mode>),
    /// What a rule looks at.
    Stage(&'t Spanned<Stage>),
    /// How bad it is.
    Severity(&'t Spanned<Severity>),
    /// The name of an action, or a glob, in a rule or rate.
    Action(&'t Name),
    /// A declared action.
    Declared(&'t ActionDecl, Span),
    /// The name of a declared action.
    DeclaredName(&'t Name),
    /// A declared param.
    Param(&'t Spanned<ParamDecl>),
    /// The type of a param.
    Type(&'t Spanned<Type>),
    /// The name that a pattern set gives itself.
    SetName(&'t PatternSet),
    /// The name of a pattern set that is looked for.
    Set(&'t Name),
    /// A pattern's kind.
    Kind(PatternKind, Span),
    /// A field in a condition.
    Field(&'t Spanned<Field>),
    /// The name of an intent.
    Category(&'t Name),
    /// The name of a limit.
    Limit(&'t Spanned<Limit>),
    /// The name of a finding.
    Finding(&'t Name),
    /// Somebody who may approve.
    Approver(&'t Name),
    /// A supervisor.
    Supervisor(&'t Spanned<Supervisor>),
    /// A condition or a part of one.
    Condition(&'t Spanned<Condition>),
}

impl Part<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Part::Comment(comment) => comment.text.span,
            Part::Policy(policy) => policy.span,
            Part::PolicyName(name)
            | Part::Base(name)
            | Part::Action(name)
            | Part::DeclaredName(name)
            | Part::Set(name)
            | Part::Category(name)
            | Part::Finding(name)
            | Part::Approver(name) => name.span,
            Part::Item(item) => item.span,
            Part::Rule(_, span) | Part::Declared(_, span) | Part::Kind(_, span) => *span,
            Part::Effect(effect) => effect.span,
            Part::Default(answer) => answer.span,
            Part::Combine(combine) => combine.span,
            Part::Mode(mode) => mode.span,
            Part::Stage(stage) => stage.span,
            Part::Severity(severity) => severity.span,
            Part::Param(param) => param.span,
            Part::Type(ty) => ty.span,
            Part::SetName(set) => set.name.span,
            Part::Field(field) => field.span,
            Part::Limit(limit) => limit.name.span,
            Part::Supervisor(supervisor) => supervisor.span,
            Part::Condition(condition) => condition.span,
        }
    }
}

/// The parts of `file` at byte `at`, the largest first. A byte right behind a part
/// counts as in it, as a cursor behind a word does.
///
/// ```
/// use agentos_grammar::{Part, SourceId, at, parse};
///
/// let (file, _) = parse(SourceId(0), "policy mail { deny send; }");
/// let parts = at(&file, 21);
/// assert!(matches!(parts.last(), Some(Part::Action(name)) if name.node == "send"));
/// ```
pub fn at(file: &File, at: usize) -> Vec<Part<'_>> {
    let mut found = Found {
        at: at as u32,
        parts: Vec::new(),
    };
    for comment in &file.comments {
        let span = comment.text.span;
        if span.start < found.at && found.at < span.end {
            return vec![Part::Comment(comment)];
        }
    }
    for policy in &file.policies {
        found.policy(policy);
    }
    // Of two parts that meet at a place, the one that begins there is meant.
    let behind = |part: &Part<'_>| part.span().end == found.at;
    if found.parts.iter().any(|part| part.span().start == found.at) {
        let whole = |part: &Part<'_>| part.span().start != found.at && behind(part);
        found.parts.retain(|part| !whole(part));
    }
    found.parts
}

struct Found<'t> {
    at: u32,
    parts: Vec<Part<'t>>,
}

impl<'t> Found<'t> {
    /// Keeps a part that stands there, and says whether it does.
    fn add(&mut self, part: Part<'t>) -> bool {
        let span = part.span();
        // What a dialect leaves unsaid has no place.
        let is_there = span.start < span.end && span.start <= self.at && self.at <= span.end;
        if is_there {
            self.parts.push(part);
        }
        is_there
    }

    fn names(&mut self, names: &'t [Name], part: fn(&'t Name) -> Part<'t>) {
        for name in names {
            self.add(part(name));
        }
    }

    fn policy(&mut self, policy: &'t Spanned<Policy>) {
        // A YAML policy's parts may stand in any order, and its name in none of them.
        self.add(Part::Policy(policy));
        self.add(Part::PolicyName(&policy.node.name));
        for item in &policy.node.items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &'t Spanned<Item>) {
        self.add(Part::Item(item));
        match &item.node {
            Item::About(_) | Item::Normalize(_) => {}
            Item::Extends(names) => self.names(names, Part::Base),
            Item::Default(default) => {
                self.add(Part::Default(&default.answer));
            }
            Item::Combine(combine) => {
                self.add(Part::Combine(combine));
            }
            Item::Mode(mode) => {
                self.add(Part::Mode(mode));
            }
            Item::Limits(limits) => {
                for limit in limits {
                    self.add(Part::Limit(limit));
                }
            }
            Item::Action(action) => self.declared(action, item.span),
            Item::Patterns(set) => self.set(set),
            Item::Rule(rule) => self.rule(rule, item.span),
            Item::Rate(rate) => self.rate(rate),
            Item::Intent(intent) => self.intent(intent),
            Item::Trust(trust) => self.trust(trust),
            Item::Expect(Expect { finding, .. }) => {
                self.add(Part::Finding(finding));
            }
        }
    }

    fn declared(&mut self, action: &'t ActionDecl, span: Span) {
        self.add(Part::Declared(action, span));
        self.add(Part::DeclaredName(&action.name));
        for param in &action.params {
            if self.add(Part::Param(param)) {
                self.ty(&param.ty);
            }
        }
    }

    fn ty(&mut self, ty: &'t Spanned<Type>) {
        if self.add(Part::Type(ty))
            && let Type::List(inner) | Type::Optional(inner) = &ty.node
        {
            self.ty(inner);
        }
    }

    fn set(&mut self, set: &'t PatternSet) {
        self.add(Part::SetName(set));
        for pattern in &set.patterns {
            let start = pattern.span.start as usize;
            let word = pattern.kind.word();
            let span = Span::new(pattern.span.source, start, start + word.len());
            // In YAML it may stand elsewhere, or not at all.
            if span.end <= pattern.text.span.start {
                self.add(Part::Kind(pattern.kind, span));
            }
        }
    }

    fn rule(&mut self, rule: &'t Rule, span: Span) {
        self.add(Part::Rule(rule, span));
        self.add(Part::Effect(&rule.effect));
        self.names(&rule.actions, Part::Action);
        if let Some(stage) = &rule.stage {
            self.add(Part::Stage(stage));
        }
        if let Some(severity) = &rule.severity {
            self.add(Part::Severity(severity));
        }
        if let Some(approvers) = &rule.approvers {
            let Approvers { of, .. } = &approvers.node;
            self.names(of, Part::Approver);
        }
        for condition in [&rule.when, &rule.unless].into_iter().flatten() {
            self.condition(condition);
        }
    }

    fn condition(&mut self, condition: &'t Spanned<Condition>) {
        self.add(Part::Condition(condition));
        match &condition.node {
            Condition::And(parts) | Condition::Or(parts) => {
                for part in parts {
                    self.condition(part);
                }
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Exists(field) => {
                self.add(Part::Field(field));
            }
            Condition::Intent(test) => self.names(&test.categories, Part::Category),
            Condition::Test(Test { field, check, .. }) => {
                self.add(Part::Field(field));
                if let Check::MatchesSet(set) = &check.node {
                    self.add(Part::Set(set));
                }
            }
        }
    }

    fn rate(&mut self, rate: &'t Rate) {
        self.names(&rate.actions, Part::Action);
        self.add(Part::Effect(&rate.otherwise));
    }

    fn intent(&mut self, intent: &'t Intent) {
        self.add(Part::Category(&intent.category));
    }

    fn trust(&mut self, trust: &'t Trust) {
        for supervisor in &trust.supervisors {
            self.add(Part::Supervisor(supervisor));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SourceId, parse};

    /// The smallest part at the `|` of a text, by the name of its kind and its text.
    fn smallest(text: &str) -> String {
        let place = text.find('|').expect("a `|` marks the place");
        let text = text.replace('|', "");
        let (file, _) = parse(SourceId(0), &text);
        let parts = at(&file, place);
        let Some(part) = parts.last() else {
            return String::new();
        };
        let kind = format!("{part:?}");
        let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
        format!("{kind} {}", &text[part.span().range()])
    }

    #[test]
    fn the_smallest_part_is_what_a_cursor_is_on() {
        for (text, expected) in [
            ("pol|icy p { deny a; }", "Policy policy p { deny a; }"),
            ("policy |p { deny a; }", "PolicyName p"),
            ("policy p { de|ny a; }", "Effect deny"),
            ("policy p { deny a|; }", "Action a"),
            ("policy p { deny a when t|ext matches s; }", "Field text"),
            ("policy p { deny a when text matches s|; }", "Set s"),
            ("policy p { extends b|ase; }", "Base base"),
            ("policy p { action a { b: [st|ring]? } }", "Type string"),
            ("policy p { patterns s { re|gex \"a\"; } }", "Kind regex"),
            (
                "policy p { deny a when intent in [ben|ign] at 0.5; }",
                "Category benign",
            ),
            ("policy p { limits { to|kens 3; } }", "Limit tokens"),
            ("policy p { escalate a to \"b|oss\"; }", "Approver \"boss\""),
            ("policy p { expect rep|eated; deny a; }", "Finding repeated"),
            ("policy p { // a| b\n deny a; }", "Comment // a b"),
            ("| policy p {}", ""),
        ] {
            assert_eq!(smallest(text), expected, "{text}");
        }
    }
}
