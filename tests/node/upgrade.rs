//! The next release over this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Ran;
use crate::images;
use crate::node::Node;
use crate::release::{apply_acme, chart, declared, helm, install, lets_in, log, name, ready};

/// A field that this release does not know.
const GROUP: &str = "\
apiVersion: tenantry.dev/v1alpha1
kind: UserGroup
metadata: {name: painters, namespace: acme}
spec: {displayName: Painters, remarks: They paint., colour: blue}
";

pub(crate) fn brings_new_definitions_and_keeps_the_tenants() {
    let node = Node::start();
    install(&node, &[]);
    apply_acme(&node);
    let before = declared(&node);
    let first = ready(&node, 1);
    let early = apply_group(&node);
    assert!(
        early.code != 0 && early.err.contains("colour"),
        "{}{}",
        early.out,
        early.err
    );

    let directory = tempfile::tempdir().unwrap();
    let image = format!("{}:next", images::REPOSITORY);
    node.tag(&images::ours(), &image);
    let next = next_chart(directory.path());
    helm(&node, "upgrade", &next, &["--set", "image.tag=next,log.format=text"]);

    assert_eq!(declared(&node), before);
    let second = ready(&node, 1);
    assert_ne!(name(&first[0]), name(&second[0]));
    let container = &second[0]["spec"]["containers"][0];
    assert_eq!(container["image"], image);
    assert!(
        container["args"].to_string().contains("--log-format=text"),
        "{container}"
    );
    lets_in(&node, "after-the-upgrade");
    let log = log(&node, name(&second[0]));
    assert!(log.iter().any(|line| line.contains("holds the lease")), "{log:?}");
    assert!(
        !log.iter().any(|line| line.contains('\x1b')),
        "colours in a file: {log:?}"
    );
    apply_group(&node).ok();
    let group = node.get(&["tgroup", "painters", "--namespace=acme"]);
    assert_eq!(group["spec"]["colour"], "blue");
}

fn apply_group(node: &Node) -> Ran {
    node.admin()
        .kubectl_with(GROUP, &["apply", "--validate=strict", "-f", "-"])
}

/// This chart as its next release might be: with a field more in a definition.
fn next_chart(directory: &Path) -> PathBuf {
    let next = directory.join("tenantry");
    let copied = Command::new("cp").arg("-R").arg(chart()).arg(&next).status().unwrap();
    assert!(copied.success());
    replace(&next.join("Chart.yaml"), "\nversion: 0.1.0\n", "\nversion: 0.2.0\n");
    let field = "\n              colour:\n                type: string\n              displayName:\n";
    replace(
        &next.join("files/crds/usergroups.yaml"),
        "\n              displayName:\n",
        field,
    );
    next
}

fn replace(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text.matches(old).count(), 1, "`{old}` in {}", path.display());
    fs::write(path, text.replace(old, new)).unwrap();
}
