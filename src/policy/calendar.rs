//! The calendar: every ending and beginning ahead.

use serde::Serialize;

use super::evaluate::{Access, Evaluation};
use super::held::{Held, held_roles};
use super::users::User;
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
        for (_, user) in access.users.iter() {
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
        let state = |at: Moment| {
            let phase = user.phase(access.settings.suspended, at);
            let (roles, _) = held_roles(&access.settings, &access.roles, &user.object.spec, at);
            (phase, if phase == UserPhase::Active { roles } else { Vec::new() })
        };
        let mut last = state(self.now);
        for at in ahead(self.now, user.moments()) {
            let next = state(at);
            let mut changes = Vec::new();
            if next.0 != last.0 {
                changes.push(format!("{:?} -> {:?}", last.0, next.0));
            }
            if next.0 == UserPhase::Active && last.0 == UserPhase::Active {
                changes.extend(roles(access, &last.1, &next.1).map(|role| format!("role {role} ends")));
                changes.extend(roles(access, &next.1, &last.1).map(|role| format!("role {role} begins")));
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

fn ahead(now: Moment, mut moments: Vec<Moment>) -> Vec<Moment> {
    moments.retain(|at| *at > now);
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// The names of the roles that only the first list holds.
fn roles<'a>(access: &'a Access, one: &'a [Held], other: &'a [Held]) -> impl Iterator<Item = &'a str> {
    let gone = one
        .iter()
        .filter(|held| !other.iter().any(|kept| kept.role == held.role));
    gone.filter_map(|held| Some(access.roles.get(held.role)?.name.as_str()))
}
