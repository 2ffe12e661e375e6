//! The seven kinds by name.

use std::fmt;

use super::{ADMINISTRATOR_INVITATION, HEADQUARTERS, TENANT_NAME, UNASSIGNED};

/// A kind of object. The order is that of their names, as lists are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// How a person comes to be a user.
    Invitation,
    /// A node of the organization tree.
    Organization,
    /// A set of permissions.
    Role,
    /// Who besides the owner sees which records.
    SharingRule,
    /// The settings of one tenant.
    Tenant,
    /// A person.
    User,
    /// Users to share with.
    UserGroup,
}

impl Kind {
    /// All of them, sorted by name.
    pub const ALL: [Self; 7] = [
        Self::Invitation,
        Self::Organization,
        Self::Role,
        Self::SharingRule,
        Self::Tenant,
        Self::User,
        Self::UserGroup,
    ];

    /// The name as it stands in a manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "Invitation",
            Self::Organization => "Organization",
            Self::Role => "Role",
            Self::SharingRule => "SharingRule",
            Self::Tenant => "Tenant",
            Self::User => "User",
            Self::UserGroup => "UserGroup",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The rule on `metadata.name` that the API server reads, on the object's root.
    #[must_use]
    pub fn name_rule(self) -> NameRule {
        match self {
            Self::Tenant => NameRule {
                cel: "self.metadata.name == 'tenant'",
                message: "a Tenant is always named `tenant`: one namespace is one tenant",
                holds: |name| name == TENANT_NAME,
            },
            _ => NameRule {
                cel: "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                message: "a name is at most 63 of a-z, 0-9 and `-`, begins and ends with a letter or digit, and has no dots",
                holds: is_label,
            },
        }
    }

    /// Whether only the controller may declare an object of this kind and name; the system roles are the catalogue's.
    #[must_use]
    pub fn reserves(self, name: &str) -> bool {
        match self {
            Self::Organization => name == HEADQUARTERS || name == UNASSIGNED,
            Self::Invitation => name == ADMINISTRATOR_INVITATION,
            _ => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rule on the name of a kind's objects.
#[derive(Clone, Copy, Debug)]
pub struct NameRule {
    /// The rule as it stands in the CRD, on the object's root.
    pub cel: &'static str,
    /// What is wrong when it does not hold.
    pub message: &'static str,
    /// The twin.
    pub holds: fn(&str) -> bool,
}

/// Whether `text` is a DNS-1123 label.
#[must_use]
pub(crate) fn is_label(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let [first, .., last] = text.as_bytes() else {
        return matches!(text.as_bytes(), [one] if alphanumeric(*one));
    };
    text.len() <= 63
        && alphanumeric(*first)
        && alphanumeric(*last)
        && text.bytes().all(|byte| alphanumeric(byte) || byte == b'-')
}
