//! The texts that the arguments of a command stand for.
//!
//! Nothing here may hang or grow without bound: only regular files (and the standard input, when asked for) are read, each
//! directory is entered once, and sizes are limited.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::search::{DEPTH, Wanted, io_error, search_disk};

/// How large one file may be.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;
/// How large all of the input may be.
pub(super) const TOTAL_LIMIT: u64 = 64 * 1024 * 1024;
/// The argument that stands for the standard input.
const STDIN: &str = "-";
/// How the standard input is named in findings.
pub const STDIN_NAME: &str = "<stdin>";

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given, or found below a directory that was given.
    pub name: String,
    /// Everything in it.
    pub text: String,
}

/// A path that could not be read: the command ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system said no.
    #[error("cannot read `{path}`: {error}")]
    Io {
        /// The path.
        path: String,
        /// Its words.
        error: io::Error,
    },
    /// Reading a FIFO, a socket or a device could take for ever.
    #[error("`{path}` is {what}, which is never read; pipe its text into `-` instead")]
    Special {
        /// The path.
        path: String,
        /// A FIFO, a socket, ...
        what: &'static str,
    },
    /// A symbolic link leads back to a directory that it lies in.
    #[error("`{path}` leads back to a directory that it lies in; remove the link")]
    Loop {
        /// The path.
        path: String,
    },
    /// A symbolic link leads to where a revision says nothing.
    #[error(
        "`{path}` leads out of the repository, by a symbolic link or into a submodule, of which a revision does not tell; \
         give paths without it"
    )]
    Outside {
        /// The path.
        path: String,
    },
    /// Directories lie very deep in each other.
    #[error("`{path}` lies more than {DEPTH} directories deep; give a path nearer to the files")]
    Deep {
        /// The path.
        path: String,
    },
    /// Not a text in UTF-8.
    #[error("`{path}` is not UTF-8 (byte {at}); save it as UTF-8")]
    Encoding {
        /// The path.
        path: String,
        /// The first byte that is wrong, from 0.
        at: usize,
    },
    /// UTF-16 or UTF-32.
    #[error("`{path}` is {encoding}; save it as UTF-8")]
    OtherEncoding {
        /// The path.
        path: String,
        /// The encoding.
        encoding: &'static str,
    },
    /// One file beyond the limit.
    #[error("`{path}` is larger than {} MiB; split it", FILE_LIMIT / 1024 / 1024)]
    FileTooLarge {
        /// The path.
        path: String,
    },
    /// Many documents that cannot be read.
    #[error("`{path}` holds more than 1000 documents that cannot be read, the rest was left; is it YAML at all?")]
    Hopeless {
        /// The path.
        path: String,
    },
    /// More documents than are read at a time.
    #[error("the input holds more than 200000 documents, `{path}` was not read to its end; give fewer files at a time")]
    TooManyDocuments {
        /// The first path that did not fit.
        path: String,
    },
    /// All files together beyond the limit.
    #[error("the input is larger than {} MiB in all, from `{path}` on; give fewer files at a time", TOTAL_LIMIT / 1024 / 1024)]
    TooLarge {
        /// The first path that did not fit.
        path: String,
    },
}

/// What the arguments stand for: the sources sorted by path (in byte order), and what could not be read.
pub(crate) fn discover(paths: &[PathBuf], wanted: Wanted, stdin: &mut dyn Read) -> (Vec<Source>, Vec<InputError>) {
    let (found, mut errors) = arguments(paths, wanted);
    let mut sources = Vec::with_capacity(found.len());
    let mut budget = TOTAL_LIMIT;
    for (name, path) in found {
        let name = if path.is_some() { name } else { STDIN_NAME.to_owned() };
        let text = match &path {
            Some(path) => file(&name, path, &mut budget),
            None => read(&name, stdin, 0, &mut budget),
        };
        match text {
            Ok(text) => sources.push(Source { name, text }),
            Err(error @ InputError::TooLarge { .. }) => {
                errors.push(error);
                break;
            }
            Err(error) => errors.push(error),
        }
    }
    (sources, errors)
}

