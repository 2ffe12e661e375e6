//! What an Active user has.

use std::collections::{BTreeMap, BTreeSet};

use tenantry::api::{
    Display, HEADQUARTERS, HeldData, HeldField, HeldPermission, HeldRole, Kind, Moment, Restriction, RestrictionMode,
    Rows, TenantSpec, UNASSIGNED, UserPhase, UserSpec, UserStatus, Via,
};

use super::catalogue::objects;
use super::tenant::{data_permissions, has_module, positions};
use super::{Named, Oracle};
use crate::world::{Body, Doc};

/// Display, group, filter: how free a field is.
type Freedom = (Display, bool, bool);

impl<'a> Oracle<'a> {
    /// The status of a user but for conditions and next transition.
    pub(crate) fn user_status(self, doc: &Doc, spec: &UserSpec) -> UserStatus {
        let phase = self.phase(doc, spec);
        let mut status = UserStatus {
            phase: Some(phase),
            ..UserStatus::default()
        };
        if let (Some(tenant), UserPhase::Active) = (self.tenant(), phase) {
            status.roles = self.held_roles(tenant, spec);
            let names: Vec<String> = status.roles.iter().map(|role| role.name.clone()).collect();
            status.permissions = self.held_permissions(tenant, &names);
            status.organizations = self.entered(tenant, doc, spec);
            status.groups = self.groups_of(doc.name());
            status.data = self.held_data(tenant, &names);
            status.fields = self.held_fields(tenant, spec, &names);
        }
        status
    }

    /// The roles with their ways and ends: `None` is a way without end.
    fn ways(self, tenant: &TenantSpec, spec: &UserSpec) -> BTreeMap<String, Vec<(Via, Option<Moment>)>> {
        let mut ways: BTreeMap<String, Vec<(Via, Option<Moment>)>> = BTreeMap::new();
        for role in &spec.roles {
            if self.look(Kind::Role, role) == Named::InForce && !self.by_position_only(role) {
                ways.entry(role.clone()).or_default().push((Via::Direct, None));
            }
        }
        for position in spec
            .position
            .iter()
            .filter(|position| positions(tenant).contains(position))
        {
            for role in self.roles_of_position(position) {
                ways.entry(role).or_default().push((Via::Position, None));
            }
        }
        for temporary in &spec.temporary_roles {
            let begun = temporary.valid_from.is_none_or(|from| self.now >= from);
            let within = begun && self.now < temporary.valid_until;
            if within && self.look(Kind::Role, &temporary.role) == Named::InForce {
                let way = (Via::Temporary, Some(temporary.valid_until));
                ways.entry(temporary.role.clone()).or_default().push(way);
            }
        }
        ways
    }

    fn held_roles(self, tenant: &TenantSpec, spec: &UserSpec) -> Vec<HeldRole> {
        let ways = self.ways(tenant, spec).into_iter();
        let held = ways.map(|(name, ways)| {
            let via: BTreeSet<Via> = ways.iter().map(|(via, _)| *via).collect();
            let ends: Option<Vec<Moment>> = ways.iter().map(|(_, end)| *end).collect();
            HeldRole {
                name,
                via: via.into_iter().collect(),
                valid_until: ends.and_then(|ends| ends.into_iter().max()),
            }
        });
        held.collect()
    }

    fn held_permissions(self, tenant: &TenantSpec, names: &[String]) -> Vec<HeldPermission> {
        let mut by_object: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (object, action) in self.rights(tenant, names) {
            by_object.entry(object).or_default().push(action);
        }
        let alone: Vec<_> = names
            .iter()
            .map(|name| (name, self.rights(tenant, std::slice::from_ref(name))))
            .collect();
        let giving = |object: &String| {
            let giving = alone
                .iter()
                .filter(|(_, rights)| rights.iter().any(|(given, _)| given == object));
            giving.map(|(name, _)| (*name).clone()).collect()
        };
        let held = by_object.into_iter().map(|(object, actions)| HeldPermission {
            roles: giving(&object),
            object,
            actions,
        });
        held.collect()
    }

    /// "Listed ones. A user that lists none: while data permissions are disabled, none; while enabled, headquarters if created
    /// before `headquartersBefore`, else unassigned (a user without a creationTimestamp was not)."
    fn entered(self, tenant: &TenantSpec, doc: &Doc, spec: &UserSpec) -> Vec<String> {
        if !spec.organizations.is_empty() {
            return self.listed_organizations(tenant, doc, spec);
        }
        if !data_permissions(tenant) {
            return vec![];
        }
        let before = tenant
            .data_permissions
            .as_ref()
            .and_then(|data| data.headquarters_before);
        match (doc.created, before) {
            (Some(created), Some(before)) if created < before => vec![HEADQUARTERS.to_owned()],
            _ => vec![UNASSIGNED.to_owned()],
        }
    }

