//! One step of an evaluation: from what has changed to what is evaluated again, in the order in which the rules need each
//! other.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashSet;

use super::super::catalogue::Catalogue;
use super::super::evaluate::Access;
use super::super::groups::Groups;
use super::super::homes::Homes;
use super::super::invitations::{self, Invitation, refuse_younger};
use super::super::organizations::{OrganizationChanges, Organizations};
use super::super::registry::Registry;
use super::super::roles::{RoleChanges, Roles};
use super::super::sharing;
use super::super::slots::UserIx;
use super::super::snapshot::Snapshot;
use super::super::users::User;
use super::draft::{broken_users, judge, of_phase};
use super::edits::{Edits, UserEdit};
use super::indexes::Indexes;
use super::schedule::{Ahead, Schedule, Subject};
use crate::api::{Kind, Moment, UserPhase, UserSpec};

/// What a step works on. The objects are already as they are to be.
pub(super) struct Parts<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) snapshot: &'a Snapshot,
    pub(super) homes: &'a Homes,
    pub(super) access: &'a mut Access,
    pub(super) registry: &'a mut Registry,
    pub(super) indexes: &'a mut Indexes,
    pub(super) schedule: &'a mut Schedule,
    pub(super) now: Moment,
}

/// A step on its way: what it has found to be concerned so far.
pub(super) struct Step<'a> {
    parts: Parts<'a>,
    /// The users to be evaluated again.
    users: BTreeSet<UserIx>,
    /// The names of organizations whose places are to be counted.
    places: BTreeSet<String>,
    /// The names of invitations to be judged again.
    invitations: BTreeSet<String>,
    /// The names of users who are there, or sound, or void, from another moment on than before.
    standing: BTreeSet<String>,
    /// Whether there are other names of users to suggest.
    other_users: bool,
    /// Of which objects the status may be another.
    touched: BTreeSet<(Kind, String)>,
}

impl<'a> Step<'a> {
    pub(super) fn new(parts: Parts<'a>) -> Self {
        Self {
            parts,
            users: BTreeSet::new(),
            places: BTreeSet::new(),
            invitations: BTreeSet::new(),
            standing: BTreeSet::new(),
            other_users: false,
            touched: BTreeSet::new(),
        }
    }

    /// Carries the step out; returns of which objects the status may be another.
    pub(super) fn carry_out(mut self, edits: Edits) -> BTreeSet<(Kind, String)> {
        self.touched.clone_from(&edits.objects);
        self.take_broken(&edits);
        for edit in &edits.users {
            self.take_user(edit);
        }
        let roles = self.take_roles(&edits);
        let organizations = self.take_organizations(&edits);
        self.count_places();
        if edits.groups {
            self.take_groups();
        }
        self.invitations.extend(edits.invitations);
        self.judge_invitations(&roles, &organizations);
        self.take_homes(&edits.homes);
        let mut rules = self.take_time();
        self.judge_users();
        if edits.rules || edits.groups || !organizations.names.is_empty() || organizations.suggestions {
            self.judge_rules();
        } else {
            rules.extend(self.concerned_rules());
            self.settle_rules(rules);
        }
        self.settle_invitations();
        self.touch_groups();
        self.parts.access.next_transition = self.parts.schedule.next_transition();
        self.touched
    }

    /// Broken objects keep names; what they keep of users is looked at by others.
    fn take_broken(&mut self, edits: &Edits) {
        let users = edits.broken.iter().filter(|(kind, _)| *kind == Kind::User);
        let users: Vec<&String> = users.map(|(_, name)| name).collect();
        if !users.is_empty() {
            self.parts.access.users.broken = broken_users(self.parts.snapshot);
            self.standing.extend(users.iter().map(|name| (*name).clone()));
            self.invitations.extend(users.into_iter().cloned());
        }
    }

