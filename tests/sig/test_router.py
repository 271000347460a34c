"""Router, Sender and Signal inside one process."""

from __future__ import annotations

import gc
import importlib.metadata
import sys
import threading
from typing import Any

import pytest

import sig
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.netkit import Logged, signal_of

Heard = list[tuple[str, str, str, Any]]


class Recorder:
    """Makes listeners that note what they hear, in one list."""

    def __init__(self) -> None:
        self.heard: Heard = []

    def listener(self, name: str) -> Any:
        def listen(info: dict[str, Any], data: Any) -> None:
            self.heard.append((name, info["sender"], info["event"], data))

        return listen


@pytest.fixture
def router() -> sig.Router:
    """An empty router."""
    return sig.Router()


@pytest.fixture
def recorder() -> Recorder:
    """A recorder that has heard nothing yet."""
    return Recorder()


def trigger(router: sig.Router, sender: str, event: str, data: Any = None) -> None:
    found = router.getSender(sender)
    assert found is not None
    signal = signal_of(found, event)
    signal.trigger(data)


def test_order_of_the_four_kinds(router: sig.Router, recorder: Recorder) -> None:
    """Router broadcast, sender broadcast, channel, specific; each in order of subscription."""
    for number in "12":
        router.addListener(recorder.listener("specific" + number), "temp", "#changed")
        router.addListener(recorder.listener("channel" + number), event="#changed")
        router.addListener(recorder.listener("sender" + number), "temp")
        router.addListener(recorder.listener("router" + number))
    router.addSender("temp", "#changed")
    recorder.heard.clear()
    trigger(router, "temp", "#changed")
    assert [each[0] for each in recorder.heard] == [
        kind + number for kind in ("router", "sender", "channel", "specific") for number in "12"
    ]


def test_an_event_without_hash_is_no_channel(router: sig.Router, recorder: Recorder) -> None:
    """Subscribing to a plain event of any sender receives nothing."""
    router.addListener(recorder.listener("x"), event="cold")
    router.addSender("temp", ["cold"])
    trigger(router, "temp", "cold")
    assert recorder.heard == []


def test_a_subscription_survives_reconnects(router: sig.Router, recorder: Recorder) -> None:
    """Made before the sender exists, it is there after any number of reconnects."""
    router.addListener(recorder.listener("x"), "temp", "hot")
    for number in range(3):
        sender = router.addSender("temp", ["hot"])
        trigger(router, "temp", "hot", number)
        assert sender.remove()
    assert [each[3] for each in recorder.heard] == [0, 1, 2]


def test_connect_and_disconnect_tell_events_and_requests(router: sig.Router) -> None:
    """Their data names the events, the built-in ones first, as pysig does, and the methods."""
    heard: list[Any] = []
    router.addListener(lambda info, data: heard.append((info["event"], data)), event=sig.EVENT_CONNECT)
    router.addListener(lambda info, data: heard.append((info["event"], data)), "temp", sig.EVENT_DISCONNECT)
    router.addSender("temp", ["#changed", "hot", "hot"], {"read": print, None: print})
    router.removeSender("temp")
    router.addSender("silent", None, {"read": print})
    router.addSender("deaf", "x")
    data = {"events": ["#connect", "#disconnect", "#changed", "hot"], "requests": ["read", None]}
    assert heard == [
        (sig.EVENT_CONNECT, data),
        (sig.EVENT_DISCONNECT, data),
        (sig.EVENT_CONNECT, {"events": ["#connect", "#disconnect"], "requests": ["read"]}),
        (sig.EVENT_CONNECT, {"events": ["#connect", "#disconnect", "x"], "requests": None}),
    ]


def test_listening_to_an_undeclared_event_of_a_connected_sender(router: sig.Router) -> None:
    """False, and nothing is kept."""
    sender = router.addSender("temp", ["hot"])
    assert router.addListener(print, "temp", "wet") is False
    assert sender.countListeners() == 0
    assert router.addListener(print, "temp", sig.EVENT_DISCONNECT) is True


