//! Makes rules and rates of what the grammar found.

use crate::ast::{
    Approvers, Effect, Name, Rate, RateScope, Rule as AstRule, Severity, Stage, TimeUnit,
};
use crate::parse::build::{Build, Pair, SOUND};
use crate::parse::grammar::Rule;
use crate::span::{Span, Spanned};

impl Build<'_> {
    pub(super) fn rule(&mut self, pair: Pair<'_>) -> Option<AstRule> {
        let mut parts = pair.into_inner();
        let effect = parts.next().expect(SOUND);
        let node = Effect::from_word(effect.as_str()).expect("the grammar knows the same effects");
        let effect = self.at(&effect, node);
        let mut rule = AstRule {
            effect,
            actions: self.action_names(parts.next().expect(SOUND)),
            stage: None,
            approvers: None,
            when: None,
            unless: None,
            because: None,
            suggest: None,
            priority: None,
            id: None,
            severity: None,
            help: None,
        };
        let mut seen: Vec<(Rule, Span)> = Vec::new();
        // A rule whose stage or approvers cannot be read is not a rule without them.
        let mut sound = true;
        for part in parts.filter(|part| part.as_rule() == Rule::clause) {
            let clause = part.into_inner().next().expect(SOUND);
            let kind = clause.as_rule();
            let word = clause.clone().into_inner().next().expect(SOUND);
            let span = self.span(&word);
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == kind) {
                self.twice(word.as_str(), "this rule", *first, span);
            } else {
                seen.push((kind, span));
                sound &= self.clause(&mut rule, clause);
            }
        }
        sound.then_some(rule)
    }

    /// Adds a clause to a rule; false when the rule would mean something else without it.
    fn clause(&mut self, rule: &mut AstRule, clause: Pair<'_>) -> bool {
        let kind = clause.as_rule();
        if kind == Rule::approvers {
            rule.approvers = self.approvers(clause);
            return rule.approvers.is_some();
        }
        let said = clause.into_inner().nth(1).expect(SOUND);
        match kind {
            Rule::on_stage => {
                rule.stage = self.word(&said, "stage", Stage::from_word, Stage::WORDS);
                return rule.stage.is_some();
            }
            Rule::when => rule.when = Some(self.condition(said)),
            Rule::unless => rule.unless = Some(self.condition(said)),
            Rule::because => rule.because = Some(self.name(&said)),
            Rule::suggest => rule.suggest = Some(self.name(&said)),
            Rule::priority => rule.priority = self.integer(&said),
            Rule::id => rule.id = Some(self.name(&said)),
            Rule::severity => {
                rule.severity = self.word(&said, "severity", Severity::from_word, Severity::WORDS);
            }
            _ => rule.help = Some(self.name(&said)),
        }
        true
    }

    fn approvers(&mut self, pair: Pair<'_>) -> Option<Spanned<Approvers>> {
        let span = self.span(&pair);
        // Without a number, any one of them will do.
        let mut needed = Some(Spanned::new(1, span));
        let (mut of, mut within) = (Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::number => needed = self.integer(&part),
                Rule::name => of.push(self.name(&part)),
                Rule::within => {
                    within = Some(self.duration(&part.into_inner().nth(1).expect(SOUND))?);
                }
                _ => {}
            }
        }
        Some(Spanned::new(
            Approvers {
                needed: needed?,
                of,
                within,
            },
            span,
        ))
    }

    pub(super) fn rate(&mut self, pair: Pair<'_>) -> Option<Rate> {
        let mut actions = Vec::new();
        let (mut count, mut per, mut scope, mut otherwise, mut because) =
            (None, None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::action_names => actions = self.action_names(part),
                Rule::number => count = self.integer(&part),
                Rule::rate_unit => {
                    let known = TimeUnit::LONG_WORDS;
                    per = self.word(&part, "unit", TimeUnit::from_long_word, known);
                }
                Rule::per_scope => {
                    let said = part.into_inner().nth(1).expect(SOUND);
                    scope = self.word(&said, "scope", RateScope::from_word, RateScope::WORDS);
                }
                Rule::rate_answer => {
                    otherwise = self.word(&part, "effect", Effect::from_word, Effect::WORDS);
                }
                Rule::because => because = Some(self.said_after_word(part)),
                _ => {}
            }
        }
        Some(Rate {
            actions,
            count: count?,
            per: per?,
            scope,
            otherwise: otherwise?,
            because,
        })
    }

    fn action_names(&mut self, pair: Pair<'_>) -> Vec<Name> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::action_name)
            .map(|part| self.name(&part))
            .collect()
    }
}
