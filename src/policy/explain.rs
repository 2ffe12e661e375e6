//! Explanations: where each role, permission, organization and restriction of a user comes from (U6).

use serde::Serialize;

use super::access::{data, fields, held};
use super::action_set::ActionIx;
use super::catalogue::Catalogue;
use super::evaluate::{Access, Evaluation};
use super::fields::FieldIx;
use super::held::Held;
use super::roles::Role;
use super::users::User;
use crate::api::{Display, Moment, RestrictionMode, RoleSpec, Rows, UserPhase, UserType, Via};

#[cfg(test)]
mod tests;

/// Everything that a user has, each with its sources, and everything of hers that is void.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Source>,
    /// Her roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ExplainedRole>,
    /// Her permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<ExplainedPermission>,
    /// The organizations that she may enter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<ExplainedName>,
    /// The groups that list her.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<ExplainedName>,
    /// The rows and columns that she sees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<ExplainedData>,
    /// The fields that are not wholly free for her.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ExplainedField>,
    /// What of hers is void, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub void: Vec<ExplainedVoid>,
    /// The next moment at which time alone changes anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Moment>,
}

/// A field of an object, as a source of something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// Kind and name, as in `Role/content-editor`.
    pub object: String,
    /// The field, as in `spec.permissions[0].actions[1]`.
    pub field: String,
    /// What more there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Source {
    pub(super) fn new(object: impl Into<String>, field: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            field: field.into(),
            note: None,
        }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// A role of the user.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedRole {
    /// Its name.
    pub name: String,
    /// In which ways she has it.
    pub via: Vec<Via>,
    /// When she loses it, if she does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// Where it comes from.
    pub from: Vec<Source>,
}

/// A permission of the user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedPermission {
    /// The object type.
    pub object: String,
    /// The action.
    pub action: String,
    /// Where it comes from: the roles that list it, or else those that list an action it comes with.
    pub from: Vec<Source>,
}

/// An organization or group of the user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedName {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub from: Vec<Source>,
}

/// The rows and columns of one object type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedData {
    /// The object type.
    pub object: String,
    /// How many rows.
    pub rows: Rows,
    /// Where they come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Source>,
}

/// A field that is not wholly free.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    pub from: Vec<Source>,
}

