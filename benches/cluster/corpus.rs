//! Tenants made from numbers, the same at every run.

use futures::{StreamExt as _, stream};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use serde_json::{Value, json};
use tenantry::api::{Organization, Role, Tenant, User};

use super::IN_FLIGHT;

pub(crate) const USERS: usize = 10_000;
const ROLES: usize = 20;
const ORGANIZATIONS: usize = 50;

pub(crate) fn users(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<User>(&()))
}

pub(crate) fn roles(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Role>(&()))
}

/// A tenant with 10,000 users of three roles and an organization each; all have the role `common`.
pub(crate) async fn tenant(client: &Client, namespace: &str) {
    settings(client, namespace).await;
    let all = (0..ROLES).map(|number| role(&format!("role-{number}"), number));
    create(&roles(client, namespace), "Role", all.chain([role("common", 3)])).await;
    let organizations = Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Organization>(&()));
    let all = (0..ORGANIZATIONS).map(|number| {
        (
            format!("unit-{number}"),
            json!({"displayName": format!("Unit {number}")}),
        )
    });
    create(&organizations, "Organization", all).await;
    let all = (0..USERS).map(|number| (format!("user-{number}"), user(number, None)));
    create(&users(client, namespace), "User", all).await;
}

/// A tenant whose users have one role and nothing else.
pub(crate) async fn plain(client: &Client, namespace: &str, count: usize) {
    settings(client, namespace).await;
    create(&roles(client, namespace), "Role", [role("common", 3)]).await;
    let all = (0..count).map(|number| {
        let spec = json!({"account": format!("user.{number}"), "name": format!("User {number}"), "roles": ["common"]});
        (format!("user-{number}"), spec)
    });
    create(&users(client, namespace), "User", all).await;
}

async fn settings(client: &Client, namespace: &str) {
    let tenants = Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Tenant>(&()));
    let spec = json!({"displayName": "Acme", "limits": {"usersPerOrganization": 100_000}});
    create(&tenants, "Tenant", [("tenant".to_owned(), spec)]).await;
}

fn role(name: &str, number: usize) -> (String, Value) {
    const OBJECTS: [&str; 4] = ["Campaign", "MarketingContent", "WeChatPage", "TextMessage"];
    let actions = if number.is_multiple_of(2) {
        json!(["Edit"])
    } else {
        json!(["View"])
    };
    let permissions = [
        json!({"object": OBJECTS[number % 4], "actions": actions}),
        json!({"object": "Customer", "actions": ["View"]}),
    ];
    (
        name.to_owned(),
        json!({"displayName": name, "permissions": permissions}),
    )
}

pub(crate) fn user(number: usize, until: Option<&str>) -> Value {
    let mut spec = json!({
        "account": format!("user.{number}"),
        "name": format!("User {number}"),
        "email": format!("user.{number}@acme.example"),
        "roles": ["common", format!("role-{}", number % ROLES), format!("role-{}", (number + 7) % ROLES)],
        "organizations": [format!("unit-{}", number % ORGANIZATIONS)],
    });
    if let Some(until) = until {
        spec["validUntil"] = until.into();
    }
    spec
}

async fn create(api: &Api<DynamicObject>, kind: &str, objects: impl IntoIterator<Item = (String, Value)>) {
    stream::iter(objects)
        .for_each_concurrent(IN_FLIGHT, |(name, spec)| async move {
            let object = json!({
                "apiVersion": "tenantry.dev/v1alpha1",
                "kind": kind,
                "metadata": {"name": name},
                "spec": spec,
            });
            let object = serde_json::from_value(object).unwrap();
            api.create(&PostParams::default(), &object).await.unwrap();
        })
        .await;
}
