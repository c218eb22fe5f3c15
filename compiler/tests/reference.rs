//! The examples of the language's reference, each compiled by itself.

use agentos_compiler::{
    Options, Sources, compile,
    finding::{Level, text},
};

/// The page.
const PAGE: &str = include_str!("../../docs/language.md");

#[test]
fn every_example_is_sound() {
    let mut count = 0;
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let example: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        // Other blocks show what may stand where, and are no policies.
        if !matches!(kind, "policy" | "yaml") {
            assert_eq!(kind, "text", "{example:#?}");
            continue;
        }
        let name = format!("example.{kind}");
        let sources = Sources::one(&name, example.join("\n") + "\n");
        let (_, found) = compile(&sources, &Options::default());
        assert!(
            found.iter().all(|finding| finding.level < Level::Warning),
            "{}",
            text::render(&sources, &found, text::Colour::Plain)
        );
        count += 1;
    }
    assert!(count > 0);
}
