-- Events that the broker has not acknowledged. `id` is given by the bridge, ascending; `time` is UTC seconds.
CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    time   REAL    NOT NULL,
    sender TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    uid    TEXT    NOT NULL,
    head   TEXT    NOT NULL
);

-- What had to be dropped, until that too is acknowledged.
CREATE TABLE gaps (
    id     INTEGER PRIMARY KEY,
    sender TEXT    NOT NULL,
    uid    TEXT    NOT NULL,
    first  REAL    NOT NULL,
    last   REAL    NOT NULL,
    count  INTEGER NOT NULL,
    reason TEXT    NOT NULL
);

-- What stands retained at the broker because of us; `parts` is of use to whoever published it.
CREATE TABLE retained (
    topic TEXT PRIMARY KEY,
    kind  TEXT NOT NULL,
    parts TEXT NOT NULL
) WITHOUT ROWID;
