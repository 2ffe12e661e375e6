//! What a case comes to: everything that is otherwise than expected, and why.

use std::fmt::Debug;

use serde::Serialize;

use super::form::{Holders, Person};
use super::names::{Asked, Permission, Question};
use super::why::Why;
use crate::api::{Display, Rows, UserPhase, UserStatus};
use crate::manifests::form::Word;
use crate::policy::{Evaluation, UserRef};

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// The field of the case: `may`, `roles`, ...
    pub(super) expectation: &'static str,
    /// What it is about, where the field is about several things: `Campaign:Publish`, `Customer.email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<String>,
    /// What was expected and is not so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing: Vec<Side>,
    /// What is so and was not expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unexpected: Vec<Side>,
}

/// One side of a difference, with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Side {
    pub(super) value: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) why: Vec<String>,
}

impl Side {
    fn new(value: impl Into<String>, why: Vec<String>) -> Self {
        let value = value.into();
        Self { value, why }
    }
}

/// What a decision answers that allows.
const ALLOWED: &str = "Allowed";
/// What is expected of one that does not.
const DENIED: &str = "Denied";

/// Everything that is otherwise than the case expects, at the moment of the evaluation of its tenant.
pub(super) fn differences(asked: &Asked<'_>, evaluation: &Evaluation) -> Vec<Difference> {
    match &asked.question {
        Question::Person { person, may, may_not } => Someone::new(evaluation, person).differences(may, may_not),
        Question::Holders { holders, permission } => {
            let held = holders_differ(evaluation, holders, permission);
            held.into_iter().collect()
        }
    }
}

/// What is expected of a person, and what she has.
struct Someone<'e> {
    person: &'e Person,
    phase: UserPhase,
    status: UserStatus,
    evaluation: &'e Evaluation,
    why: Why<'e>,
}

impl<'e> Someone<'e> {
    fn new(evaluation: &'e Evaluation, person: &'e Person) -> Self {
        let status = status_of(evaluation, &person.user.text).unwrap_or_default();
        Self {
            person,
            // Who is not even schema-valid, or waits for a Tenant, has no more than a name.
            phase: status.phase.unwrap_or(UserPhase::Invalid),
            status,
            evaluation,
            why: Why::new(evaluation, &person.user.text),
        }
    }

    fn differences(&self, may: &[Permission], may_not: &[Permission]) -> Vec<Difference> {
        let status = &self.status;
        let expected = self.person;
        let phase = self.phase().into_iter();
        let may = may.iter().filter_map(|permission| self.may(permission));
        let may_not = may_not.iter().filter_map(|permission| self.may_not(permission));
        let roles: Vec<&str> = status.roles.iter().map(|role| role.name.as_str()).collect();
        let roles = self.set("roles", expected.roles.as_deref(), &roles);
        let organizations = names(&status.organizations);
        let organizations = self.set("organizations", expected.organizations.as_deref(), &organizations);
        let groups = self.set("groups", expected.groups.as_deref(), &names(&status.groups));
        let fields = expected
            .fields
            .iter()
            .filter_map(|(field, display)| self.field(field, *display));
        let rows = expected
            .rows
            .iter()
            .filter_map(|(object, rows)| self.rows(object, *rows));
        let permissions = phase.chain(may).chain(may_not);
        let sets = roles.into_iter().chain(organizations).chain(groups);
        permissions.chain(sets).chain(fields).chain(rows).collect()
    }

    fn phase(&self) -> Option<Difference> {
        let expected = self.person.phase.filter(|expected| *expected != self.phase)?;
        Some(either(
            "phase",
            None,
            expected,
            Side::new(word(self.phase), self.why.phase()),
        ))
    }

    fn may(&self, permission: &Permission) -> Option<Difference> {
        let user = &self.person.user.text;
        let denial = self.evaluation.allows_on_any_record(user, permission.action).err()?;
        Some(Difference {
            expectation: "may",
            of: Some(permission.name.clone()),
            missing: vec![Side::new(ALLOWED, Vec::new())],
            unexpected: vec![Side::new(denial.as_str(), self.why.denied(permission, denial))],
        })
    }

