//! Where a lane stands: the end of its history, and what its commits have summed up.

use serde_json::{Value, json};

use super::unstored::Unstored;
use crate::journal::{CallId, JournalError, OpenCounts};
use crate::model::{
    Digest, Direction, Event, GroupIx, Identity, Outcome, RevocationId, RuleCounts,
};

/// Where a lane's history ends, which numbers come next, and how its revocations came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::journal) struct LaneHead {
    /// The number of its last history row; 0 if it has none.
    pub(in crate::journal) seq: u64,
    /// The hash of that row.
    pub(in crate::journal) hash: Digest,
    /// When that was written (milliseconds since 1970).
    pub(in crate::journal) last_ms: Option<i64>,
    /// Numbers are never given twice.
    pub(in crate::journal) next_call: CallId,
    pub(in crate::journal) next_revocation: RevocationId,
    pub(in crate::journal) counts: RuleCounts,
    /// What is planned from the rows alone and not stored as orders yet.
    pub(in crate::journal) unstored: Option<Unstored>,
    /// The digest of the lane's plan, once that is complete.
    pub(in crate::journal) digest: Option<Digest>,
    /// Who sent changes, each once, in the order of their first.
    pub(in crate::journal) identities: Vec<Identity>,
}

impl LaneHead {
    /// The head of a lane that has no history.
    pub(in crate::journal) fn new(lane: u32, genesis: Digest) -> Self {
        let first = (u64::from(lane) << 32) + 1;
        Self {
            seq: 0,
            hash: genesis,
            last_ms: None,
            next_call: CallId(first),
            next_revocation: RevocationId(first),
            counts: RuleCounts::default(),
            unstored: None,
            digest: None,
            identities: Vec::new(),
        }
    }

    /// Everything from group `from` on is planned from the rows alone.
    pub(in crate::journal) fn plan_by_rows(
        &mut self,
        from: u32,
        counts: OpenCounts,
        digest: Digest,
    ) {
        self.counts.add(Outcome::Pending, counts.rules);
        self.unstored =
            (counts != OpenCounts::default()).then_some(Unstored { from: GroupIx(from), counts });
        self.digest = Some(digest);
    }

    /// A group is planned with these calls and the rules of each. What was planned from its rows is
    /// counted already; any other plan takes the lane's digest away. Groups end before `end`.
    pub(in crate::journal) fn plan_group(
        &mut self,
        group: u32,
        calls: impl Iterator<Item = (Direction, u64)> + Clone,
        end: u32,
    ) -> Result<(), JournalError> {
        if let Some(unstored) = self.unstored {
            self.unstored = unstored.take(group, calls, end)?;
        } else {
            self.counts.add(Outcome::Pending, calls.map(|(_, rules)| rules).sum());
            self.digest = None;
        }
        Ok(())
    }

    /// Takes in who sends a change, if that is what an event tells.
    pub(in crate::journal) fn learn_identity(&mut self, event: &Event) {
        if let Event::Started { identity, .. } = event
            && !self.identities.contains(identity)
        {
            self.identities.push(identity.clone());
        }
    }

    /// What is not stored as orders yet, as it is stored; `None` if there is nothing.
    pub(in crate::journal) fn unstored(&self) -> Result<Option<String>, JournalError> {
        self.unstored.as_ref().map(super::json).transpose()
    }

    /// The identities as they are stored; `None` if there are none.
    pub(in crate::journal) fn identities(&self) -> Result<Option<String>, JournalError> {
        let pairs: Vec<_> = self.identities.iter().map(|one| (&one.account, &one.arn)).collect();
        if pairs.is_empty() { Ok(None) } else { super::json(&pairs).map(Some) }
    }
}

/// The end of a lane, as a check reads it: `sealed` is the row that the run's own history last sealed.
pub(in crate::journal) fn lane_columns(
    lane: u32,
    sealed: &Value,
    head: &LaneHead,
) -> Result<Value, JournalError> {
    if head.seq == 0 {
        return Ok(json!([lane, 0, null, null, sealed, null, null, null, null, null, null]));
    }
    let digest = |digest: Digest| digest.to_string();
    Ok(json!([
        lane,
        head.seq,
        digest(head.hash),
        head.last_ms,
        sealed,
        head.next_call.0,
        head.next_revocation.0,
        super::json(&head.counts)?,
        head.unstored()?,
        head.digest.map(digest),
        head.identities()?,
    ]))
}
