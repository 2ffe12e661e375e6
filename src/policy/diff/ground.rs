//! What a tenant says of records for everyone: whether it limits them at all, how public each object type is, and which
//! organization lies below which (T3 to T5).
//!
//! It is told where the two sides differ in it, and only then: what comes with an organization or an action says that itself.

use std::collections::BTreeSet;

use super::super::catalogue::ObjectIx;
use super::super::evaluate::{Access, Evaluation};
use super::super::users::User;
use super::Grant;
use crate::api::ObjectAccess;

/// In what two states of a tenant differ.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ground {
    /// One limits who sees which records, the other does not.
    limits: bool,
    /// The object types that are not equally public.
    objects: Vec<ObjectIx>,
    /// Organizations do not lie below the same ones.
    tree: bool,
}

impl Ground {
    /// Nothing in a tenant that is in force on one side only: its people have all or nothing.
    pub(super) fn between(old: Option<&Evaluation>, new: Option<&Evaluation>) -> Self {
        let (Some(before), Some(after)) = (old.and_then(Evaluation::access), new.and_then(Evaluation::access)) else {
            return Self::default();
        };
        let catalogue = new.iter().flat_map(|new| new.catalogue.objects());
        let objects = catalogue.filter(|(ix, _)| before.settings.access(*ix) != after.settings.access(*ix));
        Self {
            limits: before.settings.data_permissions.enabled != after.settings.data_permissions.enabled,
            objects: objects.map(|(ix, _)| ix).collect(),
            tree: below(before) != below(after),
        }
    }

    /// What a user has by that on one side.
    pub(super) fn grants(&self, evaluation: &Evaluation, access: &Access, user: &User) -> Vec<Grant> {
        let mut grants = Vec::new();
        let permissions = &access.settings.data_permissions;
        if self.limits && !permissions.enabled {
            grants.push(Grant::EveryRecord);
        }
        for ix in &self.objects {
            let object = evaluation.catalogue.object(*ix);
            let object = object.filter(|object| object.actions.intersects(&user.state.actions));
            let may = match access.settings.access(*ix) {
                ObjectAccess::Exclusive => None,
                ObjectAccess::PublicReadOnly => Some("read"),
                ObjectAccess::PublicReadWrite => Some("read and edit"),
            };
            if let (Some(object), Some(may)) = (object, may) {
                let object = object.name.clone();
                grants.push(Grant::Public { object, may });
            }
        }
        if self.tree {
            let entered = user
                .organizations()
                .iter()
                .filter_map(|ix| access.organizations.get(*ix));
            let entered: BTreeSet<&str> = entered.map(|organization| organization.name.as_str()).collect();
            let below = below(access).into_iter().filter(|(_, above)| entered.contains(above));
            grants.extend(below.map(|(name, above)| Grant::RecordsOf {
                organization: name.to_owned(),
                through: above.to_owned(),
            }));
        }
        grants
    }
}

/// Each organization in force with each of those above it.
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
            above.map(|above| (organization.name.as_str(), above.name.as_str()))
        })
        .collect()
}
