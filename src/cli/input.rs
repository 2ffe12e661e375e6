//! What every command reads: manifests, catalogue and moment; and what follows from them.

use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Failure, Screen};
use crate::api::Moment;
use crate::manifests::Manifests;
use crate::policy::{Catalogue, Evaluation, Snapshot, evaluate_all};
use crate::text::quoted;

/// The arguments of every command that reads manifests.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// Files, directories (read recursively: *.yaml, *.yml, *.json) or `-` for the standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The namespace of objects that name none (else `default`), and the only one to show
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The moment to judge, like 2026-12-01T00:00:00Z; now when absent
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Moment>,
    /// A catalogue that extends or replaces the one built in
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

/// A moment on the command line.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| "write it like 2026-12-01T00:00:00Z, in UTC or with an offset".to_owned())
}

/// The manifests of a command, evaluated.
pub(super) struct Input {
    pub(super) manifests: Manifests,
    /// One per namespace, sorted.
    pub(super) evaluations: Vec<Evaluation>,
    /// The moment that is judged.
    pub(super) now: Moment,
    /// Whether a path could not be read; it has been said which.
    pub(super) unreadable: bool,
    namespace: Option<String>,
}

/// What a cluster holds beside the input.
pub(super) struct Live {
    /// All of it, as it is.
    pub(super) before: Vec<Evaluation>,
    /// The tenants that are not in the input, as they would be if it were applied.
    pub(super) beside: Vec<Evaluation>,
}

impl Input {
    /// Reads and evaluates. What cannot be read is said at once.
    pub(super) fn read(arguments: &InputArguments, screen: &mut Screen<'_>) -> Result<Self, Failure> {
        let (input, _) = Self::read_onto(arguments, screen, |_, _| Ok(Vec::new()))?;
        input.must_hold_what_is_selected(&[])?;
        Ok(input)
    }