def test_a_dormant_listener_is_kept(
    router: sig.Router, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    """A listener that waits for what the sender does not declare is warned of, kept, and served later."""
    sig.setup_logger(sig.SimpleLogger())
    router.addListener(recorder.listener("x"), "temp", "wet")
    router.addSender("temp", ["hot"]).remove()
    assert "listeners wait for 'wet' of 'temp'" in capsys.readouterr().out
    router.addSender("temp", ["wet"])
    trigger(router, "temp", "wet")
    assert len(recorder.heard) == 1


def test_remove_listener(router: sig.Router, recorder: Recorder) -> None:
    """Each kind can be removed, once for each time it was added; otherwise False."""
    listener = recorder.listener("x")
    kinds: list[tuple[str | None, str | None]] = [("temp", "hot"), ("temp", None), (None, None), (None, "#c")]
    for sender, event in kinds:
        assert router.removeListener(listener, sender, event) is False
        router.addListener(listener, sender, event)
        router.addListener(listener, sender, event)
        assert router.removeListener(listener, sender, event) is True
        assert router.removeListener(print, sender, event) is False
        assert router.removeListener(listener, sender, event) is True
        assert router.removeListener(listener, sender, event) is False
    assert router.listSenders() == []


def test_adding_a_sender_wrongly(router: sig.Router) -> None:
    """ValueError, TypeError and NameError, as documented, and no trace of it."""
    for name, events in (("", "e"), (None, "e"), ("x", []), ("x", None), ("x", [""])):
        with pytest.raises(ValueError, match=r"needs"):
            router.addSender(name, events)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a string"):
        router.addSender("x", [1])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="not callable"):
        router.addSender("x", "e", {"m": 5})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="callable"):
        router.addListener(5)  # type: ignore[arg-type]
    assert router.listSenders() == []
    router.addSender("x", "e")
    with pytest.raises(NameError, match="connected already"):
        router.addSender("x", "e")


def test_removing_a_sender(router: sig.Router) -> None:
    """By name or itself; False if it is not connected, ValueError for None."""
    sender = router.addSender("x", "e")
    assert router.removeSender("x") is True
    assert router.removeSender("x") is False
    assert router.removeSender(sender) is False
    assert router.removeSender("nobody") is False
    with pytest.raises(ValueError, match=r"^which sender to remove\? Pass it, or its name, not None$"):
        router.removeSender(None)  # type: ignore[arg-type]


def test_get_sender(router: sig.Router) -> None:
    """A sender exists once it was added or listened to, or is asked to be created."""
    assert router.getSender("a") is None
    created = router.getSender("a", create=True)
    assert created is not None
    assert not created.isConnected()
    router.addListener(print, "a")
    router.removeListener(print, "a")
    assert router.getSender("a") is created
    router.addListener(print, "b")
    b = router.getSender("b")
    assert b is not None
    assert (b.getName(), b.getRouter(), b.isConnected()) == ("b", router, False)
    assert router.addSender("b", "e") is b
    b.remove()
    assert router.getSender("b") is b


def test_events_are_in_the_order_of_the_last_connect(router: sig.Router) -> None:
    """Whatever it declared before, and what somebody listens to."""
    router.getSender("temp", create=True).getEvent("hot", create=True)
    sender = router.addSender("temp", ["#changed", "#late", "hot"])
    assert sender.getEvents() == ["#changed", "#late", "hot"]
    sender.remove()
    assert sender.getEvents() == []
    router.addSender("temp", ["#changed", "dry", "#late", "#connect", "dry"])
    assert sender.getEvents() == ["#changed", "dry", "#late"]


