//! The cells of a row in, the line of a log that says the same out.
//!
//! A row becomes the line that it would be in a log of lines, so that both are
//! read by the same reader. What a column holds as JSON is looked at first: a
//! cell cannot end the object that it is put into.

use serde_json::value::RawValue;

use crate::nearest::did_you_mean;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, which becomes one of JSON.
    Text,
    /// JSON as it is.
    Json,
    /// JSON, or a word.
    Either,
}

/// A column that says something about requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, which is that of a key in a line.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// The columns that are read, by name.
pub const COLUMNS: [Column; 11] = [
    column("request", Kind::Json),
    column("id", Kind::Text),
    column("agent_id", Kind::Text),
    column("action", Kind::Text),
    column("params", Kind::Json),
    column("context", Kind::Json),
    column("attested", Kind::Json),
    column("policies", Kind::Json),
    column("stage", Kind::Text),
    column("decision", Kind::Either),
    column("effect", Kind::Text),
];
const NOT_IN_A_REQUEST: [&str; 3] = ["request", "decision", "effect"];

/// Which of [`COLUMNS`] are read of a table whose columns have these names.
///
/// # Errors
///
/// Why its rows are no requests: one line, where nothing says what was asked.
pub fn read_of(names: &[&str]) -> Result<Vec<Column>, String> {
    let mut found: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|column| names.contains(&column.name))
        .collect();
    let has = |name: &str| names.contains(&name);
    if has("request") {
        // Other columns may say the same once more.
        found.retain(|column| NOT_IN_A_REQUEST.contains(&column.name));
    } else if !has("action") {
        let near = ["request", "action"]
            .iter()
            .find_map(|name| did_you_mean(name, names.iter().copied()))
            .map_or(String::new(), |near| format!(" ({near})"));
        return Err(format!(
            "it has neither a column `request` nor a column `action`{near}"
        ));
    }
    Ok(found)
}

/// Adds a row as a line to `out`, without its end; a cell may be null.
///
/// # Errors
///
/// Why it is none; `out` then has a part of it.
pub fn write_line<'c>(
    cells: impl IntoIterator<Item = (Column, Option<&'c [u8]>)>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut before = b'{';
    for (Column { name, kind }, cell) in cells {
        let Some(cell) = cell else {
            if name == "request" {
                return Err("`request` is null".to_owned());
            }
            continue;
        };
        let text =
            std::str::from_utf8(cell).map_err(|_| format!("the column `{name}` is not UTF-8"))?;
        let is_json = match kind {
            Kind::Text => false,
            Kind::Json => true,
            Kind::Either => text.trim_start().starts_with(['{', '"']),
        };
        out.push(before);
        before = b',';
        // Texts and names are always written.
        let _ = serde_json::to_writer(&mut *out, name);
        out.push(b':');
        if is_json {
            serde_json::from_str::<&RawValue>(text)
                .map_err(|error| format!("the column `{name}` is not JSON: {error}"))?;
            out.extend_from_slice(text.as_bytes());
        } else {
            let _ = serde_json::to_writer(&mut *out, text);
        }
    }
    if before == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, read_of, write_line};

    fn line(cells: &[(&str, Option<&str>)]) -> Result<String, String> {
        let cells = cells.iter().map(|(name, cell)| {
            let column = COLUMNS.into_iter().find(|column| column.name == *name);
            (column.unwrap(), cell.map(str::as_bytes))
        });
        let mut out = Vec::new();
        write_line(cells, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_row_is_the_line_that_it_would_be() {
        let cells = [
            ("action", Some("a \"b\"")),
            ("params", Some(r#"{"x": 1}"#)),
            ("stage", None),
            ("decision", Some("deny")),
        ];
        assert_eq!(
            line(&cells).unwrap(),
            r#"{"action":"a \"b\"","params":{"x": 1},"decision":"deny"}"#
        );
        assert_eq!(line(&[("action", None)]).unwrap(), "{}");
    }

    #[test]
    fn a_cell_does_not_end_the_line_it_is_put_into() {
        let error = line(&[("params", Some(r#"{}, "attested": {}"#))]).unwrap_err();
        assert!(
            error.starts_with("the column `params` is not JSON: "),
            "{error}"
        );
        let null = line(&[("request", None)]).unwrap_err();
        assert_eq!(null, "`request` is null");
    }

    #[test]
    fn what_says_the_request_is_read_alone() {
        let names = |columns: &[&str]| {
            read_of(columns).map(|read| read.iter().map(|column| column.name).collect::<Vec<_>>())
        };
        assert_eq!(
            names(&["action", "effect", "request", "time"]).unwrap(),
            ["request", "effect"]
        );
        assert_eq!(names(&["params", "action"]).unwrap(), ["action", "params"]);
        assert_eq!(
            names(&["acton"]).unwrap_err(),
            "it has neither a column `request` nor a column `action` (did you mean `acton`?)"
        );
    }
}
