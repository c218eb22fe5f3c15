//! A place in a source in, what the rules that were written there say out: in words,
//! and with a request that they decide.

use agentos_grammar::Span;
use agentos_runtime::table::{Policy, Rule};

use super::{
    actions, because, effect,
    words::{Words, code, stage},
};
use crate::{
    check::deciding::witness::{Witness, witness},
    plan::Plan,
};

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePage {
    /// The policy that it was written in.
    pub policy: String,
    /// What decisions call it.
    pub id: String,
    /// Where it was written.
    pub span: Span,
    /// It in words, as Markdown.
    pub words: String,
    /// When it decides.
    pub decides: Decides,
}

/// When a rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decides {
    /// This request, given as `agentos eval` reads it, to take one.
    Request(String),
    /// It holds of this request, and the answer is this one.
    HasAPart {
        /// As `agentos eval` reads it.
        request: String,
        /// `allow`, `deny`, …
        answer: String,
    },
    /// No request.
    Never,
    /// That was not decided within the checker's bounds.
    NotDecided,
}

/// What the rules say that were written at byte `at` of a source, each with a request
/// that it decides. In the language that is one rule; a text of a dialect may have
/// become several, of which the first few are given.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile, grammar::SourceId, review};
///
/// let text = "policy mail { deny send when params.to == \"all\"; allow send; }";
/// let (plan, _) = compile(&Sources::one("mail.policy", text), &Options::default());
/// let plan = plan.expect("it is sound");
/// let rules = review::rules_at(&plan, SourceId(0), 16);
/// assert!(rules[0].words.contains("when `to` is \"all\""));
/// let request = r#"{"action": "send", "params": {"to": "all"}}"#;
/// assert_eq!(rules[0].decides, review::Decides::Request(request.to_owned()));
/// ```
pub fn rules_at(plan: &Plan, source: agentos_grammar::SourceId, at: usize) -> Vec<RulePage> {
    const MOST: usize = 3;
    let place = Span::new(source, at, at);
    let table = plan.table();
    let mut pages = Vec::new();
    for (policy_at, ir) in plan.program().policies.iter().enumerate() {
        let rules = ir.own().rules.iter().enumerate();
        for (rule_at, rule) in rules.filter(|(_, rule)| rule.span.contains(place)) {
            let Some(policy) = table.policies.get(policy_at) else {
                continue;
            };
            let part = policy.parts.last();
            let Some(row) = part.and_then(|part| part.rules.get(rule_at)) else {
                continue;
            };
            if pages.len() == MOST {
                return pages;
            }
            pages.push(RulePage {
                policy: ir.name.node.clone(),
                id: rule.id.clone(),
                span: rule.span,
                words: words(policy, row),
                decides: decides(witness(plan, policy_at, rule_at)),
            });
        }
    }
    pages
}

/// `**deny**: every action, when the text has a pattern of …`
fn words(policy: &Policy<'_>, rule: &Rule<'_>) -> String {
    let when = match &rule.when {
        Some(when) => format!("when {}", Words { policy, code }.condition(when)),
        None => "always".to_owned(),
    };
    let doubt = match (&rule.when, rule.effect) {
        (None, _) => "",
        (Some(_), agentos_runtime::Effect::Allow | agentos_runtime::Effect::Audit) => {
            "\n\nWhere that cannot be decided, it does not fire."
        }
        (Some(_), _) => "\n\nWhere that cannot be decided, it fires too.",
    };
    let why = because(rule);
    let why = if why.is_empty() {
        why
    } else {
        format!("\n\n> {}", super::one_line(&why))
    };
    let of = stage(rule.stage);
    format!(
        "{}{of}: {}, {when}.{doubt}{why}",
        effect(rule),
        actions(rule)
    )
}

fn decides(witness: Witness) -> Decides {
    match witness {
        Witness::Decides(request) => Decides::Request(request),
        Witness::HasAPart(request, answer) => Decides::HasAPart {
            request,
            answer: answer.to_string(),
        },
        Witness::Never => Decides::Never,
        Witness::NotDecided => Decides::NotDecided,
    }
}

#[cfg(test)]
mod tests {
    use agentos_grammar::SourceId;

    use super::*;
    use crate::{Options, Sources, compile};

    fn at(text: &str, needle: &str) -> RulePage {
        let (plan, findings) = compile(&Sources::one("a.policy", text), &Options::default());
        let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
        let place = text.find(needle).unwrap();
        rules_at(&plan, SourceId(0), place).remove(0)
    }

    #[test]
    fn a_request_is_given_that_the_rule_decides() {
        let text = "policy p {
    action pay { amount: decimal }
    allow pay when amount > 0 and amount <= 1000;
    escalate pay when amount > 900;
    deny \"db.*\" when text matches r\"drop\\s+table\";
}";
        let request = |needle: &str| match at(text, needle).decides {
            Decides::Request(request) => request,
            other => panic!("{other:?}"),
        };
        for needle in ["allow", "escalate", "deny"] {
            let json = request(needle);
            let (plan, _) = compile(&Sources::one("a.policy", text), &Options::default());
            let plan = plan.unwrap();
            let engine = agentos_runtime::Engine::new(&plan.table()).unwrap();
            let request = agentos_runtime::Request::from_json(
                json.as_bytes(),
                agentos_runtime::RequestSource::Host,
            )
            .unwrap();
            assert_eq!(
                engine.decide(&request).effect().to_string(),
                needle,
                "{json}"
            );
        }
    }

    #[test]
    fn what_never_decides_is_said_to_be_so() {
        let text = "policy p { deny *; allow send; }";
        assert_eq!(at(text, "allow").decides, Decides::Never);
        assert_eq!(at(text, "allow").words, "**allow**: `send`, always.");
    }
}
