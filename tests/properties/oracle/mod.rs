//! A second engine, as plain as can be: the words of the contract one by one, with names as strings and loops over all
//! documents and nothing clever. It shares no code with the engine but the types of the specs. To be quick enough for
//! thousands of worlds it remembers two things: which documents are schema-valid, and findings once they are found.

mod access;
mod catalogue;
mod invitations;
mod organizations;
mod roles;
mod sharing;
mod tenant;
mod users;
mod warnings;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use tenantry::api::{HEADQUARTERS, Kind, Moment, TenantSpec, UNASSIGNED};
use tenantry::policy::{Class, Reason};

pub(crate) use catalogue::{Right, SYSTEM_ROLES, closure, object};

use crate::world::{Body, Doc, World};

/// Path, class and reason of a finding.
pub(crate) type Mark = (String, Class, Reason);

/// What is to be found about one object: kind, name, and a finding.
pub(crate) type Found = (Kind, String, Mark);

/// All documents, and what has been found out about them at a moment.
pub(crate) struct Library<'a> {
    docs: &'a [Doc],
    /// Those that are schema-valid: "no finding SchemaInvalid or DuplicateObject".
    valid: Vec<&'a Doc>,
    now: Moment,
    found: RefCell<HashMap<*const Doc, Vec<Mark>>>,
}

/// A namespace among all others.
#[derive(Clone, Copy)]
pub(crate) struct Oracle<'a> {
    library: &'a Library<'a>,
    docs: &'a [Doc],
    pub(crate) namespace: &'a str,
    now: Moment,
}

/// What a name in a manifest leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Missing,
    Void,
    InForce,
}

impl<'a> Library<'a> {
    pub(crate) fn new(world: &'a World, now: Moment) -> Self {
        let mut valid: Vec<&Doc> = Vec::new();
        for doc in &world.docs {
            if !matches!(doc.body, Body::Broken(..)) && !is_a_duplicate(&world.docs, doc) {
                valid.push(doc);
            }
        }
        Self {
            docs: &world.docs,
            valid,
            now,
            found: RefCell::default(),
        }
    }

    /// The namespaces that any document stands in.
    pub(crate) fn oracles(&'a self) -> Vec<Oracle<'a>> {
        let namespaces: BTreeSet<&str> = self.docs.iter().map(|doc| doc.namespace.as_str()).collect();
        let oracle = |namespace| Oracle {
            library: self,
            docs: self.docs,
            namespace,
            now: self.now,
        };
        namespaces.into_iter().map(oracle).collect()
    }
}

/// "Same kind, namespace and name again; the second and further ones."
fn is_a_duplicate(docs: &[Doc], doc: &Doc) -> bool {
    let mut earlier = docs.iter().take_while(|earlier| !std::ptr::eq(*earlier, doc));
    earlier.any(|earlier| earlier.same_object(doc))
}

impl<'a> Oracle<'a> {
    fn schema_valid(self, doc: &Doc) -> bool {
        self.library.valid.iter().any(|valid| std::ptr::eq(*valid, doc))
    }

    fn in_namespace(self) -> Vec<&'a Doc> {
        self.docs.iter().filter(|doc| doc.namespace == self.namespace).collect()
    }

