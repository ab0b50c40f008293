//! What was ordered in a lane: every revocation, and those of each call together as they were planned.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CheckReport;
use super::lane::{LaneFold, Ordered};
use crate::journal::ledger::CallDigest;

/// The calls of a lane as they were planned, one after the other: their revocations follow each other.
pub(super) struct Orders<'a> {
    /// Calls that have not begun, by their first revocation.
    left: BTreeMap<u64, &'a Ordered>,
    current: Option<Current<'a>>,
}

/// A call some of whose revocations are seen.
struct Current<'a> {
    order: &'a Ordered,
    digest: CallDigest,
    next: u64,
}

impl<'a> Orders<'a> {
    pub(super) fn of(fold: &'a LaneFold) -> Self {
        let left = fold.orders.iter().map(|(first, order)| (*first, order)).collect();
        Self { left, current: None }
    }

    /// False if this revocation is not the next of its call, or ends one that is not as planned.
    pub(super) fn take(&mut self, row: &Value) -> bool {
        let Some(id) = row[0].as_u64() else { return false };
        let mut current = self.current.take();
        if let Some(order) = self.left.remove(&id) {
            if current.is_some() {
                return false;
            }
            current = Some(Current { order, digest: CallDigest::new(), next: id });
        }
        let Some(mut current) = current.filter(|current| current.next == id) else { return false };
        if !current.add(row) {
            return false;
        }
        if current.order.last == id {
            return current.digest.finish() == current.order.digest;
        }
        current.next += 1;
        self.current = Some(current);
        true
    }

    /// Tells what did not come.
    pub(super) fn end(self, report: &mut CheckReport) {
        let cut = self.current.map(|current| current.next);
        for first in cut.into_iter().chain(self.left.into_keys()) {
            report.find(format!("revocation {first}: it is missing"));
        }
    }
}

impl Current<'_> {
    /// False if the row is of another group.
    fn add(&mut self, row: &Value) -> bool {
        let number = |at: usize| row[at].as_u64().and_then(|number| u32::try_from(number).ok());
        let (Some(peer), Some(line)) = (number(2), number(3)) else { return false };
        let (Some(rule), Some(fields)) = (row[4].as_str(), row[5].as_str()) else { return false };
        self.digest.add(peer, line, rule, fields);
        number(1) == Some(self.order.group)
    }
}
