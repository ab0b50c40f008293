//! Who worked on a run, when, and with what: the operator, the identities, the manifests.

use std::io::Write;

use serde::Serialize;

use super::format::Tone;
use super::text::{clock, count, rfc3339, whole_seconds};
use super::{ReportError, Style};
use crate::journal::{Invocation, InvocationEnd, Invoker, JournalError, JournalRead, RunRecord};
use crate::model::{Identity, escape_control};

/// Invocations and identities that a table lists; JSON has all.
const LISTED: usize = 3;

/// Who worked on a run, when, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// When the run began, RFC 3339.
    pub created: String,
    /// When its first change was allowed, RFC 3339.
    pub started: Option<String>,
    /// When it ended, RFC 3339.
    pub ended: Option<String>,
    /// Who gave the last command on it.
    pub operator: Option<Invoker>,
    /// Every process that worked on it, in order.
    pub invocations: Vec<InvocationReport>,
    /// The identities that sent changes for it.
    pub identities: Vec<Identity>,
    /// The manifests that its pairs came from.
    pub manifests: Vec<Manifest>,
}

/// The work of one process on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvocationReport {
    /// Who gave the command.
    #[serde(flatten)]
    pub by: Invoker,
    /// When the process began, RFC 3339.
    pub began: String,
    /// When it ended, or was last heard of, RFC 3339.
    pub last: String,
    /// `ended`, `running` or `killed`.
    pub state: &'static str,
    /// Seconds that it waited for a person's answers.
    pub asked_s: u64,
}

/// A manifest of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// Its name as given, `-` for standard input.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal; absent if an earlier version read it.
    pub sha256: Option<String>,
}

impl Provenance {
    /// What the journal holds of `run`.
    pub(super) async fn load(
        journal: &dyn JournalRead,
        run: &RunRecord,
    ) -> Result<Self, JournalError> {
        let work = |it: &Invocation| InvocationReport::new(it, run.running.is_some());
        let manifests = run
            .sources
            .iter()
            .map(|source| Manifest { name: source.name.clone(), sha256: source.digest.clone() });
        Ok(Self {
            created: rfc3339(run.new.created_ms),
            started: run.started_ms.map(rfc3339),
            ended: run.ended_ms.map(rfc3339),
            operator: run.invocations.last().map(|last| last.by.clone()),
            invocations: run.invocations.iter().map(work).collect(),
            identities: journal.identities(&run.new.id).await?,
            manifests: manifests.collect(),
        })
    }
}

impl InvocationReport {
    fn new(invocation: &Invocation, is_running: bool) -> Self {
        Self {
            by: invocation.by.clone(),
            began: rfc3339(invocation.began_ms),
            last: rfc3339(invocation.last_ms),
            state: match invocation.end {
                InvocationEnd::Ended => "ended",
                InvocationEnd::Open if is_running => "running",
                InvocationEnd::Open | InvocationEnd::Killed => "killed",
            },
            asked_s: whole_seconds(invocation.asked_ms),
        }
    }
}

/// Writes a few lines: who gave the commands, as whom they acted, on which manifests. Command lines
/// and digests are never broken: they are copied.
pub(super) fn write(
    run: &RunRecord,
    told: &Provenance,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut lines = Vec::new();
    let unlisted = run.invocations.len().saturating_sub(LISTED);
    if unlisted > 0 {
        lines.push(format!("{} before these:", count(unlisted as u64, "invocation")));
    }
    for (invocation, work) in run.invocations.iter().zip(&told.invocations).skip(unlisted) {
        lines.push(by_whom(invocation, work));
        lines.push(format!("  {}", work.by.command));
    }
    lines.extend(told.identities.iter().take(LISTED).map(|it| format!("Acted as {}", it.arn)));
    let more = told.identities.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("and as {more} more"));
    }
    for manifest in &told.manifests {
        lines.push(format!("Manifest {}", manifest.name));
        lines.extend(manifest.sha256.iter().map(|digest| format!("  sha256 {digest}")));
    }
    writeln!(out)?;
    for line in lines {
        writeln!(out, "{}", style.paint(Tone::Quiet, &escape_control(&line)))?;
    }
    Ok(())
}

/// `2026-12-01 02:15Z to 2026-12-01 02:16Z: ann on ops1, process 4711, unpair 0.1.0`.
fn by_whom(invocation: &Invocation, work: &InvocationReport) -> String {
    let Invoker { host, user, pid, version, .. } = &work.by;
    let (began, last) = (clock(invocation.began_ms), clock(invocation.last_ms));
    let last = match work.state {
        "running" => "now".to_owned(),
        "killed" => format!("{last} (killed)"),
        _ => last,
    };
    format!("{began} to {last}: {user} on {host}, process {pid}, unpair {version}")
}
