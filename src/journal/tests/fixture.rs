//! A small run: three pairs over four groups in two lanes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

pub(super) use super::opened::Opened;

use crate::journal::memory::Memory;
use crate::journal::{
    CallId, CallRecord, Claim, Finding, GroupReading, Invoker, JournalRead, Lane, NewRun,
    OpenCounts, Reading, RevocationRecord, RunKind, Since, open, open_to_read, stored_revocations,
};
use crate::model::{
    CallForm, Direction, Event, Filter, GroupIx, GroupRef, Identity, Outcome, PairSet, Peer,
    PlannedCall, Policy, PortRange, Protocol, Provider, Revocation, RevocationId, Rule, RunId,
    Settled, Snapshot, Source, TextColumn,
};

/// Where a journal is stored: it can be opened, and opened again once that is dropped.
pub(super) trait Storage {
    async fn open(&self) -> Opened;
}

impl Storage for Place {
    async fn open(&self) -> Opened {
        Self::open(self).await
    }
}

impl Storage for Memory {
    async fn open(&self) -> Opened {
        Opened::new(Box::new(self.journal()))
    }
}

/// A journal's folder, so that it can be opened again.
pub(super) struct Place {
    pub(super) folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    pub(super) async fn open(&self) -> Opened {
        Opened::new(open(&self.url()).await.expect("a journal"))
    }

    pub(super) async fn read(&self) -> Box<dyn JournalRead> {
        open_to_read(&self.url()).await.expect("a journal to read")
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("unpair.db")
    }

    /// A place with a copy of the closed journal.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::new();
        std::fs::copy(self.path(), copy.path()).expect("a copy");
        copy
    }

    /// Asks the journal for texts behind its back.
    pub(super) fn texts(&self, query: &str) -> Vec<String> {
        let conn = self.raw();
        let mut statement = conn.prepare(query).expect("a query");
        let texts = statement.query_map([], |row| row.get(0)).expect("texts");
        texts.collect::<Result<_, _>>().expect("texts")
    }

    /// The file without the rules that the journal keeps.
    pub(super) fn raw(&self) -> Connection {
        let conn = Connection::open(self.path()).expect("a file");
        conn.execute_batch("PRAGMA foreign_keys = OFF").expect("no foreign keys");
        conn
    }

    /// Edits the closed journal behind its back.
    pub(super) fn edit(&self, statement: &str) {
        self.raw().execute_batch(statement).expect("a statement");
    }

    /// Asks the journal a number behind its back.
    pub(super) fn number(&self, query: &str) -> i64 {
        self.raw().query_one(query, [], |row| row.get(0)).expect("a number")
    }
}

/// A process that works on a run.
pub(super) fn since() -> Since {
    let by = Invoker {
        host: "ops1".to_owned(),
        user: "ann".to_owned(),
        pid: 4_711,
        command: "unpair revoke pairs.csv".to_owned(),
        version: "0.1.0".to_owned(),
    };
    Since { by, began_ms: 900 }
}

pub(super) fn run_id() -> RunId {
    "01936f00-0000-7000-8000-000000000001".into()
}

pub(super) fn new_run(id: &RunId) -> NewRun {
    NewRun { may_act: true, ..NewRun::new(id.clone(), RunKind::Revoke, 1_000) }
}

pub(super) fn group(account: &str, id: &str) -> GroupRef {
    GroupRef {
        cloud: Provider::Aws,
        account: account.into(),
        region: "us-east-1".into(),
        group: id.into(),
    }
}

/// Groups 0 and 1 are of account 1, groups 2 and 3 of account 2.
pub(super) fn pairs() -> PairSet {
    let (a, b) = (group("1", "sg-a"), group("1", "sg-b"));
    let (c, d) = (group("2", "sg-c"), group("2", "sg-d"));
    let narrow = Filter { direction: crate::model::Scope::Ingress, ..Filter::default() };
    PairSet::build(
        vec![Source { name: "pairs.csv".to_owned(), first_line: 0, digest: None }],
        &[
            (a.clone(), c.clone(), Filter::default(), 2),
            (c.clone(), a.clone(), Filter::default(), 3),
            (b, c, narrow, 4),
            (d, a, Filter::default(), 5),
        ],
        BTreeMap::from([(4, (TextColumn::Note, "TICKET-1").into())]),
    )
    .expect("few filters")
}

pub(super) fn rule(id: &str) -> Rule {
    Rule {
        id: id.into(),
        direction: Direction::Ingress,
        protocol: "tcp".parse::<Protocol>().expect("a protocol"),
        ports: Some(PortRange { from: 22, to: 22 }),
        source_ports: None,
        peer: Peer::Group { id: "sg-c".into(), owner: Some("2".into()) },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: "a \"quoted\" text, 安全组".to_owned(),
        fields: [("Tag:a", "b")].into_iter().collect(),
    }
}

pub(super) fn planned(group: u32, rules: &[&str]) -> PlannedCall {
    PlannedCall {
        group: GroupIx(group),
        direction: Direction::Ingress,
        form: CallForm::RuleId,
        revocations: rules
            .iter()
            .map(|id| Revocation {
                group: GroupIx(group),
                peer: GroupIx(2),
                line: 4,
                rule: rule(id),
            })
            .collect(),
    }
}

