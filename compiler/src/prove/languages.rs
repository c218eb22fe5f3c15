//! Questions about a text in, the languages that answer them out.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use agentos_runtime::table::Literal;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::{
    atom::{Ask, Kind},
    language::{Language, TooLarge},
    matching::Sought,
};

/// The languages that were made, by what is asked.
#[derive(Debug, Default)]
pub(crate) struct Languages<'t> {
    known: RefCell<HashMap<Ask<'t>, Made>>,
}

type Made = Result<Option<Rc<Vec<Language>>>, TooLarge>;

impl<'t> Languages<'t> {
    /// The texts of which the answer is yes: those of any of these languages.
    /// `None` where no language tells.
    pub(crate) fn of(&self, ask: &Ask<'t>) -> Made {
        if let Some(made) = self.known.borrow().get(ask) {
            return made.clone();
        }
        let made = languages(ask).map(|made| made.map(Rc::new));
        self.known.borrow_mut().insert(ask.clone(), made.clone());
        made
    }
}

/// The languages that answer a question about a text, any of which will do.
pub(super) fn languages(ask: &Ask<'_>) -> Result<Option<Vec<Language>>, TooLarge> {
    let exact = |text: &str| [start(), Hir::literal(text.as_bytes()), end()];
    let hir = match ask {
        Ask::Equals(Literal::Text(text)) => Hir::concat(exact(text).into()),
        Ask::OneOf(literals) | Ask::HasType(Kind::OneOf(literals)) => {
            let mut texts = Vec::new();
            for literal in literals {
                match literal {
                    Literal::Text(text) => texts.push(Hir::literal(text.as_bytes())),
                    Literal::Time(_) => return Ok(None),
                    // A text is none of these.
                    Literal::Number(_) | Literal::Boolean(_) => {}
                }
            }
            if texts.is_empty() {
                return Ok(None);
            }
            Hir::concat(vec![start(), Hir::alternation(texts), end()])
        }
        Ask::Contains(Literal::Text(part)) => Hir::literal(part.as_bytes()),
        Ask::StartsWith(text) => Hir::concat(vec![start(), Hir::literal(text.as_bytes())]),
        Ask::EndsWith(text) => Hir::concat(vec![Hir::literal(text.as_bytes()), end()]),
        Ask::Matches(matchers) => {
            let made = matchers.iter().map(|matcher| {
                let sought = Sought::new(matcher).ok_or(TooLarge)?;
                sought.language()
            });
            return made.collect::<Result<_, _>>().map(Some);
        }
        Ask::Exists
        | Ask::Equals(_)
        | Ask::Compare(..)
        | Ask::Contains(_)
        | Ask::Under(_)
        | Ask::HasType(_) => return Ok(None),
    };
    Language::new(&hir, None).map(|language| Some(vec![language]))
}

fn start() -> Hir {
    Hir::look(Look::Start)
}

fn end() -> Hir {
    Hir::look(Look::End)
}

/// Paths that are this directory or below it without any detour; where it
/// starts at the root. Those of the root itself have a component at least.
pub(crate) fn below(directory: &str) -> Option<Result<Language, TooLarge>> {
    let components = components(directory)?;
    let segment = {
        let class = ClassUnicode::new([
            ClassUnicodeRange::new('a', 'z'),
            ClassUnicodeRange::new('0', '9'),
            ClassUnicodeRange::new('A', 'Z'),
            ClassUnicodeRange::new('_', '_'),
        ]);
        let letter = Hir::class(Class::Unicode(class));
        let name = repeat(letter.clone(), 1);
        let extension = Hir::concat(vec![Hir::literal(*b"."), repeat(letter, 1)]);
        Hir::concat(vec![Hir::literal(*b"/"), name, repeat(extension, 0)])
    };
    let mut path = vec![start()];
    for component in &components {
        path.push(Hir::literal(format!("/{component}").into_bytes()));
    }
    if components.is_empty() {
        path.push(Hir::literal(*b"/"));
        path.push(segment.clone());
    }
    path.push(repeat(segment, 0));
    path.push(end());
    Some(Language::new(&Hir::concat(path), None))
}

fn repeat(of: Hir, least: u32) -> Hir {
    Hir::repetition(Repetition {
        min: least,
        max: None,
        greedy: true,
        sub: Box::new(of),
    })
}

/// The components of a directory that starts at the root.
pub(crate) fn components(directory: &str) -> Option<Vec<&str>> {
    let mut components = Vec::new();
    for component in directory.strip_prefix('/')?.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(components.pop()),
            component => components.push(component),
        }
    }
    Some(components)
}
