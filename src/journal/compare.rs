//! The journal against its own history, table by table.

use std::collections::BTreeMap;

use super::chain::{self, CallDigest};
use super::check::{CheckReport, PAGE};
use super::fold::Folded;
use super::{
    CallId, Finding, Journal, JournalError, Lane, RevocationRecord, SideReading, SideRecord, pack,
    stored_pairs,
};
use crate::model::{GroupIx, RunId, Status};

/// The head of the run, column by column.
pub(super) async fn head(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let stored = journal.run(run.as_str()).await;
    let Some(record) = report.readable(stored)? else { return Ok(()) };
    let columns: BTreeMap<String, serde_json::Value> = serde_json::to_value(record)
        .and_then(serde_json::from_value)
        .map_err(|error| JournalError::Damaged(error.to_string()))?;
    for (name, value) in &folded.head {
        if columns.get(name) != Some(value) {
            report.find(format!("run: its {name} is not what its history says"));
        }
    }
    Ok(())
}

/// The status of every call.
pub(super) async fn calls(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let mut open: BTreeMap<u64, Status> = BTreeMap::new();
    let lanes = journal.lanes(run).await;
    for lane in report.readable(lanes)?.unwrap_or_default() {
        let found = open_of(journal, run, &lane).await;
        open.extend(report.readable(found)?.unwrap_or_default());
    }
    for (id, status) in &folded.calls {
        let mut stored = open.remove(id);
        if stored.is_none() {
            let call = journal.call(run, CallId(*id)).await;
            stored = report.readable(call)?.map(|call| call.status);
        }
        if stored.is_some_and(|stored| stored != *status) {
            report.find(format!("call {id}: its status is not what its history says"));
        }
    }
    for id in open.keys() {
        report.find(format!("call {id}: no history tells of it"));
    }
    Ok(())
}

async fn open_of(
    journal: &dyn Journal,
    run: &RunId,
    lane: &Lane,
) -> Result<Vec<(u64, Status)>, JournalError> {
    let mut open = Vec::new();
    let mut from = CallId(0);
    loop {
        let page = journal.open_calls(run, lane, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(open) };
        from = CallId(last.id.0 + 1);
        open.extend(page.iter().map(|call| (call.id.0, call.status)));
    }
}

/// The outcome of every revocation, and what was ordered.
pub(super) async fn revocations(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let (mut after, mut seen) = (None, 0);
    let mut orders = Orders { folded, current: None };
    loop {
        let page = journal.revocations(run, after, PAGE).await;
        let page = report.readable(page)?.unwrap_or_default();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen += page.len();
        for record in &page {
            let id = record.id.0;
            if folded.members.get(&id) != Some(&(record.call.0, record.outcome)) {
                report.find(format!("revocation {id}: it is not what its history says"));
            }
            if !orders.hold(record)? {
                report.find(format!("revocation {id}: its call is not the one planned"));
            }
        }
    }
    if seen != folded.members.len() {
        let planned = folded.members.len();
        report.find(format!("{seen} revocations are there, {planned} were planned"));
    }
    Ok(())
}

/// The calls as they were planned, one after the other: their revocations follow each other.
struct Orders<'a> {
    folded: &'a Folded,
    current: Option<(u64, &'a str, CallDigest)>,
}

impl Orders<'_> {
    /// False if `record` ends a call whose content is not the one planned.
    fn hold(&mut self, record: &RevocationRecord) -> Result<bool, JournalError> {
        let id = record.id.0;
        if let Some((last, expected)) = self.folded.planned.get(&id) {
            self.current = Some((*last, expected, CallDigest::new()));
        }
        let Some((last, expected, mut digest)) = self.current.take() else { return Ok(true) };
        let ordered = &record.revocation;
        digest.add(ordered.peer.0, ordered.line, &chain::canonical(&ordered.rule)?);
        if last == id {
            return Ok(digest.finish() == expected);
        }
        self.current = Some((last, expected, digest));
        Ok(true)
    }
}

/// The last reading of every group: how it went, its findings, the last snapshot.
pub(super) async fn readings(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let mut found: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
    let findings = journal.findings(run).await;
    for (group, finding) in report.readable(findings)?.unwrap_or_default() {
        found.entry(group.0).or_default().push(finding);
    }
    let mut from = GroupIx(0);
    loop {
        let page = journal.sides(run, from, PAGE).await;
        let page = report.readable(page)?.unwrap_or_default();
        let Some(last) = page.last() else { break };
        from = GroupIx(last.group.0 + 1);
        for side in &page {
            let findings = found.remove(&side.group.0).unwrap_or_default();
            if !tells_the_same(side, &findings, folded) {
                let group = side.group.0;
                report.find(format!("group {group}: its reading is not what its history says"));
            }
        }
    }
    snapshots(journal, run, folded, report).await
}

fn tells_the_same(side: &SideRecord, findings: &[Finding], folded: &Folded) -> bool {
    let state = match side.state {
        SideReading::Unread => "unread",
        SideReading::Seen { .. } => "seen",
        SideReading::Missing { .. } => "missing",
        SideReading::NotOurs { .. } => "not_ours",
        SideReading::Failed { .. } => "failed",
    };
    match folded.reads.get(&side.group.0) {
        None => state == "unread" && findings.is_empty(),
        Some(read) => {
            read.reading == state
                && read.elsewhere == side.elsewhere
                && read.findings == chain::findings_digest(&pack::findings(findings))
        }
    }
}

async fn snapshots(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    for (group, digest) in &folded.snapshots {
        let stored = journal.snapshot(run, GroupIx(*group)).await;
        let same = match report.readable(stored)?.flatten() {
            Some(snapshot) => chain::snapshot_digest(&chain::canonical(&snapshot)?) == *digest,
            None => false,
        };
        if !same {
            report.find(format!("group {group}: its snapshot is not the one that was read"));
        }
    }
    Ok(())
}

/// The pairs and narrowings that the run began with.
pub(super) async fn pairs(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let stored = stored_pairs(journal, run).await;
    let Some(pairs) = report.readable(stored)? else { return Ok(()) };
    let content = serde_json::Value::from(pairs.content_digest().to_string());
    if folded.head.get("content") != Some(&content) {
        report.find("the pairs are not those that the run began with");
    }
    Ok(())
}
