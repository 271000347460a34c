"""`gateway.fleet.news`: what a gateway answers of its senders."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fleet.news import Offer, offers_of

TEMP = Offer(("#changed",), ("read",))


@pytest.mark.parametrize("as_list", [True, False])
def test_what_a_gateway_answers(as_list: bool) -> None:
    """As a list, or beside what it says of itself."""
    senders: list[dict[str, Any]] = [
        {"sender": "temp", "events": ["#changed"], "requests": ["read"], "last": None},
        {"sender": "hum", "events": None, "requests": None},
    ]
    answer: Any = senders if as_list else {"gateway": {}, "senders": senders}
    assert offers_of(answer) == {"temp": TEMP, "hum": Offer((), None)}


@pytest.mark.parametrize("answer", [None, 5, {}, {"senders": 5}, ["x"], [{}], [{"sender": "a", "events": 5}]])
def test_what_is_no_answer(answer: Any) -> None:
    """Says what was expected."""
    with pytest.raises(ValueError, match="expected a gateway's senders"):
        offers_of(answer)
