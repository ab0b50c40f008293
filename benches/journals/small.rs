//! A small journal through every report.

use std::io::{self, Write};

use unpair::journal::open;
use unpair::report::{Format, Style, summarize, write_report};

use super::Failure;
use super::fill::{Wanted, fill};

/// What no page may exceed, in bytes.
const PAGE: u64 = 5_000_000;

/// Fails unless a run of some thousand revocations is reported in every format, in HTML on a page of
/// moderate size.
pub(crate) fn small() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("small.db").display());
    let wanted = Wanted { revocations: 20_000, carried_out: 100, approved: false };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let journal = open(&url).await?;
        let run = fill(&*journal, &wanted).await?;
        let summary = summarize(&*journal, &run, "report").await?;
        for format in [Format::Table, Format::Json, Format::Csv, Format::Html] {
            let mut counted = Counted(0);
            write_report(&*journal, &run, &summary, format, Style::default(), &mut counted).await?;
            println!("{format:?}: {} bytes for {} revocations", counted.0, run.rules.planned);
            if format == Format::Html && counted.0 > PAGE {
                return Err(
                    format!("a page of {} bytes, expected {PAGE} at most", counted.0).into()
                );
            }
        }
        Ok(journal.close().await?)
    })
}

/// Counts bytes and forgets them.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
