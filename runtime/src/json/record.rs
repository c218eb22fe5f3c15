//! A recorded line in, its [`Request`] and the decision that was given then out.
//!
//! A line is a request as it is; a request with one key more, `decision` or
//! `effect`; or an object with both, `{"request": …, "decision": …}`, in which
//! programs that keep records may have put keys of their own.

use std::{borrow::Cow, ops::Range};

use jiter::Peek;

use super::{Failure, Reader, RequestError, RequestProblem, RequestSource, kind, not_json};
use crate::{Effect, nearest::nearest, request::Request};

/// A request that was recorded.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Record<'a> {
    /// What was asked.
    pub request: Request<'a>,
    /// The bytes of the line that say so.
    pub span: Range<usize>,
    /// What was answered, where the line says it.
    pub decision: Option<RecordedDecision<'a>>,
}

/// What a record says of a decision: an effect, and the rest where it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDecision<'a> {
    /// The answer.
    pub effect: Effect,
    /// The policy it stood on.
    pub policy: Option<Cow<'a, str>>,
    /// The rule it stood on.
    pub rule: Option<Cow<'a, str>>,
    /// Where that was written.
    pub at: Option<Cow<'a, str>>,
}

impl<'a> Record<'a> {
    /// Reads a record from one JSON object.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    ///
    /// ```
    /// use agentos_runtime::{Effect, Record, RequestSource};
    ///
    /// let line = br#"{"request": {"action": "refund"}, "decision": {"effect": "deny"}}"#;
    /// let record = Record::from_json(line, RequestSource::Host)?;
    /// assert_eq!(record.request.action, "refund");
    /// assert_eq!(record.decision.map(|decision| decision.effect), Some(Effect::Deny));
    /// # Ok::<(), agentos_runtime::RequestError>(())
    /// ```
    pub fn from_json(bytes: &'a [u8], source: RequestSource) -> Result<Record<'a>, RequestError> {
        let mut record = Record {
            span: 0..bytes.len(),
            ..Record::default()
        };
        let read = Reader::new(bytes).and_then(|mut reader| {
            if reader.is_wrapped() {
                reader.wrapped(source, &mut record)?;
            } else {
                reader.flat(source, &mut record)?;
            }
            reader.finish()
        });
        match read {
            Ok(()) => Ok(record),
            Err(Failure { problem, offset }) => Err(RequestError {
                problem: *problem,
                offset,
                id: (!record.request.id.is_empty()).then(|| record.request.id.into_owned()),
            }),
        }
    }
}

/// What a line has said of its decision so far.
#[derive(Default)]
struct Said<'a> {
    /// `decision`, `effect`
    seen: [bool; 2],
    decision: Option<RecordedDecision<'a>>,
}

impl<'a> Reader<'a> {
    /// Whether the object that follows has the key `request`.
    fn is_wrapped(&self) -> bool {
        // Most lines do not say the word, and are read once only.
        if !self.text.contains("\"request\"") {
            return false;
        }
        let mut ahead = self.jiter.clone();
        let mut key = ahead.next_object();
        while let Ok(Some(name)) = key {
            if name == "request" {
                return true;
            }
            if ahead.next_skip().is_err() {
                return false;
            }
            key = ahead.next_key();
        }
        false
    }

    /// A request with a key more.
    fn flat(&mut self, source: RequestSource, record: &mut Record<'a>) -> Result<(), Failure> {
        let mut said = Said::default();
        self.request(source, &mut record.request, |reader, name| {
            if reader.said(name, &mut said)? {
                return Ok(true);
            }
            // What a request does not have, a record may.
            match nearest(name, ["decision", "effect", "request"]) {
                Some(near) => reader.fail_at_key(
                    RequestProblem::UnknownKey {
                        key: name.to_owned(),
                        nearest: Some(near),
                    },
                    name,
                ),
                None => Ok(false),
            }
        })?;
        record.decision = said.decision;
        Ok(())
    }

