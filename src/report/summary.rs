//! The counts of a run: the JSON object that every command prints, and its verdict line.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::journal::{JournalError, JournalRead, NewRun, RunKind, RunRecord, RunState, Tally};
use crate::model::{PairCounts, RuleCounts, RunId};

use super::cause::Cause;
use super::evidence::{Evidence, Judged, Keeper};
use super::provenance::Provenance;
use super::text::{count, rfc3339, thousands, whole_seconds};
use super::walk::PairWalk;

/// The version of the JSON output.
const SCHEMA: u32 = 1;

/// What every command that calls the clouds prints with `--format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The version of this object.
    pub schema: u32,
    /// The command that prints it.
    pub command: String,
    /// The run.
    pub run: RunId,
    /// `planned`, `running`, `finished`, `interrupted` or `stopped`.
    pub state: &'static str,
    /// The plan's digest, once the plan is complete.
    pub digest: Option<String>,
    /// Pairs by outcome.
    pub pairs: PairCounts,
    /// Revocations by outcome, and grants outside the rows' filters.
    pub rules: RuleCounts,
    /// What the last readings show between the pairs.
    pub live: LiveCounts,
    /// Rows of the manifests that `--keep-going` left out.
    pub left_out: u64,
    /// When the oldest of the readings was made that this rests on: milliseconds since 1970, RFC 3339
    /// in JSON.
    #[serde(rename = "oldest_reading", serialize_with = "in_rfc3339")]
    pub oldest_reading_ms: Option<i64>,
    /// Exchanges with the providers.
    pub calls: CallCounts,
    /// The estimate in seconds; 0 if there was none.
    pub estimate_s: u64,
    /// Seconds spent in all invocations, without the time that a person thought.
    pub elapsed_s: u64,
    /// Accounts of which a side could not be read: see [`Summary::with_causes`].
    pub unread_accounts: u64,
    /// What keeps its pairs from being severed, that of the most pairs first: see
    /// [`Summary::with_causes`].
    pub causes: Vec<Cause>,
    /// Who worked on it, when, and with what.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The options that a command about the run needs, each after a space.
    #[serde(skip)]
    pub options: String,
}

/// What the last readings show between the pairs of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiveCounts {
    /// Rules that the rows ask to be gone.
    pub standing: u64,
    /// Grants outside the rows' filters.
    pub outside: u64,
    /// Drop rules that no row asks for.
    pub drops: u64,
    /// Rules that name a pair's other group under another owner than the row.
    pub misowned: u64,
    /// Rules that may name a pair's other group, and cannot be judged.
    pub unclear: u64,
    /// Of those standing, rules of groups that a service of the provider manages.
    pub managed: u64,
    /// Of those standing, rules of sides that are not ours.
    pub partners: u64,
}

/// Exchanges with the providers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    /// All of them.
    pub total: u64,
    /// By the provider's name of the action.
    pub by_action: BTreeMap<String, u64>,
    /// By the provider's code; successes are not counted here.
    pub by_code: BTreeMap<String, u64>,
    /// Refused by the provider's rate limit.
    pub throttled: u64,
    /// Sent again.
    pub retried: u64,
}

/// Counts what the journal says of `run`; `command` is the one that asks.
pub async fn summarize(
    journal: &dyn JournalRead,
    run: &RunRecord,
    command: &str,
) -> Result<Summary, JournalError> {
    let (pairs, live, oldest_reading_ms) = judge_all(journal, run).await?;
    Ok(Summary {
        schema: SCHEMA,
        command: command.to_owned(),
        run: run.new.id.clone(),
        state: state_word(run),
        digest: run.digest.clone(),
        pairs,
        rules: RuleCounts { outside: live.outside, ..run.rules },
        live,
        left_out: run.new.left_out,
        oldest_reading_ms,
        calls: CallCounts::of(&journal.tallies(&run.new.id).await?),
        estimate_s: run.estimate_s.unwrap_or_default(),
        elapsed_s: whole_seconds(run.elapsed_ms),
        unread_accounts: 0,
        causes: Vec::new(),
        provenance: Provenance::load(journal, run).await?,
        options: if run.new.sandbox { " --sandbox".to_owned() } else { String::new() },
    })
}

/// How the pairs stand, what is live of them, and when the oldest reading of them was made.
async fn judge_all(
    journal: &dyn JournalRead,
    run: &RunRecord,
) -> Result<(PairCounts, LiveCounts, Option<i64>), JournalError> {
    let (mut pairs, mut live) = (PairCounts::default(), LiveCounts::default());
    if run.is_unread() {
        (pairs.total, pairs.unknown) = (run.pairs, run.pairs);
        return Ok((pairs, live, None));
    }
    let evidence = Evidence::load(journal, run).await?;
    let mut walk = PairWalk::new(journal, &run.new.id);
    while let Some(page) = walk.next().await? {
        for pair in &page {
            let judged = evidence.judge(pair);
            pairs.add(judged.outcome);
            live.add(&judged);
        }
    }
    Ok((pairs, live, evidence.oldest_ms))
}

