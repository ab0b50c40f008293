//! The judge: what the program says of a world, held against the world.

use std::collections::BTreeSet;

use unpair::journal::RevocationRecord;
use unpair::model::{Filter, PairOutcome, Scope};
use unpair::report::PairRow;

use super::manners::Owner;
use super::server::Served;
use super::truth::{Peer, Rule, Spelling, accounts, asks};

/// What the program says of a world.
pub(super) struct Said {
    pub(super) pairs: Vec<PairRow>,
    pub(super) planned: Vec<RevocationRecord>,
}

/// What is said of a world and is not so.
pub(super) fn falsehoods(served: &Served, said: &Said) -> Vec<String> {
    let pairs = said.pairs.iter().filter_map(|pair| false_verdict(served, pair));
    pairs.chain(false_orders(served, said)).collect()
}

/// A verdict that says that nothing stands where something does.
fn false_verdict(served: &Served, pair: &PairRow) -> Option<String> {
    let [a, b] = [&pair.a, &pair.b].map(|side| side.group.group.as_str());
    let rule = standing(served, pair, a, b).or_else(|| standing(served, pair, b, a))?;
    Some(format!("clean means clean: {a} and {b} are {} while {rule:?} stands", pair.outcome))
}

/// A rule of `own` for `peer` that stands, could be read, and that the verdict denies.
fn standing<'a>(served: &'a Served, pair: &PairRow, own: &str, peer: &str) -> Option<&'a Rule> {
    let is_severed = match pair.outcome {
        PairOutcome::Severed => true,
        PairOutcome::Narrowed | PairOutcome::OursSevered => false,
        PairOutcome::HalfSevered | PairOutcome::Open | PairOutcome::Unknown => return None,
    };
    let world = &served.world;
    let denies = |rule: &Rule| is_severed || pair.filters.iter().any(|filter| asks(filter, rule));
    let is_read = !(world.has_partner && world.groups[own].owner == accounts(world.cloud).ids[1]);
    let was_told = served.named.contains(&(peer.to_owned(), own.to_owned()));
    let in_ingress_alone = is_in_ingress_alone(&pair.filters);
    // Of a side that is not ours to read, references tell which groups its ingress rules name.
    // `severed` claims that they were told in full, and that nobody asked about egress.
    let could_be_seen = |rule: &Rule| {
        if is_severed { !rule.egress || !in_ingress_alone } else { was_told && !rule.egress }
    };
    world.grants(own, peer).find(|rule| denies(rule) && (is_read || could_be_seen(rule)))
}

fn is_in_ingress_alone(filters: &[Filter]) -> bool {
    filters.iter().all(|filter| filter.direction == Scope::Ingress)
}

/// Orders to remove what no row names, or twice.
fn false_orders(served: &Served, said: &Said) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut once = BTreeSet::new();
    for order in &said.planned {
        let (group, rule) = (order.group.group.as_str(), &order.revocation.rule);
        if !once.insert((group, rule.id.as_str())) {
            wrong.push(format!("no rule is ordered twice: {rule:?} of {group}"));
        }
        if !is_named(served, group, rule.id.as_str()) {
            let truth =
                served.world.groups[group].rules.iter().find(|it| it.id == rule.id.as_str());
            wrong.push(format!("nothing but what a row names: {rule:?} of {group} is {truth:?}"));
        }
    }
    wrong
}

/// Whether some row asks to remove this rule, by what it is in truth.
fn is_named(served: &Served, group: &str, rule: &str) -> bool {
    let world = &served.world;
    let Some(rule) = world.groups[group].rules.iter().find(|it| it.id == rule) else {
        return false;
    };
    world.rows.iter().any(|row| {
        let [a, b] = &row.groups;
        // A group is named with its owner: where another one is told, the row names another group.
        let is_another = world.spelling == Spelling::Wrong && world.manners.owner != Owner::Absent;
        let named = match (group == a, group == b) {
            (true, _) => Some(b).filter(|_| !is_another),
            (_, true) => Some(a),
            _ => None,
        };
        named.is_some_and(|peer| rule.peer == Peer::Group(peer.clone())) && asks(&row.filter, rule)
    })
}
