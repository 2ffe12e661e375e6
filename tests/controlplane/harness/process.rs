//! Programs that end with the test program, even if that is killed.
//!
//! The kernel sees to it: `setpriv` asks for a signal when the parent dies. To the kernel the parent is the *thread* that
//! started the program, and a test's thread ends with the test; so one thread that never ends starts them all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A program that runs until this value is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; its output is appended to `NAME.log` in the directory.
    pub(crate) fn start(program: &Path, arguments: &[String], directory: &Path) -> Self {
        let name = program.file_name().unwrap().to_str().unwrap().to_owned();
        let log = directory.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out);
        let child = spawn(command).unwrap_or_else(|error| panic!("setpriv (of util-linux): {error}"));
        Self { name, child, log }
    }

    /// Fails the test when the program has ended.
    pub(crate) fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            let log = fs::read_to_string(&self.log).unwrap();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(10)..].join("\n");
            panic!("{} ended with {status}:\n{end}", self.name);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Order {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

/// Spawns in the thread that never ends.
fn spawn(command: Command) -> io::Result<Child> {
    static ORDERS: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (sender, orders) = channel();
        thread::spawn(move || spawn_each(orders));
        sender
    });
    let (answer, answered) = channel();
    ORDERS.send(Order { command, answer }).unwrap();
    answered.recv().unwrap()
}

fn spawn_each(orders: Receiver<Order>) {
    for mut order in orders {
        order.answer.send(order.command.spawn()).unwrap();
    }
}
