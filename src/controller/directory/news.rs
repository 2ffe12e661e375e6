//! What whoever watches a directory is told.

use crate::api::Kind;
use crate::policy::Status;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A status was written.
    Status(Box<StatusNews>),
    /// An object is gone, and its status with it.
    Gone(Box<StatusNews>),
    /// Something in the files is no object that can be kept: what is wrong, and where.
    Passed(String),
    /// Something cannot be read or written just now.
    Trouble(String),
}

/// A status that has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusNews {
    /// Whose it is.
    pub subject: Subject,
    /// Where in the files that stands which makes it void, wholly or in part: file, line and column.
    pub place: Option<String>,
    /// What it was, unless there was none.
    pub before: Option<Status>,
    /// What it is, unless the object is gone.
    pub after: Option<Status>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Whether it is the system's, not in anybody's file.
    pub system: bool,
}
