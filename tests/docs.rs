//! Documented commands print what the documents say.
//!
//! In `README.md` and `docs/*.md` a fenced block marked `console` holds commands and, below each, what it prints:
//!
//! - `$ tenantry ...` is run in the repository's root, 100 columns wide and without colour. What is shown must equal what
//!   it prints, chatter on stderr included, in the order in which a terminal would show it; `2>/dev/null` at the end leaves
//!   stderr out, as in a shell. White space at the end of a line does not count. `$ tenantry dev` is run in a directory
//!   that holds a copy of `examples`.
//! - `$ echo $?` shows the exit code of the command before.
//! - A `$ tenantry` command with nothing shown below it must print nothing.
//! - Other commands are not run.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` rewrites what is shown.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[test]
fn documented_commands_print_what_the_documents_say() -> Result<()> {
    let update = env::var_os("UPDATE_DOCS").is_some_and(|value| !value.is_empty() && value != "0");
    let mut faults = String::new();
    let mut run = 0;
    for path in documents()? {
        let text = fs::read_to_string(&path)?;
        let mut parts = parse(&text);
        let (found, compared) = check(&mut parts)?;
        run += compared;
        if !update {
            for fault in found {
                write!(faults, "\n{}:{fault}", path.display())?;
            }
        } else if render(&parts) != text {
            fs::write(&path, render(&parts))?;
        }
    }
    assert!(
        faults.is_empty(),
        "documents are out of date; `UPDATE_DOCS=1 cargo test --test docs` rewrites them{faults}"
    );
    assert!(run > 0, "no document shows a command");
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Result<Vec<PathBuf>> {
    let mut paths = vec![root().join("README.md")];
    for entry in fs::read_dir(root().join("docs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A piece of a document; all of them in a row are the document.
#[derive(Debug, PartialEq)]
enum Part {
    /// A line that nothing is done about.
    Line(String),
    /// A command with what is shown below it.
    Example(Example),
}

#[derive(Debug, PartialEq)]
struct Example {
    /// The number of its first line.
    line: usize,
    /// Its lines as they stand, the first beginning with `$ `, all but the last ending with a backslash.
    command: Vec<String>,
    /// The lines below it.
    shown: Vec<String>,
}

fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut fence = Fence::Outside;
    for (number, line) in text.lines().enumerate() {
        let line = line.to_owned();
        if line.starts_with("```") {
            fence = fence.next(&line);
            parts.push(Part::Line(line));
        } else if fence == Fence::Console && line.starts_with("$ ") {
            parts.push(Part::Example(Example {
                line: number + 1,
                command: vec![line],
                shown: Vec::new(),
            }));
        } else if let (Fence::Console, Some(Part::Example(example))) = (fence, parts.last_mut()) {
            example.add(line);
        } else {
            parts.push(Part::Line(line));
        }
    }
    parts
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Outside,
    Console,
    Other,
}

impl Fence {
    fn next(self, line: &str) -> Self {
        match self {
            Self::Console | Self::Other => Self::Outside,
            Self::Outside if line.trim_end() == "```console" => Self::Console,
            Self::Outside => Self::Other,
        }
    }
}

impl Example {
    fn add(&mut self, line: String) {
        let goes_on = self.command.last().is_some_and(|last| last.ends_with('\\'));
        if goes_on && self.shown.is_empty() {
            self.command.push(line);
        } else {
            self.shown.push(line);
        }
    }

    /// What a shell would make of the command.
    fn words(&self) -> Result<Vec<String>> {
        let text = self.command.join("\n").replace("\\\n", " ");
        words(text.trim_start_matches('$')).map_err(|fault| format!("{}: {fault}", self.line).into())
    }

    /// What is shown, without empty lines at the end, which are layout.
    fn shown(&self) -> &[String] {
        let end = self.shown.iter().rposition(|line| !line.trim_end().is_empty());
        self.shown.get(..end.map_or(0, |last| last + 1)).unwrap_or_default()
    }

    /// Shows `lines` instead, and the same layout below.
    fn show(&mut self, lines: Vec<String>) {
        let layout = self.shown.split_off(self.shown().len());
        self.shown = lines;
        self.shown.extend(layout);
    }
}

fn render(parts: &[Part]) -> String {
    let lines = parts.iter().flat_map(|part| match part {
        Part::Line(line) => vec![line],
        Part::Example(example) => example.command.iter().chain(&example.shown).collect(),
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Splits a command into words. Quotes work as in a shell; what would make a shell do more than run a command is refused.
fn words(text: &str) -> std::result::Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '|' | '<' | ';' | '&' | '`' | '\\' | '(' | ')') => {
                return Err(format!("`{character}` needs a shell; show a plain command"));
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("{open} is never closed")),
        None => Ok(words),
    }
}

/// Runs every example and says what differs, and how many were compared; afterwards the parts show what was printed.
fn check(parts: &mut [Part]) -> Result<(Vec<String>, usize)> {
    let mut faults = Vec::new();
    let mut compared = 0;
    let mut last_code = None;
    for part in parts {
        let Part::Example(example) = part else { continue };
        let command = example.command.first().map_or("", String::as_str);
        let printed = if command == "$ echo $?" {
            last_code.take().map(|code: i32| vec![code.to_string()])
        } else if command.starts_with("$ tenantry ") {
            let (printed, code) = run(&example.words()?)?;
            last_code = Some(code);
            Some(printed)
        } else {
            last_code = None;
            None
        };
        let Some(printed) = printed else { continue };
        compared += 1;
        if !example.shown().iter().map(|line| line.trim_end()).eq(&printed) {
            faults.push(format!("{}: it prints\n{}", example.line, printed.join("\n")));
        }
        example.show(printed);
    }
    Ok((faults, compared))
}

/// Runs `tenantry` as in a terminal of 100 columns: what it prints, line by line, and its exit code.
fn run(words: &[String]) -> Result<(Vec<String>, i32)> {
    let arguments = words.get(1..).unwrap_or_default();
    let silent = arguments.last().is_some_and(|last| last == "2>/dev/null");
    let arguments = arguments.iter().filter(|word| *word != "2>/dev/null");
    let writes = arguments.clone().next().is_some_and(|command| command == "dev");
    // What keeps something beside the manifests is run over a copy of them.
    let copy = if writes { Some(copy_of_examples()?) } else { None };
    let place = copy.as_ref().map_or(root(), |copy| copy.path());
    let (mut output, screen) = io::pipe()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .args(arguments)
        .current_dir(place)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .stderr(if silent {
            Stdio::null()
        } else {
            screen.try_clone()?.into()
        })
        .stdout(screen);
    let mut child = command.spawn()?;
    // It holds the other end of the pipe, which must be closed for the output to end.
    drop(command);
    let mut printed = String::new();
    output.read_to_string(&mut printed)?;
    let code = child.wait()?.code().ok_or("ended by a signal")?;
    let lines = printed.trim_end().lines().map(|line| line.trim_end().to_owned());
    Ok((lines.collect(), code))
}

/// A directory with nothing but the examples in it.
fn copy_of_examples() -> Result<tempfile::TempDir> {
    fn copy(from: &Path, to: &Path) -> Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                copy(&entry.path(), &to)?;
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
        Ok(())
    }
    let directory = tempfile::tempdir()?;
    copy(&root().join("examples"), &directory.path().join("examples"))?;
    Ok(directory)
}

#[test]
fn a_document_is_taken_apart_and_put_together_again() {
    let text =
        "# Title\n\n```console\n$ tenantry check \\\n    examples\nfine\n\n$ echo $?\n0\n```\n\n```yaml\n$ no\n```\n";
    let parts = parse(text);
    assert_eq!(render(&parts), text);
    let examples: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Example(example) => Some((example.line, example.words().unwrap_or_default(), example.shown().len())),
            Part::Line(_) => None,
        })
        .collect();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        examples,
        [(4, words("tenantry check examples"), 1), (8, words("echo $?"), 1)]
    );
}

