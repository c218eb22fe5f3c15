//! Prints policies in YAML.

use crate::ast::{
    ActionDecl, Default_, Expect, File, Intent, Item, Limit, LimitValue, Name, Pattern,
    PatternKind, PatternSet, Policy, Rate, Rule, Signal, Supervisor, Trust,
};
use crate::normalise::{Section, about, section};
use crate::print::comments::{Comments, Part};
use crate::print::page::Page;
use crate::print::quote::{self, Place};
use crate::print::{YAML_WIDTH, columns, expression};
use crate::span::Spanned;

/// Prints the policies of `file` in YAML, a document each.
///
/// Statements stand in the order of the sections. A text stands without quotes
/// only where every YAML reader, old or new, takes it for that text. `source`
/// is what `file` was parsed from, as for [`dsl`](crate::print::dsl).
///
/// ```
/// use agentos_grammar::{SourceId, parse, print};
///
/// let (file, _) = parse(SourceId(0), r#"policy p { deny send when to == "x"; default deny; }"#);
/// assert_eq!(
///     print::yaml(&file, None),
///     "policy: p\ndefault: deny\nrules:\n  - deny: send\n    when: to == \"x\"\n"
/// );
/// ```
pub fn yaml(file: &File, source: Option<&str>) -> String {
    let comments = Comments::of(file, source).without_braces(file);
    let mut printer = Printer {
        page: Page::new(&comments, "#", 2),
    };
    for (p, policy) in file.policies.iter().enumerate() {
        if p > 0 {
            printer.page.line("---");
        }
        printer.policy(p, policy);
    }
    printer.page.remarks(comments.inside(Part::File));
    printer.page.finish()
}

/// What stands after a key.
enum Value<'f> {
    /// A word, number or boolean of ours, which no reader mistakes.
    Bare(String),
    /// A text.
    Text(&'f str),
    /// A text of the language: a condition or a type.
    Expression(String),
    /// A regex or glob, in quotes that leave it as it is.
    Pattern(&'f str),
    List(Vec<&'f str>),
}

type Pairs<'f> = Vec<(&'static str, Value<'f>)>;

impl Value<'_> {
    fn written(&self, place: Place) -> String {
        match self {
            Value::Bare(word) => word.clone(),
            Value::Text(said) => quote::scalar(said, place),
            Value::Expression(said) => quote::scalar(said, place),
            Value::Pattern(said) => quote::single(said),
            Value::List(list) => {
                let list: Vec<String> = list
                    .iter()
                    .map(|said| quote::scalar(said, Place::Flow))
                    .collect();
                format!("[{}]", list.join(", "))
            }
        }
    }
}

fn names(names: &[Name]) -> Vec<&str> {
    names.iter().map(|name| name.as_str()).collect()
}

fn text<'f>(key: &'static str, name: Option<&'f Name>) -> Option<(&'static str, Value<'f>)> {
    name.map(|name| (key, Value::Text(name)))
}