    /// All schema-valid objects of a kind, oldest first: "earlier creationTimestamp, then smaller name; an object without a
    /// creationTimestamp counts as younger than all that have one".
    fn oldest_first(self, kind: Kind) -> Vec<&'a Doc> {
        let mut docs = self.library.valid.clone();
        docs.retain(|doc| doc.namespace == self.namespace && doc.kind() == kind);
        docs.sort_by_key(|doc| (doc.created.is_none(), doc.created, doc.name()));
        docs
    }

    /// The schema-valid object of that kind and name.
    fn find(self, kind: Kind, name: &str) -> Option<&'a Doc> {
        let mut docs = self.library.valid.iter().copied();
        docs.find(|doc| doc.namespace == self.namespace && doc.kind() == kind && doc.name() == name)
    }

    fn older(self, doc: &Doc) -> Vec<&'a Doc> {
        let all = self.oldest_first(doc.kind());
        all.into_iter().take_while(|other| !std::ptr::eq(*other, doc)).collect()
    }

    /// Whether the object is among the youngest of those, beyond a limit.
    fn beyond(doc: &Doc, oldest_first: &[&Doc], limit: i32) -> bool {
        let place = oldest_first.iter().position(|other| std::ptr::eq(*other, doc));
        place.is_some_and(|place| place >= usize::try_from(limit).expect("a limit is at least 1"))
    }

    /// "Void things are found invalid, not missing." System roles and organizations are always there.
    fn look(self, kind: Kind, name: &str) -> Named {
        let system = match kind {
            Kind::Role => SYSTEM_ROLES.iter().any(|role| role.name == name),
            Kind::Organization => name == HEADQUARTERS || name == UNASSIGNED,
            _ => false,
        };
        if system {
            return Named::InForce;
        }
        if let Some(doc) = self.find(kind, name) {
            return if self.void(doc) { Named::Void } else { Named::InForce };
        }
        if self.exists(kind, name) {
            Named::Void
        } else {
            Named::Missing
        }
    }

    /// Whether any document has that kind and name, schema-valid or not.
    fn exists(self, kind: Kind, name: &str) -> bool {
        let mut docs = self.in_namespace().into_iter();
        docs.any(|doc| doc.kind() == kind && doc.name.as_deref() == Some(name))
    }

    /// "Refused, waiting as a whole, or terminating."
    fn void(self, doc: &Doc) -> bool {
        self.findings_but_of_delegation(doc)
            .iter()
            .any(|(_, class, _)| matches!(class, Class::Refused | Class::Waiting))
    }

    /// All findings of one document.
    pub(crate) fn findings(self, doc: &Doc) -> Vec<Mark> {
        let mut marks = self.findings_but_of_delegation(doc);
        if let (Body::Role(spec), Some(tenant)) = (&doc.body, self.tenant())
            && self.schema_valid(doc)
            && !doc.deleting
            && !SYSTEM_ROLES.iter().any(|role| role.name == doc.name())
        {
            marks.extend(
                spec.delegation
                    .iter()
                    .flat_map(|delegation| self.delegation_findings(tenant, delegation)),
            );
        }
        marks
    }

    fn findings_but_of_delegation(self, doc: &Doc) -> Vec<Mark> {
        if let Some(found) = self.library.found.borrow().get(&std::ptr::from_ref(doc)) {
            return found.clone();
        }
        let marks = self.judge(doc);
        self.library
            .found
            .borrow_mut()
            .insert(std::ptr::from_ref(doc), marks.clone());
        marks
    }

    fn judge(self, doc: &Doc) -> Vec<Mark> {
        if is_a_duplicate(self.docs, doc) {
            return vec![refused("metadata.name", Reason::DuplicateObject)];
        }
        if matches!(doc.body, Body::Broken(..)) {
            return vec![refused("spec.broken", Reason::SchemaInvalid)];
        }
        if doc.deleting {
            return vec![waiting("metadata.name", Reason::Terminating)];
        }
        if let Body::Tenant(spec) = &doc.body {
            return tenant::findings(spec);
        }
        let Some(tenant) = self.tenant() else {
            return vec![waiting("metadata.namespace", Reason::NoTenant)];
        };
        match &doc.body {
            Body::User(spec) => self.user_findings(tenant, doc, spec),
            Body::Role(spec) => self.role_findings(tenant, doc, spec),
            Body::Organization(spec) => self.organization_findings(tenant, doc, spec),
            Body::Group(spec) => self.group_findings(tenant, doc, spec),
            Body::Rule(spec) => self.rule_findings(tenant, doc, spec),
            Body::Invitation(spec, status) => self.invitation_findings(tenant, doc, spec, status),
            Body::Tenant(_) | Body::Broken(..) => vec![],
        }
    }

    /// The Tenant, if in force.
    fn tenant(self) -> Option<&'a TenantSpec> {
        let doc = self.find(Kind::Tenant, "tenant")?;
        match &doc.body {
            Body::Tenant(spec) if !doc.deleting => Some(spec),
            _ => None,
        }
    }

    /// The document of a schema-valid object.
    pub(crate) fn body(self, kind: Kind, name: &str) -> Option<(&'a Doc, &'a Body)> {
        self.find(kind, name).map(|doc| (doc, &doc.body))
    }

    /// The findings of every document of the namespace.
    pub(crate) fn all_findings(self) -> BTreeSet<Found> {
        let mut all = BTreeSet::new();
        for doc in self.in_namespace() {
            let marks = self.findings(doc).into_iter();
            all.extend(marks.map(|mark| (doc.kind(), doc.name().to_owned(), mark)));
        }
        all
    }
}

fn refused(path: impl Into<String>, reason: Reason) -> Mark {
    (path.into(), Class::Refused, reason)
}

fn waiting(path: impl Into<String>, reason: Reason) -> Mark {
    (path.into(), Class::Waiting, reason)
}

fn partial(path: impl Into<String>, reason: Reason) -> Mark {
    (path.into(), Class::Partial, reason)
}

/// The finding about a name that is missing or void.
fn dependency(named: Named, class: Class, path: impl Into<String>) -> Option<Mark> {
    match named {
        Named::Missing => Some((path.into(), class, Reason::DependencyNotFound)),
        Named::Void => Some((path.into(), class, Reason::DependencyInvalid)),
        Named::InForce => None,
    }
}
