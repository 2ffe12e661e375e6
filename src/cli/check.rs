//! `tenantry check`: every finding with its place and mend.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::input::{Input, InputArguments};
use super::{Failure, Outcome, Screen, github, render, sarif};
use crate::manifests::{Manifests, Place, Stray};
use crate::policy::{Class, Found, Reason};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: InputArguments,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Workflow commands: GitHub shows them beside the lines
    Github,
    /// The Static Analysis Results Interchange Format 2.1.0, for code scanning and editors
    Sarif,
}

/// A finding with its place in a file. `-o json` prints it as it is.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Placed {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) path: String,
    #[serde(serialize_with = "class_name")]
    pub(super) class: Class,
    #[serde(serialize_with = "reason_name")]
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) mend: String,
    /// Where in the sources, for a snippet.
    #[serde(skip)]
    pub(super) source: Option<(usize, Place)>,
}

fn class_name<S: serde::Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.as_str())
}

fn reason_name<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

#[derive(Serialize)]
struct Report<'a> {
    findings: &'a [Placed],
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let input = Input::read(&arguments.input, screen)?;
    let findings = all(&input);
    match arguments.output {
        Form::Text => {
            for finding in &findings {
                writeln!(screen.out, "{}\n", render::finding(&input.manifests, finding))?;
            }
        }
        Form::Json => screen.json(&Report { findings: &findings })?,
        Form::Github => github::print(&findings, screen)?,
        Form::Sarif => screen.json(&sarif::log(&findings, !input.unreadable))?,
    }
    input.say_skipped(screen);
    screen.say(summary(&input, &findings));
    Ok(outcome(&input, findings.iter().map(|finding| finding.class)))
}

/// How a command ends that met these classes of findings.
pub(super) fn outcome(input: &Input, mut classes: impl Iterator<Item = Class>) -> Outcome {
    if input.unreadable {
        Outcome::Unreadable
    } else if classes.any(|class| class != Class::Warning) {
        Outcome::Findings
    } else {
        Outcome::Fine
    }
}

/// Every finding and warning of the selected namespaces, in the order of files and places.
fn all(input: &Input) -> Vec<Placed> {
    let mut found: Vec<(&str, Found)> = Vec::new();
    for evaluation in input.selected() {
        let both = evaluation.findings().into_iter().chain(evaluation.warnings());
        found.extend(both.map(|found| (evaluation.namespace.as_str(), found)));
    }
    let mut placed = place(&input.manifests, &found);
    placed.extend(strays(input).map(|stray| placed_stray(&input.manifests, stray)));
    placed.sort_by(|one, other| {
        (&one.file, one.line, one.column, one.reason, &one.path).cmp(&(
            &other.file,
            other.line,
            other.column,
            other.reason,
            &other.path,
        ))
    });
    placed
}

fn place(manifests: &Manifests, found: &[(&str, Found)]) -> Vec<Placed> {
    let wanted: Vec<_> = found
        .iter()
        .filter_map(|(_, found)| Some((manifests.origin(found.origin?)?, found.finding.path.as_str())))
        .collect();
    let mut places = wanted
        .iter()
        .map(|(origin, _)| origin.source)
        .zip(manifests.locate(&wanted));
    found
        .iter()
        .map(|(namespace, found)| {
            // Only findings of objects that stand in a file were located.
            let source = found
                .origin
                .and_then(|origin| manifests.origin(origin))
                .and_then(|_| places.next());
            let source = source.map(|(index, place)| (index, manifests.place_of_fault(found).unwrap_or(place)));
            let file = source.and_then(|(source, _)| manifests.sources.get(source));
            Placed {
                file: file.map(|source| source.name.clone()).unwrap_or_default(),
                line: source.map_or(0, |(_, place)| place.line),
                column: source.map_or(0, |(_, place)| place.column),
                kind: Some(found.kind.to_string()),
                namespace: Some((*namespace).to_owned()),
                name: (!found.name.is_empty()).then(|| found.name.clone()),
                path: found.finding.path.clone(),
                class: found.finding.class,
                reason: found.finding.reason,
                message: found.finding.message.clone(),
                mend: found.finding.mend.clone(),
                source,
            }
        })
        .collect()
}

/// What is wrong of which nobody can say which object it is, unless it says that it is of a namespace that is not selected.
pub(super) fn strays(input: &Input) -> impl Iterator<Item = &Stray> {
    let namespace = |stray: &&Stray| stray.namespace.as_deref().is_none_or(|name| input.selects(name));
    input.manifests.strays.iter().filter(namespace)
}

fn placed_stray(manifests: &Manifests, stray: &Stray) -> Placed {
    Placed {
        file: manifests
            .sources
            .get(stray.origin.source)
            .map(|source| source.name.clone())
            .unwrap_or_default(),
        line: stray.fault.place.line,
        column: stray.fault.place.column,
        kind: stray.kind.clone(),
        namespace: stray.namespace.clone(),
        name: stray.name.clone(),
        path: stray.fault.path.clone(),
        class: Class::Refused,
        reason: Reason::SchemaInvalid,
        message: stray.fault.message.clone(),
        mend: stray.fault.help.clone(),
        source: Some((stray.origin.source, stray.fault.place)),
    }
}

fn summary(input: &Input, findings: &[Placed]) -> String {
    let objects = input
        .manifests
        .entries
        .iter()
        .filter(|entry| input.selects(&entry.namespace))
        .count();
    let tenants = input
        .selected()
        .filter(|evaluation| evaluation.tenant.is_some())
        .count();
    let read = format!("{} of {}", many(objects, "object"), many(tenants, "tenant"));
    let counts: Vec<String> = [
        (Class::Refused, "refused"),
        (Class::Waiting, "waiting"),
        (Class::Partial, "waiting in part"),
        (Class::Warning, "only to look at"),
    ]
    .into_iter()
    .map(|(class, word)| (findings.iter().filter(|finding| finding.class == class).count(), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if counts.is_empty() {
        return format!("no findings in {read}");
    }
    format!(
        "{} in {read}: {}; what each reason means: {}",
        many(findings.len(), "finding"),
        counts.join(", "),
        Reason::PAGE
    )
}

/// "1 object", "2 objects".
pub(super) fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
