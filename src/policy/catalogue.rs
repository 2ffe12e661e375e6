//! The catalogue: modules, object types, actions and system roles, as data (R6).
//!
//! [`Catalogue::builtin`] is the one that comes with the program; [`Catalogue::load`] reads an operator's, which replaces
//! or extends it. Actions are numbered by object and name, so that going through a set of them gives sorted output.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::action_set::{ActionIx, ActionSet};
use super::catalogue_file::{self, CatalogueError, CatalogueFile, Declared};
use crate::api::{
    AssignRoles, AssignRolesScope, DataScope, Delegation, FieldType, ManageRoles, ManageRolesScope, ManageUsers,
    ManageUsersScope, Permission, RoleSpec, Rows,
};

/// The module that every tenant has.
pub const CORE: &str = "Core";
/// The system role that has everything.
pub const ADMINISTRATOR: &str = "administrator";

const BUILTIN: &str = include_str!("catalogue.yaml");

/// The number of an object type in its catalogue; the order is that of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectIx(u32);

impl ObjectIx {
    /// As an index into the catalogue's list of object types.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What an action needs on a record, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
pub enum RecordAccess {
    /// To see it.
    Read,
    /// To change it.
    Edit,
    /// To own it; no sharing gives that.
    Own,
}

/// Something that may be done with an object.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name, as in `Publish`.
    pub name: String,
    /// Its object type.
    pub object: ObjectIx,
    /// What it needs on a record.
    pub access: RecordAccess,
    /// What a holder of it may do to records that she created.
    pub own: Vec<ActionIx>,
    /// Itself and all that it implies and requires, across objects, until nothing changes (R2).
    pub closure: ActionSet,
    /// What it implies and requires at first hand.
    pub needs: Vec<ActionIx>,
}

/// A type of object that an application has.
#[derive(Clone, Debug)]
pub struct ObjectType {
    /// Its name, as in `Campaign`.
    pub name: String,
    /// The module that brings it.
    pub module: String,
    /// Whether it takes part in data permissions.
    pub data: bool,
    /// Whether roles scope its rows.
    pub rows: bool,
    /// Whether its records are customers.
    pub customer: bool,
    /// Whether its records are shared by hand.
    pub manual_sharing: bool,
    /// Its fields with their types, sorted by name.
    pub fields: Vec<(String, FieldType)>,
    /// Its actions, as a set.
    pub actions: ActionSet,
    /// Its actions by name.
    by_name: BTreeMap<String, ActionIx>,
}

impl ObjectType {
    /// The action of that name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<ActionIx> {
        self.by_name.get(name).copied()
    }

    /// The names of its actions, sorted.
    pub fn action_names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

/// A role that every tenant has.
#[derive(Clone, Debug)]
pub struct SystemRole {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub spec: RoleSpec,
}

/// Modules, object types, actions and system roles.
#[derive(Clone, Debug)]
pub struct Catalogue {
    modules: Vec<String>,
    objects: Vec<ObjectType>,
    actions: Vec<Action>,
    by_name: HashMap<String, ObjectIx>,
    system_roles: Vec<SystemRole>,
}

impl Catalogue {
    /// The catalogue that comes with the program.
    ///
    /// # Errors
    /// None that a test of this program would let through.
    pub fn builtin() -> Result<Self, CatalogueError> {
        Self::link(CatalogueFile::parse(BUILTIN, "builtin")?)
    }

    /// An operator's catalogue. `file` is its name in messages.
    ///
    /// # Errors
    /// What is wrong in it, with file, line and mend.
    pub fn load(text: &str, file: &str) -> Result<Self, CatalogueError> {
        let declared = CatalogueFile::parse(text, file)?;
        if declared.extends_builtin() {
            return Self::link(declared.over(CatalogueFile::parse(BUILTIN, "builtin")?)?);
        }
        Self::link(declared)
    }