fn flow(pairs: &[(&'static str, Value<'_>)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}: {}", value.written(Place::Flow)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

struct Printer<'c, 's> {
    page: Page<'c, 's>,
}

impl Printer<'_, '_> {
    fn policy(&mut self, p: usize, policy: &Policy) {
        self.page.before(Part::Policy(p));
        self.page.line(&format!(
            "policy: {}",
            quote::scalar(&policy.name, Place::Block)
        ));
        if let Some(version) = &policy.version {
            // `1.10` without quotes is the number 1.1.
            self.page
                .line(&format!("version: {}", quote::double(version)));
        }
        // Each `expect` that is not in a list of its section, and what it is about.
        let mut elsewhere: Vec<(Section, usize, String)> = Vec::new();
        let mut waiting: Vec<usize> = Vec::new();
        let mut sections: Vec<(Section, Vec<usize>)> = Vec::new();
        for (i, item) in policy.items.iter().enumerate() {
            waiting.push(i);
            let section = section(&item.node);
            let moved = match section {
                Section::Nothing => continue,
                Section::Rules | Section::Rates => std::mem::take(&mut waiting),
                _ => {
                    let name = about(&item.node).unwrap_or_default();
                    let expects = waiting.drain(..waiting.len() - 1);
                    elsewhere.extend(expects.map(|expect| (section, expect, name.clone())));
                    std::mem::take(&mut waiting)
                }
            };
            match sections.iter_mut().find(|(known, _)| *known == section) {
                Some((_, items)) => items.extend(moved),
                None => sections.push((section, moved)),
            }
        }
        let rest = waiting.into_iter();
        elsewhere.extend(rest.map(|expect| (Section::Nothing, expect, "policy".to_owned())));
        elsewhere.sort_by_key(|(section, ..)| *section);
        sections.sort_by_key(|(section, _)| *section);
        for (section, items) in sections {
            let key = match section {
                Section::Actions => "actions:",
                Section::Patterns => "patterns:",
                Section::Rules => "rules:",
                Section::Rates => "rates:",
                Section::Intents => "intents:",
                _ => {
                    for i in items {
                        self.single(p, i, policy);
                    }
                    continue;
                }
            };
            self.page.line(key);
            self.page.depth += 1;
            for (position, i) in items.into_iter().enumerate() {
                self.gap(position, Part::Item(p, i));
                self.element(p, i, policy);
            }
            self.page.depth -= 1;
        }
        self.expects(p, policy, &elsewhere);
    }

    /// The empty line that the author left before a part.
    fn gap(&mut self, position: usize, part: Part) {
        if position > 0 && self.page.comments().is_apart(part) {
            self.page.blank();
        }
    }

    /// A section that is one statement.
    fn single(&mut self, p: usize, i: usize, policy: &Policy) {
        let Some(item) = policy.items.get(i) else {
            return;
        };
        let part = Part::Item(p, i);
        let line = match &item.node {
            Item::About(said) => format!("about: {}", quote::scalar(said, Place::Block)),
            Item::Combine(combine) => format!("combine: {}", combine.word()),
            Item::Mode(mode) => format!("mode: {}", mode.word()),
            Item::Normalize(how) => format!("normalize: {}", quote::scalar(how, Place::Block)),
            Item::Extends(extended) => {
                self.page.before(part);
                self.pair("", "extends", &Value::List(names(extended)));
                self.page.beside(part);
                return;
            }
            Item::Default(default) => return self.default(part, default),
            Item::Limits(limits) => return self.limits((p, i), limits),
            Item::Trust(trust) => return self.trust((p, i), trust),
            // The other sections are lists and mappings of statements.
            Item::Action(_)
            | Item::Patterns(_)
            | Item::Rule(_)
            | Item::Rate(_)
            | Item::Intent(_)
            | Item::Expect(_) => return,
        };
        self.page.part(part, &line);
    }

    /// A statement in a section of many.
    fn element(&mut self, p: usize, i: usize, policy: &Policy) {
        let Some(item) = policy.items.get(i) else {
            return;
        };
        let part = Part::Item(p, i);
        match &item.node {
            Item::Action(action) => self.action((p, i), action),
            Item::Patterns(set) => self.patterns((p, i), set),
            Item::Intent(intent) => self.intent((p, i), intent),
            Item::Rule(rule) => self.block(part, &rule_pairs(rule)),
            Item::Rate(rate) => self.short(part, &rate_pairs(rate)),
            Item::Expect(expect) => {
                let mut pairs = vec![("expect", Value::Text(&expect.finding))];
                pairs.extend(text("because", expect.because.as_ref()));
                self.block(part, &pairs);
            }
            // The others are sections of their own.
            Item::About(_)
            | Item::Extends(_)
            | Item::Default(_)
            | Item::Combine(_)
            | Item::Mode(_)
            | Item::Normalize(_)
            | Item::Limits(_)
            | Item::Trust(_) => {}
        }
    }

    // ---- elements of lists ----

    /// `- key: value`, a line for each.
    fn block(&mut self, part: Part, pairs: &[(&'static str, Value<'_>)]) {
        self.page.before(part);
        for (i, (key, value)) in pairs.iter().enumerate() {
            self.pair(if i == 0 { "- " } else { "  " }, key, value);
        }
        self.page.beside(part);
    }

    /// `- {key: value, …}` where that fits on a line.
    fn short(&mut self, part: Part, pairs: &[(&'static str, Value<'_>)]) {
        let line = format!("- {}", flow(pairs));
        if self.page.indent() + columns(&line) <= YAML_WIDTH {
            self.page.part(part, &line);
        } else {
            self.block(part, pairs);
        }
    }

    /// `key: value`; a list that is too long has a line for each element.
    fn pair(&mut self, dash: &str, key: &str, value: &Value<'_>) {
        let line = format!("{dash}{key}: {}", value.written(Place::Block));
        let long = self.page.indent() + columns(&line) > YAML_WIDTH;
        if let (Value::List(list), true) = (value, long) {
            self.page.line(&format!("{dash}{key}:"));
            for said in list {
                let indent = " ".repeat(dash.len());
                self.page.line(&format!(
                    "{indent}  - {}",
                    quote::scalar(said, Place::Block)
                ));
            }
        } else {
            self.page.line(&line);
        }
    }

    // ---- sections ----

    fn default(&mut self, part: Part, default: &Default_) {
        let answer = default.answer.word();
        let Some(because) = &default.because else {
            self.page.part(part, &format!("default: {answer}"));
            return;
        };
        let line = format!(
            "default: {{{answer}: {}}}",
            quote::scalar(because, Place::Flow)
        );
        if columns(&line) <= YAML_WIDTH {
            self.page.part(part, &line);
            return;
        }
        self.page.before(part);
        self.page.line("default:");
        self.page.line(&format!(
            "  {answer}: {}",
            quote::scalar(because, Place::Block)
        ));
        self.page.beside(part);
    }

    fn limits(&mut self, at: (usize, usize), limits: &[Spanned<Limit>]) {
        fn entry(limit: &Limit) -> (&str, Value<'_>) {
            let value = match &limit.value.node {
                LimitValue::Number(digits) => quote::number(digits),
                LimitValue::Boolean(value) => value.to_string(),
                LimitValue::Duration(duration) => quote::duration(duration),
            };
            (limit.name.as_str(), Value::Bare(value))
        }
        let entries: Vec<(&str, Value<'_>)> = limits.iter().map(|limit| entry(limit)).collect();
        self.named(at, "limits", &entries);
    }

    fn action(&mut self, at: (usize, usize), action: &ActionDecl) {
        let params = action.params.iter();
        let params: Vec<(&str, Value<'_>)> = params
            .map(|param| {
                (
                    param.name.as_str(),
                    Value::Expression(expression::param_type(&param.ty)),
                )
            })
            .collect();
        self.named(at, &action.name, &params);
    }

    /// `name: {key: value, …}` where that fits on a line and no comment stands in it.
    fn named(&mut self, (p, i): (usize, usize), name: &str, entries: &[(&str, Value<'_>)]) {
        let part = Part::Item(p, i);
        let name = quote::scalar(name, Place::Block);
        let written: Vec<String> = entries
            .iter()
            .map(|(key, value)| {
                let key = quote::scalar(key, Place::Flow);
                format!("{key}: {}", value.written(Place::Flow))
            })
            .collect();
        let line = format!("{{{}}}", written.join(", "));
        let fits = self.page.indent() + columns(&name) + 2 + columns(&line) <= YAML_WIDTH;
        let touched = self.page.comments().touch_entries(p, i, entries.len());
        self.page.before(part);
        if (fits || entries.is_empty()) && !touched {
            self.key(&name, &line);
        } else {
            self.key(&name, "");
            self.page.depth += 1;
            for (e, (key, value)) in entries.iter().enumerate() {
                let part = Part::Entry(p, i, e);
                self.gap(e, part);
                self.page.before(part);
                let key = quote::scalar(key, Place::Block);
                self.key(&key, &value.written(Place::Block));
                self.page.beside(part);
            }
            self.page.depth -= 1;
        }
        self.page.beside(part);
    }

    /// `key: value`, or `key:` alone.
    fn key(&mut self, key: &str, value: &str) {
        /// Readers take a longer text for a key only where a `?` says so.
        const LONGEST: usize = 1000;
        let value = if value.is_empty() {
            ":".to_owned()
        } else {
            format!(": {value}")
        };
        if columns(key) <= LONGEST {
            self.page.line(&format!("{key}{value}"));
        } else {
            self.page.line(&format!("? {key}"));
            self.page.line(&value);
        }
    }

    fn patterns(&mut self, (p, i): (usize, usize), set: &PatternSet) {
        let head = quote::scalar(&set.name, Place::Block);
        if self.has_no_entries((p, i), &head, set.patterns.len()) {
            return;
        }
        for (e, pattern) in set.patterns.iter().enumerate() {
            let part = Part::Entry(p, i, e);
            self.gap(e, part);
            let Pattern {
                kind,
                text: said,
                unless_followed_by,
            } = &pattern.node;
            match (kind, unless_followed_by) {
                (PatternKind::Substring, None) => {
                    self.page
                        .part(part, &format!("- {}", quote::scalar(said, Place::Block)));
                }
                (kind, None) => {
                    self.page
                        .part(part, &format!("- {}: {}", kind.word(), quote::single(said)));
                }
                (kind, Some(lookahead)) => {
                    let pairs = [
                        (kind.word(), Value::Pattern(said)),
                        ("unless_followed_by", Value::Pattern(lookahead)),
                    ];
                    self.short(part, &pairs);
                }
            }
        }
        self.page.depth -= 1;
    }

    fn intent(&mut self, (p, i): (usize, usize), intent: &Intent) {
        let head = quote::scalar(&intent.category, Place::Block);
        if self.has_no_entries((p, i), &head, intent.signals.len()) {
            return;
        }
        for (e, signal) in intent.signals.iter().enumerate() {
            self.gap(e, Part::Entry(p, i, e));
            self.short(Part::Entry(p, i, e), &signal_pairs(signal));
        }
        self.page.depth -= 1;
    }

    /// The head of a list of entries; all of it when there are none.
    fn has_no_entries(&mut self, (p, i): (usize, usize), head: &str, entries: usize) -> bool {
        let part = Part::Item(p, i);
        self.page.before(part);
        if entries == 0 {
            self.key(head, "[]");
            self.page.beside(part);
            return true;
        }
        self.key(head, "");
        self.page.depth += 1;
        false
    }

    fn trust(&mut self, (p, i): (usize, usize), trust: &Trust) {
        let part = Part::Item(p, i);
        let Trust {
            supervisors,
            max_escalation_depth,
        } = trust;
        if supervisors.is_empty() && max_escalation_depth.is_none() {
            self.page.part(part, "trust: {}");
            return;
        }
        self.page.before(part);
        self.page.line("trust:");
        self.page.depth += 1;
        if !supervisors.is_empty() {
            self.page.line("supervisors:");
            self.page.depth += 1;
            for (e, supervisor) in supervisors.iter().enumerate() {
                self.gap(e, Part::Entry(p, i, e));
                self.short(Part::Entry(p, i, e), &supervisor_pairs(supervisor));
            }
            self.page.depth -= 1;
        }
        if let Some(depth) = max_escalation_depth {
            let part = Part::Entry(p, i, supervisors.len());
            self.page
                .part(part, &format!("max_escalation_depth: {}", depth.node));
        }
        self.page.depth -= 1;
    }

    fn expects(&mut self, p: usize, policy: &Policy, expects: &[(Section, usize, String)]) {
        if expects.is_empty() {
            return;
        }
        self.page.line("expect:");
        self.page.depth += 1;
        for (_, i, about) in expects {
            if let Some(Item::Expect(Expect { finding, because })) =
                policy.items.get(*i).map(|item| &item.node)
            {
                let mut pairs = vec![
                    ("finding", Value::Text(finding)),
                    ("about", Value::Text(about)),
                ];
                pairs.extend(text("because", because.as_ref()));
                self.short(Part::Item(p, *i), &pairs);
            }
        }
        self.page.depth -= 1;
    }
}

// ---- the keys of an element ----

/// One action is a text, several are a list.
fn actions(names: &[Name]) -> Value<'_> {
    match names {
        [one] => Value::Text(one),
        several => Value::List(self::names(several)),
    }
}

fn rule_pairs(rule: &Rule) -> Pairs<'_> {
    let mut pairs = vec![(rule.effect.word(), actions(&rule.actions))];
    pairs.extend(
        rule.stage
            .as_ref()
            .map(|stage| ("stage", Value::Bare(stage.word().to_owned()))),
    );
    if let Some(approvers) = &rule.approvers {
        pairs.push(("to", Value::List(names(&approvers.of))));
        if approvers.needed.node != 1 {
            pairs.push(("needed", Value::Bare(approvers.needed.node.to_string())));
        }
        let within = approvers.within.as_ref();
        pairs.extend(within.map(|within| ("within", Value::Bare(quote::duration(within)))));
    }
    let condition = |condition| Value::Expression(expression::condition(condition));
    pairs.extend(
        rule.when
            .as_ref()
            .map(|when| ("when", condition(&when.node))),
    );
    pairs.extend(
        rule.unless
            .as_ref()
            .map(|unless| ("unless", condition(&unless.node))),
    );
    pairs.extend(text("because", rule.because.as_ref()));
    pairs.extend(text("suggest", rule.suggest.as_ref()));
    pairs.extend(
        rule.priority
            .as_ref()
            .map(|priority| ("priority", Value::Bare(priority.node.to_string()))),
    );
    pairs.extend(text("id", rule.id.as_ref()));
    pairs.extend(
        rule.severity
            .as_ref()
            .map(|severity| ("severity", Value::Bare(severity.word().to_owned()))),
    );
    pairs.extend(text("help", rule.help.as_ref()));
    pairs
}

fn rate_pairs(rate: &Rate) -> Pairs<'_> {
    let mut pairs = vec![
        ("limit", actions(&rate.actions)),
        ("count", Value::Bare(rate.count.node.to_string())),
        ("per", Value::Bare(rate.per.long_word().to_owned())),
    ];
    pairs.extend(
        rate.scope
            .as_ref()
            .map(|scope| ("scope", Value::Bare(scope.word().to_owned()))),
    );
    pairs.push(("else", Value::Bare(rate.otherwise.word().to_owned())));
    pairs.extend(text("because", rate.because.as_ref()));
    pairs
}

fn signal_pairs(signal: &Signal) -> Pairs<'_> {
    let mut pairs = vec![("signal", Value::Pattern(&signal.pattern))];
    let lookahead = signal.unless_followed_by.as_ref();
    pairs.extend(lookahead.map(|regex| ("unless_followed_by", Value::Pattern(regex))));
    pairs.push(("weight", Value::Bare(quote::number(&signal.weight))));
    pairs.extend(text("explain", signal.explain.as_ref()));
    pairs
}

fn supervisor_pairs(supervisor: &Supervisor) -> Pairs<'_> {
    let mut pairs = vec![
        ("name", Value::Text(&supervisor.name)),
        ("level", Value::Bare(supervisor.level.node.to_string())),
    ];
    if supervisor.agent {
        pairs.push(("agent", Value::Bare("true".to_owned())));
    }
    pairs
}
