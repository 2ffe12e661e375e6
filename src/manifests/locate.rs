//! Places on demand.
//!
//! Trees are not kept: most objects never need a place again. Those that do are parsed a second time, each document once.

use std::collections::HashMap;

use super::discover::Source;
use super::node::{Node, Place, Value};
use super::objects::{Extent, Origin};
use super::parse::{self, Budget};
use super::split::Chunk;

/// The places of fields, in the order asked for; of a field that is absent, that of the nearest thing around it.
pub(crate) fn locate(sources: &[Source], wanted: &[(&Origin, &str)]) -> Vec<Place> {
    let mut documents: HashMap<(usize, Extent), Vec<usize>> = HashMap::new();
    for (index, (origin, _)) in wanted.iter().enumerate() {
        documents.entry((origin.source, origin.extent)).or_default().push(index);
    }
    let mut places: Vec<Place> = wanted.iter().map(|(origin, _)| origin.place).collect();
    for ((source, extent), indexes) in documents {
        let Some(chunk) = sources.get(source).and_then(|source| extent.cut(&source.text)) else {
            continue;
        };
        let Ok(Some(document)) = parse::parse(&chunk, &mut Budget::default()) else {
            continue;
        };
        for index in indexes {
            if let (Some(place), Some((origin, path))) = (places.get_mut(index), wanted.get(index)) {
                *place = find_in(&document.root, &origin.item, path).unwrap_or(*place);
            }
        }
    }
    places
}

impl Extent {
    fn cut(self, text: &str) -> Option<Chunk<'_>> {
        let (start, end) = (usize::try_from(self.start).ok()?, usize::try_from(self.end).ok()?);
        Some(Chunk {
            text: text.get(start..end)?,
            line: self.line,
            start: self.start,
        })
    }
}

fn find_in(root: &Node<'_>, item: &str, path: &str) -> Option<Place> {
    let object = if item.is_empty() { root } else { follow(root, item).node };
    find(object, path)
}

/// The place of a field, or of the nearest thing around it: a scalar where it is written, anything else at its key.
pub(crate) fn find(node: &Node<'_>, path: &str) -> Option<Place> {
    let reached = follow(node, path);
    Some(match reached.node.value {
        Value::List(_) | Value::Map(_) | Value::Null => reached.key,
        _ => reached.node.place,
    })
}

/// Whether the field is there.
pub(crate) fn is_there(node: &Node<'_>, path: &str) -> bool {
    let reached = follow(node, path);
    reached.whole && reached.node.value != Value::Null
}

/// How far a path leads.
struct Reached<'n, 's> {
    node: &'n Node<'s>,
    key: Place,
    /// Whether that is to its end.
    whole: bool,
}

fn follow<'n, 's>(node: &'n Node<'s>, path: &str) -> Reached<'n, 's> {
    let mut reached = Reached {
        node,
        key: node.place,
        whole: path.is_empty(),
    };
    let mut rest = path;
    while !rest.is_empty() {
        let Some((next, tail)) = step(reached.node, rest) else {
            break;
        };
        (reached, rest) = (next, tail);
        reached.whole = rest.is_empty();
    }
    reached
}

/// One step along a path. Names may hold points and brackets, so the longest key that fits is taken.
fn step<'n, 's, 'p>(node: &'n Node<'s>, path: &'p str) -> Option<(Reached<'n, 's>, &'p str)> {
    match &node.value {
        Value::List(nodes) => {
            let (index, tail) = path.strip_prefix('[')?.split_once(']')?;
            let node = nodes.get(index.parse::<usize>().ok()?)?;
            Some((
                Reached {
                    node,
                    key: node.place,
                    whole: false,
                },
                after_point(tail),
            ))
        }
        Value::Map(entries) => {
            let fits = |key: &str| {
                let tail = path.strip_prefix(key)?;
                (tail.is_empty() || tail.starts_with(['.', '['])).then_some(tail)
            };
            let entry = entries
                .iter()
                .filter(|entry| fits(&entry.key).is_some())
                .max_by_key(|entry| entry.key.len())?;
            Some((
                Reached {
                    node: &entry.node,
                    key: entry.place,
                    whole: false,
                },
                after_point(fits(&entry.key)?),
            ))
        }
        _ => None,
    }
}

fn after_point(path: &str) -> &str {
    path.strip_prefix('.').unwrap_or(path)
}
