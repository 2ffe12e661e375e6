//! What other tenants say about the users that this one credits (U11).
//!
//! A home is never Credited itself, so evaluating every tenant once without homes, and those with Credited users once more
//! with what the first pass found, is all it takes.

use hashbrown::{HashMap, HashSet};

use super::finding::{Finding, Reason};
use super::identifiers::lower;
use super::words;
use crate::api::{Moment, UserPhase, UserSpec, UserType};

/// Everything that homes say, by tenant. A tenant that is not in force is not in it.
#[derive(Clone, Debug, Default)]
pub struct Homes(HashMap<String, HomeTenant>);

/// A tenant in force whose users may be credited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HomeTenant {
    /// The tenants that it lets credit its users; `*` is any.
    pub credited_to: HashSet<String>,
    /// Its users by name, as far as anyone credits them.
    pub users: HashMap<String, HomeUser>,
}

/// A user as other tenants see her.
#[derive(Clone, Debug, PartialEq)]
pub enum HomeUser {
    /// She is not even schema-valid.
    Broken,
    /// She is there.
    Sound(Box<HomeProfile>),
}

/// What a credited user takes from her home.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeProfile {
    /// How she signs in there.
    pub kind: UserType,
    /// Her name for people.
    pub name: Option<String>,
    /// Her email.
    pub email: Option<String>,
    /// Her phone.
    pub phone: Option<String>,
    /// Her phases from the beginning of time on, each from its moment; sorted.
    pub phases: Vec<(Moment, UserPhase)>,
}

impl HomeProfile {
    /// Her phase at that moment.
    #[must_use]
    pub fn phase(&self, at: Moment) -> UserPhase {
        self.phases
            .iter()
            .rev()
            .find(|(from, _)| *from <= at)
            .map_or(UserPhase::Invalid, |(_, phase)| *phase)
    }
}

impl Homes {
    /// Adds a tenant in force.
    pub fn insert(&mut self, namespace: String, tenant: HomeTenant) {
        self.0.insert(namespace, tenant);
    }

    /// Puts what a tenant says in the place of what it said, nothing when it is not in force; returns whether that is other.
    pub(super) fn replace(&mut self, namespace: &str, says: Option<HomeTenant>) -> bool {
        if self.0.get(namespace) == says.as_ref() {
            return false;
        }
        match says {
            Some(says) => self.0.insert(namespace.to_owned(), says),
            None => self.0.remove(namespace),
        };
        true
    }

    /// The home of that tenant and name, as `by` may see it.
    #[must_use]
    pub fn find(&self, by: &str, tenant: &str, user: &str) -> HomeAnswer<'_> {
        let lets = |home: &&HomeTenant| home.credited_to.contains(by) || home.credited_to.contains("*");
        match self.0.get(tenant).filter(|_| tenant != by).filter(lets) {
            None => HomeAnswer::Refused,
            Some(home) => match home.users.get(user) {
                None => HomeAnswer::Missing,
                Some(HomeUser::Broken) => HomeAnswer::Broken,
                Some(HomeUser::Sound(profile)) => HomeAnswer::Found(profile),
            },
        }
    }
}

/// What a tenant hears when it asks for a home.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HomeAnswer<'a> {
    /// Nothing, whatever the cause: no such tenant, not in force, the asking one itself, or not credited to it.
    Refused,
    /// There is no such user.
    Missing,
    /// The user is not schema-valid.
    Broken,
    /// The user.
    Found(&'a HomeProfile),
}

/// What a user's home has to say.
pub(super) enum Home<'a> {
    /// She is not Credited.
    None,
    /// She is.
    Asked(HomeAnswer<'a>),
}

impl Home<'_> {
    pub(super) fn profile(&self) -> Option<&HomeProfile> {
        match self {
            Self::Asked(HomeAnswer::Found(profile)) => Some(profile),
            _ => None,
        }
    }

    /// The moments at which the home's phase changes.
    pub(super) fn moments(&self) -> impl Iterator<Item = Moment> + '_ {
        self.profile()
            .into_iter()
            .flat_map(|profile| profile.phases.iter().map(|(from, _)| *from))
    }

    /// The one finding about the home, the first that applies (U11).
    pub(super) fn finding(&self, spec: &UserSpec, at: Moment) -> Option<Finding> {
        let Self::Asked(answer) = self else { return None };
        let name = spec.home.as_ref().map_or("", |home| home.user.as_str());
        let waiting = |reason| Finding::waiting(reason, "spec.home");
        match answer {
            HomeAnswer::Refused => Some(
                waiting(Reason::HomeRefused)
                    .says("the home tenant does not let this one credit its users")
                    .mend("add this namespace to the home Tenant's spec.accounts.creditedTo, or name another home"),
            ),
            HomeAnswer::Missing => Some(words::missing(
                waiting(Reason::DependencyNotFound),
                "home user",
                name,
                [],
            )),
            HomeAnswer::Broken => Some(words::void(waiting(Reason::DependencyInvalid), "home user", name)),
            HomeAnswer::Found(home) if !matches!(home.kind, UserType::Ordinary | UserType::SSO) => Some(
                Finding::refused(Reason::InvalidHome, "spec.home")
                    .says(format!("the home user `{name}` is neither Ordinary nor SSO"))
                    .mend("name a home user of one of these types"),
            ),
            HomeAnswer::Found(home) if home.phase(at) == UserPhase::Invalid => {
                Some(words::void(waiting(Reason::DependencyInvalid), "home user", name))
            }
            HomeAnswer::Found(home) => home_changed(spec, home).then(|| {
                waiting(Reason::HomeChanged)
                    .says("the home user's email is no longer the one declared here")
                    .mend("correct `email`, or remove it, once you know that it is the same person")
            }),
        }
    }
}

/// The home's email is other than the Credited user's own, if that has one.
fn home_changed(spec: &UserSpec, home: &HomeProfile) -> bool {
    let own = spec.email.as_deref().map(lower);
    own.is_some() && own != home.email.as_deref().map(lower)
}
