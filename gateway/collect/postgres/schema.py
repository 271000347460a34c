"""The tables in PostgreSQL, in a schema of their own; and a connection to them."""

from __future__ import annotations

from typing import Any

import psycopg

from gateway.storage.schema import StoreError

VERSION = 1
LOCK = 0x5349_4743
"""Of who writes: one collector for a database."""
CONNECT_S = 5
OPTIONS = "-c search_path=sig_gateway -c statement_timeout=60000"
"""A query that takes a minute is none of ours."""
SILENT_MS = 10_000
"""A server that acknowledges nothing for so long is gone."""

MIGRATIONS = {
    1: """
CREATE TABLE series (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    unit text NOT NULL,
    UNIQUE (name, unit)
);
-- All times are UTC in ms. An event's id is (heard, number). `reason`: NULL for a good value.
CREATE TABLE readings (
    series integer NOT NULL,
    time   bigint  NOT NULL,
    value  double precision NOT NULL,
    reason text,
    seq    bigint  NOT NULL,
    late   boolean NOT NULL,
    heard  bigint  NOT NULL,
    number bigint  NOT NULL
);
CREATE INDEX readings_by_time ON readings (series, time);
CREATE INDEX readings_by_id ON readings (heard, number);
CREATE TABLE events (
    heard  bigint NOT NULL,
    number bigint NOT NULL,
    sender text   NOT NULL,
    event  text   NOT NULL,
    data   text   NOT NULL,
    PRIMARY KEY (heard, number)
);
-- When nothing was known of a sender's value. `ended`: NULL while it lasts.
CREATE TABLE gaps (
    sender text   NOT NULL,
    began  bigint NOT NULL,
    ended  bigint,
    reason text   NOT NULL,
    PRIMARY KEY (sender, began)
);
-- All events of the gateway up to (epoch, seq) are here; that one was triggered at `utc`.
CREATE TABLE cursors (
    gateway text PRIMARY KEY,
    epoch   bigint NOT NULL,
    seq     bigint NOT NULL,
    utc     bigint NOT NULL
);
CREATE TABLE notes (key text PRIMARY KEY, value bigint NOT NULL);
-- For people: what each sender has said, at which time.
CREATE VIEW measured AS
    SELECT name AS sender, to_timestamp(time / 1000.0) AS time, value, unit, reason
    FROM readings JOIN series ON series.id = readings.series;
""",
}


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection, with our tables first in its path. Raises psycopg.Error."""
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_S,
        options=OPTIONS,
        application_name="sig-gateway collect",
        client_encoding="utf8",  # also of a database without one
        tcp_user_timeout=SILENT_MS,
    )


def prepare(db: psycopg.Connection[Any]) -> None:
    """Be the one who writes, and have the tables there. Raises StoreError, psycopg.Error."""
    (free,) = _one(db, "SELECT pg_try_advisory_lock(%s)", LOCK)
    if not free:
        raise StoreError(
            "another collector writes to this PostgreSQL database; end it, or use another database"
        )
    with db.transaction():
        db.execute("CREATE SCHEMA IF NOT EXISTS sig_gateway")
        db.execute("CREATE TABLE IF NOT EXISTS version (version integer NOT NULL)")
        (version,) = _one(db, "SELECT coalesce(max(version), 0) FROM version")
        if version > VERSION:
            text = f"the tables in PostgreSQL are of a newer version ({version}); this one knows {VERSION}"
            raise StoreError(f"{text}: install the newer sig-gateway")
        for number in range(version + 1, VERSION + 1):
            db.execute(MIGRATIONS[number].encode())
            db.execute("INSERT INTO version VALUES (%s)", (number,))


def _one(db: psycopg.Connection[Any], query: str, *values: object) -> tuple[Any, ...]:
    row = db.execute(query.encode(), values).fetchone()
    assert row is not None
    return tuple(row)


def told(error: psycopg.Error) -> str:
    """Its words in a line, without the password, which libpq never says."""
    words = " ".join(str(error).split())
    return f"PostgreSQL: {words or type(error).__name__}"
