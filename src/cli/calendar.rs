//! `tenantry calendar`: every ending and beginning ahead.

use clap::Args;

use super::check::many;
use super::input::{Input, InputArguments};
use super::output::Form;
use super::report::calendar::CalendarForm;
use super::{Failure, Outcome, Screen, markdown, table};
use crate::policy::{Evaluation, ScheduledChange};
use crate::words::english;

/// Arguments of `calendar`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: InputArguments,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    const HEADING: [&str; 4] = ["when", "tenant", "object", "what changes"];
    let input = Input::read(&arguments.input, screen)?;
    let mut changes: Vec<ScheduledChange> = input.selected().flat_map(Evaluation::calendar).collect();
    changes.sort();
    match arguments.output {
        Form::Json => screen.json(&CalendarForm::new(&changes, input.now))?,
        Form::Markdown => markdown::table(screen, &HEADING, &rows(&changes))?,
        Form::Table if changes.is_empty() => {}
        Form::Table => {
            let heading = HEADING.map(str::to_uppercase);
            let mut table = table::plain(screen.width, &heading.each_ref().map(String::as_str));
            table.add_rows(rows(&changes));
            table::keep_whole(&mut table, &[0]);
            writeln!(screen.out, "{}", table::print(&mut table))?;
        }
    }
    screen.say(format_args!("{} after {}", many(changes.len(), "change"), input.now));
    Ok(if input.unreadable {
        Outcome::Unreadable
    } else {
        Outcome::Fine
    })
}

fn rows(changes: &[ScheduledChange]) -> Vec<Vec<String>> {
    let row = |scheduled: &ScheduledChange| {
        vec![
            scheduled.at.to_string(),
            scheduled.namespace.clone(),
            scheduled.object.to_string(),
            english::change_ahead(&scheduled.change),
        ]
    };
    changes.iter().map(row).collect()
}
