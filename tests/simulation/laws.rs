//! The judge judged: a world that notices nothing would find nothing either.

use std::time::Duration;

use unpair::journal::CallId;
use unpair::model::{ClientToken, GroupId, RuleId};

use crate::scene::{Scene, Size};
use crate::time::Jump;
use crate::weather::Weather;
use crate::world::{Intent, Request, World};

const NOW: Duration = Duration::from_secs(1_000);

fn world() -> World {
    Scene::new(1, Size::SMALL, Weather::CALM).world
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
fn send(world: &mut World, call: u64, n: u32, token: &str, now: Duration) {
    let (intent, request) = request(n, token);
    world.intents.insert(CallId(call), intent);
    world.post(&request, now);
}

/// The one law that was broken.
fn broken(world: &World) -> &str {
    let [only] = &world.broken[..] else { panic!("one law: {:?}", world.broken) };
    only.split(": ").nth(1).expect("a law")
}

#[test]
fn a_request_after_its_intent_breaks_no_law() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    assert_eq!(world.broken, [""; 0]);
}

#[test]
fn a_request_without_an_intent_is_found() {
    let mut world = world();
    world.post(&request(0, "a").1, NOW);
    assert_eq!(broken(&world), "intent first");
}

#[test]
fn a_second_request_of_one_intent_is_found() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    world.post(&request(0, "a").1, NOW);
    assert_eq!(broken(&world), "one intent, one send");
}

#[test]
fn two_calls_at_a_time_of_one_group_are_found() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    send(&mut world, 2, 1, "b", NOW);
    assert_eq!(broken(&world), "one call at a time and group");
}

#[test]
fn a_rule_that_nobody_asked_about_is_found() {
    let mut world = world();
    world.asked.remove("sgr-sg-alibaba-0-00-0");
    send(&mut world, 1, 0, "a", NOW);
    assert_eq!(broken(&world), "nothing outside the plan");
}

#[test]
fn a_token_of_two_requests_is_found() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    world.intents.clear();
    send(&mut world, 2, 1, "a", NOW);
    assert_eq!(broken(&world), "one token, one request");
}

#[test]
fn a_request_that_changes_its_token_without_a_read_is_found() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    world.intents.clear();
    send(&mut world, 1, 0, "b", NOW + Duration::from_secs(1));
    assert_eq!(broken(&world), "one request, one token");
    world.broken.clear();
    world.shown(&GroupId::new("sg-alibaba-0-00"), NOW + Duration::from_secs(2));
    world.intents.clear();
    send(&mut world, 1, 0, "c", NOW + Duration::from_secs(3));
    assert_eq!(world.broken, [""; 0], "it was read");
}

#[test]
fn an_old_token_and_one_from_before_a_jump_are_found() {
    let mut world = world();
    send(&mut world, 1, 0, "a", NOW);
    world.intents.clear();
    send(&mut world, 1, 0, "a", NOW + Duration::from_secs(601));
    assert_eq!(broken(&world), "no old token");
    world.broken.clear();
    let at = NOW + Duration::from_secs(5);
    world.jumps = vec![Jump { at, by_ms: 900_000 }];
    world.intents.clear();
    send(&mut world, 1, 0, "a", NOW + Duration::from_secs(10));
    assert_eq!(broken(&world), "no old token");
}

#[test]
fn a_rule_that_is_called_gone_and_stands_or_was_not_looked_for_is_found() {
    let (group, rule) = (GroupId::new("sg-alibaba-0-00"), RuleId::new("sgr-sg-alibaba-0-00-0"));
    let mut world = world();
    world.shown(&group, NOW);
    world.judge_gone(&group, std::slice::from_ref(&rule), NOW);
    assert_eq!(broken(&world), "gone means gone");
    world.broken.clear();
    send(&mut world, 1, 0, "a", NOW);
    assert!(world.arrive(NOW + Duration::from_secs(1)), "an effect");
    world.judge_gone(&group, &[rule], NOW + Duration::from_secs(1));
    assert_eq!(broken(&world), "done means read back");
}
