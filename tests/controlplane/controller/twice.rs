//! A list that holds something twice: refused by the API server where a rule of the list can say so, else by the controller.

use tenantry::api::Kind;

use super::shared;
use crate::lists::collections;

#[test]
fn a_list_that_holds_something_twice_is_refused_by_one_of_the_two() {
    let mut by_controller = 0;
    for list in collections().into_iter().filter(|list| list.is_list()) {
        let namespace = shared().control_plane.namespace("twice");
        let mut object = list.holding_twice();
        object["metadata"]["namespace"] = namespace.as_str().into();
        let create = ["create", "-f", "-"];
        let created = shared()
            .control_plane
            .admin()
            .kubectl_with(&object.to_string(), &create);
        let what = format!("{} {}: {}{}", list.kind, list.path, created.out, created.err);
        // Of temporary roles the rule stands on the spec.
        let by_rule = list.has_rule() || (list.kind == Kind::User && list.path == "spec.temporaryRoles");
        assert_eq!(created.code != 0, by_rule, "{what}");
        if by_rule {
            assert!(
                created.err.contains("twice") || created.err.contains("the same"),
                "{what}"
            );
        } else {
            let name = object["metadata"]["name"].as_str().unwrap();
            shared().reason(&namespace, list.kind.as_str(), name, "SchemaInvalid");
            by_controller += 1;
        }
    }
    assert!(by_controller > 0);
}
