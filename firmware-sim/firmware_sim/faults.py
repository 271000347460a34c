"""The fault specification: `flip=0.001,garbage=0.01,stall=0.02:0.5` to numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from firmware_sim.channels import NAMES
from firmware_sim.errors import SimulatorError
from firmware_sim.line import is_value

EXAMPLE = "flip=0.001,garbage=0.01,stall=0.02:0.5"
MAX_SECONDS = 3600.0
FORMS = {
    "flip": "flip=P[:in|:out]",
    "drop": "drop=P[:in|:out]",
    "repeat": "repeat=P[:in|:out]",
    "garbage": "garbage=P",
    "merge": "merge=P",
    "stall": "stall=P:SECONDS",
    "slow": "slow=SECONDS or slow=A-B",
    "reset": "reset=P",
    "silent": "silent=CHANNEL",
    "spike": "spike=P:CHANNEL:VALUE",
    "unplug": "unplug=P:SECONDS",
}


@dataclass(frozen=True, slots=True)
class Noise:
    """Probabilities, in one direction: a bit is flipped, a byte is lost, a byte comes twice."""

    flip: float = 0.0
    drop: float = 0.0
    repeat: float = 0.0


@dataclass(frozen=True, slots=True)
class Spike:
    """With `probability`, a reading of `channel` is `value` instead."""

    probability: float
    channel: str
    value: str


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Every fault's probability (a line, if nothing else is said) and size; the default has none."""

    text: str = "none"
    outgoing: Noise = field(default_factory=Noise)  # board to gateway
    incoming: Noise = field(default_factory=Noise)  # gateway to board
    garbage: float = 0.0
    merge: float = 0.0
    stall: float = 0.0
    stall_s: float = 0.0
    slow_s: tuple[float, float] = (0.0, 0.0)
    reset: float = 0.0
    unplug: float = 0.0
    unplug_s: float = 0.0
    silent: frozenset[str] = frozenset()
    spikes: tuple[Spike, ...] = ()

    @property
    def names(self) -> list[str]:
        """Which faults were asked for; none for `none`."""
        return [
            name
            for name in (item.partition("=")[0].strip() for item in self.text.split(","))
            if name in FORMS
        ]


def parse_faults(text: str) -> FaultSpec:
    """Read a specification; SimulatorError says what is wrong, which names there are, and an example."""
    text = text.strip()
    spec = FaultSpec(text=text or "none")
    if spec.text == "none":
        return spec
    for item in text.split(","):
        name, _, argument = item.strip().partition("=")
        if name not in _PARSERS:
            raise _unknown(item, name)
        try:
            spec = _PARSERS[name](spec, name, argument.strip().split(":"))
        except ValueError as err:
            raise SimulatorError(
                f"fault {item!r}: expected {FORMS[name]}, {err}; an example: {EXAMPLE}"
            ) from err
    return spec


def _unknown(item: str, name: str) -> SimulatorError:
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name, FORMS, 1)
    hint = f" (perhaps {near[0]})" if near else ""
    return SimulatorError(
        f"fault {item!r}: expected one of {', '.join(FORMS)}, or 'none' alone; got {name!r}{hint}; "
        f"an example: {EXAMPLE}"
    )


def probability(text: str) -> float:
    """A number from 0 to 1; ValueError otherwise."""
    return _between(text, 0.0, 1.0, "a probability P from 0 to 1")


def seconds(text: str) -> float:
    """A number of seconds, up to an hour; ValueError otherwise."""
    return _between(text, 0.0, MAX_SECONDS, f"seconds from 0 to {MAX_SECONDS:g}")


def _between(text: str, low: float, high: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ValueError(f"{what}; got {text!r}")
    return number


def channel(text: str) -> str:
    """A channel's name; ValueError otherwise."""
    if text not in NAMES:
        raise ValueError(f"a channel ({', '.join(NAMES)}); got {text!r}")
    return text


def value(text: str) -> str:
    """A value as the protocol has it, of any size: ValueError otherwise."""
    if not is_value(text):
        raise ValueError(f"a decimal number of at most 15 digits, such as 23.5; got {text!r}")
    return text


def _parts(parts: list[str], count: int) -> list[str]:
    if len(parts) != count:
        raise ValueError(f"that is {count} parts with ':' between them; got {len(parts)}")
    return parts


def _noise(spec: FaultSpec, name: str, parts: list[str]) -> FaultSpec:
    chance = probability(parts[0])
    direction = parts[1] if len(parts) == 2 else "" if len(parts) == 1 else "?"
    if direction not in ("", "in", "out"):
        raise ValueError(f"a direction, in or out, or none for both; got {':'.join(parts[1:])!r}")
    changed = {name: chance}
    return replace(
        spec,
        outgoing=spec.outgoing if direction == "in" else replace(spec.outgoing, **changed),
        incoming=spec.incoming if direction == "out" else replace(spec.incoming, **changed),
    )


def _per_line(spec: FaultSpec, name: str, parts: list[str]) -> FaultSpec:
    changed = {name: probability(_parts(parts, 1)[0])}
    return replace(spec, **changed)  # type: ignore[arg-type]  # the name is one of FaultSpec's floats


def _lasting(spec: FaultSpec, name: str, parts: list[str]) -> FaultSpec:
    chance, length = _parts(parts, 2)
    changed = {name: probability(chance), f"{name}_s": seconds(length)}
    return replace(spec, **changed)  # type: ignore[arg-type]  # as above


def _slow(spec: FaultSpec, _: str, parts: list[str]) -> FaultSpec:
    low, _, high = _parts(parts, 1)[0].partition("-")
    bounds = seconds(low), seconds(high or low)
    if bounds[0] > bounds[1]:
        raise ValueError(f"with A not above B; got {parts[0]!r}")
    return replace(spec, slow_s=bounds)


def _silent(spec: FaultSpec, _: str, parts: list[str]) -> FaultSpec:
    return replace(spec, silent=spec.silent | {channel(_parts(parts, 1)[0])})


def _spike(spec: FaultSpec, _: str, parts: list[str]) -> FaultSpec:
    chance, name, number = _parts(parts, 3)
    return replace(spec, spikes=(*spec.spikes, Spike(probability(chance), channel(name), value(number))))


_PARSERS: dict[str, Callable[[FaultSpec, str, list[str]], FaultSpec]] = {
    "flip": _noise,
    "drop": _noise,
    "repeat": _noise,
    "garbage": _per_line,
    "merge": _per_line,
    "stall": _lasting,
    "slow": _slow,
    "reset": _per_line,
    "silent": _silent,
    "spike": _spike,
    "unplug": _lasting,
}
