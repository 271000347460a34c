"""Whether what a gateway tells as lost is what is missing: `#gap`, its size and its times."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from tests.support.kept_truth import Outage, Taken, Verdict, utc

UNHEARD_S = 10.0
"""What came so long before a kill may be known to nobody when the board has lost it since, with its power."""
LAST_MOMENT_S = 1.0
"""What is measured so long before the power goes, and damaged on its way, may be known to nobody."""
ROUGH_S = 1.5
"""What the ends of a gap may be off by: two readings, and a second for the start."""


class Gap(NamedTuple):
    """What the gateway has told of a sensor's readings that are lost; `number`: None if it does not know."""

    sensor: str
    begin: float
    end: float
    number: int | None
    reason: str


def told_gaps(payloads: Iterable[tuple[str, bytes]]) -> list[Gap]:
    """Of events by sensor, each once, however often it came."""
    return [_gap(sensor, json.loads(payload)) for sensor, payload in dict.fromkeys(payloads)]


def _gap(sensor: str, data: dict[str, Any]) -> Gap:
    return Gap(sensor, utc(data["from"]), utc(data["to"]), data["count"], data["reason"])


def mistold(
    verdict: Verdict,
    gaps: Sequence[Gap],
    outages: Sequence[Outage],
    truth: Sequence[Taken] = (),
    behind_s: float = 0.0,
    perhaps_safe: Collection[tuple[int, int]] = (),
) -> list[str]:
    """Which gaps are not of the right size, in words. Of each sensor as many are told as are missing, and
    each gap lies where they are. Only what went with the board's power may be told without a number, and then
    from when it was heard last until it was there again; of what it measured in the last moment before that,
    or while the gateway had been killed, nobody may know. Of what is there only what is `perhaps_safe`, by
    boot and number, may be told. `truth`: all that were taken."""
    rough = ROUGH_S + behind_s
    missing = [*verdict.by_power, *verdict.unheard]
    gone = {(one.boot, one.seq) for one in missing}
    there = [one for one in truth if (one.boot, one.seq) in perhaps_safe and (one.boot, one.seq) not in gone]
    wrong = [
        f"it can be known how many these are: {gap}"
        for gap in gaps
        if gap.number is None and not any(_is_of(gap, outage, rough) for outage in outages)
    ]
    for gap in gaps:
        within = [one for one in [*missing, *there] if one.sensor == gap.sensor and _within(one, gap, rough)]
        if len(within) < (gap.number or 0):
            wrong.append(f"there were {len(within)} at most then: {gap}")
    for sensor in sorted({one.sensor for one in missing} | {gap.sensor for gap in gaps}):
        lost = [one for one in missing if one.sensor == sensor]
        mine = [gap for gap in gaps if gap.sensor == sensor]
        excused = [
            one for one in verdict.by_power if one.sensor == sensor and _excused(one, mine, outages, rough)
        ]
        told = sum(gap.number or 0 for gap in mine)
        numbered = [gap for gap in mine if gap.number]
        more = sum(
            one.sensor == sensor and any(_within(one, gap, rough) for gap in numbered) for one in there
        )
        if not len(lost) - len(excused) <= told <= len(lost) + more:
            wrong.append(
                f"{sensor}: {told} are told as lost, {len(lost)} are missing, {len(excused)} of which need "
                f"not be told, and {more} more may be: {mine}, "
                f"{[one for one in lost if one not in excused][:20]}"
            )
    return wrong


def _excused(one: Taken, gaps: Sequence[Gap], outages: Sequence[Outage], rough: float) -> bool:
    if any(gap.number is None and _within(one, gap, rough) for gap in gaps):
        return True
    for outage in outages:
        for off in [power.off for power in outage.powers]:
            moment = LAST_MOMENT_S + rough - ROUGH_S
            if off - moment <= one.utc <= off + moment:
                return True
            if any(kill - UNHEARD_S <= one.utc <= off and kill < off for kill in outage.kills):
                return True
    return False


def _is_of(gap: Gap, outage: Outage, rough: float) -> bool:
    """Whether it begins when something began to be wrong, and ends when the power was on again."""
    return any(
        outage.begin - rough <= gap.begin <= power.off + rough and abs(gap.end - power.on) <= 2 * rough
        for power in outage.powers
    )


def _within(one: Taken, gap: Gap, rough: float) -> bool:
    return gap.begin - rough <= one.utc <= gap.end + rough
