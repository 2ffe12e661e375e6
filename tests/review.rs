//! Reviewing access: what changes against another state, who can, what is ahead, what each role allows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A test may fail loudly.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const AT: &str = "2026-11-24T12:00:00Z";
const TENANT: &str = "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: tenant, namespace: acme}\nspec: {displayName: Acme}\n";
const ROLE: &str = "---\napiVersion: tenantry.dev/v1alpha1\nkind: Role\nmetadata: {name: editor, namespace: acme}\nspec: {displayName: Editor, permissions: [{object: Campaign, actions: [Publish]}]}\n";
const BOB: &str = "---\napiVersion: tenantry.dev/v1alpha1\nkind: User\nmetadata: {name: bob, namespace: acme}\nspec: {account: bob.smith, name: Bob, roles: [editor]}\n";

fn tenantry(directory: &Path, arguments: &[&str]) -> Output {
    tenantry_with(Stdio::null(), directory, arguments)
}

fn tenantry_with(stdin: impl Into<Stdio>, directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .current_dir(directory)
        .args(arguments)
        .args(["--at", AT])
        .env("COLUMNS", "100");
    command.stdin(stdin).output().unwrap()
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = [
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@acme.example",
        "-c",
        "init.defaultBranch=main",
    ];
    let output = Command::new("git")
        .current_dir(directory)
        .args(identity)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A directory with these files.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
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

/// The difference of two texts as JSON.
fn difference(before: &str, after: &str) -> Value {
    let directory = files(&[("before.yaml", before), ("after.yaml", after)]);
    json(&tenantry(
        directory.path(),
        &["plan", "after.yaml", "--against", "before.yaml", "-o", "json"],
    ))
}

fn base() -> String {
    format!("{TENANT}{ROLE}{BOB}")
}

#[test]
fn a_plan_against_itself_is_empty() {
    let output = tenantry(Path::new("."), &["plan", "examples", "--against", "examples"]);
    assert_eq!((out(&output).as_str(), code(&output)), ("nobody's access changes\n", 0));
}

#[test]
fn moved_renamed_and_reformatted_files_show_nothing() {
    let directory = files(&[
        ("before/all.yaml", &base()),
        ("after/tenant.yml", TENANT),
        (
            "after/people/bob.json",
            r#"{"apiVersion": "tenantry.dev/v1alpha1", "kind": "User", "metadata": {"namespace": "acme", "name": "bob"},
            "spec": {"roles": ["editor"], "name": "Bob", "account": "bob.smith", "enabled": true}}"#,
        ),
        ("after/role.yaml", ROLE),
    ]);
    let output = tenantry(directory.path(), &["plan", "after", "--against", "before"]);
    assert_eq!(out(&output), "nobody's access changes\n");
}

#[test]
fn a_role_that_loses_an_action_names_itself_as_the_cause() {
    let difference = difference(&base(), &base().replace("Publish", "Edit"));
    let bob = &difference["people"][0];
    assert_eq!(bob["user"], "bob");
    assert!(bob.get("gains").is_none());
    assert_eq!(
        bob["losses"][0]["grants"],
        serde_json::json!([{"kind": "permission", "object": "Campaign", "action": "Publish"}])
    );
    let because = serde_json::json!([{"object": "Role/editor", "field": "spec.permissions[0].actions[0]"}]);
    assert_eq!(bob["losses"][0]["because"], because);
}

#[test]
fn a_temporary_role_ahead_is_shown_though_nothing_changes_now() {
    let period =
        "temporaryRoles: [{role: analyst, validFrom: \"2026-12-01T00:00:00Z\", validUntil: \"2026-12-02T00:00:00Z\"}]";
    let difference = difference(&base(), &base().replace("name: Bob,", &format!("name: Bob, {period},")));
    let gain = &difference["people"][0]["gains"][0];
    assert_eq!(
        (&gain["grants"][0]["what"], &gain["grants"][0]["from"]),
        (&"role analyst".into(), &"2026-12-01T00:00:00Z".into())
    );
    assert_eq!(gain["because"][0]["field"], "spec.temporaryRoles");
}

#[test]
fn more_changes_than_allowed_end_with_3() {
    let directory = files(&[
        ("before.yaml", &base()),
        ("after.yaml", &base().replace("Publish", "Edit")),
    ]);
    let run = |most: &str| {
        code(&tenantry(
            directory.path(),
            &["plan", "after.yaml", "--against", "before.yaml", "--max-changes", most],
        ))
    };
    assert_eq!((run("0"), run("1")), (3, 0));
}

