//! Why a user has something or has it not: the facts that decide, as data.

use std::cell::OnceCell;

use super::action_set::ActionIx;
use super::cause::{Cause, FieldPath, ObjectRef};
use super::decision::Denial;
use super::evaluate::{Access, Evaluation};
use super::explain::{ExplainedName, Explanation};
use super::finding::Finding;
use super::grant::Entitlement;
use super::users::User;
use crate::api::{Kind, Moment, TemporaryRole, UserPhase, UserSpec};

/// Something that decides whether a user has something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The first rule of a decision that refuses.
    Denied(Denial),
    /// The namespace has no Tenant in force.
    NoTenant {
        /// The namespace.
        namespace: String,
    },
    /// The tenant lacks the module.
    NoModule {
        /// The tenant.
        namespace: String,
    },
    /// The user has errors, and nothing but a name.
    HasErrors(ObjectRef),
    /// It comes from there.
    From(Cause),
    /// The user has the role by that.
    RoleFrom(Cause),
    /// The roles that the user has.
    Roles(Vec<String>),
    /// The roles that would give it.
    RolesThatGive(Vec<String>),
    /// A period of the user for a role, which is not now.
    NotNow {
        /// The period.
        entry: Cause,
        /// The role.
        role: String,
        /// When it begins.
        from: Option<Moment>,
        /// When it ends.
        until: Moment,
    },
    /// Something of the user is void.
    Void(ObjectRef, Finding),
    /// Nothing restricts the field.
    Unrestricted,
    /// The tenant restricts the field, but not for the user, who has PersonalInfo.
    SeesPersonalInfo,
    /// No role of the user opens any rows.
    NoRows,
}

/// Asks about one user. The explanation is made when it is first needed.
#[derive(Debug)]
pub struct Why<'e> {
    evaluation: &'e Evaluation,
    user: &'e str,
    explanation: OnceCell<Option<Explanation>>,
}

impl<'e> Why<'e> {
    /// About the user of that name.
    #[must_use]
    pub fn new(evaluation: &'e Evaluation, user: &'e str) -> Self {
        Self {
            evaluation,
            user,
            explanation: OnceCell::new(),
        }
    }

    fn explanation(&self) -> Option<&Explanation> {
        self.explanation
            .get_or_init(|| self.evaluation.explain(self.user))
            .as_ref()
    }

    fn access(&self) -> Option<(&'e Access, &'e User)> {
        let access = self.evaluation.access()?;
        Some((access, access.users.by_name(self.user)?))
    }

    fn object(&self) -> ObjectRef {
        ObjectRef::new(Kind::User, self.user)
    }

    /// What makes the phase, and what is void of the user.
    #[must_use]
    pub fn phase(&self) -> Vec<Fact> {
        if self.evaluation.access().is_none() {
            let namespace = self.evaluation.namespace.clone();
            return vec![Fact::NoTenant { namespace }];
        }
        let Some(explanation) = self.explanation() else {
            return vec![Fact::HasErrors(self.object())];
        };
        let void = explanation.void.iter().map(|finding| self.void(finding));
        from(&explanation.because).chain(void).collect()
    }

    /// Why the user may not.
    #[must_use]
    pub fn denied(&self, action: ActionIx, denial: Denial) -> Vec<Fact> {
        match denial {
            Denial::NoPermission => self.no_permission(action),
            Denial::UnknownPermission => {
                let namespace = self.evaluation.namespace.clone();
                vec![Fact::NoModule { namespace }]
            }
            _ => self.phase(),
        }
    }

    /// The user's roles, those that would do, and what of the user is not in force at this moment.
    fn no_permission(&self, action: ActionIx) -> Vec<Fact> {
        let Some((access, user)) = self.access() else {
            return Vec::new();
        };
        let held = user.state.roles.iter().filter_map(|held| access.roles.get(held.role));
        let gives = |name: &str| {
            let mut roles = access.roles.iter();
            roles.any(|(_, role)| role.name == name && role.actions.contains(action))
        };
        let giving = access.roles.iter().map(|(_, role)| role);
        let giving = giving.filter(|role| role.in_force && role.actions.contains(action));
        let mut facts = vec![
            Fact::Roles(held.map(|role| role.name.clone()).collect()),
            Fact::RolesThatGive(giving.map(|role| role.name.clone()).collect()),
        ];
        facts.extend(self.not_now(&user.object.spec, gives));
        facts.extend(
            ["spec.roles", "spec.temporaryRoles", "spec.position"]
                .into_iter()
                .flat_map(|field| self.void_in(&FieldPath::new(field))),
        );
        facts
    }

    /// The user's periods for a role that are not now.
    fn not_now(&self, spec: &UserSpec, wanted: impl Fn(&str) -> bool) -> Vec<Fact> {
        let now = self.evaluation.now;
        let is_now = |entry: &TemporaryRole| now < entry.valid_until && entry.valid_from.is_none_or(|from| from <= now);
        let entries = spec.temporary_roles.iter().enumerate();
        let others = entries.filter(|(_, entry)| !is_now(entry) && wanted(&entry.role));
        let fact = |(index, entry): (usize, &TemporaryRole)| Fact::NotNow {
            entry: Cause::new(self.object(), FieldPath::new("spec.temporaryRoles").at(index)),
            role: entry.role.clone(),
            from: entry.valid_from,
            until: entry.valid_until,
        };
        others.map(fact).collect()
    }

