//! `agentos lsp` as an editor meets it: the command that was built, over its pipes.

mod client;
mod highlighting;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use client::{Client, edited, place};
use serde_json::{Value, json};

/// The text under a range.
fn under<'t>(text: &'t str, range: &Value) -> &'t str {
    let line = |at: &str| usize::try_from(range[at]["line"].as_u64().unwrap()).unwrap();
    let column = |at: &str| usize::try_from(range[at]["character"].as_u64().unwrap()).unwrap();
    assert_eq!(line("start"), line("end"));
    let text = text.lines().nth(line("start")).unwrap();
    let byte = |units: usize| {
        let mut left = units;
        let is_there = |(_, c): &(usize, char)| {
            let is_there = left == 0;
            left = left.saturating_sub(c.len_utf16());
            is_there
        };
        text.char_indices()
            .find(is_there)
            .map_or(text.len(), |(at, _)| at)
    };
    &text[byte(column("start"))..byte(column("end"))]
}

// ---- the conversation ----

#[test]
fn a_conversation_ends_as_the_protocol_says() {
    let mut client = Client::start();
    assert!(client.capabilities["hoverProvider"].as_bool().unwrap());
    assert_eq!(client.request("shutdown", &Value::Null), Value::Null);
    let id = client.ask("textDocument/hover", &json!({}));
    assert_eq!(client.response(id)["error"]["code"], -32600);
    client.notify("exit", &Value::Null);
    assert_eq!(client.ended().code(), Some(0));
}

#[test]
fn an_end_without_a_word_before_is_told_by_the_status() {
    let mut client = Client::start();
    client.notify("exit", &Value::Null);
    assert_eq!(client.ended().code(), Some(1));
    let mut client = Client::start();
    client.hang_up();
    assert_eq!(client.ended().code(), Some(1));
}

#[test]
fn what_is_no_message_ends_it_with_a_word() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_agentos"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    input.write_all(b"hello\r\n\r\n{}").unwrap();
    // The pipe stays open: it is what came over it that ends the server.
    let out = server.wait_with_output().unwrap();
    drop(input);
    assert_eq!(
        String::from_utf8(out.stderr).unwrap(),
        "error: standard input: `hello` is no line of the head of a message, \
         such as `Content-Length: 123`\n"
    );
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn what_is_no_request_is_answered_and_ends_nothing() {
    let mut client = Client::silent();
    let id = client.ask("textDocument/hover", &json!({}));
    assert_eq!(
        client.response(id)["error"]["code"],
        -32002,
        "before `initialize`"
    );
    client.notify("textDocument/didOpen", &json!({"a": 1}));
    client.request("initialize", &json!({"capabilities": {}}));
    let again = client.ask("initialize", &json!({"capabilities": {}}));
    assert_eq!(client.response(again)["error"]["code"], -32600);
    let id = client.ask("textDocument/mint", &json!({}));
    assert_eq!(client.response(id)["error"]["code"], -32601);
    let id = client.ask("textDocument/hover", &json!({"textDocument": 1}));
    assert_eq!(client.response(id)["error"]["code"], -32602);
    let place = json!({"textDocument": {"uri": "file:///nowhere"}, "position": {"line": 0, "character": 0}});
    let id = client.ask("textDocument/hover", &place);
    assert_eq!(client.response(id)["error"]["code"], -32602);
    client.send_bytes(b"Content-Length: 9\r\n\r\n{\"id\": 7,");
    client.send_bytes(b"Content-Length: 2\r\n\r\n[]");
    client.send_bytes(b"Content-Length: 13\r\n\r\n{\"id\": \"odd\"}");
    client.notify(
        "textDocument/didChange",
        &json!({"textDocument": {"uri": "file:///x"}}),
    );
    client.notify("$/whatever", &json!(null));
    client.wait("window/logMessage", |params| params["type"] == 1);
    let uri = client.open("a.policy", "policy a { alow b; }");
    client.found(&uri, 1, &["AOS0104"]);
}

