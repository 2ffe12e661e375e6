//! The fields of each object type in one tenant: the catalogue's and those that the tenant declares (T6).

use hashbrown::HashMap;

use super::catalogue::{Catalogue, ObjectIx};
use crate::api::FieldType;

/// A field of an object type. The order is that of object and field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldIx {
    /// The object type.
    pub object: ObjectIx,
    field: u32,
}

/// What is known of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: FieldType,
    /// Whether it is hidden from everyone without PersonalInfo.
    pub restricted: bool,
}

/// The fields of every object type, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct FieldTable {
    by_object: Vec<Vec<Field>>,
    restricted: Vec<FieldIx>,
}

/// What a tenant says about the fields of one object.
pub(super) type Declarations = HashMap<String, Field>;

impl FieldTable {
    /// The catalogue's fields with what the tenant adds to each object. Where both declare one, the catalogue's type stays
    /// and `restricted` holds.
    pub(super) fn new(catalogue: &Catalogue, mut declared: HashMap<ObjectIx, Declarations>) -> Self {
        let mut table = Self::default();
        for (ix, object) in catalogue.objects() {
            let mut added = declared.remove(&ix).unwrap_or_default();
            let mut fields: Vec<Field> = object
                .fields
                .iter()
                .map(|(name, kind)| Field {
                    name: name.clone(),
                    kind: *kind,
                    restricted: added.remove(name).is_some_and(|field| field.restricted),
                })
                .collect();
            fields.extend(added.into_values());
            fields.sort_by(|one, other| one.name.cmp(&other.name));
            let restricted = (0..).zip(&fields).filter(|(_, field)| field.restricted);
            table
                .restricted
                .extend(restricted.map(|(field, _)| FieldIx { object: ix, field }));
            table.by_object.push(fields);
        }
        table
    }

    /// The field of that name.
    #[must_use]
    pub fn find(&self, object: ObjectIx, name: &str) -> Option<(FieldIx, &Field)> {
        let fields = self.by_object.get(object.index())?;
        let position = fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
        Some((
            FieldIx {
                object,
                field: u32::try_from(position).ok()?,
            },
            fields.get(position)?,
        ))
    }

    /// The field of that number.
    #[must_use]
    pub fn get(&self, ix: FieldIx) -> Option<&Field> {
        self.by_object
            .get(ix.object.index())?
            .get(usize::try_from(ix.field).ok()?)
    }

    /// The fields of one object, sorted by name.
    #[must_use]
    pub fn of(&self, object: ObjectIx) -> &[Field] {
        self.by_object.get(object.index()).map_or(&[], Vec::as_slice)
    }

    /// The fields that are hidden from everyone without PersonalInfo, sorted.
    #[must_use]
    pub fn restricted(&self) -> &[FieldIx] {
        &self.restricted
    }
}
