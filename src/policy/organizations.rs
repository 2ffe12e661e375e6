//! The rules of organizations: the tree under headquarters (O1 to O4).

mod changes;

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::finding::{Finding, Findings, Origin, Reason};
use super::numbering::Numbering;
use super::snapshot::{Object, Snapshot};
use super::tenant::Settings;
use super::words;
use crate::api::{HEADQUARTERS, Kind, OrganizationSpec, UNASSIGNED};

pub(super) use changes::OrganizationChanges;

/// The number of an organization in its tenant, its own for as long as it is there. It says nothing about order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrganizationIx(u32);

/// An organization with its place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Its code.
    pub code: Option<String>,
    /// Where its manifest came from; the system's may have none.
    pub origin: Option<Origin>,
    /// Whether users and records can belong to it: not void, or the system's.
    pub in_force: bool,
    /// Its level while its parents lead up to headquarters, void or not; headquarters is 1.
    pub level: Option<usize>,
    /// The organization above it; none for headquarters and where the chain is broken.
    pub parent: Option<OrganizationIx>,
    /// Whether it is `headquarters` or `unassigned`.
    pub system: bool,
    /// What is wrong with it, or with the manifest of its name.
    pub findings: Findings,
}

/// What a name of an organization stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationRef {
    /// No organization has the name.
    Missing,
    /// The organization is void; the number is there while it is schema-valid.
    Void(Option<OrganizationIx>),
    /// The organization is in force.
    InForce(OrganizationIx),
}

/// All organizations of a tenant, the system's included, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Organizations {
    all: Vec<Organization>,
    numbering: Numbering,
    by_name: HashMap<String, OrganizationRef>,
    per_level: HashMap<usize, usize>,
}

impl Organizations {
    /// Judges every organization of the snapshot. Those that were there before keep their numbers.
    pub(super) fn judge(settings: &Settings, snapshot: &Snapshot, before: &Self) -> Self {
        let custom: Vec<&Object<OrganizationSpec>> = snapshot
            .organizations
            .iter()
            .map(|object| &**object)
            .filter(|object| !Kind::Organization.reserves(&object.name))
            .collect();
        let mut all: Vec<Organization> = custom.iter().map(|object| declared(object)).collect();
        all.push(headquarters(settings, snapshot));
        all.push(unassigned(snapshot));
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let numbering = Numbering::after(
            &before.numbering,
            before.names(),
            all.iter().map(|one| one.name.as_str()),
        );
        let mut tree = Self {
            all,
            numbering,
            ..Self::default()
        };
        tree.index(snapshot);
        let custom: HashMap<&str, &Object<OrganizationSpec>> = custom
            .into_iter()
            .map(|object| (object.name.as_str(), object))
            .collect();
        tree.link(&custom);
        tree.refuse_cycles();
        tree.refuse_duplicate_codes(settings, &custom);
        tree.refuse_beyond_limits(settings, &custom);
        tree.spread_void(&custom);
        tree.index(snapshot);
        tree
    }

    fn index(&mut self, snapshot: &Snapshot) {
        for name in snapshot.broken_names(Kind::Organization) {
            self.by_name.insert(name.to_owned(), OrganizationRef::Void(None));
        }
        for (ix, organization) in self.numbering.iter().map(OrganizationIx).zip(&self.all) {
            let named = if organization.in_force {
                OrganizationRef::InForce(ix)
            } else {
                OrganizationRef::Void(Some(ix))
            };
            self.by_name.insert(organization.name.clone(), named);
        }
    }

