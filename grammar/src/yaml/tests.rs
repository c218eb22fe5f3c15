#![expect(
    clippy::format_collect,
    reason = "texts made by repetition read best so"
)]

use proptest::prelude::*;

use super::*;
use crate::ast::{Check, Condition, Item, LimitValue, Literal, PatternKind, Policy, Type};
use crate::limits::{MAX_ERRORS, MAX_SOURCE_BYTES, MAX_YAML_NODES};
use crate::{SourceId, SyntaxError, SyntaxErrorKind};

const SOURCE: SourceId = SourceId(0);

/// The example of the language's description.
const EXAMPLE: &str = r#"
policy: support_agent
version: "1.2.0"
about: Customer support; reads, refunds a little, never sends a secret.
extends: [baseline]
default: deny
combine: strictest
limits: {tokens: 4096, tool_calls: 10, timeout_seconds: 300, concurrent: 10, backpressure: 8}
actions:
  refund: {amount: decimal, order: string, note: "string?"}
  send_email: {to: string, body: string, cc: "[string]?"}
patterns:
  secrets:
    - password
    - regex: 'AKIA[0-9A-Z]{16}'
    - glob: '*.pem'
rules:
  - allow: [read_file, web_search, "db.*"]
  - allow: refund
    when: amount > 0 and amount <= 1000 and attested.user_status == "verified"
  - escalate: refund
    when: amount > 1000
    because: refunds above 1000 need a person
  - audit: send_email
  - deny: send_email
    unless: to ends with "@example.com" and every cc ends with "@example.com"
    because: mail stays in the house
    suggest: send it to the team's address
  - deny: "*"
    when: text matches secrets
    because: a secret would leave
  - deny: "*"
    when: intent in [destructive_data, data_exfiltration] at 0.5
intents:
  destructive_data:
    - {signal: '\bDROP\s+(TABLE|DATABASE)\b', weight: 0.9, explain: SQL DROP statement}
    - {signal: '\bDELETE\s+FROM\b', unless_followed_by: '.*\bWHERE\b', weight: 0.85, explain: DELETE without WHERE}
trust:
  supervisors:
    - {name: trust-root, level: 0}
    - {name: safety-agent, level: 1, agent: true}
  max_escalation_depth: 3
"#;

/// Each mistake as "kind line:column `text` message", with its help after it.
fn mistakes(source: &str, errors: &[SyntaxError]) -> Vec<String> {
    errors
        .iter()
        .map(|error| {
            let start = error.span.start as usize;
            let line = source[..start].matches('\n').count() + 1;
            let column = source[..start].rsplit('\n').next().unwrap().chars().count() + 1;
            let text = &source[error.span.range()];
            let help = error
                .help
                .as_ref()
                .map(|help| format!(" [{help}]"))
                .unwrap_or_default();
            format!(
                "{:?} {line}:{column} `{text}` {}{help}",
                error.kind, error.message
            )
        })
        .collect()
}

fn read_mistakes(source: &str) -> Vec<String> {
    mistakes(source, &read(SOURCE, source).2)
}

fn policy_mistakes(source: &str) -> Vec<String> {
    mistakes(source, &parse(SOURCE, source).1)
}

fn policy(source: &str) -> Policy {
    let (file, errors) = parse(SOURCE, source);
    assert_eq!(mistakes(source, &errors), [""; 0], "{source}");
    let [policy] = &file.policies[..] else {
        panic!("one policy in {source}")
    };
    policy.node.clone()
}

// ---- any YAML ----

#[test]
fn places_count_bytes_and_leave_out_what_surrounds_a_value() {
    let source = "# é\nkey:\n  - 'ö'  # x\n  - {a: [1]}\n\nlast: |\n  text\n\n";
    let (documents, comments, errors) = read(SOURCE, source);
    assert_eq!(errors, []);
    let list = documents[0].get("key").unwrap();
    assert_eq!(&source[list.span.range()], "- 'ö'  # x\n  - {a: [1]}");
    let elements = list.as_sequence().unwrap();
    assert_eq!(&source[elements[0].span.range()], "'ö'");
    assert_eq!(&source[elements[1].span.range()], "{a: [1]}");
    assert_eq!(
        &source[documents[0].get("last").unwrap().span.range()],
        "text"
    );
    let said: Vec<_> = comments
        .iter()
        .map(|it| (it.text.node.as_str(), it.own_line))
        .collect();
    assert_eq!(said, [("é", true), ("x", false)]);
}

