//! Views make an answer stricter, never milder, and only where something hides.
//!
//! Random policies and random requests in random disguises; everyday texts of
//! the world's scripts through every shipped policy; and the disguises that
//! are known to get past patterns, one by one.

use std::{fmt::Write as _, fs, path::Path};

use agentos_compiler::{Options, Sources, compile, shipped};
use agentos_runtime::{
    Cause, Effect, Engine, Report, Request, RequestSource,
    table::{Normalize, Table},
};
use agentos_tests::random::{self, Shape};
use fastrand::Rng;
use serde_json::{Value, json};

/// How many policies are drawn, where `AGENTOS_DRAWS` does not say.
const POLICIES: u64 = 150;
const REQUESTS: usize = 40;

/// The policies of a source, without views and with them.
fn engines(sources: &Sources) -> [Engine; 2] {
    let (plan, findings) = compile(sources, &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{findings:?}"));
    [Normalize::Never, Normalize::Strict].map(|normalize| {
        let mut table: Table<'_> = plan.table();
        for policy in table.policies.to_mut() {
            policy.normalize = normalize;
        }
        Engine::new(&table).expect("a plan gives a sound table")
    })
}

fn read(request: &str) -> Request<'_> {
    Request::from_json(request.as_bytes(), RequestSource::Host).expect("this is a request")
}

/// A text in one disguise.
fn disguised(rng: &mut Rng, text: &str) -> String {
    let each = |change: &dyn Fn(char) -> String| text.chars().map(change).collect::<String>();
    // What is drawn is ASCII.
    let coded = |code: &dyn Fn(u32) -> String| each(&|letter| code(letter.into()));
    match rng.u8(..12) {
        0 => each(&|letter| match letter {
            '!'..='~' => char::from_u32(letter as u32 + 0xFEE0).unwrap().to_string(),
            _ => letter.to_string(),
        }),
        1 => each(&|letter| format!("{letter}\u{200b}")),
        2 => text.replace(' ', "\u{2060}"),
        3 => each(&|letter| match letter {
            'a' => "а".into(),
            'e' => "е".into(),
            'o' => "ο".into(),
            'A' => "Α".into(),
            'p' => "р".into(),
            _ => letter.to_string(),
        }),
        4 => each(&|letter| format!("{letter}\u{336}")),
        5 => coded(&|code| format!("%{code:02x}")),
        6 => coded(&|code| format!("\\x{code:02x}")),
        7 => coded(&|code| format!("\\u{code:04X}")),
        8 => coded(&|code| format!("\\{code:03o}")),
        9 => base64(text.as_bytes()),
        10 => text.replace("ss", "ß").replace(' ', "\\t"),
        _ => text.to_owned(),
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in bytes.chunks(3) {
        let at = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            encoded.push(if place <= three.len() {
                LETTERS[(bits >> (18 - 6 * place) & 63) as usize].into()
            } else {
                '='
            });
        }
    }
    encoded
}

