//! `tenantry completions`: what a shell needs to complete our commands and options.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Failure, Outcome, Screen};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let mut command = super::Arguments::command();
    let name = command.get_name().to_owned();
    // It takes a failure to write for a mistake of ours, which it is not: into memory first.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    screen.data.write_all(&script)?;
    Ok(Outcome::Fine)
}
