//! Prints policies in the language's own spelling.

use crate::ast::{
    ActionDecl, Approvers, Expect, File, Item, Limit, LimitValue, Name, ParamDecl, Pattern,
    PatternKind, Policy, Rate, Rule, Signal, Supervisor, Trust,
};
use crate::print::comments::{Comments, Part};
use crate::print::page::Page;
use crate::print::{WIDTH, columns, expression, quote};
use crate::span::Spanned;

/// Prints the policies of `file` in the language's own spelling.
///
/// Given the `source` that `file` was parsed from, what its author set apart
/// by an empty line stays apart, and a comment at the end of a line stays with
/// what that line says.
///
/// ```
/// use agentos_grammar::{SourceId, parse, print};
///
/// let text = r#"policy p{deny send when to=="x"/* for now */;}"#;
/// let (file, _) = parse(SourceId(0), text);
/// let printed = print::dsl(&file, Some(text));
/// assert_eq!(printed, "policy p {\n    // for now\n    deny send when to == \"x\";\n}\n");
/// ```
pub fn dsl(file: &File, source: Option<&str>) -> String {
    let comments = Comments::of(file, source);
    let mut printer = Printer {
        page: Page::new(&comments, "//", 4),
    };
    for (p, policy) in file.policies.iter().enumerate() {
        if p > 0 {
            printer.page.blank();
        }
        printer.policy(p, policy);
    }
    let rest = comments.inside(Part::File);
    if !rest.is_empty() && !file.policies.is_empty() {
        printer.page.blank();
    }
    printer.page.remarks(rest);
    printer.page.finish()
}

struct Printer<'c, 's> {
    page: Page<'c, 's>,
}

impl Printer<'_, '_> {
    fn policy(&mut self, p: usize, policy: &Policy) {
        let part = Part::Policy(p);
        self.page.before(part);
        let version = policy
            .version
            .as_ref()
            .map(|version| format!(" {}", quote::text(version)));
        let head = format!(
            "policy {}{} {{",
            quote::name(&policy.name),
            version.unwrap_or_default()
        );
        let rest = self.page.comments().inside(part);
        if policy.items.is_empty() && rest.is_empty() {
            self.page.line(&format!("{head}}}"));
            self.page.beside(part);
            return;
        }
        self.page.line(&head);
        self.page.depth += 1;
        for (i, item) in policy.items.iter().enumerate() {
            let apart =
                self.page.comments().is_apart(Part::Item(p, i)) || are_apart(&policy.items, i);
            if i > 0 && apart {
                self.page.blank();
            }
            self.item(p, i, &item.node);
        }
        if !policy.items.is_empty() && !rest.is_empty() {
            self.page.blank();
        }
        self.page.remarks(rest);
        self.page.depth -= 1;
        self.page.line("}");
        self.page.beside(part);
    }

    // ---- statements ----

