//! The page of each shipped policy, as a person reviews it: a change of a
//! policy shows here as what it allows, denies and asks for, line by line.
//!
//! The pages stand beside the policies; `agentos test --update policies` writes
//! them.

use std::{fs, path::Path};

use agentos_compiler::{Options, Sources, compile, review, shipped};

#[test]
fn every_shipped_policy_has_a_reviewed_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    for name in shipped::names() {
        let file = format!("{name}.policy");
        let text = fs::read_to_string(folder.join(&file)).expect("a shipped policy is in the tree");
        let (plan, findings) = compile(
            &Sources::one(file, text),
            &Options {
                strict: true,
                ..Options::default()
            },
        );
        let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
        let page = fs::read_to_string(folder.join(format!("{name}.snap")));
        let page = page.unwrap_or_else(|error| panic!("the page of `{name}`: {error}"));
        assert!(
            review::beside(&plan.table(), 0).lines().eq(page.lines()),
            "`{name}` says something else than its page: `agentos test policies` shows what, and \
             `agentos test --update policies` writes it"
        );
    }
}
