//! A step down in the schema of a definition.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// The schemas of what stands directly in a value: its fields, its entries.
pub(super) fn below(schema: &mut JSONSchemaProps) -> impl Iterator<Item = &mut JSONSchemaProps> {
    let properties = schema
        .properties
        .iter_mut()
        .flat_map(|properties| properties.values_mut());
    let items = schema.items.iter_mut().filter_map(|items| match items {
        JSONSchemaPropsOrArray::Schema(items) => Some(&mut **items),
        JSONSchemaPropsOrArray::Schemas(_) => None,
    });
    let values = schema
        .additional_properties
        .iter_mut()
        .filter_map(|values| match values {
            JSONSchemaPropsOrBool::Schema(values) => Some(&mut **values),
            JSONSchemaPropsOrBool::Bool(_) => None,
        });
    properties.chain(items).chain(values)
}
