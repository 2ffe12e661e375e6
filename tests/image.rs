//! The image: what `tests/node/image` makes is what the Dockerfile describes, and the same each time.

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a whole file of tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(program: &str, arguments: &[&str], directory: &Path) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn succeed(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = run(program, arguments, directory);
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A small static program, in place of ours.
fn static_program(directory: &Path) -> PathBuf {
    let source = directory.join("small.rs");
    fs::write(&source, "fn main() { println!(\"here\") }").unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let arguments = [
        "-C",
        "target-feature=+crt-static",
        "-C",
        "strip=symbols",
        "small.rs",
        "-o",
        "small",
    ];
    succeed(&rustc, &arguments, directory);
    directory.join("small")
}

fn image(binary: &Path, out: &str, directory: &Path) -> Output {
    let script = format!("{ROOT}/tests/node/image");
    run(
        &script,
        &["tenantry.test/tenantry:1", out, binary.to_str().unwrap()],
        directory,
    )
}

#[test]
fn the_archive_holds_one_program_for_a_user_without_rights() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let program = static_program(directory);
    let output = image(&program, "image.tar", directory);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    succeed("tar", &["--extract", "--file", "image.tar"], directory);
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(directory.join(name)).unwrap()).unwrap() };
    let manifest = read("manifest.json");
    assert_eq!(manifest[0]["RepoTags"], json!(["tenantry.test/tenantry:1"]));
    let config = read(manifest[0]["Config"].as_str().unwrap());
    let layer = manifest[0]["Layers"][0].as_str().unwrap();
    let digest = succeed("sha256sum", &[layer], directory);
    let digest = digest.split(' ').next().unwrap();
    assert_eq!(config["rootfs"]["diff_ids"], json!([format!("sha256:{digest}")]));
    let listing = succeed("tar", &["--list", "--verbose", "--file", layer], directory);
    assert_eq!(listing.lines().count(), 1, "{listing}");
    assert!(listing.starts_with("-rwxr-xr-x 0/0"), "{listing}");

    let dockerfile = fs::read_to_string(format!("{ROOT}/Dockerfile")).unwrap();
    let last = |instruction: &str| {
        let mut lines = dockerfile.lines().filter_map(|line| line.strip_prefix(instruction));
        lines.next_back().unwrap().trim().to_owned()
    };
    assert_eq!(config["config"]["User"], last("USER "));
    let entrypoint: Value = serde_json::from_str(&last("ENTRYPOINT ")).unwrap();
    assert_eq!(config["config"]["Entrypoint"], entrypoint);
    assert_eq!(last("FROM "), "scratch");
    assert_eq!(
        last("COPY "),
        format!("--from=build /image/tenantry {}", entrypoint[0].as_str().unwrap())
    );

    let toolchain = fs::read_to_string(format!("{ROOT}/rust-toolchain.toml")).unwrap();
    let version = toolchain.split('"').nth(1).unwrap();
    assert!(
        dockerfile.contains(&format!("FROM rust:{version}-alpine AS build")),
        "{version}"
    );
    assert!(
        dockerfile.contains(&format!("RUSTUP_TOOLCHAIN={version}\n")),
        "{version}"
    );
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let program = static_program(directory);
    assert!(image(&program, "one.tar", directory).status.success());
    let elsewhere = directory.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let moved = elsewhere.join("another-name");
    fs::copy(&program, &moved).unwrap();
    assert!(image(&moved, "two.tar", &elsewhere).status.success());
    let bytes = |path: PathBuf| fs::read(path).unwrap();
    assert!(bytes(directory.join("one.tar")) == bytes(elsewhere.join("two.tar")));
}

#[test]
fn a_program_that_needs_libraries_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let output = image(&program, "image.tar", directory.path());
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not static"));
    assert!(!directory.path().join("image.tar").exists());
}
