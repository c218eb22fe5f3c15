//! A guess in, a request near it out, and whether that is one that is wanted: what
//! its fields say is read off it, instead of looked for.

use agentos_runtime::{Request, Value, table::Field};

use super::{
    atom::{Ask, Atom, Claim, Declared, Outcomes},
    circuit::Lit,
    language::TooLarge,
    meaning::Meaning,
    outcome::{missing, outcome, spell},
    search::{Outcome, index},
    text::is_of_values,
};

impl<'t> Meaning<'t> {
    /// A request that has what is to be there, whatever else it has.
    pub(super) fn near(&self, guess: &[Option<Outcome>]) -> Request<'static> {
        let mut request = Request::new("", self.place.action.clone());
        request.stage = self.place.stage;
        for (root, mut node) in self.roots(guess) {
            node.keep(&|claim: &Claim<'_, 't>| claim.wanted != Outcomes::FALSE);
            let values = self.values(&[], None, 0);
            // What fails as a whole is left out.
            let _ = Self::set(&mut request, root, &node, &values);
        }
        let atoms = self.atoms.iter().zip(guess);
        let texts = atoms.filter(|(atom, guess)| {
            let is_text = atom.field == Field::Text;
            is_text && **guess == Some(Some(true))
        });
        let mut notes: Vec<Value<'static>> = Vec::new();
        for (atom, _) in texts {
            let languages = self.languages.of(&atom.ask).ok().flatten();
            let mut languages = languages.iter().flat_map(|languages| languages.iter());
            let example = languages.find_map(|language| language.example.clone());
            notes.extend(example.map(Value::from));
        }
        if !notes.is_empty() {
            request.params.insert(self.note(), notes);
        }
        request
    }

    /// Whether what is wanted holds of a request, by what its fields say.
    pub(super) fn is_one(&mut self, wanted: &[Lit], request: &Request<'_>) -> bool {
        let text = self.text(&request.params);
        let outcomes = self.atoms.iter().zip(&self.outcomes);
        // What is too large to be read is left to the solver.
        let known = outcomes.filter_map(|(atom, outcomes)| {
            let outcome = self.read(atom, request, &text).ok()?;
            Some(outcomes[index(outcome)])
        });
        let all: Vec<Lit> = wanted.iter().copied().chain(known).collect();
        self.circuit.solve(&all).is_ok()
    }

    /// What a question comes to for a request.
    fn read(
        &self,
        atom: &Atom<'t>,
        request: &Request<'_>,
        text: &str,
    ) -> Result<Option<bool>, TooLarge> {
        let where_missing = missing(&atom.ask, atom.declared, atom.quantifier);
        let (map, names) = match &atom.field {
            Field::Text => return self.read_text(atom, request, text),
            Field::Action | Field::Agent => {
                let name = match atom.field {
                    Field::Action => &request.action,
                    _ if request.agent.is_empty() => return Ok(where_missing),
                    _ => &request.agent,
                };
                let name = Value::String(name.clone());
                return outcome(&self.languages, atom.quantifier, &atom.ask, &name);
            }
            Field::Param(names) => (&request.params, names),
            Field::Context(names) => (&request.context, names),
            Field::Attested(names) => (&request.attested, names),
        };
        let first = names.first().and_then(|first| map.get(first));
        let mut value = match first {
            None => return Ok(where_missing),
            Some(Value::Null) if atom.declared == Declared::Optional => return Ok(where_missing),
            Some(value) => value,
        };
        for name in names.iter().skip(1) {
            let below = match value {
                Value::Map(map) => map.get(name),
                _ => None,
            };
            let Some(below) = below else {
                return Ok((atom.ask == Ask::Exists).then_some(false));
            };
            value = below;
        }
        outcome(&self.languages, atom.quantifier, &atom.ask, value)
    }

    fn read_text(
        &self,
        atom: &Atom<'t>,
        request: &Request<'_>,
        text: &str,
    ) -> Result<Option<bool>, TooLarge> {
        let Some(languages) = self.languages.of(&atom.ask)? else {
            return Err(TooLarge);
        };
        let mut values = vec![request.action.to_string()];
        for (_, value) in request.params.iter() {
            spell(value, &mut values);
        }
        for (at, language) in languages.iter().enumerate() {
            let is_found = if is_of_values(&atom.ask, at) {
                values.iter().any(|value| language.has(value) == Ok(true))
            } else {
                language.has(text)? || atom.without_keys && language.has(&values.join(" "))?
            };
            if is_found {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }
}
