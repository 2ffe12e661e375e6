//! What a case comes to: everything that is otherwise than expected, and why.

use std::fmt::Debug;

use serde::Serialize;

use super::form::{Holders, Person};
use super::names::{Asked, Permission, Question};
use crate::api::{Display, Rows, UserPhase, UserStatus};
use crate::manifests::form::Word;
use crate::policy::{Denial, Entitlement, Evaluation, Fact, UserRef, Why};
use crate::words::english;

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mismatch {
    /// The field of the case: `may`, `roles`, ...
    pub(super) expectation: &'static str,
    /// What it is about, where the field is about several things: `Campaign:Publish`, `Customer.email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<String>,
    /// What was expected and is not so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing: Vec<ExplainedValue>,
    /// What is so and was not expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unexpected: Vec<ExplainedValue>,
}

/// One side of a mismatch, with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ExplainedValue {
    pub(super) value: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) why: Vec<String>,
}

impl ExplainedValue {
    fn new(value: impl Into<String>, why: &[Fact]) -> Self {
        Self {
            value: value.into(),
            why: why.iter().map(english::fact).collect(),
        }
    }
}

/// What a decision answers that allows.
const ALLOWED: &str = "Allowed";
/// What is expected of one that does not.
const DENIED: &str = "Denied";

