//! What keeps sides from being judged: rules that name the other group, and not as the row does or
//! not wholly.

use std::collections::HashMap;

use crate::journal::{GroupRecord, JournalError, JournalRead};
use crate::model::{GroupIx, GroupRef, Peer, Rule, RunId};

use super::evidence::Judged;
use super::text::count;

/// Rules that are told of one side.
const TOLD: usize = 3;

/// The doubts about sides, each in words, by group and peer.
#[derive(Default)]
pub(super) struct Doubts(HashMap<(GroupIx, GroupIx), String>);

impl Doubts {
    /// Tells what keeps the side `own` of a pair from being judged, if its rules do.
    pub(super) async fn add(
        &mut self,
        (journal, run): (&dyn JournalRead, &RunId),
        groups: &mut LastGroup,
        judged: &Judged,
        pair: [(GroupIx, &GroupRef); 2],
    ) -> Result<(), JournalError> {
        let [a, b] = pair;
        for (side, (own, _), (peer, other)) in [(judged.a, a, b), (judged.b, b, a)] {
            if side.finding.is_in_doubt()
                && let Some(group) = groups.of(journal, run, own).await?
            {
                self.0.insert((own, peer), in_words(group, other));
            }
        }
        Ok(())
    }

    /// The doubt about the rules of `own` that name `peer`.
    pub(super) fn get(&self, own: GroupIx, peer: GroupIx) -> Option<&str> {
        self.0.get(&(own, peer)).map(String::as_str)
    }
}

/// The last group that was asked for: pairs of one group follow each other.
#[derive(Default)]
pub(super) struct LastGroup(Option<(GroupIx, Option<GroupRecord>)>);

impl LastGroup {
    async fn of(
        &mut self,
        journal: &dyn JournalRead,
        run: &RunId,
        group: GroupIx,
    ) -> Result<Option<&GroupRecord>, JournalError> {
        if self.0.as_ref().is_none_or(|(known, _)| *known != group) {
            self.0 = Some((group, journal.group(run, group).await?));
        }
        Ok(self.0.as_ref().and_then(|(_, found)| found.as_ref()))
    }
}

fn in_words(group: &GroupRecord, other: &GroupRef) -> String {
    let (mut owners, mut misowned, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
    for rule in &group.doubtful {
        let named = rule.peer.groups().find(|(id, _)| id.is_same(&other.group));
        let names_none = rule.peer.may_be_any();
        match named {
            Some((_, Some(owner))) if !owner.is_same(&other.account) => {
                misowned.push(name(rule));
                if !owners.contains(owner) {
                    owners.push(owner.clone());
                }
            }
            _ if named.is_some() || names_none => unclear.extend(untold(rule)),
            _ => {}
        }
    }
    let mut told = Vec::new();
    if !misowned.is_empty() {
        let owners: Vec<_> = owners.iter().map(ToString::to_string).collect();
        told.push(format!(
            "{} under the owner {}, the row says {}: check the row's account ({})",
            names(misowned.len(), other),
            owners.join(" and "),
            other.account,
            some(&misowned),
        ));
    }
    if !unclear.is_empty() {
        told.push(format!(
            "{} and cannot be judged ({})",
            may_name(unclear.len(), other),
            some(&unclear),
        ));
    }
    told.join("; ")
}

fn names(n: usize, other: &GroupRef) -> String {
    let verb = if n == 1 { "names" } else { "name" };
    format!("{} {verb} {}", count(n as u64, "rule"), other.group)
}

fn may_name(n: usize, other: &GroupRef) -> String {
    format!("{} may name {}", count(n as u64, "rule"), other.group)
}

/// The first of these, and how many more there are.
fn some(all: &[String]) -> String {
    let text = all.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > TOLD { format!("{text} and {} more", all.len() - TOLD) } else { text }
}

fn name(rule: &Rule) -> String {
    let id = rule.id.as_str();
    if id.is_empty() { "a rule without an id".to_owned() } else { id.to_owned() }
}

/// The rule with what it does not tell, or tells in words that are not known; `None` of one that
/// tells everything.
fn untold(rule: &Rule) -> Option<String> {
    let mut doubts = Vec::new();
    match &rule.peer {
        Peer::Group { owner: None, .. } => doubts.push("tells no owner".to_owned()),
        Peer::Unclear(several) if several.is_empty() => doubts.push("tells no peer".to_owned()),
        Peer::Other(told) => doubts.push(format!("tells `{told}` in place of a known peer")),
        unclear @ Peer::Unclear(_) => doubts.push(format!("tells {unclear}")),
        _ => {}
    }
    if rule.policy.is_none() {
        doubts.push(format!("policy `{}`", rule.policy_shown()));
    }
    if !rule.protocol.is_known() {
        doubts.push(format!("protocol `{}`", rule.protocol));
    }
    if rule.ports.is_none() {
        doubts.push(format!("ports `{}`", rule.ports_shown()));
    }
    for (field, is_told) in
        [("Priority", rule.priority.is_some()), ("NicType", rule.nic_type.is_some())]
    {
        // AWS has neither.
        if !is_told && rule.fields.get("Direction").is_some() {
            doubts.push(format!("{field} `{}`", rule.fields.get(field).unwrap_or_default()));
        }
    }
    if doubts.is_empty() && !rule.id.as_str().is_empty() {
        return None;
    }
    doubts.insert(0, name(rule));
    Some(doubts.join(" "))
}
