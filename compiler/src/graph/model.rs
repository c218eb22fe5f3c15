//! A plan and its findings in, what there is to draw out: a section a policy
//! text, with the actions, the answers they get, and what is to be said of each.

use std::collections::{BTreeMap, BTreeSet};

use agentos_grammar::Span;
use agentos_runtime::{
    Effect,
    glob::Glob,
    table::{Combine, DefaultAnswer, Mode, Policy, Rule},
};

use super::label::{quoted, shortened};
use crate::{
    Finding, Plan,
    finding::Lint,
    ir,
    review::words::{self, Words},
};

/// The most names that are listed in one node; the rest are counted.
const MOST_NAMES: usize = 8;

/// How much of a policy is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Each rule.
    Rule,
    /// Rules of one effect that are about the same actions as one.
    Actions,
    /// Rules of one effect as one.
    Effect,
}

/// What there is to draw.
pub(super) struct Picture<'p> {
    pub(super) sections: Vec<Section<'p>>,
    /// Findings in no policy.
    pub(super) elsewhere: Vec<&'static Lint>,
}

/// The rules of one policy text.
pub(super) struct Section<'p> {
    pub(super) name: &'p str,
    pub(super) title: Vec<String>,
    /// Sections that it extends.
    pub(super) extends: Vec<usize>,
    pub(super) actions: Vec<Actions<'p>>,
    pub(super) answers: Vec<Answer<'p>>,
    /// The answer where no rule fires; none for a text that is only inherited.
    pub(super) default: Option<Otherwise>,
    /// Findings of the policy itself.
    pub(super) marks: Vec<&'static Lint>,
}

/// Names of actions that get the same answers.
pub(super) struct Actions<'p> {
    pub(super) names: Vec<&'p str>,
    /// The answers that name them.
    pub(super) answers: BTreeSet<usize>,
    /// Other nodes of the section with a glob that covers them.
    pub(super) globs: Vec<usize>,
}

/// A rule, a rate, or several that are drawn as one.
pub(super) struct Answer<'p> {
    pub(super) id: &'p str,
    pub(super) effect: Effect,
    pub(super) lines: Vec<String>,
    pub(super) marks: Vec<&'static Lint>,
}

/// What is answered where no rule fires.
pub(super) struct Otherwise {
    /// None where the policy says nothing then.
    pub(super) effect: Option<Effect>,
    pub(super) because: Option<String>,
    pub(super) marks: Vec<&'static Lint>,
}

/// Looks for what there is to draw: all of it, or what `action` gets.
pub(super) fn picture<'p>(
    plan: &'p Plan,
    policies: &'p [Policy<'p>],
    findings: &[Finding],
    action: Option<&str>,
    detail: Detail,
) -> Picture<'p> {
    let mut texts: Vec<Text<'p>> = Vec::new();
    for (policy, row) in plan.program().policies.iter().zip(policies) {
        for (at, (part, rules)) in policy.parts.iter().zip(row.parts.iter()).enumerate() {
            let is_own = at + 1 == policy.parts.len();
            let text = Text {
                part,
                rules: &rules.rules,
                combine: rules.combine,
                policy,
                row,
                is_own,
            };
            match texts
                .iter_mut()
                .find(|known| known.part.policy == part.policy)
            {
                // Its own policy knows more of it than those that inherit it.
                Some(known) if is_own => *known = text,
                Some(_) => {}
                None => texts.push(text),
            }
        }
    }
    let mut left: Vec<&Finding> = findings.iter().collect();
    let mut sections: Vec<Section<'p>> = texts
        .iter()
        .map(|text| text.section(&mut left, action, detail))
        .collect();
    for (at, text) in texts.iter().enumerate() {
        let known = |name: &String| texts.iter().position(|base| base.part.policy == *name);
        let extends: BTreeSet<usize> = text.part.extends.iter().filter_map(known).collect();
        sections[at].extends = extends.into_iter().collect();
    }
    Picture {
        sections,
        elsewhere: marks(left.into_iter()),
    }
}

/// Whether anything but `*` is said of `action`.
pub(super) fn names_action(plan: &Plan, action: &str) -> bool {
    plan.program().policies.iter().any(|policy| {
        let rules = policy.parts.iter().flat_map(|part| &part.rules);
        let in_rules = rules.flat_map(|rule| &rule.actions);
        let in_rates = policy.rates.iter().flat_map(|rate| &rate.actions);
        let declared = policy.actions.iter().map(|declared| &declared.name);
        in_rules
            .chain(in_rates)
            .chain(declared)
            .any(|name| name.node != "*" && is_asked(&name.node, Some(action)))
    })
}

/// One policy text, as the policies of the program have it.
struct Text<'p> {
    part: &'p ir::Part,
    rules: &'p [Rule<'p>],
    combine: Combine,
    /// A policy that has these rules: its own, or one that inherits them.
    policy: &'p ir::Policy,
    row: &'p Policy<'p>,
    is_own: bool,
}

