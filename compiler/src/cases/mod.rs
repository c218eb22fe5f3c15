//! A text in TOML in, the cases of a policy out; or every mistake in it, each
//! with its place.
//!
//! ```toml
//! floor = ["permissive"]          # policies that are asked beside it
//!
//! [[request]]
//! name = "a key in the body"
//! action = "send_email"           # and `agent`, `stage`, `context`, `attested`
//! params.body = "my API_KEY is 12"
//! decision = "deny"
//! rule = "no-secrets"             # without it: no rule decided
//! reason = "a secret would leave" # without it: any
//! ```
//!
//! A `NAME.cases.toml` stands beside the policy file of the same stem. This is
//! the one reader of such files: the command and our own tests share it.

mod difference;
mod value;

use std::fmt::Write as _;

use agentos_runtime::{Effect, Request, RequestSource};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    grammar::limits::MAX_SOURCE_BYTES,
    nearest::nearest,
    source::{Position, Source},
};

pub use difference::{Difference, Part};

/// What the names of cases files end in, after the stem of their policy file.
pub const ENDING: &str = ".cases.toml";
/// How many cases one file may have.
pub const MAX_CASES: usize = 10_000;

const FILE_KEYS: [&str; 2] = ["floor", "request"];
const CASE_KEYS: [&str; 10] = [
    "name", "action", "agent", "stage", "params", "context", "attested", "decision", "rule",
    "reason",
];
const STAGES: [&str; 3] = ["input", "call", "output"];

/// The cases of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cases {
    /// Policies that are asked beside those of the file.
    pub floor: Vec<Named>,
    /// In the order they were written.
    pub cases: Vec<Case>,
}

/// A policy, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub at: Position,
}

/// A request, and what is expected of its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// Where it begins.
    pub at: Position,
    /// The effect of the decision.
    pub effect: Effect,
    /// The rule that decided; absent: none did.
    pub rule: Option<String>,
    /// The reason given; absent: any.
    pub reason: Option<String>,
    /// The request as JSON, without its last brace.
    request: String,
}

/// Something in a cases file that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub at: Position,
    /// One lower-case line without a final period; user text in backticks.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Case {
    /// The request as a program would send it, to be judged by `policies`.
    pub fn request(&self, policies: &[&str]) -> String {
        let policies = serde_json::Value::from(policies);
        format!("{},\"policies\":{policies}}}", self.request)
    }
}

/// Reads the text of a cases file.
///
/// ```
/// use agentos_compiler::cases;
///
/// let mistakes = cases::read("[[request]]\nname = 'a'\naction = 'chat'\ndecision = 'dany'")
///     .expect_err("there is no such effect");
/// assert_eq!((mistakes[0].at.line, mistakes[0].at.column), (4, 12));
/// assert_eq!(mistakes[0].help.as_deref(), Some("did you mean `deny`?"));
/// ```
///
/// # Errors
///
/// Every mistake in the text, by place.
pub fn read(text: &str) -> Result<Cases, Vec<Mistake>> {
    if text.len() > MAX_SOURCE_BYTES {
        let message = format!("larger than `MAX_SOURCE_BYTES` ({MAX_SOURCE_BYTES} bytes)");
        return Err(vec![Mistake::at_start(message)]);
    }
    let mut reading = Reading {
        source: Source::new(String::new(), text),
        mistakes: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reading.mistake(at, format!("not TOML: {}", error.message()), None);
    }
    let cases = if reading.mistakes.is_empty() {
        reading.file(table.get_ref())
    } else {
        None
    };
    let mut mistakes = reading.mistakes;
    match cases {
        Some(cases) if mistakes.is_empty() => Ok(cases),
        _ => {
            mistakes.sort_by_key(|mistake| mistake.at);
            Err(mistakes)
        }
    }
}

impl Mistake {
    fn at_start(message: String) -> Mistake {
        Mistake {
            at: Position { line: 1, column: 1 },
            message,
            help: None,
        }
    }
}

struct Reading {
    source: Source,
    mistakes: Vec<Mistake>,
}

/// A table, and the byte at which it begins.
type Table<'t> = (&'t DeTable<'t>, usize);

impl Reading {
    fn mistake(&mut self, byte: usize, message: String, help: Option<String>) {
        let at = self.source.position(byte);
        self.mistakes.push(Mistake { at, message, help });
    }

    fn file(&mut self, table: &DeTable<'_>) -> Option<Cases> {
        self.keys(table, &FILE_KEYS, "a cases file");
        let mut floor = Vec::new();
        if let Some(value) = table.get("floor") {
            let names = self.list(value, "floor", "a list of names")?;
            for name in names {
                let at = self.source.position(name.span().start);
                let name = self.text(name, "floor")?;
                floor.push(Named { name, at });
            }
        }
        let wanted = "tables: `[[request]]`";
        let requests = match table.get("request") {
            Some(value) => self.list(value, "request", wanted)?,
            None => &[],
        };
        if requests.is_empty() {
            self.mistakes.push(Mistake {
                help: Some("write one: `[[request]]`, with `name`, `action` and `decision`".into()),
                ..Mistake::at_start("there is no case in this file".to_owned())
            });
            return None;
        }
        if requests.len() > MAX_CASES {
            let message = format!("more cases than `MAX_CASES` ({MAX_CASES})");
            self.mistakes.push(Mistake::at_start(message));
            return None;
        }
        let mut cases: Vec<Case> = Vec::new();
        for request in requests {
            let start = request.span().start;
            let DeValue::Table(case) = request.get_ref() else {
                self.wrong_type(request, "request", wanted);
                continue;
            };
            if let Some(case) = self.case((case, start)) {
                cases.push(case);
            }
        }
        self.names(&cases);
        Some(Cases { floor, cases })
    }

