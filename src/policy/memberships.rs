//! How many users an organization has room for (O1).

use hashbrown::{HashMap, HashSet};

use super::organizations::{OrganizationIx, OrganizationRef, Organizations};
use super::snapshot::Snapshot;

/// The users whose membership of an organization is void because older ones fill it (O1, K5).
pub(super) struct Crowded {
    youngest: HashMap<OrganizationIx, HashSet<usize>>,
    pub(super) most: usize,
}

impl Crowded {
    pub(super) fn new(limit: i32, snapshot: &Snapshot, organizations: &Organizations) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let mut members: HashMap<OrganizationIx, Vec<usize>> = HashMap::new();
        for (ix, user) in snapshot.users.iter().enumerate() {
            for name in &user.spec.organizations {
                if let OrganizationRef::InForce(organization) = organizations.find(name)
                    && organizations
                        .get(organization)
                        .is_some_and(|organization| !organization.system)
                {
                    members.entry(organization).or_default().push(ix);
                }
            }
        }
        let most = members.values().map(Vec::len).max().unwrap_or(0);
        members.retain(|_, members| members.len() > limit);
        for members in members.values_mut() {
            members.sort_by(
                |one, other| match (snapshot.users.get(*one), snapshot.users.get(*other)) {
                    (Some(one), Some(other)) => one.older(other),
                    _ => one.cmp(other),
                },
            );
            members.drain(..limit.min(members.len()));
        }
        let youngest = members
            .into_iter()
            .map(|(organization, members)| (organization, members.into_iter().collect()));
        Self {
            youngest: youngest.collect(),
            most,
        }
    }

    pub(super) fn keeps_out(&self, user: usize, organization: OrganizationIx) -> bool {
        self.youngest
            .get(&organization)
            .is_some_and(|youngest| youngest.contains(&user))
    }
}
