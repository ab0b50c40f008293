//! The `unpair` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    unpair::cli::start()
}
