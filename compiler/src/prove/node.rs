//! What is asked of a field and of those below it in, a value for it out.

use std::collections::BTreeMap;

use agentos_runtime::{Map, Value};

use super::{
    atom::{Answer, Ask, Claim, Present},
    search::Flaw,
    value::Values,
};

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root<'m, 't> {
    Agent,
    Param(Option<&'m &'t str>),
    Context(Option<&'m &'t str>),
    Attested(Option<&'m &'t str>),
}

/// What is asked of a field, and of those below it.
#[derive(Default)]
pub(super) struct Node<'m, 't> {
    pub(super) claims: Vec<Claim<'m, 't>>,
    below: BTreeMap<&'m str, Node<'m, 't>>,
}

impl<'m, 't> Node<'m, 't> {
    pub(super) fn at(&mut self, names: &'m [&'t str]) -> &mut Node<'m, 't> {
        match names.split_first() {
            None => self,
            Some((first, others)) => self.below.entry(first).or_default().at(others),
        }
    }

    /// Forgets all other claims.
    pub(super) fn keep(&mut self, is_kept: &impl Fn(&Claim<'_, 't>) -> bool) {
        self.claims.retain(|claim| is_kept(claim));
        for node in self.below.values_mut() {
            node.keep(is_kept);
        }
    }

    /// A value for the field of this name, or that it is missing.
    pub(super) fn value(
        &self,
        values: &Values<'_, 't>,
        name: Option<&str>,
    ) -> Result<Present, Flaw> {
        let avoided = name.map_or(Ok(None), |name| values.avoids_key(name));
        let Ok(avoided) = avoided else {
            return Err(Flaw::NotDecided(self.numbers()));
        };
        // Whatever is asked below comes to nothing where there is no map.
        let mut below = Vec::new();
        for node in self.below.values() {
            node.missing(&mut below);
        }
        let plain = if below.is_empty() {
            values.present(&self.claims, avoided)
        } else {
            Answer::None(below)
        };
        let core = match plain {
            Answer::Some(value) => return Ok(value),
            Answer::NotDecided => return Err(Flaw::NotDecided(self.numbers())),
            Answer::None(core) if self.below.is_empty() => {
                return Err(Flaw::Contradiction(core));
            }
            Answer::None(core) => core,
        };
        // A map, and in it what is asked for.
        let with = |flaw| match flaw {
            Flaw::Contradiction(mut more) => {
                more.extend(core.iter().copied());
                more.sort_unstable();
                more.dedup();
                Flaw::Contradiction(more)
            }
            Flaw::NotDecided(_) => Flaw::NotDecided(self.numbers()),
        };
        if let Some(number) = avoided {
            return Err(with(Flaw::Contradiction(vec![number])));
        }
        match values.map(&self.claims) {
            Answer::Some(_) => {}
            Answer::None(more) => return Err(with(Flaw::Contradiction(more))),
            Answer::NotDecided => return Err(Flaw::NotDecided(self.numbers())),
        }
        let mut map = Map::new();
        for (name, node) in &self.below {
            if let Some(value) = node.value(values, Some(name)).map_err(with)? {
                map.insert((*name).to_owned(), value);
            }
        }
        Ok(Some(Value::Map(map)))
    }

    /// The questions that come to something else where nothing is there.
    fn missing(&self, unmet: &mut Vec<usize>) {
        let others = self.claims.iter().filter(|claim| {
            let outcome = (*claim.ask == Ask::Exists).then_some(false);
            !claim.wanted.has(outcome)
        });
        unmet.extend(others.map(|claim| claim.number));
        for node in self.below.values() {
            node.missing(unmet);
        }
    }

    fn numbers(&self) -> Vec<usize> {
        let own = self.claims.iter().map(|claim| claim.number);
        let below = self.below.values().flat_map(Node::numbers);
        own.chain(below).collect()
    }
}

/// Who asks: nobody where that is missing.
pub(super) fn agent<'t>(values: &Values<'_, 't>, node: &Node<'_, 't>) -> Result<String, Flaw> {
    match values.name(&node.claims) {
        Answer::Some(name) => Ok(name),
        Answer::None(core) => Err(Flaw::Contradiction(core)),
        Answer::NotDecided => Err(Flaw::NotDecided(node.numbers())),
    }
}
