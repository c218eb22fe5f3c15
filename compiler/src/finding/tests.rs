//! The renderers, on a few findings that are hard to print.

use std::time::{Duration, Instant};

use agentos_grammar::{SourceId, Span};
use insta::assert_snapshot;

use super::{Finding, Summary, Unread, codes, github, json, sarif, text, text::Colour};
use crate::source::Sources;

const MAIL: &str = "\
policy mail \"1\" {
    deny send when to ends with \"é.com\";
    block \u{1b}[31msend\u{202e};
    allow read when (
        amount > 1
        and amount > 2
        and amount > 3
        and amount > 4
        and amount > 5
        and amount > 6
    );
}
";

/// The place of the only `needle` in a source.
fn at(sources: &Sources, source: SourceId, needle: &str) -> Span {
    let start = sources
        .get(source)
        .text
        .find(needle)
        .expect("the source has the needle");
    Span::new(source, start, start + needle.len())
}

fn sample() -> (Sources, Vec<Finding>) {
    let mut sources = Sources::new();
    let mail = sources.add("mail.policy", MAIL);
    let base = sources.add("odd,\nname: 100%.yaml", "policy: mail\r\n");
    let findings = vec![
        Finding::new(
            &codes::UNKNOWN_EFFECT,
            at(&sources, mail, "block"),
            "no effect is called `block`",
        )
        .help("write `deny`\nor `defer`"),
        Finding::new(
            &codes::DUPLICATE_POLICY,
            at(&sources, mail, "mail"),
            "two policies are called `mail`",
        )
        .label("this one")
        .other(at(&sources, base, "mail"), "and this one")
        .note("requests could mean either"),
        Finding::new(
            &codes::UNKNOWN_ACTION,
            at(&sources, mail, "\u{1b}[31msend\u{202e}"),
            "nobody declares `\u{1b}[31msend\u{202e}\n::error::hello`",
        ),
        {
            let start = at(&sources, mail, "(\n");
            let end = at(&sources, mail, ");\n}");
            let mut finding = Finding::new(
                &codes::ALLOW_ON_CONTEXT,
                start.to(end),
                "an allow rests on a claim",
            )
            .other(at(&sources, mail, "é"), "100% of mail, and more");
            finding.level = super::Level::Note;
            finding
        },
        Finding::new(
            &codes::UNKNOWN_EFFECT,
            Span::new(mail, MAIL.len(), MAIL.len()),
            "the file ends here",
        ),
    ];
    (sources, findings)
}

fn unread() -> Vec<Unread> {
    vec![Unread {
        name: "no\nsuch.policy".into(),
        message: "there is no such file".into(),
    }]
}

#[test]
fn text_draws_each_finding() {
    let (sources, findings) = sample();
    assert_snapshot!(text::render(&sources, &findings, Colour::Plain));
}

#[test]
fn text_in_colour_has_escapes_of_ours_only() {
    let (sources, findings) = sample();
    let coloured = text::render(&sources, &findings, Colour::Ansi);
    let mut plain = String::new();
    for (at, part) in coloured.split("\x1b[").enumerate() {
        let rest = part.split_once('m').map_or(part, |(_, rest)| rest);
        plain.push_str(if at == 0 { part } else { rest });
    }
    assert!(coloured.len() > plain.len());
    assert_eq!(plain, text::render(&sources, &findings, Colour::Plain));
}

#[test]
fn json_has_one_shape() {
    let (sources, findings) = sample();
    assert_snapshot!(json::render(&sources, &findings, &unread()));
}

#[test]
fn sarif_has_rules_results_and_artifacts() {
    let (sources, findings) = sample();
    let document = sarif::render(&sources, &findings, &unread());
    let mut document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let driver = &mut document["runs"][0]["tool"]["driver"];
    assert_eq!(driver["version"].take(), env!("CARGO_PKG_VERSION"));
    for (rule, lint) in driver["rules"].as_array_mut().unwrap().iter_mut().zip([
        &codes::DUPLICATE_POLICY,
        &codes::UNKNOWN_EFFECT,
        &codes::ALLOW_ON_CONTEXT,
        &codes::UNKNOWN_ACTION,
    ]) {
        assert_eq!(rule["help"].take()["text"], lint.page);
    }
    assert_snapshot!(format!("{document:#}"));
}

