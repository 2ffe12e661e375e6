//! `tenantry plan -o json` as a process, against a process that parses the same bytes and does nothing else.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::corpus;
use super::report::{Row, Times, mebibytes, milliseconds};

/// Users of the tenant that is planned.
const USERS: usize = 10_000;
const RUNS: usize = 11;
/// The hidden mode that parses and does nothing else.
pub(crate) const PARSE: &str = "--parse";
/// The hidden mode that runs a program and prints what it took.
pub(crate) const MEASURE: &str = "--measure";

/// Both forms of the input.
pub(crate) fn plan() -> io::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let (files, file) = (directory.path().join("files"), directory.path().join("all.yaml"));
    write_files(&files)?;
    write_file(&file)?;
    let mut rows = compare(&files, "10,000 files")?;
    rows.extend(compare(&file, "one file")?);
    Ok(rows)
}

/// A file for each user and one for everything else.
fn write_files(directory: &Path) -> io::Result<()> {
    fs::create_dir(directory)?;
    fs::write(directory.join("tenant.yaml"), corpus::surroundings())?;
    (0..USERS).try_for_each(|index| fs::write(directory.join(format!("user-{index:06}.yaml")), corpus::user(index)))
}

/// The same bytes in one file.
fn write_file(path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(corpus::surroundings().as_bytes())?;
    (0..USERS).try_for_each(|index| file.write_all(corpus::user(index).as_bytes()))?;
    file.flush()
}

/// Baseline and plan, turn about.
fn compare(input: &Path, form: &str) -> io::Result<Vec<Row>> {
    let this = std::env::current_exe()?;
    let at = corpus::moment().to_string();
    let baseline = [this.as_os_str(), OsStr::new(PARSE), input.as_os_str()];
    let plan = [env!("CARGO_BIN_EXE_tenantry"), "plan", "-o", "json", "--at", &at].map(OsStr::new);
    let plan: Vec<&OsStr> = plan.into_iter().chain([input.as_os_str()]).collect();
    let [mut parse_times, mut parse_peaks, mut plan_times, mut plan_peaks] = [(); 4].map(|()| Times::default());
    for _ in 0..RUNS {
        let (time, peak) = measured(&this, &baseline)?;
        parse_times.add(time);
        parse_peaks.add(peak);
        let (time, peak) = measured(&this, &plan)?;
        plan_times.add(time);
        plan_peaks.add(peak);
    }
    let parse = format!("parse 10,000 users into `serde_json::Value`, {form}");
    let plan = format!("`plan -o json` of 10,000 users, {form}");
    let ratio = |plan: &Times, parse: &Times| format!("{:.2}", plan.over(parse));
    Ok(vec![
        Row::new(&parse, parse_times.shown(milliseconds), "1"),
        Row::new(&plan, plan_times.shown(milliseconds), &ratio(&plan_times, &parse_times)).goal("<= 1.6"),
        Row::new(&format!("{parse}: memory"), parse_peaks.shown(mebibytes), "1"),
        Row::new(
            &format!("{plan}: memory"),
            plan_peaks.shown(mebibytes),
            &ratio(&plan_peaks, &parse_peaks),
        ),
    ])
}

/// `plan --against` an earlier state in which one role of 200 is another, against one plan.
pub(crate) fn against() -> io::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let (before, after) = (
        directory.path().join("before.yaml"),
        directory.path().join("after.yaml"),
    );
    write_file(&after)?;
    let text = fs::read_to_string(&after)?;
    // Another role's content under this one's name: about 150 people lose and gain something.
    let changed = corpus::role(2).replace("role-002", "role-001");
    fs::write(&before, text.replace(&corpus::role(1), &changed))?;
    let this = std::env::current_exe()?;
    let at = corpus::moment().to_string();
    let plan = [env!("CARGO_BIN_EXE_tenantry"), "plan", "-o", "json", "--at", &at].map(OsStr::new);
    let plan: Vec<&OsStr> = plan.into_iter().chain([after.as_os_str()]).collect();
    let compare: Vec<&OsStr> = plan
        .iter()
        .copied()
        .chain([OsStr::new("--against"), before.as_os_str()])
        .collect();
    let [mut plan_times, mut compare_times] = [(); 2].map(|()| Times::default());
    for _ in 0..RUNS {
        plan_times.add(measured(&this, &plan)?.0);
        compare_times.add(measured(&this, &compare)?.0);
    }
    let ratio = format!("{:.2}", compare_times.over(&plan_times));
    Ok(vec![
        Row::new("`plan -o json` of 10,000 users", plan_times.shown(milliseconds), "1"),
        Row::new(
            "`plan --against` an earlier state of them",
            compare_times.shown(milliseconds),
            &ratio,
        )
        .goal("<= 2.2"),
    ])
}

/// Processor time in seconds and peak memory in KiB of a command. A small process runs it, so that its peak is its own: a child's begins with that
/// of its parent.
fn measured(this: &Path, command: &[&OsStr]) -> io::Result<(f64, f64)> {
    let output = Command::new(this)
        .arg(MEASURE)
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (output.status.success(), numbers.next(), numbers.next()) {
        (true, Some(Ok(seconds)), Some(Ok(kibibytes))) => Ok((seconds, kibibytes)),
        _ => Err(io::Error::other(format!("{} failed: {text}", command[0].display()))),
    }
}

/// Runs a command, its output thrown away, and prints its processor time in seconds and its peak in KiB.
pub(crate) fn measure(command: &[OsString]) -> io::Result<ExitCode> {
    let status = Command::new(&command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .status()?;
    let (seconds, kibibytes) = of_children();
    println!("{seconds} {kibibytes}");
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the children of this process took, in seconds of processor time, and the largest of them in KiB.
#[cfg(unix)]
fn of_children() -> (f64, f64) {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("a usage");
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    (
        seconds(usage.user_time()) + seconds(usage.system_time()),
        usage.max_rss() as f64,
    )
}

/// Nobody knows.
#[cfg(not(unix))]
fn of_children() -> (f64, f64) {
    (f64::NAN, f64::NAN)
}

/// The baseline: reads the file, or every file of the directory in the order of names, and parses each into values with
/// serde-saphyr, the parser that the product reads with; all values are kept until the end. Its budgets are raised as far as
/// the input needs, depth, duplicate keys and aliases are as in the product.
pub(crate) fn parse(input: &Path) -> io::Result<ExitCode> {
    let mut paths = vec![input.to_owned()];
    if input.is_dir() {
        paths = fs::read_dir(input)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        paths.sort();
    }
    let mut values: Vec<serde_json::Value> = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path)?;
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_documents: 1_000_000,
                max_nodes: 10_000_000,
                max_events: 50_000_000,
                max_depth: 64,
            },
        };
        let parsed = serde_saphyr::from_multiple_with_options(&text, options);
        values.extend::<Vec<_>>(parsed.map_err(io::Error::other)?);
    }
    // Giving back a million small pieces is no part of reading: whoever plans keeps them to the end, too.
    println!("{}", values.len());
    std::mem::forget(values);
    Ok(ExitCode::SUCCESS)
}
