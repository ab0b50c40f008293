//! Readings: what a group showed, what follows from it, and that it was read.

use serde::Serialize;

use super::chain::{findings_digest, snapshot_digest};
use super::json;
use crate::journal::{GroupReading, GroupRecord, JournalError, Reading, pack};
use crate::model::{Finding, RequestId, hex};

/// What a reading says of when its group was last read and planned, or found missing or not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) enum Known {
    /// That is decided by the plan that is made from it.
    AsBefore,
    /// At this reading.
    Now,
    /// Not at all: the last word is a failure.
    Unknown,
}

/// A group's last reading, spelled out.
#[derive(Debug)]
pub(in crate::journal) struct ReadingRow {
    pub(in crate::journal) group: u32,
    pub(in crate::journal) at_ms: i64,
    pub(in crate::journal) state: &'static str,
    pub(in crate::journal) known: Known,
    pub(in crate::journal) code: Option<String>,
    pub(in crate::journal) message: Option<String>,
    /// JSON.
    pub(in crate::journal) naming: Option<String>,
    pub(in crate::journal) service_managed: bool,
    pub(in crate::journal) elsewhere: u32,
    /// JSON; `None` leaves the last one as it is.
    pub(in crate::journal) snapshot: Option<String>,
    /// Packed; `None` if there are none.
    pub(in crate::journal) findings: Option<Vec<u8>>,
    /// What the history says of it.
    pub(super) body: String,
}

/// What a history row of kind `read` says: nothing of what is not so.
#[derive(Serialize)]
struct ReadBody<'a> {
    group: u32,
    reading: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    naming: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_managed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    request_ids: &'a [RequestId],
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<String>,
}

impl ReadingRow {
    pub(in crate::journal) fn new(from: &GroupReading) -> Result<Self, JournalError> {
        let mut row = Self {
            group: from.group.0,
            at_ms: from.at_ms,
            state: "seen",
            known: Known::Now,
            code: None,
            message: None,
            naming: None,
            service_managed: false,
            elsewhere: from.elsewhere,
            snapshot: None,
            findings: (!from.findings.is_empty()).then(|| pack::findings(&from.findings)),
            body: String::new(),
        };
        row.tell(&from.reading, &from.findings)?;
        row.body = row.body_for(&from.request_ids)?;
        Ok(row)
    }

    fn tell(&mut self, reading: &Reading, findings: &[Finding]) -> Result<(), JournalError> {
        match reading {
            Reading::Seen(snapshot) => {
                self.known = Known::AsBefore;
                self.service_managed = snapshot.service_managed;
                self.snapshot = Some(json(&GroupRecord::of(snapshot, findings))?);
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
                self.known = Known::Unknown;
                self.code = Some(code.clone());
                self.message = Some(message.clone());
            }
        }
        Ok(())
    }

    fn body_for(&self, request_ids: &[RequestId]) -> Result<String, JournalError> {
        json(&ReadBody {
            group: self.group,
            reading: self.state,
            code: self.code.as_deref(),
            message: self.message.as_deref(),
            naming: self.naming.as_deref(),
            service_managed: self.service_managed.then_some(true),
            elsewhere: (self.elsewhere > 0).then_some(self.elsewhere),
            request_ids,
            snapshot: self.snapshot.as_deref().map(snapshot_digest),
            findings: self.findings.as_deref().map(|packed| findings_digest(&hex(packed))),
        })
    }
}
