//! Whole rows, for the check: told from what is stored, as a database would have them.

use std::ops::Range;

use serde_json::{Value, json};

use super::state::{GroupRow, Run};
use crate::journal::ledger::{as_stored, call_columns, canonical, lane_columns, member_columns};
use crate::journal::table::Table;
use crate::journal::{Chain, JournalError};
use crate::model::hex;

impl Run {
    /// The rows of a table with these keys, in order.
    pub(super) fn rows(&self, table: Table, keys: &Range<i64>) -> Result<Vec<Value>, JournalError> {
        let mut rows = self.all(table)?;
        // A run's head has no key.
        rows.retain(|row| {
            table == Table::Run || row[0].as_i64().is_some_and(|key| keys.contains(&key))
        });
        Ok(rows)
    }

    fn all(&self, table: Table) -> Result<Vec<Value>, JournalError> {
        let groups = (0_u32..).zip(&self.groups);
        Ok(match table {
            Table::Run => vec![self.head_row()?],
            Table::Invocation => self.invocation_rows(),
            Table::LaneHead => self
                .lanes
                .iter()
                .map(|row| lane_columns(row.lane.ix, &row.sealed.into(), &row.head))
                .collect::<Result<_, _>>()?,
            Table::Reading => groups.map(|(ix, group)| reading_row(ix, group)).collect(),
            Table::Snapshot => groups
                .filter_map(|(ix, group)| Some(json!([ix, group.snapshot.as_ref()?])))
                .collect(),
            Table::Finding => groups
                .filter_map(|(ix, group)| {
                    let (reading, _) = group.reading.as_ref()?;
                    Some(json!([ix, hex(reading.findings.as_ref()?)]))
                })
                .collect(),
            Table::Call => self
                .calls
                .iter()
                .map(|(id, (row, epoch))| as_stored(&call_columns(*id, id.lane(), row, *epoch)))
                .collect::<Result<_, _>>()?,
            Table::Attempt => self.attempt_rows(),
            Table::Revocation => self
                .revocations
                .values()
                .map(|row| json!([row.id, row.group, row.peer, row.line, row.rule, row.fields]))
                .collect(),
            Table::Member => self
                .members
                .values()
                .map(|(call, row)| as_stored(&member_columns(*call, row)?))
                .collect::<Result<_, _>>()?,
            Table::Tally => self.tally_rows(),
            Table::History => self.history.keys().copied().map(history_row).collect(),
            frame => {
                let own = self.frame.iter().filter(|(table, _)| *table == frame);
                own.map(|(_, row)| row.clone()).collect()
            }
        })
    }

    fn head_row(&self) -> Result<Value, JournalError> {
        let run = &self.record;
        let unsent = (!run.unsent.is_empty()).then(|| canonical(&run.unsent)).transpose()?;
        Ok(json!([
            run.new.id,
            canonical(&run.new)?,
            run.state,
            run.exit,
            run.started_ms,
            run.declined_ms,
            run.frozen_ms,
            run.closing_ms,
            run.settings,
            unsent,
            run.ended_ms,
            run.elapsed_ms,
            run.content,
            run.digest,
            run.estimate_s,
            run.pairs,
            self.head.seq,
            self.head.hash.to_string(),
            self.last_ms,
        ]))
    }

    fn invocation_rows(&self) -> Vec<Value> {
        let row = |(epoch, one): (&u64, &super::state::Invoked)| {
            let (by, asked_ms) = (&one.by, one.asked_ms);
            json!([
                epoch,
                by.host,
                by.user,
                by.pid,
                by.command,
                by.version,
                one.began_ms,
                asked_ms,
                one.ended_ms,
                one.cut_ms
            ])
        };
        self.invocations.iter().map(row).collect()
    }

    fn attempt_rows(&self) -> Vec<Value> {
        let rows = self.attempts.iter().map(|((call, generation, number), (begun, ended))| {
            let (ended, sent_ms) = (ended.as_ref(), begun.sent_ms);
            let result = ended.map(|ended| ended.result);
            let request_id = ended.and_then(|ended| ended.request_id.as_ref());
            let done_ms = ended.map(|ended| ended.done_ms);
            json!([call, generation, number, begun.token, sent_ms, result, request_id, done_ms])
        });
        rows.collect()
    }

    fn tally_rows(&self) -> Vec<Value> {
        let rows = self.tallies.iter().map(|((lane, action, code), sum)| {
            json!([lane, action, code, sum.count, sum.retried, sum.throttled, sum.last_ms])
        });
        rows.collect()
    }
}

fn reading_row(ix: u32, group: &GroupRow) -> Value {
    let Some((row, epoch)) = &group.reading else {
        return json!([ix, null, null, "unread", null, null, null, 0, 0, null]);
    };
    let managed = u8::from(row.service_managed);
    json!([
        ix,
        group.known_ms,
        row.at_ms,
        row.state,
        row.code,
        row.message,
        row.naming,
        managed,
        row.elsewhere,
        epoch
    ])
}

fn history_row(chain: Chain) -> Value {
    match chain {
        Chain::Run => json!([-1]),
        Chain::Lane(ix) => json!([ix]),
    }
}
