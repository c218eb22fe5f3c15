//! What the readers of dialects share: the mistakes and findings of a file, and
//! a policy that grows statement by statement.

use std::collections::{HashMap, HashSet};

use agentos_grammar::{
    Span, Spanned,
    ast::{
        Combine, Default_, DefaultAnswer, Effect, Intent, Item, Limit, LimitValue, Mode, Name,
        PatternSet, Policy, Rate, Rule, Severity,
    },
    limits::MAX_ERRORS,
    yaml::{Entry, Keys, Node, Reading},
};

use super::{RuleCount, condition};
use crate::{
    finding::{Finding, Level, Lint, codes, syntax::from_syntax, visible},
    nearest::nearest,
    source::Source,
};

/// What is known of a file while it is read.
pub(super) struct Draft<'s> {
    pub(super) source: &'s Source,
    /// Looks at nodes.
    pub(super) reading: Reading,
    pub(super) rules: RuleCount,
    found: Vec<Finding>,
}

impl<'s> Draft<'s> {
    pub(super) fn new(source: &'s Source) -> Draft<'s> {
        Draft {
            source,
            reading: Reading::new(),
            rules: RuleCount::default(),
            found: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Finding>, RuleCount) {
        let mut found: Vec<Finding> = self.reading.errors.into_iter().map(from_syntax).collect();
        found.extend(self.found);
        (found, self.rules)
    }

    /// Whether nothing wrong was found so far.
    fn is_sound(&self) -> bool {
        let wrong = |finding: &Finding| finding.lint.level == Level::Error;
        self.reading.errors.is_empty() && !self.found.iter().any(wrong)
    }

    /// Adds a finding, up to [`MAX_ERRORS`] of them.
    pub(super) fn find(&mut self, finding: Finding) {
        if self.found.len() < MAX_ERRORS {
            self.found.push(finding);
        } else if self.found.len() == MAX_ERRORS {
            let message =
                format!("more than {MAX_ERRORS} findings (MAX_ERRORS); the rest is not listed");
            self.found.push(Finding::new(
                &codes::TOO_LARGE,
                finding.primary.span,
                message,
            ));
        }
    }

    /// A part that stands in the file and enforces nothing here.
    pub(super) fn unenforced(&mut self, span: Span, message: impl Into<String>) {
        let help = "enforce it elsewhere, or say it with rules of the language";
        self.find(Finding::new(&codes::UNENFORCED, span, message).help(help));
    }

    /// Says which rule the absence of which fields disarms.
    pub(super) fn disarmed(&mut self, effect: Effect, id: &Name, by: &[Name]) {
        if let Some(finding) = condition::disarmed(effect, &id.node, by) {
            self.find(finding);
        }
    }

    /// A part that has no meaning here, in a file that is read otherwise.
    pub(super) fn not_understood(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.find(Finding::new(&codes::NOT_UNDERSTOOD, span, message).help(help));
    }

    /// The keys that nobody asked for: the dialect's home reads over them too.
    /// `informs` are known to say something to people only.
    pub(super) fn ignored_keys(
        &mut self,
        keys: &Keys<'_>,
        of: &str,
        known: &[&str],
        informs: &[&str],
    ) {
        for entry in keys.rest().filter(|entry| !informs.contains(&entry.name())) {
            let name = entry.name();
            let finding = Finding::new(
                &codes::IGNORED_KEY,
                entry.key.span,
                format!(
                    "`{}` is no key of {of}, and its home reads over it",
                    shown(name)
                ),
            );
            self.find(match nearest(name, known.iter().copied()) {
                Some(near) => finding.meant(near),
                None => finding,
            });
        }
    }

    /// One of a dialect's words, each with what it stands for here; a wrong one
    /// is a finding of `lint`.
    pub(super) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
        lint: &'static Lint,
    ) -> Option<Spanned<T>> {
        let name = self.reading.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == name.node) {
            return Some(Spanned::new(*value, node.span));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let finding = Finding::new(
            lint,
            node.span,
            format!("unknown {what} `{}`", shown(&name.node)),
        );
        self.find(match nearest(&name.node, known.iter().copied()) {
            Some(near) => finding.meant(near),
            None => finding.help(format!("write one of `{}`", known.join("`, `"))),
        });
        None
    }

    /// The text under a key, if there is one.
    pub(super) fn optional_text(&mut self, keys: &mut Keys<'_>, key: &'static str) -> Option<Name> {
        keys.get(key).and_then(|node| self.reading.text(node, key))
    }

    /// The version under a key, if there is one; it may be a number.
    pub(super) fn version(&mut self, keys: &mut Keys<'_>, key: &'static str) -> Option<Name> {
        keys.get(key)
            .and_then(|node| self.reading.version(node, key))
    }

    /// The text under a key, where `null` stands for none.
    pub(super) fn text_or_null(&mut self, keys: &mut Keys<'_>, key: &'static str) -> Option<Name> {
        keys.get(key)
            .filter(|node| !node.is_null())
            .and_then(|node| self.reading.text(node, key))
    }

    /// The text under a key that must be there.
    pub(super) fn required_text(
        &mut self,
        keys: &mut Keys<'_>,
        of: &str,
        key: &'static str,
    ) -> Option<Name> {
        match keys.get(key) {
            Some(node) => self.reading.text(node, key),
            None => self.reading.missing(keys.span, of, key),
        }
    }

    /// A list of texts; `null` and `[]` are none.
    pub(super) fn list_of_texts(&mut self, keys: &mut Keys<'_>, key: &'static str) -> Vec<Name> {
        let Some(node) = keys.get(key).filter(|node| !node.is_null()) else {
            return Vec::new();
        };
        let Some(nodes) = self.reading.list(node, key) else {
            return Vec::new();
        };
        nodes
            .iter()
            .filter_map(|node| self.reading.text(node, key))
            .collect()
    }

    /// The elements of a list, each a mapping, with their positions.
    pub(super) fn elements<'n>(
        &mut self,
        node: &'n Node,
        key: &'static str,
    ) -> Vec<(usize, &'n Node, Keys<'n>)> {
        let nodes = self.reading.list(node, key).unwrap_or_default();
        let mut elements = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let keys = self.reading.mapping(node, &format!("{key}[{index}]"));
            elements.extend(keys.map(|keys| (index, node, keys)));
        }
        elements
    }

    /// Counts a rule of the file.
    pub(super) fn count(&mut self, compiled: bool) {
        self.rules.in_file += 1;
        if compiled {
            self.rules.compiled += 1;
        } else {
            self.rules.unenforced += 1;
        }
    }

    /// The name of the file, without folders and extension.
    pub(super) fn stem(&self) -> &str {
        let name = &self.source.name;
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem)
    }
}

