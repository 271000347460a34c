"""`gateway.fleet.FleetRouter` over real routers: events, presence, requests, own senders."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import sig
from gateway.fleet import FleetError, FleetRouter, Gateway, Settings
from gateway.fleet.message import MOST_DATA
from gateway.fleet.session import open_session
from tests.support.fleet_routers import Routers, routers
from tests.support.ports import free_port
from tests.support.waiting import happens, until

NORTH = Gateway("north", "g")
AT_ONCE = 250
"""Of each of two senders: a script keeps its newest 1000 for who has missed them on a busy machine."""


@pytest.fixture(scope="module")
def house() -> Iterator[Routers]:
    """One router, for the tests that do it no harm."""
    with routers(1) as made:
        yield made


class Raising:
    """A session of which the first queries cannot be made."""

    def __init__(self, session: Any, times: int) -> None:
        self._session = session
        self.left = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get(self, *args: Any, **more: Any) -> Any:
        """One that raises, and has dropped the handler before, as zenoh may, or not."""
        if not self.left:
            return self._session.get(*args, **more)
        self.left -= 1
        if self.left == 1:
            args[1].drop()
        raise RuntimeError("no")


def test_what_could_not_be_asked_is_asked_again(house: Routers, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the places of those questions are free again: neither too few nor too many."""
    made: list[Raising] = []

    def raising(settings: Settings) -> Any:
        made.append(Raising(open_session(settings), 3))
        return made[0]

    with FleetRouter(house.settings(), gateway=NORTH) as theirs:
        theirs.addSender("temp", ["#changed"], {"read": lambda params: params})
        monkeypatch.setattr("gateway.fleet.link.open_session", raising)
        with FleetRouter(house.settings()) as ours:
            sender = ours.getSender("north/g/temp", create=True)
            until(lambda: sender.getRequests())
            assert made[0].left == 0
            listening = ours._link._listening  # type: ignore[union-attr]  # what is under way is nowhere else
            until(lambda: listening._asked == 0)


def test_of_some_sites(house: Routers) -> None:
    """Others' are neither seen nor heard; a pattern means what is there of it."""
    with ExitStack() as ended:
        senders: dict[str, sig.Sender] = {}
        for site in ("north", "south", "west"):
            theirs = ended.enter_context(FleetRouter(house.settings(), gateway=Gateway(site, "g")))
            senders[site] = theirs.addSender("temp", ["#changed"])
        every, one, other = Heard(), Heard(), Heard()
        ours = FleetRouter(house.settings(), sites=["north", "west"])
        ours.addListener(every, None, "#changed")
        ours.addListener(one, "*/g/temp", "#changed")
        ours.addListener(other, "south/g/temp", "#changed")
        ended.enter_context(ours)
        assert ours.gateways() == {Gateway("north", "g"): True, Gateway("west", "g"): True}
        assert set(ours.overview()) == {Gateway("north", "g"), Gateway("west", "g")}

        def said() -> bool:
            for site, sender in senders.items():
                _trigger(sender, site)
            return {"north", "west"} <= set(every.data()) & set(one.data())

        until(said)
        assert set(every.data()) == set(one.data()) == {"north", "west"}
        assert other.data() == []


