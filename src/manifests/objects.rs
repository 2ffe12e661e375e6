//! Documents into objects: whose document is it, is it sound, and what does it say.

use std::collections::HashMap;

use super::Skipped;
use super::discover::{InputError, Source};
use super::fault::{Fault, NULL_IN_LIST};
use super::identity::{Identity, identify};
use super::node::{Node, Place, Value};
use super::parse::{self, Budget, Document};
use super::roots::{Schemas, schemas};
use super::schema::SchemaError;
use super::sound::{self, Head, Namespace};
use super::split::{self, Chunk};
use crate::api::{
    InvitationSpec, InvitationStatus, Kind, Moment, OrganizationSpec, RoleSpec, SharingRuleSpec, TenantSpec,
    UserGroupSpec, UserSpec,
};
use crate::text;

/// How many documents and items of lists the input as a whole may hold.
const DOCUMENTS: usize = 200_000;
/// How many documents of one source may be beyond recognition.
const STRAYS: usize = 1_000;
/// How deep a `List` may stand in a `List`.
const LISTS: usize = 8;

/// Where in the sources an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The index of its source.
    pub source: usize,
    /// The index of its document in the source, those without content left out.
    pub document: usize,
    /// The path of the object in the document: empty, or like `items[3]` in a `List`.
    pub item: String,
    /// Its name, or else its beginning.
    pub place: Place,
    /// Where the document lies in its source.
    pub(crate) extent: Extent,
}

/// The part of a source that a document takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Extent {
    pub(crate) line: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A manifest of ours.
#[derive(Debug)]
pub struct Entry {
    /// Where it stands.
    pub origin: Origin,
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, or the default.
    pub namespace: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Moment>,
    /// Whether it has a `metadata.deletionTimestamp`.
    pub deleting: bool,
    /// What it says; absent when anything is wrong with its structure.
    pub spec: Option<Spec>,
    /// Of a Role that is not sound: the positions that it names. Any, when absent: it names them twice.
    pub positions: Option<Vec<String>>,
    /// What is wrong with its structure: each a finding `SchemaInvalid`.
    pub faults: Vec<Fault>,
    /// The entry that has the same kind, namespace and name and comes first: a finding `DuplicateObject`.
    pub duplicate_of: Option<usize>,
}

/// The spec of any kind, and of an Invitation what has become of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Spec {
    Invitation(Box<InvitationSpec>, Box<InvitationStatus>),
    Organization(Box<OrganizationSpec>),
    Role(Box<RoleSpec>),
    SharingRule(Box<SharingRuleSpec>),
    Tenant(Box<TenantSpec>),
    User(Box<UserSpec>),
    UserGroup(Box<UserGroupSpec>),
}

