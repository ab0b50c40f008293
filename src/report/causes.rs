//! Why rules of a pair still stand: the reasons of its revocations that did not work.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::journal::{Journal, JournalError, RevocationRecord, RunRecord};
use crate::model::{GroupIx, Outcome};

use super::evidence::intern;
use super::revocations::Revocations;

/// The first reason for each side that has one: at most one entry a side, however many
/// revocations.
#[derive(Default)]
pub(super) struct Causes(BTreeMap<(GroupIx, GroupIx), Arc<str>>);

impl Causes {
    /// Collects the reasons of `run`.
    pub(super) async fn load(journal: &dyn Journal, run: &RunRecord) -> Result<Self, JournalError> {
        let rules = &run.rules;
        let mut causes = Self::default();
        let unsent = if run.unsent.is_empty() { 0 } else { rules.pending };
        if rules.failed + rules.still_present + rules.unknown + rules.conflict + unsent == 0 {
            return Ok(causes);
        }
        let mut texts = HashSet::new();
        let mut revocations = Revocations::new(journal, run);
        while let Some(page) = revocations.next().await? {
            for record in &page {
                if let Some(text) = cause(record) {
                    let key = (record.revocation.group, record.revocation.peer);
                    causes.0.entry(key).or_insert_with(|| intern(&mut texts, &text));
                }
            }
        }
        Ok(causes)
    }

    /// Why what `group` grants to `peer` still stands.
    pub(super) fn get(&self, group: GroupIx, peer: GroupIx) -> Option<&str> {
        self.0.get(&(group, peer)).map(|text| &**text)
    }
}

fn cause(record: &RevocationRecord) -> Option<String> {
    let what = match record.outcome {
        Outcome::Failed => "refused",
        Outcome::StillPresent => "still present after every attempt",
        Outcome::Unknown => "no proof of what the call did",
        Outcome::Conflict => "an equal rule stands under another id",
        Outcome::Removed | Outcome::AlreadyAbsent | Outcome::GroupGone | Outcome::Unverified => {
            return None;
        }
        // It says itself that it was not sent.
        Outcome::Pending => return record.reason.clone(),
    };
    Some(match record.reason.as_deref() {
        Some(reason) if !reason.is_empty() => format!("{what}: {reason}"),
        _ => what.to_owned(),
    })
}
