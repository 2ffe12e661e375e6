//! `tenantry calendar`: every ending and beginning ahead.

use clap::Args;
use serde::Serialize;

use super::check::many;
use super::input::{Input, InputArguments};
use super::output::Form;
use super::{Failure, Outcome, Screen, markdown, table};
use crate::api::Moment;
use crate::policy::Event;

/// Arguments of `calendar`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: InputArguments,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

#[derive(Serialize)]
struct Report<'a> {
    at: Moment,
    events: &'a [Event],
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    const HEADING: [&str; 4] = ["when", "tenant", "object", "what changes"];
    let input = Input::read(&arguments.input, screen)?;
    let mut events: Vec<Event> = input.selected().flat_map(crate::policy::Evaluation::calendar).collect();
    events.sort();
    match arguments.output {
        Form::Json => screen.json(&Report {
            at: input.now,
            events: &events,
        })?,
        Form::Markdown => markdown::table(screen, &HEADING, &rows(&events))?,
        Form::Table if events.is_empty() => {}
        Form::Table => {
            let heading = HEADING.map(str::to_uppercase);
            let mut table = table::plain(screen.width, &heading.each_ref().map(String::as_str));
            table.add_rows(rows(&events));
            table::keep_whole(&mut table, &[0]);
            writeln!(screen.out, "{}", table::print(&mut table))?;
        }
    }
    screen.say(format_args!("{} after {}", many(events.len(), "change"), input.now));
    Ok(if input.unreadable {
        Outcome::Unreadable
    } else {
        Outcome::Fine
    })
}

fn rows(events: &[Event]) -> Vec<Vec<String>> {
    let row = |event: &Event| {
        vec![
            event.at.to_string(),
            event.namespace.clone(),
            event.object.clone(),
            event.change.clone(),
        ]
    };
    events.iter().map(row).collect()
}
