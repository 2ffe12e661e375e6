//! One question: whose value it is, by which rules, and how it is asked on a terminal.

use std::io;

use super::super::{Failure, Screen};
use crate::api::Kind;
use crate::manifests::value_fault;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 4_096;

/// A value that is needed.
pub(super) struct Question {
    /// The flag that answers it.
    pub(super) flag: &'static str,
    /// How a person is asked for it.
    pub(super) text: &'static str,
    /// The kind and field that it goes to, by whose rules it is judged.
    pub(super) kind: Kind,
    pub(super) field: &'static [&'static str],
}

impl Question {
    /// The answer: what was given, else what a person on the terminal says, else what suggests itself.
    pub(super) fn settle(
        &self,
        given: Option<&str>,
        suggested: Option<String>,
        screen: &mut Screen<'_>,
    ) -> Result<String, Failure> {
        let suggested = suggested.filter(|suggested| self.fault(suggested).is_none());
        match (given, suggested) {
            (Some(given), _) => Ok(given.to_owned()),
            (None, suggested) if screen.interactive => self.ask(suggested.as_deref(), screen),
            (None, Some(suggested)) => Ok(suggested),
            (None, None) => Err(Failure::Input(format!(
                "give {}, or run this on a terminal to be asked",
                self.flag
            ))),
        }
    }

    /// Says what is wrong with the value of the flag.
    pub(super) fn judge(&self, value: &str) -> Result<(), Failure> {
        match self.fault(value) {
            None => Ok(()),
            Some(fault) => Err(Failure::Input(format!("{}: {fault}", self.flag))),
        }
    }

    fn fault(&self, value: &str) -> Option<String> {
        let (message, mend) = value_fault(self.kind, self.field, value)?;
        Some(format!("{message}; {mend}"))
    }

    /// Asks until the answer is sound. An empty one stands for what suggests itself.
    fn ask(&self, suggested: Option<&str>, screen: &mut Screen<'_>) -> Result<String, Failure> {
        let hint = suggested.map(|suggested| format!(" [{suggested}]")).unwrap_or_default();
        loop {
            write!(screen.err, "{}{hint}: ", self.text)?;
            screen.err.flush()?;
            let line = line(screen)?;
            let answer = match (line.trim(), suggested) {
                ("", Some(suggested)) => suggested,
                (answer, _) => answer,
            };
            match self.fault(answer) {
                None => return Ok(answer.to_owned()),
                Some(fault) => screen.say(fault),
            }
        }
    }
}

/// One line of the standard input, and not a byte more.
fn line(screen: &mut Screen<'_>) -> Result<String, Failure> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < LONGEST_ANSWER {
        match screen.stdin.read(&mut byte) {
            Ok(0) if line.is_empty() => return Err(Failure::Input("the answers end too early".to_owned())),
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) => line.extend(byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::Input(format!("cannot read the answer: {error}"))),
        }
    }
    String::from_utf8(line).map_err(|_| Failure::Input("the answer is not UTF-8".to_owned()))
}
