"""Who is there, what each said last, and what is to be known about it; here, and over a connection."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sig
from gateway import overview as overview_module
from gateway.overview import LocalSource, Overview, RemoteSource
from gateway.senders import OWN_NAME, GatewayRouter, explaining_sender
from sig.carrier.local import LocalCarrier
from tests.support.waiting import DEADLINE_S

LAST = {"value": 23.5, "unit": "°C", "time": "2020-11-22T06:30:00.123Z", "quality": "good", "seq": 7}
FOREIGN = "board 0002 answers where 0001 did; write identity: 0002"

House = tuple[GatewayRouter, Overview]


@pytest.fixture
def health() -> dict[str, Any]:
    """What the gateway says of itself; the tests change it."""
    return {}


@pytest.fixture(params=["local", "remote"])
def house(request: pytest.FixtureRequest, health: dict[str, Any]) -> Iterator[House]:
    """A gateway's router, and what is made of its senders."""
    server, carrier = LocalCarrier(), LocalCarrier()
    router = GatewayRouter(server, ["away"], explaining_sender({"away": "link board: gone"}.get))
    router.addSender(OWN_NAME, None, {"info": lambda _: {}, "health": lambda _: health})
    server.start("who is there", 1)
    client = sig.ClientRouter(carrier)
    assert carrier.connect("who is there", 1)
    known = {"off": {"kind": "light", "link": "board", "thresholds": {"dark": 10}, "fault": "no field lux"}}
    overview = Overview(LocalSource(router, known.get) if request.param == "local" else RemoteSource(client))
    yield router, overview
    carrier.disconnect()
    server.stop()
    assert overview.close(5.0)


def test_all_that_is_known(house: House) -> None:
    """Of a sensor, of one that is away, and of what is none; the gateway itself is not in the list."""
    router, overview = house
    info = {
        "kind": "temperature",
        "link": "board",
        "warning": None,
        "thresholds": {"cold": 18, "hot": 26.5},
        "channel": {"resolution": 0.05},
    }
    router.addSender("temp", ["#changed", "hot"], {"last": lambda _: LAST, "info": lambda _: info})
    router.getSender("away", create=True)
    router.addSender("lamp", ["on"])
    nothing: dict[str, Any] = {
        **dict.fromkeys(["last", "quality", "reason", "warning", "kind", "link", "decimals"]),
        "thresholds": {},
    }
    temp = {"last": LAST, "quality": "good", "kind": "temperature", "link": "board", "decimals": 2}
    why = "sender 'away' is not connected: link board: gone"
    assert overview.all() == [
        {
            **nothing,
            "sender": "temp",
            "connected": True,
            "events": ["#changed", "hot"],
            **temp,
            "thresholds": {"cold": 18, "hot": 26.5},
        },
        {**nothing, "sender": "away", "connected": False, "events": [], "reason": why},
        {**nothing, "sender": "lamp", "connected": True, "events": ["on"]},
    ]


@pytest.mark.parametrize("house", ["local"], indirect=True)
def test_what_is_known_of_one_that_is_away(house: House) -> None:
    """It is asked for nothing, and is the same sensor as before: neither stale nor another kind."""
    router, overview = house
    router.getSender("off", create=True)
    (entry,) = overview.all()
    assert {key: entry[key] for key in ("kind", "link", "thresholds", "last", "quality", "connected")} == {
        "kind": "light",
        "link": "board",
        "thresholds": {"dark": 10},
        "last": None,
        "quality": None,
        "connected": False,
    }
    one = overview.one("off")
    assert one is not None
    assert (one["info"]["kind"], one["stats"]) == ("light", None)


def test_the_last_value_of_one_that_is_gone(house: House, health: dict[str, Any]) -> None:
    """Is kept, and is stale, with why."""
    router, overview = house
    router.getSender("away", create=True)
    health["parts"] = {
        "devices.board": {"status": "failing", "sensors": {"away": {"last": LAST, "age": 7.0}}}
    }
    why = "sender 'away' is not connected: link board: gone"
    (found,) = overview.all()
    assert found["last"] == {**LAST, "quality": "stale", "reason": why}
    assert (found["connected"], found["quality"], found["reason"]) == (False, "stale", why)
    one = overview.one("away")
    assert one is not None
    assert one["last"] == found["last"]


@pytest.mark.parametrize(
    "parts", [5, {}, {"a": 5}, {"a": {"sensors": 5}}, {"a": {"sensors": {"away": {"last": None}}}}]
)
def test_of_one_that_never_said_a_thing(house: House, health: dict[str, Any], parts: object) -> None:
    """There is no last value, whatever the gateway says of itself."""
    router, overview = house
    router.getSender("away", create=True)
    health["parts"] = parts
    assert [found["last"] for found in overview.all()] == [None]


