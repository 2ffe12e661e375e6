//! Objects for the tests of this folder.

use serde_json::json;

use super::shown::Shown;
use super::store::Stored;
use crate::api::{Kind, Moment};
use crate::manifests::{LiveHead, read_live};
use crate::policy::Declared;

/// A sound object of that name, in its first generation, with a status that shows nothing.
pub(super) fn stored(kind: Kind, namespace: &str, name: &str, version: u64) -> Stored {
    let spec = match kind {
        Kind::Tenant => json!({"displayName": "Acme"}),
        Kind::User => json!({"account": format!("{name}.smith"), "name": "Somebody", "roles": ["ordinary-user"]}),
        Kind::Role => json!({"displayName": "Role", "permissions": [{"object": "Campaign", "actions": ["View"]}]}),
        Kind::Organization => json!({"displayName": "Organization"}),
        Kind::UserGroup => json!({"displayName": "Group", "remarks": "-"}),
        Kind::SharingRule => {
            json!({"displayName": "Rule", "object": "Customer", "ownerless": {}, "to": {"everyone": true}})
        }
        Kind::Invitation => json!({"email": format!("{name}@acme.example"), "roles": ["ordinary-user"]}),
    };
    with_spec(kind, namespace, name, version, &spec)
}

/// An object of that spec.
pub(super) fn with_spec(kind: Kind, namespace: &str, name: &str, version: u64, spec: &serde_json::Value) -> Stored {
    Stored {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        version,
        generation: 1,
        system: false,
        owner: None,
        declared: declared(kind, name, spec),
        shown: Shown::default(),
        unwritable: None,
    }
}

/// A user credited from elsewhere.
pub(super) fn credited(name: &str, tenant: &str, user: &str) -> Declared {
    let spec = json!({"type": "Credited", "home": {"tenant": tenant, "user": user}, "roles": ["ordinary-user"]});
    declared(Kind::User, name, &spec)
}

fn declared(kind: Kind, name: &str, spec: &serde_json::Value) -> Declared {
    let head = LiveHead {
        name: name.to_owned(),
        created: Moment::from_seconds(1),
        deleting: false,
    };
    read_live(kind, head, Some(spec), None).unwrap()
}
