//! What a command tells of a run: counts, causes, and the options of the command that goes on.

use super::args::{Common, DEFAULT_JOURNAL};
use super::context::Context;
use crate::journal::{JournalError, JournalRead, RunRecord};
use crate::model::quote;
use crate::report::{Summary, summarize};

/// The whole summary of a run.
pub(super) async fn whole(
    context: &Context,
    journal: &dyn JournalRead,
    run: &RunRecord,
) -> Result<Summary, JournalError> {
    let summary = summarize(journal, run, context.command).await?;
    summary.with_options(&files(&context.common)).with_causes(journal, run).await
}

/// The options by which another command finds the same journal, configuration and clouds.
pub(super) fn options(common: &Common) -> String {
    files(common) + if common.sandbox { " --sandbox" } else { "" }
}

/// The options by which another command finds the same journal and configuration; which clouds a run
/// is of it knows itself.
fn files(common: &Common) -> String {
    let mut options = String::new();
    if common.journal != DEFAULT_JOURNAL {
        options.extend([" --journal ", &quote(&common.journal)]);
    }
    if let Some(config) = &common.config {
        options.extend([" --config ", &quote(&config.display().to_string())]);
    }
    options
}
