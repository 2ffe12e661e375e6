//! Objects as a cluster stores them: judged as manifests are, so that what slipped past an older definition is refused.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Json;

use super::node::{Entry, Node, Value};
use super::objects::Spec;
use super::parse::Budget;
use super::roots::schemas;
use super::schema::SchemaError;
use super::snapshots::schema_invalid;
use super::sound;
use super::{Place, decode};
use crate::api::{InvitationStatus, Kind, Moment};
use crate::policy::{Broken, Declared, InvitationState, Object, Origin};

/// What the policy needs of an object's metadata.
#[derive(Clone, Debug)]
pub struct LiveHead {
    /// Its `metadata.name`.
    pub name: String,
    /// When it was created.
    pub created: Option<Moment>,
    /// Whether it has a `deletionTimestamp`.
    pub deleting: bool,
}

/// Judges an object of a cluster by its spec; never fails for what it finds there. The status, which is not a person's to
/// write, is only looked at for an Invitation, and counts as empty when it cannot be read.
///
/// # Errors
/// Only if the schemas built into this program cannot be used.
pub fn read_live(
    kind: Kind,
    head: LiveHead,
    spec: Option<&Json>,
    status: Option<&Json>,
) -> Result<Declared, &'static SchemaError> {
    const ORIGIN: Origin = Origin(0);
    let schemas = schemas()?;
    let mut shown = String::new();
    let node = object(&head, spec, &mut shown);
    let mut faults = Vec::new();
    let most = Budget::default().faults_of_one();
    let Some(sound) = sound::judge(schemas, kind, &node, &shown, most, &mut faults) else {
        return Ok(Declared::Broken(Arc::new(Broken {
            kind,
            origin: ORIGIN,
            findings: faults.iter().map(schema_invalid).collect(),
            positions: Some(sound::positions(&node)),
            name: Some(head.name),
        })));
    };
    let LiveHead {
        name,
        created,
        deleting,
    } = head;
    let object = Bare {
        name,
        created,
        deleting,
        origin: ORIGIN,
    };
    Ok(match sound {
        Spec::Tenant(spec) => Declared::Tenant(object.with(*spec)),
        Spec::User(spec) => Declared::User(object.with(*spec)),
        Spec::Role(spec) => Declared::Role(object.with(*spec)),
        Spec::Organization(spec) => Declared::Organization(object.with(*spec)),
        Spec::UserGroup(spec) => Declared::UserGroup(object.with(*spec)),
        Spec::SharingRule(spec) => Declared::SharingRule(object.with(*spec)),
        Spec::Invitation(spec, _) => {
            let status = status.map(|status| node_of(status, &mut String::new()));
            let status = status.and_then(|node| decode::decode::<InvitationStatus>(&node).ok());
            Declared::Invitation(object.with(InvitationState {
                spec: *spec,
                status: status.unwrap_or_default(),
            }))
        }
    })
}

/// An object but for its spec.
struct Bare {
    name: String,
    created: Option<Moment>,
    deleting: bool,
    origin: Origin,
}

impl Bare {
    fn with<S>(self, spec: S) -> Arc<Object<S>> {
        Arc::new(Object {
            name: self.name,
            created: self.created,
            deleting: self.deleting,
            origin: self.origin,
            spec,
        })
    }
}

/// Name and spec are all that a person may get wrong.
fn object<'j>(head: &'j LiveHead, spec: Option<&'j Json>, shown: &mut String) -> Node<'j> {
    let name = ("name", bare(Value::Text(head.name.as_str().into())));
    let metadata = ("metadata", bare(map([name])));
    let spec = spec.map(|spec| ("spec", node_of(spec, shown)));
    bare(map([metadata].into_iter().chain(spec)))
}

/// A tree of the value. What stands in the place of a scalar is added to `shown`, for messages to point at.
fn node_of<'j>(json: &'j Json, shown: &mut String) -> Node<'j> {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Unreadable,
        },
        Json::String(value) => return bare(Value::Text(value.into())),
        Json::Array(items) => return bare(Value::List(items.iter().map(|item| node_of(item, shown)).collect())),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.as_str(), node_of(value, shown)));
            return bare(map(fields));
        }
    };
    let offset = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let start = offset(shown);
    // Writing into a string does not fail.
    let _ = write!(shown, "{json}");
    Node {
        value,
        place: Place {
            start,
            end: offset(shown),
            ..Place::default()
        },
    }
}

fn map<'j>(fields: impl IntoIterator<Item = (&'j str, Node<'j>)>) -> Value<'j> {
    let entries = fields.into_iter().map(|(key, node)| Entry {
        key: key.into(),
        place: Place::default(),
        node,
    });
    Value::Map(entries.collect())
}

fn bare(value: Value<'_>) -> Node<'_> {
    Node {
        value,
        place: Place::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::Reason;

    fn read(kind: Kind, name: &str, object: &Json) -> Declared {
        let head = LiveHead {
            name: name.to_owned(),
            created: Moment::from_seconds(1),
            deleting: false,
        };
        read_live(kind, head, object.get("spec"), object.get("status")).unwrap()
    }

    #[test]
    fn a_sound_object_is_what_its_spec_says() {
        let group = read(
            Kind::UserGroup,
            "launch",
            &json!({"spec": {"displayName": "Launch", "remarks": "-", "users": ["ada"]}}),
        );
        let Declared::UserGroup(group) = group else {
            panic!("{group:?}")
        };
        assert_eq!(
            (group.name.as_str(), group.created),
            ("launch", Moment::from_seconds(1))
        );
        assert_eq!(group.spec.users, ["ada"]);
    }

    #[test]
    fn what_an_older_definition_let_in_is_refused_by_name() {
        let role = read(
            Kind::Role,
            "broad",
            &json!({"spec": {"displayName": 7, "assignment": "Position", "positions": ["clerk"], "permissions": []}}),
        );
        let Declared::Broken(role) = role else {
            panic!("{role:?}")
        };
        assert_eq!((role.kind, role.name.as_deref()), (Kind::Role, Some("broad")));
        assert_eq!(role.positions.as_deref(), Some(&["clerk".to_owned()][..]));
        assert!(
            role.findings
                .iter()
                .all(|finding| finding.reason == Reason::SchemaInvalid)
        );
        let name = role.findings.iter().find(|finding| finding.path == "spec.displayName");
        assert!(name.unwrap().message.contains("`7`"), "{name:?}");
    }

    #[test]
    fn an_object_without_spec_is_refused() {
        let user = read(Kind::User, "ada", &json!({}));
        assert!(matches!(user, Declared::Broken(_)), "{user:?}");
    }

    #[test]
    fn an_unreadable_status_does_not_void_an_invitation() {
        let invitation = read(
            Kind::Invitation,
            "carol",
            &json!({"spec": {"email": "carol@acme.example", "roles": ["analyst"]}, "status": {"sentAt": 12}}),
        );
        let Declared::Invitation(invitation) = invitation else {
            panic!("{invitation:?}")
        };
        assert_eq!(invitation.spec.status, InvitationStatus::default());
    }
}
