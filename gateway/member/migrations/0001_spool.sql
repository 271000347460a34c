-- Events that not all consumers of the fleet have confirmed. `id` is the base of its epoch and `seq`, so that a
-- position finds its row. `time` is UTC in seconds, `boot` the kernel's id of the boot in which it was triggered,
-- `at` that boot's CLOCK_BOOTTIME, `known` whether the wall clock could be believed then.
CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    epoch  INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    time   REAL    NOT NULL,
    sender TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    data   TEXT    NOT NULL,
    boot   TEXT    NOT NULL,
    at     REAL    NOT NULL,
    known  INTEGER NOT NULL,
    crc    INTEGER NOT NULL
);

-- What had to be dropped: of each gap in the numbering a row for each sender.
CREATE TABLE gaps (
    id        INTEGER PRIMARY KEY,
    epoch     INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    sender    TEXT    NOT NULL,
    lost      INTEGER NOT NULL,
    first     REAL    NOT NULL,
    last      REAL    NOT NULL,
    reason    TEXT    NOT NULL,
    crc       INTEGER NOT NULL
);

-- Each start's numbering: the id before its first event's, and the last number that was known when something was
-- written.
CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY,
    base  INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    crc   INTEGER NOT NULL
);

-- Up to where each consumer has all, safe; `time` is UTC in seconds, of when it said so.
CREATE TABLE confirmed (
    consumer TEXT PRIMARY KEY,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    time     REAL    NOT NULL,
    crc      INTEGER NOT NULL
) WITHOUT ROWID;
