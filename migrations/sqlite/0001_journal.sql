-- The journal. Times are milliseconds since 1970. Words (state, kind, outcome...) are
-- those of the reports. Every table belongs to a run by the run's small number, so that one
-- DELETE of the run takes everything of it along, its history too, and nothing else can.

-- One row: how often the journal was opened for writing. A process whose number is no longer
-- this one writes nothing.
CREATE TABLE journal (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO journal (one, epoch) VALUES (1, 0);

CREATE TABLE run (
    no              INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    options         TEXT    NOT NULL,           -- what was fixed at the start, JSON
    kind            TEXT    GENERATED ALWAYS AS (options ->> 'kind') VIRTUAL,
    parent          TEXT    GENERATED ALWAYS AS (options ->> 'parent') VIRTUAL,
    state           TEXT    NOT NULL,
    exit            INTEGER,
    started_ms      INTEGER,                    -- first change allowed
    declined_ms     INTEGER,                    -- its plan was declined, and not approved since
    frozen_ms       INTEGER,                    -- carried out as its stored plan was approved
    closing_ms      INTEGER,                    -- its closing look began and did not end
    settings        TEXT,                       -- what it was last configured with, JSON
    unsent          TEXT,                       -- why pending rules were not sent, by lane, JSON
    ended_ms        INTEGER,
    elapsed_ms      INTEGER NOT NULL DEFAULT 0,
    content         TEXT    NOT NULL,           -- digest of the pairs
    digest          TEXT,                       -- digest of the plan
    estimate_s      INTEGER,
    pairs           INTEGER NOT NULL,
    seq             INTEGER NOT NULL DEFAULT 0, -- the last row of the run's own history,
    hash            BLOB,                       -- its hash,
    last_ms         INTEGER                     -- and when it was written
) STRICT;

-- Where the manifest rows came from.
CREATE TABLE source (
    run_no     INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    ix         INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    first_line INTEGER NOT NULL,
    digest     TEXT    NOT NULL,                -- SHA-256 of its bytes, hexadecimal; empty if not known
    PRIMARY KEY (run_no, ix)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    line   INTEGER NOT NULL,
    text   TEXT    NOT NULL,                    -- its columns of free text, JSON
    PRIMARY KEY (run_no, line)
) STRICT, WITHOUT ROWID;

-- Rows that repeat or mirror another: 8 bytes each, dropped line and kept line, big-endian.
CREATE TABLE duplicate (
    run_no  INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    ix      INTEGER NOT NULL,
    entries BLOB    NOT NULL,
    PRIMARY KEY (run_no, ix)
) STRICT, WITHOUT ROWID;

-- What rows narrow their pairs to, JSON.
CREATE TABLE filter (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    ix     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (run_no, ix)
) STRICT, WITHOUT ROWID;

-- Cloud + account + region; the groups of a lane are numbered without gaps. What happens in a lane is
-- a history of its own: its numbers of calls and revocations begin with the lane's number, shifted by
-- 32 bits, and are never given twice.
CREATE TABLE lane (
    run_no          INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    ix              INTEGER NOT NULL,
    cloud           TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    region          TEXT    NOT NULL,
    first           INTEGER NOT NULL,
    groups          INTEGER NOT NULL,
    seq             INTEGER NOT NULL DEFAULT 0, -- the last row of its history,
    hash            BLOB,                       -- its hash,
    last_ms         INTEGER,                    -- and when it was written
    sealed          INTEGER NOT NULL DEFAULT 0, -- the row that the run's own history last sealed
    next_call       INTEGER,
    next_revocation INTEGER,
    counts          TEXT,                       -- revocations by outcome, JSON
    unstored        TEXT,                       -- what is planned from the rows alone and not stored, JSON
    digest          BLOB,                       -- of the plan, once that is complete
    identities      TEXT,                       -- who sent changes: [[account, ARN], ...]
    PRIMARY KEY (run_no, ix)
) STRICT, WITHOUT ROWID;

-- A group and its last reading.
CREATE TABLE grp (
    run_no          INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    ix              INTEGER NOT NULL,
    lane            INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    known_ms        INTEGER,                    -- last reading that told and was planned
    read_ms         INTEGER,                    -- last reading
    reading         TEXT    NOT NULL DEFAULT 'unread',
    code            TEXT,
    message         TEXT,
    naming          TEXT,                       -- of a partner: groups of ours that it names, JSON
    service_managed INTEGER NOT NULL DEFAULT 0,
    elsewhere       INTEGER NOT NULL DEFAULT 0,
    lease_epoch     INTEGER,                    -- of the process that read it last
    PRIMARY KEY (run_no, ix)
) STRICT, WITHOUT ROWID;

-- The peers of groups, shared by both directions: those of `grp` and of as many after it as fit into
-- 960 bytes, or the `ix`th part of those of `grp`. Of each group their number (2 bytes), then 10 bytes
-- each: peer, line (4 bytes each) and filter (2 bytes), big-endian.
CREATE TABLE chunk (
    run_no  INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    grp     INTEGER NOT NULL,
    ix      INTEGER NOT NULL,
    entries BLOB    NOT NULL,
    PRIMARY KEY (run_no, grp, ix)
) STRICT, WITHOUT ROWID;

-- A group as its last complete read showed it, JSON.
CREATE TABLE snapshot (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    grp    INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (run_no, grp)
) STRICT;

-- What the last reading of a group shows of its peers; 24 bytes each: peer, standing, outside,
-- drops, misowned, unclear, big-endian.
CREATE TABLE finding (
    run_no  INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    grp     INTEGER NOT NULL,
    entries BLOB    NOT NULL,
    PRIMARY KEY (run_no, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    run_no        INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    id            INTEGER NOT NULL,
    lane          INTEGER NOT NULL,
    grp           INTEGER NOT NULL,
    direction     TEXT    NOT NULL,
    form          TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    generation    INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,             -- 0 while nothing of this generation was sent
    not_before_ms INTEGER,
    first_sent_ms INTEGER,
    reply_lost    INTEGER NOT NULL,
    accepted      INTEGER NOT NULL,
    origin        INTEGER,                      -- the call that it was split off
    lease_epoch   INTEGER NOT NULL,
    PRIMARY KEY (run_no, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_open ON call (run_no, lane, id) WHERE status NOT IN ('settled', 'failed');
CREATE INDEX call_group ON call (run_no, grp);

-- One send of a call.
CREATE TABLE attempt (
    run_no      INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    call        INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    no          INTEGER NOT NULL,
    token       TEXT,
    sent_ms     INTEGER NOT NULL,
    result      TEXT,                           -- the event that ended it
    request_id  TEXT,
    done_ms     INTEGER,
    PRIMARY KEY (run_no, call, generation, no)
) STRICT, WITHOUT ROWID;

-- The order to remove one grant: never changed, replaced only before it was sent.
CREATE TABLE revocation (
    run_no  INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    id      INTEGER NOT NULL,
    grp     INTEGER NOT NULL,
    peer    INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    rule    TEXT    NOT NULL,                   -- JSON, without its fields:
    fields  TEXT    NOT NULL,                   -- apart, since plans of millions are hashed
    PRIMARY KEY (run_no, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX revocation_group ON revocation (run_no, grp);

-- How a revocation stands, and the call that carries it: apart from the order, because it is
-- small and changes.
CREATE TABLE member (
    run_no      INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    id          INTEGER NOT NULL,
    call        INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    reply_lost  INTEGER NOT NULL DEFAULT 0,
    reason      TEXT,
    settled_ms  INTEGER,
    since       INTEGER NOT NULL DEFAULT 1,     -- the generation of the call that it joined,
    until       INTEGER,                        -- and the one that it left by an outcome
    past        TEXT,                           -- earlier stays: [[call, since, until], ...]
    PRIMARY KEY (run_no, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_call ON member (run_no, call);

-- The counts of exchanges.
CREATE TABLE tally (
    run_no    INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    lane      INTEGER NOT NULL,
    action    TEXT    NOT NULL,
    code      TEXT    NOT NULL,
    count     INTEGER NOT NULL,
    retried   INTEGER NOT NULL,
    throttled INTEGER NOT NULL,
    last_ms   INTEGER NOT NULL,
    PRIMARY KEY (run_no, lane, action, code)
) STRICT, WITHOUT ROWID;

-- A process that worked on a run. `epoch` is the one in which it held the journal.
CREATE TABLE invocation (
    run_no   INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    epoch    INTEGER NOT NULL,
    host     TEXT    NOT NULL,
    user     TEXT    NOT NULL,
    pid      INTEGER NOT NULL,
    command  TEXT    NOT NULL,                  -- the command line, without what looks like a key
    version  TEXT    NOT NULL,
    began_ms INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL DEFAULT 0,        -- how long it waited for a person's answers
    ended_ms INTEGER,                           -- when it ended; absent while it runs and if it was killed
    cut_ms   INTEGER,                           -- its last event, if the next process found it killed
    PRIMARY KEY (run_no, epoch)
) STRICT, WITHOUT ROWID;

-- The histories: rows are only added. `hash` is SHA-256 over the hash before it and every field. The
-- run's own history has the lane -1; each of its rows seals the heads of the lanes.
CREATE TABLE event (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    lane   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    epoch  INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    call   INTEGER,
    body   TEXT    NOT NULL,                    -- canonical JSON
    hash   BLOB    NOT NULL,
    PRIMARY KEY (run_no, lane, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;
CREATE TRIGGER event_goes_with_its_run BEFORE DELETE ON event
WHEN EXISTS (SELECT 1 FROM run WHERE run.no = OLD.run_no) BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;
