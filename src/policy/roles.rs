//! The rules of roles: what one allows (R2, R3), which rows and columns (R7, R8), what it masks (R9), and whether it is
//! in force.

mod changes;

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::action_set::ActionSet;
use super::catalogue::{Catalogue, ObjectIx};
use super::condition::Condition;
use super::fields::FieldIx;
use super::finding::{Finding, Findings, Origin, Reason};
use super::held::Held;
use super::numbering::Numbering;
use super::snapshot::{Object, Snapshot};
use super::tenant::{Settings, compile_condition};
use super::words;
use crate::api::{Assignment, DataScope, Delegation, FieldType, Kind, RestrictionMode, RoleSpec, RoleType, Rows};

pub(super) use changes::RoleChanges;

/// The number of a role in its tenant, its own for as long as it is there. It says nothing about order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoleIx(u32);

/// A role with everything in it resolved.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it is one of the system's.
    pub kind: RoleType,
    /// Its manifest; the system's may have none, and what one says changes nothing.
    pub object: Option<Arc<Object<RoleSpec>>>,
    /// Whether it grants anything: not void, or the system's (whose force no manifest can break).
    pub in_force: bool,
    /// How it comes to its holders.
    pub assignment: Assignment,
    /// The positions that have it, as far as the tenant knows them.
    pub positions: Vec<String>,
    /// What it allows, closure included, less the modules that the tenant lacks.
    pub actions: ActionSet,
    /// The rows and columns of each object that it mentions.
    pub scopes: Vec<Scope>,
    /// What it restricts; kept while it is void.
    pub restrictions: Vec<(FieldIx, RestrictionMode)>,
    /// What is wrong with it, or with the manifest of its name.
    pub findings: Findings,
}

impl Role {
    /// Where its manifest came from.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.object.as_ref().map(|object| object.origin)
    }

    /// What it says: for a system role what the catalogue does.
    #[must_use]
    pub fn spec<'a>(&'a self, catalogue: &'a Catalogue) -> Option<&'a RoleSpec> {
        match self.kind {
            RoleType::System => catalogue.system_role(&self.name).map(|role| &role.spec),
            RoleType::Custom => self.object.as_ref().map(|object| &object.spec),
        }
    }
}

/// The rows and columns of one object that a role opens.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The object type.
    pub object: ObjectIx,
    /// How many rows.
    pub rows: Rows,
    /// Which rows, with Some.
    pub condition: Option<Arc<Condition>>,
    /// Which columns; all when absent.
    pub columns: Option<Vec<FieldIx>>,
}

/// What a name of a role stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleRef {
    /// No role has the name.
    Missing,
    /// The role is void.
    Void,
    /// The role is in force.
    InForce(RoleIx),
}

/// All roles of a tenant, the system's included.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    roles: Vec<Role>,
    numbering: Numbering,
    by_name: HashMap<String, RoleRef>,
    by_position: HashMap<String, Vec<RoleIx>>,
    doubtful_positions: HashSet<String>,
    all_doubtful: bool,
    restrictions: Vec<(FieldIx, RestrictionMode)>,
}

impl Roles {
    /// Judges every role of the snapshot. Those that were there before keep their numbers.
    pub(super) fn judge(catalogue: &Catalogue, settings: &Settings, snapshot: &Snapshot, before: &Self) -> Self {
        let judge = Judge { catalogue, settings };
        let manifests: HashMap<&str, &Arc<Object<RoleSpec>>> =
            snapshot.roles.iter().map(|role| (role.name.as_str(), role)).collect();
        let mut roles: Vec<Role> = catalogue
            .system_roles()
            .iter()
            .map(|role| {
                let manifest = manifests.get(role.name.as_str()).copied();
                judge.system_role(&role.name, &role.spec, manifest, snapshot)
            })
            .collect();
        let custom = snapshot
            .roles
            .iter()
            .filter(|role| catalogue.system_role(&role.name).is_none());
        roles.extend(custom.map(|role| judge.custom_role(role)));
        refuse_beyond_limit(settings, snapshot, catalogue, &mut roles);
        roles.sort_by(|one, other| one.name.cmp(&other.name));
        let numbering = Numbering::after(
            &before.numbering,
            before.names(),
            roles.iter().map(|one| one.name.as_str()),
        );
        let mut all = Self {
            roles,
            numbering,
            ..Self::default()
        };
        all.index(snapshot);
        all.judge_delegations(&judge, &manifests);
        all
    }

