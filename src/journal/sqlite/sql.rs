//! Every statement of the `SQLite` journal, once.
//!
//! Each is about one row or one key and is prepared once: many rows are the same statement run
//! again, and those that a run begins with the same one made longer. Indexes are named, because without statistics the planner takes a run's whole table for
//! as good.

use std::fmt::Write as _;

/// A statement that inserts one row, made one that inserts `rows`: the run is a value of each.
pub(super) fn of_rows(statement: &str, rows: usize) -> String {
    let columns = statement.matches('?').count();
    let mut all = statement.to_owned();
    for row in 1..rows {
        all.push_str(", (?1");
        for column in 0..columns - 1 {
            // Writing to a string does not fail.
            let _ = write!(all, ", ?{}", row * (columns - 1) + column + 2);
        }
        all.push(')');
    }
    all
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)+) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)+

        /// All of them, so that a test prepares each on a fresh journal.
        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($name),+];
    };
}

statements! {
    // Opening.
    APPLICATION = "PRAGMA application_id";
    VERSION = "PRAGMA user_version";
    JOURNAL_MODE = "PRAGMA journal_mode";
    SYNCHRONOUS = "PRAGMA synchronous";
    OBJECTS = "SELECT count(*) FROM sqlite_schema";
    EPOCH = "SELECT epoch FROM journal";
    EPOCH_NEXT = "UPDATE journal SET epoch = epoch + 1";

    // Runs.
    RUN_NO = "SELECT no FROM run WHERE id = ?1";
    RUN_INSERT = "INSERT INTO run (id, options, state, content, pairs)
        VALUES (?1, ?2, ?3, '', 0) RETURNING no";
    RUN_CONTENT = "UPDATE run SET content = ?2, pairs = ?3 WHERE no = ?1";
    RUN_UPDATE = "UPDATE run SET state = coalesce(?2, state),
        exit = CASE WHEN ?3 THEN ?4 ELSE exit END,
        started_ms = coalesce(?5, started_ms), ended_ms = coalesce(?6, ended_ms),
        elapsed_ms = elapsed_ms + ?7, digest = CASE WHEN ?8 THEN ?9 ELSE digest END,
        estimate_s = coalesce(?10, estimate_s) WHERE no = ?1";
    RUN_STANDING = "UPDATE run SET declined_ms = CASE WHEN ?2 THEN ?3 ELSE declined_ms END,
        frozen_ms = coalesce(?4, frozen_ms),
        closing_ms = CASE WHEN ?5 THEN ?6 ELSE closing_ms END,
        settings = coalesce(?7, settings), unsent = coalesce(?8, unsent) WHERE no = ?1";
    RUN_HEAD = "SELECT id, seq, hash FROM run WHERE no = ?1";
    RUN_HEAD_SAVE = "UPDATE run SET seq = ?2, hash = ?3, last_ms = ?4 WHERE no = ?1";
    /// Where the history of a run ends, that of its lanes told as one.
    RUN_END = "SELECT run.id, run.seq, run.hash, run.last_ms, coalesce(sum(lane.seq), 0) AS lane_rows,
            max(lane.last_ms) AS lane_ms
        FROM run LEFT JOIN lane ON lane.run_no = run.no WHERE run.no = ?1";
    /// A wall clock that was set back makes no run older than its latest row.
    LAST_EVENT = "SELECT max(coalesce((SELECT last_ms FROM run WHERE no = ?1), 0),
        coalesce((SELECT max(last_ms) FROM lane WHERE run_no = ?1), 0)) AS at_ms";
    COUNTS = "SELECT counts FROM lane WHERE run_no = ?1 AND counts IS NOT NULL";
    RUN_FIND = "SELECT * FROM run WHERE substr(id, 1, length(?1)) = ?1
        ORDER BY id = ?1 DESC LIMIT 2";
    RUN_IDS = "SELECT id FROM run WHERE substr(id, 1, length(?1)) = ?1 ORDER BY no DESC";
    RUN_ALL = "SELECT * FROM run ORDER BY no DESC";
    RUN_SOURCES = "SELECT name, first_line, digest FROM source WHERE run_no = ?1 ORDER BY ix";
    RUN_DROP = "DELETE FROM run WHERE id = ?1";
    RUN_OPEN = "SELECT (SELECT count(*) FROM call INDEXED BY call_open
            WHERE run_no = ?1 AND status NOT IN ('settled', 'failed'))
            + (SELECT count(*) FROM lane WHERE run_no = ?1 AND unstored IS NOT NULL) AS open,
        (SELECT count(*) FROM call INDEXED BY call_open
            WHERE run_no = ?1 AND status = 'in_flight' AND status NOT IN ('settled', 'failed'))
            AS in_flight";

    // Who worked on runs.
    INVOCATION_INSERT = "INSERT INTO invocation (run_no, epoch, host, user, pid, command, version,
            began_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    INVOCATION_CUT = "UPDATE invocation SET cut_ms = ?2
        WHERE run_no = ?1 AND epoch < ?3 AND ended_ms IS NULL AND cut_ms IS NULL";
    INVOCATION_UPDATE = "UPDATE invocation SET asked_ms = asked_ms + ?3,
        ended_ms = coalesce(?4, ended_ms) WHERE run_no = ?1 AND epoch = ?2";
    INVOCATIONS = "SELECT epoch IS (SELECT epoch FROM journal) AS is_last, host, user, pid, command,
            version, began_ms, asked_ms, ended_ms, cut_ms
        FROM invocation WHERE run_no = ?1 ORDER BY epoch";
    GROUPS_READ = "SELECT count(*) AS groups, count(read_ms) AS read FROM grp WHERE run_no = ?1";
    IDENTITIES = "SELECT DISTINCT identities FROM lane
        WHERE run_no = ?1 AND identities IS NOT NULL";

    // The plan's frame.
    SOURCE_INSERT = "INSERT INTO source (run_no, ix, name, first_line, digest)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    NOTE_INSERT = "INSERT INTO note (run_no, line, text) VALUES (?1, ?2, ?3)";
    DUPLICATE_INSERT = "INSERT INTO duplicate (run_no, ix, entries) VALUES (?1, ?2, ?3)";
    FILTER_INSERT = "INSERT INTO filter (run_no, ix, body) VALUES (?1, ?2, ?3)";
    LANE_INSERT = "INSERT INTO lane (run_no, ix, cloud, account, region, first, groups)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    GROUP_INSERT = "INSERT INTO grp (run_no, ix, lane, id) VALUES (?1, ?2, ?3, ?4)";
    CHUNK_INSERT = "INSERT INTO chunk (run_no, grp, ix, entries) VALUES (?1, ?2, ?3, ?4)";
    /// Lanes with their heads.
    LANE_HEADS = "SELECT ix, cloud, account, region, first, groups, seq, hash, last_ms, next_call,
            next_revocation, counts, unstored, digest, identities
        FROM lane WHERE run_no = ?1 ORDER BY ix LIMIT ?2";
    UNSTORED = "SELECT ix, unstored, next_revocation FROM lane
        WHERE run_no = ?1 AND unstored IS NOT NULL ORDER BY ix";
    UNSTORED_OF = "SELECT unstored FROM lane WHERE run_no = ?1 AND ix = ?2 AND unstored IS NOT NULL";
    LANE_SEQ = "SELECT seq FROM lane WHERE run_no = ?1 AND ix = ?2";
    LANE_SAVE = "UPDATE lane SET seq = ?3, hash = ?4, last_ms = ?5, next_call = ?6,
        next_revocation = ?7, counts = ?8, unstored = ?9, digest = ?10, identities = ?11
        WHERE run_no = ?1 AND ix = ?2";
    LANE_SEAL = "UPDATE lane SET sealed = seq WHERE run_no = ?1 AND sealed <> seq";
    LANE_ENDS = "SELECT ix, seq, hash FROM lane WHERE run_no = ?1 AND seq > 0 ORDER BY ix";
    LANES = "SELECT ix, cloud, account, region, first, groups FROM lane WHERE run_no = ?1
        ORDER BY ix";
    FILTERS = "SELECT body FROM filter WHERE run_no = ?1 ORDER BY ix";
    NOTES = "SELECT line, text FROM note WHERE run_no = ?1";
    NOTE_OF = "SELECT text FROM note WHERE run_no = ?1 AND line = ?2";
    GROUPS = "SELECT ix, id, known_ms, CASE reading WHEN 'failed' THEN NULL ELSE read_ms END
            AS looked_ms, lease_epoch IS (SELECT epoch FROM journal) AS looked_now
        FROM grp WHERE run_no = ?1 AND ix >= ?2
        ORDER BY ix LIMIT ?3";
    /// Rows that have peers of groups from ?2 to ?3, and perhaps of some that come before.
    PEERS = "SELECT grp, entries FROM chunk WHERE run_no = ?1 AND grp <= ?3
        AND grp >= IFNULL((SELECT max(grp) FROM chunk WHERE run_no = ?1 AND grp <= ?2), ?2)
        ORDER BY grp, ix";
    GROUP_REF = "SELECT lane.cloud, lane.account, lane.region, grp.id FROM grp
        JOIN lane ON lane.run_no = grp.run_no AND lane.ix = grp.lane
        WHERE grp.run_no = ?1 AND grp.ix = ?2";
    GROUP_IDS = "SELECT group_concat(id, char(10)) AS ids FROM (
        SELECT id FROM grp WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix)";

    // Readings.
    READING_SAVE = "UPDATE grp SET read_ms = ?3, reading = ?4,
        known_ms = CASE WHEN ?5 THEN ?6 ELSE known_ms END,
        code = ?7, message = ?8, naming = ?9, service_managed = ?10, elsewhere = ?11,
        lease_epoch = ?12 WHERE run_no = ?1 AND ix = ?2";
    SNAPSHOT_SAVE = "INSERT INTO snapshot (run_no, grp, body) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET body = excluded.body";
    FINDING_DROP = "DELETE FROM finding WHERE run_no = ?1 AND grp = ?2";
    FINDING_INSERT = "INSERT INTO finding (run_no, grp, entries) VALUES (?1, ?2, ?3)";
    SIDES = "SELECT ix, read_ms, reading, code, message, naming, service_managed, elsewhere
        FROM grp WHERE run_no = ?1 AND ix >= ?2 ORDER BY ix LIMIT ?3";
    FINDINGS = "SELECT grp, entries FROM finding WHERE run_no = ?1 ORDER BY grp";
    READING_TIMES = "SELECT min(read_ms) AS oldest, max(read_ms) AS newest,
            min(CASE WHEN lease_epoch < (SELECT epoch FROM journal) THEN read_ms END) AS earlier
        FROM grp WHERE run_no = ?1 AND reading NOT IN ('unread', 'failed')";
    SNAPSHOT = "SELECT body FROM snapshot WHERE run_no = ?1 AND grp = ?2";

    // Planning.
    /// Those of the groups from ?2 to ?3 that have calls.
    HAVE_CALLS = "SELECT DISTINCT grp FROM call INDEXED BY call_group
        WHERE run_no = ?1 AND grp >= ?2 AND grp <= ?3";
    /// Calls that were never sent, with their members. One that was split off another carries what was
    /// sent.
    UNSENT = "SELECT id, (SELECT count(*) FROM member INDEXED BY member_call
                WHERE member.run_no = call.run_no AND member.call = call.id) AS members
        FROM call INDEXED BY call_group WHERE run_no = ?1 AND grp = ?2
        AND status = 'pending' AND generation = 1 AND origin IS NULL";
    /// Rules that other calls of the group carry and that are not done with.
    ORDERED = "SELECT revocation.rule ->> 'id' AS rule_id FROM call INDEXED BY call_group
        CROSS JOIN member INDEXED BY member_call ON member.run_no = call.run_no AND member.call = call.id
        CROSS JOIN revocation ON revocation.run_no = member.run_no
            AND revocation.id = member.id
        WHERE call.run_no = ?1 AND call.grp = ?2
            AND NOT (call.status = 'pending' AND call.generation = 1 AND call.origin IS NULL)
            AND member.outcome IN ('pending', 'failed', 'unknown', 'still_present')
            AND revocation.rule ->> 'id' <> ''";
    REVOCATION_DROP = "DELETE FROM revocation WHERE run_no = ?1
        AND id IN (SELECT id FROM member INDEXED BY member_call WHERE run_no = ?1 AND call = ?2)";
    MEMBER_DROP = "DELETE FROM member INDEXED BY member_call WHERE run_no = ?1 AND call = ?2";
    CALL_DROP = "DELETE FROM call WHERE run_no = ?1 AND id = ?2";
    REVOCATION_INSERT = "INSERT INTO revocation (run_no, id, grp, peer, line, rule, fields)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    MEMBER_INSERT = "INSERT INTO member (run_no, id, call, outcome) VALUES (?1, ?2, ?3, 'pending')";
    /// A group that was seen counts as known once it is planned as well: a process that died
    /// between the two leaves it to be read again.
    PLANNED_FROM = "UPDATE grp SET known_ms = CASE reading WHEN 'seen' THEN read_ms ELSE known_ms END
        WHERE run_no = ?1 AND ix = ?2";

    // The life of a call.
    CALL_LOAD = "SELECT * FROM call WHERE run_no = ?1 AND id = ?2 AND lane = ?3";
    CALL_SAVE = "INSERT INTO call (run_no, id, lane, grp, direction, form, status, generation,
            attempt, not_before_ms, first_sent_ms, reply_lost, accepted, origin, lease_epoch)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (run_no, id) DO UPDATE SET status = excluded.status,
            generation = excluded.generation, attempt = excluded.attempt,
            not_before_ms = excluded.not_before_ms, first_sent_ms = excluded.first_sent_ms,
            reply_lost = excluded.reply_lost, accepted = excluded.accepted,
            lease_epoch = excluded.lease_epoch";
    /// Those whose outcome is not settled.
    MEMBER_LOAD = "SELECT * FROM member INDEXED BY member_call WHERE run_no = ?1 AND call = ?2
        AND outcome IN ('pending', 'failed', 'unknown', 'still_present') ORDER BY id";
    MEMBER_SAVE = "UPDATE member SET call = ?3, outcome = ?4, reply_lost = ?5, reason = ?6,
        settled_ms = ?7, since = ?8, until = ?9, past = ?10 WHERE run_no = ?1 AND id = ?2";
    ATTEMPT_INSERT = "INSERT INTO attempt (run_no, call, generation, no, token, sent_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    ATTEMPT_END = "UPDATE attempt SET result = ?5, request_id = ?6, done_ms = ?7
        WHERE run_no = ?1 AND call = ?2 AND generation = ?3 AND no = ?4";
    LEFT_IN_FLIGHT = "SELECT id FROM call INDEXED BY call_open WHERE run_no = ?1 AND lane = ?2 AND id > ?3
        AND status = 'in_flight' AND status NOT IN ('settled', 'failed') AND lease_epoch < ?4
        ORDER BY id LIMIT ?5";
    OPEN_CALLS = "SELECT c.*, grp.id AS group_id, CASE grp.reading WHEN 'failed' THEN NULL ELSE
            grp.read_ms END AS looked_ms, member.id AS member,
            member.since, member.past, revocation.peer, revocation.line, revocation.rule, revocation.fields
        FROM (SELECT * FROM call INDEXED BY call_open WHERE run_no = ?1 AND lane = ?2 AND id >= ?3
            AND grp >= ?4 AND grp < ?5 AND status NOT IN ('settled', 'failed')
            ORDER BY id LIMIT ?6) c
        JOIN grp ON grp.run_no = c.run_no AND grp.ix = c.grp
        LEFT JOIN member INDEXED BY member_call ON member.run_no = c.run_no AND member.call = c.id
            AND member.outcome = 'pending'
        LEFT JOIN revocation ON revocation.run_no = c.run_no AND revocation.id = member.id
        ORDER BY c.id, member.id";
    /// Of a call that was never sent every member is pending: their outcomes need no look.
    OPEN_COUNTS = "SELECT count(*) FILTER (WHERE c.direction = 'ingress') AS ingress,
            count(*) FILTER (WHERE c.direction = 'egress') AS egress,
            count(DISTINCT c.grp) AS groups,
            coalesce(sum(CASE WHEN c.status = 'pending' AND c.generation = 1 THEN
                (SELECT count(*) FROM member INDEXED BY member_call
                    WHERE member.run_no = c.run_no AND member.call = c.id)
                ELSE (SELECT count(*) FROM member INDEXED BY member_call
                    WHERE member.run_no = c.run_no AND member.call = c.id
                    AND member.outcome = 'pending') END), 0) AS rules
        FROM call c INDEXED BY call_open
        WHERE c.run_no = ?1 AND c.lane = ?2 AND c.status NOT IN ('settled', 'failed')";
    ONE_CALL = "SELECT c.*, grp.id AS group_id, CASE grp.reading WHEN 'failed' THEN NULL ELSE
            grp.read_ms END AS looked_ms, member.id AS member,
            revocation.peer, revocation.line, revocation.rule, revocation.fields
        FROM call c
        JOIN grp ON grp.run_no = c.run_no AND grp.ix = c.grp
        LEFT JOIN member INDEXED BY member_call ON member.run_no = c.run_no AND member.call = c.id
            AND (member.outcome = 'pending' OR c.status IN ('settled', 'failed')
                AND member.outcome IN ('failed', 'unknown', 'still_present'))
        LEFT JOIN revocation ON revocation.run_no = c.run_no AND revocation.id = member.id
        WHERE c.run_no = ?1 AND c.id = ?2
        ORDER BY member.id";
    /// Members are walked through as they stand, because few of them are wanted: hence the `+`. A
    /// closed call has no pending ones.
    REOPENABLE = "SELECT member.call, member.id, call.grp, call.direction FROM member
        CROSS JOIN call ON call.run_no = member.run_no AND call.id = member.call
        WHERE member.run_no = ?1 AND member.outcome IN ('failed', 'unknown', 'still_present')
            AND call.status IN ('settled', 'failed')
        ORDER BY +member.call, +member.id";

    // Reports.
    REVOCATIONS = "SELECT r.id, r.grp, r.peer, r.line, r.rule, r.fields, member.call, member.outcome,
            member.reply_lost, member.reason, member.settled_ms, member.since, member.until,
            member.past, gl.cloud, gl.account, gl.region, g.id AS group_id,
            pl.cloud AS peer_cloud, pl.account AS peer_account, pl.region AS peer_region,
            p.id AS peer_id, note.text AS note
        FROM (SELECT * FROM revocation INDEXED BY revocation_group WHERE run_no = ?1
            AND (grp, id) > (IFNULL((SELECT grp FROM revocation WHERE run_no = ?1 AND id = ?2), ?3), ?2)
            AND grp < ?4 ORDER BY grp, id LIMIT ?5) r
        JOIN member ON member.run_no = r.run_no AND member.id = r.id
        JOIN grp g ON g.run_no = r.run_no AND g.ix = r.grp
        JOIN lane gl ON gl.run_no = g.run_no AND gl.ix = g.lane
        JOIN grp p ON p.run_no = r.run_no AND p.ix = r.peer
        JOIN lane pl ON pl.run_no = p.run_no AND pl.ix = p.lane
        LEFT JOIN note ON note.run_no = r.run_no AND note.line = r.line
        ORDER BY r.grp, r.id";
    /// A group that was planned once has numbers without gaps: they are read in a row, which
    /// takes half as long as one look-up each.
    ORDERS = "SELECT of.grp, CASE WHEN of.last - of.first + 1 = of.n
            THEN (SELECT group_concat(peer || ' ' || rule, char(10)) FROM revocation
                WHERE run_no = ?1 AND id >= of.first AND id <= of.last)
            ELSE (SELECT group_concat(peer || ' ' || rule, char(10))
                FROM revocation INDEXED BY revocation_group WHERE run_no = ?1 AND grp = of.grp)
            END AS orders
        FROM (SELECT grp, min(id) AS first, max(id) AS last, count(*) AS n
            FROM revocation INDEXED BY revocation_group
            WHERE run_no = ?1 AND grp >= ?2 AND grp < ?3 GROUP BY grp) of";
    ATTEMPTS = "SELECT generation, token, request_id, sent_ms FROM attempt
        WHERE run_no = ?1 AND call = ?2 ORDER BY generation, no";
    TALLY_ADD = "INSERT INTO tally (run_no, lane, action, code, count, retried, throttled, last_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT DO UPDATE SET count = count + excluded.count,
            retried = retried + excluded.retried, throttled = throttled + excluded.throttled,
            last_ms = max(last_ms, excluded.last_ms)";
    TALLIES = "SELECT cloud, account, region, action, code, count, retried, throttled, tally.last_ms
        FROM tally JOIN lane ON lane.run_no = tally.run_no AND lane.ix = tally.lane
        WHERE tally.run_no = ?1 ORDER BY tally.lane, action, code";
    RECENT = "SELECT cloud, account, region, action, code, sum(count) AS count,
            sum(retried) AS retried, sum(throttled) AS throttled, max(tally.last_ms) AS last_ms
        FROM tally JOIN lane ON lane.run_no = tally.run_no AND lane.ix = tally.lane
        WHERE tally.last_ms >= ?1 GROUP BY cloud, account, region, action, code
        ORDER BY cloud, account, region, action, code";

    // The history.
    EVENT_INSERT = "INSERT INTO event (run_no, lane, seq, at_ms, epoch, kind, call, body, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    HISTORY = "SELECT seq, at_ms, epoch, kind, call, body, hash FROM event
        WHERE run_no = ?1 AND lane = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4";

    // The check: whole rows but for the run, those with a key from ?2 to before ?3, in order.
    ROWS_JOURNAL = "SELECT json_array(epoch) FROM journal WHERE ?1 IS NOT NULL
        AND ?2 <= one AND one < ?3";
    ROWS_RUN = "SELECT json_array(id, options, state, exit, started_ms, declined_ms, frozen_ms,
            closing_ms, settings, unsent, ended_ms, elapsed_ms, content, digest, estimate_s, pairs, seq, CASE WHEN hash IS NULL THEN NULL ELSE lower(hex(hash)) END, last_ms)
        FROM run WHERE no = ?1 AND ?2 <= ?3";
    ROWS_INVOCATION = "SELECT json_array(epoch, host, user, pid, command, version, began_ms,
            asked_ms, ended_ms, cut_ms) FROM invocation
        WHERE run_no = ?1 AND epoch >= ?2 AND epoch < ?3 ORDER BY epoch";
    ROWS_SOURCE = "SELECT json_array(ix, name, first_line, digest) FROM source
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_NOTE = "SELECT json_array(line, text) FROM note
        WHERE run_no = ?1 AND line >= ?2 AND line < ?3 ORDER BY line";
    ROWS_DUPLICATE = "SELECT json_array(ix, lower(hex(entries))) FROM duplicate
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_FILTER = "SELECT json_array(ix, body) FROM filter
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_LANE = "SELECT json_array(ix, cloud, account, region, first, groups) FROM lane
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_LANE_HEAD = "SELECT json_array(ix, seq, CASE WHEN hash IS NULL THEN NULL ELSE lower(hex(hash)) END, last_ms, sealed, next_call,
            next_revocation, counts, unstored,
            CASE WHEN digest IS NULL THEN NULL ELSE lower(hex(digest)) END, identities) FROM lane
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_GROUP = "SELECT json_array(ix, lane, id) FROM grp
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_READING = "SELECT json_array(ix, known_ms, read_ms, reading, code, message, naming,
            service_managed, elsewhere, lease_epoch) FROM grp
        WHERE run_no = ?1 AND ix >= ?2 AND ix < ?3 ORDER BY ix";
    ROWS_CHUNK = "SELECT json_array(grp, ix, lower(hex(entries))) FROM chunk
        WHERE run_no = ?1 AND grp >= ?2 AND grp < ?3 ORDER BY grp, ix";
    ROWS_SNAPSHOT = "SELECT json_array(grp, body) FROM snapshot
        WHERE run_no = ?1 AND grp >= ?2 AND grp < ?3 ORDER BY grp";
    ROWS_FINDING = "SELECT json_array(grp, lower(hex(entries))) FROM finding
        WHERE run_no = ?1 AND grp >= ?2 AND grp < ?3 ORDER BY grp";
    ROWS_CALL = "SELECT json_array(id, lane, grp, direction, form, status, generation, attempt,
            not_before_ms, first_sent_ms, reply_lost, accepted, origin, lease_epoch) FROM call
        WHERE run_no = ?1 AND id >= ?2 AND id < ?3 ORDER BY id";
    ROWS_ATTEMPT = "SELECT json_array(call, generation, no, token, sent_ms, result, request_id, done_ms) FROM attempt
        WHERE run_no = ?1 AND call >= ?2 AND call < ?3 ORDER BY call, generation, no";
    ROWS_REVOCATION = "SELECT json_array(id, grp, peer, line, rule, fields) FROM revocation
        WHERE run_no = ?1 AND id >= ?2 AND id < ?3 ORDER BY id";
    ROWS_MEMBER = "SELECT json_array(id, call, outcome, reply_lost, reason, settled_ms, since,
            until, past) FROM member WHERE run_no = ?1 AND id >= ?2 AND id < ?3 ORDER BY id";
    ROWS_TALLY = "SELECT json_array(lane, action, code, count, retried, throttled, last_ms) FROM tally
        WHERE run_no = ?1 AND lane >= ?2 AND lane < ?3 ORDER BY lane, action, code";
    ROWS_HISTORY = "SELECT DISTINCT json_array(lane) FROM event
        WHERE run_no = ?1 AND lane >= ?2 AND lane < ?3 ORDER BY lane";
}
