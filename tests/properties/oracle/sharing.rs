//! User groups and sharing rules.

use std::collections::BTreeSet;

use tenantry::api::{FieldType, Kind, ObjectAccess, SharingRulePhase, SharingRuleSpec, TenantSpec, UserGroupSpec};
use tenantry::policy::{Class, Reason};

use super::catalogue::object;
use super::tenant::{condition_fault, field, has_module, limits};
use super::{Mark, Named, Oracle, dependency, refused, waiting};
use crate::world::{Body, Doc};

impl<'a> Oracle<'a> {
    pub(super) fn group_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &UserGroupSpec) -> Vec<Mark> {
        let mut marks = self.each_named(Kind::User, &spec.users, "spec.users");
        let most = usize::try_from(limits(tenant).users_per_group).expect("a limit is at least 1");
        if spec.users.len() > most {
            marks.push(refused("spec.users", Reason::LimitExceeded));
        }
        if Self::beyond(doc, &self.oldest_first(Kind::UserGroup), limits(tenant).user_groups) {
            marks.push(refused("metadata.name", Reason::LimitExceeded));
        }
        marks
    }

    fn each_named(self, kind: Kind, names: &[String], path: &str) -> Vec<Mark> {
        let names = names.iter().enumerate();
        let marks =
            names.filter_map(|(n, name)| dependency(self.look(kind, name), Class::Partial, format!("{path}[{n}]")));
        marks.collect()
    }

    pub(super) fn rule_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &SharingRuleSpec) -> Vec<Mark> {
        let mut marks = Vec::new();
        if let Some(to) = &spec.to {
            marks.extend(self.each_named(Kind::Organization, &to.organizations, "spec.to.organizations"));
            marks.extend(self.each_named(Kind::User, &to.users, "spec.to.users"));
            marks.extend(self.each_named(Kind::UserGroup, &to.groups, "spec.to.groups"));
        }
        let mut by_condition = self.oldest_first(Kind::SharingRule);
        by_condition.retain(|rule| matches!(&rule.body, Body::Rule(spec) if spec.condition.is_some()));
        if Self::beyond(doc, &by_condition, limits(tenant).condition_rules) {
            marks.push(refused("spec.condition", Reason::LimitExceeded));
        }
        marks.extend(about_the_object(tenant, spec));
        marks
    }

    /// "Missing or void entries of `to` are void."
    pub(crate) fn recipients(self, spec: &SharingRuleSpec) -> BTreeSet<(Kind, String)> {
        let to = spec.to.clone().unwrap_or_default();
        let named = [
            (Kind::Organization, to.organizations),
            (Kind::User, to.users),
            (Kind::UserGroup, to.groups),
        ];
        let each = named
            .into_iter()
            .flat_map(|(kind, names)| names.into_iter().map(move |name| (kind, name)));
        each.filter(|(kind, name)| self.look(*kind, name) == Named::InForce)
            .collect()
    }

    /// "Invalid (void) | Expired | Active."
    pub(crate) fn rule_phase(self, doc: &Doc, spec: &SharingRuleSpec) -> SharingRulePhase {
        if self.void(doc) {
            SharingRulePhase::Invalid
        } else if spec.valid_until.is_some_and(|until| self.now >= until) {
            SharingRulePhase::Expired
        } else {
            SharingRulePhase::Active
        }
    }
}

fn about_the_object(tenant: &TenantSpec, spec: &SharingRuleSpec) -> Vec<Mark> {
    let Some(object) = object(&spec.object) else {
        return vec![refused("spec.object", Reason::UnknownObject)];
    };
    let mut marks = Vec::new();
    let listed = spec.records.is_some() || spec.content_groups.is_some();
    let customers = spec.organization_attribute.is_some() || spec.condition.is_some();
    let allowed = if customers {
        object.customer
    } else if listed {
        object.data && object.sharing
    } else {
        object.data
    };
    if !allowed {
        marks.push(refused("spec.object", Reason::SharingNotAllowed));
    }
    if !has_module(tenant, object.name) {
        marks.push(waiting("spec.object", Reason::ModuleNotEnabled));
    }
    let settings = tenant.objects.iter().find(|entry| entry.object == object.name);
    let public = object.data && settings.and_then(|entry| entry.access) == Some(ObjectAccess::PublicReadWrite);
    if listed && public {
        marks.push(waiting("spec.object", Reason::ObjectPublic));
    }
    if let Some(attribute) = &spec.organization_attribute {
        match field(tenant, object.name, &attribute.field) {
            None => marks.push(refused("spec.organizationAttribute.field", Reason::UnknownField)),
            Some(FieldType::String) => {}
            Some(_) => marks.push(refused("spec.organizationAttribute.field", Reason::FieldType)),
        }
    }
    if let Some(text) = &spec.condition
        && let Some(reason) = condition_fault(tenant, object.name, text)
    {
        marks.push(refused("spec.condition", reason));
    }
    marks
}
