//! What the compiler of a user's program says about a wrong policy.

use std::{fs, path::Path};

#[test]
fn mistakes_in_a_policy_are_underlined_at_the_users_own_token() {
    // The cases are built as a crate of their own, and a policy file is looked
    // for in the folder of that crate.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it is in the target folder");
    let crate_folder = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME"));
    let policies = crate_folder.join("tests/ui");
    fs::create_dir_all(&policies).expect("the target folder can be written");
    fs::copy("tests/ui/broken.policy", policies.join("broken.policy"))
        .expect("the policy is in the tree");

    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
