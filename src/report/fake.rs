//! A journal in memory, told what to say: reads alone.

mod answers;

use std::sync::atomic::{AtomicU32, Ordering};

use crate::journal::{
    CallId, Chain, Finding, GroupRecord, HistoryRow, NewRun, RevocationRecord, RunKind, RunRecord,
    RunState, SideReading, SideRecord, Tally,
};
use crate::model::{
    Direction, Fields, Filter, GroupIx, GroupRef, Identity, Outcome, PairSet, Peer, Policy,
    PortRange, Provider, Revocation, RevocationId, Rule, RuleCounts, Source, TextColumn,
};

/// One run, with whatever a test puts into it.
pub(super) struct FakeJournal {
    pub(super) run: RunRecord,
    pub(super) sides: Vec<SideRecord>,
    pub(super) findings: Vec<(GroupIx, Finding)>,
    pub(super) groups: Vec<(GroupIx, GroupRecord)>,
    pub(super) revocations: Vec<RevocationRecord>,
    pub(super) tallies: Vec<Tally>,
    pub(super) identities: Vec<Identity>,
    pub(super) history: Vec<HistoryRow>,
    /// The largest page that anybody asked for.
    pub(super) largest_page: AtomicU32,
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
    let sources = vec![Source { name: "pairs.csv".into(), first_line: 0, digest: None }];
    let notes =
        notes.iter().map(|(line, note)| (*line, (TextColumn::Note, *note).into())).collect();
    PairSet::build(sources, rows, notes).expect("few filters")
}

/// An ingress rule that accepts `tcp 22/22` from `peer`.
pub(super) fn ssh_from(peer: &GroupRef, id: &str) -> Rule {
    Rule {
        id: id.into(),
        direction: Direction::Ingress,
        protocol: "tcp".parse().expect("a protocol"),
        ports: Some(PortRange { from: 22, to: 22 }),
        source_ports: None,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Some(Policy::Accept),
        priority: Some(1),
        nic_type: None,
        description: String::new(),
        fields: Fields::default(),
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
            groups: Vec::new(),
            revocations: Vec::new(),
            tallies: Vec::new(),
            identities: Vec::new(),
            history: Vec::new(),
            largest_page: AtomicU32::new(0),
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
        self.findings.push((
            self.ix(group),
            Finding { peer, standing, outside, drops, ..Finding::default() },
        ));
    }

    /// Says that `group` shows these rules, so many of which name `peer` under another owner, and
    /// so many of which cannot be judged.
    pub(super) fn doubt(
        &mut self,
        group: &GroupRef,
        peer: &GroupRef,
        (misowned, unclear): (u32, u32),
        rules: Vec<Rule>,
    ) {
        let (ix, peer) = (self.ix(group), self.ix(peer));
        self.findings.push((ix, Finding { peer, misowned, unclear, ..Finding::default() }));
        let record = GroupRecord {
            name: String::new(),
            vpc: String::new(),
            owner: group.account.clone(),
            rules: rules.len() as u64,
            doubtful: rules,
        };
        self.groups.push((ix, record));
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
            call: Some(CallId(1)),
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
            chain: Chain::Run,
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
            may_act: true,
            agreed: true,
            tool: "0.1.0".into(),
            ..NewRun::new(
                "01997c5e-1111-7000-8000-000000000001".into(),
                RunKind::Revoke,
                1_700_000_000_000,
            )
        },
        state: RunState::Finished,
        exit: Some(0),
        started_ms: Some(1_700_000_000_000),
        declined_ms: None,
        frozen_ms: None,
        closing_ms: None,
        settings: None,
        unsent: std::collections::BTreeMap::new(),
        ended_ms: Some(1_700_000_002_000),
        elapsed_ms: 2_000,
        invocations: Vec::new(),
        running: None,
        content: "c0ffee".into(),
        digest: None,
        estimate_s: None,
        pairs: pairs.pair_count() as u64,
        sources: pairs.sources.clone(),
        rules: RuleCounts::default(),
    }
}
