//! What differs in words: the summary, who may approve, what a request is of.

use agentos_runtime::table::{Approvers, Stage};

use super::{Diff, Side, Verdict};
use crate::{
    finding::visible,
    replay::{
        Direction,
        words::{counted, parts},
    },
    review::words::{self, code},
};

/// One sentence without its period: what a pull request should say.
pub(super) fn summary(diff: &Diff) -> String {
    let mut said = Vec::new();
    let changes = Direction::ALL.map(|direction| {
        let changes = diff.changes.iter();
        let count = changes.filter(|changed| changed.direction == direction);
        (count.count() as u64, direction.words())
    });
    said.push(parts(changes));
    for side in Side::ALL {
        let settings = diff.settings.iter();
        let count = settings.filter(|setting| setting.side == side).count() as u64;
        if count > 0 {
            let what = match side {
                Side::Looser | Side::Stricter => side.words(),
                Side::Neither => "neither looser nor stricter",
            };
            said.push(format!("{} {what}", counted(count, "setting")));
        }
    }
    if !diff.not_decided.is_empty() {
        let count = diff.not_decided.len() as u64;
        said.push(format!("{} not decided", counted(count, "action")));
    }
    said.retain(|words| !words.is_empty());
    let policies = policies(diff);
    if diff.verdict == Verdict::Identical {
        said.push(match policies {
            None => "every request has the same answer".to_owned(),
            Some(_) => {
                "every request that names no policy, or one of both sides, has the same answer"
                    .to_owned()
            }
        });
    }
    said.extend(policies);
    format!("{}: {}", diff.verdict.words(), said.join("; "))
}

/// What the verdict is not about.
fn policies(diff: &Diff) -> Option<String> {
    let counted = |names: &[String], what: &str| {
        let policies = match names.len() {
            0 => return None,
            1 => "policy",
            _ => "policies",
        };
        Some(format!("{} {policies} {what}", names.len()))
    };
    let said = [counted(&diff.gone, "gone"), counted(&diff.added, "new")];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let them = match diff.gone.len() + diff.added.len() {
        0 => return None,
        1 => "it",
        _ => "them",
    };
    Some(format!(
        "{}: requests that name {them} are not compared",
        said.join(", ")
    ))
}

/// `2 of `cfo`, `controller` within 1 hour`
pub(super) fn approvers(approvers: Option<&Approvers<'_>>) -> String {
    match approvers {
        Some(approvers) => words::approvers(approvers, |name| code(&visible(name))),
        None => "whoever may approve".to_owned(),
    }
}

/// What a stage is of, as requests spell it.
pub(super) const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Input => "input",
        Stage::Call => "call",
        Stage::Output => "output",
    }
}
