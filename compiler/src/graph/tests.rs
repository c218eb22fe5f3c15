use super::{
    Detail, Direction, LONGEST_TEXT, MOST_EDGES, Notice, Options, TooLarge, in_markdown, mermaid,
    model, names_action, render,
};
use crate::{Finding, Plan, Sources, compile, shipped};

fn plan(sources: &Sources) -> (Plan, Vec<Finding>) {
    let options = crate::Options {
        strict: false,
        proves: true,
    };
    let (plan, findings) = compile(sources, &options);
    let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
    (plan, findings)
}

fn drawn(text: &str, options: &Options<'_>) -> String {
    let (plan, findings) = plan(&Sources::one("p.policy", text));
    render(&plan, &findings, options).unwrap()
}

fn all(text: &str) -> String {
    drawn(text, &Options::default())
}

/// The line of the node whose label has `words`.
#[track_caller]
fn node<'p>(picture: &'p str, words: &str) -> &'p str {
    let mut lines = picture.lines();
    let line = lines.find(|line| line.contains(words));
    line.unwrap_or_else(|| panic!("nothing says `{words}`\n{picture}"))
        .trim()
}

#[test]
fn shipped_policies_are_drawn() {
    for name in ["read_only", "strict"] {
        let text = shipped::text(name).unwrap();
        insta::assert_snapshot!(name, all(text));
    }
    for name in shipped::names() {
        all(shipped::text(name).unwrap());
    }
}

