//! The reasons why pairs are not severed, gathered: each once, however many pairs it keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cause::{Cause, CauseKind, SideCause};
use super::pairs::PairRows;
use super::remedy::remedy;
use super::{PairRow, SideRow, Summary};
use crate::journal::{JournalError, JournalRead, RunRecord};
use crate::model::{LaneKey, PairOutcome};

/// Lanes that are listed of one cause.
const LANES: usize = 20;
/// Pairs from which on a cause stands at the head of a table, and its pairs refer to it.
const MANY: u64 = 3;
/// Different reasons that are told apart; a provider's texts may name what they are about.
const REASONS: usize = 200;
/// Characters from which on a word with a digit is taken for an id: of a request, an account, a group.
const ID_LENGTH: usize = 6;

impl Summary {
    /// Adds to the options that a command about the run needs.
    #[must_use]
    pub fn with_options(mut self, options: &str) -> Self {
        self.options.push_str(options);
        self
    }

    /// Adds the causes that keep the pairs of `run` from being severed; nothing is walked through when
    /// all of them are, or when nothing was read.
    pub async fn with_causes(
        mut self,
        journal: &dyn JournalRead,
        run: &RunRecord,
    ) -> Result<Self, JournalError> {
        if self.pairs.severed < self.pairs.total && !run.is_unread() {
            let mut gathered = Gathered::default();
            let mut pairs = PairRows::open(journal, run).await?;
            while let Some(page) = pairs.next_unless(PairOutcome::Severed).await? {
                for pair in &page {
                    gathered.add(pair);
                }
            }
            self.unread_accounts = gathered.unread_accounts();
            self.causes = gathered.sorted(run, &self.options);
        }
        Ok(self)
    }

    /// The cause of a side, if it has one.
    pub fn cause_of(&self, side: &SideRow) -> Option<&Cause> {
        self.cause_like(side.cause.as_ref()?)
    }

    /// The cause that `case` is a case of, if it is told.
    pub(super) fn cause_like(&self, case: &SideCause) -> Option<&Cause> {
        let key = (case.kind, alike(&case.words()));
        self.causes.iter().find(|one| one.keys.contains(&key))
    }

    /// The cause of a side, if so many pairs have it that it is told before the pairs.
    pub fn common_cause_of(&self, side: &SideRow) -> Option<&Cause> {
        self.cause_of(side).filter(|cause| cause.pairs >= MANY)
    }

    /// The causes that so many pairs have that each is told once, before the pairs.
    pub fn common_causes(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter().filter(|cause| cause.pairs >= MANY)
    }
}

/// Causes while they are counted.
#[derive(Default)]
struct Gathered(BTreeMap<(CauseKind, String), Counted>);

/// A cause while it is counted.
struct Counted {
    /// The reason of the first case; with what differs left out once there is another.
    reason: String,
    code: Arc<str>,
    pairs: u64,
    rules: u64,
    lanes: BTreeSet<LaneKey>,
    /// The keys of what was taken for the same cause.
    others: Vec<(CauseKind, String)>,
}

impl Gathered {
    /// Counts the sides of a pair; both for one cause are one pair.
    fn add(&mut self, pair: &PairRow) {
        let mut counted = None;
        for side in pair.sides() {
            let Some(cause) = &side.cause else { continue };
            let words = cause.words();
            let mut key = (cause.kind, alike(&words));
            if self.0.len() >= REASONS && !self.0.contains_key(&key) {
                cause.kind.words().clone_into(&mut key.1);
            }
            let entry = self.0.entry(key.clone()).or_insert_with(|| Counted {
                reason: words.clone(),
                code: Arc::clone(&cause.reason),
                pairs: 0,
                rules: 0,
                lanes: BTreeSet::new(),
                others: Vec::new(),
            });
            if entry.reason != words {
                entry.reason.clone_from(&key.1);
            }
            entry.rules += cause.rules;
            entry.lanes.insert(side.group.lane());
            if counted.as_ref() != Some(&key) {
                entry.pairs += 1;
                counted = Some(key);
            }
        }
    }

    /// Accounts of which a side could not be read.
    fn unread_accounts(&self) -> u64 {
        let unread = self.0.iter().filter(|((kind, _), _)| *kind == CauseKind::Unreadable);
        let lanes = unread.flat_map(|(_, it)| &it.lanes);
        lanes.map(|lane| (lane.cloud, &lane.account)).collect::<BTreeSet<_>>().len() as u64
    }

    /// Takes what was not sent because of a refusal for the same cause as what was refused.
    fn join_refused(&mut self) {
        let (mut unsent, mut rest): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(key, _)| key.0 == CauseKind::NotSent);
        for (_, refused) in rest.iter_mut().filter(|(key, _)| key.0 == CauseKind::Refused) {
            let code = refused.code.split(':').next().filter(|code| !code.is_empty());
            let Some(start) = code.map(|code| format!("not sent: {code}:")) else { continue };
            let (same, others) =
                unsent.into_iter().partition(|(_, it)| it.code.starts_with(&start));
            unsent = others;
            refused.join(same);
        }
        rest.append(&mut unsent);
        self.0 = rest;
    }

    /// The causes, that of the most pairs first.
    fn sorted(mut self, run: &RunRecord, options: &str) -> Vec<Cause> {
        self.join_refused();
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by(|(x, one), (y, other)| other.pairs.cmp(&one.pairs).then_with(|| x.cmp(y)));
        let numbered = all.into_iter().enumerate();
        let cause = |(at, ((kind, key), it)): (usize, (_, Counted))| Cause {
            cause: at + 1,
            kind,
            reason: it.reason,
            remedy: remedy(kind, &it.code, run, options),
            pairs: it.pairs,
            rules: it.rules,
            lanes_total: it.lanes.len(),
            lanes: it.lanes.into_iter().take(LANES).collect(),
            keys: std::iter::once((kind, key)).chain(it.others).collect(),
        };
        numbered.map(cause).collect()
    }
}

impl Counted {
    fn join(&mut self, same: BTreeMap<(CauseKind, String), Self>) {
        for (key, it) in same {
            self.pairs += it.pairs;
            self.rules += it.rules;
            self.lanes.extend(it.lanes);
            self.others.push(key);
        }
    }
}

/// A reason without what differs from case to case: words that look like ids are `…`.
fn alike(reason: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_:/.=+".contains(c);
    let is_id = |word: &str| word.len() >= ID_LENGTH && word.bytes().any(|b| b.is_ascii_digit());
    let pieces = reason.split_inclusive(|c| !is_part(c)).map(|piece| {
        let word = piece.trim_end_matches(|c| !is_part(c));
        let kept = word.trim_end_matches([':', '.']);
        if is_id(kept) { piece.replacen(kept, "…", 1) } else { piece.to_owned() }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_ids_alone_are_alike() {
        let reason =
            |id: &str| format!("refused: Forbidden.RAM: no right to sg-{id} (request 9F1-{id}).");
        assert_eq!(alike(&reason("0001")), alike(&reason("0002")));
        assert_eq!(alike(&reason("0001")), "refused: Forbidden.RAM: no right to … (request …).");
        assert_ne!(alike("timeout: no answer"), alike("timeout: no route"));
        assert_eq!(alike("no answer within 15 s"), "no answer within 15 s");
    }
}
