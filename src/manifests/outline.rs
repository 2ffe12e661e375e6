//! What the files below a directory look like from outside, to see that one was saved without reading them all.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::search::{Wanted, search_disk};

/// The manifests below a directory by name, length and time of change, and what cannot be read there. Two outlines that are
/// the same are of the same contents, but for a file that is changed while it is looked at: compare two with a pause between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    files: Vec<(String, Option<Stamp>)>,
    errors: Vec<String>,
}

/// What changes with a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    more: More,
}

impl Outline {
    /// Looks at everything that reading the directory would read.
    pub(crate) fn of(directory: &Path) -> Self {
        let (found, errors) = search_disk(&[directory], Wanted::Manifests);
        let stamp = |path: PathBuf| fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata));
        Self {
            files: found.into_iter().map(|(name, path)| (name, stamp(path))).collect(),
            errors: errors.iter().map(ToString::to_string).collect(),
        }
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            more: more(metadata),
        }
    }
}

/// Inode and time of the last change to it: they tell a file from one that took its place with an older time, as `mv` and
/// `cp -p` leave it.
#[cfg(unix)]
type More = (u64, i64, i64);

#[cfg(unix)]
fn more(metadata: &Metadata) -> More {
    use std::os::unix::fs::MetadataExt;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
type More = ();

#[cfg(not(unix))]
fn more(_: &Metadata) -> More {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_changes_with_every_file_that_would_be_read_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().to_owned();
        let write = |name: &str, text: &str| {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a.yaml", "a: 1\n");
        let first = Outline::of(&directory);
        assert_eq!((first.files(), &Outline::of(&directory)), (1, &first));
        write(".tenantry/status/b.yaml", "b: 1\n");
        write("notes.txt", "b: 1\n");
        write("tests/access.test.yaml", "b: 1\n");
        assert_eq!(Outline::of(&directory), first);
        // Another file of the same name, length and time.
        let time = fs::metadata(directory.join("a.yaml")).unwrap().modified().unwrap();
        write("b.txt", "a: 2\n");
        fs::rename(directory.join("b.txt"), directory.join("a.yaml")).unwrap();
        let file = fs::File::options().write(true).open(directory.join("a.yaml")).unwrap();
        file.set_modified(time).unwrap();
        let second = Outline::of(&directory);
        assert_ne!(second, first);
        write("more/b.yml", "b: 1\n");
        assert_ne!(Outline::of(&directory), second);
    }
}
