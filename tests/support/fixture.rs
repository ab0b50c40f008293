//! What a world in memory is made of, and the run that works on it.

use std::collections::BTreeMap;

use unpair::journal::{NewRun, RunKind};
use unpair::model::{
    CallForm, Direction, Fields, Filter, GroupRef, PairSet, Peer, Policy, PortRange, Rule, Source,
};

/// A rule that accepts TCP on a port of its own, the `n`-th.
pub fn rule(id: &str, direction: Direction, n: usize, peer: Peer) -> Rule {
    let port = i32::try_from(n).expect("few rules") + 1;
    Rule {
        id: id.into(),
        direction,
        protocol: "tcp".parse().expect("a protocol"),
        ports: Some(PortRange { from: port, to: port }),
        source_ports: None,
        peer,
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: String::new(),
        fields: Fields::default(),
    }
}

/// A manifest of these pairs, a line each.
pub fn pair_set(pairs: impl IntoIterator<Item = [GroupRef; 2]>) -> PairSet {
    let rows: Vec<_> =
        pairs.into_iter().zip(2..).map(|([a, b], line)| (a, b, Filter::default(), line)).collect();
    let sources = vec![Source { name: "pairs.csv".to_owned(), first_line: 0, digest: None }];
    PairSet::build(sources, &rows, BTreeMap::new()).expect("few filters")
}

/// A run that revokes by rule id, or what its rows alone say if it is `blind`.
pub fn new_run(blind: bool, created_ms: i64) -> NewRun {
    let id = "01936f00-0000-7000-8000-000000000001".into();
    NewRun {
        may_act: true,
        agreed: true,
        form: if blind { CallForm::Permissions } else { CallForm::RuleId },
        blind,
        ..NewRun::new(id, RunKind::Revoke, created_ms)
    }
}
