//! Compiles the text of a pattern to what finds it: a lower-cased substring, or an expression in the syntax of the `regex` crate.
//!
//! Regexes are Python's `re`, as people write them in policy files: read by
//! [`syntax`], freed of assertions by [`looks`], written down by [`print`]. What
//! comes out matches exactly where Python's `re.search` with `IGNORECASE` does,
//! in linear time; a text that must not follow stays a second expression. What
//! cannot be had so is a problem, with a rewrite where one is known.
//!
//! Letters are those of the Unicode version of `regex-syntax`, which is newer
//! than any Python's: letters that were added since have cases here.

use std::ops::Range;

use agentos_grammar::ast;
use agentos_runtime::table;

mod body;
mod ends;
mod glob;
mod limits;
mod looks;
mod print;
mod set;
mod syntax;
mod weigh;

pub use limits::{AUTOMATON_BYTES, Budget, EXPANSION, GROUP_DEPTH, PATTERN_BYTES, UNROLLED};
pub use weigh::outgrown;

use body::Body;
use looks::{Beside, Piece, Tail};

/// What finds a pattern: [`table::Matcher`], owned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Compiled {
    /// The lower-cased text has this lower-cased text as a part.
    Substring(String),
    /// An expression of the `regex` crate, searched. Where it has a group, what
    /// was found is the first group that took part: the rest is what stands beside.
    Regex(String),
    /// The same, where the second one does not match right after it.
    RegexUnless(String, String),
    /// An expression anchored at both ends.
    Glob(String),
}

impl Compiled {
    /// As the row of a table.
    pub fn matcher(&self) -> table::Matcher<'_> {
        match self {
            Compiled::Substring(text) => table::Matcher::Substring(text),
            Compiled::Regex(regex) => table::Matcher::Regex(regex),
            Compiled::RegexUnless(regex, unless) => table::Matcher::RegexUnless(regex, unless),
            Compiled::Glob(regex) => table::Matcher::Glob(regex),
        }
    }
}

/// One thing that is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternProblem {
    /// Which kind of mistake.
    pub kind: ProblemKind,
    /// Which of the two texts it is in.
    pub part: PatternPart,
    /// The bytes of that text to change; absent: all of it.
    pub range: Option<Range<usize>>,
    /// One lower-case line without a final period; user text in backticks.
    pub message: String,
    /// What to write instead, when that is known.
    pub help: Option<String>,
    /// The byte of that text in front of which a `\` mends it.
    pub escape: Option<usize>,
}

/// The kinds of mistakes, one for each finding code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It cannot be read.
    Invalid,
    /// It matches every text.
    Empty,
    /// It matches no text.
    NeverMatches,
    /// It needs backtracking.
    NotAnAutomaton,
    /// It outgrows a limit.
    TooLarge,
}

/// The texts that a pattern is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// The pattern itself.
    Text,
    /// What stands after `unless followed by`.
    UnlessFollowedBy,
}

impl PatternProblem {
    fn new(kind: ProblemKind, range: Range<usize>, message: impl Into<String>) -> PatternProblem {
        PatternProblem {
            kind,
            part: PatternPart::Text,
            range: Some(range),
            message: message.into(),
            help: None,
            escape: None,
        }
    }

    fn whole(kind: ProblemKind, message: impl Into<String>) -> PatternProblem {
        PatternProblem {
            range: None,
            ..PatternProblem::new(kind, 0..0, message)
        }
    }

    fn help(mut self, help: impl Into<String>) -> PatternProblem {
        self.help = Some(help.into());
        self
    }

    /// Says that the first character of its range is meant as it stands.
    fn literally(mut self) -> PatternProblem {
        self.escape = self.range.as_ref().map(|range| range.start);
        self
    }
}

/// Compiles a pattern of the policy language.
///
/// # Errors
///
/// Everything that is wrong with it, each at its place in `text` or in
/// `unless_followed_by`.
///
/// ```
/// use agentos_compiler::pattern::{Budget, Compiled, compile};
/// use agentos_grammar::ast::PatternKind;
///
/// let found = compile(PatternKind::Regex, r"rm\s+-rf", None, Budget::default());
/// assert_eq!(found, Ok(Compiled::Regex(r"(?i)rm[\s\x1C-\x1F]+-rf".to_owned())));
/// ```
pub fn compile(
    kind: ast::PatternKind,
    text: &str,
    unless_followed_by: Option<&str>,
    budget: Budget,
) -> Result<Compiled, Vec<PatternProblem>> {
    for (part, text) in [
        (PatternPart::Text, Some(text)),
        (PatternPart::UnlessFollowedBy, unless_followed_by),
    ] {
        if text.is_some_and(|text| text.len() > PATTERN_BYTES) {
            let message = format!("a pattern longer than `PATTERN_BYTES` ({PATTERN_BYTES})");
            return Err(vec![PatternProblem {
                part,
                ..PatternProblem::whole(ProblemKind::TooLarge, message)
            }]);
        }
    }
    match (kind, unless_followed_by) {
        (ast::PatternKind::Regex, unless) => regex(text, unless, budget),
        (ast::PatternKind::Substring | ast::PatternKind::Glob, Some(_)) => {
            let message = "`unless followed by` goes with a regex only";
            let problem = PatternProblem::whole(ProblemKind::Invalid, message)
                .help("write the pattern as `regex r\"…\"`");
            Err(vec![PatternProblem {
                part: PatternPart::UnlessFollowedBy,
                ..problem
            }])
        }
        (ast::PatternKind::Substring, None) if text.is_empty() => Err(vec![every_text(text)]),
        (ast::PatternKind::Substring, None) => Ok(Compiled::Substring(text.to_lowercase())),
        (ast::PatternKind::Glob, None) => {
            let piece = Piece {
                before: edge(),
                after: edge(),
                ..Piece::plain(glob::body(text))
            };
            finish(text, vec![piece], None, budget).map(|found| match found {
                Compiled::Regex(regex) => Compiled::Glob(regex),
                other => other,
            })
        }
    }
}

