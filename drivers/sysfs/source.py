"""The source `sysfs`: the kernel's own drivers, below a folder that is `/sys` but for tests."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from drivers.errors import PortNotFoundError
from drivers.options import Option, parse_duration
from drivers.source import Keeper
from drivers.sysfs.files import Files
from drivers.sysfs.left import LEFT, LeftReads
from drivers.sysfs.names import device_of
from drivers.sysfs.session import SysfsSession, nothing_there
from drivers.sysfs.tree import scan

ROOT = "/sys"
EVERY_S = 10.0
# A DS18B20 takes 750 ms for one value, a DHT 2 s between two; nothing that is read here changes faster.
LEAST_EVERY_S = 0.1


class SysfsSource:
    """See `drivers.source.Source`. `files`, `left` and `hangs_after_s` are for tests, see `SysfsSession`."""

    def __init__(
        self,
        root: str = ROOT,
        every_s: float = EVERY_S,
        *,
        files: Files | None = None,
        left: LeftReads = LEFT,
        hangs_after_s: float | None = None,
    ) -> None:
        self.where = root
        self._every_s = every_s
        self._files = files or Files()
        self._left = left
        self._hangs_after_s = hangs_after_s

    def open(self, keeper: Keeper) -> SysfsSession:
        """See `drivers.source.Source`."""
        tree = scan(self.where, self._files)
        if not tree.chips:
            raise PortNotFoundError(nothing_there(self.where, tree))
        return SysfsSession(
            keeper,
            self.where,
            self._every_s,
            files=self._files,
            left=self._left,
            hangs_after_s=self._hangs_after_s,
        )

    def presence(self) -> object:
        """See `drivers.source.Source`."""
        return tuple((chip.folder, chip.mark) for chip in scan(self.where, self._files).chips) or None

    def close(self) -> None:
        """See `drivers.source.Source`: nothing is open."""

    def device_of(self, channel: str) -> str:
        """See `drivers.source.Source`."""
        return device_of(channel)


def _parse_every(raw: object) -> float:
    every_s = parse_duration(raw)
    if every_s < LEAST_EVERY_S:
        raise ValueError(f"expected a time span from {LEAST_EVERY_S * 1000:.0f}ms, got {raw!r}")
    return every_s


def _parse_root(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip() or "\0" in raw:
        raise ValueError(f"expected a folder's path such as {ROOT}, got {raw!r}")
    return raw.rstrip("/") or "/"


class SysfsKind:
    """See `drivers.source.SourceKind`. A link has many chips, so none of them can be pinned for all."""

    sets_intervals: bool = False
    tells_identity: bool = False
    options: Mapping[str, Option] = {
        "every": Option(
            _parse_every,
            EVERY_S,
            "a time span from 100ms",
            "How often each channel is read.",
            write="10s",
        ),
        "root": Option(
            _parse_root,
            ROOT,
            "a folder's path",
            "Where the kernel's files are; another folder than /sys is for trying things out.",
            write=ROOT,
        ),
    }

    def check(self, parsed: Mapping[str, Any]) -> None:
        """See `SourceKind`: each key stands alone."""

    def warnings(self, parsed: Mapping[str, Any]) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - there is none
        """See `drivers.source.SourceKind`."""
        return ()

    def channels(self, parsed: Mapping[str, Any]) -> Collection[str] | None:  # noqa: ARG002 - none say it
        """See `SourceKind`: what the kernel has shows on looking."""
        return None

    def source(self, parsed: Mapping[str, Any]) -> SysfsSource:
        """See `SourceKind`."""
        return SysfsSource(parsed["root"], parsed["every"])
