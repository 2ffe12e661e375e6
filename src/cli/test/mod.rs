//! `tenantry test`: a team's own expectations of who may do what, held against its manifests.
//!
//! [`form`] reads a file, [`names`] looks up what it names, [`answer`] says what is otherwise than expected and why; [`report`]
//! and [`junit`] print it. Here files, manifests and moments are brought together: the
//! manifests of a file are read once and evaluated once for each moment that a case names.

mod answer;
mod form;
mod junit;
mod names;
mod report;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use self::form::{Case, Expectations};
use self::names::Asked;
use self::report::{CaseReport, FileReport, Report};
use super::input::{catalogue, moment};
use super::{Failure, Outcome, Screen, render};
use crate::api::Moment;
use crate::manifests::form::{Object, Word};
use crate::manifests::{Fault, InputError, Manifests, Place, STDIN_NAME, Source, Wanted, read_sources};
use crate::policy::{Catalogue, Class, Evaluation, Snapshot, evaluate_all};
use crate::text::plain;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files of expectations, directories (read recursively: *.test.yaml, *.test.yml) or `-` for the standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The moment of cases that name none, themselves or by their group or file; now when absent
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Moment>,
    /// The catalogue of files that name none
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Text,
    /// For CI systems
    Junit,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let (sources, errors) = read_sources(&arguments.paths, Wanted::Expectations, screen.stdin);
    for error in &errors {
        screen.error(&error.to_string());
    }
    if sources.is_empty() && errors.is_empty() {
        let message = "no *.test.yaml in the input; give the files, or the directories that hold them";
        return Err(Failure::Input(message.to_owned()));
    }
    let runner = Runner {
        catalogue: Arc::new(catalogue(arguments.catalogue.as_deref())?),
        schema: form::schema().map_err(|error| Failure::Input(error.to_string()))?,
        now: arguments.at.unwrap_or_else(Moment::from_clock),
    };
    let mut files = Vec::with_capacity(sources.len());
    for source in &sources {
        files.push(runner.file(source, screen));
    }
    let report = Report::new(files);
    match arguments.output {
        Form::Text => report::text(&report, screen)?,
        Form::Junit => junit::print(&report, screen)?,
        Form::Json => screen.json(&report)?,
    }
    // Whoever reads both streams reads the summary last.
    screen.out.flush()?;
    screen.say(report.summary());
    Ok(outcome(&report, &errors))
}

fn outcome(report: &Report, errors: &[InputError]) -> Outcome {
    if !errors.is_empty() || report.total.unreadable > 0 {
        Outcome::Unreadable
    } else if report.total.failures > 0 {
        Outcome::Findings
    } else {
        Outcome::Fine
    }
}

/// What all files share.
struct Runner {
    schema: Object,
    catalogue: Arc<Catalogue>,
    now: Moment,
}

impl Runner {
    /// What a file comes to. What is wrong with it is said at once; then none of its cases is run.
    fn file(&self, source: &Source, screen: &mut Screen<'_>) -> FileReport {
        match self.cases_of(source) {
            Ok(report) => {
                if let Some(findings) = report.in_words() {
                    screen.say(findings);
                }
                report
            }
            Err(faults) => {
                for fault in &faults {
                    screen.say(format_args!("{}\n", render::fault(source, fault)));
                }
                FileReport::unreadable(&source.name, &faults)
            }
        }
    }

    fn cases_of(&self, source: &Source) -> Result<FileReport, Vec<Fault>> {
        let expectations = form::expectations(source, &self.schema)?;
        let catalogue = self.catalogue(source, &expectations).map_err(|fault| vec![fault])?;
        let mut manifests = manifests(source, &expectations)?;
        let tenants = Tenants {
            snapshots: manifests.take_snapshots(),
            strays: manifests.strays.len(),
            catalogue,
        };
        self.cases(source, &expectations, &tenants)
    }

    /// The catalogue that the file names, or else that of the command line.
    fn catalogue(&self, source: &Source, expectations: &Expectations) -> Result<Arc<Catalogue>, Fault> {
        let Some(word) = &expectations.catalogue else {
            return Ok(Arc::clone(&self.catalogue));
        };
        let read = catalogue(Some(&beside(source, &word.text)));
        let help = "correct the catalogue, or write its path relative to this file";
        read.map(Arc::new)
            .map_err(|failure| word.fault(failure.to_string(), help))
    }