#[test]
fn too_many_changes_win_over_findings() {
    let broken = base().replace("Publish", "Destroy");
    let directory = files(&[("before.yaml", &base()), ("after.yaml", &broken)]);
    let arguments = ["plan", "after.yaml", "--against", "before.yaml"];
    assert_eq!(code(&tenantry(directory.path(), &arguments)), 1);
    assert_eq!(
        code(&tenantry(
            directory.path(),
            &[&arguments[..], &["--max-changes", "0"]].concat()
        )),
        3
    );
}

#[test]
fn a_revision_is_read_from_git_at_the_same_paths() {
    let directory = files(&[
        ("access/all.yaml", &base()),
        ("access/.hidden.yaml", BOB),
        ("other.yaml", BOB),
    ]);
    git(directory.path(), &["init", "--quiet"]);
    git(directory.path(), &["add", "."]);
    git(directory.path(), &["commit", "--quiet", "--message", "Start"]);
    std::fs::write(
        directory.path().join("access/all.yaml"),
        base().replace("Publish", "Edit"),
    )
    .unwrap();
    std::fs::rename(
        directory.path().join("access/all.yaml"),
        directory.path().join("access/renamed.yaml"),
    )
    .unwrap();
    let output = tenantry(directory.path(), &["plan", "access", "--against", "git:HEAD"]);
    assert!(out(&output).contains("- "), "{}", out(&output));
    assert!(
        out(&output).ends_with("the access of 1 person changes: 1 loss, 0 gains\n"),
        "{}{}",
        out(&output),
        err(&output)
    );
    // From below, with a path that leads up and one that is gone.
    let below = directory.path().join("access");
    let output = tenantry(&below, &["plan", "../access/renamed.yaml", "--against", "git:HEAD"]);
    assert!(
        out(&output).contains("1 person changes: 0 losses"),
        "{}{}",
        out(&output),
        err(&output)
    );
}

/// A repository with these files, and links to where they lead, as its one commit.
#[cfg(unix)]
fn repository(contents: &[(&str, &str)], links: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = files(contents);
    for (path, target) in links {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }
    git(directory.path(), &["init", "--quiet"]);
    git(directory.path(), &["add", "."]);
    git(directory.path(), &["commit", "--quiet", "--message", "Start"]);
    directory
}

#[cfg(unix)]
#[test]
fn links_are_followed_at_a_revision_as_on_disk() {
    let directory = repository(
        &[
            ("tenants/acme/all.yaml", TENANT),
            ("shared/roles/role.yaml", ROLE),
            ("people/bob.txt", BOB),
        ],
        &[
            ("tenants/acme/roles", "../../shared/roles"),
            ("tenants/acme/bob.yaml", "../../people/bob.txt"),
            ("current", "tenants/acme"),
        ],
    );
    for path in ["tenants", "current", "current/", "./tenants/../tenants/acme"] {
        let output = tenantry(directory.path(), &["plan", path, "--against", "git:HEAD"]);
        assert_eq!(out(&output), "nobody's access changes\n", "{path}: {}", err(&output));
    }
    // What a link led to then counts, not what it leads to now.
    std::fs::remove_file(directory.path().join("current")).unwrap();
    std::os::unix::fs::symlink("shared", directory.path().join("current")).unwrap();
    std::fs::write(directory.path().join("shared/all.yaml"), base()).unwrap();
    std::fs::remove_dir_all(directory.path().join("shared/roles")).unwrap();
    let output = tenantry(directory.path(), &["plan", "current", "--against", "git:HEAD"]);
    assert_eq!(out(&output), "nobody's access changes\n", "{}", err(&output));
}

