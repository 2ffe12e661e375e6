//! `tenantry test` as a person and a CI system meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A test may fail loudly.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TENANT: &str =
    "{apiVersion: tenantry.dev/v1alpha1, kind: Tenant, metadata: {name: tenant}, spec: {displayName: Acme}}\n";
const ROLE: &str = "{apiVersion: tenantry.dev/v1alpha1, kind: Role, metadata: {name: editor}, spec: {displayName: Editor, permissions: [{object: Campaign, actions: [Edit]}]}}\n";
const BOB: &str = "{apiVersion: tenantry.dev/v1alpha1, kind: User, metadata: {name: bob}, spec: {account: bob.smith, name: Bob, roles: [ordinary-user], temporaryRoles: [{role: editor, validFrom: \"2026-11-01T00:00:00Z\", validUntil: \"2026-12-01T00:00:00Z\"}]}}\n";
const EVE: &str = "{apiVersion: tenantry.dev/v1alpha1, kind: User, metadata: {name: eve}, spec: {account: eve.jones, name: Eve, roles: [administrator]}}\n";

/// A directory with manifests and a file of expectations.
struct Team {
    directory: tempfile::TempDir,
}

impl Team {
    /// The manifests of a small tenant and these cases, each in flow style, at a moment when bob is an editor.
    fn expects(cases: &[&str]) -> Self {
        let cases: String = cases.iter().map(|case| format!("  - {case}\n")).collect();
        Self::with(&format!(
            "at: \"2026-11-24T12:00:00Z\"\ngroups:\n- name: group\n  cases:\n{cases}"
        ))
    }

