//! `tenantry crd`: the CustomResourceDefinitions.

use std::path::PathBuf;

use clap::Args;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use super::{Failure, Outcome, Screen};
use crate::api::{Kind, crd};

/// Arguments of `crd`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write a file per kind into this directory instead of the standard output
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    for kind in Kind::ALL {
        let definition = crd::definition(kind);
        let text = serde_saphyr::to_string(&definition).map_err(|error| Failure::Form(error.to_string()))?;
        match &arguments.directory {
            None => write!(screen.data, "---\n{text}")?,
            Some(directory) => screen.write_file(&directory.join(file_name(&definition)), text.as_bytes())?,
        }
    }
    Ok(Outcome::Fine)
}

/// As in `users.yaml`.
fn file_name(definition: &CustomResourceDefinition) -> String {
    format!("{}.yaml", definition.spec.names.plural)
}
