"""Two hundred faults at a running gateway's boards: what it publishes, how soon it is back, what it keeps."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self

import pytest

import sig
from tests.support.measured_board import Measured, MeasuredBoard, who_measured
from tests.support.waiting import DEADLINE_S, until

AT_ONCE_S = 1.0
"""What the product promises for a return, from the port's to the first good value's."""
WARM = 20
"""Faults after which the process has been everywhere it goes: from there on it must not grow."""
LOOKS = 10
"""Of the vitals after so many faults the least counts at the end, the most at the beginning: a thread that
is just ending, or a page that is given back a little later, is no leak."""
MAX_GROWTH_KB = 1024
"""From the 20th fault to the 200th some 110 sessions end and others begin: 9 kB of each that were not let go
would be seen; a thread that did not end keeps 20 kB of its stack. What the allocator keeps comes and goes by
some hundred kB."""
CHANNELS = {"temp": "temperature", "hum": "humidity", "lux": "light"}
KINDS = {
    "unplug": 40,
    "other_name": 34,
    "reset": 30,
    "noise": 24,
    "flips": 22,
    "repeats": 16,
    "stall": 14,
    "swap": 12,
    "brownout": 8,
}
CONFIG = (
    "gateway: {{{{name: test, data: ./data}}}}\n"
    "router: {{{{listen: 127.0.0.1:{{port}}}}}}\n"
    "links:\n"
    '  a: {{{{port: "{folder}/a"}}}}\n'
    '  b: {{{{port: "{folder}/b"}}}}\n'
    "sensors:\n"
) + "".join(
    f"  {link}-{channel}: {{{{{{{{driver: {driver}, link: {link}, channel: {channel}}}}}}}}}\n"
    for link in "ab"
    for channel, driver in CHANNELS.items()
)


LATE_THREADS = 2
"""What the client's one connection starts when it first has need of it, maybe after the first faults: its
writer, when its socket is full, and a second worker, when a request comes before the first is done."""


class Vitals(NamedTuple):
    """What a process holds; memory in kB."""

    threads: int
    descriptors: int
    memory: int


def vitals(pid: int) -> Vitals:
    """Of the process with that id, now."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Vitals(
        int(status["Threads"]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        int(status["VmRSS"].split()[0]),
    )


class Ledger:
    """All that the gateway publishes and answers, compared with what the boards measured."""

    def __init__(self, homes: dict[str, MeasuredBoard]) -> None:
        self._homes = homes
        self._boards = list(homes.values())
        self._news = threading.Condition()  # guards all below
        self._since = dict.fromkeys(homes, 0.0)
        self._foreign = dict.fromkeys(homes, False)
        self._back: dict[str, float | None] = dict.fromkeys(homes)
        self.wrong: list[str] = []
        self.strangers: list[str] = []
        self.old: list[str] = []
        self.counts: Counter[str] = Counter()

    def note(self, info: dict[str, Any], data: Any) -> None:
        """An event."""
        link, _, channel = info["sender"].partition("-")
        event = info["event"]
        if event == "#connect":
            with self._news:
                if self._foreign[link] and self._back[link] is None:
                    self._back[link] = time.monotonic()
                    self._news.notify_all()
        elif isinstance(data, dict) and data["value"] is not None:
            self._check(link, channel, event, data, fresh=event == "#changed")

    def note_read(self, sender: str, asked: float, data: dict[str, Any]) -> None:
        """The answer to a live read, which must be younger than the question."""
        link, _, channel = sender.partition("-")
        when = self._check(link, channel, "read", data, fresh=False)
        if when is not None and when < asked:
            self.old.append(f"{sender}: measured {asked - when:.3f} s before it was asked: {data}")

    def _check(
        self, link: str, channel: str, event: str, data: dict[str, Any], *, fresh: bool
    ) -> float | None:
        found = who_measured(self._boards, Measured(channel, data["seq"], data["value"]))
        with self._news:
            self.counts[event] += 1
            if found is None:
                self.wrong.append(f"{link}-{channel} {event}: {data}")
                return None
            board, when = found
            own = board is self._homes[link]
            if not own and data["quality"] == "good":
                self.strangers.append(f"{link}-{channel} {event}, measured by {board.identity}: {data}")
            good = self._foreign[link] or (own and data["quality"] == "good")
            if fresh and good and when >= self._since[link] and self._back[link] is None:
                self._back[link] = time.monotonic()
                self._news.notify_all()
            return when

    def expect(self, link: str, *, foreign: bool = False) -> float:
        """From now on look out for a good value of that link that is measured from now on; with `foreign` for
        anything: a stranger's values may be doubted, or not published at all. Returns now."""
        with self._news:
            self._since[link] = time.monotonic()
            self._foreign[link] = foreign
            self._back[link] = None
            return self._since[link]

    def back(self, link: str) -> float:
        """When what was expected came (monotonic); waits for it."""
        with self._news:
            assert self._news.wait_for(lambda: self._back[link] is not None, DEADLINE_S), (
                f"link {link}: nothing good came within {DEADLINE_S:g} s"
            )
            back = self._back[link]
            assert back is not None
            return back


