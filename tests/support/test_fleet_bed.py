"""`tests.support.fleet_bed`: cuts, bad lines, and that nothing is left."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.fleet_bed import Bed, bed, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

_ECHO = """
import socket, sys
echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind((sys.argv[1], 7000))
print("ready", flush=True)
while True:
    echo.sendto(*echo.recvfrom(100))
"""
_ASK = """
import socket, sys, time
print("ready", flush=True)
for line in sys.stdin:
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.settimeout(0.1)
    came, quickest = 0, 9.0
    for number in range(int(line)):
        began = time.monotonic()
        try:
            asking.sendto(b"x", (sys.argv[1], 7000))
            asking.recv(100)
        except OSError:
            continue
        came, quickest = came + 1, min(quickest, time.monotonic() - began)
    print(came, quickest, flush=True)
"""


class Talk:
    """Two machines, at site 0 and at site 1."""

    def __init__(self, network: Bed) -> None:
        address = network.add("two", 1)
        network.add("one", 0)
        self._processes = [
            subprocess.Popen(
                [*network.within(node), sys.executable, "-c", program, address],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for node, program in (("two", _ECHO), ("one", _ASK))
        ]
        for each in self._processes:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"

    def ask(self, count: int) -> tuple[int, float]:
        """How many of so many came back, and what the quickest took in seconds."""
        asking = self._processes[1]
        assert asking.stdin is not None
        assert asking.stdout is not None
        print(count, file=asking.stdin, flush=True)
        came, quickest = asking.stdout.readline().split()
        return int(came), float(quickest)

    def close(self) -> None:
        """End both."""
        for each in self._processes:
            each.kill()
            each.wait()
            for pipe in (each.stdin, each.stdout):
                assert pipe is not None
                pipe.close()


def test_lines_that_are_cut_and_lines_that_are_bad() -> None:
    """A machine or a site that is cut hears nothing; a bad line is slow and loses; both are good again
    afterwards, and no namespace is left."""
    with bed(2) as network:
        talk = Talk(network)
        try:
            assert talk.ask(10)[0] > 0
            for cut, join in ((network.cut_site, network.join_site), (network.cut, network.join)):
                where = 0 if cut == network.cut_site else "one"
                cut(where)  # type: ignore[arg-type]  # each has its own kind of place
                assert talk.ask(5)[0] == 0
                join(where)  # type: ignore[arg-type]
                assert talk.ask(10)[0] > 0
            network.worsen(0, 0.02, 0.3)
            came, quickest = talk.ask(40)
            assert 0 < came < 40
            assert quickest >= 0.04
            network.mend(0)
            assert talk.ask(10)[0] > 0
        finally:
            talk.close()
    left = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert network.within("one")[-1] not in left
