//! What a person has on one side, taken apart into grants.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::compare::{Fields, field_uses, groups, organizations, permissions, rows_and_columns};
use super::super::evaluate::{Access, Evaluation};
use super::super::grant::{Entitlement, Grant, RowSet, SharedRecords};
use super::super::held::Held;
use super::super::moments::ahead;
use super::super::sharing::{SharingRule, Which};
use super::super::users::User;
use super::tenant_delta::{TenantDelta, in_headquarters};
use crate::api::{HeldData, Moment, Records, Rows, SharingRulePhase, UserPhase, UserStatus, Visibility};

/// A person on one side, at a moment.
pub(super) struct Side<'a> {
    pub(super) evaluation: Option<&'a Evaluation>,
    pub(super) access: Option<&'a Access>,
    pub(super) user: Option<Cow<'a, User>>,
    pub(super) status: UserStatus,
    pub(super) name: &'a str,
    delta: &'a TenantDelta,
    at: Moment,
}

impl<'a> Side<'a> {
    /// As the evaluation finds her.
    pub(super) fn of(evaluation: Option<&'a Evaluation>, name: &'a str, delta: &'a TenantDelta) -> Self {
        let access = evaluation.and_then(Evaluation::access);
        let user = access.and_then(|access| access.users.by_name(name).map(Cow::Borrowed));
        Self {
            evaluation,
            access,
            status: status(evaluation, access, user.as_ref()),
            user,
            name,
            delta,
            at: evaluation.map_or(Moment::MIN, |evaluation| evaluation.now),
        }
    }

    /// As she will be at a moment ahead, by time alone.
    pub(super) fn at(&self, at: Moment) -> Self {
        let user = self.user.as_ref().map(|user| {
            let mut user = user.clone();
            if let (Some(evaluation), Some(access)) = (self.evaluation, self.access) {
                user.to_mut().state = evaluation.state_at(access, &user, at);
            }
            user
        });
        Self {
            status: status(self.evaluation, self.access, user.as_ref()),
            user,
            at,
            ..*self
        }
    }

    /// As she would be with those of her roles only that she has on the other side as well.
    pub(super) fn with_roles_of(&self, other: &Self) -> Self {
        let common = |name: &str| other.status.roles.iter().any(|role| role.name == name);
        let user = self.user.as_ref().map(|user| {
            let mut user = user.clone();
            if let (Some(evaluation), Some(access)) = (self.evaluation, self.access) {
                let state = &mut user.to_mut().state;
                let name = |held: &Held| access.roles.get(held.role).map_or("", |role| role.name.as_str());
                state.roles.retain(|held| common(name(held)));
                state.actions = access.roles.actions(&state.roles, evaluation.catalogue.no_actions());
            }
            user
        });
        Self {
            status: status(self.evaluation, self.access, user.as_ref()),
            user,
            ..*self
        }
    }

    /// Whether nothing that decides about her is other, so that what is the same now is so at every moment. Of who has no
    /// access yet it does not show now what she will have.
    pub(super) fn steady(&self, other: &Self) -> bool {
        match (&self.user, &other.user) {
            (Some(user), Some(others)) => {
                self.active()
                    && other.active()
                    && self.delta.steady
                    && user.object.spec == others.object.spec
                    && user.home == others.home
                    && user.void_from == others.void_from
            }
            (None, None) => true,
            _ => false,
        }
    }

    /// The moments ahead at which time changes her.
    pub(super) fn ahead(&self) -> Vec<Moment> {
        let user = self.user.as_ref();
        user.map_or_else(Vec::new, |user| ahead(self.at, user.moments()))
    }

    pub(super) fn active(&self) -> bool {
        self.status.phase == Some(UserPhase::Active)
    }

