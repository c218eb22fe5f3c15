//! Which dialect a document is in, by the keys it has.

use agentos_grammar::yaml::{Kind, Node};

use super::refused::{self, Refused};

/// What a document was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Our own YAML.
    Native,
    /// `rules: [{name, condition: {field, operator, value}, action}]`
    RuleDocument,
    /// The same, with trust scores in `defaults`.
    TrustPolicy,
    /// `rules: [{id, conditions: […], action}]`
    SharedPolicy,
    /// `rules: [{name, condition: "tool_name == 'x'", action}]`
    Toolkit,
    /// `kernel`, `signals`, `policies`
    KernelTemplate,
    /// The fields of `GovernancePolicy`.
    Governance,
    /// Names to `blocked_actions`, `blocked_patterns`, `require_approval`, `constraints`.
    KernelPolicy,
    /// `roles`, `shared`
    Roles,
    /// `rules: [{name, pattern, languages}]`
    SourceRules,
    /// `signals: {category: [{pattern, weight}]}`
    Signals,
    /// Known, and not read.
    Refused(&'static Refused),
}

/// What only a `GovernancePolicy` has.
const GOVERNANCE_KEYS: [&str; 12] = [
    "max_tokens",
    "max_tool_calls",
    "allowed_tools",
    "blocked_patterns",
    "require_human_approval",
    "timeout_seconds",
    "confidence_threshold",
    "drift_threshold",
    "log_all_calls",
    "checkpoint_frequency",
    "max_concurrent",
    "backpressure_threshold",
];

/// What only a kernel policy has.
const KERNEL_POLICY_KEYS: [&str; 4] = [
    "blocked_actions",
    "blocked_patterns",
    "require_approval",
    "constraints",
];

/// What only the defaults of a trust policy have.
pub(super) const TRUST_KEYS: [&str; 4] = [
    "min_trust_score",
    "max_delegation_depth",
    "allowed_namespaces",
    "require_handshake",
];

impl Shape {
    /// What `document` is, if that can be said.
    pub(super) fn of(document: &Node) -> Option<Shape> {
        let entries = document.as_mapping()?;
        let has = |key: &str| document.get(key).is_some();
        let rules = document
            .get("rules")
            .and_then(Node::as_sequence)
            .unwrap_or_default();
        let rule_has = |key: &str| rules.iter().any(|rule| rule.get(key).is_some());
        let in_rule = |key: &str, kind: fn(&Node) -> bool| {
            rules.iter().any(|rule| rule.get(key).is_some_and(kind))
        };
        if has("policy") {
            return Some(Shape::Native);
        }
        if let Some(refused) = refused::of(document) {
            return Some(Shape::Refused(refused));
        }
        if has("kernel") && has("policies") {
            return Some(Shape::KernelTemplate);
        }
        if has("roles") {
            return Some(Shape::Roles);
        }
        if is_signals(document) {
            return Some(Shape::Signals);
        }
        let versioned = |node: &Node| {
            node.as_str()
                .is_some_and(|text| text.starts_with("governance.toolkit"))
        };
        if document.get("apiVersion").is_some_and(versioned)
            || in_rule("condition", |node| node.as_scalar().is_some())
        {
            return Some(Shape::Toolkit);
        }
        if in_rule("conditions", |node| node.as_sequence().is_some()) {
            return Some(Shape::SharedPolicy);
        }
        if rule_has("pattern") {
            return Some(Shape::SourceRules);
        }
        let defaults = document.get("defaults");
        let in_defaults = |key: &str| defaults.is_some_and(|defaults| defaults.get(key).is_some());
        // A default that a trust policy would read over makes it a rule document.
        let of_trust = if has("defaults") {
            TRUST_KEYS.iter().any(|key| in_defaults(key)) && !in_defaults("action")
        } else {
            trusts(rules)
        };
        if of_trust {
            return Some(Shape::TrustPolicy);
        }
        let empty = rules.is_empty() && has("rules") && (has("name") || has("defaults"));
        if rule_has("condition") || empty || in_defaults("action") {
            return Some(Shape::RuleDocument);
        }
        if entries
            .iter()
            .any(|entry| GOVERNANCE_KEYS.contains(&entry.name()))
        {
            return Some(Shape::Governance);
        }
        let named = document.get("policies").unwrap_or(document);
        named
            .as_mapping()?
            .iter()
            .any(|entry| {
                KERNEL_POLICY_KEYS
                    .iter()
                    .any(|key| entry.value.get(key).is_some())
            })
            .then_some(Shape::KernelPolicy)
    }

    /// What the docs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Shape::Native => "yaml",
            Shape::RuleDocument => "rule document",
            Shape::TrustPolicy => "trust policy",
            Shape::SharedPolicy => "shared policy",
            Shape::Toolkit => "toolkit policy",
            Shape::KernelTemplate => "kernel template",
            Shape::Governance => "governance policy",
            Shape::KernelPolicy => "kernel policy",
            Shape::Roles => "roles",
            Shape::SourceRules => "source rules",
            Shape::Signals => "signals",
            Shape::Refused(refused) => refused.name,
        }
    }
}

/// Rules that a trust policy alone has, where no `defaults` tell: about trust,
/// or with effects that rule documents do not know.
fn trusts(rules: &[Node]) -> bool {
    let says = |rule: &Node, key: &str, words: &[&str]| {
        rule.get(key)
            .and_then(Node::as_str)
            .is_some_and(|text| words.contains(&text))
    };
    let about_trust = |rule: &Node| {
        rule.get("condition").is_some_and(|condition| {
            says(
                condition,
                "field",
                &["trust_score", "delegation_depth", "agent.namespace"],
            )
        })
    };
    let of_a_document =
        |rule: &Node| says(rule, "action", &["audit", "block"]) || rule.get("message").is_some();
    let of_trust =
        |rule: &Node| says(rule, "action", &["warn", "require_approval"]) || about_trust(rule);
    rules.iter().any(of_trust) && !rules.iter().any(of_a_document)
}

/// A mapping of categories to lists of patterns with weights.
fn is_signals(document: &Node) -> bool {
    let Some(Kind::Mapping(categories)) = document.get("signals").map(|node| &node.kind) else {
        return false;
    };
    categories.iter().any(|entry| {
        let signals = entry.value.as_sequence().unwrap_or_default();
        signals.iter().any(|signal| signal.get("pattern").is_some())
    })
}
