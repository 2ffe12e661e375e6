//! Findings: what is wrong with an object, in which class, and what mends it.
//!
//! The list of reasons is the contract's, one enum with everything that is fixed about a reason; in which class it falls
//! can depend on where it stands, so a finding carries its class.

use std::fmt;

use crate::api::Kind;

/// Where an object came from: the caller's number for it. The policy hands it back and never looks inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(pub u32);

/// What a finding does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// R: the object is void, and a person must mend it.
    Refused,
    /// W: the object is void until something else heals.
    Waiting,
    /// w: one entry is void, the rest holds.
    Partial,
    /// !: worth a look; never in a status.
    Warning,
}

impl Class {
    /// Whether the whole object is void.
    #[must_use]
    pub fn voids(self) -> bool {
        matches!(self, Self::Refused | Self::Waiting)
    }

    /// The name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "Refused",
            Self::Waiting => "Waiting",
            Self::Partial => "Partial",
            Self::Warning => "Warning",
        }
    }
}

/// Declares [`Reason`]: a line of documentation, the name and what to do is all there is to each, everywhere.
macro_rules! reasons {
    ($($(#[doc = $description:literal])+ $name:ident => $advice:literal,)+) => {
        /// Why. The order is the contract's precedence: of several the first is shown in a condition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $description])+ $name,)+
        }

        impl Reason {
            /// Every reason, in order of precedence.
            pub const ALL: [Self; [$(stringify!($name)),+].len()] = [$(Self::$name),+];

            /// The name in output and statuses.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($description),+).trim_ascii(),)+
                }
            }

            /// What to do about it, in a sentence or two.
            #[must_use]
            pub fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)+
                }
            }
        }
    };
}

reasons! {
    /// The object alone is at fault: YAML, types, unknown or missing fields, formats, bounds.
    SchemaInvalid => "Correct the field that the message names; `tenantry check` shows it with file and line.",
    /// An earlier document declares the same object.
    DuplicateObject => "Remove one of the two documents, or give one another name.",
    /// The object is being deleted.
    Terminating => "Nothing: it grants nothing any more. If it stays, look for a finalizer that somebody put on it.",
    /// The namespace has no Tenant in force.
    NoTenant => "Create the Tenant `tenant` in the namespace, or mend the one that is there.",
    /// The name belongs to the system, and the spec is not the system's.
    ReservedName => "Give the object another name; what belongs to the system is there without a manifest.",
    /// An older user has the account, email or phone.
    DuplicateIdentifier => "Give one of the two users another account, email or phone. The older one keeps it.",
    /// An older organization has the code.
    DuplicateCode => "Give one of the two organizations another code. The older one keeps it.",
    /// An older invitation of the same person is still open.
    AlreadyInvited => "Revoke the older invitation, or remove this one.",
    /// Another user has the invitation's name.
    NameTaken => "Give the invitation another name, or correct its email or phone if it is that user who is meant.",
    /// The access would be over before it begins.
    AlreadyOver => "Set `validUntil` to a moment ahead, or remove it.",
    /// The account does not have the tenant's format.
    AccountFormat => "Write the account in the form that `spec.accounts.format` of the Tenant asks for.",
    /// The tenant, or the type of user, requires an email.
    EmailRequired => "Add `spec.email`.",
    /// The tenant requires a position.
    PositionRequired => "Add `spec.position`, one of the positions of the Tenant.",
    /// An attribute is undeclared, missing, or not one of its values.
    InvalidAttribute => "Use the attributes and values that `spec.accounts.attributes` of the Tenant declares.",
    /// The home user is of a type that cannot be credited.
    InvalidHome => "Name a home user of type Ordinary or SSO.",
    /// The catalogue has no such object, or not for this use.
    UnknownObject => "Use an object of the catalogue, and one that can be used in this way.",
    /// The object has no such action.
    UnknownAction => "Use an action that the object has.",
    /// The object has no such field.
    UnknownField => "Declare the field in `spec.objects` of the Tenant, or name one that is there.",
    /// The field's type does not fit.
    FieldType => "Name a field of a type that fits, or correct its type in the Tenant.",
    /// The object cannot be shared in this way.
    SharingNotAllowed => "Name an object that can be shared by this kind of rule.",
    /// The condition is no condition.
    InvalidCondition => "Correct the expression at the line and column that the message names.",
    /// The organization is below itself.
    OrganizationCycle => "Give one organization of the cycle another parent.",
    /// The youngest beyond a limit.
    LimitExceeded => "Remove what is not needed, or raise the limit in `spec.limits` of the Tenant. The oldest stay.",
    /// The home tenant does not let this one credit its users.
    HomeRefused => "Ask the home tenant to list this one in `spec.accounts.creditedTo`.",
    /// The home user's email is no longer the declared one.
    HomeChanged => "Look whether it is still the same person, then correct `spec.email`.",
    /// The invitation that the user lives by is over.
    InvitationOver => "Remove the user, or let the invitation live again.",
    /// What is named does not exist.
    DependencyNotFound => "Create what is named, or remove the entry.",
    /// What is named is void, or of the wrong kind.
    DependencyInvalid => "Mend what is named, or name something else.",
    /// The object is public: there is nothing to share.
    ObjectPublic => "Remove the rule, or make the object less public in `spec.objects` of the Tenant.",
    /// The tenant does not have the object's module.
    ModuleNotEnabled => "Add the module to `spec.modules` of the Tenant, or remove the entry.",
    /// The role is given by position only.
    RoleNotAssignable => "Give the role by position, or use a role with assignment Account.",
    /// Nobody has the role.
    Unused => "Give the role to somebody, or remove it.",
    /// A limit is nearly reached.
    LimitNear => "Remove what is not needed, or raise the limit before it is reached.",
    /// A period is over.
    GrantOver => "Remove the entry, or set its end to a moment ahead.",
}

