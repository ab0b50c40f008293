//! The judge is tested: clouds that notice nothing would find nothing either.

use std::time::Duration;

use unpair::journal::CallId;
use unpair::model::{ClientToken, GroupId, RuleId};

use crate::clouds::{Clouds, Intent, Request};
use crate::fault_rates::FaultRates;
use crate::scenario::{Scenario, Size};
use crate::time::Jump;

const NOW: Duration = Duration::from_secs(1_000);

fn clouds() -> Clouds {
    Scenario::new(1, Size::SMALL, FaultRates::NONE).clouds
}

/// A request for one grant of an Alibaba Cloud group, and the intent that calls for it.
fn request(n: u32, token: &str) -> (Intent, Request) {
    let (group, rules) =
        (GroupId::new("sg-alibaba-0-00"), vec![RuleId::new(format!("sgr-sg-alibaba-0-00-{n}"))]);
    let (token, hash) = (Some(ClientToken::new(token)), n.to_string());
    let account = "1111111111111111".into();
    let intent = Intent {
        group: group.clone(),
        token: token.clone(),
        hash: hash.clone(),
        rules: rules.clone(),
        is_sent: false,
    };
    (intent, Request { account, group, rules, token, hash })
}

/// Sends a request with an intent of its own.
fn send(clouds: &mut Clouds, call: u64, n: u32, token: &str, now: Duration) {
    let (intent, request) = request(n, token);
    clouds.intents.insert(CallId(call), intent);
    clouds.post(&request, now);
}

/// The one invariant that was broken.
fn broken(clouds: &Clouds) -> &str {
    let [only] = &clouds.broken[..] else { panic!("one invariant: {:?}", clouds.broken) };
    only.split(": ").nth(1).expect("a invariant")
}

#[test]
fn a_request_after_its_intent_breaks_no_invariant() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    assert_eq!(clouds.broken, [""; 0]);
}

#[test]
fn a_request_without_an_intent_is_found() {
    let mut clouds = clouds();
    clouds.post(&request(0, "a").1, NOW);
    assert_eq!(broken(&clouds), "intent first");
}

#[test]
fn a_second_request_of_one_intent_is_found() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    clouds.post(&request(0, "a").1, NOW);
    assert_eq!(broken(&clouds), "one intent, one send");
}

#[test]
fn two_calls_at_a_time_of_one_group_are_found() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    send(&mut clouds, 2, 1, "b", NOW);
    assert_eq!(broken(&clouds), "one call at a time and group");
}

#[test]
fn a_rule_that_nobody_asked_about_is_found() {
    let mut clouds = clouds();
    clouds.asked.remove("sgr-sg-alibaba-0-00-0");
    send(&mut clouds, 1, 0, "a", NOW);
    assert_eq!(broken(&clouds), "nothing outside the plan");
}

#[test]
fn a_token_of_two_requests_is_found() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    clouds.intents.clear();
    send(&mut clouds, 2, 1, "a", NOW);
    assert_eq!(broken(&clouds), "one token, one request");
}

#[test]
fn a_request_that_changes_its_token_without_a_read_is_found() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    clouds.intents.clear();
    send(&mut clouds, 1, 0, "b", NOW + Duration::from_secs(1));
    assert_eq!(broken(&clouds), "one request, one token");
    clouds.broken.clear();
    clouds.shown(&GroupId::new("sg-alibaba-0-00"), NOW + Duration::from_secs(2));
    clouds.intents.clear();
    send(&mut clouds, 1, 0, "c", NOW + Duration::from_secs(3));
    assert_eq!(clouds.broken, [""; 0], "it was read");
}

#[test]
fn an_old_token_and_one_from_before_a_jump_are_found() {
    let mut clouds = clouds();
    send(&mut clouds, 1, 0, "a", NOW);
    clouds.intents.clear();
    send(&mut clouds, 1, 0, "a", NOW + Duration::from_secs(601));
    assert_eq!(broken(&clouds), "no old token");
    clouds.broken.clear();
    let at = NOW + Duration::from_secs(5);
    clouds.jumps = vec![Jump { at, by_ms: 900_000 }];
    clouds.intents.clear();
    send(&mut clouds, 1, 0, "a", NOW + Duration::from_secs(10));
    assert_eq!(broken(&clouds), "no old token");
}

#[test]
fn a_rule_that_is_called_gone_and_stands_or_was_not_looked_for_is_found() {
    let (group, rule) = (GroupId::new("sg-alibaba-0-00"), RuleId::new("sgr-sg-alibaba-0-00-0"));
    let mut clouds = clouds();
    clouds.shown(&group, NOW);
    clouds.judge_gone(&group, std::slice::from_ref(&rule), NOW);
    assert_eq!(broken(&clouds), "gone means gone");
    clouds.broken.clear();
    send(&mut clouds, 1, 0, "a", NOW);
    assert!(clouds.arrive(NOW + Duration::from_secs(1)), "an effect");
    clouds.judge_gone(&group, &[rule], NOW + Duration::from_secs(1));
    assert_eq!(broken(&clouds), "done means read back");
}
