//! What every journal does: functions over [`Storage`], run on each implementation.

mod by_rows;
mod calls;
mod leases;
mod planning;
mod reads;
mod reopened;

use by_rows::{
    a_later_plan_takes_the_digest_of_a_lane_away, what_rows_ask_for_is_stored_group_by_group,
    what_rows_do_not_ask_for_is_refused,
};
use calls::{
    a_call_goes_from_planned_to_settled, a_deferred_call_is_sent_again_in_the_same_generation,
    a_refusal_fails_every_member, a_verdict_must_name_every_member_once,
    an_illegal_event_changes_nothing, reopened_members_go_again_alone,
    what_still_stands_goes_again_and_the_rest_splits_off,
};
use leases::{
    a_lease_takes_no_more_lanes_than_asked_for, nothing_of_an_earlier_epoch_is_stored,
    of_two_leases_of_a_lane_the_older_is_lost_and_stores_nothing,
};
use planning::{
    a_failed_rule_is_reopened_not_ordered_again, a_group_is_known_once_it_is_read_and_planned,
    a_hub_with_many_peers_comes_back_whole,
    a_reading_of_a_group_that_is_not_in_the_run_is_refused_whole,
    one_snapshot_of_a_group_is_kept_the_last,
    planning_again_leaves_what_was_sent_and_orders_no_rule_twice,
    planning_again_replaces_what_was_never_sent, the_last_reading_of_a_group_stands,
};
use reads::{
    a_run_tells_its_frame_in_parts_and_as_a_whole, an_invocation_is_told_with_its_end,
    histories_end_where_head_and_lanes_say, open_calls_come_in_pages_of_a_lane,
    readings_and_plans_are_stored_together, revocations_and_orders_come_by_group_and_in_pages,
    who_sent_changes_is_told_once_and_in_order,
};
use reopened::{
    a_call_left_in_flight_is_reclaimed_by_the_next_process,
    a_claim_of_a_former_process_concludes_nothing,
    everything_is_there_after_a_close_and_after_a_drop,
    readings_of_this_process_are_told_from_those_of_earlier_ones,
};

use super::fixture::{
    Opened, Place, Storage, accepted, ambiguous, append, call, claim, deferred, members, new_run,
    open_calls, pairs, refused, reopened, revocations, run_id, send, settled, started, verified,
    with_call,
};
use crate::journal::memory::Memory;
use crate::journal::{CallId, Journal, JournalError, RunState, RunUpdate, Tally, take};
use crate::model::{ClientToken, Event, GroupIx, LaneKey, Outcome, Provider, Status};

/// Runs each function on every kind of storage, and then checks what is stored.
macro_rules! contract {
    (@ $kind:ident: $storage:expr; [$($name:ident)+]) => {
        mod $kind {
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    let storage = $storage;
                    super::$name(&storage).await;
                    let journal = storage.open().await;
                    assert_eq!(journal.check().await.bad, [""; 0]);
                    journal.close().await.expect("closed");
                }
            )+
        }
    };
    ($($kind:ident: $storage:expr),+; $names:tt) => {
        $(contract!(@ $kind: $storage; $names);)+
    };
}

contract! {
    in_sqlite: Place::new(),
    in_memory: Memory::default();
    [
        a_run_is_found_by_the_beginning_of_its_id
        an_update_changes_what_it_names_and_no_more
        groups_come_with_all_their_peers_in_order
        what_rows_ask_for_is_stored_group_by_group
        what_rows_do_not_ask_for_is_refused
        a_later_plan_takes_the_digest_of_a_lane_away
        a_call_goes_from_planned_to_settled
        a_deferred_call_is_sent_again_in_the_same_generation
        what_still_stands_goes_again_and_the_rest_splits_off
        a_refusal_fails_every_member
        reopened_members_go_again_alone
        an_illegal_event_changes_nothing
        a_verdict_must_name_every_member_once
        counts_of_exchanges_add_up
        the_last_reading_of_a_group_stands
        a_group_is_known_once_it_is_read_and_planned
        a_reading_of_a_group_that_is_not_in_the_run_is_refused_whole
        planning_again_replaces_what_was_never_sent
        planning_again_leaves_what_was_sent_and_orders_no_rule_twice
        a_failed_rule_is_reopened_not_ordered_again
        one_snapshot_of_a_group_is_kept_the_last
        a_hub_with_many_peers_comes_back_whole
        a_call_left_in_flight_is_reclaimed_by_the_next_process
        everything_is_there_after_a_close_and_after_a_drop
        a_claim_of_a_former_process_concludes_nothing
        readings_of_this_process_are_told_from_those_of_earlier_ones
        of_two_leases_of_a_lane_the_older_is_lost_and_stores_nothing
        nothing_of_an_earlier_epoch_is_stored
        a_lease_takes_no_more_lanes_than_asked_for
        a_run_tells_its_frame_in_parts_and_as_a_whole
        readings_and_plans_are_stored_together
        revocations_and_orders_come_by_group_and_in_pages
        histories_end_where_head_and_lanes_say
        an_invocation_is_told_with_its_end
        who_sent_changes_is_told_once_and_in_order
        open_calls_come_in_pages_of_a_lane
    ]
}

