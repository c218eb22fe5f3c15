//! A place in a text in, what may be written there out.
//!
//! In the language the grammar says which words and names it takes there; in YAML the
//! key that the place belongs to says it, and of conditions the grammar again.

use std::collections::HashSet;

use agentos_compiler::{
    finding::{Level, codes},
    grammar::{
        NameOf, Part, Wanted,
        ast::{ActionDecl, Effect, Literal, Type},
        at, wanted,
    },
    lower,
};
use gen_lsp_types as lsp;
use lsp::CompletionItemKind as Kind;

use super::{
    document::Document,
    known::{Known, declared, is_about, literal, written},
    words, yaml,
};

/// What may be written at a place; `beside` gives the names of the policies in the
/// files beside it.
pub(super) fn completion(
    known: &Known,
    document: &Document,
    place: lsp::Position,
    beside: impl FnOnce() -> Vec<String>,
) -> Vec<lsp::CompletionItem> {
    let byte = document.byte(place);
    let (wanted, in_yaml) = if document.is_yaml() {
        (yaml::wanted_at(&document.text, byte), true)
    } else {
        (wanted(&document.text, byte), false)
    };
    let mut around = at(known.own(), byte);
    // A policy that nothing closes yet ends with its last word.
    if around.is_empty() {
        let mut policies = known.own().policies.iter().rev();
        let begun = policies.find(|policy| policy.span.start as usize <= byte);
        around.extend(begun.map(Part::Policy));
    }
    let mut offer = Offer {
        known,
        around,
        wanted: &wanted,
        in_yaml,
        range: document.range(begin_of_word(&document.text, byte)..byte),
        items: Vec::new(),
        offered: HashSet::new(),
    };
    offer.names();
    if wanted.names.contains(&NameOf::Policy) {
        for name in beside() {
            let label = offer.name(&name);
            offer.add(&label, Kind::Module, "policy", None);
        }
    }
    for word in &wanted.words {
        if Type::from_word(word).is_some_and(|ty| !lower::is_enforced(&ty)) {
            continue;
        }
        let text = if in_yaml {
            words::key(word)
        } else {
            words::word(word)
        };
        let kind = if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            Kind::Keyword
        } else {
            Kind::Operator
        };
        let text = text.map(str::to_owned);
        match *word {
            // It is nothing without what follows it.
            "one" => offer.add_as("one of […]", "one of [", kind, "", text),
            word => offer.add(word, kind, "", text),
        }
    }
    offer.items
}

struct Offer<'o> {
    known: &'o Known,
    around: Vec<Part<'o>>,
    wanted: &'o Wanted,
    in_yaml: bool,
    /// What is written of the word already.
    range: lsp::Range,
    items: Vec<lsp::CompletionItem>,
    /// Their labels.
    offered: HashSet<String>,
}

