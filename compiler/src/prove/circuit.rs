//! Gates in, whether they can be as is wanted out: a SAT solver, and what turns
//! gates into its clauses.

use std::{
    collections::{BinaryHeap, HashMap},
    rc::Rc,
};

use batsat::{BasicSolver, SolverInterface, lbool};

pub(crate) use batsat::Lit;

/// Gates over inputs that may be either way.
pub(crate) struct Circuit {
    solver: BasicSolver,
    yes: Lit,
    /// By their parts: what is the same is one gate.
    gates: HashMap<Rc<[Lit]>, Lit>,
    /// By its number, what is known of each.
    known: Vec<Known>,
}

/// The most parts of one gate. A solver that looks for a part of a wide one that may
/// still hold looks at all of them, each time.
const WIDEST: usize = 16;

/// The fewest parts of one group but the last.
const NARROWEST: usize = 4;

/// What something is made of, and how much it takes at least to say that it holds,
/// and that it does not.
struct Known {
    parts: Option<Rc<[Lit]>>,
    effort: [u32; 2],
}

/// What is needed, and of what of it the parts are still to be looked at.
struct Needed {
    is_needed: Vec<bool>,
    left: BinaryHeap<u32>,
}

impl Needed {
    fn has(&self, part: Lit) -> bool {
        self.is_needed[part.var().idx() as usize]
    }

    fn add(&mut self, part: Lit) {
        if !self.has(part) {
            self.is_needed[part.var().idx() as usize] = true;
            self.left.push(part.var().idx());
        }
    }
}

impl Circuit {
    pub(crate) fn new() -> Circuit {
        let mut solver = BasicSolver::default();
        let yes = Lit::new(solver.new_var_default(), true);
        let mut circuit = Circuit {
            solver,
            yes,
            gates: HashMap::new(),
            known: Vec::new(),
        };
        circuit.learn(yes, None, [0, 0]);
        circuit.require([yes]);
        circuit
    }

    /// What always holds.
    pub(crate) fn yes(&self) -> Lit {
        self.yes
    }

    /// What never does.
    pub(crate) fn no(&self) -> Lit {
        !self.yes
    }

    /// Something that may be either way, and is left false where nothing needs it.
    pub(crate) fn input(&mut self) -> Lit {
        self.input_of(1)
    }

    /// The same of something that takes so much to make it one way.
    pub(crate) fn input_of(&mut self, effort: u32) -> Lit {
        let input = Lit::new(self.solver.new_var(lbool::FALSE, true), true);
        self.learn(input, None, [effort; 2]);
        input
    }

    /// Something that holds only where something else makes it, and is never guessed.
    pub(crate) fn follower(&mut self) -> Lit {
        let follower = Lit::new(self.solver.new_var(lbool::UNDEF, false), true);
        self.learn(follower, None, [1; 2]);
        follower
    }

    fn learn(&mut self, lit: Lit, parts: Option<Rc<[Lit]>>, effort: [u32; 2]) {
        let number = lit.var().idx() as usize;
        if self.known.len() <= number {
            let nothing = || Known {
                parts: None,
                effort: [0; 2],
            };
            self.known.resize_with(number + 1, nothing);
        }
        self.known[number] = Known { parts, effort };
    }

    fn effort(&self, part: Lit) -> u32 {
        self.known[part.var().idx() as usize].effort[usize::from(!part.sign())]
    }

    /// Whether all of these hold.
    pub(crate) fn all(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let mut left: Vec<Lit> = parts.into_iter().filter(|&part| part != self.yes).collect();
        // Opposites are neighbours.
        left.sort_unstable();
        left.dedup();
        let is_broken = left.contains(&self.no()) || left.windows(2).any(|two| two[0] == !two[1]);
        match left.as_slice() {
            _ if is_broken => self.no(),
            [] => self.yes,
            &[part] => part,
            _ => {
                if let Some(&gate) = self.gates.get(left.as_slice()) {
                    return gate;
                }
                if left.len() > WIDEST {
                    let groups = groups(&left).into_iter();
                    let gates: Vec<Lit> = groups.map(|group| self.all(group)).collect();
                    return self.all(gates);
                }
                let gate = self.follower();
                for &part in &left {
                    self.require([!gate, part]);
                }
                self.require(left.iter().map(|&part| !part).chain([gate]));
                let every = left.iter().map(|&part| self.effort(part));
                let every = every.fold(0, u32::saturating_add);
                let one = left.iter().map(|&part| self.effort(!part)).min();
                let parts: Rc<[Lit]> = left.into();
                self.gates.insert(parts.clone(), gate);
                self.learn(gate, Some(parts), [every, one.unwrap_or(0)]);
                gate
            }
        }
    }

    /// Whether one of these holds.
    pub(crate) fn any(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let parts = parts.into_iter().map(|part| !part);
        !self.all(parts)
    }

    /// Whether exactly one of two holds.
    pub(crate) fn differ(&mut self, one: Lit, other: Lit) -> Lit {
        let first = self.all([one, !other]);
        let second = self.all([!one, other]);
        self.any([first, second])
    }

