"""Sites of a fleet, each with machines of its own in network namespaces, whose lines a test cuts.

    router 0   gateways 0        router 1   gateways 1        hub
        \\       /                    \\       /               |
         site 0 -------- trunk ------- core ----- trunk ----- site 2 …

Each node is a namespace with one link; sites are bridges in one more namespace; a trunk joins each site to
the core. A cut is a link that is down: nobody is told, and connections just fall silent. A trunk that is bad
runs through a process that keeps each frame for a while and drops some (`fleet_bad_line`), on any kernel.
Takes root.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.support.fleet_routers import Routers

PORT = 7447
CORE = "core"
_numbers = itertools.count()


def why_not() -> str:
    """Why there can be none here; "" if there can."""
    if os.geteuid() != 0:
        return "takes root, for network namespaces"
    if shutil.which("ip", path=_PATH) is None:
        return "takes root and the program ip, for network namespaces"
    made = subprocess.run(["ip", "netns", "add", f"sigfleet-{os.getpid()}"], env=_ENV, capture_output=True)
    if made.returncode:
        return f"takes root that may make network namespaces: {made.stderr.decode().strip()}"
    _ip("netns", "delete", f"sigfleet-{os.getpid()}")
    return ""


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_ENV = os.environ | {"PATH": _PATH}


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], env=_ENV, check=True, stdout=subprocess.DEVNULL)


class Bed:
    """The network. End with `close`; it also ends what a bad line runs."""

    def __init__(self, sites: int) -> None:
        self._prefix = f"sigfleet-{os.getpid()}-{next(_numbers)}"
        self._spaces: list[str] = []
        self._addresses: dict[str, str] = {}
        self._bad: dict[int, subprocess.Popen[bytes]] = {}
        self._lan = self._space("lan")
        try:
            self._bridge(CORE)
            for site in range(sites):
                self._bridge(f"site{site}")
                self._in_lan("link", "add", f"up{site}", "type", "veth", "peer", "name", f"down{site}")
                self._join(f"up{site}", f"site{site}")
                self._join(f"down{site}", CORE)
        except BaseException:
            self.close()
            raise

    def add(self, node: str, site: int) -> str:
        """A machine at a site; returns its address."""
        space = self._space(node)
        address = f"10.77.0.{len(self._addresses) + 2}"
        self._in_lan("link", "add", node, "type", "veth", "peer", "name", "eth0", "netns", space)
        self._join(node, f"site{site}")
        _ip("-n", space, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")
        self._addresses[node] = address
        return address

    def within(self, node: str) -> list[str]:
        """What a program is started by, to run on that machine; it has the process id of what it starts."""
        return [str(shutil.which("ip", path=_PATH)), "netns", "exec", f"{self._prefix}-{node}"]

    def cut(self, node: str) -> None:
        """That machine is alone. `join` it again."""
        self._in_lan("link", "set", node, "down")

    def join(self, node: str) -> None:
        """After `cut`."""
        self._in_lan("link", "set", node, "up")

    def cut_site(self, site: int) -> None:
        """All that are there hear each other, and nobody else. `join_site` it again."""
        self._in_lan("link", "set", f"up{site}", "down")

    def join_site(self, site: int) -> None:
        """After `cut_site`."""
        self._in_lan("link", "set", f"up{site}", "up")

    def worsen(self, site: int, delay_s: float, loss: float) -> None:
        """Each frame over its trunk takes so long, and of so many in one goes missing. `mend` it again."""
        command = [
            sys.executable,
            "-m",
            "tests.support.fleet_bad_line",
            f"bad{site}",
            str(delay_s),
            str(loss),
        ]
        process = subprocess.Popen(
            [*self.within("lan"), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._bad[site] = process
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        self.cut_site(site)
        self._join(f"bad{site}a", f"site{site}")
        self._join(f"bad{site}b", CORE)

    def mend(self, site: int) -> None:
        """After `worsen`."""
        _ended(self._bad.pop(site))
        self.join_site(site)

    def close(self) -> None:
        """All of it. What runs on the machines has to be ended before."""
        while self._bad:
            _ended(self._bad.popitem()[1])
        for space in self._spaces:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", space)

    def _space(self, name: str) -> str:
        space = f"{self._prefix}-{name}"
        _ip("netns", "add", space)
        self._spaces.append(space)
        return space

    def _in_lan(self, *words: str) -> None:
        _ip("-n", self._lan, *words)

    def _bridge(self, name: str) -> None:
        self._in_lan("link", "add", "name", name, "type", "bridge")
        self._in_lan("link", "set", name, "up")

    def _join(self, link: str, bridge: str) -> None:
        self._in_lan("link", "set", link, "master", bridge)
        self._in_lan("link", "set", link, "up")


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


class BedRouters(Routers):
    """A router at each site, each on a machine called `router0` and so on."""

    def __init__(self, bed: Bed, count: int) -> None:
        self._bed = bed
        super().__init__(count)

    def _endpoints(self, count: int) -> list[str]:
        return [f"tcp/{self._bed.add(f'router{index}', index)}:{PORT}" for index in range(count)]

    def _within(self, index: int) -> Sequence[str]:
        return self._bed.within(f"router{index}")


@contextmanager
def bed(sites: int) -> Iterator[Bed]:
    """For the length of a test."""
    made = Bed(sites)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def bed_routers(network: Bed, count: int) -> Iterator[BedRouters]:
    """For the length of a test."""
    made = BedRouters(network, count)
    try:
        yield made
    finally:
        made.close()