    fn with(expectations: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let manifests = [TENANT, ROLE, BOB, EVE].join("---\n");
        fs::write(directory.path().join("acme.yaml"), manifests).unwrap();
        let team = Self { directory };
        team.write("a.test.yaml", expectations);
        team
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// What `tenantry test .` says, in that directory.
    fn run(&self, more: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(["test", "."])
            .args(more)
            .current_dir(self.directory.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran(output)
    }

    fn json(&self) -> Value {
        let ran = self.run(&["-o", "json"]);
        serde_json::from_str(&ran.out()).unwrap_or_else(|error| panic!("{error}: {}", ran.err()))
    }

    /// The differences of the first case.
    fn differences(&self) -> Value {
        self.json()["files"][0]["groups"][0]["cases"][0]["differences"].clone()
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

#[test]
fn expectations_that_hold_end_with_0() {
    let team = Team::expects(&[
        "{name: a, user: bob, phase: Active, may: [\"Campaign:Edit\"], mayNot: [\"Campaign:Publish\", \"Customer:*\"], roles: [editor, ordinary-user], organizations: [], groups: [], rows: {Event: None}, fields: {Customer.email: Clear}}",
        "{name: b, whoCan: \"Campaign:Edit\", are: [bob, eve]}",
        "{name: c, at: \"2026-12-01T00:00:00Z\", whoCan: \"Campaign:Edit\", are: [eve]}",
    ]);
    let ran = team.run(&[]);
    assert_eq!(ran.code(), 0, "{}{}", ran.out(), ran.err());
    assert_eq!(ran.err(), "3 cases hold\n");
}

#[test]
fn a_case_that_fails_ends_with_1_and_says_what_is_otherwise_and_why() {
    for (case, expected) in [
        (
            "{name: a, user: bob, phase: Pending}",
            "          phase\n            - Pending\n            + Active\n",
        ),
        (
            "{name: a, user: bob, mayNot: [\"Campaign:View\"]}",
            "          mayNot Campaign:View\n            - Denied\n            + Allowed  Role/editor spec.permissions[0].actions[0] (comes with Campaign:Edit)\n                       her role by User/bob spec.temporaryRoles[0] (ends 2026-12-01T00:00:00Z)\n",
        ),
        (
            "{name: a, user: bob, at: \"2026-12-01T00:00:00Z\", may: [\"Campaign:Edit\"]}",
            "            + NoPermission  her roles: ordinary-user\n                            roles that give it: administrator, editor\n                            User/bob spec.temporaryRoles[0]: editor only from 2026-11-01T00:00:00Z until 2026-12-01T00:00:00Z\n",
        ),
        (
            "{name: a, user: bob, may: [\"Recommendation:View\"]}",
            "            + UnknownPermission  default lacks the module\n",
        ),
        (
            "{name: a, user: bob, roles: [editor, administrator]}",
            "          roles\n            - administrator\n            + ordinary-user  User/bob spec.roles[0]\n",
        ),
        (
            "{name: a, user: eve, rows: {Event: None}}",
            "          rows Event\n            - None\n            + All   Role/administrator spec.data[0] (All)\n",
        ),
        (
            "{name: a, user: bob, fields: {Customer.email: Hidden}}",
            "          fields Customer.email\n            - Hidden\n            + Clear   nothing restricts it\n",
        ),
        (
            "{name: a, at: \"2026-12-01T00:00:00Z\", whoCan: \"Campaign:Edit\", are: [bob]}",
            "          whoCan Campaign:Edit\n            - bob  NoPermission\n                   her roles: ordinary-user\n",
        ),
    ] {
        let ran = Team::expects(&[case]).run(&[]);
        assert_eq!(ran.code(), 1, "{case}: {}", ran.err());
        assert!(ran.out().contains("    FAIL  a\n"), "{}", ran.out());
        assert!(ran.out().contains(expected), "{case}:\n{}\n{expected}", ran.out());
        assert_eq!(ran.err(), "1 of 1 case fails\n");
    }
}

#[test]
fn who_is_not_active_has_nothing_and_may_nothing() {
    let gone = BOB.replace("name: Bob,", "name: Bob, enabled: false,");
    let cases = [
        "{name: a, user: bob, phase: Disabled, mayNot: [\"*:*\"]}",
        "{name: a, user: bob, phase: Disabled, mayNot: [\"Campaign:*\"], roles: [], organizations: [], groups: [], rows: {Event: None}}",
        "{name: a, user: bob, fields: {Customer.email: Clear}}",
    ];
    for (case, code) in cases.into_iter().zip([2, 0, 1]) {
        let team = Team::expects(&[case]);
        team.write("acme.yaml", &[TENANT, ROLE, &gone].join("---\n"));
        let ran = team.run(&[]);
        assert_eq!(ran.code(), code, "{case}: {}{}", ran.out(), ran.err());
    }
}

#[test]
fn a_user_whose_manifest_is_broken_is_known_and_has_nothing() {
    let team = Team::expects(&[
        "{name: a, user: bob, phase: Invalid, mayNot: [\"Campaign:*\"], roles: []}",
        "{name: b, user: bob, may: [\"Campaign:Edit\"]}",
    ]);
    team.write(
        "acme.yaml",
        &[TENANT, ROLE, &BOB.replace("account:", "acount:")].join("---\n"),
    );
    let ran = team.run(&[]);
    assert_eq!(ran.code(), 1);
    assert!(ran.out().contains("ok    a\n"), "{}", ran.out());
    assert!(
        ran.out().contains("+ UserInvalid  User/bob is not schema-valid"),
        "{}",
        ran.out()
    );
}

#[test]
fn findings_in_the_manifests_are_said_in_one_line_and_the_run_goes_on() {
    let team = Team::expects(&["{name: a, user: eve, may: [\"Campaign:Edit\"]}"]);
    team.write(
        "more.yaml",
        &BOB.replace("bob", "carl").replace("ordinary-user", "no-such-role"),
    );
    let ran = team.run(&[]);
    assert_eq!(ran.code(), 0);
    assert_eq!(
        ran.err(),
        "./a.test.yaml: its manifests have 1 finding; `tenantry check` says what is void\n1 case holds\n"
    );
}

#[test]
fn without_a_tenant_in_force_nobody_may_anything() {
    let team = Team::expects(&[
        "{name: a, user: bob, mayNot: [\"Campaign:Edit\"], phase: Invalid}",
        "{name: b, whoCan: \"Campaign:Edit\", are: [eve]}",
    ]);
    team.write("acme.yaml", &[ROLE, BOB, EVE].join("---\n"));
    let ran = team.run(&[]);
    assert!(ran.out().contains("ok    a\n"), "{}", ran.out());
    assert!(ran.out().contains("- eve  NoTenant\n"), "{}", ran.out());
    assert!(ran.out().contains("default has no Tenant in force\n"), "{}", ran.out());
}

#[test]
fn an_unknown_name_ends_with_2_and_its_place_and_mend() {
    for (case, expected) in [
        (
            "{name: a, user: bab, phase: Active}",
            "5:21 there is no user in default named `bab`; did you mean `bob`?",
        ),
        (
            "{name: a, user: bob, may: [\"Campain:Edit\"]}",
            "5:32 there is no object `Campain`; did you mean `Campaign`?",
        ),
        (
            "{name: a, user: bob, may: [\"Campaign:Edot\"]}",
            "5:32 Campaign has no action `Edot`; did you mean `Campaign:Edit`?",
        ),
        (
            "{name: a, user: bob, may: [Campaign]}",
            "5:32 `Campaign` names no action; write it like `Campaign:Publish`, or `Campaign:*` for every action",
        ),
        (
            "{name: a, user: bob, roles: [editor, edito]}",
            "5:42 there is no role in default named `edito`; did you mean `editor`?",
        ),
        (
            "{name: a, user: bob, organizations: [nowhere]}",
            "5:42 there is no organization in default named `nowhere`; correct the name, or remove it",
        ),
        (
            "{name: a, user: bob, groups: [nobody]}",
            "5:35 there is no user group in default named `nobody`; correct the name, or remove it",
        ),
        (
            "{name: a, user: bob, fields: {Customer.mail: Clear}}",
            "5:35 Customer has no field `mail`; did you mean `Customer.email`?",
        ),
        (
            "{name: a, user: bob, fields: {email: Clear}}",
            "5:35 `email` names no field; write it like `Customer.email`",
        ),
        (
            "{name: a, user: bob, rows: {Customer: All}}",
            "5:33 roles do not scope the rows of Customer; they scope those of Event, Funnel, UserProfile, UserTag",
        ),
        (
            "{name: a, user: bob, may: [\"Campaign:Edit\"], mayNot: [\"Campaign:*\"]}",
            "5:59 `may` lists it, too; remove one of the two",
        ),
        (
            "{name: a, whoCan: \"Campaign:*\", are: []}",
            "5:23 `whoCan` asks about one action; name it",
        ),
        (
            "{name: a, whoCan: \"Campaign:Edit\", are: [bab]}",
            "5:46 there is no user in default named `bab`; did you mean `bob`?",
        ),
        (
            "{name: a, tenant: defalt, user: bob, phase: Active}",
            "5:23 there is no tenant named `defalt`; did you mean `default`?",
        ),
    ] {
        let team = Team::expects(&[case]);
        let ran = team.run(&[]);
        assert_eq!(ran.code(), 2, "{case}: {}{}", ran.out(), ran.err());
        let error = &team.json()["files"][0]["errors"];
        let text = |field: &str| error[0][field].as_str().unwrap().to_owned();
        let said = format!(
            "{}:{} {}; {}",
            error[0]["line"],
            error[0]["column"],
            text("message"),
            text("mend")
        );
        assert_eq!(
            (said.as_str(), error.as_array().unwrap().len()),
            (expected, 1),
            "{case}"
        );
        assert!(ran.err().contains(&text("message")), "{}", ran.err());
        assert!(ran.err().contains("the cases of 1 file were not run"), "{}", ran.err());
    }
}

#[test]
fn every_unknown_name_of_a_file_is_said_at_once_in_the_order_of_the_file() {
    let team = Team::expects(&[
        "{name: a, user: bab, phase: Active, at: \"2026-12-01T00:00:00Z\"}",
        "{name: b, user: bub, phase: Active}",
        "{name: c, user: bib, phase: Active, at: \"2026-11-01T00:00:00Z\"}",
    ]);
    let lines = team.json()["files"][0]["errors"].clone();
    let lines: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].clone())
        .collect();
    assert_eq!(lines, [5, 6, 7]);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let sound = "groups: [{name: g, cases: [{name: a, user: eve, phase: Active}]}]\n";
    for (expectations, expected) in [
        ("groups: [\n", "1:"),
        ("groups: []\n", "an empty list"),
        (&format!("manifests: [nowhere]\n{sound}"), "there is no `./nowhere`"),
        (
            &format!("manifests: [empty.yaml]\n{sound}"),
            "no object of tenantry.dev in its manifests",
        ),
        (&format!("manifests: [latin.yaml]\n{sound}"), "is not UTF-8"),
        (
            &format!("catalogue: nowhere.yaml\n{sound}"),
            "cannot read the catalogue `./nowhere.yaml`",
        ),
        (&format!("catalogue: acme.yaml\n{sound}"), "acme.yaml:1:"),
    ] {
        let team = Team::with(expectations);
        team.write("empty.yaml", "# nothing\n");
        fs::write(team.path("latin.yaml"), b"a: \xff\n").unwrap();
        let manifests = team.path("latin.yaml");
        if !expectations.contains("latin") {
            fs::remove_file(manifests).unwrap();
        }
        let ran = team.run(&[]);
        assert_eq!(ran.code(), 2, "{expectations}: {}{}", ran.out(), ran.err());
        assert!(ran.err().contains(expected), "{expectations}: {}", ran.err());
    }
    let ran = Team::with(sound).run(&["no-such-file.test.yaml"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.out().contains("ok    a"), "the others are run: {}", ran.out());
}

#[test]
fn a_directory_without_expectations_ends_with_2() {
    let team = Team::with("");
    fs::remove_file(team.path("a.test.yaml")).unwrap();
    let ran = team.run(&[]);
    assert_eq!((ran.code(), ran.out().as_str()), (2, ""));
    assert!(ran.err().contains("no *.test.yaml in the input"), "{}", ran.err());
}

#[test]
fn manifests_and_catalogue_are_relative_to_the_file() {
    let team = Team::with("groups: [{name: g, cases: [{name: a, user: eve, phase: Active}]}]\n");
    team.write(
        "tests/deep/b.test.yaml",
        "manifests: [../../acme.yaml]\ncatalogue: ../catalogue.yaml\ngroups: [{name: g, cases: [{name: b, user: eve, may: [\"Card:View\"]}]}]\n",
    );
    team.write(
        "tests/catalogue.yaml",
        "extends: builtin\nobjects:\n- name: Card\n  actions: [{name: View, access: Read}]\n",
    );
    fs::remove_file(team.path("a.test.yaml")).unwrap();
    let ran = team.run(&[]);
    assert_eq!(ran.code(), 0, "{}{}", ran.out(), ran.err());
}

#[test]
fn the_tenant_of_a_file_is_that_of_objects_that_name_none() {
    let team = Team::with("tenant: acme\ngroups: [{name: g, cases: [{name: a, user: eve, phase: Active}]}]\n");
    let ran = team.run(&[]);
    assert_eq!(ran.code(), 0, "{}{}", ran.out(), ran.err());
    assert_eq!(team.json()["files"][0]["groups"][0]["cases"][0]["tenant"], "acme");
}

#[test]
fn of_several_tenants_a_case_must_say_which() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/agency");
    let team = |tenant: &str| {
        Team::with(&format!(
            "manifests: [\"{examples}\"]\nat: \"2026-11-24T12:00:00Z\"\ngroups: [{{name: g, cases: [{{name: a, {tenant}user: luca, phase: Active}}]}}]\n"
        ))
    };
    let ran = team("").run(&[]);
    assert_eq!(ran.code(), 2);
    assert!(
        ran.err().contains("the manifests hold several tenants: agency, client"),
        "{}",
        ran.err()
    );
    assert!(ran.err().contains("say which by `tenant`"), "{}", ran.err());
    assert_eq!(team("tenant: client, ").run(&[]).code(), 0);
}

#[test]
fn a_tenant_that_a_whole_file_names_is_one_fault() {
    let case = |name: &str| format!("{{name: {name}, tenant: acme, user: eve, phase: Active}}");
    let groups = format!(
        "groups: [{{name: g, tenant: nobody, cases: [{}, {{name: b, user: eve, phase: Active}}, {{name: c, user: eve, phase: Active}}]}}]\n",
        case("a")
    );
    let errors = Team::with(&format!("tenant: acme\n{groups}")).json()["files"][0]["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
}

#[test]
fn nothing_in_a_file_steers_a_terminal() {
    let sound = "groups: [{name: g, cases: [{name: a, user: eve, phase: Active}]}]\n";
    for expectations in [
        format!("manifests: [\"no\\e[31mwhere\"]\n{sound}"),
        format!("catalogue: \"no\\e[31mwhere\"\n{sound}"),
        sound.replace("eve", "\"e\\e[31m\""),
        sound.replace("name: a", "name: \"a\\e[31m\""),
    ] {
        let ran = Team::with(&expectations).run(&[]);
        assert_eq!(ran.code(), 2, "{expectations}");
        assert!(
            !ran.err().contains('\u{1b}') && !ran.out().contains('\u{1b}'),
            "{expectations}"
        );
    }
}

#[test]
fn a_moment_is_that_of_the_case_then_the_file_then_the_call() {
    let case = "cases: [{name: a, user: bob, roles: [ordinary-user]}]";
    let team = Team::with(&format!("groups: [{{name: g, {case}}}]\n"));
    assert_eq!(team.run(&["--at", "2026-12-01T00:00:00Z"]).code(), 0);
    assert_eq!(team.run(&["--at", "2026-11-30T23:59:59Z"]).code(), 1);
    let team = Team::with(&format!(
        "at: \"2026-12-01T00:00:00Z\"\ngroups: [{{name: g, {case}}}]\n"
    ));
    assert_eq!(team.run(&["--at", "2026-11-30T23:59:59Z"]).code(), 0);
}

#[test]
fn decisions_on_records_are_reserved() {
    for field in ["record: {owner: bob}", "organization: emea", "reason: OutOfScope"] {
        let ran = Team::expects(&[&format!("{{name: a, user: bob, may: [\"Campaign:Edit\"], {field}}}")]).run(&[]);
        assert_eq!(ran.code(), 2, "{field}");
        assert!(
            ran.err()
                .contains("is reserved: decisions on single records are not tried yet"),
            "{}",
            ran.err()
        );
    }
}

#[test]
fn json_names_each_difference() {
    let team = Team::expects(&["{name: a, user: bob, mayNot: [\"Campaign:Edit\"]}"]);
    let json = team.json();
    assert_eq!(json["version"], "tenantry.dev/test/v1");
    assert_eq!(
        json["total"],
        serde_json::json!({"cases": 1, "failures": 1, "unreadable": 0})
    );
    let case = &json["files"][0]["groups"][0]["cases"][0];
    for (field, expected) in [
        ("name", "a"),
        ("user", "bob"),
        ("tenant", "default"),
        ("at", "2026-11-24T12:00:00Z"),
    ] {
        assert_eq!(case[field], expected);
    }
    assert_eq!((&case["holds"], &case["line"]), (&Value::from(false), &Value::from(5)));
    let difference = &team.differences()[0];
    assert_eq!(difference["expectation"], "mayNot");
    assert_eq!(difference["of"], "Campaign:Edit");
    assert_eq!(difference["missing"][0]["value"], "Denied");
    assert_eq!(difference["unexpected"][0]["value"], "Allowed");
    assert_eq!(
        difference["unexpected"][0]["why"][0],
        "Role/editor spec.permissions[0].actions[0]"
    );
}

/// What the readers of JUnit XML require of an element, and what else they know.
const MEMBERS: [(&str, &[&str], &[&str]); 5] = [
    ("testsuites", &[], &["name", "tests", "failures", "errors"]),
    ("testsuite", &["name", "tests", "failures", "errors"], &["skipped"]),
    ("testcase", &["name", "classname"], &[]),
    ("failure", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
];

/// As the schema of the xUnit plugin of Jenkins (junit-10.xsd) has it: the elements, their attributes, and what may lie
/// in what.
fn assert_is_junit(node: roxmltree::Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, required, known) = MEMBERS.iter().find(|(element, ..)| *element == name).expect(name);
    let attributes: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
    for attribute in *required {
        assert!(attributes.contains(attribute), "{name} without {attribute}");
    }
    for attribute in attributes {
        assert!(
            required.contains(&attribute) || known.contains(&attribute),
            "{name} with {attribute}"
        );
    }
    let inside: &[&str] = match name {
        "testsuites" => &["testsuite"],
        "testsuite" => &["testcase"],
        "testcase" => &["failure", "error"],
        _ => &[],
    };
    for child in node.children().filter(roxmltree::Node::is_element) {
        assert!(
            inside.contains(&child.tag_name().name()),
            "{name} holds {}",
            child.tag_name().name()
        );
        assert_is_junit(child);
    }
}

fn count(node: roxmltree::Node<'_, '_>, name: &str) -> String {
    node.descendants()
        .filter(|node| node.has_tag_name(name))
        .count()
        .to_string()
}

#[test]
fn junit_has_what_its_readers_require_and_counts_right() {
    let team = Team::expects(&[
        "{name: \"a <b> & 'c' \\\"d\\\" ]]> é\", user: bob, phase: Active}",
        "{name: b, user: bob, phase: Pending, mayNot: [\"Campaign:Edit\"]}",
        "{name: c, whoCan: \"Campaign:Edit\", are: []}",
    ]);
    team.write(
        "b<&>.test.yaml",
        "groups: [{name: g, cases: [{name: \"<&>\", user: nobody, phase: Active}]}]\n",
    );
    let ran = team.run(&["-o", "junit"]);
    assert_eq!(ran.code(), 2);
    let out = ran.out();
    let document = roxmltree::Document::parse(&out).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    assert_is_junit(root);
    for suite in document
        .descendants()
        .filter(|node| matches!(node.tag_name().name(), "testsuite" | "testsuites"))
    {
        assert_eq!(suite.attribute("tests"), Some(&*count(suite, "testcase")));
        assert_eq!(suite.attribute("failures"), Some(&*count(suite, "failure")));
        assert_eq!(suite.attribute("errors"), Some(&*count(suite, "error")));
    }
    assert_eq!(
        (count(root, "testcase"), count(root, "failure"), count(root, "error")),
        ("4".into(), "2".into(), "1".into())
    );
    let names: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|node| node.attribute("name").unwrap())
        .collect();
    assert_eq!(names, ["a <b> & 'c' \"d\" ]]> é", "b", "c", "its cases can be run"]);
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    let text = failure.text().unwrap();
    for expected in [
        "./a.test.yaml:6: bob of default at 2026-11-24T12:00:00Z",
        "phase\n  - Pending\n  + Active",
        "mayNot Campaign:Edit",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let error = document.descendants().find(|node| node.has_tag_name("error")).unwrap();
    assert!(
        error.text().unwrap().contains("./b<&>.test.yaml:1:"),
        "{:?}",
        error.text()
    );
}

#[test]
fn the_expectations_of_the_examples_hold() {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(["test", "examples"])
        .output()
        .unwrap();
    let ran = Ran(output);
    assert_eq!(ran.code(), 0, "{}{}", ran.out(), ran.err());
}

#[test]
fn other_commands_pass_over_expectations_in_a_directory() {
    let run = |path: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(["check", path, "--at", "2026-11-24T12:00:00Z"])
            .output()
            .unwrap();
        Ran(output)
    };
    let ran = run("examples/acme");
    assert_eq!((ran.code(), ran.err().contains("skipped")), (0, false), "{}", ran.err());
    let named = run("examples/acme/tests/access.test.yaml");
    assert!(
        named.err().contains("1 document without apiVersion and kind"),
        "{}",
        named.err()
    );
}

#[test]
fn the_matrix_kept_with_an_example_is_that_of_its_roles() {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(["matrix", "examples/acme"])
        .output()
        .unwrap();
    let kept = fs::read_to_string("examples/acme/matrix.txt").unwrap();
    assert!(
        kept == Ran(output).out(),
        "it is out of date: run `tenantry matrix examples/acme > examples/acme/matrix.txt`"
    );
}
