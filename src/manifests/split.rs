//! A file into its documents, so that a broken one hides no other.
//!
//! YAML forbids `---` and `...` at the start of a line inside a document, whatever surrounds them; so looking at the starts
//! of lines is exact. JSON values may follow each other without any mark.

use std::ops::Range;

use super::fault::Fault;
use super::node::Place;

/// The text of one document and where it lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk<'s> {
    pub(crate) text: &'s str,
    /// The number of its first line, from 1.
    pub(crate) line: u32,
    /// Bytes of the file before it.
    pub(crate) start: u32,
}

/// The documents of a file; those without any content are left out.
pub(crate) fn documents(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    Documents::new(text).flat_map(json_values)
}

/// What the lines of a document so far amount to.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    marker: bool,
    directive: bool,
    content: bool,
}

struct Documents<'s> {
    text: &'s str,
    lines: Lines<'s>,
    start: usize,
    line: u32,
    seen: Seen,
}

impl<'s> Documents<'s> {
    fn new(text: &'s str) -> Self {
        let start = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self {
            text,
            lines: Lines {
                text,
                at: start,
                number: 0,
            },
            start,
            line: 1,
            seen: Seen::default(),
        }
    }

    /// Ends the document at `end`; gives it if there is anything in it.
    fn cut(&mut self, end: usize, next_line: u32) -> Option<Chunk<'s>> {
        let seen = std::mem::take(&mut self.seen);
        let chunk = chunk(self.text, self.start..end, self.line);
        (self.start, self.line) = (end, next_line);
        chunk.filter(|_| seen.content || seen.directive)
    }
}

impl<'s> Iterator for Documents<'s> {
    type Item = Chunk<'s>;

    fn next(&mut self) -> Option<Chunk<'s>> {
        while let Some(line) = self.lines.next() {
            match kind(line.text, self.seen.content || self.seen.marker) {
                Line::Blank => {}
                Line::Directive => self.seen.directive = true,
                Line::Content => self.seen.content = true,
                Line::Start { content } => {
                    let old = (self.seen.content || self.seen.marker)
                        .then(|| self.cut(line.start, line.number))
                        .flatten();
                    self.seen.marker = true;
                    self.seen.content = content;
                    if old.is_some() {
                        return old;
                    }
                }
                Line::End => {
                    if let Some(chunk) = self.cut(self.lines.at, line.number + 1) {
                        return Some(chunk);
                    }
                }
            }
        }
        self.cut(self.text.len(), self.line)
    }
}

enum Line {
    Blank,
    Directive,
    Content,
    Start { content: bool },
    End,
}

fn kind(line: &str, begun: bool) -> Line {
    let blank = |text: &str| matches!(text.trim_start_matches([' ', '\t']).bytes().next(), None | Some(b'#'));
    let marked = |mark| {
        line.strip_prefix(mark)
            .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    match line.bytes().next() {
        Some(b'-') => match marked("---") {
            Some(rest) => Line::Start { content: !blank(rest) },
            None => Line::Content,
        },
        Some(b'.') if marked("...").is_some() => Line::End,
        Some(b'%') if !begun => Line::Directive,
        Some(b' ' | b'\t' | b'#') if blank(line) => Line::Blank,
        Some(_) => Line::Content,
        None => Line::Blank,
    }
}

/// The lines of a text, each without its end, which is `\n`, `\r\n` or `\r`.
struct Lines<'s> {
    text: &'s str,
    at: usize,
    number: u32,
}

struct OneLine<'s> {
    text: &'s str,
    start: usize,
    number: u32,
}

impl<'s> Iterator for Lines<'s> {
    type Item = OneLine<'s>;

    fn next(&mut self) -> Option<OneLine<'s>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .bytes()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let (text, tail) = rest.split_at_checked(length)?;
        let end = if tail.starts_with("\r\n") { 2 } else { tail.len().min(1) };
        self.at = start + length + end;
        self.number += 1;
        Some(OneLine {
            text,
            start,
            number: self.number,
        })
    }
}

