//! The form of a file of expectations: what may stand in it, and what stands there.
//!
//! Whether the users, roles and actions that it names exist is not known here: see `names`.

use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};

use crate::api::forms::TEXT_PATTERN;
use crate::api::{Display, Moment, Rows, UserPhase};
use crate::manifests::form::{At, Compiler, Object, Schema, Word, list_by, mapping, one_of, read, set, text};
use crate::manifests::{Fault, SchemaError, Source};

/// What a file expects.
#[derive(Debug)]
pub(super) struct Expectations {
    /// The paths of the manifests, relative to the file; its directory when there are none.
    pub(super) manifests: Vec<Word>,
    /// The path of the catalogue, likewise.
    pub(super) catalogue: Option<Word>,
    /// The tenant of objects that name no namespace.
    pub(super) tenant: Option<Word>,
    /// The cases.
    pub(super) groups: Vec<Group>,
}

/// Cases that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) cases: Vec<Case>,
}

/// What holds for one person, or for one action.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: Word,
    /// The moment that the case, its group or its file names.
    pub(super) at: Option<Moment>,
    /// The tenant, likewise.
    pub(super) tenant: Option<Word>,
    pub(super) expected: Expected,
}

#[derive(Debug)]
pub(super) enum Expected {
    Person(Box<Person>),
    Holders(Holders),
}

/// What a person has. What is absent or empty is not looked at, but for the sets: an empty one says "none".
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: Word,
    pub(super) phase: Option<UserPhase>,
    pub(super) may: Vec<Word>,
    pub(super) may_not: Vec<Word>,
    pub(super) roles: Option<Vec<Word>>,
    pub(super) organizations: Option<Vec<Word>>,
    pub(super) groups: Option<Vec<Word>>,
    pub(super) fields: Vec<(Word, Display)>,
    pub(super) rows: Vec<(Word, Rows)>,
}

/// Everyone who may.
#[derive(Debug)]
pub(super) struct Holders {
    pub(super) action: Word,
    pub(super) are: Vec<Word>,
}

/// What a person's case may expect.
const OF_A_PERSON: [&str; 8] = [
    "phase",
    "may",
    "mayNot",
    "roles",
    "organizations",
    "groups",
    "fields",
    "rows",
];
/// Names that cases will have when there are decisions on records.
const RESERVED: [&str; 3] = ["organization", "reason", "record"];
/// The longest name of a group or case, in characters.
const LONGEST_NAME: usize = 200;
/// The longest name of anything else, in characters.
const LONGEST_WORD: usize = 253;
/// The longest path, in characters.
const LONGEST_PATH: usize = 4_096;

/// What may stand in a file.
pub(super) fn schema() -> Result<Object, SchemaError> {
    let mut compiler = Compiler::new(&[]);
    let case = case_schema(&mut compiler)?;
    let group = Object::of([
        ("!name", compiler.bounded(LONGEST_NAME, TEXT_PATTERN)?),
        ("at", compiler.bounded(LONGEST_WORD, Moment::PATTERN)?),
        ("tenant", text(LONGEST_WORD)),
        ("!cases", list_by("name", case)),
    ]);
    Ok(Object::of([
        ("manifests", set(text(LONGEST_PATH), 1)),
        ("catalogue", text(LONGEST_PATH)),
        ("at", compiler.bounded(LONGEST_WORD, Moment::PATTERN)?),
        ("tenant", text(LONGEST_WORD)),
        ("!groups", list_by("name", Schema::Object(group))),
    ]))
}

fn case_schema(compiler: &mut Compiler) -> Result<Schema, SchemaError> {
    let names = |fewest| set(text(LONGEST_WORD), fewest);
    Ok(Schema::Object(Object::of([
        ("!name", compiler.bounded(LONGEST_NAME, TEXT_PATTERN)?),
        ("at", compiler.bounded(LONGEST_WORD, Moment::PATTERN)?),
        ("tenant", text(LONGEST_WORD)),
        ("user", text(LONGEST_WORD)),
        (
            "phase",
            one_of(&["Active", "Pending", "Expired", "Disabled", "Invalid"]),
        ),
        ("may", names(1)),
        ("mayNot", names(1)),
        ("roles", names(0)),
        ("organizations", names(0)),
        ("groups", names(0)),
        ("fields", mapping(one_of(&["Clear", "Masked", "Hidden"]))),
        ("rows", mapping(one_of(&["All", "Some", "None"]))),
        ("whoCan", text(LONGEST_WORD)),
        ("are", names(0)),
    ])))
}

