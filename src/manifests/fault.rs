//! What is wrong with an object, and the words for it.

use std::fmt::Write as _;

use super::node::Place;
use crate::text::{discreet, quoted};

/// Something wrong with the structure of an object: the matter of a finding `SchemaInvalid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, as in `spec.roles[1]`; empty for the whole document.
    pub path: String,
    /// Where it stands.
    pub place: Place,
    /// What is wrong, in lower case, without an end mark.
    pub message: String,
    /// What a person can do about it.
    pub help: String,
}

impl Fault {
    /// A fault of the whole document.
    pub(crate) fn new(place: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            place,
            message: message.into(),
            help: help.into(),
        }
    }

    /// The same, of the field of that path.
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..self
        }
    }
}

/// What is wrong with a null in a list, and what mends it.
pub(crate) const NULL_IN_LIST: (&str, &str) = ("null in a list", "give the entry a value or remove it");

/// The way from the root of an object to a value, kept on the stack: a string is made of it only when something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trail<'t> {
    parent: Option<&'t Trail<'t>>,
    step: Step<'t>,
    /// Where a list or mapping at this step is pointed at: its key.
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'t> {
    Root,
    Field(&'t str),
    Item(usize),
}

impl<'t> Trail<'t> {
    pub(crate) fn root(place: Place) -> Self {
        Self {
            parent: None,
            step: Step::Root,
            place,
        }
    }

    pub(crate) fn field<'u>(&'u self, name: &'u str, place: Place) -> Trail<'u> {
        Trail {
            parent: Some(self),
            step: Step::Field(name),
            place,
        }
    }

    pub(crate) fn item(&self, index: usize, place: Place) -> Trail<'_> {
        Trail {
            parent: Some(self),
            step: Step::Item(index),
            place,
        }
    }

    /// The path, as in `spec.roles[1]`.
    pub(crate) fn path(&self) -> String {
        let mut path = self.parent.map(Trail::path).unwrap_or_default();
        extend(&mut path, self.step);
        path
    }

    /// Whether this is an email, phone or account, or lies below one: its value is shown to nobody.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.step, Step::Field("email" | "phone" | "account")) || self.parent.is_some_and(Trail::is_private)
    }

    /// The value in backticks, or nothing if it is private.
    pub(crate) fn shown(&self, value: &str) -> String {
        if self.is_private() {
            String::from("the value")
        } else {
            quoted(value)
        }
    }
}

/// Adds a step to a path.
pub(crate) fn extend(path: &mut String, step: Step<'_>) {
    match step {
        Step::Root => {}
        Step::Field(name) => {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&discreet(name, 100));
        }
        Step::Item(index) => {
            let _ = write!(path, "[{index}]");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_fields_and_items() {
        let root = Trail::root(Place::default());
        let spec = root.field("spec", Place::default());
        let roles = spec.field("roles", Place::default());
        assert_eq!(roles.item(1, Place::default()).path(), "spec.roles[1]");
        assert_eq!(root.path(), "");
    }

    #[test]
    fn private_values_are_never_shown() {
        let root = Trail::root(Place::default());
        for name in ["email", "phone", "account"] {
            let field = root.field(name, Place::default());
            assert_eq!(field.item(0, Place::default()).shown("ada@acme.example"), "the value");
        }
        assert_eq!(root.field("name", Place::default()).shown("Ada"), "`Ada`");
    }
}
