//! Tables for the terminal: as wide as the screen, ruled lightly, the cells wrapped.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

const RULED: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .row_separator(LineStyle::none().fill('┈').junction('┈'));
const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Blanks between columns.
const PADDING: u16 = 2;

/// A table whose rows take several lines each.
pub(super) fn ruled(width: u16, heading: &[&str]) -> Table {
    table(RULED, width, heading)
}

/// A table whose rows take a line each.
pub(super) fn plain(width: u16, heading: &[&str]) -> Table {
    table(PLAIN, width, heading)
}

fn table(style: TableStyle, width: u16, heading: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(style)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    if !heading.is_empty() {
        table.set_header(heading.iter().map(|text| (*text).to_owned()));
    }
    table
}

/// A table without heading.
pub(super) fn bare(width: u16) -> Table {
    table(TableStyle::new(), width, &[])
}

/// The table with no blanks at the ends of its lines.
pub(super) fn print(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, PADDING));
    }
    table.trim_fmt()
}

/// Does not break the lines of some columns, as far as their content is of a usual width.
pub(super) fn keep_whole(table: &mut Table, columns: &[usize]) {
    const USUAL: u16 = 26;
    for index in columns {
        let widths = table.column_max_content_widths();
        if let (Some(column), Some(width)) = (table.column_mut(*index), widths.get(*index)) {
            let width = width.saturating_add(PADDING).min(USUAL);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        }
    }
}