class Reader:
    """Somebody who asks every sensor in turn, all the time."""

    def __init__(self, client: sig.ClientRouter, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="reader")
        self.failed: Counter[str] = Counter()

    def _ask(self) -> None:
        senders = [f"{link}-{channel}" for channel in CHANNELS for link in "ab"]
        number = 0
        while not self._ended.wait(0.02):
            sender = senders[number % len(senders)]
            number += 1
            asked = time.monotonic()
            try:
                data = self._client.remoteRequest(sender, "read", {"timeout": 3})
            except sig.RequestError as error:
                self.failed[type(error).__name__] += 1
            else:
                self._ledger.note_read(sender, asked, data)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


class FaultRun:
    """The faults, one method each, of two boards and the links that they are at home on."""

    def __init__(self, folder: Path, boards: dict[str, MeasuredBoard], ledger: Ledger, seed: int) -> None:
        self._folder = folder
        self._boards = boards
        self._ledger = ledger
        self._random = Random(f"faults/{seed}")
        self._pause = threading.Event()  # nobody sets it: a fault takes its time
        self.replugs: list[tuple[float, str]] = []

    def order(self) -> list[str]:
        """All faults, shuffled."""
        kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
        self._random.shuffle(kinds)
        return kinds

    def inflict(self, kind: str) -> None:
        """One fault, until both links deliver good values again."""
        link = self._random.choice(sorted(self._boards))
        fault: Callable[[str], None] = getattr(self, f"_{kind}")
        fault(link)
        for other in self._boards:
            self._ledger.expect(other)
        for other in self._boards:
            self._ledger.back(other)

    def _lasts(self, shortest_s: float, longest_s: float) -> None:
        self._pause.wait(self._random.uniform(shortest_s, longest_s))

    def _plug(self, kind: str, link: str, command: str) -> None:
        since = self._ledger.expect(link)
        self._boards[link].tell(command)
        self.replugs.append((self._ledger.back(link) - since, kind))

    def _unplug(self, link: str) -> None:
        self._boards[link].tell("unplug")
        self._lasts(0, 0.5)
        self._plug("unplug", link, "replug")

    def _other_name(self, link: str) -> None:
        self._boards[link].tell("unplug")
        self._lasts(0, 0.5)
        self._plug("other name", link, "replug other")

    def _reset(self, link: str) -> None:
        self._boards[link].tell("reset in-line")

    def _noise(self, link: str) -> None:
        self._boards[link].tell(f"say {self._random.randbytes(self._random.randint(1, 300)).hex()}")
        self._with_faults(link, "garbage=0.3,merge=0.1,drop=0.005")

    def _flips(self, link: str) -> None:
        self._with_faults(link, "flip=0.002")

    def _repeats(self, link: str) -> None:
        self._with_faults(link, "repeat=0.01")

    def _with_faults(self, link: str, faults: str) -> None:
        self._boards[link].tell(f"faults {faults}")
        self._lasts(0.2, 0.6)
        self._boards[link].tell("faults none")

    def _stall(self, link: str) -> None:
        self._boards[link].tell(f"stall {self._random.uniform(0.1, 0.8):.3f}")

    def _brownout(self, link: str) -> None:
        board = self._boards[link]
        board.tell("brownout 60 0.02")
        until(lambda: '"restarts": 0' in board.tell("status"), what="the end of the brown-out")

    def _swap(self, link: str) -> None:
        """Two cables change places, as ttyUSB0 and ttyUSB1 do when a hub starts anew; and back again."""
        other = "b" if link == "a" else "a"
        one, two = self._boards[link], self._boards[other]
        for foreign in (True, False):
            one.tell("unplug")
            two.tell("unplug")
            self._lasts(0, 0.3)
            one.tell(f"replug as {self._folder}/aside")  # it lets go of its name
            since = {}
            for board, path in ((two, link), (one, other)) if foreign else ((two, other), (one, link)):
                since[path] = self._ledger.expect(path, foreign=foreign)
                board.tell(f"replug as {self._folder}/{path}")
            for path, plugged in since.items():
                self.replugs.append((self._ledger.back(path) - plugged, "swap" if foreign else "back home"))
            self._lasts(0.2, 0.5)


