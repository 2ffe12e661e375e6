//! The rules of sharing rules (S1 to S6).

use std::sync::Arc;

use hashbrown::HashSet;

use super::by_name::{ByName, Named};
use super::catalogue::{Catalogue, ObjectIx, ObjectType};
use super::condition::Condition;
use super::fields::FieldIx;
use super::finding::{Finding, Findings, Reason};
use super::groups::{Groups, beyond};
use super::moments::{ahead, first_change};
use super::organizations::{OrganizationIx, OrganizationRef, Organizations};
use super::snapshot::{Object, Snapshot};
use super::tenant::{Settings, compile_condition};
use super::users::{UserRef, Users};
use super::words;
use crate::api::{
    FieldType, Moment, ObjectAccess, Recipients, Records, SharedAccess, SharingRulePhase, SharingRuleSpec,
};

/// A sharing rule, judged as far as time does not matter, with everything in it resolved.
#[derive(Clone, Debug)]
pub struct SharingRule {
    /// The object.
    pub object: Arc<Object<SharingRuleSpec>>,
    /// The object type whose records it shares, when the catalogue knows it.
    pub about: Option<ObjectIx>,
    /// Whether it shares, its time apart.
    pub in_force: bool,
    /// Which records.
    pub which: Which,
    /// What may be done with them.
    pub access: SharedAccess,
    /// The organizations in force that it shares with.
    pub organizations: Vec<OrganizationIx>,
    /// The next moment at which time alone changes its status.
    pub next_transition: Option<Moment>,
    /// The next moment at which time alone may change anything of it, be it only what a message names first.
    pub(super) next_look: Option<Moment>,
    findings: Findings,
}

impl Named for SharingRule {
    fn name(&self) -> &str {
        &self.object.name
    }
}

/// Which records a rule is about.
#[derive(Clone, Debug)]
pub enum Which {
    /// Those without owner and without organization.
    Ownerless,
    /// Those whose field holds the code of an organization; no field when it is unknown.
    OrganizationAttribute(Option<FieldIx>),
    /// Those for which the condition holds; none when it is faulty.
    Condition(Option<Arc<Condition>>),
    /// The records, or the content of the groups, that the spec lists.
    Listed,
}

impl SharingRule {
    /// Everything that is wrong at that moment.
    #[must_use]
    pub fn findings(&self, users: &Users, at: Moment) -> Findings {
        let mut findings = self.findings.clone();
        if self.object.deleting {
            return findings;
        }
        for (index, name) in self.users().iter().enumerate() {
            let path = || format!("spec.to.users[{index}]");
            findings.extend(users.missing_or_void(name, at, |reason| Finding::partial(reason, path())));
        }
        findings
    }

    /// The names of the users that it shares with, whether there are such users or not.
    #[must_use]
    pub fn users(&self) -> &[String] {
        self.object.spec.to.as_ref().map_or(&[], |to| &to.users)
    }

    /// Whether a user that it names is missing.
    pub(super) fn misses_users(&self, users: &Users) -> bool {
        let missing = |name: &String| matches!(users.find(name), UserRef::Missing);
        self.users().iter().any(missing)
    }

    /// The same rule, after a look at the users that it names and at what time will do to it.
    pub(super) fn settled(mut self, users: &Users, now: Moment) -> Self {
        let ahead = ahead(now, self.moments(users));
        self.next_look = ahead.first().copied();
        self.next_transition = first_change(now, ahead, |at| (self.phase(at), self.findings(users, at).shown()));
        self
    }

    /// The first phase that applies.
    #[must_use]
    pub fn phase(&self, at: Moment) -> SharingRulePhase {
        if !self.in_force {
            SharingRulePhase::Invalid
        } else if self.object.spec.valid_until.is_some_and(|until| at >= until) {
            SharingRulePhase::Expired
        } else {
            SharingRulePhase::Active
        }
    }

    /// The moments at which time alone can change it.
    #[must_use]
    pub fn moments(&self, users: &Users) -> Vec<Moment> {
        let named = self.users().iter().filter_map(|name| users.void_from(name));
        self.object.spec.valid_until.into_iter().chain(named).collect()
    }
}

/// All sharing rules of a tenant, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct SharingRules {
    pub(super) all: ByName<SharingRule>,
}

impl SharingRules {
    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &SharingRule> {
        self.all.iter().map(|rule| &**rule)
    }

    /// The rule of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&SharingRule> {
        self.all.get(name).map(|rule| &**rule)
    }

    /// How many rules of kind condition count towards the limit.
    #[must_use]
    pub fn conditions(&self) -> usize {
        self.iter().filter(|rule| rule.object.spec.condition.is_some()).count()
    }
}

/// Everything that a sharing rule's rules look at.
pub(super) struct Judge<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) settings: &'a Settings,
    pub(super) snapshot: &'a Snapshot,
    pub(super) organizations: &'a Organizations,
    pub(super) groups: &'a Groups,
}