/// A policy that grows.
pub(super) struct PolicyDraft {
    span: Span,
    name: Name,
    version: Option<Name>,
    about: Option<Name>,
    default: Option<Spanned<Default_>>,
    combine: Option<Spanned<Combine>>,
    mode: Option<Spanned<Mode>>,
    limits: Vec<Spanned<Limit>>,
    limits_span: Option<Span>,
    patterns: Vec<Spanned<PatternSet>>,
    rules: Vec<Spanned<Rule>>,
    rates: Vec<Spanned<Rate>>,
    intents: Vec<Spanned<Intent>>,
    ids: HashSet<String>,
    next: HashMap<String, usize>,
}

impl PolicyDraft {
    pub(super) fn new(span: Span, name: Name) -> PolicyDraft {
        PolicyDraft {
            span,
            name,
            version: None,
            about: None,
            default: None,
            combine: None,
            mode: None,
            limits: Vec::new(),
            limits_span: None,
            patterns: Vec::new(),
            rules: Vec::new(),
            rates: Vec::new(),
            intents: Vec::new(),
            ids: HashSet::new(),
            next: HashMap::new(),
        }
    }

    pub(super) fn version(&mut self, version: Option<Name>) {
        self.version = version;
    }

    /// What it is for; white space around it is none of it.
    pub(super) fn about(&mut self, about: Option<Name>) {
        self.about = about.map(|about| about.map(|text| text.trim().to_owned()));
    }

    /// The answer where no rule fires, with a reason where it is `allow`.
    pub(super) fn default(&mut self, answer: DefaultAnswer, span: Span, because: Option<&str>) {
        let because = because.map(|because| Spanned::new(because.to_owned(), span));
        let default = Default_ {
            answer: Spanned::new(answer, span),
            because,
        };
        self.default = Some(Spanned::new(default, span));
    }

    pub(super) fn combine(&mut self, combine: Combine) {
        self.combine = Some(Spanned::new(combine, self.name.span));
    }

    pub(super) fn mode(&mut self, mode: Spanned<Mode>) {
        self.mode = Some(mode);
    }

    /// One limit, by its long name.
    pub(super) fn limit(&mut self, name: &str, at: Span, value: Spanned<LimitValue>) {
        let name = Spanned::new(name.to_owned(), at);
        let span = if value.span.start >= at.start {
            at.to(value.span)
        } else {
            at
        };
        let all = |limits: Span| Span {
            start: limits.start.min(span.start),
            ..limits.to(span)
        };
        self.limits_span = Some(self.limits_span.map_or(span, all));
        self.limits.push(Spanned::new(Limit { name, value }, span));
    }

    pub(super) fn patterns(&mut self, set: Spanned<PatternSet>) {
        self.patterns.push(set);
    }