    /// Whether a look at the whole is enough to see that nothing changes. Where the two are `steady`, ends are the same as well.
    pub(super) fn same(&self, other: &Self, steady: bool) -> bool {
        self.status == other.status
            && (steady || self.standing() == other.standing())
            && match (self.holder(), other.holder()) {
                (Some(holder), Some(others)) => {
                    self.delta.is_level()
                        && other.delta.is_level()
                        && self.data_grants(&holder) == other.data_grants(&others)
                        && self.sharing_grants(&holder) == other.sharing_grants(&others)
                }
                (None, None) => true,
                _ => false,
            }
    }

    /// She and her tenant, if she has any access.
    fn holder(&self) -> Option<Holder<'_>> {
        let user = self.user.as_ref().filter(|_| self.active())?;
        Some(Holder {
            access: self.access?,
            user,
        })
    }

    /// When her access ends by itself.
    fn end(&self) -> Option<Moment> {
        let Holder { access, user, .. } = self.holder()?;
        let suspended = access.settings.suspended;
        let mut ahead = self.ahead().into_iter();
        ahead.find(|at| user.phase(suspended, *at) != UserPhase::Active)
    }

    /// Everything that she has. Of the fields those are told that are restricted on either side.
    pub(super) fn grants(&self, fields: &Fields) -> BTreeSet<Grant> {
        let mut grants = self.standing();
        grants.extend(self.brought(fields));
        grants
    }

    /// What may end by itself.
    pub(super) fn ending(&self) -> BTreeSet<Grant> {
        let mut grants = self.standing();
        grants.extend(self.holder().iter().flat_map(|holder| self.sharing_grants(holder)));
        grants
    }

    /// Her access, roles and organizations.
    pub(super) fn standing(&self) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        let Some(holder) = self.holder() else { return grants };
        grants.insert(Grant::now(Entitlement::Access).until(self.end()));
        grants.extend(self.status.roles.iter().map(|role| {
            let until = role.valid_until.map(|until| last_end(holder.user, &role.name, until));
            let name = role.name.clone();
            Grant::now(Entitlement::Role { name }).until(until)
        }));
        grants.extend(organizations(&self.status));
        grants
    }

    /// What comes with these.
    pub(super) fn brought(&self, fields: &Fields) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        let Some(holder) = self.holder() else { return grants };
        let status = &self.status;
        grants.extend(permissions(status));
        grants.extend(groups(status));
        grants.extend(self.data_grants(&holder));
        grants.extend(field_uses(status, fields));
        grants.extend(self.sharing_grants(&holder));
        if let Some(evaluation) = self.evaluation {
            grants.extend(self.delta.grants(evaluation, holder.access, holder.user));
        }
        grants
    }

    fn data_grants(&self, holder: &Holder<'_>) -> Vec<Grant> {
        let seen = |data: &HeldData| {
            let some = || RowSet::Where(self.conditions(holder, &data.object));
            rows_and_columns(data, if data.rows == Rows::Some { some() } else { RowSet::All })
        };
        self.status.data.iter().flat_map(seen).collect()
    }

    /// The conditions of which any one may hold, sorted.
    fn conditions(&self, Holder { access, user, .. }: &Holder<'_>, object: &str) -> Vec<String> {
        let Some((object, _)) = self.evaluation.and_then(|evaluation| evaluation.catalogue.find(object)) else {
            return Vec::new();
        };
        let roles = user.state.roles.iter().filter_map(|held| access.roles.get(held.role));
        let scopes = roles
            .flat_map(|role| &role.scopes)
            .filter(|scope| scope.object == object);
        let conditions = scopes.filter_map(|scope| scope.condition.as_ref());
        conditions
            .map(|condition| spaced(condition.source()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// What is shared with her, as far as it counts: not where the tenant limits nothing on one of the
    /// sides, nor in headquarters, nor where she has no action.
    fn sharing_grants(&self, holder: &Holder<'_>) -> Vec<Grant> {
        let catalogue = self.evaluation.map(|evaluation| &evaluation.catalogue);
        let may = |rule: &SharingRule| {
            let object = catalogue.and_then(|catalogue| catalogue.object(rule.about?));
            object.is_some_and(|object| object.actions.intersects(&holder.user.state.actions))
        };
        let permissions = &holder.access.settings.data_permissions;
        let limited = permissions.enabled && !self.delta.limits && !in_headquarters(holder.access, holder.user);
        let rules = holder.access.rules.iter().filter(|rule| limited && may(rule));
        let active = rules.filter(|rule| rule.phase(self.at) == SharingRulePhase::Active);
        active
            .filter(|rule| reaches(rule, holder, permissions.visibility))
            .map(shared)
            .collect()
    }
}

/// Someone who has access, and the tenant that gives it.
struct Holder<'a> {
    access: &'a Access,
    user: &'a User,
}

fn status(evaluation: Option<&Evaluation>, access: Option<&Access>, user: Option<&Cow<'_, User>>) -> UserStatus {
    match (evaluation, access, user) {
        (Some(evaluation), Some(access), Some(user)) => evaluation.user_status(access, user),
        _ => UserStatus::default(),
    }
}

/// When a temporary role ends whose present period ends then: at the last end of periods that follow each other.
fn last_end(user: &User, role: &str, end: Moment) -> Moment {
    let periods = user.object.spec.temporary_roles.iter();
    let mut periods: Vec<_> = periods.filter(|period| period.role == role).collect();
    periods.sort_by_key(|period| period.valid_from);
    periods.iter().fold(end, |end, period| match period.valid_from {
        Some(from) if from > end => end,
        _ => end.max(period.valid_until),
    })
}

/// Whether the rule shares with her: by herself, a group, an organization that she may enter, or with everyone. One by the
/// code of an organization says to which the records belong, so it counts for whoever may enter any; the others do not where
/// users see no more than what belongs to their organization.
fn reaches(rule: &SharingRule, Holder { user, .. }: &Holder<'_>, visibility: Visibility) -> bool {
    if let Which::OrganizationAttribute(field) = rule.which {
        return field.is_some() && !user.organizations().is_empty();
    }
    if visibility == Visibility::CurrentOrganizationOnly {
        return false;
    }
    let to = rule.object.spec.to.as_ref();
    to.is_some_and(|to| to.everyone)
        || rule.users().contains(&user.object.name)
        || rule
            .organizations
            .iter()
            .any(|organization| user.organizations().contains(organization))
        || to.is_some_and(|to| {
            let mut groups = user.groups.iter();
            groups.any(|group| to.groups.iter().any(|name| **name == **group))
        })
}

fn shared(rule: &SharingRule) -> Grant {
    let spec = &rule.object.spec;
    let sharing = Entitlement::Sharing {
        rule: rule.object.name.clone(),
        object: spec.object.clone(),
        records: spec.which().map(|which| match which {
            Records::Ownerless => SharedRecords::Ownerless,
            Records::OrganizationAttribute(field) => SharedRecords::OrganizationAttribute(field.to_owned()),
            Records::Condition(condition) => SharedRecords::Condition(spaced(condition)),
            Records::Listed(ids) => SharedRecords::Listed(sorted(ids)),
            Records::ContentGroups(ids) => SharedRecords::ContentGroups(sorted(ids)),
        }),
        access: rule.access,
    };
    Grant::now(sharing).until(spec.valid_until)
}

fn sorted(ids: &[String]) -> Vec<String> {
    let ids: BTreeSet<&String> = ids.iter().collect();
    ids.into_iter().cloned().collect()
}

/// A condition with one space wherever it has white space outside of text.
fn spaced(condition: &str) -> String {
    let mut out = String::with_capacity(condition.len());
    let mut quote = None;
    let mut escaped = false;
    for letter in condition.trim().chars() {
        match quote {
            None if letter.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            Some(open) if letter == open && !escaped => quote = None,
            _ => {}
        }
        escaped = quote.is_some() && letter == '\\' && !escaped;
        out.push(letter);
    }
    out
}