    fn index(&mut self, snapshot: &Snapshot) {
        for name in snapshot.broken_names(Kind::Role) {
            self.by_name.insert(name.to_owned(), RoleRef::Void);
        }
        for (ix, role) in self.numbering.iter().map(RoleIx).zip(&self.roles) {
            let named = if role.in_force {
                RoleRef::InForce(ix)
            } else {
                RoleRef::Void
            };
            self.by_name.insert(role.name.clone(), named);
            for position in &role.positions {
                if role.in_force {
                    self.by_position.entry(position.clone()).or_default().push(ix);
                } else {
                    self.doubtful_positions.insert(position.clone());
                }
            }
            // A restriction must not fall away because its role became void.
            self.restrictions.extend(&role.restrictions);
        }
        // What is wrong with the manifest of a system role changes nothing: the role keeps its force.
        let systems = self.roles.iter().filter(|role| role.kind == RoleType::System);
        let systems: HashSet<&str> = systems.map(|role| role.name.as_str()).collect();
        let broken = snapshot.broken.iter();
        let broken = broken.filter(|broken| !broken.name.as_deref().is_some_and(|name| systems.contains(name)));
        for broken in broken.filter(|broken| broken.kind == Kind::Role) {
            match &broken.positions {
                Some(positions) => self.doubtful_positions.extend(positions.iter().cloned()),
                None => self.all_doubtful = true,
            }
        }
        self.restrictions.sort_unstable();
        self.restrictions.dedup();
    }

    /// Whom a role lets its holders assign must exist (R12). Delegating to a void role voids nothing else, so this comes
    /// last.
    fn judge_delegations(&mut self, judge: &Judge<'_>, manifests: &HashMap<&str, &Arc<Object<RoleSpec>>>) {
        let mut found = Vec::new();
        for (index, role) in self
            .roles
            .iter()
            .enumerate()
            .filter(|(_, role)| role.kind == RoleType::Custom)
        {
            let object = manifests.get(role.name.as_str()).filter(|object| !object.deleting);
            if let Some(delegation) = object.and_then(|object| object.spec.delegation.as_ref()) {
                found.push((index, judge.delegation(self, delegation)));
            }
        }
        for (index, findings) in found {
            if let Some(role) = self.roles.get_mut(index) {
                role.findings.extend(findings);
            }
        }
    }

