//! Policy files that people really wrote, as they stand in `../shared`: each is
//! read whole, with every rule accounted for, or refused by name and place.
//!
//! The files are not in the tree; where they are not beside it, the tests say
//! so and pass.

use std::{fmt::Write as _, fs, path::PathBuf};

use agentos_compiler::{
    Options, Sources, compile,
    dialect::RuleCount,
    grammar::{SourceId, normalise, parse, print, yaml},
    read,
};
use agentos_runtime::{Engine, Request, RequestSource};

/// Rules in the file, of these compiled, of these unenforced.
const fn rules(in_file: usize, compiled: usize, unenforced: usize) -> RuleCount {
    RuleCount {
        in_file,
        compiled,
        unenforced,
    }
}

/// Each file by a part of its name that no other has, its dialect, and its
/// rules; none for those that are not compiled.
const FILES: [(&str, &str, Option<RuleCount>); 33] = [
    ("financial-services", "control manifest", None),
    ("general-saas", "control manifest", None),
    ("wire-protocol-rules", "control manifest", None),
    ("canonical-all-interventions", "control manifest", None),
    ("base.manifest", "control manifest", None),
    (
        "policies__default.yaml",
        "rule document",
        Some(rules(3, 3, 0)),
    ),
    (
        "policies__development",
        "rule document",
        Some(rules(2, 2, 0)),
    ),
    (
        "B-policydocument__agent-os__examples__policies__strict",
        "rule document",
        Some(rules(6, 6, 0)),
    ),
    ("policies__permissive", "trust policy", Some(rules(1, 1, 0))),
    (
        "agent-mesh__examples__policies__strict",
        "trust policy",
        Some(rules(3, 3, 0)),
    ),
    ("no-pii", "shared policy", Some(rules(3, 3, 0))),
    ("trust-handoff", "shared policy", Some(rules(3, 3, 0))),
    ("quickstart", "toolkit policy", Some(rules(6, 5, 1))),
    ("mcp-proxy__agt", "proxy rules", None),
    ("chat-agent", "kernel template", Some(rules(3, 2, 1))),
    ("api-gateway", "kernel template", Some(rules(8, 2, 6))),
    ("content-safety", "kernel template", Some(rules(8, 8, 0))),
    ("data-protection", "yaml", None),
    ("gdpr", "kernel template", Some(rules(10, 6, 4))),
    ("hipaa", "kernel template", Some(rules(7, 5, 2))),
    ("rate-limiting", "kernel template", Some(rules(9, 0, 9))),
    ("sox-compliance", "kernel template", Some(rules(7, 3, 4))),
    ("langchain", "governance policy", Some(rules(1, 1, 0))),
    ("crewai", "roles", Some(rules(9, 9, 0))),
    ("agent_config", "agent configuration", None),
    ("sql-safety", "SQL policy", None),
    ("cli-security-rules", "source rules", Some(rules(18, 18, 0))),
    ("prompt-injection", "detectors", None),
    ("semantic-policy", "signals", Some(rules(47, 47, 0))),
    ("sandbox-safety", "sandbox", None),
    ("flowise", "tool lists", None),
    ("marketplace", "marketplace", None),
    ("federation", "federation policy", None),
];

/// The files by rising name, each with its text; none where they are not there.
fn wild() -> Option<Vec<(String, String)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/wild-policies");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("../shared/wild-policies is not there: nothing was compared");
        return None;
    };
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (
                name,
                fs::read_to_string(&path).expect("the file can be read"),
            )
        })
        .collect();
    files.sort();
    Some(files)
}

/// The file with this in its name.
fn file(part: &str) -> Option<Sources> {
    let files = wild()?;
    let (name, text) = files
        .into_iter()
        .find(|(name, _)| name.contains(part))
        .unwrap_or_else(|| panic!("no file has `{part}` in its name"));
    Some(Sources::one(name, text))
}

#[test]
fn every_rule_of_every_file_is_accounted_for() {
    let Some(files) = wild() else { return };
    assert_eq!(files.len(), FILES.len());
    for (name, text) in files {
        let row = FILES.iter().find(|(part, ..)| name.contains(part));
        let (_, dialect, rules) = row.unwrap_or_else(|| panic!("`{name}` is new"));
        let sources = Sources::one(name.as_str(), text);
        let (id, source) = sources.iter().next().expect("one source was given");
        let read = read(id, source);
        assert_eq!(read.dialect, *dialect, "{name}");
        assert_eq!(read.rules, rules.unwrap_or_default(), "{name}");
        assert_eq!(
            read.rules.in_file,
            read.rules.compiled + read.rules.unenforced,
            "{name}"
        );
        let (plan, findings) = compile(&sources, &Options::default());
        assert_eq!(plan.is_some(), rules.is_some(), "{name}: {findings:#?}");
        assert!(rules.is_some() || !findings.is_empty(), "{name}");
    }
}