class Heard:
    """A listener that notes what it hears."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str, Any]] = []

    def __call__(self, info: dict[str, Any], data: Any) -> None:
        self.all.append((info["sender"], info["event"], data))

    def data(self, event: str = "#changed") -> list[Any]:
        """Of one event, in order."""
        return [data for _, name, data in self.all if name == event]

    def count(self, event: str) -> int:
        """How often it came."""
        return len(self.data(event))


def _trigger(sender: sig.Sender, data: Any, event: str = "#changed") -> bool:
    signal = sender.getSignal(event)
    assert signal is not None
    signal.trigger(data)
    return True


def _offer(router: FleetRouter, name: str = "temp") -> sig.Sender:
    def fail(params: Any) -> None:
        raise RuntimeError(f"wet: {params}")

    handlers: dict[str | None, Any] = {
        "read": lambda params: {"got": params},
        "fail": fail,
        "odd": lambda _params: object(),
    }
    return router.addSender(name, ["#changed", "hot"], handlers)


def test_events_in_order_none_missing_none_twice(house: Routers) -> None:
    """10,000, by each of the kinds of subscription; no more at once than are kept."""
    heard, channel, one = Heard(), Heard(), Heard()
    settings = house.settings()
    with FleetRouter(settings, gateway=NORTH) as theirs, FleetRouter(settings) as ours:
        ours.addListener(heard, "north/*/temp")
        ours.addListener(channel, None, "#changed")
        ours.addListener(one, "north/g/temp", "#changed")
        temp, hum = _offer(theirs), _offer(theirs, "hum")
        until(lambda: ours.getSender("north/g/temp", create=True).isConnected())
        _trigger(temp, "first")
        until(lambda: heard.data() == ["first"])
        for begin in range(0, 5000, AT_ONCE):
            for number in range(begin, begin + AT_ONCE):
                _trigger(temp, number)
                _trigger(hum, number)
            until(lambda due=2 * (begin + AT_ONCE): channel.count("#changed") > due)  # type: ignore[misc]
        until(lambda: heard.count("#changed") >= 5001)
    assert heard.data() == one.data() == ["first", *range(5000)]
    assert [data for sender, _, data in channel.all if sender == "north/g/hum"] == list(range(5000))
    assert heard.all[0][1] == sig.EVENT_CONNECT
    assert heard.all[-1][:2] == ("north/g/temp", sig.EVENT_DISCONNECT)
    assert not heard.count("#late")
    assert not heard.count("#gap")


def test_who_is_there(house: Routers) -> None:
    """Also of who came before us; with what they offer."""
    settings = house.settings()
    with FleetRouter(settings, gateway=NORTH) as theirs:
        _offer(theirs)
        heard = Heard()
        ours = FleetRouter(settings)
        ours.addListener(heard, "*/*/*", sig.EVENT_CONNECT)
        ours.addListener(heard, "*/*/*", sig.EVENT_DISCONNECT)
        with ours:
            (listed,) = ours.listRemoteSenders(list_events=True)
            assert listed["sender"] == "north/g/temp"
            assert listed["connected"]
            assert {"event": "hot"} in listed["events"]
            assert ours.gateways() == {NORTH: True}
            (sender,) = ours.listSenders()
            assert sender.getRequests() == ["read", "fail", "odd"]
            assert not ours.addListener(heard, "north/g/temp", "cold")
            theirs.removeSender("temp")
            until(lambda: heard.count(sig.EVENT_DISCONNECT) == 1)
            assert ours.listRemoteSenders() == []  # nobody listens to that one alone
            assert ours.gateways() == {NORTH: True}
            _offer(theirs)
            until(lambda: heard.count(sig.EVENT_CONNECT) == 2)
    assert [event for _, event, _ in heard.all] == [sig.EVENT_CONNECT, sig.EVENT_DISCONNECT] * 2


def test_requests(house: Routers) -> None:
    """From any thread, a listener's too; and what is raised there is raised here."""
    settings = house.settings()
    with FleetRouter(settings, gateway=NORTH) as theirs, FleetRouter(settings) as ours:
        temp = _offer(theirs)
        assert ours.request("north/g/temp", "read", [1]) == {"got": [1]}
        answers: list[Any] = []
        ours.addListener(
            lambda info, data: answers.append(ours.request(info["sender"], "read", data)), "*/*/temp", "hot"
        )
        until(lambda: _trigger(temp, 5, "hot") and answers)
        assert answers[0] == {"got": 5}
        sender = ours.getSender("north/g/temp")
        assert sender is not None
        assert sender.request("read") == {"got": None}
        assert theirs.request("temp", "read", 1) == theirs.request("north/g/temp", "read", 1) == {"got": 1}
        until(lambda: ours.gateways() == {NORTH: True})
        with pytest.raises(sig.RemoteError, match="wet: 7") as caught:
            ours.request("north/g/temp", "fail", 7)
        assert caught.value.raised == "RuntimeError"
        with pytest.raises(sig.UnknownMethod, match="it has: fail, odd, read"):
            ours.request("north/g/temp", "write")
        with pytest.raises(sig.UnknownSender, match="nobody"):
            ours.request("north/g/nobody", "read")
        with pytest.raises(sig.UnknownSender, match="there is no gateway south/h in the fleet now"):
            ours.request("south/h/temp", "read")
        with pytest.raises(sig.BadReply, match="no form in JSON"):
            ours.request("north/g/temp", "odd")
        with pytest.raises(sig.BadParams, match="params of 'read'"):
            ours.request("north/g/temp", "read", object())
        with pytest.raises(ValueError, match="expected one sender"):
            ours.request("north/*/temp", "read")
        with pytest.raises(ValueError, match="needs a method"):
            ours.request("north/g/temp", None)  # type: ignore[arg-type]
        with pytest.raises(sig.UnknownSender, match="another router"):
            ours.request(temp, "read")


