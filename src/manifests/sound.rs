//! One object by itself: is it sound, and what does it say.

use super::decode;
use super::fault::Fault;
use super::locate;
use super::metadata;
use super::node::{Node, Value};
use super::objects::Spec;
use super::roots::Schemas;
use super::walk;
use crate::api::rule::Ruled;
use crate::api::{Kind, Moment, RuleFault};
use crate::text;

/// Adds what is wrong with an object to `faults`, about `most` at a time; what it says only if nothing is.
pub(super) fn judge(
    schemas: &Schemas,
    kind: Kind,
    node: &Node<'_>,
    text: &str,
    most: usize,
    faults: &mut Vec<Fault>,
) -> Option<Spec> {
    faults.extend(structure(schemas, kind, node, text, most));
    if faults.is_empty() {
        typed_and_ruled(kind, node, faults)
    } else {
        None
    }
}

/// The namespace that an object is in.
pub(super) enum Namespace<'n> {
    /// It names none.
    Default,
    Named(&'n str),
    /// It names one, and nobody can say which: taking the default one for it would give it the name of another object.
    Unreadable,
}

impl<'n> Namespace<'n> {
    fn of(node: Option<&'n Node<'_>>) -> Self {
        match node.map(Node::text) {
            None | Some(Some("")) => Self::Default,
            Some(Some(namespace)) => Self::Named(namespace),
            Some(None) => Self::Unreadable,
        }
    }
}

/// What every object says about itself.
pub(super) struct Head<'n, 's> {
    pub(super) name: Option<&'n Node<'s>>,
    pub(super) namespace: Namespace<'n>,
    pub(super) created: Option<Moment>,
    pub(super) deleting: bool,
}

impl<'n, 's> Head<'n, 's> {
    pub(super) fn of(node: &'n Node<'s>) -> Self {
        let metadata = node.get("metadata");
        let field = |key: &str| metadata.and_then(|metadata| metadata.get(key));
        Self {
            name: field("name").filter(|name| name.text().is_some()),
            namespace: Namespace::of(field("namespace")),
            created: field("creationTimestamp")
                .and_then(Node::text)
                .and_then(metadata::timestamp),
            deleting: field("deletionTimestamp").is_some(),
        }
    }
}

/// The positions of a role that is not sound, in whatever form: the safety rule of restrictions still needs them.
pub(super) fn positions(node: &Node<'_>) -> Vec<String> {
    fn texts(node: &Node<'_>, found: &mut Vec<String>) {
        match &node.value {
            Value::List(nodes) => nodes.iter().for_each(|node| texts(node, found)),
            Value::Map(entries) => entries.iter().for_each(|entry| {
                found.push(entry.key.clone().into_owned());
                texts(&entry.node, found);
            }),
            _ => found.extend(node.text().map(String::from)),
        }
    }
    let mut found = Vec::new();
    if let Some(node) = node.get("spec").and_then(|spec| spec.get("positions")) {
        texts(node, &mut found);
    }
    found
}

/// What the schemas say.
fn structure(schemas: &Schemas, kind: Kind, node: &Node<'_>, text: &str, most: usize) -> Vec<Fault> {
    let root = schemas.root(kind);
    let mut faults = root
        .map(|root| walk::walk(root, &schemas.metadata, node, text, most))
        .unwrap_or_default();
    let name = node.get("metadata").and_then(|metadata| metadata.get("name"));
    if let Some((node, name)) = name.and_then(|node| Some((node, node.text()?))) {
        let rule = kind.name_rule();
        if !(rule.holds)(name) {
            let message = format!("{} cannot be the name of a {kind}", text::quoted(name));
            let fault = Fault::new(node.place, message, rule.message);
            faults.push(Fault {
                path: String::from("metadata.name"),
                ..fault
            });
        }
    }
    faults
}

/// The typed spec, unless one of its own rules is broken.
fn typed_and_ruled(kind: Kind, node: &Node<'_>, faults: &mut Vec<Fault>) -> Option<Spec> {
    let typed = typed_spec(kind, node);
    let (spec, broken) = match typed {
        Ok(typed) => typed,
        Err(error) => {
            let path = error.path("spec");
            let place = locate::find(node, &path).unwrap_or(node.place);
            faults.push(Fault {
                path,
                ..Fault::new(place, error.to_string(), "correct the value")
            });
            return None;
        }
    };
    faults.extend(broken.into_iter().map(|fault| rule_fault(node, fault)));
    faults.is_empty().then_some(spec)
}

fn typed_spec(kind: Kind, node: &Node<'_>) -> Result<(Spec, Vec<RuleFault>), decode::DecodeError> {
    let empty = Node {
        value: Value::Map(Vec::new()),
        place: node.place,
    };
    let part = |name: &str| node.get(name).unwrap_or(&empty);
    fn judged<'n, T: Ruled + serde::Deserialize<'n>>(
        node: &'n Node<'_>,
    ) -> Result<(Box<T>, Vec<RuleFault>), decode::DecodeError> {
        let spec: T = decode::decode(node)?;
        let mut faults = Vec::new();
        spec.faults("spec", &mut faults);
        Ok((Box::new(spec), faults))
    }
    let spec = part("spec");
    Ok(match kind {
        Kind::Invitation => {
            let (spec, faults) = judged(spec)?;
            (
                Spec::Invitation(spec, Box::new(decode::decode(part("status"))?)),
                faults,
            )
        }
        Kind::Organization => judged(spec).map(|(spec, faults)| (Spec::Organization(spec), faults))?,
        Kind::Role => judged(spec).map(|(spec, faults)| (Spec::Role(spec), faults))?,
        Kind::SharingRule => judged(spec).map(|(spec, faults)| (Spec::SharingRule(spec), faults))?,
        Kind::Tenant => judged(spec).map(|(spec, faults)| (Spec::Tenant(spec), faults))?,
        Kind::User => judged(spec).map(|(spec, faults)| (Spec::User(spec), faults))?,
        Kind::UserGroup => judged(spec).map(|(spec, faults)| (Spec::UserGroup(spec), faults))?,
    })
}

/// The rule's message holds its mend, behind a semicolon if at all.
fn rule_fault(node: &Node<'_>, fault: RuleFault) -> Fault {
    let place = locate::find(node, &fault.path).unwrap_or(node.place);
    let (message, help) = match fault.message.split_once("; ") {
        Some((message, help)) => (message, help.to_owned()),
        None => {
            let field = fault.path.rsplit('.').next().unwrap_or_default();
            let verb = if locate::is_there(node, &fault.path) {
                "change or remove"
            } else {
                "add"
            };
            (fault.message, format!("{verb} `{field}`"))
        }
    };
    Fault {
        path: fault.path,
        ..Fault::new(place, message, help)
    }
}
