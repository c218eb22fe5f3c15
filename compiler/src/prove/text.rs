//! What the canonical text of a call is to have and not to have in, params that make
//! it so out.

use std::rc::Rc;

use agentos_runtime::{
    Map, Value,
    table::{Field, Matcher},
};

use super::{
    atom::Ask,
    language::{Around, Language},
    meaning::Meaning,
    member::{Member, Wanted, any_member, member, needed},
    outcome::spell,
    search::{Flaw, Outcome},
    value::Avoided,
};

impl Meaning<'_> {
    /// What the text must not have.
    pub(super) fn avoided(&self, guess: &[Option<Outcome>]) -> Result<Vec<Avoided>, Flaw> {
        let mut avoided = Vec::new();
        for (number, atom) in self.atoms.iter().enumerate() {
            if atom.field != Field::Text || guess[number] != Some(Some(false)) {
                continue;
            }
            let Ok(made) = self.languages.of(&atom.ask) else {
                return Err(Flaw::NotDecided(vec![number]));
            };
            let Some(made) = made else {
                continue;
            };
            avoided.extend((0..made.len()).map(|at| Avoided {
                number,
                languages: made.clone(),
                at,
                is_of_values: is_of_values(&atom.ask, at),
            }));
        }
        Ok(avoided)
    }

    /// Adds params for what the text is to have and does not yet.
    pub(super) fn add_texts(
        &self,
        guess: &[Option<Outcome>],
        avoided: &[Avoided],
        params: &mut Map<'static>,
        most_states: usize,
    ) -> Result<(), Flaw> {
        let mut notes: Vec<Value<'static>> = Vec::new();
        let texts = self.atoms.iter().enumerate();
        let texts = texts.filter(|(_, atom)| atom.field == Field::Text);
        for (number, atom) in texts.filter(|&(number, _)| guess[number] == Some(Some(true))) {
            let Ok(Some(languages)) = self.languages.of(&atom.ask) else {
                return Err(Flaw::NotDecided(vec![number]));
            };
            let mut is_none = true;
            let mut text = None;
            let whole = self.text(params);
            for (at, language) in languages.iter().enumerate() {
                let is_there = !is_of_values(&atom.ask, at) && language.has(&whole) == Ok(true);
                if is_there {
                    text = Some(None);
                    break;
                }
                let around = if is_of_values(&atom.ask, at) {
                    Around::Nothing
                } else {
                    Around::Both
                };
                let sought = Wanted {
                    language,
                    around,
                    is_in: true,
                };
                let wanted = avoided.iter().map(|avoided| avoided.wanted(Around::Both));
                let wanted: Vec<Wanted<'_>> = [sought].into_iter().chain(wanted).collect();
                match any_member(&wanted, most_states) {
                    Member::Text(found) => {
                        text = Some(Some(found));
                        break;
                    }
                    Member::None => {}
                    Member::NotDecided => is_none = false,
                }
            }
            match text {
                Some(Some(text)) => {
                    notes.push(Value::String(text.into()));
                    let name = self.note();
                    let value = match notes.as_slice() {
                        [note] => note.clone(),
                        notes => Value::List(notes.to_vec()),
                    };
                    params.insert(name, value);
                }
                Some(None) => {}
                None if is_none => return Err(self.no_text(number, guess, most_states)),
                None => return Err(Flaw::NotDecided(self.text_questions())),
            }
        }
        Ok(())
    }

    /// What is wrong where no value has what a question wants the text to have: that
    /// may be so of every text.
    fn no_text(&self, unmet: usize, guess: &[Option<Outcome>], most_states: usize) -> Flaw {
        let questions = self.text_questions();
        let not_decided = || Flaw::NotDecided(questions.clone());
        // Those languages that say all there is to say of a text.
        let plain = |number: usize| -> Option<Rc<Vec<Language>>> {
            let ask = &self.atoms[number].ask;
            let languages = self.languages.of(ask).ok()??;
            let mut all = languages.iter().enumerate();
            let is_plain = all.all(|(at, language)| {
                language.is_exact && !language.minds_end && !is_of_values(ask, at)
            });
            is_plain.then_some(languages)
        };
        let Some(unmet_languages) = plain(unmet) else {
            return not_decided();
        };
        let mut wanted: Vec<(usize, Rc<Vec<Language>>, bool)> = Vec::new();
        for &number in questions.iter().filter(|&&number| number != unmet) {
            let Some(languages) = plain(number) else {
                continue;
            };
            let is_wanted = guess[number] == Some(Some(true));
            let is_unwanted = guess[number] == Some(Some(false));
            if is_unwanted || is_wanted && languages.len() == 1 {
                wanted.push((number, languages, is_wanted));
            }
        }
        // None of the ways to have it goes together with the rest.
        let is_none = |wanted: &[(usize, Rc<Vec<Language>>, bool)]| {
            let others = wanted.iter().flat_map(|(_, languages, is_in)| {
                languages.iter().map(|language| Wanted {
                    language,
                    around: Around::Nothing,
                    is_in: *is_in,
                })
            });
            let others: Vec<Wanted<'_>> = others.collect();
            unmet_languages.iter().all(|language| {
                let sought = Wanted {
                    language,
                    around: Around::Nothing,
                    is_in: true,
                };
                let all = others.iter().copied().chain([sought]);
                member(&all.collect::<Vec<_>>(), most_states) == Member::None
            })
        };
        if !is_none(&wanted) {
            return not_decided();
        }
        let wanted = needed(wanted, is_none);
        let numbers = wanted.into_iter().map(|(number, ..)| number);
        Flaw::Contradiction(numbers.chain([unmet]).collect())
    }

    fn text_questions(&self) -> Vec<usize> {
        let atoms = self.atoms.iter().enumerate();
        let texts = atoms.filter(|(_, atom)| atom.field == Field::Text);
        texts.map(|(number, _)| number).collect()
    }

    /// The canonical text of a call.
    pub(super) fn text(&self, params: &Map<'_>) -> String {
        let mut texts = vec![self.place.action.clone()];
        for (_, value) in params.iter() {
            spell(value, &mut texts);
        }
        for (name, value) in params.iter() {
            keys(name, value, &mut texts);
        }
        texts.join(" ")
    }

    /// The name of a param that nothing asks about.
    pub(super) fn note(&self) -> String {
        let is_taken = |name: &str| {
            self.atoms.iter().any(
                |atom| matches!(&atom.field, Field::Param(names) if names.first() == Some(&name)),
            )
        };
        let mut name = "note".to_owned();
        while is_taken(&name) {
            name.push('_');
        }
        name
    }
}

fn keys(name: &str, value: &Value<'_>, texts: &mut Vec<String>) {
    texts.push(name.to_owned());
    if let Value::Map(map) = value {
        for (name, value) in map.iter() {
            keys(name, value, texts);
        }
    }
}

/// Whether what is asked is asked of each value of a text by itself.
pub(super) fn is_of_values(ask: &Ask<'_>, at: usize) -> bool {
    matches!(ask, Ask::Matches(matchers) if matches!(matchers.get(at), Some(Matcher::Glob(_))))
}