    /// A user came, went or changed: so may have those who share an identifier or an organization with her, and the
    /// invitations of whoever has her identifiers or her name.
    fn take_user(&mut self, edit: &UserEdit) {
        self.touched.insert((Kind::User, edit.name.clone()));
        self.invitations.insert(edit.name.clone());
        let known = self.parts.access.users.by_name(&edit.name).map(|user| user.ix);
        let mut ix = known;
        if let (Some(ix), Some(before)) = (known, &edit.before) {
            self.note_around(ix, &before.spec);
            self.parts.indexes.remove_user(ix, &before.spec);
        }
        match (known, &edit.before, &edit.after) {
            (Some(ix), Some(before), Some(after)) => self.parts.registry.replace(ix, &before.spec, after),
            (Some(ix), Some(before), None) => {
                self.parts.registry.remove(ix, &before.spec);
                self.remove_user(&edit.name);
            }
            (_, _, Some(after)) => ix = Some(self.parts.registry.add(after)),
            (_, _, None) => {}
        }
        if let (Some(ix), Some(after)) = (ix, &edit.after) {
            self.note_around(ix, &after.spec);
            self.parts.indexes.add_user(ix, &after.spec);
            self.users.insert(ix);
        }
        self.other_users |= edit.before.is_none() || edit.after.is_none();
    }

    /// Notes whom and what a user concerns by what she says.
    fn note_around(&mut self, ix: UserIx, spec: &UserSpec) {
        self.users.extend(self.parts.registry.rivals(ix, spec));
        self.places.extend(spec.organizations.iter().cloned());
        self.invitations
            .extend(self.parts.indexes.invitations_of(spec).cloned());
    }

    fn remove_user(&mut self, name: &str) {
        if let Some(user) = self.parts.access.users.all.remove(name) {
            *of_phase(&mut self.parts.access.counts, user.state.phase) -= 1;
            let subject = Subject::User(user.ix);
            self.parts.schedule.remove(subject, Ahead::of_user(&user));
            self.standing.insert(name.to_owned());
        }
    }

    /// Other roles concern those who name one that stands for something else, or have it by position; other restrictions
    /// those who are held to all of them; other names those to whom one may be suggested.
    fn take_roles(&mut self, edits: &Edits) -> RoleChanges {
        if !edits.roles {
            return RoleChanges::default();
        }
        let access = &mut *self.parts.access;
        let roles = Roles::judge(
            self.parts.catalogue,
            &access.settings,
            self.parts.snapshot,
            &access.roles,
        );
        let changes = roles.changes_since(&access.roles);
        let before = std::mem::replace(&mut access.roles, Arc::new(roles));
        let indexes = &self.parts.indexes;
        let by_role = changes.names.iter().flat_map(|name| indexes.by_role.get(name));
        let by_position = changes.positions.iter().flat_map(|name| indexes.by_position.get(name));
        let concerned: BTreeSet<UserIx> = by_role.chain(by_position).copied().collect();
        self.touch_users(concerned.iter().copied());
        self.users.extend(concerned);
        self.take_restrictions(&changes);
        let names = before
            .iter()
            .chain(self.parts.access.roles.iter())
            .map(|(_, role)| &role.name);
        self.touched.extend(names.map(|name| (Kind::Role, name.clone())));
        changes
    }

    /// Whoever is held to every restriction, or may be in time, depends on what these are.
    fn take_restrictions(&mut self, changes: &RoleChanges) {
        if !(changes.restrictions || changes.suggestions || changes.every_position) {
            return;
        }
        let concerned = |user: &&User| {
            (changes.restrictions && (user.state.cautious || user.next_look.is_some()))
                || (changes.suggestions && user.has_findings())
                || (changes.every_position && user.object.spec.position.is_some())
        };
        let users = self.parts.access.users.iter();
        let cautious = self
            .parts
            .access
            .users
            .iter()
            .filter(|user| changes.restrictions && user.state.cautious);
        let cautious: Vec<UserIx> = cautious.map(|user| user.ix).collect();
        self.users.extend(users.filter(concerned).map(|user| user.ix));
        self.touch_users(cautious);
    }

