//! The roles that a user has at a moment, by whatever way (U2, R5).

use super::roles::{RoleIx, RoleRef, Roles};
use super::tenant::Settings;
use crate::api::{Moment, TemporaryRole, UserSpec, Via};

/// A role that a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The role.
    pub role: RoleIx,
    /// Her spec names it.
    pub direct: bool,
    /// Her position has it.
    pub position: bool,
    /// Her spec names it for a period that is now, and this is the latest end of such a period.
    pub temporary: Option<Moment>,
}

impl Held {
    /// In which ways she has it, sorted.
    pub fn via(&self) -> impl Iterator<Item = Via> {
        let ways = [
            (self.direct, Via::Direct),
            (self.position, Via::Position),
            (self.temporary.is_some(), Via::Temporary),
        ];
        ways.into_iter().filter_map(|(has, via)| has.then_some(via))
    }

    /// The latest end, only if every way ends.
    #[must_use]
    pub fn valid_until(&self) -> Option<Moment> {
        self.temporary.filter(|_| !self.direct && !self.position)
    }

    /// Whether the role shows in the same way in a status, where an end is seen only if every way ends.
    pub(super) fn shows_like(&self, other: &Self) -> bool {
        self.role == other.role && self.via().eq(other.via()) && self.valid_until() == other.valid_until()
    }
}

/// The roles in force that the user has at that moment, and whether one that she should have might be missing its
/// restrictions: it is missing, void or not assignable to her, or her position is unknown.
pub(super) fn held_roles(settings: &Settings, roles: &Roles, spec: &UserSpec, at: Moment) -> (Vec<Held>, bool) {
    let mut held: Vec<Held> = Vec::with_capacity(spec.roles.len());
    let mut cautious = false;
    for name in &spec.roles {
        match roles.find(name) {
            RoleRef::InForce(ix) if roles.assignable(ix) => note(&mut held, ix, |held| held.direct = true),
            _ => cautious = true,
        }
    }
    for temporary in spec.temporary_roles.iter().filter(|role| is_now(role, at)) {
        match roles.find(&temporary.role) {
            RoleRef::InForce(ix) => note(&mut held, ix, |held| {
                held.temporary = held.temporary.max(Some(temporary.valid_until));
            }),
            RoleRef::Missing | RoleRef::Void => cautious = true,
        }
    }
    if let Some(position) = spec.position.as_deref() {
        cautious |= !settings.positions.contains(position) || roles.doubtful(position);
        for ix in roles.of_position(position) {
            note(&mut held, *ix, |held| held.position = true);
        }
    }
    held.sort_unstable_by_key(|held| roles.place(held.role));
    (held, cautious)
}

/// Notes a way in which the user has a role.
fn note(held: &mut Vec<Held>, role: RoleIx, way: impl FnOnce(&mut Held)) {
    if let Some(known) = held.iter_mut().find(|held| held.role == role) {
        return way(known);
    }
    let mut new = Held {
        role,
        direct: false,
        position: false,
        temporary: None,
    };
    way(&mut new);
    held.push(new);
}

/// Whether the period of a temporary role is now.
fn is_now(role: &TemporaryRole, at: Moment) -> bool {
    role.valid_from.is_none_or(|from| from <= at) && at < role.valid_until
}
