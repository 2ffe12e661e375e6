//! The GitHub Action and the hooks of pre-commit, as far as they can be tried without their services: the steps of
//! `action.yml` are run as a runner would run them, in a real repository, with a `gh` that only remembers one comment.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A test may fail loudly.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TENANTRY: &str = env!("CARGO_BIN_EXE_tenantry");

const TENANT: &str = "{apiVersion: tenantry.dev/v1alpha1, kind: Tenant, metadata: {name: tenant, namespace: acme}, spec: {displayName: Acme}}\n";

fn user(name: &str, role: &str) -> String {
    format!(
        "{{apiVersion: tenantry.dev/v1alpha1, kind: User, metadata: {{name: {name}, namespace: acme}}, spec: {{account: {name}.smith, name: A, roles: [{role}]}}}}\n"
    )
}

/// A `gh` that knows one comment. It finds it if the mark that it is asked for begins it.
const GH: &str = r#"#!/usr/bin/env bash
set -eu
printf '%s\n' "$*" >>"$GH_STATE/calls"
[[ ! -e "$GH_STATE/broken" ]] || { echo "HTTP 403" >&2; exit 1; }
[[ "$1" == api && -n "$GH_TOKEN" ]]
for argument in "$@"; do
    case "$argument" in
        body=@*) cp "${argument#body=@}" "$GH_STATE/comment" ;;
        .\[\]*)
            mark="${argument#*startswith(\"}"
            mark="${mark%%\"*}"
            [[ -e "$GH_STATE/comment" ]] || exit 0
            [[ "$(head -n 1 "$GH_STATE/comment")" != "$mark" ]] || printf '41\n42\n'
            ;;
    esac
done
"#;

/// What `cargo install` does, as far as the action can tell.
const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
printf '%s\n' "$*" >>"$GH_STATE/calls"
mkdir -p "${@: -1}/bin"
ln -s "$REAL_TENANTRY" "${@: -1}/bin/tenantry"
"#;

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(Path::new(ROOT).join(path)).unwrap()).unwrap()
}

/// A runner with a checkout of somebody's repository.
struct Runner {
    directory: tempfile::TempDir,
    inputs: BTreeMap<String, String>,
    base: String,
}

