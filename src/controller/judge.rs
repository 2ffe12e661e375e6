//! From an evaluation to what is to be written, without I/O.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::shown::Shown;
use super::store::Stored;
use crate::api::{Kind, OrganizationSpec, TENANT_NAME};
use crate::policy::{Access, Evaluation, Organization, Reason, Status};

/// The objects of a tenant that are to be held against an evaluation.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Those of which the status may have to be written, sorted by kind and name.
    pub(super) objects: Vec<Arc<Stored>>,
    /// The Tenant.
    pub(super) tenant: Option<Arc<Stored>>,
    /// Those that have the name of something of the system.
    pub(super) system: Vec<Arc<Stored>>,
}

/// What a pass comes to.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// What differs, in the order in which to write it: what takes something away comes first.
    pub(super) writes: Vec<Write>,
    /// What the statuses of users follow from.
    pub(super) evaluation: Option<Arc<Evaluation>>,
}

/// Something to be written.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// A status that differs from the one shown.
    Status(Box<StatusWrite>),
    /// The same of a user in a tenant in force, by its hash. There may be very many: each is made when its turn comes.
    User(Arc<Stored>, u64),
    /// An object of the system that is missing or not as it should be.
    System(Box<SystemWrite>),
}

impl Write {
    /// The kind and name of the object.
    pub(super) fn object(&self) -> (Kind, String) {
        match self {
            Self::Status(write) => (write.judged.kind, write.judged.name.clone()),
            Self::User(judged, _) => (judged.kind, judged.name.clone()),
            Self::System(write) => (write.kind, write.name.clone()),
        }
    }

    /// The object and the hash of its status, unless it writes something else.
    pub(super) fn status(&self) -> Option<(&Stored, u64)> {
        match self {
            Self::Status(write) => Some((&write.judged, write.shown.hash)),
            Self::User(judged, hash) => Some((judged, *hash)),
            Self::System(_) => None,
        }
    }
}

/// A status, for the state of the object that it was computed from and no other.
#[derive(Clone, Debug)]
pub struct StatusWrite {
    /// The object as it was judged.
    pub(crate) judged: Arc<Stored>,
    /// Its status, complete.
    pub(crate) status: Status,
    /// What that status shows.
    pub(crate) shown: Shown,
}

/// An object that belongs to the system.
#[derive(Clone, Debug)]
pub struct SystemWrite {
    /// Its kind: Role or Organization.
    pub(crate) kind: Kind,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// What it says.
    pub(crate) spec: Json,
    /// The Tenant, which it goes with.
    pub(crate) owner: String,
    /// The object that says something else, if there is one already.
    pub(crate) instead_of: Option<Arc<Stored>>,
}

/// Holds what was seen of a tenant against its evaluation.
pub(super) fn judge(evaluation: Evaluation, seen: &Seen) -> Judgement {
    let evaluation = Arc::new(evaluation);
    let objects = seen.objects.iter();
    let mut writes: Vec<(Rank, Write)> = objects.filter_map(|judged| status(&evaluation, judged)).collect();
    if let Some(access) = evaluation.access() {
        let system = system_objects(access, &evaluation, seen);
        writes.extend(system.map(|write| (Rank::System, Write::System(Box::new(write)))));
    }
    writes.sort_by_key(|(rank, _)| *rank);
    Judgement {
        writes: writes.into_iter().map(|(_, write)| write).collect(),
        evaluation: Some(evaluation),
    }
}

/// The status of an object, if it is to be written. That of a user in a tenant in force is made again when its turn comes.
fn status(evaluation: &Evaluation, judged: &Arc<Stored>) -> Option<(Rank, Write)> {
    let mut status = evaluation.status_of(judged.kind, &judged.name)?;
    judged.shown.complete(&mut status, judged.generation, evaluation.now);
    let shown = Shown::of(&status);
    let rank = rank(judged, &shown)?;
    let judged = Arc::clone(judged);
    let write = match status {
        Status::User(_) if evaluation.access().is_some() => Write::User(judged, shown.hash),
        status => Write::Status(Box::new(StatusWrite { judged, status, shown })),
    };
    Some((rank, write))
}

