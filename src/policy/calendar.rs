//! The calendar: every ending and beginning ahead.

use super::cause::ObjectRef;
use super::evaluate::{Access, Evaluation};
use super::held::Held;
use super::moments::ahead;
use super::users::{User, UserState};
use crate::api::{InvitationPhase, Kind, Moment, SharingRulePhase, UserPhase};

/// Something that time alone will change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScheduledChange {
    /// When.
    pub at: Moment,
    /// In which tenant.
    pub namespace: String,
    /// Of which object.
    pub object: ObjectRef,
    /// What changes.
    pub change: ChangeAhead,
}

/// What time alone will change of an object. The order is that of output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeAhead {
    /// The phase of a user, from one to the other.
    UserPhase(UserPhase, UserPhase),
    /// The phase of an invitation, likewise.
    InvitationPhase(InvitationPhase, InvitationPhase),
    /// Whether every restriction of the tenant holds for a user.
    AllRestrictions(Boundary),
    /// Whether a user has a role.
    Role(String, Boundary),
    /// Whether a rule shares.
    Sharing(Boundary),
}

/// Which end of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// From now on it is so.
    Begins,
    /// From now on it is so no more.
    Ends,
}

impl Evaluation {
    /// Everything ahead, soonest first.
    #[must_use]
    pub fn calendar(&self) -> Vec<ScheduledChange> {
        let Some(access) = self.access() else { return Vec::new() };
        let mut events = Vec::new();
        for user in access.users.iter() {
            self.user_events(access, user, &mut events);
        }
        for rule in access.rules.iter() {
            if let Some(until) = rule
                .object
                .spec
                .valid_until
                .filter(|_| rule.phase(self.now) == SharingRulePhase::Active)
            {
                let change = ChangeAhead::Sharing(Boundary::Ends);
                events.push(self.scheduled(until, Kind::SharingRule, &rule.object.name, change));
            }
        }
        for invitation in access.invitations.iter() {
            let void_from = access.named_user_void_from(invitation);
            let phase = |at| invitation.phase(at, &invitation.findings(at, void_from));
            let mut last = phase(self.now);
            for at in ahead(self.now, invitation.moments(void_from)) {
                let next = phase(at);
                if next != last {
                    let change = ChangeAhead::InvitationPhase(last, next);
                    events.push(self.scheduled(at, Kind::Invitation, &invitation.object.name, change));
                    last = next;
                }
            }
        }
        events.sort();
        events
    }

    /// Each change of phase, and while she is Active each role that comes or goes.
    fn user_events(&self, access: &Access, user: &User, events: &mut Vec<ScheduledChange>) {
        let state = |at: Moment| self.state_at(access, user, at);
        let restricts = |state: &UserState| {
            let fields = |state: &UserState| super::access::fields(&access.settings, &access.roles, state);
            let without = UserState {
                cautious: false,
                ..state.clone()
            };
            state.cautious && fields(state) != fields(&without)
        };
        let mut last = state(self.now);
        for at in ahead(self.now, user.moments()) {
            let next = state(at);
            let mut changes = Vec::new();
            if next.phase != last.phase {
                changes.push(ChangeAhead::UserPhase(last.phase, next.phase));
            }
            if next.phase == UserPhase::Active && last.phase == UserPhase::Active {
                let role = |boundary| move |name: &str| ChangeAhead::Role(name.to_owned(), boundary);
                changes.extend(roles(access, &last.roles, &next.roles).map(role(Boundary::Ends)));
                changes.extend(roles(access, &next.roles, &last.roles).map(role(Boundary::Begins)));
                // The role itself is void, so it neither begins nor ends.
                let (held, holds) = (restricts(&last), restricts(&next));
                if held != holds {
                    let boundary = if holds { Boundary::Begins } else { Boundary::Ends };
                    changes.push(ChangeAhead::AllRestrictions(boundary));
                }
            }
            events.extend(
                changes
                    .into_iter()
                    .map(|change| self.scheduled(at, Kind::User, &user.object.name, change)),
            );
            last = next;
        }
    }

    fn scheduled(&self, at: Moment, kind: Kind, name: &str, change: ChangeAhead) -> ScheduledChange {
        ScheduledChange {
            at,
            namespace: self.namespace.clone(),
            object: ObjectRef::new(kind, name),
            change,
        }
    }
}

