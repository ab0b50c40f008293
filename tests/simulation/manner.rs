//! The manners in which clouds may answer for a whole run: what they tell is what stands, and yet
//! not what a client expects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use unpair::cloud::{GroupInfo, Reference, References, RulesPage};
use unpair::model::{AccountId, GroupId, Peer, RequestId};

use crate::clouds::Clouds;

/// Entries of references that one answer has at the most: nothing tells that it was cut.
const REFERENCES: usize = 100;

/// How long every listing has a group that one left out: longer than anybody looks twice.
const MISSED_ONCE: Duration = Duration::from_secs(600);

/// How the owner of a group that a rule names is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// By its id.
    #[default]
    Id,
    /// By its login name.
    Name,
    /// Not at all.
    Absent,
}

/// How clouds answer, and what they remember for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) owner: Owner,
    /// Groups that rules and references name are in another case.
    pub(crate) is_upper: bool,
    /// Each page lists a rule twice.
    pub(crate) repeats: bool,
    /// The second page leads back to itself.
    pub(crate) loops: bool,
    /// How often a listing of groups leaves one out, from 0 to 1; the next ones have it.
    pub(crate) misses: f64,
    /// How often an earlier answer to the same process comes again, from 0 to 1.
    pub(crate) replays: f64,
    /// How often a revocation is refused for good, from 0 to 1.
    pub(crate) refuses: f64,
    /// Groups of others that name each of ours, in references.
    pub(crate) crowd: usize,
    /// Accounts that configuration has no credentials of.
    pub(crate) partners: BTreeSet<AccountId>,
    /// The name of the answer that comes again now.
    pub(crate) replayed: Option<RequestId>,
    missed: BTreeMap<GroupId, Duration>,
    groups: BTreeMap<String, Vec<(Vec<GroupInfo>, RequestId)>>,
    rules: BTreeMap<String, Vec<(RulesPage, RequestId)>>,
}

impl Manner {
    /// No manner, one, or a few together.
    pub(crate) fn drawn(rng: &mut Rng) -> Self {
        let refuses = [0.0, 0.0, 0.0, 0.5][rng.usize(0..4)];
        let mut manner = Self { refuses, ..Self::default() };
        for _ in 0..[0, 1, 1, 1, 2, 3][rng.usize(0..6)] {
            match rng.u8(0..8) {
                0 => manner.owner = Owner::Name,
                1 => manner.owner = Owner::Absent,
                2 => manner.is_upper = true,
                3 => manner.repeats = true,
                4 => manner.loops = true,
                5 => manner.misses = 0.3,
                6 => manner.replays = 0.2,
                _ => manner.crowd = [60, 99, 100, 120][rng.usize(0..4)],
            }
        }
        manner
    }

    /// What was answered to an earlier process comes no more.
    pub(crate) fn forget(&mut self) {
        self.groups.clear();
        self.rules.clear();
    }

    /// Itself without what it remembers, to be shown.
    pub(crate) fn shown(&self) -> String {
        let Self { owner, is_upper, repeats, loops, misses, replays, .. } = self;
        let Self { refuses, crowd, partners, .. } = self;
        format!(
            "owner {owner:?}, upper {is_upper}, repeats {repeats}, loops {loops}, misses {misses}, \
             replays {replays}, refuses {refuses}, crowd {crowd}, partners {partners:?}"
        )
    }

    fn id(&self, id: &GroupId) -> GroupId {
        if self.is_upper { id.as_str().to_uppercase().as_str().into() } else { id.clone() }
    }

    fn owner(&self, owner: &AccountId) -> Option<AccountId> {
        match self.owner {
            Owner::Id => Some(owner.clone()),
            Owner::Name => Some(format!("of-{owner}@aliyun.com").as_str().into()),
            Owner::Absent => None,
        }
    }
}

impl Clouds {
    /// Whether the revocation that arrives now is refused, whatever it asks.
    pub(crate) fn refuses(&mut self) -> bool {
        self.manner.refuses > 0.0 && self.rng.f64() < self.manner.refuses
    }