#[test]
fn a_request_that_is_cancelled_is_answered_once() {
    let mut client = Client::start();
    let uri = client.open("p.policy", SUPPORT);
    let place = json!({"textDocument": {"uri": uri}, "position": {"line": 5, "character": 5}});
    let id = client.ask("textDocument/hover", &place);
    client.notify("$/cancelRequest", &json!({"id": id}));
    let answer = client.response(id);
    let is_cancelled = answer["error"]["code"] == -32800;
    assert!(is_cancelled || answer["result"].is_object(), "{answer}");
    client.request("shutdown", &Value::Null);
    client.notify("exit", &Value::Null);
    assert_eq!(client.ended().code(), Some(0));
    assert_eq!(
        client
            .rest()
            .iter()
            .filter(|message| message["id"] == id)
            .count(),
        0
    );
}

#[test]
fn files_are_watched_where_the_client_can() {
    let can = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut client = Client::with(&can);
    let asked = client.wait("client/registerCapability", |_| true);
    let options = &asked["params"]["registrations"][0]["registerOptions"];
    assert_eq!(
        options["watchers"][0]["globPattern"],
        "**/*.{policy,yaml,yml}"
    );
    client.write(
        "base.policy",
        "policy base { patterns s { substring \"a\"; } }",
    );
    let uri = client.open(
        "b.policy",
        "policy b { extends base; deny * when text matches t; }",
    );
    client.found(&uri, 1, &["AOS0108"]);
    client.write(
        "base.policy",
        "policy base { patterns t { substring \"a\"; } }",
    );
    client.notify("workspace/didChangeWatchedFiles", &json!({"changes": []}));
    client.found(&uri, 1, &[]);
}

// ---- findings ----

#[test]
fn findings_come_with_all_that_is_known_of_them() {
    let mut client = Client::start();
    let text = "policy p {\n    allow a;\n    allow a;\n}\n";
    let uri = client.open("p.policy", text);
    let found = client.found(&uri, 1, &["AOS0407"]);
    let finding = &found[0];
    assert_eq!(finding["severity"], 2);
    assert_eq!(finding["source"], "agentos");
    assert_eq!(under(text, &finding["range"]), "allow a;");
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.starts_with("this rule stands here already"),
        "{message}"
    );
    assert!(message.contains("\nhelp: take it out"), "{message}");
    assert_eq!(finding["data"]["name"], "repeated");
    let page = finding["codeDescription"]["href"].as_str().unwrap();
    assert!(
        page.ends_with("/compiler/src/finding/docs/repeated.md"),
        "{page}"
    );
    let related = &finding["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], uri);
    assert_eq!(
        related["location"]["range"]["start"],
        json!({"line": 1, "character": 4})
    );
    assert_eq!(related["message"], "the first one");
}

#[test]
fn places_count_units_of_utf_16_unless_bytes_are_wanted() {
    let text = "policy p { about \"😀 für alle\"; /* 語 */ dney a; }";
    let mut client = Client::start();
    assert_eq!(client.capabilities["positionEncoding"], "utf-16");
    let uri = client.open("p.policy", text);
    let found = client.found(&uri, 1, &["AOS0104"]);
    assert_eq!(under(text, &found[0]["range"]), "dney");
    // A change behind the emoji.
    let start = place(&text.replace("dney", "|dney"));
    let end = place(&text.replace("dney", "dney|"));
    client.change(
        &uri,
        2,
        &json!([{"range": {"start": start, "end": end}, "text": "deny"}]),
    );
    client.found(&uri, 2, &[]);

    let mut client = Client::with(&json!({"general": {"positionEncodings": ["utf-8", "utf-16"]}}));
    assert_eq!(client.capabilities["positionEncoding"], "utf-8");
    let uri = client.open("p.policy", text);
    let found = client.found(&uri, 1, &["AOS0104"]);
    let start = text.find("dney").unwrap();
    assert_eq!(found[0]["range"]["start"]["character"], start);
}