    /// Gives numbers to the objects and actions of a file and resolves the names in it.
    fn link(file: CatalogueFile) -> Result<Self, CatalogueError> {
        let declared = file.check()?;
        let numbers = Numbers::of(&declared);
        let mut actions = numbers.actions(&declared)?;
        let closures: Vec<ActionSet> = (0_u32..)
            .zip(&actions)
            .map(|(ix, _)| closure(&actions, ActionIx(ix)))
            .collect();
        actions
            .iter_mut()
            .zip(closures)
            .for_each(|(action, closure)| action.closure = closure);
        let objects = numbers.objects(&declared);
        let mut system_roles = vec![SystemRole {
            name: ADMINISTRATOR.to_owned(),
            spec: administrator(&objects),
        }];
        system_roles.extend(catalogue_file::system_roles(&declared)?);
        system_roles.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self {
            modules: declared.modules,
            by_name: numbers.objects,
            objects,
            actions,
            system_roles,
        })
    }

    /// The modules that exist.
    #[must_use]
    pub fn modules(&self) -> &[String] {
        &self.modules
    }

    /// The object types, sorted by name.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectIx, &ObjectType)> {
        (0_u32..).map(ObjectIx).zip(&self.objects)
    }

    /// How many object types there are.
    #[must_use]
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// The object type of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(ObjectIx, &ObjectType)> {
        let ix = *self.by_name.get(name)?;
        Some((ix, self.objects.get(ix.index())?))
    }

    /// The object type of that number.
    #[must_use]
    pub fn object(&self, ix: ObjectIx) -> Option<&ObjectType> {
        self.objects.get(ix.index())
    }

    /// The action of that number.
    #[must_use]
    pub fn action(&self, ix: ActionIx) -> Option<&Action> {
        self.actions.get(ix.index())
    }

    /// The action of that name of the object of that name.
    #[must_use]
    pub fn find_action(&self, object: &str, action: &str) -> Option<ActionIx> {
        self.find(object)?.1.action(action)
    }

    /// The empty set of this catalogue's actions.
    #[must_use]
    pub fn no_actions(&self) -> ActionSet {
        ActionSet::none_of(self.actions.len())
    }

    /// The system roles, sorted by name.
    #[must_use]
    pub fn system_roles(&self) -> &[SystemRole] {
        &self.system_roles
    }

    /// The system role of that name.
    #[must_use]
    pub fn system_role(&self, name: &str) -> Option<&SystemRole> {
        self.system_roles.iter().find(|role| role.name == name)
    }
}

/// An action with all that it implies and requires, until nothing changes.
fn closure(actions: &[Action], start: ActionIx) -> ActionSet {
    let mut reached = ActionSet::none_of(actions.len());
    let mut open = vec![start];
    while let Some(action) = open.pop() {
        if !reached.contains(action) {
            reached.insert(action);
            open.extend(actions.get(action.index()).into_iter().flat_map(|action| &action.needs));
        }
    }
    reached
}

/// Every action of every object, all rows, and everything to hand on.
fn administrator(objects: &[ObjectType]) -> RoleSpec {
    let all_of = |object: &ObjectType| Permission {
        object: object.name.clone(),
        actions: object.action_names().map(str::to_owned).collect(),
    };
    let all_rows = |object: &ObjectType| DataScope {
        object: object.name.clone(),
        rows: Rows::All,
        condition: None,
        columns: None,
    };
    RoleSpec {
        display_name: "Administrator".to_owned(),
        permissions: objects.iter().map(all_of).collect(),
        data: objects.iter().filter(|object| object.rows).map(all_rows).collect(),
        delegation: Some(Delegation {
            create_users: true,
            manage_users: Some(ManageUsers {
                scope: ManageUsersScope::All,
                positions: vec![],
                attributes: vec![],
            }),
            manage_roles: Some(ManageRoles {
                scope: ManageRolesScope::All,
            }),
            assign_roles: Some(AssignRoles {
                scope: AssignRolesScope::All,
                roles: vec![],
            }),
        }),
        ..RoleSpec::default()
    }
}

