//! The lives of calls.

use super::*;
use crate::journal::Reopenable;
use crate::journal::tests::fixture::rule;

pub(super) async fn a_call_goes_from_planned_to_settled(store: &impl Storage) {
    let journal = &store.open().await;
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
    let (status, split) = journal.append(CallId(1), &verdict, 3_000).await.expect("appended");
    assert_eq!((status, split), (Status::Settled { generation: 1 }, vec![]));
    assert_eq!(open_calls(journal).await, [0; 0]);
    assert_eq!(members(&call(journal, 1).await), [0; 0]);
    let [one, two] = revocations(journal).await.try_into().expect("two");
    assert_eq!((one.outcome, one.settled_ms), (Outcome::Removed, Some(3_000)));
    assert_eq!((one.attempts, one.first_sent_ms), (1, Some(2_000)));
    assert_eq!((one.request_ids, one.tokens), (vec!["req-1".into()], vec!["token-1".into()]));
    assert_eq!(
        (one.note.to_string().as_str(), one.group, one.peer),
        ("TICKET-1", pairs().group(GroupIx(0)), pairs().group(GroupIx(2)))
    );
    assert_eq!(two.revocation.rule, rule("sgr-2"));
    let rules = journal.run("0193").await.expect("a run").rules;
    assert_eq!((rules.planned, rules.removed, rules.pending), (2, 2, 0));
    let kinds: Vec<String> = history_kinds(journal).await;
    assert_eq!(kinds, ["begun", "planned", "started", "accepted", "verified"]);
}

async fn history_kinds(journal: &Opened) -> Vec<String> {
    journal.rows().await.into_iter().map(|row| row.kind).collect()
}

pub(super) async fn a_deferred_call_is_sent_again_in_the_same_generation(store: &impl Storage) {
    let journal = &store.open().await;
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

pub(super) async fn what_still_stands_goes_again_and_the_rest_splits_off(store: &impl Storage) {
    let journal = &store.open().await;
    with_call(journal, &["sgr-1", "sgr-2", "sgr-3", "sgr-4"]).await;
    send(journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    let verdict = verified(&[1], &[&[2], &[3], &[4]]);
    let (status, split) = journal.append(CallId(1), &verdict, 3_000).await.expect("appended");
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
    assert_eq!(found[2].call, Some(CallId(2)));
}

pub(super) async fn a_refusal_fails_every_member(store: &impl Storage) {
    let journal = &store.open().await;
    with_call(journal, &["sgr-1", "sgr-2"]).await;
    send(journal, 1, "token-1", 2_000, &refused("UnauthorizedOperation")).await;
    let failed = call(journal, 1).await;
    assert_eq!((failed.status, members(&failed)), (Status::Failed { generation: 1 }, vec![1, 2]));
    let found = revocations(journal).await;
    assert!(found.iter().all(|one| one.outcome == Outcome::Failed));
    assert_eq!(found[0].reason.as_deref(), Some("UnauthorizedOperation"));
    assert_eq!(found[0].settled_ms, Some(2_010));
}

pub(super) async fn reopened_members_go_again_alone(store: &impl Storage) {
    let journal = &store.open().await;
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
    let unsettled = |open: &[Reopenable]| -> Vec<(CallId, GroupIx, Vec<u64>)> {
        let ids = |one: &Reopenable| one.members.iter().map(|id| id.0).collect();
        open.iter().map(|one| (one.call, one.group, ids(one))).collect()
    };
    let group = open[0].group;
    assert_eq!(unsettled(&open), [(CallId(1), group, vec![1, 3])]);
    for wrong in [reopened(&[]), reopened(&[2]), reopened(&[1, 9])] {
        let refused = journal.append(CallId(1), &wrong, 4_000).await;
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
    assert_eq!(unsettled(&open), [(CallId(1), group, vec![3])]);
}

pub(super) async fn an_illegal_event_changes_nothing(store: &impl Storage) {
    let journal = &store.open().await;
    with_call(journal, &["sgr-1"]).await;
    let run = run_id();
    let illegal = |result: Result<(), JournalError>| {
        assert!(matches!(result, Err(JournalError::Illegal(_))), "{result:?}");
    };
    illegal(journal.append(CallId(1), &verified(&[1], &[]), 2_000).await.map(|_| ()));
    illegal(journal.append(CallId(1), &started("t"), 2_000).await.map(|_| ()));
    illegal(journal.claim(CallId(1), &accepted("r"), 2_000).await.map(|_| ()));
    let held = claim(journal, 1, "token-1", 2_000).await;
    illegal(journal.claim(CallId(1), &started("t"), 2_000).await.map(|_| ()));
    illegal(journal.append(CallId(1), &accepted("r"), 2_000).await.map(|_| ()));
    illegal(journal.conclude(held, &Event::Reclaimed, 2_000).await.map(|_| ()));
    assert_eq!(call(journal, 1).await.status, Status::InFlight { generation: 1, attempt: 1 });
    assert_eq!(history_kinds(journal).await, ["begun", "planned", "started"]);
    let missing = journal.call(&run, CallId(9)).await;
    assert!(matches!(missing, Err(JournalError::Damaged(_))));
}

pub(super) async fn a_verdict_must_name_every_member_once(store: &impl Storage) {
    let journal = &store.open().await;
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
        let refused = journal.append(CallId(1), &wrong, 3_000).await;
        assert!(matches!(refused, Err(JournalError::Illegal(_))), "{wrong:?}");
    }
    assert_eq!(call(journal, 1).await, before);
    append(journal, 1, &verified(&[1, 2], &[])).await;
}