    /// What the name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> RoleRef {
        self.by_name.get(name).copied().unwrap_or(RoleRef::Missing)
    }

    /// The role of that number.
    #[must_use]
    pub fn get(&self, ix: RoleIx) -> Option<&Role> {
        self.roles.get(self.place(ix)?)
    }

    /// Where the role stands in the order of names.
    pub(super) fn place(&self, ix: RoleIx) -> Option<usize> {
        self.numbering.place(ix.0)
    }

    /// Whether users may name the role: it is not given by position only.
    pub(super) fn assignable(&self, ix: RoleIx) -> bool {
        self.get(ix).is_some_and(|role| role.assignment == Assignment::Account)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (RoleIx, &Role)> {
        self.numbering.iter().map(RoleIx).zip(&self.roles)
    }

    /// The roles in force that a position has (R5).
    #[must_use]
    pub fn of_position(&self, position: &str) -> &[RoleIx] {
        self.by_position.get(position).map_or(&[], Vec::as_slice)
    }

    /// Whether a void role names the position.
    #[must_use]
    pub fn doubtful(&self, position: &str) -> bool {
        self.all_doubtful || self.doubtful_positions.contains(position)
    }

    /// Whether users have by these roles what they have by the others: the same ones in the same force, with the same in them.
    pub(super) fn bring_the_same_as(&self, other: &Self) -> bool {
        let said = |roles: &Self| -> Vec<_> {
            let said = roles.roles.iter().map(|role| {
                let spec = role.object.as_ref().map(|object| object.spec.clone());
                (role.name.clone(), role.in_force, spec)
            });
            said.collect()
        };
        said(self) == said(other)
            && self.by_name == other.by_name
            && self.doubtful_positions == other.doubtful_positions
            && self.all_doubtful == other.all_doubtful
            && self.restrictions == other.restrictions
    }

    /// What roles allow together, closure included.
    pub(super) fn actions<'h>(&self, held: impl IntoIterator<Item = &'h Held>, none: ActionSet) -> ActionSet {
        let mut actions = none;
        held.into_iter()
            .filter_map(|held| self.get(held.role))
            .for_each(|role| actions.unite(&role.actions));
        actions
    }

    /// Every restriction that any schema-valid role of the tenant declares.
    #[must_use]
    pub fn restrictions(&self) -> &[(FieldIx, RestrictionMode)] {
        &self.restrictions
    }

    /// The names that a role can be named by, for suggestions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| role.name.as_str())
    }

    /// How many custom roles count towards the limit.
    #[must_use]
    pub fn custom(&self) -> usize {
        self.roles.iter().filter(|role| role.kind == RoleType::Custom).count()
    }
}

/// Beyond `limits.roles` custom roles the youngest are refused; void ones keep their places (K5).
fn refuse_beyond_limit(settings: &Settings, snapshot: &Snapshot, catalogue: &Catalogue, roles: &mut [Role]) {
    let limit = usize::try_from(settings.limits.roles).unwrap_or(0);
    let mut custom: Vec<_> = snapshot
        .roles
        .iter()
        .filter(|role| catalogue.system_role(&role.name).is_none())
        .collect();
    if custom.len() <= limit {
        return;
    }
    custom.sort_by(|one, other| one.older(other));
    let youngest: HashSet<&str> = custom.iter().skip(limit).map(|role| role.name.as_str()).collect();
    for role in roles.iter_mut().filter(|role| youngest.contains(role.name.as_str())) {
        // An object that is being deleted has no further findings.
        if role
            .findings
            .iter()
            .any(|finding| finding.reason == Reason::Terminating)
        {
            continue;
        }
        role.in_force = false;
        role.findings.push(
            Finding::refused(Reason::LimitExceeded, "metadata.name")
                .says(format!(
                    "the tenant may have {limit} roles and has {} older ones",
                    limit
                ))
                .mend("delete a role, or raise the Tenant's spec.limits.roles"),
        );
    }
}

struct Judge<'a> {
    catalogue: &'a Catalogue,
    settings: &'a Settings,
}

