//! What every journal does: functions over `&dyn Journal`, run on each implementation.

use super::fixture::{
    Place, accepted, ambiguous, append, call, claim, deferred, members, new_run, open_calls, pairs,
    refused, reopened, revocations, run_id, send, settled, started, verified, with_call,
};
use crate::journal::{CallId, Journal, JournalError, RunState, RunUpdate, Tally};
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
                    super::$name(&*journal).await;
                    let run = super::run_id();
                    let report = crate::journal::check(&*journal, &run).await.expect("checked");
                    assert_eq!(report.bad, [""; 0]);
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

async fn a_run_is_found_by_the_beginning_of_its_id(journal: &dyn Journal) {
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let other = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    let found = journal.run(run_id().as_str()).await.expect("a run");
    assert_eq!(found.new, new_run(&run_id()));
    assert_eq!((found.state, found.exit, found.pairs), (RunState::Reading, None, 3));
    assert_eq!(found.content, pairs().content_digest().to_string());
    assert_eq!(found.sources, pairs().sources);
    for ambiguous in ["01936f00", "", "02"] {
        let error = journal.run(ambiguous).await.expect_err("not one run");
        assert!(matches!(error, JournalError::NoSuchRun(_)), "{error}");
    }
    let runs = journal.runs().await.expect("runs");
    let ids: Vec<_> = runs.into_iter().map(|run| run.new.id).collect();
    assert_eq!(ids, [other.clone(), run_id()]);
    assert!(journal.begin(&new_run(&other), &pairs()).await.is_err(), "begun twice");
    let lost = journal.lanes(&"no-such-run".into()).await.expect_err("no run");
    assert!(matches!(lost, JournalError::NoSuchRun(_)));
}

async fn an_update_changes_what_it_names_and_no_more(journal: &dyn Journal) {
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let first = RunUpdate {
        state: Some(RunState::Planned),
        exit: Some(Some(4)),
        digest: Some("d1".to_owned()),
        estimate_s: Some(12),
        add_elapsed_ms: 5,
        ..RunUpdate::default()
    };
    journal.update(&run_id(), &first, 2_000).await.expect("updated");
    let second = RunUpdate {
        exit: Some(None),
        started_ms: Some(2_500),
        add_elapsed_ms: 6,
        ..RunUpdate::default()
    };
    journal.update(&run_id(), &second, 2_600).await.expect("updated");
    let run = journal.run("0193").await.expect("a run");
    assert_eq!((run.state, run.exit), (RunState::Planned, None));
    assert_eq!((run.digest.as_deref(), run.estimate_s), (Some("d1"), Some(12)));
    assert_eq!((run.started_ms, run.ended_ms, run.elapsed_ms), (Some(2_500), None, 11));
}

