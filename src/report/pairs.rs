//! Every pair of a run with its outcome and the reason for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::journal::{JournalError, JournalRead, RunRecord};
use crate::model::{Filter, GroupIx, GroupRef, Groups, PairOutcome, RowText, SideState};

use super::cause::{CauseKind, SideCause};
use super::causes::Causes;
use super::doubts::{Doubts, LastGroup};
use super::evidence::{Evidence, JudgedSide, LastRead, PairSpan};
use super::walk::PairWalk;
use super::words::{describe, reason_of};

/// Every outcome, in the order of a report.
pub(super) const WORST_FIRST: [PairOutcome; 6] = [
    PairOutcome::HalfSevered,
    PairOutcome::Open,
    PairOutcome::Unknown,
    PairOutcome::OursSevered,
    PairOutcome::Narrowed,
    PairOutcome::Severed,
];

pub use super::pair_row::{PairRow, SideRow};

/// Shows `visit` every pair of `run` once, in plan order.
pub async fn for_each_pair(
    journal: &dyn JournalRead,
    run: &RunRecord,
    visit: &mut dyn FnMut(&PairRow),
) -> Result<(), JournalError> {
    let mut rows = PairRows::open(journal, run).await?;
    while let Some(page) = rows.next().await? {
        page.iter().for_each(&mut *visit);
    }
    Ok(())
}

/// The pairs of a run, page by page, for writers that cannot wait inside a callback.
pub(super) struct PairRows<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunRecord,
    evidence: Evidence,
    causes: Causes,
    names: Groups,
    walk: PairWalk<'a>,
}

impl<'a> PairRows<'a> {
    /// Reads what judging needs.
    pub(super) async fn open(
        journal: &'a dyn JournalRead,
        run: &'a RunRecord,
    ) -> Result<Self, JournalError> {
        let id = &run.new.id;
        Ok(Self {
            evidence: Evidence::load(journal, run).await?,
            causes: Causes::load(journal, run).await?,
            names: journal.names(id).await?,
            walk: PairWalk::new(journal, id),
            journal,
            run,
        })
    }

