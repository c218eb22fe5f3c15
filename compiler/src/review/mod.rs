//! A table in, a page that a person can review out: Markdown.
//!
//! It is made from the rows that the runtime reads, not from the text of the
//! policy, so that what stands here is what is decided. Each action has a table of
//! its own: what it gets, when in words, and a request that gets it, which was
//! decided before it was put there. Patterns, intents and limits follow. Equal
//! tables give equal pages, and a change of a policy is a small change of its page.

mod answers;
mod beside;
mod examples;
mod rule;
pub(crate) mod words;

use std::fmt::Write as _;

use agentos_runtime::table::{
    DefaultAnswer, Limits, Matcher, Mode, Normalize, PatternSet, Place, Policy, Rule, Stage, Table,
    Trust,
};

use agentos_runtime::Engine;

use crate::{finding::visible, prove::about::RuleAt};
use answers::Answers;
use examples::{Asking, Example};

pub use beside::beside;
pub use rule::{Decides, RulePage, rules_at};
use words::{Words, capital, code, list, one_line, time};

/// The page of a table, its policies in their order.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile, review};
///
/// let text = "policy mail { deny send_email when params.to == \"all\"; allow send_email; }";
/// let (plan, _) = compile(&Sources::one("mail.policy", text), &Options::default());
/// let page = review::render(&plan.expect("it is sound").table());
/// assert!(page.contains(r#"| **deny** | `to` is "all" |"#));
/// assert!(page.contains(r#"`{"action": "send_email", "params": {"to": "all"}}`"#));
/// ```
pub fn render(table: &Table<'_>) -> String {
    let names: Vec<String> = table
        .sources
        .iter()
        .map(|source| source.name.to_owned())
        .collect();
    pages(table, table.policies.iter(), &names)
}

/// The pages of these policies of a table, in sources of these names.
fn pages<'p, 't: 'p>(
    table: &Table<'t>,
    policies: impl Iterator<Item = &'p Policy<'t>>,
    names: &[String],
) -> String {
    let mut out = String::new();
    let policies: Vec<&Policy<'t>> = policies.collect();
    let are_many = policies.len() > 1;
    // What no engine can be made of has no requests.
    let engine = Engine::new(table).ok();
    for (at, policy) in policies.into_iter().enumerate() {
        if at > 0 {
            out.push_str("\n---\n\n");
        }
        Page {
            names,
            policy,
            asking: Asking::new(policy, engine.as_ref(), are_many),
            out: &mut out,
        }
        .render();
    }
    out
}

/// The columns of an action's table.
const COLUMNS: [&str; 5] = ["answer", "when", "because", "for example", "rule"];

struct Page<'p, 't> {
    /// Those of the sources.
    names: &'p [String],
    policy: &'p Policy<'t>,
    asking: Asking<'p, 't>,
    out: &'p mut String,
}

