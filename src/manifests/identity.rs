//! Whose a document is: what `apiVersion` and `kind` say.

use super::fault::Fault;
use super::node::{Node, Place};
use crate::api::{API_VERSION, GROUP, Kind, VERSION};
use crate::text;

/// Whose a value is.
pub(super) enum Identity {
    Ours(Kind),
    /// A list of objects, of that kind if they do not say.
    List(Option<Kind>),
    /// Something of another API group.
    Foreign,
    /// Something without `apiVersion` and `kind`: a values file, a patch.
    Nothing,
    /// Ours, but no kind that there is.
    Wrong(Fault),
}

/// Tells whose a value is. `usual` is the kind of the list that it stands in.
pub(super) fn identify(node: &Node<'_>, usual: Option<Kind>) -> Identity {
    let Some(entries) = node.entries() else {
        return Identity::Nothing;
    };
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node);
    let (version, kind) = (find("apiVersion"), find("kind"));
    match (version.and_then(Node::text), kind.and_then(Node::text)) {
        (None, None) => usual.map_or(Identity::Nothing, Identity::Ours),
        (None, Some(kind)) if Kind::from_name(kind).is_some() => {
            let place = version.map_or(node.place, |version| version.place);
            wrong(
                "apiVersion",
                place,
                "`apiVersion` is missing",
                format!("write `apiVersion: {API_VERSION}`"),
            )
        }
        (None, Some(_)) => Identity::Nothing,
        (Some("v1"), Some("List")) => Identity::List(None),
        (Some(version), kind_name) => match version.split_once('/') {
            Some((GROUP, number)) => ours(node, number, kind, kind_name),
            None if version == GROUP => ours(node, "", kind, kind_name),
            _ => Identity::Foreign,
        },
    }
}

fn ours(node: &Node<'_>, version: &str, kind: Option<&Node<'_>>, name: Option<&str>) -> Identity {
    if version != VERSION {
        let place = node.get("apiVersion").map_or(node.place, |version| version.place);
        let message = match version {
            "" => format!("`{GROUP}` without a version"),
            _ => format!("there is no version {} of `{GROUP}`", text::quoted(version)),
        };
        return wrong(
            "apiVersion",
            place,
            message,
            format!("write `apiVersion: {API_VERSION}`"),
        );
    }
    let kinds = || Kind::ALL.into_iter().map(Kind::as_str);
    let place = kind.map_or(node.place, |kind| kind.place);
    let Some(name) = name else {
        return wrong(
            "kind",
            place,
            "`kind` is missing",
            format!("write one of {}", kinds().collect::<Vec<_>>().join(", ")),
        );
    };
    if let Some(kind) = Kind::from_name(name) {
        return Identity::Ours(kind);
    }
    if let Some(kind) = name.strip_suffix("List").and_then(Kind::from_name) {
        return Identity::List(Some(kind));
    }
    let help = match text::nearest(name, kinds()) {
        Some(kind) => format!("did you mean `{kind}`?"),
        None => format!("write one of {}", kinds().collect::<Vec<_>>().join(", ")),
    };
    wrong(
        "kind",
        place,
        format!("there is no kind {} in `{GROUP}`", text::quoted(name)),
        help,
    )
}

fn wrong(path: &str, place: Place, message: impl Into<String>, help: impl Into<String>) -> Identity {
    Identity::Wrong(Fault {
        path: path.to_owned(),
        ..Fault::new(place, message, help)
    })
}
