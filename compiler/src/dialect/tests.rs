use agentos_grammar::{SourceId, parse};

use super::RuleCount;
use crate::{
    read::Read,
    source::{Source, Sources},
};

fn read_file(name: &str, text: &str) -> Read {
    super::read(SourceId(0), &Source::new(name, text))
}

/// What was found, as "code line:column `text` message".
fn found(text: &str) -> Vec<String> {
    let sources = Sources::one("file.yaml", text);
    let read = read_file("file.yaml", text);
    let line = |finding: &crate::Finding| {
        let (line, column) = sources.line_column(finding.primary.span);
        let marked = sources.text_at(finding.primary.span);
        format!(
            "{} {line}:{column} `{marked}` {}",
            finding.lint.code, finding.message
        )
    };
    read.findings.iter().map(line).collect()
}

/// The codes of what was found.
fn codes(text: &str) -> Vec<&'static str> {
    read_file("file.yaml", text)
        .findings
        .iter()
        .map(|finding| finding.lint.code)
        .collect()
}

/// `yaml` is read as what `policy` says in the language.
#[track_caller]
fn reads_as(yaml: &str, policy: &str) {
    let (expected, errors) = parse(SourceId(1), policy);
    assert_eq!(errors, []);
    let read = read_file("file.yaml", yaml);
    let errors: Vec<&str> = read
        .findings
        .iter()
        .filter(|finding| finding.level == crate::finding::Level::Error)
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(read.file, expected, "{:#?}", read.file.policies);
}

// ---- rule documents ----

#[test]
fn a_rule_document_goes_by_priority_and_denies_by_default() {
    reads_as(
        r#"
version: "1.0"
name: doc
rules:
  - {name: shell, condition: {field: tool_name, operator: in, value: [run_shell, exec]}, action: block, priority: 9, message: no shell}
  - {name: flagged, condition: {field: tool_name, operator: ne, value: ""}, action: audit}
  - {name: large, condition: {field: amount, operator: gt, value: 10.5}, action: deny}
  - {name: small, condition: {field: amount, operator: lte, value: 5}, action: allow}
defaults: {max_tokens: 10}
"#,
        r#"
policy doc "1.0" {
    default deny;
    combine priority;
    limits { max_tokens 10; }
    deny run_shell, exec because "no shell" priority 9 id shell;
    audit * when action != "" priority 0 id flagged;
    deny * when exists params.amount and params.amount > 10.5 priority 0 id large;
    allow * when params.amount <= 5 priority 0 id small;
}"#,
    );
}