async fn a_run_is_found_by_the_beginning_of_its_id(store: &impl Storage) {
    let journal = &store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let other = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    let found = journal.run(run_id().as_str()).await.expect("a run");
    assert_eq!(found.new, new_run(&run_id()));
    assert_eq!((found.state, found.exit, found.pairs), (RunState::Reading, None, 3));
    assert_eq!(found.content, pairs().content_digest().to_string());
    assert_eq!(found.sources, pairs().sources);
    for (start, fits_several) in [("01936f00", true), ("", false), ("02", false)] {
        let error = journal.run(start).await.expect_err("not one run");
        assert_eq!(matches!(error, JournalError::SeveralRuns(_)), fits_several, "{error}");
        assert_eq!(matches!(error, JournalError::NoSuchRun(_)), !fits_several, "{error}");
    }
    let runs = journal.runs().await.expect("runs");
    let ids: Vec<_> = runs.into_iter().map(|run| run.new.id).collect();
    assert_eq!(ids, [other.clone(), run_id()]);
    assert!(journal.begin(&new_run(&other), &pairs()).await.is_err(), "begun twice");
    let lost = journal.lanes(&"no-such-run".into()).await.expect_err("no run");
    assert!(matches!(lost, JournalError::NoSuchRun(_)));
}

async fn an_update_changes_what_it_names_and_no_more(store: &impl Storage) {
    let journal = &store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let first = RunUpdate {
        state: Some(RunState::Planned),
        exit: Some(Some(4)),
        digest: Some(Some("d1".to_owned())),
        estimate_s: Some(12),
        add_elapsed_ms: 5,
        ..RunUpdate::default()
    };
    journal.update(&first, 2_000).await.expect("updated");
    let second = RunUpdate {
        exit: Some(None),
        started_ms: Some(2_500),
        add_elapsed_ms: 6,
        ..RunUpdate::default()
    };
    journal.update(&second, 2_600).await.expect("updated");
    let run = journal.run("0193").await.expect("a run");
    assert_eq!((run.state, run.exit), (RunState::Planned, None));
    assert_eq!((run.digest.as_deref(), run.estimate_s), (Some("d1"), Some(12)));
    assert_eq!((run.started_ms, run.ended_ms, run.elapsed_ms), (Some(2_500), None, 11));
}

async fn groups_come_with_all_their_peers_in_order(store: &impl Storage) {
    let journal = &store.open().await;
    let set = pairs();
    journal.begin(&new_run(&run_id()), &set).await.expect("begun");
    assert_eq!(journal.filters(&run_id()).await.expect("filters"), set.filters);
    assert_eq!(journal.notes(&run_id()).await.expect("notes"), set.notes);
    let lanes = journal.lanes(&run_id()).await.expect("lanes");
    let shape: Vec<_> = lanes.iter().map(|lane| (lane.ix, lane.first.0, lane.groups)).collect();
    assert_eq!(shape, [(0, 0, 2), (1, 2, 2)]);
    assert_eq!(lanes[1].key, set.groups.get(GroupIx(2)).lane());
    let groups = journal.groups(&run_id(), GroupIx(0), 10).await.expect("groups");
    let peers: Vec<Vec<(u32, u32)>> = groups
        .iter()
        .map(|group| group.peers.iter().map(|entry| (entry.peer.0, entry.line)).collect())
        .collect();
    assert_eq!(peers, [vec![(2, 2), (3, 5)], vec![(2, 4)], vec![(0, 2), (1, 4)], vec![(0, 5)]]);
    assert!(groups.iter().all(|group| group.read_ms.is_none()));
    let page = journal.groups(&run_id(), GroupIx(1), 2).await.expect("groups");
    assert_eq!(page, groups[1..3]);
    let refs = journal.group_refs(&run_id(), &[GroupIx(3), GroupIx(0), GroupIx(3)]).await;
    let [a, d] = [0, 3].map(|ix| set.groups.get(GroupIx(ix)));
    assert_eq!(refs.expect("groups"), [d.clone(), a, d]);
    assert!(journal.group_refs(&run_id(), &[GroupIx(9)]).await.is_err());
}

async fn counts_of_exchanges_add_up(store: &impl Storage) {
    let journal = &store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let first = [tally("", 3, 5_000), tally("Throttling", 1, 100)];
    journal.tally(&first).await.expect("tallied");
    journal.tally(&[tally("", 4, 4_000)]).await.expect("tallied");
    let tallies = journal.tallies(&run_id()).await.expect("tallies");
    let sum = Tally { retried: 2, throttled: 4, ..tally("", 7, 5_000) };
    assert_eq!(tallies, [sum.clone(), tally("Throttling", 1, 100)]);
    let other = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    let others = take(&**journal, &other).await.expect("a run");
    let more = Journal::tally(&**journal, &others.lanes[0], &[tally("", 1, 6_000)]).await;
    more.expect("tallied");
    let recent = journal.recent(4_500).await.expect("tallies");
    assert_eq!(recent, [Tally { retried: 3, throttled: 6, ..tally("", 8, 6_000) }]);
}

/// Exchanges of the first lane.
fn tally(code: &str, count: u64, last_ms: i64) -> Tally {
    Tally {
        lane: LaneKey { cloud: Provider::Aws, account: "1".into(), region: "us-east-1".into() },
        action: "RevokeSecurityGroupIngress".to_owned(),
        code: code.to_owned(),
        count,
        retried: 1,
        throttled: 2,
        last_ms,
    }
}
