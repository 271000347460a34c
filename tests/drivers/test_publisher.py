"""The publishing half of a sensor, where the sensor's own tests do not reach."""

import sig
from drivers.filters import Deadband, Threshold
from drivers.options import Amount
from drivers.publisher import Publisher
from drivers.reading import GOOD, STALE, Reading

GOOD_READING = Reading(21.5, "°C", 0.0, GOOD, 1)
STALE_READING = Reading(21.5, "°C", 0.0, STALE, 1, "nothing heard")


def publisher() -> Publisher:
    """With one threshold, at 20."""
    hot = Threshold(20.0, Amount(0.0), rising=True)
    return Publisher("temp", ["hot"], Deadband(Amount(0.1)), {"hot": hot})


def test_it_is_connected_between_connect_and_disconnect(router: sig.Router) -> None:
    """And each may be called once more than needed."""
    made = publisher()
    made.disconnect()
    states = [made.connected]
    made.connect(router, {"read": lambda params: 1})
    states.append(made.connected)
    assert router.request("temp", "read") == 1
    made.disconnect()
    made.disconnect()
    states.append(made.connected)
    assert states == [False, True, False]


def test_nothing_is_counted_as_published_that_nobody_could_get(router: sig.Router) -> None:
    """A listener of #changed disconnects the sender: the threshold behind it reaches nobody."""
    made = publisher()
    router.addListener(lambda info, data: made.disconnect(), event="#changed")
    made.connect(router, {})
    made.take(GOOD_READING, 0.0)
    assert made.published == 1


def test_staleness_is_published_once_per_connection(router: sig.Router) -> None:
    """And once more after a reconnect."""
    events: list[str] = []
    made = publisher()
    router.addListener(lambda info, data: events.append(info["event"]))
    for _ in range(2):
        made.connect(router, {})
        made.take_stale(STALE_READING)
        made.take_stale(STALE_READING)
        made.disconnect()
    assert events == ["#connect", "#stale", "#disconnect"] * 2
