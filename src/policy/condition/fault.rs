//! What is wrong with a condition, where, and how to mend it.

use thiserror::Error;

/// Why a condition is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} (line {line}, column {column}): {help}")]
pub struct Fault {
    /// The step that found it.
    pub kind: FaultKind,
    /// The line within the expression, from 1.
    pub line: usize,
    /// The column within that line in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The kinds of fault. An unknown name is `UnknownField`, all others are `InvalidCondition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Too long, too many tokens, or nested too deep.
    Limit,
    /// Not an expression, or one of a form that conditions do not have.
    Syntax,
    /// An operator or a function with operands that it does not take.
    Type,
    /// An attribute that neither the object nor the tenant declares.
    UnknownName,
}

/// A fault that knows its place only as an offset in bytes.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) kind: FaultKind,
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) help: String,
}

impl Complaint {
    pub(super) fn new(kind: FaultKind, at: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            kind,
            at,
            message: message.into(),
            help: help.into(),
        }
    }

    pub(super) fn syntax(at: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(FaultKind::Syntax, at, message, help)
    }

    pub(super) fn types(at: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(FaultKind::Type, at, message, help)
    }

    /// The fault, with its line and column in `source`.
    pub(super) fn locate(self, source: &str) -> Fault {
        let before = source.get(..self.at).unwrap_or(source);
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        Fault {
            kind: self.kind,
            line: before.matches('\n').count() + 1,
            column: last_line.chars().count() + 1,
            message: self.message,
            help: self.help,
        }
    }
}

/// `text` for a message.
pub(super) fn shown(text: &str) -> String {
    crate::text::discreet(text, 40)
}