    /// The next pairs; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<PairRow>>, JournalError> {
        let Some(page) = self.walk.next().await? else { return Ok(None) };
        self.spell_out(&page).await.map(Some)
    }

    /// The next pairs of one outcome; `None` at the end, after which the walk begins anew.
    pub(super) async fn next_of(
        &mut self,
        outcome: PairOutcome,
    ) -> Result<Option<Vec<PairRow>>, JournalError> {
        let Some(mut page) = self.walk.next().await? else {
            self.begin_anew();
            return Ok(None);
        };
        page.retain(|pair| self.evidence.judge(pair).outcome == outcome);
        self.spell_out(&page).await.map(Some)
    }

    /// The next pairs of any other outcome; `None` at the end.
    pub(super) async fn next_unless(
        &mut self,
        outcome: PairOutcome,
    ) -> Result<Option<Vec<PairRow>>, JournalError> {
        let Some(mut page) = self.walk.next().await? else { return Ok(None) };
        page.retain(|pair| self.evidence.judge(pair).outcome != outcome);
        self.spell_out(&page).await.map(Some)
    }

    /// Lets the walk begin anew, for whoever has seen enough.
    pub(super) fn begin_anew(&mut self) {
        self.walk = PairWalk::new(self.journal, &self.run.new.id);
    }

    async fn spell_out(&self, page: &[PairSpan]) -> Result<Vec<PairRow>, JournalError> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let lines: Vec<u32> = page.iter().flat_map(|pair| &pair.rows).map(|row| row.line).collect();
        let notes = self.journal.notes_of(&self.run.new.id, &lines).await?;
        let doubts = self.doubts(page).await?;
        page.iter().map(|pair| self.row(pair, &notes, &doubts)).collect()
    }

    /// What keeps sides of these pairs from being judged.
    async fn doubts(&self, page: &[PairSpan]) -> Result<Doubts, JournalError> {
        let (mut doubts, mut groups) = (Doubts::default(), LastGroup::default());
        for pair in page {
            let judged = self.evidence.judge(pair);
            if judged.a.finding.is_in_doubt() || judged.b.finding.is_in_doubt() {
                let (a, b) = (self.name(pair.a)?, self.name(pair.b)?);
                let at = (self.journal, &self.run.new.id);
                let pair = [(pair.a, &a), (pair.b, &b)];
                doubts.add(at, &mut groups, &judged, pair).await?;
            }
        }
        Ok(doubts)
    }

    fn row(
        &self,
        pair: &PairSpan,
        notes: &Notes,
        doubts: &Doubts,
    ) -> Result<PairRow, JournalError> {
        let judged = self.evidence.judge(pair);
        let (a, b) = (self.name(pair.a)?, self.name(pair.b)?);
        let a_row = self.side((pair.a, &a), (pair.b, &b), judged.a, doubts);
        let b_row = self.side((pair.b, &b), (pair.a, &a), judged.b, doubts);
        Ok(PairRow {
            outcome: judged.outcome,
            reason: reason_of(&a_row, &b_row, |side| side.text.clone()),
            a: a_row,
            b: b_row,
            line: pair.rows.iter().map(|row| row.line).min().unwrap_or_default(),
            note: RowText::joined(pair.rows.iter().filter_map(|row| notes.get(&row.line))),
            filters: self.filters(pair),
        })
    }

    fn name(&self, ix: GroupIx) -> Result<GroupRef, JournalError> {
        if (ix.0 as usize) < self.names.len() {
            return Ok(self.names.get(ix));
        }
        Err(JournalError::Damaged(format!("group {} of a run is missing", ix.0)))
    }

    fn side(
        &self,
        (own, group): (GroupIx, &GroupRef),
        (peer, other): (GroupIx, &GroupRef),
        judged: JudgedSide,
        doubts: &Doubts,
    ) -> SideRow {
        let read = self.evidence.last_read(own);
        let cause = self.cause(own, peer, judged);
        let (brief, text) = match &cause {
            // Its reading says it all.
            Some(cause) if read_cause(judged, read).as_ref() == Some(cause) => {
                (cause.kind.words().to_owned(), describe(judged, read, (peer, other), None))
            }
            Some(cause) => {
                let brief = describe(judged, read, (peer, other), doubts.get(own, peer));
                let text = format!("{brief}; {}", cause.words());
                (brief, text)
            }
            None => {
                let text = describe(judged, read, (peer, other), doubts.get(own, peer));
                (text.clone(), text)
            }
        };
        SideRow {
            group: group.clone(),
            state: judged.state,
            text,
            brief,
            cause,
            standing: judged.finding.standing,
            outside: judged.finding.outside,
            drops: judged.finding.drops,
            misowned: judged.finding.misowned,
            unclear: judged.finding.unclear,
            is_partner: matches!(read, LastRead::NotOurs | LastRead::Naming(_)),
        }
    }

    /// Why a side is not clean: what was refused or not sent, else what its reading says.
    fn cause(&self, own: GroupIx, peer: GroupIx, judged: JudgedSide) -> Option<SideCause> {
        if matches!(judged.state, SideState::Clean | SideState::Outside(_)) {
            return None;
        }
        let of_rules = self.causes.get(own, peer).cloned();
        of_rules.or_else(|| read_cause(judged, self.evidence.last_read(own)))
    }

    fn filters(&self, pair: &PairSpan) -> Vec<Filter> {
        pair.rows
            .iter()
            .filter_map(|row| self.evidence.filters.get(usize::from(row.filter)).cloned())
            .collect()
    }
}

/// What the reading of a side says of why it is not clean, or cannot be judged.
fn read_cause(judged: JudgedSide, read: &LastRead) -> Option<SideCause> {
    let rules = u64::from(judged.finding.standing);
    let (kind, reason) = match (read, judged.state) {
        (LastRead::Failed(said), SideState::Unknown) => (CauseKind::Unreadable, Arc::clone(said)),
        (LastRead::Never, SideState::Unknown) => (CauseKind::NeverRead, Arc::from("")),
        (LastRead::Missing(code), SideState::Unknown) => (CauseKind::NoSuchGroup, Arc::clone(code)),
        (LastRead::Managed, SideState::Standing(_)) => (CauseKind::Managed, Arc::from("")),
        _ => return None,
    };
    Some(SideCause { kind, reason, rules })
}

/// The free text of the rows of a page, by line.
type Notes = BTreeMap<u32, RowText>;
