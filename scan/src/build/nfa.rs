//! Pieces as one nondeterministic automaton: their nodes in, the states that a
//! letter leads to out.

use std::{cell::OnceCell, rc::Rc};

use crate::symbols::{AFTER, BEFORE, SymbolSet, Symbols};

use super::{
    alphabet::{Classes, Letters, alphabet, any_letter},
    pieces::Piece,
    shape::{Class1, Lead, Node},
};

/// How many states the pieces of one automaton may have before they are made
/// deterministic.
const MOST_STATES: usize = 1 << 17;

/// What a state does.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Reads one symbol of these.
    Read(SymbolSet, u32),
    /// Is in all of these at once.
    Split(Vec<u32>),
    /// Its piece was found.
    Found,
}

/// All pieces together.
pub(crate) struct Nfa {
    pub(crate) symbols: Symbols,
    pub(crate) states: Vec<State>,
    /// The piece of each state.
    pub(crate) owners: Vec<u32>,
    /// For each piece: what may stand before it, and where it begins.
    pub(crate) begins: Vec<(SymbolSet, u32)>,
    /// Where what must not follow begins, for each that was given.
    pub(crate) followers: Vec<u32>,
    /// The symbols of each gap that was given.
    pub(crate) gaps: Vec<SymbolSet>,
    /// By state, those that read or found something and are reached without reading.
    closures: Vec<OnceCell<Rc<[u32]>>>,
}

impl Nfa {
    /// Builds the automaton; pieces are the owners of its states, followers
    /// those after them. None where it would be too large.
    pub(crate) fn new(
        classes: &Classes,
        pieces: &[&Piece],
        followers: &[&Node],
        gaps: &[Letters],
    ) -> Option<Nfa> {
        let mut used = gaps.to_vec();
        for piece in pieces {
            if let Lead::Of(class) = &piece.lead {
                used.push(class.letters);
            }
            gather(&piece.body, &mut used);
        }
        for body in followers {
            gather(body, &mut used);
        }
        used.sort_unstable();
        used.dedup();
        let ranges: Vec<_> = used
            .iter()
            .map(|&letters| classes.ranges(letters))
            .collect();
        let (symbols, sets) = alphabet(&ranges)?;
        let names = Names {
            classes: &used,
            sets: &sets,
        };
        let mut nfa = Nfa {
            symbols,
            states: Vec::new(),
            owners: Vec::new(),
            begins: Vec::new(),
            followers: Vec::new(),
            closures: Vec::new(),
            gaps: gaps.iter().map(|letters| names.letters(*letters)).collect(),
        };
        for (owner, piece) in (0..).zip(pieces) {
            let lead = match &piece.lead {
                Lead::Any => {
                    let mut any = any_letter(nfa.symbols.count);
                    any.insert(BEFORE);
                    any
                }
                Lead::Of(class) => names.set(*class, BEFORE),
            };
            let begin = nfa.pattern(&names, owner, &piece.body)?;
            nfa.begins.push((lead, begin));
        }
        for (owner, body) in (pieces.len() as u32..).zip(followers) {
            let begin = nfa.pattern(&names, owner, body)?;
            nfa.followers.push(begin);
        }
        nfa.closures.resize(nfa.states.len(), OnceCell::new());
        Some(nfa)
    }

    /// The states that read or found something, reached without reading.
    pub(crate) fn closure(&self, state: u32) -> Rc<[u32]> {
        let closure = || {
            let (mut open, mut seen, mut reached) = (vec![state], vec![state], Vec::new());
            while let Some(at) = open.pop() {
                match self.states.get(at as usize) {
                    Some(State::Split(nexts)) => {
                        for &next in nexts {
                            if !seen.contains(&next) {
                                seen.push(next);
                                open.push(next);
                            }
                        }
                    }
                    Some(State::Read(..) | State::Found) => reached.push(at),
                    None => {}
                }
            }
            reached.sort_unstable();
            reached.into()
        };
        let known = self.closures.get(state as usize);
        known.map_or_else(|| Rc::from([]), |known| known.get_or_init(closure).clone())
    }

    fn pattern(&mut self, names: &Names<'_>, owner: u32, body: &Node) -> Option<u32> {
        let found = self.push(owner, State::Found)?;
        self.node(names, owner, body, found)
    }

    /// Adds a node that goes on at `next`; answers where it begins.
    fn node(&mut self, names: &Names<'_>, owner: u32, node: &Node, next: u32) -> Option<u32> {
        match node {
            Node::One(class) => self.push(owner, State::Read(names.set(*class, AFTER), next)),
            Node::All(nodes) => nodes
                .iter()
                .rev()
                .try_fold(next, |next, node| self.node(names, owner, node, next)),
            Node::Any(nodes) => {
                let begins = nodes.iter().map(|node| self.node(names, owner, node, next));
                let begins = begins.collect::<Option<Vec<_>>>()?;
                self.push(owner, State::Split(begins))
            }
            Node::Repeat { node, least, most } => {
                let mut next = match most {
                    None => {
                        let again = self.push(owner, State::Split(Vec::new()))?;
                        let begin = self.node(names, owner, node, again)?;
                        *self.states.get_mut(again as usize)? = State::Split(vec![begin, next]);
                        again
                    }
                    Some(most) => {
                        let end = next;
                        let mut next = next;
                        for _ in *least..*most {
                            let begin = self.node(names, owner, node, next)?;
                            next = self.push(owner, State::Split(vec![begin, end]))?;
                        }
                        next
                    }
                };
                for _ in 0..*least {
                    next = self.node(names, owner, node, next)?;
                }
                Some(next)
            }
        }
    }

    fn push(&mut self, owner: u32, state: State) -> Option<u32> {
        if self.states.len() >= MOST_STATES {
            return None;
        }
        self.states.push(state);
        self.owners.push(owner);
        Some(self.states.len() as u32 - 1)
    }
}

/// What classes are called in an alphabet.
struct Names<'s> {
    classes: &'s [Letters],
    sets: &'s [SymbolSet],
}

impl Names<'_> {
    fn letters(&self, letters: Letters) -> SymbolSet {
        let found = self.classes.binary_search(&letters);
        found.map_or_else(|_| SymbolSet::default(), |at| self.sets[at])
    }

    fn set(&self, class: Class1, edge: u8) -> SymbolSet {
        let mut set = self.letters(class.letters);
        if class.edge {
            set.insert(edge);
        }
        set
    }
}

fn gather(node: &Node, classes: &mut Vec<Letters>) {
    match node {
        Node::One(class) => classes.push(class.letters),
        Node::All(nodes) | Node::Any(nodes) => {
            for node in nodes {
                gather(node, classes);
            }
        }
        Node::Repeat { node, .. } => gather(node, classes),
    }
}
