//! Cases as they stand in the files of this folder; `README.md` there explains their form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tenantry::api::Kind;

use super::file::load;

/// The files of cases.
pub(crate) const FILES: [&str; 14] = [
    "conditions.yaml",
    "credited.yaml",
    "groups.yaml",
    "invitations.yaml",
    "organizations.yaml",
    "reasons.yaml",
    "removal.yaml",
    "roles.yaml",
    "sharing.yaml",
    "small_print.yaml",
    "tenants.yaml",
    "time.yaml",
    "users.yaml",
    "warnings.yaml",
];

/// The moment of a case that names none.
const AT: &str = "2026-11-24T12:00:00Z";

/// A case: manifests in, findings and statuses out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) rows: Vec<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
    #[serde(default = "usual_moment")]
    pub(crate) at: String,
    #[serde(default)]
    base: OneOrMany,
    pub(crate) catalogue: Option<String>,
    #[serde(default)]
    manifests: String,
    #[serde(default)]
    pub(crate) findings: Vec<Finding>,
    #[serde(default)]
    pub(crate) statuses: BTreeMap<String, Option<BTreeMap<String, Value>>>,
    #[serde(default)]
    pub(crate) warnings: bool,
}

fn usual_moment() -> String {
    AT.to_owned()
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn names(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// A finding by everything that is fixed about it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) class: String,
    pub(crate) reason: String,
}

impl Case {
    /// The manifests, written out.
    pub(crate) fn text(&self, bases: &BTreeMap<String, String>) -> String {
        let base = self.base.names().iter().map(|name| bases[name].as_str());
        let text: Vec<&str> = base.chain([self.manifests.as_str()]).collect();
        expand(&text.join("\n---\n"))
    }

    /// Whether what it expects depends on the order of documents.
    pub(crate) fn depends_on_order(&self) -> bool {
        self.findings.iter().any(|finding| finding.reason == "DuplicateObject")
    }
}

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    load(file)
}

/// The texts that cases share.
pub(crate) fn bases() -> BTreeMap<String, String> {
    load("base.yaml")
}

/// Writes out the abbreviations: loops, then repetitions, then heads of documents.
fn expand(text: &str) -> String {
    let lines = unroll(text);
    let lines = lines.lines().map(|line| head(line).unwrap_or_else(|| repeat(line)));
    lines.map(|line| line + "\n").collect()
}

/// Each `$for i in FROM..TO` to `$end` as often as it says.
fn unroll(text: &str) -> String {
    let Some((before, rest)) = text.split_once("$for i in ") else {
        return text.to_owned();
    };
    let (range, rest) = rest.split_once('\n').unwrap();
    let (body, after) = rest.split_once("$end\n").unwrap();
    let (from, to) = range.split_once("..").unwrap();
    let numbers = from.parse::<u32>().unwrap()..=to.parse().unwrap();
    let turns: String = numbers.map(|i| body.replace("$i", &i.to_string())).collect();
    format!("{before}{turns}{}", unroll(after))
}

/// Each `$repeat(TEXT,TIMES)` as often as it says.
fn repeat(line: &str) -> String {
    let Some((before, rest)) = line.split_once("$repeat(") else {
        return line.to_owned();
    };
    let (text, rest) = rest.split_once(',').unwrap();
    let (times, after) = rest.split_once(')').unwrap();
    format!("{before}{}{}", text.repeat(times.parse().unwrap()), repeat(after))
}

/// `User acme/bob created MOMENT deleted MOMENT` as the beginning of a document.
fn head(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().filter(|_| !line.starts_with(' '));
    let kind = Kind::from_name(words.next()?)?;
    let (namespace, name) = words.next()?.split_once('/')?;
    let mut metadata = format!("name: {name}, namespace: {namespace}");
    while let (Some(what), Some(moment)) = (words.next(), words.next()) {
        let field = match what {
            "created" => "creationTimestamp",
            "deleted" => "deletionTimestamp",
            _ => panic!("`{line}`: `created` or `deleted` expected"),
        };
        metadata += &format!(", {field}: \"{moment}\"");
    }
    Some(format!(
        "---\napiVersion: tenantry.dev/v1alpha1\nkind: {kind}\nmetadata: {{{metadata}}}"
    ))
}
