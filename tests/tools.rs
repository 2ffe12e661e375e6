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

use program::run;

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
