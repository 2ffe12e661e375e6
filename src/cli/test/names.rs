//! The words of a file against what there is: tenants, users, roles, actions. Names do not depend on the moment.
//!
//! What is unknown is a fault of the file, never a case that fails: an expectation about nobody would hold for ever.

use super::form::{Case, Expected, Holders, Person};
use crate::api::{HEADQUARTERS, Kind, UNASSIGNED};
use crate::manifests::Fault;
use crate::manifests::form::Word;
use crate::policy::{ActionIx, Catalogue, Evaluation, ObjectType, Outcome, Snapshot};
use crate::text::{nearest, quoted};

/// A case whose every name is known.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    pub(super) case: &'c Case,
    /// The index of its tenant among the evaluations.
    pub(super) tenant: usize,
    pub(super) question: Question<'c>,
}

#[derive(Debug)]
pub(super) enum Question<'c> {
    Person {
        person: &'c Person,
        may: Vec<Permission>,
        may_not: Vec<Permission>,
    },
    Holders {
        holders: &'c Holders,
        permission: Permission,
    },
}

/// An action of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    /// As in `Campaign:Publish`.
    pub(super) name: String,
    pub(super) action: ActionIx,
}

/// What stands for every action of an object.
const EVERY: &str = "*";

/// Looks up every name of a case.
pub(super) fn ask<'c>(case: &'c Case, evaluations: &[Evaluation], faults: &mut Vec<Fault>) -> Option<Asked<'c>> {
    let (tenant, evaluation) = note(tenant_of(case, evaluations), faults)?;
    let mut names = Names { evaluation, faults };
    let question = match &case.expected {
        Expected::Person(person) => names.person(person),
        Expected::Holders(holders) => names.holders(holders)?,
    };
    Some(Asked { case, tenant, question })
}

fn note<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// The tenant that is named, or else the only one.
fn tenant_of<'e>(case: &Case, evaluations: &'e [Evaluation]) -> Result<(usize, &'e Evaluation), Fault> {
    let all = || evaluations.iter().enumerate();
    let namespaces = || evaluations.iter().map(|evaluation| evaluation.namespace.as_str());
    if let Some(word) = &case.tenant {
        let found = all().find(|(_, evaluation)| evaluation.namespace == word.text);
        return found.ok_or_else(|| unknown(word, "tenant", namespaces()));
    }
    let mut declared = all().filter(|(_, evaluation)| evaluation.tenant.is_some());
    match (declared.next(), declared.next(), evaluations) {
        (Some(only), None, _) => Ok(only),
        (None, None, [only]) => Ok((0, only)),
        _ => {
            let message = format!(
                "the manifests hold several tenants: {}",
                namespaces().collect::<Vec<_>>().join(", ")
            );
            Err(case
                .name
                .fault(message, "say which by `tenant`, of the case, its group or the file"))
        }
    }
}

/// Looks names up in one tenant.
struct Names<'e, 'f> {
    evaluation: &'e Evaluation,
    faults: &'f mut Vec<Fault>,
}

impl Names<'_, '_> {
    fn person<'c>(&mut self, person: &'c Person) -> Question<'c> {
        self.known(Kind::User, std::slice::from_ref(&person.user));
        self.known(Kind::Role, person.roles.as_deref().unwrap_or_default());
        self.known(Kind::Organization, person.organizations.as_deref().unwrap_or_default());
        self.known(Kind::UserGroup, person.groups.as_deref().unwrap_or_default());
        for (field, _) in &person.fields {
            note(field_of(self.evaluation, field), self.faults);
        }
        for (object, _) in &person.rows {
            note(rows_of(&self.evaluation.catalogue, object), self.faults);
        }
        let may = self.permissions(&person.may);
        let may_not = self.permissions(&person.may_not);
        for (word, _) in may_not
            .iter()
            .filter(|(_, one)| may.iter().any(|(_, other)| one == other))
        {
            self.faults
                .push(word.fault("`may` lists it, too", "remove one of the two"));
        }
        let only = |listed: Vec<(&Word, Permission)>| listed.into_iter().map(|(_, permission)| permission).collect();
        Question::Person {
            person,
            may: only(may),
            may_not: only(may_not),
        }
    }

    fn holders<'c>(&mut self, holders: &'c Holders) -> Option<Question<'c>> {
        self.known(Kind::User, &holders.are);
        let word = &holders.action;
        if word.text.split_once(':').is_some_and(|(_, action)| action == EVERY) {
            self.faults
                .push(word.fault("`whoCan` asks about one action", "name it"));
            return None;
        }
        let permission = self.permissions(std::slice::from_ref(word)).pop()?.1;
        Some(Question::Holders { holders, permission })
    }

    fn permissions<'c>(&mut self, words: &'c [Word]) -> Vec<(&'c Word, Permission)> {
        let mut all = Vec::new();
        for word in words {
            let found = note(permissions_of(&self.evaluation.catalogue, word), self.faults);
            all.extend(found.into_iter().flatten().map(|permission| (word, permission)));
        }
        all
    }

    /// Refuses what no object of that kind is called, sound or not.
    fn known(&mut self, kind: Kind, words: &[Word]) {
        if words.is_empty() {
            return;
        }
        let mut names = names_of(self.evaluation, kind);
        names.sort_unstable();
        for word in words {
            if names.binary_search(&word.text.as_str()).is_err() {
                let namespace = &self.evaluation.namespace;
                let what = format!("{} in {namespace}", in_words(kind));
                self.faults.push(unknown(word, &what, names.iter().copied()));
            }
        }
    }
}

fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user",
        Kind::Role => "role",
        Kind::Organization => "organization",
        Kind::UserGroup => "user group",
        _ => "object",
    }
}

fn unknown<'n>(word: &Word, what: &str, names: impl Iterator<Item = &'n str>) -> Fault {
    let help = match nearest(&word.text, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "correct the name, or remove it".to_owned(),
    };
    word.fault(format!("there is no {what} named {}", quoted(&word.text)), help)
}

/// The names of all objects of a kind, broken ones and those of the system included.
fn names_of(evaluation: &Evaluation, kind: Kind) -> Vec<&str> {
    let broken = evaluation.broken.iter().filter(|broken| broken.kind == kind);
    let mut names: Vec<&str> = broken.filter_map(|broken| broken.name.as_deref()).collect();
    match (&evaluation.outcome, kind) {
        (Outcome::NoTenant(snapshot), _) => {
            names.extend(names_in(snapshot, kind));
            names.extend(names_of_the_system(&evaluation.catalogue, kind));
        }
        (Outcome::InForce(access), Kind::User) => {
            names.extend(access.users.iter().map(|user| user.object.name.as_str()));
        }
        (Outcome::InForce(access), Kind::Role) => names.extend(access.roles.iter().map(|(_, role)| role.name.as_str())),
        (Outcome::InForce(access), Kind::Organization) => {
            names.extend(access.organizations.iter().map(|(_, one)| one.name.as_str()));
        }
        (Outcome::InForce(access), Kind::UserGroup) => {
            names.extend(access.groups.iter().map(|group| group.object.name.as_str()));
        }
        _ => {}
    }
    names
}

fn names_in(snapshot: &Snapshot, kind: Kind) -> Vec<&str> {
    match kind {
        Kind::User => snapshot.users.iter().map(|one| one.name.as_str()).collect(),
        Kind::Role => snapshot.roles.iter().map(|one| one.name.as_str()).collect(),
        Kind::Organization => snapshot.organizations.iter().map(|one| one.name.as_str()).collect(),
        Kind::UserGroup => snapshot.groups.iter().map(|one| one.name.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn names_of_the_system(catalogue: &Catalogue, kind: Kind) -> Vec<&str> {
    match kind {
        Kind::Role => catalogue.system_roles().iter().map(|role| role.name.as_str()).collect(),
        Kind::Organization => vec![HEADQUARTERS, UNASSIGNED],
        _ => Vec::new(),
    }
}

/// The actions that `Object:Action` or `Object:*` stands for.
fn permissions_of(catalogue: &Catalogue, word: &Word) -> Result<Vec<Permission>, Fault> {
    let Some((object, action)) = word.text.split_once(':') else {
        let message = format!("{} names no action", quoted(&word.text));
        return Err(word.fault(
            message,
            "write it like `Campaign:Publish`, or `Campaign:*` for every action",
        ));
    };
    let found = object_of(catalogue, word, object)?;
    let permission = |name: &str| {
        Some(Permission {
            name: format!("{object}:{name}"),
            action: found.action(name)?,
        })
    };
    if action == EVERY {
        return Ok(found.action_names().filter_map(permission).collect());
    }
    let unknown = || {
        let help = match nearest(action, found.action_names()) {
            Some(name) => format!("did you mean `{object}:{name}`?"),
            None => format!("it has {}", found.action_names().collect::<Vec<_>>().join(", ")),
        };
        word.fault(format!("{object} has no action {}", quoted(action)), help)
    };
    Ok(vec![permission(action).ok_or_else(unknown)?])
}

fn object_of<'c>(catalogue: &'c Catalogue, word: &Word, object: &str) -> Result<&'c ObjectType, Fault> {
    let names = catalogue.objects().map(|(_, object)| object.name.as_str());
    let unknown = || {
        let help = match nearest(object, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "name an object of the catalogue".to_owned(),
        };
        word.fault(format!("there is no object {}", quoted(object)), help)
    };
    catalogue.find(object).map(|(_, object)| object).ok_or_else(unknown)
}

/// `Object.field`, a field that the catalogue or the tenant declares.
fn field_of(evaluation: &Evaluation, word: &Word) -> Result<(), Fault> {
    let Some((object, field)) = word.text.split_once('.') else {
        let message = format!("{} names no field", quoted(&word.text));
        return Err(word.fault(message, "write it like `Customer.email`"));
    };
    object_of(&evaluation.catalogue, word, object)?;
    let (Some(access), Some((ix, _))) = (evaluation.access(), evaluation.catalogue.find(object)) else {
        return Ok(());
    };
    let fields = &access.settings.fields;
    if fields.find(ix, field).is_some() {
        return Ok(());
    }
    let names = fields.of(ix).iter().map(|field| field.name.as_str());
    let help = match nearest(field, names) {
        Some(name) => format!("did you mean `{object}.{name}`?"),
        None => format!("declare it in the Tenant's `objects`, under {object}"),
    };
    Err(word.fault(format!("{object} has no field {}", quoted(field)), help))
}

/// An object whose rows roles scope.
fn rows_of(catalogue: &Catalogue, word: &Word) -> Result<(), Fault> {
    if object_of(catalogue, word, &word.text)?.rows {
        return Ok(());
    }
    let scoped = catalogue.objects().filter(|(_, object)| object.rows);
    let names: Vec<&str> = scoped.map(|(_, object)| object.name.as_str()).collect();
    let message = format!("roles do not scope the rows of {}", word.text);
    Err(word.fault(message, format!("they scope those of {}", names.join(", "))))
}
