//! `report`: what happened.

use crate::cli::args::ReportArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::summary::whole;
use crate::journal::open_to_read;
use crate::report::{Rows, write_pairs, write_report};

pub(super) async fn run(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let journal = open_to_read(&context.common.journal).await?;
    let run = if let Some(id) = &args.run {
        journal.run(id).await?
    } else {
        let latest = journal.runs().await?.into_iter().next();
        latest.ok_or_else(|| Failure::usage("the journal holds no run to report"))?
    };
    let summary = whole(context, &*journal, &run).await?;
    let mut sink = context.output.open()?;
    let (format, style) = (context.output.format, context.output.style());
    match args.rows {
        Rows::Pairs => write_pairs(&*journal, &run, &summary, format, &mut sink).await?,
        Rows::Rules => write_report(&*journal, &run, &summary, format, style, &mut sink).await?,
    }
    sink.finish()?;
    Ok(Exit::Done)
}
