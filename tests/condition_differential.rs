//! Conditions mean what CEL says they mean: the crate `cel` is asked the same questions.
//!
//! Expressions are decoded from a tape of random bytes, of which smaller ones make simpler expressions, so that a failure
//! shrinks. Attributes come in pairs: how the record spells one in JSON, and what CEL gets to see, which is nothing when
//! the JSON is not of the declared type (CEL knows no declarations). CEL's error is our unknown.
//! Where the two differ on purpose stands in [`DIFFERENCES`] and [`REFUSED`], and the generator keeps away from it.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cel::{Context, Program, Value};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Map;
use tenantry::api::Moment;
use tenantry::policy::condition::{FaultKind, List, Request, Scope, Truth, Type, User, compile};

const NOW: &str = "2026-12-01T00:00:00Z";

/// A condition, a record as both see it, what we find, what `cel` finds, and why both are right.
struct Difference {
    source: &'static str,
    record: &'static str,
    cel_record: &'static str,
    ours: Truth,
    cel: Truth,
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        source: "record.score + 1.7e308 > 0.0",
        record: r#"{"score": 1.7e308}"#,
        cel_record: "{'score': 1.7e308}",
        ours: Truth::Unknown,
        cel: Truth::True,
        reason: "the contract makes overflows unknown; CEL goes on with an infinity",
    },
    Difference {
        source: "--record.age < 0",
        record: r#"{"age": -9223372036854775808}"#,
        cel_record: "{'age': -9223372036854775808}",
        ours: Truth::Unknown,
        cel: Truth::True,
        reason: "the inner minus overflows; CEL's parsers drop minuses in pairs and so never see it",
    },
];

/// What CEL parses and conditions refuse, and why.
const REFUSED: &[(&str, &str)] = &[
    (
        "true // as everybody knows",
        "comments are not among what the contract allows",
    ),
    (".5 < 1.0", "Doubles have digits on both sides of the dot"),
    ("0x1F == 31", "Ints are decimal"),
    ("1u == 1u", "there are no unsigned numbers"),
    ("null == null", "there is no null"),
    ("b'a' == b'a'", "there are no bytes"),
    ("r'a' == 'a'", "there are no raw texts"),
    ("'''a''' == 'a'", "there are no texts over several lines"),
    (r"'\a' == '\x07'", "the escapes are those that the contract lists"),
    ("true ? true : false", "there is no ternary"),
    ("record.tags[0] == 'a'", "there is no indexing"),
    ("{'a': 1}.a == 1", "there are no maps"),
    ("record.tags.all(tag, tag == 'a')", "there are no macros over lists"),
    ("record.city.matches('a')", "there are no regular expressions"),
    ("int('1') == 1", "there are no conversions"),
    ("2 * 3 == 6", "numbers are added and subtracted only"),
    ("'a' + 'b' == 'ab'", "texts are not joined"),
    ("record.tags == ['a']", "lists are not compared"),
    ("false < true", "Bools have no order"),
    ("1 == 1.0", "Int and Double do not mix"),
    ("1 in [1, 1.0]", "a list holds one type"),
    ("record.age == 'a'", "fields have the type that they are declared with"),
    (
        "!!record.age",
        "CEL's parsers drop negations in pairs, and with them the type error",
    ),
    (
        "duration('1.5h') > duration('1ms')",
        "durations have the form that manifests have",
    ),
    (
        "timestamp('2026-12-01T00:00:00.5Z') > now",
        "moments have the form that manifests have",
    ),
    ("timestamp(record.city) > now", "only literals become moments"),
];

/// What the object declares: names and types.
const FIELDS: [(&str, Type); 9] = [
    ("name", Type::String),
    ("city", Type::String),
    ("age", Type::Int),
    ("visits", Type::Int),
    ("score", Type::Double),
    ("vip", Type::Bool),
    ("born", Type::Timestamp),
    ("seen", Type::Timestamp),
    ("tags", Type::StringList),
];

struct Customers;

impl Scope for Customers {
    fn record(&self, name: &str) -> Option<Type> {
        FIELDS.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind)
    }

    fn has_user_attribute(&self, name: &str) -> bool {
        name == "department" || name == "package"
    }
}

/// A value in JSON and in CEL, `None` where CEL must not see it.
type Spelling = (&'static str, Option<&'static str>);

