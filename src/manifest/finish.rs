//! What was gathered → the set of pairs, the same whichever thread read what.

use rayon::prelude::*;

use super::Parsed;
use super::gather::Gather;
use super::intern::{Named, NumberedGroups};
use super::shared::Shared;
use crate::model::{Draft, Groups, LaneKey, PairSet};

/// Builds the set of pairs.
pub(super) fn finish(gather: Gather, shared: Shared<'_>) -> Parsed {
    let (interner, lanes, filters) = shared.into_parts();
    let numbered = interner.into_groups();
    let order = sorted(&numbered, &lanes, gather.has_strays.then_some(&gather.drafts));
    let mut places = numbered.table(&0);
    for (number, place) in order.iter().zip(0..) {
        places.set(*number, place);
    }
    let groups = spelled(&numbered, &lanes, &order);
    drop((numbered, order, lanes));
    let filters = gather.filters.iter().map(|at| filters[*at as usize].clone()).collect();
    let place = |number| places.get(number);
    let (sources, drafts, notes) = (gather.sources, gather.drafts, gather.notes);
    let pairs = PairSet::assemble(sources, groups, place, filters, drafts, notes);
    Parsed { pairs, errors: gather.errors, rows_read: gather.rows_read }
}

/// The numbers of all groups in the order of a plan; with `rows`, of those alone that they name.
fn sorted(numbered: &NumberedGroups, lanes: &[LaneKey], rows: Option<&Vec<Draft>>) -> Vec<u32> {
    let ranks = ranks(lanes);
    let rank = |number| match numbered.get(number) {
        Named::Coded(lane, _) | Named::Odd(lane, _) => ranks[lane as usize],
    };
    let mut order = match rows {
        Some(rows) => named(numbered, rows),
        None => numbered.numbers().collect(),
    };
    // By lane first, counted rather than compared: there are few lanes and many groups.
    let mut ends = vec![0_usize; lanes.len() + 1];
    order.iter().for_each(|number| ends[rank(*number) + 1] += 1);
    (1..ends.len()).for_each(|at| ends[at] += ends[at - 1]);
    let mut next = ends.clone();
    let mut by_lane = vec![0; order.len()];
    for number in order.drain(..) {
        let next = &mut next[rank(number)];
        by_lane[*next] = number;
        *next += 1;
    }
    let mut slices = Vec::with_capacity(lanes.len());
    let mut rest = by_lane.as_mut_slice();
    for bounds in ends.windows(2) {
        let (slice, more) = rest.split_at_mut(bounds[1] - bounds[0]);
        slices.push(slice);
        rest = more;
    }
    slices.into_par_iter().for_each(|slice| sort_lane(numbered, slice));
    by_lane
}

/// The rank of each lane in the order of a plan.
fn ranks(lanes: &[LaneKey]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lanes.len()).collect();
    order.sort_unstable_by_key(|at| &lanes[*at]);
    let mut ranks = vec![0; lanes.len()];
    order.into_iter().enumerate().for_each(|(rank, at)| ranks[at] = rank);
    ranks
}

/// The groups that rows name, once each.
fn named(numbered: &NumberedGroups, rows: &[Draft]) -> Vec<u32> {
    let mut is_known = numbered.table(&false);
    let mut named = Vec::new();
    let ends = rows.iter().flat_map(Draft::runs).flat_map(|(_, ends)| ends.as_flattened());
    for number in ends.copied() {
        if !is_known.get(number) {
            is_known.set(number, true);
            named.push(number);
        }
    }
    named
}

/// Sorts groups of one lane by id: by code, unless some id has none.
fn sort_lane(numbered: &NumberedGroups, numbers: &mut [u32]) {
    let codes = numbers.iter().map(|number| match numbered.get(*number) {
        Named::Coded(_, code) => Some((code, *number)),
        Named::Odd(..) => None,
    });
    match codes.collect::<Option<Vec<_>>>() {
        Some(mut codes) => {
            codes.sort_unstable();
            numbers.iter_mut().zip(codes).for_each(|(number, (_, sorted))| *number = sorted);
        }
        None => numbers.sort_by_cached_key(|number| id(numbered, *number)),
    }
}

fn id(numbered: &NumberedGroups, number: u32) -> String {
    let mut id = String::new();
    match numbered.get(number) {
        Named::Coded(_, code) => code.spell(&mut id),
        Named::Odd(_, text) => id.push_str(text),
    }
    id
}

/// The groups in order, spelled out.
fn spelled(numbered: &NumberedGroups, lanes: &[LaneKey], order: &[u32]) -> Groups {
    let mut groups = Groups::default();
    let mut id = String::new();
    for number in order {
        id.clear();
        let lane = match numbered.get(*number) {
            Named::Coded(lane, code) => {
                code.spell(&mut id);
                lane
            }
            Named::Odd(lane, text) => {
                id.push_str(text);
                lane
            }
        };
        let pushed = groups.push(&lanes[lane as usize], &id);
        pushed.expect("groups are distinct and sorted, and lines name no more than have numbers");
    }
    groups
}
