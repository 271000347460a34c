"""Every example of the seed, in Python 3 with its missing lines filled in, prints what the seed prints."""

from __future__ import annotations

import logging
import textwrap
import threading
from typing import Any

import pytest

import sig
from sig.carrier.local import LocalCarrier
from tests.sig.netkit import WAIT_S


def run(script: str, **names: Any) -> dict[str, Any]:
    """Run a script as a user would, in a namespace of its own."""
    namespace: dict[str, Any] = dict(names)
    exec(compile(textwrap.dedent(script), "example", "exec"), namespace)  # noqa: S102 - the examples are scripts
    return namespace


SUBSCRIBE_BEFORE_CONNECT = """
    import sig

    # this function will be called when the sender connects or disconnects
    def listen_to_connect_disconnect(info, data):
        event = info.get("event")
        print("Sender connect/disconnect event, current state: ", end=" ")
        if event == sig.EVENT_CONNECT:
            print("connected")
        else:
            print("disconnected")

    # this is your callback function
    def listen_to_events(info, data):
        event = info.get("event")
        sender = info.get("sender")
        print("Received event '%s' from sender '%s' having data '%s'" % (event, sender, data))

    def print_sender_state():
        state = "connected" if router.getSender("my_sender").isConnected() else "disconnected"
        print("Sender state: %s" % state)

    # create router
    router = sig.Router()

    # register listener, even thouhg no sender is yet connected
    router.addListener(listen_to_events, "my_sender", "my_event_1")

    # register to connect and disconnect events
    router.addListener(listen_to_connect_disconnect, "my_sender", sig.EVENT_CONNECT)
    router.addListener(listen_to_connect_disconnect, "my_sender", sig.EVENT_DISCONNECT)

    print_sender_state()

    # create sender (connect event will be triggered)
    my_events = ["my_event_1", "my_event_2"]
    sender = router.addSender("my_sender", my_events)

    print_sender_state()

    # disconnect sender (disconnect event will be triggered)
    router.removeSender(sender)

    print_sender_state()

    # connect sender again (connect event will be triggered)
    sender = router.addSender("my_sender", my_events)

    print_sender_state()

    # trigger first event
    sender.getSignal("my_event_1").trigger()
"""

SUBSCRIBE_BEFORE_CONNECT_PRINTS = """\
Sender state: disconnected
Sender connect/disconnect event, current state:  connected
Sender state: connected
Sender connect/disconnect event, current state:  disconnected
Sender state: disconnected
Sender connect/disconnect event, current state:  connected
Sender state: connected
Received event 'my_event_1' from sender 'my_sender' having data 'None'
"""

ROUTER_BROADCAST = """
    import sig

    # this function will be called for any signal triggered
    def listen_to_any(info, data):
        event = info.get("event")
        sender = info.get("sender")

        if event == sig.EVENT_CONNECT:
            print("Sender '%s' is now connected" % (sender))
        elif event == sig.EVENT_DISCONNECT:
            print("Sender '%s' is now disconnected" % (sender))
        else:
            print("Sender '%s' triggered event '%s' with data '%s'" % (sender, event, data))

    # create router
    router = sig.Router()

    # register listener, even thouhg no sender is yet connected
    router.addListener(listen_to_any)

    # create sender (connect event will be triggered)
    my_events = ["my_event_1", "my_event_2"]
    sender = router.addSender("my_sender", my_events)

    # disconnect sender (disconnect event will be triggered)
    sender.remove()

    # connect sender again (connect event will be triggered)
    sender = router.addSender("my_sender", my_events)

    # connect another sender
    sender2 = router.addSender("my_second_sender", my_events)

    # trigger some events
    sender.getSignal("my_event_1").trigger()
    sender2.getSignal("my_event_2").trigger()
"""

