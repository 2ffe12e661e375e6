//! Which files the arguments of a command stand for: the one walk over directories, on disk and at a revision.
//!
//! Links are followed, each directory is entered once and each file found once, under the first path that leads to it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, FileType, Metadata};
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};

use super::discover::InputError;

/// How deep directories may lie in each other.
pub(super) const DEPTH: usize = 100;

/// Which files a directory stands for. A file that is given itself is read whatever its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `*.yaml`, `*.yml` and `*.json`, but not expectations.
    #[default]
    Manifests,
    /// What `tenantry test` reads: `*.test.yaml` and `*.test.yml`.
    Expectations,
}

impl Wanted {
    fn has(self, path: &Path) -> bool {
        let is = |extensions: &[&str]| {
            path.extension()
                .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
        };
        let stem = path.file_stem().unwrap_or_default();
        let expectations = is(&["yaml", "yml"]) && stem.as_encoded_bytes().ends_with(b".test");
        match self {
            Self::Manifests => is(&["yaml", "yml", "json"]) && !expectations,
            Self::Expectations => expectations,
        }
    }
}

/// What is walked: the file system, or what commits hold.
pub(super) trait Files {
    /// What makes two paths the same file or directory.
    type Identity: Clone + Eq + Hash;

    /// The names in a directory, sorted, so that of two links to one file the same one is read everywhere.
    fn names(&self, path: &Path, directory: &Self::Identity) -> io::Result<Vec<OsString>>;

    /// What a path leads to, which is that name in that directory.
    fn look(&self, path: &Path, directory: &Self::Identity, name: &str) -> io::Result<Met<Self::Identity>>;
}

/// What a path leads to.
pub(super) enum Met<I> {
    Directory(I),
    File(I),
    /// A FIFO, a socket, ...
    Special(&'static str),
    /// Something that a revision says nothing about.
    Outside,
}

/// Files by name.
type Found<I> = BTreeMap<String, (PathBuf, I)>;

/// The files that some arguments stand for, each with what it leads to, unread; and what cannot be read.
pub(super) fn search<'p, F: Files>(
    files: &F,
    arguments: impl IntoIterator<Item = (&'p Path, io::Result<Met<F::Identity>>)>,
    wanted: Wanted,
) -> (Found<F::Identity>, Vec<InputError>) {
    let mut search = Search {
        files,
        wanted,
        found: Found::new(),
        met: HashSet::new(),
        left: HashSet::new(),
        above: Vec::new(),
        errors: Vec::new(),
    };
    for (path, met) in arguments {
        match met {
            Ok(met) => search.visit(path, met),
            Err(error) => search.errors.push(io_error(&name_of(path), error)),
        }
    }
    (search.found, search.errors)
}

/// The same on disk: files by name.
pub(super) fn search_disk(paths: &[&Path], wanted: Wanted) -> (BTreeMap<String, PathBuf>, Vec<InputError>) {
    let arguments = paths.iter().map(|path| (*path, look(path)));
    let (found, errors) = search(&Disk, arguments, wanted);
    let paths = found.into_iter().map(|(name, (path, _))| (name, path));
    (paths.collect(), errors)
}

/// Files and directories met so far.
struct Search<'f, F: Files> {
    files: &'f F,
    wanted: Wanted,
    found: Found<F::Identity>,
    met: HashSet<F::Identity>,
    /// The directories that need not be entered again.
    left: HashSet<F::Identity>,
    /// The directories that the present one lies in, itself included.
    above: Vec<F::Identity>,
    errors: Vec<InputError>,
}

impl<F: Files> Search<'_, F> {
    fn visit(&mut self, path: &Path, met: Met<F::Identity>) {
        let name = || name_of(path);
        match met {
            Met::Directory(directory) => self.directory(path, directory),
            Met::File(file) => {
                if self.met.insert(file.clone()) {
                    self.found.insert(name(), (path.to_owned(), file));
                }
            }
            Met::Special(what) => self.errors.push(InputError::Special { path: name(), what }),
            Met::Outside => self.errors.push(InputError::Outside { path: name() }),
        }
    }

    fn directory(&mut self, path: &Path, directory: F::Identity) {
        if self.above.contains(&directory) {
            self.errors.push(InputError::Loop { path: name_of(path) });
        } else if self.above.len() >= DEPTH {
            self.errors.push(InputError::Deep { path: name_of(path) });
        } else if !self.left.contains(&directory) {
            self.above.push(directory.clone());
            self.entries(path, &directory);
            self.left.extend(self.above.pop());
        }
    }

    fn entries(&mut self, path: &Path, directory: &F::Identity) {
        let names = match self.files.names(path, directory) {
            Ok(names) => names,
            Err(error) => return self.errors.push(io_error(&name_of(path), error)),
        };
        for name in names {
            let path = path.join(&name);
            if is_hidden(&path) {
                continue;
            }
            match self.files.look(&path, directory, &name.to_string_lossy()) {
                Ok(met) if met.may_hold_files() || self.wanted.has(&path) => self.visit(&path, met),
                Err(error) if self.wanted.has(&path) => self.errors.push(io_error(&name_of(&path), error)),
                _ => {}
            }
        }
    }
}

impl<I> Met<I> {
    fn may_hold_files(&self) -> bool {
        matches!(self, Self::Directory(_) | Self::Outside)
    }
}

/// The file system as it is.
struct Disk;

impl Files for Disk {
    type Identity = Identity;

    fn names(&self, path: &Path, _: &Identity) -> io::Result<Vec<OsString>> {
        let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name()));
        let mut names: Vec<OsString> = names.collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    }

    fn look(&self, path: &Path, _: &Identity, _: &str) -> io::Result<Met<Identity>> {
        look(path)
    }
}

fn look(path: &Path) -> io::Result<Met<Identity>> {
    let metadata = fs::metadata(path)?;
    Ok(if metadata.is_dir() {
        Met::Directory(identity(path, &metadata))
    } else if metadata.is_file() {
        Met::File(identity(path, &metadata))
    } else {
        Met::Special(special(metadata.file_type()))
    })
}

/// What makes two paths the same file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Identity {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "not a regular file"
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

pub(super) fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(super) fn io_error(path: &str, error: io::Error) -> InputError {
    InputError::Io {
        path: path.to_owned(),
        error,
    }
}
