//! A group's pairs and its live rules make its findings and calls: pure, one group at a time.

mod by_rows;

use std::collections::{BTreeMap, HashMap};

use crate::failpoint::{Bug, planted};
use crate::model::{
    CallForm, Direction, Filter, Finding, Fit, GroupIx, GroupRef, Peer, PeerEntry, PlannedCall,
    Policy, Revocation, Rule,
};

pub use by_rows::{RowTotals, Totals, blind_rules, plan_by_rows};

/// A group that some row pairs with the group in hand.
#[derive(Clone, Debug)]
pub struct PeerGroup<'a> {
    /// Its number.
    pub ix: GroupIx,
    /// What it is.
    pub group: &'a GroupRef,
    /// What its rows ask for, each with its line, in order of lines.
    pub wants: Vec<(&'a Filter, u32)>,
}

/// What follows from one reading of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPlan {
    /// Counts by peer, for each peer that any rule names.
    pub findings: Vec<Finding>,
    /// Grants that name groups no row pairs this group with.
    pub elsewhere: u32,
    /// The calls that remove what the rows ask for.
    pub calls: Vec<PlannedCall>,
}

/// How revocations become calls.
#[derive(Clone, Copy, Debug)]
pub struct CallShape {
    /// How rules are named.
    pub form: CallForm,
    /// Rules a call, at least 1.
    pub batch: usize,
}

impl CallShape {
    /// Rules that one call may carry.
    fn size(self) -> usize {
        if self.form == CallForm::Flat { 1 } else { self.batch.max(1) }
    }
}

/// The peers of a group, each with what its rows ask for in order of lines. `named` spells out the
/// group of a number; peers that it does not know are left out.
pub fn peer_groups<'a>(
    entries: &[PeerEntry],
    filters: &'a [Filter],
    named: impl Fn(GroupIx) -> Option<&'a GroupRef>,
) -> Vec<PeerGroup<'a>> {
    let of_peer = |entries: &[PeerEntry]| {
        let ix = entries.first()?.peer;
        let wanted = |entry: &PeerEntry| {
            let filter = filters.get(usize::from(entry.filter))?;
            Some((filter, entry.line))
        };
        let mut wants: Vec<_> = entries.iter().filter_map(wanted).collect();
        wants.sort_by_key(|(_, line)| *line);
        Some(PeerGroup { ix, group: named(ix)?, wants })
    };
    entries.chunk_by(|one, other| one.peer == other.peer).filter_map(of_peer).collect()
}

/// Plans the revocations of `group`, whose complete rules are `rules`.
///
/// ```
/// use unpair::model::{CallForm, Filter, GroupIx, GroupRef, Provider, Rule};
/// use unpair::planner::{CallShape, PeerGroup, blind_rules, plan_group};
///
/// let [peer, stranger] = ["sg-b", "sg-c"].map(|group| GroupRef {
///     cloud: Provider::Aws,
///     region: "us-east-1".into(),
///     account: "222222222222".into(),
///     group: group.into(),
/// });
/// // A row asks for all grants of `peer`; no row names `stranger`.
/// let all = Filter::default();
/// let peers = [PeerGroup { ix: GroupIx(1), group: &peer, wants: vec![(&all, 2)] }];
/// let rule = |id: &str, group| Rule { id: id.into(), ..blind_rules(&all, group).remove(0) };
/// let rules = [rule("sgr-1", &peer), rule("sgr-2", &stranger)];
///
/// let shape = CallShape { form: CallForm::Permissions, batch: 100 };
/// let plan = plan_group(GroupIx(0), &peers, &rules, shape);
/// assert_eq!((plan.findings[0].standing, plan.elsewhere), (1, 1));
/// assert_eq!(plan.calls[0].revocations[0].rule.id.as_str(), "sgr-1");
/// ```
pub fn plan_group(
    group: GroupIx,
    peers: &[PeerGroup<'_>],
    rules: &[Rule],
    shape: CallShape,
) -> GroupPlan {
    let named = Named::new(peers);
    let mut findings: BTreeMap<GroupIx, Finding> = BTreeMap::new();
    let mut elsewhere = 0;
    let mut revocations = Vec::new();
    for rule in rules {
        let mut is_paired = false;
        for (peer, whose) in named.by(&rule.peer) {
            if matches!(whose, Whose::Anothers) && planted(Bug::OwnerMismatchElsewhere) {
                continue;
            }
            is_paired = true;
            let finding = findings
                .entry(peer.ix)
                .or_insert_with(|| Finding { peer: peer.ix, ..Finding::default() });
            match sort(rule, peer, whose) {
                Sorted::Standing(line) => {
                    finding.standing += 1;
                    let rule = rule.clone();
                    revocations.push(Revocation { group, peer: peer.ix, line, rule });
                }
                Sorted::Outside => finding.outside += 1,
                Sorted::Drop => finding.drops += 1,
                Sorted::Misowned => finding.misowned += 1,
                Sorted::Unclear => finding.unclear += 1,
            }
        }
        let names_others = !is_paired && rule.peer.groups().next().is_some();
        elsewhere += u32::from(names_others && rule.policy != Some(Policy::Drop));
    }
    GroupPlan {
        findings: findings.into_values().collect(),
        elsewhere,
        calls: into_calls(group, revocations, shape),
    }
}

/// The groups that rows pair a group with, by their ids in lower case.
struct Named<'a, 'p> {
    all: &'a [PeerGroup<'p>],
    by_id: HashMap<String, Vec<&'a PeerGroup<'p>>>,
}

