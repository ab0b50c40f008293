//! A journal in memory, told what to say: reads alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;

use crate::journal::{
    CallId, CallRecord, Claim, Finding, GroupReading, GroupWork, HistoryRow, Journal, JournalError,
    Lane, NewRun, OpenCounts, PeerEntry, RevocationRecord, RunKind, RunRecord, RunState, RunUpdate,
    SideReading, SideRecord, Table, Tally,
};
use crate::model::{
    CallForm, Direction, Event, Filter, GroupIx, GroupRef, Outcome, PairSet, Peer, PlannedCall,
    Policy, PortRange, Provider, Revocation, RevocationId, Rule, RuleCounts, RunId, Snapshot,
    Source, Status,
};

/// One run, with whatever a test puts into it.
pub(super) struct FakeJournal {
    pub(super) run: RunRecord,
    pub(super) sides: Vec<SideRecord>,
    pub(super) findings: Vec<(GroupIx, Finding)>,
    pub(super) revocations: Vec<RevocationRecord>,
    pub(super) tallies: Vec<Tally>,
    pub(super) history: Vec<HistoryRow>,
    /// The largest page that anybody asked for.
    pub(super) largest_page: AtomicU32,
    /// Look-ups of the history.
    pub(super) history_reads: AtomicU32,
    pairs: PairSet,
}

/// A group of Alibaba Cloud in cn-beijing.
pub(super) fn ali(account: &str, group: &str) -> GroupRef {
    GroupRef {
        cloud: Provider::Alibaba,
        account: account.into(),
        region: "cn-beijing".into(),
        group: group.into(),
    }
}

/// A group of AWS in us-east-1.
pub(super) fn aws(account: &str, group: &str) -> GroupRef {
    GroupRef {
        cloud: Provider::Aws,
        account: account.into(),
        region: "us-east-1".into(),
        group: group.into(),
    }
}

/// The row of a manifest.
pub(super) type ManifestRow = (GroupRef, GroupRef, Filter, u32);

/// A set of pairs from `pairs.csv`, with notes by line.
pub(super) fn pair_set(rows: &[ManifestRow], notes: &[(u32, &str)]) -> PairSet {
    let sources = vec![Source { name: "pairs.csv".into(), first_line: 0 }];
    let notes = notes.iter().map(|(line, note)| (*line, (*note).to_owned())).collect();
    PairSet::build(sources, rows, notes).expect("few filters")
}

/// An ingress rule that accepts `tcp 22/22` from `peer`.
pub(super) fn ssh_from(peer: &GroupRef, id: &str) -> Rule {
    Rule {
        id: id.into(),
        direction: Direction::Ingress,
        protocol: "tcp".parse().expect("a protocol"),
        ports: PortRange { from: 22, to: 22 },
        source_ports: None,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Policy::Accept,
        priority: Some(1),
        nic_type: None,
        description: String::new(),
        fields: BTreeMap::new(),
    }
}

impl FakeJournal {
    /// A finished `revoke` run over `rows`; every group was read well and shows nothing.
    pub(super) fn new(rows: &[ManifestRow]) -> Self {
        Self::with_notes(rows, &[])
    }

    /// The same with notes by line.
    pub(super) fn with_notes(rows: &[ManifestRow], notes: &[(u32, &str)]) -> Self {
        let pairs = pair_set(rows, notes);
        let sides = (0..)
            .zip(pairs.groups.iter())
            .map(|(ix, _)| SideRecord {
                group: GroupIx(ix),
                at_ms: Some(0),
                state: SideReading::Seen { service_managed: false },
                elsewhere: 0,
            })
            .collect();
        Self {
            run: record(&pairs),
            sides,
            findings: Vec::new(),
            revocations: Vec::new(),
            tallies: Vec::new(),
            history: Vec::new(),
            largest_page: AtomicU32::new(0),
            history_reads: AtomicU32::new(0),
            pairs,
        }
    }

    /// The number of a group.
    pub(super) fn ix(&self, group: &GroupRef) -> GroupIx {
        self.pairs.groups.find(group).expect("a group of the run")
    }