@pytest.fixture
def boards(tmp_path: Path, seed: int) -> Iterator[dict[str, MeasuredBoard]]:
    """Two boards, whose values nobody can confuse, by the link that they are at home on."""
    lowest = {
        "a": {"temp": 1.0, "hum": 1.0, "lux": 100.0},
        "b": {"temp": 42.0, "hum": 52.0, "lux": 10_000.0},
    }
    with contextlib.ExitStack() as stack:
        yield {
            link: stack.enter_context(
                MeasuredBoard(tmp_path / link, f"BOARD-{link.upper()}", values, interval_s=0.1, seed=seed)
            )
            for link, values in lowest.items()
        }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_faults(
    tmp_path: Path,
    start: Callable[..., Any],
    boards: dict[str, MeasuredBoard],
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No wrong value, no good one under another board's name, every replug back within a second, and threads,
    descriptors and memory as after the first twenty."""
    ledger = Ledger(boards)
    run = FaultRun(tmp_path, boards, ledger, seed)
    looks: list[Vitals] = []
    gateway = start(CONFIG.format(folder=tmp_path))
    gateway.wait_for_error("listening on")
    with gateway.client() as client:
        for link in boards:
            ledger.expect(link)
            for channel in CHANNELS:
                client.addRemoteListener(ledger.note, f"{link}-{channel}")
        for link in boards:
            ledger.back(link)
        with Reader(client, ledger) as reader:
            for kind in run.order():
                run.inflict(kind)
                looks.append(vitals(gateway.popen.pid))
    first, last = looks[WARM : WARM + LOOKS], looks[-LOOKS:]
    before = Vitals(*(max(column) for column in zip(*first, strict=True)))
    after = Vitals(*(min(column) for column in zip(*last, strict=True)))
    slowest_s, slowest = max(run.replugs)
    with capsys.disabled():
        print(
            f"\nseed {seed}: {len(looks)} faults ({', '.join(f'{n} {kind}' for kind, n in KINDS.items())}); "
            f"{len(run.replugs)} replugs, the slowest {slowest_s:.2f} s ({slowest}); "
            f"{dict(ledger.counts)}, failed reads {dict(reader.failed)}; "
            f"wrong {len(ledger.wrong)}, another board's {len(ledger.strangers)}, old {len(ledger.old)}; "
            f"from the {WARM}th fault on {before} to {after}"
        )
    assert len(looks) == 200
    assert ledger.counts["#changed"] > 2000
    assert ledger.counts["read"] > 200
    assert ledger.wrong == []
    assert ledger.old == []
    assert [replug for replug in run.replugs if replug[0] > AT_ONCE_S] == []
    assert after.threads <= before.threads + LATE_THREADS
    assert after.descriptors <= before.descriptors
    assert after.memory <= before.memory + MAX_GROWTH_KB
    assert "Traceback" not in gateway.errors
    assert ledger.strangers == []