    fn may_not(&self, permission: &Permission) -> Option<Difference> {
        let user = &self.person.user.text;
        self.evaluation.allows_on_any_record(user, permission.action).ok()?;
        Some(Difference {
            expectation: "mayNot",
            of: Some(permission.name.clone()),
            missing: vec![Side::new(DENIED, Vec::new())],
            unexpected: vec![Side::new(ALLOWED, self.why.allowed(permission))],
        })
    }

    /// Exactly these and no others.
    fn set(&self, expectation: &'static str, expected: Option<&[Word]>, found: &[&str]) -> Option<Difference> {
        let expected: Vec<&str> = expected?.iter().map(|word| word.text.as_str()).collect();
        let missing = expected.iter().filter(|name| !found.contains(name));
        let missing = missing.map(|name| Side::new(*name, self.why.without(expectation, name)));
        let unexpected = found.iter().filter(|name| !expected.contains(name));
        let unexpected = unexpected.map(|name| Side::new(*name, self.why.with(expectation, name)));
        sides(expectation, None, missing.collect(), unexpected.collect())
    }

    fn field(&self, field: &Word, expected: Display) -> Option<Difference> {
        let of = Some(field.text.clone());
        if self.phase != UserPhase::Active {
            // She is shown nothing at all, which is none of the three.
            return Some(either(
                "fields",
                of,
                expected,
                Side::new(word(self.phase), self.why.phase()),
            ));
        }
        let held = self
            .status
            .fields
            .iter()
            .find(|held| field.text.split_once('.') == Some((&held.object, &held.field)));
        let found = held.map_or(Display::Clear, |held| held.display);
        let side = || Side::new(word(found), self.why.field(&field.text));
        (found != expected).then(|| either("fields", of, expected, side()))
    }

    fn rows(&self, object: &Word, expected: Rows) -> Option<Difference> {
        let held = self.status.data.iter().find(|held| held.object == object.text);
        let found = held.map_or(Rows::None, |held| held.rows);
        let side = || Side::new(word(found), self.why.rows(&object.text));
        (found != expected).then(|| either("rows", Some(object.text.clone()), expected, side()))
    }
}

fn status_of(evaluation: &Evaluation, name: &str) -> Option<UserStatus> {
    let access = evaluation.access()?;
    match access.users.find(name) {
        UserRef::Known(user) => Some(evaluation.user_status(access, user)),
        UserRef::Missing | UserRef::Broken => None,
    }
}

fn names(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// The word of the API for the value of an enum.
fn word(value: impl Debug) -> String {
    format!("{value:?}")
}

fn either(expectation: &'static str, of: Option<String>, expected: impl Debug, found: Side) -> Difference {
    Difference {
        expectation,
        of,
        missing: vec![Side::new(word(expected), Vec::new())],
        unexpected: vec![found],
    }
}

fn sides(
    expectation: &'static str,
    of: Option<String>,
    missing: Vec<Side>,
    unexpected: Vec<Side>,
) -> Option<Difference> {
    let differs = !missing.is_empty() || !unexpected.is_empty();
    differs.then_some(Difference {
        expectation,
        of,
        missing,
        unexpected,
    })
}

/// Exactly these may, and nobody else.
fn holders_differ(evaluation: &Evaluation, holders: &Holders, permission: &Permission) -> Option<Difference> {
    let found: Vec<String> = evaluation
        .who_can(permission.action)
        .into_iter()
        .map(|holder| holder.user)
        .collect();
    let missing = holders
        .are
        .iter()
        .filter(|word| !found.contains(&word.text))
        .map(|word| {
            let why = Why::new(evaluation, &word.text);
            let denial = evaluation.allows_on_any_record(&word.text, permission.action).err();
            Side::new(
                &word.text,
                denial.map_or_else(Vec::new, |denial| why.denied_with_reason(permission, denial)),
            )
        });
    let unexpected = found
        .iter()
        .filter(|name| holders.are.iter().all(|word| word.text != **name));
    let unexpected = unexpected.map(|name| Side::new(name, Why::new(evaluation, name).allowed(permission)));
    sides(
        "whoCan",
        Some(permission.name.clone()),
        missing.collect(),
        unexpected.collect(),
    )
}
