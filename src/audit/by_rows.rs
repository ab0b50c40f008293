//! Planning without reading: the rows' own values, as the providers' manuals show. What a row asks
//! for is counted when it is planned, and is stored as orders when it is about to be sent.

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Observer;
use crate::journal::{
    GroupWork, Held, Journal, JournalError, JournalRead, Lane, Leases, OpenCounts, RunRecord,
};
use crate::model::{Digest, Filter, GroupIx, Hasher};
use crate::planner::{CallShape, RowTotals};

/// Groups that are counted at once.
const PAGE: u32 = 1_024;
/// Groups whose orders are stored at once.
const STORED: u32 = 32;
/// Lanes that are planned at once.
const LANES: usize = 32;

/// Plans every group of a run from its rows alone. Needs neither network nor credentials.
pub async fn plan_unread(
    journal: &dyn Journal,
    run: &RunRecord,
    leases: &Leases,
    at_ms: i64,
) -> Result<(), JournalError> {
    let rows = AskedByRows::new(journal, run).await?;
    let left = leases.lanes.iter().filter(|held| held.plan_digest().is_none());
    let planned = left.map(async |held| {
        let (counts, digest) = rows.of_lane(journal, &held.lane).await?;
        journal.record_by_rows(held, counts, digest, at_ms).await
    });
    // While a lane is counted, the next ones are read, and the ones before are stored.
    futures_util::stream::iter(planned).buffer_unordered(LANES).try_collect().await
}

/// Stores the orders of the next groups of a lane that is planned from its rows alone: they are
/// about to be sent.
pub async fn store_by_rows(
    journal: &dyn Journal,
    observer: &Observer<'_>,
    held: &Held,
    at_ms: i64,
) -> Result<(), JournalError> {
    let Some(unstored) = held.unstored() else { return Ok(()) };
    let limit = STORED.min(held.lane.group_numbers().end.saturating_sub(unstored.from.0));
    let works = journal.groups(held.run(), unstored.from, limit).await?;
    let peers = observer.peers(&works).await?;
    let plans: Vec<_> =
        works.iter().map(|work| (work.ix, observer.by_rows(work, &peers))).collect();
    journal.record(held, &[], &plans, at_ms).await
}

/// What the rows of a run ask for, lane by lane.
pub struct AskedByRows<'a> {
    run: &'a RunRecord,
    filters: Vec<Filter>,
    /// The place of each filter among all in the order of their texts, whatever row was first.
    ranks: Vec<u16>,
    /// The digest of everything that the lanes have in common.
    common: Digest,
}

impl<'a> AskedByRows<'a> {
    /// Of `run`.
    pub async fn new(
        journal: &dyn JournalRead,
        run: &'a RunRecord,
    ) -> Result<AskedByRows<'a>, JournalError> {
        let filters = journal.filters(&run.new.id).await?;
        let text = |filter: &Filter| {
            serde_json::to_string(filter).map_err(|error| JournalError::Damaged(error.to_string()))
        };
        let texts = filters.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|at| &texts[*at]);
        let mut common = Hasher::new("unpair plan by rows 1");
        common.field(&run.content);
        common.field(run.new.form.as_str());
        let mut ranks = vec![0; texts.len()];
        for (rank, at) in (0_u16..).zip(order) {
            ranks[at] = rank;
            common.field(&texts[at]);
        }
        Ok(Self { run, filters, ranks, common: common.finish() })
    }

    /// How many calls and rules the rows of a lane come to, and the digest of its plan: of what
    /// every order follows from.
    pub async fn of_lane(
        &self,
        journal: &dyn JournalRead,
        lane: &Lane,
    ) -> Result<(OpenCounts, Digest), JournalError> {
        let totals =
            RowTotals::new(lane.key.cloud, &self.filters, CallShape::by_rows(self.run.new.form));
        let mut counts = OpenCounts::default();
        let mut hasher = Hasher::new("unpair lane by rows 1");
        hasher.bytes(&self.common.0);
        hasher.bytes(&lane.ix.to_be_bytes());
        let groups = lane.group_numbers();
        for from in groups.clone().step_by(PAGE as usize) {
            let limit = PAGE.min(groups.end - from);
            for work in journal.groups(&self.run.new.id, GroupIx(from), limit).await? {
                let of_group = totals.of_group(&work.peers);
                counts.ingress += of_group.ingress;
                counts.egress += of_group.egress;
                counts.groups += u64::from(of_group.rules > 0);
                counts.rules += of_group.rules;
                hasher.bytes(&self.spelled(&work)?);
            }
        }
        Ok((counts, hasher.finish()))
    }

    /// The group with its peers and what is asked of each, whatever the order of the rows was.
    fn spelled(&self, work: &GroupWork) -> Result<Vec<u8>, JournalError> {
        let mut entries = Vec::with_capacity(work.peers.len());
        for entry in &work.peers {
            let rank = self.ranks.get(usize::from(entry.filter));
            let no_filter = || JournalError::Damaged(format!("no filter {}", entry.filter));
            entries.push((entry.peer.0, *rank.ok_or_else(no_filter)?));
        }
        entries.sort_unstable();
        let mut spelled = work.ix.0.to_be_bytes().to_vec();
        for (peer, rank) in entries {
            spelled.extend(peer.to_be_bytes());
            spelled.extend(rank.to_be_bytes());
        }
        Ok(spelled)
    }
}