/// The numbers that objects and actions get, in the order of their names.
struct Numbers {
    objects: HashMap<String, ObjectIx>,
    actions: BTreeMap<(String, String), ActionIx>,
}

impl Numbers {
    /// `declared.objects` is sorted by name.
    fn of(declared: &Declared) -> Self {
        let names = declared.objects.iter().map(|object| object.name.value.clone());
        let objects = names.zip((0..).map(ObjectIx)).collect();
        let mut pairs: Vec<(String, String)> = declared
            .objects
            .iter()
            .flat_map(|object| {
                object
                    .actions
                    .iter()
                    .map(|action| (object.name.value.clone(), action.name.value.clone()))
            })
            .collect();
        pairs.sort();
        Self {
            objects,
            actions: pairs.into_iter().zip((0..).map(ActionIx)).collect(),
        }
    }

    fn action(&self, object: &str, action: &str) -> Option<ActionIx> {
        self.actions.get(&(object.to_owned(), action.to_owned())).copied()
    }

    fn actions(&self, declared: &Declared) -> Result<Vec<Action>, CatalogueError> {
        let find = |object: &str, action: &str| self.action(object, action);
        let mut actions = BTreeMap::new();
        for object in &declared.objects {
            for action in &object.actions {
                let Some(ix) = find(&object.name.value, &action.name.value) else {
                    continue;
                };
                let Some(object_ix) = self.objects.get(&object.name.value) else {
                    continue;
                };
                actions.insert(
                    ix,
                    Action {
                        name: action.name.value.clone(),
                        object: *object_ix,
                        access: action.access.value,
                        own: declared.own(object, action, find)?,
                        needs: declared.needs(object, action, find)?,
                        closure: ActionSet::default(),
                    },
                );
            }
        }
        Ok(actions.into_values().collect())
    }

    fn objects(&self, declared: &Declared) -> Vec<ObjectType> {
        declared.objects.iter().map(|object| self.object(object)).collect()
    }