fn chunk(text: &str, range: Range<usize>, line: u32) -> Option<Chunk<'_>> {
    let start = u32::try_from(range.start).ok()?;
    Some(Chunk {
        text: text.get(range)?,
        line,
        start,
    })
}

/// A chunk that begins with `{` may be several JSON values in a row.
fn json_values(whole: Chunk<'_>) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut rest = whole;
    while rest.text.starts_with('{') {
        let Some(next) = value_end(rest.text).and_then(|end| next_value(rest.text, end)) else {
            break;
        };
        let (Some(value), Some(tail)) = (rest.text.get(..next), rest.text.get(next..)) else {
            break;
        };
        chunks.push(Chunk { text: value, ..rest });
        let lines = Lines {
            text: value,
            at: 0,
            number: 0,
        }
        .count();
        let whole_lines = if value.ends_with(['\n', '\r']) {
            lines
        } else {
            lines - 1
        };
        rest = Chunk {
            // A value that follows on the same line keeps its column by the blanks before it: see `next_value`.
            text: tail,
            line: rest.line.saturating_add(u32::try_from(whole_lines).unwrap_or(u32::MAX)),
            start: rest.start.saturating_add(u32::try_from(next).unwrap_or(u32::MAX)),
        };
    }
    chunks.push(rest);
    chunks
}

/// Where the JSON value that the text begins with ends.
fn value_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(b'"'), b'\\') => escaped = true,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth = depth.checked_sub(1)?,
            (None, _) => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Where the next value begins, if it does so after nothing but blanks.
fn next_value(text: &str, end: usize) -> Option<usize> {
    let tail = text.get(end..)?;
    let trimmed = tail.trim_start_matches([' ', '\t', '\r', '\n']);
    trimmed.starts_with('{').then(|| end + tail.len() - trimmed.len())
}

/// The first character that kubectl reads otherwise than this parser does, or refuses.
pub(crate) fn forbidden(chunk: &Chunk<'_>) -> Option<Fault> {
    if !chunk.text.bytes().any(suspicious) {
        return None;
    }
    let (at, character) = chunk
        .text
        .char_indices()
        .find(|(_, character)| is_forbidden(*character))?;
    let place = place_in(chunk, at, character.len_utf8());
    let code = u32::from(character);
    let (message, help) = match character {
        '\u{85}' | '\u{2028}' | '\u{2029}' => (
            format!("the line separator U+{code:04X}, which kubectl takes for the end of a line"),
            format!("write `\\u{code:04X}` in double quotes, or remove it"),
        ),
        _ => (format!("the control character U+{code:04X}"), String::from("remove it")),
    };
    Some(Fault::new(place, message, help))
}

fn suspicious(byte: u8) -> bool {
    matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 0x7f | 0xc2 | 0xe2 | 0xef)
}