/// The status of a user, as it is to be written; `None` when there is no such user.
pub(super) fn user_status(evaluation: &Evaluation, judged: &Arc<Stored>) -> Option<StatusWrite> {
    let mut status = evaluation.status_of(Kind::User, &judged.name)?;
    judged.shown.complete(&mut status, judged.generation, evaluation.now);
    Some(StatusWrite {
        judged: Arc::clone(judged),
        shown: Shown::of(&status),
        status,
    })
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Somebody loses something.
    Loss,
    /// The system's objects, for all to see.
    System,
    /// All else.
    Rest,
}

/// Whether a status of that hash is to be written.
fn is_due(judged: &Stored, hash: u64) -> bool {
    hash != judged.shown.hash && judged.unwritable != Some(hash)
}

/// When a status is to be written that shows that; `None` when it is not.
fn rank(judged: &Stored, shown: &Shown) -> Option<Rank> {
    let loss = judged.shown.loses_to(shown);
    let rank = if loss { Rank::Loss } else { Rank::Rest };
    is_due(judged, shown.hash).then_some(rank)
}

/// The system roles and organizations that are missing, or are the system's by label but say something else or go with
/// another Tenant, or have lost their label though they still go with one. An object that a person wrote is refused, never changed.
fn system_objects<'a>(
    access: &'a Access,
    evaluation: &'a Evaluation,
    seen: &'a Seen,
) -> impl Iterator<Item = SystemWrite> + 'a {
    let wrong = |findings: &crate::policy::Findings| {
        let mut findings = findings.iter();
        findings.any(|finding| matches!(finding.reason, Reason::ReservedName | Reason::SchemaInvalid))
    };
    let roles = evaluation.catalogue.system_roles().iter().filter_map(move |system| {
        let (_, judged) = access.roles.iter().find(|(_, role)| role.name == system.name)?;
        let spec = serde_json::to_value(&system.spec).ok()?;
        Some((Kind::Role, system.name.as_str(), spec, wrong(&judged.findings)))
    });
    let organizations = access.organizations.iter().filter(|(_, one)| one.system);
    let organizations = organizations.filter_map(move |(_, one)| {
        let spec = serde_json::to_value(organization_spec(one)).ok()?;
        Some((Kind::Organization, one.name.as_str(), spec, wrong(&one.findings)))
    });
    roles.chain(organizations).filter_map(move |(kind, name, spec, wrong)| {
        let mut named = seen.system.iter();
        let there = named.find(|stored| stored.kind == kind && stored.name == name);
        let owner = seen.tenant.as_ref()?.uid.clone();
        let write = match there {
            None => true,
            Some(stored) if stored.system => wrong || stored.owner.as_ref() != Some(&owner),
            Some(stored) => !wrong && stored.owner.is_some(),
        };
        write.then(|| SystemWrite {
            kind,
            namespace: evaluation.namespace.clone(),
            name: name.to_owned(),
            spec,
            owner,
            instead_of: there.cloned(),
        })
    })
}

fn organization_spec(organization: &Organization) -> OrganizationSpec {
    OrganizationSpec {
        display_name: organization.display_name.clone(),
        parent: crate::api::HEADQUARTERS.to_owned(),
        code: organization.code.clone(),
    }
}

impl SystemWrite {
    /// The object as it should be, whole.
    pub(crate) fn object(&self) -> Json {
        json!({
            "apiVersion": crate::api::API_VERSION,
            "kind": self.kind.as_str(),
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {SYSTEM_LABEL: "true"},
                "ownerReferences": [{
                    "apiVersion": crate::api::API_VERSION,
                    "kind": Kind::Tenant.as_str(),
                    "name": TENANT_NAME,
                    "uid": self.owner,
                }],
            },
            "spec": self.spec,
        })
    }
}

/// The label of what belongs to the system.
pub(crate) const SYSTEM_LABEL: &str = "tenantry.dev/system";

#[cfg(test)]
mod tests {
    use super::super::store::snapshot;
    use super::super::testing::{stored, with_spec};
    use super::*;
    use crate::api::Moment;
    use crate::policy::{Catalogue, Homes, evaluate};

    /// All objects of a tenant.
    struct Tenant {
        objects: Vec<Arc<Stored>>,
    }

    fn tenant(mut objects: Vec<Stored>) -> Tenant {
        objects.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
        Tenant {
            objects: objects.into_iter().map(Arc::new).collect(),
        }
    }

