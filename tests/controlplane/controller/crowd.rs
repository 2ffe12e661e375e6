//! Many users of one role: every edit of it leaves the status of each of them to be written.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tenantry::api::Kind;
use tokio::runtime::{Builder, Runtime};

use super::watcher::resource;
use super::{Namespace, Plane, actions};
use crate::harness::wait::until_right;
use crate::objects;

/// Users created at a time.
const AT_A_TIME: usize = 16;

/// Time between edits: some statuses are written before the next.
const PACE: Duration = Duration::from_millis(200);

/// A tenant with such users.
pub(super) struct Crowd<'a> {
    plane: &'a Plane,
    namespace: Namespace<'a>,
    runtime: Runtime,
    client: kube::Client,
}

impl<'a> Crowd<'a> {
    /// Creates them. Best before there is a controller: it would judge the tenant again and again.
    pub(super) fn gather(plane: &'a Plane, count: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(plane.control_plane.admin().client());
        let crowd = Self {
            namespace: plane.tenant("crowd"),
            plane,
            runtime,
            client,
        };
        crowd.edit("View");
        let created = stream::iter(0..count).map(|number| {
            let user = json!({
                "apiVersion": "tenantry.dev/v1alpha1",
                "kind": "User",
                "metadata": {"name": format!("user-{number}"), "namespace": *crowd.namespace},
                "spec": {"account": format!("user.{number}"), "name": "One of many", "roles": ["editor"]},
            });
            let client = crowd.client.clone();
            async move { objects::create(&client, Kind::User, "", &user).await.unwrap() }
        });
        crowd
            .runtime
            .block_on(created.buffer_unordered(AT_A_TIME).collect::<Vec<_>>());
        crowd
    }

    /// Has the role give that action.
    pub(super) fn edit(&self, action: &str) {
        let role: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource(Kind::Role));
        let edited = json!({
            "apiVersion": "tenantry.dev/v1alpha1",
            "kind": "Role",
            "metadata": {"name": "editor"},
            "spec": {"displayName": "Editor", "permissions": [{"object": "Campaign", "actions": [action]}]},
        });
        let parameters = PatchParams::apply("people").force();
        let patch = Patch::Apply(edited);
        self.runtime
            .block_on(role.patch("editor", &parameters, &patch))
            .unwrap();
    }

    /// Edits the role again and again while something goes on.
    pub(super) fn busy<T: Send>(&self, meanwhile: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let meanwhile = scope.spawn(meanwhile);
            for action in ["Edit", "Share", "View"].iter().cycle() {
                if meanwhile.is_finished() {
                    break;
                }
                self.edit(action);
                thread::sleep(PACE);
            }
            meanwhile.join().unwrap()
        })
    }

    /// How many do not show what the role gives.
    pub(super) fn behind(&self) -> usize {
        let role = self.plane.get(&self.namespace, "Role", "editor").unwrap();
        let given = role["spec"]["permissions"][0]["actions"][0].as_str().unwrap();
        // Each of them implies `View`, and nothing else.
        let given = BTreeSet::from([given.to_owned(), "View".to_owned()]);
        let users = self.users();
        let shown = users
            .iter()
            .map(|user| BTreeSet::from_iter(actions(&user["status"], "Campaign")));
        shown.filter(|shown| *shown != given).count()
    }

    /// What tells every state of a user from every other.
    pub(super) fn versions(&self) -> Vec<Value> {
        let users = self.users().into_iter();
        users
            .map(|mut user| user["metadata"]["resourceVersion"].take())
            .collect()
    }

    fn users(&self) -> Vec<Value> {
        self.runtime.block_on(objects::all(&self.client, Kind::User))
    }

    /// Waits until all show what the role gives.
    pub(super) fn caught_up(&self) {
        until_right("the statuses of many", || match self.behind() {
            0 => Ok(()),
            behind => Err(format!("{behind} are behind")),
        });
    }
}
