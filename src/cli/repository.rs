//! How the services that look at a repository name its files: relative to its root, with slashes.

use std::env;
use std::path::{Component, Path, PathBuf};

use crate::manifests::STDIN_NAME;

/// The folder that names are relative to.
pub(super) struct Repository {
    /// The current directory.
    current: PathBuf,
    /// The root: what `GITHUB_WORKSPACE` says when we are inside of it, else the current directory.
    root: PathBuf,
}

impl Repository {
    /// The one that we are in.
    pub(super) fn here() -> Self {
        let current = env::current_dir().unwrap_or_default();
        let workspace = env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
        Self::of(current, workspace)
    }

    fn of(current: PathBuf, workspace: Option<PathBuf>) -> Self {
        let around = workspace.filter(|workspace| !workspace.as_os_str().is_empty() && current.starts_with(workspace));
        Self {
            root: around.unwrap_or_else(|| current.clone()),
            current,
        }
    }

    /// The name of a source here, absolute if it lies elsewhere; none for what is no file.
    pub(super) fn path(&self, source: &str) -> Option<String> {
        if source.is_empty() || source == STDIN_NAME {
            return None;
        }
        let path = without_dots(&self.current.join(source));
        Some(with_slashes(path.strip_prefix(&self.root).unwrap_or(&path)))
    }

    /// The same as a URI reference.
    pub(super) fn uri(&self, source: &str) -> Option<String> {
        let path = self.path(source)?;
        let scheme = if path.starts_with('/') { "file://" } else { "" };
        Some(format!("{scheme}{}", percent_encoded(&path)))
    }
}

/// The path without `.` and `..`, as far as its letters tell.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

fn with_slashes(path: &Path) -> String {
    let names = path.components().filter(|component| *component != Component::RootDir);
    let names: Vec<_> = names.map(|name| name.as_os_str().to_string_lossy()).collect();
    let root = if path.has_root() { "/" } else { "" };
    format!("{root}{}", names.join("/"))
}

/// Every byte but letters, digits, `-._~` and slashes encoded.
fn percent_encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root_of_the_repository() {
        let below = Repository::of("/repo/deploy".into(), Some("/repo".into()));
        let elsewhere = Repository::of("/repo/deploy".into(), Some("/other".into()));
        for (source, from_below, from_elsewhere) in [
            ("tenant.yaml", "deploy/tenant.yaml", "tenant.yaml"),
            ("./users//bob.yaml", "deploy/users/bob.yaml", "users/bob.yaml"),
            ("../shared/a.yaml", "shared/a.yaml", "/repo/shared/a.yaml"),
            ("/repo/deploy/a.yaml", "deploy/a.yaml", "a.yaml"),
            ("/etc/a.yaml", "/etc/a.yaml", "/etc/a.yaml"),
        ] {
            assert_eq!(below.path(source).as_deref(), Some(from_below), "{source}");
            assert_eq!(elsewhere.path(source).as_deref(), Some(from_elsewhere), "{source}");
        }
    }

    #[test]
    fn what_is_no_file_has_no_name() {
        let repository = Repository::of("/repo".into(), None);
        assert_eq!(repository.path(STDIN_NAME), None);
        assert_eq!(repository.uri(""), None);
    }

    #[test]
    fn a_uri_holds_no_letter_that_means_something_else() {
        let repository = Repository::of("/repo".into(), None);
        for (source, uri) in [
            ("a b/50%#1?.yaml", "a%20b/50%25%231%3F.yaml"),
            ("c:d.yaml", "c%3Ad.yaml"),
            ("é.yaml", "%C3%A9.yaml"),
            ("/tmp/a b.yaml", "file:///tmp/a%20b.yaml"),
        ] {
            assert_eq!(repository.uri(source).as_deref(), Some(uri), "{source}");
        }
    }
}
