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
            Grant::Permission { object, .. } | Grant::Rows { object, .. } | Grant::Column { object, .. }
                if self.is_module_gone(object) =>
            {
                vec![Source::new("Tenant/tenant", "spec.modules")]
            }
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
            Grant::RecordsOf { organization, .. } => vec![self.of_place(organization)],
            Grant::Sharing { rule, object, .. } => self.of_sharing(mine, rule, object),
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
        let (Some(user), Some(theirs)) = (&self.there.user, &self.theirs) else {
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

    /// Why something is ahead on this side only: fields of hers that decide about it and differ, her home, or else the role or
    /// organization itself. What roles bring that she has on both sides, these or the Tenant decide.
    fn of_later(&self, what: &str) -> Vec<Source> {
        let (Some(mine), Some(theirs)) = (&self.here.user, &self.there.user) else {
            return Vec::new();
        };
        let of_what: &[&str] = match what.split_once(' ') {
            None if what == "access" => &[],
            Some(("role", _)) => &["spec.roles", "spec.temporaryRoles", "spec.position"],
            Some(("organization", _)) => &["spec.organizations"],
            _ => return self.of_roles_ahead(),
        };
        let of_time = [
            "spec.enabled",
            "spec.validFrom",
            "spec.validUntil",
            "spec.activation",
            "spec.home",
        ];
        let (one, other) = (&mine.object.spec, &theirs.object.spec);
        let differs = |field: &str| match field {
            "spec.roles" => !same_names(&one.roles, &other.roles),
            "spec.temporaryRoles" => one.temporary_roles != other.temporary_roles,
            "spec.position" => one.position != other.position,
            "spec.organizations" => !same_names(&one.organizations, &other.organizations),
            "spec.enabled" => one.enabled != other.enabled,
            "spec.validFrom" => one.valid_from != other.valid_from,
            "spec.validUntil" => one.valid_until != other.valid_until,
            "spec.activation" => one.activation != other.activation,
            "spec.home" => one.home != other.home,
            _ => false,
        };
        let fields = of_what.iter().chain(&of_time).filter(|field| differs(field));
        let differing: Vec<Source> = fields.map(|field| self.user_field(field)).collect();
        match what.split_once(' ') {
            _ if !differing.is_empty() => differing,
            _ if self.there.status.phase != self.here.status.phase => self.inactive(),
            _ if mine.home != theirs.home => self.of_home().collect(),
            Some(("role", name)) => vec![Source::new(format!("Role/{name}"), "spec")],
            Some((_, name)) => vec![Source::new(format!("Organization/{name}"), "spec")],
            None => self.of_end(),
        }
    }

    /// Her home, if she has one.
    fn of_home(&self) -> impl Iterator<Item = Source> {
        let user = self.here.user.as_ref();
        let home = user.and_then(|user| user.object.spec.home.clone());
        home.into_iter()
            .map(|home| Source::new(format!("User/{}/{}", home.tenant, home.user), "spec").note("her home"))
    }

    /// Where an organization lies otherwise than on the other side: it, or the nearest one above it that moved.
    fn of_place(&self, organization: &str) -> Source {
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
        Source::new(format!("Organization/{name}"), "spec.parent")
    }

    /// Why a rule does not reach her on the other side: it is another, the tenant lets it not count, she has no action on
    /// the object, or is not in the organization or group.
    fn of_sharing(&self, mine: &Explanation, rule: &str, object: &str) -> Vec<Source> {
        let itself = || vec![Source::new(format!("SharingRule/{rule}"), "spec")];
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
            return vec![Source::new("Tenant/tenant", "spec.dataPermissions")];
        }
        let on_object = |side: &Explanation| -> Vec<Source> {
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
        let joined: Vec<Source> = groups
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
    fn of_end(&self) -> Vec<Source> {
        let (Some(mine), Some(theirs)) = (&self.here.user, &self.there.user) else {
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
        invitation.chain(self.of_home()).collect()
    }

    /// Why roles that she will have on both sides bring different things: those that differ, or else the Tenant.
    fn of_roles_ahead(&self) -> Vec<Source> {
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
                let position = |side: &Side<'_>| side.user.as_ref().and_then(|user| user.object.spec.position.clone());
                let by_position = mine
                    .iter()
                    .chain(&theirs)
                    .all(|source| source.object.starts_with("Role/"));
                if by_position && position(self.here) != position(self.there) {
                    return vec![self.user_field("spec.position")];
                }
                let differing: Vec<Source> = mine.iter().filter(|source| !theirs.contains(source)).cloned().collect();
                let reverse =
                    || -> Vec<Source> { theirs.into_iter().filter(|source| !mine.contains(source)).collect() };
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

/// Whether two lists hold the same names.
fn same_names(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}