    /// Notes users whose status may be another though nothing else of them is.
    fn touch_users(&mut self, users: impl IntoIterator<Item = UserIx>) {
        let objects = users.into_iter().filter_map(|ix| self.parts.registry.users.get(ix));
        self.touched
            .extend(objects.map(|object| (Kind::User, object.name.clone())));
    }

    /// Likewise those who list an organization that stands for something else.
    fn take_organizations(&mut self, edits: &Edits) -> OrganizationChanges {
        if !edits.organizations {
            return OrganizationChanges::default();
        }
        let access = &mut *self.parts.access;
        let organizations = Organizations::judge(&access.settings, self.parts.snapshot, &access.organizations);
        let changes = organizations.changes_since(&access.organizations);
        access.organizations = Arc::new(organizations);
        for name in &changes.names {
            self.users.extend(self.parts.registry.listing(name));
            self.places.insert(name.clone());
        }
        if changes.suggestions {
            let users = self.parts.access.users.iter().filter(|user| user.has_findings());
            self.users.extend(users.map(|user| user.ix));
        }
        let statuses = changes.statuses.iter().chain(&changes.names);
        self.touched
            .extend(statuses.map(|name| (Kind::Organization, name.clone())));
        changes
    }

    fn count_places(&mut self) {
        let access = &*self.parts.access;
        let limit = access.settings.limits.users_per_organization;
        for name in &self.places {
            let concerned = self.parts.registry.count(name, limit, &access.organizations);
            self.users.extend(concerned);
        }
    }

    /// Judges all groups again. Whoever is listed by one that is other than before is concerned.
    fn take_groups(&mut self) {
        let access = &mut *self.parts.access;
        let groups = Groups::judge(&access.settings, self.parts.snapshot);
        let before = std::mem::replace(&mut access.groups, groups);
        let groups = &access.groups;
        let mut listed: HashSet<&String> = HashSet::new();
        for group in before
            .iter()
            .filter(|group| groups.by_name(&group.object.name).is_none_or(|now| !now.is(group)))
        {
            self.parts.registry.leave(group);
            self.parts.indexes.remove_group(&group.object.name, &group.object.spec);
            self.touched.insert((Kind::UserGroup, group.object.name.clone()));
            listed.extend(&group.object.spec.users);
        }
        for group in groups
            .iter()
            .filter(|group| before.by_name(&group.object.name).is_none_or(|was| !was.is(group)))
        {
            self.parts.registry.join(group);
            self.parts.indexes.add_group(&group.object.name, &group.object.spec);
            self.touched.insert((Kind::UserGroup, group.object.name.clone()));
            listed.extend(&group.object.spec.users);
        }
        let listed = listed.into_iter().filter_map(|name| access.users.by_name(name));
        self.users.extend(listed.map(|user| user.ix));
    }

    /// Judges invitations again that are concerned, and with each those of the same person.
    fn judge_invitations(&mut self, roles: &RoleChanges, organizations: &OrganizationChanges) {
        self.note_invitations(roles, organizations);
        let mut again = std::mem::take(&mut self.invitations);
        let were_rivals: Vec<String> = again.iter().flat_map(|name| self.known_rivals(name)).collect();
        again.extend(were_rivals);
        again.iter().for_each(|name| self.forget_invitation(name));
        let are_rivals: Vec<String> = again.iter().flat_map(|name| self.rivals_now(name)).collect();
        again.extend(are_rivals);
        let mut judged = self.judged(&again);
        refuse_younger(&mut judged);
        judged
            .into_iter()
            .for_each(|invitation| self.put_invitation(invitation));
        // Users who live by them, be it that they are gone.
        for name in &again {
            self.users.extend(self.parts.indexes.by_invitation.get(name));
            self.touched.insert((Kind::Invitation, name.clone()));
        }
        self.invitations = again;
    }

