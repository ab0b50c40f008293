//! Who worked on a run, when, and with what.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{clock, escape_control};

/// Who gives a command: a process with its host, user, command line and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoker {
    /// The name of the host.
    pub host: String,
    /// The name of the user, or the user's number.
    pub user: String,
    /// The id of the process on its host.
    pub pid: u32,
    /// The command line, without what looks like a key.
    pub command: String,
    /// The version of the program, with the commit that it was built from where that is known.
    pub version: String,
}

/// A process, and since when it does what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The process.
    pub by: Invoker,
    /// When it began (milliseconds since 1970).
    pub began_ms: i64,
}

/// The process that holds a journal, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id; absent if it runs where ids of processes are others (in a container).
    pub pid: Option<u32>,
    /// What it wrote of itself.
    pub by: Option<Since>,
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.by, self.pid) {
            (Some(Since { by, began_ms }), _) => {
                let (host, command) = (escape_control(&by.host), escape_control(&by.command));
                write!(out, "process {} on {host} ({command}, since {})", by.pid, clock(*began_ms))
            }
            (None, Some(pid)) => write!(out, "process {pid}"),
            (None, None) => out.write_str("another process"),
        }
    }
}

/// One process's work on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// Who gave the command.
    pub by: Invoker,
    /// When the process began (milliseconds since 1970).
    pub began_ms: i64,
    /// How long the process waited for a person's answers.
    pub asked_ms: i64,
    /// When the process ended, or journalled something last.
    pub last_ms: i64,
    /// How far the process came.
    pub end: InvocationEnd,
}

/// How far a process came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvocationEnd {
    /// It journalled no end: it runs, or was killed.
    Open,
    /// It journalled its end.
    Ended,
    /// It was killed: a later process found no end of it.
    Killed,
}

impl Invocation {
    /// How long the process worked, without the time that a person thought; never negative, even
    /// where the clock was set back.
    pub fn worked_ms(&self) -> i64 {
        self.last_ms.saturating_sub(self.began_ms).saturating_sub(self.asked_ms).max(0)
    }
}

/// What a process that works on a run has done of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Groups that were read.
    pub read: u64,
    /// Groups of the run.
    pub groups: u64,
}
