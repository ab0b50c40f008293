//! Why a pair stands as it does, in words.

use crate::model::{GroupRef, SideState};

use super::evidence::{JudgedSide, LastRead};
use super::pairs::SideRow;
use super::text::count;

/// What is said of a side that needs no explanation.
const CLEAN: &str = "clean";

/// What one side shows, in words.
pub(super) fn describe(judged: JudgedSide, read: &LastRead, other: &GroupRef) -> String {
    match (judged.state, read) {
        (_, LastRead::Never) => "never read".to_owned(),
        (_, LastRead::Failed(said)) => format!("could not be read: {said}"),
        (SideState::Clean, LastRead::Missing(code)) => format!("the group is gone ({code})"),
        (_, LastRead::Missing(code)) => {
            format!("no such group there ({code}); --accept-gone counts it as clean")
        }
        (SideState::Standing(_), LastRead::Naming(_)) => {
            format!("its ingress rules name {}; only its owner can revoke that", other.group)
        }
        (SideState::Clean, LastRead::Naming(_)) => {
            format!("none of its ingress rules names {}, by the references to it", other.group)
        }
        (_, LastRead::Naming(_)) => {
            format!(
                "not ours to read; none of its ingress rules names {}, egress is not told",
                other.group
            )
        }
        (_, LastRead::NotOurs) => "not ours to read".to_owned(),
        (SideState::Standing(n), LastRead::Managed) => {
            format!("{}; a service of the provider manages the group", stand(n))
        }
        (SideState::Standing(n), LastRead::Seen) => stand(n),
        (SideState::Outside(n), _) => {
            format!("{} outside what the rows ask for", count(n, "grant"))
        }
        _ => CLEAN.to_owned(),
    }
}

fn stand(n: u64) -> String {
    format!("{} {}", count(n, "rule"), if n == 1 { "stands" } else { "stand" })
}

/// Why the pair stands as it does: what is to be said of its sides that are not just clean.
pub(super) fn reason(a: &SideRow, b: &SideRow) -> String {
    let told: Vec<String> = [a, b]
        .into_iter()
        .filter(|side| side.text != CLEAN)
        .map(|side| format!("{}/{}: {}", side.group.account, side.group.group, side.text))
        .collect();
    if told.is_empty() { "both sides are clean".to_owned() } else { told.join(" · ") }
}

/// The name of a group in a report line: account and id; region and cloud are told once.
pub(super) fn short(group: &GroupRef) -> String {
    format!("{}/{}", group.account, group.group)
}
