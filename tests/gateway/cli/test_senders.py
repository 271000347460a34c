"""The list of senders for people."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sig
from gateway.cli.senders import ask, print_table
from sig.carrier.local import LocalCarrier

LAST = {"value": 23.5, "unit": "°C", "time": "2020-11-22T06:30:00.123Z", "quality": "good", "seq": 7}
SAYS: dict[str, Any] = {"last": LAST, "quality": "good", "reason": None, "warning": None}

FOREIGN = "board 0002 answers where 0001 did; write identity: 0002"


@pytest.fixture
def house() -> Iterator[tuple[sig.ServerRouter, sig.ClientRouter]]:
    """A gateway's router, and a client of it."""
    server, carrier = LocalCarrier(), LocalCarrier()
    router = sig.ServerRouter(server)
    server.start("who is there", 1)
    client = sig.ClientRouter(carrier)
    assert carrier.connect("who is there", 1)
    yield router, client
    carrier.disconnect()
    server.stop()


def test_warnings_are_those_of_info(house: tuple[sig.ServerRouter, sig.ClientRouter]) -> None:
    """None where there is none, where `info` is older or not there, and where its answer makes no sense."""
    router, client = house
    asked: list[str] = []

    def info(sender: str, answer: object) -> Callable[[object], object]:
        def respond(_params: object) -> object:
            asked.append(sender)
            return answer

        return respond

    for name, answer in [
        ("foreign", {"kind": "temperature", "warning": FOREIGN}),
        ("fine", {"kind": "temperature", "warning": None}),
        ("older", {"kind": "temperature"}),
        ("odd", ["warning"]),
        ("odder", {"warning": 5}),
    ]:
        router.addSender(name, ["#changed"], {"last": lambda _: LAST, "info": info(name, answer)})
    router.addSender("no info", ["#changed"], {"last": lambda _: None})
    router.addSender("no last", ["#changed"], {"info": info("no last", {"warning": "x"})})
    router.getSender("away", create=True)
    found = {sender.pop("sender"): sender for sender in ask(client)}
    assert {name: sender["warning"] for name, sender in found.items()} == {
        "foreign": FOREIGN,
        **dict.fromkeys(["fine", "older", "odd", "odder", "no info", "no last", "away"]),
    }
    assert asked == ["foreign", "fine", "older", "odd", "odder"]
    assert found["foreign"]["last"] == LAST
    assert found["fine"]["quality"] == "good"
    assert str(found["away"].pop("reason")).endswith("sender 'away' is not connected")
    nothing = dict.fromkeys(["last", "quality", "warning"])
    assert found["away"] == {"connected": False, "events": [], **nothing}


def test_who_never_had_a_value_is_stale(
    house: tuple[sig.ServerRouter, sig.ClientRouter], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason, as soon as the sensor knows it; below the table, too."""
    router, client = house
    for name, fault in [("a", "no field temprature"), ("b", None)]:
        router.addSender(
            name, ["#stale"], {"last": lambda _: None, "info": lambda _, fault=fault: {"fault": fault}}
        )
    found = ask(client)
    assert [(entry["last"], entry["quality"], entry["reason"]) for entry in found] == [
        (None, "stale", "no field temprature"),
        (None, None, None),
    ]
    print_table(found)
    _, first, second, below = capsys.readouterr().out.splitlines()
    assert first.split() == ["a", "yes", "-", "-", "stale", "#stale"]
    assert second.split() == ["b", "yes", "-", "-", "-", "#stale"]
    assert below == "! a: stale: no field temprature"


def test_slow_senders_do_not_hold_up_the_list(house: tuple[sig.ServerRouter, sig.ClientRouter]) -> None:
    """All of it is bounded together; a slow `info` takes no reading from others."""
    router, client = house
    release = threading.Event()
    router.addSender("a", ["#changed"], {"last": lambda _: LAST, "info": lambda _: release.wait(10)})
    router.addSender("b", ["#changed"], {"last": lambda _: LAST, "info": lambda _: {"warning": FOREIGN}})
    started = time.monotonic()
    found = ask(client, 0.3)
    release.set()
    assert time.monotonic() - started < 2
    assert [sender["last"] for sender in found] == [LAST, LAST]
    assert [sender["warning"] for sender in found] == [None, None]


def test_the_table_marks_warnings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the line of the sender, and in full below; into a pipe and on a terminal."""
    suspect = LAST | {"quality": "suspect"}
    temp = {"sender": "temp", "connected": True, "events": [], **SAYS, "last": suspect, "quality": "suspect"}
    temp["warning"] = f"{FOREIGN} \x1b["
    other = {"sender": "hum", "connected": True, "events": [], **SAYS}
    for terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda terminal=terminal: terminal)
        print_table([temp, other])
        _, first, second, below = capsys.readouterr().out.splitlines()
        assert "suspect !" in first
        assert "!" not in second
        assert below == rf"! temp: {FOREIGN} \x1b["


def test_a_pipe_gets_every_column_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each sender, however long its name is; nothing in it steers a terminal."""
    name = "a sensor in the far corner of the greenhouse \x1b[2J"
    print_table(
        [
            {
                "sender": name,
                "connected": True,
                "events": ["#changed", "#stale", "hot"],
                **SAYS,
            }
        ]
    )
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["sender", "connected", "last", "time", "quality", "events"]
    assert line.split("  ")[0] == name.replace("\x1b", r"\x1b")
    assert line.split()[-7:] == [
        "23.5",
        "°C",
        "2020-11-22T06:30:00.123Z",
        "good",
        "#changed",
        "#stale",
        "hot",
    ]


def test_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each sender: without today's date, and without the events where they have no room."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    today = LAST | {"time": time.strftime("%Y-%m-%dT06:30:00.123Z", time.gmtime())}
    short = {
        "sender": "light",
        "connected": True,
        "events": ["#changed", "#stale", "dark"],
        **SAYS,
        "last": today,
    }
    print_table([short])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["light", "yes", "23.5", "°C", "06:30:00Z", "good", "#changed", "#stale", "dark"]
    print_table([short, short | {"sender": "a sensor in the greenhouse", "last": LAST}])
    header, *lines = capsys.readouterr().out.splitlines()
    assert "events" not in header
    assert [line.split()[-2:] for line in lines] == [["06:30:00Z", "good"], [LAST["time"], "good"]]


def test_values_are_those_of_the_live_table_and_reasons_are_below(capsys: pytest.CaptureFixture[str]) -> None:
    """A calibration's digits that mean nothing are left out; what is no number stays."""
    blank = {"sender": "a", "connected": True, "events": [], "quality": None, "warning": None, "reason": None}
    values = {24.210526: "24.21 %", 0.0: "0 %", True: "True %", "x" * 9: f"{'x' * 9} %", 1013.25: "1013.25 %"}
    print_table([blank | {"last": LAST | {"value": value, "unit": "%"}} for value in values])
    for line, text in zip(capsys.readouterr().out.splitlines()[1:], values.values(), strict=True):
        assert f" {text} " in line
    print_table([blank | {"connected": False, "last": None, "reason": "'a' is not connected: link b: gone"}])
    assert capsys.readouterr().out.splitlines()[-1] == "! 'a' is not connected: link b: gone"