impl Judge<'_> {
    /// A system role with the findings of the manifest of its name, which changes nothing (R1).
    fn system_role(
        &self,
        name: &str,
        spec: &RoleSpec,
        manifest: Option<&Arc<Object<RoleSpec>>>,
        snapshot: &Snapshot,
    ) -> Role {
        let mut role = self.resolve(name, spec, RoleType::System);
        // Modules that the tenant lacks are left out of a system role without a word.
        role.findings = match manifest {
            Some(manifest) => reserved_name(manifest, spec),
            None => snapshot.broken_findings(Kind::Role, name),
        };
        role.object = manifest.cloned();
        role.in_force = true;
        role
    }

    fn custom_role(&self, object: &Arc<Object<RoleSpec>>) -> Role {
        let mut role = self.resolve(&object.name, &object.spec, RoleType::Custom);
        role.object = Some(Arc::clone(object));
        if object.deleting {
            role.findings = Findings::only(words::terminating());
        }
        role.in_force = !role.findings.void();
        role
    }

    fn resolve(&self, name: &str, spec: &RoleSpec, kind: RoleType) -> Role {
        let mut findings = Findings::default();
        Role {
            name: name.to_owned(),
            display_name: spec.display_name.clone(),
            kind,
            object: None,
            in_force: false,
            assignment: spec.assignment,
            positions: self.positions(&spec.positions, &mut findings),
            actions: self.permissions(spec, &mut findings),
            scopes: spec
                .data
                .iter()
                .enumerate()
                .filter_map(|(i, data)| self.scope(i, data, &mut findings))
                .collect(),
            restrictions: self.restrictions(spec, &mut findings),
            findings,
        }
    }

    /// Positions that the tenant does not know are void (w).
    fn positions(&self, positions: &[String], findings: &mut Findings) -> Vec<String> {
        for (index, position) in positions.iter().enumerate() {
            if !self.settings.positions.contains(position) {
                let finding = Finding::partial(Reason::DependencyNotFound, format!("spec.positions[{index}]"));
                findings.push(self.settings.unknown_position(finding, position));
            }
        }
        positions
            .iter()
            .filter(|position| self.settings.positions.contains(*position))
            .cloned()
            .collect()
    }

    /// The closure of what the role allows; permissions of a module that the tenant lacks are left out before and after.
    fn permissions(&self, spec: &RoleSpec, findings: &mut Findings) -> ActionSet {
        let mut actions = self.catalogue.no_actions();
        for (index, permission) in spec.permissions.iter().enumerate() {
            let path = format!("spec.permissions[{index}]");
            let Some((ix, object)) = self.known_object(&format!("{path}.object"), &permission.object, findings) else {
                continue;
            };
            let enabled = self.has_module(&format!("{path}.object"), ix, findings);
            for (position, name) in permission.actions.iter().enumerate() {
                match object.action(name).and_then(|action| self.catalogue.action(action)) {
                    Some(action) if enabled => actions.unite(&action.closure),
                    Some(_) => {}
                    None => findings.push(
                        Finding::refused(Reason::UnknownAction, format!("{path}.actions[{position}]"))
                            .says(format!(
                                "`{}` has no action `{}`",
                                permission.object,
                                words::shown(name)
                            ))
                            .mend(words::suggest(
                                &words::one_of(&object.action_names().collect::<Vec<_>>()),
                                name,
                                object.action_names(),
                            )),
                    ),
                }
            }
        }
        actions.keep(self.settings.enabled_actions());
        actions
    }

    fn known_object(
        &self,
        path: &str,
        name: &str,
        findings: &mut Findings,
    ) -> Option<(ObjectIx, &super::catalogue::ObjectType)> {
        let found = self.catalogue.find(name);
        if found.is_none() {
            let finding = Finding::refused(Reason::UnknownObject, path);
            findings.push(words::unknown_object(finding, self.catalogue, name));
        }
        found
    }

    /// The tenant has the object's module; else the entry is void (w).
    fn has_module(&self, path: &str, object: ObjectIx, findings: &mut Findings) -> bool {
        let enabled = self.settings.has(object);
        if let Some(object) = self.catalogue.object(object).filter(|_| !enabled) {
            findings.push(words::module_not_enabled(
                Finding::partial(Reason::ModuleNotEnabled, path),
                object,
            ));
        }
        enabled
    }

    /// The rows and columns of one entry; `None` when the entry is void.
    fn scope(&self, index: usize, data: &DataScope, findings: &mut Findings) -> Option<Scope> {
        let path = format!("spec.data[{index}]");
        let (ix, object) = self.known_object(&format!("{path}.object"), &data.object, findings)?;
        if !object.rows {
            let known = self.catalogue.objects().filter(|(_, object)| object.rows);
            findings.push(
                Finding::refused(Reason::UnknownObject, format!("{path}.object"))
                    .says(format!("roles do not scope the rows of `{}`", data.object))
                    .mend(words::one_of(
                        &known.map(|(_, object)| object.name.as_str()).collect::<Vec<_>>(),
                    )),
            );
            return None;
        }
        let enabled = self.has_module(&format!("{path}.object"), ix, findings);
        let condition = data.condition.as_deref().and_then(|source| {
            compile_condition(self.settings, ix, source, &format!("{path}.condition"))
                .map_err(|finding| findings.push(finding))
                .ok()
        });
        let columns = data.columns.as_ref().map(|columns| {
            let field = |(c, name): (usize, &String)| self.field(&format!("{path}.columns[{c}]"), ix, name, findings);
            columns.iter().enumerate().filter_map(field).collect()
        });
        enabled.then(|| Scope {
            object: ix,
            rows: data.rows,
            condition: condition.map(Arc::new),
            columns,
        })
    }

    fn field(&self, path: &str, object: ObjectIx, name: &str, findings: &mut Findings) -> Option<FieldIx> {
        let found = self.settings.fields.find(object, name);
        if found.is_none() {
            let known = self.settings.fields.of(object).iter().map(|field| field.name.as_str());
            findings.push(words::unknown_field(
                Finding::refused(Reason::UnknownField, path),
                name,
                known,
            ));
        }
        found.map(|(ix, _)| ix)
    }

    /// The restrictions whose object, field and module are there (R9).
    fn restrictions(&self, spec: &RoleSpec, findings: &mut Findings) -> Vec<(FieldIx, RestrictionMode)> {
        let mut restrictions = Vec::new();
        for (index, restriction) in spec.restrictions.iter().enumerate() {
            let path = format!("spec.restrictions[{index}]");
            let object_path = format!("{path}.object");
            let Some((ix, _)) = self.known_object(&object_path, &restriction.object, findings) else {
                continue;
            };
            let enabled = self.has_module(&object_path, ix, findings);
            let field_path = format!("{path}.field");
            let Some(field) = self.field(&field_path, ix, &restriction.field, findings) else {
                continue;
            };
            let kind = self.settings.fields.get(field).map(|field| field.kind);
            if matches!(kind, Some(FieldType::Bool | FieldType::Timestamp)) {
                findings.push(
                    Finding::refused(Reason::FieldType, field_path)
                        .says(format!(
                            "the field `{}` is a Bool or Timestamp, which cannot be restricted",
                            restriction.field
                        ))
                        .mend("remove the restriction, or mark the field `restricted` in the Tenant"),
                );
            }
            // One of the wrong type voids the role and still holds where a restriction must not fall away.
            if enabled {
                restrictions.push((field, restriction.mode));
            }
        }
        restrictions
    }

    /// The positions, attributes and roles that a delegation names (R12); what is missing or void is void (w).
    fn delegation(&self, roles: &Roles, delegation: &Delegation) -> Vec<Finding> {
        let mut findings = Vec::new();
        let partial = |path: String| Finding::partial(Reason::DependencyNotFound, path);
        if let Some(users) = &delegation.manage_users {
            for (index, position) in users.positions.iter().enumerate() {
                if !self.settings.positions.contains(position) {
                    let finding = partial(format!("spec.delegation.manageUsers.positions[{index}]"));
                    findings.push(self.settings.unknown_position(finding, position));
                }
            }
            for (index, name) in users.attributes.iter().enumerate() {
                if !self.settings.attributes.contains_key(name) {
                    findings.push(
                        partial(format!("spec.delegation.manageUsers.attributes[{index}]"))
                            .says(format!("the tenant declares no attribute `{name}`"))
                            .mend(words::suggest("remove it", name, self.settings.attributes.keys())),
                    );
                }
            }
        }
        let assigned = delegation.assign_roles.iter().flat_map(|assign| &assign.roles);
        for (index, name) in assigned.enumerate() {
            let path = format!("spec.delegation.assignRoles.roles[{index}]");
            findings.extend(roles.missing_or_void(name, |reason| Finding::partial(reason, &path)));
        }
        findings
    }
}

