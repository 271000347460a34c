"""Many gateways of a fleet in one process, each with a zenoh session, a `Speaker` and a spool of its own.

    python -m tests.support.fleet_gateways '{"routers": ["tcp/127.0.0.1:7447"], "site": "north", "first": 0,
        "count": 20, "rate": 10, "folder": "kept"}'

Each says `rate` events a second, evenly spread, as the sender `temp`, whose data are {"n": …, "t": …, …}: a
number from 1 that goes on after a kill -9, and the monotonic second. All are `#changed`, or, with `pressed`,
every other one `#pressed`, of which history keeps the data as they are. With a `folder` the spools are there,
with `disk_bytes` as a gateway has them, for `consumers`, else as `fleet_spool`; without, in memory. `truth`
there has a line
for each event that was accepted, beside whatever the gateway itself keeps:

    SITE/GATEWAY N SAID

It begins at once, as a gateway does, says "open" when each has found a router, and obeys a command a line:

    rate R      from now on; 0 is silence
    clock S     the wall clock is so many seconds off
    figures     answers {"said": …, "rss_kb": …, "cpu_s": …}

until standard input ends. A request `echo` is answered with its params.
"""

from __future__ import annotations

import heapq
import json
import os
import queue
import resource
import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import zenoh

from gateway.clock.wall import WallClock
from gateway.fleet.keys import Gateway
from gateway.fleet.lingering import Sockets
from gateway.fleet.questions import pages_pool
from gateway.fleet.session import Settings, close
from gateway.fleet.speaker import Speaker
from gateway.fleet.spool import MemorySpool, Spool
from gateway.member.spool import DiskSpool
from gateway.member.store import Bounds, Store
from sig.net.dispatch import Pool
from tests.support.fleet_consumer import NAME, opened
from tests.support.fleet_spool import FileSpool

SENDER, CHANGED, PRESSED = "temp", "#changed", "#pressed"
_READING = '"unit": "C", "quality": "good"'
TRUTH = "truth"
BEAT_S, TURN_S, LOOK_S = 0.5, 0.1, 1.0
LOSS_WINDOW_S = 1.0
"""Of a gateway's own spool."""
DAY_S = 86400.0
MOST_WITH_THREADS = 50
"""Gateways of a process that each have threads of their own to answer."""
LONG_AGO_S = 1.0
"""Who was stopped for so long does not say what he did not say then."""


def reading(number: int, said: float, time_s: float) -> str:
    """The data of an event, as a driver's and with what the benchmarks and the tests go by; history keeps its
    value and its `seq`, which say the same."""
    names = f'"n": {number}, "t": {said:.4f}, "seq": {number}, "value": {said:.4f}'
    return f'{{{names}, "time": "{time_s:.3f}", {_READING}}}'


class Speaking(Protocol):
    """What `Gateways` wants of a gateway."""

    gateway: Gateway
    said: int

    def begin(self, session: zenoh.Session) -> None: ...
    def say(self, now: float, clock_s: float) -> None: ...
    def beat(self, now: float) -> float: ...
    def close(self) -> None: ...


class Simulated:
    """One gateway: ours. `pages`: the thread that gives pages for all of a process; None: each has its own,
    as it has where it is alone. `events`: in turn."""

    pages: ClassVar[Pool | None] = None
    events: ClassVar[Sequence[str]] = (CHANGED,)

    def __init__(self, gateway: Gateway, spool: Spool, said: int) -> None:
        self.gateway, self.said = gateway, said
        self._spool = spool
        self._session: zenoh.Session | None = None
        self._speaker: Speaker | None = None

    def begin(self, session: zenoh.Session) -> None:
        """It has found a router."""
        self._session = session
        self._speaker = Speaker(session, self.gateway, self._spool, self._answer, self._senders, self.pages)
        self._speaker.connect(SENDER)

    def say(self, now: float, clock_s: float) -> None:
        """The next event."""
        self.said += 1
        time_s = time.time() + clock_s
        name = self.events[self.said % len(self.events)]
        event = (SENDER, name, reading(self.said, now, time_s), int(1000 * time_s), True)
        if self._speaker is None:
            self._spool.add(*event)
        else:
            self._speaker.say(*event)

    def beat(self, now: float) -> float:
        """When it is to be called again."""
        return now + BEAT_S if self._speaker is None else self._speaker.beat(now)

    def close(self) -> None:
        """Also its session."""
        if self._speaker is not None:
            self._speaker.close()
        if self._session is not None:
            close(self._session)

    def _answer(self, _sender: str, _method: str, params: Any, _timeout_s: float) -> Any:
        return params

    def _senders(self) -> list[dict[str, Any]]:
        return [
            {
                "sender": SENDER,
                "class": "Simulated",
                "connected": True,
                "events": [CHANGED],
                "requests": ["echo"],
            }
        ]


