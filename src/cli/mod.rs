//! The command line: arguments in, tables and JSON out. A file a subcommand.
//!
//! Results go to the standard output, chatter to the standard error. Exit codes: 0 fine; 1 a finding that makes an object,
//! or a part of one, void, or an expectation that does not hold; 2 the call or the input cannot be read; 3 more changes than allowed.

mod against;
mod calendar;
mod check;
mod cluster;
mod completions;
mod controller;
mod crd;
mod dev;
mod explain;
mod github;
mod input;
mod log;
mod man;
mod markdown;
mod matrix;
mod new;
mod output;
mod plan;
mod render;
mod report;
mod repository;
mod sarif;
mod schema;
mod screen;
mod table;
mod test;
mod try_it;
mod who_can;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::level_filters::LevelFilter;

use self::log::LogFormat;
pub use screen::Screen;

/// Declarative identity and access management for multi-tenant applications on Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong in manifests, with file, line and mend
    Check(check::Arguments),
    /// Print everyone's access, as the controller would write it into status
    Plan(plan::Arguments),
    /// Say where each permission, organization and restriction of a user comes from
    Explain(explain::Arguments),
    /// List everyone who may do something, with the roles that give it
    WhoCan(who_can::Arguments),
    /// List every ending and beginning ahead, soonest first
    Calendar(calendar::Arguments),
    /// Print what each role allows, as text to keep in Git and compare
    Matrix(matrix::Arguments),
    /// Hold a team's expectations, in *.test.yaml, against its manifests
    Test(test::Arguments),
    /// Write a first tenant to start from
    New(new::Arguments),
    /// Show all of this live over an example, with time flying
    Try(try_it::Arguments),
    /// Do over a directory of manifests, live, what the controller does in a cluster
    Dev(dev::Arguments),
    /// Keep the statuses of a cluster as they should be
    Controller(controller::Arguments),
    /// Print the CustomResourceDefinitions, or write them into a directory
    Crd(crd::Arguments),
    /// Print the JSON schema for editors, or write it into a directory
    Schema(schema::Arguments),
    /// Print what a shell needs to complete commands and options
    Completions(completions::Arguments),
    /// Print the manual pages, or write them into a directory
    Man(man::Arguments),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is fine.
    Fine,
    /// There is a finding of class R, W or w, or an expectation does not hold.
    Findings,
    /// Something could not be read; it has been said what.
    Unreadable,
    /// The access of more users changes than is allowed; it has been said how many.
    TooManyChanges,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The input cannot be used.
    #[error("{0}")]
    Input(String),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The cluster cannot be worked with.
    #[error("{0}")]
    Cluster(String),
    /// The output cannot be put into words.
    #[error("cannot write the output: {0}")]
    Form(String),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => Self::Output(kind.into()),
            None => Self::Form(error.to_string()),
        }
    }
}

/// Runs a command line, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>, screen: &mut Screen<'_>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && log::is_json(&words) => {
            log::begin(LogFormat::Json, LevelFilter::ERROR);
            log::end(error.to_string().trim());
            return ExitCode::from(2);
        }
        Err(error) => return screen.usage(&error),
    };
    let format = match &arguments.command {
        Command::Controller(arguments) => arguments.log_format(),
        _ => {
            log::begin(LogFormat::Text, LevelFilter::ERROR);
            LogFormat::Text
        }
    };
    let result = match &arguments.command {
        Command::Check(arguments) => check::run(arguments, screen),
        Command::Plan(arguments) => plan::run(arguments, screen),
        Command::Explain(arguments) => explain::run(arguments, screen),
        Command::WhoCan(arguments) => who_can::run(arguments, screen),
        Command::Calendar(arguments) => calendar::run(arguments, screen),
        Command::Matrix(arguments) => matrix::run(arguments, screen),
        Command::Test(arguments) => test::run(arguments, screen),
        Command::New(arguments) => new::run(arguments, screen),
        Command::Try(arguments) => try_it::run(arguments, screen),
        Command::Dev(arguments) => dev::run(arguments, screen),
        Command::Controller(arguments) => controller::run(arguments),
        Command::Crd(arguments) => crd::run(arguments, screen),
        Command::Schema(arguments) => schema::run(arguments, screen),
        Command::Completions(arguments) => completions::run(arguments, screen),
        Command::Man(arguments) => man::run(arguments, screen),
    };
    match result.and_then(|outcome| screen.flush().map(|()| outcome).map_err(Failure::from)) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::Unreadable) => ExitCode::from(2),
        Ok(Outcome::TooManyChanges) => ExitCode::from(3),
        // Whoever read the output has seen enough, as `head` has.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            match format {
                LogFormat::Text => screen.error(&failure.to_string()),
                LogFormat::Json => log::end(&failure.to_string()),
            }
            ExitCode::from(2)
        }
    }
}
