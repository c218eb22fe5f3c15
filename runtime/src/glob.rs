//! Globs over the names of actions: `db.*`, `file_?`, `[rw]*`.

/// A glob over names: `*` for any letters, dots too, `?` for one, `[a-z]` and
/// `[!a-z]` for one of some. Case counts.
///
/// ```
/// use agentos_runtime::glob::Glob;
///
/// assert!(Glob::new("db.*").matches("db.users.read"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    pieces: Box<[Piece]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Letter(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `[a-z]`, `[!a-z]`
    Class {
        negated: bool,
        ranges: Box<[(char, char)]>,
    },
}

/// What the text of a rule's action stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name<'t> {
    /// One name.
    Exact(&'t str),
    /// `*`
    Any,
    /// All names that start so: `db.*`.
    Prefix(&'t str),
    /// Everything else.
    Glob(Glob),
}

/// Reads the text of a rule's action.
pub(crate) fn name(text: &str) -> Name<'_> {
    if !text.contains(['*', '?', '[']) {
        return Name::Exact(text);
    }
    let glob = Glob::new(text);
    match &*glob.pieces {
        [Piece::Any] => Name::Any,
        [letters @ .., Piece::Any]
            if letters
                .iter()
                .all(|piece| matches!(piece, Piece::Letter(_))) =>
        {
            // A literal prefix has the same letters as the text before its `*`s,
            // unless a class of one letter was folded, which does not happen here.
            match text.trim_end_matches('*') {
                prefix if !prefix.contains(['*', '?', '[']) => Name::Prefix(prefix),
                _ => Name::Glob(glob),
            }
        }
        pieces if pieces.iter().all(|piece| matches!(piece, Piece::Letter(_))) => Name::Exact(text),
        _ => Name::Glob(glob),
    }
}

impl Glob {
    /// Reads a glob. A `[` that is not closed stands for itself.
    pub fn new(text: &str) -> Glob {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            pieces.push(match letter {
                '*' if pieces.last() == Some(&Piece::Any) => continue,
                '*' => Piece::Any,
                '?' => Piece::One,
                '[' => match class(rest) {
                    Some((class, after)) => {
                        rest = after;
                        class
                    }
                    None => Piece::Letter('['),
                },
                letter => Piece::Letter(letter),
            });
        }
        Glob {
            pieces: pieces.into(),
        }
    }

    /// The same as an expression in the syntax of the `regex` crate, for what
    /// reasons about names: those it matches from end to end.
    ///
    /// ```
    /// use agentos_runtime::glob::Glob;
    ///
    /// assert_eq!(Glob::new("db.*[!a]").expression(), r"(?s)db\.(?:.*)[^a-a]");
    /// ```
    pub fn expression(&self) -> String {
        let mut expression = String::from("(?s)");
        for piece in &self.pieces {
            match piece {
                Piece::Letter(letter) => escape(*letter, &mut expression),
                Piece::One => expression.push('.'),
                Piece::Any => expression.push_str("(?:.*)"),
                Piece::Class { negated, ranges } => {
                    expression.push('[');
                    if *negated {
                        expression.push('^');
                    }
                    for (from, to) in ranges.iter().filter(|(from, to)| from <= to) {
                        escape(*from, &mut expression);
                        expression.push('-');
                        escape(*to, &mut expression);
                    }
                    if ranges.iter().all(|(from, to)| from > to) {
                        // No letter is in it.
                        expression.push_str("&&&&");
                    }
                    expression.push(']');
                }
            }
        }
        expression
    }

    /// Whether the whole name is such.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pieces, mut letters) = (self.pieces.iter(), name.chars());
        // Where to go on when the last `*` has to take one letter more.
        let mut retry = None;
        loop {
            let here = letters.clone();
            let held = match (pieces.next(), letters.next()) {
                (None, None) => return true,
                (Some(Piece::Any), _) => {
                    letters = here;
                    retry = Some((pieces.clone(), letters.clone()));
                    true
                }
                (Some(piece), Some(letter)) => piece.takes(letter),
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !held {
                let Some((after_star, taken)) = &mut retry else {
                    return false;
                };
                if taken.next().is_none() {
                    return false;
                }
                pieces = after_star.clone();
                letters = taken.clone();
            }
        }
    }
}

/// A letter that stands for itself in an expression.
fn escape(letter: char, expression: &mut String) {
    if letter.is_ascii_punctuation() {
        expression.push('\\');
    }
    expression.push(letter);
}

impl Piece {
    fn takes(&self, letter: char) -> bool {
        match self {
            Piece::Letter(ours) => *ours == letter,
            Piece::One | Piece::Any => true,
            Piece::Class { negated, ranges } => {
                *negated
                    != ranges
                        .iter()
                        .any(|(from, to)| (*from..=*to).contains(&letter))
            }
        }
    }
}

/// Reads what stands after a `[`, up to its `]`, and what stands after that.
fn class(text: &str) -> Option<(Piece, &str)> {
    let (negated, text) = match text.strip_prefix('!') {
        Some(text) => (true, text),
        None => (false, text),
    };
    // A `]` right at the start stands for itself.
    let first = text.chars().next()?.len_utf8();
    let end = first + text.get(first..)?.find(']')?;
    let (inside, after) = (text.get(..end)?, text.get(end + 1..)?);
    let mut ranges = Vec::new();
    let mut letters = inside.chars();
    while let Some(from) = letters.next() {
        let mut ahead = letters.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) => {
                ranges.push((from, to));
                letters = ahead;
            }
            _ => ranges.push((from, from)),
        }
    }
    Some((
        Piece::Class {
            negated,
            ranges: ranges.into(),
        },
        after,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_take_whole_names_and_cross_dots() {
        for (glob, name, held) in [
            ("db.*", "db.read", true),
            ("db.*", "db.", true),
            ("db.*", "db", false),
            ("db.*", "db.a.b", true),
            ("db.*", "xdb.a", false),
            ("*", "", true),
            ("**", "a", true),
            ("?", "é", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[rw]x", "rx", true),
            ("[!rw]x", "rx", false),
            ("[!rw]x", "ax", true),
            ("[a-c]", "b", true),
            ("[a-c]", "d", false),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a-]", "-", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("[!]", "[!]", true),
            ("*.pem", "a.b.pem", true),
            ("*.pem", "a.pem.x", false),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1b2b3", false),
            ("Db.*", "db.x", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
            ("[^a]", "^", true),
            ("[^a]", "b", false),
        ] {
            assert_eq!(Glob::new(glob).matches(name), held, "{glob} {name}");
        }
    }

    #[test]
    fn a_name_is_known_by_its_kind() {
        assert_eq!(name("read_file"), Name::Exact("read_file"));
        assert_eq!(name("*"), Name::Any);
        assert_eq!(name("**"), Name::Any);
        assert_eq!(name("db.*"), Name::Prefix("db."));
        assert_eq!(name("a[b"), Name::Exact("a[b"));
        assert!(matches!(name("a[b*"), Name::Glob(_)));
        for glob in ["*.read", "db.?", "[ab]*", "a*b*"] {
            assert!(matches!(name(glob), Name::Glob(_)), "{glob}");
        }
    }
}
