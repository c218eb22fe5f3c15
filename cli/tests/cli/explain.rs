//! `agentos explain`.

use crate::Folder;

#[test]
fn a_code_and_a_name_have_one_page() {
    let by_code = Folder::new().run(["explain", "AOS0104"]).fine();
    assert!(
        by_code.starts_with("# AOS0104 unknown-effect\n"),
        "{by_code}"
    );
    assert_eq!(
        by_code,
        Folder::new().run(["explain", "unknown-effect"]).fine()
    );
    assert_eq!(by_code, Folder::new().run(["explain", "aos0104"]).fine());
}

#[test]
fn the_list_has_a_line_a_code() {
    let list = Folder::new().run(["explain", "--list"]).fine();
    assert!(list.lines().all(|line| line.starts_with("AOS")), "{list}");
    assert!(list.contains("AOS0104  unknown-effect"), "{list}");
    assert!(list.lines().is_sorted());
}

#[test]
fn a_code_that_does_not_exist_is_named_with_the_nearest() {
    let err = Folder::new().run(["explain", "unknown-efect"]).wrong();
    assert!(
        err.contains("no finding is called `unknown-efect`"),
        "{err}"
    );
    assert!(err.contains("`unknown-effect`"), "{err}");
}

#[test]
fn nothing_to_explain_is_a_wrong_call() {
    assert!(
        Folder::new()
            .run(["explain"])
            .wrong()
            .contains("<CODE|NAME>")
    );
}
