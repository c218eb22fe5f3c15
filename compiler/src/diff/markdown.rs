//! What differs to Markdown: the comment that a pull request carries.
//!
//! What comes from policies stands in code spans, where it makes no links and
//! mentions nobody.

use std::fmt::Write as _;

use super::{
    Changed, Diff, Setting,
    text::{actions, shown},
};
use crate::{
    replay::{
        markdown::{LONGEST_COMMENT, basis, span},
        words::counted,
    },
    review::words::{capital, code, one_line},
};

/// The most changes that are listed; the rest are counted.
const MOST_LISTED: usize = 20;

/// The comment, with a line end after it.
pub fn render(diff: &Diff) -> String {
    // Writing to a `String` does not fail.
    let mut out = format!("**Policies: {}.**\n", diff.summary);
    changes(diff, &mut out);
    settings(&diff.settings, &mut out);
    for (names, what) in [
        (&diff.gone, "is gone: requests that name it are denied"),
        (&diff.added, "is new: requests that name it were denied"),
    ] {
        for name in names {
            let _ = writeln!(out, "\nPolicy {} {what}.", span(name));
        }
    }
    if !diff.not_decided.is_empty() {
        let names: Vec<String> = diff.not_decided.iter().map(|name| span(name)).collect();
        let _ = writeln!(
            out,
            "\nNot decided within the bounds: whether there is more about {}.",
            names.join(", ")
        );
    }
    out
}

fn changes(diff: &Diff, out: &mut String) {
    let mut heading = None;
    let mut listed = 0;
    for changed in diff.changes.iter().take(MOST_LISTED) {
        let mut block = String::new();
        if heading != Some(changed.direction) {
            let words = capital(changed.direction.words());
            let _ = writeln!(block, "\n#### {words}\n");
        }
        one(changed, &mut block);
        if out.len() + block.len() > LONGEST_COMMENT {
            break;
        }
        *out += &block;
        heading = Some(changed.direction);
        listed += 1;
    }
    let left = diff.changes.len() - listed;
    if left > 0 {
        let _ = writeln!(out, "\n{} more.", counted(left as u64, "change"));
    }
}

fn one(changed: &Changed, out: &mut String) {
    let _ = writeln!(
        out,
        "- {}: {}, before {}",
        actions(changed, &|name: &str| span(name)),
        basis(&changed.new),
        basis(&changed.old),
    );
    if let Some([old, new]) = &changed.approvers {
        let _ = writeln!(
            out,
            "  - approved by {old}, now {new} ({})",
            changed.side.words()
        );
    }
    let Some(first) = changed.actions.first() else {
        return;
    };
    let _ = writeln!(out, "  - for example {}", code(&shown(first)));
    for around in &first.around {
        let near = around.near.iter().map(|near| {
            let answers = if near.old == near.new {
                near.new.to_owned()
            } else {
                format!("**{} → {}**", near.old, near.new)
            };
            format!("{}: {answers}", near.value)
        });
        let near: Vec<String> = near.collect();
        let _ = writeln!(out, "  - {}: {}", span(&around.field), near.join(", "));
    }
}

fn settings(settings: &[Setting], out: &mut String) {
    if settings.is_empty() {
        return;
    }
    out.push_str("\n#### Settings\n\n| | setting | before | now |\n|---|---|---|---|\n");
    for setting in settings {
        let value = |value: &Option<String>, at: &Option<String>| {
            let value = one_line(value.as_deref().unwrap_or("none"));
            match at {
                Some(at) => format!("{value} ({})", span(at).replace('|', "\\|")),
                None => value,
            }
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            setting.side.words(),
            one_line(&setting.what),
            value(&setting.old, &setting.old_at),
            value(&setting.new, &setting.new_at),
        );
    }
}