    /// What the name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> OrganizationRef {
        self.by_name.get(name).copied().unwrap_or(OrganizationRef::Missing)
    }

    /// The organization of that number.
    #[must_use]
    pub fn get(&self, ix: OrganizationIx) -> Option<&Organization> {
        self.all.get(self.place(ix)?)
    }

    /// The organization of that name when it is in force.
    pub(super) fn in_force(&self, name: &str) -> Option<&Organization> {
        match self.find(name) {
            OrganizationRef::InForce(ix) => self.get(ix),
            OrganizationRef::Missing | OrganizationRef::Void(_) => None,
        }
    }

    /// Where the organization stands in the order of names.
    pub(super) fn place(&self, ix: OrganizationIx) -> Option<usize> {
        self.numbering.place(ix.0)
    }

    /// Their names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|organization| organization.name.as_str())
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (OrganizationIx, &Organization)> {
        self.numbering.iter().map(OrganizationIx).zip(&self.all)
    }

    /// The names from headquarters down to the organization.
    #[must_use]
    pub fn path(&self, ix: OrganizationIx) -> Vec<&str> {
        let mut path: Vec<&str> = self.chain(ix).map(|organization| organization.name.as_str()).collect();
        path.reverse();
        path
    }

    /// The organization and those above it, upwards.
    pub fn chain(&self, ix: OrganizationIx) -> impl Iterator<Item = &Organization> {
        let mut next = Some(ix);
        // No chain is longer than all organizations together: a cycle ends here.
        std::iter::from_fn(move || {
            let organization = self.get(next?)?;
            next = organization.parent;
            Some(organization)
        })
        .take(self.all.len())
    }

    /// The largest number of organizations on one level that count towards the limit.
    #[must_use]
    pub fn most_on_a_level(&self) -> usize {
        self.per_level.values().copied().max().unwrap_or(0)
    }

    /// The finding for an organization that is named and missing or void.
    pub(super) fn missing_or_void(&self, name: &str, finding: impl Fn(Reason) -> Finding) -> Option<Finding> {
        match self.find(name) {
            OrganizationRef::InForce(_) => None,
            OrganizationRef::Missing => {
                let known = self.names();
                Some(words::missing(
                    finding(Reason::DependencyNotFound),
                    "organization",
                    name,
                    known,
                ))
            }
            OrganizationRef::Void(_) => Some(words::void(finding(Reason::DependencyInvalid), "organization", name)),
        }
    }

    /// Finds every parent and, where the parents lead up to headquarters, the level.
    fn link(&mut self, custom: &HashMap<&str, &Object<OrganizationSpec>>) {
        let parents: Vec<Option<OrganizationIx>> = self.all.iter().map(|one| self.parent(one, custom)).collect();
        self.all
            .iter_mut()
            .zip(parents)
            .for_each(|(organization, parent)| organization.parent = parent);
        let levels: Vec<Option<usize>> = self.iter().map(|(ix, _)| self.level(ix)).collect();
        self.all
            .iter_mut()
            .zip(levels)
            .for_each(|(organization, level)| organization.level = level);
    }

    fn parent(
        &self,
        child: &Organization,
        custom: &HashMap<&str, &Object<OrganizationSpec>>,
    ) -> Option<OrganizationIx> {
        let name = match (child.system, custom.get(child.name.as_str())) {
            (true, _) => (child.name != HEADQUARTERS).then_some(HEADQUARTERS)?,
            (false, object) => object?.spec.parent.as_str(),
        };
        match self.find(name) {
            OrganizationRef::InForce(ix) | OrganizationRef::Void(Some(ix)) => Some(ix),
            OrganizationRef::Missing | OrganizationRef::Void(None) => None,
        }
    }

    /// The length of the chain up to headquarters, when it gets there.
    fn level(&self, ix: OrganizationIx) -> Option<usize> {
        let mut level = 0;
        for organization in self.chain(ix) {
            level += 1;
            if organization.name == HEADQUARTERS {
                return Some(level);
            }
        }
        None
    }

    /// Every organization on a cycle is refused.
    fn refuse_cycles(&mut self) {
        let on_cycle: Vec<OrganizationIx> = self
            .iter()
            .filter(|(_, one)| one.level.is_none())
            .map(|(ix, _)| ix)
            .filter(|ix| self.leads_back(*ix))
            .collect();
        for ix in on_cycle {
            self.refuse(
                ix,
                Finding::refused(Reason::OrganizationCycle, "spec.parent")
                    .says("the parents lead back to the organization itself")
                    .mend("give one organization of the cycle a parent that leads up to `headquarters`"),
            );
        }
    }

    fn leads_back(&self, ix: OrganizationIx) -> bool {
        let mut above = self.get(ix).and_then(|organization| organization.parent);
        for _ in 0..self.all.len() {
            match above {
                Some(parent) if parent == ix => return true,
                Some(parent) => above = self.get(parent).and_then(|organization| organization.parent),
                None => return false,
            }
        }
        false
    }

    /// Codes are unique, headquarters' first: the older organization keeps one, void or not (O3).
    fn refuse_duplicate_codes(&mut self, settings: &Settings, custom: &HashMap<&str, &Object<OrganizationSpec>>) {
        let mut by_age: Vec<&Object<OrganizationSpec>> = custom.values().copied().collect();
        by_age.sort_by(|one, other| one.older(other));
        let mut owners: HashMap<&str, &str> = HashMap::new();
        if let Some(code) = &settings.headquarters_code {
            owners.insert(code, HEADQUARTERS);
        }
        let mut refused = Vec::new();
        for object in by_age {
            let Some(code) = object.spec.code.as_deref() else {
                continue;
            };
            if let Some(owner) = owners.get(code) {
                refused.push((object.name.as_str(), code, *owner));
            } else {
                owners.insert(code, &object.name);
            }
        }
        for (name, code, owner) in refused {
            let (OrganizationRef::InForce(ix) | OrganizationRef::Void(Some(ix))) = self.find(name) else {
                continue;
            };
            self.refuse(
                ix,
                Finding::refused(Reason::DuplicateCode, "spec.code")
                    .says(format!("the code `{code}` belongs to the older organization `{owner}`"))
                    .mend("choose another code"),
            );
        }
    }

    /// A level deeper than `organizationLevels`, and the youngest beyond `organizationsPerLevel` on a level, are refused.
    /// Void ones keep their places; the two of the system take none (O1, K5).
    fn refuse_beyond_limits(&mut self, settings: &Settings, custom: &HashMap<&str, &Object<OrganizationSpec>>) {
        let deepest = usize::try_from(settings.limits.organization_levels).unwrap_or(0);
        let most = usize::try_from(settings.limits.organizations_per_level).unwrap_or(0);
        let mut levels: BTreeMap<usize, Vec<(OrganizationIx, &Object<OrganizationSpec>)>> = BTreeMap::new();
        for (ix, organization) in self.iter() {
            if let (Some(level), Some(object)) = (organization.level, custom.get(organization.name.as_str())) {
                levels.entry(level).or_default().push((ix, object));
            }
        }
        self.per_level = levels.iter().map(|(level, on_it)| (*level, on_it.len())).collect();
        for (level, mut on_it) in levels {
            on_it.sort_by(|one, other| one.1.older(other.1));
            for (place, (ix, _)) in on_it.into_iter().enumerate() {
                let finding = Finding::refused(Reason::LimitExceeded, "spec.parent");
                if level > deepest {
                    self.refuse(
                        ix,
                        finding
                            .says(format!(
                                "the organization would be on level {level} of at most {deepest}"
                            ))
                            .mend("move it up, or raise the Tenant's spec.limits.organizationLevels"),
                    );
                } else if place >= most {
                    self.refuse(
                        ix,
                        finding
                            .says(format!(
                                "level {level} has {most} older organizations, which is the limit"
                            ))
                            .mend("move it, or raise the Tenant's spec.limits.organizationsPerLevel"),
                    );
                }
            }
        }
    }

    /// A parent that is missing or void makes the organization wait, down the tree; none may be below `unassigned`.
    fn spread_void(&mut self, custom: &HashMap<&str, &Object<OrganizationSpec>>) {
        let waiting: Vec<_> = self
            .judged(custom)
            .filter_map(|(ix, parent)| Some((ix, self.unfit_parent(parent)?)))
            .collect();
        waiting.into_iter().for_each(|(ix, finding)| self.refuse(ix, finding));
        let waiting: Vec<_> = self
            .judged(custom)
            .filter(|(ix, _)| {
                self.chain(*ix)
                    .skip(1)
                    .any(|above| above.findings.void() && !above.system)
            })
            .map(|(ix, parent)| {
                (
                    ix,
                    words::void(
                        Finding::waiting(Reason::DependencyInvalid, "spec.parent"),
                        "organization",
                        parent,
                    ),
                )
            })
            .collect();
        waiting.into_iter().for_each(|(ix, finding)| self.refuse(ix, finding));
    }

    /// The organizations whose parent is worth a word, with its name: a cycle says all there is to say.
    fn judged<'a>(
        &self,
        custom: &HashMap<&str, &'a Object<OrganizationSpec>>,
    ) -> impl Iterator<Item = (OrganizationIx, &'a str)> {
        self.iter().filter_map(|(ix, one)| {
            let object = custom.get(one.name.as_str()).filter(|object| !object.deleting)?;
            let cyclic = one
                .findings
                .iter()
                .any(|finding| finding.reason == Reason::OrganizationCycle);
            (!cyclic).then_some((ix, object.spec.parent.as_str()))
        })
    }

    fn unfit_parent(&self, name: &str) -> Option<Finding> {
        let waiting = |reason| Finding::waiting(reason, "spec.parent");
        match self.find(name) {
            _ if name == UNASSIGNED => Some(
                waiting(Reason::DependencyInvalid)
                    .says("no organization can be below `unassigned`")
                    .mend("choose another parent"),
            ),
            OrganizationRef::Missing => {
                let known = self.names();
                Some(words::missing(
                    waiting(Reason::DependencyNotFound),
                    "organization",
                    name,
                    known,
                ))
            }
            OrganizationRef::Void(None) => Some(words::void(waiting(Reason::DependencyInvalid), "organization", name)),
            OrganizationRef::Void(Some(_)) | OrganizationRef::InForce(_) => None,
        }
    }

    fn refuse(&mut self, ix: OrganizationIx, finding: Finding) {
        if let Some(organization) = self.place(ix).and_then(|place| self.all.get_mut(place)) {
            let terminating = organization
                .findings
                .iter()
                .any(|finding| finding.reason == Reason::Terminating);
            if !terminating {
                organization.findings.push(finding);
            }
            organization.in_force = false;
        }
    }
}

