//! The hash chain over a run's history: whoever edits, drops, adds or swaps a row breaks it.

use serde::Serialize;

use super::table::Table;
use super::{CallId, JournalError};
use crate::model::Hasher;

/// The fields of a history row that its hash covers, beside the hash before it.
pub(super) struct Link<'a> {
    pub(super) seq: u64,
    pub(super) at_ms: i64,
    pub(super) epoch: u64,
    pub(super) kind: &'a str,
    pub(super) call: Option<CallId>,
    pub(super) body: &'a str,
}

/// What stands for the hash before the first row of a run.
pub(super) fn genesis(run: &str) -> String {
    digest("unpair history 1", [run])
}

/// The hash of a row, lower-case hexadecimal.
pub(super) fn link(before: &str, row: &Link<'_>) -> String {
    let mut hasher = Hasher::new("unpair history row 1");
    hasher.field(before);
    hasher.bytes(&row.seq.to_be_bytes());
    hasher.bytes(&row.at_ms.to_be_bytes());
    hasher.bytes(&row.epoch.to_be_bytes());
    hasher.field(row.kind);
    match row.call {
        Some(call) => hasher.bytes(&call.0.to_be_bytes()),
        None => hasher.bytes(&[]),
    }
    hasher.field(row.body);
    hasher.finish().to_string()
}

/// The digest of a list of texts, hexadecimal; `purpose` sets it apart from any other.
pub(super) fn digest<'a>(purpose: &str, fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Hasher::new(purpose);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish().to_string()
}

/// Canonical JSON: keys sorted, no white space, so that equal content is equal text whichever way
/// it was put together.
pub(super) fn canonical<T: Serialize>(content: &T) -> Result<String, JournalError> {
    serde_json::to_value(content)
        .and_then(|value| serde_json::to_string(&value))
        .map_err(|error| JournalError::Damaged(format!("content has no JSON form: {error}")))
}

/// The digest of a snapshot's JSON, as rows of kind `read` carry it.
pub(super) fn snapshot_digest(json: &str) -> String {
    digest("unpair snapshot 1", [json])
}

/// The digest of a group's findings, packed and in hexadecimal, as rows of kind `read` carry it.
pub(super) fn findings_digest(packed: &str) -> String {
    digest("unpair findings 1", [packed])
}

/// The digest of one revocation added to that of its call, as rows of kind `planned` carry it.
pub(super) struct CallDigest(Hasher);

impl CallDigest {
    pub(super) fn new() -> Self {
        Self(Hasher::new("unpair call 2"))
    }

    /// Adds a revocation, its rule and the fields of that as they are stored.
    pub(super) fn add(&mut self, peer: u32, line: u32, rule: &str, fields: &str) {
        self.0.bytes(&peer.to_be_bytes());
        self.0.bytes(&line.to_be_bytes());
        self.0.field(rule);
        self.0.field(fields);
    }

    pub(super) fn finish(self) -> String {
        self.0.finish().to_string()
    }
}

/// The digest of the rows that a run began with, as its row of kind `begun` carries it.
pub(super) struct FrameDigest(Hasher);

impl FrameDigest {
    pub(super) fn new() -> Self {
        Self(Hasher::new("unpair frame 2"))
    }

    /// From here on the rows are those of another table.
    pub(super) fn table(&mut self, table: Table) {
        self.0.field(table.as_str());
    }

    /// Adds a row: the cells of its columns but for the run.
    pub(super) fn row(&mut self, row: &[u8]) {
        self.0.bytes(row);
    }

    pub(super) fn finish(self) -> String {
        self.0.finish().to_string()
    }
}
