//! An agent that pays refunds, under a policy that stands in its own source.
//!
//! `cargo run -p agentos-example-refunds`
#![forbid(unsafe_code)]

use agentos::{Decision, Effect, Request, policy};

policy! {
    static REFUNDS;

    /// What our support agent may do.
    policy refunds "1.0" {
        about "Refunds up to 1000 are paid, larger ones need a person.";
        action refund { amount: decimal, order: string }

        allow read_order;
        allow refund when amount > 0 and amount <= 1000 id small-refund;
        escalate refund when amount > 1000 id large-refund
            because "refunds above 1000 need a person";
        deny * when text matches r"\bAKIA[0-9A-Z]{16}\b" id no-keys
            because "an AWS key would leave";
    }
}

/// What the agent wants to do in this example.
fn wishes() -> Vec<Request<'static>> {
    let refund = |amount: i64, order| {
        Request::new("billing-7", "refund")
            .param("amount", amount)
            .param("order", order)
    };
    vec![
        Request::new("billing-7", "read_order").param("order", "A-17"),
        refund(250, "A-17"),
        refund(2500, "A-18"),
        refund(250, "AKIAIOSFODNN7EXAMPLE"),
        Request::new("billing-7", "refund")
            .param("amount", "all of it")
            .param("order", "A-19"),
        Request::new("billing-7", "delete_account"),
    ]
}

fn decide<'e>(request: &Request<'_>) -> Decision<'e> {
    REFUNDS.decide(request)
}

fn main() {
    if let Err(error) = REFUNDS.prepare() {
        eprintln!("every request will be denied: {error}");
    }
    for request in wishes() {
        let decision = decide(&request);
        let answer = match decision.effect() {
            Effect::Allow | Effect::Audit => "goes ahead",
            Effect::Defer => "has to wait",
            Effect::Escalate => "needs a person",
            Effect::Deny => "is refused",
        };
        println!("{} {answer}", request.action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_refunds_are_paid_and_the_rest_is_not() {
        use Effect::{Allow, Deny, Escalate};
        let effects: Vec<Effect> = wishes().iter().map(|wish| decide(wish).effect()).collect();
        assert_eq!(effects, [Allow, Allow, Escalate, Deny, Deny, Deny]);
    }

    #[test]
    fn a_decision_names_its_rule() {
        let request = &wishes()[2];
        assert_eq!(decide(request).rule(), Some("large-refund"));
    }
}