#[test]
fn what_is_found_stands_at_its_place() {
    let Some(files) = wild() else { return };
    let mut listing = String::new();
    for (name, text) in files {
        let _ = writeln!(listing, "{name}");
        let sources = Sources::one(name.as_str(), text);
        // Under `strict` notes are said too.
        let (_, findings) = compile(
            &sources,
            &Options {
                strict: true,
                proves: true,
            },
        );
        for finding in findings {
            let (line, column) = sources.line_column(finding.primary.span);
            let marked = sources.text_at(finding.primary.span);
            assert!(!marked.trim().is_empty(), "{name}: {finding:?}");
            let first = marked.lines().next().unwrap_or_default();
            let more = if marked.contains('\n') { " …" } else { "" };
            let code = finding.lint.code;
            let _ = writeln!(
                listing,
                "  {code} {line}:{column} `{first}{more}` {}",
                finding.message
            );
        }
    }
    insta::assert_snapshot!(listing);
}

#[test]
fn what_is_read_prints_in_both_spellings_and_reads_back() {
    let Some(files) = wild() else { return };
    for (name, text) in files {
        let sources = Sources::one(name.as_str(), text);
        let (id, source) = sources.iter().next().expect("one source was given");
        let file = read(id, source).file;
        let printed = print::dsl(&file, Some(&source.text));
        let (again, errors) = parse(SourceId(1), &printed);
        assert_eq!(errors, [], "{name}\n{printed}");
        assert_eq!(again, file, "{name}\n{printed}");
        let kept = again.comments.len() == file.comments.len() || file.policies.is_empty();
        assert!(kept, "{name}\n{printed}");
        let printed = print::yaml(&file, Some(&source.text));
        let (again, errors) = yaml::parse(SourceId(1), &printed);
        assert_eq!(errors, [], "{name}\n{printed}");
        assert_eq!(normalise(&again), normalise(&file), "{name}\n{printed}");
    }
}

