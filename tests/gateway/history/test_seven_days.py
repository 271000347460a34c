"""Seven days of a board that keeps its readings: pulled cables, kills of the gateway, resets of the board."""

import tempfile
from pathlib import Path
from random import Random

import pytest

import sig
from drivers.reading import format_utc
from drivers.receipt import handing
from drivers.source import Measurement
from gateway.feed import Feed
from gateway.history.archive import Archive
from gateway.history.heard import Heard
from gateway.history.rows import Batch
from gateway.history.store import Store
from gateway.mailbox import Mailbox
from tests.drivers.stream.sensorline import kept_house
from tests.drivers.stream.sensorline.kept_house import CHANNELS, START_S, KeptHouse
from tests.support.fake_machine import FakeMachine, StagedClock
from tests.support.in_memory import IN_MEMORY

DAY_S = 86_400
MINUTE_S = 60.0
STEP_S = 10.0
RIGHT_MS = 25_000
"""A time is right to two steps and a half: a line is heard at the end of the one in which it was sent."""
FAR = 1 << 45
PULLS, KILLS, RESETS = 50, 10, 5


class History:
    """A gateway's, from the feed to the file, as its recorder does it, window by window."""

    def __init__(self, path: Path, clock: StagedClock) -> None:
        self._clock = clock
        self.router = sig.Router()
        self.signals = {name: self.router.addSender(name, ["#changed", "#late", "#gap"]) for name in CHANNELS}
        mailbox = Mailbox(keeps=True)
        Feed(self.router, clock).add(mailbox)
        self.store = Store(path, keep_ms=10**11, keep_events_ms=10**11, most_bytes=10**9)
        self._heard = Heard(mailbox, clock)
        self._heard.follow(self.store.open(), clock.monotonic())

    def hear(self, sender: str, event: str, data: object) -> None:
        """From a sensor."""
        signal = self.signals[sender].getSignal(event)
        assert signal is not None
        signal.trigger(data)

    def write(self) -> None:
        """A commit, and a step of what is to be done beside."""
        self._heard.take()
        now = self._clock.monotonic()
        self.store.write(Batch(self._heard.begin(), round(self._clock.utc() * 1000)))
        self._heard.done(now)
        self.store.maintain(round(self._clock.utc() * 1000))


class Days(KeptHouse):
    """One reading a minute of each channel; it is written once a minute."""

    def __init__(self, path: Path, kept: int, seed: int) -> None:
        self._path = path
        self.machine = FakeMachine(boottime=START_S)
        self.clock = StagedClock(self.machine, override="set")
        self.history = History(path, self.clock)
        super().__init__(kept, every_s=MINUTE_S, seed=seed)

    def utc_ms(self, at_s: float) -> float:
        """Of a time of the house."""
        return (self.clock.utc() - self.now + at_s) * 1000

    def kill(self) -> None:
        """kill -9, and a start: what was not committed is gone."""
        self.history.store.close()
        self.restart_gateway()
        self.history = History(self._path, self.clock)

    def _settle(self) -> None:
        """In each step: the clock goes on, and once a minute it is written."""
        self.machine.advance(self.now - self.clock.monotonic())
        for missing in self.missing[self._told :]:
            since, until = (format_utc(self.utc_ms(at) / 1000) for at in (missing.first, missing.last))
            gap = {"from": since, "to": until, "count": missing.count, "reason": missing.reason}
            self.history.hear(missing.channel, "#gap", gap)
        self._told = len(self.missing)
        if self.now >= self._written + MINUTE_S:
            self._written = self.now
            self.history.write()

    _told = 0
    _written = START_S

    def _measured(self, measurement: Measurement) -> None:
        receipt = measurement.receipt
        assert receipt is not None
        data = {
            "value": measurement.value,
            "unit": "",
            "time": format_utc(self.utc_ms(measurement.measured) / 1000),
            "quality": "good",
            "seq": measurement.seq,
        }
        with handing(receipt):
            self.history.hear(measurement.channel, "#late" if measurement.late else "#changed", data)
        receipt.release()


def troubles(chance: Random, longest_s: float) -> list[tuple[float, str, float]]:
    """When, what, and for how long; none at the end, so that all can be said."""
    kinds = ["pull"] * PULLS + ["kill"] * KILLS + ["reset"] * RESETS
    found = [(chance.uniform(0, 6.9 * DAY_S), kind, chance.uniform(1, longest_s)) for kind in kinds]
    return sorted(found)


def live(days: Days, chance: Random, longest_s: float) -> None:
    """All seven, with their troubles."""
    plug_at = float("inf")
    ends = START_S + 7 * DAY_S
    for at, kind, lasts_s in [*troubles(chance, longest_s), (7 * DAY_S, "end", 0.0)]:
        while days.now < min(START_S + at, ends):
            days.run(max(STEP_S, min(START_S + at, plug_at) - days.now))
            if days.now >= plug_at:
                days.plug()
                plug_at = float("inf")
        if kind == "kill":
            days.kill()
        elif kind == "reset":
            days.reset()
        elif days.plugged and kind == "pull":
            days.unplug()
            plug_at = days.now + lasts_s
    days.plug()
    days.run(1800)


def absent_of(days: Days, name: str) -> int:
    """How many of a channel's readings history has not; each that it has is one that was taken, and the next
    a later one."""
    each_of = (each for each in days.taken.values() if each.channel == name)
    taken = sorted((days.utc_ms(each.true_s), each.value) for each in each_of)
    assert len(taken) > 7 * 1400
    at = absent = 0
    for time, value in rows_of(days, name):
        while at < len(taken) and abs(taken[at][0] - time) > RIGHT_MS:
            at += 1
            absent += 1
        assert at < len(taken), f"{name}: at {time} is what the board never took, or took once"
        assert taken[at][1] == value
        at += 1
    return absent + len(taken) - at


def rows_of(days: Days, name: str) -> list[tuple[int, float]]:
    """What history has, in order."""
    with Archive(days._path) as archive:
        return [(row.time, row.value) for row in archive.rows(name, 0, FAR)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kept", "longest_s"), [(1000, 3 * 3600.0), (90, 3600.0)], ids=["room for all", "too little room"]
)
def test_seven_days(monkeypatch: pytest.MonkeyPatch, kept: int, longest_s: float) -> None:
    """History holds every reading that the ring could hold, once, at its own time; the others are told as a
    gap, and nothing else is missing."""
    monkeypatch.setattr(kept_house, "STEP_S", STEP_S)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        days = Days(Path(folder) / "history.db", kept, 14)
        live(days, Random(14), longest_s)
        days.history.store.close()
        absent = sum(absent_of(days, name) for name in CHANNELS)
    assert absent == sum(missing.count or 0 for missing in days.missing)
    assert absent == 0 if kept == 1000 else 100 < absent < 5000
