//! What `benches/functions` measures of the journal; no part of the interface.

use super::CallId;
use super::ledger::{Link, link};
use crate::model::Digest;

/// The hash of a history row with this body after one with the hash `before`.
pub fn chain_row(before: &Digest, seq: u64, body: &str) -> Digest {
    let call = Some(CallId(seq));
    link(before, &Link { seq, at_ms: 0, epoch: 1, kind: "accepted", call, body })
}