    fn object(&self, declared: &catalogue_file::ObjectEntry) -> ObjectType {
        let by_name: BTreeMap<String, ActionIx> = declared
            .actions
            .iter()
            .filter_map(|action| {
                Some((
                    action.name.value.clone(),
                    self.action(&declared.name.value, &action.name.value)?,
                ))
            })
            .collect();
        let mut actions = ActionSet::none_of(self.actions.len());
        by_name.values().for_each(|action| actions.insert(*action));
        let mut fields: Vec<_> = declared
            .fields
            .iter()
            .map(|field| (field.name.value.clone(), field.kind.value))
            .collect();
        fields.sort();
        ObjectType {
            name: declared.name.value.clone(),
            module: declared
                .module
                .as_ref()
                .map_or_else(|| CORE.to_owned(), |module| module.value.clone()),
            data: declared.data,
            rows: declared.rows,
            customer: declared.customer,
            manual_sharing: declared.manual_sharing,
            fields,
            actions,
            by_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(catalogue: &Catalogue, set: &ActionSet) -> Vec<String> {
        let name = |ix: ActionIx| {
            let action = catalogue.action(ix).unwrap();
            format!("{}:{}", catalogue.object(action.object).unwrap().name, action.name)
        };
        set.iter().map(name).collect()
    }

    #[test]
    fn the_closure_of_an_action_crosses_objects() {
        let catalogue = Catalogue::builtin().unwrap();
        let publish = catalogue.find_action("Campaign", "Publish").unwrap();
        assert_eq!(
            names(&catalogue, &catalogue.action(publish).unwrap().closure),
            [
                "Campaign:Edit",
                "Campaign:Publish",
                "Campaign:View",
                "MarketingContent:View"
            ]
        );
    }

    #[test]
    fn the_built_in_catalogue_has_the_objects_and_roles_of_the_contract() {
        let catalogue = Catalogue::builtin().unwrap();
        assert_eq!(catalogue.object_count(), 24);
        let roles: Vec<_> = catalogue.system_roles().iter().map(|role| role.name.as_str()).collect();
        assert_eq!(roles, ["administrator", "analyst", "developer", "ordinary-user"]);
        let scoped: Vec<_> = catalogue
            .objects()
            .filter(|(_, object)| object.rows)
            .map(|(_, object)| object.name.as_str())
            .collect();
        assert_eq!(scoped, ["Event", "Funnel", "UserProfile", "UserTag"]);
    }

    #[test]
    fn an_extension_adds_replaces_and_removes() {
        let catalogue = Catalogue::load(
            "extends: builtin\nmodules: [Core, Tags, Recommendation, Loyalty]\nremove: [WeChatPage]\nobjects:\n- name: LoyaltyCard\n  module: Loyalty\n  data: true\n  fields: [{name: tier, type: String}]\n  actions:\n  - {name: View, access: Read}\n  - {name: Edit, access: Edit, implies: [View], requires: [\"Customer:View\"], own: []}\nsystemRoles:\n- {name: analyst, displayName: Analyst, permissions: [{object: Analytics, actions: [Tracking]}], data: [{object: Event, rows: All}]}\n",
            "loyalty.yaml",
        )
        .unwrap();
        assert!(catalogue.find("WeChatPage").is_none());
        let edit = catalogue.find_action("LoyaltyCard", "Edit").unwrap();
        assert_eq!(
            names(&catalogue, &catalogue.action(edit).unwrap().closure),
            ["Customer:View", "LoyaltyCard:Edit", "LoyaltyCard:View"]
        );
        assert_eq!(catalogue.system_role("analyst").unwrap().spec.permissions.len(), 1);
        let everything = catalogue.system_role(ADMINISTRATOR).unwrap();
        assert!(
            everything
                .spec
                .permissions
                .iter()
                .any(|permission| permission.object == "LoyaltyCard")
        );
    }

    #[test]
    fn a_fault_in_a_catalogue_is_named_with_file_line_and_mend() {
        let object = "objects:\n- name: Card\n  actions:\n  - {name: View, access: Read}\n";
        let role = |data: &str| {
            let log = "- name: Log\n  rows: true\n  fields: [{name: time, type: Timestamp}]\n  actions: [{name: View, access: Read}]";
            format!(
                "{object}{log}\nsystemRoles:\n- {{name: a, displayName: A, permissions: [{{object: Card, actions: [View]}}],\n   {data}}}\n"
            )
        };
        let sound = role("data: [{object: Log, rows: All, columns: [time]}]");
        Catalogue::load(&sound, "file.yaml").expect("nothing is wrong with it");
        for (text, line, part) in [
            ("extends: bultin\n", 1, "`bultin`"),
            (
                "objects:\n- name: Card\n  module: Loyalty\n  actions: [{name: View, access: Read}]\n",
                3,
                "`Loyalty`",
            ),
            (
                "objects:\n- name: Card\n  actions:\n  - {name: View, access: Reed}\n",
                4,
                "Reed",
            ),
            (
                "objects:\n- name: Card\n  actions:\n  - {name: Edit, access: Edit, implies: [View]}\n",
                4,
                "`View`",
            ),
            (
                "objects:\n- name: Card\n  actions:\n  - {name: Edit, access: Edit, requires: [View]}\n",
                4,
                "`View`",
            ),
            (
                "objects:\n- name: Card\n  actions:\n  - {name: Edit, access: Edit, own: [Drop]}\n",
                4,
                "`Drop`",
            ),
            (
                &format!("{object}- name: Card\n  actions: [{{name: View, access: Read}}]\n"),
                5,
                "`Card`",
            ),
            (&format!("{object}  - {{name: View, access: Edit}}\n"), 5, "`View`"),
            (
                &format!("{object}  fields: [{{name: owner, type: String}}]\n"),
                5,
                "`owner`",
            ),
            (&format!("{object}  fields: [{{name: a, type: Strin}}]\n"), 5, "Strin"),
            (&format!("{object}modules: [Core, Core]\n"), 5, "`Core`"),
            (&format!("{object}remove: [Campain]\n"), 5, "Campain"),
            (
                &format!("extends: builtin\n{object}remove: [Campain]\n"),
                6,
                "`Campain`",
            ),
            (
                &format!(
                    "{object}systemRoles:\n- {{name: a, displayName: A, permissions: [{{object: Card, actions: [Edit]}}]}}\n"
                ),
                6,
                "`Edit`",
            ),
            (&format!("modules: [Core]\n{object}  module: Loyalty\n"), 6, "`Loyalty`"),
            (&role("data: [{object: Card, rows: All}]"), 11, "`Card`"),
            (&role("data: [{object: Log, rows: Some}]"), 11, "`Log`"),
            (
                &role("data: [{object: Log, rows: All, columns: [time, tome]}]"),
                11,
                "`tome`",
            ),
            (&role("data: [{object: Lag, rows: All}]"), 11, "`Lag`"),
            (
                &role("data: [{object: Log, rows: All, columns: [time, time]}]"),
                11,
                "column `time` stands twice",
            ),
            (
                &sound.replace("actions: [View]", "actions: [View, View]"),
                10,
                "action `View` stands twice",
            ),
            (
                &format!("extends: builtin\nremove: [Event, Event]\n{object}"),
                2,
                "object `Event` stands twice",
            ),
            (
                &format!("{object}  - {{name: Edit, access: Edit, implies: [View, View]}}\n"),
                5,
                "action `View` stands twice",
            ),
            (
                &format!("{object}  - {{name: Edit, access: Edit, own: [View, View]}}\n"),
                5,
                "action `View` stands twice",
            ),
            (
                &format!("{object}  - {{name: Edit, access: Edit, requires: [\"Card:View\", \"Card:View\"]}}\n"),
                5,
                "action `Card:View` stands twice",
            ),
            (&format!("{object}nonsense: 1\n"), 5, "nonsense"),
        ] {
            let error = Catalogue::load(text, "file.yaml").expect_err(text).to_string();
            assert!(error.starts_with(&format!("file.yaml:{line}:")), "{text}\n{error}");
            assert!(error.contains(part), "{text}\n{error}");
        }
    }

    #[test]
    fn what_an_extension_breaks_in_the_built_in_catalogue_is_its_own_fault() {
        for (text, place, broken) in [
            ("\nremove: [Campaign, Event]\n", "3:20", "object `Analytics`"),
            ("\nremove: [MyOverview]\n", "3:10", "system role `analyst`"),
            ("modules: [Core, Loyalty]\n", "2:10", "object `UserTag`"),
            ("modules: []\n", "2:10", "object `UserTag`"),
            (
                "objects:\n- name: Event\n  actions: [{name: View, access: Read}]\n",
                "3:9",
                "system role `analyst`",
            ),
            (
                "objects:\n- actions: [{name: Use, access: Read}]\n  rows: true\n  name: Funnel\n",
                "5:9",
                "system role `analyst`",
            ),
            (
                "remove: [DataSpace]\nobjects:\n- name: DataSpace\n  actions: [{name: View, access: Read}]\n",
                "4:9",
                "object `AutomatedFlow`",
            ),
        ] {
            let error = Catalogue::load(&format!("extends: builtin\n{text}"), "file.yaml").expect_err(text);
            let error = error.to_string();
            assert!(error.starts_with(&format!("file.yaml:{place}: ")), "{text}\n{error}");
            assert!(
                error.contains(&format!("breaks the built-in {broken}")),
                "{text}\n{error}"
            );
        }
    }
}