impl<'a, 'p> Named<'a, 'p> {
    fn new(all: &'a [PeerGroup<'p>]) -> Self {
        let mut by_id: HashMap<String, Vec<&PeerGroup<'_>>> = HashMap::new();
        for peer in all {
            by_id.entry(peer.group.group.as_str().to_ascii_lowercase()).or_default().push(peer);
        }
        Self { all, by_id }
    }

    /// Those that a rule with `peer` may be about, each with whose the rule says it is. A rule that
    /// tells no peer at all, or one of a kind that is not known, may be about any of them.
    fn by(&self, peer: &Peer) -> Vec<(&'a PeerGroup<'p>, Whose)> {
        let mut named: Vec<(&PeerGroup<'_>, Whose)> = Vec::new();
        if peer.may_be_any() {
            return self.all.iter().map(|peer| (peer, Whose::TheRows)).collect();
        }
        for (id, owner) in peer.groups() {
            let id = id.as_str();
            let peers = if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
                self.by_id.get(&id.to_ascii_lowercase())
            } else {
                self.by_id.get(id)
            };
            let peers = peers.map_or(&[][..], Vec::as_slice);
            for peer in peers {
                let whose = match owner {
                    Some(owner) if owner.is_same(&peer.group.account) => Whose::TheRows,
                    Some(_) => Whose::Anothers,
                    // Who tells no owner leaves the id to decide: it names one group.
                    None if peers.len() == 1 => Whose::TheRows,
                    None => Whose::OneOfSeveral,
                };
                if !named.iter().any(|(known, _)| known.ix == peer.ix) {
                    named.push((peer, whose));
                }
            }
        }
        named
    }
}

/// Whose the group is that a rule names.
#[derive(Clone, Copy)]
enum Whose {
    /// As the row says, or the rule does not say and leaves no doubt.
    TheRows,
    /// Another account's.
    Anothers,
    /// The rule does not say, and rows call the group by several owners.
    OneOfSeveral,
}

/// What a rule is to a row that pairs its group with one that it names.
enum Sorted {
    /// What the row of this line asks for.
    Standing(u32),
    /// A grant that no row asks for.
    Outside,
    /// A drop rule that no row asks for.
    Drop,
    /// It names the id under another owner than the row: one of them is wrong.
    Misowned,
    /// It does not tell what it takes to say what it is.
    Unclear,
}

fn sort(rule: &Rule, peer: &PeerGroup<'_>, whose: Whose) -> Sorted {
    match whose {
        Whose::Anothers => return Sorted::Misowned,
        Whose::OneOfSeveral => return Sorted::Unclear,
        Whose::TheRows => {}
    }
    let best = peer.wants.iter().map(|(filter, line)| (filter.fit(rule), *line)).min();
    let is_clear = !rule.peer.is_unclear() && !rule.id.as_str().is_empty();
    match (best, rule.policy) {
        (Some((Fit::Yes, line)), _) if is_clear => Sorted::Standing(line),
        (Some((Fit::Yes | Fit::Untold, _)), _) | (_, None) => Sorted::Unclear,
        (_, Some(Policy::Drop)) => Sorted::Drop,
        (_, Some(Policy::Accept)) => Sorted::Outside,
    }
}

fn into_calls(group: GroupIx, revocations: Vec<Revocation>, shape: CallShape) -> Vec<PlannedCall> {
    let (ingress, egress): (Vec<_>, Vec<_>) =
        revocations.into_iter().partition(|r| r.rule.direction == Direction::Ingress);
    let mut calls = Vec::new();
    for (direction, revocations) in [(Direction::Ingress, ingress), (Direction::Egress, egress)] {
        for members in revocations.chunks(shape.size()) {
            calls.push(PlannedCall {
                group,
                direction,
                form: shape.form,
                revocations: members.to_vec(),
            });
        }
    }
    calls
}

#[cfg(test)]
mod tests;
