//! `tenantry dev`: what the controller does in a cluster, live over a directory of manifests, with a clock that can be moved.
//!
//! [`words`] puts what has changed of an object into words, and [`phrases`] what that means for a person; [`journal`] prints
//! it.

mod journal;
mod phrases;
mod words;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::sync::{Notify, mpsc, watch};

use self::journal::Journal;
use super::check::many;
use super::controller::stopped;
use super::input::{catalogue, moment};
use super::{Failure, Outcome, Screen};
use crate::api::Moment;
use crate::controller::{Activity, Clock, Controller, Directory, Fence, Metrics, News};
use crate::policy::Catalogue;

/// Arguments of `dev`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The directory that holds the manifests; statuses are kept in .tenantry/ in it
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
    /// The namespace of objects that name none (else `default`), and the only one to show
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The moment at which the clock begins, like 2026-12-01T00:00:00Z; now when absent
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Moment>,
    /// Seconds of the clock that pass in a second
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    speed: u32,
    /// End when the clock comes to this moment
    #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "once")]
    until: Option<Moment>,
    /// End when all is judged and written
    #[arg(long)]
    once: bool,
    /// A catalogue that extends or replaces the one built in
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let end = match arguments.until {
        Some(until) => End::At(until),
        None if arguments.once => End::Settled,
        None => End::Asked,
    };
    let session = Session {
        directory: &arguments.directory,
        namespace: arguments.namespace.as_deref(),
        catalogue: catalogue(arguments.catalogue.as_deref())?,
        start: arguments.at,
        speed: arguments.speed,
        end,
        hint: "every change of the files shows here; Ctrl-C ends",
    };
    session.run(screen)
}

/// When a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// When the process is asked to.
    Asked,
    /// When all is judged and written.
    Settled,
    /// Then.
    At(Moment),
}

impl End {
    /// An error when the clock would begin after the end.
    pub(super) fn is_not_before(self, start: Moment) -> Result<(), Failure> {
        match self {
            Self::At(until) if until < start => Err(Failure::Input(format!(
                "--until {until} is before the clock begins, {start}"
            ))),
            _ => Ok(()),
        }
    }
}

/// A directory, watched.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) directory: &'a Path,
    /// Of objects that name none, and the only one to show.
    pub(super) namespace: Option<&'a str>,
    pub(super) catalogue: Catalogue,
    /// Where the clock begins.
    pub(super) start: Option<Moment>,
    /// How many of its seconds pass in a second.
    pub(super) speed: u32,
    pub(super) end: End,
    /// What is said once everything has been seen.
    pub(super) hint: &'a str,
}

impl Session<'_> {
    /// Watches until the end.
    pub(super) fn run(self, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
        let start = self.start.unwrap_or_else(Moment::from_clock);
        self.end.is_not_before(start)?;
        let (sender, news) = mpsc::unbounded_channel();
        let default = self.namespace.unwrap_or("default");
        let directory =
            Directory::open(self.directory, default, sender).map_err(|error| Failure::Input(error.to_string()))?;
        self.introduce(&directory, start, screen);
        let clock = Arc::new(Clock::new(self.start, self.speed));
        let pacer = Pacer {
            moved: self.start.is_some() || self.speed != 1,
            clock: Arc::clone(&clock),
            end: self.end,
        };
        pacer.begin(start);
        let controller = Controller {
            storage: Arc::new(directory),
            catalogue: Arc::new(self.catalogue),
            clock,
            fence: Arc::new(Fence::open()),
            held: None,
            metrics: Arc::new(Metrics::default()),
            listen: None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Input(format!("cannot start: {error}")))?;
        let width = io::stdout().is_terminal().then_some(screen.width);
        let mut journal = Journal::new(self.namespace.map(str::to_owned), width);
        if self.end == End::Asked {
            journal.hint = Some(self.hint.to_owned());
        }
        runtime.block_on(watch(controller, &pacer, news, journal, screen))
    }

    fn introduce(&self, directory: &Directory, start: Moment, screen: &mut Screen<'_>) {
        let contents = directory.contents();
        screen.say(format_args!(
            "{} in {} of {}",
            many(contents.objects, "object"),
            many(contents.files, "file"),
            self.directory.display()
        ));
        if self.speed > 1 {
            let pace = match self.speed {
                3_600 => "an hour".to_owned(),
                86_400 => "a day".to_owned(),
                seconds => many(usize::try_from(seconds).unwrap_or(usize::MAX), "second"),
            };
            screen.say(format_args!("the clock begins at {start} and runs {pace} a second"));
        }
    }
}

