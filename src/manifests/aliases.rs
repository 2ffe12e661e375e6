//! Anchors, aliases and merges: the one thing in YAML that multiplies, and so the one that is paid for.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::ScalarStyle;

use super::fault::Fault;
use super::node::{Entry, Node, Place, Value};
use super::parse::{Builder, DEPTH, too_deep};
use crate::text;

/// How much the aliases of one document may multiply; see [`super::parse::Budget::copies`].
const COPIES: usize = 100_000;

/// What an alias may name.
pub(super) struct Anchor<'s> {
    node: Node<'s>,
    size: Size,
}

#[derive(Clone, Copy)]
struct Size {
    /// How many containers lie in each other.
    height: usize,
    /// What a copy costs, in the unit of [`super::parse::Budget::copies`].
    cost: usize,
}

impl<'s> Builder<'s, '_> {
    /// What a merge adds. A key of its own wins only where it stands after the merge: before it, kubectl and the YAML
    /// specification disagree, so that is refused.
    pub(super) fn merged(&mut self, mut entries: Vec<Entry<'s>>, merges: Vec<Node<'s>>) -> Vec<Entry<'s>> {
        let mut names: HashMap<_, _> = entries.iter().map(|entry| (entry.key.clone(), entry.place)).collect();
        for merge in merges {
            let at = merge.place;
            let maps = match merge.value {
                Value::List(nodes) => nodes,
                _ => vec![merge],
            };
            for map in maps {
                let Value::Map(merged) = map.value else {
                    self.fault(at, "a merge `<<` takes a mapping or a list of mappings", "give it one");
                    continue;
                };
                for entry in merged {
                    match names.get(&entry.key) {
                        Some(own) if own.start < at.start => {
                            let message = format!("{} stands before a merge that gives it too", text::key(&entry.key));
                            self.fault(*own, message, "move the `<<` to the top of the mapping");
                        }
                        Some(_) => {}
                        None => {
                            names.insert(entry.key.clone(), Place { start: u32::MAX, ..at });
                            entries.push(entry);
                        }
                    }
                }
            }
        }
        entries
    }

    /// Keeps a node that an alias may name.
    pub(super) fn remember(&mut self, anchor: usize, node: &Node<'s>) -> Result<(), Fault> {
        let size = measure(node);
        self.charge(size.cost, node.place)?;
        self.anchors.insert(
            anchor,
            Anchor {
                node: node.clone(),
                size,
            },
        );
        Ok(())
    }

    pub(super) fn alias(&mut self, anchor: usize, place: Place) -> Result<Option<Node<'s>>, Fault> {
        let inside = || {
            Fault::new(
                place,
                "this alias stands inside what it names",
                "write the value itself",
            )
        };
        let size = self.anchors.get(&anchor).ok_or_else(inside)?.size;
        if self.open.len() + size.height > DEPTH {
            return Err(too_deep(place));
        }
        self.charge(size.cost, place)?;
        let node = self.anchors.get(&anchor).ok_or_else(inside)?.node.value.clone();
        if !self.awaits_key() {
            return self.attach(Node { value: node, place });
        }
        match node {
            Value::Text(text) => self.key(text, ScalarStyle::DoubleQuoted, None, place),
            _ => {
                return Err(Fault::new(
                    place,
                    "this alias stands as a key but names no text",
                    "write the key itself",
                ));
            }
        }
        Ok(None)
    }

    /// Pays for a copy.
    fn charge(&mut self, cost: usize, place: Place) -> Result<(), Fault> {
        self.copied += cost;
        match self.budget.copies.checked_sub(cost) {
            Some(rest) if self.copied <= COPIES => {
                self.budget.copies = rest;
                Ok(())
            }
            _ => Err(Fault::new(
                place,
                "the aliases of this document multiply beyond bounds",
                "write the values themselves",
            )),
        }
    }
}

fn measure(node: &Node<'_>) -> Size {
    let length = |text: &Cow<'_, str>| {
        if matches!(text, Cow::Owned(_)) {
            text.len() / 64
        } else {
            0
        }
    };
    let mut size = Size { height: 0, cost: 1 };
    let mut add = |node: &Node<'_>, extra| {
        let inner = measure(node);
        size.height = size.height.max(inner.height + 1);
        size.cost += inner.cost + extra;
    };
    match &node.value {
        Value::List(nodes) => nodes.iter().for_each(|node| add(node, 0)),
        Value::Map(entries) => entries.iter().for_each(|entry| add(&entry.node, length(&entry.key))),
        Value::Text(text) => size.cost += length(text),
        _ => {}
    }
    size
}
