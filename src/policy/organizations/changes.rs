//! What a change of organizations can mean for the users of a tenant.

use hashbrown::HashSet;

use super::{OrganizationRef, Organizations};

/// How the organizations of a tenant differ from what they were, as far as users notice.
#[derive(Debug, Default)]
pub(in crate::policy) struct OrganizationChanges {
    /// The names that stand for something else than before.
    pub(in crate::policy) names: HashSet<String>,
    /// Whether there are other names to suggest.
    pub(in crate::policy) suggestions: bool,
    /// The names of which the status may be other.
    pub(in crate::policy) statuses: Vec<String>,
}

impl Organizations {
    /// What is other than it was before, under the same Tenant.
    pub(in crate::policy) fn changes_since(&self, before: &Self) -> OrganizationChanges {
        let every = self.by_name.keys().chain(before.by_name.keys());
        let names = every.filter(|name| self.find(name) != before.find(name)).cloned();
        let moved = |name: &str| self.parent_of(name) != before.parent_of(name);
        let any_moved = self.names().any(moved);
        let statuses = self
            .all
            .iter()
            .filter(|one| any_moved || before.named(&one.name).map(|(_, was)| was) != Some(one));
        OrganizationChanges {
            names: names.collect(),
            suggestions: !self.names().eq(before.names()),
            statuses: statuses.map(|one| one.name.clone()).collect(),
        }
    }

    fn parent_of(&self, name: &str) -> Option<super::OrganizationIx> {
        self.named(name)?.1.parent
    }

    /// The organization of that name, void or not.
    pub(in crate::policy) fn named(&self, name: &str) -> Option<(super::OrganizationIx, &super::Organization)> {
        match self.find(name) {
            OrganizationRef::InForce(ix) | OrganizationRef::Void(Some(ix)) => Some((ix, self.get(ix)?)),
            OrganizationRef::Void(None) | OrganizationRef::Missing => None,
        }
    }
}
