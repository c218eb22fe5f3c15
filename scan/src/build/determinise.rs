//! Makes patterns deterministic: sets of states in, the smallest automaton out.
//!
//! Only whether a pattern is found matters. So a set that found one gives up
//! its other states, unless every end counts.

use std::collections::{BTreeMap, HashMap};

use crate::{
    dfa::{DEAD, Dfa},
    symbols::SymbolSet,
};

use super::{
    alike::classes,
    nfa::{Nfa, State},
};

/// An automaton, and where it begins.
pub(crate) struct Determined {
    pub(crate) dfa: Dfa,
    /// For each entrance, the state by the symbol before it.
    pub(crate) begins: Vec<Vec<u16>>,
}

/// A way into an automaton: states that may be entered, each after symbols of a set.
pub(crate) type Entrance = Vec<(SymbolSet, u32)>;

/// How many steps from state to state may be taken for one automaton of many
/// patterns, which may be taken apart. Those with few states of thousands of
/// readings each would take minutes.
const MOST_STEPS: usize = 1 << 22;

/// The same for a pattern alone.
const MOST_STEPS_ALONE: usize = 1 << 24;

/// Where readings begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Where an entrance is taken.
    Here,
    /// At every letter, by the first entrance.
    Everywhere,
}

/// Makes an automaton of at most so many states. `keeps` says of which
/// patterns every end counts.
pub(crate) fn determinise(
    nfa: &Nfa,
    entrances: &[Entrance],
    keeps: &dyn Fn(u32) -> bool,
    reach: Reach,
    most_states: usize,
) -> Option<Determined> {
    let mut cx = Cx {
        nfa,
        keeps,
        sets: Vec::new(),
        ids: HashMap::new(),
        most_states: most_states.min(usize::from(u16::MAX)),
    };
    cx.id(Vec::new())?;
    let mut begins = Vec::with_capacity(entrances.len());
    let entered = |entrance: &Entrance, symbol: u16| {
        let mut set = Vec::new();
        for (before, entry) in entrance {
            if before.has(symbol as u8) {
                set.extend_from_slice(&nfa.closure(*entry));
            }
        }
        set
    };
    for entrance in entrances {
        let states = (0..nfa.symbols.count).map(|symbol| cx.id(entered(entrance, symbol)));
        begins.push(states.collect::<Option<Vec<u32>>>()?);
    }
    // What begins behind each symbol, whatever was read before.
    let again: Vec<Vec<u32>> = match (reach, entrances.first()) {
        (Reach::Everywhere, Some(entrance)) => (0..nfa.symbols.count)
            .map(|symbol| entered(entrance, symbol))
            .collect(),
        (Reach::Here, _) | (_, None) => Vec::new(),
    };
    let width = usize::from(nfa.symbols.count);
    // Where nothing begins again, nothing is found from the empty set.
    let mut rows: Vec<Vec<u32>> = match reach {
        Reach::Here => vec![vec![u32::from(DEAD); width]],
        Reach::Everywhere => Vec::new(),
    };
    let mut targets: Vec<Vec<u32>> = vec![Vec::new(); width];
    let mut steps = 0;
    let most_steps = MOST_STEPS.max(MOST_STEPS_ALONE / nfa.begins.len().max(1));
    while let Some(set) = cx.sets.get(rows.len()).cloned() {
        targets.iter_mut().for_each(Vec::clear);
        for (target, again) in targets.iter_mut().zip(&again) {
            target.extend_from_slice(again);
            steps += again.len();
        }
        for &state in &set {
            if let Some(State::Read(symbols, next)) = nfa.states.get(state as usize) {
                let next = nfa.closure(*next);
                for symbol in symbols.iter().map(usize::from).filter(|&at| at < width) {
                    targets[symbol].extend_from_slice(&next);
                    steps += next.len();
                }
                if steps > most_steps {
                    return None;
                }
            }
        }
        let mut row = Vec::with_capacity(width);
        for target in &targets {
            // Most symbols lead nowhere.
            row.push(if target.is_empty() {
                u32::from(DEAD)
            } else {
                cx.id(target.clone())?
            });
        }
        rows.push(row);
    }
    let found: Vec<Vec<u16>> = cx.sets.iter().map(|set| found(nfa, set)).collect();
    Some(smallest(&rows, &found, &begins))
}

