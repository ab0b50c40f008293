//! A world, a journal and a run, so that the body of a test is its specification.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use unpair::audit::{Age, Audit, AuditEnd, Observer, Planning, audit, plan_unread, read_groups};
use unpair::cloud::Directory;
use unpair::exchange::{Exchange, NoProgress};
use unpair::journal::{Journal, Leases, RunRecord, SideReading, open, stored_revocations, take};
use unpair::model::{Direction, GroupIx, GroupRef, Outcome, Peer, PerCloud, Provider, Rule, RunId};
use unpair::pace::{Ceiling, Limit, LimitSettings, Pacer, RetryPolicy, Used};
use unpair::run::{
    CarryOut, FailureLimit, Freshness, Operation, Patience, Pause, RunEnd, carry_out, take_up,
};
use unpair_testing::fake_cloud::FakeDirectory;
use unpair_testing::fixture::{self, new_run, pair_set};

pub(super) use super::fake::{Fake, Reply};

pub(super) const DESCRIBE: &str = "DescribeSecurityGroups";
pub(super) const RULES: &str = "DescribeSecurityGroupRules";
pub(super) const IDENTIFY: &str = "GetCallerIdentity";
pub(super) const REVOKE: &str = "RevokeSecurityGroupIngress";

/// The account whose groups have the rules, and the one whose groups they name.
pub(super) const OURS: &str = "111111111111";
pub(super) const THEIRS: &str = "222222222222";

/// Between two read-backs: no test waits for what a fake cloud shows at once.
const SOON: Duration = Duration::from_millis(2);

/// A run over pairs of `OURS` and `THEIRS`.
pub(super) struct Scenario {
    pub(super) cloud: Fake,
    pub(super) journal: Box<dyn Journal>,
    pub(super) stop: CancellationToken,
    pub(super) folder: TempDir,
    pub(super) pause_file: Option<PathBuf>,
    limits: LimitSettings,
    attempts: u32,
    id: RunId,
}

impl Scenario {
    /// `pairs` pairs, each with `rules` rules on our side.
    pub(super) async fn new(cloud: Fake, pairs: usize, rules: usize) -> Self {
        Self::begin(cloud, pairs, rules, false).await
    }

    /// The same, planned without reading.
    pub(super) async fn blind(cloud: Fake, pairs: usize) -> Self {
        Self::begin(cloud, pairs, 1, true).await
    }