/// The exit code that the pairs of a run that came to its end call for: 0 or 3. An audit is done
/// however its pairs stand, but for what its options ask.
pub fn exit_code(pairs: &PairCounts, run: &NewRun) -> u8 {
    let unread = if run.require_both { pairs.ours_severed } else { 0 };
    let live = match run.kind {
        RunKind::Audit if !run.expect_severed => 0,
        _ => pairs.half_severed + pairs.open + pairs.unknown,
    };
    if live + unread + run.left_out == 0 { 0 } else { 3 }
}

/// The state as users know it: a run that another process works on is running, and one whose process
/// died was interrupted.
pub(super) const fn state_word(run: &RunRecord) -> &'static str {
    match run.state {
        _ if run.running.is_some() => "running",
        RunState::Planned => "planned",
        RunState::Finished => "finished",
        RunState::Reading | RunState::Acting | RunState::Interrupted => "interrupted",
        RunState::Stopped => "stopped",
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
fn in_rfc3339<S: Serializer>(ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    ms.map(rfc3339).serialize(serializer)
}

impl Summary {
    /// One line that says how it stands, such as
    /// `12 pairs: 10 severed, 1 half-severed, 1 unknown · 57 rules: 55 removed, 2 already absent`.
    pub fn verdict(&self) -> String {
        self.verdict_parts().join(" · ")
    }

    /// The parts of [`Self::verdict`].
    pub(super) fn verdict_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.pairs.total > 0 {
            parts.push(tell(&count(self.pairs.total, "pair"), &pair_words(&self.pairs)));
        }
        if self.rules.planned > 0 && self.rules.pending == self.rules.planned {
            parts.push(format!("{} to revoke", count(self.rules.planned, "rule")));
        } else if self.rules.planned > 0 {
            parts.push(tell(&count(self.rules.planned, "rule"), &rule_words(&self.rules)));
        } else if self.live.removable() > 0 {
            parts.push(format!("{} to revoke", count(self.live.removable(), "rule")));
        } else if self.pairs.unknown + self.live.standing == 0 {
            parts.push("nothing to revoke".to_owned());
        }
        if self.unread_accounts > 0 {
            let accounts = count(self.unread_accounts, "account");
            parts.push(format!("sides of {accounts} could not be read"));
        }
        if self.live.managed > 0 {
            let rules = count(self.live.managed, "rule");
            parts.push(format!("{rules} in groups that a service of the provider manages"));
        }
        if self.rules.outside > 0 {
            parts.push(format!("{} outside the rows", count(self.rules.outside, "grant")));
        }
        if self.left_out > 0 {
            parts.push(format!("{} left out (--keep-going)", count(self.left_out, "row")));
        }
        parts
    }
}

/// Pair outcomes as people read them, good news first.
pub(super) fn pair_words(pairs: &PairCounts) -> [(&'static str, u64); 6] {
    [
        ("severed", pairs.severed),
        ("narrowed", pairs.narrowed),
        ("ours severed", pairs.ours_severed),
        ("half-severed", pairs.half_severed),
        ("open", pairs.open),
        ("unknown", pairs.unknown),
    ]
}

/// Revocation outcomes as people read them.
pub(super) fn rule_words(rules: &RuleCounts) -> [(&'static str, u64); 9] {
    [
        ("removed", rules.removed),
        ("already absent", rules.already_absent),
        ("conflict", rules.conflict),
        ("still present", rules.still_present),
        ("group gone", rules.group_gone),
        ("failed", rules.failed),
        ("unknown", rules.unknown),
        ("unverified", rules.unverified),
        ("pending", rules.pending),
    ]
}

/// `12 pairs: 10 severed, 2 open`, without the zeros.
fn tell(total: &str, words: &[(&str, u64)]) -> String {
    let told: Vec<String> = words
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{} {word}", thousands(*n)))
        .collect();
    if told.is_empty() { total.to_owned() } else { format!("{total}: {}", told.join(", ")) }
}

impl LiveCounts {
    /// Rules that stand and that we may remove.
    pub(super) const fn removable(&self) -> u64 {
        self.standing - self.managed - self.partners
    }

    fn add(&mut self, judged: &Judged) {
        for side in [judged.a, judged.b] {
            self.standing += u64::from(side.finding.standing);
            self.outside += u64::from(side.finding.outside);
            self.drops += u64::from(side.finding.drops);
            self.misowned += u64::from(side.finding.misowned);
            self.unclear += u64::from(side.finding.unclear);
            match side.keeper {
                Keeper::Us => {}
                Keeper::Service => self.managed += u64::from(side.finding.standing),
                Keeper::Partner => self.partners += u64::from(side.finding.standing),
            }
        }
    }
}

impl CallCounts {
    /// Adds up tallies of all lanes.
    pub(super) fn of(tallies: &[Tally]) -> Self {
        let mut counts = Self::default();
        // A damaged journal may hold any number.
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        for tally in tallies {
            add(&mut counts.total, tally.count);
            add(&mut counts.throttled, tally.throttled);
            add(&mut counts.retried, tally.retried);
            add(counts.by_action.entry(tally.action.clone()).or_default(), tally.count);
            if !tally.code.is_empty() {
                add(counts.by_code.entry(tally.code.clone()).or_default(), tally.count);
            }
        }
        counts
    }
}
