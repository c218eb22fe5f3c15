//! A place in a text in, what is to be said of what stands there out.
//!
//! The smallest part of the tree there says what it is; a rule is said in words, with
//! a request that it decides; and where a finding stands, its page comes after that.

use std::fmt::Write as _;

use agentos_compiler::{
    Options, Plan, compile,
    finding::{Lint, codes},
    grammar::{
        Part, Span, TokenKind,
        ast::{ActionDecl, Type},
        at, tokens,
    },
    lower,
    review::{Decides, RulePage, rules_at},
    shipped,
};
use gen_lsp_types as lsp;

use super::{
    document::Document,
    known::{Known, declared, is_about},
    project::Project,
    words,
};

/// What was compiled last, since people hover over one text again and again.
#[derive(Default)]
pub(super) struct Compiled {
    last: Option<(Project, Option<Plan>)>,
}

impl Compiled {
    fn plan(&mut self, project: &Project) -> Option<&Plan> {
        let is_known = |(known, _): &(Project, Option<Plan>)| known.is_same(project);
        if !self.last.as_ref().is_some_and(is_known) {
            let (plan, _) = compile(&project.sources(), &Options::default());
            self.last = Some((project.clone(), plan));
        }
        self.last.as_ref().and_then(|(_, plan)| plan.as_ref())
    }
}

