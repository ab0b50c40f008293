//! How long a plan takes under the known limits.

use std::collections::HashMap;

use crate::cloud::Action;
use crate::journal::{Journal, JournalError, Lane, OpenCounts, RunRecord};
use crate::model::{Direction, Estimate, LaneEstimate, LaneKey, Provider};
use crate::pace::{Ceiling, Pacer};

/// Groups whose rules EC2 lists in one call.
const EC2_GROUPS: u64 = 200;
/// Groups that either cloud lists in one call.
const GROUPS: u64 = 100;

/// Estimates a run: what its groups took to be read, by the calls that were counted, and its open
/// calls with their read-backs.
pub async fn estimate(
    journal: &dyn Journal,
    run: &RunRecord,
    pacer: &Pacer,
) -> Result<Estimate, JournalError> {
    let reading = reading(journal, run, pacer).await?;
    let (mut lanes, mut acting) = (Vec::new(), 0.0);
    for lane in journal.lanes(&run.new.id).await? {
        let open = journal.open_counts(&run.new.id, &lane).await?;
        if open.ingress + open.egress == 0 {
            continue;
        }
        let mut estimate = of_lane(lane, pacer, open);
        acting = f64::max(acting, estimate.seconds);
        estimate.seconds += reading.get(&estimate.lane).copied().unwrap_or_default();
        lanes.push(estimate);
    }
    lanes.sort_by(|x, y| y.seconds.total_cmp(&x.seconds));
    // Every lane is read before the first call goes out.
    let seconds = (reading.into_values().fold(0.0, f64::max) + acting).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more")]
    let seconds = seconds as u64;
    Ok(Estimate { lanes, seconds })
}

/// Seconds that each lane's reads took at the least; none of a run that began to act, since its
/// counts hold read-backs as well.
async fn reading(
    journal: &dyn Journal,
    run: &RunRecord,
    pacer: &Pacer,
) -> Result<HashMap<LaneKey, f64>, JournalError> {
    let mut calls: HashMap<(LaneKey, String), u64> = HashMap::new();
    if run.started_ms.is_none() {
        for tally in journal.tallies(&run.new.id).await? {
            *calls.entry((tally.lane, tally.action)).or_default() += tally.count;
        }
    }
    let mut seconds = HashMap::new();
    for ((lane, action), calls) in calls {
        let spent = spent(calls, pacer.ceiling(lane.cloud, &action));
        let longest = seconds.entry(lane).or_insert(0.0);
        *longest = f64::max(*longest, spent);
    }
    Ok(seconds)
}

/// What is open in a lane, without what was read before.
fn of_lane(Lane { key: lane, .. }: Lane, pacer: &Pacer, open: OpenCounts) -> LaneEstimate {
    let ceiling = |action: Action| pacer.ceiling(lane.cloud, action.name(lane.cloud));
    let reads = match lane.cloud {
        Provider::Alibaba => open.groups,
        Provider::Aws => open.groups.div_ceil(EC2_GROUPS),
    };
    let seconds = [
        spent(open.ingress, ceiling(Action::Revoke(Direction::Ingress))),
        spent(open.egress, ceiling(Action::Revoke(Direction::Egress))),
        spent(reads, ceiling(Action::Rules)),
        spent(open.groups.div_ceil(GROUPS), ceiling(Action::Groups)),
    ]
    .into_iter()
    .fold(0.0, f64::max);
    let OpenCounts { ingress, egress, groups, rules } = open;
    LaneEstimate { lane, rules, groups, calls: ingress + egress, reads, seconds }
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
    use crate::model::GroupIx;
    use crate::pace::{LimitSettings, Used};

    #[test]
    fn the_burst_is_free_and_the_rest_goes_at_the_rate() {
        let ceiling = Some(Ceiling { rate: 5.0, burst: 50 });
        assert!((spent(50, ceiling) - 0.0).abs() < f64::EPSILON);
        assert!((spent(2_000, ceiling) - 390.0).abs() < f64::EPSILON);
        assert!((spent(2_000, None) - 0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_lane_takes_as_long_as_the_slowest_of_its_actions() {
        let limits = LimitSettings::alibaba_default();
        let pacer = Pacer::new(limits.clone(), limits, Used::new());
        let of = |ingress, groups| {
            let key = LaneKey {
                cloud: Provider::Alibaba,
                account: "1".into(),
                region: "cn-beijing".into(),
            };
            let open = OpenCounts { ingress, egress: 11, groups, rules: 2_000 };
            of_lane(Lane { ix: 0, key, first: GroupIx(0), groups: 1_000 }, &pacer, open)
        };
        let calls = of(101, 50);
        assert_eq!((calls.calls, calls.reads, calls.rules), (112, 50, 2_000));
        assert!((calls.seconds - 20.0).abs() < f64::EPSILON, "{calls:?}");
        let reads = of(101, 201);
        assert!((reads.seconds - 40.0).abs() < f64::EPSILON, "{reads:?}");
    }
}
