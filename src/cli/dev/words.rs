//! What has changed of an object, in a line.

use std::io::{self, Write};

use anstyle::AnsiColor;

use super::super::plan::tally_of;
use super::super::screen::{FAINT, STRONG};
use super::phrases::Phrases;
use crate::api::{Condition, ConditionStatus, Kind, UserStatus};
use crate::controller::StatusNews;
use crate::policy::{Reason, Status};

/// A line of the journal.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<(Style, String)>);

/// How a part of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
}

impl Line {
    pub(super) fn add(&mut self, style: Style, text: impl Into<String>) {
        self.0.push((style, text.into()));
    }

    /// Prints it behind something that takes `begun` columns, and where it does not fit, goes on below.
    pub(super) fn print(&self, out: &mut dyn Write, begun: usize, width: Option<usize>) -> io::Result<()> {
        let mut column = begun;
        for (style, text) in &self.0 {
            let style = style.of();
            for word in text.split(' ') {
                let length = word.chars().count();
                if width.is_some_and(|width| column > begun && column + 1 + length > width) {
                    write!(out, "\n{:begun$}", "")?;
                    column = begun;
                }
                write!(out, " {style}{word}{style:#}")?;
                column += 1 + length;
            }
        }
        writeln!(out)
    }
}

impl Style {
    fn of(self) -> anstyle::Style {
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Strong => STRONG,
            Self::Faint => FAINT,
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }
}

/// What has become of an object; nothing when it came and went unseen.
pub(super) fn status(news: &StatusNews) -> Option<Line> {
    let subject = &news.subject;
    let mut line = Line::default();
    line.add(Style::Plain, format!("{} {}", subject.namespace, subject.kind));
    line.add(Style::Strong, subject.name.as_str());
    let Some(after) = &news.after else {
        // What the system made goes with its tenant.
        let before = news.before.as_ref().filter(|_| !subject.system)?;
        line.add(Style::Bad, "deleted");
        if let Status::User(before) = before {
            add_phrases(&mut line, &Phrases::between(before, &UserStatus::default()));
        }
        return Some(line);
    };
    add_state(&mut line, news.before.as_ref(), after);
    if subject.system {
        line.add(Style::Faint, "(system)");
    }
    let said = line.0.len();
    add_details(&mut line, news.before.as_ref(), after);
    if line.0.len() == said && unchanged(news.before.as_ref(), after) {
        line.add(Style::Faint, "as it was");
    }
    add_findings(&mut line, after, news.place.as_deref());
    Some(line)
}

/// The state of an object that is new and of which there is nothing else to say.
pub(super) fn plain(news: &StatusNews) -> Option<&'static str> {
    let after = news.after.as_ref().filter(|_| news.before.is_none())?;
    let well = failing(after, "Ready").is_none() && failing(after, "Complete").is_none();
    well.then(|| after.phase().unwrap_or("in force"))
}

/// Several such objects of a kind.
pub(super) fn several(namespace: &str, kind: Kind, state: &str, count: usize) -> Line {
    let mut line = Line::default();
    line.add(Style::Plain, format!("{namespace} {count} {kind}s"));
    line.add(of_phase(state), state);
    line
}

/// The phase, or whether it is in force.
fn add_state(line: &mut Line, before: Option<&Status>, after: &Status) {
    let before = before.and_then(Status::phase);
    match (before, after.phase()) {
        (Some(before), Some(phase)) if before != phase => {
            line.add(Style::Plain, format!("{before} ->"));
            line.add(of_phase(phase), phase);
        }
        (_, Some(phase)) => line.add(of_phase(phase), phase),
        (_, None) => match after.conditions().iter().find(|condition| condition.kind == "Ready") {
            Some(ready) if ready.status == ConditionStatus::False => {}
            Some(ready) if ready.reason == "Suspended" => line.add(Style::Bad, "suspended:"),
            // Its users tell.
            _ if matches!(after, Status::Tenant(_)) => {}
            _ => line.add(Style::Plain, "in force"),
        },
    }
}

fn of_phase(phase: &str) -> Style {
    match phase {
        "Active" | "Completed" => Style::Good,
        "Pending" | "Waiting" | "in force" => Style::Plain,
        _ => Style::Bad,
    }
}

/// What is wrong with it, and where that stands.
fn add_findings(line: &mut Line, after: &Status, place: Option<&str>) {
    let (condition, class) = match (failing(after, "Ready"), failing(after, "Complete")) {
        (Some(ready), _) if Reason::from_name(&ready.reason).is_some_and(Reason::waits) => (ready, "waiting"),
        (Some(ready), _) => (ready, "refused"),
        (None, Some(complete)) => (complete, "waiting in part"),
        (None, None) => return,
    };
    line.add(Style::Bad, format!("{class}[{}]", condition.reason));
    if let Some(place) = place {
        line.add(Style::Plain, place);
    }
    line.add(Style::Plain, condition.message.as_str());
}

fn failing<'s>(status: &'s Status, kind: &str) -> Option<&'s Condition> {
    let mut conditions = status.conditions().iter();
    conditions.find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)
}

