//! Manifests as they stood at a revision: `git` is asked, and only ever read from.

use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::discover::Source;

/// Why a revision cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// `git` is not there, or cannot be talked to.
    #[error("cannot run `git`: {0}; install it, or compare with a directory")]
    Run(#[from] io::Error),
    /// `git` says no.
    #[error("git: {0}")]
    Refused(String),
    /// The standard input has no past.
    #[error("the standard input cannot be read at a revision; name files or directories")]
    Stdin,
    /// A path that is no text for `git`.
    #[error("`{0}` is not UTF-8")]
    Encoding(String),
}

/// The texts that the paths stand for at that revision, sorted by name. A path that did not exist there stands for nothing.
pub(super) fn sources(revision: &str, paths: &[PathBuf]) -> Result<Vec<Source>, GitError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            return Err(GitError::Stdin);
        }
        let (root, below) = locate(path)?;
        let blobs = blobs(&root, revision, &below)?;
        sources.extend(contents(&root, revision, blobs)?);
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    sources.dedup_by(|one, other| one.name == other.name);
    Ok(sources)
}

/// The top of the work tree that holds the path, and the path below it.
fn locate(path: &Path) -> Result<(PathBuf, String), GitError> {
    let absolute = std::path::absolute(path)?;
    // What is gone today may have been there: ask from the nearest directory that is.
    let directory = absolute
        .ancestors()
        .find(|ancestor| ancestor.is_dir())
        .unwrap_or(Path::new("/"));
    let top = git(directory, &["rev-parse", "--show-toplevel"], &[])?;
    let top = PathBuf::from(text(top)?.trim_end_matches('\n'));
    let directory = directory.canonicalize()?;
    let rest = absolute.strip_prefix(
        absolute
            .ancestors()
            .find(|ancestor| ancestor.is_dir())
            .unwrap_or(Path::new("/")),
    );
    let whole = rest.map_or_else(|_| directory.clone(), |rest| directory.join(rest));
    let below = whole.strip_prefix(&top).unwrap_or(Path::new(""));
    let below: Vec<&str> = below
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    Ok((top, below.join("/")))
}

/// A file at the revision: its object id and path.
struct Blob {
    id: String,
    path: String,
}

/// The regular files at or below a path that a directory search would read.
fn blobs(root: &Path, revision: &str, below: &str) -> Result<Vec<Blob>, GitError> {
    // Resolving the revision first keeps anything that looks like an option away from the commands below.
    let commit = git(
        root,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{revision}^{{commit}}"),
        ],
        &[],
    )
    .map_err(|_| GitError::Refused(format!("there is no revision `{}`", crate::text::plain(revision, 60))))?;
    let commit = text(commit)?.trim().to_owned();
    let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
    let literal = format!(":(literal){below}");
    if !below.is_empty() {
        arguments.extend(["--", literal.as_str()]);
    }
    let listed = text(git(root, &arguments, &[])?)?;
    Ok(listed.split('\0').filter_map(|line| blob(line, below)).collect())
}

fn blob(line: &str, below: &str) -> Option<Blob> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let regular = kind == "blob" && (mode == "100644" || mode == "100755");
    let found_below = path.strip_prefix(below).unwrap_or(path).trim_start_matches('/');
    (regular && (path == below || super::search::is_read_below(Path::new(found_below)))).then(|| Blob {
        id: id.to_owned(),
        path: path.to_owned(),
    })
}

/// The texts of some files, by one `git cat-file` for all.
fn contents(root: &Path, revision: &str, blobs: Vec<Blob>) -> Result<Vec<Source>, GitError> {
    let wanted: String = blobs.iter().map(|blob| format!("{}\n", blob.id)).collect();
    let answer = git(root, &["cat-file", "--batch"], wanted.as_bytes())?;
    let mut rest = answer.as_slice();
    let mut sources = Vec::with_capacity(blobs.len());
    for Blob { path, .. } in blobs {
        let cut = || GitError::Refused("the answer of `git cat-file` is cut off".to_owned());
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(cut)?;
        let (head, body) = rest.split_at_checked(end + 1).ok_or_else(cut)?;
        let size = String::from_utf8_lossy(head)
            .trim()
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse().ok());
        let (body, after) = body.split_at_checked(size.ok_or_else(cut)?).ok_or_else(cut)?;
        rest = after.get(1..).unwrap_or_default();
        let text = String::from_utf8(body.to_vec()).map_err(|_| GitError::Encoding(path.clone()))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        sources.push(Source {
            name: format!("{revision}:{path}"),
            text,
        });
    }
    Ok(sources)
}

/// What `git` prints, called in a directory.
fn git(directory: &Path, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take();
    let mut stderr = child.stderr.take();
    let (output, complaint) = std::thread::scope(|scope| -> io::Result<_> {
        // Both pipes are served while the output is read: none of them may fill up.
        scope.spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(input)));
        let complaint = scope.spawn(move || {
            let mut text = String::new();
            let _ = stderr.as_mut().map(|stderr| stderr.read_to_string(&mut text));
            text
        });
        let mut output = Vec::new();
        if let Some(stdout) = &mut child.stdout {
            stdout.read_to_end(&mut output)?;
        }
        Ok((output, complaint.join().unwrap_or_default()))
    })?;
    if child.wait()?.success() {
        return Ok(output);
    }
    let first = complaint.lines().next().unwrap_or("it failed without a word");
    Err(GitError::Refused(crate::text::plain(
        first.trim_start_matches("fatal: "),
        200,
    )))
}

fn text(bytes: Vec<u8>) -> Result<String, GitError> {
    String::from_utf8(bytes).map_err(|_| GitError::Encoding("a path".to_owned()))
}
