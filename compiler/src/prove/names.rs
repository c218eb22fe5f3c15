//! Policies in, names of actions out: one for each way in which their rules can
//! be about an action.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use agentos_runtime::{
    glob::Glob,
    table::{Check, Condition, Field, Literal, Policy, Quantifier, Stage},
};
use regex_syntax::hir::{Hir, Look};

use super::{
    about::is_glob,
    atom::Ask,
    language::{Around, Language, State, TooLarge},
    languages::languages,
    member::{Letter, Member, Wanted, alphabet, member},
};

/// Names of actions that stand for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// Those that no policy names one by one first.
    pub(crate) all: Vec<String>,
    /// How many they are.
    pub(crate) others: usize,
    /// Whether every other name is judged as one of them is.
    pub(crate) are_all: bool,
}

impl Names {
    /// Those that the words of rules of a stage tell apart.
    pub(crate) fn new(policies: &[&Policy<'_>], stage: Stage) -> Names {
        Names::told_apart(policies, stage, &mut |words, actions| {
            for word in actions {
                words.add_glob(word);
            }
        })
    }

    /// Those that the rules of a stage tell apart, whichever of their words is about
    /// a name.
    pub(crate) fn of_rules(policies: &[&Policy<'_>], stage: Stage) -> Names {
        Names::told_apart(policies, stage, &mut Words::add_rule)
    }

    fn told_apart<'t>(
        policies: &[&Policy<'t>],
        stage: Stage,
        add: &mut dyn FnMut(&mut Words<'t>, &[&'t str]),
    ) -> Names {
        let mut words = Words::default();
        for policy in policies {
            if stage == Stage::Call {
                words
                    .literals
                    .extend(policy.actions.iter().map(|action| action.name));
            }
            let rules = policy.parts.iter().flat_map(|part| part.rules.iter());
            for rule in rules.filter(|rule| rule.stage == stage) {
                add(&mut words, &rule.actions);
                if let Some(when) = &rule.when {
                    words.add_tests(policy, when);
                }
            }
        }
        words.names()
    }
}

/// What tells names apart.
#[derive(Default)]
struct Words<'t> {
    /// Single names.
    literals: BTreeSet<&'t str>,
    globs: BTreeSet<&'t str>,
    languages: Vec<Language>,
    /// The globs of rules, as one.
    of_rules: BTreeSet<Vec<&'t str>>,
    /// Names with which a text begins in which something is looked for at its start.
    firsts: BTreeSet<String>,
    /// Whether something is asked that no language says.
    is_open: bool,
}

impl<'t> Words<'t> {
    fn add_glob(&mut self, word: &'t str) {
        if !is_glob(word) {
            self.literals.insert(word);
        } else if self.globs.insert(word) {
            self.add_language(&Glob::new(word).expression());
        }
    }

    fn add_rule(&mut self, actions: &[&'t str]) {
        let (mut globs, literals): (Vec<&str>, Vec<&str>) =
            actions.iter().partition(|word| is_glob(word));
        self.literals.extend(literals);
        globs.sort_unstable();
        self.globs.extend(&globs);
        // What is about everything tells nothing apart.
        if globs.is_empty() || globs.contains(&"*") || !self.of_rules.insert(globs.clone()) {
            return;
        }
        // What may stand around a word is written once: nothing is remembered of
        // which word it was.
        let mut around: BTreeMap<[bool; 2], Vec<String>> = BTreeMap::new();
        for glob in globs {
            let bare = glob.strip_prefix('*').unwrap_or(glob);
            let inner = bare.strip_suffix('*').unwrap_or(bare);
            let sides = [bare.len() < glob.len(), inner.len() < bare.len()];
            around
                .entry(sides)
                .or_default()
                .push(Glob::new(inner).expression());
        }
        let any = |is_there| if is_there { "(?s:.*)" } else { "" };
        let ways = around.into_iter().map(|([before, after], words)| {
            format!("{}(?:{}){}", any(before), words.join("|"), any(after))
        });
        let ways: Vec<String> = ways.collect();
        self.add_language(&format!("(?:{})", ways.join("|")));
    }

    fn add_language(&mut self, expression: &str) {
        let expression = regex_syntax::parse(expression);
        match expression.map(|expression| Language::new(&whole(expression), None)) {
            Ok(Ok(language)) => self.languages.push(language),
            _ => self.is_open = true,
        }
    }

    fn add_tests(&mut self, policy: &Policy<'t>, condition: &Condition<'t>) {
        let mut left = vec![condition];
        while let Some(condition) = left.pop() {
            let test = match condition {
                Condition::All(parts) | Condition::Any(parts) => {
                    left.extend(parts.iter());
                    continue;
                }
                Condition::Test(test) => test,
            };
            if test.field == Field::Text {
                let made = languages(&Ask::new(policy, &test.check)).ok().flatten();
                let firsts = made.into_iter().flatten().filter(|made| made.is_first);
                self.firsts.extend(firsts.filter_map(|first| first.example));
            }
            if test.field != Field::Action || test.quantifier != Quantifier::Whole {
                continue;
            }
            match &test.check {
                Check::Exists => {}
                Check::Equals(Literal::Text(name)) => {
                    self.literals.insert(name);
                }
                Check::OneOf(literals) => {
                    let texts = literals.iter().filter_map(|literal| match literal {
                        Literal::Text(text) => Some(*text),
                        _ => None,
                    });
                    self.literals.extend(texts);
                }
                check => match languages(&Ask::new(policy, check)) {
                    Ok(Some(made)) => self.languages.extend(made),
                    Ok(None) => self.is_open |= !matches!(check, Check::Equals(_)),
                    Err(TooLarge) => self.is_open = true,
                },
            }
        }
    }

    fn names(self) -> Names {
        let mut search = Search {
            words: &self,
            seen: HashSet::new(),
            taken: Vec::new(),
            names: Vec::new(),
        };
        let likely = self.globs.iter().map(|glob| glob.replace('*', "something"));
        let mut likely = ["something".to_owned()].into_iter().chain(likely);
        let is_whole = likely
            .try_for_each(|name| search.try_name(&name))
            .and_then(|()| Ok(search.others()? & search.beside_taken()?))
            .unwrap_or(false);
        let firsts = self.firsts.iter().filter(|first| {
            let is_known = search.names.contains(first) || self.literals.contains(&***first);
            !first.is_empty() && !is_known
        });
        let firsts: Vec<String> = firsts.cloned().collect();
        let mut all: Vec<String> = search.names.into_iter().chain(firsts).collect();
        let others = all.len();
        all.extend(self.literals.iter().map(|&name| name.to_owned()));
        Names {
            all,
            others,
            are_all: is_whole && !self.is_open,
        }
    }
}

/// An expression for texts that are it from end to end.
fn whole(expression: Hir) -> Hir {
    let [start, end] = [Look::Start, Look::End].map(Hir::look);
    Hir::concat(vec![start, expression, end])
}

/// How many states of all languages side by side are looked at.
const MOST_STATES: usize = 4_000;

struct Search<'w, 't> {
    words: &'w Words<'t>,
    /// The ways to be in the languages that there is a name for.
    seen: HashSet<Vec<bool>>,
    /// Those for which a name was found that is a single one.
    taken: Vec<Vec<bool>>,
    names: Vec<String>,
}

impl Search<'_, '_> {
    fn try_name(&mut self, name: &str) -> Result<(), TooLarge> {
        let languages = self.words.languages.iter();
        let way = languages
            .map(|language| language.has(name))
            .collect::<Result<Vec<bool>, _>>()?;
        self.add(way, || name.to_owned());
        Ok(())
    }

