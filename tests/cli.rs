//! The command line as a person meets it: exit codes, forms of output, and what goes to which stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A test may fail loudly.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TENANT: &str = "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: tenant, namespace: acme}\nspec: {displayName: Acme}\n";
const BOB: &str = "apiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {name: bob, namespace: acme}\nspec: {account: bob.smith, name: Bob, roles: [ordinary-user]}\n";
const AT: [&str; 2] = ["--at", "2026-11-24T12:00:00Z"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .args(arguments)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100");
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).stdin(Stdio::null()).output().unwrap()
}

fn run_on(text: &str, arguments: &[&str]) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = text.to_owned();
    let mut stdin = child.stdin.take().unwrap();
    // A command that refuses its arguments reads nothing.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

fn documents(documents: &[&str]) -> String {
    documents.join("---\n")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(output)))
}

#[test]
fn sound_manifests_end_with_0() {
    for command in ["check", "plan"] {
        let output = run_on(&documents(&[TENANT, BOB]), &[command, "-", AT[0], AT[1]]);
        assert_eq!(code(&output), 0, "{command}: {}", err(&output));
    }
}

#[test]
fn a_finding_ends_with_1() {
    let carol = BOB.replace("bob", "carol").replace("ordinary-user", "nobody");
    for command in ["check", "plan"] {
        let output = run_on(&documents(&[TENANT, &carol]), &[command, "-"]);
        assert_eq!(code(&output), 1, "{command}");
    }
}

#[test]
fn a_warning_alone_ends_with_0() {
    let over = BOB.replace("roles:", "validUntil: \"2020-01-01T00:00:00Z\", roles:");
    let output = run_on(&documents(&[TENANT, &over]), &["check", "-", "-o", "json"]);
    assert_eq!(json(&output)["findings"][0]["class"], "Warning");
    assert_eq!(code(&output), 0);
}

