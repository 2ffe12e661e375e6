//! Because of what one side has what the other has not.

use super::super::evaluate::Access;
use super::super::explain::{ExplainedName, Explanation, Source};
use super::super::finding::Reason;
use super::super::organizations::OrganizationRef;
use super::super::roles::RoleRef;
use super::super::users::UserRef;
use super::{Grant, Side};
use crate::api::UserPhase;

/// Finds out because of what one side has what the other has not.
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
    pub(super) fn of(&self, grant: &Grant) -> Vec<Source> {
        match grant {
            Grant::Later { what, .. } if self.there.user.is_some() => return self.of_later(what),
            _ if !self.there.active() => return self.inactive(),
            _ => {}
        }
        let Some(mine) = &self.mine else { return Vec::new() };
        match grant {
            Grant::Access { .. } => self.of_end(),
            Grant::Role { name, .. } => self.of_role(name),
            Grant::Later { what, .. } => self.of_later(what),
            Grant::Permission { object, action } => {
                let found = mine
                    .permissions
                    .iter()
                    .find(|one| one.object == *object && one.action == *action);
                self.through_roles(found.map_or(&[], |found| &found.from))
            }
            Grant::Organization { name } => match self.there.access.map(|access| access.organizations.find(name)) {
                Some(OrganizationRef::InForce(_)) => sources(&mine.organizations, name),
                _ => vec![Source::new(format!("Organization/{name}"), "metadata.name")],
            },
            Grant::Group { name } => sources(&mine.groups, name),
            Grant::Rows { object, .. } | Grant::Column { object, .. } => {
                let found = |side: &Option<Explanation>| {
                    let data = side
                        .as_ref()
                        .and_then(|side| side.data.iter().find(|one| one.object == *object));
                    data.map(|data| data.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (found(&self.mine), found(&self.theirs));
                let gone: Vec<Source> = mine.iter().filter(|source| !theirs.contains(source)).cloned().collect();
                if gone.is_empty() {
                    // What was all there was is now part of more.
                    return theirs.into_iter().filter(|source| !mine.contains(source)).collect();
                }
                self.through_roles(&gone)
            }
            Grant::Field { object, field, .. } => {
                let found = |side: &Option<Explanation>| {
                    let fields = side.as_ref().map(|side| side.fields.as_slice()).unwrap_or_default();
                    let known = fields.iter().find(|one| one.object == *object && one.field == *field);
                    known.map(|known| known.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (found(&self.mine), found(&self.theirs));
                theirs.into_iter().filter(|source| !mine.contains(source)).collect()
            }
            Grant::EveryRecord => vec![Source::new("Tenant/tenant", "spec.dataPermissions.enabled")],
            Grant::Public { .. } => vec![Source::new("Tenant/tenant", "spec.objects")],
            Grant::RecordsOf { organization, .. } => {
                vec![Source::new(format!("Organization/{organization}"), "spec.parent")]
            }
            Grant::Sharing { rule, .. } => vec![Source::new(format!("SharingRule/{rule}"), "spec")],
        }
    }

    fn user_field(&self, field: &str) -> Source {
        Source::new(format!("User/{}", self.here.name), field)
    }

    /// Why the other side has no access at all: she is not there, void, or what decides about her phase differs.
    fn inactive(&self) -> Vec<Source> {
        let Some(access) = self.there.access else {
            return vec![Source::new("Tenant/tenant", "metadata.name").note("no Tenant in force")];
        };
        let (Some((_, user)), Some(theirs)) = (&self.there.user, &self.theirs) else {
            let note = match access.users.find(self.here.name) {
                UserRef::Broken => Reason::SchemaInvalid.as_str(),
                UserRef::Known(_) | UserRef::Missing => "no such user",
            };
            return vec![self.user_field("metadata.name").note(note)];
        };
        if user.state.phase == UserPhase::Invalid {
            let void = theirs.void.iter().filter(|void| void.class != "Partial");
            return void
                .map(|void| self.user_field(&void.field).note(void.reason))
                .collect();
        }
        let mine = self
            .mine
            .as_ref()
            .map(|mine| mine.because.as_slice())
            .unwrap_or_default();
        let differing: Vec<Source> = theirs
            .because
            .iter()
            .filter(|source| !mine.contains(source))
            .cloned()
            .collect();
        if differing.is_empty() {
            theirs.because.clone()
        } else {
            differing
        }
    }

    /// Why something is ahead on this side only: fields of hers that decide about it and differ, or else the role or
    /// organization itself.
    fn of_later(&self, what: &str) -> Vec<Source> {
        let (Some((_, mine)), Some((_, theirs))) = (&self.here.user, &self.there.user) else {
            return Vec::new();
        };
        let (mine, theirs) = (&mine.object.spec, &theirs.object.spec);
        let fields = [
            ("spec.roles", mine.roles != theirs.roles),
            ("spec.temporaryRoles", mine.temporary_roles != theirs.temporary_roles),
            ("spec.position", mine.position != theirs.position),
            ("spec.organizations", mine.organizations != theirs.organizations),
            ("spec.enabled", mine.enabled != theirs.enabled),
            ("spec.validFrom", mine.valid_from != theirs.valid_from),
            ("spec.validUntil", mine.valid_until != theirs.valid_until),
            ("spec.activation", mine.activation != theirs.activation),
            ("spec.home", mine.home != theirs.home),
        ];
        let differing = fields.into_iter().filter(|(_, differs)| *differs);
        let differing: Vec<Source> = differing.map(|(field, _)| self.user_field(field)).collect();
        match what.split_once(' ') {
            _ if !differing.is_empty() => differing,
            _ if self.there.status.phase != self.here.status.phase => self.inactive(),
            Some(("role", name)) => vec![Source::new(format!("Role/{name}"), "spec")],
            Some(("organization", name)) => vec![Source::new(format!("Organization/{name}"), "spec")],
            None if what == "access" => self.of_end(),
            _ => self.of_roles_ahead(),
        }
    }

    /// Why the other side ends at another time: by fields of hers, or what she lives by.
    fn of_end(&self) -> Vec<Source> {
        let (Some((_, mine)), Some((_, theirs))) = (&self.here.user, &self.there.user) else {
            return Vec::new();
        };
        let (mine, theirs) = (&mine.object.spec, &theirs.object.spec);
        let fields = [
            ("spec.validUntil", mine.valid_until != theirs.valid_until),
            ("spec.activation", mine.activation != theirs.activation),
            ("spec.invitation", mine.invitation != theirs.invitation),
        ];
        let differing = fields.into_iter().filter(|(_, differs)| *differs);
        let differing: Vec<Source> = differing.map(|(field, _)| self.user_field(field)).collect();
        if !differing.is_empty() {
            return differing;
        }
        let invitation = mine
            .invitation
            .iter()
            .map(|name| Source::new(format!("Invitation/{name}"), "spec"));
        let home = mine.home.iter().map(|home| {
            Source::new(format!("User/{}", home.user), "spec").note(format!("her home, tenant {}", home.tenant))
        });
        invitation.chain(home).collect()
    }

    /// Why roles that she will have on both sides bring different things: those that differ, or else the Tenant.
    fn of_roles_ahead(&self) -> Vec<Source> {
        let (Some((_, user)), Some(mine), Some(theirs)) = (&self.here.user, self.here.access, self.there.access) else {
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
        let differing: Vec<Source> = named
            .chain(of_position)
            .filter(|name| declared(mine, name) != declared(theirs, name))
            .map(|name| Source::new(format!("Role/{name}"), "spec"))
            .collect();
        if differing.is_empty() {
            vec![Source::new("Tenant/tenant", "spec")]
        } else {
            differing
        }
    }

    /// Why the other side does not have the role, or not until then.
    fn of_role(&self, name: &str) -> Vec<Source> {
        let role = || Source::new(format!("Role/{name}"), "metadata.name");
        match self
            .there
            .access
            .map_or(RoleRef::Missing, |access| access.roles.find(name))
        {
            RoleRef::Missing => vec![role().note("no such role")],
            RoleRef::Void => vec![role().note("void")],
            RoleRef::InForce(_) => {
                let roles = |side: &Option<Explanation>| {
                    let found = side
                        .as_ref()
                        .and_then(|side| side.roles.iter().find(|role| role.name == name));
                    found.map(|found| found.from.clone()).unwrap_or_default()
                };
                let (mine, theirs) = (roles(&self.mine), roles(&self.theirs));
                let differing: Vec<Source> = mine.iter().filter(|source| !theirs.contains(source)).cloned().collect();
                let reverse = || theirs.into_iter().filter(|source| !mine.contains(source)).collect();
                if differing.is_empty() { reverse() } else { differing }
            }
        }
    }

    /// Sources in roles: where the other side does not have the role, the reason for that counts.
    fn through_roles(&self, from: &[Source]) -> Vec<Source> {
        let held = |name: &str| self.there.status.roles.iter().any(|role| role.name == name);
        from.iter()
            .flat_map(|source| match source.object.strip_prefix("Role/") {
                Some(role) if !held(role) => self.of_role(role),
                _ => vec![Source {
                    note: None,
                    ..source.clone()
                }],
            })
            .collect()
    }
}

fn sources(named: &[ExplainedName], name: &str) -> Vec<Source> {
    named
        .iter()
        .find(|one| one.name == name)
        .map(|one| one.from.clone())
        .unwrap_or_default()
}
