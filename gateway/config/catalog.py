"""What the drivers offer, as the config's checks ask for it.

Everything here imports `drivers` when called, so that a config's errors are found at the price of the
drivers it names only. A sensor kind brings its options with it: nothing here knows any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from drivers.options import Option


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
    """The catalog of the real drivers. Methods raise ValueError for what they refuse."""

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
        from drivers.kinds import sensor_class

        return sensor_class(kind).option_table()

    def check_options(self, kind: str, parsed: dict[str, Any]) -> None:
        """Checks across all options, each parsed or its default: crossed thresholds. Raises OptionError."""
        from drivers.kinds import sensor_class

        sensor_class(kind).check_options(parsed)

    def link_options(self, protocol: str) -> Mapping[str, Option]:
        """The option table of a link that speaks a protocol."""
        from drivers.kinds import protocol as source_kind

        return source_kind(protocol).options

    def check_link(self, protocol: str, parsed: dict[str, Any]) -> None:
        """Checks across all options of a link, each parsed or its default. Raises OptionError."""
        from drivers.kinds import protocol as source_kind

        source_kind(protocol).check(parsed)

    def sets_intervals(self, protocol: str) -> bool:
        """Whether devices that speak it can be told how often to report."""
        from drivers.kinds import protocol as source_kind

        return source_kind(protocol).sets_intervals

    def tells_identity(self, protocol: str) -> bool:
        """Whether devices that speak it say who they are."""
        from drivers.kinds import protocol as source_kind

        return source_kind(protocol).tells_identity

    def link_warnings(self, protocol: str, parsed: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """What is not wrong, and most likely not what was meant: an option's name, and what about it."""
        from drivers.kinds import protocol as source_kind

        return source_kind(protocol).warnings(parsed)

    def channels(self, protocol: str, parsed: dict[str, Any]) -> Collection[str] | None:
        """The channels that such a link has, its options being right; None if they do not say."""
        from drivers.kinds import protocol as source_kind

        return source_kind(protocol).channels(parsed)
