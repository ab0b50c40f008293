//! What was gathered → the set of pairs, the same whichever thread read what.

use rayon::prelude::*;

use super::Parsed;
use super::code::Code;
use super::gather::Gather;
use super::intern::{Named, NumberedGroups, Table};
use super::shared::Shared;
use crate::model::{Draft, Groups, LaneKey, PairSet};

/// Lanes that are sorted at once, before their groups are spelled out.
const LANES: usize = 64;

/// Builds the set of pairs.
pub(super) fn finish(gather: Gather, shared: Shared<'_>) -> Parsed {
    let (interner, lanes, filters) = shared.into_parts();
    let numbered = interner.into_groups();
    let named = gather.has_strays.then(|| named(&numbered, &gather.drafts));
    let (groups, places) = in_order(&numbered, &lanes, named);
    drop((numbered, lanes));
    let filters = gather.filters.iter().map(|at| filters[*at as usize].clone()).collect();
    let place = |number| places.get(number);
    let (sources, drafts, notes) = (gather.sources, gather.drafts, gather.notes);
    let pairs = PairSet::assemble(sources, groups, place, filters, drafts, notes);
    Parsed { pairs, errors: gather.errors, rows_read: gather.rows_read }
}

/// The groups that rows name, once each.
fn named(numbered: &NumberedGroups, rows: &[Draft]) -> Vec<u32> {
    let mut is_known = numbered.table(&false);
    let mut named = Vec::new();
    let ends = rows.iter().flat_map(|rows| rows.ends().as_flattened());
    for number in ends.copied() {
        if !is_known.get(number) {
            is_known.set(number, true);
            named.push(number);
        }
    }
    named
}

/// All groups, or those that are `named`, in the order of a plan; and the place of each.
fn in_order(
    numbered: &NumberedGroups,
    lanes: &[LaneKey],
    named: Option<Vec<u32>>,
) -> (Groups, Table<u32>) {
    let (numbers, ends) = match named {
        Some(named) => by_lane(numbered, lanes.len(), || named.iter().copied()),
        None => by_lane(numbered, lanes.len(), || numbered.numbers()),
    };
    let mut order: Vec<usize> = (0..lanes.len()).collect();
    order.sort_unstable_by_key(|lane| &lanes[*lane]);
    let mut groups = Groups::default();
    let mut places = numbered.table(&0);
    let mut place = 0;
    for some in order.chunks(LANES) {
        let of_lane =
            |lane: &usize| &numbers[lane.checked_sub(1).map_or(0, |at| ends[at])..ends[*lane]];
        let sorted: Vec<Vec<(String, u32)>> =
            some.par_iter().map(|lane| sorted(numbered, of_lane(lane))).collect();
        for (lane, sorted) in some.iter().zip(sorted) {
            for (id, number) in sorted {
                let pushed = groups.push(&lanes[*lane], &id);
                pushed.expect("distinct and sorted, and no more than lines can name");
                places.set(number, place);
                place += 1;
            }
        }
    }
    (groups, places)
}

/// Numbers of groups lane by lane, and where each lane ends: counted, for there are few lanes and
/// many groups.
fn by_lane<I: Iterator<Item = u32>>(
    numbered: &NumberedGroups,
    lanes: usize,
    numbers: impl Fn() -> I,
) -> (Vec<u32>, Vec<usize>) {
    let lane_of = |number| match numbered.get(number) {
        Named::Coded(lane, _) | Named::Odd(lane, _) => lane as usize,
    };
    let mut next = vec![0_usize; lanes];
    numbers().for_each(|number| next[lane_of(number)] += 1);
    let mut start = 0;
    for count in &mut next {
        start += std::mem::replace(count, start);
    }
    let mut sorted = vec![0; start];
    for number in numbers() {
        let next = &mut next[lane_of(number)];
        sorted[*next] = number;
        *next += 1;
    }
    (sorted, next)
}

/// The groups of one lane by id: sorted by code, unless some id has none.
fn sorted(numbered: &NumberedGroups, numbers: &[u32]) -> Vec<(String, u32)> {
    let code = |number: &u32| match numbered.get(*number) {
        Named::Coded(_, code) => Some((code, *number)),
        Named::Odd(..) => None,
    };
    if let Some(mut codes) = numbers.iter().map(code).collect::<Option<Vec<(Code, u32)>>>() {
        codes.sort_unstable();
        return codes.into_iter().map(|(code, number)| (code.spell(), number)).collect();
    }
    let spell = |number: &u32| match numbered.get(*number) {
        Named::Coded(_, code) => (code.spell(), *number),
        Named::Odd(_, text) => (text.to_owned(), *number),
    };
    let mut ids: Vec<(String, u32)> = numbers.iter().map(spell).collect();
    ids.sort_unstable();
    ids
}