fn is_forbidden(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
        || character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

fn place_in(chunk: &Chunk<'_>, at: usize, length: usize) -> Place {
    let before = chunk.text.get(..at).unwrap_or_default();
    let mut line = chunk.line;
    let mut column = 1_u32;
    let mut characters = before.chars().peekable();
    while let Some(character) = characters.next() {
        let breaks = character == '\n' || character == '\r' && characters.peek() != Some(&'\n');
        (line, column) = if breaks {
            (line.saturating_add(1), 1)
        } else {
            (line, column.saturating_add(1))
        };
    }
    let offset = |at: usize| chunk.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
    Place {
        line,
        column,
        start: offset(at),
        end: offset(at + length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u32, &str)> {
        documents(text).map(|chunk| (chunk.line, chunk.text)).collect()
    }

    #[test]
    fn documents_begin_at_three_dashes_and_keep_their_lines() {
        assert_eq!(split("a: 1\n---\nb: 2\n"), [(1, "a: 1\n"), (2, "---\nb: 2\n")]);
        assert_eq!(split("---\na: 1\n---\nb: 2"), [(1, "---\na: 1\n"), (3, "---\nb: 2")]);
        assert_eq!(
            split("a: 1\r\n---\r\nb: 2\r\n"),
            [(1, "a: 1\r\n"), (2, "---\r\nb: 2\r\n")]
        );
        assert_eq!(split("a: 1\r---\rb: 2\r"), [(1, "a: 1\r"), (2, "---\rb: 2\r")]);
        assert_eq!(
            split("--- {a: 1}\n--- # two\nb: 2\n"),
            [(1, "--- {a: 1}\n"), (2, "--- # two\nb: 2\n")]
        );
    }

    #[test]
    fn a_line_that_only_looks_like_a_marker_is_content() {
        for text in [
            "a: |\n ---\n b\n",
            "---a: 1\n",
            "----\n",
            "...a\n",
            " ---\n",
            "a: 'x\n ---\n'\n",
        ] {
            assert_eq!(split(text), [(1, text)], "{text}");
        }
    }

    #[test]
    fn documents_without_content_are_left_out() {
        for text in [
            "",
            "\n\n",
            "# only a comment\n",
            "---\n---\n# x\n---\n",
            "---\n...\n",
            "\u{feff}",
            "---",
            " \t\r\n",
        ] {
            assert_eq!(split(text), [], "{text:?}");
        }
        assert_eq!(
            split("---\n# Source: chart/a.yaml\n---\n# Source: chart/b.yaml\nb: 2\n").len(),
            1
        );
    }

    #[test]
    fn directives_and_comments_belong_to_the_document_that_follows() {
        assert_eq!(split("%YAML 1.1\n---\na: 1\n"), [(1, "%YAML 1.1\n---\na: 1\n")]);
        assert_eq!(split("# x\n---\na: 1\n"), [(1, "# x\n---\na: 1\n")]);
        assert_eq!(
            split("a: 1\n...\n%YAML 1.1\n---\nb: 2\n"),
            [(1, "a: 1\n...\n"), (3, "%YAML 1.1\n---\nb: 2\n")]
        );
        assert_eq!(split("a: 1\n%b: 2\n"), [(1, "a: 1\n%b: 2\n")]);
    }

    #[test]
    fn a_byte_order_mark_is_no_content() {
        assert_eq!(split("\u{feff}a: 1\n"), [(1, "a: 1\n")]);
    }

    #[test]
    fn json_values_may_follow_each_other() {
        assert_eq!(
            split("{\"a\": \"}{\\\"\"}\n{\"b\": [{}]} {}"),
            [(1, "{\"a\": \"}{\\\"\"}\n"), (2, "{\"b\": [{}]} "), (2, "{}")]
        );
        assert_eq!(split("{\n}\n\n{}\n"), [(1, "{\n}\n\n"), (4, "{}\n")]);
        for text in ["{a: '} {'}\n", "{a: it's}\n", "{\"a\": 1\n", "{}}\n", "{a: b}: c\n"] {
            assert_eq!(split(text), [(1, text)], "{text}");
        }
    }

    #[test]
    fn characters_that_kubectl_refuses_are_found_with_their_place() {
        for (text, line, column) in [
            ("a: \u{1b}[31m\n", 1, 4),
            ("a: 1\r\nbä: \u{0}\n", 2, 5),
            ("a: x\u{2028}b: c\n", 1, 5),
            ("a: \u{85}", 1, 4),
            ("\u{ffff}", 1, 1),
        ] {
            let chunk = Chunk {
                text,
                line: 1,
                start: 0,
            };
            let place = forbidden(&chunk).map(|fault| (fault.place.line, fault.place.column));
            assert_eq!(place, Some((line, column)), "{text:?}");
        }
        let fine = Chunk {
            text: "a: \u{a0}ä€😀\u{fffd}\t\r\n",
            line: 1,
            start: 0,
        };
        assert_eq!(forbidden(&fine), None);
    }
}