ROUTER_BROADCAST_PRINTS = """\
Sender 'my_sender' is now connected
Sender 'my_sender' is now disconnected
Sender 'my_sender' is now connected
Sender 'my_second_sender' is now connected
Sender 'my_sender' triggered event 'my_event_1' with data 'None'
Sender 'my_second_sender' triggered event 'my_event_2' with data 'None'
"""

REQUESTS = """
    import sig

    class Weather:
            def getCurrentTemperature(self, params):
                    return "29.5"
            def isHot(self, params):
                    return True
            def isCold(self, params):
                    return False

    def default_request_handler(method, params):
            return "Unknown method %s (params: %s)" % (method, params)

    # create router
    router = sig.Router()

    # create Weather object
    weather = Weather()

    # construct supported requests
    requests = {
                    "temperature" : weather.getCurrentTemperature,
                    "ishot"  : weather.isHot,
                    "iscold" : weather.isCold,
                    # this handler is optional but when defined
                    # all unknown requests will be passed to this handler
                    None : default_request_handler
    }

    # create sender with support for requests
    sender = router.addSender("my_sender", ["weather_change"], requests= requests)

    # now we can request things from sender
    response = sender.request("temperature")
    print("temperature is now: %s" % (response))

    response = router.request("my_sender","ishot")
    print("Hot: %s" % (response))

    # request something unknown
    response = router.request("my_sender", "unknown_method", {"lorem" : "ipsum"})
    print(response)
"""

REQUESTS_PRINTS = """\
temperature is now: 29.5
Hot: True
Unknown method unknown_method (params: {'lorem': 'ipsum'})
"""


