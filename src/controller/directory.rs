//! A directory of manifests as storage: objects come from its YAML files and are read again when one is saved, statuses are
//! written into `.tenantry/` in it.
//!
//! What is kept of an object lies in one file ([`kept`]): its status, and what an API server would remember of it, a uid and
//! a generation that counts changes of content. Files are the objects: one that is in no file any more is deleted.
//! [`records`] works out what has changed since the last look; [`news`] is what whoever watches is told.
//!
//! Files are looked at a few times a second rather than watched by the system: looking at names and times costs a
//! millisecond for a thousand files, needs no further dependency, and sees every save on every file system, also on those
//! of networks and virtual machines that report none.

mod kept;
mod news;
mod records;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

pub use self::kept::OpenError;
use self::kept::{Kept, Shelf};
pub use self::news::{News, StatusNews, Subject};
use self::records::{Key, Records};
use super::announce::Announcement;
use super::judge::{StatusWrite, SystemWrite};
use super::storage::{Extent, Storage, WriteError};
use super::store::{Change, Stored};
use crate::api::Kind;
use crate::manifests::{Manifests, Outline};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Files that change with every look are read all the same after so many.
const PATIENCE: usize = 10;

/// The objects of a directory.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Of objects that name none.
    namespace: String,
    shelf: Shelf,
    records: Mutex<Records>,
    /// What the first look has found, until somebody asks.
    first: Mutex<Option<Look>>,
    news: mpsc::UnboundedSender<News>,
}

/// What a look at the files has found.
#[derive(Debug)]
struct Look {
    outline: Outline,
    changes: Vec<Change>,
}

/// How much a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The files that are read.
    pub files: usize,
    /// The objects in them.
    pub objects: usize,
}

impl Directory {
    /// Reads a directory and takes it for this process: nobody else may keep statuses in it at the same time. An object
    /// that names no namespace is in `namespace`.
    ///
    /// # Errors
    /// When it is none, cannot be written into, or is another process's.
    pub fn open(root: &Path, namespace: &str, news: mpsc::UnboundedSender<News>) -> Result<Self, OpenError> {
        let shelf = Shelf::open(root)?;
        let directory = Self {
            root: root.to_owned(),
            namespace: namespace.to_owned(),
            records: Mutex::new(Records::new(shelf.all())),
            shelf,
            first: Mutex::default(),
            news,
        };
        let look = directory.look();
        *directory.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        Ok(directory)
    }

    /// How much it holds.
    #[must_use]
    pub fn contents(&self) -> Contents {
        Contents {
            files: Outline::of(&self.root).files(),
            objects: self.records().declared(),
        }
    }

    /// Reads all files, and tells what has changed since they were last read.
    fn look(&self) -> Look {
        // Taken before: what changes while they are read is seen at the next look.
        let outline = Outline::of(&self.root);
        let manifests = Manifests::read(std::slice::from_ref(&self.root), &self.namespace, &mut io::empty());
        let manifests = match manifests {
            Ok(manifests) => manifests,
            Err(error) => {
                self.trouble(format!("the schemas of this program cannot be used: {error}"));
                return Look {
                    outline,
                    changes: Vec::new(),
                };
            }
        };
        let seen = self.records().see(manifests);
        for passed in seen.passed {
            self.tell(News::Passed(passed));
        }
        for gone in seen.gone {
            if let Err(error) = self.shelf.remove(&gone.key) {
                self.trouble(format!("cannot remove the status of {}: {error}", gone.key));
            }
            self.tell(News::Gone(Box::new(gone.news)));
        }
        Look {
            outline,
            changes: seen.changes,
        }
    }

    /// Returns when the files differ from that outline and nobody seems to be writing them any more.
    async fn changed(&self, known: &Outline) {
        let mut last = None;
        let mut looks = 0;
        loop {
            sleep(LOOK).await;
            let root = self.root.clone();
            let Ok(now) = spawn_blocking(move || Outline::of(&root)).await else {
                continue;
            };
            if now == *known {
                last = None;
            } else if last.as_ref() == Some(&now) || looks >= PATIENCE {
                return;
            } else {
                looks += 1;
                last = Some(now);
            }
        }
    }

    /// Writes down what is to be known of an object.
    fn keep(&self, key: &Key, kept: &Kept) -> Result<(), WriteError> {
        self.shelf.put(key, kept).map_err(|error| {
            let reason = format!("cannot write the status of {key}: {error}");
            self.trouble(reason.clone());
            WriteError::Busy {
                after: None,
                failed: false,
                reason,
            }
        })
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self, what: String) {
        self.tell(News::Trouble(what));
    }

    fn tell(&self, news: News) {
        // Nobody listens any more only when the process is about to end.
        let _ = self.news.send(news);
    }
}

impl Storage for Directory {
    async fn feed(self: Arc<Self>, changes: mpsc::Sender<Change>) {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(first) = first else { return };
        let mut known = first.outline;
        let begin = Kind::ALL.into_iter().map(Change::Listing);
        let end = Kind::ALL.into_iter().map(|kind| Change::Listed(kind, 0));
        let mut next: Vec<Change> = begin.chain(first.changes).chain(end).collect();
        loop {
            for change in next {
                if changes.send(change).await.is_err() {
                    return;
                }
            }
            self.changed(&known).await;
            let directory = Arc::clone(&self);
            let Ok(look) = spawn_blocking(move || directory.look()).await else {
                return;
            };
            known = look.outline;
            next = look.changes;
        }
    }

    /// Blocks for the time that a small file takes.
    async fn write_status(&self, write: &StatusWrite, _: Extent) -> Result<Stored, WriteError> {
        let mut records = self.records();
        self.keep(&Key::of(&write.judged), &records.with_status(write)?)?;
        let (stored, news) = records.set_status(write)?;
        self.tell(News::Status(Box::new(news)));
        Ok(stored)
    }

    /// Blocks likewise.
    async fn write_system(&self, write: &SystemWrite) -> Result<Stored, WriteError> {
        let mut records = self.records();
        let (key, kept, record) = records.with_system(write)?;
        self.keep(&key, &kept)?;
        Ok(records.set_system(key, record))
    }

    async fn announce(&self, _: &Announcement) -> Result<(), WriteError> {
        // Whoever watches is told every change of a status, and so of a phase.
        Ok(())
    }
}