    fn item(&mut self, p: usize, i: usize, item: &Item) {
        let part = Part::Item(p, i);
        match item {
            Item::About(said) => self
                .page
                .part(part, &format!("about {};", quote::text(said))),
            Item::Combine(combine) => self
                .page
                .part(part, &format!("combine {};", combine.word())),
            Item::Mode(mode) => self.page.part(part, &format!("mode {};", mode.word())),
            Item::Normalize(how) => self
                .page
                .part(part, &format!("normalize {};", quote::name(how))),
            Item::Extends(names) => self.filled(part, &[listed("extends", names, quote::name)]),
            Item::Default(default) => {
                let mut pieces = vec![vec![format!("default {}", default.answer.word())]];
                pieces.extend(said("because", default.because.as_ref()));
                self.filled(part, &pieces);
            }
            Item::Expect(Expect { finding, because }) => {
                let mut pieces = vec![vec![format!("expect {}", quote::name(finding))]];
                pieces.extend(said("because", because.as_ref()));
                self.filled(part, &pieces);
            }
            Item::Rule(rule) => self.filled(part, &rule_pieces(rule)),
            Item::Rate(rate) => self.filled(part, &rate_pieces(rate)),
            Item::Limits(limits) => {
                let lines: Vec<String> = limits.iter().map(|limit| limit_line(limit)).collect();
                self.short_block((p, i), "limits", &lines, " ");
            }
            Item::Action(ActionDecl { name, params }) => {
                let param = |param: &Spanned<ParamDecl>| {
                    format!(
                        "{}: {}",
                        quote::name(&param.name),
                        expression::param_type(&param.ty)
                    )
                };
                let lines: Vec<String> = params.iter().map(param).collect();
                self.short_block(
                    (p, i),
                    &format!("action {}", quote::action(name)),
                    &lines,
                    ", ",
                );
            }
            Item::Patterns(set) => {
                let head = format!("patterns {}", quote::name(&set.name));
                let entries: Vec<_> = set
                    .patterns
                    .iter()
                    .map(|pattern| pattern_pieces(pattern))
                    .collect();
                self.long_block((p, i), &head, &entries);
            }
            Item::Intent(intent) => {
                let head = format!("intent {}", quote::name(&intent.category));
                let entries: Vec<_> = intent
                    .signals
                    .iter()
                    .map(|signal| signal_pieces(signal))
                    .collect();
                self.long_block((p, i), &head, &entries);
            }
            Item::Trust(Trust {
                supervisors,
                max_escalation_depth,
            }) => {
                let mut entries: Vec<_> =
                    supervisors.iter().map(|it| supervisor_pieces(it)).collect();
                let depth = max_escalation_depth.as_ref();
                entries.extend(
                    depth.map(|depth| vec![vec![format!("max_escalation_depth {}", depth.node)]]),
                );
                self.long_block((p, i), "trust", &entries);
            }
        }
    }

    /// A block on one line where it fits and no comment stands in it.
    fn short_block(
        &mut self,
        (p, i): (usize, usize),
        head: &str,
        entries: &[String],
        between: &str,
    ) {
        let part = Part::Item(p, i);
        let one_line = match entries {
            [] => format!("{head} {{}}"),
            _ => format!("{head} {{ {} }}", entries.join(between)),
        };
        let fits = self.page.indent() + columns(&one_line) <= WIDTH;
        if (fits || entries.is_empty()) && !self.page.comments().touch_entries(p, i, entries.len())
        {
            self.page.part(part, &one_line);
            return;
        }
        self.page.before(part);
        self.page.line(&format!("{head} {{"));
        self.page.depth += 1;
        for (e, entry) in entries.iter().enumerate() {
            self.gap(p, i, e);
            self.page.part(
                Part::Entry(p, i, e),
                &format!("{entry}{}", between.trim_end()),
            );
        }
        self.close((p, i));
    }

    /// A block with a line for each entry at least.
    fn long_block(&mut self, (p, i): (usize, usize), head: &str, entries: &[Vec<Vec<String>>]) {
        let part = Part::Item(p, i);
        self.page.before(part);
        if entries.is_empty() && self.page.comments().inside(part).is_empty() {
            self.page.line(&format!("{head} {{}}"));
            self.page.beside(part);
            return;
        }
        self.page.line(&format!("{head} {{"));
        self.page.depth += 1;
        for (e, pieces) in entries.iter().enumerate() {
            self.gap(p, i, e);
            self.filled(Part::Entry(p, i, e), pieces);
        }
        self.close((p, i));
    }

    fn close(&mut self, (p, i): (usize, usize)) {
        let part = Part::Item(p, i);
        self.page.remarks(self.page.comments().inside(part));
        self.page.depth -= 1;
        self.page.line("}");
        self.page.beside(part);
    }

    /// The empty line that the author left before an entry.
    fn gap(&mut self, p: usize, i: usize, e: usize) {
        if e > 0 && self.page.comments().is_apart(Part::Entry(p, i, e)) {
            self.page.blank();
        }
    }

