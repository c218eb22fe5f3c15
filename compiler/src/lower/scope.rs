//! What the names in a policy may stand for: its own declarations, and those
//! of the policies it extends.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use agentos_runtime::table::Category;

use super::own::Own;
use crate::ir;

/// Everything that a rule of one policy can refer to.
#[derive(Default)]
pub(super) struct Scope {
    /// Declared actions by name.
    pub(super) actions: HashMap<String, Rc<ir::Action>>,
    /// Declared actions by the name of a param they have.
    pub(super) by_param: HashMap<String, Vec<Rc<ir::Action>>>,
    /// Names of pattern sets.
    pub(super) sets: HashSet<String>,
    /// Categories that some signal counts towards.
    pub(super) intents: HashSet<Category>,
}

impl Scope {
    /// What the inherited statements declare.
    pub(super) fn new<'a>(inherited: impl Iterator<Item = &'a Own>) -> Scope {
        let mut scope = Scope::default();
        for own in inherited {
            for action in &own.actions {
                scope.declare(action);
            }
            scope
                .sets
                .extend(own.patterns.iter().map(|set| set.name.clone()));
            scope
                .intents
                .extend(own.intents.iter().map(|intent| intent.category));
        }
        scope
    }

    /// Adds an action.
    pub(super) fn declare(&mut self, action: &Rc<ir::Action>) {
        self.actions
            .insert(action.name.node.clone(), Rc::clone(action));
        for param in &action.params {
            self.by_param
                .entry(param.name.node.clone())
                .or_default()
                .push(Rc::clone(action));
        }
    }
}
