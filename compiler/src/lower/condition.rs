//! `when` and `unless` in, one condition with typed fields out.
//!
//! `not` is moved down to the tests, which three-valued logic allows: doubt
//! turned round is doubt. A test over the elements of a list turns `any` into
//! `every` on the way.

use agentos_grammar::{Span, Spanned, ast};
use agentos_runtime::{
    Number,
    table::{Category, Order, Quantifier},
};

use super::{pattern, scope::Scope};
use crate::{
    finding::{Finding, codes},
    ir::{self, Check, Field, Literal, Type},
    nearest::nearest,
};

/// The confidence an intent needs where the test does not say.
const DEFAULT_CONFIDENCE: &str = "0.5";

/// `when A unless B` is `A and not B`.
pub(super) fn of_rule(
    rule: &ast::Rule,
    scope: &Scope,
    found: &mut Vec<Finding>,
) -> Option<ir::Condition> {
    let mut cx = Cx {
        actions: &rule.actions,
        scope,
        found,
        clause: 0,
    };
    let when = rule.when.as_ref().map(|when| cx.condition(when, false));
    let unless = rule
        .unless
        .as_ref()
        .map(|unless| cx.condition(unless, true));
    match (when, unless) {
        (Some(when), Some(unless)) => Some(ir::Condition::All(vec![when, unless])),
        (when, unless) => when.or(unless),
    }
}

/// A literal with its number made exact.
pub(super) fn literal(value: &Spanned<ast::Literal>, found: &mut Vec<Finding>) -> Option<Literal> {
    match &value.node {
        ast::Literal::Text(text) => Some(Literal::Text(text.clone())),
        ast::Literal::Boolean(flag) => Some(Literal::Boolean(*flag)),
        ast::Literal::Number(text) => match text.parse::<Number>() {
            Ok(number) => Some(Literal::Number(number)),
            Err(error) => {
                found.push(Finding::new(
                    &codes::WRONG_TYPE,
                    value.span,
                    format!("`{text}` cannot be held exactly: {error}"),
                ));
                None
            }
        },
    }
}

struct Cx<'a> {
    actions: &'a [Spanned<String>],
    scope: &'a Scope,
    found: &'a mut Vec<Finding>,
    clause: u16,
}