    fn add(&mut self, way: Vec<bool>, name: impl FnOnce() -> String) {
        if self.seen.contains(&way) {
            return;
        }
        let name = name();
        // An action has a name, and those that are named have theirs.
        if self.words.literals.contains(&*name) {
            self.taken.push(way);
        } else if !name.is_empty() {
            self.seen.insert(way);
            self.names.push(name);
        }
    }

    /// Looks for names beside the single ones; whether it is known of each way
    /// whether there is one.
    fn beside_taken(&mut self) -> Result<bool, TooLarge> {
        let mut are_known = true;
        for way in std::mem::take(&mut self.taken) {
            if self.seen.contains(&way) {
                continue;
            }
            let names = self.words.literals.iter().copied().chain([""]);
            let names = names.map(|name| Hir::literal(name.as_bytes()));
            let single = Language::new(&whole(Hir::alternation(names.collect())), None)?;
            let languages = self.words.languages.iter().zip(way.iter().copied());
            let wanted: Vec<Wanted<'_>> = languages
                .chain([(&single, false)])
                .map(|(language, is_in)| Wanted {
                    language,
                    around: Around::Nothing,
                    is_in,
                })
                .collect();
            match member(&wanted, MOST_STATES) {
                Member::Text(name) => self.add(way, || name),
                Member::None => {}
                Member::NotDecided => are_known = false,
            }
        }
        Ok(are_known)
    }

    /// Reads all languages side by side, breadth first; whether there is a name
    /// now for each way to be in them.
    fn others(&mut self) -> Result<bool, TooLarge> {
        let languages = &self.words.languages;
        let bytes = alphabet(&languages.iter().collect::<Vec<_>>());
        let start = languages
            .iter()
            .map(|language| language.start(Around::Nothing));
        let first = (Letter::Over, start.collect::<Result<Vec<State>, _>>()?);
        let mut known = HashSet::from([first.clone()]);
        let mut left = VecDeque::from([(first, Vec::new())]);
        while let Some(((letter, states), name)) = left.pop_front() {
            if letter == Letter::Over {
                let way = languages
                    .iter()
                    .zip(&states)
                    .map(|(language, state)| language.ends(state, Around::Nothing))
                    .collect::<Result<Vec<bool>, _>>()?;
                self.add(way, || {
                    String::from_utf8(name.clone()).expect("only whole letters are read")
                });
            }
            for &byte in &bytes {
                let Some(letter) = letter.step(byte) else {
                    continue;
                };
                let states = languages
                    .iter()
                    .zip(&states)
                    .map(|(language, state)| language.step(state, byte))
                    .collect::<Result<Vec<State>, _>>()?;
                let next = (letter, states);
                if known.insert(next.clone()) {
                    if known.len() > MOST_STATES {
                        return Ok(false);
                    }
                    left.push_back((next, [name.as_slice(), &[byte]].concat()));
                }
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let mut all = Words::default();
        for &word in words {
            all.add_glob(word);
        }
        let names = all.names();
        assert!(names.are_all);
        names.all
    }

    #[test]
    fn there_is_a_name_for_each_way() {
        assert_eq!(names(&[]), ["something"]);
        assert_eq!(names(&["*"]), ["something"]);
        assert_eq!(names(&["read", "*"]), ["something", "read"]);
        assert_eq!(
            names(&["db.*", "*.read", "db.read", "something"]),
            [
                "something.read",
                "db.something",
                "a",
                "db..read",
                "db.read",
                "something"
            ]
        );
    }
}
