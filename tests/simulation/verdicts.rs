//! The judge of verdicts and of answers: no pair is called clean while a grant between its groups
//! stands, and nothing is sent that nobody approved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use unpair::model::{Direction, Filter, GroupId, PairOutcome, Peer, Rule, RuleId, RunId, Scope};
use unpair::report::PairRow;

use crate::rows::asks;
use crate::world::{Group, Request, World};

/// What is known of the invocation that goes on, and of what earlier ones were shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The invocation, in stories of several.
    pub(crate) invocation: Option<Invocation>,
    /// What stood in a group when a run last read it.
    held: BTreeMap<(RunId, GroupId), BTreeSet<RuleId>>,
    /// The groups that admitted a group when a run last asked, and those that were told.
    admitting: BTreeMap<(RunId, GroupId), BTreeSet<GroupId>>,
    named: BTreeMap<(RunId, GroupId), BTreeSet<GroupId>>,
}

/// One invocation of a command.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) run: RunId,
    /// Why nothing may be sent, unless something may.
    pub(crate) forbidden: Option<&'static str>,
    /// How many rules the plan had that was approved; absent before.
    pub(crate) approved: Option<u64>,
    sent: BTreeSet<RuleId>,
}

impl Invocation {
    /// One that works on `run`.
    pub(crate) fn of(run: RunId, forbidden: Option<&'static str>) -> Self {
        Self { run, forbidden, approved: None, sent: BTreeSet::new() }
    }
}

/// What the verdicts after an invocation rest on.
pub(crate) enum Rests {
    /// Exit code 0: on readings of this very invocation.
    ThisInvocation,
    /// On readings of this or an earlier one.
    AnyInvocation,
    /// It was killed: what it read may not be in the journal. This is what was known before it.
    EarlierOnes(Box<Ledger>),
}

impl Ledger {
    fn run(&self) -> Option<RunId> {
        self.invocation.as_ref().map(|invocation| invocation.run.clone())
    }

    /// A group is read in which `standing` stands.
    pub(crate) fn read(&mut self, group: &GroupId, standing: BTreeSet<RuleId>) {
        if let Some(run) = self.run() {
            self.held.insert((run, group.clone()), standing);
        }
    }

    /// It is asked who admits `group`.
    pub(crate) fn asked(&mut self, group: &GroupId, admitting: BTreeSet<GroupId>) {
        if let Some(run) = self.run() {
            self.named.remove(&(run.clone(), group.clone()));
            self.admitting.insert((run, group.clone()), admitting);
        }
    }

    /// And these were told.
    pub(crate) fn named(&mut self, group: &GroupId, by: impl Iterator<Item = GroupId>) {
        if let Some(run) = self.run() {
            self.named.entry((run, group.clone())).or_default().extend(by);
        }
    }
}

impl Group {
    /// The rules that let traffic pass between the group and `peer`.
    pub(crate) fn grants<'a>(&'a self, peer: &'a GroupId) -> impl Iterator<Item = &'a Rule> {
        let names = move |rule: &&Rule| matches!(&rule.peer, Peer::Group { id, .. } if id == peer);
        // Every rule of these scenes accepts.
        self.rules.iter().filter(names)
    }

    /// Whether an ingress rule names `peer`.
    pub(crate) fn admits(&self, peer: &GroupId) -> bool {
        self.grants(peer).any(|rule| rule.direction == Direction::Ingress)
    }
}

impl World {
    /// Judges a request by what a person answered, and by what that answer was given to.
    pub(crate) fn judge_answer(&mut self, request: &Request, now: Duration) {
        let Some(invocation) = &mut self.ledger.invocation else { return };
        invocation.sent.extend(request.rules.iter().cloned());
        let (approved, sent) = (invocation.approved, invocation.sent.len() as u64);
        if let Some(why) = invocation.forbidden {
            self.breaks(now, "nothing that was declined", &format!("{why}: {request:?}"));
        }
        match approved {
            None => self.breaks(now, "nothing unasked", &format!("{request:?}")),
            Some(size) if sent > size => {
                let how = format!("{size} rules were approved, {sent} are sent: {request:?}");
                self.breaks(now, "whoever approves sees all of it", &how);
            }
            Some(_) => {}
        }
    }

    /// Judges what is said of a pair after an invocation.
    pub(crate) fn judge_verdict(
        &mut self,
        run: &RunId,
        pair: &PairRow,
        rests: &Rests,
        now: Duration,
    ) {
        let is_severed = match pair.outcome {
            PairOutcome::Severed => true,
            PairOutcome::Narrowed | PairOutcome::OursSevered => false,
            PairOutcome::HalfSevered | PairOutcome::Open | PairOutcome::Unknown => return,
        };
        let [a, b] = [&pair.a, &pair.b].map(|side| side.group.group.clone());
        for (own, peer) in [(&a, &b), (&b, &a)] {
            let denied =
                |rule: &&Rule| is_severed || pair.filters.iter().any(|filter| asks(filter, rule));
            let seen = |rule: &&Rule| self.was_seen(run, [own, peer], rule, pair, rests);
            let standing = self.groups[own].grants(peer).filter(denied).find(seen);
            if let Some(rule) = standing {
                let how =
                    format!("{a} and {b} are {} while {rule:?} of {own} stands", pair.outcome);
                self.breaks(now, "clean means clean", &how);
            }
        }
    }

    /// Whether `rule` was there to be seen when `run` last read the group that it is of.
    fn was_seen(
        &self,
        run: &RunId,
        ends: [&GroupId; 2],
        rule: &Rule,
        pair: &PairRow,
        rests: &Rests,
    ) -> bool {
        let is_ours = !self.manner.partners.contains(&self.groups[ends[0]].place.account);
        let by = |ledger: &Ledger| {
            if is_ours {
                return ledger.shows(run, ends[0], rule);
            }
            ledger.tells(run, ends, rule, pair)
        };
        match rests {
            Rests::ThisInvocation if is_ours => true,
            Rests::ThisInvocation | Rests::AnyInvocation => by(&self.ledger),
            Rests::EarlierOnes(before) => by(&self.ledger) && by(before),
        }
    }
}

impl Ledger {
    /// Whether a rule stood when `run` last read its group, which is ours.
    fn shows(&self, run: &RunId, group: &GroupId, rule: &Rule) -> bool {
        let held = self.held.get(&(run.clone(), group.clone()));
        held.is_none_or(|held| held.contains(&rule.id))
    }

    /// Whether references that `run` was told show that a rule stands in a group that is not ours.
    fn tells(&self, run: &RunId, [own, peer]: [&GroupId; 2], rule: &Rule, pair: &PairRow) -> bool {
        let of_peer = (run.clone(), peer.clone());
        let is_ingress = rule.direction == Direction::Ingress;
        if pair.outcome == PairOutcome::Severed {
            // It claims that references told all, and that no row asks about egress.
            let admitted = self.admitting.get(&of_peer);
            let was_there = admitted.is_none_or(|by| by.contains(own));
            return if is_ingress { was_there } else { !in_ingress_alone(&pair.filters) };
        }
        let named = self.named.get(&of_peer);
        is_ingress && named.is_some_and(|by| by.contains(own))
    }
}

fn in_ingress_alone(filters: &[Filter]) -> bool {
    filters.iter().all(|filter| filter.direction == Scope::Ingress)
}