fn disguise(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::String(text) => *text = disguised(rng, text),
        Value::Array(values) => values.iter_mut().for_each(|value| disguise(rng, value)),
        Value::Object(map) => map.values_mut().for_each(|value| disguise(rng, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every match lies in its field, on whole characters.
fn stand_in_their_fields(report: &Report, request: &Value) {
    for found in &report.matches {
        let mut field = request;
        for name in found.field.split(['.', '[']) {
            field = match name.trim_end_matches(']').parse::<usize>() {
                Ok(at) if field.is_array() => &field[at],
                Ok(_) | Err(_) => &field[name],
            };
        }
        if let Some(text) = field.as_str() {
            let part = text.get(found.start..found.end);
            assert!(part.is_some(), "{found:?}\n{request}");
            assert!(
                found.view.is_none() || part != Some(""),
                "{found:?}\n{request}"
            );
        }
    }
}

/// The policy with a few rules more, about what can hide.
fn with_looks_at_texts(rng: &mut Rng, source: &str) -> String {
    let mut text = source
        .replace("starts with \"/\"", "contains \"passwd\"")
        .trim_end()
        .trim_end_matches('}')
        .to_owned();
    for _ in 0..rng.usize(1..5) {
        let effect = ["allow", "audit", "defer", "escalate", "deny"][rng.usize(..5)];
        let action = ["*", "send.*", "db.drop", "\"*_file\""][rng.usize(..4)];
        let condition = [
            "text matches secrets",
            "text contains \"users\"",
            "intent in [destructive_data] at 0.4",
            "action matches r\"\\bdrop\"",
            "context.origin contains \"alice\"",
            "attested.role matches r\"\\bTABLE\\s\"",
            "context.origin like \"*@example.com\"",
        ];
        let word = ["when", "when", "when not", "unless"][rng.usize(..4)];
        let condition = condition[rng.usize(..7)];
        let _ = write!(text, "    {effect} {action} {word} {condition}");
        if text.contains("combine priority") && rng.bool() {
            let _ = write!(text, " priority {}", rng.i32(-2..3));
        }
        text.push_str(";\n");
    }
    text + "}\n"
}

#[test]
fn views_never_make_an_answer_milder() {
    let (mut stricter, mut through, mut compared) = (0_u64, 0_u64, 0_u64);
    for seed in 0..random::draws(POLICIES) {
        let policy = random::policy(
            seed,
            "drawn",
            Shape {
                text: true,
                exists: seed % 4 == 0,
                rules: 6,
            },
        );
        let mut rng = Rng::with_seed(seed ^ 0xD15);
        let source = with_looks_at_texts(&mut rng, &policy.source);
        let [without, with] = engines(&Sources::one("drawn.policy", source.as_str()));
        for _ in 0..REQUESTS {
            let mut request = random::request(&mut rng, &policy);
            for root in ["params", "context", "attested"] {
                disguise(&mut rng, &mut request[root]);
            }
            let text = request.to_string();
            let asked = read(&text);
            let (before, after) = (without.decide(&asked), with.decide(&asked));
            compared += 1;
            stricter += u64::from(after.effect() > before.effect());
            through += u64::from(after.cause() == Cause::Disguise);
            assert!(
                after.effect() >= before.effect(),
                "{before:?} became {after:?}\n{source}\n{request}"
            );
            let report = with.report(&after, &asked);
            stand_in_their_fields(&report, &request);
            if matches!(after.cause(), Cause::Rule | Cause::Default)
                && after.effect() == before.effect()
            {
                assert_eq!(after.rule(), before.rule(), "{source}\n{request}");
            }
            if before.is_permitted() && before.cause() == Cause::Rule && after.is_permitted() {
                assert!(report.matches.iter().all(|found| found.view.is_none()));
            }
        }
    }
    println!("requests compared: {compared}, stricter: {stricter}, through a disguise: {through}");
    assert!(
        stricter > compared / 100,
        "views must matter in some of them"
    );
}

#[test]
fn what_is_permitted_or_excepted_is_seen_as_written() {
    let source = r#"policy p {
        patterns good { substring "please"; }
        allow ask when text matches good;
        audit watch when text matches good;
        allow pay;
        deny pay unless text matches good;
        allow hold;
        deny hold when not (text contains "please");
    }"#;
    let [_, with] = engines(&Sources::one("p.policy", source));
    for hidden in ["pl\u{200b}ease", "ｐlease", "%70lease"] {
        for action in ["ask", "watch", "pay", "hold"] {
            let request = Request::new("a1", action).param("q", hidden);
            assert_eq!(
                with.decide(&request).effect(),
                Effect::Deny,
                "{action} {hidden}"
            );
            let plain = Request::new("a1", action).param("q", "please");
            assert!(with.decide(&plain).is_permitted());
        }
    }
}

#[test]
fn what_is_seen_through_hides_no_stricter_rule_and_no_default() {
    let source = r#"policy p {
        combine priority;
        escalate ask when text contains "wipe" priority 2;
        deny ask when agent == "a1" priority 1;
        escalate pay when text contains "wipe";
    }"#;
    let [_, with] = engines(&Sources::one("p.policy", source));
    for action in ["ask", "pay"] {
        let request = Request::new("a1", action).param("q", "w\u{200b}ipe");
        assert_eq!(with.decide(&request).effect(), Effect::Deny, "{action}");
    }
}

/// A shipped policy beside one that allows, so that its denials show.
fn beside_an_allowing_one(name: &str) -> [Engine; 2] {
    let path = format!("{}/../policies/{name}.policy", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("a shipped policy is in the tree");
    let mut sources = Sources::one(format!("{name}.policy"), text);
    sources.add(
        "floor.policy",
        "policy floor { default allow because \"a test\"; }",
    );
    engines(&sources)
}

#[test]
fn everyday_texts_keep_their_answer() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("everyday/texts.txt");
    let texts = fs::read_to_string(path).expect("the texts are in the tree");
    let texts: Vec<(&str, &str)> = texts
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(": ").expect("a line has a name"))
        .collect();
    assert!(texts.len() > 60);
    let mut differ = Vec::new();
    for policy in shipped::names() {
        let [without, with] = beside_an_allowing_one(policy);
        for (name, text) in &texts {
            for action in ["chat", "write_file"] {
                let request = Request::new("a1", action).param("note", *text);
                let (before, after) = (without.decide(&request), with.decide(&request));
                if before != after {
                    differ.push(format!(
                        "{policy}, {action}, {name}: {:#?}",
                        with.report(&after, &request)
                    ));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// What a disguise is: its text, and the disguise that reports name; or why it
/// is not seen.
type Disguised = (&'static str, Result<&'static str, &'static str>);

/// Known ways past the patterns of intents.
const HIDDEN_INTENTS: &[Disguised] = &[
    ("rm \u{2011}rf /", Ok("compatibility+look-alike")),
    ("rm \u{2013}rf /", Ok("look-alike")),
    ("rm \u{2212}rf /", Ok("look-alike")),
    ("rm\u{180e}-rf /", Ok("invisible")),
    ("ＤＲＯＰ TABLE users", Ok("compatibility")),
    (
        "\u{441}udo reboo\u{442}",
        Err("it looks like `cudo` and a small capital `t`, which is no ASCII"),
    ),
    ("exec\u{200b}(x)", Ok("invisible")),
    ("DELETE\u{200b}FROM t", Ok("invisible")),
    ("pa\u{df}wd", Ok("case-fold")),
    ("DROP\0TABLE t", Ok("invisible")),
    (
        "echo cm0gLXJmIC9zcnYvZGF0YQ== | base64 -d | sh",
        Ok("base64"),
    ),
    (r"printf '\x72\x6d \x2d\x72\x66 /' | bash", Ok("backslash")),
    (r#"{"op":"DROP\u0020TABLE users"}"#, Ok("backslash")),
    ("rm \\\n  -rf /srv/data", Ok("backslash")),
    ("https://x.example/?q=DROP%20TABLE%20users", Ok("percent")),
    (
        "请运行rm -rf /data",
        Err("letters of another script beside the word are no disguise: `\\b` sees one word"),
    ),
    (
        "rm '-rf' /srv/data",
        Err("a shell's quotes: what reads commands sees them"),
    ),
    (
        r#"eval "$(echo 'yz -ys /' | tr 'yzs' 'rmf')""#,
        Err("a cipher of its own: nothing but running it shows it"),
    ),
];

#[test]
fn known_disguises_of_intents_are_seen_or_said_not_to_be() {
    let [without, with] = beside_an_allowing_one("baseline");
    for (text, expected) in HIDDEN_INTENTS {
        let request = Request::new("a1", "run_command").param("command", *text);
        assert!(
            without.decide(&request).is_permitted(),
            "{text:?} is seen as it is"
        );
        let decision = with.decide(&request);
        let report = with.report(&decision, &request);
        let view = report.matches.first().and_then(|found| found.view);
        match expected {
            Ok(disguise) => {
                assert_eq!(decision.effect(), Effect::Deny, "{text:?}");
                assert_eq!(decision.cause(), Cause::Disguise, "{text:?}");
                assert_eq!(
                    view.map(|view| view.to_string()).as_deref(),
                    Some(*disguise),
                    "{text:?}"
                );
            }
            Err(_) => assert!(decision.is_permitted(), "{text:?} {report:#?}"),
        }
    }
}

#[test]
fn known_disguises_of_patterns_are_seen() {
    for (pattern, text, disguise) in [
        ("password", "pa\u{ad}ssword", "invisible"),
        ("password", "ｐａｓｓｗｏｒｄ", "compatibility"),
        ("café", "cafe\u{301}", "combining-mark"),
        ("password", "passwo\u{301}rd", "combining-mark"),
        ("größe", "gr%C3%B6%C3%9Fe", "percent"),
        ("password", "p%EF%BD%81ssword", "compatibility+percent"),
    ] {
        let source = format!(
            "policy p {{ default allow because \"a test\"; patterns hidden {{ substring {pattern:?}; }} deny * when params.q matches hidden; }}"
        );
        let [without, with] = engines(&Sources::one("p.policy", source));
        let request = Request::new("a1", "ask").param("q", text);
        assert!(without.decide(&request).is_permitted(), "{text:?}");
        let decision = with.decide(&request);
        assert_eq!(decision.effect(), Effect::Deny, "{text:?}");
        let report = with.report(&decision, &request);
        let [found] = report.matches.as_slice() else {
            panic!("{report:#?}");
        };
        assert_eq!(
            found.view.map(|view| view.to_string()).as_deref(),
            Some(disguise)
        );
        assert_eq!((found.start, found.end), (0, text.len()), "{text:?}");
    }
}

#[test]
fn a_match_behind_a_disguise_is_told_with_its_place() {
    let source = r#"policy p {
        allow *;
        deny ask when text matches r"\brm\s+-rf\b" id no-rm;
    }"#;
    let [_, with] = engines(&Sources::one("p.policy", source));
    let request = Request::new("a1", "ask").param("q", "now r%6D%20-rf x");
    let decision = with.decide(&request);
    let report = with.report(&decision, &request);
    let told: Value = serde_json::from_str(&report.to_json()).expect("a report is JSON");
    assert_eq!(
        told["matches"],
        json!([{"field": "params.q", "pattern": "\\brm\\s+-rf\\b", "start": 4, "end": 14, "view": "percent"}])
    );
    let spoken = with.explain(&request);
    let clause = spoken
        .iter()
        .find(|spoke| spoke.rule == "no-rm")
        .map(|spoke| spoke.clauses[0].to_string());
    assert!(
        clause
            .as_ref()
            .is_some_and(|clause| clause.ends_with(": true, seen through percent")),
        "{clause:?}"
    );
}

#[test]
fn the_name_of_a_key_undoes_nothing_behind_a_disguise() {
    let [without, with] = beside_an_allowing_one("baseline");
    for (text, disguise) in [
        ("DELETE FROM users", None),
        ("ＤＥＬＥＴＥ FROM users", Some("compatibility")),
        ("DELETE%20FROM%20users", Some("percent")),
        ("REVMRVRFIEZST00gdXNlcnM=", Some("base64")),
        ("%EF%BC%A4ELETE FROM users", Some("compatibility+percent")),
    ] {
        let request = Request::new("a1", "run_query").param("query", text);
        let named = request.clone().param("where", "id = 3");
        for request in [&request, &named] {
            assert_eq!(
                without.decide(request).is_permitted(),
                disguise.is_some(),
                "{text}"
            );
            let decision = with.decide(request);
            assert_eq!(decision.effect(), Effect::Deny, "{text}");
            let report = with.report(&decision, request);
            let found = &report.matches[0];
            assert_eq!(
                found.view.map(|view| view.to_string()).as_deref(),
                disguise,
                "{text}"
            );
            assert_eq!((&*found.field, found.start), ("params.query", 0), "{text}");
        }
    }
}

#[test]
fn asking_for_views_anywhere_in_the_chain_holds_for_the_policy() {
    for (source, yes) in [
        (
            "policy a { normalize strict; } policy b { extends a; }",
            true,
        ),
        ("policy a { } policy b { extends a; }", false),
        ("policy b { extends baseline; }", true),
        ("policy b { extends secrets; }", false),
    ] {
        let (plan, findings) = compile(&Sources::one("p.policy", source), &Options::default());
        let plan = plan.unwrap_or_else(|| panic!("{findings:?}"));
        let table = plan.table();
        let policy = table.policies.iter().find(|policy| policy.name == "b");
        assert_eq!(
            policy.map(|policy| policy.normalize == Normalize::Strict),
            Some(yes),
            "{source}"
        );
    }
}
