//! The judge of verdicts and of answers: no pair is called clean while a grant between its groups
//! stands, and nothing is sent that nobody approved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use unpair::model::{Direction, Filter, GroupId, PairOutcome, Peer, Rule, RuleId, RunId, Scope};
use unpair::report::PairRow;

use crate::clouds::{Clouds, Group, Request};
use crate::process::FRESH;
use crate::rows::asks;

/// What is known of the invocation that goes on, and of what every run was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The invocation, in sequences of several.
    pub(crate) invocation: Option<Invocation>,
    /// When a run read a group, and what stood in it.
    held: Looks<(Duration, BTreeSet<RuleId>)>,
    /// What a run was told of who admits a group.
    told: Looks<Told>,
    /// When the last change of each run was sent.
    sent: BTreeMap<RunId, Duration>,
}

/// A question who admits a group.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The groups that admitted it then.
    admitting: BTreeSet<GroupId>,
    /// Those that were told.
    named: BTreeSet<GroupId>,
}

/// The looks at each group that the journal of a run may hold as the last one: the last of an
/// invocation that came to its end, and all later ones, of invocations that were killed.
#[derive(Clone, Debug)]
struct Looks<T> {
    of: BTreeMap<(RunId, GroupId), Vec<T>>,
    /// Those that this invocation looked at.
    now: BTreeSet<(RunId, GroupId)>,
}

impl<T> Default for Looks<T> {
    fn default() -> Self {
        Self { of: BTreeMap::new(), now: BTreeSet::new() }
    }
}

impl<T> Looks<T> {
    fn add(&mut self, key: (RunId, GroupId), look: T) {
        self.now.insert(key.clone());
        self.of.entry(key).or_default().push(look);
    }

    fn last(&mut self, key: &(RunId, GroupId)) -> Option<&mut T> {
        self.of.get_mut(key)?.last_mut()
    }

    /// The invocation is over. If it came to its end, all that it looked at is in the journal.
    fn settle(&mut self, came_to_its_end: bool) {
        for key in std::mem::take(&mut self.now) {
            if let (true, Some(looks)) = (came_to_its_end, self.of.get_mut(&key)) {
                looks.drain(..looks.len() - 1);
            }
        }
    }

    fn possible(&self, run: &RunId, group: &GroupId) -> &[T] {
        self.of.get(&(run.clone(), group.clone())).map_or(&[], Vec::as_slice)
    }
}

/// One invocation of a command.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) run: RunId,
    /// Why nothing may be sent, unless something may.
    pub(crate) forbidden: Option<&'static str>,
    /// How many rules the plan had that was approved; absent before.
    pub(crate) approved: Option<u64>,
    /// When the closing look began that an earlier invocation did not bring to its end.
    closing: Option<Duration>,
    sent: BTreeSet<RuleId>,
}

impl Invocation {
    /// One that works on `run`.
    pub(crate) fn of(
        run: RunId,
        forbidden: Option<&'static str>,
        closing: Option<Duration>,
    ) -> Self {
        Self { run, forbidden, approved: None, closing, sent: BTreeSet::new() }
    }
}

/// What the verdicts after an invocation rest on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rests {
    /// Exit code 0: on readings of this very invocation, and on those of a closing look that an
    /// earlier one was cut short in.
    ThisInvocation,
    /// On readings of this or an earlier one.
    AnyInvocation,
}

impl Ledger {
    fn run(&self) -> Option<RunId> {
        self.invocation.as_ref().map(|invocation| invocation.run.clone())
    }

    /// A group is read, now, in which `standing` stands.
    pub(crate) fn read(&mut self, group: &GroupId, standing: BTreeSet<RuleId>, now: Duration) {
        if let Some(run) = self.run() {
            self.held.add((run, group.clone()), (now, standing));
        }
    }

    /// It is asked who admits `group`.
    pub(crate) fn asked(&mut self, group: &GroupId, admitting: BTreeSet<GroupId>) {
        if let Some(run) = self.run() {
            self.told.add((run, group.clone()), Told { admitting, named: BTreeSet::new() });
        }
    }

