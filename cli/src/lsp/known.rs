//! The texts of a project in, what is declared in them out: by name, and seen from a
//! place, since a policy sees what it extends.

use std::{collections::HashSet, rc::Rc};

use agentos_compiler::{
    Sources,
    grammar::{
        Part, SourceId, Spanned,
        ast::{self, ActionDecl, Condition, Item, Name, Policy},
    },
    read, shipped,
};
use agentos_runtime::glob::Glob;

use super::project::Project;

/// What is declared in the texts of a project.
pub(super) struct Known {
    sources: Sources,
    files: Vec<Rc<ast::File>>,
    main: SourceId,
}

impl Known {
    pub(super) fn new(project: &Project) -> Known {
        Known::made(project, |_| None)
    }

    /// The same, where much of it was read before.
    pub(super) fn after(project: &Project, last: &Project, known: &Known) -> Known {
        Known::made(project, |at| {
            let is_same = last.files.get(at) == project.files.get(at);
            known.files.get(at).filter(|_| is_same).cloned()
        })
    }

    fn made(project: &Project, known: impl Fn(usize) -> Option<Rc<ast::File>>) -> Known {
        let sources = project.sources();
        let files = sources.iter().map(|(id, source)| {
            let known = known(id.0 as usize);
            known.unwrap_or_else(|| Rc::new(read(id, source).file))
        });
        Known {
            files: files.collect(),
            main: project.id(),
            sources,
        }
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The id of the text that was asked about.
    pub(super) fn id(&self) -> SourceId {
        self.main
    }

    /// The tree of the text that was asked about.
    pub(super) fn own(&self) -> &ast::File {
        static EMPTY: ast::File = ast::File {
            policies: Vec::new(),
            comments: Vec::new(),
        };
        let own = self.files.get(self.main.0 as usize);
        own.map_or(&EMPTY, |file| file)
    }

    /// The policy of this name: of the project, or else a shipped one.
    pub(super) fn policy(&self, name: &str) -> Option<&Spanned<Policy>> {
        let mut own = self.files.iter().flat_map(|file| &file.policies);
        own.find(|policy| policy.name.node == name)
            .or_else(|| shipped::policy(name))
    }

    /// The names of all policies that may be extended.
    pub(super) fn policy_names(&self) -> Vec<&str> {
        let own = self.files.iter().flat_map(|file| &file.policies);
        let mut names: Vec<&str> = own.map(|policy| policy.name.node.as_str()).collect();
        names.extend(shipped::names());
        names
    }

    /// The policy at a place and those that it builds on, itself first.
    pub(super) fn seen_from(&self, around: &[Part<'_>]) -> Vec<&Spanned<Policy>> {
        let policy = around.iter().find_map(|part| match part {
            Part::Policy(policy) => Some(policy.name.node.as_str()),
            _ => None,
        });
        // A YAML policy is a whole file, also where no part of it stands.
        let only = self.own().policies.first();
        let name = policy.or_else(|| only.map(|policy| policy.name.node.as_str()));
        let mut seen = HashSet::new();
        let mut left: Vec<&str> = name.into_iter().collect();
        let mut policies = Vec::new();
        while let Some(name) = left.pop() {
            if !seen.insert(name) {
                continue;
            }
            let is_own = |policy: &&Spanned<Policy>| policy.name.node == name;
            let mut own = self.own().policies.iter();
            let Some(policy) = own.find(is_own).or_else(|| self.policy(name)) else {
                continue;
            };
            for item in &policy.items {
                if let Item::Extends(bases) = &item.node {
                    left.extend(bases.iter().map(|base| base.node.as_str()));
                }
            }
            policies.push(policy);
        }
        policies
    }

    fn items<'k>(&'k self, around: &[Part<'_>]) -> impl Iterator<Item = &'k Item> {
        let policies = self.seen_from(around).into_iter();
        policies.flat_map(|policy| policy.items.iter().map(|item| &item.node))
    }

    /// The declared actions.
    pub(super) fn actions(&self, around: &[Part<'_>]) -> Vec<&ActionDecl> {
        let items = self.items(around);
        let actions = items.filter_map(|item| match item {
            Item::Action(action) => Some(action),
            _ => None,
        });
        actions.collect()
    }

    /// The declared actions that the rule at a place is about.
    pub(super) fn rule_actions(&self, around: &[Part<'_>]) -> Vec<&ActionDecl> {
        let about = around.iter().find_map(|part| match part {
            Part::Rule(rule, _) => Some(&rule.actions),
            _ => None,
        });
        let mut actions = self.actions(around);
        if let Some(about) = about {
            let is_one = |action: &&ActionDecl| {
                let mut words = about.iter();
                words.any(|word| is_about(&word.node, &action.name.node))
            };
            actions.retain(is_one);
        }
        actions
    }

    /// The names of actions that rules and declarations have.
    pub(super) fn action_names(&self, around: &[Part<'_>]) -> Vec<&str> {
        let names = self.items(around).flat_map(|item| match item {
            Item::Action(action) => std::slice::from_ref(&action.name),
            Item::Rule(rule) => &rule.actions,
            Item::Rate(rate) => &rate.actions,
            _ => &[],
        });
        names.map(|name| name.node.as_str()).collect()
    }

    /// The names of the pattern sets.
    pub(super) fn sets(&self, around: &[Part<'_>]) -> Vec<&Name> {
        let items = self.items(around);
        let sets = items.filter_map(|item| match item {
            Item::Patterns(set) => Some(&set.name),
            _ => None,
        });
        sets.collect()
    }

    /// The patterns of the sets of this name, each with its kind.
    pub(super) fn patterns(
        &self,
        around: &[Part<'_>],
        name: &str,
    ) -> Option<Vec<(&'static str, &str)>> {
        let items = self.items(around);
        let sets: Vec<&ast::PatternSet> = items
            .filter_map(|item| match item {
                Item::Patterns(set) if set.name.node == name => Some(set),
                _ => None,
            })
            .collect();
        let patterns = sets.iter().flat_map(|set| &set.patterns);
        let patterns = patterns.map(|pattern| (pattern.kind.word(), pattern.text.node.as_str()));
        (!sets.is_empty()).then(|| patterns.collect())
    }

    /// The blocks of an intent.
    pub(super) fn intents(&self, around: &[Part<'_>], name: &str) -> Vec<&ast::Intent> {
        let items = self.items(around);
        let intents = items.filter_map(|item| match item {
            Item::Intent(intent) if intent.category.node == name => Some(intent),
            _ => None,
        });
        intents.collect()
    }

    /// How many signals tell an intent, in a sentence.
    pub(super) fn signals(&self, around: &[Part<'_>], name: &str) -> String {
        let intents = self.intents(around, name);
        match intents.iter().map(|intent| intent.signals.len()).sum() {
            0 => {
                "No signal tells it here: extend `intents`, or write an `intent` block.".to_owned()
            }
            1_usize => "One signal tells it here.".to_owned(),
            count => format!("{count} signals tell it here."),
        }
    }

    /// The supervisors.
    pub(super) fn supervisors(&self, around: &[Part<'_>]) -> Vec<&ast::Supervisor> {
        let supervisors = self.items(around).flat_map(|item| match item {
            Item::Trust(trust) => trust.supervisors.as_slice(),
            _ => &[],
        });
        supervisors.map(|supervisor| &supervisor.node).collect()
    }

    /// The level of a supervisor.
    pub(super) fn supervisor(&self, around: &[Part<'_>], name: &str) -> Option<i64> {
        let mut all = self.supervisors(around).into_iter();
        let one = all.find(|supervisor| supervisor.name.node == name);
        one.map(|supervisor| supervisor.level.node)
    }

    /// What rules look at of what callers and hosts say, in all texts.
    pub(super) fn fields(&self) -> Vec<String> {
        let items = self.files.iter().flat_map(|file| &file.policies);
        let items = items.flat_map(|policy| &policy.items);
        let rules = items.filter_map(|item| match &item.node {
            Item::Rule(rule) => Some(rule),
            _ => None,
        });
        let mut left: Vec<&Condition> = rules
            .flat_map(|rule| rule.when.iter().chain(&rule.unless))
            .map(|condition| &condition.node)
            .collect();
        let mut fields = std::collections::BTreeSet::new();
        while let Some(condition) = left.pop() {
            let field = match condition {
                Condition::And(parts) | Condition::Or(parts) => {
                    left.extend(parts.iter().map(|part| &part.node));
                    continue;
                }
                Condition::Not(inner) => {
                    left.push(&inner.node);
                    continue;
                }
                Condition::Intent(_) => continue,
                Condition::Exists(field) => field,
                Condition::Test(test) => &test.field,
            };
            let first = field.path.first().map(String::as_str);
            if matches!(first, Some("context" | "attested")) {
                fields.insert(field.path.join("."));
            }
        }
        fields.into_iter().collect()
    }

    /// What a policy says it is for, behind its name.
    pub(super) fn about(policy: &Policy) -> String {
        let mut text = String::new();
        if let Some(version) = &policy.version {
            text.push_str(", version ");
            text.push_str(&version.node);
        }
        let about = policy.items.iter().find_map(|item| match &item.node {
            Item::About(about) => Some(&about.node),
            _ => None,
        });
        match about {
            Some(about) => text + ".\n\n> " + &about.replace('\n', "\n> "),
            None => text + ".",
        }
    }
}

/// Whether a word of a rule is about an action of this name.
pub(super) fn is_about(word: &str, action: &str) -> bool {
    word == action || Glob::new(word).matches(action)
}

/// A declaration as the language writes it, on one line.
pub(super) fn declared(action: &ActionDecl) -> String {
    let params = action.params.iter().map(|param| {
        let ty = &param.ty.node;
        format!("{}: {}", param.name.node, written(ty))
    });
    let params: Vec<String> = params.collect();
    format!("action {} {{ {} }}", action.name.node, params.join(", "))
}

/// A type as the language writes it.
pub(super) fn written(ty: &ast::Type) -> String {
    match ty {
        ast::Type::List(inner) => format!("[{}]", written(&inner.node)),
        ast::Type::Optional(inner) => format!("{}?", written(&inner.node)),
        ast::Type::OneOf(values) => {
            let values = values.iter().map(|value| literal(&value.node));
            format!("one of [{}]", values.collect::<Vec<_>>().join(", "))
        }
        plain => plain.word().unwrap_or_default().to_owned(),
    }
}

/// A literal as the language writes it.
pub(super) fn literal(literal: &ast::Literal) -> String {
    match literal {
        ast::Literal::Text(text) => format!("{text:?}"),
        ast::Literal::Number(number) => number.clone(),
        ast::Literal::Boolean(flag) => flag.to_string(),
    }
}