impl Cx<'_> {
    /// A part that is broken becomes a condition without tests; its findings
    /// are errors, so nothing is made of it.
    fn condition(&mut self, condition: &Spanned<ast::Condition>, negated: bool) -> ir::Condition {
        match &condition.node {
            ast::Condition::Not(inner) => self.condition(inner, !negated),
            ast::Condition::And(list) | ast::Condition::Or(list) => {
                let parts = list
                    .iter()
                    .map(|part| self.condition(part, negated))
                    .collect();
                if matches!(condition.node, ast::Condition::And(_)) == negated {
                    ir::Condition::Any(parts)
                } else {
                    ir::Condition::All(parts)
                }
            }
            ast::Condition::Exists(field) => {
                self.test(condition.span, negated, None, field, |_, _| {
                    Some((false, Check::Exists))
                })
            }
            ast::Condition::Intent(test) => self.intent(test, condition.span, negated),
            ast::Condition::Test(test) => {
                let quantifier = test.quantifier.as_ref().map(|q| q.node);
                self.test(
                    condition.span,
                    negated,
                    quantifier,
                    &test.field,
                    |cx, types| cx.check(test, types),
                )
            }
        }
    }

    fn test(
        &mut self,
        span: Span,
        negated: bool,
        quantifier: Option<ast::Quantifier>,
        field: &Spanned<ast::Field>,
        check: impl FnOnce(&mut Self, &Declared) -> Option<(bool, Check)>,
    ) -> ir::Condition {
        self.clause = self.clause.saturating_add(1);
        let clause = self.clause;
        let broken = ir::Condition::All(Vec::new());
        let Some((field, declared)) = self.field(field) else {
            return broken;
        };
        let Some((inner, check)) = check(self, &declared) else {
            return broken;
        };
        // "Some element is not x" is "not every element is x", and the other way round.
        let (quantifier, negated) = match (quantifier, inner) {
            (None, _) => (Quantifier::Whole, negated != inner),
            (Some(ast::Quantifier::Any), false) => (Quantifier::Any, negated),
            (Some(ast::Quantifier::Every), false) => (Quantifier::Every, negated),
            (Some(ast::Quantifier::Any), true) => (Quantifier::Every, !negated),
            (Some(ast::Quantifier::Every), true) => (Quantifier::Any, !negated),
        };
        ir::Condition::Test(Box::new(ir::Test {
            span,
            clause,
            negated,
            quantifier,
            field,
            check,
        }))
    }

    fn intent(&mut self, test: &ast::IntentTest, span: Span, negated: bool) -> ir::Condition {
        self.clause = self.clause.saturating_add(1);
        let default = Spanned::new(DEFAULT_CONFIDENCE.to_owned(), span);
        let at_text = test.at.as_ref().unwrap_or(&default);
        let at = pattern::confidence(at_text, self.found);
        if at == Some(Number::from(0)) {
            self.found.push(
                Finding::new(
                    &codes::WEIGHT_OUT_OF_RANGE,
                    at_text.span,
                    "every request has every intent with a confidence of at least 0",
                )
                .help("write a confidence above 0, such as 0.5"),
            );
        }
        let mut categories = Vec::new();
        for name in &test.categories {
            let Some(category) = pattern::category(name, self.found) else {
                continue;
            };
            if category == Category::Benign {
                self.found.push(
                    Finding::new(
                        &codes::UNKNOWN_INTENT,
                        name.span,
                        "`benign` is what a request is when no signal is found, and cannot be asked for",
                    )
                    .help("ask for the other intents: `not intent in [destructive_data, …] at 0.5`"),
                );
                continue;
            }
            if !self.scope.intents.contains(&category) {
                self.found.push(
                    Finding::new(
                        &codes::INTENT_WITHOUT_SIGNALS,
                        name.span,
                        format!(
                            "no signal counts towards `{}` here, so it is never seen",
                            name.node
                        ),
                    )
                    .help("write an `intent` block for it, or extend a policy that has one"),
                );
            }
            categories.push(category);
        }
        let Some(at) = at else {
            return ir::Condition::All(Vec::new());
        };
        ir::Condition::Test(Box::new(ir::Test {
            span,
            clause: self.clause,
            negated,
            quantifier: Quantifier::Whole,
            field: Spanned::new(Field::Text, span),
            check: Check::Intent(categories, at),
        }))
    }

    /// What a field's words stand for, and the types it is declared with.
    fn field(&mut self, field: &Spanned<ast::Field>) -> Option<(Spanned<Field>, Declared)> {
        let path: Vec<&str> = field.path.iter().map(String::as_str).collect();
        let owned = |path: &[&str]| {
            path.iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let text = || Declared::Always(Type::String);
        let (resolved, declared) = match path.as_slice() {
            ["action"] => (Field::Action, text()),
            ["agent"] => (Field::Agent, text()),
            ["text"] => (Field::Text, text()),
            ["context", rest @ ..] if !rest.is_empty() => {
                (Field::Context(owned(rest)), Declared::Nowhere)
            }
            ["attested", rest @ ..] if !rest.is_empty() => {
                (Field::Attested(owned(rest)), Declared::Nowhere)
            }
            ["params", rest @ ..] if !rest.is_empty() => {
                let declared = self.declared(field, rest)?;
                (Field::Param(owned(rest)), declared)
            }
            ["params" | "context" | "attested"] => {
                let word = path.first().copied().unwrap_or_default();
                self.unknown(field, format!("`{word}` holds fields and is none itself"))
                    .help = Some(format!("name one of them, such as `{word}.amount`"));
                return None;
            }
            ["command" | "query" | "url" | "code", _, ..] if !self.has_param(&path) => {
                self.found.push(
                    Finding::new(
                        &codes::NOT_YET,
                        field.span,
                        format!("`{}` is not understood by this version", path.join(".")),
                    )
                    .help("look at the param itself, or write `params.` in front of a param of that name"),
                );
                return None;
            }
            _ => {
                let declared = self.declared(field, &path)?;
                if let Declared::Nowhere = declared {
                    self.undeclared(field, &path);
                    return None;
                }
                (Field::Param(owned(&path)), declared)
            }
        };
        Some((Spanned::new(resolved, field.span), declared))
    }

    fn has_param(&self, path: &[&str]) -> bool {
        path.first()
            .is_some_and(|name| self.scope.by_param.contains_key(*name))
    }

    /// The types of a param in the declared actions that the rule is about.
    fn declared(&mut self, field: &Spanned<ast::Field>, path: &[&str]) -> Option<Declared> {
        let name = path.first().copied().unwrap_or_default();
        let mut types: Vec<(Type, Span)> = Vec::new();
        for action in self.scope.by_param.get(name).into_iter().flatten() {
            if !self
                .actions
                .iter()
                .any(|pattern| covers(&pattern.node, &action.name.node))
            {
                continue;
            }
            let Some(param) = action.param(name) else {
                continue;
            };
            if !types.iter().any(|(known, _)| *known == param.ty) {
                types.push((param.ty.clone(), param.name.span));
            }
        }
        if let (Some((_, span)), true) = (types.first(), path.len() > 1) {
            let span = *span;
            self.unknown(
                field,
                format!("`{name}` has no parts, so `{}` is none", path.join(".")),
            )
            .secondary
            .push(crate::finding::Label {
                span,
                text: "declared here".to_owned(),
            });
            return None;
        }
        if types.is_empty() && self.all_declared() {
            self.undeclared(field, path);
            return None;
        }
        Some(if types.is_empty() {
            Declared::Nowhere
        } else {
            Declared::In(types)
        })
    }

    /// Whether every action the rule is about is declared, each by its name.
    fn all_declared(&self) -> bool {
        !self.actions.is_empty()
            && self
                .actions
                .iter()
                .all(|action| self.scope.actions.contains_key(&action.node))
    }

    fn undeclared(&mut self, field: &Spanned<ast::Field>, path: &[&str]) {
        let name = path.first().copied().unwrap_or_default();
        let fields = ["action", "agent", "text", "params", "context", "attested"];
        let params: Vec<String> = self.scope.by_param.keys().cloned().collect();
        let known = fields.into_iter().chain(params.iter().map(String::as_str));
        let near = nearest(name, known);
        let message = if self.all_declared() {
            format!("no declared action that this rule is about has a param `{name}`")
        } else {
            format!("no field is called `{name}`")
        };
        let written = path.join(".");
        let in_params = field.path.first().is_some_and(|word| word == "params");
        let finding = Finding::new(&codes::UNKNOWN_FIELD, field.span, message);
        self.found.push(match near {
            Some(near) => {
                let before = if in_params { "params." } else { "" };
                let after = written.strip_prefix(name).unwrap_or_default();
                let finding = finding.meant(&format!("{before}{near}{after}"));
                finding.help(format!("did you mean `{near}`?"))
            }
            None if in_params => {
                finding.help(format!("declare `{name}` among the action's params"))
            }
            None => finding.help(format!(
                "declare the action with `{name}`, or write `params.{written}`"
            )),
        });
    }

    fn unknown(&mut self, field: &Spanned<ast::Field>, message: String) -> &mut Finding {
        self.found
            .push(Finding::new(&codes::UNKNOWN_FIELD, field.span, message));
        self.found
            .last_mut()
            .expect("a finding was pushed just before")
    }

    /// The check of a test, and whether it is asked the other way round.
    fn check(&mut self, test: &ast::Test, declared: &Declared) -> Option<(bool, Check)> {
        let quantified = test.quantifier.is_some();
        let check = &test.check;
        let elements = self.elements(test, declared)?;
        let texts = |cx: &mut Self, word: &str| cx.needs_text(check.span, word, &elements);
        Some(match &check.node {
            ast::Check::Compare(comparison, value) => {
                let value_span = value.span;
                let value = literal(value, self.found)?;
                let order = match comparison {
                    ast::Comparison::Equal | ast::Comparison::NotEqual => None,
                    ast::Comparison::Less => Some(Order::Less),
                    ast::Comparison::AtMost => Some(Order::AtMost),
                    ast::Comparison::Greater => Some(Order::Greater),
                    ast::Comparison::AtLeast => Some(Order::AtLeast),
                };
                match order {
                    Some(order) => (
                        false,
                        Check::Compare(order, self.ordered(value, value_span, &elements)?),
                    ),
                    None => (
                        *comparison == ast::Comparison::NotEqual,
                        Check::Equals(self.equal(value, value_span, &elements)?),
                    ),
                }
            }
            ast::Check::In { negated, list } => {
                if list.is_empty() {
                    self.found.push(
                        Finding::new(
                            &codes::WRONG_TYPE,
                            check.span,
                            "nothing is in an empty list",
                        )
                        .help("list the values, or take the test out"),
                    );
                    return None;
                }
                let mut values = Vec::new();
                for value in list {
                    let span = value.span;
                    let value = literal(value, self.found)?;
                    values.push(self.equal(value, span, &elements)?);
                }
                (*negated, Check::OneOf(values))
            }
            ast::Check::Contains(value) => {
                let span = value.span;
                if let ast::Literal::Text(text) = &value.node {
                    self.not_empty(&Spanned::new(text.clone(), span), "contains")?;
                }
                let value = literal(value, self.found)?;
                // On a whole field `contains` asks for a member where that is a list.
                let members = match declared {
                    Declared::In(types) if !quantified => Declared::In(
                        types
                            .iter()
                            .map(|(ty, at)| match ty {
                                Type::List(inner) => (inner.as_ref().clone(), *at),
                                other => (other.clone(), *at),
                            })
                            .collect(),
                    ),
                    _ => elements.clone(),
                };
                let of_a_text = match declared {
                    Declared::In(types) => types.iter().any(|(ty, _)| !matches!(ty, Type::List(_))),
                    Declared::Always(_) | Declared::Nowhere => false,
                };
                if quantified || of_a_text {
                    texts(self, "contains")?;
                }
                (
                    false,
                    Check::Contains(self.equal_or_part(value, span, &members)?),
                )
            }
            ast::Check::StartsWith(text) => {
                texts(self, "starts with")?;
                self.not_empty(text, "starts with")?;
                (false, Check::StartsWith(text.node.clone()))
            }
            ast::Check::EndsWith(text) => {
                texts(self, "ends with")?;
                self.not_empty(text, "ends with")?;
                (false, Check::EndsWith(text.node.clone()))
            }
            ast::Check::Under(dir) => {
                texts(self, "under")?;
                if !dir.node.starts_with('/') {
                    self.found.push(
                        Finding::new(
                            &codes::WRONG_TYPE,
                            dir.span,
                            format!(
                                "`{}` is no absolute directory, so nothing is known to be under it",
                                dir.node
                            ),
                        )
                        .help("write the whole path, such as \"/srv/data\""),
                    );
                    return None;
                }
                (false, Check::Under(dir.node.clone()))
            }
            ast::Check::MatchesRegex(text) => {
                texts(self, "matches")?;
                let pattern = pattern::one(ast::PatternKind::Regex, text, None, self.found)?;
                (false, Check::MatchesPattern(pattern))
            }
            ast::Check::Like(text) => {
                texts(self, "like")?;
                let pattern = pattern::one(ast::PatternKind::Glob, text, None, self.found)?;
                (false, Check::MatchesPattern(pattern))
            }
            ast::Check::MatchesSet(name) => {
                texts(self, "matches")?;
                if !self.scope.sets.contains(&name.node) {
                    let sets: Vec<String> = self.scope.sets.iter().cloned().collect();
                    let finding = Finding::new(
                        &codes::UNKNOWN_PATTERN_SET,
                        name.span,
                        format!("no pattern set is called `{}`", name.node),
                    );
                    self.found
                        .push(match nearest(&name.node, sets.iter().map(String::as_str)) {
                            Some(near) => finding.meant(near),
                            None => finding.help_in(
                                format!("define it: `patterns {} {{ … }}`", name.node),
                                format!("define it under `patterns`: `{}: […]`", name.node),
                            ),
                        });
                    return None;
                }
                (false, Check::MatchesSet(name.node.clone()))
            }
        })
    }

    /// What one element is: `any` and `every` need a list and look inside it.
    fn elements(&mut self, test: &ast::Test, declared: &Declared) -> Option<Declared> {
        let Some(quantifier) = &test.quantifier else {
            if let Declared::In(types) = declared
                && !matches!(test.check.node, ast::Check::Contains(_))
                && let Some((ty, at)) = types.iter().find(|(ty, _)| matches!(ty, Type::List(_)))
            {
                let (message, at) = (format!("this field is {}", describe(ty)), *at);
                self.found.push(
                    Finding::new(&codes::WRONG_TYPE, test.field.span, message)
                        .other(at, "declared here")
                        .help("say `any` or `every` in front of it, or use `contains`"),
                );
                return None;
            }
            return Some(declared.clone());
        };
        match declared {
            Declared::Nowhere => Some(Declared::Nowhere),
            Declared::Always(_) => {
                self.found.push(
                    Finding::new(&codes::WRONG_TYPE, quantifier.span, "this field is no list")
                        .help("take the word out"),
                );
                None
            }
            Declared::In(types) => {
                let mut inner = Vec::new();
                for (ty, at) in types {
                    let Type::List(element) = ty else {
                        self.found.push(
                            Finding::new(
                                &codes::WRONG_TYPE,
                                quantifier.span,
                                "this field is no list",
                            )
                            .other(*at, "declared here")
                            .help("take the word out, or declare the param as a list: `[string]`"),
                        );
                        return None;
                    };
                    inner.push((element.as_ref().clone(), *at));
                }
                Some(Declared::In(inner))
            }
        }
    }

    /// Every text has the empty text at its start, its end, and inside.
    fn not_empty(&mut self, text: &Spanned<String>, word: &str) -> Option<()> {
        if !text.node.is_empty() {
            return Some(());
        }
        self.found.push(
            Finding::new(
                &codes::EMPTY_PATTERN,
                text.span,
                format!("`{word} \"\"` holds for every text"),
            )
            .help("say what must be there, or take the test out"),
        );
        None
    }

    fn needs_text(&mut self, span: Span, word: &str, declared: &Declared) -> Option<()> {
        let Declared::In(types) = declared else {
            return Some(());
        };
        for (ty, at) in types {
            let fits = match ty {
                Type::String | Type::Timestamp => true,
                Type::OneOf(values) => values.iter().any(|v| matches!(v, Literal::Text(_))),
                Type::Integer | Type::Decimal | Type::Boolean | Type::List(_) => false,
            };
            if !fits {
                self.found.push(
                    Finding::new(
                        &codes::WRONG_TYPE,
                        span,
                        format!(
                            "`{word}` looks at texts, and this field is {}",
                            describe(ty)
                        ),
                    )
                    .other(*at, "declared here"),
                );
                return None;
            }
        }
        Some(())
    }

    /// `value` as the field's type can equal it.
    fn equal(&mut self, value: Literal, span: Span, declared: &Declared) -> Option<Literal> {
        let always;
        let types = match declared {
            Declared::Nowhere => return Some(value),
            Declared::Always(ty) => {
                always = [(ty.clone(), Span::default())];
                always.as_slice()
            }
            Declared::In(types) => types.as_slice(),
        };
        let mut value = value;
        for (ty, at) in types {
            let fits = match (ty, &value) {
                (Type::String, Literal::Text(_))
                | (Type::Decimal, Literal::Number(_))
                | (Type::Boolean, Literal::Boolean(_))
                | (Type::Timestamp, Literal::Time(_)) => true,
                (Type::Integer, Literal::Number(number)) => number.is_integer(),
                (Type::Timestamp, Literal::Text(text)) => {
                    if let Some(time) = agentos_runtime::time::nanoseconds(text) {
                        value = Literal::Time(time);
                        true
                    } else {
                        false
                    }
                }
                (Type::OneOf(values), literal) => values.contains(literal),
                _ => false,
            };
            if !fits {
                let mut finding = Finding::new(
                    &codes::WRONG_TYPE,
                    span,
                    format!(
                        "this field is {}, and never equals {}",
                        describe(ty),
                        show(&value)
                    ),
                );
                if *at != Span::default() {
                    finding = finding.other(*at, "declared here");
                }
                if let (Type::OneOf(values), Literal::Text(text)) = (ty, &value) {
                    let texts = values.iter().filter_map(|v| match v {
                        Literal::Text(text) => Some(text.as_str()),
                        _ => None,
                    });
                    if let Some(near) = nearest(text, texts) {
                        finding = finding.meant(near);
                    }
                }
                self.found.push(finding);
                return None;
            }
        }
        Some(value)
    }

    fn equal_or_part(
        &mut self,
        value: Literal,
        span: Span,
        declared: &Declared,
    ) -> Option<Literal> {
        // A part of a text may be shorter than every value the text may have.
        if let (Literal::Text(_), Declared::In(types)) = (&value, declared)
            && types
                .iter()
                .all(|(ty, _)| matches!(ty, Type::OneOf(_) | Type::Timestamp))
        {
            return Some(value);
        }
        self.equal(value, span, declared)
    }

    /// `value` as something the field can be ordered against.
    fn ordered(&mut self, value: Literal, span: Span, declared: &Declared) -> Option<Literal> {
        let time = match &value {
            Literal::Text(text) => agentos_runtime::time::nanoseconds(text).map(Literal::Time),
            _ => None,
        };
        let mut wrong = |message: String, at: Option<Span>| {
            let finding = Finding::new(&codes::WRONG_TYPE, span, message);
            self.found.push(match at {
                Some(at) => finding.other(at, "declared here"),
                None => finding
                    .help("compare with a number, or with a time such as \"2026-01-31T00:00:00Z\""),
            });
        };
        match declared {
            Declared::Nowhere => match (value, time) {
                (value @ Literal::Number(_), _) => Some(value),
                (_, Some(time)) => Some(time),
                (value, None) => {
                    wrong(format!("{} has no order", show(&value)), None);
                    None
                }
            },
            Declared::Always(_) => {
                wrong("a text has no order".to_owned(), None);
                None
            }
            Declared::In(types) => {
                let mut result = None;
                for (ty, at) in types {
                    match (ty, &value, &time) {
                        (Type::Integer | Type::Decimal, Literal::Number(_), _) => {
                            result = Some(value.clone());
                        }
                        (Type::Timestamp, _, Some(time)) => result = Some(time.clone()),
                        _ => {
                            wrong(
                                format!(
                                    "this field is {}, and has no order towards {}",
                                    describe(ty),
                                    show(&value)
                                ),
                                Some(*at),
                            );
                            return None;
                        }
                    }
                }
                result
            }
        }
    }
}

