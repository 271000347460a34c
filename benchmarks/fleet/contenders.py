"""Who is compared, and what each starts: three routers, gateways in processes, one consumer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from benchmarks.peers import external
from benchmarks.report import load
from tests.support.fleet_parts import Part
from tests.support.fleet_routers import Routers

SITE = "north"


class Middle(Protocol):
    """Three routers, or servers."""

    @property
    def endpoints(self) -> list[str]: ...
    def start(self, index: int) -> None: ...
    def kill(self, index: int) -> None: ...
    def hang(self, index: int) -> None: ...
    def go_on(self, index: int) -> None: ...
    def close(self) -> None: ...


class Contender(NamedTuple):
    """The modules of its roles, each with the words before the options."""

    name: str
    gateways: tuple[str, ...]
    consumer: tuple[str, ...]
    routers: Callable[[Path], Middle]
    on_disk: bool = False

    def missing(self) -> str:
        """What it needs that is not here."""
        if self.name != NATS:
            return ""
        return external.missing("nats-server") or ("" if load("nats") else "nats-py")


def _zenoh_routers(_folder: Path) -> Routers:
    return Routers(3)


def _nats_servers(folder: Path) -> Middle:
    from benchmarks.fleet.nats_roles import Servers

    return Servers(folder)


_ZENOH, _NATS = "benchmarks.fleet.zenoh_roles", "benchmarks.fleet.nats_roles"
_GATEWAYS = "tests.support.fleet_gateways"
PLAIN, ADVANCED, NATS = "zenoh, plain", "zenoh, Advanced", "NATS JetStream, leaf"
OURS, DURABLE = "sig", "sig, durable"
ALL = (
    Contender(PLAIN, (_ZENOH, "plain", "gateways"), (_ZENOH, "plain", "consumer"), _zenoh_routers),
    Contender(ADVANCED, (_ZENOH, "advanced", "gateways"), (_ZENOH, "advanced", "consumer"), _zenoh_routers),
    Contender(NATS, (_NATS, "gateways"), (_NATS, "consumer"), _nats_servers),
    Contender(OURS, (_GATEWAYS,), ("benchmarks.fleet.ours_role",), _zenoh_routers, on_disk=True),
    Contender(DURABLE, (_GATEWAYS,), ("tests.support.fleet_consumer",), _zenoh_routers, on_disk=True),
)


class Fleet:
    """One contender's processes."""

    def __init__(self, contender: Contender, folder: Path, stack: ExitStack) -> None:
        self._contender, self._folder, self._stack = contender, folder, stack
        self.name = contender.name
        self.routers = contender.routers(folder)
        stack.callback(self.routers.close)
        self.log = folder / "got"
        turned = self.routers.endpoints[1:] + self.routers.endpoints[:1]
        module, *words = contender.consumer
        self.consumer = Part(module, {"routers": turned, "log": str(self.log)}, *words)
        stack.callback(self.consumer.end)
        self.consumer.hear()

    def gateways(self, first: int, count: int, rate: float, most: int = 1000) -> Part:
        """A process of so many gateways that speak; returns when each has a router."""
        part = self.begin(first, count, rate, most)
        part.hear()
        return part

    def begin(self, first: int, count: int, rate: float, most: int = 1000) -> Part:
        """It, at once; it says "open" when each has a router."""
        options: dict[str, Any] = {"site": SITE, "first": first, "count": count, "rate": rate, "most": most}
        options["routers"] = getattr(self.routers, "edge", None) or self.routers.endpoints
        if self._contender.on_disk:
            options["folder"] = str(self._folder / f"gateways{first}")
        module, *words = self._contender.gateways
        part = Part(module, options, *words)
        self._stack.callback(part.end)
        return part


@contextmanager
def fleet(contender: Contender, folder: Path) -> Iterator[Fleet]:
    """For the length of a measurement."""
    folder.mkdir()
    with ExitStack() as stack:
        yield Fleet(contender, folder, stack)
