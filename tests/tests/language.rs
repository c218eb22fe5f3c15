//! One policy in its three spellings: a `.policy` file, YAML, and `policy!`.
//! They compile as they stand, without a finding, and decide alike.

use agentos_compiler::{Options, Sources, compile};
use agentos_runtime::{Effect, Engine, Report, Request, RequestSource};

agentos::policy! {
    static SUPPORT;

    policy support_agent "1.2.0" {
        about "Customer support: reads, refunds a little, never sends a secret.";
        extends baseline;            // its rules, patterns, intents and limits come first
        default deny;
        combine strictest;           // or `priority`: first match, by falling priority

        limits { tokens 4096; tool_calls 10; timeout 300s; concurrent 10; backpressure 8; }

        action refund { amount: decimal, order: string, note: string? }
        action send_email { to: string, body: string, cc: [string]? }

        patterns secrets {
            substring "password";
            regex r"AKIA[0-9A-Z]{16}";
            glob "*.pem";
        }

        allow read_file, web_search, "db.*";
        allow refund when amount > 0 and amount <= 1000 and attested.user_status == "verified";
        escalate refund when amount > 1000 because "refunds above 1000 need a person";
        audit send_email;
        deny send_email unless to ends with "@example.com" and every cc ends with "@example.com"
            because "mail stays in the house" suggest "send it to the team's address";
        deny * when text matches secrets because "a secret would leave";

        intent destructive_data {
            signal 0.9 r"\bDROP\s+(TABLE|DATABASE)\b" "SQL DROP statement";
            signal 0.85 r"\bDELETE\s+FROM\b" unless followed by r".*\bWHERE\b" "DELETE without WHERE";
        }
        deny * when intent in [destructive_data, data_exfiltration] at 0.5;

        trust {
            supervisor "trust-root" level 0;
            supervisor "safety-agent" level 1 agent;
            max_escalation_depth 3;
        }
    }
}

const POLICY: &str = include_str!("../language/support_agent.policy");
const YAML: &str = include_str!("../language/support_agent.yaml");

fn engine(name: &str, text: &str) -> Engine {
    let (plan, findings) = compile(&Sources::one(name, text), &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{name}: {findings:#?}"));
    assert!(findings.is_empty(), "{name}: {findings:#?}");
    Engine::new(&plan.table()).expect("a plan gives a sound table")
}

/// What a decision stands on, without the file it was written in.
fn outcome(report: &Report) -> String {
    let mut json: serde_json::Value =
        serde_json::from_str(&report.to_json()).expect("a report is JSON");
    json["at"] = serde_json::Value::Null;
    json.to_string()
}

const REQUESTS: &[(&str, Effect)] = &[
    (
        r#"{"agent_id":"a","action":"read_file","params":{"path":"notes.txt"}}"#,
        Effect::Allow,
    ),
    (
        r#"{"agent_id":"a","action":"db.users.read","params":{}}"#,
        Effect::Allow,
    ),
    (
        r#"{"agent_id":"a","action":"delete_file","params":{}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"refund","params":{"amount":1000,"order":"A-1"},"attested":{"user_status":"verified"}}"#,
        Effect::Allow,
    ),
    (
        r#"{"agent_id":"a","action":"refund","params":{"amount":1000.01,"order":"A-1"},"attested":{"user_status":"verified"}}"#,
        Effect::Escalate,
    ),
    (
        r#"{"agent_id":"a","action":"refund","params":{"amount":10,"order":"A-1"},"context":{"user_status":"verified"}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"refund","params":{"amount":"10","order":"A-1"}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"send_email","params":{"to":"x@example.com","body":"hello"}}"#,
        Effect::Audit,
    ),
    (
        r#"{"agent_id":"a","action":"send_email","params":{"to":"x@example.com","body":"hello","cc":["eve@elsewhere.org"]}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"send_email","params":{"to":"x@example.com","body":"my PassWord is 1"}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"db.query","params":{"q":"DROP TABLE users"}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"db.query","params":{"q":"DELETE FROM users"}}"#,
        Effect::Deny,
    ),
    (
        r#"{"agent_id":"a","action":"db.query","params":{"q":"DELETE FROM users WHERE id = 7"}}"#,
        Effect::Allow,
    ),
];

#[test]
fn the_three_spellings_of_one_policy_decide_alike() {
    let dsl = engine("support_agent.policy", POLICY);
    let yaml = engine("support_agent.yaml", YAML);
    SUPPORT.prepare().expect("the macro made a sound table");
    for (text, effect) in REQUESTS {
        let request = Request::from_json(text.as_bytes(), RequestSource::Host).expect("a request");
        let outcomes: Vec<String> = [&dsl, &yaml, SUPPORT.engine()]
            .map(|engine| outcome(&engine.report(&engine.decide(&request), &request)))
            .into();
        assert_eq!(
            dsl.decide(&request).effect(),
            *effect,
            "{text}\n{}",
            outcomes[0]
        );
        assert_eq!(outcomes[0], outcomes[1], "YAML differs on {text}");
        assert_eq!(outcomes[0], outcomes[2], "`policy!` differs on {text}");
    }
}
