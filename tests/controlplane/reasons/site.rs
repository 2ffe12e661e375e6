//! The control plane on which cases are run.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use kube::Client;
use serde_json::json;
use tenantry::api::{Kind, Moment, crd};
use tenantry::controller::Clock;
use tenantry::policy::Catalogue;

use super::create::create;
use super::shown::Shown;
use super::staged::{Staged, stage};
use crate::controller::undecodable::loosen;
use crate::controller::{Alone, Plane};
use crate::harness::wait::{PATIENCE, eventually};
use crate::health::{self, Said};
use crate::objects::{self, STRICT_DRY_RUN};
use crate::table::case::Case;
use crate::table::outcome::{self, Outcome};

/// Cases created at a time.
const AT_A_TIME: usize = 12;
/// How often is looked.
const PAUSE: Duration = Duration::from_millis(300);

/// A control plane with a person who may do everything, and whom no policy keeps from the system's names.
pub(super) struct Site {
    plane: Plane,
    client: Client,
}

impl Site {
    pub(super) async fn start() -> Self {
        let plane = Plane::start();
        let unguard = ["delete", "validatingadmissionpolicybinding", "tenantry-reserved-names"];
        plane.control_plane.admin().kubectl(&unguard).ok();
        let client = plane.control_plane.admin().client().await;
        let site = Self { plane, client };
        let mut reserved = objects::sound(Kind::Role, "default");
        reserved["metadata"]["name"] = "analyst".into();
        eventually("system names for everybody", async || {
            let created = objects::create(&site.client, Kind::Role, STRICT_DRY_RUN, &reserved).await;
            created.ok()
        })
        .await;
        site
    }

    pub(super) fn stage(&self, cases: Vec<(Case, String)>) -> Vec<Staged> {
        stage(self.plane.control_plane.admin(), cases)
    }

    pub(super) async fn create(&self, staged: &[&Staged], parameters: &str) {
        let created = stream::iter(staged).map(|staged| create(&self.client, staged, parameters));
        created.buffer_unordered(AT_A_TIME).collect::<()>().await;
    }

    /// A controller whose clock stands still at a moment.
    pub(super) fn controller(&self, at: Moment, catalogue: Option<&str>) -> Alone {
        let clock = Clock::new(Some(at), 1);
        clock.stop_at(Some(at));
        let catalogue = match catalogue {
            Some(text) => Catalogue::load(text, "catalogue.yaml").unwrap(),
            None => Catalogue::builtin().unwrap(),
        };
        Alone::start(&self.plane.account, clock, catalogue)
    }

    /// Waits until every case is as expected and the controller is done; what is wrong when nothing more comes right.
    pub(super) async fn wrong(&self, controller: &Alone, staged: &[&Staged]) -> Vec<String> {
        let expected: Vec<Outcome> = staged
            .iter()
            .map(|staged| outcome::run(&staged.text, &staged.case.at, staged.case.catalogue.as_deref()))
            .collect();
        let (mut least, mut since) = (usize::MAX, Instant::now());
        loop {
            let settled = controller.is_settled();
            let shown = Shown::now(&self.client).await;
            let judged = staged.iter().zip(&expected);
            let wrong: Vec<String> = judged
                .filter_map(|(staged, expected)| shown.judge(staged, expected))
                .collect();
            if wrong.is_empty() && settled {
                return wrong;
            }
            if wrong.len() < least {
                (least, since) = (wrong.len(), Instant::now());
            }
            if since.elapsed() > PATIENCE {
                assert!(settled, "the controller has not come to an end");
                return wrong;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What Flux and Argo CD make of everything there is, held against the reasons; those are added to `seen`.
    pub(super) async fn wrong_health(&self, seen: &mut BTreeSet<String>) -> Vec<String> {
        let shown = Shown::now(&self.client).await;
        let said = Said::of(&shown.objects().cloned().collect());
        for object in shown.objects() {
            seen.extend(health::ready(object).map(|(status, reason)| match status {
                "True" => format!("{}/{reason}", object["kind"].as_str().unwrap()),
                _ => reason.to_owned(),
            }));
        }
        shown.objects().filter_map(|object| said.judge(object)).collect()
    }

    /// Has the API server take everything for as long as something is put there.
    pub(super) async fn loosened(&self, put: impl AsyncFnOnce()) {
        for kind in Kind::ALL {
            loosen(&self.plane, &crd::definition(kind).spec.names.plural);
        }
        self.until_wrong_ones_are(Taken::Taken).await;
        put().await;
        self.plane.control_plane.install_crds().ok();
        self.until_wrong_ones_are(Taken::Refused).await;
    }

    /// The API server learns definitions a moment later than it takes them.
    async fn until_wrong_ones_are(&self, wanted: Taken) {
        for kind in Kind::ALL {
            let mut wrong = objects::sound(kind, "default");
            wrong["spec"] = json!({"displayName": 7});
            eventually("the other definitions", async || {
                let answer = objects::create(&self.client, kind, "dryRun=All", &wrong).await;
                let is = if answer.is_ok() { Taken::Taken } else { Taken::Refused };
                (is == wanted).then_some(())
            })
            .await;
        }
    }
}

/// Whether the API server takes what our definitions do not let in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Taken,
    Refused,
}