#[test]
fn documents_are_separate() {
    let (documents, ..) = read(SOURCE, "---\na: 1\n---\nb: 2\n");
    assert_eq!(documents.len(), 2);
    assert!(read(SOURCE, "# nothing\n").0.is_empty());
}

#[test]
fn an_alias_stands_for_its_anchor() {
    let (documents, _, errors) = read(SOURCE, "a: &x [1, 2]\nb: *x\n");
    assert_eq!(errors, []);
    assert_eq!(
        documents[0].get("b").unwrap().as_sequence().unwrap().len(),
        2
    );
}

#[test]
fn two_equal_keys_are_refused_and_the_first_is_shown() {
    let source = "{a: 1, 'a': 2}";
    let errors = read(SOURCE, source).2;
    assert_eq!(
        mistakes(source, &errors),
        [
            "DuplicateKey 1:8 `'a'` the key `a` stands twice [keep one of them: YAML readers take the first, the last, or neither]"
        ]
    );
    assert_eq!(errors[0].related.as_ref().unwrap().0.range(), 1..2);
}

#[test]
fn what_a_policy_cannot_mean_is_refused() {
    assert_eq!(
        read_mistakes(
            "a: !!python/name:os.system x\nb: !include f\n<<: {c: 1}\n[d]: 1\n? {e: 1}\n: 2\nf: &f [*f]\ng: *nobody\nh: !!int x\n"
        ),
        [
            "Syntax 1:4 `!!python/name:os.system` the tag `!!python/name:os.system` is not read here [write the value itself, without a tag]",
            "Syntax 2:4 `!include` the tag `!include` is not read here [write the value itself, without a tag]",
            "UnknownKey 3:1 `<<` the merge key `<<` is not read [write the keys out]",
            "WrongShape 4:1 `[d]` a key must be a text, not a list",
            "WrongShape 5:3 `{e: 1}` a key must be a text, not a mapping",
            "Syntax 7:8 `*f` an alias inside what it stands for, which would never end",
            "Syntax 8:4 `*nobody` `*nobody` stands for what `&nobody` names, and nothing before it is named so [write `\"*nobody\"`, if it is a text]",
            "Syntax 9:4 `!!int` the tag `!!int` is not read here [write the value itself, without a tag]",
        ]
    );
    let (documents, _, errors) = read(SOURCE, "a: !!str 5\nb: !!map {c: !!int 5}\n");
    assert_eq!(errors, []);
    assert_eq!(documents[0].get("a").unwrap().as_str(), Some("5"));
}

#[test]
fn what_is_no_yaml_is_one_mistake_at_its_place() {
    for (source, mistake) in [
        (
            "a: ok\nb: 'it\\'s x' y\n",
            "Syntax 2:9 `s` the text in single quotes has ended, and something follows it [in single quotes `''` stands for a quote; `\\'` ends the text]",
        ),
        (
            "a: \"x\nb: 1\n",
            "Syntax 1:4 `\"x` no quote closes this text",
        ),
        (
            "a:\n\tb: 1\n",
            "Syntax 2:1 `\t` a tab, where YAML takes spaces only [indent with spaces]",
        ),
        ("a: [1, 2\n", "Syntax 1:4 `[` no bracket closes this `[`"),
        (
            "a: *.pem\n",
            "Syntax 1:4 `*.pem` `*.pem` stands for what `&.pem` names, and nothing before it is named so [write `\"*.pem\"`, if it is a text]",
        ),
        (
            "a: @x\n",
            "Syntax 1:4 `@x` `@` cannot begin a value here [put the value in quotes]",
        ),
        (
            "%YAML 1.1\n---\na: 1\n",
            "Syntax 1:1 `%YAML` a YAML directive, which is not read [remove the line; every text is read as YAML 1.2]",
        ),
        (
            "a: \"\\d\"\n",
            "Syntax 1:4 `\"\\d\"` this is no escape of a text in double quotes [write `\\\\` for a backslash, or use single quotes, where it stands for itself]",
        ),
        (
            "a: b\n---\nc: ]\n---\nd: e\n",
            "Syntax 3:4 `]` a bracket that closes nothing [put the value in quotes, if the bracket belongs to it]",
        ),
    ] {
        let found = read_mistakes(source);
        assert_eq!(found, [mistake], "{source}");
    }
}

