//! The page of each shipped policy, as a person reviews it: a change of a
//! policy shows here as what it allows, denies and asks for, line by line.
//!
//! The pages stand beside the policies.

use std::{fs, path::Path};

use agentos_compiler::{Options, Sources, compile, review, shipped};

#[test]
fn every_shipped_policy_has_a_reviewed_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in shipped::names() {
            let file = format!("policies/{name}.policy");
            let path = folder.join(format!("{name}.policy"));
            let text = fs::read_to_string(path).expect("a shipped policy is in the tree");
            let (plan, findings) = compile(&Sources::one(file, text), &Options { strict: true });
            let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
            insta::assert_snapshot!(*name, review::render(&plan.table()));
        }
    });
}
