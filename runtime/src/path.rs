//! A path and a directory in, whether the path is that directory or below it.

use crate::doubt::{Doubt, Outcome};

/// A directory of a policy, made ready: normalised, in components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    root: Root,
    components: Box<[Box<str>]>,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    /// `/srv`
    Slash,
    /// `C:\work`, `C:/work`: the drive's letter, small.
    Drive(u8),
    /// `src`: some directory that is not said.
    Here,
    /// `../src`: out of a directory that is not said. Nothing is known to be below it.
    Above,
}

impl Directory {
    /// Reads a directory.
    pub(crate) fn new(text: &str) -> Directory {
        let windows = is_windows(text);
        let (mut root, rest) = split_root(text, windows);
        let mut components: Vec<&str> = Vec::new();
        for component in components_of(rest, windows) {
            if component == ".." {
                // The parent of the root is the root.
                if components.pop().is_none() && root == Root::Here {
                    root = Root::Above;
                }
            } else {
                components.push(component);
            }
        }
        Directory {
            root,
            components: components.into_iter().map(Box::from).collect(),
        }
    }

    /// Whether a path is this directory or below it, by its letters alone.
    ///
    /// In doubt where only the file system could tell: a path that starts from
    /// somewhere else, one that leads out of where it starts, a `~`, or a
    /// backslash towards a directory written without any.
    pub(crate) fn holds(&self, path: &str) -> Outcome {
        let windows = matches!(self.root, Root::Drive(_));
        if path.contains('\0') || path.starts_with('~') || (!windows && path.contains('\\')) {
            return Err(Doubt::UnknownPath);
        }
        let (root, rest) = split_root(path, windows);
        match (&self.root, &root) {
            (Root::Drive(ours), Root::Drive(theirs)) if ours != theirs => return Ok(false),
            (Root::Drive(_), Root::Drive(_))
            | (Root::Slash, Root::Slash)
            | (Root::Here, Root::Here) => {}
            (Root::Slash | Root::Drive(_) | Root::Here | Root::Above, _) => {
                return Err(Doubt::UnknownPath);
            }
        }
        let (mut depth, mut matched) = (0, 0);
        let mut same_letters = true;
        for component in components_of(rest, windows) {
            if component == ".." {
                if depth == 0 && root == Root::Here {
                    return Err(Doubt::UnknownPath);
                }
                depth = depth.max(1) - 1;
                matched = depth.min(matched);
                continue;
            }
            if let Some(ours) = self.components.get(depth).filter(|_| depth == matched) {
                if **ours == *component {
                    matched += 1;
                } else if windows && ours.eq_ignore_ascii_case(component) {
                    matched += 1;
                    same_letters = false;
                }
            }
            depth += 1;
        }
        match matched == self.components.len() {
            // Whether capital letters count depends on the drive.
            true if !same_letters => Err(Doubt::UnknownPath),
            held => Ok(held),
        }
    }

    /// The directory with `/` between and after its components, where it
    /// starts at the root `/`: what the normalised text of every path below starts with.
    pub(crate) fn prefix(&self) -> Option<String> {
        (self.root == Root::Slash).then(|| {
            let mut prefix = "/".to_owned();
            for component in &self.components {
                prefix.push_str(component);
                prefix.push('/');
            }
            prefix
        })
    }
}

/// Writes a path that starts at the root as [`Directory::prefix`] does; in
/// doubt exactly when [`Directory::holds`] is for every such directory.
pub(crate) fn normalise(path: &str, into: &mut String) -> Result<(), Doubt> {
    if path.contains(['\0', '\\']) || !path.starts_with('/') {
        return Err(Doubt::UnknownPath);
    }
    into.clear();
    into.push('/');
    for component in components_of(path, false) {
        if component == ".." {
            let parent = into
                .trim_end_matches('/')
                .rfind('/')
                .map_or(1, |slash| slash + 1);
            into.truncate(parent);
        } else {
            into.push_str(component);
            into.push('/');
        }
    }
    Ok(())
}