impl Runner {
    /// A pull request that turns `base` into `head`, checked out as GitHub does: merged.
    fn new(base: &str, head: &str) -> Self {
        let action = yaml("action.yml");
        let inputs = action["inputs"].as_object().unwrap();
        let default = |input: &Value| input["default"].as_str().unwrap().to_owned();
        let mut runner = Self {
            directory: tempfile::tempdir().unwrap(),
            inputs: inputs
                .iter()
                .map(|(name, input)| (name.clone(), default(input)))
                .collect(),
            base: String::new(),
        };
        runner.input("binary", TENANTRY);
        runner.input("token", "secret");
        for folder in ["bin", "state", "temp", "work/iam"] {
            fs::create_dir_all(runner.path(folder)).unwrap();
        }
        runner.tool("gh", GH);
        runner.tool("cargo", CARGO);
        runner.git(&["init", "--quiet", "--initial-branch=main"]);
        runner.commit(base);
        runner.git(&["checkout", "--quiet", "-b", "topic"]);
        runner.commit(head);
        runner.git(&["checkout", "--quiet", "main"]);
        runner.git(&["merge", "--quiet", "--no-ff", "--message=merge", "topic"]);
        runner.base = runner.git(&["rev-parse", "main^1"]);
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn input(&mut self, name: &str, value: &str) {
        assert!(
            self.inputs.insert(name.to_owned(), value.to_owned()).is_some(),
            "{name}"
        );
    }

    fn tool(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b.example",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(self.path("work"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, manifests: &str) {
        fs::write(self.path("work/iam/acme.yaml"), manifests).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=change"]);
    }

    /// What the runner makes of `${{ ... }}`.
    fn expression(&self, text: &str) -> String {
        let Some(inner) = text.strip_prefix("${{ ").and_then(|text| text.strip_suffix(" }}")) else {
            return text.to_owned();
        };
        match inner {
            "github.event.pull_request.number" => "7".to_owned(),
            "github.event.pull_request.base.sha" => self.base.clone(),
            "github.event.pull_request.head.sha" => self.git(&["rev-parse", "topic"]),
            _ => self.inputs[inner.strip_prefix("inputs.").expect(inner)].clone(),
        }
    }

    /// Runs the step of that name.
    fn step(&self, name: &str) -> Ran {
        let action = yaml("action.yml");
        let steps = action["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).expect(name);
        let script = self.path("temp/step.sh");
        fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(script)
            .current_dir(self.path("work"))
            .env("PATH", path)
            .env("REAL_TENANTRY", TENANTRY)
            .env("GH_STATE", self.path("state"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_ACTION_PATH", ROOT)
            .env("GITHUB_REPOSITORY", "acme/iam")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_RUN_ID", "99")
            .env("GITHUB_SHA", self.git(&["rev-parse", "main"]))
            .env("GITHUB_STEP_SUMMARY", self.path("state/summary"))
            .env("GITHUB_WORKSPACE", self.path("work"));
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, self.expression(value.as_str().unwrap()));
        }
        Ran(command.output().unwrap())
    }

    fn check(&self) -> Ran {
        self.step("Check the manifests")
    }

    fn plan(&self) -> Ran {
        self.step("Show who loses and gains what")
    }

    /// The calls that wrote a comment.
    fn written(&self) -> Vec<String> {
        let calls = self.text("state/calls");
        let wrote = calls.lines().filter(|call| call.contains("--method"));
        wrote
            .map(|call| call.split(" --field").next().unwrap().to_owned())
            .collect()
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    /// Both streams: a runner reads commands from either.
    fn said(&self) -> String {
        String::from_utf8([&self.0.stdout[..], &self.0.stderr].concat()).unwrap()
    }
}

fn promoted() -> Runner {
    let base = [TENANT.to_owned(), user("bob", "ordinary-user")].join("---\n");
    let head = [TENANT.to_owned(), user("bob", "analyst")].join("---\n");
    Runner::new(&base, &head)
}

const POST: &str = "api --silent --method POST repos/acme/iam/issues/7/comments";
const PATCH: &str = "api --silent --method PATCH repos/acme/iam/issues/comments/41";

#[test]
fn a_pull_request_gets_one_comment_that_is_updated() {
    let runner = promoted();
    let ran = runner.plan();
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert_eq!(runner.written(), [POST]);
    let comment = runner.text("state/comment");
    assert!(comment.starts_with("<!-- tenantry plan "), "{comment}");
    assert!(comment.contains("### the access of 1 person changes"), "{comment}");
    assert!(comment.contains("**bob** of acme"), "{comment}");
    assert!(
        comment.contains(&format!("against {}", runner.base.get(..7).unwrap())),
        "{comment}"
    );
    assert!(runner.text("state/summary").contains("**bob** of acme"));

    assert_eq!(runner.plan().code(), 0);
    assert_eq!(runner.written(), [POST, PATCH]);
}

#[test]
fn other_paths_have_a_comment_of_their_own() {
    let mut runner = promoted();
    assert_eq!(runner.plan().code(), 0);
    runner.input("paths", "iam\n");
    assert_eq!(runner.plan().code(), 0);
    assert_eq!(runner.written(), [POST, POST]);
}

#[test]
fn where_nothing_changes_only_an_earlier_comment_is_updated() {
    let same = [TENANT.to_owned(), user("bob", "ordinary-user")].join("---\n");
    let runner = Runner::new(&same, &format!("# a comment\n{same}"));
    let ran = runner.plan();
    assert_eq!((ran.code(), runner.written()), (0, vec![]), "{}", ran.said());
    assert!(ran.said().contains("there is nothing to comment on"), "{}", ran.said());
    assert!(runner.text("state/summary").contains("nobody's access changes"));

    fs::write(runner.path("state/comment"), "<!-- tenantry plan ._ -->\nold\n").unwrap();
    assert_eq!(runner.plan().code(), 0);
    assert_eq!(runner.written(), [PATCH]);
    assert!(!runner.text("state/comment").contains("old"));
}

#[test]
fn no_comment_is_written_where_none_is_wanted() {
    let mut runner = promoted();
    runner.input("comment", "false");
    assert_eq!(runner.plan().code(), 0);
    assert_eq!(runner.text("state/calls"), "");
    assert!(runner.text("state/summary").contains("**bob** of acme"));
}

#[test]
fn too_many_changes_fail_after_the_comment() {
    let mut runner = promoted();
    runner.input("max-changes", "0");
    let ran = runner.plan();
    assert_eq!(ran.code(), 3);
    assert!(
        ran.said()
            .contains("::error title=tenantry plan::the access of more people changes"),
        "{}",
        ran.said()
    );
    assert_eq!(runner.written(), [POST]);
    runner.input("max-changes", "1");
    assert_eq!(runner.plan().code(), 0);
}

#[test]
fn a_token_that_may_not_write_is_a_warning_and_the_summary_has_the_difference() {
    let runner = promoted();
    fs::write(runner.path("state/broken"), "").unwrap();
    let ran = runner.plan();
    assert_eq!(ran.code(), 0);
    assert!(
        ran.said().contains("::warning title=tenantry plan::cannot comment"),
        "{}",
        ran.said()
    );
    assert!(runner.text("state/summary").contains("**bob** of acme"));
}

#[test]
fn what_is_too_long_for_a_comment_is_named_there_and_shown_in_the_summary() {
    let team = |role: &str| {
        let users = (0..150).map(|number| format!("---\n{}", user(&format!("user-{number}"), role)));
        format!("{TENANT}{}", users.collect::<String>())
    };
    let runner = Runner::new(&team("ordinary-user"), &team("administrator"));
    let ran = runner.plan();
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let comment = runner.text("state/comment");
    assert!(runner.text("state/summary").len() > 65_536);
    assert!(comment.len() < 1_000, "{comment}");
    assert!(comment.contains("### the access of 150 people changes"), "{comment}");
    assert!(
        comment.contains("https://github.com/acme/iam/actions/runs/99"),
        "{comment}"
    );
}

#[test]
fn findings_do_not_keep_the_difference_from_a_reviewer() {
    let base = [TENANT.to_owned(), user("bob", "ordinary-user")].join("---\n");
    let head = [TENANT.to_owned(), user("bob", "analyst"), user("eve", "no-such-role")].join("---\n");
    let runner = Runner::new(&base, &head);
    assert_eq!(runner.plan().code(), 0);
    assert_eq!(runner.written(), [POST]);
}

#[test]
fn what_others_have_merged_since_is_no_change_of_this_pull_request() {
    let mut runner = promoted();
    // The event names the commit that the branch began with; meanwhile main has moved on and was merged.
    let began = runner.git(&["rev-parse", "topic^1"]);
    runner.git(&["checkout", "--quiet", "-B", "main", &began]);
    fs::write(runner.path("work/iam/eve.yaml"), user("eve", "analyst")).unwrap();
    runner.git(&["add", "."]);
    runner.git(&["commit", "--quiet", "--message=eve"]);
    runner.git(&["merge", "--quiet", "--no-ff", "--message=merge", "topic"]);
    runner.base = began;
    let ran = runner.plan();
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let comment = runner.text("state/comment");
    assert!(comment.contains("bob") && !comment.contains("eve"), "{comment}");
}

#[test]
fn a_shallow_checkout_fetches_its_base() {
    let mut runner = promoted();
    let origin = runner.path("origin");
    fs::rename(runner.path("work"), &origin).unwrap();
    let url = format!("file://{}", origin.display());
    fs::create_dir(runner.path("work")).unwrap();
    runner.git(&["clone", "--quiet", "--depth=1", &url, "."]);
    runner.git(&["fetch", "--quiet", "--depth=1", "origin", "topic:topic"]);
    let ran = runner.plan();
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert!(runner.text("state/comment").contains("**bob** of acme"));

    runner.base = "0".repeat(40);
    let ran = runner.plan();
    assert_eq!(ran.code(), 2, "{}", ran.said());
    assert!(
        ran.said().contains("give actions/checkout fetch-depth: 2"),
        "{}",
        ran.said()
    );
}

#[test]
fn paths_that_cannot_be_read_fail_and_nothing_is_commented() {
    let mut runner = promoted();
    runner.input("paths", "nowhere");
    let ran = runner.plan();
    assert_eq!(ran.code(), 2);
    assert!(
        ran.said()
            .contains("::error title=tenantry plan::cannot tell what changes"),
        "{}",
        ran.said()
    );
    assert_eq!(runner.written(), [""; 0]);
}

#[test]
fn findings_stand_beside_the_lines_of_the_change() {
    let head = [TENANT.to_owned(), user("bob", "no-such-role")].join("---\n");
    let runner = Runner::new(TENANT, &head);
    let ran = runner.check();
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(
        ran.said().contains("::error file=iam/acme.yaml,line=3,"),
        "{}",
        ran.said()
    );
    assert_eq!(promoted().check().code(), 0);
}

#[test]
fn inputs_are_arguments_and_never_code() {
    let mut runner = promoted();
    runner.input("paths", "iam\n$(touch pwned)\n`touch pwned`; touch pwned\n-o json\n");
    runner.input("namespace", "acme; touch pwned");
    assert_eq!(runner.check().code(), 2);
    assert_eq!(runner.plan().code(), 2);
    assert!(!runner.path("work/pwned").exists());
}

#[test]
fn expectations_are_run_when_named() {
    let mut runner = promoted();
    let case = "groups: [{name: g, cases: [{name: a, user: bob, roles: [ordinary-user]}]}]\n";
    fs::write(runner.path("work/iam/a.test.yaml"), case).unwrap();
    runner.input("tests", "iam");
    let ran = runner.step("Run the expectations");
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.said().contains("+ analyst"), "{}", ran.said());
}

#[test]
fn without_a_binary_the_checkout_of_the_action_is_built_and_used() {
    let mut runner = promoted();
    runner.input("binary", "");
    let ran = runner.step("Build tenantry");
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let root = runner.path("temp/tenantry");
    let expected = format!("install --locked --path {ROOT} --root {}\n", root.display());
    assert_eq!(runner.text("state/calls"), expected);
    assert_eq!(runner.check().code(), 0);
}

#[test]
fn every_input_is_declared_and_used() {
    let text = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let action = yaml("action.yml");
    let declared: Vec<&String> = action["inputs"].as_object().unwrap().keys().collect();
    let used: Vec<&str> = text
        .split("inputs.")
        .skip(1)
        .map(|rest| rest.split([' ', '\n']).next().unwrap())
        .collect();
    for name in &declared {
        assert!(used.contains(&name.as_str()), "{name} is not used");
    }
    for name in used {
        assert!(
            declared.iter().any(|declared| *declared == name),
            "{name} is not declared"
        );
    }
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(
            !step["run"].as_str().unwrap().contains("${{"),
            "an expression in a script is code: {step}"
        );
    }
}

#[test]
fn the_script_is_one() {
    let script = Path::new(ROOT).join("action/run.sh");
    let output = Command::new("bash").arg("-n").arg(&script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_ne!(
        fs::metadata(script).unwrap().permissions().mode() & 0o111,
        0,
        "it is run as a program"
    );
}

#[test]
fn the_hooks_of_pre_commit_call_commands_that_there_are() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["tenantry-check", "tenantry-test"]);
    for hook in hooks {
        assert_eq!(
            (&hook["language"], &hook["pass_filenames"]),
            (&Value::from("rust"), &Value::from(false))
        );
        let mut words = hook["entry"].as_str().unwrap().split(' ');
        assert_eq!(words.next(), Some("tenantry"));
        let arguments: Vec<&str> = hook["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let output = Command::new(TENANTRY)
            .args(words)
            .args(arguments)
            .current_dir(Path::new(ROOT).join("examples/acme"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{hook}");
    }
}

/// The fenced blocks of YAML in the document about review.
fn documented() -> Vec<Value> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/review.md")).unwrap();
    let blocks = text
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_saphyr::from_str(block).unwrap()).collect()
}

#[test]
fn what_the_documents_say_to_write_fits_action_and_hooks() {
    let documented = documented();
    let action = yaml("action.yml");
    let workflow = documented.iter().find(|block| block["jobs"].is_object()).unwrap();
    let steps = workflow["jobs"]["review"]["steps"].as_array().unwrap();
    let step = steps
        .iter()
        .find(|step| step["uses"].as_str().unwrap().contains("tenantry"))
        .unwrap();
    for input in step["with"].as_object().unwrap().keys() {
        assert!(action["inputs"][input].is_object(), "{input}");
    }
    let hooks = yaml(".pre-commit-hooks.yaml");
    let config = documented.iter().find(|block| block["repos"].is_array()).unwrap();
    for hook in config["repos"][0]["hooks"].as_array().unwrap() {
        assert!(
            hooks.as_array().unwrap().iter().any(|known| known["id"] == hook["id"]),
            "{hook}"
        );
    }
}

#[test]
fn our_own_workflow_does_what_anyone_can_do_by_hand() {
    let workflow = yaml(".github/workflows/ci.yaml");
    let steps = workflow["jobs"]["run"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["run"] == ".ci/run"), "{steps:?}");
}
