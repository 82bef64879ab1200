//! Arguments to the command line, its outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    callsheet::cli::main()
}
