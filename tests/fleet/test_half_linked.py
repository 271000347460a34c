"""Routers that hang one after the other tell each other, afterwards, all that was declared at either."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.fleet.keys import EVENTS, UP, Gateway
from tests.support.fleet_parts import Part
from tests.support.fleet_routers import client, routers
from tests.support.waiting import until

if TYPE_CHECKING:
    import zenoh

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")

GATEWAYS = [Gateway("north", f"g{number}") for number in range(4)]
ROUNDS = 15


def _all_answer(session: zenoh.Session) -> bool:
    """Whether each gateway is seen by that session, and answers it."""
    return all(
        any(reply.ok is not None for reply in session.liveliness().get(each.key(UP), timeout=2.0))
        and any(reply.ok is not None for reply in session.get(each.key(EVENTS), timeout=2.0))
        for each in GATEWAYS
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2))
def test_routers_that_hang_one_after_the_other(seed: int) -> None:
    """Both hang, one goes on, its clients come to it, and the other goes on, to which it is linked again."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        made = stack.enter_context(routers(2))
        options = {"routers": made.endpoints, "site": "north", "first": 0, "count": len(GATEWAYS), "rate": 1}
        part = Part("tests.support.fleet_gateways", options)
        stack.callback(part.end)
        part.hear()
        asking = [stack.enter_context(client(made.settings(index))) for index in range(2)]
        for round_ in range(ROUNDS):
            first = chance.randrange(2)
            for index in range(2):
                made.hang(index)
            time.sleep(chance.uniform(3.0, 6.0))
            made.go_on(first)
            time.sleep(chance.uniform(0.5, 3.0))
            made.go_on(1 - first)
            for index, session in enumerate(asking):
                until(partial(_all_answer, session), what=f"round {round_}, router {index}")
