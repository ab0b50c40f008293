//! The hash chains of a run: one for each lane, and one of its own that seals the lanes' heads.
//! Whoever edits, drops, adds or swaps a row breaks one of them.

use serde::Serialize;

use crate::journal::table::Table;
use crate::journal::{CallId, JournalError};
use crate::model::{Digest, Hasher};

/// The fields of a history row that its hash covers, beside the hash before it.
pub(in crate::journal) struct Link<'a> {
    pub(in crate::journal) seq: u64,
    pub(in crate::journal) at_ms: i64,
    pub(in crate::journal) epoch: u64,
    pub(in crate::journal) kind: &'a str,
    pub(in crate::journal) call: Option<CallId>,
    pub(in crate::journal) body: &'a str,
}

/// What is in place of the hash before the first row of a run's own chain.
pub(in crate::journal) fn run_genesis(run: &str) -> Digest {
    digest("unpair run 1", [run])
}

/// What is in place of the hash before the first row of a lane's chain.
pub(in crate::journal) fn lane_genesis(run: &str, lane: u32) -> Digest {
    let mut hasher = Hasher::new("unpair lane 1");
    hasher.field(run);
    hasher.bytes(&lane.to_be_bytes());
    hasher.finish()
}

/// The hash of a row.
pub(in crate::journal) fn link(before: &Digest, row: &Link<'_>) -> Digest {
    let mut hasher = Hasher::new("unpair history row 2");
    hasher.bytes(&before.0);
    hasher.bytes(&row.seq.to_be_bytes());
    hasher.bytes(&row.at_ms.to_be_bytes());
    hasher.bytes(&row.epoch.to_be_bytes());
    hasher.field(row.kind);
    match row.call {
        Some(call) => hasher.bytes(&call.0.to_be_bytes()),
        None => hasher.bytes(&[]),
    }
    hasher.field(row.body);
    hasher.finish()
}

/// The heads of all lanes that have a history, taken together.
pub(in crate::journal) struct Seal(Hasher);

impl Seal {
    pub(in crate::journal) fn new() -> Self {
        Self(Hasher::new("unpair lanes 1"))
    }

    /// Adds the next lane, in order.
    pub(in crate::journal) fn add(&mut self, lane: u32, seq: u64, hash: &Digest) {
        self.0.bytes(&lane.to_be_bytes());
        self.0.bytes(&seq.to_be_bytes());
        self.0.bytes(&hash.0);
    }

    pub(in crate::journal) fn finish(self) -> Digest {
        self.0.finish()
    }
}

/// The digest of a list of texts; `purpose` sets it apart from any other.
fn digest<'a>(purpose: &str, fields: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut hasher = Hasher::new(purpose);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

/// Canonical JSON: keys sorted, no white space, so that equal content is equal text whichever way
/// it was put together.
pub(in crate::journal) fn canonical<T: Serialize>(content: &T) -> Result<String, JournalError> {
    serde_json::to_value(content)
        .and_then(|value| serde_json::to_string(&value))
        .map_err(|error| JournalError::Damaged(format!("content has no JSON form: {error}")))
}

/// The digest of a snapshot's JSON, as rows of kind `read` carry it, hexadecimal.
pub(in crate::journal) fn snapshot_digest(json: &str) -> String {
    digest("unpair snapshot 1", [json]).to_string()
}

/// The digest of a group's findings, packed and in hexadecimal, as rows of kind `read` carry it.
pub(in crate::journal) fn findings_digest(packed: &str) -> String {
    digest("unpair findings 1", [packed]).to_string()
}

/// The digest of one revocation added to that of its call, as rows of kind `planned` carry it.
pub(in crate::journal) struct CallDigest(Hasher);

impl CallDigest {
    pub(in crate::journal) fn new() -> Self {
        Self(Hasher::new("unpair call 2"))
    }

    /// Adds a revocation, its rule and the fields of that as they are stored.
    pub(in crate::journal) fn add(&mut self, peer: u32, line: u32, rule: &str, fields: &str) {
        self.0.bytes(&peer.to_be_bytes());
        self.0.bytes(&line.to_be_bytes());
        self.0.field(rule);
        self.0.field(fields);
    }

    pub(in crate::journal) fn finish(self) -> String {
        self.0.finish().to_string()
    }
}

/// The digest of the rows that a run began with, as its row of kind `begun` carries it.
pub(in crate::journal) struct FrameDigest(Hasher);

impl FrameDigest {
    pub(in crate::journal) fn new() -> Self {
        Self(Hasher::new("unpair frame 3"))
    }

    /// From here on the rows are those of another table.
    pub(in crate::journal) fn table(&mut self, table: Table) {
        self.0.field(table.as_str());
    }

    /// Adds a row: the cells of its columns but for the run.
    pub(in crate::journal) fn row(&mut self, row: &[u8]) {
        self.0.bytes(row);
    }

    pub(in crate::journal) fn finish(self) -> String {
        self.0.finish().to_string()
    }
}