// ---- bounds ----

#[test]
fn a_text_that_passes_a_limit_is_one_mistake_that_names_it() {
    let laughs: String = (1..=40)
        .map(|i| {
            format!(
                "a{i}: &a{i} [{}]\n",
                vec![format!("*a{}", i - 1); 9].join(", ")
            )
        })
        .collect();
    let deepening: String = (1..=100)
        .map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1))
        .collect();
    let keys: String = (0..=MAX_ERRORS + 1).map(|_| "a: 1\n").collect();
    let texts = format!("a: &a {}\nb: [{}]\n", "x".repeat(2000), "*a,".repeat(9000));
    for (source, limit) in [
        ("[".repeat(10_000), "MAX_YAML_NESTING"),
        ("{a: ".repeat(10_000), "MAX_YAML_NESTING"),
        ("- ".repeat(10_000), "MAX_YAML_NESTING"),
        (
            (0..10_000)
                .map(|i| format!("{}a:\n", " ".repeat(i % 200)))
                .collect(),
            "MAX_YAML_NESTING",
        ),
        (format!("a0: &a0 [x]\n{laughs}"), "MAX_ALIAS_NODES"),
        (format!("a0: &a0 x\n{deepening}"), "MAX_YAML_NESTING"),
        (texts, "MAX_ALIAS_BYTES"),
        (
            format!("[{}]", "a,".repeat(MAX_YAML_NODES)),
            "MAX_YAML_NODES",
        ),
        ("x".repeat(MAX_SOURCE_BYTES + 1), "MAX_SOURCE_BYTES"),
        (keys, "MAX_ERRORS"),
        ("---\n[\n".repeat(MAX_ERRORS + 2), "MAX_ERRORS"),
    ] {
        let errors = read(SOURCE, &source).2;
        let large: Vec<&SyntaxError> = errors
            .iter()
            .filter(|error| error.kind == SyntaxErrorKind::TooLarge)
            .collect();
        assert_eq!(
            large.len(),
            1,
            "{limit}: {}",
            &source[..100.min(source.len())]
        );
        assert!(
            large[0].message.contains(limit),
            "{limit}: {}",
            large[0].message
        );
        assert!(limit == "MAX_ERRORS" || errors.len() == 1, "{limit}");
    }
}

// ---- typed looks ----

/// What each look makes of a value, or what it says.
fn look<T: std::fmt::Debug>(
    value: &str,
    look: impl Fn(&mut Reading, &Node) -> Option<T>,
) -> String {
    let source = format!("k: {value}");
    let (documents, _, errors) = read(SOURCE, &source);
    assert_eq!(errors, []);
    let mut reading = Reading::new();
    if let Some(value) = look(&mut reading, documents[0].get("k").unwrap()) {
        assert_eq!(reading.errors, []);
        return format!("{value:?}");
    }
    let [error] = &reading.errors[..] else {
        panic!("one mistake in {source}")
    };
    let help = error
        .help
        .as_ref()
        .map(|help| format!(" [{help}]"))
        .unwrap_or_default();
    format!("{:?}: {}{help}", error.kind, error.message)
}

