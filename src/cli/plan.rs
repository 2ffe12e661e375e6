//! `tenantry plan`: everyone's access, as the controller would write it into status.

use clap::{Args, ValueEnum};
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::check::{many, outcome};
use super::input::{Input, InputArguments};
use super::screen::{FAINT, STRONG};
use super::{Failure, Outcome, Screen, table};
use crate::api::{
    API_VERSION, Display, HeldField, HeldPermission, HeldRole, InvitationPhase, InvitationStatus, Rows,
    SharingRulePhase, UserPhase, UserStatus,
};
use crate::policy::{Access, Class, Evaluation, Reported, SharingRule, Status, User};

/// Arguments of `plan`.
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
    Table,
    /// A List of every object with its status
    Json,
    /// The same as YAML
    Yaml,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let input = Input::read(&arguments.input, screen)?;
    match arguments.output {
        Form::Table => print_tables(&input, screen)?,
        Form::Json => {
            serde_json::to_writer_pretty(&mut *screen.out, &List(&input))?;
            writeln!(screen.out)?;
        }
        Form::Yaml => {
            let yaml = serde_saphyr::to_string(&List(&input)).map_err(|error| Failure::Form(error.to_string()))?;
            screen.out.write_all(yaml.as_bytes())?;
        }
    }
    input.say_skipped(screen);
    let classes = classes(&input);
    if !classes.is_empty() {
        let word = many(classes.len(), "finding");
        screen.say(format_args!(
            "{word} in the input; `tenantry check` shows them with place and mend"
        ));
    }
    Ok(outcome(&input, classes.into_iter()))
}

/// The classes of all findings, warnings aside.
fn classes(input: &Input) -> Vec<Class> {
    let mut classes: Vec<Class> = input.manifests.strays.iter().map(|_| Class::Refused).collect();
    for evaluation in input.selected() {
        classes.extend(evaluation.findings().into_iter().map(|found| found.finding.class));
    }
    classes
}

/// A `v1` List of every object with its status, sorted by namespace, kind and name.
struct List<'a>(&'a Input);

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ListForm<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: Items<'a>,
}

struct Items<'a>(&'a Input);

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    status: Status,
}

#[derive(serde::Serialize)]
struct Metadata<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ListForm {
            api_version: "v1",
            kind: "List",
            items: Items(self.0),
        }
        .serialize(serializer)
    }
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(None)?;
        for evaluation in self.0.selected() {
            for Reported { kind, name, status } in evaluation.statuses() {
                let metadata = Metadata {
                    namespace: &evaluation.namespace,
                    name,
                };
                items.serialize_element(&Item {
                    api_version: API_VERSION,
                    kind: kind.as_str(),
                    metadata,
                    status,
                })?;
            }
        }
        items.end()
    }
}

fn print_tables(input: &Input, screen: &mut Screen<'_>) -> Result<(), Failure> {
    for (index, evaluation) in input.selected().enumerate() {
        if index > 0 {
            writeln!(screen.out)?;
        }
        match evaluation.access() {
            Some(access) => tenant(evaluation, access, screen)?,
            None => {
                let namespace = &evaluation.namespace;
                writeln!(
                    screen.out,
                    "{STRONG}{namespace}{STRONG:#}  no Tenant in force: nobody has any access"
                )?;
            }
        }
    }
    Ok(())
}

fn tenant(evaluation: &Evaluation, access: &Access, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let name = evaluation
        .tenant
        .as_ref()
        .map_or("", |tenant| tenant.spec.display_name.as_str());
    let now = evaluation.now;
    writeln!(
        screen.out,
        "{STRONG}{}{STRONG:#}  {name}  {FAINT}at {now}{FAINT:#}",
        evaluation.namespace
    )?;
    writeln!(screen.out, "{}\n", tally(access))?;
    writeln!(screen.out, "{}", users(evaluation, access, screen.width))?;
    if access.rules.iter().next().is_some() {
        writeln!(screen.out, "\n{}", rules(evaluation, access, screen.width))?;
    }
    if access.invitations.iter().next().is_some() {
        writeln!(screen.out, "\n{}", invitations(evaluation, screen.width))?;
    }
    Ok(())
}