pub(super) fn seen(group: u32, at_ms: i64, rules: &[&str]) -> GroupReading {
    GroupReading {
        group: GroupIx(group),
        at_ms,
        request_ids: vec!["req-read".into()],
        reading: Reading::Seen(Snapshot {
            name: "web".to_owned(),
            vpc: "vpc-1".to_owned(),
            owner: "1".into(),
            service_managed: false,
            rules: rules.iter().map(|id| rule(id)).collect(),
        }),
        findings: vec![Finding {
            peer: GroupIx(2),
            standing: 1,
            outside: 2,
            drops: 3,
            misowned: 4,
            unclear: 5,
        }],
        elsewhere: 7,
    }
}

/// A journal that holds the run, with one call of these rules on group 0.
pub(super) async fn with_call(journal: &Opened, rules: &[&str]) {
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    journal.plan_group(GroupIx(0), &[planned(0, rules)], 1_100).await.expect("planned");
}

pub(super) fn started(token: &str) -> Event {
    Event::Started {
        token: Some(token.into()),
        request: "00ff".to_owned(),
        identity: Identity { account: "1".into(), arn: "arn:aws:iam::1:role/unpair".to_owned() },
    }
}

pub(super) fn accepted(id: &str) -> Event {
    Event::Accepted { request_id: Some(id.into()), http: 200 }
}

pub(super) fn refused(code: &str) -> Event {
    Event::Refused {
        code: code.to_owned(),
        message: "no".to_owned(),
        request_id: Some("req-refused".into()),
        http: 403,
    }
}

pub(super) fn deferred(not_before_ms: i64) -> Event {
    Event::Deferred {
        not_before_ms,
        code: "Throttling".to_owned(),
        request_id: Some("req-throttled".into()),
        throttled: true,
    }
}

pub(super) fn ambiguous() -> Event {
    Event::Ambiguous { reason: "timed out".to_owned(), request_id: None }
}

pub(super) fn settled(id: u64, outcome: Outcome) -> Settled {
    Settled { id: RevocationId(id), outcome, reply_lost: false, reason: None }
}

/// `gone` were removed, each list of `retry` goes again.
pub(super) fn verified(gone: &[u64], retry: &[&[u64]]) -> Event {
    Event::Verified {
        settled: gone.iter().map(|id| settled(*id, Outcome::Removed)).collect(),
        retry: retry.iter().map(|ids| ids.iter().map(|id| RevocationId(*id)).collect()).collect(),
    }
}

pub(super) fn reopened(ids: &[u64]) -> Event {
    Event::Reopened { members: ids.iter().map(|id| RevocationId(*id)).collect() }
}

pub(super) async fn claim(journal: &Opened, call: u64, token: &str, at_ms: i64) -> Claim {
    journal.claim(CallId(call), &started(token), at_ms).await.expect("a claim")
}

/// Sends a call and gets this answer.
pub(super) async fn send(journal: &Opened, call: u64, token: &str, at_ms: i64, event: &Event) {
    let claim = claim(journal, call, token, at_ms).await;
    journal.conclude(claim, event, at_ms + 10).await.expect("concluded");
}

pub(super) async fn append(journal: &Opened, call: u64, event: &Event) -> Vec<CallId> {
    journal.append(CallId(call), event, 9_000).await.expect("appended").1
}

pub(super) async fn call(journal: &Opened, call: u64) -> CallRecord {
    journal.call(&run_id(), CallId(call)).await.expect("a call")
}

pub(super) async fn revocations(journal: &Opened) -> Vec<RevocationRecord> {
    stored_revocations(&**journal, &run_id()).await.expect("revocations")
}

/// The open calls of every lane, by number.
pub(super) async fn open_calls(journal: &Opened) -> Vec<u64> {
    let mut open = Vec::new();
    for lane in journal.lanes(&run_id()).await.expect("lanes") {
        open.extend(open_of(journal, &lane).await);
    }
    open.sort_unstable();
    open
}

/// Those of one lane; their counts agree with them.
async fn open_of(journal: &Opened, lane: &Lane) -> Vec<u64> {
    let calls = journal.open_calls(&run_id(), lane, CallId(0), 1_000).await.expect("calls");
    let of = |direction| calls.iter().filter(|call| call.direction == direction).count() as u64;
    let groups: BTreeSet<GroupIx> = calls.iter().map(|call| call.group).collect();
    let counted = OpenCounts {
        ingress: of(Direction::Ingress),
        egress: of(Direction::Egress),
        groups: groups.len() as u64,
        rules: calls.iter().map(|call| call.members.len() as u64).sum(),
    };
    assert_eq!(journal.open_counts(&run_id(), lane).await.expect("counts"), counted);
    calls.iter().map(|call| call.id.0).collect()
}

pub(super) fn members(record: &CallRecord) -> Vec<u64> {
    record.members.iter().map(|(id, _)| id.0).collect()
}
