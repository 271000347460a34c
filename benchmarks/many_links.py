"""CPU a reading in one gateway with 64 links and 1,000 sensors, beside one with a link and three sensors.

    python -m benchmarks.many_links [--rounds 5] [--links 64] [--sensors 1000]

Both gateways run at the same time, each `sig-gateway run` in a process of its own, and get the same number of
readings a second, in two ways: board by board, each reporting all of its channels at once, as boards do that
measure at an interval; and one line at a time, in turn over all channels, so that each reading wakes its link
by itself, which is the dearest way that they can come. What counts is the ratio within a round, after a while
in which the gateways find out how the readings come. Results go to
benchmarks/results/many_links.md.
"""

import argparse
import json
import os
import pty
import re
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from benchmarks import report
from benchmarks.board import line

PER_SECOND = 1000.0
SECONDS = 5.0
# What counts begins when the gateways have found their way of reading.
SETTLE_S = 3.0
START_S = 120.0
_REQUEST = re.compile(rb"\$Q ([0-9]+) ([a-z]+)(?: ([a-z0-9]+))?")
_TICKS = os.sysconf("SC_CLK_TCK")


class ManyChannels:
    """A board's end of a pty, with `count` channels `c0`, `c1`, …; answers what it is asked."""

    def __init__(self, number: int, count: int) -> None:
        self.number = number
        self.channels = [f"c{index}" for index in range(count)]
        self.descriptor, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.unread = set(self.channels)
        """Those of which no first value was asked for yet."""
        self._seq = 0

    def answer(self) -> None:
        """What has been asked meanwhile."""
        for number, verb, channel in _REQUEST.findall(os.read(self.descriptor, 65536)):
            if verb == b"hello":
                self._write(f"H {int(number)} 1 bench B{self.number} 1 1.0 {len(self.channels)} {_uptime()}")
                for index, name in enumerate(self.channels):
                    self._write(f"C {int(number)} {index} {name} temperature C 0.1 -40 85 600000")
            elif verb == b"read":
                self._seq += 1
                self._write(f"A {int(number)} {channel.decode()} {self._seq} {_uptime()} 19.5")
                self.unread.discard(channel.decode())

    @property
    def next_value(self) -> float:
        """What is said next."""
        return 20 + (self._seq + 1) % 100 / 10

    def report(self, channels: Sequence[str]) -> None:
        """A reading of each, of another value than the one before, in one write."""
        lines = []
        for channel in channels:
            value = self.next_value
            self._seq += 1
            lines.append(line(f"R {channel} {self._seq} {_uptime()} {value:g}"))
        os.write(self.descriptor, b"".join(lines))

    def close(self) -> None:
        """Unplug."""
        os.close(self.descriptor)
        os.close(self._slave)

    def _write(self, body: str) -> None:
        os.write(self.descriptor, line(body))


def _uptime() -> int:
    return int(time.monotonic() * 1000) % (1 << 32)


