//! What is to come of questions about a text that is no moment in, such a text out.
//! Questions say which languages it is in; automata are read side by side.

use std::rc::Rc;

use agentos_runtime::{Value, table::Literal};
use regex_syntax::hir::{Hir, Look};

use super::{
    atom::{Answer, Ask, Claim, Kind, Of, Outcomes},
    language::{Around, Language, TooLarge},
    languages,
    member::{Member, Wanted, any_member, member, needed},
    outcome::has_type,
    value::{Tried, Values, contradicted},
};

impl<'t> Values<'_, 't> {
    /// A text that is no moment.
    pub(super) fn words(&self, claims: &[Claim<'_, 't>]) -> Answer<Value<'static>> {
        let text = Value::String("".into());
        let unmet = contradicted(claims, |claim| fixed(claim, &text).unwrap_or(Outcomes::ALL));
        if let Some(core) = unmet {
            return Answer::None(core);
        }
        match self.wanted(claims) {
            Ok(parts) => self.shortest(claims, &parts),
            Err(answer) => answer,
        }
    }

    /// What the questions say of a text that is no moment, as languages.
    fn wanted(&self, claims: &[Claim<'_, 't>]) -> Result<Vec<Part>, Answer<Value<'static>>> {
        let mut parts = Vec::new();
        // A text has no elements.
        for claim in claims.iter().filter(|claim| claim.of == Of::Whole) {
            let (can_be, can_be_not) =
                (claim.wanted.has(Some(true)), claim.wanted.has(Some(false)));
            if let Ask::Under(directory) = claim.ask {
                parts.extend(under(claim, directory)?);
                continue;
            }
            let Ok(Some(languages)) = self.languages.of(claim.ask).map_err(|TooLarge| ()) else {
                if has_languages(claim.ask) {
                    return Err(Answer::NotDecided);
                }
                continue;
            };
            if can_be == can_be_not {
                if !can_be {
                    return Err(Answer::None(vec![claim.number]));
                }
                continue;
            }
            parts.push(Part {
                number: claim.number,
                languages,
                is_in: can_be,
                is_certain: true,
            });
        }
        Ok(parts)
    }

    /// A shortest text for what is wanted.
    fn shortest(&self, claims: &[Claim<'_, 't>], parts: &[Part]) -> Answer<Value<'static>> {
        let mut is_decided = true;
        // Of the languages one of which it is to be in, each is tried.
        let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
        for part in parts {
            if !part.is_in || part.languages.len() == 1 {
                for choice in &mut choices {
                    choice.push(0);
                }
                continue;
            }
            let longer = |choice: &Vec<usize>| {
                let choice = choice.clone();
                (0..part.languages.len()).map(move |at| [choice.clone(), vec![at]].concat())
            };
            choices = choices.iter().flat_map(longer).collect();
            if choices.len() > MOST_CHOICES {
                return Answer::NotDecided;
            }
        }
        let mut cores = Vec::new();
        for choice in &choices {
            let wanted: Vec<(usize, bool, Wanted<'_>)> = self.of_choice(parts, choice);
            let bare: Vec<Wanted<'_>> = wanted.iter().map(|(.., wanted)| *wanted).collect();
            match any_member(&bare, self.most_states) {
                Member::Text(text) => {
                    let text = Value::String(text.into());
                    match self.one_of(claims, &[text], Tried::Some) {
                        Answer::Some(text) => return Answer::Some(text),
                        _ => is_decided = false,
                    }
                }
                Member::None => match self.core_of(&wanted) {
                    Some(core) => cores.extend(core),
                    None => is_decided = false,
                },
                Member::NotDecided => is_decided = false,
            }
        }
        if is_decided {
            cores.sort_unstable();
            cores.dedup();
            Answer::None(cores)
        } else {
            Answer::NotDecided
        }
    }

    /// What is wanted with a choice of languages: whose claim it is, whether a
    /// contradiction with it is certain, and what.
    fn of_choice<'p>(
        &'p self,
        parts: &'p [Part],
        choice: &[usize],
    ) -> Vec<(usize, bool, Wanted<'p>)> {
        let mut wanted = Vec::new();
        for (part, &chosen) in parts.iter().zip(choice) {
            for (at, language) in part.languages.iter().enumerate() {
                if part.is_in && at != chosen {
                    continue;
                }
                let is_certain = part.is_certain && (part.is_in || language.is_exact);
                wanted.push((
                    part.number,
                    is_certain,
                    Wanted {
                        language,
                        around: Around::Nothing,
                        is_in: part.is_in,
                    },
                ));
            }
        }
        if let Some(around) = self.around {
            let avoided = self.avoided.iter();
            wanted.extend(avoided.map(|avoided| {
                let wanted = avoided.wanted(around);
                (avoided.number, avoided.is_certain(), wanted)
            }));
        }
        wanted
    }

    /// The claims among these that contradict each other; `None` where that is not certain.
    fn core_of(&self, wanted: &[(usize, bool, Wanted<'_>)]) -> Option<Vec<usize>> {
        let left: Vec<(usize, bool, Wanted<'_>)> = wanted
            .iter()
            .filter(|(_, is_certain, _)| *is_certain)
            .copied()
            .collect();
        let is_none = |wanted: &[(usize, bool, Wanted<'_>)]| {
            let bare: Vec<Wanted<'_>> = wanted.iter().map(|(.., wanted)| *wanted).collect();
            member(&bare, self.most_states) == Member::None
        };
        if left.len() < wanted.len() && !is_none(&left) {
            return None;
        }
        let left = needed(left, is_none);
        Some(left.into_iter().map(|(number, ..)| number).collect())
    }
}

/// How many ways to choose one of several languages are tried.
const MOST_CHOICES: usize = 256;

/// What one question says of a text.
struct Part {
    number: usize,
    languages: Rc<Vec<Language>>,
    is_in: bool,
    /// Whether a contradiction with it is one with the question.
    is_certain: bool,
}

/// What a question about a directory says of a text.
fn under(claim: &Claim<'_, '_>, directory: &str) -> Result<Vec<Part>, Answer<Value<'static>>> {
    let part = |directory, is_in| {
        let language = languages::below(directory).ok_or(Answer::NotDecided)?;
        let language = language.map_err(|TooLarge| Answer::NotDecided)?;
        Ok(Part {
            number: claim.number,
            languages: Rc::new(vec![language]),
            is_in,
            is_certain: false,
        })
    };
    if claim.wanted.has(Some(true)) {
        Ok(vec![part(directory, true)?])
    } else if claim.wanted.has(Some(false)) {
        Ok(vec![part("/", true)?, part(directory, false)?])
    } else {
        let home = Hir::concat(vec![Hir::look(Look::Start), Hir::literal(*b"~")]);
        let language = Language::new(&home, None).map_err(|TooLarge| Answer::NotDecided)?;
        Ok(vec![Part {
            number: claim.number,
            languages: Rc::new(vec![language]),
            is_in: true,
            is_certain: false,
        }])
    }
}

/// What a question comes to for every text that is no moment; `None` where
/// that depends on the text.
pub(super) fn fixed(claim: &Claim<'_, '_>, text: &Value<'_>) -> Option<Outcomes> {
    let has_texts = |literals: &[Literal<'_>]| {
        let mut literals = literals.iter();
        literals.any(|literal| matches!(literal, Literal::Text(_)))
    };
    let outcome = match (claim.of, claim.ask) {
        (_, Ask::Exists) => Some(true),
        (Of::Whole, Ask::OneOf(literals) | Ask::HasType(Kind::OneOf(literals)))
            if has_texts(literals) =>
        {
            return None;
        }
        (Of::Whole, Ask::HasType(kind)) => Some(has_type(kind, text)),
        (Of::Whole, Ask::Under(_)) => return None,
        (Of::Whole, ask) if has_languages(ask) => return None,
        _ => None,
    };
    Some(Outcomes::one(outcome))
}

/// Whether languages tell what a question comes to for a text.
fn has_languages(ask: &Ask<'_>) -> bool {
    match ask {
        Ask::Equals(literal) | Ask::Contains(literal) => matches!(literal, Literal::Text(_)),
        Ask::StartsWith(_) | Ask::EndsWith(_) | Ask::Matches(_) => true,
        Ask::OneOf(literals) | Ask::HasType(Kind::OneOf(literals)) => {
            literals
                .iter()
                .any(|literal| matches!(literal, Literal::Text(_)))
                && !literals
                    .iter()
                    .any(|literal| matches!(literal, Literal::Time(_)))
        }
        Ask::Exists | Ask::Compare(..) | Ask::Under(_) | Ask::HasType(_) => false,
    }
}
