//! What there is to draw in, the text that Mermaid draws it from out.
//!
//! Nothing that a policy's author wrote stands here but in labels: ids are
//! made of letters and digits.

use std::fmt::Write as _;

use agentos_runtime::Effect;

use super::{
    Direction, Notice,
    ids::Ids,
    label::label,
    model::{Actions, Answer, Otherwise, Picture, Section, listed},
};
use crate::finding::Lint;

const EFFECTS: [Effect; 5] = [
    Effect::Allow,
    Effect::Audit,
    Effect::Defer,
    Effect::Escalate,
    Effect::Deny,
];

/// A text and how many arrows it has.
pub(super) struct Drawn {
    pub(super) text: String,
    pub(super) edges: usize,
}

/// Writes the picture.
pub(super) fn draw(picture: &Picture<'_>, direction: Direction, notice: Option<Notice>) -> Drawn {
    let mut drawing = Drawing {
        out: String::new(),
        ids: Ids::default(),
        edges: 0,
        used: [false; 5],
        lints: Vec::new(),
        marked: Vec::new(),
    };
    drawing.picture(picture, direction, notice);
    Drawn {
        text: drawing.out,
        edges: drawing.edges,
    }
}

struct Drawing {
    out: String,
    ids: Ids,
    edges: usize,
    /// Whether an effect is there, mildest first.
    used: [bool; 5],
    /// Findings that are there.
    lints: Vec<&'static Lint>,
    /// Nodes that have some.
    marked: Vec<String>,
}

impl Drawing {
    fn picture(&mut self, picture: &Picture<'_>, direction: Direction, notice: Option<Notice>) {
        self.line(0, "%% Made by agentos graph. Edit the policy instead.");
        self.line(0, &format!("flowchart {}", direction.name()));
        let sections = &picture.sections;
        let ids: Vec<String> = sections
            .iter()
            .map(|section| self.ids.give('p', &[section.name]))
            .collect();
        for (section, id) in sections.iter().zip(&ids) {
            self.section(section, id);
        }
        for (section, id) in sections.iter().zip(&ids) {
            for base in section.extends.iter().filter_map(|at| ids.get(*at)) {
                self.edge(1, &format!("{id} ==>|extends| {base}"));
            }
        }
        self.legend(&picture.elsewhere, notice);
        for effect in self.used() {
            let line = format!("classDef {effect} {}", colours(effect));
            self.line(1, &line);
        }
        if !self.marked.is_empty() {
            self.line(
                1,
                "classDef finding stroke:#bc4c00,stroke-width:4px,stroke-dasharray:8 4",
            );
            let marked = self.marked.join(",");
            self.line(1, &format!("class {marked} finding"));
        }
    }

    fn section(&mut self, section: &Section<'_>, id: &str) {
        let title = self.marked_lines(section.title.clone(), &section.marks, id);
        self.line(1, &format!("subgraph {id}[{}]", label(&title)));
        let effects = EFFECTS.map(|effect| {
            let answers = section.answers.iter().map(|answer| answer.effect);
            let mut all =
                answers.chain(section.default.as_ref().and_then(|default| default.effect));
            all.any(|its| its == effect)
                .then(|| self.ids.give('e', &[section.name, effect.name()]))
        });
        let answers: Vec<String> = section
            .answers
            .iter()
            .map(|answer| self.answer(section, answer))
            .collect();
        let actions: Vec<String> = section
            .actions
            .iter()
            .map(|actions| self.actions(section, actions))
            .collect();
        let default = section
            .default
            .as_ref()
            .map(|default| self.default(section, default));
        for (effect, id) in EFFECTS.into_iter().zip(&effects) {
            if let Some(id) = id {
                self.used[effect as usize] = true;
                let node = shaped(effect, id, &[effect.to_string()]);
                self.line(2, &format!("{node}:::{effect}"));
            }
        }
        if section.answers.is_empty() && section.default.is_none() {
            // A box with nothing in it is drawn as a node, and loses its title.
            let id = self.ids.give('n', &[section.name]);
            self.line(2, &format!("{id}[{}]", label(&["no rule".to_owned()])));
        }
        for (id, node) in actions.iter().zip(&section.actions) {
            for at in &node.answers {
                self.edge(2, &format!("{id} --> {}", answers[*at]));
            }
            for at in &node.globs {
                self.edge(2, &format!("{id} -.->|one of| {}", actions[*at]));
            }
            if let Some(default) = &default
                && node.answers.is_empty()
                && node.globs.is_empty()
            {
                self.edge(2, &format!("{id} -.->|no rule names it| {default}"));
            }
        }
        let to = |effect: Effect| effects[effect as usize].as_deref();
        for (answer, id) in section.answers.iter().zip(&answers) {
            if let Some(effect) = to(answer.effect) {
                self.edge(2, &format!("{id} --> {effect}"));
            }
        }
        if let (
            Some(id),
            Some(Otherwise {
                effect: Some(effect),
                ..
            }),
        ) = (default, &section.default)
            && let Some(effect) = to(*effect)
        {
            self.edge(2, &format!("{id} --> {effect}"));
        }
        self.line(1, "end");
    }

