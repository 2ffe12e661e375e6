//! What a tenant says of records for everyone: whether it limits them at all, how public each object type is, and which
//! organization lies below which (T3 to T5).
//!
//! It is told where the two sides differ in it, and only then: what comes with an organization or an action says that itself.

use std::collections::{BTreeMap, BTreeSet};

use super::super::catalogue::{ObjectIx, RecordAccess};
use super::super::evaluate::{Access, Evaluation};
use super::super::grant::{Entitlement, Grant};
use super::super::users::User;
use crate::api::{HEADQUARTERS, ObjectAccess, SharedAccess};

/// What one state of a tenant says otherwise than the other.
#[derive(Debug, Default)]
pub(super) struct TenantDelta {
    /// One limits who sees which records, the other does not.
    pub(super) limits: bool,
    /// The object types that are not equally public.
    objects: Vec<ObjectIx>,
    /// Organizations that lie below another here and not there, by that one.
    below: BTreeMap<String, BTreeSet<String>>,
    /// Both say the same of everything else that decides about a user whose own manifest is the same.
    pub(super) steady: bool,
}

impl TenantDelta {
    /// Of both sides. Nothing in a tenant that is in force on one side only: its people have all or nothing.
    pub(super) fn of_both(old: Option<&Evaluation>, new: Option<&Evaluation>) -> (Self, Self) {
        let (Some(before), Some(after)) = (old.and_then(Evaluation::access), new.and_then(Evaluation::access)) else {
            return Default::default();
        };
        let spec = |side: Option<&Evaluation>| side.and_then(|side| Some(side.tenant.as_ref()?.spec.clone()));
        let steady = spec(old) == spec(new) && before.roles.bring_the_same_as(&after.roles);
        match [before, after].map(|access| access.settings.data_permissions.enabled) {
            [true, true] => {}
            [one, other] => {
                let delta = || Self {
                    limits: one != other,
                    steady,
                    ..Self::default()
                };
                return (delta(), delta());
            }
        }
        let catalogue = new.iter().flat_map(|new| new.catalogue.objects());
        let objects = catalogue.filter(|(ix, _)| before.settings.access(*ix) != after.settings.access(*ix));
        let objects: Vec<ObjectIx> = objects.map(|(ix, _)| ix).collect();
        let (earlier, later) = (below(before), below(after));
        let only = |one: &BTreeSet<(&str, &str)>, other: &BTreeSet<(&str, &str)>| {
            let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (above, name) in one.difference(other) {
                below.entry((*above).to_owned()).or_default().insert((*name).to_owned());
            }
            Self {
                objects: objects.clone(),
                below,
                steady,
                ..Self::default()
            }
        };
        (only(&earlier, &later), only(&later, &earlier))
    }

    /// Whether neither says anything otherwise.
    pub(super) fn is_level(&self) -> bool {
        !self.limits && self.objects.is_empty() && self.below.is_empty()
    }

    /// What a user has by that. In headquarters nothing is limited.
    pub(super) fn grants(&self, evaluation: &Evaluation, access: &Access, user: &User) -> Vec<Grant> {
        let mut grants = Vec::new();
        let actions = &user.state.actions;
        let unlimited = in_headquarters(access, user);
        if self.limits && (unlimited || !access.settings.data_permissions.enabled) {
            let mut objects = evaluation.catalogue.objects();
            grants.extend(
                objects
                    .any(|(_, object)| object.data && object.actions.intersects(actions))
                    .then_some(Grant::now(Entitlement::EveryRecord)),
            );
        }
        if unlimited {
            return grants;
        }
        for ix in &self.objects {
            let public = match access.settings.access(*ix) {
                ObjectAccess::Exclusive => None,
                ObjectAccess::PublicReadOnly => Some(RecordAccess::Read),
                ObjectAccess::PublicReadWrite => Some(RecordAccess::Edit),
            };
            let Some(object) = evaluation.catalogue.object(*ix) else {
                continue;
            };
            let held = object.actions.iter().filter(|action| actions.contains(*action));
            let needed = held.filter_map(|action| Some(evaluation.catalogue.action(action)?.access));
            if let Some(most) = needed.filter(|needed| Some(*needed) <= public).max() {
                grants.push(Grant::now(Entitlement::Public {
                    object: object.name.clone(),
                    access: if most == RecordAccess::Read {
                        SharedAccess::Read
                    } else {
                        SharedAccess::Edit
                    },
                }));
            }
        }
        for entered in access.entered(user) {
            let below = self.below.get(&entered.name).into_iter().flatten();
            let records = below.map(|organization| Entitlement::RecordsOf {
                organization: organization.clone(),
                through: entered.name.clone(),
            });
            grants.extend(records.map(Grant::now));
        }
        grants
    }
}

/// Whether a user may enter headquarters, where every record is reached.
pub(super) fn in_headquarters(access: &Access, user: &User) -> bool {
    access
        .entered(user)
        .any(|organization| organization.name == HEADQUARTERS)
}

/// Each organization with those in force below it.
fn below(access: &Access) -> BTreeSet<(&str, &str)> {
    let in_force = access
        .organizations
        .iter()
        .filter(|(_, organization)| organization.in_force);
    in_force
        .flat_map(|(ix, organization)| {
            let above = access
                .organizations
                .chain(ix)
                .filter(|above| above.name != organization.name);
            above.map(|above| (above.name.as_str(), organization.name.as_str()))
        })
        .collect()
}