#[test]
fn changes_are_done_one_after_the_other() {
    let mut client = Client::start();
    let uri = client.open("p.policy", "policy p {\n    allow a;\n}\n");
    client.found(&uri, 1, &[]);
    let at = |line: u32, character: u32| json!({"line": line, "character": character});
    client.change(
        &uri,
        2,
        &json!([
            {"range": {"start": at(1, 12), "end": at(1, 12)}, "text": "\n    alow b;"},
            {"range": {"start": at(2, 9), "end": at(2, 10)}, "text": "c"},
            {"range": {"start": at(9, 9), "end": at(9, 10)}, "text": "// the end"},
        ]),
    );
    let found = client.found(&uri, 2, &["AOS0104"]);
    assert_eq!(found[0]["range"]["start"], at(2, 4));
    client.change(
        &uri,
        3,
        &json!([{"range": {"start": at(2, 4), "end": at(2, 8)}, "text": "allow"}]),
    );
    client.found(&uri, 3, &[]);
    let edits = client.request(
        "textDocument/formatting",
        &json!({"textDocument": {"uri": uri}, "options": {"tabSize": 4, "insertSpaces": true}}),
    );
    let text = "policy p {\n    allow a;\n    allow c;\n}\n// the end";
    let done = edited(text, &edits);
    assert_eq!(done, text.replace("\n//", "\n\n//") + "\n");
}

#[test]
fn proofs_come_after_and_show_a_request() {
    let mut client = Client::start();
    let text = "policy p {\n    deny delete_file;\n    allow read_file, delete_file;\n}\n";
    let uri = client.open("p.policy", text);
    let found = client.found(&uri, 1, &["AOS0410"]);
    assert_eq!(under(text, &found[0]["range"]), "delete_file");
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains(r#"the answer to {"action": "delete_file"} is deny"#),
        "{message}"
    );
}

#[test]
fn only_the_newest_text_is_told_of() {
    let mut client = Client::start();
    let uri = client.open("p.policy", "policy p { alow a; }");
    for version in 2..40 {
        client.replace(&uri, version, &format!("policy p {{ alow a{version}; }}"));
    }
    client.replace(&uri, 40, "policy p { allow a; }");
    client.found(&uri, 40, &[]);
    // Nothing of an older version comes behind it.
    client.replace(&uri, 41, "policy p { dney a; }");
    loop {
        let told = client.wait("textDocument/publishDiagnostics", |_| true);
        let version = told["params"]["version"].as_i64().unwrap();
        assert!(version >= 40, "{told}");
        if version == 41 {
            break;
        }
    }
    // A text that was closed has no findings, and opened again it has its own.
    client.notify(
        "textDocument/didClose",
        &json!({"textDocument": {"uri": uri}}),
    );
    client.wait("textDocument/publishDiagnostics", |params| {
        params.get("version").is_none() && params["diagnostics"] == json!([])
    });
    client.open("p.policy", "policy p { alow a; }");
    client.found(&uri, 1, &["AOS0104"]);
}

#[test]
fn broken_texts_have_every_mistake_and_break_nothing() {
    let mut client = Client::start();
    let uri = client.open(
        "p.policy",
        "policy p {\n    alow a;\n    deny b when c ==;\n    about \"x",
    );
    client.found(&uri, 1, &["AOS0104", "AOS0001", "AOS0001"]);
    for (version, text) in (2..).zip([
        "",
        "\u{0}",
        "}}}}",
        "policy",
        "\"",
        "/*",
        "😀",
        "policy p { when",
    ]) {
        client.replace(&uri, version, text);
        client.at("textDocument/completion", &uri, &format!("{text}|"));
        client.hover(&uri, &format!("{text}|"));
        client.at("textDocument/definition", &uri, &format!("{text}|"));
    }
    let uri = client.open("p.yaml", "policy: [p\nrules: {{");
    client.wait("textDocument/publishDiagnostics", |params| {
        params["uri"] == uri.as_str() && !params["diagnostics"].as_array().unwrap().is_empty()
    });
}

