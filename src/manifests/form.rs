//! YAML files of a form of our own that are no manifests, read as strictly as those are: the same scalars, the same words
//! for what is wrong, a place for everything.
//!
//! [`read`] holds a file against its form; what is sound is then picked up through [`At`], which knows path and place of
//! every value.

use super::discover::Source;
use super::fault::{Fault, Step, extend};
use super::node::{Node, Place, Value};
use super::parse::{self, Budget};
pub(crate) use super::schema::{Compiler, Object, Schema};
use super::schema::{Distinct, List, Text};
use super::split;
use super::walk;

/// How many entries a list of a form may have.
const MOST: usize = 10_000;

/// The one document of a source.
///
/// # Errors
/// Everything that is wrong with its structure.
pub(crate) fn read<'s>(source: &'s Source, form: &Object) -> Result<Node<'s>, Vec<Fault>> {
    let mut chunks = split::documents(&source.text);
    let beginning = Place {
        line: 1,
        column: 1,
        ..Place::default()
    };
    let empty = || {
        let names: Vec<_> = form.fields.iter().map(|field| format!("`{}`", field.name)).collect();
        vec![Fault::new(
            beginning,
            "there is nothing in it",
            format!("give it {}", names.join(", ")),
        )]
    };
    let chunk = chunks.next().ok_or_else(empty)?;
    let document = parse::parse(&chunk, &mut Budget::default()).map_err(|fault| vec![fault])?;
    let document = document.ok_or_else(empty)?;
    let mut faults = document.faults;
    faults.extend(chunks.next().map(|second| {
        let place = Place {
            line: second.line,
            column: 1,
            start: second.start,
            end: second.start,
        };
        Fault::new(place, "a second document starts here", "give it a file of its own")
    }));
    if document.root.entries().is_none() {
        let place = document.root.place;
        faults.push(Fault::new(place, "not a mapping", "write lines of `name: value`"));
    } else {
        faults.extend(walk::walk(form, &Schema::Any, &document.root, &source.text, 100));
    }
    faults.sort_by_key(|fault| fault.place);
    if faults.is_empty() {
        Ok(document.root)
    } else {
        Err(faults)
    }
}

/// A text of 1 to `longest` characters.
pub(crate) fn text(longest: usize) -> Schema {
    Schema::Text(Box::new(Text {
        shortest: 1,
        longest: Some(longest),
        ..Text::default()
    }))
}

/// One of some words.
pub(crate) fn one_of(words: &[&str]) -> Schema {
    Schema::Text(Box::new(Text {
        options: words.iter().map(|word| (*word).to_owned()).collect(),
        ..Text::default()
    }))
}

/// A list in which no text stands twice.
pub(crate) fn set(items: Schema, fewest: usize) -> Schema {
    list(items, fewest, Distinct::Value)
}

/// A list of mappings that differ by the field `key`.
pub(crate) fn list_by(key: &str, items: Schema) -> Schema {
    list(items, 1, Distinct::Keys(vec![key.to_owned()]))
}

fn list(items: Schema, fewest: usize, distinct: Distinct) -> Schema {
    Schema::List(Box::new(List {
        items,
        fewest,
        most: Some(MOST),
        distinct,
    }))
}

/// A mapping of at least one name that is not known beforehand.
pub(crate) fn mapping(values: Schema) -> Schema {
    Schema::Object(Object {
        others: Some(Box::new(values)),
        fewest: 1,
        most: Some(MOST),
        ..Object::default()
    })
}

/// A value in a file that was read, with the way to it.
#[derive(Clone, Debug)]
pub(crate) struct At<'n, 's> {
    node: &'n Node<'s>,
    /// Where it is pointed at.
    pub(crate) place: Place,
    /// The path, as in `groups[0].cases[1].may[0]`.
    pub(crate) path: String,
}

/// A text of the file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// What it says.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// The path to it.
    pub(crate) path: String,
}

impl Word {
    /// Something wrong with it.
    pub(crate) fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault {
            path: self.path.clone(),
            ..Fault::new(self.place, message, help)
        }
    }
}

impl<'n, 's> At<'n, 's> {
    pub(crate) fn root(node: &'n Node<'s>) -> Self {
        Self {
            node,
            place: node.place,
            path: String::new(),
        }
    }

    /// A field that is there.
    pub(crate) fn get(&self, name: &str) -> Option<At<'n, 's>> {
        let entry = self.node.entries()?.iter().find(|entry| entry.key == name)?;
        (entry.node.value != Value::Null).then(|| self.step(&entry.node, entry.place, Step::Field(name)))
    }

    /// The entries of a list that is a field; none when it is absent.
    pub(crate) fn list(&self, name: &str) -> Vec<At<'n, 's>> {
        let Some(list) = self.get(name) else {
            return Vec::new();
        };
        match &list.node.value {
            Value::List(nodes) => {
                let items = nodes.iter().enumerate();
                items
                    .map(|(index, node)| list.step(node, node.place, Step::Item(index)))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// The names and texts of a mapping that is a field.
    pub(crate) fn pairs(&self, name: &str) -> Vec<(Word, &'n str)> {
        let Some(mapping) = self.get(name) else {
            return Vec::new();
        };
        let entries = mapping.node.entries().unwrap_or_default().iter();
        let pairs = entries.filter_map(|entry| {
            let value = entry.node.text()?;
            let at = mapping.step(&entry.node, entry.place, Step::Field(&entry.key));
            let name = Word {
                text: entry.key.to_string(),
                place: at.place,
                path: at.path,
            };
            Some((name, value))
        });
        pairs.collect()
    }

    /// A field that is a text.
    pub(crate) fn word(&self, name: &str) -> Option<Word> {
        self.get(name)?.as_word()
    }

    /// A field that is a list of texts.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<Word>> {
        self.get(name)?;
        Some(self.list(name).iter().filter_map(At::as_word).collect())
    }

    /// Something wrong with it.
    pub(crate) fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault {
            path: self.path.clone(),
            ..Fault::new(self.place, message, help)
        }
    }

    fn as_word(&self) -> Option<Word> {
        Some(Word {
            text: self.node.text()?.to_owned(),
            place: self.node.place,
            path: self.path.clone(),
        })
    }

    fn step(&self, node: &'n Node<'s>, place: Place, step: Step<'_>) -> At<'n, 's> {
        let mut path = self.path.clone();
        extend(&mut path, step);
        At { node, place, path }
    }
}
