//! Questions about one field in, what their answers tell of each other out, as
//! clauses: of a thousand names a field is at most one. A solver that does not know
//! guesses, and is told pair by pair.

use std::collections::BTreeMap;

use agentos_runtime::{
    Number,
    table::{Field, Literal, Order},
};

use super::{
    atom::{Ask, Declared, Kind, Of},
    circuit::{Circuit, Lit},
    languages::components,
    meaning::Meaning,
};

/// All questions about one field that are asked of its value as a whole.
#[derive(Default)]
struct Questions<'t> {
    comparisons: Vec<Comparison>,
    /// By number, that it is this one.
    numbers: BTreeMap<Number, Lit>,
    /// By text, that it is this one.
    texts: BTreeMap<String, Lit>,
    /// By text, that it begins so.
    starts: BTreeMap<String, Lit>,
    /// By text, read backwards, that it ends so.
    ends: BTreeMap<String, Lit>,
    /// By directory, each of its names behind a slash, that it is in there.
    under: BTreeMap<String, Lit>,
    /// What questions of texts come to: true, false, in doubt.
    of_texts: Vec<[Lit; 3]>,
    /// What questions of paths come to.
    of_paths: Vec<[Lit; 3]>,
    /// What questions of numbers come to.
    of_numbers: Vec<[Lit; 3]>,
    /// Lists, and what it comes to whether it is in there.
    lists: Vec<(Vec<Literal<'t>>, [Lit; 3])>,
    /// That it is there.
    exists: Option<Lit>,
    /// That it is of a type that only numbers have, and of one that only texts have.
    typed: [Vec<Lit>; 2],
}

/// `x < a`, `x <= a` and what they are the opposite of.
struct Comparison {
    at: Number,
    /// Whether `a` itself is below.
    is_behind: bool,
    /// That it is below, and that it is not.
    below: Lit,
    above: Lit,
}

impl<'t> Meaning<'t> {
    /// Says to the solver how comparisons with numbers follow from each other, and that
    /// values of a type are in no doubt, which is little to say.
    pub(super) fn say_order(&mut self) {
        if self.ordered < self.atoms.len() {
            self.ordered = self.atoms.len();
            for ((_, is_sure), mut questions) in self.questions() {
                questions.say_order(is_sure, &mut self.circuit);
            }
        }
    }

    /// Says to the solver everything that answers about one field tell of each other.
    pub(super) fn say_what_follows(&mut self) {
        if self.followed < self.atoms.len() {
            self.followed = self.atoms.len();
            for ((_, is_sure), questions) in self.questions() {
                questions.say(is_sure, &mut self.circuit);
            }
        }
    }

    /// Those about each field, and whether it has to be there.
    fn questions(&mut self) -> BTreeMap<(String, bool), Questions<'t>> {
        let mut fields: BTreeMap<(String, bool), Questions<'t>> = BTreeMap::new();
        for (atom, &outcomes) in self.atoms.iter().zip(&self.outcomes) {
            if atom.quantifier != Of::Whole || atom.field == Field::Text {
                continue;
            }
            // Names may have dots: fields that print alike are not one. What may be
            // absent is then neither below nor above, and no name.
            let is_sure = atom.declared != Declared::Optional;
            let field = fields.entry((format!("{:?}", atom.field), is_sure));
            let questions = field.or_default();
            questions.add(&atom.ask, outcomes, &mut self.circuit);
        }
        fields
    }
}

