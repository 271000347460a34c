"""PostgreSQL as the history of all sites.

schema   the tables, and their version
store    what a recorder writes: readings, events, gaps and cursors in one transaction
marks    when nothing is known of a value, as the transactions go on
archive  what is read of it, on any thread
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.collect.keeping import Made

if TYPE_CHECKING:
    from gateway.collect.site_store import Told


def postgres(url: str, keep_ms: int, keep_events_ms: int, opened: Told, wrote: Told) -> Made:
    """What writes to it and reads it. Opens nothing yet."""
    from gateway.collect.postgres.archive import PostgresArchive
    from gateway.collect.postgres.store import PostgresStore

    archive = PostgresArchive(url)
    return Made(PostgresStore(url, keep_ms, keep_events_ms, opened, wrote), archive, archive.close)