#[test]
fn fields_of_a_dialect_are_fields_of_ours() {
    let rule = |field: &str, operator: &str, value: &str, action: &str| {
        format!(
            "name: d\nrules: [{{name: r, condition: {{field: {field}, operator: {operator}, value: {value}}}, action: {action}}}]\ndefaults: {{action: deny}}\n"
        )
    };
    for (field, operator, value, action, rule_of_ours) in [
        (
            "content",
            "matches",
            "'a\\d'",
            "deny",
            r#"deny * when text matches r"(?-i)a\d""#,
        ),
        (
            "content",
            "matches",
            "'(?i)a'",
            "deny",
            r#"deny * when text matches r"(?i)a""#,
        ),
        (
            "content",
            "matches",
            "'\\d'",
            "deny",
            r#"deny * when text matches r"\d""#,
        ),
        (
            "content",
            "contains",
            "x",
            "deny",
            r#"deny * when text contains "x""#,
        ),
        // What would permit, or compares the whole of it, looks at the param itself.
        (
            "content",
            "contains",
            "x",
            "allow",
            r#"allow * when params.content contains "x""#,
        ),
        (
            "content",
            "eq",
            "x",
            "deny",
            r#"deny * when exists params.content and params.content == "x""#,
        ),
        (
            "confidence",
            "lt",
            "0.8",
            "deny",
            "deny * when exists context.confidence and context.confidence < 0.8",
        ),
        (
            "agent.namespace",
            "eq",
            "x",
            "allow",
            r#"allow * when context.agent.namespace == "x""#,
        ),
        (
            "params.x.y",
            "eq",
            "true",
            "allow",
            "allow * when params.x.y == true",
        ),
        ("agent_id", "eq", "x", "deny", r#"deny * when agent == "x""#),
        // A name that would be a glob is compared.
        (
            "tool_name",
            "eq",
            "'db.*'",
            "allow",
            r#"allow * when action == "db.*""#,
        ),
        (
            "tool_name",
            "not_in",
            "[a]",
            "deny",
            r#"deny * when action not in ["a"]"#,
        ),
    ] {
        reads_as(
            &rule(field, operator, value, action),
            &format!(
                "policy d {{ default deny; combine priority; {rule_of_ours} priority 0 id r; }}"
            ),
        );
    }
}

#[test]
fn a_rule_matches_more_than_at_home_only_where_that_is_stricter() {
    let rules = |rules: &str| format!("name: s\nscope: agent\nrules:\n{rules}");
    let on_content = "conditions: [{field: content, operator: matches, value: 'a.b'}]";
    let default =
        "default allow because \"shared policies allow what no rule matches\"; combine priority;";
    let whole = r#"when text matches r"(?-i)a.b""#;
    let own = r#"when exists params.content and params.content matches r"(?-i)a.b""#;
    reads_as(
        &rules(&format!("  - {{id: a, action: audit, {on_content}}}\n")),
        &format!("policy s {{ {default} audit * {whole} priority 0 id a; }}"),
    );
    // Here it would take what the escalation after it holds back.
    reads_as(
        &rules(&format!(
            "  - {{id: a, action: audit, priority: 2, {on_content}}}\n  - {{id: b, action: escalate, priority: 1, {on_content}}}\n"
        )),
        &format!(
            "policy s {{ {default} audit * {own} priority 2 id a; escalate * {whole} priority 1 id b; }}"
        ),
    );
    reads_as(
        &rules(&format!(
            "  - {{id: a, action: escalate, {on_content}}}\n  - {{id: b, action: deny, {on_content}}}\n"
        )),
        &format!(
            "policy s {{ {default} escalate * {own} priority 0 id a; deny * {whole} priority 0 id b; }}"
        ),
    );
}

#[test]
fn what_is_wrong_in_a_rule_document_is_said_where_it_stands() {
    assert_eq!(
        found(
            "name: doc
rules:
  - {name: a, condition: {field: tool_name, operator: equals, value: x}, action: blok}
  - {name: b, condition: {field: tool_name, operator: eq}, action: deny, mesage: x}
  - {condition: {field: x, operator: eq, value: no}, action: deny, override: true}
  - {name: c, action: deny, priority: high}
defaults: {action: audit, max_cpu: 2, colour: red}
scope: 'src/**'
tags: [x]
"
        ),
        [
            "AOS0106 3:55 `equals` unknown operator `equals`",
            "AOS0104 3:82 `blok` unknown effect `blok`",
            "AOS0004 4:26 `{field: tool_name, operator: eq}` a condition needs `value`",
            "AOS0507 4:74 `mesage` `mesage` is no key of a rule, and its home reads over it",
            "AOS0004 5:5 `{condition: {field: x, operator: eq, value: no}, action: deny, override: true}` a rule needs `name`",
            "AOS0007 5:49 `no` `no` is the boolean false to YAML 1.1 readers and a text to YAML 1.2 readers",
            "AOS0506 5:68 `override` `override` replaces a rule of a folder above, and folders are not read here",
            "AOS0004 6:5 `{name: c, action: deny, priority: high}` a rule needs `condition`",
            "AOS0006 6:39 `high` `priority` takes a number, not a text",
            "AOS0503 7:20 `audit` a default of `audit` would permit and flag whatever no rule matches",
            "AOS0506 7:27 `max_cpu` `max_cpu` is kept by a sandbox, and none is here",
            "AOS0507 7:39 `colour` `colour` is no key of `defaults`, and its home reads over it",
            "AOS0506 8:1 `scope` `scope` narrows a document to a folder, and folders are not read here",
        ]
    );
}

#[test]
fn a_file_without_a_rule_is_a_finding() {
    for text in [
        "name: x\nrules: []\n",
        "name: x\ndefaults: {action: allow}\n",
        "max_tokens: 5\n",
        "kernel: {version: '1.0'}\npolicies: []\n",
        "roles: {a: {allowed_tools: []}}\n",
        "scope: agent\nname: x\nrules: []\n",
        "apiVersion: governance.toolkit/v1\nname: x\nrules: []\n",
        "policies: {p: {blocked_actions: []}}\n",
    ] {
        assert!(
            codes(text).contains(&"AOS0506"),
            "{text}: {:?}",
            codes(text)
        );
    }
}

#[test]
fn a_default_beside_trust_makes_a_rule_document() {
    let text = "name: x\nrules: [{name: r, condition: {field: amount, operator: gt, value: 1}, action: deny}]\ndefaults: {action: deny, require_handshake: true}\n";
    assert_eq!(read_file("f.yaml", text).dialect, "rule document");
    assert!(codes(text).contains(&"AOS0506"));
}

// ---- trust policies ----

#[test]
fn a_trust_policy_goes_by_rising_numbers_and_then_by_its_defaults() {
    reads_as(
        r"
name: trust
rules:
  - {name: first, condition: {field: trust_score, operator: gte, value: 800}, action: allow, priority: 1}
  - {name: warned, condition: {field: trust_score, operator: lt, value: 300}, action: warn}
  - {name: asked, condition: {field: agent.kind, operator: matches, value: 'b.t'}, action: require_approval}
defaults: {min_trust_score: 100, max_delegation_depth: 2, allowed_namespaces: [core]}
",
        r#"
policy trust {
    default allow because "trust policies allow whom no rule and no default holds back";
    combine priority;
    allow * when context.trust_score >= 800 priority -1 id first;
    deny * when exists context.trust_score and context.trust_score < 300 priority -100 id warned;
    escalate * when exists context.agent.kind and context.agent.kind matches r"(?s)(?-i)b.t" priority -100 id asked;
    deny * when exists context.trust_score and context.trust_score < 100
        because "the trust score is below 100" priority -101 id min_trust_score;
    deny * when exists context.delegation_depth and context.delegation_depth > 2
        because "delegated more than 2 times" priority -101 id max_delegation_depth;
    deny * when exists context.agent.namespace and context.agent.namespace not in ["core"]
            or exists context.agent_namespace and context.agent_namespace not in ["core"]
        because "the agent's namespace is none of those allowed" priority -101 id allowed_namespaces;
}"#,
    );
}

#[test]
fn bounds_that_a_trust_policy_leaves_out_are_its_homes() {
    let text = "name: t\nrules: [{name: r, condition: {field: trust_score, operator: lt, value: 1}, action: deny}]\n";
    let read = read_file("t.yaml", text);
    assert_eq!(read.dialect, "trust policy");
    assert!(found(text).iter().any(|line| {
        line.contains("does not state `min_trust_score: 500` and `max_delegation_depth: 3`")
    }));
    assert_eq!(read.file.policies[0].items.len(), 5);
}

#[test]
fn a_regex_that_a_trust_policy_lets_match_nothing_permits_nothing() {
    let rule = |action: &str| {
        format!(
            "name: t\nrules: [{{name: r, condition: {{field: a.b, operator: matches, value: 'a{{3}}'}}, action: {action}}}]\ndefaults: {{min_trust_score: 1}}\n"
        )
    };
    assert!(codes(&rule("allow")).contains(&"AOS0503"));
    assert!(!codes(&rule("deny")).contains(&"AOS0503"));
}

// ---- shared policies ----

#[test]
fn all_conditions_of_a_shared_rule_must_hold() {
    reads_as(
        "
name: shared
scope: mesh
rules:
  - {id: both, action: escalate, priority: 5, conditions: [{field: tool_name, operator: eq, value: x}, {field: count, operator: gt, value: 1}]}
  - {id: always, action: audit}
  - {id: limited, action: rate_limit, conditions: [{field: tool_name, operator: eq, value: z}]}
",
        r#"
policy shared {
    default allow because "shared policies allow what no rule matches";
    combine priority;
    escalate x when exists params.count and params.count > 1 priority 5 id both;
    audit * priority 0 id always;
    deny z priority 0 id limited;
}"#,
    );
    assert!(
        codes("name: s\nscope: world\nrules: [{id: a, action: deny, conditions: []}]\n")
            .contains(&"AOS0002")
    );
}

// ---- toolkit policies ----

#[test]
fn a_toolkit_policy_reads_its_conditions_and_approvers() {
    reads_as(
        r#"
apiVersion: governance.toolkit/v1
name: kit
rules:
  - {name: a, condition: "tool_name in ['x', 'y'] and user.role == 'admin'", action: log, priority: 3}
  - {name: b, condition: "tool_name == 'pay'", action: require_approval, approvers: [ann, bob]}
  - {name: c, condition: "tool_name == 'z'", stage: post_tool, description: out}
"#,
        r#"
policy kit {
    default deny;
    combine priority;
    audit x, y when exists context.user.role and context.user.role == "admin" priority 3 id a;
    escalate pay to 1 of ann, bob priority 0 id b;
    deny z on output because "out" priority 0 id c;
}"#,
    );
}

#[test]
fn a_rate_grants_nothing_and_lets_nothing_else_grant() {
    let kit = |default: &str, rest: &str| {
        format!(
            "apiVersion: governance.toolkit/v1\nname: kit\ndefault_action: {default}\nrules:\n  - {{name: r, condition: \"tool_name == 'web'\", action: rate_limit, limit: 3/minute, priority: 5}}\n{rest}"
        )
    };
    let rate = "limit web 3 per minute else deny;";
    let deny =
        "deny web priority 5 id r because \"only a kernel that counts grants this, 3 a minute\";";
    reads_as(
        &kit("deny", ""),
        &format!("policy kit {{ default deny; combine priority; {rate} }}"),
    );
    reads_as(
        &kit("allow", ""),
        &format!(
            "policy kit {{ default allow because \"as `default_action` of the toolkit policy says\"; combine priority; {deny} {rate} }}"
        ),
    );
    // A rule after it would allow the same; one about another action would not.
    reads_as(
        &kit(
            "deny",
            "  - {name: all, condition: \"a == 'b'\", action: allow}\n",
        ),
        &format!(
            "policy kit {{ default deny; combine priority; {deny} allow * when params.a == \"b\" priority 0 id all; {rate} }}"
        ),
    );
    reads_as(
        &kit(
            "deny",
            "  - {name: other, condition: \"tool_name == 'mail'\", action: allow}\n",
        ),
        &format!(
            "policy kit {{ default deny; combine priority; allow mail priority 0 id other; {rate} }}"
        ),
    );
}

#[test]
fn what_a_toolkit_policy_rests_on_elsewhere_is_said() {
    assert_eq!(
        found(
            "apiVersion: governance.toolkit/v2
name: kit
agents: [a]
extends: base.yaml
rules:
  - {name: a, condition: 'x == ''y'' and not z', action: deny}
  - {name: b, condition: \"tool_name == 'x'\", action: deny, enabled: false}
  - {name: c, condition: \"tool_name == 'x'\", action: rate_limit, limit: many}
  - {name: d, condition: \"tool_name == 'x'\", action: allow}
"
        ),
        [
            "AOS0503 1:13 `governance.toolkit/v2` `governance.toolkit/v2` is no version of this dialect that is read here",
            "AOS0503 3:1 `agents` `agents` narrows the whole policy to some agents, its default too",
            "AOS0503 4:1 `extends` `extends` names files, and a policy here does not open files",
            "AOS0503 6:46 `z` `z` cannot be read after `not`",
            "AOS0506 7:60 `enabled` the rule `b` is switched off",
            "AOS0006 8:73 `many` `limit` takes a number and a unit of time, not `many`",
        ]
    );
}

// ---- kernel templates ----

#[test]
fn patterns_of_a_template_become_a_rule_for_each_stage() {
    reads_as(
        "
kernel: {version: '1.0', mode: audit, template: safety}
signals: {enabled: [SIGKILL]}
policies:
  - name: two
    severity: high
    scope: [input, output]
    deny: [{patterns: [a, b]}, {patterns: [c]}]
    action: SIGSTOP
    message: stop
  - {name: calls, deny: [{patterns: [d]}]}
",
        r#"
policy safety "1.0" {
    default abstain;
    mode shadow;
    patterns two { regex "a"; regex "b"; regex "c"; }
    patterns calls { regex "d"; }
    escalate * on input when text matches two because "stop" severity high id two-input;
    escalate * on output when text matches two because "stop" severity high id two-output;
    deny * when text matches calls id calls;
}"#,
    );
}

#[test]
fn what_a_template_does_not_enforce_is_said_once_a_part() {
    let text = "
kernel: {version: '1.0'}
policies:
  - {name: a, deny: [{patterns: [x]}, {action: y}], exceptions: [z], action: SIGKILL}
  - {name: b, limits: {n: 1}, domains: [d], action: SIGSTOP}
  - {name: c, deny: [{patterns: [x]}], action: SIGNAL}
tls: {min_version: '1.2'}
";
    assert_eq!(
        found(text),
        [
            "AOS0505 2:1 `kernel` whatever no pattern matches is neither allowed nor denied by a kernel template",
            "AOS0506 4:39 `{action: y}` a denial by action, tables or regions is not enforced here, only patterns are",
            "AOS0506 4:53 `exceptions` `exceptions` of `a` is not enforced here: what they except is held back too",
            "AOS0506 5:15 `limits` nothing of `b` is enforced here, as `limits` is not",
            "AOS0104 6:48 `SIGNAL` unknown signal `SIGNAL`",
            "AOS0506 7:1 `tls` `tls` is a part of kernel templates that is not enforced here",
        ]
    );
    let rules = read_file("t.yaml", text).rules;
    assert_eq!(
        rules,
        RuleCount {
            in_file: 3,
            compiled: 1,
            unenforced: 2
        }
    );
}

// ---- governance policies ----

const LIMITS: &str = "limits { max_tokens 4096; max_tool_calls 10; timeout_seconds 300; confidence_threshold 0.8; \
     drift_threshold 0.15; checkpoint_frequency 5; max_concurrent 10; backpressure_threshold 8; log_all_calls true; }";

#[test]
fn allowed_tools_are_all_that_is_allowed() {
    reads_as(
        "allowed_tools: [a, b]\n",
        &format!("policy file {{ default deny; {LIMITS} allow a, b id allowed_tools; }}"),
    );
    // Somebody is asked for those only; a tool that is not listed is not worth asking.
    reads_as(
        "allowed_tools: [a]\nrequire_human_approval: true\n",
        &format!("policy file {{ default deny; {LIMITS} escalate a id require_human_approval; }}"),
    );
    let open =
        "default allow because \"governance policies allow every tool where they list none\";";
    reads_as(
        "require_human_approval: true\n",
        &format!("policy file {{ {open} {LIMITS} escalate * id require_human_approval; }}"),
    );
    // At home a name is no glob.
    reads_as(
        "allowed_tools: ['db.*']\n",
        &format!(
            "policy file {{ default deny; {LIMITS} allow * when action in [\"db.*\"] id allowed_tools; }}"
        ),
    );
}

#[test]
fn blocked_patterns_are_looked_for_at_every_stage() {
    reads_as(
        "
allowed_tools: [a]
blocked_patterns:
  - rm -rf
  - {pattern: 'rm\\s+', type: regex}
  - {pattern: 'x.exe', type: glob}
  - {pattern: '*.pem', type: glob}
",
        &format!(
            "policy file {{ default deny; {LIMITS}
    patterns blocked_patterns {{ substring \"rm -rf\"; regex r\"rm\\s+\"; glob \"*x.exe\"; glob \"*.pem\"; }}
    allow a id allowed_tools;
    deny * when text matches blocked_patterns id blocked_patterns;
    deny * on input when text matches blocked_patterns id blocked_patterns-input;
    deny * on output when text matches blocked_patterns id blocked_patterns-output;
}}"
        ),
    );
    assert!(codes("blocked_patterns: rm -rf\n").contains(&"AOS0006"));
    assert!(codes("blocked_patterns: [{pattern: a, type: REGEX}]\n").contains(&"AOS0002"));
    assert!(codes("max_tokens: 5\nmax_tokns: 6\n").contains(&"AOS0507"));
}

#[test]
fn a_list_of_tools_that_cannot_be_read_allows_nothing() {
    let read = read_file("f.yaml", "allowed_tools: [on]\n");
    let items = &read.file.policies[0].items;
    assert!(items.iter().any(|item| matches!(
        &item.node,
        agentos_grammar::ast::Item::Default(default) if default.answer.node == agentos_grammar::ast::DefaultAnswer::Deny
    )));
}

// ---- kernel policies ----

#[test]
fn kernel_policies_become_a_policy_each() {
    let yaml = "
read_only:
  blocked_actions: [file_write, 'x*']
  constraints: {database_query: {kind: read, table: [a, b]}}
no_pii:
  blocked_patterns: [ssn]
  require_approval: [send]
";
    let policies = r#"
policy read_only {
    default allow because "kernel policies allow what they do not block";
    deny * when action in ["file_write", "x*"] id blocked_actions;
    deny database_query when exists params.kind and params.kind != "read"
        or exists params.table and params.table not in ["a", "b"] id constraints-database_query;
}
policy no_pii {
    default allow because "kernel policies allow what they do not block";
    patterns blocked_patterns { substring "ssn"; }
    deny * when text matches blocked_patterns id blocked_patterns;
    escalate send id require_approval;
}"#;
    reads_as(yaml, policies);
    let indented = yaml.replace('\n', "\n  ");
    reads_as(&format!("policies:\n{}\n", indented.trim_end()), policies);
}

// ---- roles ----

#[test]
fn each_role_is_a_policy_with_what_all_share() {
    reads_as(
        "
shared: {blocked_patterns: [sudo]}
roles:
  reader: {allowed_tools: [read_file], blocked_patterns: [write], max_actions: 3}
  guest: {description: none}
",
        r#"
policy reader {
    default deny;
    limits { max_tool_calls 3; }
    patterns shared { substring "sudo"; }
    patterns blocked_patterns { substring "write"; }
    deny * when text matches shared because "blocked for every role" id shared;
    deny * when text matches blocked_patterns because "blocked for this role" id blocked_patterns;
    allow read_file id allowed_tools;
}
policy guest {
    about "none";
    default deny;
    patterns shared { substring "sudo"; }
    deny * when text matches shared because "blocked for every role" id shared;
}"#,
    );
}

// ---- source rules ----

#[test]
fn source_rules_of_one_name_are_numbered() {
    reads_as(
        r"
name: source
rules:
  - {name: r, pattern: 'a;$', message: m, severity: critical, suggestion: s, languages: [python]}
  - {name: r, pattern: b, languages: null}
  - {name: r, pattern: c}
",
        r#"
policy source {
    default allow because "source rules let pass what none of them finds";
    deny * when params.language in ["python"] and text matches r"(?m)a;$" because "m" suggest "s" severity critical id r;
    deny * when text matches r"b" id r-2;
    deny * when text matches r"c" id r-3;
}"#,
    );
}

// ---- signals ----

#[test]
fn five_intents_of_a_file_of_signals_are_denied() {
    reads_as(
        "
name: signals
signals:
  data_read: [{pattern: a, weight: 0.6}]
  code_execution: [{pattern: 'b(?!c)', weight: 0.8, explanation: runs}]
",
        r#"
policy signals {
    default allow because "files of signals allow what is not classified as dangerous";
    deny * when intent in [code_execution] at 0.5 id denied-intents;
    intent data_read { signal 0.6 r"a"; }
    intent code_execution { signal 0.8 r"b(?!c)" "runs"; }
}"#,
    );
}

// ---- the rest ----

#[test]
fn a_shape_that_nobody_knows_is_an_error_at_its_start() {
    for (text, place) in [
        (
            "services: {mail: {image: x}}\n",
            "AOS0501 1:1 `services` a file of a shape that nobody here knows",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\n",
            "AOS0501 1:1 `apiVersion` a file of a shape that nobody here knows",
        ),
        (
            "max_token: 100\n",
            "AOS0501 1:1 `max_token` a file of a shape that nobody here knows",
        ),
        (
            "name: x\nrules: [{action: write, effect: deny}]\n",
            "AOS0501 1:1 `name` a file of a shape that nobody here knows",
        ),
        (
            "- a\n",
            "AOS0501 1:1 `- a` a policy is a mapping, and this is a list",
        ),
        (
            "42\n",
            "AOS0501 1:1 `42` a policy is a mapping, and this is a number",
        ),
    ] {
        assert_eq!(found(text), [place]);
    }
}

#[test]
fn documents_of_several_kinds_may_stand_in_one_file() {
    let read = read_file(
        "f.yaml",
        "policy: a\nrules: [{deny: x}]\n---\nallowed_tools: [x]\n---\nagent_id: z\npolicies: []\n",
    );
    let names: Vec<&str> = read
        .file
        .policies
        .iter()
        .map(|policy| policy.name.node.as_str())
        .collect();
    assert_eq!(names, ["a", "f"]);
    assert_eq!(
        read.rules,
        RuleCount {
            in_file: 2,
            compiled: 2,
            unenforced: 0
        }
    );
    assert!(
        read.findings
            .iter()
            .any(|finding| finding.lint.code == "AOS0502")
    );
}

#[test]
fn no_damage_to_a_file_makes_reading_panic() {
    let files = [
        "name: d\nrules:\n  - name: r\n    condition:\n      field: amount\n      operator: gt\n      value: 5\n    action: deny\ndefaults:\n  action: allow\n",
        "name: t\nrules:\n  - name: r\n    condition:\n      field: trust_score\n      operator: lt\n      value: 5\n    action: warn\ndefaults:\n  min_trust_score: 5\n  allowed_namespaces:\n    - a\n",
        "name: s\nscope: agent\nrules:\n  - id: r\n    action: deny\n    conditions:\n      - field: content\n        operator: matches\n        value: a\n",
        "apiVersion: governance.toolkit/v1\nname: k\nrules:\n  - name: r\n    condition: a == 'b' and c > 5\n    action: require_approval\n    approvers:\n      - x\n    limit: 3/minute\n",
        "kernel:\n  version: '1.0'\n  mode: strict\npolicies:\n  - name: p\n    scope: output\n    deny:\n      - patterns:\n          - a\n    action: SIGKILL\n",
        "max_tokens: 5\nallowed_tools:\n  - a\nblocked_patterns:\n  - pattern: a\n    type: glob\n",
        "p:\n  blocked_actions:\n    - a\n  blocked_patterns:\n    - b\n  constraints:\n    x:\n      y: z\n",
        "shared:\n  blocked_patterns:\n    - a\nroles:\n  r:\n    allowed_tools:\n      - b\n    max_actions: 3\n",
        "name: o\nrules:\n  - name: r\n    pattern: a$\n    severity: high\n    languages:\n      - python\n",
        "name: q\nsignals:\n  code_execution:\n    - pattern: a\n      weight: 0.5\n",
    ];
    for file in files {
        let lines: Vec<&str> = file.lines().collect();
        for at in 0..lines.len() {
            let (key, _) = lines[at]
                .split_once(": ")
                .unwrap_or((lines[at].trim_end_matches(':'), ""));
            let values = [
                "", ": ~", ": []", ": {}", ": [~]", ": [[a]]", ": {a: b}", ": no", ": 010", ": ''",
                ": -1",
            ];
            for value in values {
                let mut changed = lines.clone();
                let line = format!("{key}{value}");
                if value.is_empty() {
                    changed.remove(at);
                } else {
                    changed[at] = &line;
                }
                let text = changed.join("\n");
                let read = read_file("f.yaml", &text);
                for finding in &read.findings {
                    assert!(
                        text.get(finding.primary.span.range()).is_some(),
                        "{text}: {finding:?}"
                    );
                }
                // Whatever was damaged: rules, or a finding that says why there are none.
                assert!(
                    read.rules.compiled > 0 || !read.findings.is_empty(),
                    "{text}"
                );
            }
        }
    }
}
