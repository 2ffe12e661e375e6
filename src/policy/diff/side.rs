//! What a person has on one side, taken apart into grants.

use std::collections::BTreeSet;

use super::super::evaluate::{Access, Evaluation};
use super::super::held::held_roles;
use super::super::moments::ahead;
use super::super::organizations::OrganizationRef;
use super::super::sharing::SharingRule;
use super::super::users::{User, UserIx, UserRef};
use super::{FieldUse, Grant};
use crate::api::{Display, HeldField, Moment, Records, Rows, SharedAccess, SharingRulePhase, UserPhase, UserStatus};

/// A person on one side.
pub(super) struct Side<'a> {
    pub(super) evaluation: Option<&'a Evaluation>,
    pub(super) access: Option<&'a Access>,
    pub(super) user: Option<(UserIx, &'a User)>,
    pub(super) status: UserStatus,
    pub(super) name: &'a str,
}

impl<'a> Side<'a> {
    pub(super) fn of(evaluation: Option<&'a Evaluation>, name: &'a str) -> Self {
        let access = evaluation.and_then(Evaluation::access);
        let user = access.and_then(|access| match access.users.find(name) {
            UserRef::Known(ix) => Some((ix, access.users.get(ix)?)),
            UserRef::Missing | UserRef::Broken => None,
        });
        let status = match (evaluation, access, user) {
            (Some(evaluation), Some(access), Some((ix, user))) => evaluation.user_status(access, ix, user),
            _ => UserStatus::default(),
        };
        Self {
            evaluation,
            access,
            user,
            status,
            name,
        }
    }

    pub(super) fn active(&self) -> bool {
        self.status.phase == Some(UserPhase::Active)
    }

    /// Whether a look at the whole is enough to see that nothing changes.
    pub(super) fn same(&self, other: &Self) -> bool {
        let until = |side: &Self| side.user.map(|(_, user)| user.object.spec.valid_until);
        let rows = |side: &Self| match (side.access, side.user.filter(|_| side.active())) {
            (Some(access), Some((_, user))) => side.data_grants(access, user),
            _ => Vec::new(),
        };
        self.status == other.status
            && until(self) == until(other)
            && self.later() == other.later()
            && rows(self) == rows(other)
            && self.shared() == other.shared()
    }

    fn shared(&self) -> Vec<Grant> {
        match (self.access, self.user.filter(|_| self.active())) {
            (Some(access), Some((ix, user))) => self.sharing_grants(access, ix, user),
            _ => Vec::new(),
        }
    }

    /// The fields that are not wholly free for her.
    pub(super) fn fields(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.status
            .fields
            .iter()
            .map(|field| (field.object.clone(), field.field.clone()))
    }

