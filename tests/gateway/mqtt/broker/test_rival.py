"""Who says that we are not there, and how often that is contradicted."""

from collections.abc import Callable

from gateway.mqtt.broker.rival import MAX_CONTRADICTIONS, PEACE_S, Denials

Logged = Callable[[], list[str]]
DAY_S = 86400.0


def denials() -> Denials:
    return Denials("broker.example:1883", "sig/test/status")


def test_a_script_that_insists(logged: Logged) -> None:
    """It is contradicted three times, then told of, once; a day of it makes no second line."""
    here, now = denials(), 5000.0
    here.connected()
    assert [here.denied(now + number) for number in range(5)] == [True, True, True, False, False]
    (line,) = logged()
    assert line == (
        "mqtt: broker.example:1883: somebody goes on saying on sig/test/status that this gateway is offline: "
        "is there another gateway of our name? Give one of the two another gateway.name; else find out who "
        "writes there. From now on it is contradicted once a minute"
    )
    while now < 5000.0 + DAY_S:
        now += 60.0
        assert not here.denied(now)
    assert len(logged()) == 1


def test_nothing_is_said_before_the_bound(logged: Logged) -> None:
    """Who denies us three times may have been late wills of ours."""
    here = denials()
    assert all(here.denied(5000.0 + number) for number in range(MAX_CONTRADICTIONS))
    assert logged() == []


def test_the_bound_comes_back_after_peace(logged: Logged) -> None:
    """Since the last denial, not the first; then it is news again."""
    here, now = denials(), 5000.0
    for _ in range(4):
        here.denied(now)
    now += PEACE_S - 1.0
    assert not here.denied(now)
    now += PEACE_S - 1.0
    assert not here.denied(now)
    now += PEACE_S
    assert [here.denied(now) for _ in range(4)] == [True, True, True, False]
    assert len(logged()) == 2


def test_a_network_that_breaks_all_the_time(logged: Logged) -> None:
    """Each connection may have the late will of the one before, which is contradicted, and no rival's."""
    here = denials()
    for number in range(1000):
        here.connected()
        assert here.denied(5000.0 + number)
    assert logged() == []


def test_a_script_and_a_network_that_breaks(logged: Logged) -> None:
    """It is told of once, not with each connection."""
    here = denials()
    for number in range(1000):
        here.connected()
        assert [here.denied(5000.0 + number) for _ in range(4)] == [True, True, True, False]
    assert len(logged()) == 1
