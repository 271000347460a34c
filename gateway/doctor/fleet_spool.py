"""How many events wait until the fleet's consumers have confirmed them: as a gateway that runs says, else as
its file has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from drivers.reading import format_ms
from gateway.config import Config
from gateway.doctor.as_root import is_hidden, not_seen
from gateway.doctor.databases import in_time, opened
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.member.service import FILE

CHECK = "fleet"
_UNHEARD = (
    "is sig-gateway collect running there? If it is, and hears others: routers drop without a word what one "
    "says who was revoked, or enrolled after they had started: `sig-gateway fleet list` says who is enrolled,"
    " and each router is to be restarted after that. Who is gone for good: take it out of fleet.consumers"
)


class Spool(NamedTuple):
    """What is in the file. `events`: None where they could not be counted in time; `oldest`: when the first
    of them was (UTC, seconds), None if there is none."""

    events: int | None
    oldest: float | None


def waiting(patient: Patient, config: Config) -> Iterator[Finding]:
    """Nothing where there is nothing to tell."""
    if patient.running.answers:
        parts = (patient.running.health or {}).get("parts")
        part = parts.get("fleet") if isinstance(parts, dict) else None
        if isinstance(part, dict) and "waiting" in part:
            yield from judge_running(part)
        return
    path = config.data / FILE
    if is_hidden(path):
        yield not_seen(CHECK, "how many events wait to be confirmed may not be seen by you", patient.path)
        return
    if patient.keeper is not None or not path.exists():
        return
    try:
        found = look(path)
    except sqlite3.DatabaseError:
        return  # the check of the databases says it
    yield judge_file(found)


def judge_running(part: Mapping[str, Any]) -> Iterator[Finding]:
    """`part`: what its health says of the fleet."""
    text = _waiting(part["waiting"], part.get("oldest"))
    behind = [
        f"{name} ({each['unconfirmed']}, has last confirmed {each['confirmed'] or 'never'})"
        for name, each in part.get("consumers", {}).items()
        if each["unconfirmed"]
    ]
    if part.get("status") == "ok" or not behind:
        yield Finding(CHECK, Level.GREEN, text)
    else:
        yield Finding(CHECK, Level.YELLOW, f"{text}, by {', '.join(behind)}", _UNHEARD)
    if part.get("lost"):
        text = f"{part['lost']} events that it kept for the fleet are lost since its start"
        remedy = "a greater fleet.size, or fleet.keep, lasts for a longer outage; the log says why they went"
        yield Finding(CHECK, Level.YELLOW, text, remedy)


def look(path: Path) -> Spool:
    """Into a file that nobody has open. Raises sqlite3.DatabaseError."""
    with closing(opened(path)) as db:
        oldest = db.execute("SELECT time FROM events ORDER BY id LIMIT 1").fetchone()
        counted = in_time(db, "SELECT count(*) FROM events")
    return Spool(None if counted is None else counted[0], None if oldest is None else oldest[0])


def judge_file(found: Spool) -> Finding:
    """Of a gateway that does not run: they are safe there."""
    oldest = None if found.oldest is None else format_ms(round(found.oldest * 1000))
    later = "" if oldest is None else "; it says them when it runs, and is in the fleet"
    return Finding(CHECK, Level.GREEN, f"{_waiting(found.events, oldest)}{later}")


def _waiting(events: int | None, oldest: str | None) -> str:
    if events == 0:
        return "no event waits to be confirmed"
    many = "many events wait" if events is None else f"{events} event{'s wait' if events > 1 else ' waits'}"
    return f"{many} to be confirmed" + (f", the oldest of {oldest}" if oldest else "")
