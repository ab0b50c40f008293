//! Commits made durable: many in one transaction, each as a whole or not at all.

use std::collections::HashMap;

use rusqlite::Connection;

use super::row::{bulk, execute, first, get, json};
use super::sql;
use crate::failpoint::{Bug, planted};
use crate::journal::JournalError;
use crate::journal::ledger::{
    Begun, Commit, Ended, EventRow, Known, LaneHead, ReadingRow, RevocationRow, call_columns,
    member_columns,
};
use crate::model::RequestId;

/// A lane of a run, by their numbers.
type Place = (i64, u32);

/// The numbers of the last history rows of lanes, as this process wrote them: nobody else does while
/// it holds the journal.
pub(super) type Ends = HashMap<Place, u64>;

/// The lane of the run's own history.
pub(super) const RUN: i64 = -1;

/// One transaction under way.
pub(super) struct WriteTransaction<'a> {
    pub(super) conn: &'a Connection,
    pub(super) epoch: u64,
    ends: &'a mut Ends,
    /// Heads of lanes that are to be saved.
    heads: HashMap<Place, LaneHead>,
}

impl<'a> WriteTransaction<'a> {
    pub(super) fn new(conn: &'a Connection, ends: &'a mut Ends, epoch: u64) -> Self {
        Self { conn, epoch, ends, heads: HashMap::new() }
    }

    /// Writes a commit, if it follows what is stored of its lane. The inner error touched nothing.
    pub(super) fn add(&mut self, commit: Commit) -> Result<Result<(), JournalError>, JournalError> {
        let (run_no, place) = (commit.run_no, (commit.run_no, commit.lane));
        let follows = commit.epoch == self.epoch && self.end_of(place)? == Some(commit.was);
        if !follows && !planted(Bug::LeaseNotChecked) {
            return Ok(Err(JournalError::Lost(format!("lane {}", commit.lane))));
        }
        let (conn, lane, epoch) = (self.conn, commit.lane, commit.epoch);
        events(conn, (run_no, lane.into()), epoch, commit.events)?;
        for row in commit.readings {
            reading(conn, run_no, row, epoch)?;
        }
        for statement in [sql::REVOCATION_DROP, sql::MEMBER_DROP, sql::CALL_DROP] {
            bulk(conn, statement, commit.dropped.iter().map(|call| (run_no, call.0)))?;
        }
        let calls = commit.calls.iter().map(|(id, row)| call_columns(*id, lane, row, epoch));
        for call in calls {
            let (id, lane, grp, dir, form, status, gen_, att, nb, first, lost, acc, origin, epoch) =
                call;
            let values = (
                run_no, id, lane, grp, dir, form, status, gen_, att, nb, first, lost, acc, origin,
                epoch,
            );
            execute(conn, sql::CALL_SAVE, values)?;
        }
        let revocations = commit.revocations.into_iter().map(|row| {
            let RevocationRow { id, group, peer, line, rule, fields } = row;
            (run_no, id.0, group, peer, line, rule, fields)
        });
        bulk(conn, sql::REVOCATION_INSERT, revocations)?;
        let joined = commit.joined.iter().map(|(id, call)| (run_no, id.0, call.0));
        bulk(conn, sql::MEMBER_INSERT, joined)?;
        bulk(conn, sql::PLANNED_FROM, commit.planned.iter().map(|group| (run_no, *group)))?;
        for (call, member) in &commit.members {
            let (id, call, outcome, lost, reason, settled, since, until, past) =
                member_columns(*call, member)?;
            let values = (run_no, id, call, outcome, lost, reason, settled, since, until, past);
            execute(conn, sql::MEMBER_SAVE, values)?;
        }
        attempts(conn, run_no, commit.begun, &commit.ended)?;
        let tallies = commit.tallies.into_iter().map(|one| {
            let (action, code) = (one.action, one.code);
            (run_no, lane, action, code, one.count, one.retried, one.throttled, one.last_ms)
        });
        bulk(conn, sql::TALLY_ADD, tallies)?;
        self.ends.insert(place, commit.head.seq);
        self.heads.insert(place, commit.head);
        Ok(Ok(()))
    }

