//! What a run's readings prove about the sides of its pairs, held compactly.

use std::collections::HashSet;
use std::sync::Arc;

use crate::journal::{
    Finding, JournalError, JournalRead, NamesPeer, Naming, PeerEntry, RunRecord, SideReading,
};
use crate::model::{Filter, GroupIx, PairOutcome, Scope, SideState, judge_pair};

use super::unsettled::unsettled;

/// Rows asked of the journal at a time.
pub(super) const PAGE: u32 = 1000;

/// The last reading of one group, at most 24 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastRead {
    Never,
    Seen,
    /// Read well; a service of the provider manages the group.
    Managed,
    /// With the provider's code.
    Missing(Arc<str>),
    NotOurs,
    /// Not ours, but it was seen which groups of ours its ingress rules name. Sorted.
    Naming(Box<Naming>),
    /// With `code: message`.
    Failed(Arc<str>),
}

/// A pair as the journal numbers it, with what its rows ask for.
#[derive(Clone, Debug)]
pub(super) struct PairSpan {
    pub(super) a: GroupIx,
    pub(super) b: GroupIx,
    /// At least one; `peer` is `b` in each.
    pub(super) rows: Vec<PeerEntry>,
}

/// One side of a pair, judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JudgedSide {
    pub(super) state: SideState,
    /// What was counted; zero where nothing could be read.
    pub(super) finding: Finding,
    /// Who may change the group.
    pub(super) keeper: Keeper,
}

/// Who may change a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    Us,
    /// A service of the provider.
    Service,
    /// Another account, which is not ours to call.
    Partner,
}

/// A pair, judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) outcome: PairOutcome,
    pub(super) a: JudgedSide,
    pub(super) b: JudgedSide,
}

/// The readings and findings of a run. Grows with its groups, not with its revocations.
pub(super) struct Evidence {
    sides: Vec<LastRead>,
    /// Sorted by group, then peer.
    findings: Vec<(GroupIx, Finding)>,
    pub(super) filters: Vec<Filter>,
    accept_gone: bool,
    /// Sides that are not ours to read any more, and not done with.
    unsettled: HashSet<(GroupIx, GroupIx)>,
    /// When the oldest of the last readings that told something was made.
    pub(super) oldest_ms: Option<i64>,
}

impl Evidence {
    /// Reads what the journal holds of `run`.
    pub(super) async fn load(
        journal: &dyn JournalRead,
        run: &RunRecord,
    ) -> Result<Self, JournalError> {
        let id = &run.new.id;
        let mut findings = journal.findings(id).await?;
        findings.sort_unstable_by_key(|(group, finding)| (*group, finding.peer));
        let sides = load_sides(journal, run).await?;
        Ok(Self {
            unsettled: unsettled(journal, run, &partners(&sides)).await?,
            sides,
            findings,
            filters: journal.filters(id).await?,
            accept_gone: run.new.accept_gone,
            oldest_ms: journal.reading_times(id).await?.map(|times| times.oldest_ms),
        })
    }

    /// Judges both sides of a pair, and the pair.
    pub(super) fn judge(&self, pair: &PairSpan) -> Judged {
        let ingress_alone = pair.rows.iter().all(|row| {
            self.filters
                .get(usize::from(row.filter))
                .is_some_and(|filter| filter.direction == Scope::Ingress)
        });
        let a = self.side(pair.a, pair.b, ingress_alone);
        let b = self.side(pair.b, pair.a, ingress_alone);
        Judged { outcome: judge_pair(&[a.state, b.state]), a, b }
    }

    /// The last reading of a group.
    pub(super) fn last_read(&self, group: GroupIx) -> &LastRead {
        self.sides.get(group.0 as usize).unwrap_or(&LastRead::Never)
    }