    /// Notes the invitations that name users, roles or organizations which stand for something else.
    fn note_invitations(&mut self, roles: &RoleChanges, organizations: &OrganizationChanges) {
        let indexes = &self.parts.indexes;
        let of_users = self.touched.iter().filter(|(kind, _)| *kind == Kind::User);
        let of_users = of_users.flat_map(|(_, name)| indexes.invited_users.get(name));
        self.invitations.extend(of_users.cloned());
        let suggestions = roles.suggestions || organizations.suggestions || self.other_users;
        let anything = suggestions || !roles.names.is_empty() || !organizations.names.is_empty();
        let concerned = |one: &&Invitation| {
            let spec = &one.object.spec.spec;
            spec.roles.iter().flatten().any(|name| roles.names.contains(name))
                || spec.organizations.iter().any(|name| organizations.names.contains(name))
                || (suggestions && one.has_findings())
        };
        if anything {
            let concerned = self.parts.access.invitations.iter().filter(concerned);
            self.invitations.extend(concerned.map(|one| one.object.name.clone()));
        }
    }

    /// The invitations of the same person as the one of that name, as they were.
    fn known_rivals(&self, name: &str) -> Vec<String> {
        let known = self.parts.access.invitations.all.get(name);
        known.map_or_else(Vec::new, |known| self.parts.indexes.rivals(&known.object.spec.spec))
    }

    /// Likewise as they are to be. The one of that name has been forgotten and is known again from now on.
    fn rivals_now(&mut self, name: &str) -> Vec<String> {
        let Some(object) = self.parts.snapshot.invitation(name) else {
            return Vec::new();
        };
        self.parts.indexes.add_invitation(name, &object.spec.spec);
        self.parts.indexes.rivals(&object.spec.spec)
    }

    fn forget_invitation(&mut self, name: &str) {
        if let Some(known) = self.parts.access.invitations.all.remove(name) {
            self.parts.indexes.remove_invitation(name, &known.object.spec.spec);
            self.parts.schedule.remove_invitation(&known);
        }
    }

    fn put_invitation(&mut self, invitation: Invitation) {
        let invitation = Arc::new(invitation);
        if let Some(known) = self.parts.access.invitations.all.insert(Arc::clone(&invitation)) {
            self.parts.schedule.remove_invitation(&known);
        }
        self.parts.schedule.add_invitation(&invitation);
    }

    fn judged(&self, names: &BTreeSet<String>) -> Vec<Invitation> {
        let access = &*self.parts.access;
        let around = invitations::Around {
            settings: &access.settings,
            snapshot: self.parts.snapshot,
            roles: &access.roles,
            organizations: &access.organizations,
            registry: self.parts.registry,
        };
        let objects = names.iter().filter_map(|name| self.parts.snapshot.invitation(name));
        objects.map(|object| around.judge(object)).collect()
    }

    fn take_homes(&mut self, homes: &[String]) {
        for home in homes {
            self.users.extend(self.parts.indexes.by_home.get(home));
        }
    }

    /// Whatever has come to its moment. Returns the names of sharing rules that have.
    fn take_time(&mut self) -> BTreeSet<String> {
        let mut rules = BTreeSet::new();
        for subject in self.parts.schedule.due(self.parts.now) {
            match subject {
                Subject::User(ix) => {
                    self.users.insert(*ix);
                }
                Subject::Rule(name) => {
                    rules.insert(name.to_string());
                }
                Subject::Invitation(name) => {
                    self.invitations.insert(name.to_string());
                }
            }
        }
        rules
    }

    fn judge_users(&mut self) {
        for ix in std::mem::take(&mut self.users) {
            let parts = &self.parts;
            let judge = judge(
                parts.catalogue,
                parts.snapshot,
                parts.access,
                parts.registry,
                parts.homes,
                parts.now,
            );
            if let Some(object) = parts.registry.users.get(ix) {
                let user = judge.user(ix, object);
                self.put_user(user);
            }
        }
    }

