//! Custom signals, what to deny and from which confidence on in, a
//! [`SemanticPolicyEngine`] out.
//!
//! The engine has the signals of the shipped policy `intents`, and its custom
//! ones behind them. Patterns are compiled here, so that none is while a call
//! waits.

use std::{fmt, sync::LazyLock};

use agentos_grammar::ast::PatternKind;
use agentos_runtime::{
    DenySet, IntentCategory, Number, SemanticError, SemanticPolicyEngine, artifact,
    matchers::{self, Unfit},
    table::{Intent, Pattern, Place, Signal, Table},
};

use crate::{
    Options, Sources, compile,
    pattern::{self, Budget, Compiled, PatternProblem},
    shipped,
};

/// The policy whose signals every engine has.
const SHIPPED: &str = "intents";

/// That policy, compiled when an engine is first made.
static ARTIFACT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = shipped::text(SHIPPED).expect("its file is embedded");
    let sources = Sources::one("shipped/intents.policy", text);
    let (plan, _) = compile(&sources, &Options::default());
    let plan = plan.expect("a test compiles every shipped policy");
    artifact::write(&plan.table()).expect("a small table is a small artifact")
});

/// An engine of the shipped signals, to be [built](EngineBuilder::build).
///
/// ```
/// use agentos_compiler::semantic;
/// use agentos_runtime::{IntentCategory, Map};
///
/// let engine = semantic::engine()
///     .custom_signal(IntentCategory::DestructiveData, r"\bobliterate\b", 0.9, "obliterate verb")
///     .build()?;
/// let params: Map = [("query", "please obliterate it")].into_iter().collect();
/// let denied = engine.check("act", &params).unwrap_err();
/// assert_eq!(denied.classification.matched_signals, ["obliterate verb"]);
/// # Ok::<(), semantic::InvalidEngine>(())
/// ```
pub fn engine() -> EngineBuilder {
    EngineBuilder {
        deny: None,
        confidence_threshold: None,
        custom: Vec::new(),
    }
}

/// What a [`SemanticPolicyEngine`] is made of.
#[derive(Clone, Debug)]
#[must_use]
pub struct EngineBuilder {
    deny: Option<Vec<IntentCategory>>,
    confidence_threshold: Option<f64>,
    custom: Vec<Custom>,
}

#[derive(Clone, Debug)]
struct Custom {
    category: IntentCategory,
    expression: String,
    weight: f64,
    name: String,
}

impl EngineBuilder {
    /// Denies these categories; otherwise it is the five dangerous ones.
    pub fn deny(mut self, categories: impl IntoIterator<Item = IntentCategory>) -> EngineBuilder {
        self.deny = Some(categories.into_iter().collect());
        self
    }

    /// Denies from this confidence on; otherwise it is 0.5.
    pub fn confidence_threshold(mut self, threshold: f64) -> EngineBuilder {
        self.confidence_threshold = Some(threshold);
        self
    }

    /// Adds a signal behind those of its category: a regex as policies have them,
    /// a weight between 0 and 1, and what classifications call it. A signal may
    /// count towards `benign` as well; it hides no other.
    pub fn custom_signal(
        mut self,
        category: IntentCategory,
        expression: impl Into<String>,
        weight: f64,
        name: impl Into<String>,
    ) -> EngineBuilder {
        self.custom.push(Custom {
            category,
            expression: expression.into(),
            weight,
            name: name.into(),
        });
        self
    }

