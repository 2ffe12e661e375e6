//! Typed values from a tree, without a second parse.
//!
//! The tree has passed the walk, so what can still fail is what only a type knows. Such an error says where.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::fault::{self, Step};
use super::node::{Entry, Node, Value};
use super::schema;

/// Why a tree is not of a type, and where.
#[derive(Debug)]
pub(crate) struct DecodeError {
    /// The steps to the value, innermost first.
    steps: Vec<OwnedStep>,
    message: String,
}

#[derive(Debug)]
enum OwnedStep {
    Field(String),
    Item(usize),
}

impl DecodeError {
    /// The path of the value below `root`.
    pub(crate) fn path(&self, root: &str) -> String {
        let mut path = root.to_owned();
        for step in self.steps.iter().rev() {
            match step {
                OwnedStep::Field(name) => fault::extend(&mut path, Step::Field(name)),
                OwnedStep::Item(index) => fault::extend(&mut path, Step::Item(*index)),
            }
        }
        path
    }

    fn below(mut self, step: OwnedStep) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            steps: Vec::new(),
            message: message.to_string(),
        }
    }

    // The value itself stays out of the words: it could be an email.
    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("not {expected}"))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("not {expected}"))
    }
}

/// Reads a value of type `T`.
pub(crate) fn decode<'n, T: Deserialize<'n>>(node: &'n Node<'_>) -> Result<T, DecodeError> {
    T::deserialize(Reader(node))
}

#[derive(Clone, Copy)]
struct Reader<'n, 's>(&'n Node<'s>);

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => match schema::whole(*value) {
                Some(whole) => visitor.visit_i64(whole),
                None => visitor.visit_f64(*value),
            },
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(nodes) => visitor.visit_seq(Items {
                nodes: nodes.iter(),
                index: 0,
            }),
            Value::Map(entries) => visitor.visit_map(Fields {
                entries: entries.iter(),
                entry: None,
            }),
            Value::Unreadable => Err(DecodeError::custom("a value that cannot be read")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match (&self.0.value, self.0.entries()) {
            (Value::Text(text), _) => visitor.visit_enum(IntoDeserializer::<DecodeError>::into_deserializer(&**text)),
            (_, Some([entry])) => visitor.visit_enum(Variant(entry)),
            _ => Err(DecodeError::custom("not one of the values allowed")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'n, 's> {
    nodes: std::slice::Iter<'n, Node<'s>>,
    index: usize,
}

impl<'n> SeqAccess<'n> for Items<'n, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.nodes.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(node))
            .map(Some)
            .map_err(|error| error.below(OwnedStep::Item(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

struct Fields<'n, 's> {
    entries: std::slice::Iter<'n, Entry<'s>>,
    entry: Option<&'n Entry<'s>>,
}

impl<'n> MapAccess<'n> for Fields<'n, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        // Null is absent.
        self.entry = self.entries.find(|entry| entry.node.value != Value::Null);
        match self.entry {
            Some(entry) => seed.deserialize(BorrowedStrDeserializer::new(&entry.key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        let entry = self
            .entry
            .take()
            .ok_or_else(|| DecodeError::custom("a value without a key"))?;
        seed.deserialize(Reader(&entry.node))
            .map_err(|error| error.below(OwnedStep::Field(entry.key.to_string())))
    }
}

/// An enum's variant with content: `Name: content`.
struct Variant<'n, 's>(&'n Entry<'s>);

impl<'n, 's> EnumAccess<'n> for Variant<'n, 's> {
    type Error = DecodeError;
    type Variant = Reader<'n, 's>;

    fn variant_seed<T: DeserializeSeed<'n>>(self, seed: T) -> Result<(T::Value, Reader<'n, 's>), DecodeError> {
        let name = seed.deserialize(StrDeserializer::<DecodeError>::new(&self.0.key))?;
        Ok((name, Reader(&self.0.node)))
    }
}

impl<'n> VariantAccess<'n> for Reader<'n, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        <()>::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'n>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'n>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::api::Moment;
    use crate::manifests::parse::{self, Budget};
    use crate::manifests::split::Chunk;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Everything {
        text: String,
        number: i32,
        flag: bool,
        maybe: Option<String>,
        list: Vec<u8>,
        map: BTreeMap<String, String>,
        choice: Choice,
        moment: Option<Moment>,
        inner: Option<Box<Everything>>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    enum Choice {
        #[default]
        One,
        Two(i64),
    }

    fn read(text: &str) -> Result<Everything, String> {
        let chunk = Chunk {
            text,
            line: 1,
            start: 0,
        };
        let document = parse::parse(&chunk, &mut Budget::default()).unwrap().unwrap();
        decode(&document.root).map_err(|error| format!("{}: {error}", error.path("spec")))
    }

    #[test]
    fn every_form_of_value_is_read() {
        let text = "text: a\nnumber: 3.0\nflag: yes\nmaybe: b\nlist: [1, 2]\nmap: {a: b, c: ~}\nchoice: {Two: 2}\n";
        let expected = Everything {
            text: "a".to_owned(),
            number: 3,
            flag: true,
            maybe: Some("b".to_owned()),
            list: vec![1, 2],
            map: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            choice: Choice::Two(2),
            ..Everything::default()
        };
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn null_is_absent() {
        let text = "text: ~\nnumber: null\nlist:\nmap: ~\nchoice: ~\nunknown: ~\ninner: {choice: One}\n";
        let inner = Some(Box::default());
        assert_eq!(
            read(text),
            Ok(Everything {
                inner,
                ..Everything::default()
            })
        );
    }

    #[test]
    fn an_error_says_where_but_not_what_was_written() {
        for (text, expected) in [
            (
                "inner: {moment: secret}\n",
                "spec.inner.moment: not a moment like `2026-12-01T00:00:00Z`",
            ),
            ("list: [1, 300]\n", "spec.list[1]: not u8"),
            ("inner: {list: [secret]}\n", "spec.inner.list[0]: not u8"),
            ("number: 9999999999\n", "spec.number: not i32"),
            ("choice: [secret]\n", "spec.choice: not one of the values allowed"),
        ] {
            assert_eq!(read(text), Err(expected.to_owned()), "{text}");
        }
    }
}
