//! The digest of a stored plan: computed while the plan streams by, from the journal's own text.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Deserialize;

use crate::audit::{AskedByRows, Observer};
use crate::journal::{
    GroupOrders, Held, Journal, JournalError, JournalRead, Lane, Leases, RunRecord, Unstored,
};
use crate::model::{Digest, Direction, GroupIx, Groups, Hasher, NicType, Policy};

/// Groups whose revocations are read at once: a group has some hundred rules, seldom a thousand.
const PAGE: u32 = 64;

/// The digest of a plan: that of each lane's, in order. It does not depend on which lane answered
/// first, nor on the order in which a provider lists rules.
fn plan_digest(lanes: &[Digest]) -> Digest {
    let mut hasher = Hasher::new("unpair plan 2");
    for lane in lanes {
        hasher.bytes(&lane.0);
    }
    hasher.finish()
}

/// Completes the plan of every lane: its digest is stored, unless nothing was planned since it was.
/// Returns the digest of all.
pub async fn complete_plan(
    journal: &dyn Journal,
    run: &RunRecord,
    leases: &Leases,
    at_ms: i64,
) -> Result<Digest, JournalError> {
    let left: Vec<&Held> =
        leases.lanes.iter().filter(|held| held.plan_digest().is_none()).collect();
    if !left.is_empty() {
        let plan = StoredPlan::of(journal, run).await?;
        for some in left.chunks(LANES) {
            let mut stored = Vec::with_capacity(some.len());
            for held in some {
                let digest = plan.of_lane(held).await?;
                stored.push(journal.complete_plan(held, digest, at_ms));
            }
            futures_util::future::try_join_all(stored).await?;
        }
    }
    let told: Vec<Digest> = leases.lanes.iter().filter_map(Held::plan_digest).collect();
    Ok(plan_digest(&told))
}

/// The digest of a plan, of what is stored of it.
pub(super) async fn found_plan(
    journal: &dyn JournalRead,
    run: &RunRecord,
    leases: &Leases,
) -> Result<Digest, JournalError> {
    let plan = StoredPlan::of(journal, run).await?;
    let mut lanes = Vec::with_capacity(leases.lanes.len());
    for held in &leases.lanes {
        lanes.push(plan.of_lane(held).await?);
    }
    Ok(plan_digest(&lanes))
}

/// Lanes whose digests are stored together.
const LANES: usize = 256;

/// The plan of a run as it is stored.
struct StoredPlan<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunRecord,
    plan: Plan<'a>,
}

/// What a plan follows from.
enum Plan<'a> {
    /// Its orders, whose groups have these names.
    Orders(Groups),
    /// The rows alone.
    Rows(Box<(AskedByRows<'a>, Observer<'a>)>),
}

impl<'a> StoredPlan<'a> {
    async fn of(journal: &'a dyn JournalRead, run: &'a RunRecord) -> Result<Self, JournalError> {
        let plan = if run.new.blind {
            let observer = Observer::new(journal, run).await?;
            Plan::Rows(Box::new((AskedByRows::new(journal, run).await?, observer)))
        } else {
            Plan::Orders(journal.names(&run.new.id).await?)
        };
        Ok(Self { journal, run, plan })
    }

    /// The digest of a lane: of every revocation with every field of its rule, or of what they
    /// follow from.
    async fn of_lane(&self, held: &Held) -> Result<Digest, JournalError> {
        let (lane, unstored) = (&held.lane, held.unstored());
        let names = match &self.plan {
            Plan::Rows(plan) => {
                let (rows, observer) = &**plan;
                self.prove_orders(observer, lane, unstored).await?;
                return rows.of_lane(self.journal, lane).await.map(|(_, digest)| digest);
            }
            Plan::Orders(names) => names,
        };
        let mut pages = pages(lane.group_numbers());
        let mut read = async || match pages.next() {
            Some(groups) => self.journal.orders(&self.run.new.id, groups).await.map(Some),
            None => Ok(None),
        };
        let mut digests = Vec::new();
        let mut page = read().await?;
        while let Some(orders) = page {
            // While the database reads, what it read is hashed.
            let hash = async {
                let of_page = orders.par_iter().map(|group| group_digest(group, names));
                of_page.collect::<Result<Vec<_>, _>>()
            };
            let (next, hashed) = futures_util::future::join(read(), hash).await;
            digests.extend(hashed?);
            page = next?;
        }
        Ok(digest_of("unpair lane plan 1", &mut digests))
    }

