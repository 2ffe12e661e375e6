//! Who is concerned when something else changes.

use super::super::evaluate::Access;
use super::super::identifiers;
use super::super::index::Index;
use super::super::invitations;
use super::super::registry::Registry;
use super::super::slots::UserIx;
use crate::api::{InvitationSpec, UserGroupSpec, UserSpec};

/// Who names what, whether it is there or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    /// Users by the roles that their specs name, whatever the time.
    pub(super) by_role: Index<UserIx>,
    /// Users by their position.
    pub(super) by_position: Index<UserIx>,
    /// Users by their home tenant.
    pub(super) by_home: Index<UserIx>,
    /// Users by the invitation that they live by.
    pub(super) by_invitation: Index<UserIx>,
    /// Names of groups by the users that they list.
    pub(super) groups: Index<String>,
    /// Names of sharing rules by the users that they name.
    pub(super) rules: Index<String>,
    /// Names of invitations by whom they invite, as identifiers are compared.
    pub(super) invited: Index<String>,
    /// Names of invitations by the user that they name.
    pub(super) invited_users: Index<String>,
}

impl Indexes {
    /// Of everything in a tenant.
    pub(super) fn new(access: &Access, registry: &Registry) -> Self {
        let mut indexes = Self::default();
        for (ix, user) in registry.users.iter() {
            indexes.add_user(ix, &user.spec);
        }
        for group in access.groups.iter() {
            indexes.add_group(&group.object.name, &group.object.spec);
        }
        for rule in access.rules.iter() {
            indexes.add_rule(&rule.object.name, rule.users());
        }
        for one in access.invitations.iter() {
            indexes.add_invitation(&one.object.name, &one.object.spec.spec);
        }
        indexes
    }

    pub(super) fn add_user(&mut self, ix: UserIx, spec: &UserSpec) {
        self.each_of_user(spec, |index, name| index.add(name, ix));
    }

    pub(super) fn remove_user(&mut self, ix: UserIx, spec: &UserSpec) {
        self.each_of_user(spec, |index, name| index.remove(name, &ix));
    }

    fn each_of_user(&mut self, spec: &UserSpec, mut note: impl FnMut(&mut Index<UserIx>, &str)) {
        let temporary = spec.temporary_roles.iter().map(|temporary| &temporary.role);
        for role in spec.roles.iter().chain(temporary) {
            note(&mut self.by_role, role);
        }
        if let Some(position) = &spec.position {
            note(&mut self.by_position, position);
        }
        if let Some(home) = &spec.home {
            note(&mut self.by_home, &home.tenant);
        }
        if let Some(invitation) = &spec.invitation {
            note(&mut self.by_invitation, invitation);
        }
    }

    pub(super) fn add_group(&mut self, name: &str, spec: &UserGroupSpec) {
        for user in &spec.users {
            self.groups.add(user, name.to_owned());
        }
    }

    pub(super) fn remove_group(&mut self, name: &str, spec: &UserGroupSpec) {
        for user in &spec.users {
            self.groups.remove(user, &name.to_owned());
        }
    }

    pub(super) fn add_rule(&mut self, name: &str, users: &[String]) {
        for user in users {
            self.rules.add(user, name.to_owned());
        }
    }

    pub(super) fn remove_rule(&mut self, name: &str, users: &[String]) {
        for user in users {
            self.rules.remove(user, &name.to_owned());
        }
    }

    pub(super) fn add_invitation(&mut self, name: &str, spec: &InvitationSpec) {
        for value in invitations::identifiers(spec) {
            self.invited.add(&value, name.to_owned());
        }
        if let Some(user) = &spec.user {
            self.invited_users.add(user, name.to_owned());
        }
    }

    pub(super) fn remove_invitation(&mut self, name: &str, spec: &InvitationSpec) {
        let name = name.to_owned();
        for value in invitations::identifiers(spec) {
            self.invited.remove(&value, &name);
        }
        if let Some(user) = &spec.user {
            self.invited_users.remove(user, &name);
        }
    }

    /// The invitations of whoever has an identifier of that user.
    pub(super) fn invitations_of<'a>(&'a self, spec: &'a UserSpec) -> impl Iterator<Item = &'a String> {
        identifiers::of(spec).flat_map(|(_, value)| self.invited.get(&value).iter())
    }

    /// The invitations of the same person: those among which the younger are refused.
    pub(super) fn rivals(&self, spec: &InvitationSpec) -> Vec<String> {
        let of_user = spec.user.iter().flat_map(|user| self.invited_users.get(user));
        let of_identifier = invitations::identifiers(spec);
        let of_identifier = of_identifier.iter().flat_map(|value| self.invited.get(value));
        of_user.chain(of_identifier).cloned().collect()
    }
}
