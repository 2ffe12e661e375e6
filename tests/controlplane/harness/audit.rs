//! Who wrote what, from the audit log of the API server. It is written before a write is answered: what a test has seen
//! answered stands in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What the API server records: every request that may change something, without bodies.
pub(crate) const POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [get, list, watch]}
- {level: Metadata}
";

/// The audit log of a control plane.
pub(crate) struct Audit {
    path: PathBuf,
}

/// A place in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

/// A request to write that was answered, whatever the answer. Dry runs are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// As in `system:serviceaccount:NAMESPACE:NAME`.
    pub(crate) user: String,
    /// `create`, `update`, `patch` (server-side apply too), `delete` or `deletecollection`.
    pub(crate) verb: String,
    /// The plural, as in `users`.
    pub(crate) resource: String,
    /// As in `status`; empty for the object itself.
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    /// Empty when a create was refused: only the answer would have told.
    pub(crate) name: String,
    /// The status of the answer.
    pub(crate) code: u16,
}

impl Audit {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The end of the log as it stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark(std::fs::metadata(&self.path).unwrap().len())
    }

    /// Every write since a mark, in the order of their answers.
    pub(crate) fn writes(&self, since: Mark) -> Vec<Write> {
        let mut file = File::open(&self.path).unwrap();
        file.seek(SeekFrom::Start(since.0)).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        // What follows the last line break is still being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(write).collect()
    }
}

/// How many writes there are by user, and resource with subresource as in `users/status`.
pub(crate) fn count(writes: &[Write]) -> BTreeMap<(&str, String), usize> {
    let mut counts = BTreeMap::new();
    for write in writes {
        let what = match write.subresource.as_str() {
            "" => write.resource.clone(),
            subresource => format!("{}/{subresource}", write.resource),
        };
        *counts.entry((write.user.as_str(), what)).or_default() += 1;
    }
    counts
}

/// A line of the log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    user: User,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectRef {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: u16,
}

fn write(line: &str) -> Option<Write> {
    let event: Event = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let object = event.object_ref.filter(|_| !event.request_uri.contains("dryRun="))?;
    Some(Write {
        user: event.user.username,
        verb: event.verb,
        resource: object.resource,
        subresource: object.subresource,
        namespace: object.namespace,
        name: object.name,
        code: event.response_status?.code,
    })
}