#[test]
fn sarif_is_valid_against_its_schema() {
    let schema = include_str!("../../tests/data/sarif-schema-2.1.0.json");
    // The standard writes a closing bracket of a pattern without its backslash.
    let schema = serde_json::from_str(&schema.replace("{2}]?$", "{2}\\\\]?$")).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema");
    let (sources, findings) = sample();
    for document in [
        sarif::render(&sources, &findings, &unread()),
        sarif::render(&sources, &findings, &[]),
        sarif::render(&Sources::new(), &[], &[]),
    ] {
        let document = serde_json::from_str(&document).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let mut wrong: serde_json::Value = serde_json::json!({"version": "2.1.0", "runs": [{}]});
    assert!(!validator.is_valid(&wrong), "a run needs a tool");
    wrong["runs"][0]["tool"] = serde_json::json!({"driver": {"name": "agentos"}});
    assert!(validator.is_valid(&wrong));
    wrong["runs"][0]["artifacts"] = serde_json::json!([{"location": {"uri": "a b"}}]);
    assert!(!validator.is_valid(&wrong), "formats count");
}

#[test]
fn github_has_one_line_a_finding() {
    let (sources, findings) = sample();
    let commands = github::render(&sources, &findings, &unread());
    assert_eq!(commands.lines().count(), findings.len() + 1);
    assert_snapshot!(commands);
}

#[test]
fn a_long_line_is_cut_to_what_it_is_about() {
    let text = format!("deny {}here{};", "é.".repeat(4000), ".x".repeat(4000));
    let sources = Sources::one("long.policy", text);
    let place = at(&sources, SourceId(0), "here");
    let finding = Finding::new(&codes::SYNTAX, place, "a long line");
    assert_snapshot!(text::render(&sources, &[finding], Colour::Plain));
}

#[test]
fn an_empty_source_is_drawn() {
    let sources = Sources::one("empty.policy", "");
    let finding = Finding::new(&codes::EMPTY_SOURCE, Span::default(), "no policy in here");
    assert_snapshot!(text::render(&sources, &[finding], Colour::Plain));
}

#[test]
fn a_place_inside_a_character_or_beyond_the_end_is_drawn() {
    let sources = Sources::one("a.policy", "é語");
    for (start, end) in [(1, 1), (1, 3), (0, 99), (98, 99), (3, 1)] {
        let finding = Finding::new(
            &codes::SYNTAX,
            Span {
                source: SourceId(0),
                start,
                end,
            },
            "an odd place",
        );
        let findings = [finding];
        assert!(text::render(&sources, &findings, Colour::Plain).contains("an odd place"));
        assert!(json::render(&sources, &findings, &[]).contains("an odd place"));
        assert!(sarif::render(&sources, &findings, &[]).contains("an odd place"));
        assert!(github::render(&sources, &findings, &[]).contains("an odd place"));
    }
}

#[test]
fn any_places_in_any_texts_are_drawn_at_their_line_and_column() {
    const PIECES: [&str; 12] = [
        "\n",
        "\r\n",
        "\r",
        "\t",
        "é",
        "語",
        "\u{1b}",
        "\u{202e}",
        "x",
        " ",
        "word",
        "👩\u{200d}🔬",
    ];
    let mut seed = 7u64;
    let mut draw = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    for round in 0..2000 {
        let mut sources = Sources::new();
        for name in ["a", "b"] {
            let pieces = draw(if round % 10 == 0 { 2000 } else { 30 });
            let text: String = (0..pieces).map(|_| PIECES[draw(PIECES.len())]).collect();
            sources.add(name, text);
        }
        let mut place = || {
            let source = SourceId(draw(2) as u32);
            let length = sources.get(source).text.len() + 2;
            Span::new(source, draw(length), draw(length))
        };
        let mut finding = Finding::new(&codes::SYNTAX, place(), "here").other(place(), "there");
        finding.secondary.push(super::Label {
            span: place(),
            text: "and there".into(),
        });
        let drawn = text::render(&sources, &[finding.clone()], Colour::Plain);
        let source = sources.get(finding.primary.span.source);
        let at = source.position(finding.primary.span.start as usize);
        let header = format!("┌─ {}:{}:{}\n", source.name, at.line, at.column);
        assert!(
            drawn.contains(&header),
            "{header}{drawn}\n{finding:?}\n{:?}",
            source.text
        );
        assert!(
            drawn.contains("there") && drawn.contains("and there"),
            "{drawn}"
        );
    }
}

#[test]
fn ten_thousand_findings_in_one_long_line_are_drawn_at_once() {
    let sources = Sources::one("long.policy", "deny é; ".repeat(100_000));
    let findings: Vec<Finding> = (0..10_000)
        .map(|i| {
            Finding::new(
                &codes::SYNTAX,
                Span::new(SourceId(0), i * 90, i * 90 + 4),
                "again",
            )
        })
        .collect();
    let start = Instant::now();
    text::render(&sources, &findings, Colour::Plain);
    json::render(&sources, &findings, &[]);
    sarif::render(&sources, &findings, &[]);
    github::render(&sources, &findings, &[]);
    // Reading the line again for each finding would take minutes.
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn counts_read_as_a_sentence() {
    let (_, findings) = sample();
    assert_eq!(
        Summary::of(&findings).to_string(),
        "3 errors, 1 warning, 1 note"
    );
    assert_eq!(Summary::of(&[]).to_string(), "no findings");
}