impl Reason {
    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The page of the project's docs that says of every reason what it means and what to do.
    pub const PAGE: &str = "docs/reasons.md";

    /// Where it stands on [`Self::PAGE`], as in `docs/reasons.md#nametaken`.
    #[must_use]
    pub fn link(self) -> String {
        format!("{}#{}", Self::PAGE, self.as_str().to_ascii_lowercase())
    }

    /// W: whatever it voids heals by itself when something else changes.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(
            self,
            Self::Terminating
                | Self::NoTenant
                | Self::HomeRefused
                | Self::HomeChanged
                | Self::InvitationOver
                | Self::DependencyNotFound
                | Self::DependencyInvalid
                | Self::ObjectPublic
                | Self::ModuleNotEnabled
        )
    }

    /// S: the object alone is at fault, nothing else can heal it.
    #[must_use]
    pub fn stalls(self) -> bool {
        matches!(
            self,
            Self::SchemaInvalid | Self::DuplicateObject | Self::ReservedName | Self::InvalidCondition
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// Where, as in `spec.roles[1]`.
    pub path: String,
    /// What it does to the object.
    pub class: Class,
    /// Why.
    pub reason: Reason,
    /// What is wrong, for people; never an email, phone or account.
    pub message: String,
    /// What mends it.
    pub mend: String,
}

impl Finding {
    /// A finding of that class, reason and place.
    #[must_use]
    pub fn new(class: Class, reason: Reason, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            class,
            reason,
            message: String::new(),
            mend: String::new(),
        }
    }

    /// The same, saying what is wrong.
    #[must_use]
    pub fn says(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same, saying what mends it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// R at `path`.
    #[must_use]
    pub fn refused(reason: Reason, path: impl Into<String>) -> Self {
        Self::new(Class::Refused, reason, path)
    }

    /// W at `path`.
    #[must_use]
    pub fn waiting(reason: Reason, path: impl Into<String>) -> Self {
        Self::new(Class::Waiting, reason, path)
    }

    /// w at `path`.
    #[must_use]
    pub fn partial(reason: Reason, path: impl Into<String>) -> Self {
        Self::new(Class::Partial, reason, path)
    }

    /// ! at `path`.
    #[must_use]
    pub fn warning(reason: Reason, path: impl Into<String>) -> Self {
        Self::new(Class::Warning, reason, path)
    }
}

/// All findings of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// One finding alone.
    #[must_use]
    pub fn only(finding: Finding) -> Self {
        Self(vec![finding])
    }

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds several.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.0.extend(findings);
    }

    /// Whether the object is void.
    #[must_use]
    pub fn void(&self) -> bool {
        self.0.iter().any(|finding| finding.class.voids())
    }

    /// All of them in order of precedence, those of one reason as their paths stand.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.reason);
        self.0
    }

    /// All of them, unsorted.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// The first in order of precedence among those chosen, and how many more there are.
    #[must_use]
    pub fn first(&self, chosen: impl Fn(&Finding) -> bool) -> Option<(&Finding, usize)> {
        let first = self
            .0
            .iter()
            .filter(|finding| chosen(finding))
            .min_by_key(|finding| finding.reason)?;
        Some((first, self.0.iter().filter(|finding| chosen(finding)).count() - 1))
    }

    /// What of the findings a condition shows: the first reason that voids, the first that waits in part, the first that
    /// stalls.
    #[must_use]
    pub fn shown(&self) -> [Option<Reason>; 3] {
        let reason = |found: Option<(&Finding, usize)>| found.map(|(finding, _)| finding.reason);
        [
            reason(self.first(|finding| finding.class.voids())),
            reason(self.first(|finding| finding.class == Class::Partial)),
            reason(self.first(|finding| finding.class != Class::Warning && finding.reason.stalls())),
        ]
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self(findings.into_iter().collect())
    }
}

/// A finding with the object that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The object's kind.
    pub kind: Kind,
    /// Its name; empty when it has none.
    pub name: String,
    /// Where it came from; none for the system objects that no manifest declares.
    pub origin: Option<Origin>,
    /// What is wrong.
    pub finding: Finding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_in_the_order_of_precedence() {
        assert!(Reason::ALL.is_sorted());
        let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
    }

    #[test]
    fn every_reason_is_described_in_a_sentence() {
        for reason in Reason::ALL {
            let description = reason.description();
            assert!(
                description.starts_with(char::is_uppercase) && description.ends_with('.'),
                "{reason}: {description}"
            );
        }
    }

    #[test]
    fn the_first_of_several_findings_is_shown() {
        let mut findings = Findings::only(Finding::partial(Reason::DependencyNotFound, "spec.roles[0]"));
        findings.push(Finding::refused(Reason::AccountFormat, "spec.account"));
        findings.push(Finding::refused(Reason::DuplicateIdentifier, "spec.email"));
        findings.push(Finding::warning(Reason::GrantOver, "spec.validUntil"));
        assert_eq!(
            findings.shown(),
            [
                Some(Reason::DuplicateIdentifier),
                Some(Reason::DependencyNotFound),
                None
            ]
        );
        assert!(findings.void());
    }

    #[test]
    fn what_stalls_is_shown_though_something_else_comes_first() {
        let mut findings = Findings::only(Finding::refused(Reason::NameTaken, "metadata.name"));
        findings.push(Finding::refused(Reason::InvalidCondition, "spec.condition"));
        let shown = [Some(Reason::NameTaken), None, Some(Reason::InvalidCondition)];
        assert_eq!(findings.shown(), shown);
        let warning = Findings::only(Finding::warning(Reason::InvalidCondition, "spec.condition"));
        assert_eq!(warning.shown(), [None; 3]);
    }
}
