//! No text makes the compiler panic, recurse deeply or take long.

use std::thread;

use proptest::prelude::*;

use super::{Customers, compile, truth};

/// A fault lies within the text.
fn compiles_or_complains(source: &str) {
    if let Err(fault) = compile(source, &Customers) {
        assert!(
            (1..=source.split('\n').count()).contains(&fault.line),
            "{source}: {fault}"
        );
        let line = source.split('\n').nth(fault.line - 1).unwrap();
        assert!(
            (1..=line.chars().count() + 1).contains(&fault.column),
            "{source}: {fault}"
        );
    }
}

const PIECES: [&str; 48] = [
    "record",
    "user",
    "now",
    "attributes",
    ".",
    ".",
    ".",
    "city",
    "age",
    "score",
    "vip",
    "born",
    "tags",
    "department",
    "zzz",
    "has",
    "size",
    "duration",
    "timestamp",
    "startsWith",
    "all",
    "if",
    "(",
    "(",
    ")",
    ")",
    "[",
    "]",
    ",",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "==",
    "<",
    "in",
    "true",
    "1",
    "9223372036854775808",
    "1.5",
    "'a'",
    "'1h'",
    "'2026-12-01T00:00:00Z'",
    "'\\u00e9'",
    "\n",
    " ",
    "ä",
];

proptest! {
    #[test]
    fn any_text_is_survived(source in any::<String>()) {
        compiles_or_complains(&source);
    }

    #[test]
    fn any_soup_of_tokens_is_survived(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..80), glue in " ?") {
        compiles_or_complains(&pieces.join(&glue));
    }
}

#[test]
fn the_longest_towers_fit_a_small_stack() {
    let towers = || {
        for (piece, times) in [
            ("(", 1_000),
            ("[", 1_000),
            ("!", 1_000),
            ("-", 1_000),
            ("- ", 500),
            ("!(", 500),
            ("size(", 200),
            ("-size([", 100),
            ("has(", 250),
            ("a.", 500),
            ("1+", 500),
            ("a||", 250),
            ("(((((((((((((((!", 1),
            ("record.city.size().", 50),
        ] {
            compiles_or_complains(&piece.repeat(times));
        }
        compiles_or_complains(&format!("'a'{}", ".a()".repeat(249)));
        compiles_or_complains(&format!("'a'{}", ".a".repeat(498)));
        compiles_or_complains(&format!("'a'.contains('a'{}", ".b(').c(".repeat(15)));
        let deep = format!("{}{}true{}", "!(".repeat(16), "!".repeat(47), ")".repeat(16));
        assert_eq!(truth(&deep, "{}"), crate::policy::condition::Truth::False);
        let slopes = format!(
            "{}1 == 1 && true{}",
            "true || (1 - -1 == 2 && ".repeat(5),
            ")".repeat(5)
        );
        assert_eq!(truth(&slopes, "{}"), crate::policy::condition::Truth::True);
    };
    thread::Builder::new()
        .stack_size(256 * 1_024)
        .spawn(towers)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_huge_text_is_refused_at_once() {
    for piece in ["(", "!", "true && ", "'", "ä", "\n", "a."] {
        compiles_or_complains(&piece.repeat(10_000_000 / piece.len()));
    }
}