    /// Makes the engine.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with what it is made of.
    pub fn build(self) -> Result<SemanticPolicyEngine, InvalidEngine> {
        let mut problems = Vec::new();
        let mut signals: Vec<(&Custom, Number, Compiled)> = Vec::new();
        for custom in &self.custom {
            let weight = Number::fraction(custom.weight);
            if weight.is_none() {
                problems.push(EngineProblem::Weight {
                    signal: custom.name.clone(),
                    weight: custom.weight,
                });
            }
            let compiled = pattern::compile(
                PatternKind::Regex,
                &custom.expression,
                None,
                Budget::default(),
            );
            match (weight, compiled) {
                (Some(weight), Ok(compiled)) => signals.push((custom, weight, compiled)),
                (None, Ok(_)) => {}
                (_, Err(wrong)) => {
                    problems.extend(wrong.into_iter().map(|problem| EngineProblem::Pattern {
                        signal: custom.name.clone(),
                        expression: custom.expression.clone(),
                        problem,
                    }));
                }
            }
        }
        let deny = match self.deny.map(DenySet::new) {
            None => Some(DenySet::default()),
            Some(Ok(deny)) => Some(deny),
            Some(Err(error)) => {
                problems.push(error.into());
                None
            }
        };
        let mut table = shipped_table();
        if let Some(policy) = table.policies.to_mut().first_mut() {
            // Only its signals are asked.
            policy.parts = (&[]).into();
            for (custom, weight, compiled) in &signals {
                let intents = policy.intents.to_mut();
                let known = intents.iter().position(|i| i.category == custom.category);
                let at = known.unwrap_or_else(|| {
                    intents.push(Intent {
                        category: custom.category,
                        signals: (&[]).into(),
                    });
                    intents.len() - 1
                });
                intents[at].signals.to_mut().push(Signal {
                    weight: *weight,
                    pattern: Pattern {
                        source: &custom.expression,
                        at: WRITTEN_NOWHERE,
                        matcher: compiled.matcher(),
                    },
                    explain: &custom.name,
                });
            }
        }
        if let Some(policy) = table.policies.to_mut().first_mut()
            && !signals.is_empty()
        {
            match matchers::build(policy) {
                Ok(built) => policy.matchers = built.into(),
                Err(Unfit(numbers)) => {
                    let sets = policy.patterns.iter().map(|set| set.patterns.len());
                    let before: usize = sets.sum();
                    let all = policy
                        .intents
                        .iter()
                        .flat_map(|intent| intent.signals.iter());
                    let all: Vec<&Signal<'_>> = all.collect();
                    let unfit = numbers.iter().filter_map(|&number| {
                        all.get((number as usize).checked_sub(before)?).copied()
                    });
                    problems.extend(unfit.map(|signal| EngineProblem::Pattern {
                        signal: signal.explain.to_owned(),
                        expression: signal.pattern.source.to_owned(),
                        problem: pattern::outgrown(),
                    }));
                    return Err(InvalidEngine { problems });
                }
            }
        }
        let made = SemanticPolicyEngine::new(&table, SHIPPED).and_then(|engine| {
            match self.confidence_threshold {
                None => Ok(engine),
                Some(threshold) => engine.confidence_threshold(threshold),
            }
        });
        match (made, deny) {
            (Ok(engine), Some(deny)) if problems.is_empty() => Ok(engine.deny(deny)),
            (made, _) => {
                problems.extend(made.err().map(EngineProblem::from));
                Err(InvalidEngine { problems })
            }
        }
    }
}

fn shipped_table<'t>() -> Table<'t> {
    artifact::read(&ARTIFACT).expect("what was written reads back")
}

/// Where a custom signal is written: in a program.
const WRITTEN_NOWHERE: Place = Place {
    source: 0,
    line: 1,
    column: 1,
};

/// Why an engine cannot be made: everything that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidEngine {
    /// In the order of the signals; never empty.
    pub problems: Vec<EngineProblem>,
}

/// One thing that is wrong with what an engine is made of.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineProblem {
    /// The weight of a custom signal.
    #[error("the weight {weight} of the signal `{signal}` is not between 0 and 1")]
    Weight {
        /// What the signal is called.
        signal: String,
        /// As it was given.
        weight: f64,
    },
    /// The expression of a custom signal.
    #[error("the expression `{expression}` of the signal `{signal}`: {}{}", problem.message, problem.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default())]
    Pattern {
        /// What the signal is called.
        signal: String,
        /// As it was given.
        expression: String,
        /// What is wrong with it.
        problem: PatternProblem,
    },
    /// What is denied, or from which confidence on.
    #[error(transparent)]
    Setting(#[from] SemanticError),
}

impl fmt::Display for InvalidEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "; " })?;
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidEngine {}

#[cfg(test)]
mod tests;
