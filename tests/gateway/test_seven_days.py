"""Seven days of a board that keeps its readings: pulled cables, kills of the gateway, resets of the board."""

import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self

import pytest

from firmware_sim.pty_port import PtyPort
from firmware_sim.recording import Recording
from firmware_sim.sensorline import Identity, SensorlineBoard
from firmware_sim.sensors import NS, Sensors
from gateway.history.archive import Archive
from tests.support.fake_clock import START_UTC
from tests.support.in_memory import IN_MEMORY
from tests.support.kept_truth import utc
from tests.support.staged_gateway import BEGAN, Fares, StagedGateway
from tests.support.waiting import DEADLINE_S

CONFIG = """\
gateway: {{name: shed, data: {folder}/data}}
router: {{listen: "unix:{folder}/router"}}
links: {{board: {{protocol: sensorline, port: {folder}/board}}}}
sensors:
  temp: {{driver: temperature, link: board, heartbeat: 1ms}}
  hum: {{driver: humidity, link: board, heartbeat: 1ms}}
  lux: {{driver: light, link: board, heartbeat: 1ms}}
history: {{keep: 400d}}
"""
COLUMNS: dict[str, tuple[str, ...]] = {
    "temp": ("20", "20.5", "21"),
    "hum": ("40", "41", "42"),
    "lux": ("0", "7.5", "9"),
}
DAY_S, MINUTE_S = 86_400.0, 60.0
BAUD = 1_000_000
"""What is sent again takes its time, which does not go faster than this machine's."""
QUIET_S = 0.05
"""After so long without a word, nothing more is wanted."""
RIGHT_MS = 200
CREEP_S = 0.005
"""While a link waits until it opens its port again, time goes on by itself, as it does here."""
SOON_S = 0.01
"""An answer is due in the next millisecond, a kept reading when the line is free of the one before."""
UNTOLD_S = 180.0
"""What was heard so long before a kill may not have been acknowledged: a window, and a reading and its
acknowledgement, which are a minute apart."""
FAR = 1 << 45
PULLS, KILLS, RESETS = 50, 10, 5


class Taken(NamedTuple):
    """A reading as the board took it, UTC in ms."""

    utc_ms: float
    value: float


class Days:
    """A board that reports once a minute, on a pty, and a gateway; time goes by at once. `kept`: how many
    readings the board keeps."""

    gateway: StagedGateway

    def __init__(self, folder: Path, kept: int) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG.format(folder=folder))
        self.now = BEGAN
        self.killed: list[float] = []
        self.gaps: list[tuple[str, dict[str, Any]]] = []
        self.taken: dict[tuple[int, int], tuple[str, Taken]] = {}
        self._link = folder / "board"
        self._port = PtyPort()
        sensors = Sensors(Recording(round(MINUTE_S * NS), COLUMNS), 0, 1.0, "seed")
        self.board = SensorlineBoard(sensors, Identity("uno", "24A1", "2.0.0"), 7, kept, BAUD)
        self._newest: dict[str, int] = {}  # the board's readings, by channel
        self._busy = False  # whether there was anything to be said
        self.plugged = False
        self.reset()

    def reset(self) -> None:
        """The board starts anew, with its memory."""
        self._booted = self.now
        self.board.start(round(self._booted * NS))
        if self.plugged:
            self._exchange(quiet_s=QUIET_S)

    def unplug(self) -> None:
        """The cable is pulled; the board goes on."""
        self._link.unlink()
        self._port.unplug()
        self.plugged = False

    def plug(self) -> None:
        """And put back."""
        self._port.plug()
        self._link.symlink_to(self._port.device)
        self.plugged = True
        self._exchange(quiet_s=QUIET_S)

    def kill(self) -> None:
        """kill -9, and a start."""
        self.gateway.kill()
        self.killed.append(to_utc(self.now))
        self.gateway = StagedGateway(self.config, self.now, self.gaps)
        if self.plugged:
            self._exchange(quiet_s=QUIET_S)

    def __enter__(self) -> Self:
        self.gateway = StagedGateway(self.config, self.now, self.gaps)
        self.plug()
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if failed is None:
            self.gateway.stop()
        else:
            self.gateway.kill()
        self._port.unplug()

    def run(self, until: float) -> None:
        """Time goes by."""
        while self.now < until:
            due = self.board.next_due_ns()
            self._advance(min(until, until if due is None else due / NS) - self.now)
            self._exchange()

    def _advance(self, seconds: float) -> Fares:
        """The gateway's clock first: what the board says is never ahead of it."""
        fares = self.gateway.advance(max(0.0, seconds))
        self.now += max(0.0, seconds)
        return fares

    def _exchange(self, *, quiet_s: float = 0.0) -> None:
        """What is to be said now, both ways, until the newest readings have been heard, what has to be is on
        disk, and nobody has said anything for so long."""
        end, quiet_at, step = time.monotonic() + DEADLINE_S, 0.0, 0.0
        while self._serve() or self.plugged:
            now, fares = time.monotonic(), self._advance(step)
            assert now < end, f"not heard: {self._newest}: {fares}"
            done = fares.up and fares.written and fares.newest == self._newest
            step = self._soon() if fares.up else CREEP_S
            if self._busy or not done:
                quiet_at = now + quiet_s
            elif now >= quiet_at:
                return
            if not fares.up:
                time.sleep(CREEP_S)

    def _soon(self) -> float:
        """How long until the board has done what it is just about."""
        due = self.board.next_due_ns()
        wait_s = 0.0 if due is None else due / NS - self.now
        return wait_s if wait_s < SOON_S else 0.0

    def _serve(self) -> bool:
        """One round; whether there was anything."""
        now_ns = round(self.now * NS)
        data = self._port.read() if self.plugged else b""
        if data:
            self.board.receive(now_ns, data, lambda: 0)
        lines = self.board.run(now_ns)
        for line in lines:
            self._note(line)
        if self.plugged:
            self._port.write(b"".join(lines))
        self._busy = bool(data or lines)
        return self._busy

    def _note(self, line: bytes) -> None:
        fields = line[1:-10].decode().split()
        if fields[0] in "RA" and len(fields) == (5 if fields[0] == "R" else 6):
            channel, seq, time_ms, value = fields[-4:]
            at = to_utc(self._booted + int(time_ms) / 1000)
            self.taken[self.board.boot, int(seq)] = channel, Taken(at * 1000, float(value))
            self._newest[channel] = int(seq)


