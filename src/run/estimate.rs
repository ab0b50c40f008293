//! How long a plan takes under the known limits.

use crate::cloud::Action;
use crate::journal::{CallId, Journal, JournalError, RunRecord};
use crate::model::{Direction, LaneKey, Provider};
use crate::pace::{Ceiling, Pacer};

/// Calls that are counted from the journal at once.
const PAGE: u32 = 1_000;

/// What one lane has to do.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneEstimate {
    /// The lane.
    pub lane: LaneKey,
    /// Rules to revoke.
    pub rules: u64,
    /// Groups that have any.
    pub groups: u64,
    /// Revocation calls.
    pub calls: u64,
    /// Read-back calls.
    pub reads: u64,
    /// Seconds.
    pub seconds: f64,
}

/// What a plan takes: lanes work at the same time, so the slowest one decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Every lane with something to do, slowest first.
    pub lanes: Vec<LaneEstimate>,
    /// Seconds, rounded up.
    pub seconds: u64,
}

/// Estimates the open calls of a run.
pub async fn estimate(
    journal: &dyn Journal,
    run: &RunRecord,
    pacer: &Pacer,
) -> Result<Estimate, JournalError> {
    let mut lanes = Vec::new();
    for lane in journal.lanes(&run.new.id).await? {
        let (mut ingress, mut egress, mut groups, mut rules) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut last = None;
        let mut from = CallId(0);
        loop {
            let page = journal.open_calls(&run.new.id, &lane, from, PAGE).await?;
            for call in &page {
                match call.direction {
                    Direction::Ingress => ingress += 1,
                    Direction::Egress => egress += 1,
                }
                rules += call.members.len() as u64;
                groups += u64::from(last != Some(call.group));
                last = Some(call.group);
            }
            match page.last() {
                Some(call) if page.len() >= PAGE as usize => from = CallId(call.id.0 + 1),
                _ => break,
            }
        }
        if ingress + egress > 0 {
            lanes.push(LaneEstimate {
                rules,
                ..of_lane(lane.key, pacer, (ingress, egress), groups)
            });
        }
    }
    lanes.sort_by(|x, y| y.seconds.total_cmp(&x.seconds));
    let seconds = lanes.first().map_or(0.0, |lane| lane.seconds).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more")]
    let seconds = seconds as u64;
    Ok(Estimate { lanes, seconds })
}

fn of_lane(
    lane: LaneKey,
    pacer: &Pacer,
    (ingress, egress): (u64, u64),
    groups: u64,
) -> LaneEstimate {
    let ceiling = |action: Action| pacer.ceiling(lane.cloud, action.name(lane.cloud));
    // EC2 reads 200 groups a call, twice: the groups and their rules.
    let reads = match lane.cloud {
        Provider::Alibaba => groups,
        Provider::Aws => groups.div_ceil(200),
    };
    let seconds = [
        spent(ingress, ceiling(Action::Revoke(Direction::Ingress))),
        spent(egress, ceiling(Action::Revoke(Direction::Egress))),
        spent(reads, ceiling(Action::Rules)),
        spent(groups.div_ceil(100), ceiling(Action::Groups)),
    ]
    .into_iter()
    .fold(0.0, f64::max);
    LaneEstimate { lane, rules: 0, groups, calls: ingress + egress, reads, seconds }
}

/// Seconds until the last of `calls` is admitted by a bucket that starts full.
fn spent(calls: u64, ceiling: Option<Ceiling>) -> f64 {
    let Some(ceiling) = ceiling else { return 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let waiting = calls.saturating_sub(u64::from(ceiling.burst)) as f64;
    waiting / ceiling.rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_free_and_the_rest_goes_at_the_rate() {
        let ceiling = Some(Ceiling { rate: 5.0, burst: 50 });
        assert!((spent(50, ceiling) - 0.0).abs() < f64::EPSILON);
        assert!((spent(2_000, ceiling) - 390.0).abs() < f64::EPSILON);
        assert!((spent(2_000, None) - 0.0).abs() < f64::EPSILON);
    }
}