impl<'t> Questions<'t> {
    fn add(&mut self, ask: &Ask<'t>, outcomes: [Lit; 3], circuit: &mut Circuit) {
        let [holds, fails, _] = outcomes;
        match ask {
            Ask::Exists => self.exists = Some(holds),
            Ask::HasType(Kind::Integer | Kind::Decimal) => self.typed[0].push(holds),
            Ask::HasType(Kind::String) => self.typed[1].push(holds),
            Ask::Compare(order, Literal::Number(at)) => {
                // `x < a` and `not x >= a` are one, and so are `x <= a` and `not x > a`.
                let (is_behind, [below, above]) = match order {
                    Order::Less => (false, [holds, fails]),
                    Order::AtLeast => (false, [fails, holds]),
                    Order::AtMost => (true, [holds, fails]),
                    Order::Greater => (true, [fails, holds]),
                };
                self.comparisons.push(Comparison {
                    at: *at,
                    is_behind,
                    below,
                    above,
                });
                self.of_numbers.push(outcomes);
            }
            Ask::Equals(Literal::Number(number)) => {
                let known = *self.numbers.entry(*number).or_insert(holds);
                same(circuit, known, holds);
                self.of_numbers.push(outcomes);
            }
            Ask::Equals(Literal::Text(text)) => {
                let known = *self.texts.entry((*text).to_owned()).or_insert(holds);
                same(circuit, known, holds);
                self.of_texts.push(outcomes);
            }
            Ask::OneOf(literals) => self.lists.push((literals.clone(), outcomes)),
            Ask::StartsWith(start) => {
                self.starts.insert((*start).to_owned(), holds);
                self.of_texts.push(outcomes);
            }
            Ask::Under(directory) => {
                // Below what does not start at the root nothing is known to be.
                let Some(names) = components(directory) else {
                    return;
                };
                let names = names.into_iter();
                let spelled = names.fold("/".to_owned(), |all, name| all + name + "/");
                let known = *self.under.entry(spelled).or_insert(holds);
                same(circuit, known, holds);
                self.of_paths.push(outcomes);
            }
            Ask::EndsWith(end) => {
                self.ends.insert(end.chars().rev().collect(), holds);
                self.of_texts.push(outcomes);
            }
            _ => {}
        }
    }