struct Cx<'n> {
    nfa: &'n Nfa,
    keeps: &'n dyn Fn(u32) -> bool,
    sets: Vec<Vec<u32>>,
    ids: HashMap<Vec<u32>, u32>,
    most_states: usize,
}

impl Cx<'_> {
    /// The number of a set of states; a new one where it was not seen before.
    fn id(&mut self, mut set: Vec<u32>) -> Option<u32> {
        set.sort_unstable();
        set.dedup();
        let is_found = |&&state: &&u32| matches!(self.nfa.states[state as usize], State::Found);
        let owner = |state: u32| self.nfa.owners[state as usize];
        let done: Vec<u32> = set
            .iter()
            .filter(is_found)
            .map(|&state| owner(state))
            .collect();
        if !done.is_empty() {
            set.retain(|state| {
                let owner = owner(*state);
                is_found(&state) || (self.keeps)(owner) || !done.contains(&owner)
            });
        }
        if let Some(&id) = self.ids.get(&set) {
            return Some(id);
        }
        let id = self.sets.len();
        if id >= self.most_states {
            return None;
        }
        self.sets.push(set.clone());
        self.ids.insert(set, id as u32);
        Some(id as u32)
    }
}

fn found(nfa: &Nfa, set: &[u32]) -> Vec<u16> {
    let is_found = |&&state: &&u32| matches!(nfa.states[state as usize], State::Found);
    let mut found: Vec<u16> = set
        .iter()
        .filter(is_found)
        .map(|&state| nfa.owners[state as usize] as u16)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Joins states that nothing tells apart.
fn smallest(rows: &[Vec<u32>], found: &[Vec<u16>], begins: &[Vec<u32>]) -> Determined {
    let blocks = classes(rows, &number(found.iter()));
    // One state a block: the dead one first, those that found something last.
    let mut members: BTreeMap<u32, usize> = BTreeMap::new();
    for (state, &block) in blocks.iter().enumerate() {
        members.entry(block).or_insert(state);
    }
    let dead = blocks[usize::from(DEAD)];
    let mut order: Vec<(u32, usize)> = members.into_iter().collect();
    order.sort_by_key(|&(block, state)| (block != dead, !found[state].is_empty(), state));
    let mut names = vec![DEAD; order.len()];
    for (name, &(block, _)) in (0..).zip(&order) {
        names[block as usize] = name;
    }
    let width = rows.first().map_or(1, Vec::len);
    let shift = width.next_power_of_two().trailing_zeros();
    let mut next = vec![DEAD; order.len() << shift];
    let (mut offsets, mut all) = (vec![0], Vec::new());
    let mut first_found = order.len() as u16;
    for (name, &(_, state)) in order.iter().enumerate() {
        for (symbol, &target) in rows[state].iter().enumerate() {
            next[name << shift | symbol] = names[blocks[target as usize] as usize];
        }
        if !found[state].is_empty() {
            first_found = first_found.min(name as u16);
            all.extend_from_slice(&found[state]);
            offsets.push(all.len() as u32);
        }
    }
    Determined {
        begins: begins
            .iter()
            .map(|states| {
                let name = |&state: &u32| names[blocks[state as usize] as usize];
                states.iter().map(name).collect()
            })
            .collect(),
        dfa: Dfa {
            shift: shift as u8,
            next: next.into(),
            first_found,
            offsets: offsets.into(),
            found: all.into(),
        },
    }
}

/// Numbers keys by their first appearance.
fn number<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut numbers = HashMap::new();
    keys.map(|key| {
        let next = numbers.len() as u32;
        *numbers.entry(key).or_insert(next)
    })
    .collect()
}
