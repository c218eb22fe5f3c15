//! `agentos fmt`.

use crate::Folder;

const UGLY: &str = "policy   mail{deny send_email ;// not out of the house\n}\n";

#[test]
fn files_are_rewritten_in_place() {
    let folder = Folder::with("mail.policy", UGLY);
    folder.run(["fmt", "mail.policy"]).fine();
    let pretty = folder.read("mail.policy");
    assert_ne!(pretty, UGLY);
    assert!(pretty.contains("// not out of the house"), "{pretty}");
    assert_eq!(folder.names(), ["mail.policy"], "nothing is left beside it");
    folder.run(["fmt", "mail.policy"]).fine();
    assert_eq!(
        folder.read("mail.policy"),
        pretty,
        "formatting again changes nothing"
    );
}

#[test]
fn check_lists_what_would_change_and_changes_nothing() {
    let folder = Folder::with("ugly.policy", UGLY);
    folder.write("fine.policy", UGLY);
    folder.run(["fmt", "fine.policy"]).fine();
    let run = folder.run(["fmt", "--check", "ugly.policy", "fine.policy"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), "ugly.policy\n"));
    assert_eq!(folder.read("ugly.policy"), UGLY);
    assert_eq!(folder.run(["fmt", "--check", "fine.policy"]).fine(), "");
}

#[test]
fn stdout_shows_it_and_changes_nothing() {
    let folder = Folder::with("mail.policy", UGLY);
    let out = folder.run(["fmt", "--stdout", "mail.policy"]).fine();
    assert_eq!(folder.read("mail.policy"), UGLY);
    folder.run(["fmt", "mail.policy"]).fine();
    assert_eq!(folder.read("mail.policy"), out);
}

#[test]
fn one_spelling_becomes_the_other_and_back() {
    let folder = Folder::with("mail.policy", UGLY);
    folder.run(["fmt", "mail.policy"]).fine();
    let yaml = folder.run(["fmt", "--to", "yaml", "mail.policy"]).fine();
    assert!(yaml.starts_with("policy: mail\n"), "{yaml}");
    folder
        .run(["fmt", "--to", "yaml", "-o", "mail.yaml", "mail.policy"])
        .fine();
    assert_eq!(folder.read("mail.yaml"), yaml);
    let back = folder.run(["fmt", "--to", "dsl", "mail.yaml"]).fine();
    assert_eq!(back, folder.read("mail.policy"));
}

#[test]
fn a_dialect_becomes_the_language_and_is_never_rewritten() {
    let text = "\
version: \"1.0\"
name: mail
rules:
  - name: no-mail
    condition: {field: tool_name, operator: eq, value: send_email}
    action: deny
";
    let folder = Folder::with("rules.yaml", text);
    let out = folder.run(["fmt", "--to", "dsl", "rules.yaml"]).fine();
    assert!(out.contains("policy mail") && out.contains("deny"), "{out}");
    let run = folder.run(["fmt", "rules.yaml"]);
    assert_eq!(run.code, Some(0));
    assert!(run.err.contains("left as it is"), "{}", run.err);
    assert_eq!(folder.read("rules.yaml"), text);
    assert_eq!(folder.run(["fmt", "--check", "rules.yaml"]).code, Some(0));
}

#[test]
fn a_file_with_mistakes_is_left_alone() {
    let folder = Folder::with("bad.policy", "policy mail { deny");
    let run = folder.run(["fmt", "bad.policy"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("error[AOS0001]"), "{}", run.err);
    assert_eq!(folder.read("bad.policy"), "policy mail { deny");
}

#[test]
fn a_sound_file_is_rewritten_beside_a_broken_one() {
    let folder = Folder::with("bad.policy", "policy mail { deny");
    folder.write("ugly.policy", UGLY);
    assert_eq!(
        folder.run(["fmt", "bad.policy", "ugly.policy"]).code,
        Some(1)
    );
    assert_ne!(folder.read("ugly.policy"), UGLY);
}

#[test]
#[cfg(unix)]
fn permissions_and_links_stay() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::with("real.policy", UGLY);
    let private = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path("real.policy"), private).unwrap();
    std::os::unix::fs::symlink("real.policy", folder.path("link.policy")).unwrap();
    folder.run(["fmt", "link.policy"]).fine();
    assert!(folder.path("link.policy").is_symlink());
    assert_ne!(folder.read("real.policy"), UGLY);
    let mode = folder
        .path("real.policy")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
#[cfg(unix)]
fn a_name_that_is_no_text_keeps_its_file() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = Folder::new();
    let path = folder
        .path("")
        .join(std::ffi::OsStr::from_bytes(b"mail\xff.policy"));
    std::fs::write(&path, UGLY).unwrap();
    let status = crate::command(&folder.path(""))
        .arg("fmt")
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    assert_ne!(std::fs::read_to_string(&path).unwrap(), UGLY);
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn the_shipped_policies_and_those_of_the_examples_are_in_form() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("policies")];
    for example in std::fs::read_dir(root.join("examples")).unwrap() {
        folders.push(example.unwrap().path().join("policies"));
    }
    let files: Vec<std::path::PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "policy")
        })
        .collect();
    assert!(files.len() >= 8, "{files:?}");
    let output = crate::command(&root)
        .args(["fmt", "--check"])
        .args(&files)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr)
        ),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn flags_that_do_not_go_together_are_a_wrong_call() {
    let folder = Folder::with("mail.policy", UGLY);
    folder.write("other.policy", UGLY);
    folder
        .run(["fmt", "--check", "--stdout", "mail.policy"])
        .wrong();
    folder.run(["fmt", "-o", "x.yaml", "mail.policy"]).wrong();
    folder
        .run([
            "fmt",
            "--to",
            "yaml",
            "-o",
            "x.yaml",
            "mail.policy",
            "other.policy",
        ])
        .wrong();
    folder.run(["fmt", "--to", "json", "mail.policy"]).wrong();
    folder.run(["fmt"]).wrong();
}
