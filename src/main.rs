//! Arguments and wiring.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::process::ExitCode;

use tenantry::cli::{Screen, run};

fn main() -> ExitCode {
    let mut out = BufWriter::with_capacity(64 * 1024, anstream::AutoStream::auto(io::stdout()));
    let mut data = io::stdout();
    let mut err = anstream::AutoStream::auto(io::stderr());
    let mut stdin = io::stdin();
    let mut screen = Screen {
        out: &mut out,
        data: &mut data,
        err: &mut err,
        stdin: &mut stdin,
        interactive: io::stdin().is_terminal(),
        width: Screen::width_of_terminal(),
    };
    let code = run(std::env::args_os(), &mut screen);
    let _ = out.flush();
    code
}
