//! Roles: what is wrong with them, and what each alone gives.

use std::collections::BTreeSet;

use tenantry::api::{Assignment, DataScope, Delegation, FieldType, Kind, Restriction, RoleSpec, Rows, TenantSpec};
use tenantry::policy::{Class, Reason};

use super::catalogue::{Right, SYSTEM_ROLES, SystemRole, closure, object, objects};
use super::tenant::{condition_fault, declares_attribute, field, has_module, limits, positions};
use super::{Mark, Named, Oracle, dependency, partial, refused};
use crate::world::{Body, CATALOGUE, Doc};

impl<'a> Oracle<'a> {
    pub(super) fn role_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &RoleSpec) -> Vec<Mark> {
        if let Some(system) = CATALOGUE.system_role(doc.name()) {
            let same = system.spec == *spec;
            return if same {
                vec![]
            } else {
                vec![refused("metadata.name", Reason::ReservedName)]
            };
        }
        let mut marks = permission_findings(tenant, spec);
        for (d, data) in spec.data.iter().enumerate() {
            marks.extend(data_findings(tenant, data, &format!("spec.data[{d}]")));
        }
        for (r, restriction) in spec.restrictions.iter().enumerate() {
            marks.extend(restriction_findings(
                tenant,
                restriction,
                &format!("spec.restrictions[{r}]"),
            ));
        }
        marks.extend(unknown_positions(tenant, &spec.positions, "spec.positions"));
        let mut custom = self.oldest_first(Kind::Role);
        custom.retain(|role| system_role(role.name()).is_none());
        if Self::beyond(doc, &custom, limits(tenant).roles) {
            marks.push(refused("metadata.name", Reason::LimitExceeded));
        }
        marks
    }

    /// Not asked whether a role is void: all of them are in part.
    pub(super) fn delegation_findings(self, tenant: &TenantSpec, delegation: &Delegation) -> Vec<Mark> {
        let mut marks = Vec::new();
        if let Some(users) = &delegation.manage_users {
            let path = "spec.delegation.manageUsers";
            marks.extend(unknown_positions(
                tenant,
                &users.positions,
                &format!("{path}.positions"),
            ));
            for (a, attribute) in users.attributes.iter().enumerate() {
                if !declares_attribute(tenant, attribute) {
                    marks.push(partial(format!("{path}.attributes[{a}]"), Reason::DependencyNotFound));
                }
            }
        }
        for (r, role) in delegation
            .assign_roles
            .iter()
            .flat_map(|assign| &assign.roles)
            .enumerate()
        {
            let path = format!("spec.delegation.assignRoles.roles[{r}]");
            marks.extend(dependency(self.look(Kind::Role, role), Class::Partial, path));
        }
        marks
    }

    /// The spec of a custom role in force.
    fn custom_in_force(self, name: &str) -> Option<&'a RoleSpec> {
        if system_role(name).is_some() || self.look(Kind::Role, name) != Named::InForce {
            return None;
        }
        match &self.find(Kind::Role, name)?.body {
            Body::Role(spec) => Some(spec),
            _ => None,
        }
    }

    /// Whether a role in force has assignment Position.
    pub(super) fn by_position_only(self, name: &str) -> bool {
        self.custom_in_force(name)
            .is_some_and(|role| role.assignment == Assignment::Position)
    }

    /// The names of the custom roles in force that are given to a position.
    pub(super) fn roles_of_position(self, position: &str) -> Vec<String> {
        let mut names = Vec::new();
        for doc in self.oldest_first(Kind::Role) {
            let given = |role: &RoleSpec| role.positions.iter().any(|listed| listed == position);
            if self.custom_in_force(doc.name()).is_some_and(given) {
                names.push(doc.name().to_owned());
            }
        }
        names
    }

    /// Whether a void role, readable or not, names the position. A manifest of a system role's name "changes nothing", whatever
    /// it says and be it no object at all.
    pub(super) fn a_void_role_names(self, position: &str) -> bool {
        self.in_namespace().into_iter().any(|doc| match &doc.body {
            _ if system_role(doc.name()).is_some() => false,
            Body::Role(role) => role.positions.iter().any(|listed| listed == position) && self.void(doc),
            Body::Broken(Kind::Role, positions) => positions.iter().any(|listed| listed == position),
            _ => false,
        })
    }

    /// What a role in force gives, closed, without what belongs to modules that the tenant lacks.
    pub(super) fn rights(self, tenant: &TenantSpec, names: &[String]) -> BTreeSet<Right> {
        let mut rights = BTreeSet::new();
        for name in names {
            if let Some(system) = system_role(name) {
                rights.extend(system.rights());
            }
            for permission in self.custom_in_force(name).iter().flat_map(|role| &role.permissions) {
                let object = &permission.object;
                rights.extend(permission.actions.iter().map(|action| (object.clone(), action.clone())));
            }
        }
        rights.retain(|(object, _)| has_module(tenant, object));
        let mut closed = closure(rights);
        closed.retain(|(object, _)| has_module(tenant, object));
        closed
    }

    /// The rows and columns that a role in force gives of an object.
    pub(super) fn data(self, tenant: &TenantSpec, role: &str, object: &str) -> (Rows, Option<Vec<String>>) {
        if system_role(role).is_some_and(|system| system.all_rows(object)) {
            return (Rows::All, None);
        }
        let mut data = self.custom_in_force(role).into_iter().flat_map(|role| &role.data);
        match data.find(|data| data.object == object && has_module(tenant, object)) {
            Some(data) => (data.rows, data.columns.clone()),
            None => (Rows::None, None),
        }
    }

    /// The restrictions of a role in force, those on objects of modules that the tenant lacks left out.
    pub(super) fn restrictions(self, tenant: &TenantSpec, role: &str) -> Vec<&'a Restriction> {
        let restrictions = self
            .custom_in_force(role)
            .into_iter()
            .flat_map(|role| &role.restrictions);
        restrictions
            .filter(|restriction| has_module(tenant, &restriction.object))
            .collect()
    }

    /// "Restrictions that hold for her by the safety rule come from schema-valid, not ReservedName roles, entries with known
    /// object and field and module."
    pub(super) fn every_restriction(self, tenant: &TenantSpec) -> Vec<&'a Restriction> {
        let mut all = Vec::new();
        for doc in self.oldest_first(Kind::Role) {
            match &doc.body {
                Body::Role(role) if system_role(doc.name()).is_none() => all.extend(&role.restrictions),
                _ => {}
            }
        }
        all.retain(|one: &&Restriction| {
            has_module(tenant, &one.object) && field(tenant, &one.object, &one.field).is_some()
        });
        all
    }
}