    /// Where an action comes from: the entry of a role, and how the user has the role.
    #[must_use]
    pub fn allowed(&self, action: ActionIx) -> Vec<Fact> {
        let catalogue = &self.evaluation.catalogue;
        let names = || {
            let action = catalogue.action(action)?;
            Some((catalogue.object(action.object)?.name.as_str(), action.name.as_str()))
        };
        let (Some(explanation), Some(names)) = (self.explanation(), names()) else {
            return Vec::new();
        };
        let mut permissions = explanation.permissions.iter();
        let explained = permissions.find(|one| (one.object.as_str(), one.action.as_str()) == names);
        let causes = explained.map(|explained| explained.from.as_slice()).unwrap_or_default();
        let mut facts = Vec::new();
        // Those of a role stand together.
        for of_role in causes.chunk_by(|one, other| one.object == other.object) {
            facts.extend(from(of_role));
            let role = of_role.first().and_then(|cause| cause.object.name_of(Kind::Role));
            let given = explanation.roles.iter().filter(|held| Some(held.name.as_str()) == role);
            let given = given.flat_map(|held| &held.from);
            facts.extend(given.cloned().map(Fact::RoleFrom));
        }
        facts
    }

    /// Where a role, organization or group of the user comes from.
    #[must_use]
    pub fn with(&self, what: &Entitlement) -> Vec<Fact> {
        let Some(explanation) = self.explanation() else {
            return Vec::new();
        };
        let named = |all: &[ExplainedName], name: &String| {
            let found = all.iter().find(|one| one.name == *name);
            found.map(|found| found.from.clone())
        };
        let causes = match what {
            Entitlement::Role { name } => {
                let found = explanation.roles.iter().find(|role| role.name == *name);
                found.map(|found| found.from.clone())
            }
            Entitlement::Organization { name } => named(&explanation.organizations, name),
            Entitlement::Group { name } => named(&explanation.groups, name),
            _ => None,
        };
        from(&causes.unwrap_or_default()).collect()
    }

    /// Why the user has not a role, organization or group: not Active, or it is not now, or it is void.
    #[must_use]
    pub fn without(&self, what: &Entitlement) -> Vec<Fact> {
        let Some((_, user)) = self.access().filter(|(_, user)| user.state.phase == UserPhase::Active) else {
            return self.phase();
        };
        let spec = &user.object.spec;
        match what {
            Entitlement::Role { name } => {
                let periods = spec.temporary_roles.iter().map(|period| &period.role);
                let mut facts = self.not_now(spec, |role| role == name);
                facts.extend(self.void_entries("spec.roles", spec.roles.iter(), name));
                facts.extend(self.void_entries("spec.temporaryRoles", periods, name));
                facts
            }
            Entitlement::Organization { name } => {
                self.void_entries("spec.organizations", spec.organizations.iter(), name)
            }
            _ => Vec::new(),
        }
    }

    /// What restricts a field.
    #[must_use]
    pub fn field(&self, object: &str, field: &str) -> Vec<Fact> {
        let Some(explanation) = self.explanation() else {
            return Vec::new();
        };
        let mut fields = explanation.fields.iter();
        match fields.find(|one| one.object == object && one.field == field) {
            Some(restricted) => from(&restricted.from).collect(),
            None if self.is_restricted(object, field) => vec![Fact::SeesPersonalInfo],
            None => vec![Fact::Unrestricted],
        }
    }

    /// Whether the tenant hides a field from whoever lacks PersonalInfo.
    fn is_restricted(&self, object: &str, field: &str) -> bool {
        let restricted = || {
            let (access, _) = self.access()?;
            let (object, _) = self.evaluation.catalogue.find(object)?;
            let (ix, _) = access.settings.fields.find(object, field)?;
            Some(access.settings.fields.restricted().contains(&ix))
        };
        restricted().unwrap_or(false)
    }

    /// What opens rows of an object to the user.
    #[must_use]
    pub fn rows(&self, object: &str) -> Vec<Fact> {
        let active = |explanation: &&Explanation| explanation.phase == UserPhase::Active;
        let Some(explanation) = self.explanation().filter(active) else {
            return self.phase();
        };
        let data = explanation.data.iter().find(|data| data.object == object);
        match data.map(|data| &data.from) {
            Some(causes) if !causes.is_empty() => from(causes).collect(),
            _ => vec![Fact::NoRows],
        }
    }

