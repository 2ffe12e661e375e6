//! Manifests as they stood at a revision: `git` is asked, and only ever read from.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::commit::{Commit, Commits};
use super::discover::{InputError, Source, TOTAL_LIMIT, is_stdin, read};
use super::search::{Wanted, name_of, search};

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

/// The texts that the paths stand for at that revision, in the order in which they would be read from disk, and what cannot
/// be read. A path that did not exist there stands for nothing.
pub(super) fn sources(revision: &str, paths: &[PathBuf]) -> Result<(Vec<Source>, Vec<InputError>), GitError> {
    let mut commits = Commits::default();
    let mut arguments = Vec::new();
    for path in paths {
        if is_stdin(path) {
            return Err(GitError::Stdin);
        }
        let (top, below) = locate(path)?;
        let commit = commits.of(&top, |top| Commit::read(top, revision))?;
        arguments.extend(commits.argument(commit, &below).map(|met| (path.as_path(), met)));
    }
    let (found, mut errors) = search(&commits, arguments, Wanted::Manifests);
    let mut sources = Vec::with_capacity(found.len());
    let mut budget = TOTAL_LIMIT;
    for (top, blobs) in commits.blobs(found) {
        let ids: Vec<&str> = blobs.iter().map(|(_, id)| *id).collect();
        for ((path, _), bytes) in blobs.iter().zip(contents(top, &ids)?) {
            let name = format!("{revision}:{path}");
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            match read(&name, &mut bytes.as_slice(), size, &mut budget) {
                Ok(text) => sources.push(Source { name, text }),
                Err(error) => errors.push(error),
            }
        }
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((sources, errors))
}

/// The top of the work tree that holds the path, and the path below it.
fn locate(path: &Path) -> Result<(PathBuf, String), GitError> {
    let absolute = std::path::absolute(path)?;
    // What is gone today may have been there: ask from the nearest directory that is.
    let directory = absolute.ancestors().find(|ancestor| ancestor.is_dir());
    let directory = directory.unwrap_or(Path::new("/"));
    let ask = |directory: &Path| git(directory, &["rev-parse", "--show-toplevel"], &[]);
    // A link may lead into another repository today, and need not have been one then.
    let top = ask(&before_links(path)).or_else(|_| ask(directory))?;
    let top = PathBuf::from(text(top)?.trim_end_matches('\n'));
    let lies_outside = || GitError::Refused(format!("`{}` lies outside of the work tree", name_of(path)));
    let below = below(&absolute, &top).ok_or_else(lies_outside)?;
    let below = below.to_str().ok_or_else(|| GitError::Encoding(name_of(path)))?;
    Ok((top, below.replace(std::path::MAIN_SEPARATOR, "/")))
}

/// The directory to which the path leads until the first link on it.
fn before_links(path: &Path) -> PathBuf {
    let mut here = PathBuf::from(".");
    for step in path.components() {
        let next = here.join(step);
        if next.is_symlink() || !next.is_dir() {
            break;
        }
        here = next;
    }
    here
}

/// The path below the top of the work tree. How one comes there, and what stands before the last `..`, is looked up on disk;
/// of the rest the revision knows which of it was a link, and where that led.
fn below(absolute: &Path, top: &Path) -> Option<PathBuf> {
    let mut prefixes: Vec<&Path> = absolute.ancestors().collect();
    prefixes.reverse();
    let last_up = prefixes.iter().rposition(|prefix| prefix.ends_with(".."));
    prefixes.rotate_left(last_up.unwrap_or_default());
    prefixes.into_iter().find_map(|prefix| {
        let real = prefix.canonicalize().ok()?;
        let rest = absolute.strip_prefix(prefix).ok()?;
        Some(real.strip_prefix(top).ok()?.join(rest))
    })
}

impl Commit {
    /// What the commit that the revision names holds.
    fn read(top: &Path, revision: &str) -> Result<Self, GitError> {
        // Resolving the revision first keeps anything that looks like an option away from the commands below.
        let name = format!("{revision}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        let unknown = |_| GitError::Refused(format!("there is no revision `{}`", crate::text::plain(revision, 60)));
        let commit = text(git(top, &arguments, &[]).map_err(unknown)?)?;
        let listed = git(top, &["ls-tree", "-r", "-z", "--full-tree", commit.trim()], &[])?;
        let mut commit = Self::listed(&String::from_utf8_lossy(&listed));
        let links = commit.links();
        let ids: Vec<&str> = links.iter().map(|(_, id)| id.as_str()).collect();
        for ((path, _), target) in links.iter().zip(contents(top, &ids)?) {
            commit.set_target(path, &String::from_utf8_lossy(&target));
        }
        Ok(commit)
    }
}

/// What some objects hold, by one `git cat-file` for all.
fn contents(top: &Path, ids: &[&str]) -> Result<Vec<Vec<u8>>, GitError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let answer = git(top, &["cat-file", "--batch"], wanted.as_bytes())?;
    let mut rest = answer.as_slice();
    let mut contents = Vec::with_capacity(ids.len());
    for _ in ids {
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
        contents.push(body.to_vec());
    }
    Ok(contents)
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
