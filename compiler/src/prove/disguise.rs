//! What a guess says of texts behind disguises in, a disguised text that is so out,
//! or what questions of one field tell of each other there.

use std::rc::Rc;

use agentos_runtime::{Request, Value, table::Field};

use super::{
    atom::{Ask, Atom, Of},
    circuit::Lit,
    language::{Around, Language},
    meaning::Meaning,
    member::{Member, Wanted, member},
    search::MOST_STATES,
    text::is_of_values,
};

/// Questions that a guess says are answered with yes, or not, behind a disguise.
pub(super) struct Behind<'t> {
    yes: Vec<(Atom<'t>, Lit)>,
    no: Vec<(Atom<'t>, Lit)>,
}

/// What became of a guess about disguises.
pub(super) enum Unmasked {
    /// Here it is as guessed.
    Request(Request<'static>),
    /// It was wrong, and was told to the solver.
    Wrong,
    /// Neither is known.
    NotDecided,
}

impl<'t> Meaning<'t> {
    /// What the solver thinks of disguises that is needed for what is wanted.
    pub(super) fn behind(&self, is_needed: impl Fn(Lit) -> bool) -> Behind<'t> {
        let mut all: Vec<(Atom<'t>, Lit)> = self
            .disguised
            .iter()
            .filter(|&(_, &behind)| is_needed(behind))
            .map(|(atom, &behind)| (atom.clone(), behind))
            .collect();
        all.sort_unstable_by_key(|&(_, behind)| behind);
        let (yes, no) = all
            .into_iter()
            .partition(|&(_, behind)| self.circuit.holds(behind));
        Behind { yes, no }
    }

    /// Disguises what is to be found only so. `request` is what the guess says of
    /// everything else.
    pub(super) fn unmask(
        &mut self,
        behind: &Behind<'t>,
        request: &Request<'static>,
        holds: impl Fn(&Request<'static>) -> bool,
    ) -> Unmasked {
        let mut request = request.clone();
        let mut is_decided = !behind.yes.is_empty();
        for (atom, yes) in &behind.yes {
            match self.text_behind(atom, &behind.no) {
                Some(Member::Text(text)) => self.hide(atom, &text, &mut request),
                Some(Member::None) => {
                    // Whatever is one of these is one of those.
                    let others = behind.no.iter().filter(|(other, _)| is_beside(atom, other));
                    let others = others.map(|&(_, no)| no);
                    self.circuit.require([!*yes].into_iter().chain(others));
                    return Unmasked::Wrong;
                }
                Some(Member::NotDecided) | None => is_decided = false,
            }
        }
        if is_decided && holds(&request) {
            Unmasked::Request(request)
        } else {
            Unmasked::NotDecided
        }
    }

    /// A text of which the answer to a question is yes and that to others is no;
    /// `None` where their languages do not tell.
    fn text_behind(&self, atom: &Atom<'t>, others: &[(Atom<'t>, Lit)]) -> Option<Member> {
        let sought = self.plain(atom)?;
        let others = others.iter().filter(|(other, _)| is_beside(atom, other));
        let mut avoided = Vec::new();
        let mut is_known = vec![false; sought.len()];
        for (other, _) in others {
            // What is not known to be avoided may be had.
            let Some(languages) = self.plain(other) else {
                continue;
            };
            if let (Ask::Matches(own), Ask::Matches(those)) = (&atom.ask, &other.ask) {
                for (is_known, matcher) in is_known.iter_mut().zip(own) {
                    *is_known |= those.contains(matcher);
                }
            }
            avoided.push(languages);
        }
        let avoided = avoided.iter().flat_map(|languages| languages.iter());
        let avoided = avoided.filter(|language| language.is_exact);
        let avoided: Vec<Wanted<'_>> = avoided.map(|language| wanted(language, false)).collect();
        let left = sought.iter().zip(is_known);
        let mut outcome = Member::None;
        for (language, _) in left.filter(|(_, is_known)| !is_known) {
            let all: Vec<Wanted<'_>> = [wanted(language, true)]
                .into_iter()
                .chain(avoided.iter().copied())
                .collect();
            match member(&all, MOST_STATES) {
                Member::Text(text) => return Some(Member::Text(text)),
                Member::None => {}
                Member::NotDecided => outcome = Member::NotDecided,
            }
        }
        Some(outcome)
    }

    /// The languages of a question that is asked of a text as a whole.
    fn plain(&self, atom: &Atom<'t>) -> Option<Rc<Vec<Language>>> {
        let languages = self.languages.of(&atom.ask).ok()??;
        let is_plain = (0..languages.len()).all(|at| !is_of_values(&atom.ask, at));
        is_plain.then_some(languages)
    }

    /// Puts a text into a request so that only who looks through disguises reads it.
    fn hide(&self, atom: &Atom<'t>, text: &str, request: &mut Request<'static>) {
        let hidden = Value::String(full_width(text).into());
        let (map, name) = match &atom.field {
            Field::Text => (&mut request.params, self.note()),
            Field::Param(names) => match &**names {
                [name] => (&mut request.params, (*name).to_owned()),
                _ => return,
            },
            Field::Context(names) => match &**names {
                [name] => (&mut request.context, (*name).to_owned()),
                _ => return,
            },
            Field::Attested(names) => match &**names {
                [name] => (&mut request.attested, (*name).to_owned()),
                _ => return,
            },
            Field::Agent => {
                request.agent = full_width(text).into();
                return;
            }
            Field::Action => return,
        };
        map.insert(name, hidden);
    }
}

/// Whether two questions are asked of the same texts.
fn is_beside<'t>(one: &Atom<'t>, other: &Atom<'t>) -> bool {
    let is_whole = |atom: &Atom<'t>| atom.quantifier == Of::Whole;
    one.field == other.field && is_whole(one) && is_whole(other)
}

fn wanted(language: &Language, is_in: bool) -> Wanted<'_> {
    Wanted {
        language,
        around: Around::Nothing,
        is_in,
    }
}

/// A text in letters as wide as those of Chinese.
fn full_width(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        '!'..='~' => char::from_u32(u32::from(letter) + 0xFEE0).unwrap_or(letter),
        _ => letter,
    });
    letters.collect()
}
