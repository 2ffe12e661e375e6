//! Explanations: where each role, permission, organization and restriction of a user comes from (U6).

use super::access::{data, fields, held};
use super::action_set::ActionIx;
use super::catalogue::Catalogue;
use super::cause::{Cause, FieldPath, Note, ObjectRef};
use super::evaluate::{Access, Evaluation};
use super::fields::FieldIx;
use super::finding::Finding;
use super::held::Held;
use super::roles::Role;
use super::users::User;
use crate::api::{DataScope, Display, Kind, Moment, RoleSpec, Rows, UserPhase, UserType, Via};

#[cfg(test)]
mod tests;

/// Everything that a user has, each with its sources, and everything of hers that is void.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Her tenant.
    pub namespace: String,
    /// Her name.
    pub user: String,
    /// The moment.
    pub at: Moment,
    /// Her phase.
    pub phase: UserPhase,
    /// What makes the phase other than Active, or will end it.
    pub because: Vec<Cause>,
    /// Her roles.
    pub roles: Vec<ExplainedRole>,
    /// Her permissions.
    pub permissions: Vec<ExplainedPermission>,
    /// The organizations that she may enter.
    pub organizations: Vec<ExplainedName>,
    /// The groups that list her.
    pub groups: Vec<ExplainedName>,
    /// The rows and columns that she sees.
    pub data: Vec<ExplainedData>,
    /// The fields that are not wholly free for her.
    pub fields: Vec<ExplainedField>,
    /// What of hers is void, and why.
    pub void: Vec<Finding>,
    /// The next moment at which time alone changes anything.
    pub next_transition: Option<Moment>,
}

/// A role of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedRole {
    /// Its name.
    pub name: String,
    /// In which ways she has it.
    pub via: Vec<Via>,
    /// When she loses it, if she does.
    pub valid_until: Option<Moment>,
    /// Where it comes from.
    pub from: Vec<Cause>,
}

/// A permission of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedPermission {
    /// The object type.
    pub object: String,
    /// The action.
    pub action: String,
    /// Where it comes from: the roles that list it, or else those that list an action it comes with.
    pub from: Vec<Cause>,
}

/// An organization or group of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedName {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub from: Vec<Cause>,
}

/// The rows and columns of one object type.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedData {
    /// The object type.
    pub object: String,
    /// How many rows.
    pub rows: Rows,
    /// Where they come from.
    pub from: Vec<Cause>,
}

/// A field that is not wholly free.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedField {
    /// The object type.
    pub object: String,
    /// The field.
    pub field: String,
    /// How its values are shown.
    pub display: Display,
    /// Whether she may group by it.
    pub group: bool,
    /// Whether she may filter by it.
    pub filter: bool,
    /// What restricts it.
    pub from: Vec<Cause>,
}

impl Evaluation {
    /// Explains the user of that name; `None` when there is none, or no Tenant in force.
    #[must_use]
    pub fn explain(&self, name: &str) -> Option<Explanation> {
        let access = self.access()?;
        let user = access.users.by_name(name)?;
        let explain = Explain {
            evaluation: self,
            access,
            user,
        };
        Some(Explanation {
            namespace: self.namespace.clone(),
            user: name.to_owned(),
            at: self.now,
            phase: user.state.phase,
            because: explain.phase(),
            roles: explain.roles(),
            permissions: explain.permissions(),
            organizations: explain.organizations(),
            groups: explain.groups(),
            data: explain.data(),
            fields: explain.fields(),
            void: explain.void(),
            next_transition: user.next_transition,
        })
    }
}

struct Explain<'a> {
    evaluation: &'a Evaluation,
    access: &'a Access,
    user: &'a User,
}

