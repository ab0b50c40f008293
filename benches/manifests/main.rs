//! Manifests of millions of rows.
//!
//! `generate ROWS FILE` writes one: `benches/manifests.sh` measures the program with it, beside
//! others. Without arguments a small manifest is read and held against a plain set.

mod generate;
mod small;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use unpair::manifest::{ManifestInput, Parsed, Rules, read};

/// Whatever keeps a step from its end.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // `cargo bench` says `--bench`.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate", rows, file] => generate_rows(rows, Path::new(file)),
        _ => small::small(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn generate_rows(rows: &str, file: &Path) -> Result<(), Failure> {
    Ok(generate::generate(rows.parse()?, file)?)
}

/// Reads a manifest.
fn check(file: &Path) -> Result<Parsed, Failure> {
    let name = file.display().to_string();
    let input = ManifestInput { name, reader: Box::new(File::open(file)?) };
    let parsed = read(vec![input], &Rules::default());
    if let Some(error) = parsed.errors.first() {
        return Err(format!("{} errors, the first: {error}", parsed.errors.len()).into());
    }
    Ok(parsed)
}
