//! What commits hold, as files that can be searched: directories, and links that are followed as the file system would.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::search::{Files, Met};

/// How many links may lie on the way to one file, as on Linux.
const LINKS: usize = 40;

/// The tree of a commit.
#[derive(Debug, Default)]
pub(super) struct Commit {
    root: BTreeMap<String, Node>,
}

/// Names that are not UTF-8 are held as they are shown elsewhere, with replacement characters.
#[derive(Debug)]
enum Node {
    Directory(BTreeMap<String, Node>),
    /// The id of its content.
    File(String),
    Link(Link),
    /// The commit of another repository.
    Submodule,
}

#[derive(Debug)]
enum Link {
    /// The id of its content.
    Unread(String),
    To(String),
}

/// Why a path leads to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// It was not there.
    Absent,
    /// A link on the way leads to what was not there.
    Dangling,
    /// The way leads out of the repository by a link, or into another one.
    Outside,
    /// Links lead to each other.
    Circle,
}

impl Commit {
    /// What `git ls-tree -r -z` tells of it.
    pub(super) fn listed(listing: &str) -> Self {
        let mut commit = Self::default();
        for line in listing.split('\0') {
            let Some((head, path)) = line.split_once('\t') else {
                continue;
            };
            let id = || head.rsplit(' ').next().unwrap_or_default().to_owned();
            let node = match head.split(' ').next() {
                Some("120000") => Node::Link(Link::Unread(id())),
                Some("160000") => Node::Submodule,
                _ => Node::File(id()),
            };
            commit.insert(path, node);
        }
        commit
    }

    /// The paths of all links whose targets are not known yet, with the ids of what holds these.
    pub(super) fn links(&self) -> Vec<(String, String)> {
        let mut links = Vec::new();
        collect_links(&self.root, "", &mut links);
        links
    }

    /// Tells where a link leads.
    pub(super) fn set_target(&mut self, link: &str, target: &str) {
        self.insert(link, Node::Link(Link::To(target.to_owned())));
    }

    fn insert(&mut self, path: &str, node: Node) {
        let mut names: Vec<&str> = path.split('/').collect();
        let last = names.pop().unwrap_or_default();
        let mut directory = &mut self.root;
        for name in names {
            let below = directory
                .entry(name.to_owned())
                .or_insert_with(|| Node::Directory(BTreeMap::new()));
            match below {
                Node::Directory(below) => directory = below,
                // No tree holds both a file and something below it.
                _ => return,
            }
        }
        directory.insert(last.to_owned(), node);
    }

    /// Where a path leads that begins in a directory, in a form that each file has only one of.
    fn follow(&self, directory: &str, path: &str) -> Result<(String, Entry<'_>), Lost> {
        let mut here: Vec<String> = names(directory).map(str::to_owned).collect();
        let mut ahead: Vec<String> = names(path).rev().map(str::to_owned).collect();
        let mut links = 0;
        let lost = |links| if links == 0 { Lost::Absent } else { Lost::Dangling };
        while let Some(name) = ahead.pop() {
            if name == ".." {
                here.pop().ok_or(Lost::Outside)?;
                continue;
            }
            match self.entry(steps(&here)).and_then(|entry| entry.child(&name)) {
                Some(Node::Link(Link::To(target))) => {
                    links += 1;
                    if links > LINKS {
                        return Err(Lost::Circle);
                    }
                    if target.starts_with('/') {
                        return Err(Lost::Outside);
                    }
                    ahead.extend(names(target).rev().map(str::to_owned));
                }
                Some(Node::Submodule) => return Err(Lost::Outside),
                Some(Node::Directory(_) | Node::File(_)) => here.push(name),
                Some(Node::Link(Link::Unread(_))) | None => return Err(lost(links)),
            }
        }
        let entry = self.entry(steps(&here)).ok_or_else(|| lost(links))?;
        Ok((here.join("/"), entry))
    }

    /// What stands at a path that holds no link.
    fn entry<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<Entry<'_>> {
        let mut entry = Entry::Directory(&self.root);
        for name in names {
            entry = match entry.child(name)? {
                Node::Directory(below) => Entry::Directory(below),
                Node::File(id) => Entry::File(id),
                Node::Link(_) | Node::Submodule => return None,
            };
        }
        Some(entry)
    }
}

/// What a path comes to when links have been followed.
#[derive(Clone, Copy)]
enum Entry<'c> {
    Directory(&'c BTreeMap<String, Node>),
    File(&'c str),
}

impl<'c> Entry<'c> {
    fn child(self, name: &str) -> Option<&'c Node> {
        match self {
            Self::Directory(below) => below.get(name),
            Self::File(_) => None,
        }
    }
}