impl Explain<'_> {
    fn catalogue(&self) -> &Catalogue {
        &self.evaluation.catalogue
    }

    fn of_user(&self, field: impl Into<FieldPath>) -> Cause {
        Cause::in_object(Kind::User, &self.user.object.name, field)
    }

    /// The fields that decide about the phase.
    fn phase(&self) -> Vec<Cause> {
        let spec = &self.user.object.spec;
        let mut because = Vec::new();
        if self.access.settings.suspended {
            because.push(Cause::in_tenant("spec.suspended").note(Note::Suspended));
        }
        if !spec.enabled {
            because.push(self.of_user("spec.enabled").note(Note::SwitchedOff));
        }
        let activation = spec.activation.as_ref().map(|activation| activation.valid_until);
        let ends = [
            ("spec.validUntil", spec.valid_until),
            ("spec.activation.validUntil", activation),
        ];
        because.extend(
            ends.into_iter()
                .filter_map(|(field, end)| Some(self.of_user(field).note(Note::Ends(end?)))),
        );
        because.extend(
            spec.valid_from
                .map(|from| self.of_user("spec.validFrom").note(Note::Begins(from))),
        );
        if spec.kind == UserType::Service && spec.activation.is_none() {
            because.push(self.of_user("spec.activation").note(Note::NotActivated));
        }
        if let (Some(home), Some(declared)) = (&self.user.home, &spec.home) {
            let phase = home.phase(self.evaluation.now);
            let home = ObjectRef::user_of(&declared.tenant, &declared.user);
            because.push(Cause::new(home, "status.phase").note(Note::HomePhase(phase)));
        }
        because
    }

    fn roles(&self) -> Vec<ExplainedRole> {
        let roles = self.user.state.roles.iter().filter_map(|held| {
            let role = self.access.roles.get(held.role)?;
            let via = held.via().collect();
            Some(ExplainedRole {
                name: role.name.clone(),
                via,
                valid_until: held.valid_until(),
                from: self.given(held, role),
            })
        });
        roles.collect()
    }

    /// Where a role comes from.
    fn given(&self, held: &Held, role: &Role) -> Vec<Cause> {
        let spec = &self.user.object.spec;
        let now = self.evaluation.now;
        let mut from = Vec::new();
        let direct = spec
            .roles
            .iter()
            .position(|name| *name == role.name)
            .filter(|_| held.direct);
        from.extend(direct.map(|index| self.of_user(FieldPath::new("spec.roles").at(index))));
        for (index, temporary) in spec.temporary_roles.iter().enumerate() {
            let begun = temporary.valid_from.is_none_or(|from| from <= now);
            if temporary.role == role.name && begun && now < temporary.valid_until {
                let period = self.of_user(FieldPath::new("spec.temporaryRoles").at(index));
                from.push(period.note(Note::Ends(temporary.valid_until)));
            }
        }
        let positions = role
            .spec(self.catalogue())
            .map_or(&[][..], |spec| spec.positions.as_slice());
        let position = positions
            .iter()
            .position(|position| Some(position) == spec.position.as_ref());
        if let Some(index) = position.filter(|_| held.position) {
            from.push(of_role(role, FieldPath::new("spec.positions").at(index)).note(Note::ByPosition));
        }
        from
    }

    fn permissions(&self) -> Vec<ExplainedPermission> {
        let permissions = self.user.state.actions.iter().filter_map(|ix| {
            let action = self.catalogue().action(ix)?;
            let object = self.catalogue().object(action.object)?;
            let from = self.allowed_by(ix);
            Some(ExplainedPermission {
                object: object.name.clone(),
                action: action.name.clone(),
                from,
            })
        });
        permissions.collect()
    }

    /// The entries of roles that list the action, or else those of an action that it comes with.
    fn allowed_by(&self, wanted: ActionIx) -> Vec<Cause> {
        let mut listed = Vec::new();
        let mut implied = Vec::new();
        for (_, role) in held(&self.access.roles, &self.user.state) {
            for (field, ix) in role
                .spec(self.catalogue())
                .into_iter()
                .flat_map(|spec| self.listed_actions(spec))
            {
                let entry = of_role(role, field);
                match self.catalogue().action(ix) {
                    _ if ix == wanted => listed.push(entry),
                    Some(action) if action.closure.contains(wanted) => {
                        let object = self.catalogue().object(action.object);
                        implied.push(entry.note(Note::ComesWith {
                            object: object.map(|object| object.name.clone()).unwrap_or_default(),
                            action: action.name.clone(),
                        }));
                    }
                    _ => {}
                }
            }
        }
        if listed.is_empty() { implied } else { listed }
    }

    /// The actions that a role lists, of modules that the tenant has, each with its field.
    fn listed_actions<'b>(&'b self, spec: &'b RoleSpec) -> impl Iterator<Item = (FieldPath, ActionIx)> + 'b {
        spec.permissions.iter().enumerate().flat_map(move |(p, permission)| {
            permission.actions.iter().enumerate().filter_map(move |(a, name)| {
                let action = self.catalogue().find_action(&permission.object, name)?;
                let enabled = self.access.settings.enabled_actions().contains(action);
                let field = || FieldPath::new("spec.permissions").at(p).field("actions").at(a);
                enabled.then(|| (field(), action))
            })
        })
    }

    fn organizations(&self) -> Vec<ExplainedName> {
        let spec = &self.user.object.spec;
        let explained = self.access.entered(self.user).map(|organization| {
            let listed = spec.organizations.iter().position(|name| *name == organization.name);
            let from = match listed {
                Some(index) => self.of_user(FieldPath::new("spec.organizations").at(index)),
                None => Cause::in_tenant("spec.dataPermissions").note(Note::NoOrganizationListed),
            };
            ExplainedName {
                name: organization.name.clone(),
                from: vec![from],
            }
        });
        explained.collect()
    }

    fn groups(&self) -> Vec<ExplainedName> {
        if self.user.state.phase != UserPhase::Active {
            return Vec::new();
        }
        let groups = self.user.groups.iter();
        let groups = groups.filter_map(|name| self.access.groups.by_name(name));
        let groups = groups.filter_map(|group| {
            let index = group
                .object
                .spec
                .users
                .iter()
                .position(|name| *name == self.user.object.name)?;
            let name = group.object.name.clone();
            let from = vec![Cause::in_object(
                Kind::UserGroup,
                &name,
                FieldPath::new("spec.users").at(index),
            )];
            Some(ExplainedName { name, from })
        });
        groups.collect()
    }

    fn data(&self) -> Vec<ExplainedData> {
        if self.user.state.phase != UserPhase::Active {
            return Vec::new();
        }
        let seen = data(
            self.catalogue(),
            &self.access.settings,
            &self.access.roles,
            &self.user.state,
        );
        let explained = seen.into_iter().filter_map(|seen| {
            let object = self.catalogue().object(seen.object)?.name.clone();
            let from = held(&self.access.roles, &self.user.state).filter_map(|(_, role)| {
                let spec = role.spec(self.catalogue())?;
                let index = spec
                    .data
                    .iter()
                    .position(|data| data.object == object && data.rows != Rows::None)?;
                let data = spec.data.get(index)?;
                let entry = of_role(role, FieldPath::new("spec.data").at(index));
                Some(entry.note(scope_note(data)))
            });
            Some(ExplainedData {
                rows: seen.rows,
                from: from.collect(),
                object,
            })
        });
        explained.collect()
    }

    fn fields(&self) -> Vec<ExplainedField> {
        if self.user.state.phase != UserPhase::Active {
            return Vec::new();
        }
        let seen = fields(&self.access.settings, &self.access.roles, &self.user.state);
        let explained = seen.into_iter().filter_map(|(ix, seen)| {
            Some(ExplainedField {
                object: self.catalogue().object(ix.object)?.name.clone(),
                field: self.access.settings.fields.get(ix)?.name.clone(),
                display: seen.display,
                group: seen.group,
                filter: seen.filter,
                from: self.restricted_by(ix),
            })
        });
        explained.collect()
    }

    /// What restricts a field: the tenant's mark, her roles, and, while a role of hers may be missing a restriction, every
    /// role of the tenant.
    fn restricted_by(&self, wanted: FieldIx) -> Vec<Cause> {
        let mut from = Vec::new();
        let settings = &self.access.settings;
        let object = self
            .catalogue()
            .object(wanted.object)
            .map_or("", |object| object.name.as_str());
        let name = settings.fields.get(wanted).map_or("", |field| field.name.as_str());
        if !settings.sees_personal_info(&self.user.state.actions) && settings.fields.restricted().contains(&wanted) {
            from.extend(self.declared_restricted(object, name));
        }
        let cautious = self.user.state.cautious;
        // What a role restricts leaves out the entries that are void.
        for (ix, role) in self
            .access
            .roles
            .iter()
            .filter(|(_, role)| role.restrictions.iter().any(|(field, _)| *field == wanted))
        {
            let held = self.user.state.roles.iter().any(|held| held.role == ix);
            let Some(spec) = role.spec(self.catalogue()).filter(|_| held || cautious) else {
                continue;
            };
            for (index, restriction) in spec.restrictions.iter().enumerate() {
                if restriction.object == object && restriction.field == name {
                    let entry = of_role(role, FieldPath::new("spec.restrictions").at(index));
                    from.push(entry.note(if held {
                        Note::Restricts(restriction.mode)
                    } else {
                        Note::RestrictsInDoubt(restriction.mode)
                    }));
                }
            }
        }
        from
    }

    fn declared_restricted(&self, object: &str, name: &str) -> Option<Cause> {
        let spec = &self.evaluation.tenant.as_ref()?.spec;
        let o = spec.objects.iter().position(|entry| entry.object == object)?;
        let f = spec
            .objects
            .get(o)?
            .fields
            .iter()
            .position(|field| field.name == name)?;
        let field = FieldPath::new("spec.objects")
            .at(o)
            .field("fields")
            .at(f)
            .field("restricted");
        Some(Cause::in_tenant(field).note(Note::Personal))
    }

    fn void(&self) -> Vec<Finding> {
        self.user.findings.clone().sorted()
    }
}

fn of_role(role: &Role, field: FieldPath) -> Cause {
    Cause::in_object(Kind::Role, &role.name, field)
}

fn scope_note(data: &DataScope) -> Note {
    Note::Scope {
        rows: data.rows,
        condition: data.condition.clone(),
        columns: data.columns.clone(),
    }
}
