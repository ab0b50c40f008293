//! The run's own chain: its beginning, who works on it, and every change of its head. Each row
//! seals the heads of the lanes.

use serde_json::{Map, Value, json};

use super::chain::{Link, canonical, link, run_genesis};
use super::commit::EventRow;
use crate::journal::{Invoker, JournalError, RunUpdate};
use crate::model::{Digest, RunId};

/// Where the run's own chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::journal) struct RunHead {
    pub(in crate::journal) seq: u64,
    pub(in crate::journal) hash: Digest,
}

/// A change of a run's head.
#[derive(Debug)]
pub(in crate::journal) enum HeadChange {
    /// What the command changes.
    Updated(RunUpdate),
    /// A process begins to work on it.
    Invoked {
        by: Invoker,
        /// When the process began.
        began_ms: i64,
    },
}

impl RunHead {
    /// The head of a run without a history.
    pub(in crate::journal) fn new(run: &RunId) -> Self {
        Self { seq: 0, hash: run_genesis(run.as_str()) }
    }

    /// The next row of the chain; `seal` is that of the lanes, absent while none has a history.
    pub(in crate::journal) fn record(
        &mut self,
        epoch: u64,
        at_ms: i64,
        kind: &'static str,
        mut body: Value,
        seal: Option<Digest>,
    ) -> Result<EventRow, JournalError> {
        if let Some(seal) = seal {
            body["lanes"] = seal.to_string().into();
        }
        let body = canonical(&body)?;
        self.seq += 1;
        let row = Link { seq: self.seq, at_ms, epoch, kind, call: None, body: &body };
        self.hash = link(&self.hash, &row);
        Ok(EventRow { seq: self.seq, at_ms, kind, call: None, body, hash: self.hash })
    }
}

impl HeadChange {
    /// The kind of its history row.
    pub(in crate::journal) const fn kind(&self) -> &'static str {
        match self {
            Self::Updated(_) => "updated",
            Self::Invoked { .. } => "invoked",
        }
    }

    /// What its history row says; `cut_ms` is when the processes before were last heard of that told
    /// no end.
    pub(in crate::journal) fn body(&self, cut_ms: Option<i64>) -> Result<Value, JournalError> {
        match self {
            Self::Updated(update) => updated(update).map(Value::Object),
            Self::Invoked { by, began_ms } => {
                Ok(json!({ "by": by, "began_ms": began_ms, "cut_ms": cut_ms }))
            }
        }
    }
}

/// What an update changes, by column: what it leaves alone is absent, what it clears is null.
fn updated(update: &RunUpdate) -> Result<Map<String, Value>, JournalError> {
    let mut changes = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        changes.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("state", update.state.map(|state| json!(state)));
    put("exit", update.exit.map(|exit| json!(exit)));
    put("started_ms", update.started_ms.map(Value::from));
    put("declined_ms", update.declined_ms.map(|at| json!(at)));
    put("frozen_ms", update.frozen_ms.map(Value::from));
    put("closing_ms", update.closing_ms.map(|at| json!(at)));
    put("settings", update.settings.clone().map(Value::from));
    put("unsent", update.unsent.as_ref().map(canonical).transpose()?.map(Value::from));
    put("ended_ms", update.ended_ms.map(Value::from));
    put("add_elapsed_ms", Some(update.add_elapsed_ms.into()));
    put("add_asked_ms", (update.add_asked_ms != 0).then(|| update.add_asked_ms.into()));
    put("digest", update.digest.as_ref().map(|digest| json!(digest)));
    put("estimate_s", update.estimate_s.map(Value::from));
    Ok(changes)
}
