//! A run that another process works on: who, since when, and what is done of it.

use std::fmt;

use serde::Serialize;

use super::text::{clock, count, rfc3339, thousands};
use crate::journal::{Invocation, RunRecord, RunState};

/// What a process that works on a run has done of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Running<'a> {
    /// The id of the process.
    pub pid: u32,
    /// Its host.
    pub host: &'a str,
    /// Its user.
    pub user: &'a str,
    /// When it began, RFC 3339.
    pub since: String,
    /// `reading`, `planned` (it waits for an answer, or is about to act) or `acting`.
    pub phase: &'static str,
    /// Groups that were read.
    pub groups_read: u64,
    /// Groups of the run.
    pub groups: u64,
    /// Rules of the plan that are not pending.
    pub rules_done: u64,
    /// Rules of the plan.
    pub rules: u64,
    #[serde(skip)]
    began_ms: i64,
}

impl<'a> Running<'a> {
    /// What is told of `run`, if a process works on it.
    pub(super) fn of(run: &'a RunRecord) -> Option<Self> {
        let (progress, Invocation { by, began_ms, .. }) = (run.running?, run.invocations.last()?);
        Some(Self {
            pid: by.pid,
            host: &by.host,
            user: &by.user,
            since: rfc3339(*began_ms),
            phase: match run.state {
                RunState::Acting => "acting",
                RunState::Planned => "planned",
                _ => "reading",
            },
            groups_read: progress.read,
            groups: progress.groups,
            rules_done: run.rules.planned - run.rules.pending,
            rules: run.rules.planned,
            began_ms: *began_ms,
        })
    }
}

impl fmt::Display for Running<'_> {
    /// `process 4711 on ops1, since 2026-12-01 02:15Z, 12 of 26 rules done`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "process {} on {}, since {}, ", self.pid, self.host, clock(self.began_ms))?;
        match self.phase {
            "acting" => {
                let (done, rules) = (thousands(self.rules_done), count(self.rules, "rule"));
                write!(out, "{done} of {rules} done")
            }
            "planned" => write!(out, "{} planned", count(self.rules, "rule")),
            _ => {
                let (read, groups) = (thousands(self.groups_read), count(self.groups, "group"));
                write!(out, "{read} of {groups} read")
            }
        }
    }
}