fn steps(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str)
}

/// The steps of a path.
fn names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".")
}

fn collect_links(directory: &BTreeMap<String, Node>, above: &str, links: &mut Vec<(String, String)>) {
    for (name, node) in directory {
        match node {
            Node::Directory(below) => collect_links(below, &format!("{above}{name}/"), links),
            Node::Link(Link::Unread(id)) => links.push((format!("{above}{name}"), id.clone())),
            _ => {}
        }
    }
}

/// The commits that some paths lie in, each with the top of its work tree.
#[derive(Debug, Default)]
pub(super) struct Commits(Vec<(PathBuf, Commit)>);

/// A commit by its number, and a path in it without links.
pub(super) type CommitPath = (usize, String);

/// The name of a file, and the id of its content.
type Blob<'c> = (String, &'c str);

impl Commits {
    /// The number of the commit of a work tree, which is read when it is met first.
    pub(super) fn of<E>(&mut self, top: &Path, read: impl FnOnce(&Path) -> Result<Commit, E>) -> Result<usize, E> {
        if let Some(known) = self.0.iter().position(|(known, _)| known == top) {
            return Ok(known);
        }
        self.0.push((top.to_owned(), read(top)?));
        Ok(self.0.len() - 1)
    }

    /// What an argument leads to; nothing if it was not there.
    pub(super) fn argument(&self, commit: usize, path: &str) -> Option<io::Result<Met<CommitPath>>> {
        match self.follow(commit, "", path) {
            Err(Lost::Absent) => None,
            followed => Some(met(followed)),
        }
    }

    /// The files that were found, by the top of the work tree that they belong to.
    pub(super) fn blobs(
        &self,
        found: BTreeMap<String, (PathBuf, CommitPath)>,
    ) -> impl Iterator<Item = (&Path, Vec<Blob<'_>>)> {
        let mut blobs: HashMap<usize, Vec<Blob<'_>>> = HashMap::new();
        for (name, (_, (commit, path))) in found {
            let entry = self.0.get(commit).and_then(|(_, held)| held.entry(names(&path)));
            if let Some(Entry::File(id)) = entry {
                blobs.entry(commit).or_default().push((name, id));
            }
        }
        let tops = self.0.iter().map(|(top, _)| top.as_path()).enumerate();
        tops.filter_map(move |(commit, top)| Some((top, blobs.remove(&commit)?)))
    }

    fn follow(&self, commit: usize, directory: &str, path: &str) -> Result<Met<CommitPath>, Lost> {
        let (_, held) = self.0.get(commit).ok_or(Lost::Absent)?;
        let (path, entry) = held.follow(directory, path)?;
        Ok(match entry {
            Entry::Directory(_) => Met::Directory((commit, path)),
            Entry::File(_) => Met::File((commit, path)),
        })
    }
}

impl Files for Commits {
    type Identity = CommitPath;

    fn names(&self, _: &Path, (commit, path): &CommitPath) -> io::Result<Vec<OsString>> {
        let entry = self.0.get(*commit).and_then(|(_, held)| held.entry(names(path)));
        Ok(match entry {
            Some(Entry::Directory(below)) => below.keys().map(OsString::from).collect(),
            _ => Vec::new(),
        })
    }

    fn look(&self, _: &Path, (commit, directory): &CommitPath, name: &str) -> io::Result<Met<CommitPath>> {
        met(self.follow(*commit, directory, name))
    }
}

