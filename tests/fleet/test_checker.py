"""`tests.fleet.checker`: what it finds wrong, by logs as the consumers of the tests write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet.checker import Said, judge
from tests.support.fleet_parts import Got, Heard

GATEWAY = "north/g0"
SAID = {GATEWAY: {(GATEWAY, number, float(number)) for number in range(1, 11)}}


def _event(number: int) -> str:
    return f"event {GATEWAY}/temp 1 {number} {number} {number}.0 20.0"


@pytest.mark.parametrize(
    ("share", "here", "told", "unsafe", "good"),
    [
        (0.0, range(1, 11), 0, (), True),
        (0.0, range(2, 11), 0, (), False),
        (0.0, range(2, 11), 1, (), False),
        (0.0, range(2, 11), 0, (1,), True),
        (0.0, range(2, 11), 1, (1,), True),
        (0.0, range(1, 11), 1, (), False),
        (0.5, range(6, 11), 5, (), True),
        (0.5, range(6, 11), 4, (), False),
        (0.5, range(7, 11), 6, (), False),
        (0.0, [1, *range(1, 11)], 0, (), False),
        (0.0, [2, 1, *range(3, 11)], 0, (), False),
    ],
)
def test_what_is_wrong(
    share: float, here: list[int], told: int, unsafe: tuple[int, ...], good: bool, tmp_path: Path
) -> None:
    """A loss that is not told, or told and not so; more than there may be of it; twice; out of order."""
    log = tmp_path / "log"
    log.write_text("".join(f"{line}\n" for line in [*map(_event, here), f"lost {GATEWAY}/temp {told}"]))
    lacking: set[Said] = {(GATEWAY, number, float(number)) for number in unsafe}
    verdict = judge(SAID, Heard.of(log), lacking, {GATEWAY: []}, lambda _: share, ordered=True)
    assert verdict.good == good, verdict


@pytest.mark.parametrize(("numbers", "good"), [(range(1, 11), True), ([2, 1, *range(3, 11)], False)])
def test_the_order_in_which_it_was_said(numbers: list[int], good: bool) -> None:
    """Also where the places are right, as they always are in history."""
    events = [Got(GATEWAY, 0, place, number, float(number), 20.0) for place, number in enumerate(numbers, 1)]
    assert judge(SAID, Heard(events, {}), set(), {GATEWAY: []}, lambda _: 0.0, ordered=True).good == good
