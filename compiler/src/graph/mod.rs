//! A plan and its findings in, a picture of its policies out: Mermaid.
//!
//! Like a page, it is made from the rows that the runtime reads: actions point
//! at the rules about them, rules at their effects, policies at what they
//! extend. A rule with findings is marked with their codes. Whatever names and
//! conditions hold, the text is sound, and equal plans give equal texts.

mod ids;
mod label;
mod mermaid;
mod model;

use crate::{Finding, Plan};

use model::Detail;

/// The most arrows of a picture: Mermaid refuses more.
pub const MOST_EDGES: usize = 500;

/// The most characters of a picture, in UTF-16: Mermaid refuses more.
pub const LONGEST_TEXT: usize = 50_000;

/// Which way arrows point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    #[default]
    LeftRight,
    /// From the top down.
    TopDown,
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Direction::LeftRight => "LR",
            Direction::TopDown => "TD",
        }
    }
}

/// What is drawn, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// Which way arrows point.
    pub direction: Direction,
    /// Only what is said of this action, or of those that this glob covers.
    pub action: Option<&'o str>,
}

/// A picture that Mermaid would refuse, even with rules drawn together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the picture has {edges} arrows and {characters} characters, and Mermaid draws at most \
     `MOST_EDGES` ({MOST_EDGES}) and `LONGEST_TEXT` ({LONGEST_TEXT})"
)]
pub struct TooLarge {
    /// Its arrows.
    pub edges: usize,
    /// The characters of its text.
    pub characters: usize,
}

/// Why rules are drawn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    Actions,
    Effect,
}

impl Notice {
    fn words(self) -> &'static str {
        match self {
            Notice::Actions => {
                "rules of one effect about the same actions are drawn as one, since there are so many"
            }
            Notice::Effect => "rules of one effect are drawn as one, since there are so many",
        }
    }
}

/// The picture of a plan, with `findings` marked: those that came with it.
///
/// Where there are more rules than Mermaid draws, those of one effect about the
/// same actions are drawn as one, or else all those of one effect; the legend
/// then says so.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile, graph};
///
/// let text = "policy mail { deny send_email when params.to == \"all\"; allow send_email; }";
/// let (plan, findings) = compile(&Sources::one("mail.policy", text), &Options::default());
/// let plan = plan.expect("it is sound");
/// let picture = graph::render(&plan, &findings, &graph::Options::default()).unwrap();
/// assert!(picture.contains("a_mail_send_email --> r_mail_allow_send_email_1"));
/// ```
///
/// # Errors
///
/// See [`TooLarge`].
pub fn render(
    plan: &Plan,
    findings: &[Finding],
    options: &Options<'_>,
) -> Result<String, TooLarge> {
    let table = plan.table();
    let mut refused = TooLarge {
        edges: 0,
        characters: 0,
    };
    for (detail, notice) in [
        (Detail::Rule, None),
        (Detail::Actions, Some(Notice::Actions)),
        (Detail::Effect, Some(Notice::Effect)),
    ] {
        let picture = model::picture(plan, &table.policies, findings, options.action, detail);
        let drawn = mermaid::draw(&picture, options.direction, notice);
        refused = TooLarge {
            edges: drawn.edges,
            characters: drawn.text.encode_utf16().count(),
        };
        if refused.edges <= MOST_EDGES && refused.characters <= LONGEST_TEXT {
            return Ok(drawn.text);
        }
    }
    Err(refused)
}

/// A picture as Markdown, for a page or the comment of a pull request.
///
/// Nothing in a picture ends the fence: a label has no backtick.
pub fn in_markdown(picture: &str) -> String {
    format!("```mermaid\n{picture}```\n")
}

/// Whether a policy of the plan says anything of `action` by name, or by a glob
/// that is not `*`.
pub fn names_action(plan: &Plan, action: &str) -> bool {
    model::names_action(plan, action)
}

#[cfg(test)]
mod tests;