impl Offer<'_> {
    fn add(&mut self, label: &str, kind: Kind, detail: &str, text: Option<String>) {
        self.add_as(label, label, kind, detail, text);
    }

    /// The same, where something else is written than is shown.
    fn add_as(
        &mut self,
        label: &str,
        written: &str,
        kind: Kind,
        detail: &str,
        text: Option<String>,
    ) {
        if !self.offered.insert(label.to_owned()) {
            return;
        }
        let number = self.items.len();
        self.items.push(lsp::CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
            documentation: text.map(|value| {
                let kind = lsp::MarkupKind::Markdown;
                lsp::MarkupContent { kind, value }.into()
            }),
            // In the order in which they are most likely wanted.
            sort_text: Some(format!("{number:05}")),
            text_edit: Some(lsp::TextEdit::new(self.range, written.to_owned()).into()),
            ..lsp::CompletionItem::default()
        });
    }

    /// A name as it is written where it stands.
    fn name(&self, name: &str) -> String {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(is_inside);
        let is_bare_glob =
            !self.in_yaml && name.chars().all(|c| is_inside(c) || matches!(c, '*' | '?'));
        if is_word || is_bare_glob {
            name.to_owned()
        } else {
            format!("{name:?}")
        }
    }

    fn names(&mut self) {
        for of in &self.wanted.names {
            match of {
                NameOf::Policy => self.policies(),
                NameOf::Action => self.actions(),
                NameOf::Field => self.fields(),
                NameOf::PatternSet => self.sets(),
                NameOf::Intent => self.intents(),
                NameOf::Limit => self.limits(),
                NameOf::Supervisor => self.supervisors(),
                NameOf::Finding => self.findings(),
                NameOf::Value => self.values(),
            }
        }
    }

    fn policies(&mut self) {
        let here = self.around.iter().find_map(|part| match part {
            Part::Policy(policy) => Some(policy.name.node.as_str()),
            _ => None,
        });
        let known = self.known;
        for name in known.policy_names() {
            if Some(name) != here {
                let about = known
                    .policy(name)
                    .map(|policy| format!("The policy `{name}`{}", Known::about(policy)));
                let label = self.name(name);
                self.add(&label, Kind::Module, "policy", about);
            }
        }
    }

    fn actions(&mut self) {
        let known = self.known;
        for action in known.actions(&self.around) {
            let label = self.name(&action.name.node);
            let text = format!("```policy\n{}\n```", declared(action));
            self.add(&label, Kind::Function, "declared action", Some(text));
        }
        for name in known.action_names(&self.around) {
            let label = self.name(name);
            self.add(&label, Kind::Function, "action", None);
        }
        let all = if self.in_yaml { "\"*\"" } else { "*" };
        self.add(all, Kind::Function, "every action", None);
    }

    /// The declared actions that the rule is about which is being written.
    fn own_actions(&self) -> Vec<&ActionDecl> {
        let mut said = self.wanted.before.iter().rev().map(String::as_str);
        let head = said.next().unwrap_or_default();
        let all = self.known.actions(&self.around);
        if Effect::from_word(head).is_none() {
            return self.known.rule_actions(&self.around);
        }
        let mut names = vec![String::new()];
        for word in said {
            match word {
                "," => names.push(String::new()),
                "when" | "unless" | "on" | "to" | "because" => break,
                word => {
                    if let Some(name) = names.last_mut() {
                        name.push_str(word.trim_matches('"'));
                    }
                }
            }
        }
        let is_one = |action: &&ActionDecl| {
            let mut names = names.iter();
            names.any(|name| is_about(name, &action.name.node))
        };
        all.into_iter().filter(is_one).collect()
    }

    fn fields(&mut self) {
        let roots: Vec<&str> = words::fields().collect();
        let mut params: Vec<(String, String, String)> = Vec::new();
        for action in self.own_actions() {
            for param in &action.params {
                let name = &param.name.node;
                let is_taken = roots.contains(&name.as_str()) || name == "intent";
                let before = if is_taken { "params." } else { "" };
                params.push((
                    format!("{before}{name}"),
                    written(&param.ty.node),
                    format!("A param of `{}`.", action.name.node),
                ));
            }
        }
        for (label, ty, text) in params {
            self.add(&label, Kind::Field, &ty, Some(text));
        }
        for name in roots {
            let text = words::field(name).map(str::to_owned);
            let has_parts = matches!(name, "attested" | "context" | "params");
            let label = if has_parts {
                format!("{name}.")
            } else {
                name.to_owned()
            };
            self.add(&label, Kind::Variable, "", text);
        }
        for path in self.known.fields() {
            self.add(&path, Kind::Field, "used in these policies", None);
        }
    }

    fn sets(&mut self) {
        let known = self.known;
        for set in known.sets(&self.around) {
            let patterns = known.patterns(&self.around, &set.node);
            let count = patterns.map_or(0, |patterns| patterns.len());
            let detail = format!("pattern set, {count} in all");
            self.add(&set.node, Kind::Enum, &detail, None);
        }
    }

    fn intents(&mut self) {
        for (name, _) in lower::CATEGORIES {
            let text = words::intent(name).map(str::to_owned);
            self.add(name, Kind::EnumMember, "intent", text);
        }
    }

    fn limits(&mut self) {
        for (short, whole) in lower::limit_names() {
            let text = words::limit(short).map(str::to_owned);
            let detail = if short == whole { "limit" } else { whole };
            self.add(short, Kind::Property, detail, text);
        }
    }

    fn supervisors(&mut self) {
        let known = self.known;
        for supervisor in known.supervisors(&self.around) {
            let label = format!("{:?}", supervisor.name.node);
            let detail = format!("supervisor at level {}", supervisor.level.node);
            self.add(&label, Kind::Constant, &detail, None);
        }
    }

    fn findings(&mut self) {
        // An error cannot be expected.
        for lint in codes::ALL.iter().filter(|lint| lint.level < Level::Error) {
            self.add(
                lint.name,
                Kind::Constant,
                lint.code,
                Some(lint.summary.to_owned()),
            );
        }
    }

    fn values(&mut self) {
        let mut values: Vec<String> = Vec::new();
        let field = self.wanted.before.iter().find_map(|word| {
            let actions = self.own_actions().into_iter();
            let params = actions.flat_map(|action| &action.params);
            let mut params = params.filter(|param| param.name.node == *word);
            params.next()
        });
        let mut ty = field.map(|param| &param.ty.node);
        while let Some(Type::List(inner) | Type::Optional(inner)) = ty {
            ty = Some(&inner.node);
        }
        if let Some(Type::OneOf(known)) = ty {
            values.extend(known.iter().map(|value| match &value.node {
                Literal::Text(text) => format!("{text:?}"),
                other => literal(other),
            }));
        }
        for value in values {
            self.add(&value, Kind::Value, "", None);
        }
    }
}

/// Where the word begins that ends at `byte`, with its dots.
fn begin_of_word(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or_default();
    let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    before.trim_end_matches(is_inside).len()
}