    /// Says how the last reading of `group` went.
    pub(super) fn read(&mut self, group: &GroupRef, state: SideReading) {
        let ix = self.ix(group);
        self.sides[ix.0 as usize].state = state;
    }

    /// Says what `group` shows of `peer`.
    pub(super) fn found(&mut self, group: &GroupRef, peer: &GroupRef, counts: [u32; 3]) {
        let [standing, outside, drops] = counts;
        let peer = self.ix(peer);
        self.findings.push((self.ix(group), Finding { peer, standing, outside, drops }));
    }

    /// Adds a revocation and counts it.
    pub(super) fn revoke(
        &mut self,
        group: &GroupRef,
        peer: &GroupRef,
        rule: Rule,
        outcome: Outcome,
    ) -> &mut RevocationRecord {
        self.run.rules.add(outcome, 1);
        let id = self.revocations.len() as u64 + 1;
        let line = self.pairs.rows.iter().next().map_or(1, |row| row.line);
        self.revocations.push(RevocationRecord {
            id: RevocationId(id),
            call: CallId(1),
            revocation: Revocation { group: self.ix(group), peer: self.ix(peer), line, rule },
            group: group.clone(),
            peer: peer.clone(),
            note: self.pairs.notes.get(&line).cloned().unwrap_or_default(),
            outcome,
            reply_lost: false,
            reason: None,
            attempts: 1,
            request_ids: vec!["req-1".into()],
            tokens: vec!["token-1".into()],
            first_sent_ms: Some(1_700_000_000_000),
            settled_ms: outcome.is_settled().then_some(1_700_000_001_500),
        });
        self.revocations.last_mut().expect("just added")
    }

    /// Fills the history with rows of these numbers.
    pub(super) fn remember(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.history.extend(numbers.into_iter().map(|seq| HistoryRow {
            seq,
            at_ms: 0,
            kind: "read".into(),
            call: None,
            epoch: 1,
            body: String::new(),
            hash: format!("hash-{seq}"),
        }));
    }

    fn page<T: Clone>(&self, items: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
        self.largest_page.fetch_max(limit, Ordering::Relaxed);
        items.take(limit as usize).collect()
    }
}

fn record(pairs: &PairSet) -> RunRecord {
    RunRecord {
        new: NewRun {
            id: "01997c5e-1111-7000-8000-000000000001".into(),
            kind: RunKind::Revoke,
            parent: None,
            may_act: true,
            form: CallForm::RuleId,
            blind: false,
            accept_gone: false,
            require_both: false,
            sandbox: false,
            created_ms: 1_700_000_000_000,
            tool: "0.1.0".into(),
        },
        state: RunState::Finished,
        exit: Some(0),
        started_ms: Some(1_700_000_000_000),
        ended_ms: Some(1_700_000_002_000),
        elapsed_ms: 2_000,
        content: "c0ffee".into(),
        digest: None,
        estimate_s: None,
        pairs: pairs.pair_count() as u64,
        sources: pairs.sources.clone(),
        rules: RuleCounts::default(),
    }
}

fn not_asked<T>() -> Result<T, JournalError> {
    Err(JournalError::Damaged("a report must not ask this".into()))
}