/// How many users of each phase there are, and what happens next.
fn tally(access: &Access) -> String {
    let counts = [
        (access.counts.active, "active"),
        (access.counts.pending, "pending"),
        (access.counts.disabled, "disabled"),
        (access.counts.expired, "expired"),
        (access.counts.invalid, "invalid"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let users = if counts.is_empty() {
        "no users".to_owned()
    } else {
        counts.join(", ")
    };
    let suspended = if access.settings.suspended { "suspended; " } else { "" };
    match access.next_transition {
        Some(next) => format!("{suspended}{users}; next change {next}"),
        None => format!("{suspended}{users}; no change ahead"),
    }
}

fn users(evaluation: &Evaluation, access: &Access, width: u16) -> String {
    let mut table = table::ruled(width, &["USER", "HAS", "MAY"]);
    for (ix, user) in access.users.iter() {
        let status = evaluation.user_status(access, ix, user);
        table.add_row([who(user, &status), has(&status), may(&status)]);
    }
    table::print(&table)
}

/// Name, phase and end.
fn who(user: &User, status: &UserStatus) -> String {
    let phase = status.phase.unwrap_or(UserPhase::Invalid);
    let mut lines = vec![user.object.name.clone(), format!("{phase:?}")];
    if let Some(until) = user.object.spec.valid_until.filter(|_| phase == UserPhase::Active) {
        lines.push(format!("until {until}"));
    }
    if phase == UserPhase::Invalid {
        let ready = status.conditions.iter().find(|condition| condition.kind == "Ready");
        lines.extend(ready.map(|ready| ready.reason.clone()));
    }
    lines.join("\n")
}

/// Roles, organizations and groups.
fn has(status: &UserStatus) -> String {
    let mut lines: Vec<String> = status.roles.iter().map(role).collect();
    lines.extend(status.organizations.iter().map(|name| format!("in {name}")));
    lines.extend(status.groups.iter().map(|name| format!("group {name}")));
    lines.join("\n")
}

fn role(role: &HeldRole) -> String {
    match role.valid_until {
        Some(until) => format!("{} until {until}", role.name),
        None => role.name.clone(),
    }
}

/// Permissions, rows and fields.
fn may(status: &UserStatus) -> String {
    let mut lines: Vec<String> = status.permissions.iter().map(permission).collect();
    for data in status.data.iter().filter(|data| data.rows != Rows::None) {
        let columns = data
            .columns
            .as_ref()
            .map(|columns| format!(" ({})", columns.join(", ")))
            .unwrap_or_default();
        lines.push(format!("rows of {}: {:?}{columns}", data.object, data.rows));
    }
    lines.extend(status.fields.iter().map(field));
    lines.join("\n")
}

fn permission(permission: &HeldPermission) -> String {
    format!("{}: {}", permission.object, permission.actions.join(", "))
}

fn field(field: &HeldField) -> String {
    let shown = match field.display {
        Display::Clear => "",
        Display::Masked => "masked",
        Display::Hidden => return format!("{}.{} hidden", field.object, field.field),
    };
    let uses = match (field.group, field.filter) {
        (true, true) => "",
        (true, false) => "no filter",
        (false, true) => "no group",
        (false, false) => "no group, no filter",
    };
    let words: Vec<&str> = [shown, uses].into_iter().filter(|word| !word.is_empty()).collect();
    format!("{}.{} {}", field.object, field.field, words.join(", "))
}

fn rules(evaluation: &Evaluation, access: &Access, width: u16) -> String {
    let mut table = table::plain(width, &["SHARING RULE", "SHARES", "WITH", "PHASE"]);
    for rule in access.rules.iter() {
        let phase = match (rule.phase(evaluation.now), rule.object.spec.valid_until) {
            (SharingRulePhase::Active, Some(until)) => format!("Active until {until}"),
            (phase, _) => format!("{phase:?}"),
        };
        table.add_row([rule.object.name.clone(), shares(rule), with(rule), phase]);
    }
    table::print(&table)
}

fn shares(rule: &SharingRule) -> String {
    use crate::api::Records;
    let spec = &rule.object.spec;
    let object = &spec.object;
    match spec.which() {
        Some(Records::Ownerless) => format!("{object} without owner ({:?})", rule.access),
        Some(Records::OrganizationAttribute(field)) => format!("{object} by the code in {field}"),
        Some(Records::Condition(condition)) => format!("{object} where {condition}"),
        Some(Records::Listed(ids)) => format!("{} of {object} ({:?})", many(ids.len(), "record"), rule.access),
        Some(Records::ContentGroups(ids)) => {
            format!("{object} in {} ({:?})", many(ids.len(), "content group"), rule.access)
        }
        None => object.clone(),
    }
}

fn with(rule: &SharingRule) -> String {
    let Some(to) = &rule.object.spec.to else {
        return "the organization of that code".to_owned();
    };
    let everyone = to.everyone.then(|| "everyone".to_owned());
    let organizations = to.organizations.iter().cloned();
    let groups = to.groups.iter().map(|name| format!("group {name}"));
    let users = to.users.iter().map(|name| format!("user {name}"));
    everyone
        .into_iter()
        .chain(organizations)
        .chain(groups)
        .chain(users)
        .collect::<Vec<_>>()
        .join("\n")
}

fn invitations(evaluation: &Evaluation, width: u16) -> String {
    let mut table = table::plain(width, &["INVITATION", "PHASE", "LINK ENDS"]);
    for reported in evaluation.statuses() {
        if let Status::Invitation(status) = reported.status {
            let InvitationStatus { phase, expires_at, .. } = *status;
            let phase = phase.unwrap_or(InvitationPhase::Invalid);
            let ends = expires_at.map(|at| at.to_string()).unwrap_or_default();
            table.add_row([reported.name.to_owned(), format!("{phase:?}"), ends]);
        }
    }
    table::print(&table)
}
