//! What comes with the program: completions, manual pages, and a first tenant.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

mod program;

use std::fs;
use std::path::Path;

use serde_json::Value;

use program::{Ran, run, run_in};

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).out;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_shell_completes_every_command() {
    let commands = commands();
    assert!(commands.len() > 5, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        for command in &commands {
            assert!(ran.out.contains(command.as_str()), "{shell}: {command}");
        }
    }
}

#[test]
fn an_unknown_shell_is_refused() {
    let ran = run(&["completions", "tcsh"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("bash"), "{}", ran.err);
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&["man", directory.path().to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for command in commands() {
        let page = fs::read_to_string(directory.path().join(format!("tenantry-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH tenantry-{command} 1")), "{page}");
    }
    let main = fs::read_to_string(directory.path().join("tenantry.1")).unwrap();
    assert!(main.contains(".SH SUBCOMMANDS"), "{main}");
}

#[test]
fn the_manual_is_printed_page_after_page() {
    let ran = run(&["man"]);
    assert_eq!(ran.out.matches("\n.TH ").count(), commands().len() + 1);
}

/// What `new` prints for a directory `shop` in an empty one, with these flags besides an email.
fn new(flags: &[&str]) -> (tempfile::TempDir, Ran) {
    let root = tempfile::tempdir().unwrap();
    let email = ["--administrator-email", "ada.lovelace@shop.example"];
    let ran = run_in(root.path(), &[&["new", "shop"], &email[..], flags].concat());
    (root, ran)
}

fn read(root: &Path, file: &str) -> Value {
    let text = fs::read_to_string(root.join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_new_tenant_checks_clean() {
    let (root, ran) = new(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let check = run_in(root.path(), &["check", "shop"]);
    assert_eq!((check.code, check.out.as_str()), (0, ""), "{}", check.err);
    assert_eq!(check.err, "no findings in 4 objects of 1 tenant\n");
}

#[test]
fn a_new_tenant_meets_its_expectations() {
    let (root, _) = new(&[]);
    let test = run_in(root.path(), &["test", "shop"]);
    assert_eq!(test.code, 0, "{}{}", test.out, test.err);
}

/// kubectl reads every YAML and JSON file of a directory, not of those below it, and refuses what is no object.
#[test]
fn kubectl_can_apply_the_directory_of_a_tenant() {
    let (root, _) = new(&[]);
    for (directory, objects) in [
        (root.path().join("shop"), 4),
        (Path::new("examples/acme").to_owned(), 32),
        (Path::new("examples/agency").to_owned(), 11),
    ] {
        let files = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        let read = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        let read: Vec<String> = read.map(|path| path.to_str().unwrap().to_owned()).collect();
        let arguments: Vec<&str> = ["check", "--at", "2026-11-24T12:00:00Z"]
            .into_iter()
            .chain(read.iter().map(String::as_str))
            .collect();
        let check = run(&arguments);
        let found = format!("no findings in {objects} objects of ");
        assert!(check.err.starts_with(&found), "{}: {}", directory.display(), check.err);
        assert!(!check.err.contains("skipped"), "{}: {}", directory.display(), check.err);
    }
}

#[test]
fn what_the_flags_of_new_do_not_say_suggests_itself() {
    let (root, _) = new(&[]);
    let tenant = read(root.path(), "shop/tenant.yaml");
    assert_eq!(tenant["metadata"]["namespace"], "shop");
    assert_eq!(tenant["spec"]["displayName"], "Shop");
    let user = read(root.path(), "shop/user-ada-lovelace.yaml");
    assert_eq!(user["metadata"]["name"], "ada-lovelace");
    assert_eq!(user["spec"]["name"], "Ada Lovelace");
}

#[test]
fn a_first_administrator_may_do_everything() {
    let (root, _) = new(&[]);
    let plan = run_in(root.path(), &["plan", "shop"]);
    assert!(
        plan.out.contains("ada-lovelace  Active") && plan.out.contains("everything"),
        "{}",
        plan.out
    );
}

#[test]
fn every_value_is_written_as_that_very_text() {
    for text in [
        "no",
        "12",
        "1e3",
        "~",
        "a: b",
        "a #b",
        "- a",
        "{a}",
        "[a]",
        "O'Hara & \"Söhne\"",
        "\\n",
        "*",
        "&a",
        "!a",
        "%",
        "@a",
        "${tenant}",
        "株式会社",
        "👩🏽‍🔬",
        "a, b",
        " a ",
        "a?",
        "y",
        "null",
        "0x1F",
        "2026-11-24",
    ] {
        let [display_name, name] = ["display-name", "administrator-name"].map(|flag| format!("--{flag}={text}"));
        let (root, ran) = new(&["--tenant", "on", &display_name, &name]);
        assert_eq!(ran.code, 0, "{text}: {}", ran.err);
        let check = run_in(root.path(), &["check", "shop"]);
        assert_eq!(check.code, 0, "{text}: {}", check.out);
        let tenant = read(root.path(), "shop/tenant.yaml");
        assert_eq!(tenant["metadata"]["namespace"], "on");
        assert_eq!(
            (&tenant["spec"]["displayName"], &tenant["spec"]["administrator"]["name"]),
            (&text.into(), &text.into())
        );
    }
}

#[test]
fn a_bad_flag_is_named_and_nothing_is_written() {
    for (flag, value) in [
        ("--tenant", "Shop"),
        ("--tenant", ""),
        ("--display-name", "a\u{202e}b"),
        ("--display-name", ""),
        ("--administrator-name", "a\nb"),
        ("--administrator-email", "ada.lovelace"),
    ] {
        let root = tempfile::tempdir().unwrap();
        let ran = run_in(root.path(), &["new", "shop", flag, value]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.starts_with(&format!("error: {flag}: ")), "{}", ran.err);
        assert!(!root.path().join("shop").exists(), "{flag}");
    }
}

#[test]
fn a_bad_email_is_not_repeated() {
    let ran = run(&["new", "no-such-directory", "--administrator-email", "ada.lovelace"]);
    assert_eq!(
        ran.err,
        "error: --administrator-email: the value is not an email address; write it like `ada@acme.example`\n"
    );
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let root = tempfile::tempdir().unwrap();
    let ran = run_in(root.path(), &["new", "shop"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.err,
        "error: give --administrator-email, or run this on a terminal to be asked\n"
    );
}

#[test]
fn nothing_is_overwritten() {
    let (root, _) = new(&[]);
    fs::remove_file(root.path().join("shop/tenant.yaml")).unwrap();
    fs::write(root.path().join("shop/roles.yaml"), "mine").unwrap();
    let ran = run_in(
        root.path(),
        &["new", "shop", "--administrator-email", "eve@shop.example"],
    );
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("is there already"), "{}", ran.err);
    assert!(!root.path().join("shop/tenant.yaml").exists());
    assert_eq!(fs::read_to_string(root.path().join("shop/roles.yaml")).unwrap(), "mine");
}

#[test]
fn every_file_of_a_new_tenant_names_a_schema_that_is_there() {
    let (root, _) = new(&[]);
    let shop = root.path().join("shop");
    let committed = fs::read_to_string("schemas/tenantry.json").unwrap();
    for file in [
        "tenant.yaml",
        "organizations.yaml",
        "roles.yaml",
        "user-ada-lovelace.yaml",
    ] {
        let path = shop.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let schema = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap();
        let named = fs::read_to_string(path.parent().unwrap().join(schema)).unwrap();
        assert!(named == committed, "{file}");
    }
}
