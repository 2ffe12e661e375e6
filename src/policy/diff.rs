//! Differences: who loses what and who gains what between two evaluations, and because of what.
//!
//! A person's access is taken apart into [`Grant`]s, one for each thing that a status says of her. What stands on one side
//! only is a loss or a gain; the side that has it also knows where it comes from, and comparing that with the other side
//! tells because of which object and field. Names of files, order and form play no part.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::evaluate::{Access, Evaluation};
use super::explain::{Explanation, Source};
use super::finding::Reason;
use super::held::held_roles;
use super::moments::ahead;
use super::organizations::OrganizationRef;
use super::roles::RoleRef;
use super::sharing::SharingRule;
use super::users::{User, UserIx, UserRef};
use crate::api::{Display, HeldField, Moment, Records, Rows, SharedAccess, SharingRulePhase, UserPhase, UserStatus};

#[cfg(test)]
mod tests;

/// One thing that a person has. The order is that of output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Grant {
    /// She has access at all, until then.
    Access {
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She has a role, until then.
    Role {
        /// The role.
        name: String,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She will have a role or an organization, from then on.
    Later {
        /// `role NAME` or `organization NAME`.
        what: String,
        /// When it begins.
        from: Moment,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// She may do something.
    Permission {
        /// The object type.
        object: String,
        /// The action.
        action: String,
    },
    /// She may enter an organization.
    Organization {
        /// The organization.
        name: String,
    },
    /// Groups that list her are shared with.
    Group {
        /// The group.
        name: String,
    },
    /// She sees rows.
    Rows {
        /// The object type.
        object: String,
        /// All or Some.
        rows: Rows,
        /// Which, with Some.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<String>,
    },
    /// She sees columns.
    Column {
        /// The object type.
        object: String,
        /// The column; all of them when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// She sees the values of a field that not everyone sees, or not so clearly.
    Field {
        /// The object type.
        object: String,
        /// The field.
        field: String,
        /// What she may do with it.
        may: FieldUse,
    },
    /// A sharing rule reaches her: through herself, a group, an organization or everyone.
    Sharing {
        /// The rule.
        rule: String,
        /// The object type.
        object: String,
        /// Which records, in words.
        records: String,
        /// What she may do with them.
        access: &'static str,
        /// When it ends by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
}

/// What may be done with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldUse {
    /// See its values masked.
    SeeMasked,
    /// See its values as they are.
    See,
    /// Group by it.
    Group,
    /// Filter by it.
    Filter,
}

impl FieldUse {
    const ALL: [Self; 4] = [Self::SeeMasked, Self::See, Self::Group, Self::Filter];
}

/// Everything that changes between two sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// The people whose access changes, sorted by tenant and name.
    pub people: Vec<PersonChange>,
}

/// What changes for one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonChange {
    /// Her tenant.
    pub namespace: String,
    /// Her name.
    pub user: String,
    /// What she had and has no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Change>,
    /// What she did not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Change>,
}

/// Some grants that come or go because of the same fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What comes or goes.
    pub grants: Vec<Grant>,
    /// Because of what.
    pub because: Vec<Source>,
}

impl Difference {
    /// How many losses and gains there are in all.
    #[must_use]
    pub fn totals(&self) -> (usize, usize) {
        let count = |changes: &[Change]| changes.iter().map(|change| change.grants.len()).sum::<usize>();
        self.people.iter().fold((0, 0), |(losses, gains), person| {
            (losses + count(&person.losses), gains + count(&person.gains))
        })
    }
}

/// What changes from `before` to `after`, each the evaluations of some tenants at the same moment.
#[must_use]
pub fn difference(before: &[&Evaluation], after: &[&Evaluation]) -> Difference {
    let namespaces: BTreeSet<&str> = before.iter().chain(after).map(|one| one.namespace.as_str()).collect();
    let mut people = Vec::new();
    for namespace in namespaces {
        let old = before.iter().copied().find(|one| one.namespace == namespace);
        let new = after.iter().copied().find(|one| one.namespace == namespace);
        tenant(namespace, old, new, &mut people);
    }
    Difference { people }
}

