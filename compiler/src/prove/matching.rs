//! A pattern in, the language of the texts in which it is found out.

use std::{collections::HashMap, sync::OnceLock};

use agentos_runtime::table::Matcher;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look};

use super::language::{Language, TooLarge};

/// What finds a pattern, as expressions: the second one must not follow.
pub(crate) struct Sought {
    pub(crate) expression: Hir,
    unless: Option<Hir>,
    /// Whether it is found in exactly the texts that these say.
    is_exact: bool,
}

impl Sought {
    /// Reads a matcher; `None` where it is no expression as the compiler prints them.
    pub(crate) fn new(matcher: &Matcher<'_>) -> Option<Sought> {
        let parse = |text: &str| regex_syntax::parse(text).ok();
        let (expression, unless) = match matcher {
            Matcher::Substring(part) => (in_any_case(part), None),
            Matcher::Regex(expression) => (parse(expression)?, None),
            Matcher::RegexUnless(expression, unless) => (parse(expression)?, Some(parse(unless)?)),
            Matcher::Glob(expression) => {
                (Hir::concat(vec![start(), parse(expression)?, end()]), None)
            }
        };
        let has_sigma = matches!(matcher, Matcher::Substring(part) if part.contains(['σ', 'ς']));
        Some(Sought {
            expression,
            unless,
            is_exact: !has_sigma,
        })
    }

    /// The texts in which it is found.
    ///
    /// # Errors
    ///
    /// Where its automaton would be too large.
    pub(crate) fn language(&self) -> Result<Language, TooLarge> {
        let language = Language::new(&self.expression, self.unless.as_ref())?;
        Ok(if self.is_exact {
            language
        } else {
            language.not_exact()
        })
    }
}

fn start() -> Hir {
    Hir::look(Look::Start)
}

fn end() -> Hir {
    Hir::look(Look::End)
}

/// The letter whose lower case is two: `i` and a dot above.
const DOTTED: char = 'İ';
const DOT: char = '\u{307}';

/// What a text that has this part in lower case has. Whether a sigma becomes a
/// final one depends on its neighbours, and is left open.
fn in_any_case(part: &str) -> Hir {
    let letters: Vec<char> = part.chars().collect();
    let last = letters.len().saturating_sub(1);
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let mut class = with_lower_case(letter);
        let is_pair = letter == 'i' && letters.get(at + 1) == Some(&DOT);
        // A dotted letter may stand half outside.
        if at == last && letter == 'i' || at == 0 && letter == DOT {
            class.push(ClassUnicodeRange::new(DOTTED, DOTTED));
        }
        let piece = Hir::class(Class::Unicode(class));
        if is_pair {
            let dot = Hir::class(Class::Unicode(with_lower_case(DOT)));
            let dotted = Hir::literal(DOTTED.to_string().into_bytes());
            pieces.push(Hir::alternation(vec![
                Hir::concat(vec![piece, dot]),
                dotted,
            ]));
            at += 2;
        } else {
            pieces.push(piece);
            at += 1;
        }
    }
    Hir::concat(pieces)
}

/// The letters whose lower case is this one.
fn with_lower_case(lower: char) -> ClassUnicode {
    static LOWERED: OnceLock<HashMap<char, Vec<char>>> = OnceLock::new();
    let lowered = LOWERED.get_or_init(|| {
        let mut lowered: HashMap<char, Vec<char>> = HashMap::new();
        for letter in '\0'..=char::MAX {
            let mut lower = letter.to_lowercase();
            if let (Some(lower), None) = (lower.next(), lower.next())
                && lower != letter
            {
                lowered.entry(lower).or_default().push(letter);
            }
        }
        lowered.entry('ς').or_default().push('Σ');
        lowered
    });
    let others = lowered.get(&lower).into_iter().flatten().copied();
    let is_itself = lower.to_lowercase().eq([lower]);
    let letters = others.chain(is_itself.then_some(lower));
    ClassUnicode::new(letters.map(|letter| ClassUnicodeRange::new(letter, letter)))
}