/// Moves the clock on, and knows when all is over.
#[derive(Debug)]
struct Pacer {
    clock: Arc<Clock>,
    /// Whether it is another clock than that on the wall. Such a one waits for what it has brought about: it stands still
    /// at every moment that changes something until that is written.
    moved: bool,
    end: End,
}

impl Pacer {
    /// Until everything has been judged once.
    fn begin(&self, start: Moment) {
        if self.moved {
            self.clock.stop_at(Some(start));
        } else {
            self.clock.stop_at(self.until());
        }
    }

    fn until(&self) -> Option<Moment> {
        match self.end {
            End::At(until) => Some(until),
            End::Asked | End::Settled => None,
        }
    }

    /// All is written, and time alone changes nothing before `next`. Returns whether all is over.
    fn settled(&self, next: Option<Moment>) -> bool {
        let over = match self.end {
            End::Asked => false,
            End::Settled => true,
            End::At(until) => self.clock.now() >= until && next.is_none_or(|next| next > until),
        };
        if self.moved && !over {
            self.clock.stop_at([next, self.until()].into_iter().flatten().min());
        }
        over
    }

    /// Returns when the clock has come to the end.
    async fn reaches_end(&self) {
        match self.until() {
            Some(until) => {
                while self.clock.now() < until {
                    self.clock.doze_until(Some(until)).await;
                }
            }
            None => std::future::pending().await,
        }
    }
}

async fn watch(
    controller: Controller<Directory>,
    pacer: &Pacer,
    mut news: mpsc::UnboundedReceiver<News>,
    mut journal: Journal,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let over = Notify::new();
    let (activity, mut seen) = watch::channel(Activity::Busy);
    let shutdown = async {
        tokio::select! {
            () = stopped() => {}
            () = over.notified() => {}
        }
    };
    let mut running = std::pin::pin!(controller.run_telling(activity, shutdown));
    let mut at_end = false;
    let mut reaches_end = std::pin::pin!(pacer.reaches_end());
    let ended = loop {
        let mut settles = false;
        tokio::select! {
            Some(news) = news.recv() => journal.add(news),
            ended = &mut running => break ended,
            Ok(()) = seen.changed() => settles = true,
            () = &mut reaches_end, if !at_end => at_end = true,
            () = journal.due() => journal.print(pacer.clock.now(), screen)?,
        }
        // All that was told before a change of activity is taken in before it.
        while let Ok(news) = news.try_recv() {
            journal.add(news);
        }
        if let Some(trouble) = journal.trouble() {
            if pacer.end != End::Asked {
                return Err(Failure::Input(trouble));
            }
            screen.error(&trouble);
        }
        let Activity::Settled { next } = *seen.borrow() else {
            continue;
        };
        if settles {
            journal.print(pacer.clock.now(), screen)?;
            if let Some(hint) = journal.hint.take() {
                screen.say(hint);
            }
        }
        if (settles || at_end) && pacer.settled(next) {
            over.notify_one();
        }
    };
    while let Ok(news) = news.try_recv() {
        journal.add(news);
    }
    journal.print(pacer.clock.now(), screen)?;
    ended
        .map(|()| Outcome::Fine)
        .map_err(|error| Failure::Input(error.to_string()))
}
