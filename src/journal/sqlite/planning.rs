//! Planning: a group's calls that were never sent are replaced by new ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::row::{bulk, each, first, get, json};
use super::sql;
use super::work::Work;
use crate::journal::JournalError;
use crate::journal::chain::CallDigest;
use crate::journal::columns::call_columns;
use crate::journal::desk::{CallRow, Key};
use crate::model::{CallForm, Direction, GroupIx, PlannedCall, Revocation};

/// A group of a run: the run's number and the group's.
pub(super) type Place = (i64, u32);

/// A group's new calls, spelled out where they came in.
pub(super) struct PlanOrder {
    pub(super) place: Place,
    pub(super) at_ms: i64,
    calls: Vec<CallOrder>,
}

struct CallOrder {
    direction: Direction,
    form: CallForm,
    grants: Vec<Grant>,
}

struct Grant {
    peer: u32,
    line: u32,
    rule_id: String,
    /// The rule without its fields, and its fields: JSON.
    rule: String,
    fields: String,
}

impl PlanOrder {
    pub(super) fn new(
        run_no: i64,
        group: GroupIx,
        calls: &[PlannedCall],
        at_ms: i64,
    ) -> Result<Self, JournalError> {
        let calls = calls.iter().map(CallOrder::new).collect::<Result<_, _>>()?;
        Ok(Self { place: (run_no, group.0), at_ms, calls })
    }
}

impl CallOrder {
    fn new(call: &PlannedCall) -> Result<Self, JournalError> {
        let grants =
            call.revocations.iter().map(Grant::new).collect::<Result<_, JournalError>>()?;
        Ok(Self { direction: call.direction, form: call.form, grants })
    }
}

impl Grant {
    fn new(from: &Revocation) -> Result<Self, JournalError> {
        let mut rule = from.rule.clone();
        let fields = std::mem::take(&mut rule.fields);
        Ok(Self {
            peer: from.peer.0,
            line: from.line,
            rule_id: rule.id.to_string(),
            rule: json(&rule)?,
            fields: json(&fields)?,
        })
    }
}

/// What a history row of kind `planned` says.
#[derive(Serialize)]
struct PlannedBody {
    group: u32,
    calls: Vec<PlannedCallBody>,
    replaced: Vec<u64>,
}

#[derive(Serialize)]
struct PlannedCallBody {
    id: u64,
    direction: Direction,
    form: &'static str,
    first: u64,
    last: u64,
    digest: String,
}

/// What stands in the journal before a batch of plans.
struct Before {
    lanes: BTreeMap<Place, u32>,
    unsent: BTreeMap<Place, Vec<u64>>,
    ordered: BTreeSet<(Place, String)>,
}

/// A row of `revocation` in column order.
type RevocationRow = (i64, u64, u32, u32, u32, String, String, String);

/// Rows to be inserted by a batch of plans.
#[derive(Default)]
struct Rows {
    calls: Vec<(Key, CallRow)>,
    revocations: Vec<RevocationRow>,
    members: Vec<(i64, u64, u64)>,
}

/// Stores plans of different groups. A rule that a call which stays already carries, and that is
/// not done with, is not ordered a second time.
pub(super) fn plan(
    work: &mut Work<'_>,
    orders: Vec<PlanOrder>,
) -> Result<Vec<Result<(), JournalError>>, JournalError> {
    let places: Vec<Place> = orders.iter().map(|order| order.place).collect();
    let before = load(work, &places)?;
    replace(work, &before)?;
    let mut rows = Rows::default();
    let mut replies = Vec::with_capacity(orders.len());
    for order in orders {
        let Some(lane) = before.lanes.get(&order.place) else {
            replies.push(Err(no_such_group(order.place.1)));
            continue;
        };
        let unsent = before.unsent.get(&order.place).cloned().unwrap_or_default();
        number(work, *lane, unsent, order, &before.ordered, &mut rows)?;
        replies.push(Ok(()));
    }
    insert(work, rows)?;
    bulk(work.conn, sql::PLANNED_FROM, places.iter().copied())?;
    bulk(work.conn, sql::SNAPSHOT_DROP, places)?;
    Ok(replies)
}