impl Judge<'_> {
    /// Judges every sharing rule of the snapshot, except for what the users that it names and time say.
    pub(super) fn rules(&self) -> impl Iterator<Item = SharingRule> {
        let by_condition = || {
            self.snapshot
                .rules
                .iter()
                .map(|rule| &**rule)
                .filter(|rule| rule.spec.condition.is_some())
        };
        let limit = usize::try_from(self.settings.limits.condition_rules).unwrap_or(0);
        let youngest = beyond(limit, by_condition());
        let rules = self.snapshot.rules.iter();
        rules.map(move |object| self.rule(object, limit, &youngest))
    }

    fn rule(&self, object: &Arc<Object<SharingRuleSpec>>, limit: usize, youngest: &HashSet<String>) -> SharingRule {
        let spec = &object.spec;
        let mut findings = Findings::default();
        if youngest.contains(&object.name) {
            findings.push(
                Finding::refused(Reason::LimitExceeded, "spec.condition")
                    .says(format!(
                        "the tenant has {limit} older rules by condition, which is the limit"
                    ))
                    .mend("delete a rule, or raise the Tenant's spec.limits.conditionRules"),
            );
        }
        let about = self.about(spec, &mut findings);
        let which = self.which(spec, about, &mut findings);
        let nobody = Recipients::default();
        let to = spec.to.as_ref().unwrap_or(&nobody);
        let organizations = self.to_organizations(&to.organizations, &mut findings);
        self.judge_groups(&to.groups, &mut findings);
        if object.deleting {
            findings = Findings::only(words::terminating());
        }
        SharingRule {
            object: Arc::clone(object),
            about,
            in_force: !findings.void(),
            which,
            access: spec.access.unwrap_or_default(),
            organizations,
            next_transition: None,
            next_look: None,
            findings,
        }
    }

    /// The object that the rule names: known, of a module that the tenant has, and such as this kind of rule may share.
    fn about(&self, spec: &SharingRuleSpec, findings: &mut Findings) -> Option<ObjectIx> {
        let Some((ix, object)) = self.catalogue.find(&spec.object) else {
            let finding = Finding::refused(Reason::UnknownObject, "spec.object");
            findings.push(words::unknown_object(finding, self.catalogue, &spec.object));
            return None;
        };
        if !self.settings.has(ix) {
            findings.push(words::module_not_enabled(
                Finding::waiting(Reason::ModuleNotEnabled, "spec.object"),
                object,
            ));
        }
        if let Some(needed) = needed_of_object(spec, object) {
            findings.push(
                Finding::refused(Reason::SharingNotAllowed, "spec.object")
                    .says(format!("`{}` cannot be shared in this way: {needed}", spec.object))
                    .mend("name another object, or choose another kind of rule"),
            );
        }
        let by_hand = spec.records.is_some() || spec.content_groups.is_some();
        if by_hand && self.settings.access(ix) == ObjectAccess::PublicReadWrite {
            findings.push(
                Finding::waiting(Reason::ObjectPublic, "spec.object")
                    .says(format!(
                        "the tenant made `{}` PublicReadWrite: there is nothing to share",
                        spec.object
                    ))
                    .mend("delete the rule, or change the object's `access` in the Tenant"),
            );
        }
        Some(ix)
    }

    /// The field and the condition fit the object.
    fn which(&self, spec: &SharingRuleSpec, about: Option<ObjectIx>, findings: &mut Findings) -> Which {
        match (spec.which(), about) {
            (Some(Records::Ownerless), _) => Which::Ownerless,
            (Some(Records::OrganizationAttribute(name)), Some(object)) => {
                Which::OrganizationAttribute(self.attribute(object, name, findings))
            }
            (Some(Records::OrganizationAttribute(_)), None) => Which::OrganizationAttribute(None),
            (Some(Records::Condition(source)), Some(object)) => {
                let compiled = compile_condition(self.settings, object, source, "spec.condition");
                Which::Condition(compiled.map_err(|finding| findings.push(finding)).ok().map(Arc::new))
            }
            (Some(Records::Condition(_)), None) => Which::Condition(None),
            (Some(Records::Listed(_) | Records::ContentGroups(_)) | None, _) => Which::Listed,
        }
    }

    fn attribute(&self, object: ObjectIx, name: &str, findings: &mut Findings) -> Option<FieldIx> {
        let path = "spec.organizationAttribute.field";
        let Some((ix, field)) = self.settings.fields.find(object, name) else {
            let known = self.settings.fields.of(object).iter().map(|field| field.name.as_str());
            findings.push(words::unknown_field(
                Finding::refused(Reason::UnknownField, path),
                name,
                known,
            ));
            return None;
        };
        if field.kind != FieldType::String {
            findings.push(
                Finding::refused(Reason::FieldType, path)
                    .says(format!("the field `{name}` is no String"))
                    .mend("name a field of type String: it is to hold the code of an organization"),
            );
        }
        Some(ix)
    }

    fn to_organizations(&self, names: &[String], findings: &mut Findings) -> Vec<OrganizationIx> {
        let mut organizations = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let path = || format!("spec.to.organizations[{index}]");
            findings.extend(
                self.organizations
                    .missing_or_void(name, |reason| Finding::partial(reason, path())),
            );
            if let OrganizationRef::InForce(ix) = self.organizations.find(name) {
                organizations.push(ix);
            }
        }
        organizations
    }

    fn judge_groups(&self, names: &[String], findings: &mut Findings) {
        for (index, name) in names.iter().enumerate() {
            let path = || format!("spec.to.groups[{index}]");
            findings.extend(
                self.groups
                    .missing_or_void(name, |reason| Finding::partial(reason, path())),
            );
        }
    }
}

/// What a kind of rule needs of its object, when the object is not so.
fn needed_of_object(spec: &SharingRuleSpec, object: &ObjectType) -> Option<&'static str> {
    match spec.which()? {
        Records::Ownerless => (!object.data).then_some("it takes no part in data permissions"),
        Records::OrganizationAttribute(_) | Records::Condition(_) => {
            (!object.customer).then_some("that is for customers only")
        }
        Records::Listed(_) | Records::ContentGroups(_) => {
            (!object.data || !object.manual_sharing).then_some("its records are not shared by hand")
        }
    }
}