    /// An object that has a request.
    fn wrapped(&mut self, source: RequestSource, record: &mut Record<'a>) -> Result<(), Failure> {
        let mut said = Said::default();
        let mut has_request = false;
        let mut key = self.open_object()?;
        while let Some(name) = key {
            if name == "request" {
                if std::mem::replace(&mut has_request, true) {
                    return self.fail_at_key(RequestProblem::Duplicate(name.to_string()), &name);
                }
                // Goes to the first byte of the value.
                self.peek()?;
                let start = self.jiter.current_index();
                self.request(source, &mut record.request, |_, _| Ok(false))?;
                record.span = start..self.jiter.current_index();
            } else if !self.said(&name, &mut said)? {
                self.jiter.next_skip().map_err(|error| not_json(&error))?;
            }
            key = self.next_key()?;
        }
        record.decision = said.decision;
        Ok(())
    }

    /// Reads a key that speaks of the decision; `false` where it does not.
    fn said(&mut self, name: &str, said: &mut Said<'a>) -> Result<bool, Failure> {
        let [decision, effect] = &mut said.seen;
        let (seen, other) = match name {
            "decision" => (decision, effect),
            "effect" => (effect, decision),
            _ => return Ok(false),
        };
        if std::mem::replace(seen, true) {
            return self.fail_at_key(RequestProblem::Duplicate(name.to_owned()), name);
        }
        if *other {
            return self.fail_at_key(RequestProblem::TwoDecisions, name);
        }
        let peek = self.peek()?;
        said.decision = match peek {
            Peek::Null => {
                self.jiter.known_null().map_err(|error| not_json(&error))?;
                None
            }
            Peek::String => Some(RecordedDecision {
                effect: self.effect()?,
                policy: None,
                rule: None,
                at: None,
            }),
            Peek::Object if name == "decision" => Some(self.decision()?),
            found => {
                let (key, wanted) = if name == "decision" {
                    ("decision", "an object or the name of an effect")
                } else {
                    ("effect", "the name of an effect")
                };
                return self.fail(RequestProblem::WrongType {
                    key,
                    wanted,
                    found: kind(found),
                });
            }
        };
        Ok(true)
    }