#[test]
fn a_text_is_what_every_reader_takes_for_one() {
    let text = |value: &str| look(value, |reading, node| Some(reading.text(node, "k")?.node));
    for (value, read) in [
        ("read_file", "\"read_file\""),
        ("1.2.3", "\"1.2.3\""),
        ("'no'", "\"no\""),
        (
            "5",
            "YamlTyping: `5` is the number 5 to YAML readers, not a text [write `\"5\"`]",
        ),
        (
            "-.inf",
            "YamlTyping: `-.inf` is a number that is not finite to YAML readers, not a text [write `\"-.inf\"`]",
        ),
        (
            "no",
            "YamlTyping: `no` is the boolean false to YAML 1.1 readers and a text to YAML 1.2 readers [write `\"no\"`]",
        ),
        (
            "true",
            "YamlTyping: `true` is the boolean true to YAML readers, not a text [write `\"true\"`]",
        ),
        (
            "1.10",
            "YamlTyping: `1.10` is the number 1.1 to YAML readers, not a text [write `\"1.10\"`]",
        ),
        (
            "010",
            "YamlTyping: `010` is the number 8 to YAML 1.1 readers and the number 10 to YAML 1.2 readers [write `\"010\"`]",
        ),
        (
            "0x1F",
            "YamlTyping: `0x1F` is the number 31 to YAML readers, not a text [write `\"0x1F\"`]",
        ),
        (
            "2024-01-01",
            "YamlTyping: `2024-01-01` is a date to YAML 1.1 readers and a text to YAML 1.2 readers [write `\"2024-01-01\"`]",
        ),
        ("~", "WrongShape: `k` takes a text, not nothing"),
        ("[a]", "WrongShape: `k` takes a text, not a list"),
    ] {
        assert_eq!(text(value), read, "{value}");
    }
}

#[test]
fn a_version_may_be_a_number_that_every_reader_prints_as_it_is_written() {
    let version = |value: &str| {
        look(value, |reading, node| {
            Some(reading.version(node, "k")?.node)
        })
    };
    for (value, read) in [
        ("1.0", "\"1.0\""),
        ("4", "\"4\""),
        ("1.2.3", "\"1.2.3\""),
        (
            "1.10",
            "YamlTyping: `1.10` is the number 1.1 to YAML readers, not a text [write `\"1.10\"`]",
        ),
        (
            ".nan",
            "YamlTyping: `.nan` is a number that is not finite to YAML readers, not a text [write `\".nan\"`]",
        ),
    ] {
        assert_eq!(version(value), read, "{value}");
    }
}

#[test]
fn a_tab_that_indents_a_line_is_refused_at_its_place() {
    for source in [
        "\ta: 1\n",
        "{\n\ta: 1\n}\n",
        "a:\n  \tb: 1\n",
        "a:\n  \t{b: 1}\n",
        "a:\n  \t- b\n",
    ] {
        let found = read_mistakes(source);
        assert!(
            matches!(&found[..], [one] if one.contains("` a tab, where YAML takes spaces only [indent")),
            "{source:?}: {found:?}"
        );
    }
    for source in [
        "# x\n\t# y\n\t\na: |\n  b\n  \tc\n",
        "a: \"b\n\t  c\"\n",
        "a: b\t# c\n",
    ] {
        assert_eq!(read_mistakes(source), [""; 0], "{source:?}");
    }
}

#[test]
fn a_number_is_what_every_reader_takes_for_the_same_one() {
    let number = |value: &str| look(value, |reading, node| Some(reading.number(node, "k")?.node));
    for (value, read) in [
        ("50.00", "\"50.00\""),
        ("-3", "\"-3\""),
        (".5", "\"0.5\""),
        ("0x1F", "\"31\""),
        ("1.5e+3", "\"1500\""),
        (
            "010",
            "YamlTyping: `010` is the number 8 to YAML 1.1 readers and the number 10 to YAML 1.2 readers [write `8` or `10`]",
        ),
        (
            "1:30",
            "YamlTyping: `1:30` is the number 90 to YAML 1.1 readers and a text to YAML 1.2 readers [write `90`]",
        ),
        (
            "1e3",
            "YamlTyping: `1e3` is a text to YAML 1.1 readers and the number 1e3 to YAML 1.2 readers [write `1000`]",
        ),
        (
            "1_000",
            "YamlTyping: `1_000` is the number 1000 to YAML 1.1 readers and a text to YAML 1.2 readers [write `1000`]",
        ),
        (
            "'5'",
            "WrongShape: `k` takes a number, not a text [remove the quotes]",
        ),
        ("many", "WrongShape: `k` takes a number, not a text"),
    ] {
        assert_eq!(number(value), read, "{value}");
    }
    assert_eq!(
        look("1.5", |reading, node| reading.integer(node, "k")),
        "WrongShape: `k` takes a whole number, not 1.5"
    );
}

