"""Devices on RS-485 that speak Modbus RTU: they say nothing unless they are asked.

An answer has a CRC, so who answers is a Modbus device. What it measures it does not say: that is guessed from
which registers it has, and left to a person to compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from drivers.modbus.pdu import Query, Registers
from drivers.modbus.profiles import PROFILES, Profile
from drivers.modbus.rtu import RtuWire
from drivers.stream.port_settings import PortSettings
from gateway.probe.found import Found, FoundChannel, Question

# As devices come from their makers (docs/modbus.md); many have the id 1, and whoever has set up several has
# counted on.
LINES = (PortSettings(9600), PortSettings(4800), PortSettings(9600, "even"))
IDS = (1, 2, 3, 4)
# Two input registers from 1, two holding registers from 0: every profile has some of them.
READS = ((4, 1, 2), (3, 0, 2))
# Devices answer within some 100 ms.
WAIT_S = 0.3
WORDS = (
    "Modbus reads of the ids 1 to 4 (input registers 1 and 2, then holding registers 0 and 1; "
    "nothing is written)"
)
# In °C and %: where people put such devices.
_LIKELY = {"temperature": (-40.0, 85.0), "humidity": (1.0, 100.0)}
_QUERIES = [Query(slave, *read) for slave in IDS for read in READS]


class ModbusDetector:
    """See `gateway.probe.found.Detector`."""

    protocol = "modbus"

    def heard(self, _data: bytes) -> Found | None:
        """Nobody: who asks on this bus is not us yet."""
        return None

    def questions(self, _at: PortSettings | None) -> Sequence[Question]:
        """Read something."""
        return [
            Question(WORDS, settings, RtuWire().ask(query), WAIT_S)
            for settings in LINES
            for query in _QUERIES
        ]

    def answered(self, answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        """The devices of one rate, each with the profile that fits best."""
        heard: dict[int, dict[Query, tuple[int, ...]]] = defaultdict(dict)
        for question, data in answers:
            query = next(query for query in _QUERIES if RtuWire().ask(query) == question.data)
            wire = RtuWire()
            wire.ask(query)
            answer = wire.receive(data)
            if isinstance(answer, Registers):
                heard[query.slave][query] = answer.words
            elif answer is not None:
                heard[query.slave]  # it is there, and does not have these registers
        if not heard:
            return None
        return _found(heard, answers[0][0].settings)


def _found(heard: Mapping[int, Mapping[Query, tuple[int, ...]]], settings: PortSettings) -> Found:
    said, devices, channels = [], {}, list[FoundChannel]()
    for slave, answers in heard.items():
        names = _fitting(answers, settings)
        if not names:
            said.append(f"id {slave} answers, and no profile fits")
            continue
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        said.append(f"id {slave} looks like {names[0]}{others}")
        device = f"device{slave}"
        devices[device] = {"id": slave, "profile": names[0]}
        values = _values(PROFILES[names[0]], answers)
        channels += [
            FoundChannel(f"{device}/{name}", register.kind, register.unit, values.get(name))
            for name, register in PROFILES[names[0]].registers.items()
        ]
    what = f"{'; '.join(said)}; see whether the values are right"
    return Found("modbus", what, tuple(channels), {"devices": devices} if devices else None, "bus")


def _fitting(answers: Mapping[Query, tuple[int, ...]], settings: PortSettings) -> list[str]:
    """The profiles whose registers were answered with values that may be; that with the most of them first,
    of those which come set to this line."""
    fitting = []
    for name, profile in PROFILES.items():
        values = _values(profile, answers)
        usual = (settings.baud, settings.parity) in profile.lines
        if usual and values and all(_may_be(profile, name, value) for name, value in values.items()):
            fitting.append((-len(values), name))
    return [name for _, name in sorted(fitting, key=lambda ranked: ranked[0])]


def _values(profile: Profile, answers: Mapping[Query, tuple[int, ...]]) -> dict[str, float | None]:
    """Of the registers that were asked for, and answered."""
    values = {}
    for query, words in answers.items():
        for name, register in profile.registers.items():
            first = register.address - query.address
            if register.function == query.function and 0 <= first <= query.quantity - register.count:
                values[name] = register.value(words[first : first + register.count])[0]
    return values


def _may_be(profile: Profile, name: str, value: float | None) -> bool:
    low, high = _LIKELY.get(profile.registers[name].kind, (0.0, float("inf")))
    return value is not None and low <= value <= high
