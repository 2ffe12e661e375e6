//! What a run came to: the form of `-o json`, and the text for people.

use std::io;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::answer::{ExplainedValue, Mismatch};
use super::form::{Case, Expectations};
use super::names::{Asked, Question};
use crate::api::Moment;
use crate::cli::Screen;
use crate::cli::check::many;
use crate::cli::screen::{FAINT, STRONG};
use crate::manifests::Fault;
use crate::policy::Evaluation;
use crate::text::plain;

/// The version of the JSON form.
const VERSION: &str = "tenantry.dev/test/v1";

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    pub(super) total: Total,
    pub(super) files: Vec<FileReport>,
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Total {
    /// Cases that were run.
    pub(super) cases: usize,
    /// Those of them that do not hold.
    pub(super) failures: usize,
    /// Files whose cases could not be run.
    pub(super) unreadable: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub(super) file: String,
    /// Findings of its manifests, warnings aside; of the moment that has most of them.
    pub(super) findings: usize,
    /// Why its cases could not be run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<ErrorReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<GroupReport>,
}

/// Something wrong in a file.
#[derive(Debug, Serialize)]
pub(super) struct ErrorReport {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) mend: String,
}

#[derive(Debug, Serialize)]
pub(super) struct GroupReport {
    pub(super) name: String,
    pub(super) cases: Vec<CaseReport>,
}

/// A case that was run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CaseReport {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) tenant: String,
    pub(super) at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who_can: Option<String>,
    pub(super) holds: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) differences: Vec<Mismatch>,
}

impl Report {
    pub(super) fn new(files: Vec<FileReport>) -> Self {
        let cases = || files.iter().flat_map(FileReport::cases);
        let total = Total {
            cases: cases().count(),
            failures: cases().filter(|case| !case.holds).count(),
            unreadable: files.iter().filter(|file| !file.errors.is_empty()).count(),
        };
        Self {
            version: VERSION,
            total,
            files,
        }
    }

    /// One line about all of it.
    pub(super) fn summary(&self) -> String {
        let Total {
            cases,
            failures,
            unreadable,
        } = self.total;
        let not_run = format!("the cases of {} were not run", many(unreadable, "file"));
        let run = match (cases, failures) {
            (0, _) if unreadable > 0 => return not_run,
            (1, 0) => "1 case holds".to_owned(),
            (_, 0) => format!("{} hold", many(cases, "case")),
            (_, 1) => format!("1 of {} fails", many(cases, "case")),
            _ => format!("{failures} of {} fail", many(cases, "case")),
        };
        match unreadable {
            0 => run,
            _ => format!("{run}; {not_run}"),
        }
    }
}

impl FileReport {
    /// A report with a place for every case.
    pub(super) fn new(file: &str, expectations: &Expectations) -> Self {
        let groups = expectations.groups.iter().map(|group| GroupReport {
            name: group.name.clone(),
            cases: group.cases.iter().map(CaseReport::of).collect(),
        });
        Self {
            file: file.to_owned(),
            findings: 0,
            errors: Vec::new(),
            groups: groups.collect(),
        }
    }

    /// A file whose cases cannot be run.
    pub(super) fn unreadable(file: &str, faults: &[Fault]) -> Self {
        let errors = faults.iter().map(|fault| ErrorReport {
            line: fault.place.line,
            column: fault.place.column,
            path: fault.path.clone(),
            message: fault.message.clone(),
            mend: fault.help.clone(),
        });
        Self {
            file: file.to_owned(),
            findings: 0,
            errors: errors.collect(),
            groups: Vec::new(),
        }
    }

    /// Puts in what a case came to.
    pub(super) fn set(&mut self, (group, case): (usize, usize), run: Option<CaseReport>) {
        let place = self.groups.get_mut(group).and_then(|group| group.cases.get_mut(case));
        if let (Some(place), Some(run)) = (place, run) {
            *place = run;
        }
    }

    fn cases(&self) -> impl Iterator<Item = &CaseReport> {
        self.groups.iter().flat_map(|group| &group.cases)
    }

