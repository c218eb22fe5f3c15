//! What the functions answer in SQL, and what they refuse.

use agentos_scale::register;
use datafusion::prelude::SessionContext;

async fn ask(sql: &str) -> Result<String, String> {
    let context = SessionContext::new();
    register(&context, &crate::policies());
    let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
    frame.to_string().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_line_is_decided_by_the_policies_it_is_asked_of() {
    let line = r#"'{"action": "send", "params": {"to": "x"}, "effect": "audit"}'"#;
    let sql = format!(
        "SELECT agentos_decide('new', {line}) AS new, agentos_decide('old', {line}) AS old, \
         agentos_recorded({line}) AS was, agentos_reason('new', {line}) AS why"
    );
    let rows = ask(&sql).await.unwrap();
    for words in [
        "{effect: deny, cause: rule, policy: mail, rule: no-x, at: p.policy:1:",
        "{effect: allow, cause: rule, policy: mail, rule: all, ",
        "{effect: audit, cause: recorded, policy: , rule: , at: , error: }",
        "`send` is denied by rule `no-x`",
    ] {
        assert!(rows.contains(words), "{words}\n{rows}");
    }
}

#[tokio::test]
async fn what_is_no_request_has_an_error_and_no_effect() {
    let rows = ask(
        "SELECT agentos_decide('new', line)['effect'] AS effect, \
         agentos_decide('new', line)['error'] AS error, agentos_decide('new', line) IS NULL AS nothing \
         FROM (VALUES ('{\"action\": 1}'), ('  '), (NULL), ('no')) AS log (line)",
    )
    .await
    .unwrap();
    assert!(!rows.contains("allow") && !rows.contains("deny"), "{rows}");
    assert_eq!(rows.matches("| true ").count(), 1, "{rows}");
    assert!(rows.contains("a cell is null"), "{rows}");
    assert_eq!(rows.matches("| false ").count(), 3, "{rows}");
}

#[tokio::test]
async fn columns_become_the_line_that_they_would_be() {
    let rows = ask(
        "SELECT agentos_line(named_struct('action', a, 'params', p, 'time', 1)) AS line \
         FROM (VALUES ('read', '{\"n\": 1}'), ('read', '{}, \"attested\": {}'), (NULL, NULL)) AS log (a, p)",
    )
    .await
    .unwrap();
    assert!(
        rows.contains(r#"| {"action":"read","params":{"n": 1}} |"#),
        "{rows}"
    );
    assert!(!rows.contains("attested"), "{rows}");
}

#[tokio::test]
async fn a_wrong_call_is_told_before_anything_is_read() {
    for (sql, expected) in [
        (
            "SELECT agentos_decide('mid', 'x')",
            "but these are: `new`, `old`",
        ),
        ("SELECT agentos_decide('x')", "agentos_decide('NAME', line)"),
        (
            "SELECT agentos_decide('new', 1)",
            "agentos_decide('NAME', line)",
        ),
        (
            "SELECT agentos_decide(n, n) FROM (VALUES ('new')) AS t (n)",
            "the same for all rows",
        ),
        ("SELECT agentos_line('x')", "agentos_line(named_struct("),
        (
            "SELECT agentos_line(named_struct('acton', 'x'))",
            "neither a column `request` nor a column `action`",
        ),
    ] {
        let error = ask(sql).await.unwrap_err();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}