#[test]
fn a_boolean_is_true_or_false() {
    let boolean = |value: &str| {
        look(value, |reading, node| {
            Some(reading.boolean(node, "k")?.node)
        })
    };
    for (value, read) in [
        ("true", "true"),
        ("False", "false"),
        (
            "on",
            "YamlTyping: `on` is the boolean true to YAML 1.1 readers and a text to YAML 1.2 readers [write `true`]",
        ),
        (
            "'true'",
            "WrongShape: `k` takes `true` or `false`, not a text [remove the quotes]",
        ),
        ("1", "WrongShape: `k` takes `true` or `false`, not a number"),
    ] {
        assert_eq!(boolean(value), read, "{value}");
    }
}

#[test]
fn a_literal_is_of_the_type_it_is_written_in() {
    let literal = |value: &str| {
        look(value, |reading, node| {
            Some(reading.literal(node, "k")?.node)
        })
    };
    for (value, read) in [
        ("x", "Text(\"x\")"),
        ("'1'", "Text(\"1\")"),
        ("0.80", "Number(\"0.80\")"),
        ("true", "Boolean(true)"),
        (
            "no",
            "YamlTyping: `no` is the boolean false to YAML 1.1 readers and a text to YAML 1.2 readers [write `\"no\"` for the text, `false` for the boolean]",
        ),
        (
            "012",
            "YamlTyping: `012` is the number 10 to YAML 1.1 readers and the number 12 to YAML 1.2 readers [write `\"012\"` for the text, `10` for the number, `12` for the number]",
        ),
        (
            "~",
            "WrongShape: `k` takes a text, a number or a boolean, not nothing",
        ),
    ] {
        assert_eq!(literal(value), read, "{value}");
    }
}

// ---- our own spelling ----

#[test]
fn the_example_of_the_language_is_read_whole() {
    let policy = policy(EXAMPLE);
    let kinds: Vec<&str> = policy
        .items
        .iter()
        .map(|item| match item.node {
            Item::About(_) => "about",
            Item::Extends(_) => "extends",
            Item::Default(_) => "default",
            Item::Combine(_) => "combine",
            Item::Mode(_) => "mode",
            Item::Normalize(_) => "normalize",
            Item::Limits(_) => "limits",
            Item::Action(_) => "action",
            Item::Patterns(_) => "patterns",
            Item::Rule(_) => "rule",
            Item::Rate(_) => "rate",
            Item::Intent(_) => "intent",
            Item::Trust(_) => "trust",
            Item::Expect(_) => "expect",
        })
        .collect();
    assert_eq!(
        kinds.join(" "),
        "about extends default combine limits action action patterns rule rule rule rule rule rule rule intent trust"
    );
}

/// The DSL example of the language's description; its about text has a colon.
#[test]
fn the_yaml_example_and_the_other_spelling_say_the_same() {
    let dsl = r#"
policy support_agent "1.2.0" {
    about "Customer support; reads, refunds a little, never sends a secret.";
    extends baseline;
    default deny;
    combine strictest;
    limits { tokens 4096; tool_calls 10; timeout_seconds 300; concurrent 10; backpressure 8; }
    action refund { amount: decimal, order: string, note: string? }
    action send_email { to: string, body: string, cc: [string]? }
    patterns secrets { substring "password"; regex r"AKIA[0-9A-Z]{16}"; glob "*.pem"; }
    allow read_file, web_search, "db.*";
    allow refund when amount > 0 and amount <= 1000 and attested.user_status == "verified";
    escalate refund when amount > 1000 because "refunds above 1000 need a person";
    audit send_email;
    deny send_email unless to ends with "@example.com" and every cc ends with "@example.com"
        because "mail stays in the house" suggest "send it to the team's address";
    deny * when text matches secrets because "a secret would leave";
    deny * when intent in [destructive_data, data_exfiltration] at 0.5;
    intent destructive_data {
        signal 0.9 r"\bDROP\s+(TABLE|DATABASE)\b" "SQL DROP statement";
        signal 0.85 r"\bDELETE\s+FROM\b" unless followed by r".*\bWHERE\b" "DELETE without WHERE";
    }
    trust { supervisor "trust-root" level 0; supervisor "safety-agent" level 1 agent; max_escalation_depth 3; }
}"#;
    let (file, errors) = crate::parse(SOURCE, dsl);
    assert_eq!(errors, []);
    assert_eq!(file.policies[0].node, policy(EXAMPLE));
}

