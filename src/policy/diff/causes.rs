//! Attributes each difference to the fields that cause it.

use super::super::cause::{Cause, FieldPath, Note, ObjectRef};
use super::super::evaluate::Access;
use super::super::explain::{ExplainedName, Explanation};
use super::super::finding::{Class, Reason};
use super::super::grant::{Entitlement, Grant};
use super::super::organizations::OrganizationRef;
use super::super::roles::RoleRef;
use super::super::users::UserRef;
use super::side::Side;
use crate::api::{Kind, UserPhase, UserSpec};

/// Attributes what one side has beyond the other to objects and fields.
pub(super) struct Causes<'a> {
    here: &'a Side<'a>,
    there: &'a Side<'a>,
    mine: Option<Explanation>,
    theirs: Option<Explanation>,
}

impl<'a> Causes<'a> {
    /// Of what is here and not there.
    pub(super) fn new(here: &'a Side<'a>, there: &'a Side<'a>) -> Self {
        let explain = |side: &Side<'_>| side.evaluation.and_then(|evaluation| evaluation.explain(side.name));
        Self {
            here,
            there,
            mine: explain(here),
            theirs: explain(there),
        }
    }

    /// The objects and fields that the grant is because of.
    pub(super) fn of(&self, grant: &Grant) -> Vec<Cause> {
        if grant.from.is_some() && self.there.user.is_some() && !self.goes_on(grant) {
            return self.of_later(&grant.what);
        }
        if !self.there.active() {
            return self.inactive();
        }
        let Some(mine) = &self.mine else { return Vec::new() };
        match &grant.what {
            Entitlement::Access => self.of_end(),
            Entitlement::Role { name } => self.of_role(name),
            Entitlement::Permission { object, .. }
            | Entitlement::Rows { object, .. }
            | Entitlement::Column { object, .. }
                if self.is_module_gone(object) =>
            {
                vec![Cause::in_tenant("spec.modules")]
            }
            Entitlement::Permission { object, action } => {
                let found = mine
                    .permissions
                    .iter()
                    .find(|one| one.object == *object && one.action == *action);
                self.through_roles(found.map_or(&[], |found| &found.from))
            }
            Entitlement::Organization { name } => match self.there.access.map(|access| access.organizations.find(name))
            {
                Some(OrganizationRef::InForce(_)) => sources(&mine.organizations, name),
                _ => vec![Cause::in_object(Kind::Organization, name, "metadata.name")],
            },
            Entitlement::Group { name } => sources(&mine.groups, name),
            Entitlement::Rows { object, .. } | Entitlement::Column { object, .. } => {
                let found = |side: &Option<Explanation>| {
                    let data = side
                        .as_ref()
                        .and_then(|side| side.data.iter().find(|one| one.object == *object));
                    data.map(|data| data.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (found(&self.mine), found(&self.theirs));
                let gone: Vec<Cause> = mine.into_iter().filter(|cause| !theirs.contains(cause)).collect();
                self.through_roles(&gone)
            }
            Entitlement::Field { object, field, .. } => {
                let found = |side: &Option<Explanation>| {
                    let fields = side.as_ref().map(|side| side.fields.as_slice()).unwrap_or_default();
                    let known = fields.iter().find(|one| one.object == *object && one.field == *field);
                    known.map(|known| known.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (found(&self.mine), found(&self.theirs));
                theirs.into_iter().filter(|cause| !mine.contains(cause)).collect()
            }
            Entitlement::EveryRecord => vec![Cause::in_tenant("spec.dataPermissions.enabled")],
            Entitlement::Public { .. } => vec![Cause::in_tenant("spec.objects")],
            Entitlement::RecordsOf { organization, .. } => vec![self.of_place(organization)],
            Entitlement::Sharing { rule, object, .. } => self.of_sharing(mine, rule, object),
        }
    }

    /// Whether both sides have it from now on until the grant begins.
    fn goes_on(&self, grant: &Grant) -> bool {
        let until_then = Grant::now(grant.what.clone()).until(grant.from);
        let has = |side: &Side<'_>| until_then.clone().beyond_all(&side.ending()).is_none();
        has(self.here) && has(self.there)
    }

    fn user_field(&self, field: impl Into<FieldPath>) -> Cause {
        Cause::in_object(Kind::User, self.here.name, field)
    }

    /// Why the other side has no access at all: she is not there, void, or what decides about her phase differs.
    fn inactive(&self) -> Vec<Cause> {
        let Some(access) = self.there.access else {
            return vec![Cause::in_tenant("metadata.name").note(Note::NoTenant)];
        };
        let (Some(user), Some(theirs)) = (&self.there.user, &self.theirs) else {
            let note = match access.users.find(self.here.name) {
                UserRef::Broken => Note::VoidFor(Reason::SchemaInvalid),
                UserRef::Known(_) | UserRef::Missing => Note::NoUser,
            };
            return vec![self.user_field("metadata.name").note(note)];
        };
        if user.state.phase == UserPhase::Invalid {
            let void = theirs.void.iter().filter(|finding| finding.class != Class::Partial);
            return void
                .map(|finding| {
                    self.user_field(finding.path.clone())
                        .note(Note::VoidFor(finding.reason))
                })
                .collect();
        }
        let mine = self
            .mine
            .as_ref()
            .map(|mine| mine.because.as_slice())
            .unwrap_or_default();
        let differing: Vec<Cause> = theirs
            .because
            .iter()
            .filter(|cause| !mine.contains(cause))
            .cloned()
            .collect();
        if differing.is_empty() {
            theirs.because.clone()
        } else {
            differing
        }
    }

    /// Why something is ahead on this side only: fields of the user that decide about it and differ, the home, or else the role
    /// or organization itself. What roles bring that both sides have, these or the Tenant decide.
    fn of_later(&self, what: &Entitlement) -> Vec<Cause> {
        let (Some(mine), Some(theirs)) = (&self.here.user, &self.there.user) else {
            return Vec::new();
        };
        let itself = match what {
            Entitlement::Access => None,
            Entitlement::Role { name } => Some((Kind::Role, name)),
            Entitlement::Organization { name } => Some((Kind::Organization, name)),
            _ => return self.of_roles_ahead(),
        };
        let differing = self.differing(what, &mine.object.spec, &theirs.object.spec);
        match itself {
            _ if !differing.is_empty() => differing,
            _ if self.there.status.phase != self.here.status.phase => self.inactive(),
            _ if mine.home != theirs.home => self.of_home().collect(),
            Some((kind, name)) => vec![Cause::in_object(kind, name, "spec")],
            None => self.of_end(),
        }
    }

    /// The fields that decide about access, a role or an organization ahead, and differ.
    fn differing(&self, what: &Entitlement, mine: &UserSpec, theirs: &UserSpec) -> Vec<Cause> {
        let role = matches!(what, Entitlement::Role { .. });
        let organization = matches!(what, Entitlement::Organization { .. });
        self.those(&[
            ("spec.roles", role && !same_names(&mine.roles, &theirs.roles)),
            (
                "spec.temporaryRoles",
                role && mine.temporary_roles != theirs.temporary_roles,
            ),
            ("spec.position", role && mine.position != theirs.position),
            (
                "spec.organizations",
                organization && !same_names(&mine.organizations, &theirs.organizations),
            ),
            ("spec.enabled", mine.enabled != theirs.enabled),
            ("spec.validFrom", mine.valid_from != theirs.valid_from),
            ("spec.validUntil", mine.valid_until != theirs.valid_until),
            ("spec.activation", mine.activation != theirs.activation),
            ("spec.home", mine.home != theirs.home),
        ])
    }

    /// Those fields of the user that differ.
    fn those(&self, fields: &[(&'static str, bool)]) -> Vec<Cause> {
        let differing = fields.iter().filter(|(_, differs)| *differs);
        differing.map(|(field, _)| self.user_field(*field)).collect()
    }

    /// Her home, if she has one.
    fn of_home(&self) -> impl Iterator<Item = Cause> {
        let user = self.here.user.as_ref();
        let home = user.and_then(|user| user.object.spec.home.clone());
        home.into_iter()
            .map(|home| Cause::new(ObjectRef::user_of(&home.tenant, &home.user), "spec").note(Note::Home))
    }

    /// Where an organization lies otherwise than on the other side: it, or the nearest one above it that moved.
    fn of_place(&self, organization: &str) -> Cause {
        let parent = |side: &Side<'_>, name: &str| {
            let organizations = &side.access?.organizations;
            let ix = match organizations.find(name) {
                OrganizationRef::InForce(ix) | OrganizationRef::Void(Some(ix)) => ix,
                OrganizationRef::Void(None) | OrganizationRef::Missing => return None,
            };
            let above = organizations.get(organizations.get(ix)?.parent?)?;
            Some(above.name.clone())
        };
        let mut name = organization.to_owned();
        while let Some(above) = parent(self.here, &name) {
            if parent(self.there, &name).as_ref() != Some(&above) {
                break;
            }
            name = above;
        }
        Cause::in_object(Kind::Organization, name, "spec.parent")
    }

    /// Why a rule does not reach her on the other side: it is another, the tenant lets it not count, she has no action on
    /// the object, or is not in the organization or group.
    fn of_sharing(&self, mine: &Explanation, rule: &str, object: &str) -> Vec<Cause> {
        let itself = || vec![Cause::in_object(Kind::SharingRule, rule, "spec")];
        let (Some(here), Some(there)) = (self.here.access, self.there.access) else {
            return itself();
        };
        let found = |access: &Access| {
            let mut rules = access.rules.iter();
            let found = rules.find(|one| one.object.name == rule);
            found.map(|one| (one.object.spec.clone(), one.in_force))
        };
        if found(here) != found(there) {
            return itself();
        }
        if here.settings.data_permissions != there.settings.data_permissions {
            return vec![Cause::in_tenant("spec.dataPermissions")];
        }
        let on_object = |side: &Explanation| -> Vec<Cause> {
            let permissions = side.permissions.iter().filter(|one| one.object == object);
            permissions.flat_map(|one| one.from.clone()).collect()
        };
        if self.theirs.as_ref().is_none_or(|theirs| on_object(theirs).is_empty()) {
            return self.through_roles(&on_object(mine));
        }
        let only = |one: &[String], other: &[String]| -> Vec<String> {
            one.iter().filter(|name| !other.contains(name)).cloned().collect()
        };
        let (here, there) = (&self.here.status, &self.there.status);
        let organizations = only(&here.organizations, &there.organizations).into_iter();
        let organizations = organizations.flat_map(|name| sources(&mine.organizations, &name));
        let groups = only(&here.groups, &there.groups).into_iter();
        let joined: Vec<Cause> = groups
            .flat_map(|name| sources(&mine.groups, &name))
            .chain(organizations)
            .collect();
        if joined.is_empty() { itself() } else { joined }
    }

    /// Whether the other side's tenant lacks the module of an object.
    fn is_module_gone(&self, object: &str) -> bool {
        let has = |side: &Side<'_>| {
            let (ix, _) = side.evaluation?.catalogue.find(object)?;
            Some(side.access?.settings.has(ix))
        };
        has(self.here) == Some(true) && has(self.there) == Some(false)
    }

    /// Why the other side ends at another time: by fields of hers, or what she lives by.
    fn of_end(&self) -> Vec<Cause> {
        let (Some(mine), Some(theirs)) = (&self.here.user, &self.there.user) else {
            return Vec::new();
        };
        let (mine, theirs) = (&mine.object.spec, &theirs.object.spec);
        let differing = self.those(&[
            ("spec.validUntil", mine.valid_until != theirs.valid_until),
            ("spec.activation", mine.activation != theirs.activation),
            ("spec.invitation", mine.invitation != theirs.invitation),
        ]);
        if !differing.is_empty() {
            return differing;
        }
        let invitation = mine
            .invitation
            .iter()
            .map(|name| Cause::in_object(Kind::Invitation, name, "spec"));
        invitation.chain(self.of_home()).collect()
    }

    /// Why roles that she will have on both sides bring different things: those that differ, or else the Tenant.
    fn of_roles_ahead(&self) -> Vec<Cause> {
        let (Some(user), Some(mine), Some(theirs)) = (&self.here.user, self.here.access, self.there.access) else {
            return Vec::new();
        };
        let declared = |access: &Access, name: &str| match access.roles.find(name) {
            RoleRef::InForce(ix) => {
                let role = access.roles.get(ix).and_then(|role| role.object.as_ref());
                role.map(|role| role.spec.clone())
            }
            RoleRef::Missing | RoleRef::Void => None,
        };
        let spec = &user.object.spec;
        let of_position = spec
            .position
            .iter()
            .flat_map(|position| mine.roles.of_position(position));
        let of_position = of_position.filter_map(|ix| mine.roles.get(*ix)).map(|role| &role.name);
        let named = spec
            .roles
            .iter()
            .chain(spec.temporary_roles.iter().map(|period| &period.role));
        let differing: Vec<Cause> = named
            .chain(of_position)
            .filter(|name| declared(mine, name) != declared(theirs, name))
            .map(|name| Cause::in_object(Kind::Role, name, "spec"))
            .collect();
        if differing.is_empty() {
            vec![Cause::in_tenant("spec")]
        } else {
            differing
        }
    }

    /// Why the other side does not have the role, or not until then.
    fn of_role(&self, name: &str) -> Vec<Cause> {
        let role = || Cause::in_object(Kind::Role, name, "metadata.name");
        match self
            .there
            .access
            .map_or(RoleRef::Missing, |access| access.roles.find(name))
        {
            RoleRef::Missing => vec![role().note(Note::NoRole)],
            RoleRef::Void => vec![role().note(Note::Void)],
            RoleRef::InForce(_) => {
                let roles = |side: &Option<Explanation>| {
                    let found = side
                        .as_ref()
                        .and_then(|side| side.roles.iter().find(|role| role.name == name));
                    found.map(|found| found.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (roles(&self.mine), roles(&self.theirs));
                let position = |side: &Side<'_>| side.user.as_ref().and_then(|user| user.object.spec.position.clone());
                let by_position = mine.iter().chain(&theirs).all(|cause| cause.object.kind == Kind::Role);
                if by_position && position(self.here) != position(self.there) {
                    return vec![self.user_field("spec.position")];
                }
                let differing: Vec<Cause> = mine.iter().filter(|cause| !theirs.contains(cause)).cloned().collect();
                let reverse = || -> Vec<Cause> { theirs.into_iter().filter(|cause| !mine.contains(cause)).collect() };
                let found = if differing.is_empty() { reverse() } else { differing };
                // Periods that follow the present one are no source of what is now.
                if found.is_empty() {
                    vec![self.user_field("spec.temporaryRoles")]
                } else {
                    found
                }
            }
        }
    }

    /// Causes in roles: where the other side does not have the role, the reason for that counts.
    fn through_roles(&self, from: &[Cause]) -> Vec<Cause> {
        let held = |name: &str| self.there.status.roles.iter().any(|role| role.name == name);
        from.iter()
            .flat_map(|cause| match cause.object.name_of(Kind::Role) {
                Some(role) if !held(role) => self.of_role(role),
                _ => vec![Cause {
                    note: None,
                    ..cause.clone()
                }],
            })
            .collect()
    }
}

fn sources(named: &[ExplainedName], name: &str) -> Vec<Cause> {
    named
        .iter()
        .find(|one| one.name == name)
        .map(|one| one.from.clone())
        .unwrap_or_default()
}

/// Whether two lists hold the same names.
fn same_names(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}
