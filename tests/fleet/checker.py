"""Whether consumers have what the gateways accepted. It goes by what was written down beside the gateways'
spools, and by what the consumers have, and by nothing of the fleet's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tests.support.fleet_parts import Got, Heard

Said = tuple[str, int, float]
"""A gateway, a number that it counts, and when it was said: who was killed before it wrote that down counts
the same number once more."""


class Verdict(NamedTuple):
    """Of one consumer; each a list of what is wrong, and empty where nothing is."""

    missing: list[str]
    repeated: list[str]
    disordered: list[str]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.repeated or self.disordered)


def accepted(truths: Iterable[Path]) -> dict[str, set[Said]]:
    """By gateway."""
    found: dict[str, set[Said]] = {}
    for truth in truths:
        for line in truth.read_text().split("\n")[:-1]:
            gateway, number, said = line.split()
            found.setdefault(gateway, set()).add((gateway, int(number), float(said)))
    return found


def since_heard(truth: dict[str, set[Said]], heard: Heard) -> dict[str, set[Said]]:
    """For a consumer that has what comes from now on: what was said since the first that it has."""
    first: dict[str, tuple[float, int]] = {}
    for each in heard.events:
        at = each.said, each.number  # who was held up says several at the same moment
        first[each.gateway] = min(at, first.get(each.gateway, at))
    return {
        gateway: {each for each in said if (each[2], each[1]) >= first.get(gateway, (0.0, 0))}
        for gateway, said in truth.items()
    }


def covered(truth: dict[str, set[Said]], heard: Heard, unsafe: set[Said]) -> bool:
    """Whether all that is not here is told as lost: there is nothing to wait for."""
    here = {(each.gateway, each.number, each.said) for each in heard.events}
    return all(len(said - here - unsafe) <= heard.lost.get(gateway, 0) for gateway, said in truth.items())


def judge(
    truth: dict[str, set[Said]],
    heard: Heard,
    unsafe: set[Said],
    deaths: dict[str, list[float]],
    may_lose: Callable[[str], float],
    *,
    ordered: bool,
) -> Verdict:
    """`unsafe`: said so shortly before a kill -9 that it may be gone, told or not. `deaths`: for each one
    event more may be told as lost, of which the truth does not know. `may_lose`: of a gateway, the share of
    the rest that may be missing, if it is told. `ordered`: all has to be in order: that of the positions, and
    that in which it was said."""
    got, lost = heard
    here = {(each.gateway, each.number, each.said) for each in got}
    missing = []
    for gateway, said in truth.items():
        absent = said - here
        least, told = len(absent - unsafe), lost.get(gateway, 0)
        if not least <= told <= len(absent) + len(deaths[gateway]):
            missing.append(f"{gateway}: {len(absent)} are missing, {told} told as lost: {sorted(absent)[:5]}")
        if least > may_lose(gateway) * len(said):
            missing.append(f"{gateway}: of {len(said)} too many are missing: {sorted(absent - unsafe)[:5]}")
    times = Counter((each.gateway, each.number, each.said) for each in got)
    repeated = [f"{each} {count} times" for each, count in times.items() if count > 1]
    return Verdict(missing, repeated, _disordered(heard) if ordered else [])


def _disordered(heard: Heard) -> list[str]:
    wrong = []
    last: dict[str, Got] = {}
    for each in heard.events:
        before = last.get(each.gateway)
        if before is not None and (_place(each) <= _place(before) or _turn(each) < _turn(before)):
            wrong.append(f"{each} after {before}")
        last[each.gateway] = each
    return wrong


def _place(got: Got) -> tuple[int, int]:
    return got.epoch, got.seq


def _turn(got: Got) -> tuple[float, int]:
    """One that is there twice is told as such."""
    return got.said, got.number
