//! A run's own history folded: what its head must be if that is true.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lane::body;
use crate::journal::{HistoryRow, Invoker};

/// What a run's own history says of it.
#[derive(Default)]
pub(super) struct RunFold {
    /// The columns of the run's head, but for those that are counted here.
    pub(super) head: BTreeMap<String, Value>,
    pub(super) elapsed_ms: i64,
    /// The highest epoch of any row.
    pub(super) epoch: u64,
    /// The ends of the lanes, as the last row seals them.
    pub(super) sealed: Option<String>,
    /// The processes that worked on the run, by epoch.
    pub(super) invocations: BTreeMap<u64, Invoked>,
}

/// A process that worked on the run.
#[derive(Deserialize)]
pub(super) struct Invoked {
    pub(super) by: Invoker,
    pub(super) began_ms: i64,
    /// When the processes before it were last heard of that told no end.
    cut_ms: Option<i64>,
    #[serde(skip)]
    pub(super) asked_ms: i64,
    #[serde(skip)]
    pub(super) ended_ms: Option<i64>,
    #[serde(skip)]
    pub(super) last_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Sealed {
    lanes: Option<String>,
}

impl RunFold {
    /// Takes one row in; an error says what makes it impossible.
    pub(super) fn take(&mut self, row: &HistoryRow) -> Result<(), String> {
        self.epoch = self.epoch.max(row.epoch);
        let Sealed { lanes } = body(row)?;
        self.sealed = lanes;
        match row.kind.as_str() {
            "begun" | "updated" => self.set(row, body(row)?),
            "invoked" => self.invoke(row, body(row)?),
            kind => return Err(format!("`{kind}` is not a kind of row")),
        }
        Ok(())
    }

    fn set(&mut self, row: &HistoryRow, mut columns: BTreeMap<String, Value>) {
        let mut added = |name| columns.remove(name).and_then(|ms| ms.as_i64()).unwrap_or(0);
        self.elapsed_ms += added("add_elapsed_ms");
        let asked_ms = added("add_asked_ms");
        if let Some(invoked) = self.invocations.get_mut(&row.epoch) {
            invoked.asked_ms += asked_ms;
            invoked.ended_ms = columns.get("ended_ms").and_then(Value::as_i64).or(invoked.ended_ms);
        }
        self.head.append(&mut columns);
    }

    fn invoke(&mut self, row: &HistoryRow, invoked: Invoked) {
        let is_open = |former: &&mut Invoked| former.ended_ms.or(former.last_ms).is_none();
        let earlier = self.invocations.range_mut(..row.epoch).map(|(_, former)| former);
        for former in earlier.filter(is_open) {
            former.last_ms = invoked.cut_ms;
        }
        self.invocations.entry(row.epoch).or_insert(invoked);
    }
}
