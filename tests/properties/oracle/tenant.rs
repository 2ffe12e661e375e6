//! The Tenant, and what it says about fields and modules.

use tenantry::api::{FieldType, Limits, TenantSpec};
use tenantry::policy::Reason;

use super::catalogue::{MODULES, object};
use super::{Mark, partial};
use crate::conditions::{Need, sample};

/// The findings of a Tenant that is not being deleted: all of them in part.
pub(super) fn findings(tenant: &TenantSpec) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (m, module) in tenant.modules.iter().enumerate() {
        if !MODULES.contains(&module.as_str()) {
            marks.push(partial(format!("spec.modules[{m}]"), Reason::UnknownObject));
        }
    }
    for (o, entry) in tenant.objects.iter().enumerate() {
        let path = format!("spec.objects[{o}]");
        let Some(object) = object(&entry.object) else {
            marks.push(partial(format!("{path}.object"), Reason::UnknownObject));
            continue;
        };
        if entry.access.is_some() && !object.data {
            marks.push(partial(format!("{path}.access"), Reason::SharingNotAllowed));
        }
        for (f, field) in entry.fields.iter().enumerate() {
            if object.field(&field.name).is_some_and(|kind| kind != field.kind) {
                marks.push(partial(format!("{path}.fields[{f}].type"), Reason::FieldType));
            }
        }
    }
    marks
}

/// The type of an object's field: the catalogue's, else as the tenant declares it.
pub(super) fn field(tenant: &TenantSpec, name: &str, field: &str) -> Option<FieldType> {
    let object = object(name)?;
    let declared = tenant.objects.iter().filter(|entry| entry.object == name);
    let mut declared = declared
        .flat_map(|entry| &entry.fields)
        .filter(|declared| declared.name == field);
    object
        .field(field)
        .or_else(|| declared.next().map(|declared| declared.kind))
}

/// Whether the tenant has the module of an object.
pub(super) fn has_module(tenant: &TenantSpec, name: &str) -> bool {
    object(name)
        .is_some_and(|object| object.module == "Core" || tenant.modules.iter().any(|module| module == object.module))
}

pub(super) fn limits(tenant: &TenantSpec) -> Limits {
    tenant.limits.clone().unwrap_or_default()
}

pub(super) fn positions(tenant: &TenantSpec) -> &[String] {
    tenant.accounts.as_ref().map_or(&[], |accounts| &accounts.positions)
}

pub(super) fn declares_attribute(tenant: &TenantSpec, name: &str) -> bool {
    let mut declared = tenant.accounts.iter().flat_map(|accounts| &accounts.attributes);
    declared.any(|attribute| attribute.name == name)
}

pub(super) fn data_permissions(tenant: &TenantSpec) -> bool {
    tenant.data_permissions.as_ref().is_some_and(|data| data.enabled)
}

/// What is wrong with a condition on an object that is known: the first operand that is.
pub(super) fn condition_fault(tenant: &TenantSpec, object: &str, text: &str) -> Option<Reason> {
    sample(text).needs.iter().find_map(|need| match need {
        Need::Field(name, kind) => match field(tenant, object, name) {
            None => Some(Reason::UnknownField),
            Some(found) => (found != *kind).then_some(Reason::InvalidCondition),
        },
        Need::Attribute(name) => (!declares_attribute(tenant, name)).then_some(Reason::UnknownField),
        Need::Miracle => Some(Reason::InvalidCondition),
    })
}
