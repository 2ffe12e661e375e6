//! The journal of a session: a line for each object whose status has changed, grouped by what came at the same time.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::Screen;
use super::super::screen::{FAINT, STRONG};
use super::words::{Line, Style, plain, several, status};
use crate::api::{Kind, Moment};
use crate::controller::{News, StatusNews, Subject};

/// What has come is printed, sorted, when nothing is left to do; where there is always something, after this time.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What is to be printed, and what has been.
#[derive(Debug)]
pub(super) struct Journal {
    /// The only one to show.
    namespace: Option<String>,
    /// Where lines are broken.
    width: Option<usize>,
    /// By order of printing.
    changed: BTreeMap<(String, usize, String), StatusNews>,
    passed: Vec<String>,
    trouble: Option<String>,
    /// Since when something waits.
    since: Option<Instant>,
    /// The day of the last line.
    day: String,
    /// What is still to be said once everything has been seen.
    pub(super) hint: Option<String>,
}

impl Journal {
    pub(super) fn new(namespace: Option<String>, width: Option<u16>) -> Self {
        Self {
            namespace,
            width: width.map(usize::from),
            changed: BTreeMap::new(),
            passed: Vec::new(),
            trouble: None,
            since: None,
            day: String::new(),
            hint: None,
        }
    }

    /// Takes something in. What happens to an object before it is printed becomes one change.
    pub(super) fn add(&mut self, news: News) {
        match news {
            News::Status(news) | News::Gone(news) => {
                let shown = self.namespace.as_ref();
                if shown.is_none_or(|shown| *shown == news.subject.namespace) {
                    self.add_status(*news);
                }
            }
            News::Passed(what) => self.passed.push(what),
            News::Trouble(what) => self.trouble = Some(what),
        }
        self.since.get_or_insert_with(Instant::now);
    }

    fn add_status(&mut self, news: StatusNews) {
        let Subject {
            namespace, kind, name, ..
        } = &news.subject;
        match self.changed.entry((namespace.clone(), rank(*kind), name.clone())) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(news);
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.after = news.after;
                known.place = news.place;
            }
        }
    }

    /// Something that cannot be done just now, once.
    pub(super) fn trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// Returns when what waits should wait no longer.
    pub(super) async fn due(&self) {
        match self.since {
            Some(since) => sleep_until(since + LONGEST_WAIT).await,
            None => std::future::pending().await,
        }
    }

    /// Prints what waits.
    pub(super) fn print(&mut self, now: Moment, screen: &mut Screen<'_>) -> io::Result<()> {
        if self.since.take().is_none() {
            return Ok(());
        }
        let now = now.to_string();
        let (day, time) = now.split_once('T').unwrap_or(("", &now));
        let mut lines: Vec<Line> = std::mem::take(&mut self.passed).into_iter().map(passed).collect();
        let changed = std::mem::take(&mut self.changed);
        lines.extend(together(changed.values()));
        if !lines.is_empty() && self.day != day {
            day.clone_into(&mut self.day);
            writeln!(screen.out, "{STRONG}{day}{STRONG:#}")?;
        }
        for line in lines {
            write!(screen.out, "{FAINT}{time}{FAINT:#}")?;
            line.print(screen.out, time.len(), self.width)?;
        }
        screen.out.flush()
    }
}

/// The order of kinds: what the others are made of first, and the tenant, which sums it all up, last.
const ORDER: [Kind; 7] = [
    Kind::Organization,
    Kind::Role,
    Kind::UserGroup,
    Kind::SharingRule,
    Kind::Invitation,
    Kind::User,
    Kind::Tenant,
];

fn rank(kind: Kind) -> usize {
    ORDER.iter().position(|known| *known == kind).unwrap_or(ORDER.len())
}

/// So many new objects of a kind that are well stand in a line each; more share one. Who may do what is told of more.
fn few(kind: Kind) -> usize {
    match kind {
        Kind::User => 40,
        _ => 2,
    }
}