/// A document, or item of a `List`, that is wrong and of which nobody can say which object it is: a finding
/// `SchemaInvalid`.
#[derive(Debug)]
pub struct Stray {
    /// Where it stands.
    pub origin: Origin,
    /// What stands as its kind.
    pub kind: Option<String>,
    /// What stands as its namespace, unless that is empty.
    pub namespace: Option<String>,
    /// What stands as its name.
    pub name: Option<String>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Reads objects out of sources; the schemas are compiled once.
pub(crate) struct Reader<'d> {
    default_namespace: &'d str,
    schemas: &'static Schemas,
    budget: Budget,
    documents: usize,
    /// Whether there were more documents than are read.
    full: bool,
    pub(crate) entries: Vec<Entry>,
    pub(crate) strays: Vec<Stray>,
    pub(crate) skipped: Skipped,
    names: HashMap<(Kind, String, String), usize>,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(default_namespace: &'d str) -> Result<Self, &'static SchemaError> {
        Ok(Self {
            default_namespace,
            schemas: schemas()?,
            budget: Budget::default(),
            documents: 0,
            full: false,
            entries: Vec::new(),
            strays: Vec::new(),
            skipped: Skipped::default(),
            names: HashMap::new(),
        })
    }

    /// Reads everything in a source.
    pub(crate) fn source(&mut self, index: usize, source: &Source) -> Result<(), InputError> {
        let strays = self.strays.len();
        let path = || source.name.clone();
        for (document, chunk) in split::documents(&source.text).enumerate() {
            if self.strays.len() - strays > STRAYS {
                return Err(InputError::Hopeless { path: path() });
            }
            if !self.has_room() {
                break;
            }
            let origin = Origin {
                source: index,
                document,
                item: String::new(),
                place: Place {
                    line: chunk.line,
                    column: 1,
                    start: chunk.start,
                    end: chunk.start,
                },
                extent: Extent::of(&chunk),
            };
            match parse::parse(&chunk, &mut self.budget) {
                Ok(Some(document)) => self.document(document, origin, &source.text),
                Ok(None) => {}
                Err(fault) => self.stray(
                    Origin {
                        place: fault.place,
                        ..origin
                    },
                    None,
                    fault,
                ),
            }
        }
        if self.full {
            Err(InputError::TooManyDocuments { path: path() })
        } else {
            Ok(())
        }
    }

    /// Counts a document or an item of a list.
    fn has_room(&mut self) -> bool {
        self.documents += 1;
        self.full |= self.documents > DOCUMENTS;
        !self.full
    }

    fn document(&mut self, mut document: Document<'_>, origin: Origin, text: &str) {
        if document.ambiguous {
            return self.strays_of(&origin, &document.root, document.faults);
        }
        let faults = std::mem::take(&mut document.faults);
        self.value(
            &document.root,
            None,
            Found {
                origin,
                faults,
                text,
                depth: 0,
            },
        );
    }

    /// One value that may be an object or a list of objects. `usual` is the kind of the list that it stands in.
    fn value(&mut self, node: &Node<'_>, usual: Option<Kind>, found: Found<'_>) {
        match identify(node, usual) {
            Identity::Ours(kind) => self.object(kind, node, found),
            Identity::List(usual) if found.depth < LISTS => self.list(node, usual, found),
            Identity::List(_) | Identity::Foreign => self.skipped.foreign += 1,
            Identity::Nothing => self.skipped.unmarked += 1,
            Identity::Wrong(fault) => self.stray(
                Origin {
                    place: fault.place,
                    ..found.origin
                },
                Some(node),
                fault,
            ),
        }
    }

    fn list(&mut self, node: &Node<'_>, usual: Option<Kind>, mut found: Found<'_>) {
        let items = match node.get("items").map(|items| (&items.value, items.place)) {
            Some((Value::List(items), _)) => items.as_slice(),
            // Of what is unreadable there is a fault already.
            None | Some((Value::Unreadable, _)) => &[],
            Some((_, place)) => {
                let fault = Fault::new(place, "`items` is no list", "begin each of the items with `- `");
                found.faults.push(fault.at("items"));
                &[]
            }
        };
        let prefix = if found.origin.item.is_empty() {
            String::new()
        } else {
            format!("{}.", found.origin.item)
        };
        for (index, item) in items.iter().enumerate() {
            if !self.has_room() {
                return;
            }
            let step = format!("items[{index}]");
            if item.value == Value::Null {
                let fault = Fault::new(item.place, NULL_IN_LIST.0, NULL_IN_LIST.1);
                found.faults.push(fault.at(step));
                continue;
            }
            let inner = Found {
                faults: split_off(&mut found.faults, &step),
                origin: Origin {
                    place: item.place,
                    item: format!("{prefix}{step}"),
                    ..found.origin.clone()
                },
                text: found.text,
                depth: found.depth + 1,
            };
            self.value(item, usual, inner);
        }
        self.strays_of(&found.origin, node, found.faults);
    }

    fn object(&mut self, kind: Kind, node: &Node<'_>, found: Found<'_>) {
        let Found {
            mut origin,
            mut faults,
            text,
            ..
        } = found;
        let most = self.budget.faults_of_one();
        // Of a key that stands twice the second value is not kept.
        let twice = faults
            .iter()
            .any(|fault| matches!(&*fault.path, "spec" | "spec.positions"));
        let spec = sound::judge(self.schemas, kind, node, text, most, &mut faults);
        let head = Head::of(node);
        if let Some(name) = head.name {
            origin.place = name.place;
        }
        faults.sort_by_key(|fault| fault.place);
        faults.truncate(self.budget.faults_of_one());
        self.budget.faults = self.budget.faults.saturating_sub(faults.len());
        let namespace = match head.namespace {
            Namespace::Default => self.default_namespace.to_owned(),
            Namespace::Named(namespace) => namespace.to_owned(),
            Namespace::Unreadable => return self.strays_of(&origin, node, faults),
        };
        let name = head.name.and_then(Node::text).map(String::from);
        let index = self.entries.len();
        let duplicate_of = name.as_ref().and_then(|name| {
            let first = *self
                .names
                .entry((kind, namespace.clone(), name.clone()))
                .or_insert(index);
            (first != index).then_some(first)
        });
        self.entries.push(Entry {
            origin,
            kind,
            namespace,
            name,
            created: head.created,
            deleting: head.deleting,
            positions: match kind {
                Kind::Role if spec.is_none() && twice => None,
                Kind::Role if spec.is_none() => Some(sound::positions(node)),
                _ => Some(Vec::new()),
            },
            spec,
            faults,
            duplicate_of,
        });
    }

    /// All that is wrong with a value of which nobody can say which object it is.
    fn strays_of(&mut self, origin: &Origin, node: &Node<'_>, faults: Vec<Fault>) {
        for fault in faults {
            self.stray(
                Origin {
                    place: fault.place,
                    ..origin.clone()
                },
                Some(node),
                fault,
            );
        }
    }

    fn stray(&mut self, origin: Origin, node: Option<&Node<'_>>, fault: Fault) {
        let text = |node: Option<&Node<'_>>| node.and_then(Node::text).map(|text| text::plain(text, 253));
        let metadata = node.and_then(|node| node.get("metadata"));
        self.strays.push(Stray {
            origin,
            kind: text(node.and_then(|node| node.get("kind"))),
            namespace: text(metadata.and_then(|metadata| metadata.get("namespace"))).filter(|name| !name.is_empty()),
            name: text(metadata.and_then(|metadata| metadata.get("name"))),
            fault,
        });
    }
}

/// A value on the way to an object.
struct Found<'s> {
    origin: Origin,
    /// What the parser found wrong with it.
    faults: Vec<Fault>,
    text: &'s str,
    depth: usize,
}

impl Extent {
    fn of(chunk: &Chunk<'_>) -> Self {
        let length = u32::try_from(chunk.text.len()).unwrap_or(u32::MAX);
        Self {
            line: chunk.line,
            start: chunk.start,
            end: chunk.start.saturating_add(length),
        }
    }
}

/// Takes the faults of one item of a list out of those of the whole, with paths that begin at the item.
fn split_off(faults: &mut Vec<Fault>, item: &str) -> Vec<Fault> {
    if faults.is_empty() {
        return Vec::new();
    }
    let below = |fault: &Fault| {
        let rest = fault.path.strip_prefix(item)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| rest.trim_start_matches('.').to_owned())
    };
    let (own, others) = std::mem::take(faults)
        .into_iter()
        .partition(|fault| below(fault).is_some());
    *faults = others;
    let own: Vec<Fault> = own;
    own.into_iter()
        .map(|fault| Fault {
            path: below(&fault).unwrap_or_default(),
            ..fault
        })
        .collect()
}