#[test]
fn sections_stand_in_one_order_whatever_the_order_of_the_keys() {
    let policy = policy("rules: [{deny: x}]\nmode: shadow\npolicy: p\nabout: a\n");
    assert!(matches!(policy.items[0].node, Item::About(_)));
    assert!(matches!(policy.items[1].node, Item::Mode(_)));
    assert!(matches!(policy.items[2].node, Item::Rule(_)));
}

#[test]
fn every_extra_of_a_rule_is_read() {
    let source = "
policy: p
rules:
  - escalate: pay
    to: [controller, cfo]
    needed: 2
    within: 60m
    stage: output
    when: exists amount
    priority: -5
    id: pay-more
    severity: high
    help: call them
";
    let policy = policy(source);
    let Item::Rule(rule) = &policy.items[0].node else {
        panic!()
    };
    let approvers = rule.approvers.as_ref().unwrap();
    assert_eq!((approvers.needed.node, approvers.of.len()), (2, 2));
    assert_eq!(approvers.within.as_ref().unwrap().count, "60");
    assert_eq!(rule.priority.as_ref().unwrap().node, -5);
    assert_eq!(&source[rule.effect.span.range()], "escalate");
}

#[test]
fn the_shapes_of_the_other_sections_are_read() {
    let policy = policy(
        "
policy: p
default: {allow: it only reads}
limits: {timeout: 300s, log_all_calls: true, confidence: 0.8}
actions:
  a: {kind: {one_of: [x, 1]}, same: 'one of [\"x\", 1]', tags: [string]}
patterns:
  s: [{substring: b}, {regex: a, unless_followed_by: c}]
rates:
  - {limit: [http.request, 'x.*'], count: 3, per: minute, scope: tenant, else: deny, because: enough}
",
    );
    let Item::Limits(limits) = &policy.items[1].node else {
        panic!()
    };
    assert!(matches!(limits[0].value.node, LimitValue::Duration(_)));
    assert!(matches!(limits[1].value.node, LimitValue::Boolean(true)));
    assert!(matches!(limits[2].value.node, LimitValue::Number(_)));
    let Item::Action(action) = &policy.items[2].node else {
        panic!()
    };
    assert_eq!(action.params[0].ty, action.params[1].ty);
    assert!(matches!(action.params[2].ty.node, Type::List(_)));
    let Item::Patterns(set) = &policy.items[3].node else {
        panic!()
    };
    assert_eq!(set.patterns[1].kind, PatternKind::Regex);
    assert!(set.patterns[1].unless_followed_by.is_some());
    assert!(matches!(policy.items[4].node, Item::Rate(_)));
}