    /// The number of the last history row of a lane; `None` if there is no such lane.
    fn end_of(&mut self, place: Place) -> Result<Option<u64>, JournalError> {
        if let Some(end) = self.ends.get(&place) {
            return Ok(Some(*end));
        }
        let end = first(self.conn, sql::LANE_SEQ, place, |row| get(row, "seq"))?;
        self.ends.extend(end.map(|end| (place, end)));
        Ok(end)
    }

    /// Adds a row to the run's own history.
    pub(super) fn add_event(&self, run_no: i64, event: EventRow) -> Result<(), JournalError> {
        let end = (run_no, event.seq, event.hash.0, event.at_ms);
        events(self.conn, (run_no, RUN), self.epoch, vec![event])?;
        execute(self.conn, sql::RUN_HEAD_SAVE, end).map(drop)
    }

    /// Saves the heads of the lanes that were written.
    pub(super) fn finish(&mut self) -> Result<(), JournalError> {
        for ((run_no, lane), head) in self.heads.drain() {
            let LaneHead { seq, hash, last_ms, next_call, next_revocation, .. } = &head;
            let (call, revocation) = (next_call.0, next_revocation.0);
            let (counts, unstored, identities) =
                (json(&head.counts)?, head.unstored()?, head.identities()?);
            let digest = head.digest.map(|digest| digest.0);
            let values = (
                run_no, lane, seq, hash.0, last_ms, call, revocation, counts, unstored, digest,
                identities,
            );
            execute(self.conn, sql::LANE_SAVE, values)?;
        }
        Ok(())
    }
}

fn events(
    conn: &Connection,
    (run_no, lane): (i64, i64),
    epoch: u64,
    events: Vec<EventRow>,
) -> Result<(), JournalError> {
    let rows = events.into_iter().map(|event| {
        let EventRow { seq, at_ms, kind, call, body, hash } = event;
        (run_no, lane, seq, at_ms, epoch, kind, call.map(|call| call.0), body, hash.0)
    });
    bulk(conn, sql::EVENT_INSERT, rows)
}

fn reading(
    conn: &Connection,
    run_no: i64,
    row: ReadingRow,
    epoch: u64,
) -> Result<(), JournalError> {
    let (group, at_ms) = (row.group, row.at_ms);
    let known_ms = (row.known == Known::Now).then_some(at_ms);
    let decides = row.known != Known::AsBefore;
    let values = (
        run_no,
        group,
        at_ms,
        row.state,
        decides,
        known_ms,
        row.code,
        row.message,
        row.naming,
        row.service_managed,
        row.elsewhere,
        epoch,
    );
    execute(conn, sql::READING_SAVE, values)?;
    bulk(conn, sql::SNAPSHOT_SAVE, row.snapshot.map(|body| (run_no, group, body)))?;
    execute(conn, sql::FINDING_DROP, (run_no, group))?;
    bulk(conn, sql::FINDING_INSERT, row.findings.map(|entries| (run_no, group, entries)))
}

fn attempts(
    conn: &Connection,
    run_no: i64,
    begun: Vec<Begun>,
    ended: &[Ended],
) -> Result<(), JournalError> {
    let begun = begun.into_iter().map(|begun| {
        let Begun { call, generation, attempt, token, sent_ms } = begun;
        (run_no, call.0, generation, attempt, token, sent_ms)
    });
    bulk(conn, sql::ATTEMPT_INSERT, begun)?;
    let ended = ended.iter().map(|ended| {
        let request = ended.request_id.as_ref().map(RequestId::as_str);
        let (call, result) = (ended.call.0, ended.result);
        (run_no, call, ended.generation, ended.attempt, result, request, ended.done_ms)
    });
    bulk(conn, sql::ATTEMPT_END, ended)
}
