//! What a change of roles can mean for the users of a tenant.

use hashbrown::HashSet;

use super::{RoleRef, Roles};
use crate::api::RoleType;

/// How the roles of a tenant differ from what they were, as far as users notice.
#[derive(Debug, Default)]
pub(in crate::policy) struct RoleChanges {
    /// The names that stand for something else than before.
    pub(in crate::policy) names: HashSet<String>,
    /// The positions that come with other roles, or with a doubt that was not there.
    pub(in crate::policy) positions: HashSet<String>,
    /// Whether every position is concerned.
    pub(in crate::policy) every_position: bool,
    /// Whether other restrictions hold for those who are held to all of them.
    pub(in crate::policy) restrictions: bool,
    /// Whether there are other names to suggest.
    pub(in crate::policy) suggestions: bool,
}

impl Roles {
    /// What is other than it was before, under the same Tenant.
    pub(in crate::policy) fn changes_since(&self, before: &Self) -> RoleChanges {
        let every = self.by_name.keys().chain(before.by_name.keys());
        let names: HashSet<String> = every
            .filter(|name| !self.stands_for_the_same(name, before))
            .cloned()
            .collect();
        let doubtful = self.doubtful_positions.symmetric_difference(&before.doubtful_positions);
        let mut positions: HashSet<String> = doubtful.cloned().collect();
        for name in &names {
            for roles in [self, before] {
                positions.extend(
                    roles
                        .named(name)
                        .into_iter()
                        .flat_map(|role| role.positions.iter().cloned()),
                );
            }
        }
        RoleChanges {
            names,
            positions,
            every_position: self.all_doubtful != before.all_doubtful,
            restrictions: self.restrictions != before.restrictions,
            suggestions: !self.names().eq(before.names()),
        }
    }

    /// What a role says follows from its object; a manifest of a system role changes nothing.
    fn stands_for_the_same(&self, name: &str, before: &Self) -> bool {
        let object = |roles: &Self| {
            let role = roles.named(name).filter(|role| role.kind == RoleType::Custom)?;
            role.object.as_ref().map(std::sync::Arc::as_ptr)
        };
        self.find(name) == before.find(name) && object(self) == object(before)
    }

    /// The role of that name, void or not.
    pub(in crate::policy) fn named(&self, name: &str) -> Option<&super::Role> {
        match self.find(name) {
            RoleRef::InForce(ix) => self.get(ix),
            RoleRef::Void | RoleRef::Missing => {
                let place = self.roles.binary_search_by(|role| role.name.as_str().cmp(name)).ok()?;
                self.roles.get(place)
            }
        }
    }
}
