//! The Tenant's rules: what its settings mean for everything else in the namespace.

use hashbrown::{HashMap, HashSet};

use super::action_set::{ActionIx, ActionSet};
use super::catalogue::{CORE, Catalogue, ObjectIx};
use super::condition;
use super::fields::{Declarations, Field, FieldTable};
use super::finding::{Finding, Findings, Reason};
use super::snapshot::Object;
use super::words;
use crate::api::{
    AccountFormat, Administrator, Attributes, DataPermissions, FieldType, Limits, Moment, ObjectAccess, TenantSpec,
};

/// The settings of a Tenant in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Nobody has any access.
    pub suspended: bool,
    /// The person to be invited first.
    pub administrator: Option<Administrator>,
    /// How headquarters is shown.
    pub headquarters: String,
    /// The code of headquarters.
    pub headquarters_code: Option<String>,
    /// What an account may look like.
    pub account_format: AccountFormat,
    /// Every user needs an email.
    pub email_required: bool,
    /// Every user needs a position.
    pub position_required: bool,
    /// The positions that users may have.
    pub positions: HashSet<String>,
    /// The attributes that users may have, by name.
    pub attributes: HashMap<String, Attribute>,
    /// The tenants that may credit users of this one; `*` is any.
    pub credited_to: HashSet<String>,
    /// Who sees which records.
    pub data_permissions: DataPermissions,
    /// How far the tenant may grow.
    pub limits: Limits,
    /// The fields of every object.
    pub fields: FieldTable,
    access: Vec<ObjectAccess>,
    enabled_objects: Vec<bool>,
    enabled_actions: ActionSet,
    personal_info: Option<ActionIx>,
}

/// An attribute that a tenant declares.
#[derive(Clone, Debug, Default)]
pub struct Attribute {
    /// Every user needs it.
    pub required: bool,
    /// The values it may have; any when empty.
    pub values: Vec<String>,
}

impl Settings {
    /// Whether the tenant has the module of the object.
    #[must_use]
    pub fn has(&self, object: ObjectIx) -> bool {
        self.enabled_objects.get(object.index()).copied().unwrap_or(false)
    }

    /// The actions of the modules that the tenant has.
    #[must_use]
    pub fn enabled_actions(&self) -> &ActionSet {
        &self.enabled_actions
    }

    /// The basic data permission of an object (T4).
    #[must_use]
    pub fn access(&self, object: ObjectIx) -> ObjectAccess {
        self.access.get(object.index()).copied().unwrap_or_default()
    }

    /// Whether a holder of these actions sees restricted fields (R11).
    #[must_use]
    pub fn sees_personal_info(&self, actions: &ActionSet) -> bool {
        self.personal_info.is_some_and(|action| actions.contains(action))
    }

    /// `account` has the tenant's format (T7).
    #[must_use]
    pub fn accepts_account(&self, account: &str) -> bool {
        let plain = (4..=36).contains(&account.len())
            && account
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
        (self.account_format == AccountFormat::Any && plain) || words::is_email(account)
    }

    /// An attribute that is undeclared, required but absent, or has another than its values (T7). Credited users need not
    /// have the required ones.
    pub(super) fn judge_attributes(&self, attributes: &Attributes, credited: bool, findings: &mut Findings) {
        for (name, value) in attributes {
            let path = format!("spec.attributes.{}", words::shown(name));
            let finding = Finding::refused(Reason::InvalidAttribute, path);
            match self.attributes.get(name) {
                None => findings.push(
                    finding
                        .says(format!("the tenant declares no attribute `{}`", words::shown(name)))
                        .mend(format!(
                            "{}, or declare it in the Tenant's spec.accounts.attributes",
                            words::suggest("remove it", name, self.attributes.keys())
                        )),
                ),
                Some(declared) if !declared.values.is_empty() && !declared.values.contains(value) => findings.push(
                    finding
                        .says(format!(
                            "`{}` is not one of the attribute's values",
                            words::shown(value)
                        ))
                        .mend(words::one_of(&declared.values)),
                ),
                Some(_) => {}
            }
        }
        if credited {
            return;
        }
        let mut missing: Vec<_> = self
            .attributes
            .iter()
            .filter(|(name, declared)| declared.required && !attributes.contains_key(*name))
            .map(|(name, _)| name)
            .collect();
        missing.sort();
        findings.extend(missing.into_iter().map(|name| {
            Finding::refused(Reason::InvalidAttribute, format!("spec.attributes.{name}"))
                .says(format!("the tenant requires the attribute `{name}`"))
                .mend("add it")
        }));
    }