class Gateway:
    """`sig-gateway run` over `links` boards with `sensors` channels in all. A context manager."""

    def __init__(self, links: int, sensors: int) -> None:
        self._stack = ExitStack()
        share = [sensors // links + (number < sensors % links) for number in range(links)]
        self.boards = [ManyChannels(number, count) for number, count in enumerate(share)]
        self._singly = [
            (board, [name])
            for index in range(max(share))
            for board in self.boards
            for name in board.channels[index : index + 1]
        ]
        self._together = [(board, board.channels) for board in self.boards]
        self._next = 0
        self._owed = 0

    def __enter__(self) -> Self:
        for board in self.boards:
            self._stack.callback(board.close)
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        links = {f"b{board.number}": {"port": board.port} for board in self.boards}
        sensors = {
            f"b{board.number}-{name}": {"driver": "temperature", "link": f"b{board.number}", "channel": name}
            for board in self.boards
            for name in board.channels
        }
        config = {
            "gateway": {"data": str(folder / "data")},
            "router": {"listen": f"unix:{folder / 'router'}"},
            "links": links,
            "sensors": sensors,
        }
        (folder / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
        command = [sys.executable, "-m", "gateway", "run", "-c", str(folder / "config.yaml")]
        self._process = self._stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        )
        self._stack.callback(self._process.terminate)
        self._log = threading.Thread(target=self._drain)
        self._log.start()
        self._stack.callback(self._log.join)
        self._stack.callback(self._process.terminate)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for text in self._process.stderr:
            if b"ERROR" in text or b"Traceback" in text:
                sys.stderr.buffer.write(text)

    def cpu_s(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def owe(self, *, together: bool) -> None:
        """One reading more is due; whoever's turn it is reports when it has as many channels as are due."""
        self._owed += 1
        turn = self._together if together else self._singly
        board, channels = turn[self._next % len(turn)]
        if self._owed >= len(channels):
            self._owed -= len(channels)
            self._next += 1
            board.report(channels)


def serve(
    gateways: list[Gateway], seconds: float, per_second: float | None, *, together: bool = False
) -> int:
    """Answer what boards are asked for so long, and have each gateway get so many readings; returns how many
    each got."""
    boards = {board.descriptor: board for gateway in gateways for board in gateway.boards}
    poll = select.poll()
    for descriptor in boards:
        poll.register(descriptor, select.POLLIN)
    started = due = time.monotonic()
    sent = 0
    while time.monotonic() < started + seconds:
        for descriptor, _ in poll.poll(0 if per_second else 50):
            boards[descriptor].answer()
        if per_second is None:
            continue
        due += 1 / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        for gateway in gateways:
            gateway.owe(together=together)
        sent += 1
    return sent


def start(gateways: list[Gateway]) -> None:
    """Serve until each channel has been read. Raises `SystemExit` when that takes too long."""
    deadline = time.monotonic() + START_S
    while any(board.unread for gateway in gateways for board in gateway.boards):
        if time.monotonic() > deadline:
            raise SystemExit(f"the gateways have not read all of their channels within {START_S:g} s")
        serve(gateways, 0.5, None)


def measure(rounds: int, links: int, sensors: int) -> str:
    """The table."""
    ways = {"board by board": True, "one by one": False}
    with Gateway(1, 3) as few, Gateway(links, sensors) as many:
        both = [few, many]
        start(both)
        serve(both, SECONDS, PER_SECOND)
        costs: dict[str, list[list[float]]] = {way: [[], []] for way in ways}
        for number in range(rounds):
            for way, together in ways.items():
                serve(both, SETTLE_S, PER_SECOND, together=together)
                before = [gateway.cpu_s() for gateway in both]
                sent = serve(both, SECONDS, PER_SECOND, together=together)
                for index, gateway in enumerate(both):
                    costs[way][index].append((gateway.cpu_s() - before[index]) / sent * 1e6)
                one, other = (cost[-1] for cost in costs[way])
                print(f"round {number + 1}, {way}: {one:.0f} and {other:.0f} µs a reading", flush=True)
    return report.table(
        [
            f"µs CPU a reading, {PER_SECOND:,.0f}/s",
            "1 link, 3 sensors",
            f"{links} links, {sensors:,} sensors",
            "ratio",
        ],
        [
            [
                way,
                *(f"{statistics.median(cost):.0f}" for cost in costs[way]),
                f"{report.ratio(costs[way][1], costs[way][0]):.2f}",
            ]
            for way in ways
        ],
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--links", type=int, default=64)
    parser.add_argument("--sensors", type=int, default=1000)
    arguments = parser.parse_args()
    report.write(
        "many_links",
        "Many links and sensors in one gateway",
        f"`python -m benchmarks.many_links --rounds {arguments.rounds}`, medians; {report.about()}",
        measure(arguments.rounds, arguments.links, arguments.sensors),
    )


if __name__ == "__main__":
    main()