#[cfg(unix)]
#[test]
fn a_link_that_a_revision_cannot_follow_ends_with_2() {
    for (target, part) in [
        ("gone.yaml", "led nowhere"),
        ("link.yaml", "led in a circle"),
        ("../../elsewhere.yaml", "leads out of the repository"),
    ] {
        let directory = repository(&[("access/all.yaml", &base())], &[("access/link.yaml", target)]);
        std::fs::remove_file(directory.path().join("access/link.yaml")).unwrap();
        let output = tenantry(directory.path(), &["plan", "access", "--against", "git:HEAD"]);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{target}");
        let error = err(&output);
        assert!(error.contains(part) && error.contains("access/link.yaml"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_into_another_repository_leads_nowhere_at_a_revision() {
    let other = repository(&[("iam/all.yaml", &base().replace("Publish", "Edit"))], &[]);
    let directory = repository(&[("iam/all.yaml", &base())], &[]);
    let iam = directory.path().join("iam");
    std::fs::remove_dir_all(&iam).unwrap();
    std::os::unix::fs::symlink(other.path().join("iam"), &iam).unwrap();
    for path in ["iam", "."] {
        let output = tenantry(directory.path(), &["plan", path, "--against", "git:HEAD"]);
        let told = out(&output);
        assert!(told.contains("-  Campaign: Publish"), "{path}: {told}{}", err(&output));
    }
}

#[cfg(unix)]
#[test]
fn of_duplicates_the_same_one_comes_first_at_a_revision() {
    let other = BOB.replace("roles: [editor]", "roles: [analyst]");
    let directory = repository(
        &[
            ("below/bob.yaml", BOB),
            ("all.yaml", &format!("{TENANT}{ROLE}")),
            ("above/bob.yaml", &other),
        ],
        &[],
    );
    for paths in [
        &["bob.yaml", "../below", "../all.yaml"],
        &["./bob.yaml", "../below", "../all.yaml"],
    ] {
        let arguments = [&["plan"][..], paths, &["--against", "git:HEAD"]].concat();
        let output = tenantry(&directory.path().join("above"), &arguments);
        assert_eq!(out(&output), "nobody's access changes\n", "{paths:?}: {}", err(&output));
    }
}

#[test]
fn the_standard_input_is_either_side_but_not_both() {
    let directory = files(&[("all.yaml", &base())]);
    let run = |path: &str, against: &str| {
        let stdin = std::fs::File::open(directory.path().join("all.yaml")).unwrap();
        tenantry_with(stdin, directory.path(), &["plan", path, "--against", against])
    };
    for (path, against) in [("all.yaml", "-"), ("-", "all.yaml")] {
        let output = run(path, against);
        let same = "nobody's access changes\n";
        assert_eq!((out(&output).as_str(), code(&output)), (same, 0), "{path} {against}");
    }
    let both = run("-", "-");
    assert_eq!(code(&both), 2);
    assert!(err(&both).contains("read only once"), "{}", err(&both));
}

#[test]
fn what_cannot_be_compared_ends_with_2() {
    let directory = files(&[("all.yaml", &base())]);
    for against in ["git:HEAD", "nowhere", "git:--help", "git:"] {
        let output = tenantry(directory.path(), &["plan", "all.yaml", "--against", against]);
        assert_eq!(code(&output), 2, "{against}: {}", out(&output));
    }
    git(directory.path(), &["init", "--quiet"]);
    let output = tenantry(
        directory.path(),
        &["plan", "all.yaml", "--against", "git:no-such-revision"],
    );
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("no revision `no-such-revision`"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_namespace_that_neither_side_holds_ends_with_2() {
    let directory = files(&[("before.yaml", &base()), ("after.yaml", &base())]);
    let plan = |namespace: &str| {
        let arguments = ["plan", "after.yaml", "--against", "before.yaml", "-n", namespace];
        code(&tenantry(directory.path(), &arguments))
    };
    assert_eq!((plan("acme"), plan("acne")), (0, 2));
}

#[test]
fn markdown_cannot_be_broken_by_a_value() {
    let rule = "---\napiVersion: tenantry.dev/v1alpha1\nkind: SharingRule\nmetadata: {name: r, namespace: acme}\nspec: {displayName: R, object: Customer, ownerless: {}, to: {everyone: true}}\n";
    let condition = rule
        .replace("ownerless: {}", "condition: \"record.city == '|</td><script>'\"")
        .replace("everyone: true", "organizations: [emea]");
    let emea = "---\napiVersion: tenantry.dev/v1alpha1\nkind: Organization\nmetadata: {name: emea, namespace: acme}\nspec: {displayName: EMEA}\n";
    let limits = base().replace(
        "displayName: Acme",
        "displayName: Acme, dataPermissions: {enabled: true}",
    );
    let before = limits.replace(
        "{object: Campaign",
        "{object: Customer, actions: [View]}, {object: Campaign",
    );
    let after = format!(
        "{}{emea}{condition}",
        before.replace("name: Bob,", "name: Bob, organizations: [emea],")
    );
    let directory = files(&[("before.yaml", &before), ("after.yaml", &after)]);
    let output = out(&tenantry(
        directory.path(),
        &["plan", "after.yaml", "--against", "before.yaml", "-o", "markdown"],
    ));
    assert!(output.contains("\\|&lt;/td&gt;&lt;script&gt;"), "{output}");
}

#[test]
fn a_long_difference_folds_in_markdown() {
    let user = |n: usize| BOB.replace("bob", &format!("bob{n}"));
    let many: String = (0..6).map(user).collect();
    let directory = files(&[
        ("before.yaml", TENANT),
        ("after.yaml", &format!("{TENANT}{ROLE}{many}")),
    ]);
    let output = out(&tenantry(
        directory.path(),
        &["plan", "after.yaml", "--against", "before.yaml", "-o", "markdown"],
    ));
    assert!(
        output.contains("<details>") && output.trim_end().ends_with("</details>"),
        "{output}"
    );
}

#[test]
fn who_can_lists_those_whom_a_role_in_force_allows() {
    let carol = BOB
        .replace("bob", "carol")
        .replace("name: Bob,", "name: Carol, enabled: false,");
    let directory = files(&[("all.yaml", &format!("{}{carol}", base()))]);
    let report = json(&tenantry(
        directory.path(),
        &["who-can", "Edit", "Campaign", "all.yaml", "-o", "json"],
    ));
    assert_eq!(
        report["users"],
        serde_json::json!([{"user": "bob", "roles": ["editor"]}])
    );
}

#[test]
fn who_can_tells_when_it_ends() {
    let period = "temporaryRoles: [{role: editor, validUntil: \"2026-12-02T00:00:00Z\"}]";
    let text = base().replace("roles: [editor]", &format!("roles: [ordinary-user], {period}"));
    let directory = files(&[("all.yaml", &text)]);
    let report = json(&tenantry(
        directory.path(),
        &["who-can", "Edit", "Campaign", "all.yaml", "-o", "json"],
    ));
    assert_eq!(report["users"][0]["validUntil"], "2026-12-02T00:00:00Z");
}

#[test]
fn who_can_needs_one_tenant_and_known_names() {
    let directory = files(&[(
        "all.yaml",
        &format!("{}---\n{}", base(), TENANT.replace("acme", "beta")),
    )]);
    let run = |arguments: &[&str]| tenantry(directory.path(), &[&["who-can"][..], arguments].concat());
    let ambiguous = run(&["Edit", "Campaign", "all.yaml"]);
    assert_eq!(code(&ambiguous), 2);
    assert!(err(&ambiguous).contains("acme, beta"), "{}", err(&ambiguous));
    assert_eq!(code(&run(&["Edit", "Campaign", "all.yaml", "-n", "acme"])), 0);
    let unknown = run(&["Edit", "Campain", "all.yaml"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean `Campaign`?"), "{}", err(&unknown));
    assert_eq!(code(&run(&["Fly", "Campaign", "all.yaml"])), 2);
}

#[test]
fn nobody_can_use_a_module_that_the_tenant_lacks() {
    let directory = files(&[("all.yaml", &base())]);
    let output = tenantry(
        directory.path(),
        &["who-can", "View", "UserTag", "all.yaml", "-o", "json"],
    );
    assert_eq!(
        (code(&output), json(&output)["users"].as_array().unwrap().len()),
        (0, 0)
    );
}

#[test]
fn the_calendar_lists_what_time_changes_soonest_first() {
    let text = base().replace(
        "name: Bob,",
        "name: Bob, validUntil: \"2027-01-01T00:00:00Z\", temporaryRoles: [{role: analyst, validFrom: \"2026-12-01T00:00:00Z\", validUntil: \"2026-12-02T00:00:00Z\"}, {role: editor, validUntil: \"2026-12-03T00:00:00Z\"}],",
    );
    let directory = files(&[("all.yaml", &text)]);
    let report = json(&tenantry(directory.path(), &["calendar", "all.yaml", "-o", "json"]));
    let events: Vec<String> = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            format!(
                "{} {} {}",
                event["at"].as_str().unwrap(),
                event["object"].as_str().unwrap(),
                event["change"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "2026-12-01T00:00:00Z User/bob role analyst begins",
        "2026-12-02T00:00:00Z User/bob role analyst ends",
        "2027-01-01T00:00:00Z User/bob Active -> Expired",
    ];
    assert_eq!(events, expected);
}

#[test]
fn the_matrix_depends_on_neither_moment_nor_width_nor_people() {
    let directory = files(&[("all.yaml", &base()), ("less.yaml", &format!("{TENANT}{ROLE}"))]);
    let run = |file: &str, columns: &str, at: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        let command = command
            .current_dir(directory.path())
            .args(["matrix", file, "--at", at])
            .env("COLUMNS", columns);
        out(&command.output().unwrap())
    };
    let golden = run("all.yaml", "80", AT);
    assert_eq!(golden, run("less.yaml", "160", "2100-01-01T00:00:00Z"));
    let editor: Vec<&str> = golden.lines().filter(|line| line.contains(" editor ")).collect();
    let words: Vec<Vec<&str>> = editor.iter().map(|line| line.split_whitespace().collect()).collect();
    let expected = [
        vec!["acme", "editor", "Campaign", "Publish", "(Edit)", "(View)"],
        vec!["acme", "editor", "MarketingContent", "(View)"],
    ];
    assert_eq!(words, expected);
}