    /// And these were told.
    pub(crate) fn named(&mut self, group: &GroupId, by: impl Iterator<Item = GroupId>) {
        let key = self.run().map(|run| (run, group.clone()));
        if let Some(told) = key.and_then(|key| self.told.last(&key)) {
            told.named.extend(by);
        }
    }

    /// The invocation is over, unless it was killed before it came to its end.
    pub(crate) fn settle(&mut self, came_to_its_end: bool) {
        self.held.settle(came_to_its_end);
        self.told.settle(came_to_its_end);
    }
}

impl Group {
    /// The rules that let traffic pass between the group and `peer`.
    pub(crate) fn grants<'a>(&'a self, peer: &'a GroupId) -> impl Iterator<Item = &'a Rule> {
        let names = move |rule: &&Rule| matches!(&rule.peer, Peer::Group { id, .. } if id == peer);
        // Every rule of these scenarios accepts.
        self.rules.iter().filter(names)
    }

    /// Whether an ingress rule names `peer`.
    pub(crate) fn admits(&self, peer: &GroupId) -> bool {
        self.grants(peer).any(|rule| rule.direction == Direction::Ingress)
    }
}

impl Clouds {
    /// Judges a request by what a person answered, and by what that answer was given to.
    pub(crate) fn judge_answer(&mut self, request: &Request, now: Duration) {
        let Some(invocation) = &mut self.ledger.invocation else { return };
        invocation.sent.extend(request.rules.iter().cloned());
        self.ledger.sent.insert(invocation.run.clone(), now);
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
        rests: Rests,
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
            let seen = |rule: &&Rule| self.was_seen(run, [own, peer], rule, pair, rests, now);
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
        rests: Rests,
        now: Duration,
    ) -> bool {
        let is_ours = !self.manner.partners.contains(&self.groups[ends[0]].place.account);
        let by = |ledger: &Ledger| {
            if is_ours {
                return ledger.shows(run, ends[0], rule);
            }
            ledger.tells(run, ends, rule, pair)
        };
        match rests {
            Rests::ThisInvocation if is_ours => {
                !self.ledger.closed(run, ends[0], now) || by(&self.ledger)
            }
            Rests::ThisInvocation | Rests::AnyInvocation => by(&self.ledger),
        }
    }
}

impl Ledger {
    /// Whether a rule stood when `run` last read its group, which is ours.
    fn shows(&self, run: &RunId, group: &GroupId, rule: &Rule) -> bool {
        self.held.possible(run, group).iter().all(|(_, held)| held.contains(&rule.id))
    }

    /// Whether a reading of a group may be that of an unfinished closing look which still counts:
    /// it is fresh, and nothing was changed after it.
    fn closed(&self, run: &RunId, group: &GroupId, now: Duration) -> bool {
        let closing = self.invocation.as_ref().and_then(|invocation| invocation.closing);
        let Some(closing) = closing else { return false };
        let changed = self.sent.get(run).copied();
        let counts = |read: Duration| {
            closing <= read && now <= read + FRESH && changed.is_none_or(|sent| sent < read)
        };
        self.held.possible(run, group).iter().any(|(read, _)| counts(*read))
    }

    /// Whether references that `run` was told show that a rule stands in a group that is not ours.
    fn tells(&self, run: &RunId, [own, peer]: [&GroupId; 2], rule: &Rule, pair: &PairRow) -> bool {
        let mut told = self.told.possible(run, peer).iter();
        let is_ingress = rule.direction == Direction::Ingress;
        if pair.outcome == PairOutcome::Severed {
            // It claims that references told all, and that no row asks about egress.
            let was_there = told.all(|told| told.admitting.contains(own));
            return if is_ingress { was_there } else { !in_ingress_alone(&pair.filters) };
        }
        is_ingress && told.len() > 0 && told.all(|told| told.named.contains(own))
    }
}

fn in_ingress_alone(filters: &[Filter]) -> bool {
    filters.iter().all(|filter| filter.direction == Scope::Ingress)
}
