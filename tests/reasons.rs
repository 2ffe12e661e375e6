//! `docs/reasons.md` says what the reasons say of themselves. `UPDATE_DOCS=1 cargo test --test reasons` rewrites it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a whole file of tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use tenantry::api::Unpublished;
use tenantry::policy::Reason;

/// What stands between these lines is generated.
const MARKS: [&str; 2] = ["<!-- reasons: begin -->\n", "<!-- reasons: end -->\n"];

#[test]
fn the_page_about_reasons_says_what_they_say_of_themselves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(Reason::PAGE);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let fresh = format!("{before}{}{}{}{after}", MARKS[0], reasons(), MARKS[1]);
    if env::var_os("UPDATE_DOCS").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::write(&path, fresh).unwrap();
    } else {
        assert_eq!(
            text,
            fresh,
            "{} is out of date: UPDATE_DOCS=1 cargo test --test reasons",
            Reason::PAGE
        );
    }
}

/// A heading's anchor is its words in small letters, as forges and Markdown renderers make it.
#[test]
fn what_links_to_a_reason_leads_to_its_heading() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(Reason::PAGE)).unwrap();
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    let links: Vec<String> = headings
        .map(|heading| format!("docs/reasons.md#{}", heading.to_lowercase()))
        .collect();
    let reasons = Reason::ALL.map(Reason::link).into_iter();
    let reasons: Vec<String> = reasons.chain(Unpublished::ALL.map(Unpublished::link)).collect();
    assert_eq!(reasons, links);
}

fn reasons() -> String {
    let mut text = String::new();
    for reason in Reason::ALL {
        write!(
            text,
            "\n### {reason}\n\n{}\n\n*What to do:* {}{}\n",
            reason.description(),
            reason.advice(),
            note(reason)
        )
        .unwrap();
    }
    text.push('\n');
    text
}

/// What tells a reader who has to act.
fn note(reason: Reason) -> &'static str {
    match reason {
        Reason::Unused | Reason::LimitNear | Reason::GrantOver => " (A warning: never in a status.)",
        Reason::DuplicateObject => " (Offline only; with `Stalled`.)",
        reason if reason.stalls() => " (With `Stalled`: no other object can heal it.)",
        Reason::Terminating => "",
        reason if reason.waits() => " (It heals by itself when that is done.)",
        _ => "",
    }
}
