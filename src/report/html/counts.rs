//! Revocations counted: by outcome and reason, and by account and region.

use std::collections::BTreeMap;
use std::io::Write;

use super::markup::{head, html, row};
use super::revocations::WORST_FIRST;
use crate::journal::RevocationRecord;
use crate::model::LaneKey;
use crate::report::ReportError;
use crate::report::text::thousands;

/// Different reasons that are told apart; a provider's texts may name what they are about.
const REASONS: usize = 100;
/// Characters of a reason that tell it from others.
const LENGTH: usize = 200;
/// Accounts and regions that are listed.
const LANES: usize = 100;
/// What stands for reasons beyond [`REASONS`].
const OTHERS: &str = "other reasons";

/// Counts of revocations by the place of their outcome in [`WORST_FIRST`].
type ByOutcome = [u64; WORST_FIRST.len()];

/// What a run's revocations came to.
#[derive(Default)]
pub(super) struct Counts {
    reasons: BTreeMap<(usize, String), u64>,
    lanes: BTreeMap<LaneKey, ByOutcome>,
}

impl Counts {
    /// Counts one.
    pub(super) fn add(&mut self, record: &RevocationRecord) {
        let outcome = WORST_FIRST.iter().position(|outcome| *outcome == record.outcome);
        let outcome = outcome.unwrap_or(WORST_FIRST.len() - 1);
        let reason = record.reason.as_deref().unwrap_or_default();
        let mut reason = (outcome, reason.chars().take(LENGTH).collect());
        if self.reasons.len() >= REASONS && !self.reasons.contains_key(&reason) {
            OTHERS.clone_into(&mut reason.1);
        }
        *self.reasons.entry(reason).or_default() += 1;
        self.lanes.entry(record.group.lane()).or_default()[outcome] += 1;
    }

    /// All of them.
    pub(super) fn total(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// Writes a table of reasons, and one of accounts and regions, the worst first.
    pub(super) fn write(&self, out: &mut dyn Write) -> Result<(), ReportError> {
        self.write_reasons(out)?;
        self.write_lanes(out)
    }

    fn write_reasons(&self, out: &mut dyn Write) -> Result<(), ReportError> {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|((outcome, _), n)| (*outcome, std::cmp::Reverse(**n)));
        write!(out, "{}", head(["outcome", "reason", "revocations"]))?;
        for ((outcome, reason), n) in reasons {
            let word = WORST_FIRST[*outcome].as_str();
            write!(out, "{}", row("td", word, &[html(word), html(reason), thousands(*n)]))?;
        }
        Ok(writeln!(out, "</table>")?)
    }

    /// Columns are the outcomes that there are.
    fn write_lanes(&self, out: &mut dyn Write) -> Result<(), ReportError> {
        let mut lanes: Vec<_> = self.lanes.iter().collect();
        lanes.sort_by(|x, y| y.1.cmp(x.1).then(x.0.cmp(y.0)));
        let has = |outcome: &usize| lanes.iter().any(|(_, counts)| counts[*outcome] > 0);
        let columns: Vec<usize> = (0..WORST_FIRST.len()).filter(has).collect();
        let words = columns.iter().map(|outcome| html(WORST_FIRST[*outcome].as_str()));
        let titles: Vec<String> =
            std::iter::once(html("account and region")).chain(words).collect();
        write!(out, "<table>\n{}", row("th", "", &titles))?;
        for (lane, counts) in lanes.iter().take(LANES) {
            let numbers = columns.iter().map(|outcome| thousands(counts[*outcome]));
            let cells: Vec<String> =
                std::iter::once(html(&lane.to_string())).chain(numbers).collect();
            write!(out, "{}", row("td", "", &cells))?;
        }
        writeln!(out, "</table>")?;
        let more = lanes.len().saturating_sub(LANES);
        if more > 0 {
            writeln!(
                out,
                "<p>…and {} accounts and regions that fared better</p>",
                thousands(more as u64)
            )?;
        }
        Ok(())
    }
}