#[async_trait]
impl Journal for FakeJournal {
    async fn begin(&self, _: &NewRun, _: &PairSet) -> Result<(), JournalError> {
        not_asked()
    }
    async fn run(&self, _: &str) -> Result<RunRecord, JournalError> {
        Ok(self.run.clone())
    }
    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        Ok(vec![self.run.clone()])
    }
    async fn update(&self, _: &RunId, _: &RunUpdate, _: i64) -> Result<(), JournalError> {
        not_asked()
    }
    async fn lanes(&self, _: &RunId) -> Result<Vec<Lane>, JournalError> {
        not_asked()
    }
    async fn filters(&self, _: &RunId) -> Result<Vec<Filter>, JournalError> {
        Ok(self.pairs.filters.clone())
    }
    async fn groups(
        &self,
        _: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError> {
        let work = (0..).zip(self.pairs.groups.iter()).map(|(ix, group)| {
            let ix = GroupIx(ix);
            let mut peers: Vec<PeerEntry> = self
                .pairs
                .rows
                .iter()
                .filter(|row| row.a == ix || row.b == ix)
                .map(|row| PeerEntry {
                    peer: if row.a == ix { row.b } else { row.a },
                    filter: row.filter,
                    line: row.line,
                })
                .collect();
            peers.sort_by_key(|entry| entry.peer);
            GroupWork { ix, group: group.group.clone(), peers, read_ms: Some(0) }
        });
        Ok(self.page(work.filter(|work| work.ix >= from), limit))
    }
    async fn group_refs(
        &self,
        _: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError> {
        Ok(groups.iter().map(|ix| self.pairs.group(*ix)).collect())
    }
    async fn notes(&self, _: &RunId) -> Result<BTreeMap<u32, String>, JournalError> {
        Ok(self.pairs.notes.clone())
    }
    async fn record_readings(&self, _: &RunId, _: &[GroupReading]) -> Result<(), JournalError> {
        not_asked()
    }
    async fn record_planned(
        &self,
        _: &RunId,
        _: &[GroupReading],
        _: &[(GroupIx, Vec<PlannedCall>)],
        _: i64,
    ) -> Result<(), JournalError> {
        not_asked()
    }
    async fn plan_group(
        &self,
        _: &RunId,
        _: GroupIx,
        _: &[PlannedCall],
        _: i64,
    ) -> Result<(), JournalError> {
        not_asked()
    }
    async fn sides(
        &self,
        _: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError> {
        Ok(self.page(self.sides.iter().filter(|side| side.group >= from).cloned(), limit))
    }
    async fn findings(&self, _: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
        Ok(self.findings.clone())
    }
    async fn snapshot(&self, _: &RunId, _: GroupIx) -> Result<Option<Snapshot>, JournalError> {
        not_asked()
    }
    async fn open_calls(
        &self,
        _: &RunId,
        _: &Lane,
        _: CallId,
        _: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        not_asked()
    }
    async fn open_counts(&self, _: &RunId, _: &Lane) -> Result<OpenCounts, JournalError> {
        not_asked()
    }
    async fn call(&self, _: &RunId, _: CallId) -> Result<CallRecord, JournalError> {
        not_asked()
    }
    async fn claim(&self, _: &RunId, _: CallId, _: &Event, _: i64) -> Result<Claim, JournalError> {
        not_asked()
    }
    async fn conclude(&self, _: Claim, _: &Event, _: i64) -> Result<Status, JournalError> {
        not_asked()
    }
    async fn append(
        &self,
        _: &RunId,
        _: CallId,
        _: &Event,
        _: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        not_asked()
    }
    async fn reclaim(&self, _: &RunId, _: i64) -> Result<u64, JournalError> {
        not_asked()
    }
    async fn reopenable(
        &self,
        _: &RunId,
    ) -> Result<Vec<(CallId, Vec<RevocationId>)>, JournalError> {
        not_asked()
    }
    async fn tally(&self, _: &RunId, _: &[Tally]) -> Result<(), JournalError> {
        not_asked()
    }
    async fn tallies(&self, _: &RunId) -> Result<Vec<Tally>, JournalError> {
        Ok(self.tallies.clone())
    }
    async fn recent(&self, _: i64) -> Result<Vec<Tally>, JournalError> {
        not_asked()
    }
    async fn revocations(
        &self,
        _: &RunId,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let rest = self.revocations.iter().filter(|record| Some(record.id) > after).cloned();
        Ok(self.page(rest, limit))
    }
    async fn history(
        &self,
        _: &RunId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        self.history_reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.page(self.history.iter().filter(|row| row.seq > after).cloned(), limit))
    }
    async fn rows(
        &self,
        _: &RunId,
        _: Table,
        _: std::ops::Range<i64>,
    ) -> Result<Vec<serde_json::Value>, JournalError> {
        not_asked()
    }
    async fn close(self: Box<Self>) -> Result<(), JournalError> {
        Ok(())
    }
}
