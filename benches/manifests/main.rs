//! Manifests of millions of rows: read and checked, and stored as a durable plan.
//!
//! `benches/manifests.sh` measures each step in a process of its own, beside other programs. Here
//! are the steps: `generate ROWS FILE`, `check FILE`, `plan FILE JOURNAL`. Without a step, a small
//! manifest goes through all of them, and is held against a plain set.

mod generate;
mod small;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use unpair::journal::{NewRun, RunKind, open};
use unpair::manifest::{ManifestInput, Parsed, Rules, read};
use unpair::model::RunId;

/// Whatever keeps a step from its end.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // `cargo bench` says `--bench`.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate", rows, file] => generate_rows(rows, Path::new(file)),
        ["check", file] => check(Path::new(file)).map(|_| ()),
        ["plan", file, journal] => plan(Path::new(file), journal),
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

/// Reads a manifest and tells what it holds.
fn check(file: &Path) -> Result<Parsed, Failure> {
    let name = file.display().to_string();
    let input = ManifestInput { name, reader: Box::new(File::open(file)?) };
    let parsed = read(vec![input], &Rules::default());
    if let Some(error) = parsed.errors.first() {
        return Err(format!("{} errors, the first: {error}", parsed.errors.len()).into());
    }
    println!(
        "rows {} distinct {} groups {} duplicates {}",
        parsed.rows_read,
        parsed.pairs.rows.len(),
        parsed.pairs.groups.len(),
        parsed.pairs.duplicates.len()
    );
    Ok(parsed)
}

/// Reads a manifest and begins a run with it.
fn plan(file: &Path, journal: &str) -> Result<(), Failure> {
    let pairs = check(file)?.pairs;
    let run = NewRun::new(RunId::new("00000000-0000-7000-8000-000000000001"), RunKind::Revoke, 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let journal = open(journal).await?;
        journal.begin(&run, &pairs).await?;
        let stored = journal.run(run.id.as_str()).await?;
        println!("content {} pairs {}", stored.content, stored.pairs);
        Ok(journal.close().await?)
    })
}