/// Files by name; `None` is the standard input, which has the place of its argument among them.
fn arguments(paths: &[PathBuf], wanted: Wanted) -> (BTreeMap<String, Option<PathBuf>>, Vec<InputError>) {
    let (stdin, files): (Vec<&Path>, Vec<&Path>) = paths.iter().map(PathBuf::as_path).partition(|path| is_stdin(path));
    let (found, errors) = search_disk(&files, wanted);
    let found = found.into_iter().map(|(name, path)| (name, Some(path)));
    let stdin = stdin.first().map(|_| (STDIN.to_owned(), None));
    (found.chain(stdin).collect(), errors)
}

/// Whether a path is the argument that stands for the standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

fn file(name: &str, path: &Path, budget: &mut u64) -> Result<String, InputError> {
    let mut file = File::open(path).map_err(|error| io_error(name, error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    read(name, &mut file, size, budget)
}

/// Reads a text of about `size` bytes, within the limits.
pub(super) fn read(name: &str, reader: &mut dyn Read, size: u64, budget: &mut u64) -> Result<String, InputError> {
    let path = || name.to_owned();
    let limit = FILE_LIMIT.min(*budget);
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or_default() + 1);
    reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| io_error(name, error))?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > FILE_LIMIT {
        return Err(InputError::FileTooLarge { path: path() });
    }
    *budget = budget
        .checked_sub(length)
        .ok_or_else(|| InputError::TooLarge { path: path() })?;
    if let Some(encoding) = other_encoding(&bytes) {
        return Err(InputError::OtherEncoding { path: path(), encoding });
    }
    String::from_utf8(bytes).map_err(|error| InputError::Encoding {
        path: path(),
        at: error.utf8_error().valid_up_to(),
    })
}

fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::search::name_of;
    use super::*;

    fn found(paths: &[PathBuf]) -> (Vec<String>, Vec<String>) {
        let (sources, errors) = discover(paths, Wanted::Manifests, &mut io::empty());
        (
            sources.into_iter().map(|source| source.name).collect(),
            errors.iter().map(ToString::to_string).collect(),
        )
    }

    /// A directory with files, named in it relative to its root.
    fn directory(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a: 1\n").unwrap();
        }
        root
    }

    fn below(root: &tempfile::TempDir, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name_of(&root.path().join(name))).collect()
    }

    #[test]
    fn a_directory_stands_for_the_manifests_in_it() {
        let root = directory(&[
            "b.yaml",
            "a.yml",
            "c.json",
            "d.txt",
            ".e.yaml",
            "f/g.yaml",
            ".h/i.yaml",
            "f-.yaml",
        ]);
        let (names, errors) = found(&[root.path().to_owned()]);
        assert_eq!(
            names,
            below(&root, &["a.yml", "b.yaml", "c.json", "f-.yaml", "f/g.yaml"])
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn a_file_is_read_once_whatever_it_is_called() {
        let root = directory(&["b.yaml", "d.txt"]);
        let files = [
            root.path().join("d.txt"),
            root.path().join("b.yaml"),
            root.path().to_owned(),
        ];
        assert_eq!(found(&files).0, below(&root, &["b.yaml", "d.txt"]));
    }

    #[test]
    fn expectations_are_passed_over_in_a_directory_and_read_when_named() {
        let files = ["a.yaml", "b.test.yaml", "c/d.test.yml", "test.yaml", "e.test.json"];
        let root = directory(&files);
        let manifests = found(&[root.path().to_owned()]).0;
        assert_eq!(manifests, below(&root, &["a.yaml", "e.test.json", "test.yaml"]));
        let named = found(&[root.path().join("b.test.yaml")]).0;
        assert_eq!(named, below(&root, &["b.test.yaml"]));
        let (sources, _) = discover(&[root.path().to_owned()], Wanted::Expectations, &mut io::empty());
        let expectations: Vec<String> = sources.into_iter().map(|source| source.name).collect();
        assert_eq!(expectations, below(&root, &["b.test.yaml", "c/d.test.yml"]));
    }

    #[test]
    fn the_standard_input_is_one_source() {
        let (sources, errors) = discover(
            &[PathBuf::from("-"), PathBuf::from("-")],
            Wanted::Manifests,
            &mut "a: 1\n".as_bytes(),
        );
        assert_eq!(
            sources,
            [Source {
                name: STDIN_NAME.to_owned(),
                text: "a: 1\n".to_owned()
            }]
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn the_standard_input_has_the_place_of_its_argument_however_the_others_are_spelled() {
        let root = directory(&["a.yaml"]);
        let absolute = root.path().join("a.yaml");
        for path in [absolute, PathBuf::from("Cargo.toml"), PathBuf::from("./Cargo.toml")] {
            let (names, _) = found(&[path.clone(), PathBuf::from("-")]);
            assert_eq!(names, [STDIN_NAME.to_owned(), name_of(&path)]);
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        let root = directory(&[]);
        let (names, errors) = found(&[root.path().join("x.yaml")]);
        assert!(names.is_empty());
        assert!(errors[0].starts_with("cannot read `"), "{errors:?}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_never_in_circles() {
        use std::os::unix::fs::symlink;
        let root = directory(&["a/b.yaml", "c/d.yaml"]);
        symlink(root.path(), root.path().join("a/up")).unwrap();
        symlink(root.path().join("c"), root.path().join("again")).unwrap();
        symlink(root.path().join("nowhere"), root.path().join("e.yaml")).unwrap();
        let (names, errors) = found(&[root.path().to_owned()]);
        assert_eq!(names, below(&root, &["a/b.yaml", "again/d.yaml"]));
        assert_eq!(errors.len(), 2);
        assert!(errors[0].contains("leads back"), "{errors:?}");
        assert!(errors[1].starts_with("cannot read `"), "{errors:?}");
    }

    #[cfg(unix)]
    #[test]
    fn what_could_block_is_never_opened() {
        let root = directory(&["a.yaml"]);
        let fifo = root.path().join("b.yaml");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("c.yaml")).unwrap();
        let (names, errors) = found(&[root.path().to_owned(), PathBuf::from("/dev/zero")]);
        assert_eq!(names, below(&root, &["a.yaml"]));
        assert!(errors[0].contains("is a FIFO"), "{errors:?}");
        assert!(errors[1].contains("is a socket"), "{errors:?}");
        assert!(errors[2].contains("is a device"), "{errors:?}");
    }

    #[test]
    fn other_encodings_are_refused_and_a_byte_order_mark_is_not() {
        for (bytes, expected) in [
            (&b"\xef\xbb\xbfa: 1"[..], None),
            (b"a: \xff\n", Some("`x` is not UTF-8 (byte 3); save it as UTF-8")),
            (b"\xff\xfea\0", Some("`x` is UTF-16; save it as UTF-8")),
            (b"\xfe\xff\0a", Some("`x` is UTF-16; save it as UTF-8")),
            (b"\xff\xfe\0\0a\0\0\0", Some("`x` is UTF-32; save it as UTF-8")),
        ] {
            let error = read("x", &mut &*bytes, 0, &mut 1_000)
                .err()
                .map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected);
        }
    }

    #[test]
    fn sizes_are_limited() {
        let endless = |budget: &mut u64| read("x", &mut io::repeat(b' '), 0, budget).unwrap_err().to_string();
        assert_eq!(endless(&mut u64::MAX.clone()), "`x` is larger than 64 MiB; split it");
        assert!(endless(&mut 10).starts_with("the input is larger than 64 MiB in all, from `x` on"));
    }
}