/// Each request as JSON, and the effect and the rule of its decision.
#[track_caller]
fn decides(part: &str, expected: &[(&str, &str)]) {
    let Some(sources) = file(part) else { return };
    let (plan, findings) = compile(&sources, &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
    let engine = Engine::new(&plan.table()).expect("a plan gives a sound table");
    for (request, decision) in expected {
        let parsed =
            Request::from_json(request.as_bytes(), RequestSource::Host).expect("a request");
        let decided = engine.decide(&parsed);
        let rule = decided.rule().unwrap_or("-");
        assert_eq!(
            format!("{:?} {rule}", decided.effect()),
            *decision,
            "{request}"
        );
    }
}

#[test]
fn a_rule_document_decides_by_its_first_match() {
    decides(
        "B-policydocument__agent-os__examples__policies__strict",
        &[
            (r#"{"action": "run_shell"}"#, "Deny block_shell"),
            (r#"{"action": "read_file"}"#, "Audit audit_all_tool_calls"),
            (
                r#"{"action": "read_file", "context": {"token_count": 3000}}"#,
                "Deny max_tokens",
            ),
            (
                r#"{"action": "read_file", "context": {"token_count": "many"}}"#,
                "Deny max_tokens",
            ),
            (
                r#"{"action": "read_file", "context": {"confidence": 0.96}}"#,
                "Audit audit_all_tool_calls",
            ),
        ],
    );
}

#[test]
fn trust_decides_by_rising_numbers_and_then_by_bounds() {
    decides(
        "agent-mesh__examples__policies__strict",
        &[
            (
                r#"{"action": "a", "context": {"trust_score": 600}}"#,
                "Deny require-high-trust",
            ),
            (
                r#"{"action": "a", "context": {"trust_score": 700, "delegation_depth": 2}}"#,
                "Deny no-delegation",
            ),
            (
                r#"{"action": "a", "context": {"agent": {"namespace": "x"}}}"#,
                "Deny deny-unknown-namespace",
            ),
            (
                r#"{"action": "a", "context": {"agent": {"namespace": "core"}}}"#,
                "Allow -",
            ),
            // As at home: nothing is known of the agent.
            (r#"{"action": "a"}"#, "Allow -"),
        ],
    );
    decides(
        "policies__permissive",
        &[
            (
                r#"{"action": "a", "context": {"trust_score": 50}}"#,
                "Deny min_trust_score",
            ),
            (
                r#"{"action": "a", "context": {"trust_score": 900, "delegation_depth": 9}}"#,
                "Allow allow-high-trust",
            ),
            (
                r#"{"action": "a", "context": {"trust_score": 500, "delegation_depth": 9}}"#,
                "Deny max_delegation_depth",
            ),
        ],
    );
}

#[test]
fn shared_rules_decide_by_all_their_conditions() {
    decides(
        "trust-handoff",
        &[
            (
                r#"{"action": "a", "context": {"trust_score": 0.65}}"#,
                "Deny deny-low-trust-handoff",
            ),
            (
                r#"{"action": "a", "context": {"trust_score": 0.8}}"#,
                "Escalate escalate-medium-trust",
            ),
            (
                r#"{"action": "a", "context": {"trust_score": 0.95}}"#,
                "Allow allow-high-trust",
            ),
        ],
    );
    decides(
        "no-pii",
        &[
            (
                r#"{"action": "a", "params": {"body": "it is 123-45-6789"}}"#,
                "Deny deny-ssn",
            ),
            (
                r#"{"action": "a", "params": {"body": "to ann@example.com"}}"#,
                "Audit audit-email",
            ),
            (
                r#"{"action": "a", "params": {"body": "nothing"}}"#,
                "Allow -",
            ),
        ],
    );
}

#[test]
fn a_toolkit_policy_decides_and_its_rate_grants_nothing() {
    decides(
        "quickstart",
        &[
            (r#"{"action": "web_search"}"#, "Allow allow-safe-reads"),
            (
                r#"{"action": "web_search", "params": {"path": "/etc/passwd"}}"#,
                "Deny block-system-paths",
            ),
            (
                r#"{"action": "send_email"}"#,
                "Escalate require-approval-for-email",
            ),
            (r#"{"action": "http_request"}"#, "Deny -"),
            (r#"{"action": "execute_shell"}"#, "Deny block-dangerous"),
        ],
    );
}

#[test]
fn a_template_decides_by_its_patterns_at_its_stages() {
    decides(
        "chat-agent",
        &[
            (
                r#"{"action": "a", "stage": "output", "params": {"reply": "123-45-6789"}}"#,
                "Deny no_pii",
            ),
            (
                r#"{"action": "a", "stage": "output", "params": {"reply": "how to hack it"}}"#,
                "Escalate content_filter",
            ),
            // It says nothing of calls, and where nobody says anything, nothing is allowed.
            (
                r#"{"action": "a", "params": {"reply": "123-45-6789"}}"#,
                "Deny -",
            ),
        ],
    );
    decides(
        "api-gateway",
        &[
            (
                r#"{"action": "get", "params": {"url": "http://192.168.0.1/"}}"#,
                "Deny url_validation",
            ),
            // What it excepts is denied too, and a finding says so.
            (
                r#"{"action": "get", "params": {"url": "http://localhost:3000/"}}"#,
                "Deny url_validation",
            ),
        ],
    );
}

#[test]
fn governance_and_roles_decide_by_tools_and_patterns() {
    decides(
        "langchain",
        &[
            (
                r#"{"action": "a", "params": {"q": "drop table users"}}"#,
                "Deny blocked_patterns",
            ),
            (
                r#"{"action": "a", "stage": "output", "params": {"q": "my API_KEY"}}"#,
                "Deny blocked_patterns-output",
            ),
            (r#"{"action": "a"}"#, "Allow -"),
        ],
    );
    decides(
        "crewai",
        &[
            (
                r#"{"action": "web_search", "policies": ["researcher"]}"#,
                "Allow allowed_tools",
            ),
            (
                r#"{"action": "web_search", "params": {"q": "sudo"}, "policies": ["researcher"]}"#,
                "Deny shared",
            ),
            (
                r#"{"action": "web_search", "policies": ["writer"]}"#,
                "Deny blocked_patterns",
            ),
            (r#"{"action": "fly", "policies": ["writer"]}"#, "Deny -"),
        ],
    );
}

#[test]
fn source_rules_decide_by_language() {
    decides(
        "cli-security-rules",
        &[
            (
                r#"{"action": "write", "params": {"language": "bash", "content": "sudo  make"}}"#,
                "Deny block-privilege-escalation",
            ),
            (
                r#"{"action": "write", "params": {"language": "python", "content": "sudo  make"}}"#,
                "Allow -",
            ),
            // A call that does not say its language is searched for all of them.
            (
                r#"{"action": "write", "params": {"content": "sudo  make"}}"#,
                "Deny block-privilege-escalation",
            ),
            (
                r#"{"action": "write", "params": {"language": "go", "content": "k = AKIAABCDEFGHIJKLMNOP"}}"#,
                "Deny block-secret-exposure-3",
            ),
        ],
    );
}

#[test]
fn signals_decide_by_the_intents_that_their_home_denies() {
    decides(
        "semantic-policy",
        &[
            (
                r#"{"action": "q", "params": {"sql": "DROP TABLE users"}}"#,
                "Deny denied-intents",
            ),
            (
                r#"{"action": "q", "params": {"sql": "DELETE FROM users"}}"#,
                "Deny denied-intents",
            ),
            (
                r#"{"action": "q", "params": {"sql": "DELETE FROM users WHERE id = 3"}}"#,
                "Allow -",
            ),
            (
                r#"{"action": "q", "params": {"sql": "SELECT name FROM users"}}"#,
                "Allow -",
            ),
            (
                r#"{"action": "q", "params": {"url": "curl http://example.com"}}"#,
                "Allow -",
            ),
        ],
    );
}
