//! What differs to text for people.

use std::fmt::{self, Write as _};

use super::{Around, Changed, Diff, OfAction, Setting};
use crate::{finding::visible, replay::Direction};

/// The most changes that are printed; the rest are counted.
const MOST_PRINTED: usize = 50;

/// The most actions that a change names.
const MOST_NAMED: usize = 8;

/// The most characters of a request that are printed.
pub(super) const WIDEST_REQUEST: usize = 400;

/// The text, with the summary as its last line.
pub fn render(diff: &Diff) -> String {
    let mut out = String::new();
    // Writing to a `String` does not fail.
    let _ = write(diff, &mut out);
    out
}

fn write(diff: &Diff, out: &mut String) -> fmt::Result {
    let printed = diff.changes.get(..MOST_PRINTED).unwrap_or(&diff.changes);
    for direction in Direction::ALL {
        let changes = printed.iter().filter(|one| one.direction == direction);
        let changes: Vec<&Changed> = changes.collect();
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "{}", direction.words())?;
        for changed in changes {
            write_changed(changed, out)?;
        }
        writeln!(out)?;
    }
    let left = diff.changes.len() - printed.len();
    if left > 0 {
        writeln!(out, "{left} more: `--format json` has them\n")?;
    }
    if !diff.settings.is_empty() {
        writeln!(out, "settings")?;
        for setting in &diff.settings {
            write_setting(setting, out)?;
        }
        writeln!(out)?;
    }
    for (names, what) in [
        (&diff.gone, "gone: requests that name it are denied"),
        (&diff.added, "new: requests that name it were denied"),
    ] {
        for name in names {
            writeln!(out, "policy `{}` is {what}", visible(name))?;
        }
    }
    if !diff.not_decided.is_empty() {
        let names: Vec<String> = diff.not_decided.iter().map(|name| quoted(name)).collect();
        writeln!(
            out,
            "not decided within the bounds: whether there is more about {}\n",
            names.join(", ")
        )?;
    }
    writeln!(out, "{}", diff.summary)
}

fn write_changed(changed: &Changed, out: &mut String) -> fmt::Result {
    writeln!(out, "  {}", actions(changed, &quoted))?;
    writeln!(out, "    before  {}", changed.old)?;
    writeln!(out, "    now     {}", changed.new)?;
    if let Some([old, new]) = &changed.approvers {
        writeln!(
            out,
            "    approved by {old}, now {new} ({})",
            changed.side.words()
        )?;
    }
    let Some(first) = changed.actions.first() else {
        return Ok(());
    };
    writeln!(out, "    {}", shown(first))?;
    for around in &first.around {
        write_around(around, out)?;
    }
    Ok(())
}

fn write_around(around: &Around, out: &mut String) -> fmt::Result {
    let values = around.near.iter().map(|near| near.value.len());
    let width = values.chain([around.field.len()]).max().unwrap_or_default();
    writeln!(
        out,
        "      {:>width$}  before    now",
        visible(&around.field)
    )?;
    for near in &around.near {
        let mark = if near.old == near.new { "" } else { "  *" };
        writeln!(
            out,
            "      {:>width$}  {:<8}  {}{mark}",
            near.value, near.old, near.new
        )?;
    }
    Ok(())
}

fn write_setting(setting: &Setting, out: &mut String) -> fmt::Result {
    let value = |value: &Option<String>, at: &Option<String>| {
        let value = value.as_deref().unwrap_or("none");
        match at {
            Some(at) => format!("{} ({})", visible(value), visible(at)),
            None => visible(value).into_owned(),
        }
    };
    writeln!(
        out,
        "  {}: {}",
        setting.side.words(),
        visible(&setting.what)
    )?;
    writeln!(out, "    before  {}", value(&setting.old, &setting.old_at))?;
    writeln!(out, "    now     {}", value(&setting.new, &setting.new_at))
}

/// The actions that a change is about.
pub(super) fn actions(changed: &Changed, quoted: &dyn Fn(&str) -> String) -> String {
    let (others, named): (Vec<&OfAction>, Vec<&OfAction>) =
        changed.actions.iter().partition(|of| of.stands_for_others);
    let listed = |actions: &[&OfAction]| {
        let names = actions.iter().take(MOST_NAMED);
        let names: Vec<String> = names.map(|of| quoted(&of.action)).collect();
        let more = match actions.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            left => format!(" and {left} more"),
        };
        format!("{}{more}", names.join(", "))
    };
    let mut parts = Vec::new();
    if !named.is_empty() {
        parts.push(listed(&named));
    }
    if !others.is_empty() {
        parts.push(format!("actions such as {}", listed(&others)));
    }
    let of = match changed.stage {
        "call" => "",
        "input" => "what comes in for ",
        _ => "what comes back from ",
    };
    format!("{of}{}", parts.join(", and "))
}

/// A request on one line, cut where it is long.
pub(super) fn shown(of: &OfAction) -> String {
    let text = of.request.get();
    match text.char_indices().nth(WIDEST_REQUEST) {
        Some((end, _)) => format!("{}…", visible(&text[..end])),
        None => visible(text).into_owned(),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", visible(name))
}
