//! Whatever legal life calls have, a journal that is opened again tells the same, in every store.

use proptest::prelude::*;

use super::fixture::{
    Opened, Place, Storage, accepted, ambiguous, call, deferred, planned, refused, reopened,
    revocations, run_id, settled, started, with_call,
};
use crate::journal::memory::Memory;
use crate::journal::{CallId, CallRecord, Claim};
use crate::model::{Event, GroupIx, Outcome, RevocationId, Status};

const GONE: [Outcome; 4] =
    [Outcome::Removed, Outcome::Unknown, Outcome::StillPresent, Outcome::GroupGone];

/// Splits members by the bits of a draw: settled, with this call again, split off.
fn verdict(members: &[RevocationId], draw: u64) -> Event {
    let (mut gone, mut retry) = (Vec::new(), vec![Vec::new(), Vec::new(), Vec::new()]);
    for (at, id) in members.iter().enumerate() {
        let bits = draw >> (at * 4);
        match bits & 3 {
            3 => gone.push(settled(id.0, GONE[usize::try_from(bits >> 2 & 3).expect("two bits")])),
            list => retry[usize::try_from(list).expect("two bits")].push(*id),
        }
    }
    retry.retain(|list| !list.is_empty());
    Event::Verified { settled: gone, retry }
}

/// The answers that a send can have, or none: `Reclaimed` is for another process.
fn answer(draw: u64) -> Option<Event> {
    match draw % 6 {
        0 => Some(accepted("req-1")),
        1 => Some(deferred(7)),
        2 => Some(refused("Denied")),
        3 => Some(ambiguous()),
        4 => Some(Event::MemberMissing {
            code: "NotFound".to_owned(),
            message: String::new(),
            request_id: None,
        }),
        _ => None,
    }
}

/// One legal step of a call; a claim that is not concluded is left behind.
async fn live(journal: &Opened, record: &CallRecord, draw: u64) {
    let id = record.id;
    let members: Vec<RevocationId> = record.members.iter().map(|(id, _)| *id).collect();
    match record.status {
        Status::Waiting { .. } if draw.is_multiple_of(5) => {
            let event = Event::Lapsed { reason: "too old".to_owned() };
            journal.append(id, &event, 3_000).await.expect("lapsed");
        }
        Status::Pending { .. } | Status::Waiting { .. } => {
            let claim: Claim = journal
                .claim(id, &started(&format!("token-{draw}")), 2_000)
                .await
                .expect("a claim");
            if let Some(event) = answer(draw) {
                journal.conclude(claim, &event, 2_100).await.expect("concluded");
            }
        }
        Status::ReadBack { .. } => {
            let event = verdict(&members, draw);
            journal.append(id, &event, 3_000).await.expect("verified");
        }
        Status::Settled { .. } | Status::Failed { .. } if !members.is_empty() => {
            let some: Vec<u64> =
                members.iter().map(|id| id.0).take(1 + usize::from(draw & 1 == 1)).collect();
            journal.append(id, &reopened(&some), 4_000).await.expect("reopened");
        }
        Status::InFlight { .. } | Status::Settled { .. } | Status::Failed { .. } => {}
    }
}

async fn told(journal: &Opened) -> (Vec<CallRecord>, String) {
    let mut calls = Vec::new();
    for id in 1.. {
        match journal.call(&run_id(), CallId(id)).await {
            Ok(call) => calls.push(call),
            Err(_) => break,
        }
    }
    let report = journal.check().await;
    assert_eq!(report.bad, [""; 0]);
    (calls, format!("{:?} {}", revocations(journal).await, report.head))
}

async fn lives(store: &impl Storage, draws: &[(u64, u64)]) -> (Vec<CallRecord>, String) {
    let mut journal = store.open().await;
    with_call(&journal, &["sgr-1", "sgr-2", "sgr-3", "sgr-4"]).await;
    let more = [planned(1, &["sgr-5"])];
    journal.plan_group(GroupIx(1), &more, 1_200).await.expect("planned");
    let mut calls = 2;
    for (pick, draw) in draws {
        if draw % 7 == 0 {
            let before = told(&journal).await;
            drop(journal);
            journal = store.open().await;
            assert_eq!(told(&journal).await, before);
            journal.reclaim(5_000).await.expect("reclaimed");
        }
        while journal.call(&run_id(), CallId(calls + 1)).await.is_ok() {
            calls += 1;
        }
        let record = call(&journal, 1 + pick % calls).await;
        live(&journal, &record, *draw).await;
    }
    told(&journal).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_legal_life_is_told_the_same_after_a_reopen(
        draws in proptest::collection::vec((any::<u64>(), any::<u64>()), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let in_memory = runtime.block_on(lives(&Memory::default(), &draws));
        assert_eq!(runtime.block_on(lives(&Place::new(), &draws)), in_memory);
    }
}
