//! Output for programs, and files.

use std::path::Path;

use serde::Serialize;

use super::{Failure, Screen};

/// Prints a value as JSON.
pub(super) fn json<T: Serialize>(value: &T, screen: &mut Screen<'_>) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *screen.out, value)?;
    Ok(writeln!(screen.out)?)
}

/// Prints a value as YAML.
pub(super) fn yaml<T: Serialize>(value: &T, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let yaml = serde_saphyr::to_string(value).map_err(|error| Failure::Form(error.to_string()))?;
    Ok(screen.out.write_all(yaml.as_bytes())?)
}

/// Writes a file, in place of one that is there, and says so.
pub(super) fn write(path: &Path, content: &[u8], screen: &mut Screen<'_>) -> Result<(), Failure> {
    std::fs::write(path, content)
        .map_err(|error| Failure::Input(format!("cannot write `{}`: {error}", path.display())))?;
    screen.say(format_args!("wrote {}", path.display()));
    Ok(())
}

/// The forms of most commands.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Form {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For a comment or a page
    Markdown,
}