fn tenant(namespace: &str, old: Option<&Evaluation>, new: Option<&Evaluation>, people: &mut Vec<PersonChange>) {
    let names = |side: Option<&Evaluation>| -> BTreeSet<String> {
        let access = side.and_then(Evaluation::access);
        access
            .into_iter()
            .flat_map(|access| access.users.iter())
            .map(|(_, user)| user.object.name.clone())
            .collect()
    };
    for user in names(old).union(&names(new)) {
        let (old, new) = (Side::of(old, user), Side::of(new, user));
        if old.same(&new) {
            continue;
        }
        let fields: BTreeSet<(String, String)> = old.fields().chain(new.fields()).collect();
        let (had, has) = (old.grants(&fields), new.grants(&fields));
        let losses = old.changes(&new, had.difference(&has));
        let gains = new.changes(&old, has.difference(&had));
        if !losses.is_empty() || !gains.is_empty() {
            people.push(PersonChange {
                namespace: namespace.to_owned(),
                user: user.clone(),
                losses,
                gains,
            });
        }
    }
}

/// A person on one side.
struct Side<'a> {
    evaluation: Option<&'a Evaluation>,
    access: Option<&'a Access>,
    user: Option<(UserIx, &'a User)>,
    status: UserStatus,
    name: &'a str,
}

impl<'a> Side<'a> {
    fn of(evaluation: Option<&'a Evaluation>, name: &'a str) -> Self {
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

    fn active(&self) -> bool {
        self.status.phase == Some(UserPhase::Active)
    }

    /// Whether a look at the whole is enough to see that nothing changes.
    fn same(&self, other: &Self) -> bool {
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
    fn fields(&self) -> impl Iterator<Item = (String, String)> + '_ {
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
    fn grants(&self, fields: &BTreeSet<(String, String)>) -> BTreeSet<Grant> {
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

    /// What she has here and not on the other side, by what it is because of.
    fn changes<'b>(&self, other: &Side<'_>, grants: impl Iterator<Item = &'b Grant>) -> Vec<Change> {
        let mut by_cause: BTreeMap<Vec<Source>, Vec<Grant>> = BTreeMap::new();
        let mut grants = grants.peekable();
        if grants.peek().is_none() {
            return Vec::new();
        }
        let explain = |side: &Side<'_>| side.evaluation.and_then(|evaluation| evaluation.explain(side.name));
        let causes = Causes {
            here: self,
            there: other,
            mine: explain(self),
            theirs: explain(other),
        };
        for grant in grants {
            let mut because = causes.of(grant);
            because.sort();
            because.dedup();
            by_cause.entry(because).or_default().push(grant.clone());
        }
        let mut changes: Vec<Change> = by_cause
            .into_iter()
            .map(|(because, grants)| Change { grants, because })
            .collect();
        changes.sort_by(|one, other| one.grants.cmp(&other.grants));
        changes
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

/// Finds out because of what one side has what the other has not.
struct Causes<'a> {
    here: &'a Side<'a>,
    there: &'a Side<'a>,
    mine: Option<Explanation>,
    theirs: Option<Explanation>,
}

impl Causes<'_> {
    fn of(&self, grant: &Grant) -> Vec<Source> {
        match grant {
            Grant::Later { what, .. } if self.there.user.is_some() => return self.of_later(what),
            _ if !self.there.active() => return self.inactive(),
            _ => {}
        }
        let Some(mine) = &self.mine else { return Vec::new() };
        match grant {
            Grant::Access { .. } => vec![self.user_field("spec.validUntil")],
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
        let (Some((_, user)), Some(theirs)) = (self.there.user, &self.theirs) else {
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
        let (Some((_, mine)), Some((_, theirs))) = (self.here.user, self.there.user) else {
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
            Some((_, name)) => vec![Source::new(format!("Organization/{name}"), "spec")],
            None => Vec::new(),
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

fn sources(named: &[super::explain::ExplainedName], name: &str) -> Vec<Source> {
    named
        .iter()
        .find(|one| one.name == name)
        .map(|one| one.from.clone())
        .unwrap_or_default()
}
