//! A case made ready for a cluster: its objects as kubectl reads them, in namespaces of its own, in the order of their age.

use std::fmt::Write as _;
use std::iter::once;

use serde_json::{Deserializer, Value};
use tenantry::api::{Kind, Moment};

use crate::harness::access::Access;
use crate::table::case::Case;
use crate::table::outcome::read;

/// A case on its way to a cluster.
pub(super) struct Staged {
    pub(super) case: Case,
    /// Its manifests, written out.
    pub(super) text: String,
    /// Its objects, the oldest first.
    pub(super) objects: Vec<Object>,
    /// What tells its namespaces from those of other cases.
    suffix: String,
}

/// An object of a case, in the namespace that it has on the cluster.
pub(super) struct Object {
    pub(super) kind: Kind,
    /// To be created.
    pub(super) manifest: Value,
    /// When the case says that it was created.
    pub(super) created: Option<Moment>,
    /// Whether it is being deleted.
    pub(super) deleted: bool,
    /// What others have written into its status.
    pub(super) status: Option<Value>,
}

/// Has kubectl read the manifests of cases, all in one go. Of what is no kind of ours, here or nowhere, nothing comes of it.
pub(super) fn stage(kubectl: &Access, cases: Vec<(Case, String)>) -> Vec<Staged> {
    let mut stream = String::new();
    for (number, (_, text)) in cases.iter().enumerate() {
        write!(stream, "---\n{}---\n{text}", mark(number)).unwrap();
    }
    let arguments = [
        "create",
        "--dry-run=client",
        "--validate=false",
        "-o",
        "json",
        "-f",
        "-",
    ];
    // It goes on after a document that it has no use for, and says so in the end.
    let printed = kubectl.kubectl_with(&stream, &arguments).out;
    let mut printed = Deserializer::from_str(&printed)
        .into_iter::<Value>()
        .map(Result::unwrap)
        .peekable();
    let staged = cases.into_iter().enumerate().map(|(number, (case, text))| {
        assert!(
            printed.next().is_some_and(|object| is_mark(&object)),
            "nothing is read of `{}`",
            case.name
        );
        let objects: Vec<Value> = std::iter::from_fn(|| printed.next_if(|object| !is_mark(object))).collect();
        Staged::new(case, text, objects, &format!("-{number:03}"))
    });
    staged.collect()
}

/// A document that stands before those of a case.
fn mark(number: usize) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: case-{number}, labels: {{mark: here}}}}\n")
}

fn is_mark(object: &Value) -> bool {
    object["kind"] == "ConfigMap" && object["metadata"]["labels"]["mark"] == "here"
}

impl Staged {
    fn new(case: Case, text: String, objects: Vec<Value>, suffix: &str) -> Self {
        let ours = objects
            .into_iter()
            .filter(|object| object["apiVersion"] == "tenantry.dev/v1alpha1");
        let mut objects: Vec<Object> = ours.map(|object| Object::new(object, suffix)).collect();
        // What kubectl cannot read it leaves out; nothing that the library reads may get lost so.
        assert_eq!(objects.len(), read(&text).entries.len(), "objects of `{}`", case.name);
        objects.sort_by(|one, other| one.age().cmp(&other.age()));
        Self {
            case,
            text,
            objects,
            suffix: suffix.to_owned(),
        }
    }

    /// Every namespace that it needs, sorted.
    pub(super) fn namespaces(&self) -> Vec<&str> {
        let mut namespaces: Vec<&str> = self.objects.iter().map(Object::namespace).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        namespaces
    }

    /// What a cluster says in the words of the case: with its names of namespaces.
    pub(super) fn translated(&self, status: &Value) -> Value {
        let mut text = status.to_string();
        for name in self
            .namespaces()
            .into_iter()
            .chain(self.objects.iter().flat_map(Object::tenants))
        {
            text = text.replace(name, self.original(name));
        }
        serde_json::from_str(&text).unwrap()
    }

    /// The case's own name of a namespace.
    pub(super) fn original<'a>(&self, namespace: &'a str) -> &'a str {
        namespace.strip_suffix(&self.suffix).unwrap()
    }
}

impl Object {
    fn new(mut manifest: Value, suffix: &str) -> Self {
        let kind = Kind::from_name(manifest["kind"].as_str().unwrap()).unwrap();
        let metadata = manifest["metadata"].as_object_mut().unwrap();
        let created = metadata.remove("creationTimestamp");
        let created = created.and_then(|created| Moment::parse(created.as_str()?));
        let deleted = metadata.remove("deletionTimestamp").is_some();
        let status = manifest.as_object_mut().unwrap().remove("status");
        rename_tenants(&mut manifest, suffix);
        Self {
            kind,
            manifest,
            created,
            deleted,
            status,
        }
    }

    pub(super) fn namespace(&self) -> &str {
        self.manifest["metadata"]["namespace"].as_str().unwrap()
    }

    pub(super) fn name(&self) -> &str {
        self.manifest["metadata"]["name"].as_str().unwrap()
    }

    /// The contract's *older*: what has no creationTimestamp is younger than all that have one.
    fn age(&self) -> (Moment, &str) {
        (self.created.unwrap_or(Moment::MAX), self.name())
    }

    /// The tenants that it names, on the cluster.
    fn tenants(&self) -> impl Iterator<Item = &str> {
        let spec = &self.manifest["spec"];
        let credited = spec["accounts"]["creditedTo"].as_array().into_iter().flatten();
        let named = credited.chain(once(&spec["home"]["tenant"]));
        named.filter_map(Value::as_str).filter(|name| *name != "*")
    }
}

/// Puts a suffix behind every name of a tenant, which is that of a namespace.
fn rename_tenants(manifest: &mut Value, suffix: &str) {
    let rename = |name: &mut Value| {
        if let Some(known) = name.as_str().filter(|name| *name != "*") {
            *name = format!("{known}{suffix}").into();
        }
    };
    for place in ["/metadata/namespace", "/spec/home/tenant"] {
        manifest.pointer_mut(place).into_iter().for_each(rename);
    }
    let credited = manifest.pointer_mut("/spec/accounts/creditedTo");
    let credited = credited.and_then(Value::as_array_mut);
    credited.into_iter().flatten().for_each(rename);
}
