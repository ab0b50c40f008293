//! Reading groups: what stops it, what does not, and what is read again.

use std::time::Duration;

use unpair::cloud::ErrorClass;
use unpair::exchange::Exchange;
use unpair::model::Outcome;

use unpair::journal::SideReading;
use unpair::model::GroupIx;

use super::scenario::{DESCRIBE, Fake, IDENTIFY, OURS, RULES, Reply, Scenario};

#[tokio::test]
async fn reads_that_are_denied_are_not_sent_for_every_group() {
    let scenario = Scenario::new(Fake::new(), 20, 1).await;
    scenario.cloud.deny(DESCRIBE);
    scenario.audit().await;
    let ours: Vec<_> =
        scenario.cloud.sent(DESCRIBE).into_iter().filter(|sent| sent.account == OURS).collect();
    assert_eq!(ours.len(), 3);
}

#[tokio::test]
async fn a_group_whose_account_was_not_reached_is_read_by_the_next_command() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    scenario.audit().await;
    scenario.cloud.answer(OURS, IDENTIFY, &[Reply::Refuse(ErrorClass::Credential)]);
    assert_eq!(scenario.audit().await.unreachable.len(), 1);
    let before = scenario.cloud.sent(DESCRIBE).len();
    assert!(scenario.audit().await.unreachable.is_empty());
    assert_eq!(scenario.cloud.sent(DESCRIBE).len(), before + 1, "ours is read again, theirs not");
}

#[tokio::test]
async fn a_group_that_was_read_and_not_planned_is_read_again() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    scenario.record_reading_alone("sg-a000").await;
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 2);
}

#[tokio::test]
async fn a_read_in_the_air_does_not_hold_up_a_stop() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.answer(OURS, DESCRIBE, &[Reply::Hang]);
    let stop = async {
        scenario.cloud.hung.notified().await;
        scenario.stop.cancel();
    };
    let both = async { tokio::join!(scenario.audit(), stop).0 };
    let end = tokio::time::timeout(Duration::from_secs(30), both).await.expect("it ends");
    assert!(end.interrupted);
}

#[tokio::test]
async fn credentials_that_expired_after_a_fault_are_refreshed() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    let replies = [ErrorClass::Lost, ErrorClass::Transient, ErrorClass::Expired];
    scenario.cloud.answer(OURS, DESCRIBE, &replies.map(Reply::Refuse));
    scenario.revoke().await;
    assert_eq!((scenario.cloud.refreshed(), scenario.count(Outcome::Removed).await), (1, 1));
}

/// How the first group was read.
async fn first_side(scenario: &Scenario) -> SideReading {
    let run = scenario.run().await;
    let sides = scenario.journal.sides(&run.new.id, GroupIx(0), 1).await.expect("sides");
    sides.into_iter().next().expect("a side").state
}

#[tokio::test]
async fn a_group_that_one_look_does_not_find_is_looked_at_again_and_the_others_are_not() {
    let scenario = Scenario::new(Fake::new(), 3, 1).await;
    scenario.cloud.hide("sg-a000", 1);
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 3);
    let looks = scenario.cloud.sent(DESCRIBE);
    let of_ours = looks.iter().filter(|sent| sent.account == OURS).count();
    assert_eq!(of_ours, 3 + 1 + 3, "to plan, once more, and to read back");
}

#[tokio::test]
async fn a_group_that_two_looks_do_not_find_is_missing() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.hide("sg-a000", 2);
    scenario.audit().await;
    assert!(matches!(first_side(&scenario).await, SideReading::Missing { .. }));
    assert_eq!(scenario.cloud.sent(DESCRIBE).len(), 3);
}

#[tokio::test]
async fn an_audit_that_is_stopped_before_the_second_look_tells_nothing_of_the_group() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.hide("sg-a000", 2);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        scenario.stop.cancel();
    };
    let (end, ()) = tokio::join!(scenario.audit(), stop);
    assert!(end.interrupted);
    assert_eq!(first_side(&scenario).await, SideReading::Unread);
}

#[tokio::test]
async fn listings_that_contradict_each_other_are_made_again() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.contradict("sg-a000", 2);
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 1);
}

#[tokio::test]
async fn listings_that_never_agree_are_no_reading() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.cloud.contradict("sg-a000", u32::MAX);
    scenario.audit().await;
    let SideReading::Failed { code, message } = first_side(&scenario).await else {
        panic!("it counts as read")
    };
    assert_eq!(code, "Contradictory");
    assert!(message.contains("show different grants"), "{message}");
}

#[tokio::test]
async fn a_read_back_whose_listings_contradict_each_other_proves_nothing() {
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.audit().await;
    scenario.cloud.contradict("sg-a000", 3);
    scenario.carry_out(&scenario.exchange()).await;
    assert_eq!(scenario.count(Outcome::Removed).await, 1, "once they agree");
    let scenario = Scenario::new(Fake::new(), 1, 1).await;
    scenario.audit().await;
    scenario.cloud.contradict("sg-a000", u32::MAX);
    scenario.carry_out(&scenario.exchange()).await;
    assert_eq!(scenario.count(Outcome::Unknown).await, 1);
}

#[tokio::test]
async fn an_answer_with_an_earlier_request_id_is_no_reading_and_is_asked_for_again() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    scenario.cloud.answer(OURS, RULES, &[Reply::Replay]);
    scenario.revoke().await;
    assert_eq!(scenario.count(Outcome::Removed).await, 2, "what stands was seen");
    let ours = scenario.cloud.sent(RULES).into_iter().filter(|sent| sent.account == OURS);
    assert_eq!(ours.count(), 3, "the replay, the reading, the read-back");
}

#[tokio::test]
async fn replays_that_do_not_end_are_a_failed_reading_that_tells_why() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    scenario.cloud.answer(OURS, RULES, &[Reply::Replay; 6]);
    scenario.audit().await;
    assert_eq!(scenario.outcomes().await, [], "nothing is planned on it");
    assert_eq!(scenario.failed("sg-a000").await, Some("RepeatedRequestId".to_owned()));
}

#[tokio::test]
async fn an_answer_with_a_request_id_of_an_earlier_invocation_is_none() {
    let scenario = Scenario::new(Fake::new(), 1, 2).await;
    scenario.audit().await;
    let listings = async |exchange: Exchange| {
        let before = [DESCRIBE, RULES].map(|action| scenario.cloud.sent(action).len());
        scenario.cloud.number_answers_anew();
        scenario.look_at_first(&exchange).await;
        let after = [DESCRIBE, RULES].map(|action| scenario.cloud.sent(action).len());
        after.iter().sum::<usize>() - before.iter().sum::<usize>()
    };
    assert_eq!(listings(scenario.exchange()).await, 2);
    let exchange = scenario.exchange().recalling(&*scenario.journal).await.expect("a journal");
    assert!(listings(exchange).await > 2, "replayed answers are asked for again");
}