    /// Refuses orders that are stored and do not follow from the rows.
    async fn prove_orders(
        &self,
        observer: &Observer<'_>,
        lane: &Lane,
        unstored: Option<Unstored>,
    ) -> Result<(), JournalError> {
        let id = &self.run.new.id;
        let mut groups = lane.group_numbers();
        groups.end = unstored.map_or(groups.end, |unstored| unstored.from.0);
        for page in pages(groups) {
            let works = self.journal.groups(id, GroupIx(page.start), page.end - page.start).await?;
            let peers = observer.peers(&works).await?;
            let stored = self.journal.orders(id, page).await?;
            let mut told = stored.iter();
            for work in &works {
                let calls = observer.by_rows(work, &peers);
                if calls.is_empty() {
                    continue;
                }
                let rows = calls.iter().flat_map(|call| &call.revocations);
                let fits = told.next().map(|orders| orders.are(work.ix, rows)).transpose()?;
                if fits != Some(true) {
                    let told =
                        format!("the orders of group {} are not what its rows ask for", work.ix.0);
                    return Err(JournalError::Damaged(told));
                }
            }
        }
        Ok(())
    }
}

/// Groups, some at a time.
fn pages(groups: Range<u32>) -> impl Iterator<Item = Range<u32>> + Send {
    let Range { start: mut from, end } = groups;
    std::iter::from_fn(move || {
        let to = end.min(from.saturating_add(PAGE));
        let page = from..to;
        from = to;
        (!page.is_empty()).then_some(page)
    })
}

/// The digest of the revocations of one group, in whatever order they are.
fn group_digest(orders: &GroupOrders, names: &Groups) -> Result<Digest, JournalError> {
    let mut own = Hasher::new("unpair revocation 1");
    add_group(&mut own, orders.group, names)?;
    let mut digests = Vec::new();
    for text in orders.texts() {
        let (peer, rule) = text?;
        let mut hasher = own.clone();
        add_group(&mut hasher, peer, names)?;
        let rule: RuleText<'_> = serde_json::from_str(rule)
            .map_err(|error| JournalError::Damaged(format!("a rule of the plan: {error}")))?;
        rule.add(&mut hasher);
        digests.push(hasher.finish());
    }
    Ok(digest_of("unpair group 1", &mut digests))
}

/// The digest of a set: in whatever order its members came.
fn digest_of(purpose: &str, members: &mut [Digest]) -> Digest {
    members.sort_unstable();
    let mut hasher = Hasher::new(purpose);
    for member in members {
        hasher.bytes(&member.0);
    }
    hasher.finish()
}

fn add_group(hasher: &mut Hasher, group: GroupIx, names: &Groups) -> Result<(), JournalError> {
    if group.0 as usize >= names.len() {
        return Err(JournalError::Damaged(format!("the run has no group {}", group.0)));
    }
    let lane = names.lane(group);
    hasher.field(lane.cloud.as_str());
    hasher.field(lane.account.as_str());
    hasher.field(lane.region.as_str());
    hasher.field(names.id(group));
    Ok(())
}

