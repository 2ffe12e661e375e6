//! A finding as a compiler would show it: what is wrong, where, and what mends it.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::check::Placed;
use crate::manifests::{Fault, Manifests, Place, Source};
use crate::policy::Class;
use crate::text::steers;

/// The finding with the line that it is about. Mail addresses and phone numbers in that line are blotted out, and so is
/// whatever could steer a terminal.
pub(super) fn finding(manifests: &Manifests, finding: &Placed) -> String {
    let subject = subject(finding);
    let (level, name) = match finding.class {
        Class::Refused => (Level::ERROR, "refused"),
        Class::Waiting => (Level::ERROR, "waiting"),
        Class::Partial => (Level::WARNING, "waiting in part"),
        Class::Warning => (Level::WARNING, "warning"),
    };
    let message = if subject.is_empty() {
        finding.message.clone()
    } else {
        format!("{subject}: {}", finding.message)
    };
    let title = level.with_name(name).primary_title(message).id(finding.reason.as_str());
    let mut group = Group::with_title(title);
    let excerpt = finding
        .source
        .and_then(|(source, place)| Excerpt::of(&manifests.sources.get(source)?.text, place));
    match &excerpt {
        Some(excerpt) => group = group.element(excerpt.snippet(&finding.file, &finding.path)),
        None if !finding.file.is_empty() => {
            group = group.element(annotate_snippets::Origin::path(finding.file.clone()));
        }
        None => {}
    }
    group = group.element(Level::HELP.message(finding.mend.clone()));
    Renderer::styled().render(&[group])
}

/// What is wrong in a file that is no manifest, with the line that it is about.
pub(super) fn fault(source: &Source, fault: &Fault) -> String {
    let mut group = Group::with_title(Level::ERROR.primary_title(fault.message.clone()));
    group = match Excerpt::of(&source.text, fault.place) {
        Some(excerpt) => group.element(excerpt.snippet(&source.name, &fault.path)),
        None => group.element(annotate_snippets::Origin::path(source.name.clone())),
    };
    if !fault.help.is_empty() {
        group = group.element(Level::HELP.message(fault.help.clone()));
    }
    Renderer::styled().render(&[group])
}

/// `User acme/bob`, with as much of it as is known.
pub(super) fn subject(finding: &Placed) -> String {
    match (&finding.kind, &finding.namespace, &finding.name) {
        (Some(kind), Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (Some(kind), _, Some(name)) => format!("{kind} {name}"),
        (Some(kind), _, None) => kind.clone(),
        _ => String::new(),
    }
}

/// One line of a source, with the part of it that a finding is about.
struct Excerpt {
    line: usize,
    text: String,
    start: usize,
    end: usize,
}

/// The longest line that is shown, in characters; of a longer one the part around the place.
const LONGEST_LINE: usize = 160;

impl Excerpt {
    fn of(text: &str, place: Place) -> Option<Self> {
        let start = usize::try_from(place.start).ok()?;
        let end = usize::try_from(place.end).ok()?.max(start);
        let (before, after) = text.split_at_checked(start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let head = before.get(line_start..)?;
        let marked = after.get(..end - start).unwrap_or(after);
        let marked = marked.lines().next().unwrap_or("");
        let tail = after.get(marked.len()..)?.lines().next().unwrap_or("");
        let head = last_chars(head, LONGEST_LINE);
        let marked = first_chars(marked, LONGEST_LINE);
        let tail = first_chars(tail.trim_end_matches('\r'), LONGEST_LINE);
        let (head, marked, tail) = (harmless(head), harmless(marked.trim_end_matches('\r')), harmless(tail));
        Some(Self {
            line: usize::try_from(place.line).ok()?,
            start: head.len(),
            end: head.len() + marked.len(),
            text: format!("{head}{marked}{tail}"),
        })
    }

    /// The line, with what a path names marked.
    fn snippet<'a>(&self, file: &str, path: &str) -> Snippet<'a, Annotation<'a>> {
        let hidden = ["email", "phone", "account"].iter().any(|field| path.ends_with(field));
        let mark = AnnotationKind::Primary
            .span(self.start..self.end)
            .label(path.to_owned());
        Snippet::source(self.shown(hidden))
            .path(file.to_owned())
            .line_start(self.line)
            .annotation(mark)
    }

    /// The line with what is private blotted out, letter by letter, so that the marks stay under it.
    fn shown(&self, hide_marked: bool) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut word = String::new();
        for (at, c) in self.text.char_indices() {
            let marked = hide_marked && (self.start..self.end).contains(&at);
            if marked && c.is_ascii() && !c.is_ascii_whitespace() {
                flush(&mut word, &mut text);
                text.push('*');
            } else if c.is_whitespace() || "\"'{}[],".contains(c) {
                flush(&mut word, &mut text);
                text.push(c);
            } else {
                word.push(c);
            }
        }
        flush(&mut word, &mut text);
        text
    }
}

/// Moves a word over, blotted out if it looks like a mail address or a phone number.
fn flush(word: &mut String, text: &mut String) {
    let address = word.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let phone = word.starts_with('+') && digits >= 7;
    if address || phone {
        text.extend(word.bytes().map(|_| '*'));
    } else {
        text.push_str(word);
    }
    word.clear();
}

/// Escapes whatever could steer a terminal or reorder a line; a tab becomes a blank.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if steers(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

fn first_chars(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .and_then(|(end, _)| text.get(..end))
        .unwrap_or(text)
}

fn last_chars(text: &str, most: usize) -> &str {
    let start = text
        .char_indices()
        .rev()
        .nth(most.saturating_sub(1))
        .map_or(0, |(start, _)| start);
    text.get(start..).unwrap_or(text)
}
