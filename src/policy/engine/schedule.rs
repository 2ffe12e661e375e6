//! When time alone changes something in a tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::evaluate::Access;
use super::super::invitations::Invitation;
use super::super::sharing::SharingRule;
use super::super::slots::UserIx;
use super::super::users::User;
use crate::api::Moment;

/// What time can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    User(UserIx),
    Rule(Arc<str>),
    Invitation(Arc<str>),
}

/// The moments ahead of one subject.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    /// When its status changes.
    transition: Option<Moment>,
    /// When anything of it may change, be it only what a message names first.
    look: Option<Moment>,
}

/// The moments ahead of everything in a tenant.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    transitions: BTreeSet<(Moment, Subject)>,
    looks: BTreeSet<(Moment, Subject)>,
}

impl Ahead {
    pub(super) fn of_user(user: &User) -> Self {
        Self {
            transition: user.next_transition,
            look: user.next_look,
        }
    }
}

impl Schedule {
    /// Of everything in a tenant.
    pub(super) fn new(access: &Access) -> Self {
        let mut schedule = Self::default();
        for user in access.users.iter() {
            schedule.add(Subject::User(user.ix), Ahead::of_user(user));
        }
        access.rules.iter().for_each(|rule| schedule.add_rule(rule));
        access.invitations.iter().for_each(|one| schedule.add_invitation(one));
        schedule
    }

    pub(super) fn add(&mut self, subject: Subject, ahead: Ahead) {
        if let Some(at) = ahead.transition {
            self.transitions.insert((at, subject.clone()));
        }
        if let Some(at) = ahead.look {
            self.looks.insert((at, subject));
        }
    }

    pub(super) fn remove(&mut self, subject: Subject, ahead: Ahead) {
        if let Some(at) = ahead.look {
            self.looks.remove(&(at, subject.clone()));
        }
        if let Some(at) = ahead.transition {
            self.transitions.remove(&(at, subject));
        }
    }

    pub(super) fn add_rule(&mut self, rule: &SharingRule) {
        let (subject, ahead) = of_rule(rule);
        self.add(subject, ahead);
    }

    pub(super) fn remove_rule(&mut self, rule: &SharingRule) {
        let (subject, ahead) = of_rule(rule);
        self.remove(subject, ahead);
    }

    pub(super) fn add_invitation(&mut self, invitation: &Invitation) {
        let (subject, ahead) = of_invitation(invitation);
        self.add(subject, ahead);
    }

    pub(super) fn remove_invitation(&mut self, invitation: &Invitation) {
        let (subject, ahead) = of_invitation(invitation);
        self.remove(subject, ahead);
    }

    /// The next moment at which a status changes.
    pub(super) fn next_transition(&self) -> Option<Moment> {
        self.transitions.first().map(|(at, _)| *at)
    }

    /// The next moment at which anything may change.
    pub(super) fn next_look(&self) -> Option<Moment> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// What is to be looked at, its moment having come.
    pub(super) fn due(&self, now: Moment) -> impl Iterator<Item = &Subject> {
        self.looks
            .iter()
            .take_while(move |(at, _)| *at <= now)
            .map(|(_, subject)| subject)
    }
}

fn of_rule(rule: &SharingRule) -> (Subject, Ahead) {
    let ahead = Ahead {
        transition: rule.next_transition,
        look: rule.next_look,
    };
    (Subject::Rule(Arc::from(rule.object.name.as_str())), ahead)
}

fn of_invitation(invitation: &Invitation) -> (Subject, Ahead) {
    let ahead = Ahead {
        transition: invitation.next_transition,
        look: invitation.next_look,
    };
    (Subject::Invitation(Arc::from(invitation.object.name.as_str())), ahead)
}