#[test]
fn new_output_keeps_the_layout_below_it() {
    let mut parts = parse("```console\n$ tenantry check\nold\n\n$ tenantry plan\n```\n");
    for part in &mut parts {
        if let Part::Example(example) = part {
            example.show(vec!["new".to_owned()]);
        }
    }
    assert_eq!(
        render(&parts),
        "```console\n$ tenantry check\nnew\n\n$ tenantry plan\nnew\n```\n"
    );
}

#[test]
fn a_command_that_shows_nothing_must_print_nothing() -> Result<()> {
    let checked = |command: &str| -> Result<_> {
        let (faults, compared) = check(&mut parse(&format!("```console\n$ {command}\n```\n")))?;
        Ok((faults.len(), compared))
    };
    assert_eq!(checked("tenantry --version")?, (1, 1));
    assert_eq!(
        checked("tenantry check examples/acme --at 2026-11-24T12:00:00Z 2>/dev/null")?,
        (0, 1)
    );
    assert_eq!(checked("kubectl version")?, (0, 0));
    Ok(())
}

#[test]
fn words_are_split_as_in_a_shell_and_shell_work_is_refused() {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(words(" a  'b c' \"d'e\" '' "), Ok(owned(&["a", "b c", "d'e", ""])));
    assert_eq!(words("a 2>/dev/null"), Ok(owned(&["a", "2>/dev/null"])));
    assert!(words("a | b").is_err());
    assert!(words("a 'b").is_err());
}
