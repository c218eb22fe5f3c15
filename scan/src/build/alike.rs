//! Rows of an automaton in, which of its states nothing tells apart out:
//! Hopcroft's algorithm.
//!
//! Classes are split until each symbol leads all states of one to one class.
//! What was split off is looked at again by its smaller half only, so that the
//! time grows with the rows and the logarithm of their number: chains of
//! thousands of states are common.

/// Numbers states by their classes, which are numbered without gaps. States of
/// one class are in one `first` class.
pub(super) fn classes(rows: &[Vec<u32>], first: &[u32]) -> Vec<u32> {
    let mut partition = Partition::new(first);
    let befores = befores(rows);
    let mut waiting: Vec<u32> = (0..partition.classes.len() as u32).collect();
    let mut sources: Vec<(u32, u32)> = Vec::new();
    let mut touched: Vec<u32> = Vec::new();
    while let Some(class) = waiting.pop() {
        sources.clear();
        for &state in partition.members(class) {
            sources.extend_from_slice(&befores[state as usize]);
        }
        sources.sort_unstable();
        for of_symbol in sources.chunk_by(|one, other| one.0 == other.0) {
            for &(_, source) in of_symbol {
                partition.mark(source, &mut touched);
            }
            for class in touched.drain(..) {
                let Some(smaller) = partition.split(class) else {
                    continue;
                };
                // The larger half waits where the whole did.
                waiting.push(smaller);
            }
        }
    }
    partition.class_of
}

/// By state, the symbols that lead there, and from where.
fn befores(rows: &[Vec<u32>]) -> Vec<Vec<(u32, u32)>> {
    let mut befores = vec![Vec::new(); rows.len()];
    for (state, row) in (0..).zip(rows) {
        for (symbol, &next) in (0..).zip(row) {
            befores[next as usize].push((symbol, state));
        }
    }
    befores
}

/// States in classes; those of one stand together, the marked ones in front.
struct Partition {
    states: Vec<u32>,
    /// By state, where it stands.
    places: Vec<usize>,
    class_of: Vec<u32>,
    classes: Vec<Class>,
}

struct Class {
    start: usize,
    end: usize,
    marked: usize,
}

impl Partition {
    fn new(first: &[u32]) -> Partition {
        let mut states: Vec<u32> = (0..first.len() as u32).collect();
        states.sort_by_key(|&state| first[state as usize]);
        let mut partition = Partition {
            places: vec![0; states.len()],
            class_of: vec![0; states.len()],
            classes: Vec::new(),
            states: Vec::new(),
        };
        for same in states.chunk_by(|&one, &other| first[one as usize] == first[other as usize]) {
            let start = partition.states.len();
            for (place, &state) in (start..).zip(same) {
                partition.places[state as usize] = place;
                partition.class_of[state as usize] = partition.classes.len() as u32;
            }
            partition.states.extend_from_slice(same);
            partition.classes.push(Class {
                start,
                end: start + same.len(),
                marked: 0,
            });
        }
        partition
    }

    fn members(&self, class: u32) -> &[u32] {
        let class = &self.classes[class as usize];
        &self.states[class.start..class.end]
    }

    /// Marks a state that is not marked; `touched` has each class once.
    fn mark(&mut self, state: u32, touched: &mut Vec<u32>) {
        let number = self.class_of[state as usize];
        let class = &mut self.classes[number as usize];
        if class.marked == 0 {
            touched.push(number);
        }
        let to = class.start + class.marked;
        class.marked += 1;
        let from = self.places[state as usize];
        let other = self.states[to];
        self.states.swap(from, to);
        self.places[state as usize] = to;
        self.places[other as usize] = from;
    }

    /// Takes the marked states, or the others where those are fewer, out of a
    /// class, as a new one; none where one of the two is all. Marks are gone.
    fn split(&mut self, number: u32) -> Option<u32> {
        let class = &mut self.classes[number as usize];
        let middle = class.start + std::mem::take(&mut class.marked);
        if middle == class.end {
            return None;
        }
        let new = if middle - class.start <= class.end - middle {
            std::mem::replace(&mut class.start, middle)..middle
        } else {
            middle..std::mem::replace(&mut class.end, middle)
        };
        let name = self.classes.len() as u32;
        for &state in &self.states[new.clone()] {
            self.class_of[state as usize] = name;
        }
        self.classes.push(Class {
            start: new.start,
            end: new.end,
            marked: 0,
        });
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Moore's algorithm.
    fn plainly(rows: &[Vec<u32>], first: &[u32]) -> Vec<u32> {
        let mut classes = first.to_vec();
        let mut count = 0;
        loop {
            let mut numbers = HashMap::new();
            let finer = rows.iter().zip(&classes).map(|(row, &class)| {
                let nexts: Vec<u32> = row.iter().map(|&next| classes[next as usize]).collect();
                let number = numbers.len() as u32;
                *numbers.entry((class, nexts)).or_insert(number)
            });
            classes = finer.collect();
            if numbers.len() == count {
                return classes;
            }
            count = numbers.len();
        }
    }

    /// By first appearance.
    fn renumbered(classes: &[u32]) -> Vec<usize> {
        let mut seen = Vec::new();
        let at = classes.iter().map(|class| {
            seen.iter()
                .position(|known| known == class)
                .unwrap_or_else(|| {
                    seen.push(*class);
                    seen.len() - 1
                })
        });
        at.collect()
    }

    #[test]
    fn they_are_those_of_the_plain_algorithm() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2_000 {
            let states = random.u32(1..40);
            let symbols = random.usize(1..4);
            let near = random.bool();
            let rows: Vec<Vec<u32>> = (0..states)
                .map(|state| {
                    let next = |_| {
                        if near {
                            (state + random.u32(..2)).min(states - 1)
                        } else {
                            random.u32(..states)
                        }
                    };
                    (0..symbols).map(next).collect()
                })
                .collect();
            let kinds = random.u32(1..4);
            let first: Vec<u32> = (0..states).map(|_| random.u32(..kinds)).collect();
            let found = classes(&rows, &first);
            assert_eq!(
                renumbered(&found),
                renumbered(&plainly(&rows, &first)),
                "{rows:?} {first:?}"
            );
            let count = found.iter().max().map_or(0, |&last| last as usize + 1);
            assert!((0..count as u32).all(|class| found.contains(&class)));
        }
    }

    #[test]
    fn a_long_chain_takes_no_time() {
        let states = 50_000;
        let rows: Vec<Vec<u32>> = (0..states)
            .map(|at| vec![(at + 1).min(states - 1), 0])
            .collect();
        let first: Vec<u32> = (0..states).map(|at| u32::from(at == states - 1)).collect();
        let started = std::time::Instant::now();
        assert_eq!(renumbered(&classes(&rows, &first)[..10]).len(), 10);
        // One state at a time would take minutes.
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
    }
}
