//! Why rules of a pair still stand: the reasons of its revocations that did not work.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::journal::{JournalError, JournalRead, RevocationRecord, RunRecord};
use crate::model::{GroupIx, Outcome};

use super::cause::{CauseKind, SideCause};
use super::evidence::intern;
use super::revocations::Revocations;

/// The first reason for each side that has one: at most one entry a side, however many
/// revocations.
#[derive(Default)]
pub(super) struct Causes(BTreeMap<(GroupIx, GroupIx), SideCause>);

impl Causes {
    /// Collects the reasons of `run`.
    pub(super) async fn load(
        journal: &dyn JournalRead,
        run: &RunRecord,
    ) -> Result<Self, JournalError> {
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
                causes.add(record, &mut texts);
            }
        }
        Ok(causes)
    }

    /// Counts a revocation that is not settled. Of what is pending only that counts of which is told
    /// why it was not sent.
    fn add(&mut self, record: &RevocationRecord, texts: &mut HashSet<Arc<str>>) {
        let Some(kind) = kind(record.outcome) else { return };
        let reason = record.reason.as_deref().unwrap_or_default();
        if kind == CauseKind::NotSent && reason.is_empty() {
            return;
        }
        let key = (record.revocation.group, record.revocation.peer);
        let reason = || SideCause { kind, reason: intern(texts, reason), rules: 0 };
        self.0.entry(key).or_insert_with(reason).rules += 1;
    }

    /// Why what `group` grants to `peer` still stands.
    pub(super) fn get(&self, group: GroupIx, peer: GroupIx) -> Option<&SideCause> {
        self.0.get(&(group, peer))
    }
}

/// Why a rule is not removed, if it is not.
pub(super) fn cause_of_rule(record: &RevocationRecord) -> Option<SideCause> {
    let reason = record.reason.as_deref().unwrap_or_default();
    Some(SideCause { kind: kind(record.outcome)?, reason: Arc::from(reason), rules: 1 })
}

fn kind(outcome: Outcome) -> Option<CauseKind> {
    match outcome {
        Outcome::Failed => Some(CauseKind::Refused),
        Outcome::StillPresent => Some(CauseKind::StillPresent),
        Outcome::Unknown => Some(CauseKind::NoProof),
        Outcome::Conflict => Some(CauseKind::Conflict),
        Outcome::Pending => Some(CauseKind::NotSent),
        Outcome::Removed | Outcome::AlreadyAbsent | Outcome::GroupGone | Outcome::Unverified => {
            None
        }
    }
}
