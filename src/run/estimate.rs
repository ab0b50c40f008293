//! How long a plan takes under the known limits.

use std::collections::HashMap;

use crate::cloud::Action;
use crate::exchange::{reading_work, rule_listings};
use crate::journal::{Journal, JournalError, Lane, OpenCounts, RunRecord};
use crate::model::{Direction, Estimate, LaneEstimate, LaneKey};
use crate::pace::Pacer;

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
        acting = f64::max(acting, estimate.acting);
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
            let sum = calls.entry((tally.lane, tally.action)).or_default();
            *sum = sum.saturating_add(tally.count);
        }
    }
    let mut seconds = HashMap::new();
    for ((lane, action), calls) in calls {
        let spent = pacer.seconds(lane.cloud, &action, calls);
        let longest = seconds.entry(lane).or_insert(0.0);
        *longest = f64::max(*longest, spent);
    }
    Ok(seconds)
}

/// What is open in a lane, without what was read before.
fn of_lane(Lane { key: lane, .. }: Lane, pacer: &Pacer, open: OpenCounts) -> LaneEstimate {
    let OpenCounts { ingress, egress, groups, rules } = open;
    let seconds = |action: Action, calls| pacer.seconds(lane.cloud, action.name(lane.cloud), calls);
    let acting = seconds(Action::Revoke(Direction::Ingress), ingress)
        .max(seconds(Action::Revoke(Direction::Egress), egress))
        .max(reading_work(pacer, &lane, groups).seconds);
    let reads = rule_listings(&lane, groups);
    LaneEstimate { lane, rules, groups, calls: ingress + egress, reads, seconds: acting, acting }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GroupIx, Provider};
    use crate::pace::{LimitSettings, Used};

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
