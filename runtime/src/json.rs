//! Bytes in, a [`Request`] out, or why they are none.
//!
//! Requests that were recorded with their answers are in [`record`]. Texts without escapes are borrowed from the bytes. Numbers are read digit
//! by digit, so that none is rounded. A key that stands twice, or that nobody
//! knows, is refused.

pub(crate) mod record;
mod writing;

use std::{borrow::Cow, collections::HashSet, fmt};

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use crate::{
    nearest::nearest,
    request::Request,
    table::Stage,
    value::{DEEPEST_VALUE, Map, Spelling, Value},
};

/// The longest request, in bytes.
pub const LONGEST_REQUEST: usize = 16 << 20;

/// The most values that a request has in its lists and maps, all in all.
pub const MOST_VALUES: usize = 100_000;

/// The most policies that a request names.
pub const MOST_POLICIES: usize = 1_000;

/// The most digits of a number before its point. One of more than 38 is read, and every test of it
/// is in doubt; one beyond this is not read at all.
pub const LONGEST_NUMBER: usize = 4300;

/// Maps with more entries than this have their keys hashed to find one that stands twice.
const SMALL_MAP: usize = 16;

const KEYS: [&str; 8] = [
    "id", "agent_id", "action", "params", "context", "attested", "policies", "stage",
];
const STAGES: [&str; 3] = ["input", "call", "output"];

/// Who sent the bytes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestSource {
    /// The host program or its operator: `attested` is believed.
    Host,
    /// Somebody else: `attested` is refused.
    Wire,
}

/// Why bytes are no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// What is wrong.
    pub problem: RequestProblem,
    /// The byte at which it was noticed.
    pub offset: usize,
    /// The request's `id`, where it was read before.
    pub id: Option<String>,
}

/// What is wrong with bytes that are no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestProblem {
    /// Beyond [`LONGEST_REQUEST`].
    #[error("a request of {0} bytes or more, over `LONGEST_REQUEST` ({LONGEST_REQUEST} bytes)")]
    TooLong(usize),
    /// Beyond [`DEEPEST_VALUE`].
    #[error("lists and maps are nested deeper than `DEEPEST_VALUE` ({DEEPEST_VALUE})")]
    TooDeep,
    /// Beyond [`MOST_VALUES`].
    #[error("lists and maps have more values than `MOST_VALUES` ({MOST_VALUES})")]
    TooMany,
    /// Beyond [`MOST_POLICIES`].
    #[error("`policies` has more names than `MOST_POLICIES` ({MOST_POLICIES})")]
    TooManyPolicies,
    /// Beyond [`LONGEST_NUMBER`].
    #[error("a number has more digits before its point than `LONGEST_NUMBER` ({LONGEST_NUMBER})")]
    LongNumber,
    /// Not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// Not an object.
    #[error("a request is an object, not {0}")]
    NotObject(&'static str),
    /// A key stands twice in one object.
    #[error("the key `{0}` stands twice")]
    Duplicate(String),
    /// A key nobody knows.
    #[error("`{key}` is not a key of a request{}", suggestion(*nearest))]
    UnknownKey {
        /// The key.
        key: String,
        /// A known one that is like it.
        nearest: Option<&'static str>,
    },
    /// A key that has to be there.
    #[error("a request needs the key `{0}`")]
    MissingKey(&'static str),
    /// A value of the wrong type.
    #[error("`{key}` takes {wanted}, not {found}")]
    WrongType {
        /// Where.
        key: &'static str,
        /// What belongs there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A stage nobody knows.
    #[error("`{stage}` is not a stage{}: it is `input`, `call` or `output`", suggestion(*nearest))]
    UnknownStage {
        /// The word.
        stage: String,
        /// A known one that is like it.
        nearest: Option<&'static str>,
    },
    /// A caller attests something.
    #[error("`attested` is for the host to say, not for a caller")]
    Attested,
    /// What was recorded as a decision says no effect.
    #[error("a recorded decision needs the key `effect`")]
    MissingEffect,
    /// An effect nobody knows.
    #[error(
        "`{effect}` is not an effect{}: it is `allow`, `audit`, `defer`, `escalate` or `deny`",
        suggestion(*nearest)
    )]
    UnknownEffect {
        /// The word.
        effect: String,
        /// A known one that is like it.
        nearest: Option<&'static str>,
    },
    /// A recorded line answers twice.
    #[error("both `decision` and `effect` say what was decided: one of them is enough")]
    TwoDecisions,
}

