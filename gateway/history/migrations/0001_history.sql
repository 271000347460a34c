-- All times are UTC in ms, a day is one of UTC, counted from 1970. No two tables of a kind (with rowid or
-- without) have as many columns: a row found on a damaged page says by its width of which it is.

-- A name with a unit is a series of its own. What concerns a name (gaps) has the least number of its series.
CREATE TABLE sensors (
    key  INTEGER PRIMARY KEY,
    name TEXT    NOT NULL,
    unit TEXT    NOT NULL,
    crc  INTEGER NOT NULL
);

-- Readings that are not sealed yet, in the order in which they were measured. Their event's id is
-- (time + delay, number). `reason`: NULL for a good one.
CREATE TABLE readings (
    time   INTEGER NOT NULL,
    sensor INTEGER NOT NULL,
    value  REAL    NOT NULL,
    delay  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    reason TEXT,
    crc    INTEGER NOT NULL,
    PRIMARY KEY (time, sensor)
) WITHOUT ROWID;

-- Those whose event came late, so that they can be had by its id.
CREATE INDEX late ON readings (time + delay) WHERE delay > 60000;

-- A day of a series, sealed: see gateway/history/sealed.py. key = day << 16 | sensor. `last`, `value`: of its
-- last reading, so that what holds into the next day is known at once; `reasons`: JSON, why readings are
-- suspect; `minutes`: its roll-up by the minute, of a day with many readings.
CREATE TABLE days (
    key     INTEGER PRIMARY KEY,
    rows    INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    value   REAL    NOT NULL,
    reasons TEXT,
    minutes BLOB,
    blob    BLOB    NOT NULL,
    crc     INTEGER NOT NULL
);

-- The hours of 32 days of a series: see gateway/history/rollups.py. key = (day / 32) << 16 | sensor. `first`,
-- `last`: the times of the first and the last reading.
CREATE TABLE hours (
    key   INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    blob  BLOB    NOT NULL,
    crc   INTEGER NOT NULL
);

-- When nothing was known of a sender's value. `ended`: NULL while it lasts.
CREATE TABLE gaps (
    sensor INTEGER NOT NULL,
    began  INTEGER NOT NULL,
    ended  INTEGER,
    reason TEXT    NOT NULL,
    crc    INTEGER NOT NULL,
    PRIMARY KEY (sensor, began)
) WITHOUT ROWID;

-- All events that are no readings, by their ids.
CREATE TABLE events (
    ms     INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sender TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    data   TEXT    NOT NULL,
    crc    INTEGER NOT NULL,
    PRIMARY KEY (ms, number)
) WITHOUT ROWID;

-- What waits until the clock of its boot is known. `at`, `heard`: that boot's CLOCK_BOOTTIME in ms; `item`: JSON.
CREATE TABLE untimed (
    key   INTEGER PRIMARY KEY,
    boot  TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    item  TEXT    NOT NULL,
    crc   INTEGER NOT NULL
);

-- What is known of the whole: see gateway/history/notes.py.
CREATE TABLE notes (
    key  INTEGER PRIMARY KEY,
    text TEXT    NOT NULL,
    crc  INTEGER NOT NULL
);