    fn put_user(&mut self, user: User) {
        let name = user.object.name.clone();
        let standing = |user: &User| (user.void_from, user.state.phase == UserPhase::Invalid);
        let access = &mut *self.parts.access;
        let user = Arc::new(user);
        let before = access.users.all.insert(Arc::clone(&user));
        let subject = Subject::User(user.ix);
        if let Some(before) = &before {
            *of_phase(&mut access.counts, before.state.phase) -= 1;
            self.parts.schedule.remove(subject.clone(), Ahead::of_user(before));
        }
        *of_phase(&mut access.counts, user.state.phase) += 1;
        self.parts.schedule.add(subject, Ahead::of_user(&user));
        let before = before.as_deref();
        if before.is_none_or(|before| standing(before) != standing(&user)) {
            self.standing.insert(name.clone());
        }
        if before.is_none_or(|before| !before.shows_like(&user)) {
            self.touched.insert((Kind::User, name));
        }
    }

    /// The sharing rules that name a user who stands otherwise, or for whom another may be suggested.
    fn concerned_rules(&self) -> BTreeSet<String> {
        let indexes = &self.parts.indexes;
        let access = &*self.parts.access;
        let naming = self.standing.iter().flat_map(|name| indexes.rules.get(name));
        let missing = access
            .rules
            .iter()
            .filter(|rule| self.other_users && rule.misses_users(&access.users))
            .map(|rule| &rule.object.name);
        naming.chain(missing).cloned().collect()
    }

    /// Judges all sharing rules again.
    fn judge_rules(&mut self) {
        let access = &mut *self.parts.access;
        let rules = sharing::Judge {
            catalogue: self.parts.catalogue,
            settings: &access.settings,
            snapshot: self.parts.snapshot,
            organizations: &access.organizations,
            groups: &access.groups,
        };
        let rules = rules
            .rules()
            .map(|rule| Arc::new(rule.settled(&access.users, self.parts.now)));
        let rules = rules.collect();
        let before = std::mem::replace(&mut access.rules.all, rules);
        for rule in before.iter() {
            self.parts.indexes.remove_rule(&rule.object.name, rule.users());
            self.parts.schedule.remove_rule(rule);
            self.touched.insert((Kind::SharingRule, rule.object.name.clone()));
        }
        for rule in access.rules.all.iter() {
            self.parts.indexes.add_rule(&rule.object.name, rule.users());
            self.parts.schedule.add_rule(rule);
            self.touched.insert((Kind::SharingRule, rule.object.name.clone()));
        }
    }

    /// Looks again at what users and time do to sharing rules.
    fn settle_rules(&mut self, names: BTreeSet<String>) {
        let access = &mut *self.parts.access;
        for name in names {
            let Some(known) = access.rules.all.get(&name).map(Arc::clone) else {
                continue;
            };
            self.parts.schedule.remove_rule(&known);
            let rule = Arc::unwrap_or_clone(known).settled(&access.users, self.parts.now);
            self.parts.schedule.add_rule(&rule);
            access.rules.all.insert(Arc::new(rule));
            self.touched.insert((Kind::SharingRule, name));
        }
    }

    /// Likewise to invitations: to those that were judged again, and those that name a user who stands otherwise.
    fn settle_invitations(&mut self) {
        let naming = self
            .standing
            .iter()
            .flat_map(|name| self.parts.indexes.invited_users.get(name));
        self.invitations.extend(naming.cloned());
        for name in std::mem::take(&mut self.invitations) {
            let Some(known) = self.parts.access.invitations.all.get(&name).map(Arc::clone) else {
                continue;
            };
            let settled = Arc::unwrap_or_clone(known).settled(&self.parts.access.users, self.parts.now);
            self.put_invitation(settled);
            self.touched.insert((Kind::Invitation, name));
        }
    }

    /// The groups that list a user who stands otherwise, or for whom another may be suggested.
    fn touch_groups(&mut self) {
        let access = &*self.parts.access;
        let listing = self
            .standing
            .iter()
            .flat_map(|name| self.parts.indexes.groups.get(name));
        let missing = access
            .groups
            .iter()
            .filter(|group| self.other_users && group.misses_users(&access.users))
            .map(|group| &group.object.name);
        let names = listing.chain(missing);
        self.touched.extend(names.map(|name| (Kind::UserGroup, name.clone())));
    }
}
