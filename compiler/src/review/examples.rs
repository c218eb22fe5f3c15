//! A policy and an action in, for each rule a request that it decides out.

use std::collections::HashMap;

use agentos_runtime::{
    Decision, Engine, Request,
    table::{Policy, Stage},
};

use crate::prove::{
    about::{About, RuleAt, is_glob},
    matters::decides,
    meaning::{Meaning, Place},
    names::Names,
    search::Found,
};

/// When something decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Example {
    /// This request, for one.
    Request(String),
    /// Never.
    Never,
    /// That was not decided.
    NotDecided,
}

/// What decides the calls of an action.
#[derive(Clone, Debug, Default)]
pub(super) struct Examples {
    rules: HashMap<RuleAt, Example>,
    /// Of the default.
    pub(super) default: Option<Example>,
}

/// Beyond so many searches a page has no more examples.
const MOST_SEARCHES: usize = 4_000;

/// How many names are tried for a word that stands for many.
const MOST_NAMES: usize = 8;

/// A policy whose rules are asked for requests.
pub(super) struct Asking<'p, 't> {
    policy: &'p Policy<'t>,
    engine: Option<&'p Engine>,
    left: usize,
    /// Whether requests have to say that it is this one that is asked.
    is_named: bool,
    /// By stage, which rules are about what, and names that stand for all.
    stages: Vec<(Stage, About<'t>, Names)>,
}

impl Examples {
    pub(super) fn of(&self, rule: RuleAt) -> &Example {
        self.rules.get(&rule).unwrap_or(&Example::NotDecided)
    }
}

impl<'p, 't> Asking<'p, 't> {
    /// `engine` decides by the policy, among others perhaps.
    pub(super) fn new(
        policy: &'p Policy<'t>,
        engine: Option<&'p Engine>,
        is_named: bool,
    ) -> Asking<'p, 't> {
        let stages = [Stage::Call, Stage::Input, Stage::Output].map(|stage| {
            let names = Names::new(&[policy], stage);
            (stage, About::new(policy, stage), names)
        });
        Asking {
            policy,
            engine,
            left: MOST_SEARCHES,
            is_named,
            stages: stages.into(),
        }
    }

    /// For each of these rules, a request at a stage whose action is what `word` says
    /// and none of `others`; `None` is an action of any name.
    pub(super) fn examples(
        &mut self,
        stage: Stage,
        word: Option<&str>,
        others: &[&str],
        rules: &[RuleAt],
    ) -> Examples {
        let mut examples = Examples::default();
        let Some(at) = self.stages.iter().position(|(of, ..)| *of == stage) else {
            return examples;
        };
        for name in self.names(at, word, others) {
            let open: Vec<RuleAt> = rules
                .iter()
                .filter(|rule| !matches!(examples.of(**rule), Example::Request(_)))
                .copied()
                .collect();
            let has_default = matches!(examples.default, Some(Example::Request(_)));
            if open.is_empty() && has_default {
                break;
            }
            self.at_name(at, &name, &open, &mut examples);
        }
        examples
    }

    /// Names of actions that a word stands for and that others do not.
    fn names(&self, at: usize, word: Option<&str>, others: &[&str]) -> Vec<String> {
        let glob = match word {
            Some(name) if !is_glob(name) => return vec![name.to_owned()],
            Some(word) => Some(agentos_runtime::glob::Glob::new(word)),
            None => None,
        };
        let is_other = |name: &str| {
            others.iter().any(|other| {
                *other == name
                    || word.is_none() && agentos_runtime::glob::Glob::new(other).matches(name)
            })
        };
        let Some((_, _, names)) = self.stages.get(at) else {
            return Vec::new();
        };
        let names = names.all.iter();
        let names = names
            .filter(|name| glob.as_ref().is_none_or(|glob| glob.matches(name)) && !is_other(name));
        names.take(MOST_NAMES).cloned().collect()
    }

    fn at_name(&mut self, at: usize, name: &str, rules: &[RuleAt], examples: &mut Examples) {
        let Some((stage, about, _)) = self.stages.get(at) else {
            return;
        };
        let Some(engine) = self.engine else {
            return;
        };
        let policy = self.policy;
        let mut meaning = Meaning::new(Place {
            action: name.to_owned(),
            stage: *stage,
        });
        let answer = meaning.answer(&[(policy, about)], |_, _| true);
        let broken = meaning.circuit.any(answer.broken.iter().copied());
        let decides = decides(&mut meaning, &answer, broken);
        let named = |request: &Request<'static>| Request {
            policies: vec![policy.name.to_owned().into()],
            ..request.clone()
        };
        let is_named = self.is_named;
        let shown = |request: &Request<'static>| {
            if is_named {
                named(request).to_json()
            } else {
                request.to_json()
            }
        };
        let asked = |request: &Request<'static>| -> Decision<'_> { engine.decide(&named(request)) };
        for (says, &decides) in answer.rules.iter().zip(&decides) {
            if !rules.contains(&says.rule) {
                continue;
            }
            let part = policy.parts.get(says.rule.0);
            let id = part.and_then(|part| part.rules.get(says.rule.1));
            let is_it =
                |request: &Request<'static>| asked(request).rule() == id.map(|rule| rule.id);
            // One of which it is true shows more than one that is in doubt.
            let found = [vec![decides, says.holds], vec![decides]].map(|wanted| {
                if self.left == 0 {
                    return Found::NotDecided;
                }
                self.left -= 1;
                meaning.find(&wanted, is_it)
            });
            let known = examples.rules.get(&says.rule);
            let example = merged(known, found, &shown);
            examples.rules.insert(says.rule, example);
        }
        let speak: Vec<_> = answer.rules.iter().map(|says| says.adds).collect();
        let speaks = meaning.circuit.any(speak);
        if self.left > 0 {
            self.left -= 1;
            let found = meaning.find(&[!speaks, !broken], |request| {
                asked(request).rule().is_none()
            });
            let example = merged(examples.default.as_ref(), [found], &shown);
            examples.default = Some(example);
        }
    }
}

/// The first request that was found, now or before.
fn merged<const N: usize>(
    known: Option<&Example>,
    found: [Found; N],
    shown: &dyn Fn(&Request<'static>) -> String,
) -> Example {
    if let Some(Example::Request(_)) = known {
        return known.cloned().unwrap_or(Example::NotDecided);
    }
    let mut is_decided = known.is_none_or(|known| *known == Example::Never);
    for found in found {
        match found {
            Found::Request(request) => return Example::Request(shown(&request)),
            Found::Nothing => {}
            Found::NotDecided => is_decided = false,
        }
    }
    if is_decided {
        Example::Never
    } else {
        Example::NotDecided
    }
}