/// A rule or a rate before some are put together.
struct Row<'p> {
    id: &'p str,
    effect: Effect,
    actions: Vec<&'p str>,
    lines: Vec<String>,
    marks: Vec<&'static Lint>,
}

impl<'p> Text<'p> {
    /// Takes the findings that are about it out of `left`.
    fn section(
        &self,
        left: &mut Vec<&Finding>,
        action: Option<&str>,
        detail: Detail,
    ) -> Section<'p> {
        let mut take = |span: Span| {
            let inside = |finding: &&Finding| span.contains(finding.primary.span);
            let taken: Vec<&Finding> = left.iter().copied().filter(inside).collect();
            left.retain(|finding| !inside(finding));
            marks(taken.into_iter())
        };
        let mut rows: Vec<Row<'p>> = self.rule_rows(&mut take);
        rows.extend(self.rate_rows(&mut take));
        let default = self.is_own.then(|| Otherwise {
            effect: match self.row.default {
                DefaultAnswer::Allow => Some(Effect::Allow),
                DefaultAnswer::Deny => Some(Effect::Deny),
                DefaultAnswer::Abstain => None,
            },
            because: self.row.default_because.map(shortened),
            marks: self.policy.default_span.map(&mut take).unwrap_or_default(),
        });
        let marks = take(self.part.span);
        for row in &mut rows {
            row.actions.retain(|name| is_asked(name, action));
        }
        rows.retain(|row| !row.actions.is_empty());
        let declared = self.policy.actions.iter().filter(|declared| {
            let name = &declared.name;
            self.part.span.contains(name.span) && is_asked(&name.node, action)
        });
        let declared = declared
            .map(|declared| declared.name.node.as_str())
            .collect();
        let (answers, named) = put_together(rows, detail);
        Section {
            name: &self.part.policy,
            title: self.title(),
            extends: Vec::new(),
            actions: actions(&named, declared),
            answers,
            default,
            marks,
        }
    }

    fn title(&self) -> Vec<String> {
        let version = if self.is_own { self.row.version } else { "" };
        let mut title = vec![shortened(&format!("policy {} {version}", self.part.policy))];
        if self.combine == Combine::Priority {
            title.push("the first rule that fires decides, by falling priority".to_owned());
        }
        if self.is_own && self.row.mode == Mode::Shadow {
            title.push("it reports, and holds nobody back".to_owned());
        }
        title
    }

    fn rule_rows(&self, take: &mut impl FnMut(Span) -> Vec<&'static Lint>) -> Vec<Row<'p>> {
        let words = Words {
            policy: self.row,
            code: quoted,
        };
        let rules = self.part.rules.iter().zip(self.rules);
        let mut rows: Vec<(i64, Row<'p>)> = rules
            .map(|(written, rule)| {
                (
                    rule.priority,
                    self.rule_row(words, &written.id, rule, take(written.span)),
                )
            })
            .collect();
        if self.combine == Combine::Priority {
            rows.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn rule_row(
        &self,
        words: Words<'_, '_>,
        // Decisions put the policy in front of what is inherited; here it is the title.
        id: &'p str,
        rule: &'p Rule<'p>,
        marks: Vec<&'static Lint>,
    ) -> Row<'p> {
        let mut lines = vec![shortened(id)];
        if self.combine == Combine::Priority {
            lines.push(format!("priority {}", rule.priority));
        }
        let stage = words::stage(rule.stage).trim_start();
        if !stage.is_empty() {
            lines.push(stage.to_owned());
        }
        if let Some(approvers) = &rule.approvers {
            lines.push(shortened(&format!(
                "to {}",
                words::approvers(approvers, words.code)
            )));
        }
        if let Some(when) = &rule.when {
            lines.push(shortened(&format!("when {}", words.condition(when))));
        }
        lines.extend(because(rule.because));
        Row {
            id,
            effect: rule.effect,
            actions: rule.actions.to_vec(),
            lines,
            marks,
        }
    }

    /// The rates that were written in this text.
    fn rate_rows(&self, take: &mut impl FnMut(Span) -> Vec<&'static Lint>) -> Vec<Row<'p>> {
        let all = self.policy.rates.iter().zip(self.row.rates.iter());
        let own = all.filter(|(written, _)| self.part.span.contains(written.span));
        own.map(|(written, rate)| {
            let mut lines = vec![format!("beyond {}", words::rate(rate))];
            lines.extend(because(rate.because));
            Row {
                id: "rate",
                effect: rate.otherwise,
                actions: rate.actions.to_vec(),
                lines,
                marks: take(written.span),
            }
        })
        .collect()
    }
}

fn because(text: Option<&str>) -> Option<String> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    Some(shortened(&format!("because {text}")))
}

/// The lints of findings, each once, by code.
fn marks<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<&'static Lint> {
    let mut lints: Vec<&'static Lint> = findings.map(|finding| finding.lint).collect();
    lints.sort_by_key(|lint| lint.code);
    lints.dedup();
    lints
}

/// Whether a picture of what `action` gets shows what is said of `name`.
fn is_asked(name: &str, action: Option<&str>) -> bool {
    action.is_none_or(|action| covers(name, action) || covers(action, name))
}

fn covers(glob: &str, name: &str) -> bool {
    glob == name || (is_glob(glob) && Glob::new(glob).matches(name))
}

fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Answers at this level of detail, and the names that each is about.
fn put_together(rows: Vec<Row<'_>>, detail: Detail) -> (Vec<Answer<'_>>, Vec<Vec<&str>>) {
    let mut groups: Vec<Vec<Row<'_>>> = Vec::new();
    let mut known: BTreeMap<(Effect, Vec<&str>), usize> = BTreeMap::new();
    for row in rows {
        let at = match detail {
            Detail::Rule => groups.len(),
            Detail::Actions => {
                let next = groups.len();
                *known
                    .entry((row.effect, row.actions.clone()))
                    .or_insert(next)
            }
            Detail::Effect => {
                let next = groups.len();
                *known.entry((row.effect, Vec::new())).or_insert(next)
            }
        };
        match groups.get_mut(at) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
        .into_iter()
        .map(|group| {
            let mut names: Vec<&str> = Vec::new();
            for name in group.iter().flat_map(|row| &row.actions) {
                names.push(name);
            }
            names.sort_unstable();
            names.dedup();
            (answer(group), names)
        })
        .unzip()
}

/// The rows of one group as one; there is at least one.
fn answer(mut group: Vec<Row<'_>>) -> Answer<'_> {
    let mut marks: Vec<&'static Lint> = group.iter().flat_map(|row| row.marks.clone()).collect();
    marks.sort_by_key(|lint| lint.code);
    marks.dedup();
    let first = &mut group[0];
    let (id, effect) = (first.id, first.effect);
    let lines = if group.len() == 1 {
        std::mem::take(&mut group[0].lines)
    } else {
        let ids: Vec<&str> = group.iter().map(|row| row.id).collect();
        vec![
            format!("{} rules", group.len()),
            shortened(&listed(&ids).join(", ")),
        ]
    };
    Answer {
        id,
        effect,
        lines,
        marks,
    }
}

/// Names that get the same answers, in the order in which answers name them;
/// then those that are declared and that no rule names.
fn actions<'p>(named: &[Vec<&'p str>], declared: Vec<&'p str>) -> Vec<Actions<'p>> {
    let mut answers: BTreeMap<&'p str, BTreeSet<usize>> = BTreeMap::new();
    for name in declared {
        answers.entry(name).or_default();
    }
    for (at, names) in named.iter().enumerate() {
        for name in names {
            answers.entry(name).or_default().insert(at);
        }
    }
    let globs: Vec<(&str, Glob)> = answers
        .keys()
        .filter(|name| is_glob(name) && **name != "*")
        .map(|name| (*name, Glob::new(name)))
        .collect();
    let mut classes: BTreeMap<Class<'p>, Vec<&'p str>> = BTreeMap::new();
    for (name, its) in &answers {
        let over = globs
            .iter()
            .filter(|(glob, matches)| glob != name && matches.matches(name));
        let class = Class {
            answers: its.clone(),
            over: over.map(|(glob, _)| *glob).collect(),
            glob: is_glob(name).then_some(*name),
        };
        classes.entry(class).or_default().push(name);
    }
    let mut classes: Vec<(Class<'p>, Vec<&'p str>)> = classes.into_iter().collect();
    // What no answer names comes last.
    classes.sort_by_key(|(class, _)| class.answers.is_empty());
    let at: BTreeMap<&str, usize> = classes
        .iter()
        .enumerate()
        .filter_map(|(at, (class, _))| Some((class.glob?, at)))
        .collect();
    classes
        .into_iter()
        .map(|(class, names)| Actions {
            names,
            answers: class.answers,
            globs: class.over.iter().map(|glob| at[glob]).collect(),
        })
        .collect()
}

/// What names have in common that stand in one node.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Class<'p> {
    answers: BTreeSet<usize>,
    /// The globs that cover them.
    over: Vec<&'p str>,
    /// A glob stands by itself, so that what it covers can point at it.
    glob: Option<&'p str>,
}

/// The first of them, and how many more there are.
pub(super) fn listed(names: &[&str]) -> Vec<String> {
    let shown = if names.len() <= MOST_NAMES + 1 {
        names.len()
    } else {
        MOST_NAMES
    };
    let mut lines: Vec<String> = names[..shown].iter().map(|name| shortened(name)).collect();
    if names.len() > shown {
        lines.push(format!("and {} more", names.len() - shown));
    }
    lines
}
