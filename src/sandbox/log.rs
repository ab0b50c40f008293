//! The call log: everything that was asked, in order of arrival.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{Access, Refusal, make_private, open_own};
use crate::model::{AccountId, Provider, RegionId, RuleId};

/// One call as the sandbox saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedCall {
    /// When it arrived.
    pub at: Timestamp,
    /// The cloud.
    pub cloud: Provider,
    /// Who called, if that was proven.
    pub account: Option<AccountId>,
    /// The region that was called; empty if none was named.
    pub region: RegionId,
    /// The action; empty if the request was refused before it was read.
    pub action: String,
    /// The parameters without those that sign the request.
    pub params: BTreeMap<String, String>,
    /// The rules that this very call removed.
    pub removed: Vec<RuleId>,
    /// The rules that this very call added.
    pub added: Vec<RuleId>,
    /// The HTTP status of the answer, also of one that was never sent.
    pub status: u16,
    /// The error code of the answer.
    pub code: Option<String>,
    /// What the answer calls the exchange.
    pub request_id: String,
    /// The fault that struck.
    pub fault: Option<String>,
    /// The answer is the first answer to the same client token.
    pub replayed: bool,
}

/// The log in memory, and in a file if asked for.
#[derive(Debug)]
pub(super) struct Log {
    calls: Vec<LoggedCall>,
    file: Option<File>,
}

impl Log {
    /// Opens the log, a file for its owner alone; an existing one is appended to.
    pub(super) fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let open = |path: &Path| {
            let file = open_own(path, Access::Append).map_err(Refusal::into_io)?;
            make_private(&file).map(|()| file)
        };
        Ok(Self { calls: Vec::new(), file: path.map(open).transpose()? })
    }

    /// Books a call.
    pub(super) fn push(&mut self, call: LoggedCall) -> std::io::Result<()> {
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(&call)?;
            line.push(b'\n');
            file.write_all(&line)?;
        }
        self.calls.push(call);
        Ok(())
    }

    /// The calls so far.
    pub(super) fn calls(&self) -> &[LoggedCall] {
        &self.calls
    }
}
