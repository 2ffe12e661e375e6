//! Removing or breaking an object never adds access, but for what the contract names under "What removal may open". Each
//! exception is a function here, as narrow as can be: what it lets into force, or which fields it frees.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tenantry::api::{Kind, Permission, UserSpec};

use crate::access::{Field, TenantAccess, of_all};
use crate::cases;
use crate::oracle::Library;
use crate::tape::moment;
use crate::world::{Body, CATALOGUE, Doc, World, worlds};

pub(crate) type Everyone = BTreeMap<String, TenantAccess>;
/// Namespace, kind and name.
pub(crate) type Id = (String, Kind, String);

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// It is removed.
    Removed,
    /// It can be read no more: it keeps its name, and of a Role the positions.
    Unreadable,
    /// It becomes void but stays readable.
    Void,
}

/// A world before and after one of its objects was removed or broken.
pub(crate) struct Change<'a> {
    pub(crate) world: &'a World,
    pub(crate) place: usize,
    pub(crate) blow: Blow,
    pub(crate) before: &'a Everyone,
    pub(crate) after: Everyone,
}

impl Change<'_> {
    /// The object that was hit, as it was before.
    fn hit(&self) -> &Doc {
        &self.world.docs[self.place]
    }

    /// Whether the object gave up its values, its places in limits and its restrictions.
    fn gone(&self) -> bool {
        self.blow != Blow::Void
    }

    fn doc(&self, id: &Id) -> Option<&Doc> {
        let mut docs = self.world.docs.iter();
        docs.find(|doc| doc.namespace == id.0 && doc.kind() == id.1 && doc.name() == id.2)
    }

    /// What was void and is in force now.
    pub(crate) fn freed(&self) -> BTreeSet<Id> {
        let mut freed = BTreeSet::new();
        for (namespace, tenant) in &self.after {
            let new = tenant.in_force.difference(&self.before[namespace].in_force);
            freed.extend(new.map(|(kind, name)| (namespace.clone(), *kind, name.clone())));
        }
        freed
    }

    /// The objects that an exception lets into force, and all that waited for those.
    fn allowed(&self, freed: &BTreeSet<Id>) -> BTreeSet<Id> {
        let mut allowed: BTreeSet<Id> = freed.iter().filter(|id| self.may_be_freed(id)).cloned().collect();
        loop {
            let waited = |id: &&Id| !allowed.contains(*id) && self.waited_for_any(id, &allowed);
            let more: Vec<Id> = freed.iter().filter(waited).cloned().collect();
            if more.is_empty() {
                return allowed;
            }
            allowed.extend(more);
        }
    }

    fn may_be_freed(&self, id: &Id) -> bool {
        let Some(doc) = self.doc(id).filter(|doc| doc.namespace == self.hit().namespace) else {
            return false;
        };
        self.an_identifier_is_free(doc)
            || self.a_name_is_free(doc)
            || self.a_code_is_free(doc)
            || self.a_claim_is_free(doc)
            || self.a_place_in_a_limit_is_free(doc)
            || self.a_place_of_an_organization_below_is_free(doc)
    }

    /// Exception: deleting a user frees her account, email and phone.
    fn an_identifier_is_free(&self, doc: &Doc) -> bool {
        match (&self.hit().body, &doc.body) {
            (Body::User(hit), Body::User(other)) if self.gone() => {
                let values = identifiers(hit);
                identifiers(other).iter().any(|value| values.contains(value))
            }
            _ => false,
        }
    }

    /// Exception: deleting a user, readable or not, frees her name for an invitation. One that cannot be read keeps it.
    fn a_name_is_free(&self, doc: &Doc) -> bool {
        let named_alike =
            doc.kind() == Kind::Invitation && self.hit().kind() == Kind::User && doc.name() == self.hit().name();
        self.blow == Blow::Removed && named_alike
    }

    /// Exception: deleting an organization frees its code.
    fn a_code_is_free(&self, doc: &Doc) -> bool {
        match (&self.hit().body, &doc.body) {
            (Body::Organization(hit), Body::Organization(other)) => {
                self.gone() && hit.code.is_some() && hit.code == other.code
            }
            _ => false,
        }
    }

    /// Exception: deleting an invitation frees its claim on a person.
    fn a_claim_is_free(&self, doc: &Doc) -> bool {
        match (&self.hit().body, &doc.body) {
            (Body::Invitation(hit, _), Body::Invitation(other, _)) => {
                let lower = |email: &Option<String>| email.as_ref().map(|email| email.to_ascii_lowercase());
                let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
                self.gone()
                    && (same(lower(&hit.email), lower(&other.email))
                        || same(hit.phone.clone(), other.phone.clone())
                        || same(hit.user.clone(), other.user.clone()))
            }
            _ => false,
        }
    }

    /// Exception: deleting a custom role, a group, a rule by condition or an organization frees its place in a limit, which
    /// one beyond the limit takes.
    fn a_place_in_a_limit_is_free(&self, doc: &Doc) -> bool {
        let both = match (&self.hit().body, &doc.body) {
            (Body::Role(_), Body::Role(_)) => [self.hit(), doc]
                .iter()
                .all(|role| CATALOGUE.system_role(role.name()).is_none()),
            (Body::Group(_), Body::Group(_)) => true,
            (Body::Rule(hit), Body::Rule(other)) => hit.condition.is_some() && other.condition.is_some(),
            (Body::Organization(_), Body::Organization(_)) => self.level(self.hit()) == self.level(doc),
            _ => false,
        };
        self.gone() && both && self.was_beyond_a_limit(doc)
    }

    /// Exception, not in the contract's words: deleting an organization takes those below it out of the tree, and so out of
    /// the levels on which they had places.
    fn a_place_of_an_organization_below_is_free(&self, doc: &Doc) -> bool {
        let organizations = matches!(
            (&self.hit().body, &doc.body),
            (Body::Organization(_), Body::Organization(_))
        );
        let below = self.level(doc) > self.level(self.hit());
        self.gone() && organizations && below && self.was_beyond_a_limit(doc)
    }

    fn level(&self, doc: &Doc) -> Option<i32> {
        let library = Library::new(self.world, moment(0));
        let oracle = library
            .oracles()
            .into_iter()
            .find(|oracle| oracle.namespace == doc.namespace)?;
        oracle.level(doc.name())
    }

    fn was_beyond_a_limit(&self, doc: &Doc) -> bool {
        let library = Library::new(self.world, moment(0));
        let oracles = library
            .oracles()
            .into_iter()
            .filter(|oracle| oracle.namespace == doc.namespace);
        let mut marks = oracles.flat_map(|oracle| oracle.findings(doc));
        marks.any(|(_, _, reason)| reason == tenantry::policy::Reason::LimitExceeded)
    }

    /// Whether the object is void while one of those is: a user by her invitation or home, an invitation by its roles and
    /// organizations or its user, an organization by its parent.
    fn waited_for_any(&self, id: &Id, freed: &BTreeSet<Id>) -> bool {
        let here = |kind: Kind, name: &String| freed.contains(&(id.0.clone(), kind, name.clone()));
        match self.doc(id).map(|doc| &doc.body) {
            Some(Body::User(user)) => {
                let home = user
                    .home
                    .as_ref()
                    .map(|home| (home.tenant.clone(), Kind::User, home.user.clone()));
                let by_invitation = user.invitation.iter().any(|name| here(Kind::Invitation, name));
                by_invitation || home.is_some_and(|home| freed.contains(&home))
            }
            Some(Body::Invitation(spec, _)) => {
                spec.roles.iter().flatten().any(|name| here(Kind::Role, name))
                    || spec.organizations.iter().any(|name| here(Kind::Organization, name))
                    || spec.user.iter().any(|name| here(Kind::User, name))
            }
            Some(Body::Organization(spec)) => here(Kind::Organization, &spec.parent),
            _ => false,
        }
    }

    /// Fields that may become freer for a user. Exception: deleting a role drops its restrictions, for those who had it by
    /// position; and, not in the contract's words, for all others for whom they held, since nobody knows them any more.
    fn fields_that_may_be_freed(&self, namespace: &str) -> BTreeSet<Field> {
        match &self.hit().body {
            Body::Role(role) if self.gone() && self.hit().namespace == namespace => {
                let restrictions = role.restrictions.iter();
                restrictions
                    .map(|one| (one.object.clone(), one.field.clone()))
                    .collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Exception, not in the contract's words: deleting a role that is void, readable or not, ends the doubt about those whose
    /// position it names, and with it the restrictions of roles that they do not have.
    fn doubt_may_end(&self, namespace: &str, user: &UserSpec) -> bool {
        let positions = match &self.hit().body {
            Body::Role(role) => role.positions.as_slice(),
            Body::Broken(Kind::Role, positions) => positions.as_slice(),
            _ => &[],
        };
        let named = user
            .position
            .as_ref()
            .is_some_and(|position| positions.contains(position));
        self.blow == Blow::Removed && self.hit().namespace == namespace && named
    }

    /// Exception: deleting a user frees her place in the organizations that she lists.
    fn place_in_an_organization_is_free(&self, namespace: &str, organization: &String) -> bool {
        match &self.hit().body {
            Body::User(user) => {
                self.gone() && self.hit().namespace == namespace && user.organizations.contains(organization)
            }
            _ => false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), TestCaseError> {
        let freed = self.freed();
        let allowed = self.allowed(&freed);
        let excess: Vec<&Id> = freed.difference(&allowed).collect();
        prop_assert!(excess.is_empty(), "{excess:?} came into force");
        for (namespace, tenant) in &self.after {
            for name in tenant.users.keys() {
                self.check_user(namespace, name, &freed)?;
            }
            self.check_rules(namespace, &freed)?;
        }
        Ok(())
    }

    /// What a user has more than before comes from what was freed, or is an exception of its own.
    fn check_user(&self, namespace: &str, name: &str, freed: &BTreeSet<Id>) -> Result<(), TestCaseError> {
        let is_freed = |kind: Kind, name: &String| freed.contains(&(namespace.to_owned(), kind, name.clone()));
        let about = format!("{namespace}/{name}");
        if is_freed(Kind::User, &name.to_owned()) {
            return Ok(());
        }
        let now = &self.after[namespace].users[name];
        let Some(earlier) = self.before[namespace].users.get(name) else {
            prop_assert!(false, "{about} became Active");
            return Ok(());
        };
        let Some(Body::User(spec)) = self
            .doc(&(namespace.to_owned(), Kind::User, name.to_owned()))
            .map(|doc| &doc.body)
        else {
            return Err(TestCaseError::fail("a user without a document"));
        };
        let new_roles: Vec<&String> = now.roles.difference(&earlier.roles).collect();
        prop_assert!(
            new_roles.iter().all(|role| is_freed(Kind::Role, role)),
            "{about} has {new_roles:?}"
        );
        if new_roles.is_empty() {
            prop_assert_eq!(now.rights_beyond(earlier), vec![], "{}: rights", &about);
            prop_assert_eq!(now.rows_beyond(earlier), Vec::<String>::new(), "{}: rows", &about);
        }
        for organization in now.organizations.difference(&earlier.organizations) {
            let free = self.place_in_an_organization_is_free(namespace, organization);
            prop_assert!(
                free || is_freed(Kind::Organization, organization),
                "{about} may enter {organization}"
            );
        }
        for group in now.groups.difference(&earlier.groups) {
            prop_assert!(is_freed(Kind::UserGroup, group), "{about} is in {group}");
        }
        let named_roles = spec
            .roles
            .iter()
            .chain(spec.temporary_roles.iter().map(|temporary| &temporary.role));
        let by_role = named_roles.into_iter().any(|role| is_freed(Kind::Role, role)) || !new_roles.is_empty();
        let before_in_doubt = self.before[namespace].in_doubt.contains(name);
        let doubt_ended = before_in_doubt && !self.after[namespace].in_doubt.contains(name);
        let may_end =
            self.doubt_may_end(namespace, spec) || by_role || self.a_freed_role_names_her(namespace, spec, freed);
        prop_assert!(!doubt_ended || may_end, "{about} is in doubt no more");
        if !doubt_ended && new_roles.is_empty() {
            let allowed = self.fields_that_may_be_freed(namespace);
            let freer: Vec<Field> = now.fields_freer_than(earlier);
            prop_assert!(
                freer.iter().all(|field| allowed.contains(field)),
                "{about}: {freer:?} became freer"
            );
        }
        Ok(())
    }

    fn a_freed_role_names_her(&self, namespace: &str, user: &UserSpec, freed: &BTreeSet<Id>) -> bool {
        let roles = freed.iter().filter(|id| id.0 == namespace && id.1 == Kind::Role);
        let mut specs = roles.filter_map(|id| match self.doc(id).map(|doc| &doc.body) {
            Some(Body::Role(role)) => Some(role),
            _ => None,
        });
        specs.any(|role| {
            user.position
                .as_ref()
                .is_some_and(|position| role.positions.contains(position))
        })
    }

    fn check_rules(&self, namespace: &str, freed: &BTreeSet<Id>) -> Result<(), TestCaseError> {
        let is_freed = |kind: Kind, name: &String| freed.contains(&(namespace.to_owned(), kind, name.clone()));
        for (name, now) in &self.after[namespace].rules {
            let Some(earlier) = self.before[namespace].rules.get(name) else {
                prop_assert!(is_freed(Kind::SharingRule, name), "{namespace}/{name} shares");
                continue;
            };
            prop_assert_eq!((now.access, now.everyone), (earlier.access, earlier.everyone));
            for (kind, recipient) in now.to.difference(&earlier.to) {
                prop_assert!(
                    is_freed(*kind, recipient),
                    "{namespace}/{name} shares with {kind} {recipient}"
                );
            }
        }
        Ok(())
    }
}

fn identifiers(user: &UserSpec) -> Vec<String> {
    let all = [&user.account, &user.email, &user.phone].into_iter().flatten();
    all.map(|value| value.to_ascii_lowercase().replace('+', "")).collect()
}

/// The same object, void but readable: being deleted, or wrong in something that concerns nothing else.
fn made_void(doc: &Doc, deleting: bool) -> Doc {
    let mut doc = doc.clone();
    match &mut doc.body {
        _ if deleting => doc.deleting = true,
        Body::User(spec) => {
            spec.attributes.insert(String::from("unheardOf"), String::from("Any"));
        }
        Body::Role(spec) => spec.permissions.push(Permission {
            object: String::from("Unheard"),
            actions: vec![String::from("Of")],
        }),
        Body::Rule(spec) => spec.object = String::from("Unheard"),
        Body::Invitation(spec, _) if spec.user.is_none() => {
            spec.attributes.insert(String::from("unheardOf"), String::from("Any"));
        }
        _ => doc.deleting = true,
    }
    doc
}

/// What happens when each object in turn gets a blow. `after` is the world in which that one has got it.
fn each_in_turn(world: &World, blow: Blow, after: impl Fn(&World, usize) -> World) -> Result<(), TestCaseError> {
    // A second document for an object that is removed takes its name: an exception that would allow everything.
    let world = world.without_duplicates();
    let before = of_all(&world.evaluate());
    for place in 0..world.docs.len() {
        let change = Change {
            world: &world,
            place,
            blow,
            before: &before,
            after: of_all(&after(&world, place).evaluate()),
        };
        change
            .check()
            .map_err(|error| TestCaseError::fail(format!("{error}\nafter the blow to {:?}", change.hit())))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn removing_an_object_opens_nothing_but_what_is_named(world in worlds()) {
        each_in_turn(&world, Blow::Removed, World::without)?;
    }

    #[test]
    fn an_unreadable_object_opens_nothing_but_what_is_named(world in worlds()) {
        each_in_turn(&world, Blow::Unreadable, |world, place| world.with(place, world.docs[place].broken()))?;
    }

    #[test]
    fn making_an_object_void_opens_nothing(world in worlds(), deleting in any::<bool>()) {
        each_in_turn(&world, Blow::Void, |world, place| world.with(place, made_void(&world.docs[place], deleting)))?;
    }
}
