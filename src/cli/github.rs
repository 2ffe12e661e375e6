//! `check -o github`: findings as workflow commands, which GitHub shows beside the lines of a pull request.

use std::io;

use super::check::Placed;
use super::repository::Repository;
use super::{Screen, render};
use crate::policy::Class;
use crate::text::steers;

/// A command a finding.
pub(super) fn print(findings: &[Placed], screen: &mut Screen<'_>) -> io::Result<()> {
    let repository = Repository::here();
    let lines: String = findings
        .iter()
        .map(|finding| command(finding, &repository) + "\n")
        .collect();
    screen.data.write_all(lines.as_bytes())
}

/// `::error file=...,line=...,col=...,title=...::message`
fn command(finding: &Placed, repository: &Repository) -> String {
    let level = match finding.class {
        Class::Warning => "warning",
        Class::Refused | Class::Waiting | Class::Partial => "error",
    };
    let place = repository.path(&finding.file).map(|file| {
        let Placed { line, column, .. } = finding;
        format!("file={},line={line},col={column},", property(&file))
    });
    let place = place.unwrap_or_default();
    let title = property(finding.reason.as_str());
    format!("::{level} {place}title={title}::{}", data(&text(finding)))
}

fn text(finding: &Placed) -> String {
    let subject = match render::subject(finding) {
        nobody if nobody.is_empty() => nobody,
        subject => format!("{subject}: "),
    };
    let Placed {
        reason,
        message,
        path,
        mend,
        ..
    } = finding;
    let place = if path.is_empty() {
        String::new()
    } else {
        format!(" ({path})")
    };
    format!("{subject}{message}{place}\nhelp: {mend} (see {})", reason.link())
}

/// Text as it may stand after the second `::`.
fn data(text: &str) -> String {
    let escape = |letter: char| match letter {
        '%' => String::from("%25"),
        '\r' => String::from("%0D"),
        '\n' => String::from("%0A"),
        _ if steers(letter) => String::from('\u{fffd}'),
        _ => String::from(letter),
    };
    text.chars().map(escape).collect()
}

/// Text as it may stand before it, where `:` and `,` end a value.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_ends_a_command_or_a_property_early() {
        assert_eq!(data("50%: a, b\r\n::c\u{1b}["), "50%25: a, b%0D%0A::c\u{fffd}[");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
