"""The programs that `serial_to_listener` compares; each reads N lines from a port and says what it cost.

    python -m benchmarks.serial_readers {readline|os_read|gateway} PORT

It prints "ready", then reads the number of lines to take from standard input, once for each round, prints
"go" when it is set to take them, and at last the CPU seconds (user and system, all threads) and wall seconds
from the first line to the last.
"""

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

Costs = tuple[float, float]


def _costs_of(take: Callable[[Callable[[], None]], None]) -> Costs:
    """Run `take(first)`; the clock starts when it calls `first`, at the first line."""
    start: list[float] = []

    def first() -> None:
        if not start:
            start.extend((time.process_time(), time.monotonic()))

    take(first)
    return time.process_time() - start[0], time.monotonic() - start[1]


def _value(line: bytes) -> float:
    return float(line.split(b" ")[4].split(b"*")[0])


def readline(port: str) -> Iterator[Callable[[int], Costs]]:
    """pyserial's readline, which reads byte by byte."""
    import serial

    with serial.Serial(port, 115200) as opened:

        def take(count: int, first: Callable[[], None]) -> None:
            print("go", flush=True)
            for _ in range(count):
                _value(opened.readline())
                first()

        yield lambda count: _costs_of(lambda first: take(count, first))


def os_read(port: str) -> Iterator[Callable[[int], Costs]]:
    """os.read on a port opened by pyserial, lines split by hand."""
    import serial

    with serial.Serial(port, 115200) as opened:

        def take(count: int, first: Callable[[], None]) -> None:
            rest = b""
            print("go", flush=True)
            while count > 0:
                select.select((opened.fileno(),), (), ())
                *lines, rest = (rest + os.read(opened.fileno(), 65536)).split(b"\n")
                for one in lines:
                    _value(one)
                    first()
                count -= len(lines)

        yield lambda count: _costs_of(lambda first: take(count, first))


def gateway(port: str) -> Iterator[Callable[[int], Costs]]:
    """Ours: CRC, parsing, filters, dispatcher, one listener."""
    import sig
    from drivers import Link, TemperatureSensor

    router = sig.Router()
    arrived = threading.Semaphore(0)
    start: Callable[[], None] = lambda: None  # noqa: E731 - replaced for each round
    left = 0

    def listener(_info: dict[str, Any], _data: dict[str, Any]) -> None:
        nonlocal left
        start()
        left -= 1
        if left == 0:
            arrived.release()

    def take(count: int, first: Callable[[], None]) -> None:
        nonlocal start, left  # the link is opened below, before anybody calls this
        start, left = first, count
        dropped = link.dispatcher.dropped
        print("go", flush=True)
        while not arrived.acquire(timeout=1.0):
            if left <= link.dispatcher.dropped - dropped:
                raise SystemExit(f"{left} readings were dropped: the dispatcher could not keep up")

    primed = threading.Event()
    router.addListener(lambda _info, _data: primed.set(), event="#changed")
    with Link("board", port) as link:
        TemperatureSensor("temp", link).attach(router)
        primed.wait(20)
        router.addListener(listener, event="#changed")
        yield lambda count: _costs_of(lambda first: take(count, first))


READERS = {"readline": readline, "os_read": os_read, "gateway": gateway}


def main() -> None:
    """See the module."""
    for run in READERS[sys.argv[1]](sys.argv[2]):
        print("ready", flush=True)
        for count in sys.stdin:
            print(*run(int(count)), flush=True)


if __name__ == "__main__":
    main()
