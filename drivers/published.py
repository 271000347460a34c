"""The data of a sensor's events, for type checkers: what listeners get, and `read` and `last` answer."""

from typing import Literal, NotRequired, TypedDict

Quality = Literal["good", "suspect", "stale"]


class Reading(TypedDict):
    """The data of `#changed`, `#stale`, `#late` and the thresholds' events.

    `value` is in `unit`; None only in a reading that is stale because there has never been a value. `time` is
    when it was measured, in UTC: `2026-11-22T06:30:00.123Z`. `seq` is the source's number of the measurement.
    `reason` is there where `quality` is not good; `clock` where the machine's clock was not known to be
    right, so that `time` may be wrong.
    """

    value: float | None
    unit: str
    time: str
    quality: Quality
    seq: int
    reason: NotRequired[str]
    clock: NotRequired[Literal["unset"]]


Gap = TypedDict(
    "Gap",
    {
        "from": str,
        "to": str,
        "count": int | None,
        "reason": str,
        "clock": NotRequired[Literal["unset"]],
    },
)
"""The data of `#gap`: readings that were measured and that nobody will ever have. `from` and `to` are times
like a reading's; `count`: how many there were, None where it cannot be known."""