/// What is known of a field's type.
#[derive(Clone)]
enum Declared {
    /// It has this type in every request.
    Always(Type),
    /// Declared with these types, each with the place of one declaration.
    In(Vec<(Type, Span)>),
    /// Nobody declares it: the request says what it is.
    Nowhere,
}

/// Whether an action pattern of a rule is about the action of this name.
pub(super) fn covers(pattern: &str, action: &str) -> bool {
    pattern == action
        || pattern == "*"
        || pattern.contains(['*', '?', '['])
            && agentos_runtime::glob::Glob::new(pattern).matches(action)
}

fn describe(ty: &Type) -> String {
    match ty {
        Type::String => "a text".to_owned(),
        Type::Integer => "a whole number".to_owned(),
        Type::Decimal => "a number".to_owned(),
        Type::Boolean => "`true` or `false`".to_owned(),
        Type::Timestamp => "a time".to_owned(),
        Type::List(element) => format!("a list of {}", plural(element)),
        Type::OneOf(values) => {
            let values: Vec<String> = values.iter().map(show).collect();
            format!("one of {}", values.join(", "))
        }
    }
}

fn plural(ty: &Type) -> String {
    match ty {
        Type::String => "texts".to_owned(),
        Type::Integer => "whole numbers".to_owned(),
        Type::Decimal => "numbers".to_owned(),
        Type::Boolean => "booleans".to_owned(),
        Type::Timestamp => "times".to_owned(),
        Type::List(element) => format!("lists of {}", plural(element)),
        Type::OneOf(_) => format!("values, each {}", describe(ty)),
    }
}

fn show(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("`\"{text}\"`"),
        Literal::Number(number) => format!("`{number}`"),
        Literal::Boolean(flag) => format!("`{flag}`"),
        Literal::Time(_) => "a time".to_owned(),
    }
}
