//! The page of each code: its example has the finding, what it advises has not.

use agentos_compiler::{
    Options, Sources, compile,
    finding::{Level, Lint, codes, text},
};

/// The policies in the fenced blocks of a part of a page.
fn blocks(part: &str) -> Sources {
    let mut sources = Sources::new();
    let mut lines = part.lines();
    while let Some(line) = lines.next() {
        let Some(extension) = line.strip_prefix("```") else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let name = format!("{}.{extension}", sources.len());
        sources.add(name, text.join("\n") + "\n");
    }
    sources
}

/// The third and the fourth part of a page.
fn example_and_advice(lint: &Lint) -> (Sources, Sources) {
    let (_, rest) = lint
        .page
        .split_once("\n## Example\n")
        .expect("a page has an example");
    let (example, advice) = rest
        .split_once("\n## What to do\n")
        .expect("a page has advice");
    (blocks(example), blocks(advice))
}

#[test]
fn an_example_has_its_finding_at_its_level() {
    let mut wrong = Vec::new();
    for lint in codes::ALL {
        let (example, _) = example_and_advice(lint);
        let strict = lint.level == Level::Note;
        let (_, found) = compile(&example, &proving(strict));
        let said = found.iter().find(|finding| finding.lint == *lint);
        if said.is_none_or(|finding| !strict && finding.level != lint.level) {
            wrong.push(format!(
                "{}:\n{}",
                lint.name,
                text::render(&example, &found, text::Colour::Plain)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_page_advises_is_fine() {
    let mut wrong = Vec::new();
    for lint in codes::ALL {
        let (_, advice) = example_and_advice(lint);
        if advice.is_empty() {
            continue;
        }
        let strict = lint.level == Level::Note;
        let (plan, found) = compile(&advice, &proving(strict));
        if (plan.is_none() && !strict) || found.iter().any(|finding| finding.lint == *lint) {
            wrong.push(format!(
                "{}:\n{}",
                lint.name,
                text::render(&advice, &found, text::Colour::Plain)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const fn proving(strict: bool) -> Options {
    Options {
        strict,
        proves: true,
    }
}