    /// A name says which case failed: of two that share it, nobody could tell.
    fn names(&mut self, cases: &[Case]) {
        let mut seen = std::collections::HashMap::new();
        for case in cases {
            let Some(first) = seen.insert(&case.name, case.at) else {
                continue;
            };
            self.mistakes.push(Mistake {
                at: case.at,
                message: format!("`{}` is the name of two cases", case.name),
                help: Some(format!(
                    "name it otherwise than the one in line {}",
                    first.line
                )),
            });
        }
    }

    fn case(&mut self, (table, start): Table<'_>) -> Option<Case> {
        let before = self.mistakes.len();
        self.keys(table, &CASE_KEYS, "a case");
        let name = self.required((table, start), "name");
        let action = self.required((table, start), "action");
        let effect = self.effect((table, start));
        let agent = self.optional(table, "agent");
        let stage = self.stage(table);
        let rule = self.optional(table, "rule");
        let reason = self.optional(table, "reason");
        let mut maps = Vec::new();
        for key in ["params", "context", "attested"] {
            if let Some(value) = table.get(key) {
                maps.push((key, self.map(value, key)?));
            }
        }
        let (name, action, effect) = (name?, action?, effect?);
        if self.mistakes.len() > before {
            return None;
        }
        let mut request = format!("{{\"id\":{},\"action\":{}", quoted(&name), quoted(&action));
        for (key, value) in [("agent_id", agent), ("stage", stage)] {
            if let Some(value) = value {
                let _ = write!(request, ",\"{key}\":{}", quoted(&value));
            }
        }
        for (key, map) in maps {
            let _ = write!(request, ",\"{key}\":{map}");
        }
        let case = Case {
            name,
            at: self.source.position(start),
            effect,
            rule,
            reason,
            request,
        };
        // What bounds a request bounds a case.
        if let Err(error) = Request::from_json(case.request(&[]).as_bytes(), RequestSource::Host) {
            self.mistake(
                start,
                format!("this is no request: {}", error.problem),
                None,
            );
            return None;
        }
        Some(case)
    }

    fn effect(&mut self, table: Table<'_>) -> Option<Effect> {
        let word = self.required(table, "decision")?;
        let effect = Effect::ALL.into_iter().find(|effect| effect.name() == word);
        if effect.is_none() {
            let known = Effect::ALL.map(|effect| effect.name().to_owned());
            self.unknown_word(table.0, "decision", &word, "effect", &known);
        }
        effect
    }

    fn stage(&mut self, table: &DeTable<'_>) -> Option<String> {
        let word = self.optional(table, "stage")?;
        let known = STAGES.map(str::to_owned);
        if !known.contains(&word) {
            self.unknown_word(table, "stage", &word, "stage", &known);
        }
        Some(word)
    }

    fn unknown_word(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        word: &str,
        what: &str,
        known: &[String],
    ) {
        let byte = table.get(key).map_or(0, |value| value.span().start);
        let words = known.iter().map(String::as_str);
        let help = nearest(word, words).map_or_else(
            || format!("it is one of {}", listed(known)),
            |near| format!("did you mean `{near}`?"),
        );
        self.mistake(byte, format!("`{word}` is no {what}"), Some(help));
    }

    /// Names every key that nobody knows.
    fn keys(&mut self, table: &DeTable<'_>, known: &[&str], of: &str) {
        for (key, _) in table {
            let word = &**key.get_ref();
            if !known.contains(&word) {
                let help = nearest(word, known.iter().copied()).map_or_else(
                    || format!("it has {}", listed(known)),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{word}` is not a key of {of}");
                self.mistake(key.span().start, message, Some(help));
            }
        }
    }

    fn required(&mut self, (table, start): Table<'_>, key: &str) -> Option<String> {
        if !table.contains_key(key) {
            self.mistake(start, format!("this case has no `{key}`"), None);
        }
        self.optional(table, key)
    }

    fn optional(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        self.text(table.get(key)?, key)
    }

    fn text(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.wrong_type(value, key, "a text");
        None
    }

    fn list<'v>(
        &mut self,
        value: &'v Spanned<DeValue<'v>>,
        key: &str,
        wanted: &str,
    ) -> Option<&'v [Spanned<DeValue<'v>>]> {
        if let DeValue::Array(list) = value.get_ref() {
            return Some(list);
        }
        self.wrong_type(value, key, wanted);
        None
    }

    /// A table as JSON.
    fn map(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<String> {
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            self.wrong_type(value, key, "a table");
            return None;
        }
        let mut out = String::new();
        match value::write(value, &mut out) {
            Ok(()) => Some(out),
            Err(value::NoJson { byte, message }) => {
                self.mistake(byte, message, None);
                None
            }
        }
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let found = value::kind(value.get_ref());
        let message = format!("`{key}` takes {wanted}, not {found}");
        self.mistake(value.span().start, message, None);
    }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// "`a`, `b` and `c`"
fn listed(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
