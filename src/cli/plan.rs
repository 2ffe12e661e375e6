//! `tenantry plan`: everyone's access, as the controller would write it into status.

use clap::{Args, ValueEnum};
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::check::{many, outcome, strays};
use super::input::{Input, InputArguments};
use super::report::difference::DifferenceForm;
use super::screen::{FAINT, STRONG};
use super::{Failure, Outcome, Screen, against, cluster, markdown, table};
use crate::api::{
    API_VERSION, Display, HeldData, HeldField, HeldPermission, HeldRole, InvitationPhase, InvitationStatus, Moment,
    Rows, SharingRulePhase, UserCounts, UserPhase, UserStatus,
};
use crate::policy::access::has_every_action;
use crate::policy::{Access, Class, Evaluation, Reported, SharingRule, Status, User, difference};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: InputArguments,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
    /// Show who loses and gains what against another PATH (or `-`), the same paths at a git revision (git:REV), or what
    /// is in the cluster that kubectl would ask (cluster)
    #[arg(long, value_name = "PATH|git:REV|cluster")]
    against: Option<String>,
    /// End with 3 when the access of more users changes
    #[arg(long, value_name = "N", requires = "against")]
    max_changes: Option<usize>,
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
    /// For a comment on a pull request
    Markdown,
}

/// What `--against` calls the objects of a cluster; a directory of that name is `./cluster`.
const CLUSTER: &str = "cluster";

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let (input, live) = Input::read_onto(&arguments.input, screen, |tenants, screen| match &arguments.against {
        Some(place) if place == CLUSTER => cluster::live(tenants, screen),
        _ => Ok(Vec::new()),
    })?;
    let after = || input.evaluations.iter().chain(&live.beside);
    let exceeded = match arguments.against.as_deref() {
        Some(CLUSTER) => against(arguments, &live.before, after(), &input, screen)?,
        Some(place) => {
            let before = input.elsewhere(&arguments.input, place, screen.stdin)?;
            against(arguments, &before, after(), &input, screen)?
        }
        None => {
            input.must_hold_what_is_selected(&[])?;
            print(arguments.output, &input, screen)?;
            false
        }
    };
    input.say_skipped(screen);
    let classes = classes(&input);
    if !classes.is_empty() {
        let word = many(classes.len(), "finding");
        screen.say(format_args!(
            "{word} in the input; `tenantry check` shows them with place and mend"
        ));
    }
    Ok(if exceeded {
        Outcome::TooManyChanges
    } else {
        outcome(&input, classes.into_iter())
    })
}

fn print(form: Form, input: &Input, screen: &mut Screen<'_>) -> Result<(), Failure> {
    match form {
        Form::Table => print_tables(input, screen),
        Form::Json => screen.json(&List(input)),
        Form::Yaml => screen.yaml(&List(input)),
        Form::Markdown => Ok(markdown::plan(input, screen)?),
    }
}

/// Prints the difference; tells whether it is larger than allowed.
fn against<'a>(
    arguments: &Arguments,
    before: &[Evaluation],
    after: impl Iterator<Item = &'a Evaluation>,
    input: &Input,
    screen: &mut Screen<'_>,
) -> Result<bool, Failure> {
    input.must_hold_what_is_selected(before)?;
    let before: Vec<&Evaluation> = before.iter().filter(|one| input.selects(&one.namespace)).collect();
    let after: Vec<&Evaluation> = after.filter(|one| input.selects(&one.namespace)).collect();
    let difference = difference(&before, &after);
    let form = DifferenceForm::new(&difference, input.now);
    match arguments.output {
        Form::Table => against::text(&form, screen)?,
        Form::Json => screen.json(&form)?,
        Form::Yaml => screen.yaml(&form)?,
        Form::Markdown => against::markdown(&form, screen)?,
    }
    against::too_many(&form, arguments.max_changes, screen)
}