def test_nobody_is_there(house: Routers) -> None:
    """Said of a request, and to who asks, until somebody is."""
    with FleetRouter(house.settings()) as ours:
        assert ours.why_nobody() == "no gateway is there"
        with pytest.raises(sig.UnknownSender, match=r"^no gateway is there$"):
            ours.request("north/g/temp", "read")
        with FleetRouter(house.settings(), gateway=NORTH):
            until(lambda: not ours.why_nobody())


def test_a_request_that_takes_too_long(house: Routers) -> None:
    """Ends at its deadline."""
    settings, end = house.settings(), threading.Event()
    with FleetRouter(settings, gateway=NORTH) as theirs, FleetRouter(settings) as ours:
        theirs.addSender("slow", [], {"wait": lambda _params: end.wait(60)})
        until(lambda: ours.getSender("north/g/slow"))
        with pytest.raises(sig.RequestTimeout, match=r"'wait' from north/g/slow within 0.2 s"):
            ours.request("north/g/slow", "wait", timeout=0.2)
        end.set()


def test_a_gateway_that_went_away(house: Routers) -> None:
    """A request says so at once; its listeners are told, after the time that a router may take."""
    heard = Heard()
    with FleetRouter(house.settings()) as ours:
        ours.addListener(heard, "north/g/temp")
        with FleetRouter(house.settings(), gateway=NORTH) as theirs:
            _offer(theirs)
            until(lambda: heard.count(sig.EVENT_CONNECT))
        with pytest.raises(sig.NotConnected, match="north/g now: it went away"):
            ours.request("north/g/temp", "read")
        until(lambda: heard.count(sig.EVENT_DISCONNECT))
        assert ours.gateways() == {NORTH: False}
        until(lambda: ours.listRemoteSenders() == [{"sender": "north/g/temp", "connected": False}])


def test_our_own_senders(house: Routers) -> None:
    """Are local ones too; names that are not ours are refused."""
    heard = Heard()
    router = FleetRouter(house.settings(), gateway=NORTH)
    router.addListener(heard)
    temp = _offer(router)
    _trigger(temp, 1)
    assert [event for _, event, _ in heard.all] == [sig.EVENT_CONNECT, "#changed"]
    with router, FleetRouter(house.settings()) as other:
        until(lambda: other.getSender("north/g/temp"))
        _trigger(temp, 2)
        assert heard.data() == [1, 2]
        with pytest.raises(NameError):
            _offer(router)
        with pytest.raises(ValueError, match="our own senders are called north/g/NAME"):
            router.addSender("south/g/temp", ["a"])
        with pytest.raises(ValueError, match="no senders of its own"):
            other.addSender("north/h/temp", ["a"])
        with pytest.raises(ValueError, match="another gateway's"):
            other.removeSender("north/g/temp")
        assert not router.removeSender("other")
    assert not heard.count(sig.EVENT_DISCONNECT)  # ours are there, connected to a fleet or not
    assert router.removeSender(temp)