fn declared(object: &Object<OrganizationSpec>) -> Organization {
    Organization {
        name: object.name.clone(),
        display_name: object.spec.display_name.clone(),
        code: object.spec.code.clone(),
        origin: Some(object.origin),
        in_force: !object.deleting,
        level: None,
        parent: None,
        system: false,
        findings: if object.deleting {
            Findings::only(words::terminating())
        } else {
            Findings::default()
        },
    }
}

/// The root: its displayName and code stand in the Tenant, its own `parent` is ignored (O2).
fn headquarters(settings: &Settings, snapshot: &Snapshot) -> Organization {
    system(
        HEADQUARTERS,
        &settings.headquarters,
        settings.headquarters_code.clone(),
        snapshot,
        |spec| spec.display_name == settings.headquarters && spec.code == settings.headquarters_code,
    )
}

/// The organization of users that belong to none, a child of headquarters (O2).
fn unassigned(snapshot: &Snapshot) -> Organization {
    const DISPLAY_NAME: &str = "Unassigned";
    system(UNASSIGNED, DISPLAY_NAME, None, snapshot, |spec| {
        spec.display_name == DISPLAY_NAME && spec.code.is_none() && spec.parent == HEADQUARTERS
    })
}

/// A system organization with the findings of the manifest of its name, which changes nothing.
fn system(
    name: &str,
    display_name: &str,
    code: Option<String>,
    snapshot: &Snapshot,
    equal: impl Fn(&OrganizationSpec) -> bool,
) -> Organization {
    let manifest = snapshot.organizations.iter().find(|object| object.name == name);
    let findings = match manifest {
        Some(object) if object.deleting => Findings::only(words::terminating()),
        Some(object) if !equal(&object.spec) => Findings::only(
            Finding::refused(Reason::ReservedName, "metadata.name")
                .says(format!(
                    "`{name}` belongs to the system and cannot be changed by a manifest"
                ))
                .mend("remove the manifest; displayName and code of `headquarters` stand in the Tenant"),
        ),
        Some(_) => Findings::default(),
        None => snapshot.broken_findings(Kind::Organization, name),
    };
    Organization {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        code,
        origin: manifest.map(|object| object.origin),
        in_force: true,
        level: None,
        parent: None,
        system: true,
        findings,
    }
}