/// Everything that is otherwise than the case expects, at the moment of the evaluation of its tenant.
pub(super) fn differences(asked: &Asked<'_>, evaluation: &Evaluation) -> Vec<Mismatch> {
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

    fn differences(&self, may: &[Permission], may_not: &[Permission]) -> Vec<Mismatch> {
        let status = &self.status;
        let expected = self.person;
        let phase = self.phase().into_iter();
        let may = may.iter().filter_map(|permission| self.may(permission));
        let may_not = may_not.iter().filter_map(|permission| self.may_not(permission));
        let roles = status.roles.iter().map(|role| role.name.clone()).collect();
        let role = |name| Entitlement::Role { name };
        let roles = self.set("roles", expected.roles.as_deref(), roles, role);
        let organizations = status.organizations.clone();
        let organization = |name| Entitlement::Organization { name };
        let organizations = self.set(
            "organizations",
            expected.organizations.as_deref(),
            organizations,
            organization,
        );
        let group = |name| Entitlement::Group { name };
        let groups = self.set("groups", expected.groups.as_deref(), status.groups.clone(), group);
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

    fn phase(&self) -> Option<Mismatch> {
        let expected = self.person.phase.filter(|expected| *expected != self.phase)?;
        Some(either(
            "phase",
            None,
            expected,
            ExplainedValue::new(word(self.phase), &self.why.phase()),
        ))
    }

    fn may(&self, permission: &Permission) -> Option<Mismatch> {
        let user = &self.person.user.text;
        let denial = self.evaluation.allows_on_any_record(user, permission.action).err()?;
        Some(Mismatch {
            expectation: "may",
            of: Some(permission.name.clone()),
            missing: vec![ExplainedValue::new(ALLOWED, &[])],
            unexpected: vec![ExplainedValue::new(
                denial.as_str(),
                &self.why.denied(permission.action, denial),
            )],
        })
    }

    fn may_not(&self, permission: &Permission) -> Option<Mismatch> {
        let user = &self.person.user.text;
        self.evaluation.allows_on_any_record(user, permission.action).ok()?;
        Some(Mismatch {
            expectation: "mayNot",
            of: Some(permission.name.clone()),
            missing: vec![ExplainedValue::new(DENIED, &[])],
            unexpected: vec![ExplainedValue::new(ALLOWED, &self.why.allowed(permission.action))],
        })
    }

    /// Exactly these and no others.
    fn set(
        &self,
        expectation: &'static str,
        expected: Option<&[Word]>,
        found: Vec<String>,
        what: impl Fn(String) -> Entitlement,
    ) -> Option<Mismatch> {
        let expected = expected?.iter().map(|word| word.text.clone());
        let (expected, found) = (Named::all(expected, &what), Named::all(found, &what));
        let missing = expected.iter().filter(|one| one.is_lacking(&found));
        let missing = missing.map(|one| ExplainedValue::new(&one.name, &self.why.without(&one.what)));
        let unexpected = found.iter().filter(|one| one.is_lacking(&expected));
        let unexpected = unexpected.map(|one| ExplainedValue::new(&one.name, &self.why.with(&one.what)));
        sides(expectation, None, missing.collect(), unexpected.collect())
    }

    fn field(&self, field: &Word, expected: Display) -> Option<Mismatch> {
        let of = Some(field.text.clone());
        if self.phase != UserPhase::Active {
            // She is shown nothing at all, which is none of the three.
            return Some(either(
                "fields",
                of,
                expected,
                ExplainedValue::new(word(self.phase), &self.why.phase()),
            ));
        }
        let held = self
            .status
            .fields
            .iter()
            .find(|held| field.text.split_once('.') == Some((&held.object, &held.field)));
        let found = held.map_or(Display::Clear, |held| held.display);
        let (object, name) = field.text.split_once('.').unwrap_or((&field.text, ""));
        let side = || ExplainedValue::new(word(found), &self.why.field(object, name));
        (found != expected).then(|| either("fields", of, expected, side()))
    }

    fn rows(&self, object: &Word, expected: Rows) -> Option<Mismatch> {
        let held = self.status.data.iter().find(|held| held.object == object.text);
        let found = held.map_or(Rows::None, |held| held.rows);
        let side = || ExplainedValue::new(word(found), &self.why.rows(&object.text));
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

/// Something that a person is expected to have, or has.
struct Named {
    name: String,
    what: Entitlement,
}

impl Named {
    fn all(names: impl IntoIterator<Item = String>, what: impl Fn(String) -> Entitlement) -> Vec<Self> {
        let named = names.into_iter().map(|name| Self {
            what: what(name.clone()),
            name,
        });
        named.collect()
    }

    /// Whether none of the others gives it.
    fn is_lacking(&self, others: &[Self]) -> bool {
        let mut others = others.iter().map(|other| &other.what);
        others.try_fold(self.what.clone(), Entitlement::beyond).is_some()
    }
}

/// The word of the API for the value of an enum.
fn word(value: impl Debug) -> String {
    format!("{value:?}")
}

fn either(expectation: &'static str, of: Option<String>, expected: impl Debug, found: ExplainedValue) -> Mismatch {
    Mismatch {
        expectation,
        of,
        missing: vec![ExplainedValue::new(word(expected), &[])],
        unexpected: vec![found],
    }
}

fn sides(
    expectation: &'static str,
    of: Option<String>,
    missing: Vec<ExplainedValue>,
    unexpected: Vec<ExplainedValue>,
) -> Option<Mismatch> {
    let differs = !missing.is_empty() || !unexpected.is_empty();
    differs.then_some(Mismatch {
        expectation,
        of,
        missing,
        unexpected,
    })
}

/// Exactly these may, and nobody else.
fn holders_differ(evaluation: &Evaluation, holders: &Holders, permission: &Permission) -> Option<Mismatch> {
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
            let facts = denial.map(|denial| denied(&why, permission, denial));
            ExplainedValue::new(&word.text, &facts.unwrap_or_default())
        });
    let unexpected = found
        .iter()
        .filter(|name| holders.are.iter().all(|word| word.text != **name));
    let allowed = |name: &String| Why::new(evaluation, name).allowed(permission.action);
    let unexpected = unexpected.map(|name| ExplainedValue::new(name, &allowed(name)));
    sides(
        "whoCan",
        Some(permission.name.clone()),
        missing.collect(),
        unexpected.collect(),
    )
}

/// Why somebody may not, the reason first.
fn denied(why: &Why<'_>, permission: &Permission, denial: Denial) -> Vec<Fact> {
    let mut facts = vec![Fact::Denied(denial)];
    facts.extend(why.denied(permission.action, denial));
    facts
}
