//! Carrying out: what is sent, what is not, and how every rule comes out.

use std::time::Duration;

use unpair::cloud::ErrorClass;
use unpair::journal::stored_revocations;
use unpair::model::Outcome;

use super::fake::Sent;
use super::scenario::{DESCRIBE, Fake, IDENTIFY, OURS, REVOKE, Reply, Scenario, rule};

#[tokio::test]
async fn every_rule_is_removed_by_one_call_a_batch() {
    let scenario = Scenario::new(Fake::new(), 2, 30).await;
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 60);
    assert_eq!(scenario.cloud.sent(REVOKE).len(), 4);
}

#[tokio::test]
async fn refusals_by_the_rate_limit_do_not_use_up_the_one_refresh() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    let mut replies = vec![Reply::Refuse(ErrorClass::Throttled); 2];
    replies.push(Reply::Refuse(ErrorClass::Expired));
    scenario.cloud.answer(OURS, REVOKE, &replies);
    let end = scenario.revoke().await;
    assert_eq!((end.left_alone, scenario.cloud.refreshed()), (vec![], 1));
    assert_eq!(scenario.count(Outcome::Removed).await, 1);
}

#[tokio::test]
async fn refusals_by_the_rate_limit_do_not_use_up_the_attempts() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await.attempts(2);
    let mut replies = vec![Reply::Refuse(ErrorClass::Throttled); 2];
    replies.push(Reply::Refuse(ErrorClass::Unreached));
    scenario.cloud.answer(OURS, REVOKE, &replies);
    assert_eq!(scenario.revoke().await.left_alone, vec![]);
    assert_eq!(scenario.count(Outcome::Removed).await, 1);
}

#[tokio::test]
async fn fresh_credentials_are_proven_before_the_next_call() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Refuse(ErrorClass::Expired)]);
    scenario.cloud.become_on_refresh("999999999999");
    let end = scenario.revoke().await;
    let [(_, reason)] = &end.left_alone[..] else { panic!("one lane is left alone: {end:?}") };
    assert!(reason.contains("999999999999"), "{reason}");
    assert_eq!(scenario.cloud.sent(REVOKE).len(), 1);
    assert_eq!(scenario.count(Outcome::Pending).await, 1);
}

#[tokio::test]
async fn what_was_accepted_before_a_denial_is_read_back() {
    let scenario = Scenario::new(Fake::new(), 2, 1).await;
    let replies = [Reply::Accept, Reply::Refuse(ErrorClass::Denied)];
    scenario.cloud.answer(OURS, REVOKE, &replies);
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 1);
    assert_eq!(scenario.count(Outcome::Failed).await, 1);
}

#[tokio::test]
async fn a_run_without_the_right_to_read_sends_every_call() {
    let scenario = Scenario::blind(Fake::new(), 12).await.one_at_a_time();
    scenario.cloud.deny(DESCRIBE);
    scenario.revoke().await;
    let outcomes = scenario.outcomes().await;
    assert!(!outcomes.is_empty());
    assert!(outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Unverified), "{outcomes:?}");
}

/// One turn of the quota in the test of the pause file.
const TURN: Duration = Duration::from_millis(200);
/// Tries of which one must find the machine fast enough.
const TRIES: u32 = 20;

/// Carries out four calls, of which the first makes the pause file while the others wait for quota.
/// What was sent, if the file was there before the turn of the second call.
async fn paused_while_waiting_for_quota() -> Option<Vec<Sent>> {
    let mut scenario = Scenario::new(Fake::new(), 4, 1).await.rate(1.0 / TURN.as_secs_f64());
    let file = scenario.folder.path().join("pause");
    scenario.pause_file = Some(file.clone());
    scenario.cloud.pause_at_first_revocation(file.clone());
    let unpause = async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while !file.exists() {
            assert!(tokio::time::Instant::now() < deadline, "no call made the pause file");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Two turns of the quota pass in this time: calls that only looked before would go.
        tokio::time::sleep(TURN * 2 + TURN / 2).await;
        std::fs::remove_file(&file).expect("the pause ends");
    };
    tokio::join!(scenario.revoke(), unpause);
    assert_eq!(scenario.count(Outcome::Removed).await, 4);
    let first = scenario.cloud.sent(REVOKE)[0].at;
    let reads = scenario.cloud.sent(DESCRIBE);
    // The first call had its turn at some time after the last read before it.
    let read = reads.iter().map(|read| read.at).filter(|at| *at < first).max()?;
    (first - read < TURN).then(|| scenario.cloud.sent(REVOKE))
}

