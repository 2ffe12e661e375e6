//! The release on a real node: the chart by Helm, the image in containerd, its pods under a kubelet. See `node`.
//!
//! They need root and change the machine for as long as they run, so they run only when asked for:
//! `cargo test --test node -- --ignored`. Each test has a machine of its own (`tests/node/machine`), in which this program
//! is started again to play that test. Where no such machine can be made they stay what they are otherwise: ignored.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole folder of tests"
)]

#[path = "../controlplane/harness/mod.rs"]
#[allow(dead_code, reason = "the tests of the control plane use the rest")]
mod harness;
mod images;
mod install;
mod machine;
mod node;
mod release;
mod replicas;
mod uninstall;
mod upgrade;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A test, played inside.
struct Test {
    name: &'static str,
    play: fn(),
}

const TESTS: [Test; 5] = [
    Test {
        name: "what_install_says_holds",
        play: install::what_install_says_holds,
    },
    Test {
        name: "acme_is_judged_as_planned",
        play: install::acme_is_judged_as_planned,
    },
    Test {
        name: "an_upgrade_brings_new_definitions_and_keeps_the_tenants",
        play: upgrade::brings_new_definitions_and_keeps_the_tenants,
    },
    Test {
        name: "one_replica_after_another_goes_on_where_the_last_one_stopped",
        play: replicas::one_after_another_goes_on,
    },
    Test {
        name: "tenants_outlive_the_release_and_the_next_one_takes_them_over",
        play: uninstall::tenants_outlive_the_release,
    },
];

fn main() -> ExitCode {
    if let Some(name) = machine::inside() {
        let test = TESTS.iter().find(|test| test.name == name);
        (test.unwrap_or_else(|| panic!("no test `{name}`")).play)();
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // A node has enough to do with itself.
    arguments.test_threads.get_or_insert(1);
    let wanted = (arguments.ignored || arguments.include_ignored) && !arguments.list;
    if wanted && let Err(reason) = machine::prepare() {
        println!("skipped: {reason}");
        arguments.ignored = false;
        arguments.include_ignored = false;
    }
    let trials = TESTS
        .iter()
        .map(|test| Trial::test(test.name, || machine::play(test.name)).with_ignored_flag(true));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
