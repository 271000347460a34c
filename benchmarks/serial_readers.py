"""The programs that `serial_to_listener` compares; each does what it is told and says what that cost.

    python -P benchmarks/serial_readers.py {readline|os_read|gateway} PORT

It prints "ready" and the folder that the code under test was imported from ("-" where there is none), and
takes commands from standard input:

    lines COUNT SKIP    take so many lines after the SKIP first; it prints "go" when it is set to, and at last
                        the CPU seconds (user and system, all threads) and wall seconds from the first line
                        that counts to the last
    reads COUNT THREADS ask for so many live reads, in so many threads at once; the gateway's alone. It prints
                        the p50 and p90 of their wall seconds and the CPU seconds of all

It imports nothing of this folder, so that PYTHONPATH alone says which code it runs, and uses only what every
revision has that it is to be compared with.
"""

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Costs = tuple[float, ...]
Commands = dict[str, Callable[..., Costs]]


def _costs_of(take: Callable[[Callable[[], None]], None], skip: int) -> Costs:
    """Run `take(took)`, which calls `took` at each line; the clock starts at the one after `skip`."""
    start: list[float] = []
    left = skip

    def took() -> None:
        nonlocal left
        if left == 0:
            start.extend((time.process_time(), time.monotonic()))
        left -= 1

    take(took)
    return time.process_time() - start[0], time.monotonic() - start[1]


def _costs_of_each(ask: Callable[[], object], count: int, threads: int) -> Costs:
    """Call `ask` `count` times, in `threads` threads at once."""
    took: list[float] = []

    def ask_all() -> None:
        clock = time.perf_counter
        for _ in range(count // threads):
            asked = clock()
            ask()
            took.append(clock() - asked)

    others = [threading.Thread(target=ask_all) for _ in range(threads - 1)]
    started = time.process_time()
    for other in others:
        other.start()
    ask_all()
    for other in others:
        other.join()
    cpu = time.process_time() - started
    took.sort()
    return took[len(took) // 2], took[len(took) * 9 // 10], cpu


def _value(line: bytes) -> float:
    return float(line.split(b" ")[4].split(b"*")[0])


def readline(port: str) -> Iterator[Commands]:
    """pyserial's readline, which reads byte by byte."""
    import serial

    with serial.Serial(port, 115200) as opened:

        def take(count: int, took: Callable[[], None]) -> None:
            print("go", flush=True)
            for _ in range(count):
                _value(opened.readline())
                took()

        yield {"lines": lambda count, skip: _costs_of(lambda took: take(count + skip, took), skip)}


def os_read(port: str) -> Iterator[Commands]:
    """os.read on a port opened by pyserial, lines split by hand."""
    import serial

    with serial.Serial(port, 115200) as opened:

        def take(count: int, took: Callable[[], None]) -> None:
            rest = b""
            print("go", flush=True)
            while count > 0:
                select.select((opened.fileno(),), (), ())
                *lines, rest = (rest + os.read(opened.fileno(), 65536)).split(b"\n")
                for one in lines:
                    _value(one)
                    took()
                count -= len(lines)

        yield {"lines": lambda count, skip: _costs_of(lambda took: take(count + skip, took), skip)}


def gateway(port: str) -> Iterator[Commands]:
    """Ours: CRC, parsing, filters, dispatcher, one listener."""
    import sig
    from drivers import Link, TemperatureSensor

    router = sig.Router()
    arrived = threading.Semaphore(0)
    tell: Callable[[], None] = lambda: None  # noqa: E731 - replaced for each round
    left = 0

    def listener(_info: dict[str, Any], _data: dict[str, Any]) -> None:
        nonlocal left
        tell()
        left -= 1
        if left == 0:
            arrived.release()

    def take(count: int, took: Callable[[], None]) -> None:
        nonlocal tell, left  # the link is opened below, before anybody calls this
        tell, left = took, count
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
        yield {
            "lines": lambda count, skip: _costs_of(lambda took: take(count + skip, took), skip),
            "reads": lambda count, threads: _costs_of_each(
                lambda: router.request("temp", "read"), count, threads
            ),
        }


READERS = {"readline": readline, "os_read": os_read, "gateway": gateway}


def _home() -> Path | str:
    """The folder that `sig` and `drivers` come from."""
    if "drivers" not in sys.modules:
        return "-"
    files = [sys.modules[name].__file__ for name in ("sig", "drivers")]
    homes = {Path(file or "").resolve().parents[1] for file in files}
    if len(homes) != 1:
        raise SystemExit(f"sig and drivers come from different folders: {', '.join(map(str, homes))}")
    return homes.pop()


def main() -> None:
    """See the module."""
    for commands in READERS[sys.argv[1]](sys.argv[2]):
        print("ready", _home(), flush=True)
        for command in sys.stdin:
            name, *numbers = command.split()
            print(*commands[name](*map(int, numbers)), flush=True)


if __name__ == "__main__":
    main()
