//! Rules in our own YAML: the effect is the key of what the rule is about.

use super::Cx;
use crate::ast::{Approvers, Effect, Name, Rule, Severity, Stage};
use crate::span::Spanned;
use crate::words::{nearest, unknown_word};
use crate::yaml::reading::Keys;
use crate::{SyntaxError, SyntaxErrorKind};

impl Cx<'_> {
    pub(super) fn rule(&mut self, mut keys: Keys<'_>) -> Option<Rule> {
        let about = self.effect(&mut keys);
        let stage = keys.get("stage").and_then(|node| {
            self.reading
                .word(node, "stage", Stage::WORDS, Stage::from_word)
        });
        let approvers = self.approvers(&mut keys);
        let when = keys.get("when").map(|node| self.condition(node, "when"));
        let unless = keys
            .get("unless")
            .map(|node| self.condition(node, "unless"));
        let because = self.optional_text(&mut keys, "because");
        let suggest = self.optional_text(&mut keys, "suggest");
        let priority = keys
            .get("priority")
            .and_then(|node| self.reading.integer(node, "priority"));
        let id = self.optional_text(&mut keys, "id");
        let severity = keys.get("severity").and_then(|node| {
            self.reading
                .word(node, "severity", Severity::WORDS, Severity::from_word)
        });
        let help = self.optional_text(&mut keys, "help");
        self.reading.no_other_keys(&keys, "a rule", &["expect"]);
        let (effect, actions) = about?;
        // A rule whose condition could not be read is not a rule without one.
        if matches!(when, Some(None)) || matches!(unless, Some(None)) {
            return None;
        }
        Some(Rule {
            effect,
            actions,
            stage,
            approvers,
            when: when.flatten(),
            unless: unless.flatten(),
            because,
            suggest,
            priority,
            id,
            severity,
            help,
        })
    }

    /// The effect, and what it is the key of.
    fn effect(&mut self, keys: &mut Keys<'_>) -> Option<(Spanned<Effect>, Vec<Name>)> {
        let mut found = Vec::new();
        for effect in Effect::ALL {
            found.extend(keys.take(effect.word()).map(|entry| (entry, *effect)));
        }
        found.sort_by_key(|(entry, _)| entry.key.span.start);
        match &found[..] {
            [] => {
                let misspelt = |name: &str| nearest(name, Effect::WORDS.iter().copied()).is_some();
                let meant = keys.rest().find(|entry| misspelt(entry.name()));
                if let Some(entry) = meant {
                    let word = unknown_word("effect", entry.name(), entry.key.span, Effect::WORDS);
                    self.reading.error(word);
                    keys.skip(entry);
                    return None;
                }
                let message =
                    "a rule needs its effect: `allow`, `audit`, `defer`, `escalate` or `deny`"
                        .to_owned();
                let help = "write it as the key of what the rule is about: `- deny: send_email`"
                    .to_owned();
                self.reading
                    .fail(SyntaxErrorKind::MissingKey, keys.span, message, Some(help));
                None
            }
            [(entry, effect)] => {
                let actions = self.reading.texts(&entry.value, entry.name())?;
                Some((Spanned::new(*effect, entry.key.span), actions))
            }
            [(first, _), (second, _), ..] => {
                self.reading.error(SyntaxError {
                    kind: SyntaxErrorKind::DuplicateKey,
                    span: second.key.span,
                    message: "a rule with two effects".to_owned(),
                    help: Some("write a rule for each".to_owned()),
                    related: Some((first.key.span, "the first".to_owned())),
                    edit: None,
                });
                None
            }
        }
    }

    fn approvers(&mut self, keys: &mut Keys<'_>) -> Option<Spanned<Approvers>> {
        let to = keys.take("to");
        let needed = keys.take("needed");
        let within = keys.take("within");
        let Some(to) = to else {
            for entry in [needed, within].into_iter().flatten() {
                let message = format!(
                    "`{}` without `to`, which says who may approve",
                    entry.name()
                );
                self.reading
                    .fail(SyntaxErrorKind::MissingKey, entry.key.span, message, None);
            }
            return None;
        };
        let of = self.reading.texts(&to.value, "to");
        let needed = match needed {
            None => Some(Spanned::new(1, to.key.span)),
            Some(entry) => self
                .reading
                .count(&entry.value, "needed")
                .and_then(|count| match u32::try_from(count.node) {
                    Ok(needed) => Some(Spanned::new(needed, count.span)),
                    Err(_) => self
                        .reading
                        .wrong_shape(&entry.value, "`needed` is too large".to_owned()),
                }),
        };
        let within = within.and_then(|entry| self.duration(&entry.value, "within"));
        let span = super::entry_span(to);
        Some(Spanned::new(
            Approvers {
                needed: needed?,
                of: of?,
                within,
            },
            span,
        ))
    }
}
