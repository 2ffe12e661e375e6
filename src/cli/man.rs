//! `tenantry man`: manual pages, made from what `--help` says.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use super::{Failure, Outcome, Screen};

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write a file per command into this directory instead of the standard output
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    for page in pages()? {
        match &arguments.directory {
            None => screen.data.write_all(&page.text)?,
            Some(directory) => screen.write_file(&directory.join(page.file_name), &page.text)?,
        }
    }
    Ok(Outcome::Fine)
}

struct Page {
    /// As in `tenantry-check.1`.
    file_name: String,
    text: Vec<u8>,
}

/// The page of the program, then those of its commands.
fn pages() -> io::Result<Vec<Page>> {
    let mut program = super::Arguments::command().disable_help_subcommand(true);
    program.build();
    let commands: Vec<Command> = program.get_subcommands().cloned().collect();
    [program].into_iter().chain(commands).map(page).collect()
}

fn page(command: Command) -> io::Result<Page> {
    let man = Man::new(command)
        .source(concat!("tenantry ", env!("CARGO_PKG_VERSION")))
        .manual("Tenantry");
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok(Page {
        file_name: man.get_filename(),
        text,
    })
}
