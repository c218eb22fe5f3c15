//! The sections of a policy that are neither rules nor actions: limits,
//! patterns, rates, intents, trust.

use super::Cx;
use crate::SyntaxErrorKind;
use crate::ast::{
    Duration, Effect, Intent, Limit, LimitValue, Name, Pattern, PatternKind, PatternSet, Rate,
    RateScope, Signal, Supervisor, TimeUnit, Trust,
};
use crate::span::Spanned;
use crate::words::shown;
use crate::yaml::node::{Entry, Kind, Node};
use crate::yaml::reading::Keys;
use crate::yaml::typing::Value;

impl Cx<'_> {
    pub(super) fn limits(&mut self, node: &Node) -> Option<Vec<Spanned<Limit>>> {
        let keys = self.reading.mapping(node, "limits")?;
        let mut limits = Vec::new();
        for entry in keys.entries {
            let name = self.reading.key(entry, "limits");
            let value = self.limit_value(entry);
            if let (Some(name), Some(value)) = (name, value) {
                limits.push(Spanned::new(
                    Limit { name, value },
                    super::entry_span(entry),
                ));
            }
        }
        Some(limits)
    }

    fn limit_value(&mut self, entry: &Entry) -> Option<Spanned<LimitValue>> {
        let node = &entry.value;
        if let Some(scalar) = node.as_scalar() {
            if let Some(duration) = duration(&scalar.text) {
                return Some(Spanned::new(LimitValue::Duration(duration), node.span));
            }
            if matches!(scalar.value(), Value::Boolean(_)) {
                let value = self.reading.boolean(node, entry.name())?;
                return Some(value.map(LimitValue::Boolean));
            }
        }
        // Like `yes`, which is a boolean to some.
        if matches!(node.kind, Kind::Scalar(_))
            && node.as_number().is_none()
            && node
                .as_str()
                .is_some_and(|text| matches!(crate::yaml::yaml_1_1(text), Value::Boolean(_)))
        {
            return Some(
                self.reading
                    .boolean(node, entry.name())?
                    .map(LimitValue::Boolean),
            );
        }
        Some(
            self.reading
                .number(node, entry.name())?
                .map(LimitValue::Number),
        )
    }

    /// A text such as `60m`.
    pub(super) fn duration(&mut self, node: &Node, key: &str) -> Option<Spanned<Duration>> {
        let text = self.reading.text(node, key)?;
        if let Some(duration) = duration(&text.node) {
            return Some(Spanned::new(duration, node.span));
        }
        let message = format!(
            "`{key}` takes a length of time, not `{}`",
            shown(&text.node)
        );
        let help = "write a number and its unit: `500ms`, `30s`, `60m`, `8h`, `7d`".to_owned();
        self.reading
            .fail(SyntaxErrorKind::WrongShape, node.span, message, Some(help));
        None
    }

    pub(super) fn pattern_set(&mut self, entry: &Entry) -> Option<PatternSet> {
        let name = self.reading.key(entry, "patterns");
        let nodes = self.reading.list(&entry.value, entry.name())?;
        let patterns = nodes
            .iter()
            .filter_map(|node| Some(Spanned::new(self.pattern(node)?, node.span)))
            .collect();
        Some(PatternSet {
            name: name?,
            patterns,
        })
    }

    fn pattern(&mut self, node: &Node) -> Option<Pattern> {
        if node.as_mapping().is_none() {
            let text = self.reading.text(node, "a pattern")?;
            return Some(Pattern {
                kind: PatternKind::Substring,
                text,
                unless_followed_by: None,
            });
        }
        let mut keys = self.reading.mapping(node, "a pattern")?;
        let mut found = Vec::new();
        for kind in PatternKind::ALL {
            found.extend(keys.take(kind.word()).map(|entry| (entry, *kind)));
        }
        let unless_followed_by = self.optional_text(&mut keys, "unless_followed_by");
        self.reading.no_other_keys(&keys, "a pattern", &[]);
        let [(entry, kind)] = found[..] else {
            // A misspelt one has been named.
            if !found.is_empty() || keys.rest().next().is_none() {
                let message = "a pattern has one of `substring`, `regex`, `glob`".to_owned();
                return self.reading.wrong_shape(node, message);
            }
            return None;
        };
        let text = self.reading.text(&entry.value, entry.name())?;
        Some(Pattern {
            kind,
            text,
            unless_followed_by,
        })
    }

    pub(super) fn rate(&mut self, mut keys: Keys<'_>) -> Option<Rate> {
        let actions = self.required(&mut keys, "a rate", "limit", |cx, node| {
            cx.reading.texts(node, "limit")
        });
        let count = self.required(&mut keys, "a rate", "count", |cx, node| {
            cx.reading.count(node, "count")
        });
        let per = self.required(&mut keys, "a rate", "per", |cx, node| {
            cx.reading.word(
                node,
                "unit of time",
                TimeUnit::LONG_WORDS,
                TimeUnit::from_long_word,
            )
        });
        let otherwise = self.required(&mut keys, "a rate", "else", |cx, node| {
            cx.reading
                .word(node, "effect", Effect::WORDS, Effect::from_word)
        });
        let scope = keys.get("scope").and_then(|node| {
            self.reading.word(
                node,
                "scope of a rate",
                RateScope::WORDS,
                RateScope::from_word,
            )
        });
        let because = self.optional_text(&mut keys, "because");
        self.reading.no_other_keys(&keys, "a rate", &["expect"]);
        Some(Rate {
            actions: actions?,
            count: count?,
            per: per?,
            scope,
            otherwise: otherwise?,
            because,
        })
    }

    /// What stands under a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        keys: &mut Keys<'_>,
        of: &str,
        key: &'static str,
        read: impl FnOnce(&mut Self, &Node) -> Option<T>,
    ) -> Option<T> {
        match keys.get(key) {
            Some(node) => read(self, node),
            None => self.reading.missing(keys.span, of, key),
        }
    }

    pub(super) fn intent(&mut self, entry: &Entry) -> Option<Intent> {
        let category = self.reading.key(entry, "intents");
        let nodes = self.reading.list(&entry.value, entry.name())?;
        let signals = nodes
            .iter()
            .filter_map(|node| Some(Spanned::new(self.signal(node)?, node.span)))
            .collect();
        Some(Intent {
            category: category?,
            signals,
        })
    }

    fn signal(&mut self, node: &Node) -> Option<Signal> {
        let mut keys = self.reading.mapping(node, "a signal")?;
        let pattern = self.required(&mut keys, "a signal", "signal", |cx, node| {
            cx.reading.text(node, "signal")
        });
        let weight = self.required(&mut keys, "a signal", "weight", |cx, node| {
            cx.reading.number(node, "weight")
        });
        let unless_followed_by = self.optional_text(&mut keys, "unless_followed_by");
        let explain = self.optional_text(&mut keys, "explain");
        self.reading.no_other_keys(&keys, "a signal", &[]);
        Some(Signal {
            weight: weight?,
            pattern: pattern?,
            unless_followed_by,
            explain,
        })
    }

    pub(super) fn trust(&mut self, node: &Node) -> Option<Trust> {
        let mut keys = self.reading.mapping(node, "trust")?;
        let mut supervisors = Vec::new();
        if let Some(node) = keys.get("supervisors")
            && let Some(nodes) = self.reading.list(node, "supervisors")
        {
            for node in nodes {
                supervisors.extend(self.supervisor(node).map(|it| Spanned::new(it, node.span)));
            }
        }
        let max_escalation_depth = keys
            .get("max_escalation_depth")
            .and_then(|node| self.reading.integer(node, "max_escalation_depth"));
        self.reading.no_other_keys(&keys, "`trust`", &[]);
        Some(Trust {
            supervisors,
            max_escalation_depth,
        })
    }

    fn supervisor(&mut self, node: &Node) -> Option<Supervisor> {
        let mut keys = self.reading.mapping(node, "a supervisor")?;
        let name: Option<Name> = self.required(&mut keys, "a supervisor", "name", |cx, node| {
            cx.reading.text(node, "name")
        });
        let level = self.required(&mut keys, "a supervisor", "level", |cx, node| {
            cx.reading.integer(node, "level")
        });
        let agent = match keys.get("agent") {
            Some(node) => self.reading.boolean(node, "agent").map(|agent| agent.node),
            None => Some(false),
        };
        self.reading.no_other_keys(&keys, "a supervisor", &[]);
        Some(Supervisor {
            name: name?,
            level: level?,
            agent: agent?,
        })
    }
}

/// Digits and a unit: `300s`.
fn duration(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let unit = TimeUnit::from_word(unit)?;
    (!count.is_empty()).then(|| Duration {
        count: count.to_owned(),
        unit,
    })
}