    async fn begin(cloud: Fake, pairs: usize, rules: usize, blind: bool) -> Self {
        let mut rows = Vec::new();
        for pair in 0..pairs {
            let (ours, theirs) = (format!("sg-a{pair:03}"), format!("sg-b{pair:03}"));
            let live = (0..rules).map(|n| rule(&format!("sgr-{pair}-{n}"), n, &theirs)).collect();
            cloud.add(OURS, &ours, live);
            cloud.add(THEIRS, &theirs, Vec::new());
            rows.push([group(OURS, &ours), group(THEIRS, &theirs)]);
        }
        let pairs = pair_set(rows);
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("unpair.db").display());
        let journal = open(&url).await.expect("a journal");
        let new = new_run(blind, 1_000);
        journal.begin(&new, &pairs).await.expect("begun");
        let limits = LimitSettings { default: Limit::Off, in_flight: 4, actions: BTreeMap::new() };
        let stop = CancellationToken::new();
        Self { cloud, journal, stop, folder, pause_file: None, limits, attempts: 6, id: new.id }
    }

    /// A request is given up after `attempts` faults.
    pub(super) fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// One call at a time.
    pub(super) fn one_at_a_time(mut self) -> Self {
        self.limits.in_flight = 1;
        self
    }

    /// Revocation calls a second.
    pub(super) fn rate(mut self, rate: f64) -> Self {
        self.limits.actions.insert(REVOKE.to_owned(), Limit::Ceiling(Ceiling { rate, burst: 1 }));
        self
    }

    pub(super) async fn run(&self) -> RunRecord {
        self.journal.run(self.id.as_str()).await.expect("the run")
    }

    /// The rights to write the run, as a new process takes them.
    async fn leases(&self) -> Leases {
        take(&*self.journal, &self.id).await.expect("the run")
    }

    /// Reads what is to be read, as a new process would, and plans.
    pub(super) async fn audit(&self) -> AuditEnd {
        self.audit_with(&self.exchange()).await
    }

    pub(super) async fn audit_with(&self, exchange: &Exchange) -> AuditEnd {
        let (run, leases) = (self.run().await, self.leases().await);
        if run.new.blind {
            plan_unread(&*self.journal, &run, &leases, 1_000).await.expect("planned");
            return AuditEnd::default();
        }
        let order = Audit {
            exchange,
            journal: &*self.journal,
            run: &run,
            leases: &leases,
            fresh_since_ms: 1,
            age: Age::OfPlan,
            planning: Planning::Plan,
        };
        audit(&order).await.expect("the journal holds")
    }

    /// What a process leaves that is killed after it read `group` and before it planned.
    pub(super) async fn record_reading_alone(&self, group: &str) {
        let exchange = self.exchange();
        let run = self.run().await;
        let observer = Observer::new(&*self.journal, &run).await.expect("an observer");
        let groups = self.journal.groups(&self.id, GroupIx(0), 1_000).await.expect("groups");
        let work = groups.iter().find(|it| it.group.as_str() == group).expect("a group of the run");
        let leases = self.leases().await;
        let held = leases.of_group(work.ix).expect("its lane");
        let lane = &held.lane;
        let account = exchange.account(&lane.key).await.expect("an account");
        let ids = std::slice::from_ref(&work.group);
        let mut reads = read_groups(&exchange, &lane.key, &account, ids).await.expect("read");
        let read = reads.pop().expect("one reading");
        let peers = observer.peers(std::slice::from_ref(work)).await.expect("peers");
        let seen = observer.observe(work, &peers, read, account.client.batch());
        self.journal.record(held, &[seen.reading], &[], 1_000).await.expect("recorded");
    }

    /// Looks at the first group, and journals nothing.
    pub(super) async fn look_at_first(&self, exchange: &Exchange) {
        let lane = self.journal.lanes(&self.id).await.expect("lanes").remove(0);
        let groups = self.journal.groups(&self.id, lane.first, 1).await.expect("groups");
        let account = exchange.account(&lane.key).await.expect("an account");
        let ids = [groups[0].group.clone()];
        read_groups(exchange, &lane.key, &account, &ids).await.expect("read");
    }

    /// Reads, plans and revokes in one process.
    pub(super) async fn revoke(&self) -> RunEnd {
        let exchange = self.exchange();
        self.audit_with(&exchange).await;
        self.carry_out(&exchange).await
    }

    /// Carries the plan out.
    pub(super) async fn carry_out(&self, exchange: &Exchange) -> RunEnd {
        let left = self.journal.reopenable(&self.run().await.new.id).await.expect("calls");
        let leases = self.leases().await;
        take_up(&*self.journal, &leases, &left, 2_000).await.expect("taken up");
        let run = self.run().await;
        let work = CarryOut {
            exchange,
            journal: &*self.journal,
            operation: Operation::Revoke,
            run: &run,
            leases: &leases,
            pause: &Pause::new(self.pause_file.clone()),
            patience: Patience { polls: vec![SOON; 6], second_look: SOON },
            lane_work: Vec::new(),
            failures: &FailureLimit::new(None),
            fresh: Freshness::new(None, exchange.clock.now()),
        };
        carry_out(&work).await.expect("the journal holds")
    }

    /// A new process's way to the accounts.
    pub(super) fn exchange(&self) -> Exchange {
        let limits = PerCloud { alibaba: self.limits.clone(), aws: self.limits.clone() };
        let pacer = Pacer::new(limits, Used::new());
        let policy = RetryPolicy {
            attempts: self.attempts,
            fault_base: Duration::from_millis(1),
            cap: Duration::from_millis(2),
            ..RetryPolicy::default()
        };
        let directory: Arc<dyn Directory> = Arc::new(FakeDirectory(self.cloud.clone()));
        Exchange::new(directory, pacer, policy, self.stop.clone(), Arc::new(NoProgress))
    }

    /// The same journal and world, in a process that nobody told to stop.
    pub(super) fn next_process(self) -> Self {
        Self { stop: CancellationToken::new(), ..self }
    }

    /// How every revocation stands, by rule.
    pub(super) async fn outcomes(&self) -> Vec<(String, Outcome)> {
        let records = stored_revocations(&*self.journal, &self.id).await.expect("records");
        let mut outcomes: Vec<_> = records
            .into_iter()
            .map(|record| (record.revocation.rule.id.to_string(), record.outcome))
            .collect();
        outcomes.sort();
        outcomes
    }

    /// The code of the last reading of a group, if it failed.
    pub(super) async fn failed(&self, group: &str) -> Option<String> {
        let groups = self.journal.groups(&self.id, GroupIx(0), 1_000).await.expect("groups");
        let ix = groups.iter().find(|it| it.group.as_str() == group).expect("a group").ix;
        let sides = self.journal.sides(&self.id, ix, 1).await.expect("sides");
        match sides.into_iter().next().expect("its side").state {
            SideReading::Failed { code, .. } => Some(code),
            _ => None,
        }
    }

    /// How many revocations have `outcome`.
    pub(super) async fn count(&self, outcome: Outcome) -> usize {
        self.outcomes().await.iter().filter(|(_, found)| *found == outcome).count()
    }
}

/// The `n`-th ingress grant, which names a group of `THEIRS`.
pub(super) fn rule(id: &str, n: usize, names: &str) -> Rule {
    let peer = Peer::Group { id: names.into(), owner: Some(THEIRS.into()) };
    fixture::rule(id, Direction::Ingress, n, peer)
}

fn group(account: &str, id: &str) -> GroupRef {
    GroupRef {
        cloud: Provider::Aws,
        account: account.into(),
        region: "us-east-1".into(),
        group: id.into(),
    }
}
