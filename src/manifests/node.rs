//! The positioned tree that a document becomes: every check, message and typed value comes from it.

use std::borrow::Cow;

/// Where something stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Where it begins, in bytes from the start of the text of its source.
    pub start: u32,
    /// Where it ends, likewise, exclusive.
    pub end: u32,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'s> {
    pub(crate) value: Value<'s>,
    pub(crate) place: Place,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'s> {
    /// Nothing at all: in a mapping as good as absent.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A number with fraction or exponent, or beyond 64 bits.
    Float(f64),
    /// Text; it was quoted, or is nothing else.
    Text(Cow<'s, str>),
    /// A sequence.
    List(Vec<Node<'s>>),
    /// A mapping in the order of the file.
    Map(Vec<Entry<'s>>),
    /// Something that kubectl would not read either; there is a fault about it already.
    Unreadable,
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'s> {
    pub(crate) key: Cow<'s, str>,
    pub(crate) place: Place,
    pub(crate) node: Node<'s>,
}

impl<'s> Node<'s> {
    /// The value of a field, unless it is absent or null or this is no mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'s>> {
        let entry = self.entries()?.iter().find(|entry| entry.key == key)?;
        (entry.node.value != Value::Null).then_some(&entry.node)
    }

    /// The entries, if this is a mapping.
    pub(crate) fn entries(&self) -> Option<&[Entry<'s>]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}