/// What is said at a place; `found` are the findings that stand there.
pub(super) fn hover(
    compiled: &mut Compiled,
    known: &Known,
    project: &Project,
    document: &Document,
    place: lsp::Position,
    found: &[&'static Lint],
) -> Option<lsp::Hover> {
    let byte = document.byte(place);
    let (mut text, span) = said(compiled, project, document, known, byte).unzip();
    for lint in found {
        let text = text.get_or_insert_default();
        if !text.is_empty() {
            text.push_str("\n\n---\n\n");
        }
        text.push_str(lint.page.trim_end());
    }
    Some(lsp::Hover {
        contents: lsp::MarkupContent {
            kind: lsp::MarkupKind::Markdown,
            value: text?,
        }
        .into(),
        range: span.map(|span| document.range(span.range())),
    })
}

fn said(
    compiled: &mut Compiled,
    project: &Project,
    document: &Document,
    known: &Known,
    byte: usize,
) -> Option<(String, Span)> {
    let parts = at(known.own(), byte);
    if let Some(Part::Comment(_)) = parts.last() {
        return None;
    }
    let named = parts.iter().rev().find_map(|part| {
        let text = named(part, &parts, known)?;
        Some((text, part.span()))
    });
    if named.is_some() {
        return named;
    }
    let on_effect = parts.iter().find_map(|part| match part {
        Part::Effect(effect) => Some(effect.span),
        _ => None,
    });
    let (word, span) = if document.is_yaml() {
        (key_at(&document.text, byte), None)
    } else {
        word_at(&document.text, byte, known).unzip()
    };
    let text = word.and_then(words::key);
    // A rule is said at its effect, and where nothing smaller has anything to say.
    let is_in_rule = parts.iter().any(|part| matches!(part, Part::Rule(..)));
    if is_in_rule && (on_effect.is_some() || text.is_none()) {
        let rules = match compiled.plan(project) {
            Some(plan) => rules_at(plan, project.id(), byte),
            None => Vec::new(),
        };
        let mut said: Vec<String> = rules.iter().map(rule).collect();
        said.extend(text.filter(|_| rules.is_empty()).map(str::to_owned));
        let place = on_effect.or_else(|| rules.first().map(|rule| rule.span));
        if let (false, Some(place)) = (said.is_empty(), place) {
            return Some((said.join("\n\n---\n\n"), place));
        }
    }
    let span = span.unwrap_or_else(|| Span::new(project.id(), byte, byte));
    text.map(|text| (text.to_owned(), span))
}

/// What is said of a part that has a name or is one of the language's words.
fn named(part: &Part<'_>, around: &[Part<'_>], known: &Known) -> Option<String> {
    Some(match part {
        Part::Base(name) => known.policy(&name.node).map(|policy| {
            let from = if shipped::policy(&name.node).is_some_and(|shipped| shipped == policy) {
                "The shipped policy"
            } else {
                "The policy"
            };
            format!("{from} `{}`{}", name.node, Known::about(policy))
        })?,
        Part::PolicyName(name) => {
            let mut policies = known.own().policies.iter();
            let policy = policies.find(|policy| policy.name == **name)?;
            format!("The policy `{}`{}", name.node, Known::about(policy))
        }
        Part::Action(name) => action(&name.node, known, around),
        Part::DeclaredName(name) => {
            let action = known.actions(around);
            let action = action.into_iter().find(|action| action.name == **name)?;
            format!("```policy\n{}\n```", declared(action))
        }
        Part::Param(param) => {
            let ty = type_words(&param.ty.node);
            format!("`{}`: {ty}.", param.name.node)
        }
        Part::Type(ty) => match ty.node.word().and_then(words::word) {
            Some(text) => text.to_owned(),
            None => format!("{}.", type_words(&ty.node)),
        },
        Part::Field(field) => self::field(&field.path, around, known)?,
        Part::Set(name) => set(&name.node, around, known)?,
        Part::SetName(own) => set(&own.name.node, around, known)?,
        Part::Category(name) => {
            let text = words::intent(&name.node)?;
            let signals = known.signals(around, &name.node);
            format!("**{}**: {text}\n\n{signals}", name.node)
        }
        Part::Limit(limit) => {
            let (short, whole) = lower::limit_names()
                .find(|(short, whole)| [*short, *whole].contains(&limit.name.node.as_str()))?;
            let other = if short == whole {
                String::new()
            } else {
                format!(" (`{whole}`)")
            };
            format!("**{short}**{other}: {}", words::limit(short)?)
        }
        Part::Finding(name) => lint(&name.node)?.page.trim_end().to_owned(),
        Part::Supervisor(supervisor) => {
            let level = supervisor.level.node;
            let what = if supervisor.agent {
                "An agent"
            } else {
                "Somebody"
            };
            format!("{what} who may be asked, at level {level}. The root is at 0.")
        }
        Part::Approver(name) => {
            let text = format!("`{}` may approve this", name.node);
            match known.supervisor(around, &name.node) {
                Some(level) => format!("{text}: a supervisor at level {level}."),
                None => format!("{text}."),
            }
        }
        Part::Default(answer) => {
            let text = words::word(answer.node.word())?;
            format!("Where no rule fires. {text}")
        }
        Part::Combine(word) => words::word(word.node.word())?.to_owned(),
        Part::Mode(word) => words::word(word.node.word())?.to_owned(),
        Part::Stage(word) => words::word(word.node.word())?.to_owned(),
        Part::Severity(word) => words::word(word.node.word())?.to_owned(),
        Part::Kind(kind, _) => words::word(kind.word())?.to_owned(),
        Part::Effect(_)
        | Part::Comment(_)
        | Part::Policy(_)
        | Part::Item(_)
        | Part::Rule(..)
        | Part::Declared(..)
        | Part::Condition(_) => return None,
    })
}

/// A rule in words, and a request that it decides.
fn rule(page: &RulePage) -> String {
    let mut text = format!("{}\n\n", page.words);
    let _ = match &page.decides {
        Decides::Request(request) => {
            write!(text, "It decides, for example:\n\n```json\n{request}\n```")
        }
        Decides::HasAPart { request, answer } => write!(
            text,
            "It has a part in the answer **{answer}** to, for example:\n\n```json\n{request}\n```"
        ),
        Decides::Never => write!(
            text,
            "It never decides: other rules always do, or its condition never holds."
        ),
        Decides::NotDecided => write!(
            text,
            "Whether it ever decides was not found out within the checker's bounds."
        ),
    };
    let _ = write!(
        text,
        "\n\nDecisions call it `{}` of `{}`.",
        page.id, page.policy
    );
    text
}

