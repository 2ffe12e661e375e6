//! `tenantry who-can`: everyone who may do something.

use clap::Args;
use serde::Serialize;

use super::input::{Input, InputArguments};
use super::output::Form;
use super::{Failure, Outcome, Screen, markdown, table};
use crate::api::Moment;
use crate::policy::{ActionIx, Evaluation, Holder, ObjectIx};
use crate::text::nearest;

/// Arguments of `who-can`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The action, like Publish
    action: String,
    /// The object type, like Campaign
    object: String,
    #[command(flatten)]
    input: InputArguments,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    action: &'a str,
    object: &'a str,
    at: Moment,
    users: &'a [Holder],
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let Arguments { action, object, .. } = arguments;
    let input = Input::read(&arguments.input, screen)?;
    let (object_ix, action_ix) = find(&input, action, object)?;
    let tenant = only_tenant(&input, object_ix, object)?;
    let holders = tenant.map(|tenant| tenant.who_can(action_ix)).unwrap_or_default();
    let namespace = tenant.map(|tenant| tenant.namespace.as_str());
    match arguments.output {
        Form::Table => print(&holders, screen)?,
        Form::Markdown => markdown::table(screen, &["user", "roles", "until"], &rows(&holders))?,
        Form::Json => screen.json(&Report {
            namespace,
            action,
            object,
            at: input.now,
            users: &holders,
        })?,
    }
    let of = namespace.map_or_else(
        || "no tenant of the input has the object".to_owned(),
        |name| format!("of {name}"),
    );
    screen.say(format_args!(
        "{} {of} may {object}:{action} at {}",
        holders.len(),
        input.now
    ));
    Ok(if input.unreadable {
        Outcome::Unreadable
    } else {
        Outcome::Fine
    })
}

/// The action of that name; all tenants of an input share a catalogue.
fn find(input: &Input, action: &str, object: &str) -> Result<(ObjectIx, ActionIx), Failure> {
    let unknown = |what: &str, name: &str, meant: Option<&str>| {
        let meant = meant
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        Failure::Input(format!("there is no {what} `{name}`{meant}"))
    };
    let Some(evaluation) = input.evaluations.first() else {
        return Err(Failure::Input(
            "the input holds no object that can be judged".to_owned(),
        ));
    };
    let catalogue = &evaluation.catalogue;
    let objects = || catalogue.objects().map(|(_, object)| object.name.as_str());
    let (ix, known) = catalogue
        .find(object)
        .ok_or_else(|| unknown("object", object, nearest(object, objects())))?;
    let meant = || nearest(action, known.action_names());
    let found = known
        .action(action)
        .ok_or_else(|| unknown(&format!("action of {object}"), action, meant()))?;
    Ok((ix, found))
}

/// The one tenant in force that has the object; several make the question ambiguous.
fn only_tenant<'a>(input: &'a Input, ix: ObjectIx, object: &str) -> Result<Option<&'a Evaluation>, Failure> {
    let has = |evaluation: &&Evaluation| evaluation.access().is_some_and(|access| access.settings.has(ix));
    let tenants: Vec<&Evaluation> = input.selected().filter(has).collect();
    match tenants.as_slice() {
        [] => Ok(None),
        [tenant] => Ok(Some(tenant)),
        several => {
            let names: Vec<&str> = several.iter().map(|tenant| tenant.namespace.as_str()).collect();
            let names = names.join(", ");
            Err(Failure::Input(format!(
                "the tenants {names} each have the object `{object}`; choose one with -n"
            )))
        }
    }
}

fn rows(holders: &[Holder]) -> Vec<Vec<String>> {
    let until = |holder: &Holder| holder.valid_until.map(|until| until.to_string()).unwrap_or_default();
    holders
        .iter()
        .map(|holder| vec![holder.user.clone(), holder.roles.join(", "), until(holder)])
        .collect()
}

fn print(holders: &[Holder], screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut table = table::plain(screen.width, &["USER", "ROLES", "UNTIL"]);
    table.add_rows(rows(holders));
    table::keep_whole(&mut table, &[0, 2]);
    if !holders.is_empty() {
        writeln!(screen.out, "{}", table::print(&mut table))?;
    }
    Ok(())
}
