//! Medians, and the table that they are printed in.

use std::time::Duration;

/// The times, or sizes, of several runs of one thing.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Adds a run.
    pub(crate) fn push(&mut self, time: Duration) {
        self.add(time.as_secs_f64());
    }

    /// Adds a run of another unit than seconds.
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The run in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// How often the other median goes into this one.
    pub(crate) fn over(&self, other: &Self) -> f64 {
        self.median() / other.median()
    }

    /// Median, and the least and the most.
    pub(crate) fn shown(&self, form: fn(f64) -> String) -> (String, String) {
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        (form(self.median()), format!("{} - {}", form(least), form(most)))
    }
}

/// Seconds as milliseconds.
pub(crate) fn milliseconds(seconds: f64) -> String {
    let milliseconds = seconds * 1e3;
    if milliseconds < 100.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

/// KiB as MiB.
pub(crate) fn mebibytes(kibibytes: f64) -> String {
    format!("{:.0} MiB", kibibytes / 1024.0)
}

/// A row of the table.
pub(crate) struct Row {
    name: String,
    median: String,
    range: String,
    ratio: String,
    goal: String,
}

impl Row {
    /// A row without a goal.
    pub(crate) fn new(name: &str, (median, range): (String, String), ratio: &str) -> Self {
        Self {
            name: name.to_owned(),
            median,
            range,
            ratio: ratio.to_owned(),
            goal: String::new(),
        }
    }

    /// The same with a goal.
    pub(crate) fn goal(mut self, goal: &str) -> Self {
        self.goal = goal.to_owned();
        self
    }
}

/// Prints the table as Markdown.
pub(crate) fn print(rows: &[Row]) {
    println!("| what | median | least - most | ratio | goal |");
    println!("|---|---:|---:|---:|---|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} |",
            row.name, row.median, row.range, row.ratio, row.goal
        );
    }
}
