//! Journals of a million revocations: how long `resume` takes to its first call, and what reports
//! take.
//!
//! `benches/journals.sh` measures the program itself. Here are the steps: `fill REVOCATIONS
//! CARRIED_OUT KIND JOURNAL` makes a journal, of which `CARRIED_OUT` of 100 calls are done, by
//! `revoke` or by an approved `plan`. Without a step, a small journal is reported in every format.

mod fill;
mod small;

use std::process::ExitCode;

use unpair::journal::open;

use fill::{Wanted, fill};

/// Whatever keeps a step from its end.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // `cargo bench` says `--bench`.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["fill", revocations, share, kind @ ("revoke" | "plan"), journal] => {
            fill_journal((revocations, share, kind), journal)
        }
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

fn fill_journal(
    (revocations, share, kind): (&str, &str, &str),
    journal: &str,
) -> Result<(), Failure> {
    let wanted = Wanted {
        revocations: revocations.parse()?,
        carried_out: share.parse()?,
        approved: kind == "plan",
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let journal = open(journal).await?;
        let run = fill(&*journal, &wanted).await?;
        println!(
            "run {} revocations {} pending {}",
            run.new.id, run.rules.planned, run.rules.pending
        );
        Ok(journal.close().await?)
    })
}
