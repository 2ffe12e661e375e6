//! Markdown: tables for a comment or a page.

use std::io;

use super::input::Input;
use super::plan::{may, tally, who};
use super::{Screen, against};

/// A table whose cells may have several lines.
pub(super) fn table(screen: &mut Screen<'_>, heading: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    writeln!(screen.out, "| {} |", heading.join(" | "))?;
    writeln!(screen.out, "|{}", "---|".repeat(heading.len()))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell_of(cell)).collect();
        writeln!(screen.out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn cell_of(text: &str) -> String {
    text.lines().map(against::escaped).collect::<Vec<_>>().join("<br>")
}

/// Everyone's access.
pub(super) fn plan(input: &Input, screen: &mut Screen<'_>) -> io::Result<()> {
    for evaluation in input.selected() {
        let namespace = against::escaped(&evaluation.namespace);
        writeln!(screen.out, "### {namespace} at {}\n", evaluation.now)?;
        let Some(access) = evaluation.access() else {
            writeln!(screen.out, "no Tenant in force: nobody has any access\n")?;
            continue;
        };
        writeln!(screen.out, "{}\n", tally(access))?;
        let rows: Vec<Vec<String>> = access
            .users
            .iter()
            .map(|user| {
                let status = evaluation.user_status(access, user);
                vec![who(user, &status), may(evaluation, access, user, &status)]
            })
            .collect();
        table(screen, &["user", "may"], &rows)?;
        writeln!(screen.out)?;
    }
    Ok(())
}
