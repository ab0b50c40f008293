//! Sets of pairs against what they are defined as.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::{Filter, GroupRef, LaneKey, Provider, Scope};

fn group(account: &str, id: &str) -> GroupRef {
    GroupRef {
        cloud: Provider::Aws,
        account: account.into(),
        region: "us-east-1".into(),
        group: id.into(),
    }
}

fn build(rows: &[(GroupRef, GroupRef, Filter, u32)]) -> PairSet {
    PairSet::build(Vec::new(), rows, BTreeMap::new()).expect("few filters")
}

fn narrow(direction: Scope) -> Filter {
    Filter { direction, ..Filter::default() }
}

#[test]
fn mirrored_rows_are_one_pair_and_keep_the_lowest_line() {
    let set = build(&[
        (group("2", "sg-b"), group("1", "sg-a"), Filter::default(), 7),
        (group("1", "sg-a"), group("2", "sg-b"), Filter::default(), 3),
    ]);
    let rows: Vec<Row> = set.rows.iter().collect();
    assert_eq!(rows, [Row::new(0, 1, 0, 3)]);
    assert_eq!(set.duplicates, [(7, 3)]);
}

#[test]
fn rows_with_filters_of_one_pair_add_up() {
    let set = build(&[
        (group("1", "sg-a"), group("2", "sg-b"), Filter::default(), 1),
        (group("1", "sg-a"), group("2", "sg-b"), narrow(Scope::Ingress), 2),
    ]);
    assert_eq!((set.rows.len(), set.pair_count()), (2, 1));
}

#[test]
fn the_content_digest_is_that_of_pairs_and_filters_and_of_nothing_else() {
    let (a, b, c) = (group("1", "sg-a"), group("2", "sg-b"), group("3", "sg-c"));
    let any = Filter::default;
    let one = build(&[(a.clone(), b.clone(), any(), 1), (b.clone(), c.clone(), any(), 2)]);
    let two = build(&[(c.clone(), b.clone(), any(), 1), (b.clone(), a.clone(), any(), 2)]);
    assert_eq!(one.content_digest(), two.content_digest());
    let unused = PairSet { filters: vec![any(), narrow(Scope::Egress)], ..one.clone() };
    assert_eq!(one.content_digest(), unused.content_digest());
    let (ingress, egress) = (narrow(Scope::Ingress), narrow(Scope::Egress));
    let digests: std::collections::BTreeSet<_> = [
        one,
        build(&[(a.clone(), b.clone(), any(), 1)]),
        build(&[(a.clone(), c.clone(), any(), 1), (b.clone(), c.clone(), any(), 2)]),
        build(&[(a.clone(), b.clone(), ingress, 1), (b.clone(), c.clone(), any(), 2)]),
        build(&[(a, b.clone(), egress, 1), (b, c, any(), 2)]),
    ]
    .iter()
    .map(PairSet::content_digest)
    .collect();
    assert_eq!(digests.len(), 5);
}

#[test]
fn a_revised_set_knows_where_every_row_went() {
    let (a, b, c) = (group("1", "sg-a"), group("x", "sg-b"), group("2", "sg-b"));
    let other = (a.clone(), group("3", "sg-d"), Filter::default(), 4);
    let again = (group("3", "sg-d"), a.clone(), Filter::default(), 6);
    let set = build(&[
        (a.clone(), c.clone(), Filter::default(), 1),
        (a.clone(), b.clone(), Filter::default(), 2),
        (b, a.clone(), Filter::default(), 3),
        other.clone(),
        again,
    ]);
    assert_eq!(set.duplicates, [(3, 2), (6, 4)]);
    let named = |lane: &LaneKey| {
        (lane.account.as_str() == "x").then(|| LaneKey { account: "2".into(), ..lane.clone() })
    };
    let whole = set.clone().revised(|_| true, named);
    assert_eq!(whole.groups, build(&[(a.clone(), c.clone(), Filter::default(), 1), other]).groups);
    assert_eq!(whole.duplicates, [(2, 1), (3, 1), (6, 4)]);
    let some = set.revised(|row| row.line != 4, named);
    let told: Vec<GroupRef> = some.groups.iter().collect();
    assert_eq!((told, some.rows.len()), (vec![a, c], 1));
    assert_eq!(some.duplicates, [(2, 1), (3, 1)]);
}

#[test]
fn a_group_with_more_rows_than_a_slice_has_a_slice_of_its_own() {
    let mut draft = Draft::default();
    (1..=9_000).for_each(|peer| draft.push([0, peer], 0, peer));
    let (rows, _) = Rows::numbered(draft, 9_001, 1);
    let told: Vec<Vec<Row>> = BothEnds::new(&rows, 9_001).collect();
    let lengths: Vec<usize> = told.iter().map(Vec::len).collect();
    assert_eq!(lengths, [9_000, 4_096, 4_096, 808]);
    assert!(told.concat().is_sorted());
}

/// What makes rows equal: smaller end, larger end, filter.
type Same = (u32, u32, u16);

/// The lowest line of equal rows, and what was dropped: the definition, word by word.
fn naive(rows: &[Same]) -> (BTreeMap<Same, u32>, Vec<(u32, u32)>) {
    let (mut kept, mut dropped) = (BTreeMap::new(), Vec::new());
    for ((one, other, filter), line) in rows.iter().zip(1..) {
        let key = (*one.min(other), *one.max(other), *filter);
        match kept.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(line);
            }
            std::collections::btree_map::Entry::Occupied(entry) => {
                dropped.push((line, *entry.get()));
            }
        }
    }
    (kept, dropped)
}

/// Builds rows over `spread` times as many group numbers as are used, so that words get wide.
fn rows_of(rows: &[(u32, u32, u16)], drafts: usize, spread: u32) -> (Rows, Vec<(u32, u32)>) {
    let mut made = vec![Draft::default(); drafts];
    let each = rows.len().div_ceil(drafts).max(1);
    for (at, ((one, other, filter), line)) in rows.iter().zip(1..).enumerate() {
        made[at / each].push([*one, *other], (*filter).into(), line);
    }
    let filter: Vec<u16> = (0..4).collect();
    let groups = 60 * spread as usize;
    let group = move |ix: u32| ix * spread;
    Rows::build(made, &numbering::Numbering { group, groups, filter: &filter })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_what_their_definition_says_for_any_threads_and_width(
        rows in prop::collection::vec((0..60u32, 0..60u32, 0..4u16), 0..6000),
        drafts in 1..9usize,
        threads in 1..9usize,
        wide in any::<bool>(),
    ) {
        let rows: Vec<_> = rows.into_iter().filter(|(a, b, _)| a != b).collect();
        let spread = if wide { 1 << 26 } else { 1 };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let (built, duplicates) = pool.install(|| rows_of(&rows, drafts, spread));
        let (kept, dropped) = naive(&rows);
        let told: Vec<_> = built.iter()
            .map(|row| ((row.a.0 / spread, row.b.0 / spread, row.filter), row.line)).collect();
        prop_assert_eq!(&told, &kept.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(duplicates, dropped);
        // Group numbers without end would be counted in vain.
        let built = if wide { rows_of(&rows, drafts, 1).0 } else { built };
        let mut ends: Vec<_> = built.iter()
            .flat_map(|row| [row, Row { a: row.b, b: row.a, ..row }]).collect();
        ends.sort_unstable();
        let both: Vec<_> = BothEnds::new(&built, 60).flatten().collect();
        prop_assert_eq!(both, ends);
    }
}