#[test]
fn yaml_is_checked_inside_its_texts() {
    let mut client = Client::start();
    let text = "policy: p\nabout: für 😀\nrules:\n  - allow: a\n    when: 'text == \"😀\" and amuont > 3'\n";
    let uri = client.open("p.yaml", text);
    let found = client.found(&uri, 1, &["AOS0105"]);
    assert_eq!(under(text, &found[0]["range"]), "amuont");
    // Files of other tools are read as the command reads them.
    let uri = client.open(
        "k.yaml",
        "kernel:\n  version: 1\n  mode: strict\nother: 1\n",
    );
    let told = client.wait("textDocument/publishDiagnostics", |params| {
        params["uri"] == uri.as_str()
    });
    assert_ne!(told["params"]["diagnostics"], json!([]));
}

// ---- several files ----

#[test]
fn a_policy_sees_what_it_extends_as_it_is_in_the_editor() {
    let mut client = Client::start();
    client.write(
        "base.policy",
        "policy base {\n    patterns keys { substring \"key\"; }\n}\n",
    );
    client.write("other.yaml", "services: {web: {image: x}}\n");
    let child = "policy child {\n    extends base;\n    deny * when text matches keys;\n}\n";
    let uri = client.open("child.policy", child);
    client.found(&uri, 1, &[]);
    let base = client.open(
        "base.policy",
        "policy base {\n    patterns locks { substring \"key\"; }\n}\n",
    );
    let found = client.found(&uri, 1, &["AOS0108"]);
    assert_eq!(under(child, &found[0]["range"]), "keys");
    client.replace(
        &base,
        2,
        "policy base {\n    patterns keys { substring \"key\"; }\n}\n",
    );
    client.found(&uri, 1, &[]);

    let marked = child.replace("keys", "ke|ys");
    let there = client.at("textDocument/definition", &uri, &marked);
    assert_eq!(there[0]["uri"], base);
    assert_eq!(
        there[0]["range"]["start"],
        json!({"line": 1, "character": 13})
    );
    let there = client.at(
        "textDocument/definition",
        &uri,
        &child.replace("base", "|base"),
    );
    assert_eq!(there[0]["uri"], base);
    assert_eq!(
        there[0]["range"]["start"],
        json!({"line": 0, "character": 7})
    );
    let said = client.hover(&uri, &marked);
    assert!(said.contains("The pattern set `keys`, 1 in all"), "{said}");
}

#[test]
fn the_files_of_a_project_are_checked_together() {
    let mut client = Client::start();
    client.write("policies/base.policy", "policy base { allow a; }");
    client.write(
        ".agents/team.yaml",
        "policy: team\nextends: base\nrules:\n  - allow: b\n",
    );
    let text = "policy one { extends base, team; }\npolicy base { allow c; }";
    let uri = client.open("policies/one.policy", text);
    let found = client.found(&uri, 1, &["AOS0102"]);
    let related = &found[0]["relatedInformation"][0]["location"]["uri"];
    assert_eq!(related, &client.uri("policies/base.policy"));
    // An error elsewhere is no reason to prove nothing here.
    client.write("policies/broken.policy", "policy broken { alow x; }");
    client.replace(&uri, 2, "policy one { extends base; deny b; allow b; }");
    client.found(&uri, 2, &["AOS0410"]);
}