    fn groups_of(self, user: &str) -> Vec<String> {
        let mut groups = self.oldest_first(Kind::UserGroup);
        groups.retain(|group| match &group.body {
            Body::Group(spec) => spec.users.iter().any(|listed| listed == user) && !self.void(group),
            _ => false,
        });
        let mut names: Vec<String> = groups.into_iter().map(|group| group.name().to_owned()).collect();
        names.sort();
        names
    }

    /// "The widest over all active roles. Columns: union over the active roles that give All or Some; all absorbs."
    fn held_data(self, tenant: &TenantSpec, names: &[String]) -> Vec<HeldData> {
        let mut held = Vec::new();
        for object in objects()
            .iter()
            .filter(|object| object.rows && has_module(tenant, object.name))
        {
            let given: Vec<(&String, Rows, Option<Vec<String>>)> = names
                .iter()
                .map(|name| {
                    let (rows, columns) = self.data(tenant, name, object.name);
                    (name, rows, columns)
                })
                .filter(|(_, rows, _)| *rows != Rows::None)
                .collect();
            let widest = given.iter().map(|(_, rows, _)| *rows).max().unwrap_or(Rows::None);
            let widest_of = given.iter().filter(|(_, rows, _)| *rows == widest);
            let columns: Option<Vec<Vec<String>>> = given.iter().map(|(_, _, columns)| columns.clone()).collect();
            let columns = columns.filter(|_| !given.is_empty());
            let columns: Option<BTreeSet<String>> = columns.map(|columns| columns.into_iter().flatten().collect());
            held.push(HeldData {
                object: object.name.to_owned(),
                rows: widest,
                roles: widest_of.map(|(name, _, _)| (*name).clone()).collect(),
                columns: columns.map(|columns| columns.into_iter().collect()),
            });
        }
        held.sort_by_key(|data| data.object.clone());
        held
    }

    /// "All restrictions that apply are joined, the tighter of each wins. A field that the tenant marks `restricted`: Hidden,
    /// no, no, for users without (DataSpace, PersonalInfo)."
    fn held_fields(self, tenant: &TenantSpec, spec: &UserSpec, names: &[String]) -> Vec<HeldField> {
        let mut fields: BTreeMap<(String, String), Freedom> = BTreeMap::new();
        let mut tighten = |object: &str, field: &str, (display, group, filter): Freedom| {
            let known = fields.entry((object.to_owned(), field.to_owned()));
            let known = known.or_insert((Display::Clear, true, true));
            *known = (known.0.max(display), known.1 && group, known.2 && filter);
        };
        let own = names.iter().flat_map(|name| self.restrictions(tenant, name));
        let all = if self.is_in_doubt(tenant, spec) {
            self.every_restriction(tenant)
        } else {
            vec![]
        };
        for restriction in own.chain(all) {
            let Restriction { object, field, mode } = restriction;
            tighten(
                object,
                field,
                match mode {
                    RestrictionMode::MaskedDisplay => (Display::Masked, true, false),
                    RestrictionMode::NoGroupingOrFiltering => (Display::Clear, false, false),
                },
            );
        }
        let personal = (String::from("DataSpace"), String::from("PersonalInfo"));
        if !self.rights(tenant, names).contains(&personal) {
            for entry in tenant
                .objects
                .iter()
                .filter(|entry| super::object(&entry.object).is_some())
            {
                for field in entry.fields.iter().filter(|field| field.restricted) {
                    tighten(&entry.object, &field.name, (Display::Hidden, false, false));
                }
            }
        }
        let held = fields
            .into_iter()
            .map(|((object, field), (display, group, filter))| HeldField {
                object,
                field,
                display,
                group,
                filter,
            });
        held.collect()
    }

    /// "While any role that the user names (direct, or temporary within its period) or that names her position is missing or
    /// void or not assignable to her, or her position is unknown."
    fn is_in_doubt(self, tenant: &TenantSpec, spec: &UserSpec) -> bool {
        let void = |role: &String| self.look(Kind::Role, role) != Named::InForce;
        let direct = spec.roles.iter().any(|role| void(role) || self.by_position_only(role));
        let temporary = spec.temporary_roles.iter().any(|temporary| {
            let begun = temporary.valid_from.is_none_or(|from| self.now >= from);
            begun && self.now < temporary.valid_until && void(&temporary.role)
        });
        let position = spec
            .position
            .as_ref()
            .is_some_and(|position| !positions(tenant).contains(position) || self.a_void_role_names(position));
        direct || temporary || position
    }
}
