//! YAML in: from paths to typed objects, and for whatever is wrong the file, line and column.
//!
//! [`discover`] turns arguments into texts, and [`git`] does so at a revision; both have [`search`] walk the directories.
//! [`split`] turns a text into documents, [`parse`] a document into a tree of positioned [`node`]s (what a plain scalar means
//! is the matter of [`scalar`]). [`objects`] tells our objects from others, has [`walk`] hold the tree against the compiled
//! [`schema`] of its kind and that of its [`metadata`], and [`decode`]s what is sound into the types of `api`. Trees are then
//! dropped; [`locate`] finds a place again when a finding needs one.
//!
//! A YAML file that is no manifest but whose form is ours is read by [`form`], with the same strictness and words.
//!
//! What more than one object decides is not known here: that is the policy's.

mod aliases;
mod commit;
mod decode;
mod discover;
mod editor;
mod fault;
pub(crate) mod form;
mod git;
mod identity;
mod live;
mod locate;
mod metadata;
mod node;
mod objects;
mod outline;
mod parse;
mod roots;
mod scalar;
mod schema;
mod search;
mod snapshots;
mod sound;
mod split;
mod syntax;
mod value;
mod walk;

use std::io::Read;
use std::path::PathBuf;

pub(crate) use discover::discover as read_sources;
pub use discover::{InputError, STDIN_NAME, Source};
pub use editor::editor_schema;
pub use fault::Fault;
pub use git::GitError;
pub use live::{LiveHead, read_live};
pub use node::Place;
pub use objects::{Entry, Origin, Spec, Stray};
pub(crate) use outline::Outline;
pub use schema::SchemaError;
pub(crate) use search::Wanted;
pub(crate) use snapshots::declared;
pub(crate) use value::{is_plain_text, value_fault};

/// Why the manifests of a revision cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// `git` cannot be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The schemas built into this program cannot be used.
    #[error(transparent)]
    Schema(#[from] &'static SchemaError),
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The texts, sorted by the paths that they were read from; that of the standard input is `-`.
    pub sources: Vec<Source>,
    /// Our objects, in the order of sources and documents.
    pub entries: Vec<Entry>,
    /// What is wrong but is no object, in the same order.
    pub strays: Vec<Stray>,
    /// What could not be read at all.
    pub errors: Vec<InputError>,
    /// What is none of ours.
    pub skipped: Skipped,
}

/// How many documents, or items of a `List`, were passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Objects of other API groups.
    pub foreign: usize,
    /// Documents that have no `apiVersion` and `kind`: values files, patches, plain data.
    pub unmarked: usize,
}

impl Manifests {
    /// Reads what the arguments of a command stand for: files, directories, and `-` for the standard input. An object that
    /// names no namespace is in `default_namespace`.
    ///
    /// # Errors
    /// Only if the schemas built into this program cannot be used. What is wrong with the input is part of the result.
    pub fn read(
        paths: &[PathBuf],
        default_namespace: &str,
        stdin: &mut dyn Read,
    ) -> Result<Self, &'static SchemaError> {
        let (sources, errors) = read_sources(paths, Wanted::Manifests, stdin);
        Self::with_errors(sources, errors, default_namespace)
    }

    /// Reads what the same arguments stood for at a revision of the git repository that they lie in.
    ///
    /// # Errors
    /// What `git` has to say, and as [`Manifests::read`].
    pub fn read_at(revision: &str, paths: &[PathBuf], default_namespace: &str) -> Result<Self, RevisionError> {
        let (sources, errors) = git::sources(revision, paths)?;
        Ok(Self::with_errors(sources, errors, default_namespace)?)
    }

    fn with_errors(
        sources: Vec<Source>,
        errors: Vec<InputError>,
        default_namespace: &str,
    ) -> Result<Self, &'static SchemaError> {
        let mut manifests = Self::of(sources, default_namespace)?;
        manifests.errors.splice(..0, errors);
        Ok(manifests)
    }

    /// Reads texts that are already at hand, in the order given.
    ///
    /// # Errors
    /// As [`Manifests::read`].
    pub fn of(sources: Vec<Source>, default_namespace: &str) -> Result<Self, &'static SchemaError> {
        let mut reader = objects::Reader::new(default_namespace)?;
        let read = |(index, source)| reader.source(index, source).err();
        let errors = sources.iter().enumerate().filter_map(read).collect();
        let objects::Reader {
            entries,
            strays,
            skipped,
            ..
        } = reader;
        Ok(Self {
            sources,
            entries,
            strays,
            errors,
            skipped,
        })
    }

    /// Where fields stand, in the order asked for; of a field that is absent, where the nearest thing around it stands. Each
    /// document is parsed once more, whatever the number of its fields: ask for all at a time.
    #[must_use]
    pub fn locate(&self, wanted: &[(&Origin, &str)]) -> Vec<Place> {
        locate::locate(&self.sources, wanted)
    }
}