impl<'t> Page<'_, 't> {
    fn render(&mut self) {
        self.head();
        self.answers(Stage::Call);
        for stage in [Stage::Input, Stage::Output] {
            let mut rules = self.policy.parts.iter().flat_map(|part| &*part.rules);
            if rules.any(|rule| rule.stage == stage) {
                self.answers(stage);
            }
        }
        self.patterns();
        self.intents();
        self.limits();
        self.rates();
        if let Some(trust) = &self.policy.trust {
            self.trust(trust);
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A heading and the head of a table under it.
    fn table(&mut self, heading: &str, columns: &[&str]) {
        self.line(&format!("\n## {heading}"));
        self.columns(columns);
    }

    /// The head of a table.
    fn columns(&mut self, columns: &[&str]) {
        self.line("");
        self.row(columns);
        self.line(&format!("|{}", "---|".repeat(columns.len())));
    }

    fn row(&mut self, cells: &[impl AsRef<str>]) {
        let mut line = String::from("|");
        for cell in cells {
            let _ = write!(line, " {} |", one_line(cell.as_ref()));
        }
        self.line(&line);
    }

    fn place(&self, at: Place) -> String {
        match self.names.get(at.source as usize) {
            Some(name) => format!("{name}:{}", at.line),
            None => format!("line {}", at.line),
        }
    }

    fn head(&mut self) {
        let policy = self.policy;
        let version = if policy.version.is_empty() { "" } else { " " };
        self.line(&format!(
            "# {}{version}{}\n",
            prose(policy.name),
            prose(policy.version)
        ));
        if policy.mode == Mode::Shadow {
            self.line("It decides and reports, and holds nobody back.\n");
        }
        if policy.normalize == Normalize::Strict {
            self.line(
                "What denies, escalates or defers also looks through disguises: full-width and \
                 look-alike letters, what shows nothing, percent, backslash and base64.\n",
            );
        }
        let because = match policy.default_because {
            Some(because) => format!(": {}", prose(because)),
            None => String::new(),
        };
        self.line(&match policy.default {
            DefaultAnswer::Allow => {
                format!("Where no rule fires, the answer is **allow**{because}.")
            }
            DefaultAnswer::Deny => format!("Where no rule fires, the answer is **deny**{because}."),
            DefaultAnswer::Abstain => format!(
                "Where no rule fires, this policy says nothing{because}. Where every policy says \
                 nothing, the answer is deny."
            ),
        });
        if policy
            .parts
            .iter()
            .flat_map(|part| &*part.rules)
            .any(|rule| rule.when.is_some())
        {
            self.line(
                "What denies, escalates or defers also does so where its condition cannot be \
                 decided; what allows does not.",
            );
        }
    }

    /// What each action gets at a stage.
    fn answers(&mut self, stage: Stage) {
        let words = answers::words(self.policy, stage);
        for answers in answers::answers(self.policy, stage) {
            let of = match stage {
                Stage::Call => "",
                Stage::Input => "What comes in for ",
                Stage::Output => "What comes back from ",
            };
            let named = match answers.word {
                Some(word) => code(word),
                None if words.is_empty() => "every action".to_owned(),
                None => "every other action".to_owned(),
            };
            let heading = format!("{of}{named}");
            let heading = match (stage, answers.word) {
                (Stage::Call, None) => capital(&heading),
                _ => heading,
            };
            self.line(&format!("\n## {}", one_line(&heading)));
            let carried = answers
                .word
                .filter(|_| stage == Stage::Call)
                .and_then(|word| answers::carried(self.policy, word));
            if let Some(carried) = carried {
                self.line(&format!("\n{}", one_line(&carried)));
            }
            self.action(stage, &answers, &words);
        }
    }

    /// What one action gets.
    fn action(&mut self, stage: Stage, answers: &Answers<'_, 't>, words: &[&str]) {
        let rules = answers.groups.iter().flat_map(|group| &group.rules);
        let rules: Vec<RuleAt> = rules.map(|(at, _)| *at).collect();
        let examples = self.asking.examples(stage, answers.word, words, &rules);
        let words = Words {
            policy: self.policy,
            code,
        };
        let otherwise = [
            answers::default(self.policy),
            if rules.is_empty() {
                "always"
            } else {
                "otherwise"
            }
            .to_owned(),
            prose(self.policy.default_because.unwrap_or_default()),
            example(examples.default.as_ref().unwrap_or(&Example::NotDecided)),
            "default".to_owned(),
        ];
        let are_grouped = answers.groups.len() > 1;
        for group in &answers.groups {
            if let Some(how) = &group.how {
                self.line(&format!("\n{how}"));
            }
            self.columns(&COLUMNS);
            for (at, rule) in &group.rules {
                let when = match &rule.when {
                    Some(when) if !answers::always(rule) => words.condition(when),
                    _ if group.rules.len() > 1 => "otherwise".to_owned(),
                    _ => "always".to_owned(),
                };
                let cells = [
                    effect(rule),
                    when,
                    because(rule),
                    example(examples.of(*at)),
                    format!("{} ({})", code(rule.id), self.place(rule.at)),
                ];
                self.row(&cells);
            }
            if !are_grouped && !answers.is_certain {
                self.row(&otherwise);
            }
        }
        if are_grouped && !answers.is_certain {
            self.line(&format!("\nWhere none holds, {}.", otherwise[0]));
        }
        if answers.groups.is_empty() {
            self.columns(&COLUMNS);
            self.row(&otherwise);
        }
    }

    fn patterns(&mut self) {
        let named = |set: &&PatternSet<'_>| !set.name.is_empty();
        if !self.policy.patterns.iter().any(|set| named(&set)) {
            return;
        }
        self.table("Patterns", &["set", "kind", "finds", "line"]);
        for set in self.policy.patterns.iter().filter(named) {
            for pattern in set.patterns.iter() {
                let kind = match pattern.matcher {
                    Matcher::Substring(_) => "substring",
                    Matcher::Regex(_) | Matcher::RegexUnless(..) => "regex",
                    Matcher::Glob(_) => "glob",
                };
                self.row(&[
                    code(set.name),
                    kind.to_owned(),
                    code(pattern.source),
                    self.place(pattern.at),
                ]);
            }
        }
    }

    fn intents(&mut self) {
        if self.policy.intents.is_empty() {
            return;
        }
        self.table("Intents", &["intent", "signals", "heaviest", "of weight"]);
        for intent in self.policy.intents.iter() {
            let heaviest = intent.signals.iter().map(|signal| signal.weight).max();
            let heaviest: Vec<_> = intent
                .signals
                .iter()
                .filter(|signal| Some(signal.weight) == heaviest)
                .collect();
            let names: Vec<&str> = heaviest
                .iter()
                .map(|signal| match signal.explain {
                    "" => signal.pattern.source,
                    explain => explain,
                })
                .collect();
            let weight = heaviest.first().map(|signal| signal.weight.to_string());
            self.row(&[
                intent.category.to_string(),
                intent.signals.len().to_string(),
                names.join(", "),
                weight.unwrap_or_default(),
            ]);
        }
    }

    fn limits(&mut self) {
        let limits = limits(&self.policy.limits);
        let set = limits
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        if set.clone().next().is_none() {
            return;
        }
        self.table("Limits", &["limit", "value"]);
        for (name, value) in set {
            self.row(&[name, value]);
        }
    }

    fn rates(&mut self) {
        if self.policy.rates.is_empty() {
            return;
        }
        self.table(
            "Rates",
            &["actions", "at most", "beyond it", "because", "line"],
        );
        for rate in self.policy.rates.iter() {
            self.row(&[
                list(&rate.actions, |action| code(action)),
                words::rate(rate),
                format!("**{}**", rate.otherwise),
                rate.because.unwrap_or_default().to_owned(),
                self.place(rate.at),
            ]);
        }
    }

    fn trust(&mut self, trust: &Trust<'_>) {
        self.table("Supervisors", &["name", "level", "is an agent"]);
        for supervisor in trust.supervisors.iter() {
            let agent = if supervisor.agent { "yes" } else { "no" };
            let level = supervisor.level.to_string();
            self.row(&[supervisor.name, level.as_str(), agent]);
        }
        self.line(&format!(
            "\nAn escalation climbs at most {} levels.",
            trust.max_escalation_depth
        ));
    }
}

/// A request that shows something, in a cell.
fn example(example: &Example) -> String {
    match example {
        Example::Request(json) => code(&visible(json)),
        Example::Never => "never".to_owned(),
        Example::NotDecided => String::new(),
    }
}

fn effect(rule: &Rule<'_>) -> String {
    let mut text = format!("**{}**", rule.effect);
    if let Some(approvers) = &rule.approvers {
        let _ = write!(text, " to {}", words::approvers(approvers, code));
    }
    text
}

fn actions(rule: &Rule<'_>) -> String {
    list(&rule.actions, |action| match *action {
        "*" => "every action".to_owned(),
        action => code(action),
    })
}

fn because(rule: &Rule<'_>) -> String {
    let mut text = rule.because.unwrap_or_default().to_owned();
    let mut more = |what: String| {
        text.push_str(if text.is_empty() { "" } else { "; " });
        text.push_str(&what);
    };
    if let Some(suggest) = rule.suggest {
        more(format!("instead: {suggest}"));
    }
    if let Some(severity) = rule.severity {
        more(format!("severity {severity}"));
    }
    if let Some(help) = rule.help {
        more(help.to_owned());
    }
    prose(&text)
}

/// What somebody wrote, as it is and on one line: no tag, and no line of the page.
fn prose(text: &str) -> String {
    visible(text).replace('<', "\\<")
}

/// Each limit, in words where it is set.
pub(crate) fn limits(limits: &Limits) -> [(&'static str, Option<String>); 9] {
    let Limits {
        max_tokens,
        max_tool_calls,
        timeout_ms,
        max_concurrent,
        backpressure_threshold,
        confidence_threshold,
        drift_threshold,
        log_all_calls,
        checkpoint_frequency,
    } = limits;
    let count = |value: &Option<u64>| value.map(|value| value.to_string());
    let share = |value: &Option<agentos_runtime::Number>| value.map(|value| value.to_string());
    [
        ("tokens a request, at most", count(max_tokens)),
        ("tool calls a request, at most", count(max_tool_calls)),
        ("time a request, at most", timeout_ms.map(time)),
        ("executions at one time, at most", count(max_concurrent)),
        (
            "executions at one time before they are slowed down",
            count(backpressure_threshold),
        ),
        ("confidence, at least", share(confidence_threshold)),
        ("drift, at most", share(drift_threshold)),
        (
            "every call is logged",
            log_all_calls.map(|all| if all { "yes" } else { "no" }.to_owned()),
        ),
        ("calls between checkpoints", count(checkpoint_frequency)),
    ]
}

#[cfg(test)]
mod tests;
