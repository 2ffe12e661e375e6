//! Files, and the forms in which most commands print.

use std::path::Path;

use super::{Failure, Screen};

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