/// Reads a file.
///
/// # Errors
/// Everything that is wrong with its form.
pub(super) fn expectations(source: &Source, schema: &Object) -> Result<Expectations, Vec<Fault>> {
    let node = read(source, schema).map_err(|faults| faults.into_iter().map(reserved).collect::<Vec<_>>())?;
    let root = At::root(&node);
    let mut reader = Reader::default();
    let usual = reader.around(&root, &Around::default());
    let groups = root.list("groups").iter().map(|at| reader.group(at, &usual)).collect();
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    Ok(Expectations {
        manifests: root.words("manifests").unwrap_or_default(),
        catalogue: root.word("catalogue"),
        tenant: root.word("tenant"),
        groups,
    })
}

/// Says of a reserved name that it is one.
fn reserved(fault: Fault) -> Fault {
    let is_it = |name: &&&str| fault.message == format!("unknown field `{name}`");
    match RESERVED.iter().find(is_it) {
        Some(name) => Fault {
            message: format!("`{name}` is reserved: decisions on single records are not tried yet"),
            help: "remove it; `may` and `mayNot` say what holds for some record or for none".to_owned(),
            ..fault
        },
        None => fault,
    }
}

/// What a file, then a group, then a case says about all that lies in it.
#[derive(Clone, Default)]
struct Around {
    at: Option<Moment>,
    tenant: Option<Word>,
}

/// Picks up what is of the right structure and keeps what is wrong nevertheless.
#[derive(Default)]
struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn around(&mut self, at: &At<'_, '_>, outer: &Around) -> Around {
        Around {
            at: self.moment(at).or(outer.at),
            tenant: at.word("tenant").or_else(|| outer.tenant.clone()),
        }
    }

    fn moment(&mut self, at: &At<'_, '_>) -> Option<Moment> {
        let word = at.word("at")?;
        let moment = Moment::parse(&word.text);
        if moment.is_none() {
            let message = format!("`{}` is not a moment of the calendar", word.text);
            self.faults
                .push(word.fault(message, "write it like `2026-12-01T00:00:00Z`"));
        }
        moment
    }

    fn group(&mut self, at: &At<'_, '_>, outer: &Around) -> Group {
        let inner = self.around(at, outer);
        let cases = at.list("cases");
        Group {
            name: at.word("name").map(|name| name.text).unwrap_or_default(),
            cases: cases.iter().filter_map(|at| self.case(at, &inner)).collect(),
        }
    }

    fn case(&mut self, at: &At<'_, '_>, outer: &Around) -> Option<Case> {
        let inner = self.around(at, outer);
        let expected = match (at.word("user"), at.word("whoCan")) {
            (Some(user), None) => self.person(at, user).map(|person| Expected::Person(Box::new(person))),
            (None, Some(action)) => self.holders(at, action).map(Expected::Holders),
            (Some(_), Some(action)) => {
                self.faults
                    .push(action.fault("`whoCan` beside `user`", "make two cases of it"));
                None
            }
            (None, None) => {
                let message = "a case is about a person or about an action";
                self.faults.push(at.fault(message, "give it `user` or `whoCan`"));
                None
            }
        };
        Some(Case {
            name: at.word("name")?,
            at: inner.at,
            tenant: inner.tenant,
            expected: expected?,
        })
    }

    fn person(&mut self, at: &At<'_, '_>, user: Word) -> Option<Person> {
        self.refuse(at, &["are"], "whoCan");
        if OF_A_PERSON.iter().all(|name| at.get(name).is_none()) {
            let names = OF_A_PERSON.map(|name| format!("`{name}`")).join(", ");
            self.faults
                .push(user.fault("nothing is expected of her", format!("add one of {names}")));
            return None;
        }
        Some(Person {
            user,
            phase: at.word("phase").and_then(|word| choice(&word.text)),
            may: at.words("may").unwrap_or_default(),
            may_not: at.words("mayNot").unwrap_or_default(),
            roles: at.words("roles"),
            organizations: at.words("organizations"),
            groups: at.words("groups"),
            fields: choices(at, "fields"),
            rows: choices(at, "rows"),
        })
    }

    fn holders(&mut self, at: &At<'_, '_>, action: Word) -> Option<Holders> {
        self.refuse(at, &OF_A_PERSON, "user");
        let are = at.words("are");
        if are.is_none() {
            self.faults
                .push(action.fault("`are` is missing", "list everyone who may, `[]` for nobody"));
        }
        Some(Holders { action, are: are? })
    }

    /// Refuses fields that go with another kind of case.
    fn refuse(&mut self, at: &At<'_, '_>, names: &[&str], with: &str) {
        for (name, field) in names.iter().filter_map(|name| Some((name, at.get(name)?))) {
            self.faults.push(field.fault(
                format!("`{name}` goes with `{with}`"),
                "remove it, or make two cases of it",
            ));
        }
    }
}