def test_data_that_is_too_large(house: Routers, caplog: pytest.LogCaptureFixture) -> None:
    """Is told to nobody, and that is logged; what may be is heard whole."""
    heard, settings = Heard(), house.settings()
    with FleetRouter(settings, gateway=NORTH) as theirs, FleetRouter(settings) as ours:
        temp = _offer(theirs)
        ours.addListener(heard, "*/*/*", "#changed")
        until(lambda: _trigger(temp, "begin") and heard.all)
        most = "ü" * ((MOST_DATA - 2) // 2)
        _trigger(temp, most + "u")
        _trigger(temp, most)
        until(lambda: heard.data()[-1] == most)
        assert {*heard.data()} == {"begin", most}
        assert f"'#changed' of temp is not told: its data has more than {MOST_DATA} bytes" in caplog.text


def test_data_of_any_kind(house: Routers) -> None:
    """What JSON cannot say is its text."""
    heard, settings = Heard(), house.settings()
    with FleetRouter(settings, gateway=Gateway("nörth", "a/b %")) as theirs, FleetRouter(settings) as ours:
        temp = _offer(theirs, "°%2Ax")
        ours.addListener(heard, "*/*/*", "#changed")
        until(lambda: ours.gateways())
        sent = [None, "ü\n", [1.5, {"a": True}], "x" * 100_000, float("nan"), {1, 2}]
        until(lambda: _trigger(temp, "begin") and heard.all)
        for each in sent:
            _trigger(temp, each)
        until(lambda: heard.count("#changed") and heard.data()[-1] == "{1, 2}")
        got = [data for data in heard.data() if data != "begin"]
        assert got == [*sent[:4], "nan", "{1, 2}"]
        name = heard.all[0][0]
        assert name == "n%C3%B6rth/a%2Fb%20%25/%C2%B0%2Ax"
        assert ours.request(name, "read", 1) == {"got": 1}


def test_no_router() -> None:
    """Says where it looked, within the time it has; nothing is left."""
    router = FleetRouter(Settings([f"tcp/127.0.0.1:{free_port()}"]), gateway=NORTH)
    with pytest.raises(FleetError, match=r"no router of the fleet lets us in at .* connection refused"):
        router.connect(0.5)
    assert router.disconnect()
    with pytest.raises(sig.NotConnected, match="connect first"):
        router.request("north/h/temp", "read")


def test_a_router_that_comes_later() -> None:
    """Is waited for."""
    with routers(1) as made:
        made.kill(0)
        router = FleetRouter(made.settings())
        starter = threading.Timer(0.5, made.start, [0])
        starter.start()
        assert router.connect(60) is router
        assert router.connect(60) is router
        starter.join()
        assert router.disconnect()
        assert router.disconnect()


def test_it_ends_with_all_its_threads(house: Routers) -> None:
    """Also if a listener ends it; and may begin again."""
    before = threading.active_count()
    router, done = FleetRouter(house.settings(), gateway=NORTH), threading.Event()
    for _ in range(3):
        with router:
            pass
    until(lambda: threading.active_count() == before)
    with FleetRouter(house.settings(), gateway=Gateway("north", "h")) as other:

        def end(_info: object, _data: object) -> None:
            router.disconnect()
            done.set()

        router.addListener(end, "north/h/temp", "#connect")
        router.connect()
        _offer(other)
        happens(done)
    until(lambda: threading.active_count() == before)


def test_the_end_is_told(house: Routers) -> None:
    """Whoever leaves the fleet does not know any more who is there."""
    heard = Heard()
    with FleetRouter(house.settings(), gateway=NORTH) as theirs:
        _offer(theirs)
        router = FleetRouter(house.settings())
        router.addListener(heard, "north/g/temp")
        for _ in range(2):
            with router:
                pass
    assert [event for _, event, _ in heard.all] == [sig.EVENT_CONNECT, sig.EVENT_DISCONNECT] * 2
    assert router.gateways() == {}


def test_zenoh_is_imported_when_it_is_needed() -> None:
    """A gateway without a fleet does without it, and without all of this."""
    program = "import sys, gateway.fleet; print(gateway.fleet.FleetRouter, 'zenoh' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "<class 'gateway.fleet.router.FleetRouter'> False\n"
    with pytest.raises(AttributeError, match="no attribute 'Fleet'"):
        _ = sys.modules["gateway.fleet"].Fleet
