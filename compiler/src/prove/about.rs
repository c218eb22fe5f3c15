//! An action in, the rules that are about it out.

use std::collections::HashMap;

use agentos_runtime::{
    glob::Glob,
    table::{Policy, Stage},
};

/// Where a rule stands in a policy: its part, and its place there.
pub(crate) type RuleAt = (usize, usize);

/// The rules of a policy by the actions that they are about at a stage.
pub(crate) struct About<'t> {
    named: HashMap<&'t str, Vec<RuleAt>>,
    globs: Vec<(Glob, RuleAt)>,
}

impl<'t> About<'t> {
    pub(crate) fn new(policy: &Policy<'t>, stage: Stage) -> About<'t> {
        let mut about = About {
            named: HashMap::new(),
            globs: Vec::new(),
        };
        for (part_at, part) in policy.parts.iter().enumerate() {
            for (at, rule) in part.rules.iter().enumerate() {
                if rule.stage != stage {
                    continue;
                }
                for word in rule.actions.iter() {
                    if is_glob(word) {
                        about.globs.push((Glob::new(word), (part_at, at)));
                    } else {
                        about.named.entry(word).or_default().push((part_at, at));
                    }
                }
            }
        }
        about
    }

    /// Those that are about an action, in the order in which they stand.
    pub(crate) fn rules(&self, action: &str) -> Vec<RuleAt> {
        let named = self.named.get(action).into_iter().flatten();
        let globs = self.globs.iter().filter(|(glob, _)| glob.matches(action));
        let mut rules: Vec<RuleAt> = named.chain(globs.map(|(_, rule)| rule)).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// Whether a word of a rule may be about several actions.
pub(crate) fn is_glob(word: &str) -> bool {
    word.contains(['*', '?', '['])
}