def test_sender_methods(router: sig.Router, recorder: Recorder) -> None:
    """Listening through the sender is the same as through the router."""
    sender = router.addSender("temp", ["#changed", "hot"], {"read": lambda params: params})
    assert not sender.hasListeners()
    one, all_of_it = recorder.listener("one"), recorder.listener("all")
    assert sender.addListener(one, "hot")
    assert sender.addListener(all_of_it)
    assert (sender.countListeners(), sender.countListeners("hot"), sender.countListeners("x")) == (2, 1, 0)
    assert sender.hasListeners("hot")
    assert sender.getEvents() == ["#changed", "hot"]
    assert sender.getSignal("cold") is None
    trigger(router, "temp", "hot")
    assert [each[0] for each in recorder.heard] == ["all", "one"]
    assert sender.removeListener(one, "hot")
    assert sender.removeListener(all_of_it)
    assert not sender.hasListeners()
    assert "temp" in repr(sender)


def test_requests(router: sig.Router) -> None:
    """Own handler, default handler, and each error."""
    sender = router.addSender("a", [], {"double": lambda params: 2 * params})
    assert router.request("a", "double", 4) == sender.request("double", 4) == 8
    with pytest.raises(sig.UnknownMethod, match="it has: double"):
        router.request("a", "half")
    with pytest.raises(ValueError, match="method"):
        router.request("a", None)  # type: ignore[arg-type]
    router.addSender("deaf", "e")
    with pytest.raises(sig.UnknownMethod, match="answers no requests"):
        router.request("deaf", "x")
    sender.remove()
    with pytest.raises(sig.NotConnected):
        router.request("a", "double", 4)
    with pytest.raises(sig.UnknownSender):
        router.request("nobody", "double", 4)
    router.addSender("a", "e")
    with pytest.raises(LookupError):
        router.request("a", "double", 4)


def test_a_kept_signal(router: sig.Router, recorder: Recorder) -> None:
    """It reaches nobody while the sender is not connected or does not declare it, and works again later."""
    router.addListener(recorder.listener("x"), "temp", "hot")
    router.addListener(recorder.listener("x"), "temp", "hot")
    sender = router.addSender("temp", ["hot"])
    kept = signal_of(sender, "hot")
    assert kept is sender.getSignal("hot")
    assert (kept.getSender(), kept.getEvent()) == ("temp", "hot")
    sender.remove()
    kept.trigger(1)
    assert sender.getSignal("hot") is None
    router.addListener(recorder.listener("y"))
    router.addSender("temp", ["cold"])
    kept.trigger(2)
    sender.remove()
    router.addSender("temp", ["hot"])
    recorder.heard.clear()
    kept.trigger(3)
    assert recorder.heard == [("y", "temp", "hot", 3), ("x", "temp", "hot", 3), ("x", "temp", "hot", 3)]


