//! Which run a command works on: an unfinished one of the same pairs, or a new one.

use crate::journal::{Journal, JournalError, NewRun, RunKind, RunRecord};
use crate::model::{PairSet, RunId};

/// The run that a command goes on with, or begins.
#[derive(Debug)]
pub enum Taken {
    /// Begun earlier, with the same pairs and options.
    Unfinished(RunRecord),
    /// A new one, beside an unfinished one that differs, if there is one.
    New(RunRecord, Option<(RunId, Differs)>),
}

/// In what an unfinished run differs from what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// It has other pairs.
    Pairs,
    /// It has the same pairs, and was begun with other options.
    Options,
}

/// Takes the latest unfinished run of these pairs and options, or begins `new`, which is in the
/// journal before its first call.
pub async fn take_or_begin(
    journal: &dyn Journal,
    new: &NewRun,
    pairs: &PairSet,
) -> Result<Taken, JournalError> {
    let content = pairs.content_digest().to_string();
    let of_these_clouds = |run: &RunRecord| run.new.sandbox == new.sandbox && is_unfinished(run);
    let mut unfinished: Vec<RunRecord> =
        journal.runs().await?.into_iter().filter(of_these_clouds).collect();
    let is_same = |run: &RunRecord| run.content == content && is_planned_alike(&run.new, new);
    if let Some(at) = unfinished.iter().position(is_same) {
        return Ok(Taken::Unfinished(unfinished.swap_remove(at)));
    }
    let other = unfinished.first().map(|run| {
        let differs = if run.content == content { Differs::Options } else { Differs::Pairs };
        (run.new.id.clone(), differs)
    });
    journal.begin(new, pairs).await?;
    Ok(Taken::New(journal.run(new.id.as_str()).await?, other))
}

/// Whether `resume` would take a run up: it was started, and is not at its end. What was declined,
/// or refused before its first change, is carried out by `revoke --run` alone.
pub fn is_unfinished(run: &RunRecord) -> bool {
    run.new.kind == RunKind::Revoke && run.is_started() && run.exit != Some(0)
}

fn is_planned_alike(one: &NewRun, other: &NewRun) -> bool {
    let options =
        |new: &NewRun| (new.form, new.blind, new.accept_gone, new.require_both, new.left_out);
    options(one) == options(other)
}