    /// What she does not have yet, and will have by time alone: roles of a period ahead, and everything of someone who is
    /// still Pending.
    fn later(&self) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        let (Some(evaluation), Some(access), Some((_, user))) = (self.evaluation, self.access, self.user) else {
            return grants;
        };
        let spec = &user.object.spec;
        let now: BTreeSet<_> = user.state.roles.iter().map(|held| held.role).collect();
        for at in ahead(evaluation.now, user.moments()) {
            if user.phase(access.settings.suspended, at) != UserPhase::Active {
                continue;
            }
            let (roles, _) = held_roles(&access.settings, &access.roles, spec, at);
            for held in roles.iter().filter(|held| !now.contains(&held.role)) {
                let name = access.roles.get(held.role).map_or("", |role| role.name.as_str());
                let until = held.valid_until();
                add_later(&mut grants, format!("role {name}"), at, until);
            }
            if !self.active() {
                let entered = spec.organizations.iter();
                let entered =
                    entered.filter(|name| matches!(access.organizations.find(name), OrganizationRef::InForce(_)));
                entered.for_each(|name| add_later(&mut grants, format!("organization {name}"), at, None));
            }
        }
        grants
    }

    /// Everything that she has. Of the fields those are told that are restricted on either side.
    pub(super) fn grants(&self, fields: &BTreeSet<(String, String)>) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        grants.extend(self.later());
        let (Some(access), Some((ix, user))) = (self.access, self.user.filter(|_| self.active())) else {
            return grants;
        };
        let status = &self.status;
        grants.insert(Grant::Access {
            until: user.object.spec.valid_until,
        });
        grants.extend(status.roles.iter().map(|role| Grant::Role {
            name: role.name.clone(),
            until: role.valid_until,
        }));
        for held in &status.permissions {
            let grant = |action: &String| Grant::Permission {
                object: held.object.clone(),
                action: action.clone(),
            };
            grants.extend(held.actions.iter().map(grant));
        }
        grants.extend(
            status
                .organizations
                .iter()
                .map(|name| Grant::Organization { name: name.clone() }),
        );
        grants.extend(status.groups.iter().map(|name| Grant::Group { name: name.clone() }));
        grants.extend(self.data_grants(access, user));
        for (object, field) in fields {
            let known = status
                .fields
                .iter()
                .find(|held| held.object == *object && held.field == *field);
            let uses = FieldUse::ALL.into_iter().filter(|may| allows(known, *may));
            grants.extend(uses.map(|may| Grant::Field {
                object: object.clone(),
                field: field.clone(),
                may,
            }));
        }
        grants.extend(self.sharing_grants(access, ix, user));
        grants
    }

    fn data_grants(&self, access: &Access, user: &User) -> Vec<Grant> {
        let mut grants = Vec::new();
        for data in self.status.data.iter().filter(|data| data.rows != Rows::None) {
            let object = data.object.clone();
            let conditions = if data.rows == Rows::Some {
                self.conditions(access, user, &object)
            } else {
                Vec::new()
            };
            grants.push(Grant::Rows {
                object: object.clone(),
                rows: data.rows,
                conditions,
            });
            match &data.columns {
                None => grants.push(Grant::Column { object, column: None }),
                Some(columns) => grants.extend(columns.iter().map(|column| Grant::Column {
                    object: object.clone(),
                    column: Some(column.clone()),
                })),
            }
        }
        grants
    }

    /// The conditions of which any one may hold, sorted.
    fn conditions(&self, access: &Access, user: &User, object: &str) -> Vec<String> {
        let Some((object, _)) = self.evaluation.and_then(|evaluation| evaluation.catalogue.find(object)) else {
            return Vec::new();
        };
        let roles = user.state.roles.iter().filter_map(|held| access.roles.get(held.role));
        let scopes = roles
            .flat_map(|role| &role.scopes)
            .filter(|scope| scope.object == object);
        let conditions = scopes.filter_map(|scope| scope.condition.as_ref());
        conditions
            .map(|condition| condition.source().to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    fn sharing_grants(&self, access: &Access, ix: UserIx, user: &User) -> Vec<Grant> {
        let now = self.evaluation.map_or(Moment::MIN, |evaluation| evaluation.now);
        let active = access
            .rules
            .iter()
            .filter(|rule| rule.phase(now) == SharingRulePhase::Active);
        active
            .filter(|rule| reaches(access, rule, ix, user))
            .map(shared)
            .collect()
    }
}

fn allows(field: Option<&HeldField>, may: FieldUse) -> bool {
    field.is_none_or(|field| match may {
        FieldUse::SeeMasked => field.display <= Display::Masked,
        FieldUse::See => field.display == Display::Clear,
        FieldUse::Group => field.group,
        FieldUse::Filter => field.filter,
    })
}

/// Adds what begins at that moment, unless it has begun earlier.
fn add_later(grants: &mut BTreeSet<Grant>, what: String, from: Moment, until: Option<Moment>) {
    let known = |grant: &Grant| matches!(grant, Grant::Later { what: known, from: begun, .. } if *known == what && *begun <= from);
    if !grants.iter().any(known) {
        grants.insert(Grant::Later { what, from, until });
    }
}

/// Whether the rule shares with her: by herself, a group, an organization that she may enter, or with everyone.
fn reaches(access: &Access, rule: &SharingRule, ix: UserIx, user: &User) -> bool {
    let to = rule.object.spec.to.as_ref();
    to.is_some_and(|to| to.everyone)
        || rule.users.contains(&ix)
        || rule
            .organizations
            .iter()
            .any(|organization| user.state.organizations.contains(organization))
        || to.is_some_and(|to| {
            access
                .groups_of(ix)
                .any(|group| to.groups.iter().any(|name| name == group))
        })
}

fn shared(rule: &SharingRule) -> Grant {
    let spec = &rule.object.spec;
    Grant::Sharing {
        rule: rule.object.name.clone(),
        object: spec.object.clone(),
        records: match spec.which() {
            Some(Records::Ownerless) => "without owner".to_owned(),
            Some(Records::OrganizationAttribute(field)) => format!("by the code in {field}"),
            Some(Records::Condition(condition)) => format!("where {condition}"),
            Some(Records::Listed(ids)) => ids.join(", "),
            Some(Records::ContentGroups(ids)) => format!("in {}", ids.join(", ")),
            None => String::new(),
        },
        access: match rule.access {
            SharedAccess::Read => "Read",
            SharedAccess::Edit => "Edit",
        },
        until: spec.valid_until,
    }
}