/// The classes of all findings, warnings aside.
fn classes(input: &Input) -> Vec<Class> {
    let mut classes: Vec<Class> = strays(input).map(|_| Class::Refused).collect();
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
pub(super) fn tally(access: &Access) -> String {
    let suspended = if access.settings.suspended { "suspended; " } else { "" };
    format!("{suspended}{}", tally_of(access.counts, access.next_transition))
}

/// The same of a tenant that is not suspended.
pub(super) fn tally_of(counts: UserCounts, next: Option<Moment>) -> String {
    let counts = [
        (counts.active, "active"),
        (counts.pending, "pending"),
        (counts.disabled, "disabled"),
        (counts.expired, "expired"),
        (counts.invalid, "invalid"),
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
    match next {
        Some(next) => format!("{users}; next change {next}"),
        None => format!("{users}; no change ahead"),
    }
}

fn users(evaluation: &Evaluation, access: &Access, width: u16) -> String {
    let mut table = table::ruled(width, &["USER", "MAY"]);
    for user in access.users.iter() {
        let status = evaluation.user_status(access, user);
        table.add_row([who(user, &status), may(evaluation, access, user, &status)]);
    }
    table::print(&mut table)
}

/// Name, phase and end; roles, organizations and groups.
pub(super) fn who(user: &User, status: &UserStatus) -> String {
    let phase = status.phase.unwrap_or(UserPhase::Invalid);
    let mut lines = vec![format!("{}  {phase:?}", user.object.name)];
    match user.object.spec.valid_until.filter(|_| phase == UserPhase::Active) {
        Some(until) => lines.push(format!("until {until}")),
        None if phase == UserPhase::Invalid => {
            let ready = status.conditions.iter().find(|condition| condition.kind == "Ready");
            lines.extend(ready.map(|ready| ready.reason.clone()));
        }
        None => {}
    }
    lines.extend(status.roles.iter().map(role));
    lines.extend((!status.organizations.is_empty()).then(|| format!("in {}", status.organizations.join(", "))));
    lines.extend((!status.groups.is_empty()).then(|| format!("groups {}", status.groups.join(", "))));
    lines.join("\n")
}

fn role(role: &HeldRole) -> String {
    match role.valid_until {
        Some(until) => format!("- {} until {until}", role.name),
        None => format!("- {}", role.name),
    }
}

/// Permissions, rows and fields.
pub(super) fn may(evaluation: &Evaluation, access: &Access, user: &User, status: &UserStatus) -> String {
    let mut lines: Vec<String> = match has_every_action(&access.settings, &user.state) {
        true => vec!["everything".to_owned()],
        false => status
            .permissions
            .iter()
            .map(|held| permission(evaluation, held))
            .collect(),
    };
    let rows: Vec<String> = status
        .data
        .iter()
        .filter(|data| data.rows != Rows::None)
        .map(rows)
        .collect();
    lines.extend((!rows.is_empty()).then(|| format!("rows: {}", rows.join("; "))));
    let hidden: Vec<String> = status
        .fields
        .iter()
        .filter(|field| field.display == Display::Hidden)
        .map(name)
        .collect();
    lines.extend((!hidden.is_empty()).then(|| format!("hidden: {}", hidden.join(", "))));
    lines.extend(
        status
            .fields
            .iter()
            .filter(|field| field.display != Display::Hidden)
            .map(field),
    );
    lines.join("\n")
}

fn permission(evaluation: &Evaluation, permission: &HeldPermission) -> String {
    let all = evaluation
        .catalogue
        .find(&permission.object)
        .map(|(_, object)| object.action_names().count());
    if all.is_some_and(|all| all > 1 && all == permission.actions.len()) {
        return format!("{}: all", permission.object);
    }
    format!("{}: {}", permission.object, permission.actions.join(", "))
}

/// "Event some (name, time)"
fn rows(data: &HeldData) -> String {
    let width = format!("{:?}", data.rows).to_lowercase();
    match &data.columns {
        Some(columns) => format!("{} {width} ({})", data.object, columns.join(", ")),
        None => format!("{} {width}", data.object),
    }
}

fn name(field: &HeldField) -> String {
    format!("{}.{}", field.object, field.field)
}

/// A field that is shown, and what may not be done with it.
fn field(field: &HeldField) -> String {
    let words = [
        (field.display == Display::Masked, "masked"),
        (!field.group, "no grouping"),
        (!field.filter, "no filtering"),
    ];
    let words: Vec<&str> = words.into_iter().filter_map(|(so, word)| so.then_some(word)).collect();
    format!("{}: {}", name(field), words.join(", "))
}

fn rules(evaluation: &Evaluation, access: &Access, width: u16) -> String {
    let mut table = table::plain(width, &["SHARING RULE", "SHARES", "WITH", "PHASE"]);
    for rule in access.rules.iter() {
        let phase = match (rule.phase(evaluation.now), rule.object.spec.valid_until) {
            (SharingRulePhase::Active, Some(until)) => format!("Active until\n{until}"),
            (phase, _) => format!("{phase:?}"),
        };
        table.add_row([rule.object.name.clone(), shares(rule), with(rule), phase]);
    }
    table::keep_whole(&mut table, &[0, 3]);
    table::print(&mut table)
}

pub(super) fn shares(rule: &SharingRule) -> String {
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

pub(super) fn with(rule: &SharingRule) -> String {
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
    table::keep_whole(&mut table, &[0]);
    table::print(&mut table)
}
