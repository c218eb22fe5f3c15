//! The addresses of files to their paths, and back.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands in an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path of a `file:` address.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    // A host stands before the path; there is none for files of this machine.
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let decoded = percent_decode_str(rest).decode_utf8().ok()?;
    let is_drive = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':'
    };
    if cfg!(windows) && is_drive(&decoded) {
        return Some(PathBuf::from(decoded[1..].replace('/', "\\")));
    }
    Some(PathBuf::from(decoded.as_ref()))
}

/// The `file:` address of a path.
pub(super) fn of(path: &Path) -> Uri {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) {
        format!("/{}", text.replace('\\', "/"))
    } else {
        text.into_owned()
    };
    Uri(format!("file://{}", utf8_percent_encode(&text, PLAIN)))
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_from_their_addresses() {
        for text in ["/a/b.policy", "/a b/ü#%?.policy", "/語/😀.yaml"] {
            assert_eq!(path(&of(Path::new(text))).as_deref(), Some(Path::new(text)));
        }
        assert_eq!(of(Path::new("/a b/é")).0, "file:///a%20b/%C3%A9");
        assert_eq!(path(&Uri("untitled:1".into())), None);
        assert_eq!(path(&Uri("file://host/a".into())), None);
    }
}