/// A mapping to words of an enum. The schema has seen to it that they are.
fn choices<T: for<'d> Deserialize<'d>>(at: &At<'_, '_>, name: &str) -> Vec<(Word, T)> {
    let pairs = at.pairs(name).into_iter();
    pairs.filter_map(|(name, value)| Some((name, choice(value)?))).collect()
}

fn choice<T: for<'d> Deserialize<'d>>(word: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<WordError>::new(word)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let source = Source {
            name: "a.test.yaml".to_owned(),
            text: text.to_owned(),
        };
        let faults = expectations(&source, &schema().unwrap()).err().unwrap_or_default();
        let said = |fault: Fault| {
            let Place { line, column, .. } = fault.place;
            format!("{line}:{column} {}: {}; {}", fault.path, fault.message, fault.help)
        };
        faults.into_iter().map(said).collect()
    }

    use crate::manifests::Place;

    /// A file with one case.
    fn case(case: &str) -> String {
        format!("groups:\n- name: g\n  cases:\n  - {case}\n")
    }

    #[test]
    fn a_sound_file_has_no_faults() {
        for text in [
            case("{name: a, user: bob, may: [\"A:B\"], roles: [], rows: {Event: None}, fields: {A.b: Hidden}}"),
            case("{name: a, whoCan: \"A:B\", are: []}"),
            case("{name: a, at: \"2026-12-01T00:00:00+01:00\", tenant: x, user: bob, phase: Active}"),
        ] {
            assert_eq!(faults(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_place_and_mend() {
        for (text, expected) in [
            (
                String::new(),
                "1:1 : there is nothing in it; give it `at`, `catalogue`, `groups`, `manifests`, `tenant`",
            ),
            ("[a]\n".to_owned(), "1:1 : not a mapping; write lines of `name: value`"),
            (
                "a: b: c\n".to_owned(),
                "1:5 : mapping values are not allowed in this context; ",
            ),
            (
                case("{name: a, user: bob, phase: Active}") + "---\ngroups: []\n",
                "5:1 : a second document starts here; give it a file of its own",
            ),
            (
                case("{name: a, user: bob, phase: Active}")
                    + "manifest: [a]
",
                "5:1 manifest: unknown field `manifest`; did you mean `manifests`?",
            ),
            (
                case("{name: a, user: bob, phase: Aktive}"),
                "4:33 groups[0].cases[0].phase: `Aktive` is none of the values allowed; did you mean `Active`?",
            ),
            (
                case("{name: a, user: 12, phase: Active}"),
                "4:21 groups[0].cases[0].user: `12` is read as a number where a text is wanted; quote it: `\"12\"`",
            ),
            (
                case("{name: a, user: bob, may: [A, A]}"),
                "4:35 groups[0].cases[0].may[1]: `A` is listed twice; remove the repetition",
            ),
            (
                case("{name: a, user: bob, may: []}"),
                "4:26 groups[0].cases[0].may: an empty list; list at least 1 entry",
            ),
            (
                case("{user: bob, phase: Active}"),
                "4:5 groups[0].cases[0].name: `name` is missing; add `name`",
            ),
            (
                case("{name: a, phase: Active}"),
                "4:5 groups[0].cases[0]: a case is about a person or about an action; give it `user` or `whoCan`",
            ),
            (
                case("{name: a, user: bob, whoCan: \"A:B\"}"),
                "4:34 groups[0].cases[0].whoCan: `whoCan` beside `user`; make two cases of it",
            ),
            (
                case("{name: a, user: bob, phase: Active, are: []}"),
                "4:41 groups[0].cases[0].are: `are` goes with `whoCan`; remove it, or make two cases of it",
            ),
            (
                case("{name: a, whoCan: \"A:B\"}"),
                "4:23 groups[0].cases[0].whoCan: `are` is missing; list everyone who may, `[]` for nobody",
            ),
            (
                case("{name: a, user: bob}"),
                "4:21 groups[0].cases[0].user: nothing is expected of her; add one of `phase`, `may`, `mayNot`, `roles`, `organizations`, `groups`, `fields`, `rows`",
            ),
            (
                case("{name: a, user: bob, phase: Active, at: \"2026-02-30T00:00:00Z\"}"),
                "4:45 groups[0].cases[0].at: `2026-02-30T00:00:00Z` is not a moment of the calendar; write it like `2026-12-01T00:00:00Z`",
            ),
            (
                case("{name: a, user: bob, phase: Active, at: tomorrow}"),
                "4:45 groups[0].cases[0].at: `tomorrow` is not a moment; write it like `2026-12-01T00:00:00Z`",
            ),
            (
                case("{name: a, user: bob, may: [\"A:B\"], record: {owner: bob}}"),
                "4:40 groups[0].cases[0].record: `record` is reserved: decisions on single records are not tried yet; remove it; `may` and `mayNot` say what holds for some record or for none",
            ),
        ] {
            let found = faults(&text);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{text}{found:#?}");
        }
    }

    #[test]
    fn a_name_stands_once_in_its_list() {
        let text = case("{name: a, user: bob, phase: Active}") + "  - {name: a, user: eve, phase: Active}\n";
        assert_eq!(
            faults(&text),
            ["5:5 groups[0].cases[1]: a second entry for `a`; merge it into the first"]
        );
    }

    #[test]
    fn moment_and_tenant_are_those_of_the_nearest() {
        let text = "at: \"2026-01-01T00:00:00Z\"\ntenant: file\ngroups:\n- name: g\n  tenant: group\n  cases:\n  - {name: a, user: bob, phase: Active}\n  - {name: b, user: bob, phase: Active, at: \"2026-02-01T00:00:00Z\", tenant: case}\n";
        let source = Source {
            name: String::new(),
            text: text.to_owned(),
        };
        let read = expectations(&source, &schema().unwrap()).unwrap();
        let around = |case: &Case| (case.at.unwrap().to_string(), case.tenant.as_ref().unwrap().text.clone());
        let found: Vec<_> = read.groups[0].cases.iter().map(around).collect();
        assert_eq!(
            found,
            [
                ("2026-01-01T00:00:00Z".to_owned(), "group".to_owned()),
                ("2026-02-01T00:00:00Z".to_owned(), "case".to_owned())
            ]
        );
    }

    #[test]
    fn the_documented_form_is_the_form() {
        let text = include_str!("../../../docs/cli.md");
        let section = text.split_once("\n## test\n").unwrap().1;
        let example = section.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
        assert_eq!(faults(example), [""; 0]);
        // It shows everything that there is.
        for field in schema().unwrap().fields {
            assert!(example.contains(&format!("{}:", field.name)), "{}", field.name);
        }
        for field in OF_A_PERSON.iter().chain(&["user", "whoCan", "are"]) {
            assert!(example.contains(&format!("{field}:")), "{field}");
        }
    }
}
