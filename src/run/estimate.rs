//! How long a plan takes under the known limits.

use std::collections::{HashMap, HashSet};

use super::Operation;
use crate::exchange::{reading_work, rule_listings};
use crate::journal::{CallId, JournalError, JournalRead, Lane, OpenCounts, Reopenable, RunRecord};
use crate::model::{Direction, Estimate, GroupIx, LaneEstimate, LaneKey};
use crate::pace::Pacer;

/// Open calls that are looked at at once.
const PAGE: u32 = 1_000;

/// Estimates a run: what its groups took to be read, by the calls that were counted, and its open
/// calls with their read-backs.
pub async fn estimate(
    journal: &dyn JournalRead,
    run: &RunRecord,
    operation: Operation,
    pacer: &Pacer,
    reopened: &[Reopenable],
) -> Result<Estimate, JournalError> {
    let reading = reading(journal, run, pacer).await?;
    let (mut lanes, mut acting) = (Vec::new(), 0.0);
    for lane in journal.lanes(&run.new.id).await? {
        let open = journal.open_counts(&run.new.id, &lane).await?;
        let open = with_reopened(journal, run, &lane, open, reopened).await?;
        if open.ingress + open.egress == 0 {
            continue;
        }
        let mut estimate = of_lane(lane, operation, pacer, open);
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

/// What a lane has to do once the calls that earlier processes left unsettled are taken up.
async fn with_reopened(
    journal: &dyn JournalRead,
    run: &RunRecord,
    lane: &Lane,
    mut open: OpenCounts,
    reopened: &[Reopenable],
) -> Result<OpenCounts, JournalError> {
    let groups = lane.first.0..lane.first.0 + lane.groups;
    let mut of_lane = reopened.iter().filter(|call| groups.contains(&call.group.0)).peekable();
    if of_lane.peek().is_none() {
        return Ok(open);
    }
    let mut named = open_groups(journal, run, lane).await?;
    for call in of_lane {
        match call.direction {
            Direction::Ingress => open.ingress += 1,
            Direction::Egress => open.egress += 1,
        }
        open.groups += u64::from(named.insert(call.group));
        open.rules += call.members.len() as u64;
    }
    Ok(open)
}

/// The groups of a lane that have open calls.
async fn open_groups(
    journal: &dyn JournalRead,
    run: &RunRecord,
    lane: &Lane,
) -> Result<HashSet<GroupIx>, JournalError> {
    let (mut groups, mut from) = (HashSet::new(), CallId(0));
    loop {
        let page = journal.open_calls(&run.new.id, lane, from, PAGE).await?;
        groups.extend(page.iter().map(|call| call.group));
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => from = CallId(last.id.0 + 1),
            _ => return Ok(groups),
        }
    }
}

/// Seconds that each lane's reads took at the least; none of a run that began to act, since its
/// counts hold read-backs as well.
async fn reading(
    journal: &dyn JournalRead,
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
fn of_lane(
    Lane { key: lane, .. }: Lane,
    operation: Operation,
    pacer: &Pacer,
    open: OpenCounts,
) -> LaneEstimate {
    let OpenCounts { ingress, egress, groups, rules } = open;
    let seconds = |direction, calls| {
        pacer.seconds(lane.cloud, operation.action(direction).name(lane.cloud), calls)
    };
    let acting = seconds(Direction::Ingress, ingress)
        .max(seconds(Direction::Egress, egress))
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
        let pacer = Pacer::new(LimitSettings::defaults(), Used::new());
        let of = |ingress, groups| {
            let key = LaneKey {
                cloud: Provider::Alibaba,
                account: "1".into(),
                region: "cn-beijing".into(),
            };
            let open = OpenCounts { ingress, egress: 11, groups, rules: 2_000 };
            of_lane(
                Lane { ix: 0, key, first: GroupIx(0), groups: 1_000 },
                Operation::Revoke,
                &pacer,
                open,
            )
        };
        let calls = of(101, 50);
        assert_eq!((calls.calls, calls.reads, calls.rules), (112, 50, 2_000));
        assert!((calls.seconds - 20.0).abs() < f64::EPSILON, "{calls:?}");
        let reads = of(101, 201);
        assert!((reads.seconds - 40.0).abs() < f64::EPSILON, "{reads:?}");
    }
}
