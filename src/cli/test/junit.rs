//! JUnit XML, as Jenkins, GitLab and the like read it: a test suite for each group of a file.
//!
//! There is no standard, only schemas of programs that read it; what is written here is what they have in common, and no
//! times, so that the same input gives the same output. Escaping is all that XML asks for here, so no library does it.

use std::fmt::{self, Write as _};
use std::io;

use super::report::{CaseReport, ErrorReport, FileReport, Report};
use crate::cli::Screen;

/// Prints a report as JUnit XML.
pub(super) fn print(report: &Report, screen: &mut Screen<'_>) -> io::Result<()> {
    let total = &report.total;
    writeln!(screen.out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        screen.out,
        r#"<testsuites name="tenantry test" tests="{}" failures="{}" errors="{}">"#,
        total.cases + total.unreadable,
        total.failures,
        total.unreadable
    )?;
    for file in &report.files {
        print_file(file, screen)?;
    }
    writeln!(screen.out, "</testsuites>")
}

fn print_file(file: &FileReport, screen: &mut Screen<'_>) -> io::Result<()> {
    let name = Attribute(&file.file);
    if !file.errors.is_empty() {
        let lines: String = file.errors.iter().map(|error| in_words(&file.file, error)).collect();
        writeln!(
            screen.out,
            r#"  <testsuite name="{name}" tests="1" failures="0" errors="1" skipped="0">"#
        )?;
        writeln!(
            screen.out,
            r#"    <testcase name="its cases can be run" classname="{name}">"#
        )?;
        writeln!(
            screen.out,
            r#"      <error message="its cases cannot be run" type="unreadable">{}</error>"#,
            Text(&lines)
        )?;
        writeln!(screen.out, "    </testcase>\n  </testsuite>")?;
    }
    for group in &file.groups {
        let failures = group.cases.iter().filter(|case| !case.holds).count();
        writeln!(
            screen.out,
            r#"  <testsuite name="{name}: {}" tests="{}" failures="{failures}" errors="0" skipped="0">"#,
            Attribute(&group.name),
            group.cases.len()
        )?;
        for case in &group.cases {
            print_case(case, &file.file, &group.name, screen)?;
        }
        writeln!(screen.out, "  </testsuite>")?;
    }
    Ok(())
}

fn print_case(case: &CaseReport, file: &str, group: &str, screen: &mut Screen<'_>) -> io::Result<()> {
    let name = Attribute(&case.name);
    let class = format!("{file}: {group}");
    write!(
        screen.out,
        r#"    <testcase name="{name}" classname="{}""#,
        Attribute(&class)
    )?;
    if case.holds {
        return writeln!(screen.out, "/>");
    }
    let mut lines = format!("{file}:{}: {}\n", case.line, case.subject());
    for (line, _) in case.differences.iter().flat_map(super::answer::Mismatch::lines) {
        let _ = writeln!(lines, "{line}");
    }
    let message = format!("{} is not as expected", case.subject());
    writeln!(screen.out, ">")?;
    writeln!(
        screen.out,
        r#"      <failure message="{}" type="difference">{}</failure>"#,
        Attribute(&message),
        Text(&lines)
    )?;
    writeln!(screen.out, "    </testcase>")
}

fn in_words(file: &str, error: &ErrorReport) -> String {
    let ErrorReport {
        line,
        column,
        message,
        mend,
        ..
    } = error;
    format!("{file}:{line}:{column}: {message}; {mend}\n")
}

/// Text between tags.
struct Text<'t>(&'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| escaped(character, false, f))
    }
}

/// A value between double quotes.
struct Attribute<'t>(&'t str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| escaped(character, true, f))
    }
}

/// What XML 1.0 cannot hold at all becomes U+FFFD; white space of an attribute is kept from being made into blanks.
fn escaped(character: char, attribute: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match character {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' if attribute => f.write_str("&quot;"),
        '\t' | '\n' if attribute => write!(f, "&#{};", u32::from(character)),
        '\t' | '\n' => f.write_char(character),
        '\r' => f.write_str("&#13;"),
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}'),
        _ => f.write_char(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_comes_out_as_it_was() {
        let hostile = "a<b>&\"'\u{1b}[31m\0]]>\t\n\r\u{fffe}é😀<!--";
        let kept: String = hostile
            .chars()
            .map(|c| {
                if matches!(c, '\u{1b}' | '\0' | '\u{fffe}') {
                    '\u{fffd}'
                } else {
                    c
                }
            })
            .collect();
        let xml = format!("<a b=\"{}\">{}</a>", Attribute(hostile), Text(hostile));
        let document = roxmltree::Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert_eq!((root.attribute("b"), root.text()), (Some(&*kept), Some(&*kept)));
    }
}