    /// Reads and evaluates what there would be if the input were applied to what `live` finds: the same tenants, and others
    /// whose people they may concern.
    pub(super) fn read_onto(
        arguments: &InputArguments,
        screen: &mut Screen<'_>,
        live: impl FnOnce(&[Snapshot], &mut Screen<'_>) -> Result<Vec<Snapshot>, Failure>,
    ) -> Result<(Self, Live), Failure> {
        let catalogue = Arc::new(catalogue(arguments.catalogue.as_deref())?);
        let default = arguments.namespace.as_deref().unwrap_or("default");
        let mut manifests = Manifests::read(&arguments.paths, default, screen.stdin)
            .map_err(|error| Failure::Input(error.to_string()))?;
        for error in &manifests.errors {
            screen.error(&error.to_string());
        }
        let unreadable = !manifests.errors.is_empty();
        if manifests.entries.is_empty() && manifests.strays.is_empty() {
            return Err(Failure::Input(nothing_of_ours(&manifests)));
        }
        let now = arguments.at.unwrap_or_else(Moment::from_clock);
        let mut snapshots = manifests.take_snapshots();
        let live = live(&snapshots, screen)?;
        for snapshot in &mut snapshots {
            if let Some(live) = live.iter().find(|live| live.namespace == snapshot.namespace) {
                snapshot.take_history(live);
            }
        }
        let read: HashSet<String> = snapshots.iter().map(|snapshot| snapshot.namespace.clone()).collect();
        snapshots.extend(live.iter().filter(|live| !read.contains(&live.namespace)).cloned());
        let (evaluations, beside) = evaluate_all(&catalogue, &snapshots, now)
            .into_iter()
            .partition(|one| read.contains(&one.namespace));
        let before = evaluate_all(&catalogue, &live, now);
        let input = Self {
            manifests,
            evaluations,
            now,
            unreadable,
            namespace: arguments.namespace.clone(),
        };
        Ok((input, Live { before, beside }))
    }

    /// What the same arguments come to elsewhere: at another path, on the standard input (`-`), or at a revision
    /// (`git:REV`). Half of it would make a difference of nothing, so whatever cannot be read is a failure.
    pub(super) fn elsewhere(
        &self,
        arguments: &InputArguments,
        place: &str,
        stdin: &mut dyn Read,
    ) -> Result<Vec<Evaluation>, Failure> {
        let default = arguments.namespace.as_deref().unwrap_or("default");
        let failure = |error: &dyn std::fmt::Display| Failure::Input(format!("--against {place}: {error}"));
        let mut manifests = match place.strip_prefix("git:") {
            Some(revision) => {
                Manifests::read_at(revision, &arguments.paths, default).map_err(|error| failure(&error))?
            }
            None => {
                let path = PathBuf::from(place);
                if place == "-" && arguments.paths.contains(&path) {
                    return Err(failure(
                        &"the standard input is read only once; put one of the two into a file",
                    ));
                }
                Manifests::read(&[path], default, stdin).map_err(|error| failure(&error))?
            }
        };
        if let Some(error) = manifests.errors.first() {
            return Err(failure(error));
        }
        let catalogue = Arc::new(catalogue(arguments.catalogue.as_deref())?);
        Ok(evaluate_all(&catalogue, &manifests.take_snapshots(), self.now))
    }

    /// A failure when `-n` selects a namespace of which neither the input nor what it is compared with holds anything: most
    /// likely its name is misspelled, and to say that all is well there would be wrong.
    pub(super) fn must_hold_what_is_selected(&self, others: &[Evaluation]) -> Result<(), Failure> {
        let entries = self.manifests.entries.iter().map(|entry| entry.namespace.as_str());
        let strays = self.manifests.strays.iter();
        let strays = strays.filter_map(|stray| stray.namespace.as_deref());
        let others = others.iter().map(|other| other.namespace.as_str());
        let known: BTreeSet<&str> = entries.chain(strays).chain(others).collect();
        match self.namespace.as_deref() {
            Some(selected) if !known.contains(selected) && !known.is_empty() => Err(Failure::Input(format!(
                "no object of tenantry.dev in the namespace `{selected}`, only in {}",
                known.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
            ))),
            _ => Ok(()),
        }
    }

    /// Whether `-n` lets the namespace be shown.
    pub(super) fn selects(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|selected| selected == namespace)
    }

    /// The evaluations that `-n` lets be shown.
    pub(super) fn selected(&self) -> impl Iterator<Item = &Evaluation> {
        self.evaluations
            .iter()
            .filter(|evaluation| self.selects(&evaluation.namespace))
    }

    /// Says how much of the input is none of ours.
    pub(super) fn say_skipped(&self, screen: &mut Screen<'_>) {
        if let Some(skipped) = skipped(&self.manifests) {
            screen.say(format_args!("skipped {skipped}"));
        }
    }
}

/// The catalogue of that file, or the one built in.
pub(super) fn catalogue(path: Option<&Path>) -> Result<Catalogue, Failure> {
    let loaded = match path {
        None => Catalogue::builtin(),
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Input(format!("cannot read the catalogue `{name}`: {error}")))?;
            Catalogue::load(&text, &name)
        }
    };
    loaded.map_err(|error| Failure::Input(error.to_string()))
}

fn nothing_of_ours(manifests: &Manifests) -> String {
    let skipped = skipped(manifests)
        .map(|skipped| format!(" (skipped {skipped})"))
        .unwrap_or_default();
    format!("no object of tenantry.dev in the input{skipped}; give the files or directories that hold them")
}

fn skipped(manifests: &Manifests) -> Option<String> {
    let foreign = match manifests.skipped.foreign {
        0 => None,
        1 => Some("1 object of another API group".to_owned()),
        many => Some(format!("{many} objects of other API groups")),
    };
    let unmarked = match manifests.skipped.unmarked {
        0 => None,
        1 => Some("1 document without apiVersion and kind".to_owned()),
        many => Some(format!("{many} documents without apiVersion and kind")),
    };
    let parts: Vec<String> = foreign.into_iter().chain(unmarked).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}
