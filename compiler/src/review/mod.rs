//! A table in, a page that a person can review out: Markdown.
//!
//! It is made from the rows that the runtime reads, not from the text of the
//! policy, so that what stands here is what is decided: what each action gets,
//! each rule with its condition in words and its line, patterns, intents and
//! limits. Equal tables give equal pages, and a change of a policy is a small
//! change of its page.

mod answers;
mod beside;
mod rule;
pub(crate) mod words;

use std::fmt::Write as _;

use agentos_runtime::table::{
    DefaultAnswer, Limits, Matcher, Mode, Normalize, PatternSet, Place, Policy, Rule, Stage, Table,
    Trust,
};

pub use beside::beside;
pub use rule::{Decides, RulePage, rules_at};
use words::{code, condition, list, one_line};

/// The page of a table, its policies in their order.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile, review};
///
/// let text = "policy mail { deny send_email when params.to == \"all\"; allow send_email; }";
/// let (plan, _) = compile(&Sources::one("mail.policy", text), &Options::default());
/// let page = review::render(&plan.expect("it is sound").table());
/// assert!(page.contains("**deny** when `to` is \"all\""));
/// ```
pub fn render(table: &Table<'_>) -> String {
    let names: Vec<String> = table
        .sources
        .iter()
        .map(|source| source.name.to_owned())
        .collect();
    pages(table.policies.iter(), &names)
}

/// The pages of these policies, in sources of these names.
fn pages<'p, 't: 'p>(policies: impl Iterator<Item = &'p Policy<'t>>, names: &[String]) -> String {
    let mut out = String::new();
    for (at, policy) in policies.enumerate() {
        if at > 0 {
            out.push_str("\n---\n\n");
        }
        Page {
            names,
            policy,
            out: &mut out,
        }
        .render();
    }
    out
}

struct Page<'p, 't> {
    /// Those of the sources.
    names: &'p [String],
    policy: &'p Policy<'t>,
    out: &'p mut String,
}

impl Page<'_, '_> {
    fn render(&mut self) {
        self.head();
        self.answers();
        self.rules();
        self.declared();
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
        self.line(&format!("\n## {heading}\n"));
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
        self.line(&format!("# {}{version}{}\n", policy.name, policy.version));
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
            Some(because) => format!(": {}", one_line(because)),
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

    fn answers(&mut self) {
        let answers = answers::answers(self.policy);
        self.table("What each action gets", &["action", "answer"]);
        for (action, answer) in answers {
            self.row(&[action, answer]);
        }
    }

    fn rules(&mut self) {
        let policy = self.policy;
        if policy.parts.iter().all(|part| part.rules.is_empty()) {
            return;
        }
        self.table(
            "Rules",
            &["rule", "effect", "actions", "when", "because", "line"],
        );
        for rule in policy.parts.iter().flat_map(|part| &*part.rules) {
            let cells = [
                code(rule.id),
                effect(rule),
                actions(rule),
                rule.when
                    .as_ref()
                    .map_or("always".to_owned(), |when| condition(policy, when)),
                because(rule),
                self.place(rule.at),
            ];
            self.row(&cells);
        }
    }

    fn declared(&mut self) {
        if self.policy.actions.is_empty() {
            return;
        }
        self.table("What calls carry", &["action", "params"]);
        for action in self.policy.actions.iter() {
            let params: Vec<String> = action
                .params
                .iter()
                .map(|param| {
                    let may = if param.optional {
                        ", may be missing"
                    } else {
                        ""
                    };
                    format!("{}: {}{may}", code(param.name), param.ty)
                })
                .collect();
            self.row(&[code(action.name), params.join("; ")]);
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
            let scope = if rate.per_tenant { "tenant" } else { "agent" };
            self.row(&[
                list(&rate.actions, |action| code(action)),
                format!("{} in {} for each {scope}", rate.count, time(rate.per_ms)),
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

fn effect(rule: &Rule<'_>) -> String {
    let mut text = format!("**{}**", rule.effect);
    match rule.stage {
        Stage::Call => {}
        Stage::Input => text.push_str(" of what comes in"),
        Stage::Output => text.push_str(" of what comes back"),
    }
    if let Some(approvers) = &rule.approvers {
        let of = list(&approvers.of, |name| code(name));
        let _ = write!(text, " to {} of {of}", approvers.needed);
        if let Some(ms) = approvers.within_ms {
            let _ = write!(text, " within {}", time(ms));
        }
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
    text
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

/// A length of time in its largest whole unit.
pub(crate) fn time(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1_000, "second"),
    ];
    for (unit, name) in UNITS {
        if ms >= unit && ms.is_multiple_of(unit) {
            let count = ms / unit;
            let plural = if count == 1 { "" } else { "s" };
            return format!("{count} {name}{plural}");
        }
    }
    format!("{ms} ms")
}

#[cfg(test)]
mod tests;