/// A line for each object, or for many that are new and well.
fn together<'n>(changed: impl Iterator<Item = &'n StatusNews> + Clone) -> Vec<Line> {
    let key = |news: &'n StatusNews| {
        let subject = &news.subject;
        Some((subject.namespace.as_str(), subject.kind, plain(news)?))
    };
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for key in changed.clone().filter_map(key) {
        *counts.entry(key).or_default() += 1;
    }
    counts.retain(|(_, kind, _), count| *count > few(*kind));
    let lines = changed.filter_map(|news| match key(news).filter(|key| counts.contains_key(key)) {
        None => status(news),
        // The first stands for all of them.
        Some(key) => {
            let count = counts.insert(key, 0).filter(|count| *count > 0)?;
            Some(several(key.0, key.1, key.2, count))
        }
    });
    lines.collect()
}

fn passed(what: String) -> Line {
    let mut line = Line::default();
    line.add(Style::Bad, "passed over");
    line.add(Style::Plain, what);
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{RoleStatus, UserPhase, UserStatus};
    use crate::policy::Status;

    fn news(kind: Kind, name: &str, before: Option<Status>, after: Option<Status>) -> News {
        News::Status(Box::new(StatusNews {
            subject: Subject {
                namespace: "acme".to_owned(),
                kind,
                name: name.to_owned(),
                system: false,
            },
            place: None,
            before,
            after,
        }))
    }

    fn role(name: &str) -> News {
        news(Kind::Role, name, None, Some(Status::Role(RoleStatus::default())))
    }

    fn user(phase: UserPhase) -> Status {
        Status::User(Box::new(UserStatus {
            phase: Some(phase),
            ..UserStatus::default()
        }))
    }

    fn printed(journal: &mut Journal, at: &str) -> String {
        let mut out = Vec::new();
        let mut screen = Screen {
            out: &mut out,
            data: &mut io::sink(),
            err: &mut io::sink(),
            stdin: &mut io::empty(),
            interactive: false,
            width: 100,
        };
        journal.print(Moment::parse(at).unwrap(), &mut screen).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn what_comes_together_is_sorted_below_its_day() {
        let mut journal = Journal::new(None, None);
        journal.add(news(Kind::User, "bob", None, Some(user(UserPhase::Active))));
        journal.add(role("editor"));
        journal.add(role("analyst"));
        assert_eq!(
            printed(&mut journal, "2026-12-01T07:00:00Z"),
            "2026-12-01\n07:00:00Z acme Role analyst in force\n07:00:00Z acme Role editor in force\n07:00:00Z acme \
             User bob Active\n"
        );
        assert_eq!(printed(&mut journal, "2026-12-02T07:00:00Z"), "");
        journal.add(role("writer"));
        assert_eq!(
            printed(&mut journal, "2026-12-01T08:00:00Z"),
            "08:00:00Z acme Role writer in force\n"
        );
    }

    #[test]
    fn many_new_objects_that_are_well_share_a_line() {
        let mut journal = Journal::new(None, None);
        for name in ["analyst", "editor", "writer"] {
            journal.add(role(name));
        }
        assert_eq!(
            printed(&mut journal, "2026-12-01T07:00:00Z"),
            "2026-12-01\n07:00:00Z acme 3 Roles in force\n"
        );
    }

    #[test]
    fn two_changes_of_an_object_become_one() {
        let mut journal = Journal::new(None, None);
        let [active, disabled, expired] = [UserPhase::Active, UserPhase::Disabled, UserPhase::Expired].map(user);
        journal.add(news(Kind::User, "bob", Some(active), Some(disabled.clone())));
        journal.add(news(Kind::User, "bob", Some(disabled), Some(expired)));
        assert_eq!(
            printed(&mut journal, "2026-12-01T07:00:00Z"),
            "2026-12-01\n07:00:00Z acme User bob Active -> Expired\n"
        );
    }

    #[test]
    fn only_the_namespace_asked_for_is_shown() {
        let mut journal = Journal::new(Some("beta".to_owned()), None);
        journal.add(role("analyst"));
        assert_eq!(printed(&mut journal, "2026-12-01T07:00:00Z"), "");
    }
}