    /// What of the user is void in the entries of a list that name something.
    fn void_entries<'n>(&self, list: &'static str, entries: impl Iterator<Item = &'n String>, name: &str) -> Vec<Fact> {
        let entries = entries.enumerate().filter(|(_, entry)| *entry == name);
        let void = entries.flat_map(|(index, _)| self.void_in(&FieldPath::new(list).at(index)));
        void.collect()
    }

    /// What of the user is void in a field.
    fn void_in(&self, field: &FieldPath) -> Vec<Fact> {
        let void = self.explanation().map(|explanation| explanation.void.as_slice());
        let void = void.unwrap_or_default().iter();
        let inside = void.filter(|finding| FieldPath::from(finding.path.clone()).is_in(field));
        inside.map(|finding| self.void(finding)).collect()
    }

    fn void(&self, finding: &Finding) -> Fact {
        Fact::Void(self.object(), finding.clone())
    }
}

fn from(causes: &[Cause]) -> impl Iterator<Item = Fact> + '_ {
    causes.iter().cloned().map(Fact::From)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TENANT, evaluate, note};
    use super::*;

    const EDITOR: &str = "Role acme/editor {displayName: E, permissions: [{object: Campaign, actions: [Edit]}]}";

    fn brief(fact: &Fact) -> String {
        let cause = |cause: &Cause| {
            let said = cause.note.as_ref().map(|said| format!(" ({})", note(said)));
            format!("{} {}{}", cause.object, cause.field, said.unwrap_or_default())
        };
        match fact {
            Fact::From(from) => cause(from),
            Fact::RoleFrom(from) => format!("role from {}", cause(from)),
            Fact::NotNow { entry, role, until, .. } => format!("{}: {role} until {until}", cause(entry)),
            Fact::Void(object, finding) => format!("{object} {}: {}", finding.path, finding.reason),
            other => format!("{other:?}"),
        }
    }

    /// What is told of bob, whose spec goes on so.
    fn told(bob: &str, ask: impl Fn(&Why<'_>, &Evaluation) -> Vec<Fact>) -> Vec<String> {
        let bob = format!("User acme/bob {{account: bobb, name: Bob, {bob}}}");
        let evaluations = evaluate(&[TENANT, EDITOR, &bob]);
        let facts = ask(&Why::new(&evaluations[0], "bob"), &evaluations[0]);
        facts.iter().map(brief).collect()
    }

    fn action(evaluation: &Evaluation) -> ActionIx {
        evaluation.catalogue.find_action("Campaign", "View").unwrap()
    }

    #[test]
    fn an_action_comes_from_the_entry_of_a_role_and_what_gives_the_role() {
        assert_eq!(
            told("roles: [ordinary-user, editor]", |why, evaluation| why
                .allowed(action(evaluation))),
            [
                "Role/editor spec.permissions[0].actions[0] (ComesWith Campaign:Edit)",
                "role from User/bob spec.roles[1]",
            ]
        );
    }

    #[test]
    fn who_lacks_an_action_has_these_roles_and_others_would_do() {
        let bob =
            "roles: [ordinary-user, nowhere], temporaryRoles: [{role: editor, validUntil: \"2026-11-01T00:00:00Z\"}]";
        assert_eq!(
            told(bob, |why, evaluation| why
                .denied(action(evaluation), Denial::NoPermission)),
            [
                "Roles([\"ordinary-user\"])",
                "RolesThatGive([\"administrator\", \"editor\"])",
                "User/bob spec.temporaryRoles[0]: editor until 2026-11-01T00:00:00Z",
                "User/bob spec.roles[1]: DependencyNotFound",
            ]
        );
        let lacks = |why: &Why<'_>, evaluation: &Evaluation| why.denied(action(evaluation), Denial::UnknownPermission);
        assert_eq!(told("roles: [editor]", lacks), ["NoModule { namespace: \"acme\" }"]);
    }

    #[test]
    fn what_is_lacking_is_void_in_the_entry_that_names_it_and_no_other() {
        let role = |name: &str| Entitlement::Role { name: name.to_owned() };
        let bob = "roles: [ordinary-user, nowhere, nothing]";
        let void = ["User/bob spec.roles[2]: DependencyNotFound"];
        assert_eq!(told(bob, |why, _| why.without(&role("nothing"))), void);
        assert_eq!(told(bob, |why, _| why.without(&role("editor"))), [""; 0]);
        assert_eq!(
            told(bob, |why, _| why.with(&role("ordinary-user"))),
            ["User/bob spec.roles[0]"]
        );
        let switched_off = ["User/bob spec.enabled (SwitchedOff)"];
        assert_eq!(
            told("roles: [editor], enabled: false", |why, _| why.without(&role("editor"))),
            switched_off
        );
    }

    #[test]
    fn of_a_user_with_errors_only_that_is_known() {
        assert_eq!(
            told("roles: [editor], unknown: true", |why, _| why.phase()),
            ["HasErrors(ObjectRef { kind: User, namespace: None, name: \"bob\" })"]
        );
    }

    #[test]
    fn a_field_and_rows_that_nothing_decides_about_say_so() {
        let bob = "roles: [ordinary-user]";
        assert_eq!(told(bob, |why, _| why.field("Customer", "phone")), ["Unrestricted"]);
        assert_eq!(told(bob, |why, _| why.rows("Event")), ["NoRows"]);
    }
}
