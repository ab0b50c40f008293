//! What to do about a cause.

use super::cause::CauseKind;
use crate::journal::RunRecord;
use crate::model::quote;

/// Parts of codes by which the clouds say that a right is missing.
const DENIALS: [&str; 4] = ["Forbidden", "Unauthorized", "AccessDenied", "NoPermission"];

/// What to do, in words, with the command if there is one.
pub(super) fn remedy(kind: CauseKind, code: &str, run: &RunRecord, options: &str) -> String {
    let resume = format!("`unpair resume {}{options}`", run.new.id);
    let is_denied = DENIALS.iter().any(|part| code.contains(part));
    match kind {
        CauseKind::Unreadable => {
            format!(
                "see what the credentials may do: `unpair accounts{options}`; then give the command \
                 again"
            )
        }
        CauseKind::Refused if is_denied => {
            format!(
                "grant the right (`unpair accounts --policy` prints what is needed), then {resume}"
            )
        }
        CauseKind::Refused | CauseKind::StillPresent | CauseKind::NoProof => {
            format!("{resume} tries again")
        }
        CauseKind::NotSent | CauseKind::NeverRead => format!("{resume} goes on"),
        CauseKind::NoSuchGroup => match revoke_again(run) {
            Some(again) => {
                format!(
                    "check the row; if the group was deleted: `unpair {again} --accept-gone{options}`"
                )
            }
            None => "check the row; if the group was deleted: add --accept-gone".to_owned(),
        },
        CauseKind::Conflict => match revoke_again(run) {
            Some(again) => format!("`unpair {again}{options}` removes the rule that stands now"),
            None => "plan again: that removes the rule which stands now".to_owned(),
        },
        CauseKind::Managed => {
            "remove the rules where the group is managed: `unpair` leaves such groups alone"
                .to_owned()
        }
    }
}

/// `revoke one.csv two.csv`; `None` for pairs that came by standard input.
pub(super) fn revoke_again(run: &RunRecord) -> Option<String> {
    let files: Vec<_> = run.sources.iter().map(|source| quote(&source.name)).collect();
    let named = !files.is_empty() && files.iter().all(|file| file != "-");
    named.then(|| format!("revoke {}", files.join(" ")))
}
