//! The loop over a storage that is fed by hand.

use std::sync::Mutex;

use tokio::time::error::Elapsed;

use super::super::judge::{StatusWrite, SystemWrite};
use super::super::storage::{Extent, WriteError};
use super::super::store::{NamespaceChange, Stored};
use super::super::testing::stored;
use super::*;
use crate::api::{Kind, Unpublished};

/// Takes every status, but for the first whole ones, as many as are to be refused; tells which came.
struct Fed {
    changes: Mutex<Option<mpsc::Receiver<Change>>>,
    refusals: Mutex<usize>,
    written: mpsc::UnboundedSender<(String, Option<Unpublished>)>,
}

impl Storage for Fed {
    async fn feed(self: Arc<Self>, sender: mpsc::Sender<Change>) {
        let changes = self.changes.lock().unwrap().take();
        let mut changes = changes.expect("it is fed once");
        while let Some(change) = changes.recv().await {
            sender.send(change).await.unwrap();
        }
        std::future::pending().await
    }

    async fn write_status(&self, write: &StatusWrite, _: Extent) -> Result<Stored, WriteError> {
        let mut refusals = self.refusals.lock().unwrap();
        if write.shown.unpublished.is_none() && *refusals > 0 {
            *refusals -= 1;
            return Err(WriteError::Invalid {
                why: Unpublished::StatusRefused,
                again: Some(Duration::from_millis(1)),
                reason: "422".to_owned(),
            });
        }
        let _ = self.written.send((write.judged.name.clone(), write.shown.unpublished));
        Ok(Stored {
            version: write.judged.version + 10,
            shown: write.shown.clone(),
            ..(*write.judged).clone()
        })
    }

    async fn write_system(&self, _: &SystemWrite) -> Result<Stored, WriteError> {
        Err(WriteError::Gone)
    }

    async fn announce(&self, _: &Announcement) -> Result<(), WriteError> {
        Ok(())
    }
}

/// A controller over such a storage, which ends with this value.
struct Fixture {
    changes: mpsc::Sender<Change>,
    written: mpsc::UnboundedReceiver<(String, Option<Unpublished>)>,
    _running: JoinSet<Result<(), Ended>>,
}

impl Fixture {
    fn start(refusals: usize) -> Self {
        let (changes, fed) = mpsc::channel(100);
        let (sender, written) = mpsc::unbounded_channel();
        let controller = Controller {
            storage: Arc::new(Fed {
                changes: Mutex::new(Some(fed)),
                refusals: Mutex::new(refusals),
                written: sender,
            }),
            catalogue: Arc::new(Catalogue::builtin().unwrap()),
            clock: Arc::new(Clock::system()),
            fence: Arc::new(Fence::open()),
            held: None,
            metrics: Arc::default(),
            listen: None,
        };
        let mut running = JoinSet::new();
        running.spawn(controller.run(std::future::pending()));
        Self {
            changes,
            written,
            _running: running,
        }
    }

    /// Has it see lists of all kinds, with a user of each of these namespaces.
    async fn list(&self, namespaces: &[&str]) {
        for kind in Kind::ALL {
            self.tell(Change::Listing(kind)).await;
            for namespace in namespaces.iter().filter(|_| kind == Kind::User) {
                let user = stored(Kind::User, namespace, &format!("of-{namespace}"), 1);
                self.tell(Change::Applied(Box::new(user))).await;
            }
            self.tell(Change::Listed(kind, 1)).await;
        }
    }

    async fn tell(&self, change: Change) {
        self.changes.send(change).await.unwrap();
    }

    /// The next status that is written.
    async fn next(&mut self) -> Result<(String, Option<Unpublished>), Elapsed> {
        let next = timeout(Duration::from_secs(60), self.written.recv()).await?;
        Ok(next.expect("it runs"))
    }
}

#[tokio::test]
async fn a_status_that_was_refused_is_offered_again_in_its_time() {
    let mut fixture = Fixture::start(2);
    fixture.list(&["acme"]).await;
    let user = "of-acme".to_owned();
    let reduced = Some(Unpublished::StatusRefused);
    assert_eq!(fixture.next().await.unwrap(), (user.clone(), reduced));
    // It was refused once more, which left what was shown.
    assert_eq!(fixture.next().await.unwrap(), (user, None));
}

#[tokio::test]
async fn what_is_in_a_namespace_that_is_being_deleted_waits_for_another_of_its_name() {
    let mut fixture = Fixture::start(0);
    let acme = || "acme".to_owned();
    let leaving = NamespaceChange::Leaving(acme());
    fixture.tell(Change::Namespace(leaving)).await;
    fixture.list(&["acme", "beta"]).await;
    assert_eq!(fixture.next().await.unwrap().0, "of-beta");
    assert!(fixture.written.try_recv().is_err());
    let staying = NamespaceChange::Staying(acme());
    fixture.tell(Change::Namespace(staying)).await;
    assert_eq!(fixture.next().await.unwrap().0, "of-acme");
}