    /// Says that one of these holds, always.
    pub(crate) fn require(&mut self, parts: impl IntoIterator<Item = Lit>) {
        let mut clause: Vec<Lit> = parts.into_iter().collect();
        self.solver.add_clause_reuse(&mut clause);
    }

    /// Whether all of these can hold; those that cannot together where not.
    pub(crate) fn solve(&mut self, wanted: &[Lit]) -> Result<(), Vec<Lit>> {
        if self.solver.solve_limited(wanted) == lbool::TRUE {
            return Ok(());
        }
        let core = self.solver.unsat_core().iter();
        Err(wanted
            .iter()
            .copied()
            .filter(|part| core.clone().any(|known| known.var() == part.var()))
            .collect())
    }

    /// By number, what is needed: where inputs among it are what they are in what was
    /// found, these hold as they do there, whatever all others are.
    pub(crate) fn needed(&self, wanted: &[Lit]) -> Vec<bool> {
        let mut needed = Needed {
            is_needed: vec![false; self.known.len()],
            left: BinaryHeap::new(),
        };
        for &part in wanted {
            needed.add(part);
        }
        // Parts have smaller numbers than what is made of them.
        while let Some(number) = needed.left.pop() {
            let Some(parts) = &self.known[number as usize].parts else {
                continue;
            };
            let broken = parts.iter().filter(|&&part| !self.holds(part));
            // One of those that do not hold will do.
            let least = broken.min_by_key(|&&part| (!needed.has(part), self.effort(!part)));
            match least {
                Some(&least) => needed.add(least),
                None => parts.iter().for_each(|&part| needed.add(part)),
            }
        }
        needed.is_needed
    }

    /// Whether this holds in what was found.
    pub(crate) fn holds(&self, part: Lit) -> bool {
        self.solver.value_lit(part) == lbool::TRUE
    }
}

/// Parts in groups whose bounds depend on the parts beside them alone, so that most
/// groups of two gates are one where most of their parts are.
fn groups(parts: &[Lit]) -> Vec<Vec<Lit>> {
    let mut groups: Vec<Vec<Lit>> = Vec::new();
    let mut group = Vec::new();
    for &part in parts {
        group.push(part);
        let is_bound = part.var().idx().wrapping_mul(0x9E37_79B9) >> 29 == 0;
        if group.len() == WIDEST || is_bound && group.len() >= NARROWEST {
            groups.push(std::mem::take(&mut group));
        }
    }
    groups.extend((!group.is_empty()).then_some(group));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_what_they_say() {
        let mut circuit = Circuit::new();
        let [a, b, c] = [(); 3].map(|()| circuit.input());
        let both = circuit.all([a, b]);
        let one = circuit.any([both, c]);
        let odd = circuit.differ(a, c);
        for (wanted, can) in [
            (vec![both], true),
            (vec![both, !a], false),
            (vec![one, !c, !b], false),
            (vec![one, !both], true),
            (vec![odd, a, c], false),
            (vec![odd, !a], true),
        ] {
            assert_eq!(circuit.solve(&wanted).is_ok(), can, "{wanted:?}");
        }
        circuit.solve(&[one]).unwrap();
        assert!(circuit.holds(one));
        assert_eq!(circuit.solve(&[c, both, !a]), Err(vec![both, !a]));
        let yes = circuit.yes();
        assert_eq!(circuit.all([a, yes]), a);
        assert_eq!(circuit.all([a, !a]), !yes);
        assert_eq!(circuit.all([]), yes);
        assert!(circuit.solve(&[one, !c, odd]).is_ok());
        let needed = |circuit: &Circuit, wanted: &[Lit], inputs: &[Lit]| -> Vec<Lit> {
            let needed = circuit.needed(wanted);
            let is_needed = |input: &&Lit| needed[input.var().idx() as usize];
            inputs.iter().filter(is_needed).copied().collect()
        };
        assert_eq!(needed(&circuit, &[one], &[a, b, c]), [a, b]);
        assert_eq!(needed(&circuit, &[odd, !c], &[a, b, c]), [a, c]);
        // Of those that would do, what takes least.
        let hard = circuit.input_of(9);
        let neither = circuit.all([hard, b]);
        assert!(circuit.solve(&[!neither, !hard, !b]).is_ok());
        assert_eq!(needed(&circuit, &[!neither], &[b, hard]), [b]);
        assert_eq!(needed(&circuit, &[!neither, !hard], &[b, hard]), [hard]);
        // Wide gates are what they say, too.
        let many: Vec<Lit> = (0..100).map(|_| circuit.input()).collect();
        let every = circuit.all(many.iter().copied());
        let one = circuit.any(many.iter().copied());
        assert!(circuit.solve(&[every, !many[63]]).is_err());
        assert!(circuit.solve(&[one, every]).is_ok());
        assert_eq!(needed(&circuit, &[every], &many), many);
        let others: Vec<Lit> = many.iter().skip(1).map(|&part| !part).collect();
        let first: Vec<Lit> = others.into_iter().chain([one]).collect();
        assert!(circuit.solve(&first).is_ok());
        assert_eq!(needed(&circuit, &[one], &many), many[..1]);
        // What nothing needs is left false.
        circuit.solve(&[a]).unwrap();
        assert!(circuit.holds(!b) && circuit.holds(!c));
    }
}
