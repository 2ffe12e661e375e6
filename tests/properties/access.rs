//! Everyone's access in a world, in a form in which more and less can be told apart.

use std::collections::{BTreeMap, BTreeSet};

use tenantry::api::{
    ConditionStatus, Display, HEADQUARTERS, Kind, Rows, SharedAccess, SharingRulePhase, UNASSIGNED, UserPhase,
    UserStatus,
};
use tenantry::policy::{Access, Evaluation, SharingRule, User};

use crate::oracle::Right;
use crate::world::CATALOGUE;

/// Display, group, filter: how free a field is.
pub(crate) type Freedom = (Display, bool, bool);
/// Object and field.
pub(crate) type Field = (String, String);

/// What one person has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UserAccess {
    pub(crate) roles: BTreeSet<String>,
    pub(crate) rights: BTreeSet<Right>,
    pub(crate) rows: BTreeMap<String, RowAccess>,
    /// Fields that are not wholly free.
    pub(crate) fields: BTreeMap<Field, Freedom>,
    pub(crate) organizations: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
}

/// What a person sees of an object's records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RowAccess {
    pub(crate) width: Rows,
    /// Of which any may hold, with rows Some.
    pub(crate) conditions: BTreeSet<String>,
    /// All when absent.
    pub(crate) columns: Option<BTreeSet<String>>,
}

/// Whom a rule in force shares with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shared {
    pub(crate) access: SharedAccess,
    pub(crate) everyone: bool,
    pub(crate) to: BTreeSet<(Kind, String)>,
}

/// What everybody of a tenant has.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantAccess {
    /// By name; only Active users have anything.
    pub(crate) users: BTreeMap<String, UserAccess>,
    /// By name; only rules in force share.
    pub(crate) rules: BTreeMap<String, Shared>,
    /// The schema-valid objects that are in force, and the system's, which no manifest can break.
    pub(crate) in_force: BTreeSet<(Kind, String)>,
    /// Those users for whom every restriction holds.
    pub(crate) in_doubt: BTreeSet<String>,
}

pub(crate) fn of_all(evaluations: &[Evaluation]) -> BTreeMap<String, TenantAccess> {
    let all = evaluations
        .iter()
        .map(|evaluation| (evaluation.namespace.clone(), of_tenant(evaluation)));
    all.collect()
}

pub(crate) fn of_tenant(evaluation: &Evaluation) -> TenantAccess {
    let mut all = TenantAccess::default();
    let Some(access) = evaluation.access() else { return all };
    for user in access.users.iter() {
        let status = evaluation.user_status(access, user);
        if status.phase == Some(UserPhase::Active) {
            all.users
                .insert(user.object.name.clone(), of_user(access, user, &status));
        }
        if user.state.cautious {
            all.in_doubt.insert(user.object.name.clone());
        }
    }
    for rule in access
        .rules
        .iter()
        .filter(|rule| rule.phase(evaluation.now) == SharingRulePhase::Active)
    {
        all.rules
            .insert(rule.object.name.clone(), of_rule(evaluation, access, rule));
    }
    let system_roles = CATALOGUE
        .system_roles()
        .iter()
        .map(|role| (Kind::Role, role.name.clone()));
    all.in_force.extend(system_roles);
    all.in_force
        .extend([HEADQUARTERS, UNASSIGNED].map(|name| (Kind::Organization, name.to_owned())));
    for reported in evaluation.statuses() {
        let mut conditions = crate::conditions_of(&reported.status).iter();
        if conditions.any(|one| one.kind == "Ready" && one.status == ConditionStatus::True) {
            all.in_force.insert((reported.kind, reported.name.to_owned()));
        }
    }
    all
}

