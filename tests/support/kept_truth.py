"""What a board took, and what a gateway has of it: once in history, on MQTT under one id, in time."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gateway.history.events import LATE_SEQ
from tests.support.emulated_board import Said

LATE_S = 0.2
"""What a time may be wrong by, and a hundredth of the outage."""
DRIFT = 0.01
UNSAFE_S = 10.0
"""What came so long before a kill may have become safe, and not been acknowledged, on a machine that is
busy."""
ON_THE_WAY_S = 1.0
"""What was taken a moment before the gateway ended may still be with the board, for the next one."""


class Taken(NamedTuple):
    """A reading that the board took. `utc`: when it measured it."""

    sensor: str
    boot: int
    seq: int
    value: float
    utc: float


class Row(NamedTuple):
    """A reading in history. `reason`: why it is suspect."""

    sensor: str
    seq: int
    value: float
    utc: float
    reason: str | None


class Power(NamedTuple):
    """From when to when (UTC seconds) the board was without."""

    off: float
    on: float


class Outage(NamedTuple):
    """From when to when (UTC seconds) something was wrong, until all that was taken meanwhile had come;
    `powers`: when in between the board was without power; `kills`: when the gateway was killed."""

    begin: float
    end: float
    powers: tuple[Power, ...] = ()
    kills: tuple[float, ...] = ()


def taken(said: Iterable[Said], sensors: dict[str, str]) -> tuple[str, list[Taken]]:
    """The board's identity, and its readings. `sensors`: by channel. When each was measured is told by the
    board's clock, which is right; where that stands, by the line of each boot that came to us soonest. One
    that was measured just before a reset may be said only when it is sent again."""
    identity, boot = "", 0
    starts = dict[int, float]()
    found = dict[tuple[int, int], tuple[Taken, float]]()
    for utc, body in said:
        letter, *fields = body.split(" ")
        of = boot
        if letter == "H":
            identity, boot = fields[3], int(fields[4])
            _begin(starts, boot, utc, int(fields[7]))
        elif letter == "A" and len(fields) == 5 and fields[1] in sensors:
            del fields[0]
            letter = "R"
        elif letter == "B":
            of = int(fields.pop(0))
            starts.setdefault(of, utc - sum(map(int, (fields[2], *fields[4:]))) / 1000)
        if letter == "R":
            _begin(starts, boot, utc, int(fields[2]))
        if letter in "RB" and not fields[3].startswith("!"):
            seq, ms, value = int(fields[1]), int(fields[2]), float(fields[3])
            found.setdefault((of, seq), (Taken(sensors[fields[0]], of, seq, value, utc), ms / 1000))
    return identity, [one._replace(utc=starts[one.boot] + ms) for one, ms in found.values()]


def overwritten(said: Iterable[Said]) -> set[tuple[int, int]]:
    """By boot and number, what the board says that it had no room for; it was not told that it is safe."""
    fields = [body.split(" ") for _, body in said if body.startswith("G ")]
    return {(int(boot), seq) for _, boot, low, high, *_ in fields for seq in range(int(low), int(high) + 1)}


def perhaps_safe(said: Iterable[Said], outages: Sequence[Outage]) -> set[tuple[int, int]]:
    """The same of what it had sent so shortly before a kill that it may have been safe, and the board not
    told of that: such a reading is told as lost, though it is there (docs/kept.md)."""
    said, boot, found = list(said), 0, set[tuple[int, int]]()
    kills = [kill for outage in outages for kill in outage.kills]
    lost = overwritten(said)
    for utc, body in said:
        letter, *fields = body.split(" ")
        if letter == "H":
            boot = int(fields[4])
        elif letter in "RB" or (letter == "A" and len(fields) == 5):
            of = int(fields[0]) if letter == "B" else boot
            key = of, int(fields[1 if letter == "R" else 2])
            if key in lost and any(kill - UNSAFE_S <= utc <= kill for kill in kills):
                found.add(key)
    return found


def _begin(starts: dict[int, float], boot: int, utc: float, ms: int) -> None:
    starts[boot] = min(starts.get(boot, utc), utc - ms / 1000)


def stored(database: Path) -> list[Row]:
    """All readings in history's file that are not sealed: those of the last hours. One that was late is told
    by a bit of its number (gateway/history/events.py)."""
    question = "SELECT name, seq, value, time, reason FROM readings JOIN sensors ON sensor = key"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(question).fetchall()
    return [Row(name, seq & ~LATE_SEQ, value, time / 1000, reason) for name, seq, value, time, reason in rows]


class Verdict(NamedTuple):
    """What is wrong, in words; and what is missing: because the board lost its power before anybody had it,
    as it may be, or for another reason, which has to be told."""

    wrong: list[str]
    by_power: list[Taken]
    unheard: list[Taken]
    doubtful: int
    furthest_s: float


def compare(
    truth: Sequence[Taken], rows: Sequence[Row], outages: Sequence[Outage], behind_s: float, until: float
) -> Verdict:
    """History against what was taken: each once, with its value and time, but for what the board lost.
    `behind_s`: so far the board's clock was behind its own pace, as this machine was busy. `until`: what was
    taken later may be missing."""
    wrong = list[str]()
    left = defaultdict[tuple[str, int], list[Row]](list)
    for row in rows:
        left[row.sensor, row.seq].append(row)
    by_power, unheard, doubtful, furthest_s = list[Taken](), list[Taken](), 0, 0.0
    for one in truth:
        lasted_s = sum(outage.end - outage.begin for outage in outages if _in(one.utc, outage))
        bound = LATE_S + behind_s + DRIFT * lasted_s
        candidates = [row for row in left[one.sensor, one.seq] if row.value == one.value]
        nearest = min(candidates, key=lambda row: abs(row.utc - one.utc), default=None)
        # what the restart of a board has made doubtful says so, and by how much
        slack = bound if nearest is None or nearest.reason is None else 60.0
        if nearest is None or abs(nearest.utc - one.utc) > max(slack, 3.0 + behind_s):
            if one.utc > until - behind_s - ON_THE_WAY_S:
                continue
            lost_power = any(o.begin <= one.utc <= power.off for o in outages for power in o.powers)
            (by_power if lost_power else unheard).append(one)
            continue
        left[one.sensor, one.seq].remove(nearest)
        if nearest.reason is not None:
            doubtful += 1
        else:
            furthest_s = max(furthest_s, abs(nearest.utc - one.utc))
            if abs(nearest.utc - one.utc) > bound:
                wrong.append(
                    f"{one}: its time is wrong by {nearest.utc - one.utc:.3f} s of {bound:.3f}: {nearest}"
                )
    wrong += [f"nobody took it, or it is there twice: {row}" for rows in left.values() for row in rows]
    return Verdict(wrong, by_power, unheard, doubtful, furthest_s)


def _in(utc: float, outage: Outage) -> bool:
    return outage.begin <= utc <= outage.end


def ids(payloads: Iterable[tuple[str, bytes]]) -> dict[str, Counter[tuple[str, int, float]]]:
    """By id, which readings came under it, and how often: sensor, seq and value."""
    found = defaultdict[str, Counter[tuple[str, int, float]]](Counter)
    for sensor, payload in payloads:
        data = json.loads(payload)
        found[data["id"]][sensor, data["seq"], data["value"]] += 1
    return found


def utc(time: str) -> float:
    """Of a reading's time."""
    return datetime.fromisoformat(time).timestamp()
