//! A mailer under a policy file that its build script compiled.
//!
//! `cargo run -p agentos-example-mailer`
#![forbid(unsafe_code)]

use guard::{Effect, Request};

include!(concat!(env!("OUT_DIR"), "/mail.rs"));

fn mail<'a>(to: &'a str, body: &'a str) -> Request<'a> {
    Request::new("mailer-1", "send_email")
        .param("to", to)
        .param("body", body)
}

fn main() {
    for (to, body) in [("ann@example.com", "hello"), ("eve@elsewhere.org", "hello")] {
        let decision = MAIL.decide(&mail(to, body));
        match decision.effect() {
            Effect::Allow | Effect::Audit => println!("sent to {to}"),
            Effect::Defer | Effect::Escalate | Effect::Deny => {
                println!(
                    "not sent to {to}: {}",
                    decision.rule().unwrap_or("nothing allows it")
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_stays_in_the_house_and_carries_no_secret() {
        let effect = |to, body| MAIL.decide(&mail(to, body)).effect();
        assert_eq!(effect("ann@example.com", "hello"), Effect::Allow);
        assert_eq!(effect("eve@elsewhere.org", "hello"), Effect::Deny);
        assert_eq!(
            effect("ann@example.com", "-----BEGIN RSA PRIVATE KEY"),
            Effect::Deny
        );
    }

    #[test]
    fn everybody_who_gets_a_copy_is_looked_at() {
        let copied = |cc: &'static str| {
            let request = mail("ann@example.com", "hello").param("cc", vec![cc]);
            MAIL.decide(&request).effect()
        };
        assert_eq!(copied("bob@example.com"), Effect::Allow);
        assert_eq!(copied("eve@elsewhere.org"), Effect::Deny);
    }

    #[test]
    fn a_policy_in_the_source_finds_the_renamed_dependency() {
        guard::policy! {
            static INLINE;
            policy inline {
                action send_email { to: string }
                allow send_email when to ends with "@example.com";
            }
        }
        let effect = |to| INLINE.decide(&mail(to, "hello")).effect();
        assert_eq!(effect("ann@example.com"), Effect::Allow);
        assert_eq!(effect("eve@elsewhere.org"), Effect::Deny);
    }

    #[test]
    fn a_decision_names_its_rule() {
        let request = mail("eve@elsewhere.org", "hello");
        assert_eq!(MAIL.decide(&request).rule(), Some("stays-in-house"));
    }
}