    pub(super) fn rule(&mut self, rule: Spanned<Rule>) {
        self.rules.push(rule);
    }

    /// Puts rules among those that are there already, each before the one at its
    /// position; positions rise.
    pub(super) fn insert_rules(&mut self, inserted: Vec<(usize, Spanned<Rule>)>) {
        let mut inserted = inserted.into_iter().peekable();
        let mut rules = Vec::with_capacity(self.rules.len());
        for (position, rule) in std::mem::take(&mut self.rules).into_iter().enumerate() {
            while let Some((_, before)) = inserted.next_if(|(at, _)| *at <= position) {
                rules.push(before);
            }
            rules.push(rule);
        }
        rules.extend(inserted.map(|(_, rule)| rule));
        self.rules = rules;
    }

    pub(super) fn rate(&mut self, rate: Spanned<Rate>) {
        self.rates.push(rate);
    }

    pub(super) fn intent(&mut self, intent: Spanned<Intent>) {
        self.intents.push(intent);
    }

    pub(super) fn rules(&self) -> &[Spanned<Rule>] {
        &self.rules
    }

    /// `name`, or `name-2` where another rule or set is called so already.
    pub(super) fn fresh(&mut self, name: &Name) -> Name {
        let mut id = name.node.clone();
        while !self.ids.insert(id.clone()) {
            let next = self.next.entry(name.node.clone()).or_insert(1);
            *next += 1;
            id = format!("{}-{next}", name.node);
        }
        Spanned::new(id, name.span)
    }

    /// The policy, its statements in the order of the language's own YAML.
    pub(super) fn finish(self, draft: &mut Draft<'_>) -> Spanned<Policy> {
        let judged = !self.rules.is_empty() || !self.rates.is_empty();
        if !judged && draft.is_sound() {
            let message = format!(
                "no rule of `{}` is enforced here, so only its default decides",
                shown(&self.name.node)
            );
            draft.find(
                Finding::new(&codes::UNENFORCED, self.name.span, message)
                    .help("say with rules of the language what it is for"),
            );
        }
        let mut items = Vec::new();
        let mut add = |span: Span, item: Item| items.push(Spanned::new(item, span));
        if let Some(about) = self.about {
            add(about.span, Item::About(about));
        }
        if let Some(default) = self.default {
            add(default.span, Item::Default(default.node));
        }
        if let Some(combine) = self.combine {
            add(combine.span, Item::Combine(combine));
        }
        if let Some(mode) = self.mode {
            add(mode.span, Item::Mode(mode));
        }
        if let Some(span) = self.limits_span {
            add(span, Item::Limits(self.limits));
        }
        self.patterns
            .into_iter()
            .for_each(|set| add(set.span, Item::Patterns(set.node)));
        self.rules
            .into_iter()
            .for_each(|rule| add(rule.span, Item::Rule(Box::new(rule.node))));
        self.rates
            .into_iter()
            .for_each(|rate| add(rate.span, Item::Rate(rate.node)));
        self.intents
            .into_iter()
            .for_each(|intent| add(intent.span, Item::Intent(intent.node)));
        Spanned::new(
            Policy {
                name: self.name,
                version: self.version,
                items,
            },
            self.span,
        )
    }
}

/// A rule that says nothing but its effect and what it is about.
pub(super) fn rule(effect: Spanned<Effect>, actions: Vec<Name>) -> Rule {
    Rule {
        effect,
        actions,
        stage: None,
        approvers: None,
        when: None,
        unless: None,
        because: None,
        suggest: None,
        priority: None,
        id: None,
        severity: None,
        help: None,
    }
}

/// `*`, written at `span`.
pub(super) fn every_action(span: Span) -> Vec<Name> {
    vec![Spanned::new("*".to_owned(), span)]
}

/// A text of the file as a message shows it: short, in one line.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", visible(&short))
}

/// From a key to the end of its value.
pub(super) fn entry_span(entry: &Entry) -> Span {
    // What an alias stands for stands elsewhere.
    if entry.value.span.start < entry.key.span.start {
        return entry.key.span;
    }
    entry.key.span.to(entry.value.span)
}

/// The key of the first line of a document: where its name would stand.
pub(super) fn first_key(document: &Node) -> Span {
    document
        .as_mapping()
        .and_then(<[_]>::first)
        .map_or(document.span, |entry| entry.key.span)
}

/// How bad it is, in the words of every dialect that says it.
pub(super) const SEVERITIES: [(&str, Severity); 5] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("medium", Severity::Medium),
    ("low", Severity::Low),
    ("info", Severity::Info),
];

/// Keys that say something to people only.
pub(super) const INFORMS: [&str; 10] = [
    "description",
    "metadata",
    "disclaimer",
    "tags",
    "category",
    "author",
    "created_at",
    "updated_at",
    "owner",
    "title",
];
