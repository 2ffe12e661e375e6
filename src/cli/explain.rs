//! `tenantry explain`: where each permission, organization and restriction of a user comes from.

use std::io;

use clap::{Args, ValueEnum};

use super::input::{Input, InputArguments};
use super::report::explanation::ExplanationForm;
use super::screen::{FAINT, STRONG};
use super::{Failure, Outcome, Screen, table};
use crate::api::{Kind, Rows};
use crate::policy::{Cause, Evaluation, Explanation};
use crate::words::english;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The user's metadata.name
    user: String,
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
    /// The same as YAML
    Yaml,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let input = Input::read(&arguments.input, screen)?;
    let explanation = explained(&input, &arguments.user)?;
    match arguments.output {
        Form::Text => print(&explanation, screen)?,
        Form::Json => screen.json(&ExplanationForm::new(&explanation))?,
        Form::Yaml => screen.yaml(&ExplanationForm::new(&explanation))?,
    }
    Ok(if input.unreadable {
        Outcome::Unreadable
    } else {
        Outcome::Fine
    })
}

/// The explanation of the one user of that name.
fn explained(input: &Input, name: &str) -> Result<Explanation, Failure> {
    let known = |evaluation: &&Evaluation| evaluation.knows(Kind::User, name);
    let tenants: Vec<&Evaluation> = input.selected().filter(known).collect();
    match tenants.as_slice() {
        [] => Err(Failure::Input(format!("there is no user `{name}` in the input"))),
        [evaluation] => evaluation.explain(name).ok_or_else(|| cannot_explain(evaluation, name)),
        several => {
            let namespaces: Vec<_> = several.iter().map(|evaluation| evaluation.namespace.as_str()).collect();
            let namespaces = namespaces.join(", ");
            Err(Failure::Input(format!(
                "the tenants {namespaces} each have a user `{name}`; choose one with -n"
            )))
        }
    }
}

fn cannot_explain(evaluation: &Evaluation, name: &str) -> Failure {
    let namespace = &evaluation.namespace;
    Failure::Input(if evaluation.access().is_none() {
        format!("the namespace `{namespace}` has no Tenant in force: nobody there has any access")
    } else {
        format!("the user `{name}` of `{namespace}` is not even schema-valid; `tenantry check` says why")
    })
}

fn print(explanation: &Explanation, screen: &mut Screen<'_>) -> io::Result<()> {
    let Explanation {
        user,
        namespace,
        at,
        phase,
        ..
    } = explanation;
    writeln!(
        screen.out,
        "{STRONG}{user}{STRONG:#} of {namespace} is {STRONG}{phase:?}{STRONG:#}  {FAINT}at {at}{FAINT:#}"
    )?;
    section(
        screen,
        "PHASE",
        explanation
            .because
            .iter()
            .map(|cause| (String::new(), vec![cause.clone()])),
    )?;
    let roles = explanation.roles.iter().map(|role| {
        let until = role
            .valid_until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        (format!("{}{until}", role.name), role.from.clone())
    });
    section(screen, "ROLE", roles)?;
    let permissions = explanation.permissions.iter();
    section(
        screen,
        "MAY",
        permissions.map(|one| (format!("{}:{}", one.object, one.action), one.from.clone())),
    )?;
    section(
        screen,
        "ORGANIZATION",
        explanation
            .organizations
            .iter()
            .map(|one| (one.name.clone(), one.from.clone())),
    )?;
    section(
        screen,
        "GROUP",
        explanation
            .groups
            .iter()
            .map(|one| (one.name.clone(), one.from.clone())),
    )?;
    let data = explanation.data.iter().filter(|data| data.rows != Rows::None);
    section(
        screen,
        "ROWS",
        data.map(|one| (format!("{}: {:?}", one.object, one.rows), one.from.clone())),
    )?;
    let fields = explanation.fields.iter();
    section(
        screen,
        "FIELD",
        fields.map(|one| {
            (
                format!("{}.{} {:?}", one.object, one.field, one.display),
                one.from.clone(),
            )
        }),
    )?;
    void(explanation, screen)?;
    match explanation.next_transition {
        Some(next) => writeln!(screen.out, "\nnext change {next}"),
        None => writeln!(screen.out, "\nno change ahead"),
    }
}

fn section(screen: &mut Screen<'_>, heading: &str, rows: impl Iterator<Item = (String, Vec<Cause>)>) -> io::Result<()> {
    let mut table = table::plain(screen.width, &[heading, "FROM", ""]);
    for (what, from) in rows {
        let mut first = Some(what);
        for cause in from {
            let from = format!("{} {}", cause.object, cause.field);
            let note = cause.note.as_ref().map(english::note).unwrap_or_default();
            table.add_row([first.take().unwrap_or_default(), from, note]);
        }
    }
    if table.is_empty() {
        return Ok(());
    }
    writeln!(screen.out, "\n{}", table::print(&mut table))
}

fn void(explanation: &Explanation, screen: &mut Screen<'_>) -> io::Result<()> {
    if explanation.void.is_empty() {
        return Ok(());
    }
    let mut table = table::plain(screen.width, &["VOID", "REASON", "WHY, AND WHAT MENDS IT"]);
    for void in &explanation.void {
        table.add_row([
            void.path.clone(),
            void.reason.to_string(),
            format!("{}; {}", void.message, void.mend),
        ]);
    }
    writeln!(screen.out, "\n{}", table::print(&mut table))
}
