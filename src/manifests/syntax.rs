//! What the YAML scanner says, in our words.

use granit_parser::{ErrorKind, ScanError};

use crate::text;

/// The parser's words without its capitals and odd quotes.
pub(super) fn message(error: &ScanError) -> String {
    let words = error.kind().to_string().replace('\'', "`");
    let words = match words.split_once(", ") {
        Some((before, rest)) if before.starts_with("while ") => rest,
        _ => &words,
    };
    text::plain(words, 200)
}

pub(super) fn help(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => "indent with spaces",
        ErrorKind::UnclosedQuotedScalar => "close the quote",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => "close the bracket",
        ErrorKind::UnknownAnchor => "define the anchor before its use, in the same document",
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::MappingValueNotAllowed => "quote the text",
        ErrorKind::UnknownQuotedScalarEscape => "double the backslash or use single quotes",
        _ => "mend the YAML here or just above",
    }
}