#[tokio::test]
async fn nothing_is_sent_while_the_pause_file_exists_however_long_the_wait_for_quota() {
    for _ in 0..TRIES {
        if let Some(sent) = paused_while_waiting_for_quota().await {
            assert_eq!(sent.iter().filter(|sent| sent.paused).count(), 0, "{sent:?}");
            return;
        }
    }
    println!("left out: on this machine the second call had its turn before the first was sent");
}

#[tokio::test]
async fn a_lost_answer_is_read_back_and_not_sent_again() {
    let scenario = Scenario::new(Fake::new(), 1, 3).await;
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Lose]);
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 3);
    assert_eq!(scenario.cloud.sent(REVOKE).len(), 1);
}

#[tokio::test]
async fn one_refused_rule_does_not_take_its_batch_along() {
    let scenario = Scenario::new(Fake::new(), 1, 16).await;
    scenario.cloud.refuse_rule("sgr-0-11");
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 15);
    let failed: Vec<_> =
        scenario.outcomes().await.into_iter().filter(|(_, o)| *o == Outcome::Failed).collect();
    assert_eq!(failed, [("sgr-0-11".to_owned(), Outcome::Failed)]);
}

#[tokio::test]
async fn a_rule_that_stands_again_under_another_id_is_a_conflict_and_is_left_alone() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    let exchange = scenario.exchange();
    scenario.audit_with(&exchange).await;
    let again = rule("sgr-new", 0, "sg-b000");
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Refuse(ErrorClass::RuleMissing)]);
    scenario.cloud.edit("sg-a000", |rules| *rules = vec![again]);
    scenario.carry_out(&exchange).await;
    assert_eq!(scenario.outcomes().await, [("sgr-0-0".to_owned(), Outcome::Conflict)]);
    assert_eq!(scenario.cloud.sent(REVOKE).len(), 1);
}

#[tokio::test]
async fn a_rule_that_was_gone_before_our_call_is_already_absent() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    let exchange = scenario.exchange();
    scenario.audit_with(&exchange).await;
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Refuse(ErrorClass::RuleMissing)]);
    scenario.cloud.edit("sg-a000", |rules| rules.retain(|rule| rule.id.as_str() != "sgr-0-0"));
    scenario.carry_out(&exchange).await;
    let expected = [("sgr-0-0", Outcome::AlreadyAbsent), ("sgr-0-1", Outcome::Removed)];
    assert_eq!(scenario.outcomes().await, expected.map(|(id, outcome)| (id.to_owned(), outcome)));
}

#[tokio::test]
async fn a_refused_rule_that_stands_says_what_the_provider_said() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Refuse(ErrorClass::PeerMissing); 3]);
    scenario.revoke().await;
    let run = scenario.run().await;
    let records = stored_revocations(&*scenario.journal, &run.new.id).await.expect("records");
    assert_eq!(records[0].outcome, Outcome::StillPresent);
    let reason = records[0].reason.as_deref().unwrap_or_default();
    assert!(reason.contains("PeerMissing"), "{reason}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_the_remedy() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.answer(OURS, REVOKE, &[Reply::Refuse(ErrorClass::ClockSkew)]);
    let end = scenario.revoke().await;
    let [(_, reason)] = &end.left_alone[..] else { panic!("one lane is left alone: {end:?}") };
    assert!(reason.contains("this machine's clock") && reason.contains("resume"), "{reason}");
    assert_eq!(scenario.count(Outcome::Pending).await, 1);
}

#[tokio::test]
async fn a_resume_with_the_wrong_credentials_reached_nobody() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.audit().await;
    scenario.cloud.answer(OURS, IDENTIFY, &[Reply::Refuse(ErrorClass::Credential)]);
    let end = scenario.carry_out(&scenario.exchange()).await;
    assert!(end.nobody_reached(), "{end:?}");
    assert!(scenario.cloud.sent(REVOKE).is_empty());
}

#[tokio::test]
async fn a_stop_between_two_calls_leaves_the_rest_for_the_next_process() {
    let scenario = Scenario::new(Fake::new().batch(1), 3, 2).await.rate(2.0);
    let stop = async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while scenario.cloud.sent(REVOKE).is_empty() {
            assert!(tokio::time::Instant::now() < deadline, "no call was sent");
            tokio::task::yield_now().await;
        }
        scenario.stop.cancel();
    };
    let (end, ()) = tokio::join!(scenario.revoke(), stop);
    assert!(end.interrupted);
    let first = scenario.cloud.sent(REVOKE).len();
    let next = scenario.next_process();
    next.revoke().await;
    assert_eq!(next.count(Outcome::Removed).await, 6);
    assert_eq!(next.cloud.sent(REVOKE).len(), 6, "{first} before, none of them twice");
}