/// What a digest covers of a [`Rule`](crate::model::Rule), as its JSON spells it: description and
/// tags do not change what it admits.
#[derive(Deserialize)]
struct RuleText<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    direction: Direction,
    #[serde(borrow)]
    protocol: Cow<'a, str>,
    #[serde(borrow)]
    ports: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source_ports: Option<Cow<'a, str>>,
    #[serde(borrow)]
    peer: PeerText<'a>,
    policy: Option<Policy>,
    priority: Option<u16>,
    nic_type: Option<NicType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PeerText<'a> {
    Group {
        #[serde(borrow)]
        id: Cow<'a, str>,
        #[serde(borrow)]
        owner: Option<Cow<'a, str>>,
    },
    #[serde(borrow)]
    Cidr(Cow<'a, str>),
    #[serde(borrow)]
    PrefixList(Cow<'a, str>),
    #[serde(borrow)]
    Other(Cow<'a, str>),
}

impl RuleText<'_> {
    fn add(&self, hasher: &mut Hasher) {
        hasher.field(&self.id);
        hasher.field(self.direction.as_str());
        hasher.field(&self.protocol);
        hasher.field(self.ports.as_deref().unwrap_or_default());
        hasher.field(self.source_ports.as_deref().unwrap_or_default());
        match &self.peer {
            PeerText::Group { id, owner: Some(owner) } => hasher.field(&format!("{owner}/{id}")),
            PeerText::Group { id: text, owner: None }
            | PeerText::Cidr(text)
            | PeerText::PrefixList(text)
            | PeerText::Other(text) => hasher.field(text),
        }
        hasher.field(self.policy.map_or("", Policy::as_str));
        hasher.field(&self.priority.map(|priority| priority.to_string()).unwrap_or_default());
        hasher.field(self.nic_type.map_or("", NicType::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Peer, PortRange, Rule};

    #[test]
    fn a_digest_is_that_of_the_set_and_not_of_its_order() {
        let member = |byte| Digest([byte; 32]);
        let digest = |members: &[Digest]| digest_of("test", &mut members.to_vec());
        let (a, b, c) = (member(1), member(2), member(3));
        assert_eq!(digest(&[a, b, c]), digest(&[c, a, b]));
        assert_ne!(digest(&[a, b, c]), digest(&[a, b]));
        assert_ne!(digest(&[a, b]), digest(&[a, b, b]));
    }

    fn rule() -> Rule {
        Rule {
            id: "sgr-1".into(),
            direction: Direction::Ingress,
            protocol: "tcp".parse().expect("a protocol"),
            ports: Some(PortRange { from: 22, to: 80 }),
            source_ports: None,
            peer: Peer::Group { id: "sg-\"b\"".into(), owner: Some("2".into()) },
            policy: Some(Policy::Accept),
            priority: None,
            nic_type: None,
            description: String::new(),
            fields: [("安全组", "\n")].into_iter().collect(),
        }
    }

    fn digest(rule: &Rule) -> Digest {
        let text = serde_json::to_string(rule).expect("JSON");
        let mut hasher = Hasher::new("test");
        serde_json::from_str::<RuleText<'_>>(&text).expect("a rule").add(&mut hasher);
        hasher.finish()
    }

    /// The fields of a rule in words, in the order in which they are hashed.
    fn spelled(rule: &Rule) -> Digest {
        let mut hasher = Hasher::new("test");
        let optional = |text: Option<String>| text.unwrap_or_default();
        hasher.field(rule.id.as_str());
        hasher.field(rule.direction.as_str());
        hasher.field(rule.protocol.as_str());
        hasher.field(&optional(rule.ports.map(|ports| ports.to_string())));
        hasher.field(&optional(rule.source_ports.map(|ports| ports.to_string())));
        hasher.field(&rule.peer.to_string());
        hasher.field(rule.policy_shown());
        hasher.field(&optional(rule.priority.map(|priority| priority.to_string())));
        hasher.field(&optional(rule.nic_type.map(|nic_type| nic_type.to_string())));
        hasher.finish()
    }

    #[test]
    fn the_text_of_a_rule_is_hashed_as_the_rule_and_every_field_counts() {
        let others = [
            rule(),
            Rule { id: "sgr-2".into(), ..rule() },
            Rule { direction: Direction::Egress, ..rule() },
            Rule { protocol: "47".parse().expect("a protocol"), ..rule() },
            Rule { ports: Some(PortRange::ALL), ..rule() },
            Rule { ports: None, ..rule() },
            Rule { source_ports: Some(PortRange { from: 1, to: 2 }), ..rule() },
            Rule { peer: Peer::Group { id: "sg-b".into(), owner: None }, ..rule() },
            Rule { peer: Peer::Cidr("10.0.0.0/8".to_owned()), ..rule() },
            Rule { peer: Peer::PrefixList("pl-1".to_owned()), ..rule() },
            Rule { peer: Peer::Other("none".to_owned()), ..rule() },
            Rule { policy: Some(Policy::Drop), ..rule() },
            Rule { priority: Some(100), ..rule() },
            Rule { nic_type: Some(NicType::Intranet), ..rule() },
        ];
        let mut distinct: Vec<Digest> = others.iter().map(digest).collect();
        assert!(others.iter().map(spelled).eq(distinct.iter().copied()));
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), others.len());
        let told = Rule { description: "another".to_owned(), ..rule() };
        assert_eq!(digest(&told), digest(&rule()), "a description admits nothing");
    }
}