fn met(followed: Result<Met<CommitPath>, Lost>) -> io::Result<Met<CommitPath>> {
    let not_found = |message| io::Error::new(io::ErrorKind::NotFound, message);
    match followed {
        Ok(met) => Ok(met),
        Err(Lost::Outside) => Ok(Met::Outside),
        Err(Lost::Absent) => Err(not_found("it was not there at this revision")),
        Err(Lost::Dangling) => Err(not_found(
            "a symbolic link on the way to it led nowhere at this revision",
        )),
        Err(Lost::Circle) => Err(io::Error::other(
            "symbolic links on the way to it led in a circle at this revision",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::discover::InputError;
    use super::super::search::{Wanted, search};
    use super::*;

    /// A commit that holds files, and links to where they lead.
    fn commits(files: &[&str], links: &[(&str, &str)]) -> Commits {
        let files = files.iter().map(|path| format!("100644 blob {path}\t{path}\0"));
        let paths = links.iter().map(|(path, _)| format!("120000 blob {path}\t{path}\0"));
        let mut commit = Commit::listed(&files.chain(paths).collect::<String>());
        assert_eq!(commit.links().len(), links.len());
        for (path, target) in links {
            commit.set_target(path, target);
        }
        Commits(vec![(PathBuf::from("/repository"), commit)])
    }

    fn found(commits: &Commits, argument: &str) -> (Vec<String>, Vec<InputError>) {
        let arguments = commits.argument(0, argument).map(|met| (Path::new(argument), met));
        let (found, errors) = search(commits, arguments, Wanted::Manifests);
        let blobs = commits.blobs(found).flat_map(|(_, blobs)| blobs);
        (blobs.map(|(name, id)| format!("{name} = {id}")).collect(), errors)
    }

    #[test]
    fn links_to_files_and_directories_are_followed() {
        let commits = commits(
            &["shared/a.yaml", "shared/deep/b.yaml", "notes.txt", "c.yaml"],
            &[
                ("acme/shared", "../shared"),
                ("acme/c.yaml", "./../notes.txt"),
                ("acme/deep", "shared/deep/."),
                ("acme/.hidden", "nowhere"),
                ("acme/gone", "nowhere"),
                ("beta", "acme/../acme"),
            ],
        );
        let expected = |argument: &str| {
            [
                ("c.yaml", "notes.txt"),
                ("deep/b.yaml", "shared/deep/b.yaml"),
                ("shared/a.yaml", "shared/a.yaml"),
            ]
            .map(|(name, id)| format!("{argument}/{name} = {id}"))
        };
        for argument in ["acme", "beta"] {
            let (names, errors) = found(&commits, argument);
            assert_eq!(names, expected(argument));
            assert!(errors.is_empty(), "{errors:?}");
        }
        assert_eq!(
            found(&commits, "beta/shared/a.yaml").0,
            ["beta/shared/a.yaml = shared/a.yaml"]
        );
    }

    #[test]
    fn a_path_that_was_not_there_stands_for_nothing() {
        let commits = commits(&["a.yaml"], &[("b", "a.yaml")]);
        for argument in ["c.yaml", "c/a.yaml", "a.yaml/c"] {
            assert!(commits.argument(0, argument).is_none(), "{argument}");
        }
        assert_eq!(found(&commits, "b").0, ["b = a.yaml"]);
    }

    #[test]
    fn a_link_that_cannot_be_followed_is_an_error() {
        let long: Vec<(String, String)> = (0..LINKS).map(|i| (format!("l{i}"), format!("l{}", i + 1))).collect();
        let long: Vec<(&str, &str)> = long.iter().map(|(link, to)| (link.as_str(), to.as_str())).collect();
        let last = format!("l{LINKS}");
        for (links, argument, part) in [
            (&[("d/x.yaml", "nowhere")][..], "d", "led nowhere"),
            (&[("d/x.yaml", "a.yaml/y.yaml")], "d", "led nowhere"),
            (&[("d", "nowhere")], "d/x.yaml", "led nowhere"),
            (&[("d/x.yaml", "x.yaml")], "d", "led in a circle"),
            (&[("d", "e"), ("e", "d")], "d", "led in a circle"),
            (&[("d/x.yaml", "../../x.yaml")], "d", "leads out of the repository"),
            (&[("d/up", "../..")], "d", "leads out of the repository"),
            (&[("d/x", "/repository/a.yaml")], "d", "leads out of the repository"),
            (&[("d/up", "..")], "", "leads back"),
            (
                &[&long[..], &[(last.as_str(), "a.yaml")]].concat(),
                "l0",
                "led in a circle",
            ),
        ] {
            let (names, errors) = found(&commits(&["a.yaml"], links), argument);
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert!(
                errors.len() == 1 && errors[0].contains(part),
                "{links:?}: {names:?} {errors:?}"
            );
        }
    }

    #[test]
    fn a_submodule_is_an_error_whichever_way_it_is_met() {
        let submodule = "160000 commit 1\tsub\0";
        let link = "120000 blob 2\td/x.yaml\0";
        let mut commit = Commit::listed(&format!("{submodule}{link}"));
        commit.set_target("d/x.yaml", "../sub/x.yaml");
        let commits = Commits(vec![(PathBuf::from("/repository"), commit)]);
        let (names, errors) = found(&commits, "");
        assert_eq!(names.len(), 0);
        assert!(
            matches!(&errors[..], [InputError::Outside { path: link }, InputError::Outside { path: sub }]
                if link == "d/x.yaml" && sub == "sub"),
            "{errors:?}"
        );
        let (_, errors) = found(&commits, "sub");
        assert_eq!(errors.len(), 1);
    }
}
