//! Why a person has something or has it not, in lines for people: the objects and fields that decide.

use std::cell::OnceCell;

use super::names::Permission;
use crate::api::{Kind, TemporaryRole, UserPhase};
use crate::policy::{Access, Cause, Denial, Evaluation, Explanation, Finding, User};
use crate::words::english;

/// Answers about one person. Her explanation is made when it is first needed: cases that hold need none.
pub(super) struct Why<'e> {
    evaluation: &'e Evaluation,
    user: &'e str,
    explanation: OnceCell<Option<Explanation>>,
}

impl<'e> Why<'e> {
    pub(super) fn new(evaluation: &'e Evaluation, user: &'e str) -> Self {
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

    /// What makes her phase, and what is void of her.
    pub(super) fn phase(&self) -> Vec<String> {
        if self.evaluation.access().is_none() {
            return vec![format!("{} has no Tenant in force", self.evaluation.namespace)];
        }
        let Some(explanation) = self.explanation() else {
            return vec![format!(
                "User/{} is not schema-valid; `tenantry check` says why",
                self.user
            )];
        };
        lines(&explanation.because).chain(self.void("")).collect()
    }

    /// Why she may not.
    pub(super) fn denied(&self, permission: &Permission, denial: Denial) -> Vec<String> {
        match denial {
            Denial::NoPermission => self.no_permission(permission),
            Denial::UnknownPermission => vec![format!("{} lacks the module", self.evaluation.namespace)],
            _ => self.phase(),
        }
    }

    /// The same, the reason first.
    pub(super) fn denied_with_reason(&self, permission: &Permission, denial: Denial) -> Vec<String> {
        let mut why = vec![denial.as_str().to_owned()];
        why.extend(self.denied(permission, denial));
        why
    }

    /// Her roles, those that would do, and what of hers is not in force at this moment.
    fn no_permission(&self, permission: &Permission) -> Vec<String> {
        let Some((access, user)) = self.access() else {
            return Vec::new();
        };
        let held = user.state.roles.iter().filter_map(|held| access.roles.get(held.role));
        let held: Vec<&str> = held.map(|role| role.name.as_str()).collect();
        let gives = |name: &str| {
            let role = access.roles.iter().find(|(_, role)| role.name == name);
            role.is_some_and(|(_, role)| role.actions.contains(permission.action))
        };
        let giving = access
            .roles
            .iter()
            .filter(|(_, role)| role.in_force && gives(&role.name));
        let giving: Vec<&str> = giving.map(|(_, role)| role.name.as_str()).collect();
        let mut why = vec![
            format!("her roles: {}", listed(&held)),
            format!("roles that give it: {}", listed(&giving)),
        ];
        why.extend(self.at_other_times(gives));
        why.extend(self.void("spec.roles"));
        why.extend(self.void("spec.temporaryRoles"));
        why.extend(self.void("spec.position"));
        why
    }

    /// Temporary roles of hers that are not now.
    fn at_other_times(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let Some((_, user)) = self.access() else {
            return Vec::new();
        };
        let now = self.evaluation.now;
        let entries = user.object.spec.temporary_roles.iter().enumerate();
        let elsewhere = entries.filter(|(_, entry)| {
            let over = entry.valid_until <= now;
            let ahead = entry.valid_from.is_some_and(|from| now < from);
            (over || ahead) && wanted(&entry.role)
        });
        let line = |(index, entry): (usize, &TemporaryRole)| {
            let begins = entry.valid_from.map(|from| format!("from {from} ")).unwrap_or_default();
            let until = entry.valid_until;
            format!(
                "User/{} spec.temporaryRoles[{index}]: {} only {begins}until {until}",
                self.user, entry.role
            )
        };
        elsewhere.map(line).collect()
    }

    /// Where an action comes from: the entry of a role, and how she has the role.
    pub(super) fn allowed(&self, permission: &Permission) -> Vec<String> {
        let Some(explanation) = self.explanation() else {
            return Vec::new();
        };
        let explained = explanation.permissions.iter().find(|explained| {
            permission.name.split_once(':') == Some((explained.object.as_str(), explained.action.as_str()))
        });
        let sources = explained.map(|explained| explained.from.as_slice()).unwrap_or_default();
        let mut why = Vec::new();
        // Those of a role stand together.
        for of_role in sources.chunk_by(|one, other| one.object == other.object) {
            why.extend(lines(of_role));
            let name = of_role.first().and_then(|cause| cause.object.name_of(Kind::Role));
            let given = self.with("roles", name.unwrap_or_default());
            why.extend(given.into_iter().map(|given| format!("her role by {given}")));
        }
        why
    }

    /// Where a role, organization or group of hers comes from.
    pub(super) fn with(&self, set: &str, name: &str) -> Vec<String> {
        let Some(explanation) = self.explanation() else {
            return Vec::new();
        };
        let from = match set {
            "roles" => explanation
                .roles
                .iter()
                .find(|one| one.name == name)
                .map(|one| &one.from),
            "organizations" => explanation
                .organizations
                .iter()
                .find(|one| one.name == name)
                .map(|one| &one.from),
            _ => explanation
                .groups
                .iter()
                .find(|one| one.name == name)
                .map(|one| &one.from),
        };
        from.map(|from| lines(from).collect()).unwrap_or_default()
    }

    /// Why she has not a role, organization or group: she is not Active, or it is not now, or it is void.
    pub(super) fn without(&self, set: &str, name: &str) -> Vec<String> {
        let active = self
            .access()
            .is_some_and(|(_, user)| user.state.phase == UserPhase::Active);
        if !active {
            return self.phase();
        }
        let mut why = Vec::new();
        if set == "roles" {
            why.extend(self.at_other_times(|role| role == name));
            why.extend(self.void_of(&["spec.roles", "spec.temporaryRoles", "spec.position"], name));
        } else if set == "organizations" {
            why.extend(self.void_of(&["spec.organizations"], name));
        }
        why
    }

    /// What restricts a field.
    pub(super) fn field(&self, name: &str) -> Vec<String> {
        let Some(explanation) = self.explanation() else {
            return Vec::new();
        };
        let is_it = |object: &str, field: &str| name.split_once('.') == Some((object, field));
        let restricted = explanation.fields.iter().find(|one| is_it(&one.object, &one.field));
        match restricted {
            Some(restricted) => lines(&restricted.from).collect(),
            None => vec![self.unrestricted(name)],
        }
    }

    fn unrestricted(&self, name: &str) -> String {
        let nothing = || "nothing restricts it".to_owned();
        let restricted = || {
            let (access, _) = self.access()?;
            let (object, field) = name.split_once('.')?;
            let (object, _) = self.evaluation.catalogue.find(object)?;
            let (ix, _) = access.settings.fields.find(object, field)?;
            Some(access.settings.fields.restricted().contains(&ix))
        };
        match restricted() {
            Some(true) => "the tenant restricts it, but not for her: she has DataSpace:PersonalInfo".to_owned(),
            _ => nothing(),
        }
    }

    /// What opens rows of an object to her.
    pub(super) fn rows(&self, object: &str) -> Vec<String> {
        let Some(explanation) = self.explanation() else {
            return self.phase();
        };
        if explanation.phase != UserPhase::Active {
            return self.phase();
        }
        let data = explanation.data.iter().find(|data| data.object == object);
        match data.map(|data| &data.from) {
            Some(from) if !from.is_empty() => lines(from).collect(),
            _ => vec!["no role of hers opens any".to_owned()],
        }
    }

    /// What of hers is void below a path.
    fn void(&self, path: &str) -> Vec<String> {
        let void = self
            .explanation()
            .map(|explanation| explanation.void.as_slice())
            .unwrap_or_default();
        let below = void.iter().filter(|void| void.path.starts_with(path));
        below.map(|void| self.void_line(void)).collect()
    }

    /// What of hers is void below some paths and is about that name.
    fn void_of(&self, paths: &[&str], name: &str) -> Vec<String> {
        let void = self
            .explanation()
            .map(|explanation| explanation.void.as_slice())
            .unwrap_or_default();
        let quoted = format!("`{name}`");
        let about = void
            .iter()
            .filter(|void| paths.iter().any(|path| void.path.starts_with(path)) && void.message.contains(&quoted));
        about.map(|void| self.void_line(void)).collect()
    }

    fn void_line(&self, void: &Finding) -> String {
        format!("User/{} {}: {}: {}", self.user, void.path, void.reason, void.message)
    }
}

fn lines(causes: &[Cause]) -> impl Iterator<Item = String> {
    causes.iter().map(english::cause)
}

/// "a, b", or "none".
fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