fn spellings(kind: Type) -> &'static [Spelling] {
    match kind {
        Type::String => &[
            (r#""Berlin""#, Some("'Berlin'")),
            (r#""""#, Some("''")),
            (r#""é😀\n""#, Some(r"'é😀\n'")),
            (r#""b""#, Some("'b'")),
            ("null", None),
            ("7", None),
            (r#"["Berlin"]"#, None),
        ],
        Type::Int => &[
            ("0", Some("0")),
            ("42", Some("42")),
            ("-1", Some("-1")),
            ("9223372036854775807", Some("9223372036854775807")),
            ("-9223372036854775808", Some("-9223372036854775808")),
            ("9223372036854775808", None),
            ("1.0", None),
            ("1e2", None),
            (r#""42""#, None),
            ("null", None),
        ],
        Type::Double => &[
            ("0", Some("0.0")),
            ("1.5", Some("1.5")),
            ("-3", Some("-3.0")),
            ("1e3", Some("1e3")),
            ("0.1", Some("0.1")),
            (r#""1.5""#, None),
            ("true", None),
            ("null", None),
        ],
        Type::Bool => &[
            ("true", Some("true")),
            ("false", Some("false")),
            ("null", None),
            ("0", None),
            (r#""true""#, None),
        ],
        Type::Timestamp | Type::Duration => &[
            (r#""2026-12-01T00:00:00Z""#, Some("timestamp('2026-12-01T00:00:00Z')")),
            (
                r#""2026-11-30T12:00:00+01:00""#,
                Some("timestamp('2026-11-30T11:00:00Z')"),
            ),
            (r#""0001-01-01T00:00:00Z""#, Some("timestamp('0001-01-01T00:00:00Z')")),
            (r#""9999-12-31T23:59:59Z""#, Some("timestamp('9999-12-31T23:59:59Z')")),
            (r#""2026-12-01T00:00:00.5Z""#, None),
            (r#""2026-12-01""#, None),
            ("1796083200", None),
            ("null", None),
        ],
        Type::StringList => &[
            (r#"["Berlin", "b"]"#, Some("['Berlin', 'b']")),
            ("[]", Some("[]")),
            (r#"["é😀\n"]"#, Some(r"['é😀\n']")),
            (r#"["Berlin", 1]"#, None),
            (r#"["Berlin", null]"#, None),
            (r#""Berlin""#, None),
            ("null", None),
        ],
    }
}

fn literals(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::String | Type::StringList => &[
            "''",
            "'Berlin'",
            "'b'",
            r#""B""#,
            r"'\u00e9'",
            r#""\\ \' \" \n \r \t""#,
            r#"'"'"#,
            r"'é\u20AC😀'",
        ],
        Type::Int => &[
            "0",
            "1",
            "42",
            "007",
            "9223372036854775807",
            "-9223372036854775808",
            "-1",
        ],
        Type::Double => &["0.0", "1.5", "1e3", "1.5E-3", "1e+2", "-0.5", "-0.0"],
        Type::Bool => &["true", "false"],
        Type::Timestamp => &[
            "now",
            "timestamp('2026-12-01T00:00:00Z')",
            "timestamp('2026-11-30T12:00:00+01:00')",
            "timestamp('0001-01-01T00:00:00Z')",
            "timestamp('9999-12-31T23:59:59Z')",
        ],
        Type::Duration => &[
            "duration('1h')",
            "duration('24h')",
            "duration('-1h')",
            "duration('1h30m')",
            "duration('90s')",
            "duration(\"-1h1m1s\")",
            "duration('87600h')",
        ],
    }
}

fn attributes(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::String => &[
            "record.city",
            "record.name",
            "record.id",
            "record.creator",
            "user.name",
            "user.email",
            "user.attributes.department",
            "user.attributes.package",
            "(record).city",
            "record . name",
        ],
        Type::Int => &["record.age", "record.visits"],
        Type::Double => &["record.score"],
        Type::Bool => &["record.vip"],
        Type::Timestamp => &["record.born", "record.seen"],
        Type::Duration => &[],
        Type::StringList => &[
            "record.tags",
            "record.organizations",
            "record.creatorRoles",
            "user.groups",
        ],
    }
}

const SCALARS: [Type; 6] = [
    Type::Bool,
    Type::String,
    Type::Int,
    Type::Double,
    Type::Timestamp,
    Type::Duration,
];
const ALL: [Type; 7] = [
    Type::Bool,
    Type::String,
    Type::Int,
    Type::Double,
    Type::Timestamp,
    Type::Duration,
    Type::StringList,
];

/// A piece of source and how tightly its outermost operator binds.
struct Piece {
    text: String,
    binds: u8,
}

const OR: u8 = 1;
const AND: u8 = 2;
const RELATION: u8 = 3;
const SUM: u8 = 4;
const UNARY: u8 = 5;
const MEMBER: u8 = 6;

fn atom(text: impl Into<String>) -> Piece {
    Piece {
        text: text.into(),
        binds: MEMBER,
    }
}

/// Decodes expressions from bytes. With `broken_at`, the piece asked for at that count is of another type than asked for.
struct Writer<'a> {
    tape: std::slice::Iter<'a, u8>,
    asked: usize,
    broken_at: Option<usize>,
}

impl<'a> Writer<'a> {
    fn new(tape: &'a [u8], broken_at: Option<usize>) -> Self {
        Self {
            tape: tape.iter(),
            asked: 0,
            broken_at,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.tape.next().copied().unwrap_or_default()) % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A piece of the type that may stand where operators bind by at least `binds`.
    fn piece(&mut self, kind: Type, depth: usize, binds: u8) -> String {
        self.asked += 1;
        let kind = if self.broken_at == Some(self.asked) {
            let others: Vec<_> = ALL.into_iter().filter(|other| *other != kind).collect();
            self.one_of(&others)
        } else {
            kind
        };
        let piece = self.of(kind, depth);
        if piece.binds < binds || self.below(8) == 7 {
            format!("({})", piece.text)
        } else {
            piece.text
        }
    }

    fn of(&mut self, kind: Type, depth: usize) -> Piece {
        let form = self.below(6);
        if kind == Type::StringList || (form == 1 && !attributes(kind).is_empty()) {
            return atom(self.one_of(attributes(kind)));
        }
        if depth == 0 || form == 0 {
            let text = self.one_of(literals(kind));
            return Piece {
                text: text.into(),
                binds: if text.starts_with('-') { UNARY } else { MEMBER },
            };
        }
        match kind {
            Type::Bool => self.truth(depth - 1),
            Type::Int => match self.below(4) {
                0 => self.size(depth - 1),
                1 => self.negative(kind, depth - 1),
                _ => self.sum([kind, kind], depth - 1),
            },
            Type::Double => match self.below(3) {
                0 => self.negative(kind, depth - 1),
                _ => self.sum([kind, kind], depth - 1),
            },
            Type::Timestamp => match self.below(2) {
                0 => self.sum([Type::Timestamp, Type::Duration], depth - 1),
                _ => self.joined("+", SUM, [Type::Duration, Type::Timestamp], depth - 1),
            },
            Type::Duration => match self.below(2) {
                0 => self.joined("-", SUM, [Type::Timestamp, Type::Timestamp], depth - 1),
                _ => self.sum([kind, kind], depth - 1),
            },
            Type::String | Type::StringList => atom(self.one_of(attributes(kind))),
        }
    }

    fn truth(&mut self, depth: usize) -> Piece {
        match self.below(9) {
            0 => self.joined("&&", AND, [Type::Bool; 2], depth),
            1 => self.joined("||", OR, [Type::Bool; 2], depth),
            2 => Piece {
                text: format!("!{}", self.piece(Type::Bool, depth, UNARY)),
                binds: UNARY,
            },
            3 => {
                let kind = self.one_of(&SCALARS);
                let operator = self.one_of(&["==", "!="]);
                self.joined(operator, RELATION, [kind; 2], depth)
            }
            4 | 5 => {
                let kind = self.one_of(&SCALARS[1..]);
                let operator = self.one_of(&["<", "<=", ">", ">="]);
                self.joined(operator, RELATION, [kind; 2], depth)
            }
            6 => self.is_in(depth),
            7 => {
                let test = self.one_of(&["startsWith", "endsWith", "contains"]);
                let text = self.piece(Type::String, depth, MEMBER);
                let part = self.piece(Type::String, depth, OR);
                atom(format!("{text}.{test}({part})"))
            }
            _ => {
                let kind = self.one_of(&[
                    Type::String,
                    Type::Int,
                    Type::Double,
                    Type::Bool,
                    Type::Timestamp,
                    Type::StringList,
                ]);
                atom(format!("has({})", self.one_of(attributes(kind))))
            }
        }
    }

    fn is_in(&mut self, depth: usize) -> Piece {
        let kind = self.one_of(&SCALARS);
        let item = |writer: &mut Self, kind| writer.piece(kind, depth, RELATION);
        let text = if self.below(2) == 0 {
            let item = item(self, Type::String);
            format!("{item} in {}", self.piece(Type::StringList, depth, SUM))
        } else {
            let item = item(self, kind);
            format!("{item} in {}", self.list(kind, depth))
        };
        Piece { text, binds: RELATION }
    }

    /// A list literal; when something is to be broken, one in which that is seen.
    fn list(&mut self, kind: Type, depth: usize) -> String {
        let least = if self.broken_at.is_some() { 2 } else { 0 };
        let items: Vec<_> = (0..self.below(4).max(least))
            .map(|_| self.piece(kind, depth, OR))
            .collect();
        let comma = if !items.is_empty() && self.below(4) == 3 {
            ","
        } else {
            ""
        };
        format!("[{}{comma}]", items.join(", "))
    }

    fn size(&mut self, depth: usize) -> Piece {
        let measured = match self.below(3) {
            0 => self.of(Type::String, 0).text,
            1 => self.of(Type::StringList, 0).text,
            _ => {
                let kind = self.one_of(&SCALARS);
                self.list(kind, depth)
            }
        };
        atom(if self.below(2) == 0 {
            format!("size({measured})")
        } else {
            format!("{measured}.size()")
        })
    }

    fn negative(&mut self, kind: Type, depth: usize) -> Piece {
        Piece {
            text: format!("-{}", self.piece(kind, depth, MEMBER)),
            binds: UNARY,
        }
    }

    fn sum(&mut self, kinds: [Type; 2], depth: usize) -> Piece {
        let operator = self.one_of(&["+", "-"]);
        self.joined(operator, SUM, kinds, depth)
    }

    fn joined(&mut self, operator: &str, binds: u8, [left, right]: [Type; 2], depth: usize) -> Piece {
        let left = self.piece(left, depth, binds);
        let space = self.one_of(&[" ", "", "\n", "\t "]);
        let right = self.piece(right, depth, binds + 1);
        Piece {
            text: format!("{left}{space}{operator}{space}{right}"),
            binds,
        }
    }
}

/// A record in JSON and in CEL.
struct Record {
    json: String,
    cel: String,
}

const SYSTEM: [(&str, Type); 3] = [
    ("id", Type::String),
    ("creator", Type::String),
    ("organizations", Type::StringList),
];

fn record(tape: &[u8]) -> Record {
    let mut bytes = tape.iter().copied();
    let (mut json, mut cel) = (Vec::new(), vec!["'creatorRoles': ['b']".to_owned()]);
    for (name, kind) in FIELDS.into_iter().chain(SYSTEM) {
        let choices = spellings(kind);
        if let Some((spelling, seen)) = choices.get(usize::from(bytes.next().unwrap_or_default()) % (choices.len() + 1))
        {
            json.push(format!("\"{name}\": {spelling}"));
            cel.extend(seen.map(|seen| format!("'{name}': {seen}")));
        }
    }
    Record {
        json: format!("{{{}}}", json.join(", ")),
        cel: format!("{{{}}}", cel.join(", ")),
    }
}

fn ours(source: &str, record: &str) -> Result<Truth, FaultKind> {
    let condition = compile(source, &Customers).map_err(|fault| fault.kind)?;
    let record: Map<String, serde_json::Value> = serde_json::from_str(record).unwrap();
    let attributes = BTreeMap::from([("department".to_owned(), "Berlin".to_owned())]);
    Ok(condition.evaluate(&Request {
        record: &record,
        creator_roles: Some(List::Borrowed(&["b"])),
        user: User {
            name: "b",
            account: None,
            email: None,
            position: None,
            organization: None,
            groups: List::Borrowed(&["Berlin", ""]),
            attributes: &attributes,
        },
        now: Moment::parse(NOW).unwrap(),
    }))
}

fn cel_value(source: &str) -> Value {
    Program::compile(source).unwrap().execute(&Context::default()).unwrap()
}

static CEL_USER: LazyLock<Value> =
    LazyLock::new(|| cel_value("{'name': 'b', 'groups': ['Berlin', ''], 'attributes': {'department': 'Berlin'}}"));
static CEL_NOW: LazyLock<Value> = LazyLock::new(|| cel_value(&format!("timestamp('{NOW}')")));

/// What `cel` finds, `None` if it cannot parse `source`.
fn theirs(source: &str, record: &str) -> Option<Truth> {
    let program = Program::compile(source).ok()?;
    let mut context = Context::default();
    context.add_variable_from_value("record", cel_value(record));
    context.add_variable_from_value("user", CEL_USER.clone());
    context.add_variable_from_value("now", CEL_NOW.clone());
    Some(match program.execute(&context) {
        Ok(Value::Bool(true)) => Truth::True,
        Ok(Value::Bool(false)) => Truth::False,
        Ok(other) => panic!("{source} is no Bool to cel: {other:?}"),
        Err(_) => Truth::Unknown,
    })
}

fn written(tape: &[u8]) -> String {
    Writer::new(tape, None).truth(3).text
}

fn agree(source: &str, record: &Record) -> Result<(), TestCaseError> {
    match ours(source, &record.json) {
        Ok(truth) => prop_assert_eq!(Some(truth), theirs(source, &record.cel), "{} {}", source, record.json),
        Err(kind) => prop_assert_eq!(kind, FaultKind::Limit, "{}", source),
    }
    Ok(())
}

/// At least a thousand cases, more by `PROPTEST_CASES`: the rarer rules need them.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(1_024),
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn well_typed_conditions_mean_the_same_in_cel(
        expression in prop::collection::vec(any::<u8>(), 1..120),
        attributes in prop::collection::vec(any::<u8>(), 12),
    ) {
        agree(&written(&expression), &record(&attributes))?;
    }

    #[test]
    fn ill_typed_conditions_are_refused(expression in prop::collection::vec(any::<u8>(), 1..120), place in any::<prop::sample::Index>()) {
        let mut whole = Writer::new(&expression, Some(usize::MAX));
        whole.truth(3);
        if whole.asked == 0 {
            return Ok(());
        }
        let source = Writer::new(&expression, Some(1 + place.index(whole.asked))).truth(3).text;
        let fault = compile(&source, &Customers);
        prop_assert!(fault.is_err(), "{}", source);
        prop_assert!(matches!(fault.unwrap_err().kind, FaultKind::Type | FaultKind::Limit), "{}", source);
    }

    #[test]
    fn whatever_compiles_after_a_slip_means_the_same_in_cel(
        expression in prop::collection::vec(any::<u8>(), 1..120),
        attributes in prop::collection::vec(any::<u8>(), 12),
        place in any::<prop::sample::Index>(),
        slip in prop::option::of(prop::sample::select(vec!['!', '-', '+', '(', ')', '.', ',', '\'', '\\', '0', '1', 'e', 'u', ' ', '=', '<', '&', '[', '\n', '"'])),
    ) {
        let mut source: Vec<char> = written(&expression).chars().collect();
        let place = place.index(source.len());
        match slip {
            Some(character) => source.insert(place, character),
            None => { source.remove(place); }
        }
        let source: String = source.into_iter().collect();
        // Two minuses are among the DIFFERENCES.
        if source.split_whitespace().collect::<String>().contains("--") {
            return Ok(());
        }
        let record = record(&attributes);
        if let Ok(truth) = ours(&source, &record.json) {
            prop_assert_eq!(Some(truth), theirs(&source, &record.cel), "{} {}", source, record.json);
        }
    }
}

#[test]
fn the_differences_are_as_described() {
    for it in DIFFERENCES {
        assert_eq!(ours(it.source, it.record), Ok(it.ours), "{}: {}", it.source, it.reason);
        assert_eq!(
            theirs(it.source, it.cel_record),
            Some(it.cel),
            "{}: {}",
            it.source,
            it.reason
        );
    }
}

#[test]
fn what_is_refused_is_cel() {
    for (source, reason) in REFUSED {
        assert!(ours(source, "{}").is_err(), "{source}: {reason}");
        assert!(Program::compile(source).is_ok(), "{source}: {reason}");
    }
}
