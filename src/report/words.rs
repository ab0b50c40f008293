//! Why a pair stands as it does, in words.

use crate::journal::NamesPeer;
use crate::model::{GroupIx, GroupRef, SideState};

use super::evidence::{JudgedSide, LastRead};
use super::pairs::{PairRow, SideRow};
use super::text::count;

/// What is said of a side that needs no explanation.
const CLEAN: &str = "clean";

/// What is said of a side that was called and is not ours to read any more.
const LEFT: &str = "not ours to read any more, and not every rule of it is done with";

/// What one side shows, in words; `other` is the pair's other group, `doubt` what
/// keeps it from being judged, if its rules do.
pub(super) fn describe(
    judged: JudgedSide,
    read: &LastRead,
    (peer, other): (GroupIx, &GroupRef),
    doubt: Option<&str>,
) -> String {
    match (judged.state, read) {
        (_, LastRead::Never) => "never read".to_owned(),
        (_, LastRead::Failed(said)) => format!("could not be read: {said}"),
        (SideState::Clean, LastRead::Missing(code)) => format!("the group is gone ({code})"),
        (_, LastRead::Missing(code)) => {
            format!("no such group there ({code}); --accept-gone counts it as clean")
        }
        (SideState::Unknown, LastRead::NotOurs) => LEFT.to_owned(),
        (SideState::Unknown, LastRead::Naming(naming))
            if !matches!(naming.of(peer), NamesPeer::Misowned(_)) =>
        {
            LEFT.to_owned()
        }
        (state, LastRead::Naming(naming)) => by_references(state, naming.of(peer), other),
        (_, LastRead::NotOurs) => "not ours to read".to_owned(),
        (SideState::Unknown, _) => match (doubt, judged.finding.standing) {
            (Some(doubt), 0) => doubt.to_owned(),
            (Some(doubt), n) => format!("{}; {doubt}", stand(u64::from(n))),
            (None, _) => "cannot be judged".to_owned(),
        },
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

/// What the references to `other` show of a group that is not ours.
fn by_references(state: SideState, names: NamesPeer<'_>, other: &GroupRef) -> String {
    let other = &other.group;
    match names {
        NamesPeer::Yes => {
            format!("its ingress rules name {other}; only its owner can revoke that")
        }
        NamesPeer::Misowned(owner) => {
            format!("a group of this id that {owner} owns names {other}: check the row's account")
        }
        NamesPeer::Unseen => format!(
            "not ours to read; whether its ingress rules name {other} is not told: too many groups \
             do"
        ),
        NamesPeer::No if state == SideState::Clean => {
            format!("none of its ingress rules names {other}, by the references to it")
        }
        NamesPeer::No => {
            format!("not ours to read; none of its ingress rules names {other}, egress is not told")
        }
    }
}

fn stand(n: u64) -> String {
    format!("{} {}", count(n, "rule"), if n == 1 { "stands" } else { "stand" })
}

/// Why the pair stands as it does: what is `told` of its sides that are not just clean.
pub(super) fn reason(pair: &PairRow, told: impl Fn(&SideRow) -> String) -> String {
    reason_of(&pair.a, &pair.b, told)
}

/// The same of two sides.
pub(super) fn reason_of(a: &SideRow, b: &SideRow, told: impl Fn(&SideRow) -> String) -> String {
    let told: Vec<String> = [a, b]
        .into_iter()
        .filter(|side| side.text != CLEAN)
        .map(|side| format!("{}/{}: {}", side.group.account, side.group.group, told(side)))
        .collect();
    if told.is_empty() { "both sides are clean".to_owned() } else { told.join(" · ") }
}

/// The name of a group in a report line: account and id; region and cloud are told once.
pub(super) fn short(group: &GroupRef) -> String {
    format!("{}/{}", group.account, group.group)
}
