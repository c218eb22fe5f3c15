//! Gates in, whether they can be as is wanted out: a SAT solver, and what turns
//! gates into its clauses.

use std::{
    collections::{BTreeSet, HashMap},
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

/// What something is made of, and how much it takes at least to say that it holds,
/// and that it does not.
struct Known {
    parts: Option<Rc<[Lit]>>,
    effort: [u32; 2],
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

    /// The numbers of inputs that alone make these hold in what was found, whatever
    /// all others are.
    pub(crate) fn makers(&self, wanted: &[Lit]) -> BTreeSet<u32> {
        // Parts have smaller numbers than what is made of them.
        let mut left: BTreeSet<u32> = wanted.iter().map(|part| part.var().idx()).collect();
        let mut makers = BTreeSet::new();
        while let Some(number) = left.pop_last() {
            let Some(parts) = &self.known[number as usize].parts else {
                makers.insert(number);
                continue;
            };
            let mut broken = parts.iter().filter(|&&part| !self.holds(part));
            let Some(first) = broken.next() else {
                left.extend(parts.iter().map(|part| part.var().idx()));
                continue;
            };
            // One of those that do not hold will do.
            let by_effort = [first].into_iter().chain(broken);
            let least = by_effort.min_by_key(|&&part| {
                let is_needed = left.contains(&part.var().idx());
                (!is_needed, self.effort(!part))
            });
            left.extend(least.map(|part| part.var().idx()));
        }
        makers
    }

    /// Whether this holds in what was found.
    pub(crate) fn holds(&self, part: Lit) -> bool {
        self.solver.value_lit(part) == lbool::TRUE
    }
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
        let numbers =
            |lits: &[Lit]| -> BTreeSet<u32> { lits.iter().map(|lit| lit.var().idx()).collect() };
        assert_eq!(circuit.makers(&[one]), numbers(&[a, b]));
        assert_eq!(circuit.makers(&[odd, !c]), numbers(&[a, c]));
        // Of those that would do, what takes least.
        let hard = circuit.input_of(9);
        let neither = circuit.all([hard, b]);
        assert!(circuit.solve(&[!neither, !hard, !b]).is_ok());
        assert_eq!(circuit.makers(&[!neither]), numbers(&[b]));
        assert_eq!(circuit.makers(&[!neither, !hard]), numbers(&[hard]));
        // What nothing needs is left false.
        circuit.solve(&[a]).unwrap();
        assert!(circuit.holds(!b) && circuit.holds(!c));
    }
}
