//! What is kept of objects from one run to the next: a file each, `.tenantry/status/NAMESPACE/KIND/NAME.yaml`, in the form in
//! which a cluster would print the object, without the spec where a manifest has that.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::super::judge::SYSTEM_LABEL;
use super::super::shown::typed;
use super::records::Key;
use crate::api::{API_VERSION, Kind, is_label};
use crate::policy::Status;

/// The hidden directory in a directory of manifests.
const HIDDEN: &str = ".tenantry";
/// The annotation that tells one content from another.
const CONTENT: &str = "tenantry.dev/content";

/// Why a directory cannot be worked in.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there, or is no directory.
    #[error("`{}` is no directory; name the one that holds the manifests", .0.display())]
    NoDirectory(PathBuf),
    /// Statuses cannot be kept in it.
    #[error("cannot write `{}`: {error}", path.display())]
    Unwritable {
        /// What cannot be written.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process keeps statuses in it.
    #[error("another process keeps statuses in `{}`; end it first", .0.display())]
    Taken(PathBuf),
}

/// What is kept of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) uid: String,
    pub(super) generation: i64,
    /// Tells one content from another.
    pub(super) content: String,
    /// What it says, of an object of the system: no manifest does.
    pub(super) spec: Option<Json>,
    pub(super) status: Option<Status>,
}

/// The form of a file. Members of others are passed over.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form<S> {
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec: Option<Json>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    status: Option<S>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
    uid: String,
    generation: i64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// The files. They are this process's for as long as it lives.
#[derive(Debug)]
pub(super) struct Shelf {
    statuses: PathBuf,
    /// Locked; the lock goes with the process.
    _lock: File,
}

impl Shelf {
    /// Takes the files of a directory of manifests.
    pub(super) fn open(root: &Path) -> Result<Self, OpenError> {
        if !root.is_dir() {
            return Err(OpenError::NoDirectory(root.to_owned()));
        }
        let hidden = root.join(HIDDEN);
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            |error| OpenError::Unwritable { path, error }
        };
        fs::create_dir_all(&hidden).map_err(unwritable(&hidden))?;
        let path = hidden.join("lock");
        let lock = File::options().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(unwritable(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Taken(root.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unwritable(&path)(error)),
        }
        // Nothing in here is anybody's work: Git is to pass it over wherever it lies.
        let path = hidden.join(".gitignore");
        if !path.exists() {
            fs::write(&path, "*\n").map_err(unwritable(&path))?;
        }
        Ok(Self {
            statuses: hidden.join("status"),
            _lock: lock,
        })
    }

    /// Everything that can be read.
    pub(super) fn all(&self) -> BTreeMap<Key, Kept> {
        let mut all = BTreeMap::new();
        for (namespace, path) in entries(&self.statuses) {
            for (kind, path) in entries(&path) {
                let Some(kind) = Kind::from_name(&kind) else { continue };
                for (file, path) in entries(&path) {
                    let name = file.strip_suffix(".yaml").filter(|name| is_label(name));
                    if let Some((name, kept)) = name.and_then(|name| Some((name, read(kind, &path)?))) {
                        all.insert(Key::new(&namespace, kind, name), kept);
                    }
                }
            }
        }
        all
    }

    /// Writes what is kept of an object: all of it or, should this process end now, what was there before.
    pub(super) fn put(&self, key: &Key, kept: &Kept) -> io::Result<()> {
        let text = serde_saphyr::to_string(&form(key, kept)).map_err(io::Error::other)?;
        let path = self.path(key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, text)?;
        fs::rename(&unfinished, &path)
    }

    /// Forgets an object.
    pub(super) fn remove(&self, key: &Key) -> io::Result<()> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Those of its kind and of its namespace, if it was the last.
        for folder in path.ancestors().skip(1).take(2) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Keys hold names of the form that may stand in a path and nowhere else leads.
    fn path(&self, key: &Key) -> PathBuf {
        let folder = self.statuses.join(&key.namespace).join(key.kind.as_str());
        folder.join(format!("{}.yaml", key.name))
    }
}

fn form<'k>(key: &Key, kept: &'k Kept) -> Form<&'k Status> {
    let system = kept.spec.as_ref().map(|_| (SYSTEM_LABEL.to_owned(), "true".to_owned()));
    Form {
        api_version: API_VERSION.to_owned(),
        kind: key.kind.as_str().to_owned(),
        metadata: Metadata {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            uid: kept.uid.clone(),
            generation: kept.generation,
            labels: system.into_iter().collect(),
            annotations: BTreeMap::from([(CONTENT.to_owned(), kept.content.clone())]),
        },
        spec: kept.spec.clone(),
        status: kept.status.as_ref(),
    }
}

/// What a file keeps; `None` when it cannot be read, as if it were not there.
fn read(kind: Kind, path: &Path) -> Option<Kept> {
    let text = fs::read_to_string(path).ok()?;
    let mut form: Form<Json> = serde_saphyr::from_str(&text).ok()?;
    Some(Kept {
        uid: form.metadata.uid,
        generation: form.metadata.generation,
        content: form.metadata.annotations.remove(CONTENT)?,
        spec: form.spec,
        status: form.status.and_then(|status| typed(kind, &status)),
    })
}

/// What lies in a folder, by name; nothing when there is no such folder.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = listed.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named.collect()
}