    /// A statement in pieces, each of words that may begin a new line, on as
    /// few lines as it fits on; a piece that fits on a line is not broken.
    fn filled(&mut self, part: Part, pieces: &[Vec<String>]) {
        self.page.before(part);
        let mut lines = Lines {
            first: self.page.indent(),
            rest: self.page.indent() + 4,
            list: Vec::new(),
        };
        for piece in pieces {
            let whole = piece.join(" ");
            if lines.rest + columns(&whole) < WIDTH {
                lines.push(whole);
                continue;
            }
            for (i, chunk) in piece.iter().enumerate() {
                if i == 0 {
                    lines.list.push(chunk.clone());
                } else {
                    lines.push(chunk.clone());
                }
            }
        }
        let last = lines.list.len().saturating_sub(1);
        for (i, line) in lines.list.iter().enumerate() {
            let line = if i == 0 {
                line.clone()
            } else {
                format!("    {line}")
            };
            self.page
                .line(&if i == last { format!("{line};") } else { line });
        }
        self.page.beside(part);
    }
}

/// Lines that are being filled.
struct Lines {
    /// The columns before the first.
    first: usize,
    /// The columns before the others.
    rest: usize,
    list: Vec<String>,
}

impl Lines {
    fn push(&mut self, chunk: String) {
        let indent = if self.list.len() == 1 {
            self.first
        } else {
            self.rest
        };
        match self.list.last_mut() {
            // With the space between the two, and a `;` after them.
            Some(line) if indent + columns(line) + columns(&chunk) + 2 <= WIDTH => {
                line.push(' ');
                line.push_str(&chunk);
            }
            _ => self.list.push(chunk),
        }
    }
}

/// Whether an empty line stands between two statements for what they are.
fn are_apart(items: &[Spanned<Item>], i: usize) -> bool {
    let Some(previous) = i.checked_sub(1).and_then(|i| items.get(i)) else {
        return false;
    };
    if matches!(previous.node, Item::Expect(_)) {
        return false;
    }
    let next = items
        .iter()
        .skip(i)
        .map(|item| &item.node)
        .find(|item| !matches!(item, Item::Expect(_)));
    let (previous, next) = (Some(kind(&previous.node)), next.map(kind));
    previous != next || previous == Some(Kind::LongBlock)
}

#[derive(PartialEq, Eq)]
enum Kind {
    Head,
    Limits,
    Action,
    Rule,
    LongBlock,
}

fn kind(item: &Item) -> Kind {
    match item {
        Item::About(_)
        | Item::Extends(_)
        | Item::Default(_)
        | Item::Combine(_)
        | Item::Mode(_)
        | Item::Normalize(_) => Kind::Head,
        Item::Limits(_) => Kind::Limits,
        Item::Action(_) => Kind::Action,
        Item::Rule(_) | Item::Rate(_) | Item::Expect(_) => Kind::Rule,
        Item::Patterns(_) | Item::Intent(_) | Item::Trust(_) => Kind::LongBlock,
    }
}

// ---- the pieces of a statement ----

/// `word a, b, c`
fn listed(word: &str, names: &[Name], write: fn(&str) -> String) -> Vec<String> {
    let mut chunks: Vec<String> = names
        .iter()
        .map(|name| format!("{},", write(name)))
        .collect();
    if let Some(last) = chunks.last_mut() {
        last.pop();
    }
    expression::prefix(&mut chunks, &format!("{word} "));
    chunks
}

/// `word "text"`, when there is a text.
fn said(word: &str, text: Option<&Name>) -> Option<Vec<String>> {
    text.map(|text| vec![format!("{word} {}", quote::text(text))])
}