/// What is new besides.
fn add_details(line: &mut Line, before: Option<&Status>, after: &Status) {
    match (after, before) {
        (Status::Tenant(tenant), _) => {
            if let Some(counts) = tenant.users {
                line.add(Style::Plain, tally_of(counts, tenant.next_transition));
            }
        }
        (Status::User(after), Some(Status::User(before))) => add_user(line, before, after),
        (Status::User(after), _) => add_phrases(line, &Phrases::of_new(after)),
        (Status::Organization(after), Some(Status::Organization(before))) if after.path == before.path => {}
        // The root is where its name says.
        (Status::Organization(organization), _) if organization.path.len() > 1 => {
            line.add(Style::Plain, format!("at {}", organization.path.join("/")));
        }
        _ => {}
    }
}

fn add_user(line: &mut Line, before: &UserStatus, after: &UserStatus) {
    let phrases = Phrases::between(before, after);
    add_phrases(line, &phrases);
    let same = phrases == Phrases::default() && before.phase == after.phase;
    match after.next_transition {
        next if !same || next == before.next_transition => {}
        Some(next) => line.add(Style::Plain, format!("next change {next}")),
        None => line.add(Style::Plain, "no change ahead"),
    }
}

fn add_phrases(line: &mut Line, phrases: &Phrases) {
    for (style, sign, changes) in [(Style::Bad, "-", &phrases.losses), (Style::Good, "+", &phrases.gains)] {
        if !changes.is_empty() {
            line.add(style, format!("{sign} {}", changes.join("; ")));
        }
    }
}

/// Whether both say the same of the object's state.
fn unchanged(before: Option<&Status>, after: &Status) -> bool {
    let state = |status: &Status| {
        let conditions = status.conditions().iter();
        let conditions =
            conditions.map(|condition| (condition.kind.clone(), condition.status, condition.message.clone()));
        (status.phase(), conditions.collect::<Vec<_>>())
    };
    before.is_some_and(|before| state(before) == state(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{HeldRole, UserPhase};
    use crate::controller::Subject;

    fn condition(kind: &str, fault: Option<(&str, &str)>) -> Condition {
        Condition {
            kind: kind.to_owned(),
            status: fault.map_or(ConditionStatus::True, |_| ConditionStatus::False),
            reason: fault.map_or("Valid", |(reason, _)| reason).to_owned(),
            message: fault.map_or("in force", |(_, message)| message).to_owned(),
            last_transition_time: None,
            observed_generation: None,
        }
    }

    fn user(phase: UserPhase, roles: &[&str], fault: Option<(&str, &str)>) -> Status {
        let roles = roles.iter().map(|name| HeldRole {
            name: (*name).to_owned(),
            via: Vec::new(),
            valid_until: None,
        });
        Status::User(Box::new(UserStatus {
            phase: Some(phase),
            roles: roles.collect(),
            conditions: vec![condition("Ready", fault)],
            ..UserStatus::default()
        }))
    }

    fn news(before: Option<Status>, after: Option<Status>) -> StatusNews {
        StatusNews {
            subject: Subject {
                namespace: "acme".to_owned(),
                kind: Kind::User,
                name: "bob".to_owned(),
                system: false,
            },
            place: Some("users.yaml:4:9".to_owned()),
            before,
            after,
        }
    }

    fn printed(news: &StatusNews, width: Option<usize>) -> String {
        let mut out = Vec::new();
        status(news).unwrap().print(&mut out, 9, width).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn a_line_says_what_has_become_of_a_person() {
        let active = |roles: &[&str]| Some(user(UserPhase::Active, roles, None));
        let refused = Some(user(
            UserPhase::Invalid,
            &[],
            Some(("DuplicateIdentifier", "spec.email: held")),
        ));
        for (before, after, expected) in [
            (None, active(&["editor"]), "Active + role editor"),
            (
                active(&["editor"]),
                Some(user(UserPhase::Expired, &[], None)),
                "Active -> Expired - role editor",
            ),
            (
                active(&["editor", "writer"]),
                active(&["analyst", "writer"]),
                "Active - role editor + role analyst",
            ),
            (active(&["editor"]), active(&["editor"]), "Active as it was"),
            (active(&["editor"]), None, "deleted - role editor"),
            (
                active(&["editor"]),
                refused,
                "Active -> Invalid - role editor refused[DuplicateIdentifier] users.yaml:4:9 spec.email: held",
            ),
        ] {
            assert_eq!(
                printed(&news(before, after), None),
                format!(" acme User bob {expected}\n")
            );
        }
    }

    #[test]
    fn what_the_system_made_goes_without_a_word() {
        let mut gone = news(Some(user(UserPhase::Active, &[], None)), None);
        gone.subject.system = true;
        assert!(status(&gone).is_none());
    }

    #[test]
    fn what_does_not_fit_goes_on_below() {
        let roles = ["campaign-manager", "content-editor"];
        let news = news(None, Some(user(UserPhase::Active, &roles, None)));
        assert_eq!(
            printed(&news, Some(40)),
            " acme User bob Active + roles\n          campaign-manager,\n          content-editor\n"
        );
    }
}
