//! A document into a tree, without recursion and within bounds.
//!
//! The events are those of `granit-parser`, the scanner inside serde-saphyr. Reading them directly keeps what serde's data
//! model loses (whether a scalar was quoted, how a number was written) and costs less than a detour through it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};

use super::aliases::Anchor;
use super::fault::{self, Fault, Step};
use super::node::{Entry, Node, Place, Value};
use super::scalar::{self, Scalar};
use super::split::{self, Chunk};
use super::syntax;
use crate::text;

/// How deep values may lie in each other.
pub(super) const DEPTH: usize = 64;
/// How many values one document may hold.
const VALUES: usize = 2_000_000;
/// How many faults of one object are told.
const FAULTS: usize = 100;
/// Up to this many keys a mapping is searched from end to end for duplicates.
const FEW: usize = 16;

/// A document that was read.
#[derive(Debug)]
pub(crate) struct Document<'s> {
    /// Its value.
    pub(crate) root: Node<'s>,
    /// What is wrong with it, though its structure could be made out.
    pub(crate) faults: Vec<Fault>,
    /// Whether `apiVersion` or `kind` stands twice at the top, so that nobody can say whose document it is.
    pub(crate) ambiguous: bool,
}

/// What the input as a whole may still cost, so that neither a large document nor many small ones take long or much.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Values, keys included.
    pub(crate) values: usize,
    /// What aliases copy: one for each value and one for each 64 bytes of its text.
    pub(crate) copies: usize,
    /// Faults told. After that only the first of each object is.
    pub(crate) faults: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: 6_000_000,
            copies: 2_000_000,
            faults: 20_000,
        }
    }
}

impl Budget {
    /// How many faults of the next object may be told.
    pub(crate) fn faults_of_one(&self) -> usize {
        self.faults.clamp(1, FAULTS)
    }
}

/// Reads one document; `None` when there is nothing in it.
pub(crate) fn parse<'s>(chunk: &Chunk<'s>, budget: &mut Budget) -> Result<Option<Document<'s>>, Fault> {
    let options = granit_parser::options! {
        flow_nesting_limit: DEPTH + 1,
        block_nesting_limit: DEPTH + 1,
        emit_comments: false,
    };
    let mut parser = Parser::new_from_str_with_options(chunk.text, options);
    let mut builder = Builder::new(chunk, budget);
    let mut root = None;
    if let Some(fault) = split::forbidden(chunk) {
        return Err(fault);
    }
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| builder.syntax(&error))?;
        if let Some(node) = builder.event(event, &span)? {
            if root.is_some() {
                return Err(Fault::new(
                    node.place,
                    "a second document starts here",
                    "put a line `---` before it",
                ));
            }
            root = Some(node);
        }
    }
    Ok(root.and_then(|root| builder.finish(root)))
}

/// Containers under construction and what they may cost.
pub(super) struct Builder<'s, 'c> {
    chunk: &'c Chunk<'s>,
    pub(super) open: Vec<Open<'s>>,
    pub(super) anchors: HashMap<usize, Anchor<'s>>,
    faults: Vec<Fault>,
    ambiguous: bool,
    values: usize,
    pub(super) copied: usize,
    pub(super) budget: &'c mut Budget,
}

/// A container that has not ended.
pub(super) struct Open<'s> {
    items: Items<'s>,
    start: Place,
    anchor: usize,
}

enum Items<'s> {
    List(Vec<Node<'s>>),
    Map {
        entries: Vec<Entry<'s>>,
        key: Option<Key<'s>>,
        merges: Vec<Node<'s>>,
        seen: Option<HashSet<Cow<'s, str>>>,
    },
}

/// A key that waits for its value.
struct Key<'s> {
    name: Cow<'s, str>,
    place: Place,
    merge: bool,
}

impl<'s, 'c> Builder<'s, 'c> {
    fn new(chunk: &'c Chunk<'s>, budget: &'c mut Budget) -> Self {
        Self {
            chunk,
            open: Vec::new(),
            anchors: HashMap::new(),
            faults: Vec::new(),
            ambiguous: false,
            values: 0,
            copied: 0,
            budget,
        }
    }