@pytest.mark.parametrize(
    ("script", "prints"),
    [
        (SUBSCRIBE_BEFORE_CONNECT, SUBSCRIBE_BEFORE_CONNECT_PRINTS),
        (ROUTER_BROADCAST, ROUTER_BROADCAST_PRINTS),
        (REQUESTS, REQUESTS_PRINTS),
    ],
    ids=["subscribe-before-connect", "router-broadcast", "requests"],
)
def test_a_whole_example_prints_what_the_seed_prints(
    script: str, prints: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The three examples that are whole programs."""
    run(script)
    assert capsys.readouterr().out == prints


def test_sender_broadcast(capsys: pytest.CaptureFixture[str]) -> None:
    """One subscription to a sender receives all of its events, told apart by info."""
    run("""
        import sig
        router = sig.Router()

        def listen_to_events(info, data):
            print(info["sender"], info["event"], data)

        # register to all events from this sender
        router.addListener(listen_to_events, "my_sender")

        sender = router.addSender("my_sender", ["my_event_1", "my_event_2"])
        router.addSender("other", "my_event_1").getSignal("my_event_1").trigger()
        sender.getSignal("my_event_2").trigger("x")
    """)
    assert capsys.readouterr().out == (
        "my_sender #connect {'events': ['#connect', '#disconnect', 'my_event_1', 'my_event_2'], "
        "'requests': None}\n"
        "my_sender my_event_2 x\n"
    )


CHANNELS_SERVER = """
    import sig
    carrier = Carrier()
    router = sig.ServerRouter(carrier)
    carrier.start("localhost", port)
"""

CHANNELS_SENSORS = """
    import sig
    carrier = Carrier()
    router = sig.ClientRouter(carrier)
    assert carrier.connect("localhost", port)
    temp = router.addRemoteSender("temp", ["#changed", "cold", "hot"])
    humidity = router.addRemoteSender("humidity", ["#changed", "dry", "wet"])
"""

CHANNELS_LISTENER = """
    import sig
    carrier = Carrier()
    router = sig.ClientRouter(carrier)
    assert carrier.connect("localhost", port)

    router.addRemoteListener(registered_three_times, "temp"    , "#changed")
    router.addRemoteListener(registered_three_times, "humidity", "#changed")
    router.addRemoteListener(registered_three_times, "light"   , "#changed")

    router.addRemoteListener(callback, event= "#changed")
    router.addRemoteListener(callback, None, "#changed")
    router.addRemoteListener(listen_for_connects, event= sig.EVENT_CONNECT)
    router.addRemoteListener(cold_of_anybody, event= "cold")
    router.addRemoteListener(changed_of_temp, "temp","#changed")
"""


def test_channels_over_a_network() -> None:
    """The channel examples, as three programs: keyword form, positional form, and what a channel is not."""
    heard: list[tuple[str, str, Any]] = []
    done = threading.Event()

    def note(kind: str) -> Any:
        def listener(info: dict[str, Any], data: Any) -> None:
            heard.append((kind, info["sender"], data))
            if data == "last" and kind == "three":
                done.set()

        return listener

    server = run(CHANNELS_SERVER, Carrier=LocalCarrier, port=5000)
    listener = run(
        CHANNELS_LISTENER,
        Carrier=LocalCarrier,
        port=5000,
        registered_three_times=note("three"),
        callback=note("channel"),
        listen_for_connects=note("connect"),
        cold_of_anybody=note("cold"),
        changed_of_temp=note("temp"),
    )
    sensors = run(CHANNELS_SENSORS, Carrier=LocalCarrier, port=5000)
    sensors["temp"].getSignal("cold").trigger(1)
    sensors["temp"].getSignal("#changed").trigger(2)
    sensors["humidity"].getSignal("#changed").trigger("last")
    assert done.wait(WAIT_S)
    for each in (sensors, listener):
        each["carrier"].disconnect()
    server["carrier"].stop()
    values = [(kind, data) for kind, sender, data in heard if kind != "connect"]
    assert [sender for kind, sender, _ in heard if kind == "connect"] == ["temp", "humidity"]
    assert values == [
        ("channel", 2),
        ("channel", 2),
        ("three", 2),
        ("temp", 2),
        ("channel", "last"),
        ("channel", "last"),
        ("three", "last"),
    ]


def test_a_request_to_nobody() -> None:
    """A request can only go to a sender that is there."""
    router = sig.Router()
    with pytest.raises(LookupError):
        router.request("my_sender", "getWeather")
    with pytest.raises(NameError):
        router.request("my_sender", "getWeather")


def test_an_unknown_method_without_a_default_handler() -> None:
    """Summary point 3: no generic method, LookupError; point 4: a handler's exception reaches the caller."""
    router = sig.Router()

    def fails(params: Any) -> None:
        raise RuntimeError("sensor is wet")

    router.addSender("my_sender", [], {"fails": fails})
    with pytest.raises(LookupError):
        router.request("my_sender", "unknown_method")
    with pytest.raises(RuntimeError, match="sensor is wet"):
        router.request("my_sender", "fails")


def test_the_default_handler_alone() -> None:
    """One may implement just the generic method."""
    router = sig.Router()
    router.addSender("my_sender", [], {None: lambda method, params: (method, params)})
    assert router.request("my_sender", "anything", 1) == ("anything", 1)


def test_a_standard_logger(caplog: pytest.LogCaptureFixture) -> None:
    """The first logging example: the standard library's logger."""
    logger = logging.getLogger("sig")
    sig.setup_logger(logger)
    router = sig.Router()
    router.addSender("my_sender", ["a"])
    with caplog.at_level(logging.WARNING, logger="sig"):
        assert router.addListener(print, "my_sender", "b") is False
    assert "does not declare the event 'b'" in caplog.text


def test_the_simple_logger(capsys: pytest.CaptureFixture[str]) -> None:
    """The second logging example, and the seed's glance of how the log looks."""
    logger = sig.SimpleLogger(tag="[sig]", level=sig.LOG_LEVELS.LEVEL_INFO)
    sig.setup_logger(logger)

    def connect() -> None:
        logger.info("[TCP_CL] Connecting to localhost:3000")

    connect()
    line = connect.__code__.co_firstlineno + 1
    assert capsys.readouterr().out == (
        f"[sig][{line:>4}][             connect][    info]-[TCP_CL] Connecting to localhost:3000\n"
    )