pub(super) fn system_role(name: &str) -> Option<&'static SystemRole> {
    SYSTEM_ROLES.iter().find(|role| role.name == name)
}

fn permission_findings(tenant: &TenantSpec, role: &RoleSpec) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (p, permission) in role.permissions.iter().enumerate() {
        let path = format!("spec.permissions[{p}]");
        let Some(object) = object(&permission.object) else {
            marks.push(refused(format!("{path}.object"), Reason::UnknownObject));
            continue;
        };
        if !has_module(tenant, object.name) {
            marks.push(partial(format!("{path}.object"), Reason::ModuleNotEnabled));
        }
        for (a, action) in permission.actions.iter().enumerate() {
            if !object.actions().contains(action) {
                marks.push(refused(format!("{path}.actions[{a}]"), Reason::UnknownAction));
            }
        }
    }
    marks
}

fn data_findings(tenant: &TenantSpec, data: &DataScope, path: &str) -> Vec<Mark> {
    if !objects().iter().any(|object| object.name == data.object && object.rows) {
        return vec![refused(format!("{path}.object"), Reason::UnknownObject)];
    }
    let mut marks = Vec::new();
    if !has_module(tenant, &data.object) {
        marks.push(partial(format!("{path}.object"), Reason::ModuleNotEnabled));
    }
    if let Some(text) = &data.condition
        && let Some(reason) = condition_fault(tenant, &data.object, text)
    {
        marks.push(refused(format!("{path}.condition"), reason));
    }
    for (c, column) in data.columns.iter().flatten().enumerate() {
        if field(tenant, &data.object, column).is_none() {
            marks.push(refused(format!("{path}.columns[{c}]"), Reason::UnknownField));
        }
    }
    marks
}

fn restriction_findings(tenant: &TenantSpec, restriction: &Restriction, path: &str) -> Vec<Mark> {
    if object(&restriction.object).is_none() {
        return vec![refused(format!("{path}.object"), Reason::UnknownObject)];
    }
    let mut marks = Vec::new();
    if !has_module(tenant, &restriction.object) {
        marks.push(partial(format!("{path}.object"), Reason::ModuleNotEnabled));
    }
    match field(tenant, &restriction.object, &restriction.field) {
        None => marks.push(refused(format!("{path}.field"), Reason::UnknownField)),
        Some(FieldType::Bool | FieldType::Timestamp) => {
            marks.push(refused(format!("{path}.field"), Reason::FieldType));
        }
        Some(_) => {}
    }
    marks
}

fn unknown_positions(tenant: &TenantSpec, named: &[String], path: &str) -> Vec<Mark> {
    let unknown = named
        .iter()
        .enumerate()
        .filter(|(_, position)| !positions(tenant).contains(position));
    unknown
        .map(|(p, _)| partial(format!("{path}[{p}]"), Reason::DependencyNotFound))
        .collect()
}
