//! Rules in, a policy in our language out.
//!
//! The build script uses this file as well.

use std::fmt::Write as _;

use crate::rules::{Rule, When};

/// The rules in our language.
pub fn text(rules: &[Rule]) -> String {
    let mut text = "policy authz {\n    default deny;\n".to_owned();
    for rule in rules {
        let effect = if rule.allows { "allow" } else { "deny" };
        let when = match &rule.when {
            When::Always => String::new(),
            When::UserIs(user) => format!(" when attested.user == \"{user}\""),
            When::PathStartsWith(prefix) => {
                format!(" when params.path starts with \"{prefix}\"")
            }
            When::AmountAtMost(most) => format!(" when params.amount <= {most}"),
        };
        writeln!(text, "    {effect} {}{when};", rule.action)
            .expect("writing to a text does not fail");
    }
    text + "}\n"
}