def test_a_listener_that_raises(
    router: sig.Router, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is logged with its traceback, and stops neither the others nor the trigger's caller."""
    sig.setup_logger(sig.SimpleLogger())

    def broken(info: dict[str, Any], data: Any) -> None:
        raise ZeroDivisionError("on purpose")

    router.addListener(broken)
    router.addListener(recorder.listener("x"))
    router.addSender("a", "e")
    printed = capsys.readouterr().out
    assert "in broken" in printed
    assert "on purpose" in printed
    assert [each[2] for each in recorder.heard] == ["#connect"]


def test_a_logger_that_raises(router: sig.Router, capsys: pytest.CaptureFixture[str]) -> None:
    """Even then a trigger comes back."""

    class Broken(sig.SimpleLogger):
        def error(self, text: str, *args: Any) -> None:
            raise OSError("disk full", text, args)

    sig.setup_logger(Broken())
    router.addListener(lambda info, data: 1 / 0)
    router.addSender("a", "e")
    assert "disk full" in capsys.readouterr().err


def test_info_is_not_shared_between_triggers(router: sig.Router) -> None:
    """What a listener does to info is seen within the trigger, not in the next one."""
    seen: list[dict[str, Any]] = []

    def spoil(info: dict[str, Any], data: Any) -> None:
        seen.append(dict(info))
        info.clear()

    sender = router.addSender("a", "e")
    router.addListener(spoil, "a", "e")
    signal = signal_of(sender, "e")
    signal.trigger()
    signal.trigger()
    assert seen == [{"sender": "a", "event": "e"}] * 2


def test_listeners_may_do_anything(router: sig.Router, recorder: Recorder) -> None:
    """Adding, removing, triggering, requesting and removing the sender, all from inside a listener."""
    late = recorder.listener("late")

    def busy(info: dict[str, Any], data: Any) -> None:
        router.removeListener(busy, "a", "e")
        router.addListener(late, "a", "e")
        recorder.heard.append(("busy", *router.request("a", "m"), data))
        trigger(router, "a", "e", data + 1)
        router.removeSender("a")

    router.addListener(busy, "a", "e")
    router.addSender("a", "e", {"m": lambda params: ("x", "y")})
    trigger(router, "a", "e", 1)
    assert recorder.heard == [("busy", "x", "y", 1), ("late", "a", "e", 2)]


def test_nested_lifecycle_events_keep_their_order(router: sig.Router) -> None:
    """A sender added back by a listener of its #disconnect: everybody sees #disconnect first."""
    first: list[str] = []
    second: list[str] = []

    def add_back(info: dict[str, Any], data: Any) -> None:
        first.append(info["event"])
        if info["event"] == sig.EVENT_DISCONNECT and len(first) < 4:
            router.addSender("a", "e")

    router.addListener(add_back, "a")
    router.addListener(lambda info, data: second.append(info["event"]), "a")
    router.addSender("a", "e").remove()
    assert first == second == ["#connect", "#disconnect", "#connect"]


def test_replacing_the_classes(router: sig.Router) -> None:
    """At construction, on the router later, and signal and event on one sender."""

    class MySender(sig.Sender):
        pass

    class MyEvent(sig.Event):
        pass

    class Stamped(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            super().trigger(data, {"stamp": 1, "sender": "never overridden", **(info or {})})

    class Doubling(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            super().trigger(2 * data if isinstance(data, int) else data, info)

    router = sig.Router(MySender, Stamped, MyEvent)
    heard: list[Any] = []
    router.addListener(lambda info, data: heard.append((info, data)))
    sender = router.addSender("a", "e")
    assert type(sender) is MySender
    assert type(sender.event("e")) is MyEvent
    assert heard[0][0] == {"stamp": 1, "sender": "a", "event": "#connect"}
    trigger(router, "a", "e", 1)
    router.class_signal = Doubling
    sender.remove()
    router.addSender("a", "e")
    trigger(router, "a", "e", 1)
    sender.class_signal = Stamped
    sender.remove()
    router.addSender("a", "e")
    trigger(router, "a", "e", 1)
    assert [(info, data) for info, data in heard if info["event"] == "e"] == [
        ({"stamp": 1, "sender": "a", "event": "e"}, 1),
        ({"sender": "a", "event": "e"}, 2),
        ({"stamp": 1, "sender": "a", "event": "e"}, 1),
    ]


def test_a_sender_that_was_added_stays_known(router: sig.Router) -> None:
    """Removed, and with nobody who listens to it any more; one that was only listened to does not."""
    sender = router.addSender("added", "e")
    sender.remove()
    for name in ("added", "awaited"):
        router.addListener(print, name, "e")
        router.removeListener(print, name, "e")
    assert router.getSender("added") is sender
    assert router.getSender("awaited") is None


def test_a_trigger_that_is_overridden_and_fails_at_connect(router: sig.Router) -> None:
    """The sender is connected all the same, and the next event of its life is delivered."""

    class Failing(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            raise RuntimeError("no", data, info)

    router.class_signal = Failing
    texts: list[str] = []
    logger = sig.SimpleLogger()
    logger.error = lambda text, *_: texts.append(text)  # type: ignore[method-assign]
    sig.setup_logger(logger)
    sender = router.addSender("a", "e")
    assert sender.isConnected()
    assert [text.splitlines()[0] for text in texts] == ["'#connect' of 'a' was not delivered"]
    router.class_signal = sig.Signal
    heard: list[Any] = []
    router.addListener(lambda info, data: heard.append(info["event"]), "a")
    sender.remove()
    assert heard == ["#disconnect"]


def test_printing_a_router(router: sig.Router) -> None:
    """Senders, whether connected, their events, their listeners."""
    router.addSender("temp", ["#changed", "hot"])
    router.addListener(print, "temp", "hot")
    router.addListener(print, "garden", "wet")
    router.addListener(print, event="#changed")
    router.addListener(print, "temp", "#connect")
    assert str(router) == (
        "Router: 2 senders\n"
        "  listeners to everything: 0\n"
        "  channel #changed: 1 listeners\n"
        "  temp (connected): 0 listeners to all\n"
        "    #connect: 1 listeners\n"
        "    #changed: 0 listeners\n"
        "    hot: 1 listeners\n"
        "  garden (disconnected): 0 listeners to all\n"
        "    wet (not declared): 1 listeners"
    )


def test_a_finalizer_may_unsubscribe(router: sig.Router) -> None:
    """Garbage may be collected in the middle of the router's own work: no deadlock, nothing stale."""

    class Owner:
        def __init__(self) -> None:
            self.me = self
            self.listener = lambda info, data: heard.append(data)
            router.addListener(self.listener, "a", "e")

        def __del__(self) -> None:
            router.removeListener(self.listener, "a", "e")

    heard: list[Any] = []
    router.addSender("a", "e")
    threshold = gc.get_threshold()
    try:
        gc.set_threshold(1)
        for number in range(50):
            Owner()
            trigger(router, "a", "e", number)
            router.addListener(print, "other", str(number))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    heard.clear()
    trigger(router, "a", "e")
    assert heard == []


def test_a_listener_that_exits(capsys: pytest.CaptureFixture[str]) -> None:
    """`sys.exit()` in one is logged like anything else it raises, and the others are called."""
    sig.setup_logger(sig.SimpleLogger())
    router = sig.Router()
    heard = []

    def leaves(_info: object, _data: object) -> None:
        sys.exit(3)

    router.addListener(leaves, "s", "e")
    router.addListener(leaves, "s", "#connect")
    router.addListener(lambda _info, data: heard.append(data), "s", "e")
    signal_of(router.addSender("s", ["e"]), "e").trigger(1)
    assert heard == [1]
    router.addListener(leaves, "t", "e")
    signal_of(router.addSender("t", ["e"]), "e").trigger(1)
    assert capsys.readouterr().out.count("SystemExit: 3") == 3


def test_a_listener_that_is_interrupted() -> None:
    """Ctrl-C is the program's, and reaches who triggered."""
    router = sig.Router()

    def interrupted(_info: object, _data: object) -> None:
        raise KeyboardInterrupt

    router.addListener(interrupted, "s", "e")
    signal = signal_of(router.addSender("s", ["e"]), "e")
    with pytest.raises(KeyboardInterrupt):
        signal.trigger()


def test_a_sender_of_another_router() -> None:
    """It is not taken for one's own of the same name, neither to remove nor to ask."""
    one, other = sig.Router(), sig.Router()
    mine = one.addSender("s", ["e"], {"m": lambda _params: "mine"})
    theirs = other.addSender("s", ["e"], {"m": lambda _params: "theirs"})
    with pytest.raises(sig.UnknownSender, match="the sender 's' belongs to another router"):
        one.removeSender(theirs)
    with pytest.raises(sig.UnknownSender, match="belongs to another router"):
        one.request(theirs, "m")
    assert mine.isConnected()
    assert theirs.isConnected()
    assert one.request(mine, "m") == "mine"


def test_a_logger_runs_without_the_lock() -> None:
    """Another thread may use a server's router while the log is told what is new, and who waits in vain."""
    router = sig.ServerRouter(CarrierTCPServer())

    class Asks:
        def warning(self, text: str) -> None:
            thread = threading.Thread(target=lambda: answers.append((text, len(router.listSenders()))))
            thread.start()
            thread.join(20)

        trace = debug = info = error = critical = warning

    answers: list[tuple[str, int]] = []
    sig.setup_logger(Asks())
    router.addListener(lambda _info, _data: None, "s", "never")
    router.addSender("s", ["e"])
    found = router.getSender("t", create=True)
    assert found is not None
    found.getEvent("f", create=True)
    assert answers == [
        ("sender 's' created", 1),
        ("event 'never' created for sender 's'", 1),
        ("event '#connect' created for sender 's'", 1),
        ("event '#disconnect' created for sender 's'", 1),
        ("event 'e' created for sender 's'", 1),
        ("listeners wait for 'never' of 's', which it does not declare", 1),
        ("sender 't' created", 2),
        ("event 'f' created for sender 't'", 2),
    ]


def test_events_of_a_sender(router: sig.Router) -> None:
    """`getEvent` finds what was declared or listened to, and makes others only if asked to."""
    sender = router.addSender("temp", ["#changed", "hot"])
    router.addListener(print, "temp", "hot")
    hot, changed = sender.getEvent("hot"), sender.getEvent("#changed")
    assert hot is not None
    assert changed is not None
    assert (hot.getName(), hot.getSender(), hot.getListeners()) == ("hot", sender, [print])
    assert (hot.isChannel(), changed.isChannel()) == (False, True)
    assert (hot.hasListeners(), changed.hasListeners(), hot.countListeners()) == (True, False, 1)
    hot.getListeners().clear()
    assert sender.countListeners("hot") == 1
    assert sender.getEvent("wet") is None
    wet = sender.getEvent("wet", create=True)
    assert wet is sender.getEvent("wet") is sender.getEvent("wet", create=True)
    assert sender.getSignal("wet") is None
    assert sender.getEvents() == ["#changed", "hot"]
    for name in ("", None):
        with pytest.raises(ValueError, match="an event needs a name"):
            sender.getEvent(name, create=True)  # type: ignore[arg-type]


def test_names_as_in_pysig() -> None:
    """A script may ask for the version, and for what makes a channel."""
    assert sig.VERSION == "0.7.3"
    assert sig.CHANNEL_DECORATOR == "#"
    assert sig.__version__ == importlib.metadata.version("sig-gateway")
    with pytest.raises(AttributeError, match="module 'sig' has no attribute 'wersion'"):
        sig.wersion  # noqa: B018


def test_names_that_are_none_are_told_what_of() -> None:
    """Wherever a sender or an event may be named."""
    router = sig.Router()
    for make in (
        lambda: router.getSender("", create=True),
        lambda: router.addSender("", ["e"]),
        lambda: router.addListener(print, "", "e"),
    ):
        with pytest.raises(ValueError, match=r"^a sender needs a name"):
            make()
    with pytest.raises(ValueError, match=r"^an event needs a name"):
        router.addSender("temp", [""])
    with pytest.raises(sig.UnknownSender, match=r"^there is no sender 'temp'$"):
        router.request("temp", "read")


def test_a_sender_is_made_once() -> None:
    """Asked for again it is the same, and what was asked for is kept when nobody listens any more."""
    router = sig.Router()
    temp = router.getSender("temp", create=True)
    assert router.getSender("temp", create=True) is temp
    assert router.addListener(print, "temp")
    assert router.removeListener(print, "temp")
    assert router.getSender("temp") is temp


def test_of_a_sender_the_log_warns_of_what_it_does_not_declare(logged: Logged) -> None:
    """Not of what nobody waits for."""
    router = sig.Router()
    router.addListener(print, "temp", "wet")
    router.addSender("temp", ["hot"]).getEvent("cold", create=True)
    assert "'wet'" in logged.wait_for("listeners wait for")
    router.removeSender("temp")
    router.addSender("temp", ["wet"])
    assert not [text for text in list(logged.texts.queue) if "listeners wait for" in text]


def test_whether_all_have_heard_of_a_sender() -> None:
    """Not before #connect has been delivered."""
    router = sig.Router()
    told: list[bool] = []
    router.addListener(lambda _info, _data: told.append(router.is_told("temp")), "temp", "#connect")
    assert router.is_told("temp")
    router.addSender("temp", ["hot"])
    assert told == [False]
    assert router.is_told("temp")
    assert router.is_told("other")
