//! A tree as the YAML spelling orders it, for comparing across spellings.

use crate::ast::{File, Item};
use crate::span::Spanned;

/// The same policies with their statements in the order of YAML's sections.
///
/// Statements of one section keep their order. An `expect` goes with the
/// statement it stands before; one that stands before nothing stays last.
///
/// ```
/// use agentos_grammar::{SourceId, normalise, parse};
///
/// let (rule_first, _) = parse(SourceId(0), r#"policy p { deny send; about "x"; }"#);
/// let (about_first, _) = parse(SourceId(0), r#"policy p { about "x"; deny send; }"#);
/// assert_ne!(rule_first, about_first);
/// assert_eq!(normalise(&rule_first), about_first);
/// ```
#[must_use]
pub fn normalise(file: &File) -> File {
    let mut file = file.clone();
    for policy in &mut file.policies {
        let mut groups: Vec<Vec<Spanned<Item>>> = Vec::new();
        let mut group = Vec::new();
        for item in std::mem::take(&mut policy.node.items) {
            let expects = matches!(item.node, Item::Expect(_));
            group.push(item);
            if !expects {
                groups.push(std::mem::take(&mut group));
            }
        }
        groups.push(group);
        groups.sort_by_key(|group| {
            group
                .last()
                .map_or(Section::Nothing, |item| section(&item.node))
        });
        policy.node.items = groups.into_iter().flatten().collect();
    }
    file
}

/// The sections of a policy in YAML, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    About,
    Extends,
    Default,
    Combine,
    Mode,
    Normalize,
    Limits,
    Actions,
    Patterns,
    Rules,
    Rates,
    Intents,
    Trust,
    /// An `expect` about nothing that follows: it is about the policy.
    Nothing,
}

/// The section of a statement.
pub(crate) fn section(item: &Item) -> Section {
    match item {
        Item::About(_) => Section::About,
        Item::Extends(_) => Section::Extends,
        Item::Default(_) => Section::Default,
        Item::Combine(_) => Section::Combine,
        Item::Mode(_) => Section::Mode,
        Item::Normalize(_) => Section::Normalize,
        Item::Limits(_) => Section::Limits,
        Item::Action(_) => Section::Actions,
        Item::Patterns(_) => Section::Patterns,
        Item::Rule(_) => Section::Rules,
        Item::Rate(_) => Section::Rates,
        Item::Intent(_) => Section::Intents,
        Item::Trust(_) => Section::Trust,
        Item::Expect(_) => Section::Nothing,
    }
}

/// What the `about` of an `expect` calls a statement; rules and an `expect` have no name there.
pub(crate) fn about(item: &Item) -> Option<String> {
    Some(match item {
        Item::About(_) => "about".to_owned(),
        Item::Extends(_) => "extends".to_owned(),
        Item::Default(_) => "default".to_owned(),
        Item::Combine(_) => "combine".to_owned(),
        Item::Mode(_) => "mode".to_owned(),
        Item::Normalize(_) => "normalize".to_owned(),
        Item::Limits(_) => "limits".to_owned(),
        Item::Action(action) => format!("actions.{}", action.name.node),
        Item::Patterns(set) => format!("patterns.{}", set.name.node),
        Item::Rate(_) => "rates".to_owned(),
        Item::Intent(intent) => format!("intents.{}", intent.category.node),
        Item::Trust(_) => "trust".to_owned(),
        Item::Rule(_) | Item::Expect(_) => return None,
    })
}