#[test]
fn a_syntax_error_is_a_finding() {
    let output = run_on("a: [", &["check", "-", "-o", "json"]);
    assert_eq!(code(&output), 1);
    let finding = &json(&output)["findings"][0];
    assert_eq!(
        (&finding["reason"], &finding["line"]),
        (&Value::from("SchemaInvalid"), &Value::from(1)),
        "{finding}"
    );
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    for arguments in [
        &["check", "no-such-file.yaml"][..],
        &["check", "no-such-file.yaml", "examples/acme", AT[0], AT[1]],
        &["check"],
        &["check", "-", "--at", "tomorrow"],
        &["check", "-", "-o", "xml"],
        &["check", "-", "--catalogue", "no-such-file.yaml"],
        &["plan", "/dev/null"],
        &["explain", "nobody", "examples/acme"],
        &["frobnicate"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", err(&output));
        assert!(!err(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_input_without_an_object_of_ours_ends_with_2() {
    let output = run_on(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        &["check", "-"],
    );
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("1 object of another API group"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_broken_catalogue_ends_with_2_and_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalogue.yaml");
    std::fs::write(
        &path,
        "extends: builtin\nobjects:\n- name: Card\n  actions: [{name: View, access: Peek}]\n",
    )
    .unwrap();
    let output = run(&["check", "examples/acme", "--catalogue", path.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("catalogue.yaml:4:"), "{}", err(&output));
}

#[test]
fn a_catalogue_extends_what_roles_may_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalogue.yaml");
    std::fs::write(
        &path,
        "extends: builtin\nobjects:\n- name: Card\n  actions: [{name: Stamp, access: Edit}]\n",
    )
    .unwrap();
    let role = "apiVersion: tenantry.dev/v1alpha1\nkind: Role\nmetadata: {name: stamper, namespace: acme}\nspec: {displayName: Stamper, permissions: [{object: Card, actions: [Stamp]}]}\n";
    let text = documents(&[TENANT, role]);
    assert_eq!(code(&run_on(&text, &["check", "-"])), 1);
    assert_eq!(
        code(&run_on(&text, &["check", "-", "--catalogue", path.to_str().unwrap()])),
        0
    );
}

#[test]
fn a_finding_in_json_has_every_member() {
    let carol = BOB.replace("ordinary-user", "nobody");
    let output = run_on(&documents(&[TENANT, &carol]), &["check", "-", "-o", "json"]);
    let finding = json(&output)["findings"][0].clone();
    let expected = serde_json::json!({
        "file": "<stdin>", "line": 9, "column": 47, "kind": "User", "namespace": "acme", "name": "bob",
        "path": "spec.roles[0]", "class": "Partial", "reason": "DependencyNotFound",
        "message": finding["message"], "mend": finding["mend"],
    });
    assert_eq!(finding, expected);
    assert!(finding["message"].as_str().unwrap().contains("`nobody`"));
}

#[test]
fn the_plan_in_json_lists_every_object_and_the_system_s_sorted() {
    let output = run_on(&documents(&[BOB, TENANT]), &["plan", "-", "-o", "json"]);
    let plan = json(&output);
    assert_eq!(
        (&plan["apiVersion"], &plan["kind"]),
        (&Value::from("v1"), &Value::from("List"))
    );
    let names: Vec<String> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            assert_eq!(item["apiVersion"], "tenantry.dev/v1alpha1");
            assert_eq!(item["metadata"]["namespace"], "acme");
            format!(
                "{}/{}",
                item["kind"].as_str().unwrap(),
                item["metadata"]["name"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "Organization/headquarters",
        "Organization/unassigned",
        "Role/administrator",
        "Role/analyst",
        "Role/developer",
        "Role/ordinary-user",
        "Tenant/tenant",
        "User/bob",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_plan_in_yaml_says_the_same_as_in_json() {
    let arguments = |form| ["plan", "examples/acme", "-o", form, AT[0], AT[1]];
    let yaml: Value = serde_saphyr::from_str(&out(&run(&arguments("yaml")))).unwrap();
    assert_eq!(yaml, json(&run(&arguments("json"))));
}

#[test]
fn nothing_in_the_plan_is_null_or_empty() {
    fn walk(value: &Value, path: &str) {
        match value {
            Value::Null => panic!("{path} is null"),
            Value::String(text) => assert!(!text.is_empty(), "{path} is empty"),
            Value::Array(items) => {
                assert!(!items.is_empty(), "{path} is empty");
                items.iter().for_each(|item| walk(item, &format!("{path}[]")));
            }
            Value::Object(members) => {
                assert!(!members.is_empty(), "{path} is empty");
                members
                    .iter()
                    .for_each(|(name, value)| walk(value, &format!("{path}.{name}")));
            }
            Value::Bool(_) | Value::Number(_) => {}
        }
    }
    for example in ["examples/acme", "examples/agency", "tests/bad"] {
        walk(&json(&run(&["plan", example, "-o", "json"])), example);
    }
}

#[test]
fn the_namespace_selects_and_is_the_default() {
    let other = BOB.replace(", namespace: acme", "");
    let text = documents(&[TENANT, BOB, &TENANT.replace("acme", "beta"), &other]);
    let plan = json(&run_on(&text, &["plan", "-", "-o", "json", "-n", "beta"]));
    let namespaces: Vec<&Value> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["metadata"]["namespace"])
        .collect();
    assert!(
        namespaces.iter().all(|namespace| *namespace == "beta"),
        "{namespaces:?}"
    );
    assert!(
        plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["metadata"]["name"] == "bob")
    );
}

#[test]
fn a_namespace_of_which_the_input_holds_nothing_ends_with_2() {
    for command in ["check", "plan", "calendar"] {
        let output = run_on(&documents(&[TENANT, BOB]), &[command, "-n", "acne", "-"]);
        assert_eq!(code(&output), 2, "{command}");
        assert!(
            err(&output).contains("no object of tenantry.dev in the namespace `acne`, only in `acme`"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn what_is_no_object_is_told_unless_it_is_of_a_namespace_that_is_not_selected() {
    let wrong = |namespace: &str| BOB.replace("kind: User", "kind: Userr").replace("acme", namespace);
    for (namespace, findings) in [("beta", 0), ("acme", 1), ("\"\"", 1), ("[acme]", 1)] {
        let text = documents(&[TENANT, &wrong(namespace)]);
        let check = run_on(&text, &["check", "-", "-n", "acme", "-o", "json"]);
        assert_eq!(
            json(&check)["findings"].as_array().unwrap().len(),
            findings,
            "{namespace}"
        );
        assert_eq!(code(&check), i32::from(findings > 0), "{namespace}");
        assert_eq!(
            code(&run_on(&text, &["plan", "-", "-n", "acme"])),
            code(&check),
            "{namespace}"
        );
        assert_eq!(code(&run_on(&text, &["check", "-"])), 1, "{namespace}");
    }
}

#[test]
fn a_user_of_several_tenants_is_ambiguous() {
    let text = documents(&[
        TENANT,
        BOB,
        &TENANT.replace("acme", "beta"),
        &BOB.replace("acme", "beta"),
    ]);
    let output = run_on(&text, &["explain", "bob", "-"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("acme, beta"), "{}", err(&output));
    assert_eq!(code(&run_on(&text, &["explain", "bob", "-", "-n", "beta"])), 0);
}

#[test]
fn an_explanation_names_the_object_and_field_of_everything() {
    let output = run_on(&documents(&[TENANT, BOB]), &["explain", "bob", "-", "-o", "json"]);
    let explanation = json(&output);
    assert_eq!(explanation["roles"][0]["from"][0]["field"], "spec.roles[0]");
    for permission in explanation["permissions"].as_array().unwrap() {
        assert!(!permission["from"].as_array().unwrap().is_empty(), "{permission}");
    }
    assert!(out(&run_on(&documents(&[TENANT, BOB]), &["explain", "bob", "-"])).contains("MyOverview:View"));
}

#[test]
fn results_go_to_the_output_and_chatter_to_the_error() {
    let output = run_on(&documents(&[TENANT, BOB]), &["check", "-"]);
    assert_eq!(out(&output), "");
    assert!(
        err(&output).contains("no findings in 2 objects of 1 tenant"),
        "{}",
        err(&output)
    );
}

#[test]
fn no_colour_goes_into_a_pipe_unless_forced() {
    let text = documents(&[TENANT, &BOB.replace("ordinary-user", "nobody")]);
    assert!(!out(&run_on(&text, &["check", "-"])).contains('\u{1b}'));
    let mut forced = command(&["plan", "examples/acme"]);
    let forced = forced.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(out(&forced).contains('\u{1b}'));
}

#[test]
fn values_cannot_steer_the_terminal() {
    let text = documents(&[TENANT, &BOB.replace("ordinary-user", "\"\\e[31mred\"")]);
    let output = run_on(&text, &["check", "-"]);
    assert_eq!(code(&output), 1);
    assert!(!out(&output).contains('\u{1b}') && !err(&output).contains('\u{1b}'));
}

#[test]
fn mail_addresses_phones_and_accounts_are_never_printed_by_check() {
    let bob = BOB.replace(
        "account: bob.smith,",
        "account: bob.smith, email: bob@acme.example, phone: \"+4915112345678\",",
    );
    let carol = bob.replace("name: bob,", "name: carol,");
    let strays =
        "attributes: {\"dan@acme.example\": +4915112345678, lead: eve@acme.example}, roles: [finn@acme.example,";
    let dan = BOB
        .replace("name: bob,", "name: dan,")
        .replace("bob.smith", "dan.jones")
        .replace("roles: [", strays);
    for form in ["text", "json", "github", "sarif"] {
        let output = run_on(&documents(&[TENANT, &bob, &carol, &dan]), &["check", "-", "-o", form]);
        let printed = out(&output) + &err(&output);
        assert_eq!(code(&output), 1);
        assert!(printed.contains("DuplicateIdentifier"), "{printed}");
        for private in ["@acme.example", "4915112345678"] {
            assert!(!printed.contains(private), "{form}: {printed}");
        }
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child = command(&["plan", "examples/acme", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
}

#[test]
fn the_examples_check_clean_at_any_moment_ahead() {
    for example in ["examples/acme", "examples/agency"] {
        for at in ["2026-11-24T12:00:00Z", "2027-06-01T00:00:00Z", "2100-01-01T00:00:00Z"] {
            let output = run(&["check", example, "--at", at]);
            assert_eq!(code(&output), 0, "{example} at {at}: {}", out(&output));
        }
    }
}

#[test]
fn the_committed_definitions_are_those_of_the_types() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(code(&run(&["crd", directory.path().to_str().unwrap()])), 0);
    let names = |path: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(Path::new("crds")), names(directory.path()));
    for name in names(directory.path()) {
        let committed = std::fs::read_to_string(Path::new("crds").join(&name)).unwrap();
        let made = std::fs::read_to_string(directory.path().join(&name)).unwrap();
        assert!(
            committed == made,
            "crds/{} is out of date: run `tenantry crd crds`",
            name.display()
        );
    }
}

/// A tenant in which names are wrong, and several right ones are equally near to each.
fn ties() -> String {
    let mut all = vec![
        "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: tenant, namespace: acme}\nspec:\n  displayName: Acme\n  modules: [Tag]\n  \
         accounts:\n    positions: [cook, book, look, hook, took]\n    attributes: [{name: team}, {name: term}, {name: tear}, {name: teal}]\n  \
         objects: [{object: Customer, fields: [{name: aaa, type: String}, {name: aab, type: String}, {name: aac, type: String}]}]\n"
            .to_owned(),
    ];
    let object = |kind: &str, name: &str, spec: &str| {
        format!(
            "apiVersion: tenantry.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: acme}}\nspec: {spec}\n"
        )
    };
    for letter in ["a", "b", "c", "d", "e", "f"] {
        all.push(object("Role", &format!("role-{letter}"), "{displayName: R, permissions: [{object: Customer, actions: [View]}], restrictions: [{object: Customer, field: aax, mode: MaskedDisplay}], delegation: {manageUsers: {scope: SameAttributes, attributes: [teax]}}}"));
        all.push(object(
            "Organization",
            &format!("unit-{letter}"),
            "{displayName: O, parent: unit-y}",
        ));
        all.push(object(
            "UserGroup",
            &format!("crew-{letter}"),
            "{displayName: G, remarks: R, users: [user-x, user-y]}",
        ));
        all.push(object("User", &format!("user-{letter}"), &format!("{{account: account-{letter}, name: U, position: nook, attributes: {{teax: a, tean: b}}, roles: [role-x, role-y, analyst], organizations: [unit-x, unit-z], phone: '+49151000000'}}")));
        all.push(object(
            "SharingRule",
            &format!("rule-{letter}"),
            "{displayName: S, object: Customer, organizationAttribute: {field: aay}}",
        ));
        all.push(object(
            "Invitation",
            &format!("guest-{letter}"),
            "{email: guest@acme.example, roles: [role-z], organizations: [unit-q], position: mook}",
        ));
    }
    all.join("---\n")
}

#[test]
fn nothing_that_is_printed_depends_on_how_a_process_hashes() {
    let directory = tempfile::tempdir().unwrap();
    let [before, after] = ["before.yaml", "after.yaml"].map(|name| directory.path().join(name));
    std::fs::write(&before, ties()).unwrap();
    std::fs::write(
        &after,
        ties().replace("analyst]", "developer]").replace("role-a,", "role-q,"),
    )
    .unwrap();
    let [before, after] = [&before, &after].map(|path| path.to_str().unwrap());
    let calls: [&[&str]; 14] = [
        &["check", before],
        &["check", before, "-o", "json"],
        &["check", before, "-o", "github"],
        &["check", before, "-o", "sarif"],
        &["plan", before],
        &["plan", before, "-o", "json"],
        &["plan", before, "-o", "yaml"],
        &["plan", before, "-o", "markdown"],
        &["plan", after, "--against", before],
        &["plan", after, "--against", before, "-o", "json"],
        &["explain", "user-a", before],
        &["who-can", "View", "Event", before],
        &["calendar", before],
        &["matrix", before],
    ];
    for call in calls {
        let first = run(&[call, &AT].concat());
        assert!(!(out(&first) + &err(&first)).is_empty(), "{call:?}");
        // Every process hashes by keys of its own.
        for _ in 1..10 {
            let again = run(&[call, &AT].concat());
            assert_eq!((out(&again), err(&again)), (out(&first), err(&first)), "{call:?}");
        }
    }
}
