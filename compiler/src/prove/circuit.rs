//! Gates in, whether they can be as is wanted out: a SAT solver, and what turns
//! gates into its clauses.

use std::collections::HashMap;

use batsat::{BasicSolver, SolverInterface, lbool};

pub(crate) use batsat::Lit;

/// Gates over inputs that may be either way.
pub(crate) struct Circuit {
    solver: BasicSolver,
    yes: Lit,
    /// By their parts: what is the same is one gate.
    gates: HashMap<Box<[Lit]>, Lit>,
}

impl Circuit {
    pub(crate) fn new() -> Circuit {
        let mut solver = BasicSolver::default();
        let yes = Lit::new(solver.new_var_default(), true);
        let mut circuit = Circuit {
            solver,
            yes,
            gates: HashMap::new(),
        };
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
        Lit::new(self.solver.new_var(lbool::FALSE, true), true)
    }

    /// Something that holds only where something else makes it, and is never guessed.
    pub(crate) fn follower(&mut self) -> Lit {
        Lit::new(self.solver.new_var(lbool::UNDEF, false), true)
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
                self.gates.insert(left.into(), gate);
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
        // What nothing needs is left false.
        circuit.solve(&[a]).unwrap();
        assert!(circuit.holds(!b) && circuit.holds(!c));
    }
}