    /// An earlier listing of groups, if one comes again.
    pub(crate) fn earlier_groups(&mut self, of_it: &str) -> Option<Vec<GroupInfo>> {
        let earlier = self.manner.groups.get(of_it)?;
        let (rng, manner) = (&mut self.rng, &self.manner);
        let (groups, id) = drawn_again(rng, manner.replays, earlier)?;
        self.manner.replayed = Some(id);
        Some(groups)
    }

    /// An earlier page of rules, if one comes again.
    pub(crate) fn earlier_rules(&mut self, of_it: &str) -> Option<RulesPage> {
        let earlier = self.manner.rules.get(of_it)?;
        let (rng, manner) = (&mut self.rng, &self.manner);
        let (page, id) = drawn_again(rng, manner.replays, earlier)?;
        self.manner.replayed = Some(id);
        Some(page)
    }

    /// A listing of groups as it is told.
    pub(crate) fn tell_groups(
        &mut self,
        of_it: String,
        mut groups: Vec<GroupInfo>,
        now: Duration,
    ) -> Vec<GroupInfo> {
        if self.manner.misses <= 0.0 && self.manner.replays <= 0.0 {
            return groups;
        }
        groups.retain(|group| {
            let missed = self.manner.missed.get(&group.id);
            let was_missed = missed.is_some_and(|at| now.saturating_sub(*at) < MISSED_ONCE);
            let is_missed = !was_missed && self.rng.f64() < self.manner.misses;
            if is_missed {
                self.manner.missed.insert(group.id.clone(), now);
            }
            !is_missed
        });
        let id = self.next_request_id();
        self.manner.groups.entry(of_it).or_default().push((groups.clone(), id));
        groups
    }

    /// A page of rules as it is told.
    pub(crate) fn tell_rules(
        &mut self,
        of_it: String,
        mut listed: RulesPage,
        page: Option<&str>,
    ) -> RulesPage {
        let manner = &self.manner;
        for (_, rule) in &mut listed.rules {
            if let Peer::Group { id, owner } = &rule.peer {
                let owner = owner.as_ref().and_then(|owner| manner.owner(owner));
                rule.peer = Peer::Group { id: manner.id(id), owner };
            }
        }
        if manner.repeats {
            listed.rules.extend(listed.rules.first().cloned());
        }
        if manner.loops && page.is_some() {
            listed.next = page.map(str::to_owned);
        }
        if manner.replays > 0.0 {
            let id = self.next_request_id();
            self.manner.rules.entry(of_it).or_default().push((listed.clone(), id));
        }
        listed
    }

    /// Who admits `groups`, in an answer that may be cut.
    pub(crate) fn references(&mut self, groups: &[GroupId]) -> References {
        let mut told = Vec::new();
        for group in groups {
            let mut by = self.admitting(group);
            self.ledger.asked(group, by.iter().map(|(id, _)| id.clone()).collect());
            self.rng.shuffle(&mut by);
            by.truncate(REFERENCES - told.len());
            self.ledger.named(group, by.iter().map(|(id, _)| id.clone()));
            told.extend(by.into_iter().map(|(id, owner)| Reference {
                group: group.clone(),
                by: self.manner.id(&id),
                account: self.manner.owner(&owner).unwrap_or(owner),
            }));
        }
        References { all: told, mentioned: groups.to_vec() }
    }

    /// The groups of other accounts with ingress rules that name `group`.
    fn admitting(&self, group: &GroupId) -> Vec<(GroupId, AccountId)> {
        let own = self.groups.get(group).map(|group| group.place.account.clone());
        let admits = self
            .groups
            .values()
            .filter(|other| Some(&other.place.account) != own.as_ref() && other.admits(group));
        let named = admits.map(|other| (other.place.group.clone(), other.place.account.clone()));
        let crowd = (0..self.manner.crowd)
            .map(|n| (format!("sg-of-others-{n:03}").as_str().into(), "1999999999999999".into()));
        named.chain(crowd).collect()
    }
}

fn drawn_again<T: Clone>(rng: &mut Rng, share: f64, earlier: &[T]) -> Option<T> {
    (rng.f64() < share).then(|| earlier[rng.usize(0..earlier.len())].clone())
}