    /// A position that the tenant requires is there (T7).
    pub(super) fn judge_position_required(&self, position: Option<&str>, findings: &mut Findings) {
        if self.position_required && position.is_none() {
            findings.push(
                Finding::refused(Reason::PositionRequired, "spec.position")
                    .says("the tenant requires a position")
                    .mend("add one of the Tenant's spec.accounts.positions"),
            );
        }
    }

    /// Says that a position is unknown to the tenant.
    pub(super) fn unknown_position(&self, finding: Finding, position: &str) -> Finding {
        finding
            .says(format!("the tenant has no position `{}`", words::shown(position)))
            .mend(format!(
                "{}, or add it to the Tenant's spec.accounts.positions",
                words::suggest("remove it", position, self.positions.iter())
            ))
    }

    /// Whether a user without organizations of her own, created then, belongs to headquarters (T3).
    #[must_use]
    pub fn belongs_to_headquarters(&self, created: Option<Moment>) -> bool {
        matches!((created, self.data_permissions.headquarters_before), (Some(created), Some(before)) if created < before)
    }
}

/// Judges the Tenant; settings come only from one in force.
pub(super) fn judge(catalogue: &Catalogue, tenant: &Object<TenantSpec>) -> (Findings, Option<Settings>) {
    if tenant.deleting {
        return (Findings::only(words::terminating()), None);
    }
    let mut findings = Findings::default();
    let spec = &tenant.spec;
    let modules = enabled_modules(catalogue, spec, &mut findings);
    let (access, fields) = object_settings(catalogue, spec, &mut findings);
    let mut enabled_actions = catalogue.no_actions();
    let mut enabled_objects = Vec::with_capacity(catalogue.object_count());
    for (_, object) in catalogue.objects() {
        let enabled = modules.contains(object.module.as_str());
        enabled_objects.push(enabled);
        if enabled {
            enabled_actions.unite(&object.actions);
        }
    }
    let accounts = spec.accounts.clone().unwrap_or_default();
    let headquarters = spec.headquarters.clone().unwrap_or_default();
    let attributes = accounts.attributes.into_iter();
    let settings = Settings {
        suspended: spec.suspended,
        administrator: spec.administrator.clone(),
        headquarters: headquarters.display_name.unwrap_or_else(|| "Headquarters".to_owned()),
        headquarters_code: headquarters.code,
        account_format: accounts.format,
        email_required: accounts.email_required,
        position_required: accounts.position_required,
        positions: accounts.positions.into_iter().collect(),
        attributes: attributes
            .map(|declared| {
                (
                    declared.name,
                    Attribute {
                        required: declared.required,
                        values: declared.values,
                    },
                )
            })
            .collect(),
        credited_to: accounts.credited_to.into_iter().collect(),
        data_permissions: spec.data_permissions.clone().unwrap_or_default(),
        limits: spec.limits.clone().unwrap_or_default(),
        fields: FieldTable::new(catalogue, fields),
        access,
        enabled_objects,
        enabled_actions,
        personal_info: catalogue.find_action("DataSpace", "PersonalInfo"),
    };
    (findings, Some(settings))
}

/// The modules that the tenant has, Core among them. An entry that the catalogue does not know is void (T9).
fn enabled_modules<'a>(catalogue: &Catalogue, spec: &'a TenantSpec, findings: &mut Findings) -> HashSet<&'a str> {
    let mut modules = HashSet::from([CORE]);
    for (index, module) in spec.modules.iter().enumerate() {
        if catalogue.modules().contains(module) || module == CORE {
            modules.insert(module);
        } else {
            findings.push(
                Finding::partial(Reason::UnknownObject, format!("spec.modules[{index}]"))
                    .says(format!("the catalogue has no module `{}`", words::shown(module)))
                    .mend(words::suggest("remove it", module, catalogue.modules())),
            );
        }
    }
    modules
}

