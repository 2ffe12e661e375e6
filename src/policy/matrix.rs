//! The matrix: what each role allows, whoever has it.

use serde::Serialize;

use super::action_set::ActionSet;
use super::evaluate::{Access, Evaluation};
use super::roles::Role;

/// What one role allows on one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Allowed {
    /// The tenant.
    pub namespace: String,
    /// The role.
    pub role: String,
    /// The object type.
    pub object: String,
    /// The actions that the role lists, sorted.
    pub listed: Vec<String>,
    /// The actions that come along with them, sorted.
    pub comes_along: Vec<String>,
}

impl Evaluation {
    /// What every role in force allows, by role and object.
    #[must_use]
    pub fn matrix(&self) -> Vec<Allowed> {
        let Some(access) = self.access() else { return Vec::new() };
        let roles = access.roles.iter().map(|(_, role)| role).filter(|role| role.in_force);
        roles.flat_map(|role| self.allowed(access, role)).collect()
    }

    fn allowed(&self, access: &Access, role: &Role) -> Vec<Allowed> {
        let listed = self.listed(role);
        let objects = self
            .catalogue
            .objects()
            .filter(|(ix, object)| access.settings.has(*ix) && object.actions.intersects(&role.actions));
        objects
            .map(|(_, object)| {
                let actions = self.action_names(&object.actions, &role.actions);
                let is_listed = |name: &String| object.action(name).is_some_and(|action| listed.contains(action));
                let (listed, comes_along) = actions.into_iter().partition(is_listed);
                Allowed {
                    namespace: self.namespace.clone(),
                    role: role.name.clone(),
                    object: object.name.clone(),
                    listed,
                    comes_along,
                }
            })
            .collect()
    }

    fn listed(&self, role: &Role) -> ActionSet {
        let mut listed = self.catalogue.no_actions();
        for permission in role
            .spec(&self.catalogue)
            .into_iter()
            .flat_map(|spec| &spec.permissions)
        {
            let actions = permission.actions.iter();
            let found = actions.filter_map(|action| self.catalogue.find_action(&permission.object, action));
            found.for_each(|action| listed.insert(action));
        }
        listed
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::evaluate;

    #[test]
    fn each_role_in_force_shows_what_it_lists_and_what_comes_along() {
        let lines = [
            "Tenant acme/tenant {displayName: Acme}",
            "Role acme/editor {displayName: E, permissions: [{object: UserTag, actions: [View]}, {object: Campaign, actions: [View, Publish]}]}",
            "Role acme/void {displayName: V, permissions: [{object: Campaign, actions: [Fly]}]}",
        ];
        let matrix = evaluate(&lines)[0].matrix().into_iter();
        let told: Vec<String> = matrix
            .filter(|allowed| ["editor", "void"].contains(&allowed.role.as_str()))
            .map(|allowed| {
                let (listed, along) = (allowed.listed, allowed.comes_along);
                format!(
                    "{} {} {}: {listed:?} {along:?}",
                    allowed.namespace, allowed.role, allowed.object
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "acme editor Campaign: [\"Publish\", \"View\"] [\"Edit\"]",
                "acme editor MarketingContent: [] [\"View\"]",
            ]
        );
        assert!(evaluate(&lines[1..])[0].matrix().is_empty());
    }
}
