"""A Modbus link for a test, and who takes its channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.kinds import new_source
from drivers.link import Link
from drivers.source import Device, Measurement, Missing
from tests.support.modbus_slaves import FakeSlave


class Taker:
    """A sink: keeps what it is told."""

    interval_ms = None

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.measurements: list[Measurement] = []
        self.ups = 0
        self.downs: list[str] = []

    @property
    def values(self) -> list[float | None]:
        """What was measured."""
        return [each.value for each in self.measurements]

    def heard(self, _measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`; `accept` is enough here."""

    def missed(self) -> None:
        """The same."""

    def accept(self, measurement: Measurement, /) -> None:
        """See `Sink`."""
        self.measurements.append(measurement)

    def missing(self, _missing: Missing, /) -> None:
        """See `Sink`."""

    def link_up(self, _device: Device, _warning: str | None, /) -> None:
        """See `Sink`."""
        self.ups += 1

    def link_down(self, reason: str, /) -> None:
        """See `Sink`."""
        self.downs.append(reason)


def xy(*, temperature: int = 305, humidity: int = 546, **wrong: Any) -> FakeSlave:
    """An XY-MD02, and what is wrong with it."""
    return FakeSlave({1: temperature & 0xFFFF, 2: humidity}, **wrong)


def devices(*ids: int) -> dict[str, Any]:
    """Of a config: d1, d2, …, all XY-MD02."""
    return {f"d{number}": {"id": number, "profile": "xy-md02"} for number in ids}


@contextmanager
def linked(port: Path | str, *channels: str, **options: Any) -> Iterator[tuple[Link, list[Taker]]]:
    """A link that is open, quick by default, and takers of these channels."""
    given = {"port": str(port), "every": 0.05, "timeout": 1.0, **options}
    link = Link("bus", source=new_source("modbus", given))
    takers = [Taker(channel) for channel in channels]
    for taker in takers:
        link.add(taker)
    with link:
        yield link, takers
