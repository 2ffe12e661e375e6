//! `tenantry matrix`: what each role allows, as text that a team keeps in Git and CI compares.
//!
//! Nothing in it depends on the moment, on the width of a terminal or on who has a role.

use clap::Args;
use serde::Serialize;

use super::input::{Input, InputArguments};
use super::output::Form;
use super::{Failure, Outcome, Screen, markdown};
use crate::policy::{Allowed, Evaluation};

/// Arguments of `matrix`.
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
    roles: &'a [Allowed],
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let input = Input::read(&arguments.input, screen)?;
    let allowed: Vec<Allowed> = input.selected().flat_map(Evaluation::matrix).collect();
    match arguments.output {
        Form::Json => screen.json(&Report { roles: &allowed })?,
        Form::Markdown => markdown::table(screen, &["tenant", "role", "object", "actions"], &rows(&allowed))?,
        Form::Table => print(&rows(&allowed), screen)?,
    }
    Ok(if input.unreadable {
        Outcome::Unreadable
    } else {
        Outcome::Fine
    })
}

/// Actions that come along with a listed one stand in parentheses.
fn rows(allowed: &[Allowed]) -> Vec<Vec<String>> {
    let row = |one: &Allowed| {
        let along = one.comes_along.iter().map(|action| format!("({action})"));
        let actions: Vec<String> = one.listed.iter().cloned().chain(along).collect();
        vec![
            one.namespace.clone(),
            one.role.clone(),
            one.object.clone(),
            actions.join(" "),
        ]
    };
    allowed.iter().map(row).collect()
}

/// Columns as wide as their content, whatever the terminal.
fn print(rows: &[Vec<String>], screen: &mut Screen<'_>) -> Result<(), Failure> {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(screen.out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
