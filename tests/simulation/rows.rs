//! Scenarios of rows that narrow, that name partners, and that have a wrong owner.

use std::collections::BTreeMap;

use fastrand::Rng;
use unpair::model::{
    AccountId, Direction, Filter, GroupId, GroupRef, PairSet, Provider, Rule, Scope, Source,
};

use crate::clouds::Clouds;
use crate::fault_rates::{FaultRates, Paging};
use crate::manner::{Manner, Owner};
use crate::scenario::{grant, others, place};

/// A row of the manifest: its two groups as they are in truth.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) ends: [GroupRef; 2],
    pub(crate) filter: Filter,
    /// The manifest has the right owner of the second group.
    is_right: bool,
    /// It names the second group with the owner that rules tell, or they tell none.
    is_named: bool,
}

impl Row {
    /// Whether it asks to remove `rule` of its end `own`.
    fn asks(&self, own: usize, rule: &Rule) -> bool {
        (own == 1 || self.is_named) && asks(&self.filter, rule)
    }
}

/// Clouds and the rows about them.
pub(crate) struct Rows {
    pub(crate) clouds: Clouds,
    list: Vec<Row>,
    added: usize,
}

impl Rows {
    /// Two pairs of each cloud, with a few grants or none on each side.
    pub(crate) fn drawn(seed: u64, rng: &mut Rng) -> Self {
        let mut rates = [FaultRates::NONE, FaultRates::SOME][rng.usize(0..2)];
        if rng.f64() < 0.3 {
            (rates.paging, rates.gone_between_pages) = (Paging::ByNumber, 0.3);
        }
        let mut clouds = Clouds::new(seed, rates);
        clouds.manner = Manner::drawn(rng);
        let is_right = rng.f64() < 0.8;
        if !is_right || rng.f64() < 0.3 {
            let partners =
                [Provider::Alibaba, Provider::Aws].map(|cloud| place(cloud, 1, 0).account);
            clouds.manner.partners.extend(partners.iter().map(wrong));
            clouds.manner.partners.extend(partners);
        }
        let is_named = is_right || clouds.manner.owner == Owner::Absent;
        let mut rows = Self { clouds, list: Vec::new(), added: 0 };
        for cloud in [Provider::Alibaba, Provider::Aws] {
            for pair in 0..2 {
                let ends = [0, 1].map(|end| place(cloud, end, pair));
                rows.list.push(Row { ends, filter: filter(rng), is_right, is_named });
                rows.fill(rng);
            }
        }
        rows
    }

    /// Makes the groups of the last row.
    fn fill(&mut self, rng: &mut Rng) {
        let row = self.list.last().expect("a row").clone();
        for own in [0, 1] {
            let [group, peer] = [own, 1 - own].map(|end| &row.ends[end]);
            let grants = [0, 0, 1, 3][rng.usize(0..4)];
            let mut rules: Vec<Rule> = (0..grants).map(|n| grant(group, peer, n)).collect();
            let asked = rules.iter().filter(|rule| row.asks(own, rule));
            self.clouds.asked.extend(asked.map(|rule| rule.id.clone()));
            rules.extend(others(group));
            self.clouds.add(group, rules);
        }
    }

    /// Somebody adds a grant between the groups of a row: the group, and the rule.
    pub(crate) fn addition(&mut self, rng: &mut Rng) -> (GroupId, Rule, bool) {
        let row = &self.list[rng.usize(0..self.list.len())];
        let own = rng.usize(0..2);
        let [group, peer] = [own, 1 - own].map(|end| &row.ends[end]);
        self.added += 1;
        let id = format!("sgr-new-{}", self.added);
        let rule = Rule { id: id.as_str().into(), ..grant(group, peer, 10 + self.added) };
        let is_asked = row.asks(own, &rule);
        (group.group.clone(), rule, is_asked)
    }

    /// The manifest.
    pub(crate) fn pairs(&self) -> PairSet {
        let told = |row: &Row| {
            let mut second = row.ends[1].clone();
            if !row.is_right {
                second.account = wrong(&second.account);
            }
            second
        };
        let rows: Vec<_> = (2..)
            .zip(&self.list)
            .map(|(line, row)| (row.ends[0].clone(), told(row), row.filter.clone(), line))
            .collect();
        let sources = vec![Source { name: "pairs.csv".to_owned(), first_line: 0, digest: None }];
        PairSet::build(sources, &rows, BTreeMap::new()).expect("few filters")
    }
}

/// An account with its last digit lost.
fn wrong(account: &AccountId) -> AccountId {
    let text = account.as_str();
    format!("{}0", &text[..text.len() - 1]).as_str().into()
}

/// Whether a row that narrows like this asks for `rule`, an accept rule: no row of a scenario narrows
/// to more than a direction and ports.
pub(crate) fn asks(filter: &Filter, rule: &Rule) -> bool {
    let scope = match rule.direction {
        Direction::Ingress => Scope::Ingress,
        Direction::Egress => Scope::Egress,
    };
    // The first rule of each group has the first port.
    let is_first = rule.id.as_str().ends_with("-0");
    (filter.direction == Scope::Both || filter.direction == scope)
        && (filter.ports.is_none() || is_first)
}

fn filter(rng: &mut Rng) -> Filter {
    let given = Filter { direction_given: true, ..Filter::default() };
    match rng.u8(0..6) {
        0 => Filter { direction: Scope::Ingress, ..given },
        1 => Filter { direction: Scope::Egress, ..given },
        2 => Filter { ports: "1/1".parse().ok(), ..Filter::default() },
        _ => Filter::default(),
    }
}
