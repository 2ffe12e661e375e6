//! Causes: the field of an object that something comes from, and what there is to say about it, as data.
//!
//! No words are made here; `crate::words` has them, a file for each language.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::finding::Reason;
use crate::api::{Kind, Moment, RestrictionMode, Rows, TENANT_NAME, UserPhase};

/// An object, named from within one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, where that is another tenant's.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// An object of the tenant itself.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            namespace: None,
            name: name.into(),
        }
    }

    /// The Tenant.
    #[must_use]
    pub fn tenant() -> Self {
        Self::new(Kind::Tenant, TENANT_NAME)
    }

    /// A user of another tenant.
    #[must_use]
    pub fn user_of(namespace: &str, name: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..Self::new(Kind::User, name)
        }
    }

    /// The name, if it is of that kind and of the tenant itself.
    #[must_use]
    pub fn name_of(&self, kind: Kind) -> Option<&str> {
        (self.kind == kind && self.namespace.is_none()).then_some(self.name.as_str())
    }

    /// Its parts, as they are written one behind the other.
    fn parts(&self) -> [&str; 4] {
        let (namespace, slash) = self.namespace.as_deref().map_or(("", ""), |namespace| (namespace, "/"));
        [self.kind.as_str(), namespace, slash, &self.name]
    }
}

/// As in `Role/editor`, or `User/beta/robert` of another tenant.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, namespace, slash, name] = self.parts();
        write!(f, "{kind}/{namespace}{slash}{name}")
    }
}

/// The order of what is written.
impl Ord for ObjectRef {
    fn cmp(&self, other: &Self) -> Ordering {
        fn written(object: &ObjectRef) -> impl Iterator<Item = u8> + '_ {
            let [_, namespace, slash, name] = object.parts();
            namespace.bytes().chain(slash.bytes()).chain(name.bytes())
        }
        self.kind
            .cmp(&other.kind)
            .then_with(|| match (&self.namespace, &other.namespace) {
                (None, None) => self.name.cmp(&other.name),
                _ => written(self).cmp(written(other)),
            })
    }
}

impl PartialOrd for ObjectRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The path of a field, as in `spec.permissions[0].actions[1]`. The order is that of what is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Cow<'static, str>);

impl FieldPath {
    /// A path without places in lists.
    #[must_use]
    pub const fn new(path: &'static str) -> Self {
        Self(Cow::Borrowed(path))
    }

    /// The entry of that index.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        Self(Cow::Owned(format!("{}[{index}]", self.0)))
    }

    /// The field of that name below.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self(Cow::Owned(format!("{}.{name}", self.0)))
    }

    /// Whether it is that field, or stands in it.
    #[must_use]
    pub fn is_in(&self, above: &Self) -> bool {
        let rest = self.0.strip_prefix(above.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for FieldPath {
    fn from(path: &'static str) -> Self {
        Self::new(path)
    }
}

impl From<String> for FieldPath {
    fn from(path: String) -> Self {
        Self(Cow::Owned(path))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What there is to say about a cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The tenant is suspended.
    Suspended,
    /// The user is switched off.
    SwitchedOff,
    /// The service user is not activated.
    NotActivated,
    /// It begins then.
    Begins(Moment),
    /// It ends then.
    Ends(Moment),
    /// It is the user's home.
    Home,
    /// The user's home is in that phase.
    HomePhase(UserPhase),
    /// The user has the role by position.
    ByPosition,
    /// The action comes with the one that is listed.
    ComesWith {
        /// The object type of that.
        object: String,
        /// That action.
        action: String,
    },
    /// The user lists no organization.
    NoOrganizationListed,
    /// What a role gives of an object's rows and columns.
    Scope {
        /// How many rows.
        rows: Rows,
        /// Which, with Some.
        condition: Option<String>,
        /// Which columns; all when absent.
        columns: Option<Vec<String>>,
    },
    /// What a restriction takes away.
    Restricts(RestrictionMode),
    /// The same, of a role that the user does not have: some role or position of hers is void or unknown.
    RestrictsInDoubt(RestrictionMode),
    /// The tenant hides the field from whoever lacks PersonalInfo.
    Personal,
    /// There is no Tenant in force.
    NoTenant,
    /// There is no such user.
    NoUser,
    /// There is no such role.
    NoRole,
    /// It is void.
    Void,
    /// It is void for that reason.
    VoidFor(Reason),
}

/// A field of an object because of which something is as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The object.
    pub object: ObjectRef,
    /// The field.
    pub field: FieldPath,
    /// What more there is to say.
    pub note: Option<Note>,
}

impl Cause {
    pub(super) fn new(object: ObjectRef, field: impl Into<FieldPath>) -> Self {
        Self {
            object,
            field: field.into(),
            note: None,
        }
    }

    /// In an object of the tenant itself.
    pub(super) fn in_object(kind: Kind, name: impl Into<String>, field: impl Into<FieldPath>) -> Self {
        Self::new(ObjectRef::new(kind, name), field)
    }

    /// In the Tenant.
    pub(super) fn in_tenant(field: impl Into<FieldPath>) -> Self {
        Self::new(ObjectRef::tenant(), field)
    }

    pub(super) fn note(mut self, note: Note) -> Self {
        self.note = Some(note);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_paths_are_sorted_as_they_are_written() {
        let mut objects = [
            ObjectRef::new(Kind::User, "bob"),
            ObjectRef::user_of("beta", "robert"),
            ObjectRef::new(Kind::User, "beta-2"),
            ObjectRef::new(Kind::UserGroup, "all"),
            ObjectRef::new(Kind::Role, "editor"),
            ObjectRef::tenant(),
        ];
        objects.sort();
        let written: Vec<String> = objects.iter().map(ObjectRef::to_string).collect();
        let expected = [
            "Role/editor",
            "Tenant/tenant",
            "User/beta-2",
            "User/beta/robert",
            "User/bob",
            "UserGroup/all",
        ];
        assert_eq!(written, expected);
        assert!(written.is_sorted());
        assert!(FieldPath::new("spec.roles").at(10) < FieldPath::new("spec.roles").at(2));
    }

    #[test]
    fn a_path_is_in_what_it_begins_with_only_where_a_field_ends() {
        let roles = FieldPath::new("spec.roles");
        assert!(roles.is_in(&roles));
        assert!(roles.clone().at(1).is_in(&roles));
        assert!(
            FieldPath::new("spec.data")
                .at(0)
                .field("columns")
                .at(2)
                .is_in(&FieldPath::new("spec.data").at(0))
        );
        assert!(!FieldPath::new("spec.rolesOf").is_in(&roles));
        assert!(!FieldPath::new("spec").is_in(&roles));
    }

    #[test]
    fn a_name_is_told_only_of_its_kind_and_tenant() {
        assert_eq!(ObjectRef::new(Kind::Role, "editor").name_of(Kind::Role), Some("editor"));
        assert_eq!(ObjectRef::new(Kind::Role, "editor").name_of(Kind::User), None);
        assert_eq!(ObjectRef::user_of("beta", "robert").name_of(Kind::User), None);
    }
}