#[test]
fn every_kind_of_finding_is_marked_where_it_stands() {
    insta::assert_snapshot!(all(r#"
policy house {
    default abstain;
    deny wipe because "";
}
policy open "2" {
    extends house, secrets;
    default allow;
    combine priority;
    mode shadow;
    action pay { amount: decimal, to: string }
    action note { text: string }
    limit pay 3 per minute else escalate because "slowly";
    allow pay when amount <= 10 priority 3;
    deny pay when amount <= 5 priority 2;
    allow play when context.role == "boss";
    escalate pay to 2 of "controller", "cfo" within 60m when amount > 1000 and to == "x";
    audit *;
    defer "db.*" on output when params.n > 1 and params.n < 0;
    deny db.drop;
    deny db.drop;
}
"#));
}

#[test]
fn a_finding_marks_the_smallest_thing_that_has_it() {
    let picture = all("policy p { default allow; deny a; allow a; allow b; }");
    assert!(
        node(&picture, "AOS0410 shadowed-rule").starts_with("r_p_allow_a_1(["),
        "{picture}"
    );
    assert!(node(&picture, "AOS0401 default-allow").starts_with("d_p("));
    assert!(
        node(&picture, "class r_p").contains("r_p_allow_a_1,d_p,"),
        "{picture}"
    );
}

#[test]
fn what_one_action_gets_is_all_that_is_drawn() {
    let text = r#"policy p {
        action db.drop { table: string }
        allow "db.*", read; deny db.drop; deny * when agent == "x"; allow mail;
    }"#;
    let only = |action| {
        drawn(
            text,
            &Options {
                action: Some(action),
                direction: Direction::TopDown,
            },
        )
    };
    let picture = only("db.drop");
    for there in [
        "deny-db.drop-1",
        "allow-db.#42;-1",
        "deny-all-1",
        "flowchart TD",
    ] {
        assert!(picture.contains(there), "{there}\n{picture}");
    }
    for away in ["mail", "\"read"] {
        assert!(!picture.contains(away), "{away}\n{picture}");
    }
    assert!(picture.contains("a_p_db_drop -.->|one of| a_p_db_X"));
    let globbed = only("db.*");
    assert!(globbed.contains("deny-db.drop-1"), "{globbed}");
    let (plan, _) = plan(&Sources::one("p.policy", text));
    assert!(names_action(&plan, "db.list") && names_action(&plan, "mail"));
    assert!(!names_action(&plan, "mial"));
}

#[test]
fn many_rules_are_drawn_together() {
    let rules = |count: usize, action: &dyn Fn(usize) -> String| {
        let rules: Vec<String> = (0..count)
            .map(|n| format!("deny {} when params.n == {n};", action(n)))
            .collect();
        format!("policy p {{ {} }}", rules.join("\n"))
    };
    let same = all(&rules(1000, &|n| format!("a{}", n % 7)));
    assert!(same.contains("drawn as one"), "{same}");
    assert!(same.contains("143 rules<br/>deny-a0-1, "), "{same}");
    let other = all(&rules(1000, &|n| format!("a{n}")));
    assert!(node(&other, "1000 rules<br/>").starts_with("r_p_deny_a0_1{{"));
    assert!(other.contains("<br/>and 992 more\""), "{other}");
    let policies: Vec<String> = (0..300)
        .map(|n| format!("policy p{n} {{ allow a; deny b; }}"))
        .collect();
    let (plan, findings) = plan(&Sources::one("p.policy", policies.join("\n")));
    let refused = render(&plan, &findings, &Options::default()).unwrap_err();
    let TooLarge { edges, characters } = refused;
    assert!(edges > MOST_EDGES && characters > LONGEST_TEXT);
}

#[test]
fn the_same_policy_gives_the_same_bytes() {
    let text = shipped::text("baseline").unwrap();
    assert_eq!(all(text), all(text));
}

/// Texts that somebody might put into a policy to draw something else.
const HOSTILE: &[&str] = &[
    "end",
    "x\"] --> y[\"z",
    "]]) }} /] \\]",
    "`**bold** _x_`",
    "<script>alert(1)</script><img src=x onerror=y>",
    "%%{init: {\\\"theme\\\": \\\"dark\\\"}}%%",
    "line\\nend\\nclick a callback",
    "1. one",
    "- a",
    "#quot; &quot; #35;",
    "$$x^2$$ fa:fa-car",
    "```\\n# out",
    "ﬂ°°60¶ßb",
    "style x fill:#fff;",
    "\u{202e}\u{200b}语 é 🦀",
    "",
    " ",
    "www.example.com https://example.com a@b.c",
    ":::deny",
    "a;b|c&d",
    "subgraph",
    "direction TB",
    "__proto__",
];

#[test]
fn nothing_in_a_policy_breaks_out_of_its_label() {
    for text in HOSTILE {
        // What the reader of policies refuses needs no drawing.
        let quoted = format!(
            "\"{}\"",
            text.replace('"', "\\\"").replace("\\\\\"", "\\\"")
        );
        let source = format!(
            "policy {quoted} {quoted} {{
                default deny because {quoted};
                patterns {quoted} {{ substring \"s\"; }}
                allow {quoted} when params.x == {quoted} and text matches {quoted} id {quoted} because {quoted};
                escalate b to 1 of {quoted} when params.y contains {quoted};
            }}"
        );
        let (plan, findings) = compile(
            &Sources::one("p.policy", source.as_str()),
            &crate::Options::default(),
        );
        let Some(plan) = plan else { continue };
        let picture = render(&plan, &findings, &Options::default()).unwrap();
        for line in picture.lines() {
            is_sound(line);
        }
        assert_eq!(in_markdown(&picture).matches("```").count(), 2);
    }
}

/// Outside of its one label, a line has letters, digits and what we write.
#[track_caller]
fn is_sound(line: &str) {
    let quotes = line.matches('"').count();
    assert!(quotes == 0 || quotes == 2, "{line}");
    let outside = match line.split_once('"') {
        Some((before, rest)) => {
            let (inside, after) = rest.split_once('"').unwrap();
            let inside = inside.replace("<br/>", "");
            assert!(
                !inside.contains(['<', '>', '[', ']', '{', '}', '`', '|', '%', '$']),
                "{line}"
            );
            format!("{before}{after}")
        }
        None => line.to_owned(),
    };
    assert!(outside.is_ascii(), "{line}");
    let word = outside.split_whitespace().next().unwrap_or_default();
    let ours = ["%%", "flowchart", "subgraph", "end", "classDef", "class"];
    let is_id = word
        .get(1..2)
        .is_none_or(|second| !second.starts_with(|c: char| c.is_alphanumeric()));
    assert!(ours.contains(&word) || is_id, "{line}");
}

#[test]
fn every_level_of_detail_is_sound() {
    let text =
        "policy p { allow a, b; allow a, b id two; deny \"c*\"; limit a 1 per second else deny; }";
    let (plan, findings) = plan(&Sources::one("p.policy", text));
    let table = plan.table();
    for (detail, answers) in [(Detail::Rule, 4), (Detail::Actions, 3), (Detail::Effect, 2)] {
        let picture = model::picture(&plan, &table.policies, &findings, None, detail);
        assert_eq!(picture.sections[0].answers.len(), answers);
        let drawn = mermaid::draw(&picture, Direction::LeftRight, Some(Notice::Effect));
        drawn.text.lines().for_each(is_sound);
    }
}
