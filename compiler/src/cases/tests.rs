use super::{Cases, MAX_CASES, read};

const SOUND: &str = "\
[[request]]
name = \"a call\"
action = \"chat\"
decision = \"allow\"
";

/// The mistakes of a text as `line:column message; help`.
fn mistakes(text: &str) -> Vec<String> {
    let mistakes = read(text).expect_err("the text has a mistake");
    let shown = mistakes.iter().map(|mistake| {
        let (line, column) = (mistake.at.line, mistake.at.column);
        let help = mistake.help.iter().map(|help| format!("; {help}"));
        format!(
            "{line}:{column} {}{}",
            mistake.message,
            help.collect::<String>()
        )
    });
    shown.collect()
}

fn cases(text: &str) -> Cases {
    read(text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

#[test]
fn a_case_becomes_the_request_that_a_program_would_send() {
    let text = "\
floor = [\"permissive\"]

[[request]]
name = \"a \\\"call\\\"\"
action = \"pay\"
agent = \"a1\"
stage = \"output\"
params.z = [1, { deep = \"\\u00e9\" }]
params.a = true
context.confidence = 0.90
attested.role = \"clerk\"
decision = \"escalate\"
rule = \"large\"
reason = \"too much\"
";
    let cases = cases(text);
    assert_eq!(cases.floor[0].name, "permissive");
    assert_eq!((cases.floor[0].at.line, cases.floor[0].at.column), (1, 10));
    let case = &cases.cases[0];
    assert_eq!(case.at.line, 3);
    assert_eq!(
        case.request(&["pays", "permissive"]),
        r#"{"id":"a \"call\"","action":"pay","agent_id":"a1","stage":"output","params":{"z":[1,{"deep":"é"}],"a":true},"context":{"confidence":0.90},"attested":{"role":"clerk"},"policies":["pays","permissive"]}"#
    );
}

#[test]
fn numbers_keep_their_digits() {
    let params = "params.n = [1_000, 0xff, -3, +4, 1_0.50, 1e06, 123456789012345678901234567890]\n";
    let request = cases(&format!("{SOUND}{params}")).cases[0].request(&[]);
    assert!(
        request.contains("[1000,255,-3,4,10.50,1e06,123456789012345678901234567890]"),
        "{request}"
    );
}

#[test]
fn an_unknown_word_is_named_with_its_place_and_the_nearest_one() {
    assert_eq!(
        mistakes(&format!("flor = []\n{SOUND}")),
        ["1:1 `flor` is not a key of a cases file; did you mean `floor`?"]
    );
    assert_eq!(
        mistakes(&format!("{SOUND}resaon = \"x\"\n")),
        ["5:1 `resaon` is not a key of a case; did you mean `reason`?"]
    );
    assert_eq!(
        mistakes(&SOUND.replace("allow", "alow")),
        ["4:12 `alow` is no effect; did you mean `allow`?"]
    );
    assert_eq!(
        mistakes(&SOUND.replace("allow", "forbidden")),
        [
            "4:12 `forbidden` is no effect; it is one of `allow`, `audit`, `defer`, `escalate` and `deny`"
        ]
    );
    assert_eq!(
        mistakes(&format!("{SOUND}stage = \"imput\"\n")),
        ["5:9 `imput` is no stage; did you mean `input`?"]
    );
}

#[test]
fn all_mistakes_are_named_by_place() {
    let text = "\
[[request]]
name = 1
acton = \"chat\"
decision = \"allow\"

[[request]]
name = \"b\"
action = \"chat\"
params = \"x\"
decision = \"deny\"
";
    assert_eq!(
        mistakes(text),
        [
            "1:1 this case has no `action`",
            "2:8 `name` takes a text, not a number",
            "3:1 `acton` is not a key of a case; did you mean `action`?",
            "9:10 `params` takes a table, not a text",
        ]
    );
}

#[test]
fn what_is_not_toml_is_named_with_its_place() {
    let found = mistakes(&format!("{SOUND}rule = \n"));
    assert!(found[0].starts_with("5:"), "{found:?}");
    assert!(found[0].contains("not TOML: "), "{found:?}");
    let found = mistakes(&format!("{SOUND}name = \"again\"\n"));
    assert!(
        found[0].starts_with("5:1 not TOML: duplicate key"),
        "{found:?}"
    );
}

#[test]
fn a_name_is_that_of_one_case() {
    assert_eq!(
        mistakes(&format!("{SOUND}\n{SOUND}")),
        ["6:1 `a call` is the name of two cases; name it otherwise than the one in line 1"]
    );
}

#[test]
fn a_file_without_a_case_tests_nothing_and_is_a_mistake() {
    assert!(mistakes("")[0].starts_with("1:1 there is no case in this file"));
    assert_eq!(
        mistakes("request = 7"),
        ["1:11 `request` takes tables: `[[request]]`, not a number"]
    );
    assert_eq!(
        mistakes("request = []"),
        [
            "1:1 there is no case in this file; write one: `[[request]]`, with `name`, `action` and `decision`"
        ]
    );
}

#[test]
fn what_no_request_can_hold_is_a_mistake() {
    assert_eq!(
        mistakes(&format!("{SOUND}params.day = 2026-01-01\n")),
        ["5:14 a request has no dates, only texts: put it in quotes"]
    );
    assert_eq!(
        mistakes(&format!("{SOUND}params.n = -inf\n")),
        ["5:12 a request has no such number: `inf` and `nan` are none"]
    );
    let many = format!("{SOUND}params.n = [{}]\n", "0,".repeat(100_001));
    assert!(mistakes(&many)[0].contains("`MOST_VALUES`"));
}

#[test]
fn more_cases_than_the_bound_are_refused_by_its_name() {
    let text = "[[request]]\n".repeat(MAX_CASES + 1);
    assert_eq!(mistakes(&text), ["1:1 more cases than `MAX_CASES` (10000)"]);
}
