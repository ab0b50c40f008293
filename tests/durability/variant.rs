//! The program with failpoints and planted bugs: what `src/main.rs` is, built with that feature.

use std::process::ExitCode;

fn main() -> ExitCode {
    unpair::cli::start()
}