#[test]
fn a_condition_may_be_a_tree_and_means_the_same() {
    let rule = |condition: &str| {
        let policy = policy(&format!(
            "policy: p\nrules:\n  - deny: x\n    when: {condition}\n"
        ));
        let Item::Rule(rule) = policy.items[0].node.clone() else {
            panic!()
        };
        rule.when.unwrap().node
    };
    for (tree, text) in [
        ("{field: amount, op: lte, value: 10}", "amount <= 10"),
        (
            "{all: [{field: a, op: eq, value: x}, 'b != true']}",
            "a == \"x\" and b != true",
        ),
        (
            "{any: [{not: {field: a, op: exists}}, {field: params.x.y, op: not_in, value: [1, b]}]}",
            "not exists a or params.x.y not in [1, \"b\"]",
        ),
        (
            "{all: [{field: a, op: contains, value: x}]}",
            "a contains \"x\"",
        ),
        (
            "{field: cc, quantifier: every, op: ends_with, value: '@x'}",
            "every cc ends with \"@x\"",
        ),
        (
            "{field: text, op: matches, value: 'a\\d'}",
            "text matches r\"a\\d\"",
        ),
        (
            "{field: text, op: matches, value: {patterns: secrets}}",
            "text matches secrets",
        ),
        ("{field: p, op: under, value: /tmp}", "p under \"/tmp\""),
        (
            "{op: intent, value: [data_read], at: 0.5}",
            "intent in [data_read] at 0.5",
        ),
    ] {
        assert_eq!(rule(tree), rule(&format!("{text:?}")), "{tree}");
    }
    assert!(
        matches!(rule("{field: a, op: like, value: '*.pem'}"), Condition::Test(test) if matches!(test.check.node, Check::Like(_)))
    );
}

#[test]
fn a_wrong_key_of_a_condition_is_answered_with_each_key_once() {
    assert_eq!(
        policy_mistakes(
            "policy: p\nrules:\n  - {deny: x, when: {field: a, op: eq, value: 1, zz: 2}}\n  - {deny: x, when: {exists: a}}\n"
        ),
        [
            "UnknownKey 3:50 `zz` unknown key `zz` of a condition [write `all`, `any`, `not`, `field`, `op`, `value`, `quantifier` or `at`]",
            "WrongShape 4:21 `{exists: a}` a condition has one of `all`, `any`, `not`, or `field` with `op` and `value`",
        ]
    );
}

#[test]
fn places_inside_a_condition_are_those_of_the_source() {
    for source in [
        "policy: p\nrules:\n  - deny: x\n    when: 'é == \"it''s\" or amount > 10'\n",
        "policy: p\nrules:\n  - deny: x\n    when: \"\\u00e9 == \\\"it's\\\" or \\\n      amount > 10\"\n",
        "policy: p\nrules:\n  - deny: x\n    when: >\n      é == \"it's\"\n\n      or amount\n      > 10\n",
    ] {
        let source = source.replace('é', "e").replace("\\u00e9", "\\u0065");
        let policy = policy(&source);
        let Item::Rule(rule) = &policy.items[0].node else {
            panic!()
        };
        let Condition::Or(parts) = &rule.when.as_ref().unwrap().node else {
            panic!()
        };
        let Condition::Test(test) = &parts[1].node else {
            panic!()
        };
        assert_eq!(&source[test.field.span.range()], "amount", "{source}");
        let Check::Compare(_, literal) = &test.check.node else {
            panic!()
        };
        assert_eq!(
            (&literal.node, &source[literal.span.range()]),
            (&Literal::Number("10".to_owned()), "10")
        );
    }
}

