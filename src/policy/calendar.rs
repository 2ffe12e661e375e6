//! The calendar: every ending and beginning ahead.

use serde::Serialize;

use super::evaluate::{Access, Evaluation};
use super::held::Held;
use super::moments::ahead;
use super::users::{User, UserState};
use crate::api::{Kind, Moment, SharingRulePhase, UserPhase};

/// Something that time alone will change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// In which tenant.
    pub namespace: String,
    /// Of which object, as in `User/bob`.
    pub object: String,
    /// What changes, for people.
    pub change: String,
}

impl Evaluation {
    /// Everything ahead, soonest first.
    #[must_use]
    pub fn calendar(&self) -> Vec<Event> {
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
                events.push(self.event(until, Kind::SharingRule, &rule.object.name, "sharing ends".to_owned()));
            }
        }
        for invitation in access.invitations.iter() {
            let void_from = access.named_user_void_from(invitation);
            let phase = |at| invitation.phase(at, &invitation.findings(at, void_from));
            let mut last = phase(self.now);
            for at in ahead(self.now, invitation.moments(void_from)) {
                let next = phase(at);
                if next != last {
                    let change = format!("{last:?} -> {next:?}");
                    events.push(self.event(at, Kind::Invitation, &invitation.object.name, change));
                    last = next;
                }
            }
        }
        events.sort();
        events
    }

    /// Each change of phase, and while she is Active each role that comes or goes.
    fn user_events(&self, access: &Access, user: &User, events: &mut Vec<Event>) {
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
                changes.push(format!("{:?} -> {:?}", last.phase, next.phase));
            }
            if next.phase == UserPhase::Active && last.phase == UserPhase::Active {
                changes.extend(roles(access, &last.roles, &next.roles).map(|role| format!("role {role} ends")));
                changes.extend(roles(access, &next.roles, &last.roles).map(|role| format!("role {role} begins")));
                // The role itself is void, so it neither begins nor ends.
                let (held, holds) = (restricts(&last), restricts(&next));
                if held != holds {
                    let word = if holds { "begins" } else { "ceases" };
                    changes.push(format!("every restriction of the tenant {word} to hold"));
                }
            }
            events.extend(
                changes
                    .into_iter()
                    .map(|change| self.event(at, Kind::User, &user.object.name, change)),
            );
            last = next;
        }
    }

    fn event(&self, at: Moment, kind: Kind, name: &str, change: String) -> Event {
        Event {
            at,
            namespace: self.namespace.clone(),
            object: format!("{kind}/{name}"),
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

    fn calendar(lines: &[&str]) -> Vec<String> {
        let events = evaluate(lines)[0].calendar().into_iter();
        events
            .map(|event| format!("{} {}/{} {}", event.at, event.namespace, event.object, event.change))
            .collect()
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
                "2026-12-01T00:00:01Z acme/User/bob role developer ends",
                "2026-12-05T00:00:00Z acme/User/bob role analyst begins",
                "2026-12-05T12:00:00Z acme/User/carol Pending -> Active",
                "2026-12-05T13:00:00Z acme/User/carol role analyst ends",
                "2026-12-06T00:00:00Z acme/User/bob role analyst ends",
                "2027-01-01T00:00:00Z acme/User/bob Active -> Expired",
            ]
        );
    }

    #[test]
    fn what_someone_without_access_would_have_is_not_told() {
        let bob = "User acme/bob {account: bobb, name: Bob, roles: [ordinary-user], enabled: false, validUntil: \"2027-01-01T00:00:00Z\", \
                   temporaryRoles: [{role: analyst, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-06T00:00:00Z\"}]}";
        assert_eq!(calendar(&[TENANT, bob]), [""; 0]);
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
            ["2026-12-02T00:00:00Z acme/SharingRule/ahead sharing ends"]
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
                "2026-12-03T00:00:00Z acme/User/bob every restriction of the tenant begins to hold",
                "2026-12-05T00:00:00Z acme/User/bob every restriction of the tenant ceases to hold",
            ]
        );
        assert!(calendar(&[TENANT, bob]).is_empty());
    }

    #[test]
    fn restrictions_of_a_void_role_are_told_from_those_of_the_others() {
        let tenant = "Tenant acme/tenant {displayName: Acme, objects: [{object: Customer, fields: [{name: phone, type: String, restricted: true}]}]}";
        let both = |days: [&str; 2]| {
            let [from, until] = days;
            format!(
                "User acme/bob {{account: bobb, name: Bob, roles: [ordinary-user], temporaryRoles: [\
                 {{role: administrator, validFrom: \"2026-12-05T00:00:00Z\", validUntil: \"2026-12-09T00:00:00Z\"}}, \
                 {{role: nowhere, validFrom: \"2026-12-{from}T00:00:00Z\", validUntil: \"2026-12-{until}T00:00:00Z\"}}]}}"
            )
        };
        let told = calendar(&[tenant, &both(["05", "09"])]);
        assert!(told.iter().all(|line| !line.contains("every restriction")), "{told:?}");
    }
}