/// The names of the roles that only the first list holds.
fn roles<'a>(access: &'a Access, one: &'a [Held], other: &'a [Held]) -> impl Iterator<Item = &'a str> {
    let gone = one
        .iter()
        .filter(|held| !other.iter().any(|kept| kept.role == held.role));
    gone.filter_map(|held| Some(access.roles.get(held.role)?.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate};
    use super::ChangeAhead;

    fn calendar(lines: &[&str]) -> Vec<String> {
        let events = evaluate(lines)[0].calendar().into_iter();
        events
            .map(|event| {
                format!(
                    "{} {}/{} {}",
                    event.at,
                    event.namespace,
                    event.object,
                    brief(&event.change)
                )
            })
            .collect()
    }

    fn brief(change: &ChangeAhead) -> String {
        match change {
            ChangeAhead::UserPhase(from, to) => format!("{from:?} -> {to:?}"),
            ChangeAhead::InvitationPhase(from, to) => format!("{from:?} -> {to:?}"),
            ChangeAhead::AllRestrictions(boundary) => format!("all restrictions {boundary:?}"),
            ChangeAhead::Role(role, boundary) => format!("role {role} {boundary:?}"),
            ChangeAhead::Sharing(boundary) => format!("sharing {boundary:?}"),
        }
    }

    #[test]
    fn phases_and_roles_that_come_and_go_are_told_soonest_first() {
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], validUntil: \"2027-01-01T00:00:00Z\", \
                   temporaryRoles: [{role: analyst, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"}, \
                   {role: developer, validUntil: \"2026-12-01T00:00:01Z\"}, \
                   {role: ordinary-user, validUntil: \"2026-12-07T00:00:00Z\"}]}";
        let carol = "User acme/carol {account: carol, name: Carol, roles: [ordinary-user], validFrom: \"2026-12-05T12:00:00Z\", \
                     temporaryRoles: [{role: analyst, validUntil: \"2026-12-05T13:00:00Z\"}]}";
        assert_eq!(
            calendar(&[TENANT, bob, carol]),
            [
                "2026-12-01T00:00:01Z acme/User/bob role developer Ends",
                "2026-12-05T00:00:00Z acme/User/bob role analyst Begins",
                "2026-12-05T12:00:00Z acme/User/carol Pending -> Active",
                "2026-12-05T13:00:00Z acme/User/carol role analyst Ends",
                "2026-12-06T00:00:00Z acme/User/bob role analyst Ends",
                "2027-01-01T00:00:00Z acme/User/bob Active -> Expired",
            ]
        );
    }

    #[test]
    fn what_someone_without_access_would_have_is_not_told() {
        let bob = |enabled: bool| {
            format!(
                "User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user], enabled: {enabled}, validUntil: \"2027-01-01T00:00:00Z\", \
                 temporaryRoles: [{{role: analyst, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"}}]}}"
            )
        };
        assert_eq!(
            calendar(&[TENANT, &bob(true)]),
            [
                "2026-12-05T00:00:00Z acme/User/bob role analyst Begins",
                "2026-12-06T00:00:00Z acme/User/bob role analyst Ends",
                "2027-01-01T00:00:00Z acme/User/bob Active -> Expired",
            ]
        );
        assert_eq!(calendar(&[TENANT, &bob(false)]), [""; 0]);
    }

    #[test]
    fn a_rule_ends_once_and_only_ahead() {
        let rule = |name: &str, until: &str| {
            format!(
                "SharingRule acme/{name} {{displayName: R, object: Campaign, records: [a], to: {{users: [bob]}}, validUntil: \"{until}\"}}"
            )
        };
        let tenant = "Tenant acme/tenant {displayName: Acme, dataPermissions: {enabled: true}}";
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user]}";
        let (ahead, over) = (
            rule("ahead", "2026-12-02T00:00:00Z"),
            rule("over", "2026-12-01T00:00:00Z"),
        );
        assert_eq!(
            calendar(&[tenant, bob, &ahead, &over]),
            ["2026-12-02T00:00:00Z acme/SharingRule/ahead sharing Ends"]
        );
    }

    #[test]
    fn each_phase_of_an_invitation_ahead_is_told() {
        let invitation = "Invitation acme/eve {email: eve@acme.example, roles: [ordinary-user], validUntil: \"2026-12-02T00:00:00Z\"}";
        assert_eq!(
            calendar(&[TENANT, invitation]),
            ["2026-12-02T00:00:00Z acme/Invitation/eve Pending -> Invalid"]
        );
        // That the user it names expires changes nothing about an invitation.
        let ends = "User acme/dora {account: dora, name: Dora, email: dora@acme.example, roles: [ordinary-user], validUntil: \"2026-12-02T00:00:00Z\"}";
        assert_eq!(
            calendar(&[TENANT, ends, "Invitation acme/dora {user: dora}"]),
            ["2026-12-02T00:00:00Z acme/User/dora Active -> Expired"]
        );
    }

    #[test]
    fn a_role_that_is_void_begins_with_every_restriction_of_the_tenant() {
        let masker = "Role acme/masker {displayName: M, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: phone, mode: MaskedDisplay}]}";
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [{role: nowhere, \
                   validFrom: \"2026-12-03T00:00:00Z\", validUntil: \"2026-12-05T00:00:00Z\"}]}";
        assert_eq!(
            calendar(&[TENANT, masker, bob]),
            [
                "2026-12-03T00:00:00Z acme/User/bob all restrictions Begins",
                "2026-12-05T00:00:00Z acme/User/bob all restrictions Ends",
            ]
        );
        assert!(calendar(&[TENANT, bob]).is_empty());
    }

    #[test]
    fn restrictions_of_a_void_role_are_told_from_those_of_the_others() {
        let tenant = "Tenant acme/tenant {displayName: Acme, objects: [{object: Customer, fields: [{name: phone, type: String, restricted: true}]}]}";
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [\
                   {role: administrator, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}, \
                   {role: nowhere, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}]}";
        let role = |change: &str| format!("acme/User/bob role administrator {change}");
        let all = |change: &str| format!("acme/User/bob all restrictions {change}");
        assert_eq!(
            calendar(&[tenant, bob]),
            [
                format!("2026-12-05T00:00:00Z {}", role("Begins")),
                format!("2026-12-09T00:00:00Z {}", role("Ends")),
            ]
        );
        let masker = "Role acme/masker {displayName: M, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: phone, mode: MaskedDisplay}]}";
        assert_eq!(
            calendar(&[tenant, masker, bob]),
            [
                format!("2026-12-05T00:00:00Z {}", all("Begins")),
                format!("2026-12-05T00:00:00Z {}", role("Begins")),
                format!("2026-12-09T00:00:00Z {}", all("Ends")),
                format!("2026-12-09T00:00:00Z {}", role("Ends")),
            ]
        );
    }
}
