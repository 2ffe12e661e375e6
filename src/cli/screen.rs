//! Where output goes: results, chatter, and how wide a table may be.

use std::fmt;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Failure;

/// The streams of a command. Styles are always written; the streams take them out where nobody would see them.
pub struct Screen<'a> {
    /// Results for people.
    pub out: &'a mut dyn Write,
    /// Results for programs: there are no styles in them, so nobody need look for any.
    pub data: &'a mut dyn Write,
    /// Chatter.
    pub err: &'a mut dyn Write,
    /// The standard input.
    pub stdin: &'a mut dyn Read,
    /// Whether a person sits at the standard input, who can be asked.
    pub interactive: bool,
    /// Columns of a table.
    pub width: u16,
}

impl fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

/// Columns of a table when nobody says how wide the terminal is.
const USUAL_WIDTH: u16 = 100;
/// The fewest columns that a table is made for.
const LEAST_WIDTH: u16 = 40;

/// For headings.
pub(super) const STRONG: Style = Style::new().bold();
/// For what recedes.
pub(super) const FAINT: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();

impl Screen<'_> {
    /// The columns of the terminal, `COLUMNS` first.
    #[must_use]
    pub fn width_of_terminal() -> u16 {
        let declared = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let measured = || terminal_size::terminal_size().map(|(width, _)| width.0);
        declared.or_else(measured).unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH)
    }

    /// Writes chatter; that nobody hears it is no failure.
    pub(super) fn say(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Writes an error.
    pub(super) fn error(&mut self, text: &str) {
        self.say(format_args!("{RED}error{RED:#}: {text}"));
    }

    /// Writes a result as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        // It comes in crumbs, which a buffer of a known type takes in much faster than a `dyn Write` does.
        let mut data = BufWriter::with_capacity(64 * 1024, &mut *self.data);
        serde_json::to_writer_pretty(&mut data, value)?;
        writeln!(data)?;
        Ok(data.flush()?)
    }

    /// Writes a result as YAML.
    pub(super) fn yaml(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_saphyr::to_string(value).map_err(|error| Failure::Form(error.to_string()))?;
        Ok(self.data.write_all(text.as_bytes())?)
    }

    /// Writes a file, in place of one that is there, and says so.
    pub(super) fn write_file(&mut self, path: &Path, content: &[u8]) -> Result<(), Failure> {
        std::fs::write(path, content)
            .map_err(|error| Failure::Input(format!("cannot write `{}`: {error}", path.display())))?;
        self.say(format_args!("wrote {}", path.display()));
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.data.flush()?;
        self.err.flush()
    }

    /// Writes what clap has to say: help is a result, a wrong call an error.
    pub(super) fn usage(&mut self, error: &clap::Error) -> ExitCode {
        let text = error.render().ansi().to_string();
        let written = if error.use_stderr() {
            write!(self.err, "{text}")
        } else {
            write!(self.out, "{text}")
        };
        match (error.use_stderr(), written.and_then(|()| self.flush())) {
            (false, Ok(())) => ExitCode::SUCCESS,
            _ => ExitCode::from(2),
        }
    }
}