    fn side(&self, group: GroupIx, peer: GroupIx, ingress_alone: bool) -> JudgedSide {
        let nothing = Finding { peer, ..Finding::default() };
        let (state, finding) = match self.last_read(group) {
            LastRead::Seen | LastRead::Managed => {
                let finding = self.finding(group, peer).unwrap_or(nothing);
                (seen_state(finding), finding)
            }
            LastRead::Missing(_) if self.accept_gone => (SideState::Clean, nothing),
            LastRead::Naming(naming) => match naming.of(peer) {
                NamesPeer::Yes => (SideState::Standing(1), Finding { standing: 1, ..nothing }),
                NamesPeer::Misowned(_) => (SideState::Unknown, Finding { misowned: 1, ..nothing }),
                NamesPeer::No if ingress_alone => (SideState::Clean, nothing),
                NamesPeer::No | NamesPeer::Unseen => (SideState::NotOurs, nothing),
            },
            LastRead::NotOurs => (SideState::NotOurs, nothing),
            LastRead::Never | LastRead::Missing(_) | LastRead::Failed(_) => {
                (SideState::Unknown, nothing)
            }
        };
        let is_left = state == SideState::NotOurs && self.unsettled.contains(&(group, peer));
        let state = if is_left { SideState::Unknown } else { state };
        JudgedSide { state, finding, keeper: keeper(self.last_read(group)) }
    }

    fn finding(&self, group: GroupIx, peer: GroupIx) -> Option<Finding> {
        let at = self.findings.binary_search_by_key(&(group, peer), |(g, f)| (*g, f.peer)).ok()?;
        self.findings.get(at).map(|(_, finding)| *finding)
    }
}

const fn keeper(read: &LastRead) -> Keeper {
    match read {
        LastRead::Managed => Keeper::Service,
        LastRead::NotOurs | LastRead::Naming(_) => Keeper::Partner,
        LastRead::Never | LastRead::Seen | LastRead::Missing(_) | LastRead::Failed(_) => Keeper::Us,
    }
}

/// The groups that are not ours to read.
fn partners(sides: &[LastRead]) -> HashSet<GroupIx> {
    let is_partner = |side: &LastRead| matches!(side, LastRead::NotOurs | LastRead::Naming(_));
    (0..).map(GroupIx).zip(sides).filter(|(_, side)| is_partner(side)).map(|(ix, _)| ix).collect()
}

fn seen_state(finding: Finding) -> SideState {
    if finding.is_in_doubt() {
        return SideState::Unknown;
    }
    match (finding.standing, finding.outside) {
        (0, 0) => SideState::Clean,
        (0, outside) => SideState::Outside(u64::from(outside)),
        (standing, _) => SideState::Standing(u64::from(standing)),
    }
}

async fn load_sides(
    journal: &dyn JournalRead,
    run: &RunRecord,
) -> Result<Vec<LastRead>, JournalError> {
    let mut sides = Vec::new();
    let mut texts = HashSet::new();
    let mut from = GroupIx(0);
    loop {
        let page = journal.sides(&run.new.id, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(sides) };
        from = GroupIx(last.group.0 + 1);
        for side in page {
            // A group that the journal leaves out was never read.
            sides.resize(side.group.0 as usize, LastRead::Never);
            sides.push(compact(side.state, &mut texts));
        }
    }
}

fn compact(state: SideReading, texts: &mut HashSet<Arc<str>>) -> LastRead {
    match state {
        SideReading::Unread => LastRead::Never,
        SideReading::Seen { service_managed: false } => LastRead::Seen,
        SideReading::Seen { service_managed: true } => LastRead::Managed,
        SideReading::Missing { code } => LastRead::Missing(intern(texts, &code)),
        SideReading::NotOurs { naming: None } => LastRead::NotOurs,
        SideReading::NotOurs { naming: Some(mut naming) } => {
            naming.sort();
            LastRead::Naming(Box::new(naming))
        }
        SideReading::Failed { code, message } => {
            LastRead::Failed(intern(texts, &joined(&code, &message)))
        }
    }
}

/// `code: message`, or whichever of them there is.
fn joined(code: &str, message: &str) -> String {
    match (code, message) {
        (code, "") => code.to_owned(),
        ("", message) => message.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}

/// The one copy of a text that many groups share.
pub(super) fn intern(texts: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(known) = texts.get(text) {
        return Arc::clone(known);
    }
    let new: Arc<str> = Arc::from(text);
    texts.insert(Arc::clone(&new));
    new
}
