//! `tenantry new`: a first tenant to start from, small and commented.

mod questions;
mod template;
mod values;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use self::template::File;
use self::template::files;
use self::values::Values;
use super::{Failure, Outcome, Screen, schema};

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The directory to write into; it is made if it is not there, and nothing in it is overwritten
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
    /// The namespace of the tenant; the name of the directory when absent
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The name of the tenant for people; made of its namespace when absent
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The name of the first administrator for people; made of her email when absent
    #[arg(long, value_name = "TEXT")]
    administrator_name: Option<String>,
    /// The email of the first administrator, which is her account too
    #[arg(long, value_name = "EMAIL")]
    administrator_email: Option<String>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let values = Values::gather(arguments, screen)?;
    let mut files = files(&values);
    files.push(File {
        // Hidden, so that nobody takes it for a manifest.
        path: format!(".schemas/{}", schema::FILE_NAME),
        text: schema::text()?,
    });
    write_all(&arguments.directory, &files)?;
    for file in &files {
        screen.say(format_args!("wrote {}", arguments.directory.join(&file.path).display()));
    }
    screen.say(format_args!(
        "next: tenantry check {0}; tenantry test {0}",
        arguments.directory.display()
    ));
    Ok(Outcome::Fine)
}

/// Writes files into a directory, in place of none that is there.
pub(super) fn write_all(directory: &Path, files: &[File]) -> Result<(), Failure> {
    refuse_to_overwrite(directory, files)?;
    for file in files {
        let path = directory.join(&file.path);
        write(&path, &file.text).map_err(|error| cannot_write(&path, &error))?;
    }
    Ok(())
}

/// Before anything is written, so that no half of a tenant is left behind.
fn refuse_to_overwrite(directory: &Path, files: &[File]) -> Result<(), Failure> {
    let mut paths = files.iter().map(|file| directory.join(&file.path));
    match paths.find(|path| path.symlink_metadata().is_ok()) {
        None => Ok(()),
        Some(path) => Err(Failure::Input(format!(
            "`{}` is there already; choose another directory",
            path.display()
        ))),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Input(format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said, and whether it worked, when a person answers so.
    fn ask(arguments: &Arguments, answers: &str) -> (String, bool) {
        let mut err = Vec::new();
        let mut screen = Screen {
            out: &mut io::sink(),
            data: &mut io::sink(),
            err: &mut err,
            stdin: &mut answers.as_bytes(),
            interactive: true,
            width: 100,
        };
        let worked = match run(arguments, &mut screen) {
            Ok(_) => true,
            Err(failure) => {
                screen.say(failure);
                false
            }
        };
        (String::from_utf8(err).unwrap(), worked)
    }

    fn arguments(directory: &Path) -> Arguments {
        Arguments {
            directory: directory.to_owned(),
            tenant: None,
            display_name: None,
            administrator_name: None,
            administrator_email: None,
        }
    }

    #[test]
    fn a_person_is_asked_until_the_answer_is_sound() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("my-shop");
        let (said, worked) = ask(&arguments(&directory), "\nThe Shop\nada\nada.l@shop.example\n\n");
        assert!(worked, "{said}");
        assert!(said.contains("namespace [my-shop]: "), "{said}");
        assert!(said.contains("not an email address; write it like"), "{said}");
        assert!(said.contains("name for people [Ada L]: "), "{said}");
        let tenant = fs::read_to_string(directory.join("tenant.yaml")).unwrap();
        assert!(tenant.contains("displayName: The Shop\n"), "{tenant}");
        assert!(tenant.contains("{name: Ada L, email: ada.l@shop.example}"), "{tenant}");
    }

    #[test]
    fn what_a_flag_says_is_not_asked() {
        let root = tempfile::tempdir().unwrap();
        let given = Arguments {
            display_name: Some("The Shop".to_owned()),
            ..arguments(&root.path().join("shop"))
        };
        let (said, worked) = ask(&given, "\nada@shop.example\nAda\n");
        assert!(worked && !said.contains("Its name"), "{said}");
    }

    #[test]
    fn nothing_is_written_when_the_answers_end_early() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("shop");
        let (said, worked) = ask(&arguments(&directory), "\n\n");
        assert!(!worked && said.contains("the answers end too early"), "{said}");
        assert!(!directory.exists());
    }
}