impl Roles {
    /// The finding for a role that is named and missing or void.
    pub(super) fn missing_or_void(&self, name: &str, finding: impl Fn(Reason) -> Finding) -> Option<Finding> {
        match self.find(name) {
            RoleRef::InForce(_) => None,
            RoleRef::Missing => Some(words::missing(
                finding(Reason::DependencyNotFound),
                "role",
                name,
                self.names(),
            )),
            RoleRef::Void => Some(words::void(finding(Reason::DependencyInvalid), "role", name)),
        }
    }
}

/// A manifest with a system role's name may say the same, and nothing else (R1).
fn reserved_name(manifest: &Object<RoleSpec>, system: &RoleSpec) -> Findings {
    if manifest.deleting {
        return Findings::only(words::terminating());
    }
    if normal(&manifest.spec) == normal(system) {
        return Findings::default();
    }
    Findings::only(
        Finding::refused(Reason::ReservedName, "metadata.name")
            .says(format!("`{}` is a system role and cannot be changed", manifest.name))
            .mend("give the role another name, or remove it: the system role is there anyway"),
    )
}

/// A spec with everything whose order means nothing in order.
fn normal(spec: &RoleSpec) -> RoleSpec {
    let mut spec = spec.clone();
    spec.positions.sort();
    spec.permissions.sort_by(|one, other| one.object.cmp(&other.object));
    spec.permissions
        .iter_mut()
        .for_each(|permission| permission.actions.sort());
    spec.data.sort_by(|one, other| one.object.cmp(&other.object));
    spec.data
        .iter_mut()
        .filter_map(|data| data.columns.as_mut())
        .for_each(|columns| columns.sort());
    let key = |restriction: &crate::api::Restriction| {
        (restriction.object.clone(), restriction.field.clone(), restriction.mode)
    };
    spec.restrictions.sort_by_key(key);
    spec
}