    fn actions(&mut self, section: &Section<'_>, actions: &Actions<'_>) -> String {
        let first = actions.names.first().copied().unwrap_or_default();
        let id = self.ids.give('a', &[section.name, first]);
        let mut lines = listed(&actions.names);
        if first == "*" {
            lines = vec!["every action".to_owned()];
        }
        self.line(2, &format!("{id}[{}]", label(&lines)));
        id
    }

    fn answer(&mut self, section: &Section<'_>, answer: &Answer<'_>) -> String {
        let id = self.ids.give('r', &[section.name, answer.id]);
        let lines = self.marked_lines(answer.lines.clone(), &answer.marks, &id);
        let node = shaped(answer.effect, &id, &lines);
        self.line(2, &format!("{node}:::{}", answer.effect));
        id
    }

    fn default(&mut self, section: &Section<'_>, default: &Otherwise) -> String {
        let id = self.ids.give('d', &[section.name]);
        let mut lines = vec![
            match default.effect {
                Some(_) => "where no rule fires",
                None => "where no rule fires, it says nothing",
            }
            .to_owned(),
        ];
        if let Some(because) = &default.because {
            lines.push(format!("because {because}"));
        }
        let lines = self.marked_lines(lines, &default.marks, &id);
        self.line(2, &format!("{id}({})", label(&lines)));
        id
    }

    /// Adds a line for each finding of a node, and remembers them.
    fn marked_lines(
        &mut self,
        mut lines: Vec<String>,
        marks: &[&'static Lint],
        id: &str,
    ) -> Vec<String> {
        for lint in marks {
            lines.push(format!("⚠ {} {}", lint.code, lint.name));
        }
        if !marks.is_empty() {
            self.lints.extend(marks);
            self.marked.push(id.to_owned());
        }
        lines
    }

    /// What shapes and marks stand for.
    fn legend(&mut self, elsewhere: &[&'static Lint], notice: Option<Notice>) {
        let mut lints = std::mem::take(&mut self.lints);
        lints.extend(elsewhere);
        lints.sort_by_key(|lint| lint.code);
        lints.dedup();
        if lints.is_empty() && notice.is_none() && self.used == [false; 5] {
            return;
        }
        let id = self.ids.give('l', &[]);
        self.line(
            1,
            &format!("subgraph {id}[{}]", label(&["Legend".to_owned()])),
        );
        for effect in self.used() {
            let id = self.ids.give('l', &[effect.name()]);
            let meaning = format!("{effect}, {}", means(effect));
            let node = shaped(effect, &id, &[meaning]);
            self.line(2, &format!("{node}:::{effect}"));
        }
        if let Some(notice) = notice {
            let id = self.ids.give('l', &["notice"]);
            self.line(2, &format!("{id}[{}]", label(&[notice.words().to_owned()])));
        }
        for lint in lints {
            let id = self.ids.give('l', &[lint.code]);
            let lines = [
                format!("⚠ {} {}", lint.code, lint.name),
                lint.summary.to_owned(),
            ];
            self.line(2, &format!("{id}[{}]", label(&lines)));
            self.marked.push(id);
        }
        self.line(1, "end");
    }

    /// The effects that are there, mildest first.
    fn used(&self) -> Vec<Effect> {
        let used = |effect: &Effect| self.used[*effect as usize];
        EFFECTS.into_iter().filter(used).collect()
    }

    fn edge(&mut self, depth: usize, text: &str) {
        self.edges += 1;
        self.line(depth, text);
    }

    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a `String` does not fail.
        let _ = writeln!(self.out, "{:1$}{text}", "", depth * 4);
    }
}

/// A node in the shape of an effect, since not everybody tells the colours.
fn shaped(effect: Effect, id: &str, lines: &[String]) -> String {
    let label = label(lines);
    match effect {
        Effect::Allow => format!("{id}([{label}])"),
        Effect::Audit => format!("{id}[[{label}]]"),
        Effect::Defer => format!("{id}[/{label}/]"),
        Effect::Escalate => format!("{id}[/{label}\\]"),
        Effect::Deny => format!("{id}{{{{{label}}}}}"),
    }
}

fn colours(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
        Effect::Audit => "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
        Effect::Defer => "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
        Effect::Escalate => "fill:#fbefff,stroke:#8250df,color:#1f2328",
        Effect::Deny => "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    }
}

fn means(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "it may",
        Effect::Audit => "it may, and is flagged",
        Effect::Defer => "it is answered later",
        Effect::Escalate => "a person is asked",
        Effect::Deny => "it may not",
    }
}
