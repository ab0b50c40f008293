//! The command that goes on with a run.

use super::Summary;
use super::cause::CauseKind;
use super::remedy::revoke_again;
use crate::journal::{RunKind, RunRecord};

/// The command that goes on with the run, with the options that it needs; `None` if nothing is left to
/// do.
pub(super) fn next_step(run: &RunRecord, summary: &Summary) -> Option<String> {
    Some(format!("Next: unpair {}{}", command(run, summary)?, summary.options))
}

fn command(run: &RunRecord, summary: &Summary) -> Option<String> {
    let id = &run.new.id;
    match (run.new.kind, run.is_started()) {
        _ if run.running.is_some() => Some("runs --watch".to_owned()),
        _ if summary.state == "interrupted" => Some(format!("resume {id}")),
        (RunKind::Audit | RunKind::Verify, _) => of_a_look(run, summary),
        (RunKind::Revoke, false) => of_a_plan(run, summary),
        _ => of_a_change(run, summary),
    }
}

/// After an audit or a verification: remove what was found, or see to what could not be read.
fn of_a_look(run: &RunRecord, summary: &Summary) -> Option<String> {
    if summary.live.removable() > 0 {
        return revoke_again(run);
    }
    has(summary, CauseKind::Unreadable).then(|| "accounts".to_owned())
}

/// A plan that lacks what could not be read is not to be carried out as if it were whole.
fn of_a_plan(run: &RunRecord, summary: &Summary) -> Option<String> {
    if has(summary, CauseKind::Unreadable) {
        return Some("accounts".to_owned());
    }
    let id = &run.new.id;
    (summary.rules.left() > 0).then(|| match &run.digest {
        Some(digest) => format!("revoke --run {id} --digest {digest}"),
        None => format!("revoke --run {id}"),
    })
}

/// A run that ended with exit code 3 goes on, unless its pairs call for something else.
fn of_a_change(run: &RunRecord, summary: &Summary) -> Option<String> {
    let resume = Some(format!("resume {}", run.new.id));
    if summary.rules.left() > 0 {
        return resume;
    }
    let is_done = run.exit.is_none_or(|exit| exit == 0);
    match summary.causes.first().map(|cause| cause.kind) {
        _ if is_done => None,
        Some(CauseKind::NoSuchGroup) => {
            revoke_again(run).map(|again| format!("{again} --accept-gone")).or(resume)
        }
        Some(CauseKind::Conflict) => revoke_again(run).or(resume),
        _ => resume,
    }
}

fn has(summary: &Summary, kind: CauseKind) -> bool {
    summary.causes.iter().any(|cause| cause.kind == kind)
}
