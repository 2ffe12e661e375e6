//! `plan --against`: who loses what and who gains what.

use std::collections::BTreeMap;
use std::io;

use super::check::many;
use super::report::CauseForm;
use super::report::difference::{ChangeForm, DifferenceForm, GrantForm, PersonForm, TotalForm};
use super::screen::{FAINT, STRONG};
use super::{Failure, Screen, table};
use crate::api::{Moment, Rows};
use crate::policy::FieldUse;

/// People beyond which Markdown folds.
const FOLD: usize = 5;

/// Prints a difference for people.
pub(super) fn text(difference: &DifferenceForm<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    for person in &difference.people {
        writeln!(
            screen.out,
            "{STRONG}{}{STRONG:#} {FAINT}of {}{FAINT:#}",
            person.user, person.namespace
        )?;
        let mut rows = table::bare(screen.width);
        for (sign, change) in signed(person) {
            rows.add_row([
                format!("  {sign}"),
                what(&change.grants).join("\n"),
                because(&change.because).join("\n"),
            ]);
        }
        table::keep_whole(&mut rows, &[0]);
        writeln!(screen.out, "{}\n", table::print(&mut rows))?;
    }
    writeln!(screen.out, "{}", total(difference.total))
}

/// Prints a difference as a comment on a pull request.
pub(super) fn markdown(difference: &DifferenceForm<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    writeln!(screen.out, "### {}\n", total(difference.total))?;
    let long = difference.people.len() > FOLD;
    if long {
        writeln!(screen.out, "<details><summary>Who loses and gains what</summary>\n")?;
    }
    for person in &difference.people {
        writeln!(screen.out, "**{}** of {}\n", person.user, person.namespace)?;
        writeln!(screen.out, "| | what | because of |\n|---|---|---|")?;
        for (sign, change) in signed(person) {
            let word = if sign == '-' { "loses" } else { "gains" };
            let what = what(&change.grants)
                .iter()
                .map(|line| escaped(line))
                .collect::<Vec<_>>()
                .join("<br>");
            let because = because(&change.because)
                .iter()
                .map(|line| code(line))
                .collect::<Vec<_>>()
                .join("<br>");
            writeln!(screen.out, "| {word} | {what} | {because} |")?;
        }
        writeln!(screen.out)?;
    }
    if long {
        writeln!(screen.out, "</details>")?;
    }
    Ok(())
}

/// Ends with a failure no more than a person would: how many people change, and is that too many?
pub(super) fn too_many(
    difference: &DifferenceForm<'_>,
    most: Option<usize>,
    screen: &mut Screen<'_>,
) -> Result<bool, Failure> {
    let changed = difference.total.people;
    let exceeded = most.is_some_and(|most| changed > most);
    if let Some(most) = most.filter(|_| exceeded) {
        screen.error(&format!(
            "the access of {} changes, and --max-changes allows {most}",
            people(changed)
        ));
    }
    Ok(exceeded)
}

/// Losses first.
fn signed<'f>(person: &'f PersonForm<'_>) -> impl Iterator<Item = (char, &'f ChangeForm<'f>)> {
    let losses = person.losses.iter().map(|change| ('-', change));
    losses.chain(person.gains.iter().map(|change| ('+', change)))
}

fn total(total: TotalForm) -> String {
    let losses = |losses| match losses {
        1 => "1 loss".to_owned(),
        _ => format!("{losses} losses"),
    };
    match total.people {
        0 => "nobody's access changes".to_owned(),
        changed => format!(
            "the access of {} changes: {}, {}",
            people(changed),
            losses(total.losses),
            many(total.gains, "gain"),
        ),
    }
}

fn people(count: usize) -> String {
    if count == 1 {
        "1 person".to_owned()
    } else {
        format!("{count} people")
    }
}

fn because(causes: &[CauseForm<'_>]) -> Vec<String> {
    causes.iter().map(CauseForm::to_string).collect()
}

/// Grants in words, those about one object together.
fn what(grants: &[GrantForm<'_>]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut permissions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut columns: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut fields: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for grant in grants {
        match grant {
            GrantForm::Access { until } => lines.push(format!("access{}", ending(*until))),
            GrantForm::Role { name, until } => lines.push(format!("role {name}{}", ending(*until))),
            GrantForm::Later { what, from, until } => lines.push(format!("{what} from {from}{}", ending(*until))),
            GrantForm::Permission { object, action } => permissions.entry(object).or_default().push(action),
            GrantForm::Organization { name } => lines.push(format!("organization {name}")),
            GrantForm::Group { name } => lines.push(format!("group {name}")),
            GrantForm::Rows {
                object,
                rows,
                conditions,
            } => lines.push(rows_of(object, *rows, conditions)),
            GrantForm::Column {
                object,
                column: Some(column),
            } => columns.entry(object).or_default().push(column),
            GrantForm::Column { object, column: None } => columns.entry(object).or_default().push("all"),
            GrantForm::Field { object, field, may } => fields.entry((object, field)).or_default().push(use_word(*may)),
            GrantForm::EveryRecord => lines.push("every record, whoever's it is".to_owned()),
            GrantForm::Public { object, may } => lines.push(format!("all records of {object}, to {may}")),
            GrantForm::RecordsOf { organization, through } => {
                lines.push(format!("records of organization {organization}, in {through}"));
            }
            GrantForm::Sharing {
                rule,
                object,
                records,
                access,
                until,
            } => {
                let access = format!("{access:?}").to_lowercase();
                lines.push(format!(
                    "shared by {rule}: {access} {object} {records}{}",
                    ending(*until)
                ));
            }
        }
    }
    lines.extend(
        permissions
            .into_iter()
            .map(|(object, actions)| format!("{object}: {}", actions.join(", "))),
    );
    lines.extend(
        columns
            .into_iter()
            .map(|(object, columns)| format!("columns of {object}: {}", columns.join(", "))),
    );
    lines.extend(
        fields
            .into_iter()
            .map(|((object, field), uses)| format!("{object}.{field}: {}", uses.join(", "))),
    );
    lines
}

fn ending(until: Option<Moment>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

fn rows_of(object: &str, rows: Rows, conditions: &[String]) -> String {
    match rows {
        Rows::Some => format!("rows of {object} where {}", conditions.join(" or ")),
        Rows::All | Rows::None => format!("rows of {object}: {}", format!("{rows:?}").to_lowercase()),
    }
}

fn use_word(may: FieldUse) -> &'static str {
    match may {
        FieldUse::SeeMasked => "see masked",
        FieldUse::See => "see",
        FieldUse::Group => "group by",
        FieldUse::Filter => "filter by",
    }
}

/// Text that Markdown takes for nothing but text, also in a cell.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// The same, set as code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}