async fn groups_come_with_all_their_peers_in_order(journal: &dyn Journal) {
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

async fn a_call_goes_from_planned_to_settled(journal: &dyn Journal) {
    with_call(journal, &["sgr-1", "sgr-2"]).await;
    let fresh = call(journal, 1).await;
    assert_eq!((fresh.status, fresh.group_id.as_str()), (Status::NEW, "sg-a"));
    assert_eq!(members(&fresh), [1, 2]);
    let held = claim(journal, 1, "token-1", 2_000).await;
    assert_eq!(held.status, Status::InFlight { generation: 1, attempt: 1 });
    let status = journal.conclude(held, &accepted("req-1"), 2_100).await.expect("concluded");
    assert_eq!(status, Status::ReadBack { generation: 1 });
    let sent = call(journal, 1).await;
    assert_eq!((sent.first_sent_ms, sent.accepted, sent.reply_lost), (Some(2_000), true, false));
    let verdict = verified(&[1, 2], &[]);
    let (status, split) =
        journal.append(&run_id(), CallId(1), &verdict, 3_000).await.expect("appended");
    assert_eq!((status, split), (Status::Settled { generation: 1 }, vec![]));
    assert_eq!(open_calls(journal).await, [0; 0]);
    assert_eq!(members(&call(journal, 1).await), [0; 0]);
    let [one, two] = revocations(journal).await.try_into().expect("two");
    assert_eq!((one.outcome, one.settled_ms), (Outcome::Removed, Some(3_000)));
    assert_eq!((one.attempts, one.first_sent_ms), (1, Some(2_000)));
    assert_eq!((one.request_ids, one.tokens), (vec!["req-1".into()], vec!["token-1".into()]));
    assert_eq!(
        (one.note.as_str(), one.group, one.peer),
        ("TICKET-1", pairs().group(GroupIx(0)), pairs().group(GroupIx(2)))
    );
    assert_eq!(two.revocation.rule, super::fixture::rule("sgr-2"));
    let rules = journal.run("0193").await.expect("a run").rules;
    assert_eq!((rules.planned, rules.removed, rules.pending), (2, 2, 0));
    let kinds: Vec<String> = history_kinds(journal).await;
    assert_eq!(kinds, ["begun", "planned", "started", "accepted", "verified"]);
}

async fn history_kinds(journal: &dyn Journal) -> Vec<String> {
    let rows = journal.history(&run_id(), 0, 100).await.expect("rows");
    rows.into_iter().map(|row| row.kind).collect()
}

async fn a_deferred_call_is_sent_again_in_the_same_generation(journal: &dyn Journal) {
    with_call(journal, &["sgr-1"]).await;
    send(journal, 1, "token-1", 2_000, &deferred(7_000)).await;
    let waiting = call(journal, 1).await;
    let status = Status::Waiting { generation: 1, attempt: 1, not_before_ms: 7_000 };
    assert_eq!((waiting.status, waiting.first_sent_ms), (status, Some(2_000)));
    assert_eq!(open_calls(journal).await, [1]);
    let again = claim(journal, 1, "token-1", 7_000).await;
    assert_eq!(again.status, Status::InFlight { generation: 1, attempt: 2 });
    journal.conclude(again, &ambiguous(), 7_100).await.expect("concluded");
    let lost = call(journal, 1).await;
    assert_eq!((lost.first_sent_ms, lost.reply_lost), (Some(2_000), true));
    append(journal, 1, &verified(&[1], &[])).await;
    let [one] = revocations(journal).await.try_into().expect("one");
    assert_eq!((one.attempts, one.tokens.len(), one.request_ids.len()), (2, 1, 1));
}

async fn what_still_stands_goes_again_and_the_rest_splits_off(journal: &dyn Journal) {
    with_call(journal, &["sgr-1", "sgr-2", "sgr-3", "sgr-4"]).await;
    send(journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    let verdict = verified(&[1], &[&[2], &[3], &[4]]);
    let (status, split) =
        journal.append(&run_id(), CallId(1), &verdict, 3_000).await.expect("appended");
    assert_eq!(status, Status::Pending { generation: 2 });
    assert_eq!(split, [CallId(2), CallId(3)]);
    assert_eq!(open_calls(journal).await, [1, 2, 3]);
    let (kept, new) = (call(journal, 1).await, call(journal, 2).await);
    assert_eq!((members(&kept), kept.first_sent_ms), (vec![2], None));
    assert_eq!((members(&new), new.status), (vec![3], Status::NEW));
    assert!(new.accepted, "its member was in a call that was accepted");
    send(journal, 1, "token-2", 4_000, &accepted("req-2")).await;
    send(journal, 2, "token-3", 4_000, &accepted("req-3")).await;
    append(journal, 2, &verified(&[], &[&[3]])).await;
    send(journal, 2, "token-4", 5_000, &accepted("req-4")).await;
    append(journal, 2, &verified(&[3], &[])).await;
    let found = revocations(journal).await;
    let sent: Vec<(u32, Vec<&str>)> = found
        .iter()
        .map(|one| (one.attempts, one.tokens.iter().map(ClientToken::as_str).collect()))
        .collect();
    assert_eq!(
        sent,
        [
            (1, vec!["token-1"]),
            (2, vec!["token-1", "token-2"]),
            (3, vec!["token-1", "token-3", "token-4"]),
            (1, vec!["token-1"]),
        ]
    );
    assert!(found.iter().all(|one| one.first_sent_ms == Some(2_000)));
    assert_eq!(found[2].call, CallId(2));
}

async fn a_refusal_fails_every_member(journal: &dyn Journal) {
    with_call(journal, &["sgr-1", "sgr-2"]).await;
    send(journal, 1, "token-1", 2_000, &refused("UnauthorizedOperation")).await;
    let failed = call(journal, 1).await;
    assert_eq!((failed.status, members(&failed)), (Status::Failed { generation: 1 }, vec![1, 2]));
    let found = revocations(journal).await;
    assert!(found.iter().all(|one| one.outcome == Outcome::Failed));
    assert_eq!(found[0].reason.as_deref(), Some("UnauthorizedOperation"));
    assert_eq!(found[0].settled_ms, Some(2_010));
}

async fn reopened_members_go_again_alone(journal: &dyn Journal) {
    with_call(journal, &["sgr-1", "sgr-2", "sgr-3"]).await;
    send(journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    let first = Event::Verified {
        settled: vec![settled(1, Outcome::Unknown)],
        retry: vec![vec![crate::model::RevocationId(2), crate::model::RevocationId(3)]],
    };
    append(journal, 1, &first).await;
    send(journal, 1, "token-2", 3_000, &accepted("req-2")).await;
    let second = Event::Verified {
        settled: vec![settled(2, Outcome::Removed), settled(3, Outcome::StillPresent)],
        retry: vec![],
    };
    append(journal, 1, &second).await;
    let open = journal.reopenable(&run_id()).await.expect("calls");
    let ids = [1, 3].map(crate::model::RevocationId).to_vec();
    assert_eq!(open, [(CallId(1), ids)]);
    for wrong in [reopened(&[]), reopened(&[2]), reopened(&[1, 9])] {
        let refused = journal.append(&run_id(), CallId(1), &wrong, 4_000).await;
        assert!(matches!(refused, Err(JournalError::Illegal(_))));
    }
    append(journal, 1, &reopened(&[1])).await;
    let again = call(journal, 1).await;
    assert_eq!((again.status, members(&again)), (Status::ReadBack { generation: 2 }, vec![1]));
    assert_eq!(revocations(journal).await[0].attempts, 1, "it is read before it is sent");
    append(journal, 1, &verified(&[], &[&[1]])).await;
    send(journal, 1, "token-3", 5_000, &accepted("req-3")).await;
    append(journal, 1, &verified(&[1], &[])).await;
    let found = revocations(journal).await;
    let attempts: Vec<u32> = found.iter().map(|one| one.attempts).collect();
    assert_eq!(attempts, [2, 2, 2], "nobody is told the sends that it was not part of");
    assert_eq!(found[0].tokens, ["token-1".into(), "token-3".into()]);
    let open = journal.reopenable(&run_id()).await.expect("calls");
    assert_eq!(open, [(CallId(1), vec![crate::model::RevocationId(3)])]);
}

async fn an_illegal_event_changes_nothing(journal: &dyn Journal) {
    with_call(journal, &["sgr-1"]).await;
    let run = run_id();
    let illegal = |result: Result<(), JournalError>| {
        assert!(matches!(result, Err(JournalError::Illegal(_))), "{result:?}");
    };
    illegal(journal.append(&run, CallId(1), &verified(&[1], &[]), 2_000).await.map(|_| ()));
    illegal(journal.append(&run, CallId(1), &started("t"), 2_000).await.map(|_| ()));
    illegal(journal.claim(&run, CallId(1), &accepted("r"), 2_000).await.map(|_| ()));
    let held = claim(journal, 1, "token-1", 2_000).await;
    illegal(journal.claim(&run, CallId(1), &started("t"), 2_000).await.map(|_| ()));
    illegal(journal.append(&run, CallId(1), &accepted("r"), 2_000).await.map(|_| ()));
    illegal(journal.conclude(held, &Event::Reclaimed, 2_000).await.map(|_| ()));
    assert_eq!(call(journal, 1).await.status, Status::InFlight { generation: 1, attempt: 1 });
    assert_eq!(history_kinds(journal).await, ["begun", "planned", "started"]);
    let missing = journal.call(&run, CallId(9)).await;
    assert!(matches!(missing, Err(JournalError::Damaged(_))));
}

async fn a_verdict_must_name_every_member_once(journal: &dyn Journal) {
    with_call(journal, &["sgr-1", "sgr-2"]).await;
    send(journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    let before = call(journal, 1).await;
    let pending = Event::Verified {
        settled: vec![settled(1, Outcome::Pending), settled(2, Outcome::Removed)],
        retry: vec![],
    };
    for wrong in [
        verified(&[1], &[]),
        verified(&[1, 2, 3], &[]),
        verified(&[1, 2], &[&[2]]),
        verified(&[1], &[&[2], &[]]),
        pending,
    ] {
        let refused = journal.append(&run_id(), CallId(1), &wrong, 3_000).await;
        assert!(matches!(refused, Err(JournalError::Illegal(_))), "{wrong:?}");
    }
    assert_eq!(call(journal, 1).await, before);
    append(journal, 1, &verified(&[1, 2], &[])).await;
}

async fn counts_of_exchanges_add_up(journal: &dyn Journal) {
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let lane = LaneKey { cloud: Provider::Aws, account: "1".into(), region: "r".into() };
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
    journal.tally(&run_id(), &first).await.expect("tallied");
    journal.tally(&run_id(), &[one("", 4, 4_000)]).await.expect("tallied");
    let tallies = journal.tallies(&run_id()).await.expect("tallies");
    let sum = Tally { retried: 2, throttled: 4, ..one("", 7, 5_000) };
    assert_eq!(tallies, [sum.clone(), one("Throttling", 1, 100)]);
    let other = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    journal.tally(&other, &[one("", 1, 6_000)]).await.expect("tallied");
    let recent = journal.recent(4_500).await.expect("tallies");
    assert_eq!(recent, [Tally { retried: 3, throttled: 6, ..one("", 8, 6_000) }]);
}