fn is_windows(directory: &str) -> bool {
    matches!(directory.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn split_root(path: &str, windows: bool) -> (Root, &str) {
    if path.starts_with('/') {
        return (Root::Slash, path);
    }
    if windows
        && let [letter, b':', b'/' | b'\\', ..] = path.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return (
            Root::Drive(letter.to_ascii_lowercase()),
            path.get(2..).unwrap_or_default(),
        );
    }
    (Root::Here, path)
}

fn components_of(path: &str, windows: bool) -> impl Iterator<Item = &str> {
    path.split(move |letter| letter == '/' || (windows && letter == '\\'))
        .filter(|component| !component.is_empty() && *component != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(directory: &str, path: &str) -> Outcome {
        Directory::new(directory).holds(path)
    }

    #[test]
    fn a_path_is_normalised_before_it_is_compared() {
        for path in [
            "/srv/data",
            "/srv/data/",
            "/srv//data/./x",
            "/srv/x/../data/y",
            "/../srv/data",
            "/srv/data/..",
        ] {
            let held = path != "/srv/data/..";
            assert_eq!(under("/srv/data", path), Ok(held), "{path}");
            assert_eq!(under("/srv/./other/../data/", path), Ok(held), "{path}");
        }
        for path in [
            "/srv/database",
            "/srv",
            "/",
            "/data/srv",
            "/srv/data/../../etc",
            "/x/srv/data",
        ] {
            assert_eq!(under("/srv/data", path), Ok(false), "{path}");
        }
        assert_eq!(under("/", "/anything"), Ok(true));
        assert_eq!(under("src", "src/a"), Ok(true));
        assert_eq!(under("src", "./src"), Ok(true));
        assert_eq!(under("src", "lib"), Ok(false));
        assert_eq!(under(".", "a/b"), Ok(true));
    }

    #[test]
    fn a_path_that_only_the_file_system_can_place_is_in_doubt() {
        for path in [
            "data",
            "",
            "~/data",
            "~root",
            "\\srv\\data",
            "/srv/data\\..\\x",
            "/srv/data\0",
            "file:///srv/data",
            "C:/srv",
        ] {
            assert_eq!(under("/srv/data", path), Err(Doubt::UnknownPath), "{path}");
        }
        for path in ["/src/a", "../src/a", "src/../../src/a", "~/src"] {
            assert_eq!(under("src", path), Err(Doubt::UnknownPath), "{path}");
        }
        assert_eq!(under("../src", "../src/a"), Err(Doubt::UnknownPath));
    }

    #[test]
    fn drives_take_both_slashes() {
        assert_eq!(under(r"C:\work", r"c:\work\a"), Ok(true));
        assert_eq!(under(r"C:\work", "C:/work/../work/a"), Ok(true));
        assert_eq!(under(r"C:\work", r"C:\work\..\a"), Ok(false));
        assert_eq!(under(r"C:\work", r"D:\work"), Ok(false));
        assert_eq!(under(r"C:\work", r"C:\WORK"), Err(Doubt::UnknownPath));
        assert_eq!(under(r"C:\work", r"C:work"), Err(Doubt::UnknownPath));
        assert_eq!(under(r"C:\work", "/work"), Err(Doubt::UnknownPath));
    }

    #[test]
    fn a_normalised_path_starts_with_the_directories_that_hold_it() {
        let directories = ["/", "/srv", "/srv/data", "/srv/data/x", "/etc"];
        let paths = [
            "/",
            "/srv",
            "/srv/data/..",
            "/srv//data/./x/y",
            "/../etc/",
            "srv",
            "~/x",
            "/a\\b",
            "/etcetera",
            "/srv/../../etc/x",
        ];
        let mut normal = String::new();
        for path in paths {
            let known = normalise(path, &mut normal);
            for directory in directories {
                let directory = Directory::new(directory);
                let by_prefix = known.map(|()| normal.starts_with(&directory.prefix().unwrap()));
                assert_eq!(directory.holds(path), by_prefix, "{path}");
            }
        }
    }
}
