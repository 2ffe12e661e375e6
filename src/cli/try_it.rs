//! `tenantry try`: the live system for whoever has nothing yet, no cluster and no manifests.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::dev::{End, Session};
use super::input::{catalogue, moment};
use super::new::{File, write_all};
use super::{Failure, Outcome, Screen, schema};
use crate::api::Moment;

/// Arguments of `try`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to write the example; a temporary directory when absent. Nothing in it is overwritten
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// The moment at which the clock begins
    #[arg(long, value_name = "MOMENT", value_parser = moment, default_value = "2026-12-05T12:00:00Z")]
    at: Moment,
    /// Seconds of the clock that pass in a second; a day is 86400
    #[arg(long, value_name = "N", default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(1..))]
    speed: u32,
    /// End when the clock comes to this moment
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Option<Moment>,
}

/// The example, as it stands in the repository.
const EXAMPLE: [(&str, &str); 15] = [
    ("tenant.yaml", include_str!("../../examples/acme/tenant.yaml")),
    (
        "organizations.yaml",
        include_str!("../../examples/acme/organizations.yaml"),
    ),
    (
        "roles-analytics.yaml",
        include_str!("../../examples/acme/roles-analytics.yaml"),
    ),
    (
        "roles-campaigns.yaml",
        include_str!("../../examples/acme/roles-campaigns.yaml"),
    ),
    ("roles-care.yaml", include_str!("../../examples/acme/roles-care.yaml")),
    (
        "roles-positions.yaml",
        include_str!("../../examples/acme/roles-positions.yaml"),
    ),
    (
        "users-americas.yaml",
        include_str!("../../examples/acme/users-americas.yaml"),
    ),
    ("users-emea.yaml", include_str!("../../examples/acme/users-emea.yaml")),
    (
        "users-headquarters.yaml",
        include_str!("../../examples/acme/users-headquarters.yaml"),
    ),
    (
        "users-temporary.yaml",
        include_str!("../../examples/acme/users-temporary.yaml"),
    ),
    ("groups.yaml", include_str!("../../examples/acme/groups.yaml")),
    (
        "sharing-content.yaml",
        include_str!("../../examples/acme/sharing-content.yaml"),
    ),
    (
        "sharing-customers.yaml",
        include_str!("../../examples/acme/sharing-customers.yaml"),
    ),
    ("invitations.yaml", include_str!("../../examples/acme/invitations.yaml")),
    (
        "tests/access.test.yaml",
        include_str!("../../examples/acme/tests/access.test.yaml"),
    ),
];

/// What a newcomer needs to know, at 80 columns: before anything is shown, and once it is.
const INTRODUCTION: &str = "\
This is Acme's marketing team, live, as the controller keeps it in a cluster.
Each line is an object whose status was written: + is gained, - is lost.";
const AHEAD: &str = "On 2026-12-13 marta's stand-in for a colleague ends by itself.";
/// When it has.
const STAND_IN_ENDS: &str = "2026-12-13T23:00:00Z";
const HINT: &str = "\
Now edit a file and save. Say `enabled: false` of tobias in users-emea.yaml,
misspell one of his roles, take a role out of roles-care.yaml. Ctrl-C ends.
";

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let end = arguments.until.map_or(End::Asked, End::At);
    end.is_not_before(arguments.at)?;
    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => temporary().map_err(|error| Failure::Input(format!("cannot make a temporary directory: {error}")))?,
    };
    write_all(&directory, &files()?)?;
    screen.say(INTRODUCTION);
    let session = Session {
        directory: &directory,
        namespace: None,
        catalogue: catalogue(None)?,
        start: Some(arguments.at),
        speed: arguments.speed,
        end,
        hint: &hint(arguments.at),
    };
    let outcome = session.run(screen);
    screen.say(format_args!(
        "the files stay in {0}\n`tenantry dev {0}` goes on, `tenantry explain marta {0}` says why",
        directory.display()
    ));
    outcome
}

/// What to wait for, if it is still ahead, and what to try.
fn hint(start: Moment) -> String {
    let ahead = Moment::parse(STAND_IN_ENDS).filter(|ends| start < *ends);
    let ahead = ahead.map_or(String::new(), |_| format!("{AHEAD}\n"));
    format!("\n{ahead}{HINT}")
}

/// The example with a schema beside it for editors.
fn files() -> Result<Vec<File>, Failure> {
    let example = EXAMPLE.iter().map(|(path, text)| File {
        path: (*path).to_owned(),
        text: text.replace("$schema=../../schemas/", "$schema=.schemas/"),
    });
    let schema = File {
        path: format!(".schemas/{}", schema::FILE_NAME),
        text: schema::text()?,
    };
    Ok(example.chain([schema]).collect())
}

/// A new directory where such things belong.
fn temporary() -> io::Result<PathBuf> {
    let parent = std::env::temp_dir();
    let path = |number: u32| parent.join(format!("tenantry-try-{number}"));
    for number in 1.. {
        match fs::create_dir(path(number)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path(number)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The YAML files below a directory, by their paths in it.
    fn below(directory: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.flat_map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                below(&path).into_iter().map(|file| format!("{name}/{file}")).collect()
            } else {
                BTreeSet::from([name])
            }
        });
        files.filter(|file| file.ends_with(".yaml")).collect()
    }

    #[test]
    fn the_example_is_whole() {
        let built_in: BTreeSet<String> = EXAMPLE.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(built_in, below(Path::new("examples/acme")));
    }

    #[test]
    fn the_stand_in_is_ahead_until_it_ends() {
        let example = EXAMPLE.iter().map(|(_, text)| *text).collect::<String>();
        assert!(example.contains("validUntil: \"2026-12-14T00:00:00+01:00\""));
        let ends = Moment::parse(STAND_IN_ENDS).unwrap();
        assert_eq!(Moment::parse("2026-12-14T00:00:00+01:00"), Some(ends));
        assert!(!hint(ends).contains("marta"));
        assert!(hint(Moment::MIN).contains("marta"));
    }

    #[test]
    fn the_introduction_fits_a_terminal() {
        let hint = hint(Moment::MIN);
        let lines = INTRODUCTION.lines().chain(hint.lines());
        assert!(
            lines.clone().all(|line| line.chars().count() <= 80),
            "{}",
            lines.count()
        );
    }
}