/// Something of the user that is void.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedVoid {
    /// The field.
    pub field: String,
    /// `Refused`, `Waiting` or `Partial`.
    pub class: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
    /// What mends it.
    pub mend: String,
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

    fn of_user(&self, field: impl Into<String>) -> Source {
        Source::new(format!("User/{}", self.user.object.name), field)
    }

    /// The fields that decide about the phase.
    fn phase(&self) -> Vec<Source> {
        let spec = &self.user.object.spec;
        let mut because = Vec::new();
        if self.access.settings.suspended {
            because.push(Source::new("Tenant/tenant", "spec.suspended").note("nobody has any access"));
        }
        if !spec.enabled {
            because.push(self.of_user("spec.enabled").note("switched off"));
        }
        let activation = spec.activation.as_ref().map(|activation| activation.valid_until);
        let ends = [
            ("spec.validUntil", spec.valid_until),
            ("spec.activation.validUntil", activation),
        ];
        because.extend(
            ends.into_iter()
                .filter_map(|(field, end)| Some(self.of_user(field).note(format!("ends {}", end?)))),
        );
        because.extend(
            spec.valid_from
                .map(|from| self.of_user("spec.validFrom").note(format!("begins {from}"))),
        );
        if spec.kind == UserType::Service && spec.activation.is_none() {
            because.push(self.of_user("spec.activation").note("not activated"));
        }
        if let (Some(home), Some(declared)) = (&self.user.home, &spec.home) {
            let phase = home.phase(self.evaluation.now);
            let source = Source::new(format!("User/{}/{}", declared.tenant, declared.user), "status.phase");
            because.push(source.note(format!("the home user is {phase:?}")));
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
    fn given(&self, held: &Held, role: &Role) -> Vec<Source> {
        let spec = &self.user.object.spec;
        let now = self.evaluation.now;
        let mut from = Vec::new();
        let direct = spec
            .roles
            .iter()
            .position(|name| *name == role.name)
            .filter(|_| held.direct);
        from.extend(direct.map(|index| self.of_user(format!("spec.roles[{index}]"))));
        for (index, temporary) in spec.temporary_roles.iter().enumerate() {
            let begun = temporary.valid_from.is_none_or(|from| from <= now);
            if temporary.role == role.name && begun && now < temporary.valid_until {
                let source = self.of_user(format!("spec.temporaryRoles[{index}]"));
                from.push(source.note(format!("ends {}", temporary.valid_until)));
            }
        }
        let positions = role
            .spec(self.catalogue())
            .map_or(&[][..], |spec| spec.positions.as_slice());
        let position = positions
            .iter()
            .position(|position| Some(position) == spec.position.as_ref());
        if let Some(index) = position.filter(|_| held.position) {
            let source = Source::new(format!("Role/{}", role.name), format!("spec.positions[{index}]"));
            from.push(source.note("by her position"));
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
    fn allowed_by(&self, wanted: ActionIx) -> Vec<Source> {
        let mut listed = Vec::new();
        let mut implied = Vec::new();
        for (_, role) in held(&self.access.roles, &self.user.state) {
            for (field, ix) in role
                .spec(self.catalogue())
                .into_iter()
                .flat_map(|spec| self.listed_actions(spec))
            {
                let source = Source::new(format!("Role/{}", role.name), field);
                match self.catalogue().action(ix) {
                    _ if ix == wanted => listed.push(source),
                    Some(action) if action.closure.contains(wanted) => {
                        let object = self
                            .catalogue()
                            .object(action.object)
                            .map_or("", |object| object.name.as_str());
                        implied.push(source.note(format!("comes with {object}:{}", action.name)));
                    }
                    _ => {}
                }
            }
        }
        if listed.is_empty() { implied } else { listed }
    }

    /// The actions that a role lists, of modules that the tenant has, each with its field.
    fn listed_actions<'b>(&'b self, spec: &'b RoleSpec) -> impl Iterator<Item = (String, ActionIx)> + 'b {
        spec.permissions.iter().enumerate().flat_map(move |(p, permission)| {
            permission.actions.iter().enumerate().filter_map(move |(a, name)| {
                let action = self.catalogue().find_action(&permission.object, name)?;
                let enabled = self.access.settings.enabled_actions().contains(action);
                enabled.then(|| (format!("spec.permissions[{p}].actions[{a}]"), action))
            })
        })
    }

    fn organizations(&self) -> Vec<ExplainedName> {
        let spec = &self.user.object.spec;
        let explained = self.access.entered(self.user).map(|organization| {
            let listed = spec.organizations.iter().position(|name| *name == organization.name);
            let from = match listed {
                Some(index) => self.of_user(format!("spec.organizations[{index}]")),
                None => Source::new("Tenant/tenant", "spec.dataPermissions").note("she lists no organization"),
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
            let from = vec![Source::new(format!("UserGroup/{name}"), format!("spec.users[{index}]"))];
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
                let source = Source::new(format!("Role/{}", role.name), format!("spec.data[{index}]"));
                Some(source.note(rows_note(data)))
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
    fn restricted_by(&self, wanted: FieldIx) -> Vec<Source> {
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
                    let field = format!("spec.restrictions[{index}]");
                    let source = Source::new(format!("Role/{}", role.name), field);
                    let mode = mode_note(restriction.mode);
                    from.push(if held {
                        source.note(mode)
                    } else {
                        source.note(format!("{mode}; {CAUTION}"))
                    });
                }
            }
        }
        from
    }

    fn declared_restricted(&self, object: &str, name: &str) -> Option<Source> {
        let spec = &self.evaluation.tenant.as_ref()?.spec;
        let o = spec.objects.iter().position(|entry| entry.object == object)?;
        let f = spec
            .objects
            .get(o)?
            .fields
            .iter()
            .position(|field| field.name == name)?;
        let field = format!("spec.objects[{o}].fields[{f}].restricted");
        Some(Source::new("Tenant/tenant", field).note("hidden without DataSpace:PersonalInfo"))
    }

    fn void(&self) -> Vec<ExplainedVoid> {
        let findings = self
            .user
            .findings
            .clone()
            .sorted()
            .into_iter()
            .map(|finding| ExplainedVoid {
                field: finding.path,
                class: finding.class.as_str(),
                reason: finding.reason.as_str(),
                message: finding.message,
                mend: finding.mend,
            });
        findings.collect()
    }
}

const CAUTION: &str = "holds because a role or position of hers is void or unknown";

fn rows_note(data: &crate::api::DataScope) -> String {
    let rows = match &data.condition {
        Some(condition) => format!("where {condition}"),
        None => format!("{:?}", data.rows),
    };
    match &data.columns {
        Some(columns) => format!("{rows}; columns {}", columns.join(", ")),
        None => rows,
    }
}

fn mode_note(mode: RestrictionMode) -> String {
    match mode {
        RestrictionMode::MaskedDisplay => "masked".to_owned(),
        RestrictionMode::NoGroupingOrFiltering => "no grouping or filtering".to_owned(),
    }
}