    /// It is in a list where it is one of its values.
    fn add_list(&mut self, literals: &[Literal<'_>], outcomes: [Lit; 3], circuit: &mut Circuit) {
        let is_known =
            |literal: &Literal<'_>| matches!(literal, Literal::Text(_) | Literal::Number(_));
        if !literals.iter().all(is_known) {
            return;
        }
        let mut one = vec![!outcomes[0]];
        for literal in literals {
            let is_it = match literal {
                Literal::Number(number) => self.numbers.entry(*number),
                Literal::Text(text) => {
                    let is_it = self.texts.entry((*text).to_owned());
                    let is_it = *is_it.or_insert_with(|| circuit.input());
                    circuit.require([!is_it, outcomes[0]]);
                    one.push(is_it);
                    continue;
                }
                _ => continue,
            };
            let is_it = *is_it.or_insert_with(|| circuit.input());
            circuit.require([!is_it, outcomes[0]]);
            one.push(is_it);
        }
        circuit.require(one);
        let of = |kind: fn(&Literal<'_>) -> bool| literals.iter().all(kind);
        if of(|literal| matches!(literal, Literal::Text(_))) {
            self.of_texts.push(outcomes);
        } else if of(|literal| matches!(literal, Literal::Number(_))) {
            self.of_numbers.push(outcomes);
        }
    }

    fn say(mut self, is_sure: bool, circuit: &mut Circuit) {
        for (literals, outcomes) in std::mem::take(&mut self.lists) {
            self.add_list(&literals, outcomes, circuit);
        }
        self.say_kinds(is_sure, circuit);
        self.say_order(is_sure, circuit);
        // A text that begins so begins with what that begins with, too, and no text
        // begins in two ways.
        let mut first: Vec<Lit> = self.numbers.values().copied().collect();
        first.extend(say_starts(&self.texts, &self.starts, circuit));
        at_most_one(&first, circuit);
        let first = say_starts(&BTreeMap::new(), &self.under, circuit);
        at_most_one(&first, circuit);
        if !self.ends.is_empty() {
            let texts = self.texts.iter();
            let turned = texts.map(|(text, &is_it)| (text.chars().rev().collect(), is_it));
            let last = say_starts(&turned.collect(), &self.ends, circuit);
            at_most_one(&last, circuit);
        }
    }

    /// A number is no text, and what is not there is neither.
    fn say_kinds(&self, is_sure: bool, circuit: &mut Circuit) {
        let [text, path, number] = [&self.of_texts, &self.of_paths, &self.of_numbers]
            .map(|questions| self.say_kind(questions, is_sure, circuit));
        for other in [text, path] {
            let both = number.into_iter().chain(other);
            let both: Vec<Lit> = both.collect();
            at_most_one(&both, circuit);
        }
        if let (Some(path), Some(text)) = (path, text) {
            circuit.require([!path, text]);
        }
    }

    /// Questions of one kind of values are in doubt for all others; that it is one.
    fn say_kind(
        &self,
        questions: &[[Lit; 3]],
        is_sure: bool,
        circuit: &mut Circuit,
    ) -> Option<Lit> {
        let is_kind = (!questions.is_empty()).then(|| circuit.input())?;
        for &[holds, fails, doubt] in questions {
            circuit.require([!holds, is_kind]);
            if is_sure {
                circuit.require([!fails, is_kind]);
                circuit.require([!doubt, !is_kind]);
            }
        }
        if let Some(exists) = self.exists {
            circuit.require([!is_kind, exists]);
        }
        Some(is_kind)
    }

    /// Below the first of two numbers is below the second one.
    fn say_order(&mut self, is_sure: bool, circuit: &mut Circuit) {
        if !is_sure {
            return;
        }
        // What has the type that is asked about is in no doubt.
        for (questions, typed) in [&self.of_numbers, &self.of_texts]
            .into_iter()
            .zip(&self.typed)
        {
            for &[.., doubt] in questions {
                for &typed in typed {
                    circuit.require([!typed, !doubt]);
                }
            }
        }
        self.comparisons.sort_by_key(|one| (one.at, one.is_behind));
        for pair in self.comparisons.windows(2) {
            let [one, other] = pair else { continue };
            circuit.require([!one.below, other.below]);
            circuit.require([!other.above, one.above]);
            if (one.at, one.is_behind) == (other.at, other.is_behind) {
                circuit.require([!other.below, one.below]);
                circuit.require([!one.above, other.above]);
            }
        }
        for (&number, &is_it) in &self.numbers {
            // The first that it is below of, and the last that it is not.
            let next = self.comparisons.partition_point(|comparison| {
                (comparison.at, comparison.is_behind) < (number, true)
            });
            if let Some(next) = self.comparisons.get(next) {
                circuit.require([!is_it, next.below]);
            }
            if let Some(last) = next
                .checked_sub(1)
                .and_then(|last| self.comparisons.get(last))
            {
                circuit.require([!is_it, last.above]);
            }
        }
    }
}

/// That a text is one of these or begins so: what follows from what, below what it
/// begins with; those that begin with none of them.
fn say_starts(
    texts: &BTreeMap<String, Lit>,
    starts: &BTreeMap<String, Lit>,
    circuit: &mut Circuit,
) -> Vec<Lit> {
    let whole = texts.iter().map(|(text, &is_it)| (text, true, is_it));
    let begun = starts.iter().map(|(text, &is_it)| (text, false, is_it));
    let mut all: Vec<(&String, bool, Lit)> = whole.chain(begun).collect();
    all.sort_unstable_by_key(|&(text, is_whole, _)| (text, is_whole));
    let mut first = Vec::new();
    // What the text in hand begins with, each with those that come next.
    let mut open: Vec<(&String, Lit, Vec<Lit>)> = Vec::new();
    for (text, is_whole, is_it) in all {
        while let Some((start, ..)) = open.last()
            && !text.starts_with(start.as_str())
        {
            let (_, _, next) = open.pop().expect("it was looked at");
            at_most_one(&next, circuit);
        }
        match open.last_mut() {
            Some((_, begins, next)) => {
                circuit.require([!is_it, *begins]);
                next.push(is_it);
            }
            None => first.push(is_it),
        }
        if !is_whole {
            open.push((text, is_it, Vec::new()));
        }
    }
    for (_, _, next) in open {
        at_most_one(&next, circuit);
    }
    first
}

/// Says that at most one of these holds, in clauses that grow as they do.
fn at_most_one(lits: &[Lit], circuit: &mut Circuit) {
    let Some((&first, rest)) = lits.split_first() else {
        return;
    };
    // One of those before holds.
    let mut before = first;
    for (at, &lit) in rest.iter().enumerate() {
        circuit.require([!lit, !before]);
        if at + 1 < rest.len() {
            let next = circuit.follower();
            circuit.require([!before, next]);
            circuit.require([!lit, next]);
            before = next;
        }
    }
}

fn same(circuit: &mut Circuit, one: Lit, other: Lit) {
    if one != other {
        circuit.require([!one, other]);
        circuit.require([one, !other]);
    }
}