def to_utc(now: float) -> float:
    """In seconds since 1970."""
    return now - BEGAN + START_UTC


def troubles(chance: Random, longest_s: float) -> list[tuple[float, str, float]]:
    """When, what, and for how long; none at the end, so that all can be said."""
    kinds = ["pull"] * PULLS + ["kill"] * KILLS + ["reset"] * RESETS
    found = [(chance.uniform(0, 6.9 * DAY_S), kind, chance.uniform(1, longest_s)) for kind in kinds]
    return sorted(found)


def live(days: Days, chance: Random, longest_s: float) -> None:
    """All seven, with their troubles."""
    plug_at = float("inf")
    for at, kind, lasts_s in [*troubles(chance, longest_s), (7 * DAY_S, "end", 0.0)]:
        if plug_at < at:
            days.run(BEGAN + plug_at)
            days.plug()
            plug_at = float("inf")
        days.run(BEGAN + at)
        if kind == "kill":
            days.kill()
        elif kind == "reset":
            days.reset()
        elif days.plugged and kind == "pull":
            days.unplug()
            plug_at = at + lasts_s
    if not days.plugged:
        days.plug()
    days.run(BEGAN + 7 * DAY_S + 1800)


def absent_of(days: Days, name: str) -> list[Taken]:
    """A channel's readings that history has not; each that it has was taken, once, at its time."""
    taken = sorted(each for channel, each in days.taken.values() if channel == name)
    assert len(taken) > 7 * 1400
    absent = []
    rows = iter(rows_of(days, name))
    row = next(rows, None)
    for each in taken:
        if row is not None and abs(row[0] - each.utc_ms) <= RIGHT_MS and row[1] == each.value:
            row = next(rows, None)
        else:
            absent.append(each)
    assert row is None, f"{name}: {row} is what the board never took, or took once, or at another time"
    return absent


def rows_of(days: Days, name: str) -> list[tuple[int, float]]:
    """What history has, in order."""
    with Archive(days.folder / "data" / "history.db") as archive:
        return [(row.time, row.value) for row in archive.rows(name, 0, FAR)]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kept", "longest_s"), [(1000, 3 * 3600.0), (90, 3600.0)], ids=["room for all", "too little room"]
)
def test_seven_days(kept: int, longest_s: float, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole gateway, killed and started again: history holds every reading that the ring could hold,
    once, at its own time; the others are told as a gap, and nothing else is missing."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        with Days(Path(folder), kept) as days:
            live(days, Random(14), longest_s)
        absent = {name: absent_of(days, name) for name in COLUMNS}
    found = {name: len(those) for name, those in absent.items()}
    gaps = {(name, utc(gap["from"]), utc(gap["to"]), gap["count"]) for name, gap in days.gaps}
    for name, since, until, count in gaps:
        within = [one for one in absent[name] if since * 1000 <= one.utc_ms <= until * 1000]
        killed = any(since - UNTOLD_S <= at <= until + longest_s for at in days.killed)
        most = len(within) + (UNTOLD_S // MINUTE_S if killed else 0)
        assert len(within) <= count <= most, (name, since, until, count)
        absent[name] = [one for one in absent[name] if one not in within]
    told, missing = sum(count for *_, count in gaps), sum(found.values())
    with capsys.disabled():
        print(f"\n{len(days.taken)} readings, {missing} missing, {told} told in {len(gaps)} gaps")
    assert absent == {name: [] for name in COLUMNS}
    assert missing == told == 0 if kept == 1000 else 100 < missing < 5000