#[cfg(test)]
mod tests {
    use super::super::testing::{evaluate, user};
    use crate::api::Display;

    #[test]
    fn the_field_or_role_that_was_probably_meant_is_suggested() {
        let evaluations = evaluate(&[
            "Tenant acme/tenant {displayName: Acme}",
            "Role acme/masker {displayName: M, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: citi, mode: MaskedDisplay}]}",
            "User acme/bob {account: bob.smith, name: Bob, roles: [ordinary-user, analist]}",
        ]);
        let found = evaluations[0].findings().into_iter();
        let mends: Vec<String> = found.map(|found| found.finding.mend).collect();
        let meant = ["city", "analyst"].map(|name| format!("did you mean `{name}`?"));
        assert_eq!(mends.len(), 2);
        for meant in meant {
            assert!(mends.iter().any(|mend| mend.starts_with(&meant)), "{meant} {mends:?}");
        }
    }

    #[test]
    fn a_restriction_refused_for_its_type_still_holds_for_a_user_in_doubt() {
        let evaluations = evaluate(&[
            "Tenant acme/tenant {displayName: Acme}",
            "Role acme/masker {displayName: Masker, permissions: [{object: Event, actions: [View]}], restrictions: [{object: Event, field: time, mode: MaskedDisplay}]}",
            "User acme/bob {account: bob.smith, name: Bob, roles: [masker]}",
        ]);
        let fields = user(&evaluations, "bob").fields;
        assert_eq!(fields.len(), 1);
        assert_eq!((fields[0].field.as_str(), fields[0].display), ("time", Display::Masked));
    }

    #[test]
    fn a_role_that_is_not_valid_brings_every_restriction_to_the_positions_that_it_may_name() {
        let masked = |positions: &str| {
            let role = format!(
                "Role acme/interns {{displayName: I, assignment: Position, {positions}, permissions: [{{object: Customer, actions: [View]}}]}}"
            );
            let evaluations = evaluate(&[
                "Tenant acme/tenant {displayName: Acme, accounts: {positions: [intern, boss]}}",
                "Role acme/masker {displayName: M, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: city, mode: MaskedDisplay}]}",
                &role,
                "User acme/bob {account: bob.smith, name: Bob, roles: [ordinary-user], position: intern}",
            ]);
            !user(&evaluations, "bob").fields.is_empty()
        };
        for positions in [
            "positions: [intern, intern]",
            "positions: intern",
            "positions: [[intern]]",
            "positions: [boss], positions: [intern]",
        ] {
            assert!(masked(positions), "{positions}");
        }
        for positions in ["positions: [boss, boss]", "positions: boss", "positions: [boss]"] {
            assert!(!masked(positions), "{positions}");
        }
    }
}
