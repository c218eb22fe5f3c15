//! A table and one of its sources in, the page that stands beside that source out.

use std::path::{Component, Path, PathBuf};

use agentos_runtime::table::{Source, Table};

use crate::{plan::sha256, shipped};

/// The page of the policies of one source, by its position in the table, to
/// stand beside it.
///
/// Sources are named from that place, so the page is the same from wherever it
/// is made. A shipped policy goes by that name, also where a copy of it was
/// compiled too.
pub fn beside(table: &Table<'_>, source: usize) -> String {
    let own = table.sources.get(source).map_or("", |source| source.name);
    let names: Vec<String> = table
        .sources
        .iter()
        .enumerate()
        .map(|(at, other)| match shipped_name(other) {
            Some(name) if at != source => name,
            _ => from_beside(own, other.name),
        })
        .collect();
    let policies = table.policies.iter();
    super::pages(
        table,
        policies.filter(|policy| policy.at.source as usize == source),
        &names,
    )
}

/// `shipped/NAME.policy`, where a source is the text of that policy.
fn shipped_name(source: &Source<'_>) -> Option<String> {
    let name = Path::new(source.name).file_stem()?.to_str()?;
    let text = shipped::text(name)?;
    (sha256(text.as_bytes()) == source.sha256).then(|| format!("shipped/{name}.policy"))
}

/// How `path` is named from the folder of `own`; by its last part where there
/// is no way from one to the other.
fn from_beside(own: &str, path: &str) -> String {
    let (own, path) = (Path::new(own), Path::new(path));
    let folder = parts(own.parent().unwrap_or(Path::new("")));
    let to = parts(path);
    let shared = folder.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = &folder[shared..];
    let is_apart = up.contains(&Component::ParentDir)
        || own.is_absolute() != path.is_absolute()
        || (path.is_absolute() && shared == 0);
    if is_apart {
        let name = path.file_name().unwrap_or(path.as_os_str());
        return name.to_string_lossy().into_owned();
    }
    let way = up.iter().map(|_| Component::ParentDir);
    let way: PathBuf = way.chain(to[shared..].iter().copied()).collect();
    // Windows spells the same page.
    way.to_string_lossy().replace('\\', "/")
}

fn parts(path: &Path) -> Vec<Component<'_>> {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::from_beside;

    #[test]
    fn sources_are_named_from_the_folder_of_the_page() {
        for (own, path, name) in [
            ("mail.policy", "mail.policy", "mail.policy"),
            (
                "policies/mail.policy",
                "policies/mail.policy",
                "mail.policy",
            ),
            (
                "./policies/mail.policy",
                "policies/house/base.policy",
                "house/base.policy",
            ),
            (
                "policies/a/mail.policy",
                "policies/base.policy",
                "../base.policy",
            ),
            ("/srv/a/mail.policy", "/srv/base.policy", "../base.policy"),
            ("../mail.policy", "../base.policy", "base.policy"),
            ("mail.policy", "../base.policy", "../base.policy"),
            ("../x/mail.policy", "base.policy", "base.policy"),
            ("/srv/mail.policy", "base.policy", "base.policy"),
            ("mail.policy", "/srv/base.policy", "base.policy"),
        ] {
            assert_eq!(from_beside(own, path), name, "{own} {path}");
        }
    }
}