/// What the tenant says about each object type: its access (T4) and its fields (T6). An entry that does not fit is void.
fn object_settings(
    catalogue: &Catalogue,
    spec: &TenantSpec,
    findings: &mut Findings,
) -> (Vec<ObjectAccess>, HashMap<ObjectIx, Declarations>) {
    let mut access = vec![ObjectAccess::default(); catalogue.object_count()];
    let mut fields = HashMap::new();
    for (index, entry) in spec.objects.iter().enumerate() {
        let path = format!("spec.objects[{index}]");
        let Some((ix, object)) = catalogue.find(&entry.object) else {
            findings.push(words::unknown_object(
                Finding::partial(Reason::UnknownObject, format!("{path}.object")),
                catalogue,
                &entry.object,
            ));
            continue;
        };
        match (entry.access, access.get_mut(ix.index())) {
            (Some(_), _) if !object.data => findings.push(
                Finding::partial(Reason::SharingNotAllowed, format!("{path}.access"))
                    .says(format!("`{}` takes no part in data permissions", entry.object))
                    .mend("remove `access`"),
            ),
            (Some(declared), Some(access)) => *access = declared,
            _ => {}
        }
        fields.insert(ix, declared_fields(&path, &object.fields, entry, findings));
    }
    (access, fields)
}

fn declared_fields(
    path: &str,
    catalogued: &[(String, FieldType)],
    entry: &crate::api::ObjectSettings,
    findings: &mut Findings,
) -> Declarations {
    let mut declared = Declarations::default();
    for (index, field) in entry.fields.iter().enumerate() {
        let known = catalogued.iter().find(|(name, _)| *name == field.name);
        if let Some((_, kind)) = known.filter(|(_, kind)| *kind != field.kind) {
            findings.push(
                Finding::partial(Reason::FieldType, format!("{path}.fields[{index}].type"))
                    .says(format!("the catalogue's field `{}` has the type {kind:?}", field.name))
                    .mend(format!("write `type: {kind:?}`")),
            );
        }
        let kind = known.map_or(field.kind, |(_, kind)| *kind);
        declared.insert(
            field.name.clone(),
            Field {
                name: field.name.clone(),
                kind,
                restricted: field.restricted,
            },
        );
    }
    declared
}

/// What a condition on an object of this tenant may name.
pub(super) struct ConditionScope<'a> {
    pub(super) settings: &'a Settings,
    pub(super) object: ObjectIx,
}

impl condition::Scope for ConditionScope<'_> {
    fn record(&self, name: &str) -> Option<condition::Type> {
        let (_, field) = self.settings.fields.find(self.object, name)?;
        Some(match field.kind {
            FieldType::String => condition::Type::String,
            FieldType::Int => condition::Type::Int,
            FieldType::Double => condition::Type::Double,
            FieldType::Bool => condition::Type::Bool,
            FieldType::Timestamp => condition::Type::Timestamp,
            FieldType::StringList => condition::Type::StringList,
        })
    }

    fn has_user_attribute(&self, name: &str) -> bool {
        self.settings.attributes.contains_key(name)
    }
}

/// Compiles a condition on an object; a fault becomes a finding at `path`.
pub(super) fn compile_condition(
    settings: &Settings,
    object: ObjectIx,
    source: &str,
    path: &str,
) -> Result<condition::Condition, Finding> {
    condition::compile(source, &ConditionScope { settings, object }).map_err(|fault| {
        let reason = match fault.kind {
            condition::FaultKind::UnknownName => Reason::UnknownField,
            _ => Reason::InvalidCondition,
        };
        Finding::refused(reason, path)
            .says(format!(
                "line {}, column {}: {}",
                fault.line, fault.column, fault.message
            ))
            .mend(fault.help)
    })
}
