//! One walk over a tree with a schema finds everything that is wrong with the structure of an object.

use std::collections::HashSet;

use super::fault::{Fault, NULL_IN_LIST, Trail};
use super::node::{Entry, Node, Place, Value};
use super::schema::{self, Distinct, List, Object, Schema, Text};
use crate::api::forms;
use crate::text;

/// Up to this many entries a list is searched from end to end for duplicates.
const FEW: usize = 50;

/// What is wrong with an object, up to `most` faults. `source` is the text that the places point into.
pub(crate) fn walk(root: &Object, metadata: &Schema, node: &Node<'_>, source: &str, most: usize) -> Vec<Fault> {
    let mut walker = Walker {
        source,
        faults: Vec::new(),
        most,
    };
    let trail = Trail::root(node.place);
    walker.object(root, node.entries().unwrap_or_default(), &trail);
    let entry = node
        .entries()
        .and_then(|entries| entries.iter().find(|entry| entry.key == "metadata"));
    if let Some(entry) = entry.filter(|entry| entry.node.value != Value::Null) {
        walker.value(metadata, &entry.node, &trail.field("metadata", entry.place));
    }
    walker.faults
}

struct Walker<'s> {
    source: &'s str,
    faults: Vec<Fault>,
    most: usize,
}

impl Walker<'_> {
    fn value(&mut self, schema: &Schema, node: &Node<'_>, trail: &Trail<'_>) {
        match (schema, &node.value) {
            (_, Value::Unreadable) | (Schema::Any, _) | (Schema::Bool, Value::Bool(_)) => {}
            (Schema::Text(text), Value::Text(value)) => self.text(text, value, node.place, trail),
            (Schema::Integer { least, most }, Value::Integer(value)) => {
                self.integer((*least, *most), *value, node.place, trail);
            }
            (Schema::Integer { least, most }, Value::Float(value)) => match schema::whole(*value) {
                Some(value) => self.integer((*least, *most), value, node.place, trail),
                None => self.mismatch(schema, node, trail),
            },
            (Schema::Number, Value::Integer(_)) => {}
            (Schema::Number, Value::Float(value)) if value.is_finite() => {}
            (Schema::List(list), Value::List(nodes)) => self.list(list, nodes, trail),
            (Schema::Object(object), Value::Map(entries)) => self.object(object, entries, trail),
            (_, Value::Null) => self.add(trail, node.place, NULL_IN_LIST.0, NULL_IN_LIST.1),
            _ => self.mismatch(schema, node, trail),
        }
    }

    fn text(&mut self, text: &Text, value: &str, place: Place, trail: &Trail<'_>) {
        if let Some((message, help)) = text_fault(text, value, trail) {
            self.add(trail, place, message, help);
        }
    }

    fn integer(&mut self, (least, most): (i64, i64), value: i64, place: Place, trail: &Trail<'_>) {
        let message = if value < least {
            format!("`{value}` is less than `{least}`")
        } else if value > most {
            format!("`{value}` is more than `{most}`")
        } else {
            return;
        };
        self.add(
            trail,
            place,
            message,
            format!("write a whole number from {least} to {most}"),
        );
    }

    fn list(&mut self, list: &List, nodes: &[Node<'_>], trail: &Trail<'_>) {
        if nodes.len() < list.fewest {
            self.add(
                trail,
                trail.place,
                "an empty list",
                format!("list at least {}", count(list.fewest, "entry")),
            );
        }
        let most = list.most.unwrap_or(usize::MAX);
        if nodes.len() > most {
            let message = format!("{} are more than the {most} allowed", count(nodes.len(), "entry"));
            self.add(trail, trail.place, message, "remove some");
        }
        // Beyond the bound nothing is judged: the work stays bounded too.
        let nodes = nodes.get(..most).unwrap_or(nodes);
        for (index, node) in nodes.iter().enumerate() {
            if self.is_full() {
                return;
            }
            self.value(&list.items, node, &trail.item(index, node.place));
        }
        self.distinct(&list.distinct, nodes, trail);
    }

    fn distinct(&mut self, distinct: &Distinct, nodes: &[Node<'_>], trail: &Trail<'_>) {
        match distinct {
            Distinct::Nothing => {}
            Distinct::Value => {
                for index in repeated(
                    nodes,
                    |one, other| one.text().is_some() && one.text() == other.text(),
                    Node::text,
                ) {
                    if let Some(node) = nodes.get(index) {
                        let trail = trail.item(index, node.place);
                        let message = format!("{} is listed twice", trail.shown(node.text().unwrap_or_default()));
                        self.add(&trail, node.place, message, "remove the repetition");
                    }
                }
            }
            Distinct::Keys(keys) => {
                let text = |node: &Node<'_>, key: &String| node.get(key).and_then(Node::text).map(String::from);
                let all = |node: &Node<'_>| keys.iter().map(|key| text(node, key)).collect::<Option<Vec<_>>>();
                let same = |one: &Node<'_>, other: &Node<'_>| {
                    keys.iter().all(|key| match (one.get(key), other.get(key)) {
                        (Some(one), Some(other)) => one.text().is_some() && one.text() == other.text(),
                        _ => false,
                    })
                };
                for index in repeated(nodes, same, all) {
                    if let Some(node) = nodes.get(index) {
                        let names: Vec<_> = all(node)
                            .unwrap_or_default()
                            .iter()
                            .map(|key| text::quoted(key))
                            .collect();
                        let message = format!("a second entry for {}", names.join(", "));
                        self.add(
                            &trail.item(index, node.place),
                            node.place,
                            message,
                            "merge it into the first",
                        );
                    }
                }
            }
        }
    }

    fn object(&mut self, object: &Object, entries: &[Entry<'_>], trail: &Trail<'_>) {
        let mut seen = 0;
        let mut present = 0_usize;
        for entry in entries {
            if self.is_full() {
                return;
            }
            let below = trail.field(&entry.key, entry.place);
            if let Some((field, bit)) = object.field(&entry.key) {
                if entry.node.value != Value::Null {
                    seen |= bit;
                    self.value(&field.schema, &entry.node, &below);
                }
            } else if let Some(others) = &object.others {
                if entry.node.value != Value::Null {
                    present += 1;
                    self.value(others, &entry.node, &below);
                }
            } else if text::is_name(&entry.key) {
                self.unknown(object, entry, &below);
            } else {
                let message = "an unknown field whose name is not shown: it may be a value";
                let help = "remove it; or a line break or a quote is missing before it";
                self.add(trail, entry.place, message, help);
            }
        }
        for field in object.missing(seen) {
            let message = format!("`{}` is missing", field.name);
            self.add(
                &trail.field(&field.name, trail.place),
                trail.place,
                message,
                format!("add `{}`", field.name),
            );
        }
        self.size(object, present, trail);
    }

    fn size(&mut self, object: &Object, present: usize, trail: &Trail<'_>) {
        if let Some(most) = object.most.filter(|most| present > *most) {
            let message = format!("{} are more than the {most} allowed", count(present, "entry"));
            self.add(trail, trail.place, message, "remove some");
        }
        if present < object.fewest {
            let help = format!("give it at least {}", count(object.fewest, "entry"));
            self.add(trail, trail.place, "an empty mapping", help);
        }
    }

    fn unknown(&mut self, object: &Object, entry: &Entry<'_>, trail: &Trail<'_>) {
        let names = || object.fields.iter().map(|field| field.name.as_str());
        let help = match text::nearest(&entry.key, names()) {
            Some(name) => format!("did you mean `{name}`?"),
            None if object.fields.is_empty() => String::from("remove it"),
            None => format!("remove it; there are {}", any_of(names().take(20))),
        };
        self.add(
            trail,
            entry.place,
            format!("unknown field {}", text::quoted(&entry.key)),
            help,
        );
    }

    fn mismatch(&mut self, schema: &Schema, node: &Node<'_>, trail: &Trail<'_>) {
        let written = self.written(node.place);
        let place = if matches!(node.value, Value::List(_) | Value::Map(_)) {
            trail.place
        } else {
            node.place
        };
        let message = match &node.value {
            Value::List(_) | Value::Map(_) => format!("{} where {} is wanted", is(&node.value), wanted(schema)),
            value => {
                // Quoted or not is the whole point, so this shows what is written rather than what it means.
                let read = if matches!(value, Value::Text(_)) {
                    "is"
                } else {
                    "is read as"
                };
                format!(
                    "{} {read} {} where {} is wanted",
                    trail.shown(written),
                    is(value),
                    wanted(schema)
                )
            }
        };
        self.add(trail, place, message, mismatch_help(schema, node, trail, written));
    }

    /// A scalar as it stands in the file.
    fn written(&self, place: Place) -> &str {
        let range = usize::try_from(place.start).ok().zip(usize::try_from(place.end).ok());
        range
            .and_then(|(start, end)| self.source.get(start..end))
            .unwrap_or_default()
    }

    fn add(&mut self, trail: &Trail<'_>, place: Place, message: impl Into<String>, help: impl Into<String>) {
        if !self.is_full() {
            self.faults.push(Fault {
                path: trail.path(),
                ..Fault::new(place, message, help)
            });
        }
    }

    fn is_full(&self) -> bool {
        self.faults.len() >= self.most
    }
}

pub(super) fn text_fault(text: &Text, value: &str, trail: &Trail<'_>) -> Option<(String, String)> {
    let shown = || trail.shown(value);
    if value.len() < text.shortest || text.shortest > 1 && value.chars().count() < text.shortest {
        let message = if value.is_empty() {
            String::from("an empty text")
        } else {
            format!("{} is too short", shown())
        };
        return Some((message, format!("write at least {}", count(text.shortest, "character"))));
    }
    if let Some(longest) = text
        .longest
        .filter(|longest| value.len() > *longest && value.chars().count() > *longest)
    {
        let message = format!("{} has {}", shown(), count(value.chars().count(), "character"));
        return Some((message, format!("write at most {}", count(longest, "character"))));
    }
    if !text.options.is_empty() && !text.options.iter().any(|option| option == value) {
        let options = || text.options.iter().map(String::as_str);
        let help = match text::nearest(value, options()) {
            Some(option) => format!("did you mean `{option}`?"),
            None => format!("write {}", one_of(options())),
        };
        return Some((format!("{} is none of the values allowed", shown()), help));
    }
    if let Some(pattern) = text.pattern.as_ref().filter(|pattern| !pattern.is_match(value)) {
        return Some(match forms::in_words(pattern.as_str()) {
            Some((form, mend)) => (format!("{} is not {form}", shown()), mend.to_owned()),
            None => (
                format!("{} has a form that is not allowed", shown()),
                format!("match `{}`", pattern.as_str()),
            ),
        });
    }
    let rule = text.rules.iter().find(|rule| !(rule.holds)(value))?;
    Some((
        format!("{}: {}", shown(), rule.message),
        String::from("correct the value"),
    ))
}

fn mismatch_help(schema: &Schema, node: &Node<'_>, trail: &Trail<'_>, written: &str) -> String {
    match (schema, &node.value) {
        (Schema::Text(_), Value::Bool(_) | Value::Integer(_) | Value::Float(_)) if trail.is_private() => {
            String::from("quote it")
        }
        (Schema::Text(_), Value::Bool(_) | Value::Integer(_) | Value::Float(_)) => {
            format!("quote it: `\"{}\"`", text::discreet(written, 60))
        }
        (Schema::Bool | Schema::Integer { .. } | Schema::Number, Value::Text(text)) if would_fit(schema, text) => {
            String::from("remove the quotes")
        }
        (Schema::Text(_), _) => String::from("write one text"),
        (Schema::Bool, _) => String::from("write `true` or `false`"),
        (Schema::Integer { .. } | Schema::Number, _) => String::from("write a whole number"),
        (Schema::List(_), _) => String::from("write a list: each entry on a line of its own after `- `"),
        (Schema::Object(_) | Schema::Any, _) => String::from("write a mapping: lines of `name: value`, indented"),
    }
}

fn would_fit(schema: &Schema, text: &str) -> bool {
    use super::scalar::Scalar;
    matches!(
        (schema, super::scalar::resolve(text)),
        (Schema::Bool, Scalar::Bool(_))
            | (Schema::Integer { .. }, Scalar::Integer(_))
            | (Schema::Number, Scalar::Integer(_) | Scalar::Float(_))
    )
}

fn is(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a bool",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Text(_) | Value::Unreadable => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}

fn wanted(schema: &Schema) -> &'static str {
    match schema {
        Schema::Text(_) => "a text",
        Schema::Integer { .. } => "a whole number",
        Schema::Number => "a number",
        Schema::Bool => "a bool",
        Schema::List(_) => "a list",
        Schema::Object(_) | Schema::Any => "a mapping",
    }
}

/// The indexes of the nodes that repeat an earlier one. Long lists go through an index of `key`s.
fn repeated<'n, 's, K: Eq + std::hash::Hash>(
    nodes: &'n [Node<'s>],
    same: impl Fn(&Node<'s>, &Node<'s>) -> bool,
    key: impl Fn(&'n Node<'s>) -> Option<K>,
) -> Vec<usize> {
    if nodes.len() > FEW {
        let mut seen = HashSet::new();
        let is_old = |node| key(node).is_some_and(|key| !seen.insert(key));
        return positions(nodes, is_old);
    }
    let mut before = 0;
    positions(nodes, |node| {
        before += 1;
        nodes.iter().take(before - 1).any(|earlier| same(earlier, node))
    })
}

fn positions<'n, 's>(nodes: &'n [Node<'s>], mut holds: impl FnMut(&'n Node<'s>) -> bool) -> Vec<usize> {
    nodes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| holds(node).then_some(index))
        .collect()
}

fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

fn any_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn one_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.concat(),
    }
}