fn rule_pieces(rule: &Rule) -> Vec<Vec<String>> {
    let mut pieces = vec![listed(rule.effect.word(), &rule.actions, quote::action)];
    pieces.extend(
        rule.stage
            .as_ref()
            .map(|stage| vec![format!("on {}", stage.word())]),
    );
    pieces.extend(
        rule.approvers
            .as_ref()
            .map(|approvers| approvers_piece(approvers)),
    );
    for (word, condition) in [("when", &rule.when), ("unless", &rule.unless)] {
        pieces.extend(condition.as_ref().map(|condition| {
            let mut parts = expression::parts(condition);
            expression::prefix(&mut parts, &format!("{word} "));
            parts
        }));
    }
    pieces.extend(said("because", rule.because.as_ref()));
    pieces.extend(said("suggest", rule.suggest.as_ref()));
    pieces.extend(
        rule.priority
            .as_ref()
            .map(|priority| vec![format!("priority {}", priority.node)]),
    );
    pieces.extend(
        rule.id
            .as_ref()
            .map(|id| vec![format!("id {}", quote::name(id))]),
    );
    pieces.extend(
        rule.severity
            .as_ref()
            .map(|severity| vec![format!("severity {}", severity.word())]),
    );
    pieces.extend(said("help", rule.help.as_ref()));
    pieces
}

fn approvers_piece(approvers: &Approvers) -> Vec<String> {
    let needed = match approvers.needed.node {
        1 => "to".to_owned(),
        needed => format!("to {needed} of"),
    };
    let mut chunks = listed(&needed, &approvers.of, quote::text);
    chunks.extend(
        approvers
            .within
            .as_ref()
            .map(|within| format!("within {}", quote::duration(within))),
    );
    chunks
}

fn rate_pieces(rate: &Rate) -> Vec<Vec<String>> {
    let scope = rate
        .scope
        .as_ref()
        .map(|scope| format!(" per {}", scope.word()))
        .unwrap_or_default();
    let mut pieces = vec![
        listed("limit", &rate.actions, quote::action),
        vec![format!(
            "{} per {}{scope}",
            rate.count.node,
            rate.per.long_word()
        )],
        vec![format!("else {}", rate.otherwise.word())],
    ];
    pieces.extend(said("because", rate.because.as_ref()));
    pieces
}

fn limit_line(limit: &Limit) -> String {
    let value = match &limit.value.node {
        LimitValue::Number(digits) => quote::number(digits),
        LimitValue::Boolean(value) => value.to_string(),
        LimitValue::Duration(duration) => quote::duration(duration),
    };
    format!("{} {value};", quote::name(&limit.name))
}

fn pattern_pieces(pattern: &Pattern) -> Vec<Vec<String>> {
    let text = match pattern.kind {
        PatternKind::Regex => quote::raw(&pattern.text),
        PatternKind::Substring | PatternKind::Glob => quote::text(&pattern.text),
    };
    let mut pieces = vec![vec![format!("{} {text}", pattern.kind.word())]];
    pieces.extend(lookahead(pattern.unless_followed_by.as_ref()));
    pieces
}

fn signal_pieces(signal: &Signal) -> Vec<Vec<String>> {
    let weight = quote::number(&signal.weight);
    let mut pieces = vec![vec![format!(
        "signal {weight} {}",
        quote::raw(&signal.pattern)
    )]];
    pieces.extend(lookahead(signal.unless_followed_by.as_ref()));
    pieces.extend(
        signal
            .explain
            .as_ref()
            .map(|explain| vec![quote::text(explain)]),
    );
    pieces
}

fn lookahead(regex: Option<&Name>) -> Option<Vec<String>> {
    regex.map(|regex| vec![format!("unless followed by {}", quote::raw(regex))])
}

fn supervisor_pieces(supervisor: &Supervisor) -> Vec<Vec<String>> {
    let agent = if supervisor.agent { " agent" } else { "" };
    vec![vec![format!(
        "supervisor {} level {}{agent}",
        quote::text(&supervisor.name),
        supervisor.level.node
    )]]
}