    /// Runs every case, one moment after the other, so that only one evaluation is kept at a time.
    fn cases(&self, source: &Source, expectations: &Expectations, tenants: &Tenants) -> Result<FileReport, Vec<Fault>> {
        let mut report = FileReport::new(&source.name, expectations);
        let mut faults = Vec::new();
        for (now, cases) in self.by_moment(expectations) {
            let evaluations = tenants.at(now);
            let mut asked = Vec::with_capacity(cases.len());
            for (index, case) in cases {
                asked.extend(names::ask(case, &evaluations, &mut faults).map(|asked| (index, asked)));
            }
            if !faults.is_empty() {
                continue; // The names of the other moments are still looked up, to say at once all that is unknown.
            }
            report.findings = report.findings.max(tenants.findings(&evaluations));
            for (index, asked) in asked {
                report.set(index, run_case(&asked, &evaluations));
            }
        }
        faults.sort_by_key(|fault| fault.place);
        faults.dedup(); // A tenant that a whole file names is one fault.
        if faults.is_empty() { Ok(report) } else { Err(faults) }
    }

    /// The cases of each moment, each with its group's index and its own.
    fn by_moment<'c>(&self, expectations: &'c Expectations) -> BTreeMap<Moment, Vec<(Index, &'c Case)>> {
        let mut moments: BTreeMap<Moment, Vec<(Index, &Case)>> = BTreeMap::new();
        for (g, group) in expectations.groups.iter().enumerate() {
            for (c, case) in group.cases.iter().enumerate() {
                moments
                    .entry(case.at.unwrap_or(self.now))
                    .or_default()
                    .push(((g, c), case));
            }
        }
        moments
    }
}

/// A group's index and a case's in it.
type Index = (usize, usize);

fn run_case(asked: &Asked<'_>, evaluations: &[Evaluation]) -> Option<CaseReport> {
    let evaluation = evaluations.get(asked.tenant)?;
    Some(CaseReport::new(
        asked,
        evaluation,
        answer::differences(asked, evaluation),
    ))
}

/// The manifests of a file.
struct Tenants {
    snapshots: Vec<Snapshot>,
    /// What is wrong and belongs to no tenant.
    strays: usize,
    catalogue: Arc<Catalogue>,
}

impl Tenants {
    fn at(&self, now: Moment) -> Vec<Evaluation> {
        evaluate_all(&self.catalogue, &self.snapshots, now)
    }

    fn findings(&self, evaluations: &[Evaluation]) -> usize {
        let found = evaluations.iter().flat_map(Evaluation::findings);
        self.strays + found.filter(|found| found.finding.class != Class::Warning).count()
    }
}

/// Reads the manifests that a file names, or those of its directory. Half of them would make expectations of nothing, so
/// whatever cannot be read is a fault.
fn manifests(source: &Source, expectations: &Expectations) -> Result<Manifests, Vec<Fault>> {
    let words = &expectations.manifests;
    let missing = words.iter().filter(|word| !beside(source, &word.text).exists());
    let missing: Vec<Fault> = missing.map(|word| no_such_path(source, word)).collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let place = words.first().map_or(BEGINNING, |word| word.place);
    let fault = |message: String, help: &str| Fault {
        path: "manifests".to_owned(),
        ..Fault::new(place, message, help)
    };
    let paths: Vec<PathBuf> = match words.as_slice() {
        [] => vec![beside(source, ".")],
        words => words.iter().map(|word| beside(source, &word.text)).collect(),
    };
    let namespace = expectations
        .tenant
        .as_ref()
        .map_or("default", |word| word.text.as_str());
    let manifests = Manifests::read(&paths, namespace, &mut io::empty())
        .map_err(|error| vec![fault(error.to_string(), "report this")])?;
    if manifests.entries.is_empty() && manifests.strays.is_empty() && manifests.errors.is_empty() {
        let message = "no object of tenantry.dev in its manifests".to_owned();
        return Err(vec![fault(
            message,
            "name the files or directories that hold them in `manifests`",
        )]);
    }
    let errors = manifests.errors.iter();
    let unread: Vec<Fault> = errors
        .map(|error| fault(plain(&error.to_string(), LONGEST), "expectations need all manifests"))
        .collect();
    if unread.is_empty() { Ok(manifests) } else { Err(unread) }
}

fn no_such_path(source: &Source, word: &Word) -> Fault {
    let path = beside(source, &word.text);
    word.fault(
        format!("there is no `{}`", plain(&path.display().to_string(), LONGEST)),
        "write a path relative to this file",
    )
}

/// How much of a message or path is shown, in characters; whatever could steer a terminal is not.
const LONGEST: usize = 1_000;

const BEGINNING: Place = Place {
    line: 1,
    column: 1,
    start: 0,
    end: 0,
};

/// A path that a file names; those of the standard input are relative to the working directory.
fn beside(source: &Source, path: &str) -> PathBuf {
    let directory = match Path::new(&source.name).parent() {
        Some(directory) if source.name != STDIN_NAME && !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    if path == "." {
        directory.to_owned()
    } else {
        directory.join(path)
    }
}