fn suggestion(nearest: Option<&'static str>) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        nearest.map_or(Ok(()), |nearest| write!(f, " (did you mean `{nearest}`?)"))
    })
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.problem, self.offset)
    }
}

impl std::error::Error for RequestError {}

impl<'a> Request<'a> {
    /// Reads a request from one JSON object.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where. Whoever gets an error answers with
    /// [`Decision::bad_request`](crate::Decision::bad_request): it denies.
    ///
    /// ```
    /// use agentos_runtime::{Request, RequestSource};
    ///
    /// let line = br#"{"agent_id": "a1", "action": "refund", "params": {"amount": 12.50}}"#;
    /// let request = Request::from_json(line, RequestSource::Wire)?;
    /// assert_eq!(request.params.get("amount").map(ToString::to_string).as_deref(), Some("12.5"));
    /// # Ok::<(), agentos_runtime::RequestError>(())
    /// ```
    pub fn from_json(bytes: &'a [u8], source: RequestSource) -> Result<Request<'a>, RequestError> {
        let mut request = Request::default();
        let read = Reader::new(bytes).and_then(|mut reader| {
            reader.request(source, &mut request, |_, _| Ok(false))?;
            reader.finish()
        });
        match read {
            Ok(()) => Ok(request),
            Err(Failure { problem, offset }) => {
                let id = (!request.id.is_empty()).then(|| request.id.into_owned());
                Err(RequestError {
                    problem: *problem,
                    offset,
                    id,
                })
            }
        }
    }
}

/// A [`RequestError`] on its way up, small.
struct Failure {
    problem: Box<RequestProblem>,
    offset: usize,
}

struct Reader<'a> {
    jiter: Jiter<'a>,
    text: &'a str,
    /// How many more values may come.
    left: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Reader<'a>, Failure> {
        if bytes.len() > LONGEST_REQUEST {
            return Err(Failure {
                problem: Box::new(RequestProblem::TooLong(bytes.len())),
                offset: LONGEST_REQUEST,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| Failure {
            problem: Box::new(RequestProblem::Utf8),
            offset: error.valid_up_to(),
        })?;
        Ok(Reader {
            jiter: Jiter::new(bytes),
            text,
            left: MOST_VALUES,
        })
    }

    fn fail<T>(&self, problem: RequestProblem) -> Result<T, Failure> {
        Err(Failure {
            problem: Box::new(problem),
            offset: self.jiter.current_index(),
        })
    }

    fn fail_at_key<T>(&self, problem: RequestProblem, key: &str) -> Result<T, Failure> {
        let start = (key.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        // A key that was put together from escapes ended right before here.
        let offset = match borrow(self.text, key) {
            Cow::Borrowed(_) => start.saturating_sub(1),
            Cow::Owned(_) => self.jiter.current_index(),
        };
        Err(Failure {
            problem: Box::new(problem),
            offset,
        })
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.jiter.finish().map_err(|error| not_json(&error))
    }

    /// Reads one object into `request`. `other` is given the keys that a request
    /// does not have, and says whether it has read what stands there.
    fn request(
        &mut self,
        source: RequestSource,
        request: &mut Request<'a>,
        mut other: impl FnMut(&mut Reader<'a>, &str) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut seen = [false; KEYS.len()];
        let mut key = self.open_object()?;
        while let Some(name) = key {
            let Some(position) = KEYS.iter().position(|known| *known == name) else {
                if other(self, &name)? {
                    key = self.next_key()?;
                    continue;
                }
                let problem = RequestProblem::UnknownKey {
                    nearest: nearest(&name, KEYS),
                    key: name.to_string(),
                };
                return self.fail_at_key(problem, &name);
            };
            if seen
                .get_mut(position)
                .is_none_or(|seen| std::mem::replace(seen, true))
            {
                return self.fail_at_key(RequestProblem::Duplicate(name.to_string()), &name);
            }
            let peek = self.peek()?;
            match &*name {
                "id" => request.id = self.optional_text("id", peek)?,
                "agent_id" => request.agent = self.optional_text("agent_id", peek)?,
                "action" if peek == Peek::Null => {
                    return self.fail(RequestProblem::WrongType {
                        key: "action",
                        wanted: "a text",
                        found: "null",
                    });
                }
                "action" => request.action = self.optional_text("action", peek)?,
                "params" => request.params = self.optional_map("params", peek)?,
                "context" => request.context = self.optional_map("context", peek)?,
                "attested" if source == RequestSource::Wire => {
                    return self.fail(RequestProblem::Attested);
                }
                "attested" => request.attested = self.optional_map("attested", peek)?,
                "policies" => request.policies = self.policies(peek)?,
                // The last of the known keys.
                _ => request.stage = self.stage(peek)?,
            }
            key = self.next_key()?;
        }
        if seen.get(2) != Some(&true) {
            return self.fail(RequestProblem::MissingKey("action"));
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<Peek, Failure> {
        self.jiter.peek().map_err(|error| not_json(&error))
    }

    /// Goes into an object, to its first key.
    fn open_object(&mut self) -> Result<Option<Cow<'a, str>>, Failure> {
        let peek = self.peek()?;
        if peek != Peek::Object {
            // One letter does not tell `null` from nonsense.
            self.jiter
                .clone()
                .known_skip(peek)
                .map_err(|error| not_json(&error))?;
            return self.fail(RequestProblem::NotObject(kind(peek)));
        }
        let text = self.text;
        let key = self.jiter.known_object();
        Ok(key
            .map_err(|error| not_json(&error))?
            .map(|key| borrow(text, key)))
    }

    fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Failure> {
        let text = self.text;
        let key = self.jiter.next_key();
        Ok(key
            .map_err(|error| not_json(&error))?
            .map(|key| borrow(text, key)))
    }

    fn optional_text(&mut self, key: &'static str, peek: Peek) -> Result<Cow<'a, str>, Failure> {
        match peek {
            Peek::Null => self
                .jiter
                .known_null()
                .map(|()| Cow::default())
                .map_err(|error| not_json(&error)),
            Peek::String => self.string(),
            found => self.fail(RequestProblem::WrongType {
                key,
                wanted: "a text",
                found: kind(found),
            }),
        }
    }

    fn optional_map(&mut self, key: &'static str, peek: Peek) -> Result<Map<'a>, Failure> {
        match peek {
            Peek::Null => self
                .jiter
                .known_null()
                .map(|()| Map::new())
                .map_err(|error| not_json(&error)),
            Peek::Object => self.map(DEEPEST_VALUE),
            found => self.fail(RequestProblem::WrongType {
                key,
                wanted: "an object",
                found: kind(found),
            }),
        }
    }

    fn policies(&mut self, peek: Peek) -> Result<Vec<Cow<'a, str>>, Failure> {
        let wrong = |found| RequestProblem::WrongType {
            key: "policies",
            wanted: "a list of texts",
            found,
        };
        let mut names = Vec::new();
        match peek {
            Peek::Null => self.jiter.known_null().map_err(|error| not_json(&error))?,
            Peek::Array => {
                let mut next = self.jiter.known_array().map_err(|error| not_json(&error))?;
                while let Some(peek) = next {
                    if peek != Peek::String {
                        return self.fail(wrong(kind(peek)));
                    }
                    if names.len() == MOST_POLICIES {
                        return self.fail(RequestProblem::TooManyPolicies);
                    }
                    names.push(self.string()?);
                    next = self.jiter.array_step().map_err(|error| not_json(&error))?;
                }
            }
            found => return self.fail(wrong(kind(found))),
        }
        Ok(names)
    }

    fn stage(&mut self, peek: Peek) -> Result<Stage, Failure> {
        let word = self.optional_text("stage", peek)?;
        match &*word {
            "input" => Ok(Stage::Input),
            "call" => Ok(Stage::Call),
            "output" => Ok(Stage::Output),
            _ if peek == Peek::Null => Ok(Stage::Call),
            word => self.fail(RequestProblem::UnknownStage {
                stage: word.to_owned(),
                nearest: nearest(word, STAGES),
            }),
        }
    }

    fn value(&mut self, peek: Peek, deeper: usize) -> Result<Value<'a>, Failure> {
        let Some(left) = self.left.checked_sub(1) else {
            return self.fail(RequestProblem::TooMany);
        };
        self.left = left;
        match peek {
            Peek::String => Ok(Value::String(self.string()?)),
            Peek::Null => self
                .jiter
                .known_null()
                .map(|()| Value::Null)
                .map_err(|error| not_json(&error)),
            Peek::True | Peek::False => self
                .jiter
                .known_bool(peek)
                .map(Value::Boolean)
                .map_err(|error| not_json(&error)),
            Peek::Array => {
                let Some(deeper) = deeper.checked_sub(1) else {
                    return self.fail(RequestProblem::TooDeep);
                };
                let mut values = Vec::new();
                let mut next = self.jiter.known_array().map_err(|error| not_json(&error))?;
                while let Some(peek) = next {
                    values.push(self.value(peek, deeper)?);
                    next = self.jiter.array_step().map_err(|error| not_json(&error))?;
                }
                Ok(Value::List(values))
            }
            Peek::Object => {
                let Some(deeper) = deeper.checked_sub(1) else {
                    return self.fail(RequestProblem::TooDeep);
                };
                Ok(Value::Map(self.map(deeper)?))
            }
            peek => self.number(peek),
        }
    }

    fn map(&mut self, deeper: usize) -> Result<Map<'a>, Failure> {
        let mut map = Map::new();
        let mut seen: HashSet<Cow<'a, str>> = HashSet::new();
        let text = self.text;
        let mut key = self
            .jiter
            .known_object()
            .map_err(|error| not_json(&error))?
            .map(|key| borrow(text, key));
        while let Some(name) = key {
            if map.len() == SMALL_MAP {
                seen.extend(map.iter().map(|(name, _)| Cow::Owned(name.to_owned())));
            }
            let twice = if map.len() < SMALL_MAP {
                map.get(&name).is_some()
            } else {
                !seen.insert(name.clone())
            };
            if twice {
                return self.fail_at_key(RequestProblem::Duplicate(name.to_string()), &name);
            }
            let peek = self.peek()?;
            let value = self.value(peek, deeper)?;
            map.push(name, value);
            key = self.next_key()?;
        }
        Ok(map)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Failure> {
        let text = self.text;
        self.jiter
            .known_str()
            .map(|string| borrow(text, string))
            .map_err(|error| not_json(&error))
    }

    fn number(&mut self, peek: Peek) -> Result<Value<'a>, Failure> {
        let start = self.jiter.current_index();
        self.jiter
            .known_number_bytes(peek)
            .map_err(|error| not_json(&error))?;
        let digits = self
            .text
            .get(start..self.jiter.current_index())
            .unwrap_or_default();
        let spelling = if digits.contains(['.', 'e', 'E']) {
            Spelling::Pointed
        } else {
            Spelling::Whole
        };
        Ok(match digits.parse() {
            Ok(number) => Value::Number(number, spelling),
            Err(_) => Value::OutOfRange(Cow::Borrowed(digits)),
        })
    }
}

/// The same text out of the bytes, unless the reader had to put it together.
fn borrow<'a>(text: &'a str, string: &str) -> Cow<'a, str> {
    let start = (string.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match start
        .checked_add(string.len())
        .and_then(|end| text.get(start..end))
    {
        Some(same) if std::ptr::eq(same, string) => Cow::Borrowed(same),
        Some(_) | None => Cow::Owned(string.to_owned()),
    }
}

fn not_json(error: &JiterError) -> Failure {
    let problem = match &error.error_type {
        JiterErrorType::JsonError(JsonErrorType::NumberOutOfRange) => RequestProblem::LongNumber,
        other => RequestProblem::Json(other.to_string()),
    };
    Failure {
        problem: Box::new(problem),
        offset: error.index,
    }
}

fn kind(peek: Peek) -> &'static str {
    match peek {
        Peek::Null => "null",
        Peek::True | Peek::False => "a boolean",
        Peek::String => "a text",
        Peek::Array => "a list",
        Peek::Object => "an object",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests;
