-- The journal, version 2: who worked on a run, when, with what, and the digests of its manifests.

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

-- SHA-256 of the bytes of a manifest, hexadecimal; absent in runs of version 1.
ALTER TABLE source ADD COLUMN digest TEXT;
