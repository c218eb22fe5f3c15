//! `agentos graph`.

use crate::{Folder, MAIL};

#[test]
fn a_picture_goes_to_standard_output() {
    let folder = Folder::with("mail.policy", MAIL);
    let picture = folder.run(["graph", "mail.policy"]).fine();
    assert!(picture.contains("\nflowchart LR\n"), "{picture}");
    assert!(picture.contains("deny-send_email-1<br/>when 'to' does not end with"));
    let down = folder
        .run(["graph", "mail.policy", "--direction", "TD"])
        .fine();
    assert_eq!(down, picture.replace("flowchart LR", "flowchart TD"));
}

#[test]
fn a_page_has_the_picture_in_a_fence() {
    let folder = Folder::with("mail.policy", MAIL);
    let picture = folder.run(["graph", "mail.policy"]).fine();
    let out = folder.run(["graph", "mail.policy", "-o", "mail.md"]).fine();
    assert_eq!(out, "");
    let page = folder.read("mail.md");
    assert_eq!(page, format!("```mermaid\n{picture}```\n"));
    let asked = folder.run(["graph", "mail.policy", "--format", "markdown"]);
    assert_eq!(asked.fine(), page);
}

#[test]
fn without_files_it_is_the_policies_of_the_project() {
    let folder = Folder::with("policies/mail.policy", MAIL);
    folder.write(
        "policies/deep/chat.yaml",
        "policy: chat\nrules:\n  - allow: talk\n",
    );
    let picture = folder.run(["graph"]).fine();
    for name in ["policy mail 1.0", "policy chat"] {
        assert!(picture.contains(name), "{picture}");
    }
    assert_eq!(folder.run(["graph", "policies"]).fine(), picture);
    let none = Folder::new().run(["graph"]).wrong();
    assert!(none.contains("no policy file in here"), "{none}");
}

#[test]
fn warnings_are_marked_and_errors_stop_it() {
    let folder = Folder::with("open.policy", "policy open { default allow; }");
    let run = folder.run(["graph", "open.policy"]);
    assert_eq!(run.code, Some(0));
    assert!(run.out.contains("AOS0401 default-allow"), "{}", run.out);
    assert_eq!(run.err, "1 warning: `agentos validate` shows more\n");
    folder.write("broken.policy", "policy broken { forbid read; }");
    let run = folder.run(["graph", "broken.policy", "-o", "broken.md"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("error[AOS0104]"), "{}", run.err);
    assert_eq!(folder.names(), ["broken.policy", "open.policy"]);
    let missing = folder.run(["graph", "no.policy"]).wrong();
    assert!(missing.contains("there is no such file"), "{missing}");
}

#[test]
fn an_action_that_nobody_names_is_said_to_be_so() {
    let folder = Folder::with("mail.policy", MAIL);
    let run = folder.run(["graph", "mail.policy", "--action", "send_mail"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(
        run.err,
        "note: no policy names the action `send_mail`: it gets what every action does\n"
    );
    folder
        .run(["graph", "mail.policy", "--action", "send_*"])
        .fine();
}

#[test]
fn a_picture_is_not_written_over_its_policy() {
    let folder = Folder::with("mail.policy", MAIL);
    let err = folder
        .run(["graph", "mail.policy", "-o", "mail.policy"])
        .wrong();
    assert!(err.contains("written over the policy"), "{err}");
    assert_eq!(folder.read("mail.policy"), MAIL);
}

#[test]
fn what_mermaid_would_refuse_is_not_drawn() {
    let policies: Vec<String> = (0..200)
        .map(|n| format!("policy p{n} {{ allow a; deny b; }}"))
        .collect();
    let folder = Folder::with("many.policy", &policies.join("\n"));
    let err = folder.run(["graph", "many.policy"]).wrong();
    assert!(
        err.contains("`MOST_EDGES` (500)") && err.contains("`--action`"),
        "{err}"
    );
}