/// An action that a rule is about.
fn action(name: &str, known: &Known, around: &[Part<'_>]) -> String {
    let all = known.actions(around);
    let about: Vec<&&ActionDecl> = all
        .iter()
        .filter(|action| is_about(name, &action.name.node))
        .collect();
    let is_glob = name.contains(['*', '?', '[']);
    let mut text = match (is_glob, about.is_empty()) {
        _ if name == "*" => "Every action.".to_owned(),
        (true, _) => format!("Every action whose name fits `{name}`; `*` crosses dots."),
        (false, true) => {
            format!("The action `{name}`, which is not declared: a call of it may carry anything.")
        }
        (false, false) => format!("The action `{name}`."),
    };
    if !about.is_empty() {
        text.push_str("\n\n```policy\n");
        for action in about {
            text.push_str(&declared(action));
            text.push('\n');
        }
        text.push_str("```");
    }
    text
}

fn field(path: &[String], around: &[Part<'_>], known: &Known) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let written = path.join(".");
    let is_root = ["context", "attested", "action", "agent", "text"].contains(&first.as_str());
    if is_root && (rest.is_empty() || matches!(first.as_str(), "context" | "attested")) {
        return Some(format!("`{written}`: {}", words::field(first)?));
    }
    let name = if first == "params" {
        rest.first()?
    } else {
        first
    };
    let mut text = format!("`{written}`: a param of the call");
    let mut declared = Vec::new();
    for action in known.rule_actions(around) {
        let mut params = action.params.iter();
        let param = params.find(|param| param.name.node == *name);
        declared.extend(param.map(|param| {
            format!(
                "`{}` of `{}`: {}",
                name,
                action.name.node,
                type_words(&param.ty.node)
            )
        }));
    }
    if declared.is_empty() {
        text.push_str(", which is not declared: it may be missing or of any type.");
    } else {
        text.push_str(".\n\n- ");
        text.push_str(&declared.join("\n- "));
    }
    Some(text)
}

fn set(name: &str, around: &[Part<'_>], known: &Known) -> Option<String> {
    const MOST: usize = 12;
    let patterns = known.patterns(around, name)?;
    let mut text = format!("The pattern set `{name}`, {} in all:\n", patterns.len());
    for (kind, pattern) in patterns.iter().take(MOST) {
        let _ = write!(text, "\n- {kind} {}", code(pattern));
    }
    if patterns.len() > MOST {
        let _ = write!(text, "\n- … and {} more", patterns.len() - MOST);
    }
    Some(text)
}

/// A type in words.
fn type_words(ty: &Type) -> String {
    match ty {
        Type::List(inner) => format!("a list, each element: {}", type_words(&inner.node)),
        Type::Optional(inner) => format!("{}; it may be missing", type_words(&inner.node)),
        Type::OneOf(values) => {
            let values = values.iter().map(|value| match &value.node {
                agentos_compiler::grammar::ast::Literal::Text(text) => format!("{text:?}"),
                agentos_compiler::grammar::ast::Literal::Number(number) => number.clone(),
                agentos_compiler::grammar::ast::Literal::Boolean(flag) => flag.to_string(),
            });
            format!("one of {}", values.collect::<Vec<_>>().join(", "))
        }
        plain => plain.word().unwrap_or_default().to_owned(),
    }
}

/// A text as code, whatever is in it.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default() + 1);
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let space = if text.contains('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The word of the language at a byte, outside texts and comments.
fn word_at<'t>(text: &'t str, byte: usize, known: &Known) -> Option<(&'t str, Span)> {
    let tokens = tokens(text);
    let mut there = tokens.iter().filter(|token| {
        let range = &token.range;
        range.start <= byte && byte <= range.end
    });
    let token = there.next_back()?;
    let is_word = matches!(token.kind, TokenKind::Word | TokenKind::Sign);
    let span = Span::new(known.id(), token.range.start, token.range.end);
    is_word.then(|| Some((text.get(token.range.clone())?, span)))?
}

/// The key of YAML at a byte.
fn key_at(text: &str, byte: usize) -> Option<&str> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let before = text.get(..byte)?;
    let start = before.rfind(|c| !is_inside(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let rest = &text[start..];
    let end = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
    let is_key = rest[end..].trim_start_matches(['"', '\'']).starts_with(':');
    is_key.then(|| rest[..end].trim_start_matches('-'))
}

/// The finding of this name or code.
pub(super) fn lint(word: &str) -> Option<&'static Lint> {
    let is_it = |lint: &&&Lint| lint.code.eq_ignore_ascii_case(word) || lint.name == word;
    codes::ALL.iter().find(is_it).copied()
}
