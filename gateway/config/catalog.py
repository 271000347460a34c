"""What the drivers offer, as the config's checks ask for it.

Everything here imports `drivers` when called, so that a config's errors are found at the price of the
drivers it names only. A sensor kind brings its options with it: nothing here knows any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from drivers.options import Option
    from drivers.sensor import Sensor
    from drivers.source import SourceKind


class Catalog(Protocol):
    """The questions that the checks ask. `Drivers` answers from the real drivers."""

    def kinds(self) -> tuple[str, ...]: ...

    def protocols(self) -> tuple[str, ...]: ...

    def options(self, kind: str, /) -> Mapping[str, Option]: ...

    def check_options(self, kind: str, parsed: dict[str, Any], /) -> None: ...

    def link_options(self, protocol: str, /) -> Mapping[str, Option]: ...

    def check_link(self, protocol: str, parsed: dict[str, Any], /) -> None: ...

    def sets_intervals(self, protocol: str, /) -> bool: ...

    def tells_identity(self, protocol: str, /) -> bool: ...

    def link_warnings(self, protocol: str, parsed: dict[str, Any], /) -> Iterable[tuple[str, str]]: ...

    def channels(self, protocol: str, parsed: dict[str, Any], /) -> Collection[str] | None: ...


class Drivers:
    """The catalog of the real drivers. Methods raise ValueError for what they refuse, and for what somebody
    else's driver or protocol fails with."""

    def kinds(self) -> tuple[str, ...]:
        """The names that `driver:` takes."""
        from drivers.kinds import sensor_kinds

        return sensor_kinds()

    def protocols(self) -> tuple[str, ...]:
        """The names that `protocol:` takes."""
        from drivers.kinds import protocol_names

        return protocol_names()

    def options(self, kind: str) -> Mapping[str, Option]:
        """The option table of a kind."""
        with _driver(kind) as driver:
            return driver.option_table()

    def check_options(self, kind: str, parsed: dict[str, Any]) -> None:
        """Checks across all options, each parsed or its default: crossed thresholds. Raises OptionError."""
        with _driver(kind) as driver:
            driver.check_options(parsed)

    def link_options(self, protocol: str) -> Mapping[str, Option]:
        """The option table of a link that speaks a protocol."""
        with _protocol(protocol) as kind:
            return kind.options

    def check_link(self, protocol: str, parsed: dict[str, Any]) -> None:
        """Checks across all options of a link, each parsed or its default. Raises OptionError."""
        with _protocol(protocol) as kind:
            kind.check(parsed)

    def sets_intervals(self, protocol: str) -> bool:
        """Whether devices that speak it can be told how often to report."""
        with _protocol(protocol) as kind:
            return kind.sets_intervals

    def tells_identity(self, protocol: str) -> bool:
        """Whether devices that speak it say who they are."""
        with _protocol(protocol) as kind:
            return kind.tells_identity

    def link_warnings(self, protocol: str, parsed: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """What is not wrong, and most likely not what was meant: an option's name, and what about it."""
        with _protocol(protocol) as kind:
            return list(kind.warnings(parsed))

    def channels(self, protocol: str, parsed: dict[str, Any]) -> Collection[str] | None:
        """The channels that such a link has, its options being right; None if they do not say."""
        with _protocol(protocol) as kind:
            return kind.channels(parsed)


@contextmanager
def _driver(name: str) -> Iterator[type[Sensor]]:
    with _blaming("driver", name):
        from drivers.kinds import sensor_class

        yield sensor_class(name)


@contextmanager
def _protocol(name: str) -> Iterator[SourceKind]:
    with _blaming("protocol", name):
        from drivers.kinds import protocol

        yield protocol(name)


@contextmanager
def _blaming(what: str, name: str) -> Iterator[None]:
    """Whatever its code does, importing it too, is wrong with the entry that names it, and with no other."""
    try:
        yield
    except ValueError:
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(defect(f"{what} {name!r}", error)) from error


def defect(what: str, error: BaseException) -> str:
    """`driver 'ph' fails with KeyError: 'low'; ask those who made it`."""
    return f"{what} fails with {type(error).__name__}: {error}; ask those who made it"
