"""The processes that `network` and `network_against` start.

    python -m benchmarks.network_roles KIND serve
    python -m benchmarks.network_roles KIND {publish|listen|request|respond|callers} PORT

`SIG_FROM`: the folder that `sig` is imported from, if it is not this one.

Each says "ready" (`serve`: its port and process id), takes commands from standard input, a number a line, and
answers each:

 - publish N: sends N events; "START", the monotonic time of the first. 0 is one event that does not count.
 - listen N: "armed"; then, when the last of N has come, "COUNT TIME"; 0: how many have come by now. Says
   "heard" at the first event of all.
 - request N: "P50 P99" of N requests, in seconds.
 - callers N: N threads make requests, CALLS each, at once; requests a second.
"""

import os
import signal
import statistics
import sys
import threading
import time
from typing import Any

from benchmarks.peers import Peer, kind

CALLS = 100


class Listener:
    """Counts what comes in order, without a gap."""

    def __init__(self) -> None:
        self._expected = -1
        self._count = 0
        self._heard = False
        self._lock = threading.Lock()

    def arm(self, expected: int) -> None:
        """Count from 0; or, with 0, say how far it came."""
        with self._lock:
            if expected:
                self._expected, self._count = expected, 0
                say("armed")
            elif self._expected > 0:
                self._report()

    def __call__(self, data: dict[str, Any]) -> None:
        number = data["n"]
        if number < 0:
            if not self._heard:
                self._heard = True
                say("heard")
            return
        self._count += 1
        if self._count == self._expected or number + 1 == self._expected:
            with self._lock:
                self._report()

    def _report(self) -> None:
        if self._expected > 0:
            self._expected = -1
            say(self._count, time.monotonic())


def say(*words: object) -> None:
    """To whoever started us."""
    print(*words, flush=True)


def event(number: int) -> dict[str, Any]:
    """A reading, as the gateway's drivers publish them."""
    return {"n": number, "value": 23.5, "unit": "C", "quality": "good"}


def publish(peer: Peer, count: int) -> None:
    """See the module."""
    if not count:
        peer.publish([event(-1)])
        say("done")
        return
    start = time.monotonic()
    peer.publish(event(number) for number in range(count))
    say(start)


def request(peer: Peer, count: int) -> None:
    """See the module."""
    took = peer.request(count)
    say(statistics.median(took), statistics.quantiles(took, n=100)[-1])


def callers(peer: Peer, count: int) -> None:
    """See the module."""
    threads = [threading.Thread(target=peer.request, args=(CALLS,)) for _ in range(count)]
    start = time.monotonic()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    say(count * CALLS / (time.monotonic() - start))


def end_with_our_starter() -> None:
    """However that ends, our standard input does too."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """See the module."""
    if folder := os.environ.get("SIG_FROM"):
        sys.path.insert(0, folder)
    contender, role = kind(sys.argv[1]), sys.argv[2]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if role == "serve":
        threading.Thread(target=end_with_our_starter, daemon=True).start()
        contender.serve()
        return
    peer = contender.Peer(int(sys.argv[3]))
    listener = Listener()
    if role == "listen":
        peer.listen(listener)
    elif role == "respond":
        peer.respond()
    say("ready")
    for line in sys.stdin:
        if role == "publish":
            publish(peer, int(line))
        elif role == "request":
            request(peer, int(line))
        elif role == "callers":
            callers(peer, int(line))
        elif role == "listen":
            listener.arm(int(line))


if __name__ == "__main__":
    main()
