//! What every journal does: functions over `&Opened`, run on each implementation.

mod calls;

use calls::{
    a_call_goes_from_planned_to_settled, a_deferred_call_is_sent_again_in_the_same_generation,
    a_refusal_fails_every_member, a_verdict_must_name_every_member_once,
    an_illegal_event_changes_nothing, reopened_members_go_again_alone,
    what_still_stands_goes_again_and_the_rest_splits_off,
};

use super::fixture::{
    Opened, Place, accepted, ambiguous, append, call, claim, deferred, members, new_run,
    open_calls, pairs, refused, reopened, revocations, run_id, send, settled, started, verified,
    with_call,
};
use crate::journal::{CallId, Journal, JournalError, RunState, RunUpdate, Tally, take};
use crate::model::{ClientToken, Event, GroupIx, LaneKey, Outcome, Provider, Status};

/// Runs each function on a new journal of each kind.
macro_rules! contract {
    ($($name:ident)+) => {
        mod in_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let place = super::Place::new();
                    let journal = place.open().await;
                    super::$name(&journal).await;
                    assert_eq!(journal.check().await.bad, [""; 0]);
                    journal.close().await.expect("closed");
                }
            )+
        }
    };
}

contract! {
    a_run_is_found_by_the_beginning_of_its_id
    an_update_changes_what_it_names_and_no_more
    groups_come_with_all_their_peers_in_order
    a_call_goes_from_planned_to_settled
    a_deferred_call_is_sent_again_in_the_same_generation
    what_still_stands_goes_again_and_the_rest_splits_off
    a_refusal_fails_every_member
    reopened_members_go_again_alone
    an_illegal_event_changes_nothing
    a_verdict_must_name_every_member_once
    counts_of_exchanges_add_up
}

async fn a_run_is_found_by_the_beginning_of_its_id(journal: &Opened) {
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

async fn an_update_changes_what_it_names_and_no_more(journal: &Opened) {
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

async fn groups_come_with_all_their_peers_in_order(journal: &Opened) {
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

async fn counts_of_exchanges_add_up(journal: &Opened) {
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let lane = LaneKey { cloud: Provider::Aws, account: "1".into(), region: "us-east-1".into() };
    let one = |code: &str, count, last_ms| Tally {
        lane: lane.clone(),
        action: "RevokeSecurityGroupIngress".to_owned(),
        code: code.to_owned(),
        count,
        retried: 1,
        throttled: 2,
        last_ms,
    };
    let first = [one("", 3, 5_000), one("Throttling", 1, 100)];
    journal.tally(&first).await.expect("tallied");
    journal.tally(&[one("", 4, 4_000)]).await.expect("tallied");
    let tallies = journal.tallies(&run_id()).await.expect("tallies");
    let sum = Tally { retried: 2, throttled: 4, ..one("", 7, 5_000) };
    assert_eq!(tallies, [sum.clone(), one("Throttling", 1, 100)]);
    let other = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    let others = take(&**journal, &other).await.expect("a run");
    let more = Journal::tally(&**journal, &others.lanes[0], &[one("", 1, 6_000)]).await;
    more.expect("tallied");
    let recent = journal.recent(4_500).await.expect("tallies");
    assert_eq!(recent, [Tally { retried: 3, throttled: 6, ..one("", 8, 6_000) }]);
}