/// Compiles a glob as Python's `re.search(fnmatch.translate(…), …)` has it:
/// anchored at the end only.
///
/// # Errors
///
/// Every text is a glob; what every text or no text matches is an error, and
/// what outgrows a limit.
pub fn compile_dialect_glob(text: &str, budget: Budget) -> Result<Compiled, Vec<PatternProblem>> {
    if text.len() > PATTERN_BYTES {
        let message = format!("a pattern longer than `PATTERN_BYTES` ({PATTERN_BYTES})");
        return Err(vec![PatternProblem::whole(ProblemKind::TooLarge, message)]);
    }
    let piece = Piece {
        after: edge(),
        ..Piece::plain(glob::body(text))
    };
    finish(text, vec![piece], None, budget)
}

fn edge() -> Beside {
    Beside::of(set::Set::none(), true)
}

fn regex(
    text: &str,
    unless: Option<&str>,
    budget: Budget,
) -> Result<Compiled, Vec<PatternProblem>> {
    let in_unless = |problems: Vec<PatternProblem>| -> Vec<PatternProblem> {
        problems
            .into_iter()
            .map(|problem| PatternProblem {
                part: PatternPart::UnlessFollowedBy,
                ..problem
            })
            .collect()
    };
    let pieces = syntax::parse(text).and_then(|expr| {
        // With something that must not follow, the end is not the end.
        looks::resolve(&if unless.is_some() {
            expr
        } else {
            looks::at_the_end(expr)
        })
    });
    let unless = unless
        .map(|unless| {
            syntax::parse(unless)
                .map(looks::at_the_end)
                .and_then(|expr| looks::resolve(&expr))
        })
        .transpose()
        .map_err(in_unless);
    match (pieces, unless) {
        (Ok(pieces), Ok(unless)) => finish(text, pieces, unless.as_deref(), budget),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
        (Err(mut problems), Err(more)) => {
            problems.extend(more);
            Err(problems)
        }
    }
}

/// From pieces to what is written in the table.
fn finish(
    text: &str,
    pieces: Vec<Piece>,
    unless: Option<&[Piece]>,
    budget: Budget,
) -> Result<Compiled, Vec<PatternProblem>> {
    let one = |problem| vec![problem];
    let (mut pieces, unless) = ends::settle(pieces, unless).map_err(one)?;
    pieces.retain(|piece| piece.body != Body::Never);
    if pieces.is_empty() {
        let message = "no text matches this pattern";
        return Err(one(PatternProblem::whole(ProblemKind::NeverMatches, message)
            .help("something in it excludes what stands beside it, as `a$b` and `[^\\s\\S]` do: take one of them out")));
    }
    if unless.is_empty() && pieces.iter().any(matches_every_text) {
        return Err(one(every_text(text)));
    }
    let regex = print::regex(&pieces);
    weigh::weigh(&pieces, &regex, budget).map_err(one)?;
    if unless.is_empty() {
        return Ok(Compiled::Regex(regex));
    }
    let refused = print::unless(&unless);
    weigh::weigh(&unless, &refused, budget).map_err(one)?;
    Ok(Compiled::RegexUnless(regex, refused))
}

/// Whether a piece finds something in any text: nothing at its start or end,
/// or all of it.
fn matches_every_text(piece: &Piece) -> bool {
    let one_end = piece.before.is_any() || piece.after.is_any();
    piece.lead.is_none()
        && piece.tail == Tail::None
        && piece.before.edge
        && piece.after.edge
        && (piece.body.nullable() && one_end || piece.body.is_every_string())
}

fn every_text(text: &str) -> PatternProblem {
    let message = if text.is_empty() {
        "an empty pattern, which every text matches".to_owned()
    } else {
        format!("every text matches `{text}`")
    };
    PatternProblem::whole(ProblemKind::Empty, message)
        .help("say what must be there; a rule about every text needs no pattern")
}

#[cfg(test)]
mod tests;
