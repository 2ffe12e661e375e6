//! The files of this folder.

use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

/// A file, decoded.
pub(crate) fn load<T: DeserializeOwned>(name: &str) -> T {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/table").join(name);
    let text = fs::read_to_string(&path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