    /// A decision as it is written today; keys that it has besides are let be.
    fn decision(&mut self) -> Result<RecordedDecision<'a>, Failure> {
        const KEYS: [&str; 4] = ["effect", "policy", "rule", "at"];
        let mut seen = [false; KEYS.len()];
        let mut effect = None;
        let (mut policy, mut rule, mut at) = (None, None, None);
        let mut key = self.open_object()?;
        while let Some(name) = key {
            if let Some(position) = KEYS.iter().position(|known| *known == name)
                && seen
                    .get_mut(position)
                    .is_some_and(|seen| std::mem::replace(seen, true))
            {
                return self.fail_at_key(RequestProblem::Duplicate(name.to_string()), &name);
            }
            match &*name {
                "effect" => {
                    effect = match self.peek()? {
                        Peek::String => Some(self.effect()?),
                        found => {
                            return self.fail(RequestProblem::WrongType {
                                key: "effect",
                                wanted: "the name of an effect",
                                found: kind(found),
                            });
                        }
                    }
                }
                "policy" => policy = self.kept("policy")?,
                "rule" => rule = self.kept("rule")?,
                "at" => at = self.kept("at")?,
                _ => self.jiter.next_skip().map_err(|error| not_json(&error))?,
            }
            key = self.next_key()?;
        }
        let Some(effect) = effect else {
            return self.fail(RequestProblem::MissingEffect);
        };
        Ok(RecordedDecision {
            effect,
            policy,
            rule,
            at,
        })
    }

    /// A text that is there, or is not.
    fn kept(&mut self, key: &'static str) -> Result<Option<Cow<'a, str>>, Failure> {
        let peek = self.peek()?;
        let text = self.optional_text(key, peek)?;
        Ok((!text.is_empty()).then_some(text))
    }

    fn effect(&mut self) -> Result<Effect, Failure> {
        let word = self.string()?;
        let known = Effect::ALL.into_iter().find(|effect| effect.name() == word);
        match known {
            Some(effect) => Ok(effect),
            None => self.fail(RequestProblem::UnknownEffect {
                nearest: nearest(&word, Effect::ALL.map(Effect::name)),
                effect: word.into_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Record<'_>, String> {
        Record::from_json(line.as_bytes(), RequestSource::Host).map_err(|error| error.to_string())
    }

    fn effect(line: &str) -> Option<Effect> {
        read(line).unwrap().decision.map(|decision| decision.effect)
    }

    #[test]
    fn a_request_as_it_is_was_answered_we_do_not_know_how() {
        let line = r#"{"agent_id": "a", "action": "pay", "params": {"request": 1, "effect": 2}}"#;
        let record = read(line).unwrap();
        assert_eq!(record.decision, None);
        assert_eq!(record.span, 0..line.len());
        assert_eq!(
            record.request,
            Request::from_json(line.as_bytes(), RequestSource::Host).unwrap()
        );
    }

    #[test]
    fn a_request_may_carry_the_answer_it_was_given() {
        assert_eq!(
            effect(r#"{"effect": "deny", "action": "pay"}"#),
            Some(Effect::Deny)
        );
        assert_eq!(
            effect(r#"{"action": "pay", "decision": "audit"}"#),
            Some(Effect::Audit)
        );
        assert_eq!(effect(r#"{"action": "pay", "decision": null}"#), None);
    }

    #[test]
    fn a_record_holds_a_request_and_its_decision_among_other_keys() {
        let line = r#"{"id": 7, "time": "noon", "request": {"action": "pay"}, "decision":
            {"effect": "deny", "policy": "p", "rule": null, "at": "p.policy:1:2", "signal": "SIGKILL"}}"#;
        let record = read(line).unwrap();
        assert_eq!(record.request, Request::new("", "pay"));
        assert_eq!(&line[record.span.clone()], r#"{"action": "pay"}"#);
        assert_eq!(
            record.decision,
            Some(RecordedDecision {
                effect: Effect::Deny,
                policy: Some("p".into()),
                rule: None,
                at: Some("p.policy:1:2".into()),
            })
        );
        assert_eq!(
            effect(r#"{"effect": "defer", "request": {"action": "pay"}}"#),
            Some(Effect::Defer)
        );
    }

    #[test]
    fn what_is_no_record_is_refused_where_it_is_wrong() {
        for (line, message) in [
            (
                r#"{"action": "a", "effect": "alow"}"#,
                "`alow` is not an effect (did you mean `allow`?): it is `allow`, `audit`, `defer`, \
                 `escalate` or `deny`, at byte 32",
            ),
            (
                r#"{"action": "a", "decision": {"rule": "r"}}"#,
                "a recorded decision needs the key `effect`, at byte 41",
            ),
            (
                r#"{"action": "a", "effect": "deny", "decision": "deny"}"#,
                "both `decision` and `effect` say what was decided: one of them is enough, at byte 34",
            ),
            (
                r#"{"action": "a", "effect": "deny", "effect": "allow"}"#,
                "the key `effect` stands twice, at byte 34",
            ),
            (
                r#"{"action": "a", "effect": {"effect": "deny"}}"#,
                "`effect` takes the name of an effect, not an object, at byte 26",
            ),
            (
                r#"{"request": {"action": "a", "effect": "deny"}}"#,
                "`effect` is not a key of a request, at byte 28",
            ),
            (
                r#"{"request": {"action": "a"}, "request": {"action": "b"}}"#,
                "the key `request` stands twice, at byte 29",
            ),
            (
                r#"{"request": "a"}"#,
                "a request is an object, not a text, at byte 12",
            ),
            (
                r#"{"request": {}}"#,
                "a request needs the key `action`, at byte 14",
            ),
            (
                r#"{"action": "a", "decison": "deny"}"#,
                "`decison` is not a key of a request (did you mean `decision`?), at byte 16",
            ),
        ] {
            assert_eq!(read(line).unwrap_err(), message, "{line}");
        }
    }

    #[test]
    fn every_effect_has_a_word_that_is_read() {
        for effect in Effect::ALL {
            let line = format!(r#"{{"action": "a", "effect": "{effect}"}}"#);
            let read = read(&line).unwrap().decision.unwrap().effect;
            assert_eq!(read, effect);
        }
    }
}
