//! What the roles of a user come to together: the rows and columns of each object (R4, R7, R8) and the fields that are not
//! wholly free (R9, R11).

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, ObjectIx};
use super::fields::FieldIx;
use super::roles::{Role, RoleIx, Roles, Scope};
use super::tenant::Settings;
use super::users::UserState;
use crate::api::{Display, RestrictionMode, Rows};

/// The rows and columns of one object that a user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataAccess {
    /// The object type.
    pub object: ObjectIx,
    /// The widest of what her roles give.
    pub rows: Rows,
    /// The roles that give that width, sorted by name; none with [`Rows::None`].
    pub roles: Vec<RoleIx>,
    /// The columns, sorted by name; all when absent, none with [`Rows::None`].
    pub columns: Option<Vec<FieldIx>>,
}

/// How a user sees a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldAccess {
    /// How its values are shown.
    pub display: Display,
    /// Whether she may group by it.
    pub group: bool,
    /// Whether she may filter by it.
    pub filter: bool,
}

impl FieldAccess {
    /// Wholly free.
    const FREE: Self = Self {
        display: Display::Clear,
        group: true,
        filter: true,
    };
    /// What `restricted` means for users without PersonalInfo.
    const HIDDEN: Self = Self {
        display: Display::Hidden,
        group: false,
        filter: false,
    };

    fn of(mode: RestrictionMode) -> Self {
        match mode {
            RestrictionMode::MaskedDisplay => Self {
                display: Display::Masked,
                group: true,
                filter: false,
            },
            RestrictionMode::NoGroupingOrFiltering => Self {
                display: Display::Clear,
                group: false,
                filter: false,
            },
        }
    }

    /// The tighter of each.
    fn join(self, other: Self) -> Self {
        Self {
            display: self.display.max(other.display),
            group: self.group && other.group,
            filter: self.filter && other.filter,
        }
    }
}

/// The rows and columns of every object that the catalogue marks `rows` and whose module the tenant has, sorted.
#[must_use]
pub fn data(catalogue: &Catalogue, settings: &Settings, roles: &Roles, state: &UserState) -> Vec<DataAccess> {
    let scoped = catalogue
        .objects()
        .filter(|(ix, object)| object.rows && settings.has(*ix));
    scoped.map(|(ix, _)| data_of(ix, roles, state)).collect()
}

/// The rows and columns of one object: All, else Some, else None; the columns of all roles that give any (R7, R8).
#[must_use]
pub fn data_of(object: ObjectIx, roles: &Roles, state: &UserState) -> DataAccess {
    let scopes: Vec<(RoleIx, &Scope)> = held(roles, state)
        .flat_map(|(ix, role)| role.scopes.iter().map(move |scope| (ix, scope)))
        .filter(|(_, scope)| scope.object == object && scope.rows != Rows::None)
        .collect();
    let rows = scopes.iter().map(|(_, scope)| scope.rows).max().unwrap_or_default();
    let widest = scopes
        .iter()
        .filter(|(_, scope)| scope.rows == rows)
        .map(|(ix, _)| *ix)
        .collect();
    DataAccess {
        object,
        rows,
        roles: widest,
        columns: columns(scopes.iter().map(|(_, scope)| *scope)),
    }
}

/// The union of the columns; "all" absorbs.
fn columns<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Option<Vec<FieldIx>> {
    let listed: Option<Vec<&Vec<FieldIx>>> = scopes.map(|scope| scope.columns.as_ref()).collect();
    let mut columns: Vec<FieldIx> = listed?.into_iter().flatten().copied().collect();
    columns.sort_unstable();
    columns.dedup();
    (!columns.is_empty()).then_some(columns)
}

/// The fields that are not wholly free for the user, sorted: every restriction that applies is joined, whatever other
/// roles say.
#[must_use]
pub fn fields(settings: &Settings, roles: &Roles, state: &UserState) -> BTreeMap<FieldIx, FieldAccess> {
    let mut fields = BTreeMap::new();
    let mut tighten = |field: FieldIx, by: FieldAccess| {
        let known = fields.entry(field).or_insert(FieldAccess::FREE);
        *known = known.join(by);
    };
    if !settings.sees_personal_info(&state.actions) {
        settings
            .fields
            .restricted()
            .iter()
            .for_each(|field| tighten(*field, FieldAccess::HIDDEN));
    }
    if state.cautious {
        roles
            .restrictions()
            .iter()
            .for_each(|(field, mode)| tighten(*field, FieldAccess::of(*mode)));
    }
    for (_, role) in held(roles, state) {
        role.restrictions
            .iter()
            .for_each(|(field, mode)| tighten(*field, FieldAccess::of(*mode)));
    }
    fields
}

/// Whether the user has every action of every module that the tenant has.
#[must_use]
pub fn has_every_action(settings: &Settings, state: &UserState) -> bool {
    let enabled = settings.enabled_actions();
    !enabled.is_empty() && enabled.iter().all(|action| state.actions.contains(action))
}

/// The roles that the user has.
pub(super) fn held<'a>(roles: &'a Roles, state: &'a UserState) -> impl Iterator<Item = (RoleIx, &'a Role)> {
    state
        .roles
        .iter()
        .filter_map(|held| Some((held.role, roles.get(held.role)?)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate};
    use super::*;

    #[test]
    fn every_action_is_that_of_the_modules_that_the_tenant_has() {
        let most = "Role acme/most {displayName: M, permissions: [{object: Campaign, actions: [Publish]}]}";
        let user =
            |name: &str, role: &str| format!("User acme/{name} {{account: {name}-1, name: Ada, roles: [{role}]}}");
        let (ada, bob) = (user("ada", "administrator"), user("bob", "most"));
        let with_tags = "Tenant acme/tenant {displayName: Acme, modules: [Tags]}";
        let has_every = |tenant: &str, user: &str| {
            let evaluations = evaluate(&[tenant, most, &ada, &bob]);
            let access = evaluations[0].access().unwrap();
            has_every_action(&access.settings, &access.users.by_name(user).unwrap().state)
        };
        for tenant in [TENANT, with_tags] {
            assert!(has_every(tenant, "ada"));
            assert!(!has_every(tenant, "bob"));
        }
    }
}
