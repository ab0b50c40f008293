//! The actions that a limit can hold back.

use crate::cloud::Action;
use crate::model::{Direction, Provider};

/// What is called of each cloud.
const CALLED: [Action; 7] = [
    Action::Identify,
    Action::Groups,
    Action::Rules,
    Action::References,
    Action::Regions,
    Action::Revoke(Direction::Ingress),
    Action::Revoke(Direction::Egress),
];

/// The names of the actions of a cloud.
pub(super) fn of(cloud: Provider) -> impl Iterator<Item = &'static str> {
    CALLED.into_iter().map(move |action| action.name(cloud))
}

/// An action's name as its provider spells it, whatever the case.
pub(super) fn spell(part: &str) -> Option<&'static str> {
    Provider::ALL.into_iter().flat_map(of).find(|action| action.eq_ignore_ascii_case(part))
}

/// Refuses an action that is never called: its limit would hold nothing back.
pub(super) fn check(cloud: Provider, name: &str) -> Result<(), String> {
    if of(cloud).any(|action| action == name) {
        return Ok(());
    }
    let meant = of(cloud).find(|action| action.eq_ignore_ascii_case(name));
    let wanted = meant.map_or_else(
        || format!("rate, burst, in_flight or one of {}", of(cloud).collect::<Vec<_>>().join(", ")),
        |action| format!("`{action}`"),
    );
    Err(format!("unknown key, no such action is called on {cloud}: expected {wanted}"))
}
