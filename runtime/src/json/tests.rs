//! What is a request, and what is none.

use super::*;

fn read(text: &str) -> Result<Request<'_>, RequestError> {
    Request::from_json(text.as_bytes(), RequestSource::Host)
}

fn refusal(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn a_request_reads_as_it_is_built_by_hand() {
    let inner: Map<'_> = [("deep", Value::from(vec![Value::Null, true.into()]))]
        .into_iter()
        .collect();
    let request = read(
        r#"{"id": "r1", "agent_id": "a1", "action": "pay", "params": {"b": -2.50, "a": {"deep": [null, true]}, "line": "a\nb"},
            "context": {"confidence": 1e-1}, "attested": {"user": "u"}, "policies": ["p", "q"], "stage": "output"}"#,
    );
    let by_hand = Request::new("a1", "pay")
        .id("r1")
        .param("b", -2.5)
        .param("a", inner)
        .param("line", "a\nb")
        .context("confidence", 0.1)
        .attested("user", "u")
        .policy("p")
        .policy("q")
        .stage(Stage::Output);
    assert_eq!(request.unwrap(), by_hand);
    assert_eq!(
        read(r#"{"action": "a", "params": null, "policies": null, "stage": null, "id": null}"#)
            .unwrap(),
        Request::new("", "a")
    );
}

#[test]
fn texts_without_escapes_are_borrowed() {
    let request =
        read(r#"{"action": "a", "params": {"plain": "é", "escaped": "\u00e9"}}"#).unwrap();
    assert!(matches!(request.action, Cow::Borrowed("a")));
    assert!(matches!(
        request.params.get("plain"),
        Some(Value::String(Cow::Borrowed("é")))
    ));
    assert!(
        matches!(request.params.get("escaped"), Some(Value::String(Cow::Owned(text))) if text == "é")
    );
}

#[test]
fn numbers_are_exact_or_out_of_range() {
    let value = |digits: &str| {
        let line = format!(r#"{{"action": "a", "params": {{"n": {digits}}}}}"#);
        read(&line).unwrap().params.get("n").unwrap().to_string()
    };
    assert_eq!(value("9007199254740993"), "9007199254740993");
    assert_eq!(value("-0.10"), "-0.1");
    assert_eq!(value("1e3"), "1000");
    let line = format!(
        r#"{{"action": "a", "params": {{"n": {}}}}}"#,
        "9".repeat(50)
    );
    assert!(
        matches!(read(&line).unwrap().params.get("n"), Some(Value::OutOfRange(digits)) if digits.len() == 50)
    );
}

#[test]
fn what_is_no_request_is_refused_at_its_place() {
    for (text, message) in [
        ("", "not JSON: EOF while parsing a value, at byte 0"),
        ("nonsense", "not JSON: expected ident, at byte 1"),
        ("null", "a request is an object, not null, at byte 0"),
        ("[1]", "a request is an object, not a list, at byte 0"),
        ("{}", "a request needs the key `action`, at byte 2"),
        (
            r#"{"action": null}"#,
            "`action` takes a text, not null, at byte 11",
        ),
        (
            r#"{"action": 1}"#,
            "`action` takes a text, not a number, at byte 11",
        ),
        (
            r#"{"action": "a", "params": []}"#,
            "`params` takes an object, not a list, at byte 26",
        ),
        (
            r#"{"action": "a", "policies": ["p", 1]}"#,
            "`policies` takes a list of texts, not a number, at byte 34",
        ),
        (
            r#"{"action": "a", "polices": []}"#,
            "`polices` is not a key of a request (did you mean `policies`?), at byte 16",
        ),
        (
            r#"{"action": "a", "action": "b"}"#,
            "the key `action` stands twice, at byte 16",
        ),
        (
            r#"{"action": "a", "params": {"x": 1, "\u0078": 2}}"#,
            "the key `x` stands twice, at byte 44",
        ),
        (
            r#"{"action": "a", "stage": "inptu"}"#,
            "`inptu` is not a stage (did you mean `input`?): it is `input`, `call` or `output`, at byte 32",
        ),
    ] {
        assert_eq!(refusal(text), message);
    }
    for text in [
        r#"{"action": "a"} x"#,
        r#"{"action": "a",}"#,
        r#"{"action": "a", "params": {"n": NaN}}"#,
        r#"{"action": "a", "params": {"n": 01}}"#,
        "{\"action\": \"a\nb\"}",
        r#"{"action": "\ud800"}"#,
    ] {
        assert!(
            matches!(read(text).unwrap_err().problem, RequestProblem::Json(_)),
            "{text}"
        );
    }
    assert_eq!(
        Request::from_json(b"{\"action\": \"\xff\"}", RequestSource::Host)
            .unwrap_err()
            .problem,
        RequestProblem::Utf8
    );
}

#[test]
fn a_key_that_stands_twice_among_many_is_found() {
    let mut keys: Vec<String> = (0..40).map(|n| format!("\"k{n}\": {n}")).collect();
    let line = |keys: &[String]| format!(r#"{{"action": "a", "params": {{{}}}}}"#, keys.join(", "));
    assert_eq!(read(&line(&keys)).unwrap().params.len(), 40);
    for twice in [0, 15, 16, 17, 39] {
        keys.push(format!("\"k{twice}\": 0"));
        assert_eq!(
            read(&line(&keys)).unwrap_err().problem,
            RequestProblem::Duplicate(format!("k{twice}"))
        );
        keys.pop();
    }
}

#[test]
fn an_error_keeps_the_id_that_was_read_before_it() {
    assert_eq!(
        read(r#"{"id": "r9", "action": 1}"#)
            .unwrap_err()
            .id
            .as_deref(),
        Some("r9")
    );
    assert_eq!(read(r#"{"action": 1, "id": "r9"}"#).unwrap_err().id, None);
}

#[test]
fn size_and_nesting_are_bounded() {
    let nested = |depth: usize| {
        format!(
            r#"{{"action": "a", "params": {{"p": {}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert!(read(&nested(DEEPEST_VALUE)).is_ok());
    assert_eq!(
        read(&nested(DEEPEST_VALUE + 1)).unwrap_err().problem,
        RequestProblem::TooDeep
    );
    assert_eq!(
        read(&nested(1_000_000)).unwrap_err().problem,
        RequestProblem::TooDeep
    );
    let many = |count: usize| {
        format!(
            r#"{{"action": "a", "params": {{"p": [{}0]}}}}"#,
            "0,".repeat(count - 2)
        )
    };
    assert!(read(&many(MOST_VALUES)).is_ok());
    assert_eq!(
        read(&many(MOST_VALUES + 1)).unwrap_err().problem,
        RequestProblem::TooMany
    );
    let naming = |count: usize| {
        format!(
            r#"{{"action": "a", "policies": [{}"p"]}}"#,
            r#""p","#.repeat(count - 1)
        )
    };
    assert!(read(&naming(MOST_POLICIES)).is_ok());
    assert_eq!(
        read(&naming(MOST_POLICIES + 1)).unwrap_err().problem,
        RequestProblem::TooManyPolicies
    );
    let long = format!(r#"{{"action": "{}"}}"#, "a".repeat(LONGEST_REQUEST));
    assert_eq!(
        read(&long).unwrap_err().problem,
        RequestProblem::TooLong(long.len())
    );
    let digits = |sign: &str, count: usize| {
        format!(
            r#"{{"action": "a", "params": {{"n": {sign}{}}}}}"#,
            "9".repeat(count)
        )
    };
    for sign in ["", "-"] {
        assert!(read(&digits(sign, LONGEST_NUMBER)).is_ok());
        for count in [LONGEST_NUMBER + 2, 1_000_000] {
            let problem = read(&digits(sign, count)).err().map(|error| error.problem);
            assert_eq!(problem, Some(RequestProblem::LongNumber), "{sign}{count}");
        }
    }
}

#[test]
fn a_limit_that_is_passed_is_named() {
    for (problem, name) in [
        (RequestProblem::TooLong(1), "LONGEST_REQUEST"),
        (RequestProblem::TooDeep, "DEEPEST_VALUE"),
        (RequestProblem::TooMany, "MOST_VALUES"),
        (RequestProblem::TooManyPolicies, "MOST_POLICIES"),
        (RequestProblem::LongNumber, "LONGEST_NUMBER"),
    ] {
        assert!(problem.to_string().contains(name), "{problem}");
    }
}

#[test]
fn a_caller_attests_nothing() {
    let line = br#"{"action": "a", "attested": {"user": "root"}}"#;
    assert_eq!(
        Request::from_json(line, RequestSource::Wire)
            .unwrap_err()
            .problem,
        RequestProblem::Attested
    );
    assert!(Request::from_json(line, RequestSource::Host).is_ok());
}