    /// Takes the next event; gives the root when it is complete.
    fn event(&mut self, event: Event<'s>, span: &Span) -> Result<Option<Node<'s>>, Fault> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), place),
            Event::SequenceStart(_, anchor, _) => self.start(Items::List(Vec::new()), place, anchor).map(|()| None),
            Event::MappingStart(_, anchor, _) => {
                let items = Items::Map {
                    entries: Vec::new(),
                    key: None,
                    merges: Vec::new(),
                    seen: None,
                };
                self.start(items, place, anchor).map(|()| None)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => Ok(None),
        }
    }

    fn finish(self, root: Node<'s>) -> Option<Document<'s>> {
        let empty = root.value == Value::Null && self.faults.is_empty();
        (!empty).then_some(Document {
            root,
            faults: self.faults,
            ambiguous: self.ambiguous,
        })
    }

    fn start(&mut self, items: Items<'s>, start: Place, anchor: usize) -> Result<(), Fault> {
        if self.open.len() >= DEPTH {
            return Err(too_deep(start));
        }
        if self.awaits_key() {
            // kubectl refuses these whatever the kind, and no later stage could say anything sensible about them.
            return Err(Fault::new(
                start,
                "a list or a mapping stands as a key",
                "use a text as the key",
            ));
        }
        self.count(start)?;
        self.open.push(Open { items, start, anchor });
        Ok(())
    }

    fn end(&mut self) -> Result<Option<Node<'s>>, Fault> {
        let Some(Open { items, start, anchor }) = self.open.pop() else {
            return Ok(None);
        };
        let value = match items {
            Items::List(nodes) => Value::List(nodes),
            Items::Map { entries, merges, .. } if merges.is_empty() => Value::Map(entries),
            Items::Map { entries, merges, .. } => Value::Map(self.merged(entries, merges)),
        };
        let node = Node { value, place: start };
        if anchor != 0 {
            self.remember(anchor, &node)?;
        }
        self.attach(node)
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<Option<Node<'s>>, Fault> {
        self.count(place)?;
        if self.awaits_key() {
            self.key(text, style, tag, place);
            return Ok(None);
        }
        let value = match tag {
            None if style == ScalarStyle::Plain => plain(text),
            None => Value::Text(text),
            Some(tag) => self.tagged(text, tag, place),
        };
        let node = Node { value, place };
        if anchor != 0 {
            self.remember(anchor, &node)?;
        }
        self.attach(node)
    }

    pub(super) fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                items: Items::Map { key: None, .. },
                ..
            })
        )
    }

    /// A tag of YAML itself decides the type, any other makes the scalar text, as kubectl has it.
    fn tagged(&mut self, text: Cow<'s, str>, tag: &Tag, place: Place) -> Value<'s> {
        let core = (tag.handle() == "tag:yaml.org,2002:").then(|| tag.suffix());
        let fits = |value: &Value<'_>| {
            matches!(
                (core, value),
                (Some("null"), Value::Null)
                    | (Some("bool"), Value::Bool(_))
                    | (Some("int"), Value::Integer(_))
                    | (Some("float"), Value::Integer(_) | Value::Float(_))
            )
        };
        match core {
            Some("null" | "bool" | "int" | "float") => {
                let value = plain(text);
                if fits(&value) {
                    return value;
                }
                self.fault(place, "this value does not fit its tag", "remove the tag");
                Value::Unreadable
            }
            Some("binary") => {
                self.fault(place, "`!!binary` is not read here", "write the text itself");
                Value::Unreadable
            }
            _ => Value::Text(text),
        }
    }

    pub(super) fn key(&mut self, name: Cow<'s, str>, style: ScalarStyle, tag: Option<&Tag>, place: Place) {
        let core = tag.filter(|tag| tag.handle() == "tag:yaml.org,2002:").map(Tag::suffix);
        let plain = style == ScalarStyle::Plain && tag.is_none();
        let merge = name == "<<" && (plain || core == Some("merge"));
        let typed =
            plain && scalar::resolve(&name) != Scalar::Text || matches!(core, Some("null" | "bool" | "int" | "float"));
        if typed {
            self.fault_of_key(&name, place, "this key is not a text", "quote it");
        }
        if let Some(Open {
            items: Items::Map { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some(Key { name, place, merge });
        }
    }

    /// Puts a complete node into the container that it stands in.
    pub(super) fn attach(&mut self, node: Node<'s>) -> Result<Option<Node<'s>>, Fault> {
        let top = self.open.len() == 1;
        let twice = match self.open.last_mut().map(|open| &mut open.items) {
            None => return Ok(Some(node)),
            Some(Items::List(nodes)) => {
                nodes.push(node);
                return Ok(None);
            }
            Some(Items::Map {
                entries,
                key,
                merges,
                seen,
            }) => match key.take() {
                Some(key) if key.merge && merges.is_empty() => {
                    merges.push(node);
                    None
                }
                Some(key) if !key.merge && is_new(entries, seen, &key) => {
                    entries.push(Entry {
                        key: key.name,
                        place: key.place,
                        node,
                    });
                    None
                }
                other => other,
            },
        };
        if let Some(Key { name, place, .. }) = twice {
            self.ambiguous |= top && matches!(&*name, "apiVersion" | "kind");
            self.again(&name, place);
        }
        Ok(None)
    }

    fn again(&mut self, name: &str, place: Place) {
        self.fault_of_key(
            name,
            place,
            format!("{} stands here a second time", text::key(name)),
            "keep one of them",
        );
    }

    fn fault_of_key(&mut self, name: &str, place: Place, message: impl Into<String>, help: &str) {
        self.fault(place, message, help);
        // What may be a value stands in no path either; no email and no phone number is as short as `1`.
        if (text::is_name(name) || name.len() <= 3)
            && let Some(fault) = self.faults.last_mut()
        {
            fault::extend(&mut fault.path, Step::Field(name));
        }
    }

    fn count(&mut self, place: Place) -> Result<(), Fault> {
        self.values += 1;
        if self.values > VALUES {
            let message = format!("this document holds more than {VALUES} values");
            return Err(Fault::new(place, message, "split it into several documents"));
        }
        match self.budget.values.checked_sub(1) {
            Some(rest) => self.budget.values = rest,
            None => {
                return Err(Fault::new(
                    place,
                    "the input as a whole holds too many values",
                    "give fewer files at a time",
                ));
            }
        }
        Ok(())
    }

    /// Notes something wrong at the key or item under construction.
    pub(super) fn fault(&mut self, place: Place, message: impl Into<String>, help: &str) {
        if self.faults.len() < self.budget.faults_of_one() {
            let path = self.path();
            self.faults.push(Fault {
                path,
                ..Fault::new(place, message, help)
            });
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.items {
                Items::List(nodes) => fault::extend(&mut path, Step::Item(nodes.len())),
                Items::Map { key: Some(key), .. } => fault::extend(&mut path, Step::Field(&key.name)),
                Items::Map { key: None, .. } => {}
            }
        }
        path
    }

    fn place(&self, span: &Span) -> Place {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let offset = |marker: &Marker| {
            let within = marker.byte_offset().unwrap_or_default().min(self.chunk.text.len());
            self.chunk.start.saturating_add(number(within))
        };
        Place {
            line: self
                .chunk
                .line
                .saturating_add(number(span.start.line().saturating_sub(1))),
            column: number(span.start.col()).saturating_add(1),
            start: offset(&span.start),
            end: offset(&span.end),
        }
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let place = self.place(&Span::empty(*error.marker()));
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(place);
        }
        Fault::new(place, syntax::message(error), syntax::help(error.kind()))
    }
}

pub(super) fn too_deep(place: Place) -> Fault {
    Fault::new(
        place,
        format!("values lie more than {DEPTH} deep in each other"),
        "nest less deeply",
    )
}

fn plain(text: Cow<'_, str>) -> Value<'_> {
    match scalar::resolve(&text) {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Integer(value) => Value::Integer(value),
        Scalar::Float(value) => Value::Float(value),
        Scalar::Text => Value::Text(text),
    }
}

/// Whether a mapping does not have the key yet. Long mappings get an index.
fn is_new<'s>(entries: &[Entry<'s>], seen: &mut Option<HashSet<Cow<'s, str>>>, key: &Key<'s>) -> bool {
    if entries.len() < FEW {
        return entries.iter().all(|entry| entry.key != key.name);
    }
    seen.get_or_insert_with(|| entries.iter().map(|entry| entry.key.clone()).collect())
        .insert(key.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Document<'_>>, Fault> {
        parse(
            &Chunk {
                text,
                line: 1,
                start: 0,
            },
            &mut Budget::default(),
        )
    }

    /// The value in the manner of JSON; an error as its place and message; faults in the structure behind a `!`.
    fn shown(text: &str) -> String {
        match read(text) {
            Ok(None) => String::from("nothing"),
            Ok(Some(document)) => {
                let mut out = json(&document.root);
                for fault in document.faults {
                    out += &format!(" ! {} {}: {}", at(fault.place), fault.path, fault.message);
                }
                out
            }
            Err(fault) => format!("{}: {}", at(fault.place), fault.message),
        }
    }

    fn at(place: Place) -> String {
        format!("{}:{}", place.line, place.column)
    }

    fn json(node: &Node<'_>) -> String {
        match &node.value {
            Value::Null => String::from("null"),
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => format!("{value:?}"),
            Value::Text(text) => format!("{text:?}"),
            Value::List(nodes) => format!("[{}]", nodes.iter().map(json).collect::<Vec<_>>().join(",")),
            Value::Map(entries) => {
                let entry = |entry: &Entry<'_>| format!("{}:{}", entry.key, json(&entry.node));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
            }
            Value::Unreadable => String::from("?"),
        }
    }

    #[test]
    fn a_document_means_what_kubectl_makes_of_it() {
        for (text, expected) in [
            ("a: 1\nb: [x, 'y', \"1\"]\n", r#"{a:1,b:["x","y","1"]}"#),
            ("a: !!str 12\nb: !!str\nc: !!str ~\n", r#"{a:"12",b:"",c:"~"}"#),
            (
                "a: !!int \"12\"\nb: !!bool \"yes\"\nc: !!null ''\nd: !!float 1\n",
                "{a:12,b:true,c:null,d:1}",
            ),
            ("a: !foo 12\nb: ! 12\nc: !foo {b: c}\n", r#"{a:"12",b:"12",c:{b:"c"}}"#),
            ("%TAG !x! tag:yaml.org,2002:\n---\na: !x!str 12\n", r#"{a:"12"}"#),
            ("a: &x {b: 1}\nc: *x\n", "{a:{b:1},c:{b:1}}"),
            ("&k a: 1\n", "{a:1}"),
            ("x: &x v\n*x : 2\n", r#"{x:"v",v:2}"#),
            ("a: &x 1\nb: &x 2\nc: *x\n", "{a:1,b:2,c:2}"),
            ("x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n", "{x:{a:1},z:{b:2,a:1}}"),
            ("x: &x {a: 1}\nz:\n  <<: *x\n  a: 2\n", "{x:{a:1},z:{a:2}}"),
            ("x: &x {a: 1}\nz:\n  <<: [*x, {a: 3, c: 4}]\n", "{x:{a:1},z:{a:1,c:4}}"),
            ("\"<<\": {b: 1}\n", "{<<:{b:1}}"),
            ("a: \"\\/\\ud83d\\ude00\\x41\\U0001F600\"\n", "{a:\"/😀A😀\"}"),
            ("a: b\rc: d\r", r#"{a:"b",c:"d"}"#),
            ("a: b\r\nc: d\r\n", r#"{a:"b",c:"d"}"#),
            ("a: [\nb\n]\n", r#"{a:["b"]}"#),
            ("{\n\t\"a\": 1\n}\n", "{a:1}"),
            ("a: |\n b\n  c\nd: >-\n e\n f\n", "{a:\"b\\n c\\n\",d:\"e f\"}"),
            ("a: {b, c: }\n", "{a:{b:null,c:null}}"),
            ("a:\n- b\n", r#"{a:["b"]}"#),
            ("a: {'b':c, \"d\":e}\n", r#"{a:{b:"c",d:"e"}}"#),
            ("a: x#y #z\n", r#"{a:"x#y"}"#),
            ("a: x\u{a0}y\n", "{a:\"x\\u{a0}y\"}"),
            ("? a\n: b\n", r#"{a:"b"}"#),
            ("a", r#""a""#),
            ("# nothing", "nothing"),
            ("---\n", "nothing"),
            ("~", "nothing"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_kubectl_refuses_is_a_fault() {
        for (text, expected) in [
            ("a: !!int abc\n", "{a:?} ! 1:10 a: this value does not fit its tag"),
            (
                "a: [!!int 1.0]\n",
                "{a:[?]} ! 1:11 a[0]: this value does not fit its tag",
            ),
            ("a: !!binary aGVsbG8=\n", "{a:?} ! 1:13 a: `!!binary` is not read here"),
            ("a: 1\n\"a\": 2\n", "{a:1} ! 2:1 a: `a` stands here a second time"),
            (
                "b: {a: 1, a: 2}\n",
                "{b:{a:1}} ! 1:11 b.a: `a` stands here a second time",
            ),
            (
                "a:\n  1: x\n  yes: y\n",
                "{a:{1:\"x\",yes:true}} ! 2:3 a.1: this key is not a text ! 3:3 a.yes: this key is not a text",
            ),
            (
                "x: {a: 1, <<: {a: 2}}\n",
                "{x:{a:1}} ! 1:5 x: `a` stands before a merge that gives it too",
            ),
            (
                "x: {<<: {a: 1}, <<: {b: 1}}\n",
                "{x:{a:1}} ! 1:17 x.<<: `<<` stands here a second time",
            ),
            (
                "x: {<<: 5}\n",
                "{x:{}} ! 1:9 x: a merge `<<` takes a mapping or a list of mappings",
            ),
            ("? [a]\n: b\n", "1:3: a list or a mapping stands as a key"),
            ("{a: b}: c\n", "1:1: a list or a mapping stands as a key"),
            (
                "a: &x [1]\n*x : 2\n",
                "2:1: this alias stands as a key but names no text",
            ),
            ("a: &a [*a]\n", "1:8: this alias stands inside what it names"),
            ("a: *b\n", "1:4: found unknown anchor"),
            ("a: 'b\n", "1:4: unclosed quote"),
            ("a: @b\n", "1:4: unexpected character: `@`"),
            ("a: b: c\n", "1:5: mapping values are not allowed in this context"),
            (
                "a:\n\tb: c\n",
                "2:2: tabs disallowed within this context (block indentation)",
            ),
            (
                "a: \"\\ud83d\"\n",
                "1:4: found high surrogate without following low surrogate",
            ),
            ("a: \u{0}\n", "1:4: the control character U+0000"),
            ("%YAML 2.0\n---\na: b\n", "1:1: unsupported YAML major version"),
            ("a: 1\nb\n", "2:1: simple key expected `:`"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn depth_and_aliases_are_bounded() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEPTH)).is_ok());
        for text in [
            nested(DEPTH + 1),
            nested(100_000),
            "[".repeat(10_000_000),
            "- ".repeat(100_000),
        ] {
            let message = read(&text).unwrap_err().message;
            assert_eq!(message, "values lie more than 64 deep in each other");
        }
        let deep = format!(
            "a: &a {}\nb: &b {{c: {}}}\nd: *b\n",
            nested(50),
            "[".repeat(20) + "*a" + &"]".repeat(20)
        );
        assert_eq!(
            read(&deep).unwrap_err().message,
            "values lie more than 64 deep in each other"
        );
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
        }
        assert_eq!(
            read(&bomb).unwrap_err().message,
            "the aliases of this document multiply beyond bounds"
        );
        let long = format!(
            "a: &a \"{}\\n\"\nb: [{}]\n",
            "x".repeat(1_000_000),
            vec!["*a"; 1_000].join(", ")
        );
        assert_eq!(
            read(&long).unwrap_err().message,
            "the aliases of this document multiply beyond bounds"
        );
    }

    #[test]
    fn places_are_those_of_the_file() {
        let chunk = Chunk {
            text: "spec:\n  ü: [b, 'c']\n",
            line: 10,
            start: 100,
        };
        let root = parse(&chunk, &mut Budget::default()).unwrap().unwrap().root;
        let spec = &root.entries().unwrap()[0];
        let list = &spec.node.entries().unwrap()[0];
        let Value::List(items) = &list.node.value else {
            panic!("a list")
        };
        assert_eq!(
            spec.place,
            Place {
                line: 10,
                column: 1,
                start: 100,
                end: 104
            }
        );
        assert_eq!(
            list.place,
            Place {
                line: 11,
                column: 3,
                start: 108,
                end: 110
            }
        );
        assert_eq!(
            items[1].place,
            Place {
                line: 11,
                column: 10,
                start: 116,
                end: 119
            }
        );
    }
}