def test_one_sender(house: House) -> None:
    """With all that it says of itself; None for one that there is not."""
    router, overview = house
    says: Any = {"last": lambda _: LAST, "info": lambda _: {"kind": "x"}, "stats": lambda _: {"reads": 3}}
    router.addSender("temp", ["#changed"], says)
    router.getSender("away", create=True)
    found = overview.one("temp")
    assert found is not None
    assert (found["kind"], found["info"], found["stats"]) == ("x", {"kind": "x"}, {"reads": 3})
    away = overview.one("away")
    assert away is not None
    assert (away["connected"], away["info"], away["stats"]) == (False, None, None)
    assert overview.one("nobody") is None
    assert overview.one(OWN_NAME) is None


@pytest.mark.parametrize(
    "info",
    [
        ["warning"],
        5,
        {},
        {"warning": 5, "kind": [], "link": {}, "thresholds": [1], "channel": [1]},
        {"thresholds": {"hot": True, "cold": None}, "channel": {"resolution": True}},
        {"channel": {"resolution": 0}},
        {"channel": {"resolution": float("inf")}},
    ],
)
def test_an_info_that_makes_no_sense(house: House, info: object) -> None:
    """Says nothing."""
    router, overview = house
    router.addSender("odd", ["#changed"], {"last": lambda _: LAST, "info": lambda _: info})
    (found,) = overview.all()
    assert [found[key] for key in ("warning", "kind", "link", "thresholds", "decimals")] == [
        *(None, None, None),
        {},
        None,
    ]


@pytest.mark.parametrize(("resolution", "decimals"), [(1, 0), (10, 0), (0.1, 1), (0.25, 2), (0.001, 3)])
def test_decimals(house: House, resolution: float, decimals: int) -> None:
    """Those of the resolution."""
    router, overview = house
    router.addSender(
        "a", ["#changed"], {"last": lambda _: LAST, "info": lambda _: {"channel": {"resolution": resolution}}}
    )
    assert overview.all()[0]["decimals"] == decimals


def test_warnings_are_those_of_info(house: House) -> None:
    """Only who has answered `last` is asked for it."""
    router, overview = house
    asked: list[str] = []

    def info(sender: str, answer: object) -> Callable[[object], object]:
        def respond(_params: object) -> object:
            asked.append(sender)
            return answer

        return respond

    router.addSender(
        "foreign", ["x"], {"last": lambda _: LAST, "info": info("foreign", {"warning": FOREIGN})}
    )
    router.addSender("no info", ["x"], {"last": lambda _: None})
    router.addSender("no last", ["x"], {"info": info("no last", {"warning": "x"})})
    found = {sender["sender"]: sender["warning"] for sender in overview.all()}
    assert found == {"foreign": FOREIGN, "no info": None, "no last": None}
    assert asked == ["foreign"]


def test_who_never_had_a_value_is_stale(house: House) -> None:
    """With the reason, as soon as the sensor knows it."""
    router, overview = house
    for name, fault in [("a", "no field temprature"), ("b", None)]:
        router.addSender(
            name, ["#stale"], {"last": lambda _: None, "info": lambda _, fault=fault: {"fault": fault}}
        )
    assert [(entry["last"], entry["quality"], entry["reason"]) for entry in overview.all()] == [
        (None, "stale", "no field temprature"),
        (None, None, None),
    ]


@pytest.mark.parametrize("method", ["last", "info"])
def test_slow_senders_do_not_hold_up_the_list(house: House, method: str) -> None:
    """All of it is bounded together; who is slow takes nothing from others, and is not asked again."""
    router, overview = house
    release, asked = threading.Event(), []

    def slow(_params: object) -> object:
        asked.append(method)
        release.wait(DEADLINE_S)
        return LAST

    says: Any = {"last": lambda _: LAST, "info": lambda _: {}}
    router.addSender("a", ["#changed"], says | {method: slow})
    router.addSender("b", ["#changed"], {"last": lambda _: LAST, "info": lambda _: {"warning": FOREIGN}})
    for _ in range(2):
        started = time.monotonic()
        found = overview.all(2.0)
        assert time.monotonic() - started < DEADLINE_S / 4
        assert found[0]["last"] == (None if method == "last" else LAST)
        assert (found[1]["last"], found[1]["warning"]) == (LAST, FOREIGN)
    if isinstance(overview._source, LocalSource):  # the remote one's time-out ends the request
        assert asked == [method]
    release.set()


def test_more_senders_than_are_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those are listed, with nothing known of them."""
    monkeypatch.setattr(overview_module, "MOST_ASKED", 0)
    router, _ = house
    overview = Overview(LocalSource(router))
    release = threading.Event()
    for number in range(6):
        router.addSender(str(number), ["x"], {"last": lambda _: release.wait(10) or LAST})
    found = overview.all(0.2)
    release.set()
    assert [entry["sender"] for entry in found] == list("012345")
    assert overview.close(5.0)
