//! Readings: what a group showed, what follows from it, and that it was read.

use std::collections::BTreeSet;

use serde::Serialize;

use super::planning::{self, Place, no_such_group};
use super::row::{bulk, json};
use super::sql;
use super::work::Work;
use crate::journal::chain::{findings_digest, snapshot_digest};
use crate::journal::{GroupReading, JournalError, Reading, pack};
use crate::model::{RequestId, hex};

/// Readings of one run, spelled out where they came in.
pub(super) struct ReadingsOrder {
    pub(super) run_no: i64,
    readings: Vec<Spelled>,
}

#[derive(Default)]
struct Spelled {
    group: u32,
    at_ms: i64,
    state: &'static str,
    known_ms: Option<i64>,
    code: Option<String>,
    message: Option<String>,
    naming: Option<String>,
    service_managed: bool,
    elsewhere: u32,
    snapshot: Option<String>,
    findings: Option<Vec<u8>>,
    body: String,
}

/// What a history row of kind `read` says.
#[derive(Serialize)]
struct ReadBody<'a> {
    group: u32,
    reading: &'static str,
    code: Option<&'a str>,
    message: Option<&'a str>,
    naming: Option<&'a str>,
    service_managed: bool,
    elsewhere: u32,
    request_ids: &'a [RequestId],
    snapshot: Option<String>,
    findings: String,
}

impl ReadingsOrder {
    pub(super) fn new(run_no: i64, readings: &[GroupReading]) -> Result<Self, JournalError> {
        let readings = readings.iter().map(Spelled::new).collect::<Result<_, _>>()?;
        Ok(Self { run_no, readings })
    }
}

impl Spelled {
    fn new(from: &GroupReading) -> Result<Self, JournalError> {
        let mut spelled = Self {
            group: from.group.0,
            at_ms: from.at_ms,
            known_ms: Some(from.at_ms),
            elsewhere: from.elsewhere,
            ..Self::default()
        };
        spelled.tell(&from.reading)?;
        if !from.findings.is_empty() {
            spelled.findings = Some(pack::findings(&from.findings));
        }
        spelled.body = spelled.body_for(from)?;
        Ok(spelled)
    }

    fn tell(&mut self, reading: &Reading) -> Result<(), JournalError> {
        match reading {
            Reading::Seen(snapshot) => {
                self.state = "seen";
                self.service_managed = snapshot.service_managed;
                self.snapshot = Some(json(snapshot)?);
            }
            Reading::Missing { code } => {
                self.state = "missing";
                self.code = Some(code.clone());
            }
            Reading::NotOurs { naming } => {
                self.state = "not_ours";
                self.naming = naming.as_ref().map(json).transpose()?;
            }
            Reading::Failed { code, message } => {
                self.state = "failed";
                self.known_ms = None;
                self.code = Some(code.clone());
                self.message = Some(message.clone());
            }
        }
        Ok(())
    }

    fn body_for(&self, from: &GroupReading) -> Result<String, JournalError> {
        json(&ReadBody {
            group: self.group,
            reading: self.state,
            code: self.code.as_deref(),
            message: self.message.as_deref(),
            naming: self.naming.as_deref(),
            service_managed: self.service_managed,
            elsewhere: self.elsewhere,
            request_ids: &from.request_ids,
            snapshot: self.snapshot.as_deref().map(snapshot_digest),
            findings: findings_digest(&hex(self.findings.as_deref().unwrap_or_default())),
        })
    }
}

/// Stores readings of one run; the inner error is one that touched nothing.
pub(super) fn save(
    work: &mut Work<'_>,
    order: ReadingsOrder,
) -> Result<Result<(), JournalError>, JournalError> {
    let run_no = order.run_no;
    let places: Vec<Place> = order.readings.iter().map(|one| (run_no, one.group)).collect();
    let known = planning::lanes(work, &places)?;
    if let Some(place) = places.iter().find(|place| !known.contains_key(place)) {
        return Ok(Err(no_such_group(place.1)));
    }
    // A group that was read twice is stored twice, the later reading last.
    let mut rest = order.readings;
    while !rest.is_empty() {
        let mut seen = BTreeSet::new();
        let (first, again) = rest.into_iter().partition(|one| seen.insert(one.group));
        save_distinct(work, run_no, first)?;
        rest = again;
    }
    bulk(work.conn, sql::SNAPSHOT_DROP, places)?;
    Ok(Ok(()))
}

fn save_distinct(
    work: &mut Work<'_>,
    run_no: i64,
    readings: Vec<Spelled>,
) -> Result<(), JournalError> {
    let groups: Vec<Place> = readings.iter().map(|one| (run_no, one.group)).collect();
    let (mut columns, mut snapshots, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for one in readings {
        let seq = work.record(run_no, one.at_ms, "read", None, one.body)?;
        let read_seq = one.snapshot.is_some().then_some(seq);
        columns.push((
            run_no,
            one.group,
            one.at_ms,
            one.state,
            one.known_ms,
            one.code,
            one.message,
            one.naming,
            one.service_managed,
            one.elsewhere,
            read_seq,
            work.epoch,
        ));
        snapshots.extend(one.snapshot.map(|body| (run_no, one.group, seq, body)));
        findings.extend(one.findings.map(|entries| (run_no, one.group, entries)));
    }
    bulk(work.conn, sql::READING_SAVE, columns)?;
    bulk(work.conn, sql::SNAPSHOT_INSERT, snapshots)?;
    bulk(work.conn, sql::FINDING_DROP, groups)?;
    bulk(work.conn, sql::FINDING_INSERT, findings)
}