    fn moment() -> Moment {
        Moment::parse("2026-12-01T00:00:00Z").unwrap()
    }

    fn catalogue() -> Arc<Catalogue> {
        Arc::new(Catalogue::builtin().unwrap())
    }

    /// What there is to write when all objects are looked at.
    fn judged(tenant: &Tenant) -> Judgement {
        let declared = tenant.objects.iter().map(|stored| stored.declared.clone());
        let evaluation = evaluate(&catalogue(), &snapshot("acme", declared), &Homes::default(), moment());
        let owner = tenant.objects.iter().find(|stored| stored.kind == Kind::Tenant);
        let seen = Seen {
            objects: tenant.objects.clone(),
            tenant: owner.cloned(),
            system: tenant.objects.clone(),
        };
        judge(evaluation, &seen)
    }

    fn names(judgement: &Judgement) -> Vec<String> {
        let name = |write: &Write| match write {
            Write::Status(write) => format!("status {} {}", write.judged.kind, write.judged.name),
            Write::User(judged, _) => format!("status User {}", judged.name),
            Write::System(write) => format!("system {} {}", write.kind, write.name),
        };
        judgement.writes.iter().map(name).collect()
    }

    /// The objects as they are once everything has been written.
    fn after(tenant: &Tenant, judgement: &Judgement) -> Tenant {
        let mut objects: Vec<Stored> = tenant.objects.iter().map(|stored| (**stored).clone()).collect();
        for write in &judgement.writes {
            let user = match write {
                Write::User(judged, _) => user_status(judgement.evaluation.as_ref().unwrap(), judged),
                _ => None,
            };
            match user
                .map(|write| Write::Status(Box::new(write)))
                .as_ref()
                .unwrap_or(write)
            {
                Write::User(judged, _) => panic!("{judged:?}"),
                Write::Status(write) => {
                    let stored = objects
                        .iter_mut()
                        .find(|stored| (stored.kind, &stored.name) == (write.judged.kind, &write.judged.name));
                    stored.unwrap().shown = write.shown.clone();
                }
                Write::System(write) => {
                    objects.retain(|stored| (stored.kind, &stored.name) != (write.kind, &write.name));
                    let mut made = with_spec(write.kind, "acme", &write.name, 90, &write.spec);
                    made.system = true;
                    made.owner = Some(write.owner.clone());
                    objects.push(made);
                }
            }
        }
        self::tenant(objects)
    }

    #[test]
    fn a_new_tenant_gets_its_system_objects_and_statuses_and_then_nothing() {
        let first = tenant(vec![
            stored(Kind::Tenant, "acme", "tenant", 1),
            stored(Kind::User, "acme", "ada", 2),
        ]);
        let judgement = judged(&first);
        assert_eq!(
            names(&judgement),
            [
                "system Role administrator",
                "system Role analyst",
                "system Role developer",
                "system Role ordinary-user",
                "system Organization headquarters",
                "system Organization unassigned",
                "status Tenant tenant",
                "status User ada",
            ]
        );
        let second = after(&first, &judgement);
        let judgement = judged(&second);
        assert_eq!(judgement.writes.len(), 6, "{:?}", names(&judgement));
        let third = after(&second, &judgement);
        assert!(judged(&third).writes.is_empty());
    }

    #[test]
    fn what_takes_something_away_is_written_first() {
        let both = tenant(vec![
            stored(Kind::Tenant, "acme", "tenant", 1),
            stored(Kind::User, "acme", "ada", 2),
            stored(Kind::User, "acme", "zoe", 3),
        ]);
        let settled = after(&both, &judged(&both));
        let mut settled = after(&settled, &judged(&settled));
        let changed = settled.objects.iter().map(|stored| {
            let spec = match stored.name.as_str() {
                "ada" => json!({"account": "ada.smith", "name": "Ada", "roles": ["ordinary-user", "analyst"]}),
                "zoe" => json!({"account": "zoe.smith", "name": "Zoe", "roles": ["ordinary-user"], "enabled": false}),
                _ => return Arc::clone(stored),
            };
            let changed = with_spec(Kind::User, "acme", &stored.name, 99, &spec);
            Arc::new(Stored {
                shown: stored.shown.clone(),
                ..changed
            })
        });
        settled.objects = changed.collect();
        let judgement = judged(&settled);
        assert_eq!(
            names(&judgement),
            ["status User zoe", "status Tenant tenant", "status User ada"]
        );
    }