pub(super) fn no_such_group(group: u32) -> JournalError {
    JournalError::Damaged(format!("the run has no group {group}"))
}

fn load(work: &Work<'_>, places: &[Place]) -> Result<Before, JournalError> {
    let mut before =
        Before { lanes: lanes(work, places)?, unsent: BTreeMap::new(), ordered: BTreeSet::new() };
    for place in places {
        each(work.conn, sql::UNSENT, *place, |row| {
            before.unsent.entry(*place).or_default().push(get(row, "id")?);
            Ok(())
        })?;
        each(work.conn, sql::ORDERED, *place, |row| {
            before.ordered.insert((*place, get(row, "rule_id")?));
            Ok(())
        })?;
    }
    Ok(before)
}

/// The lane of each of these groups; groups that are not there are left out.
pub(super) fn lanes(
    work: &Work<'_>,
    places: &[Place],
) -> Result<BTreeMap<Place, u32>, JournalError> {
    let mut lanes = BTreeMap::new();
    for place in places {
        let lane = first(work.conn, sql::GROUP_LANE, *place, |row| get(row, "lane"))?;
        lanes.extend(lane.map(|lane| (*place, lane)));
    }
    Ok(lanes)
}

fn replace(work: &Work<'_>, before: &Before) -> Result<(), JournalError> {
    let unsent = before.unsent.iter();
    let calls: Vec<Key> =
        unsent.flat_map(|((run_no, _), calls)| calls.iter().map(|call| (*run_no, *call))).collect();
    for statement in [sql::REVOCATION_DROP, sql::MEMBER_DROP, sql::CALL_DROP] {
        bulk(work.conn, statement, calls.iter().copied())?;
    }
    Ok(())
}

/// Gives numbers to a group's new calls and revocations, and tells the history.
fn number(
    work: &mut Work<'_>,
    lane: u32,
    replaced: Vec<u64>,
    order: PlanOrder,
    ordered: &BTreeSet<(Place, String)>,
    rows: &mut Rows,
) -> Result<(), JournalError> {
    let (run_no, group) = order.place;
    let mut body = PlannedBody { group, calls: Vec::new(), replaced };
    for mut call in order.calls {
        call.grants.retain(|grant| !ordered.contains(&(order.place, grant.rule_id.clone())));
        if call.grants.is_empty() {
            continue;
        }
        let head = work.head(run_no)?;
        let (id, first) = (head.next_call, head.next_revocation);
        head.next_call += 1;
        head.next_revocation += call.grants.len() as u64;
        let last = head.next_revocation - 1;
        let (direction, form) = (call.direction, call.form.as_str());
        let digest = rows.add((run_no, id), lane, group, first, call);
        body.calls.push(PlannedCallBody { id, direction, form, first, last, digest });
    }
    work.record(run_no, order.at_ms, "planned", None, json(&body)?)?;
    Ok(())
}

impl Rows {
    /// Adds a call with its revocations, numbered from `first`; returns the digest of these.
    fn add(&mut self, key: Key, lane: u32, group: u32, first: u64, call: CallOrder) -> String {
        let mut digest = CallDigest::new();
        for (id, grant) in (first..).zip(call.grants) {
            digest.add(grant.peer, grant.line, &grant.rule, &grant.fields);
            self.members.push((key.0, id, key.1));
            self.revocations.push((
                key.0,
                id,
                group,
                grant.peer,
                grant.line,
                grant.rule_id,
                grant.rule,
                grant.fields,
            ));
        }
        let row = CallRow::planned(lane, group, call.direction, call.form);
        self.calls.push((key, row));
        digest.finish()
    }
}

fn insert(work: &Work<'_>, rows: Rows) -> Result<(), JournalError> {
    let calls = rows.calls.iter().map(|(key, row)| call_columns(*key, row, work.epoch));
    bulk(work.conn, sql::CALL_SAVE, calls)?;
    bulk(work.conn, sql::REVOCATION_INSERT, rows.revocations)?;
    bulk(work.conn, sql::MEMBER_INSERT, rows.members)
}