class Gateways:
    """All of a process, on one thread."""

    def __init__(
        self, options: dict[str, Any], make: Callable[[Gateway, Spool, int], Speaking] = Simulated
    ) -> None:
        folder = Path(options["folder"]) if options.get("folder") else None
        self._rate = float(options["rate"])
        self._clock_s = 0.0
        self._truth = None
        said: dict[str, int] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._truth = os.open(folder / TRUTH, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            said = last_said(folder / TRUTH)
        self._all: list[Speaking] = []
        spools = Spools(folder, options)
        for number in range(options["first"], options["first"] + options["count"]):
            gateway = Gateway(options["site"], f"g{number}")
            self._all.append(make(gateway, spools.of(gateway), said.get(str(gateway), 0)))
        self._beats = [(0.0, number) for number in range(len(self._all))]
        self._due: list[tuple[float, int]] = []
        spools.start()
        self._opened: queue.SimpleQueue[tuple[int, zenoh.Session]] = queue.SimpleQueue()
        self._to_open = len(self._all)
        routers = [turned(options["routers"], options["first"] + number) for number in range(self._to_open)]
        threading.Thread(target=self._open, args=(routers,), name="opening", daemon=True).start()
        threading.Thread(target=_unlinger, name="sockets", daemon=True).start()
        self._spread()

    def run(self) -> None:
        """Until standard input ends."""
        while True:
            now = time.monotonic()
            self._speak(now)
            if self._to_open:
                self._begin()
            next_at = min(self._beats[0][0], self._due[0][0] if self._due else now + BEAT_S)
            pause = max(0.0, min(next_at, now + 0.05 if self._to_open else next_at) - time.monotonic())
            if select.select([sys.stdin], [], [], pause)[0]:
                line = os.read(sys.stdin.fileno(), 1000).decode()
                if not line:
                    break
                for command in line.splitlines():
                    self._obey(*command.split())
        for each in self._all:
            each.close()

    def _speak(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, number = self._due[0]
            speaking = self._all[number]
            speaking.say(now, self._clock_s)
            if self._truth is not None:
                os.write(self._truth, f"{speaking.gateway} {speaking.said} {now:.4f}\n".encode())
            again = due + 1 / self._rate
            heapq.heapreplace(self._due, (again if again > now - LONG_AGO_S else now, number))
        while self._beats[0][0] <= now:
            number = self._beats[0][1]
            heapq.heapreplace(self._beats, (self._all[number].beat(now), number))

    def _open(self, routers: list[list[str]]) -> None:
        for number, each in enumerate(routers):
            self._opened.put((number, opened(Settings(each))))

    def _begin(self) -> None:
        while not self._opened.empty():
            number, session = self._opened.get()
            self._all[number].begin(session)
            self._to_open -= 1
            if not self._to_open:
                print("open", flush=True)

    def _spread(self) -> None:
        now = time.monotonic()
        self._due = []
        if self._rate:
            step = 1 / self._rate / len(self._all)
            self._due = [(now + number * step, number) for number in range(len(self._all))]

    def _obey(self, word: str, value: str = "") -> None:
        if word == "rate":
            self._rate = float(value)
            self._spread()
        elif word == "clock":
            self._clock_s = float(value)
        else:
            used = resource.getrusage(resource.RUSAGE_SELF)
            figures = {
                "said": sum(each.said for each in self._all),
                "rss_kb": int(Path("/proc/self/statm").read_text().split()[1])
                * os.sysconf("SC_PAGESIZE")
                // 1024,
                "cpu_s": used.ru_utime + used.ru_stime,
            }
            print(json.dumps(figures), flush=True)


def _unlinger() -> None:
    """A gateway has one link; so many in a process are as those of a router (`gateway.fleet.lingering`)."""
    sockets = Sockets()
    while True:
        sockets.unlinger()
        time.sleep(LOOK_S)


def turned(routers: list[str], number: int) -> list[str]:
    """Each gateway begins with another of the routers."""
    turn = number % len(routers)
    return routers[turn:] + routers[:turn]


def last_said(truth: Path) -> dict[str, int]:
    """The last number of each gateway."""
    return {line.split()[0]: int(line.split()[1]) for line in truth.read_text().splitlines()}


class Spools:
    """Of a process's gateways: in memory, in a file that is written at once, or as a gateway's own."""

    def __init__(self, folder: Path | None, options: dict[str, Any]) -> None:
        self._folder = folder
        self._most = options.get("most", 1000)
        self._disk_bytes = options.get("disk_bytes")
        self._consumers = options.get("consumers", [NAME])
        self._turning: list[DiskSpool] = []

    def of(self, gateway: Gateway) -> Spool:
        """A new one."""
        if self._folder is None:
            return MemorySpool(self._most)
        if self._disk_bytes is None:
            return FileSpool(self._folder / f"{gateway.name}.spool", self._most)
        clock = WallClock()
        store = Store(self._folder / f"{gateway.name}.db", Bounds(self._disk_bytes, DAY_S), clock)
        spool = DiskSpool(store, clock, self._consumers, LOSS_WINDOW_S)
        self._turning.append(spool)
        return spool

    def start(self) -> None:
        """Open those on disk, and write what is due from now on: a spool's file is one thread's."""
        opened = threading.Event()
        threading.Thread(target=self._turn, args=(opened,), name="spools", daemon=True).start()
        opened.wait()

    def _turn(self, opened: threading.Event) -> None:
        for each in self._turning:
            each.open()
        opened.set()
        while self._turning:
            time.sleep(TURN_S)
            for each in self._turning:
                each.turn(time.clock_gettime(time.CLOCK_BOOTTIME))


def main() -> None:
    """See the module."""
    options = json.loads(sys.argv[1])
    if options["count"] > MOST_WITH_THREADS:
        Simulated.pages = pages_pool()
    if options.get("pressed"):
        Simulated.events = (CHANGED, PRESSED)
    Gateways(options).run()


if __name__ == "__main__":
    main()