#[test]
fn a_mistake_inside_a_condition_is_underlined_inside_it() {
    let found =
        policy_mistakes("policy: p\nrules:\n  - deny: x\n    when: \"a == 1 and \\\n      b >\"\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("Syntax 5:"), "{found:?}");
}

#[test]
fn an_expect_stands_before_what_it_is_about() {
    let policy = policy(
        "
policy: p
limits: {tokens: 1}
patterns: {a: [v], b: [w]}
rules:
  - expect: shadowed-rule
    because: on purpose
  - deny: x
expect:
  - {finding: default-allow, about: policy}
  - {finding: empty-pattern, about: patterns.b, because: why not}
  - {finding: limits-conflict, about: limits}
",
    );
    let kinds: Vec<String> = policy
        .items
        .iter()
        .map(|item| match &item.node {
            Item::Expect(expect) => expect.finding.node.clone(),
            Item::Patterns(set) => set.name.node.clone(),
            Item::Limits(_) => "limits".to_owned(),
            Item::Rule(_) => "rule".to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "limits-conflict",
            "limits",
            "a",
            "empty-pattern",
            "b",
            "shadowed-rule",
            "rule",
            "default-allow"
        ]
    );
}

#[test]
fn all_mistakes_of_a_policy_are_said_at_once() {
    let source = "
policy: p
extend: [a]
default: alow
limits: {tokens: many}
patterns: {s: [{regexp: a}]}
actions: {a: {b: strng}}
rules:
  - deny: x
    wen: y
  - {because: z}
  - {allow: a, deny: b}
  - {dney: a}
  - deny: x
    when: {field: a, op: equals, value: 1}
  - {deny: x, needed: 2}
  - expect: shadowed-rule
rates: [{limit: a, count: -1, per: fortnight, else: deny}]
intents: {destructive_data: [{signal: a}]}
trust: {supervisors: [{name: a, level: x}]}
expect: [{finding: f, about: paterns.s}]
---
version: 1
---
- a
";
    assert_eq!(
        policy_mistakes(source),
        [
            "UnknownKey 3:1 `extend` unknown key `extend` of a policy [did you mean `extends`?]",
            "UnknownWord 4:10 `alow` unknown default `alow` [did you mean `allow`?]",
            "WrongShape 5:18 `many` `tokens` takes a number, not a text",
            "UnknownKey 6:17 `regexp` unknown key `regexp` of a pattern [did you mean `regex`?]",
            "UnknownWord 7:18 `strng` unknown type `strng` [did you mean `string`?]",
            "UnknownKey 10:5 `wen` unknown key `wen` of a rule [did you mean `when`?]",
            "MissingKey 11:5 `{because: z}` a rule needs its effect: `allow`, `audit`, `defer`, `escalate` or `deny` [write it as the key of what the rule is about: `- deny: send_email`]",
            "DuplicateKey 12:16 `deny` a rule with two effects [write a rule for each]",
            "UnknownEffect 13:6 `dney` unknown effect `dney` [did you mean `deny`?]",
            "UnknownOperator 15:26 `equals` unknown operator `equals` [write `eq`, `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `not_in`, `contains`, `starts_with`, `ends_with`, `matches`, `like`, `under`, `exists` or `intent`]",
            "MissingKey 16:15 `needed` `needed` without `to`, which says who may approve",
            "WrongShape 17:5 `expect: shadowed-rule` an `expect` with nothing after it that it is about [put it right before the element it is about]",
            "WrongShape 18:27 `-1` `count` takes a whole number from 0 on, not -1",
            "UnknownWord 18:36 `fortnight` unknown unit of time `fortnight` [write `millisecond`, `second`, `minute`, `hour` or `day`]",
            "MissingKey 19:30 `{signal: a}` a signal needs `weight`",
            "WrongShape 20:40 `x` `level` takes a number, not a text",
            "UnknownWord 21:30 `paterns.s` nothing in this policy is called `paterns.s` [did you mean `patterns.s`?]",
            "MissingKey 23:1 `version: 1` a policy needs `policy`",
            "WrongShape 25:1 `- a` a policy takes a mapping, not a list",
        ]
    );
}

// ---- anything at all ----

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_reading_panic(text in r"[a-z0-9:\-\[\]{}'\x22\\|>&*!#%@,?~ \n\t.é]{0,200}") {
        check(&text);
    }

    #[test]
    fn no_change_of_a_policy_makes_reading_panic(
        at in 0..EXAMPLE.len(),
        length in 0..40_usize,
        by in r"[a-z0-9:\-\[\]{}'\x22\\|>&*!#, \n\t]{0,6}",
    ) {
        let end = (at + length).min(EXAMPLE.len());
        check(&format!("{}{by}{}", &EXAMPLE[..at], &EXAMPLE[end..]));
    }
}

/// Every place lies in the text, at the edges of characters.
fn check(text: &str) {
    let (file, errors) = parse(SOURCE, text);
    for error in &errors {
        assert!(text.get(error.span.range()).is_some(), "{error:?}");
    }
    for policy in &file.policies {
        assert!(text.get(policy.span.range()).is_some());
        for item in &policy.items {
            assert!(text.get(item.span.range()).is_some(), "{item:?}");
        }
    }
}
