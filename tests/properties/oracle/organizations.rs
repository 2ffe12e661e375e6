//! Organizations.

use tenantry::api::{HEADQUARTERS, Kind, OrganizationSpec, TenantSpec, UNASSIGNED};
use tenantry::policy::{Class, Reason};

use super::tenant::limits;
use super::{Mark, Named, Oracle, dependency, refused, waiting};
use crate::world::{Body, Doc};

impl<'a> Oracle<'a> {
    pub(super) fn organization_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &OrganizationSpec) -> Vec<Mark> {
        if is_system(doc.name()) {
            let same = is_as_the_system(tenant, doc.name(), spec);
            return if same {
                vec![]
            } else {
                vec![refused("metadata.name", Reason::ReservedName)]
            };
        }
        let mut marks = Vec::new();
        if spec.code.is_some() && self.code_is_taken(tenant, doc, spec) {
            marks.push(refused("spec.code", Reason::DuplicateCode));
        }
        if self.on_a_cycle(doc) {
            marks.push(refused("spec.parent", Reason::OrganizationCycle));
        } else {
            marks.extend(self.parent_finding(spec));
        }
        if self.too_deep_or_too_many(tenant, doc) {
            marks.push(refused("spec.parent", Reason::LimitExceeded));
        }
        marks
    }

    /// "Codes are unique within the tenant, exact bytes, headquarters' code first: the older keeps it."
    fn code_is_taken(self, tenant: &TenantSpec, doc: &Doc, spec: &OrganizationSpec) -> bool {
        let first = tenant
            .headquarters
            .as_ref()
            .and_then(|headquarters| headquarters.code.clone());
        if first == spec.code {
            return true;
        }
        let mut older = self.older(doc).into_iter().filter(|other| !is_system(other.name()));
        older.any(|other| matches!(&other.body, Body::Organization(older) if older.code == spec.code))
    }

    /// "No organization may have `unassigned` as parent (DependencyInvalid). Parent missing: DependencyNotFound; parent
    /// void: DependencyInvalid."
    fn parent_finding(self, spec: &OrganizationSpec) -> Option<Mark> {
        if spec.parent == UNASSIGNED {
            return Some(waiting("spec.parent", Reason::DependencyInvalid));
        }
        dependency(
            self.look(Kind::Organization, &spec.parent),
            Class::Waiting,
            "spec.parent",
        )
    }

    fn parent(self, name: &str) -> Option<String> {
        if name == HEADQUARTERS {
            return None;
        }
        if name == UNASSIGNED {
            return Some(HEADQUARTERS.to_owned());
        }
        match &self.find(Kind::Organization, name)?.body {
            Body::Organization(spec) => Some(spec.parent.clone()),
            _ => None,
        }
    }

    /// The organization and all above it, as long as there are any; a cycle is cut where it closes.
    fn chain(self, name: &str) -> Vec<String> {
        let mut chain = vec![name.to_owned()];
        while let Some(parent) = self.parent(&chain[chain.len() - 1]) {
            if chain.contains(&parent) {
                break;
            }
            chain.push(parent);
        }
        chain
    }

    /// "A cycle consists of schema-valid organizations only."
    fn on_a_cycle(self, doc: &Doc) -> bool {
        let chain = self.chain(doc.name());
        let last = &chain[chain.len() - 1];
        self.parent(last).as_deref() == Some(doc.name())
    }

    /// "Its chain of `parent` through schema-valid organizations up to headquarters, void or not."
    pub(crate) fn level(self, name: &str) -> Option<i32> {
        let chain = self.chain(name);
        (chain[chain.len() - 1] == HEADQUARTERS).then(|| i32::try_from(chain.len()).expect("a short chain"))
    }

    /// "A level deeper than `organizationLevels`: refused. More than `organizationsPerLevel` on a level: the youngest of that
    /// level are refused; every schema-valid organization whose parents lead up to headquarters counts, void or not; the two
    /// of the system do not."
    fn too_deep_or_too_many(self, tenant: &TenantSpec, doc: &Doc) -> bool {
        let Some(level) = self.level(doc.name()) else {
            return false;
        };
        let mut of_level = self.oldest_first(Kind::Organization);
        of_level.retain(|other| !is_system(other.name()) && self.level(other.name()) == Some(level));
        level > limits(tenant).organization_levels
            || Self::beyond(doc, &of_level, limits(tenant).organizations_per_level)
    }

    /// "Level and path only while in force": a refused manifest of a system organization shows none.
    pub(crate) fn place(self, name: &str) -> Option<(i32, Vec<String>)> {
        let mut docs = self.in_namespace().into_iter();
        let declared = docs.find(|doc| doc.kind() == Kind::Organization && doc.name.as_deref() == Some(name));
        let refused = declared.is_some_and(|doc| self.void(doc));
        if refused || self.look(Kind::Organization, name) != Named::InForce {
            return None;
        }
        let mut path = self.chain(name);
        path.reverse();
        Some((self.level(name)?, path))
    }
}

pub(super) fn is_system(name: &str) -> bool {
    name == HEADQUARTERS || name == UNASSIGNED
}

/// "headquarters is level 1 (its displayName and code stand in the Tenant; its own `parent` is ignored); unassigned
/// (displayName `Unassigned`) is a child of it."
fn is_as_the_system(tenant: &TenantSpec, name: &str, spec: &OrganizationSpec) -> bool {
    if name == UNASSIGNED {
        return spec.display_name == "Unassigned" && spec.parent == HEADQUARTERS && spec.code.is_none();
    }
    let settings = tenant.headquarters.clone().unwrap_or_default();
    let display_name = settings.display_name.unwrap_or_else(|| String::from("Headquarters"));
    spec.display_name == display_name && spec.code == settings.code
}