    #[test]
    fn a_system_name_that_a_person_took_is_refused_and_left_as_it_is() {
        let spec = json!({"displayName": "Mine", "permissions": [{"object": "Campaign", "actions": ["View"]}]});
        let theirs = with_spec(Kind::Role, "acme", "analyst", 2, &spec);
        let mut ours = with_spec(Kind::Role, "acme", "developer", 3, &spec);
        ours.system = true;
        let judgement = judged(&tenant(vec![stored(Kind::Tenant, "acme", "tenant", 1), theirs, ours]));
        let names = names(&judgement);
        assert!(!names.contains(&"system Role analyst".to_owned()), "{names:?}");
        assert!(names.contains(&"status Role analyst".to_owned()), "{names:?}");
        assert!(names.contains(&"system Role developer".to_owned()), "{names:?}");
    }

    #[test]
    fn a_system_object_that_was_orphaned_goes_with_the_tenant_that_is_there_now() {
        let first = tenant(vec![stored(Kind::Tenant, "acme", "tenant", 1)]);
        let mut second = after(&first, &judged(&first));
        for stored in &mut second.objects {
            if stored.name == "analyst" {
                Arc::make_mut(stored).owner = Some("another".to_owned());
            }
        }
        let names = names(&judged(&second));
        assert_eq!(
            names
                .iter()
                .filter(|name| name.starts_with("system"))
                .collect::<Vec<_>>(),
            ["system Role analyst"]
        );
    }

    #[test]
    fn a_system_object_that_lost_its_label_gets_it_back() {
        let first = tenant(vec![stored(Kind::Tenant, "acme", "tenant", 1)]);
        let mut second = after(&first, &judged(&first));
        for stored in &mut second.objects {
            if stored.name == "headquarters" {
                Arc::make_mut(stored).system = false;
            }
        }
        let names = names(&judged(&second));
        assert!(
            names.contains(&"system Organization headquarters".to_owned()),
            "{names:?}"
        );
    }

    #[test]
    fn a_role_of_a_person_is_left_as_it_is_though_it_goes_with_the_tenant() {
        let spec = json!({"displayName": "Mine", "permissions": [{"object": "Campaign", "actions": ["View"]}]});
        let mut theirs = with_spec(Kind::Role, "acme", "analyst", 2, &spec);
        theirs.owner = Some("uid-tenant".to_owned());
        let names = names(&judged(&tenant(vec![
            stored(Kind::Tenant, "acme", "tenant", 1),
            theirs,
        ])));
        assert!(!names.contains(&"system Role analyst".to_owned()), "{names:?}");
    }

    #[test]
    fn a_namespace_without_tenant_gets_no_system_objects() {
        let judgement = judged(&tenant(vec![stored(Kind::User, "acme", "ada", 2)]));
        assert_eq!(names(&judgement), ["status User ada"]);
    }

    #[test]
    fn what_nobody_can_decode_is_refused_by_name() {
        let broken = with_spec(Kind::User, "acme", "ada", 2, &json!({"roles": 7}));
        let judgement = judged(&tenant(vec![stored(Kind::Tenant, "acme", "tenant", 1), broken]));
        let status = judgement.writes.iter().find_map(|write| match write {
            Write::User(judged, _) => user_status(judgement.evaluation.as_ref()?, judged),
            _ => None,
        });
        let status = status.unwrap().status;
        let conditions = status.conditions();
        let reasons: Vec<&str> = conditions.iter().map(|condition| condition.reason.as_str()).collect();
        assert_eq!(reasons, ["Complete", "SchemaInvalid", "SchemaInvalid"]);
    }

    #[test]
    fn a_status_that_storage_will_not_take_is_not_offered_again() {
        let mut user = stored(Kind::User, "acme", "ada", 2);
        let first = judged(&tenant(vec![user.clone()]));
        let Some(Write::Status(write)) = first.writes.first() else {
            panic!("{first:?}")
        };
        user.unwritable = Some(write.shown.hash);
        assert!(judged(&tenant(vec![user])).writes.is_empty());
    }
}