/// What the status says, and which conditions stand behind rows Some.
pub(crate) fn of_user(access: &Access, user: &User, status: &UserStatus) -> UserAccess {
    let mut all = of_status(status);
    for held in &user.state.roles {
        let role = access.roles.get(held.role).expect("a role that is held is there");
        for scope in role.scopes.iter().filter(|scope| scope.rows == Rows::Some) {
            let object = CATALOGUE.object(scope.object).expect("a known object");
            let rows = all.rows.get_mut(&object.name).expect("an object with rows");
            let condition = scope.condition.as_ref().expect("rows Some have a condition");
            rows.conditions.insert(condition.source().to_owned());
        }
    }
    all
}

/// What the status says.
pub(crate) fn of_status(status: &UserStatus) -> UserAccess {
    let rights = status.permissions.iter().flat_map(|permission| {
        let object = &permission.object;
        permission
            .actions
            .iter()
            .map(move |action| (object.clone(), action.clone()))
    });
    let rows = status.data.iter().map(|data| {
        let rows = RowAccess {
            width: data.rows,
            conditions: BTreeSet::new(),
            columns: data.columns.as_ref().map(|columns| columns.iter().cloned().collect()),
        };
        (data.object.clone(), rows)
    });
    let fields = status.fields.iter().map(|field| {
        let name = (field.object.clone(), field.field.clone());
        (name, (field.display, field.group, field.filter))
    });
    UserAccess {
        roles: status.roles.iter().map(|role| role.name.clone()).collect(),
        rights: rights.collect(),
        rows: rows.collect(),
        fields: fields.collect(),
        organizations: status.organizations.iter().cloned().collect(),
        groups: status.groups.iter().cloned().collect(),
    }
}

fn of_rule(evaluation: &Evaluation, access: &Access, rule: &SharingRule) -> Shared {
    let mut to = BTreeSet::new();
    for ix in &rule.organizations {
        let organization = access.organizations.get(*ix).expect("a known organization");
        to.insert((Kind::Organization, organization.name.clone()));
    }
    for name in rule.object.spec.to.iter().flat_map(|to| &to.groups) {
        let mut groups = access.groups.iter().filter(|group| group.in_force);
        if groups.any(|group| group.object.name == *name) {
            to.insert((Kind::UserGroup, name.clone()));
        }
    }
    for user in rule.users().iter().filter_map(|name| access.users.by_name(name)) {
        if user.void_from.is_none_or(|from| evaluation.now < from) {
            to.insert((Kind::User, user.object.name.clone()));
        }
    }
    Shared {
        access: rule.access,
        everyone: rule.object.spec.to.as_ref().is_some_and(|to| to.everyone),
        to,
    }
}

impl UserAccess {
    /// Rights that this one has beyond another.
    pub(crate) fn rights_beyond(&self, other: &Self) -> Vec<Right> {
        self.rights.difference(&other.rights).cloned().collect()
    }

    /// Objects of which this one shows rows or columns that another does not.
    pub(crate) fn rows_beyond(&self, other: &Self) -> Vec<String> {
        let nothing = RowAccess::default();
        let wider = self
            .rows
            .iter()
            .filter(|(object, rows)| rows.beyond(other.rows.get(*object).unwrap_or(&nothing)));
        wider.map(|(object, _)| object.clone()).collect()
    }

    /// Fields that are freer here than for another.
    pub(crate) fn fields_freer_than(&self, other: &Self) -> Vec<Field> {
        let free = (Display::Clear, true, true);
        let freer = other.fields.iter().filter(|(field, there)| {
            let here = self.fields.get(*field).unwrap_or(&free);
            here.0 < there.0 || (here.1 && !there.1) || (here.2 && !there.2)
        });
        freer.map(|(field, _)| field.clone()).collect()
    }
}

impl RowAccess {
    fn beyond(&self, other: &Self) -> bool {
        let wider = self.width > other.width;
        let by_condition = self.width == Rows::Some && other.width == Rows::Some;
        let more_rows = by_condition && !self.conditions.is_subset(&other.conditions);
        let more_columns = self.width != Rows::None
            && match (&self.columns, &other.columns) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(here), Some(there)) => !here.is_subset(there),
            };
        wider || more_rows || more_columns
    }
}