    /// One line about the findings of its manifests, if there are any.
    pub(super) fn in_words(&self) -> Option<String> {
        let findings = many(self.findings, "finding");
        let file = plain(&self.file, 500);
        (self.findings > 0)
            .then(|| format!("{file}: its manifests have {findings}; `tenantry check` says what is void"))
    }
}

impl CaseReport {
    /// A case that was not run: it does not hold.
    fn of(case: &Case) -> Self {
        Self {
            name: case.name.text.clone(),
            line: case.name.place.line,
            tenant: String::new(),
            at: case.at,
            user: None,
            who_can: None,
            holds: false,
            differences: Vec::new(),
        }
    }

    pub(super) fn new(asked: &Asked<'_>, evaluation: &Evaluation, differences: Vec<Mismatch>) -> Self {
        let (user, who_can) = match &asked.question {
            Question::Person { person, .. } => (Some(person.user.text.clone()), None),
            Question::Holders { permission, .. } => (None, Some(permission.name.clone())),
        };
        Self {
            tenant: evaluation.namespace.clone(),
            at: Some(evaluation.now),
            user,
            who_can,
            holds: differences.is_empty(),
            differences,
            ..Self::of(asked.case)
        }
    }

    /// Whom or what it is about, where and when: "marta of acme at 2026-12-01T00:00:00Z".
    pub(super) fn subject(&self) -> String {
        let about = self.user.as_ref().or(self.who_can.as_ref());
        let at = self.at.map(|at| format!(" at {at}")).unwrap_or_default();
        format!("{} of {}{at}", about.map_or("", String::as_str), self.tenant)
    }
}

/// Prints a report for people.
pub(super) fn text(report: &Report, screen: &mut Screen<'_>) -> io::Result<()> {
    for file in report.files.iter().filter(|file| file.errors.is_empty()) {
        writeln!(screen.out, "{STRONG}{}{STRONG:#}", plain(&file.file, 500))?;
        for group in &file.groups {
            writeln!(screen.out, "\n  {STRONG}{}{STRONG:#}", group.name)?;
            for case in &group.cases {
                print_case(case, &file.file, screen)?;
            }
        }
        writeln!(screen.out)?;
    }
    Ok(())
}

fn print_case(case: &CaseReport, file: &str, screen: &mut Screen<'_>) -> io::Result<()> {
    if case.holds {
        return writeln!(screen.out, "    {GREEN}ok{GREEN:#}    {}", case.name);
    }
    let place = format!("{}:{}", plain(file, 500), case.line);
    writeln!(screen.out, "    {RED}FAIL{RED:#}  {}", case.name)?;
    writeln!(screen.out, "          {FAINT}{}, {place}{FAINT:#}", case.subject())?;
    for difference in &case.differences {
        for (line, style) in difference.lines() {
            writeln!(screen.out, "          {style}{line}{style:#}")?;
        }
    }
    Ok(())
}

impl Mismatch {
    /// The difference as a diff: `-` what was expected, `+` what is so, and behind each why.
    pub(super) fn lines(&self) -> Vec<(String, Style)> {
        let heading = match &self.of {
            Some(of) => format!("{} {of}", self.expectation),
            None => self.expectation.to_owned(),
        };
        let all = || self.missing.iter().chain(&self.unexpected);
        let width = all().map(|side| side.value.chars().count()).max().unwrap_or_default();
        let mut lines = vec![(heading, STRONG)];
        let missing = self.missing.iter().map(|side| ('-', RED, side));
        let unexpected = self.unexpected.iter().map(|side| ('+', GREEN, side));
        for (sign, style, side) in missing.chain(unexpected) {
            lines.extend(side.lines(sign, width).into_iter().map(|line| (line, style)));
        }
        lines
    }
}

impl ExplainedValue {
    fn lines(&self, sign: char, width: usize) -> Vec<String> {
        let first = format!("{sign} {:width$}", self.value);
        let blank = " ".repeat(first.chars().count());
        let mut lines: Vec<String> = Vec::new();
        for why in &self.why {
            let before = if lines.is_empty() { &first } else { &blank };
            lines.push(format!("  {before}  {why}"));
        }
        if lines.is_empty() {
            lines.push(format!("  {}", first.trim_end()));
        }
        lines
    }
}