#[test]
fn shipped_policies_can_be_read() {
    let mut client = Client::start();
    let text =
        "policy p {\n    extends baseline;\n    deny * when intent in [data_read] at 0.5;\n}\n";
    let uri = client.open("p.policy", text);
    let there = client.at(
        "textDocument/definition",
        &uri,
        &text.replace("baseline", "base|line"),
    );
    let shipped = there[0]["uri"].as_str().unwrap().to_owned();
    assert!(shipped.ends_with("/baseline.policy"), "{shipped}");
    let path = shipped.strip_prefix("file://").unwrap();
    let whole = std::fs::read_to_string(path).unwrap();
    let line = usize::try_from(there[0]["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    assert!(
        whole
            .lines()
            .nth(line)
            .unwrap()
            .starts_with("policy baseline")
    );
    let there = client.at(
        "textDocument/definition",
        &uri,
        &text.replace("data_read", "data|_read"),
    );
    assert!(
        there[0]["uri"]
            .as_str()
            .unwrap()
            .ends_with("/intents.policy")
    );
    let said = client.hover(&uri, &text.replace("baseline", "base|line"));
    assert!(said.starts_with("The shipped policy `baseline`"), "{said}");
    // They go with the server.
    let path = path.to_owned();
    client.request("shutdown", &Value::Null);
    client.notify("exit", &Value::Null);
    client.ended();
    assert!(!std::path::Path::new(&path).exists());
}

// ---- what stands there ----

const SUPPORT: &str = "\
policy support {
    action refund { amount: decimal, state: one of [\"open\", \"shut\"], note: string? }
    patterns secrets { substring \"password\"; regex r\"AKIA[0-9A-Z]{16}\"; }
    limits { tokens 4096; }
    allow refund when amount > 0 and amount <= 1000;
    escalate refund when amount > 1000 to \"boss\" because \"a person looks\";
    deny * when text matches secrets;
    expect audit-everything because \"for a day\";
    audit *;
    trust { supervisor \"boss\" level 0; }
}
";

#[test]
fn a_rule_is_said_in_words_with_a_request_that_it_decides() {
    let mut client = Client::start();
    let uri = client.open("p.policy", SUPPORT);
    let said = client.hover(&uri, &SUPPORT.replace("escalate", "esca|late"));
    assert!(
        said.starts_with("**escalate** to 1 of `boss`: `refund`, when `amount` is above 1000."),
        "{said}"
    );
    assert!(said.contains("it fires too"), "{said}");
    assert!(said.contains("> a person looks"), "{said}");
    let json = said
        .split("```")
        .nth(1)
        .unwrap()
        .strip_prefix("json")
        .unwrap();
    let request: Value = serde_json::from_str(json).unwrap();
    assert_eq!(request["action"], "refund");
    assert!(
        request["params"]["amount"].as_f64().unwrap() > 1000.0,
        "{request}"
    );
    // The same in YAML.
    let text = "policy: p\nrules:\n  - deny: send\n    when: params.to == \"all\"\n";
    let uri = client.open("p.yaml", text);
    let said = client.hover(&uri, &text.replace("deny", "de|ny"));
    assert!(
        said.starts_with("**deny**: `send`, when `to` is \"all\"."),
        "{said}"
    );
    assert!(
        said.contains(r#"{"action": "send", "params": {"to": "all"}}"#),
        "{said}"
    );
}

#[test]
fn names_and_words_say_what_they_are() {
    let mut client = Client::start();
    let uri = client.open("p.policy", SUPPORT);
    for (marked, part) in [
        (
            SUPPORT.replace("allow refund", "allow ref|und"),
            "action refund { amount: decimal",
        ),
        (
            SUPPORT.replace("amount > 0", "am|ount > 0"),
            "`amount` of `refund`: decimal",
        ),
        (
            SUPPORT.replace("text matches", "te|xt matches"),
            "as one text",
        ),
        (
            SUPPORT.replace("matches secrets", "matches sec|rets"),
            "The pattern set `secrets`, 2 in all",
        ),
        (SUPPORT.replace("tokens", "tok|ens"), "`max_tokens`"),
        (
            SUPPORT.replace("to \"boss\"", "to \"bo|ss\""),
            "a supervisor at level 0",
        ),
        (
            SUPPORT.replace("when amount > 1000", "wh|en amount > 1000"),
            "where this holds",
        ),
        (SUPPORT.replace("<=", "<|="), "At most"),
        (SUPPORT.replace("decimal,", "deci|mal,"), "38 digits"),
        (
            SUPPORT.replace("audit-every", "audit-|every"),
            "# AOS0403 audit-everything",
        ),
        (SUPPORT.replace("deny *", "deny |*"), "Every action"),
    ] {
        let said = client.hover(&uri, &marked);
        assert!(said.contains(part), "{part}: {said}");
    }
    // A finding's page stands with it.
    client.replace(&uri, 2, "policy p { alow a; }");
    client.found(&uri, 2, &["AOS0104"]);
    let said = client.hover(&uri, "policy p { al|ow a; }");
    assert!(said.contains("# AOS0104 unknown-effect"), "{said}");
    assert!(said.contains("## What to do"), "{said}");
    // Nothing is said of nothing.
    assert_eq!(client.hover(&uri, "policy p { alow a; } |"), "");
    let text = "policy: p\nlimits: {tokens: 3}\nrules:\n  - deny: a\n    when: text like \"x\"\n    because: x\n";
    let uri = client.open("p.yaml", text);
    for (marked, part) in [
        (text.replace("because", "bec|ause"), "the reason"),
        (text.replace("when: text", "when: te|xt"), "as one text"),
        (text.replace("tokens", "tok|ens"), "`max_tokens`"),
        (text.replace("rules", "ru|les"), "What is allowed"),
    ] {
        let said = client.hover(&uri, &marked);
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn names_lead_to_where_they_are_declared() {
    let mut client = Client::start();
    let uri = client.open("p.policy", SUPPORT);
    for (marked, line, column) in [
        (SUPPORT.replace("allow refund", "allow ref|und"), 1, 11),
        (SUPPORT.replace("amount > 0", "am|ount > 0"), 1, 20),
        (
            SUPPORT.replace("matches secrets", "matches secrets|"),
            2,
            13,
        ),
        (SUPPORT.replace("to \"boss\"", "to \"bo|ss\""), 9, 23),
    ] {
        let there = client.at("textDocument/definition", &uri, &marked);
        let start = json!({"line": line, "character": column});
        assert_eq!(there[0]["range"]["start"], start, "{marked}");
        assert_eq!(there[0]["uri"], uri);
    }
    let nothing = client.at(
        "textDocument/definition",
        &uri,
        &SUPPORT.replace("because", "bec|ause"),
    );
    assert_eq!(nothing, json!([]));
    let text = "policy: p\npatterns:\n  keys: [password]\nrules:\n  - deny: \"*\"\n    when: text matches keys\n";
    let uri = client.open("p.yaml", text);
    let there = client.at(
        "textDocument/definition",
        &uri,
        &text.replace("matches keys", "matches ke|ys"),
    );
    assert_eq!(
        there[0]["range"]["start"],
        json!({"line": 2, "character": 2})
    );
}

#[test]
fn what_fits_is_offered() {
    let mut client = Client::start();
    client.write("base.policy", "policy base { allow a; }");
    let uri = client.open("p.policy", "");
    let before = "policy p {
    extends base;
    action refund { amount: decimal, state: one of [\"open\", \"shut\"], text: string }
    patterns secrets { substring \"password\"; }
    trust { supervisor \"boss\" level 0; }
    allow list_files when attested.role == \"root\";
    ";
    let mut version = 1;
    for (typed, fits, not) in [
        ("", &["allow", "deny", "patterns"][..], "when"),
        ("deny ", &["refund", "list_files", "*"][..], "when"),
        ("deny ref", &["refund"][..], "amount"),
        ("deny refund ", &["when", "because"][..], "refund"),
        (
            "deny refund when ",
            &["amount", "params.text", "text", "attested.role", "not"][..],
            "refund",
        ),
        ("deny send when ", &["text", "context."][..], "amount"),
        ("deny refund when amount ", &["==", "<="][..], "when"),
        (
            "deny refund when state == ",
            &["\"open\"", "\"shut\""][..],
            "refund",
        ),
        ("deny * when text matches ", &["secrets"][..], "refund"),
        (
            "deny * when intent in [",
            &["data_exfiltration"][..],
            "secrets",
        ),
        ("extends ", &["base", "baseline", "no_pii"][..], "p"),
        ("limits { ", &["tokens", "timeout"][..], "deny"),
        ("expect ", &["shadowed-rule"][..], "unknown-effect"),
        ("escalate refund to ", &["\"boss\""][..], "refund"),
        (
            "action a { b: ",
            &["string", "decimal", "one of […]"][..],
            "one",
        ),
        // These are findings.
        ("action a { b: sh", &["string"][..], "shell"),
        ("action a { b: [", &["string"][..], "path"),
        ("default ", &["abstain"][..], "audit"),
        ("deny refund because \"am", &[][..], "amount"),
    ] {
        version += 1;
        let text = format!("{before}{typed}");
        client.replace(&uri, version, &text);
        let offered = client.complete(&uri, &format!("{text}|"));
        for fit in fits {
            assert!(
                offered.iter().any(|label| label == fit),
                "{typed}: {fit} in {offered:?}"
            );
        }
        assert!(
            !offered.iter().any(|label| label == not),
            "{typed}: {not} in {offered:?}"
        );
    }
    // What is written of the word already is replaced.
    let items = client.at(
        "textDocument/completion",
        &uri,
        &format!("{before}|deny refund because \"am"),
    );
    assert!(
        items
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["textEdit"]["range"]["start"]["line"] == 6)
    );

    let uri = client.open("q.yaml", "");
    let before =
        "policy: q\nactions:\n  refund: {amount: decimal}\npatterns:\n  keys: [password]\n";
    let mut version = 1;
    for (typed, fits) in [
        ("ru", &["rules", "limits"][..]),
        ("rules:\n  - ", &["allow", "deny"][..]),
        ("rules:\n  - deny: ", &["refund", "\"*\""][..]),
        ("rules:\n  - deny: [re", &["refund"][..]),
        ("rules:\n  - deny: refund\n    ", &["when", "because"][..]),
        (
            "rules:\n  - deny: refund\n    when: ",
            &["amount", "text"][..],
        ),
        (
            "rules:\n  - deny: refund\n    when: text matches ",
            &["keys"][..],
        ),
        ("extends: ", &["base", "baseline"][..]),
        ("default: ", &["abstain"][..]),
    ] {
        version += 1;
        let text = format!("{before}{typed}");
        client.replace(&uri, version, &text);
        let offered = client.complete(&uri, &format!("{text}|"));
        for fit in fits {
            assert!(
                offered.iter().any(|label| label == fit),
                "{typed}: {fit} in {offered:?}"
            );
        }
    }
    let text = "policy q { action a { b: on";
    let uri = client.open("q.policy", text);
    let items = client.at("textDocument/completion", &uri, &format!("{text}|"));
    let mut items = items.as_array().unwrap().iter();
    let one = items.find(|item| item["label"] == "one of […]").unwrap();
    assert_eq!(
        edited(text, &json!([one["textEdit"]])),
        "policy q { action a { b: one of ["
    );
}

#[test]
fn types_that_are_not_enforced_are_not_offered_in_yaml_either() {
    let mut client = Client::start();
    let text = "policy: q\nactions:\n  pay:\n    code: ";
    let uri = client.open("q.yaml", text);
    assert_eq!(
        client.complete(&uri, &format!("{text}|")),
        ["string", "integer", "decimal", "boolean", "timestamp"]
    );
}

// ---- changing texts ----

#[test]
fn texts_come_into_form_and_lose_no_comment() {
    let mut client = Client::start();
    let options = json!({"tabSize": 2, "insertSpaces": false});
    let text = "// für 😀\npolicy   p {\n  allow a ; // why\n\n\n/* and */ deny b when   x.y==1 or text matches r\"a\" ; }";
    let uri = client.open("p.policy", text);
    let params = json!({"textDocument": {"uri": uri}, "options": options});
    let edits = client.request("textDocument/formatting", &params);
    let done = edited(text, &edits);
    for comment in ["// für 😀", "// why", "and"] {
        assert!(done.contains(comment), "{done}");
    }
    assert!(done.contains("    allow a;"), "{done}");
    client.replace(&uri, 2, &done);
    assert_eq!(
        client.request("textDocument/formatting", &params),
        Value::Null,
        "in form already"
    );
    client.replace(&uri, 3, "policy p { alow a ; }");
    assert_eq!(
        client.request("textDocument/formatting", &params),
        Value::Null,
        "does not read"
    );

    let text = "policy:   p   # mine\nrules:\n    -   allow:   a\n";
    let uri = client.open("p.yaml", text);
    let params = json!({"textDocument": {"uri": uri}, "options": options});
    let edits = client.request("textDocument/formatting", &params);
    let done = edited(text, &edits);
    assert!(
        done.contains("policy: p") && done.contains("# mine") && done.contains("- allow: a"),
        "{done}"
    );
    let uri = client.open("k.yaml", "blocked_actions:\n    - a\n");
    let params = json!({"textDocument": {"uri": uri}, "options": options});
    assert_eq!(
        client.request("textDocument/formatting", &params),
        Value::Null,
        "another tool's"
    );
}

#[test]
fn a_fix_makes_its_finding_vanish() {
    let mut client =
        Client::with(&json!({"workspace": {"workspaceEdit": {"documentChanges": true}}}));
    for (number, (name, text, code, expected)) in [
        (
            "policy",
            "policy p { /* 😀 */ alow a; }",
            "AOS0104",
            "policy p { /* 😀 */ allow a; }",
        ),
        (
            "policy",
            "policy p { allow a }",
            "AOS0001",
            "policy p { allow a; }",
        ),
        (
            "policy",
            "policy p {\n    allow a;\n    allow a;\n}\n",
            "AOS0407",
            "policy p {\n    allow a;\n}\n",
        ),
        (
            "policy",
            "policy p { deny a; allow a, b; }",
            "AOS0410",
            "policy p { deny a; allow b; }",
        ),
        (
            "policy",
            "policy p { extends basline; allow a; }",
            "AOS0101",
            "policy p { extends baseline; allow a; }",
        ),
        (
            "yaml",
            "policy: p\nrules:\n  - alow: a # 😀\n",
            "AOS0104",
            "policy: p\nrules:\n  - allow: a # 😀\n",
        ),
        (
            "yaml",
            "policy: p\nrules:\n  - allow: a\n    becuase: x\n",
            "AOS0003",
            "policy: p\nrules:\n  - allow: a\n    because: x\n",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let uri = client.open(&format!("fix{number}/p.{name}"), text);
        let found = client.found(&uri, 1, &[code]);
        let fix = client
            .fix(&uri, &found[0])
            .unwrap_or_else(|| panic!("{text}"));
        assert_eq!(fix["kind"], "quickfix");
        assert_eq!(fix["diagnostics"][0]["code"], code);
        let change = &fix["edit"]["documentChanges"][0];
        assert_eq!(change["textDocument"], json!({"uri": uri, "version": 1}));
        let done = edited(text, &change["edits"]);
        assert_eq!(done, expected);
        client.replace(&uri, 2, &done);
        client.found(&uri, 2, &[]);
    }
    // Where nothing is certain, nothing is offered.
    let uri = client.open("none.policy", "policy p { allow a when b; }");
    let found = client.found(&uri, 1, &["AOS0001"]);
    assert_eq!(client.fix(&uri, &found[0]), None);
}
