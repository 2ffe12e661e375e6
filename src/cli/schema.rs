//! `tenantry schema`: the JSON schema that editors check and complete manifests by.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Outcome, Screen};
use crate::manifests::editor_schema;

/// The name of the file.
pub(super) const FILE_NAME: &str = "tenantry.json";

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write the file `tenantry.json` into this directory instead of the standard output
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    match &arguments.directory {
        None => screen.json(&editor_schema())?,
        Some(directory) => screen.write_file(&directory.join(FILE_NAME), text()?.as_bytes())?,
    }
    Ok(Outcome::Fine)
}

/// The text of the file.
pub(super) fn text() -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(&editor_schema())? + "\n")
}
