"""Devices on RS-485 that speak Modbus RTU: they say nothing unless they are asked.

An answer has a CRC, so who answers is a Modbus device. What it measures it does not say: that is guessed from
which registers it has, and left to a person to compare. Where profiles fit that read the same registers in
different ways (temperature first, or humidity), the person has to choose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from drivers.modbus.pdu import Query, Registers
from drivers.modbus.profiles import PROFILES, Profile
from drivers.modbus.registers import Register
from drivers.modbus.rtu import RtuWire
from drivers.stream.port_settings import PortSettings
from gateway.probe.found import Choice, Found, FoundChannel, Question

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
        """The devices of one rate, each with the profile that fits, or with those to choose from."""
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
    said, devices, channels, choices = [], {}, list[FoundChannel](), list[Choice]()
    for slave, answers in heard.items():
        device = f"device{slave}"
        fitting = _fitting(answers, settings)
        if not fitting:
            said.append(f"id {slave} answers, and no profile fits")
        elif len(fitting) == 1:
            names = fitting[0]
            others = f" (or {', '.join(names[1:])}, which is read alike)" if names[1:] else ""
            said.append(f"id {slave} looks like {names[0]}{others}; see whether the values are right")
            devices[device] = {"id": slave, "profile": names[0]}
            channels += _channels(device, names[0], answers)
        else:
            each = [f"{', '.join(names)}: {_in_words(names[0], answers)}" for names in fitting]
            said.append(
                f"id {slave} may be any of these, and its answers do not say which: {'; '.join(each)}; "
                "look at its label, or at a thermometer"
            )
            choices += [
                Choice({"devices": {device: {"id": slave, "profile": names[0]}}}, words)
                for names, words in zip(fitting, each, strict=True)
            ]
    link = {"devices": devices} if devices else None
    return Found("modbus", "; ".join(said), tuple(channels), link, "bus", choices=tuple(choices))


def _channels(device: str, profile: str, answers: Mapping[Query, tuple[int, ...]]) -> list[FoundChannel]:
    values = _values(PROFILES[profile], answers)
    return [
        FoundChannel(f"{device}/{name}", register.kind, register.unit, values.get(name))
        for name, register in PROFILES[profile].registers.items()
    ]


def _in_words(profile: str, answers: Mapping[Query, tuple[int, ...]]) -> str:
    """`22.4 °C, 27.5 %`: what it would have measured, the temperature first."""
    units = {name: register.unit for name, register in PROFILES[profile].registers.items()}
    values = sorted(_values(PROFILES[profile], answers).items(), key=lambda each: units[each[0]] != "C")
    return ", ".join(f"{value:g} {'°C' if units[name] == 'C' else units[name]}" for name, value in values)


def _fitting(answers: Mapping[Query, tuple[int, ...]], settings: PortSettings) -> list[list[str]]:
    """The profiles whose registers were answered with values that may be. Those with the same registers are
    one group: which of them it is makes no difference. A profile goes before those that read only some of
    the registers that it reads; no more can be told: all on a bus are set to one line, however they came.
    Those that come set to this one are first."""
    groups: dict[tuple[tuple[str, Register], ...], list[str]] = {}
    for name, profile in PROFILES.items():
        values = _values(profile, answers)
        if values and all(_may_be(profile, each, value) for each, value in values.items()):
            groups.setdefault(tuple(profile.registers.items()), []).append(name)
    read = {names[0]: _read(PROFILES[names[0]], answers) for names in groups.values()}
    best = [names for names in groups.values() if not any(read[names[0]] < other for other in read.values())]
    line = settings.baud, settings.parity
    return sorted(best, key=lambda names: line not in PROFILES[names[0]].lines)


def _read(profile: Profile, answers: Mapping[Query, tuple[int, ...]]) -> frozenset[tuple[int, int]]:
    """Which of the registers that were answered it has a meaning for: function and address."""
    values = _values(profile, answers)
    return frozenset(
        (register.function, register.address + word)
        for name, register in profile.registers.items()
        if name in values
        for word in range(register.count)
    )


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
