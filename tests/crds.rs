//! `crds/` holds exactly the definitions that the code makes, a file a kind. `tenantry crd crds/` writes them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tenantry::api::{Kind, crd};

#[test]
fn committed_definitions_are_the_generated_ones() -> Result<(), Box<dyn Error>> {
    let (committed, generated) = (committed()?, generated()?);
    let names = |definitions: &BTreeMap<String, Value>| definitions.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&committed),
        names(&generated),
        "run `cargo run -- crd crds/` and commit the result"
    );
    for (file, definition) in &generated {
        assert!(
            committed.get(file) == Some(definition),
            "crds/{file} is out of date: run `cargo run -- crd crds/` and commit the result"
        );
    }
    Ok(())
}

/// The definitions by file name, as the code makes them.
fn generated() -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let file = |kind| {
        let definition = crd::definition(kind);
        let name = format!("{}.yaml", definition.spec.names.plural);
        Ok((name, serde_json::to_value(definition)?))
    };
    Kind::ALL.into_iter().map(file).collect()
}

/// The definitions by file name, as they are committed.
fn committed() -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crds"))? {
        let entry = entry?;
        let definition = serde_saphyr::from_str(&fs::read_to_string(entry.path())?)?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), definition);
    }
    Ok(files)
}
