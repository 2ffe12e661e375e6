//! The schemas of all kinds, compiled once.

use std::sync::OnceLock;

use super::metadata;
use super::schema::{Compiler, Object, Schema, SchemaError};
use crate::api::forms::STRING_RULES;
use crate::api::{Kind, crd};

/// All schemas.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) metadata: Schema,
    /// The root of each kind, in the order of [`Kind::ALL`].
    roots: Vec<Object>,
}

/// The schemas; they are the same for every run.
pub(super) fn schemas() -> Result<&'static Schemas, &'static SchemaError> {
    static SCHEMAS: OnceLock<Result<Schemas, SchemaError>> = OnceLock::new();
    SCHEMAS.get_or_init(compile).as_ref()
}

fn compile() -> Result<Schemas, SchemaError> {
    let mut compiler = Compiler::new(&STRING_RULES);
    let roots = Kind::ALL
        .into_iter()
        .map(|kind| root_schema(kind, &mut compiler))
        .collect::<Result<_, _>>()?;
    Ok(Schemas {
        metadata: metadata::schema(&mut compiler)?,
        roots,
    })
}

fn root_schema(kind: Kind, compiler: &mut Compiler) -> Result<Object, SchemaError> {
    let props = crd::schema(kind)
        .and_then(|schema| schema.properties)
        .unwrap_or_default();
    let mut part = |name: &str| {
        let missing = || SchemaError::Unknown(format!("{kind} without {name}"));
        compiler.compile(props.get(name).ok_or_else(missing)?)
    };
    Ok(Object::of([
        ("apiVersion", Schema::Any),
        ("kind", Schema::Any),
        ("!metadata", Schema::Any),
        ("!spec", part("spec")?),
        ("status", part("status")?),
    ]))
}

impl Schemas {
    /// The schema of a kind, `metadata` aside.
    pub(super) fn root(&self, kind: Kind) -> Option<&Object> {
        Kind::ALL
            .iter()
            .zip(&self.roots)
            .find(|(other, _)| **other == kind)
            .map(|(_, root)| root)
    }
}
