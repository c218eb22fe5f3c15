//! Rows of a policy in, which of its patterns are looked for where out.

use crate::table::{Check, Condition, Field, Pattern, Policy};

/// How deep conditions are looked into. What is nested deeper is refused
/// elsewhere.
const DEEPEST: usize = crate::prepare::DEEPEST_CONDITION;

/// The patterns of a policy by their numbers, and where they are looked for.
pub(crate) struct Uses<'p, 't> {
    /// Those of all sets, then those of all signals: a number is a position here.
    pub(crate) rows: Vec<&'p Pattern<'t>>,
    /// The numbers of each set.
    pub(crate) sets: Vec<Vec<u32>>,
    /// The numbers of each intent's signals.
    pub(crate) signals: Vec<Vec<u32>>,
    /// Those that are looked for in canonical texts, rising.
    pub(crate) text: Vec<u32>,
    /// Those that are looked for in fields by themselves, rising.
    pub(crate) fields: Vec<u32>,
}

impl<'p, 't> Uses<'p, 't> {
    pub(crate) fn of(policy: &'p Policy<'t>) -> Uses<'p, 't> {
        let mut rows = Vec::new();
        let mut number = |pattern: &'p Pattern<'t>| {
            rows.push(pattern);
            rows.len() as u32 - 1
        };
        let sets = policy.patterns.iter();
        let sets: Vec<Vec<u32>> = sets
            .map(|set| set.patterns.iter().map(&mut number).collect())
            .collect();
        let signals = policy.intents.iter().map(|intent| {
            let patterns = intent.signals.iter().map(|signal| &signal.pattern);
            patterns.map(&mut number).collect()
        });
        let signals: Vec<Vec<u32>> = signals.collect();
        let mut uses = Uses {
            rows,
            text: signals.iter().flatten().copied().collect(),
            sets,
            signals,
            fields: Vec::new(),
        };
        let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
        for when in rules.filter_map(|rule| rule.when.as_ref()) {
            uses.condition(when, DEEPEST);
        }
        for numbers in [&mut uses.text, &mut uses.fields] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        uses
    }

    fn condition(&mut self, condition: &Condition<'_>, deeper: usize) {
        let Some(deeper) = deeper.checked_sub(1) else {
            return;
        };
        match condition {
            Condition::All(list) | Condition::Any(list) => {
                for part in list.iter() {
                    self.condition(part, deeper);
                }
            }
            Condition::Test(test) => {
                if let Check::Matches(set) = test.check
                    && let Some(numbers) = self.sets.get(set as usize)
                {
                    if test.field == Field::Text {
                        self.text.extend(numbers);
                    } else {
                        self.fields.extend(numbers);
                    }
                }
            }
        }
    }
}
