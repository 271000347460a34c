"""Commands with `--connect fleet:…`, in this process, over a real router."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.fleet import FleetRouter, Gateway
from tests.support.fleet_routers import Routers, routers
from tests.support.ports import free_port
from tests.support.waiting import until

READING = {"value": 1.5, "unit": "C", "time": "2026-01-01T00:00:00.000Z", "quality": "good", "seq": 1}
HISTORY = {
    "sender": "temp",
    "unit": "C",
    "since": "2026-01-01T00:00:00.000Z",
    "until": "2026-01-02T00:00:00.000Z",
    "first": "2026-01-01T00:00:00.000Z",
    "points": [
        {"time": "2026-01-01T00:00:00.000Z", "value": 1.5, "min": 1.0, "max": 2.0, "mean": 1.5, "count": 3}
    ],
    "gaps": [],
}


@pytest.fixture(scope="module")
def house() -> Iterator[Routers]:
    """One router; a gateway that is well and has a history, one that is not, and a script."""
    ill = {"a": {"status": "failing", "message": "it burns"}, "b": {"status": "ok", "message": "fine"}}
    well = {"a": {"status": "ok", "message": "fine"}}
    with routers(1) as made:
        settings = made.settings()
        with (
            FleetRouter(settings, gateway=Gateway("north", "g")) as first,
            FleetRouter(settings, gateway=Gateway("south", "g")) as second,
            FleetRouter(settings, gateway=Gateway("south", "script")) as script,
        ):
            first.addSender("temp", ["#changed"], {"read": lambda params: params, "info": lambda _params: {}})
            for router, parts in ((first, well), (second, ill)):
                status = "ok" if parts is well else "failing"
                answer = {"status": status, "parts": parts}
                requests: dict[str | None, Any] = {"health": lambda _params, answer=answer: answer}
                if router is first:
                    requests["history"] = lambda _params: HISTORY
                router.addSender("%24gateway", None, requests)
            script.addSender("hum", ["#changed"])
            yield made


def _url(house: Routers) -> str:
    return f"fleet:{house.urls[0]}"


def test_senders(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """Of all gateways."""
    assert main(["senders", "--json", "--connect", _url(house)]) == 0
    found = {entry["sender"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert found["north/g/temp"]["connected"]
    assert found["south/script/hum"]["events"] == ["#changed"]
    assert main(["senders", "--connect", _url(house)]) == 0
    assert "south/script/hum" in capsys.readouterr().out


def test_read_and_request(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """One sender's; `fleet:` alone takes the routers of the environment."""
    assert main(["read", "north/g/temp", "--max-age", "5", "--connect", _url(house)]) == 0
    assert json.loads(capsys.readouterr().out) == {"max_age": 5.0}
    assert main(["request", "north/g/nobody", "read", "--connect", _url(house)]) == 1
    assert "error: unknown_sender: there is no sender 'nobody'" in capsys.readouterr().err


def test_routers_of_the_environment(
    house: Routers, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without `--connect fleet:`."""
    monkeypatch.setenv("SIG_GATEWAY_CONNECT", _url(house))
    assert main(["read", "north/g/temp"]) == main(["read", "north/g/temp", "--connect", "fleet:"]) == 0
    assert capsys.readouterr().out == "null\nnull\n"


def test_watch(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """What a pattern stands for; and that nobody is there."""
    done = threading.Event()
    codes: list[int] = []

    def watch() -> None:
        codes.append(main(["watch", "west/*/*", "#changed", "--count", "1", "--connect", _url(house)]))
        done.set()

    thread = threading.Thread(target=watch, name="watch", daemon=True)  # it waits for ever if this fails
    thread.start()
    with FleetRouter(house.settings(), gateway=Gateway("west", "g")) as router:
        signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
        assert signal is not None
        while not done.wait(0.05):
            signal.trigger(READING)
    thread.join()
    shown = capsys.readouterr()
    assert codes == [0]
    assert shown.out.split() == ["2026-01-01", "00:00:00", "west/g/temp", "#changed", "1.5", "C"]
    assert "nobody is there now that west/*/* stands for" in shown.err or "west/g/temp" in shown.out
    assert "does not have the event" not in shown.err
    assert "disconnected" not in shown.err


def test_watch_of_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Says so, and waits: an event that nobody has is none to wonder at. That no router is there, and that
    one is again, is said, too."""
    with routers(1) as made:
        codes: list[int] = []
        done = threading.Event()

        def watch() -> None:
            codes.append(main(["watch", "north/g/temp", "#changed", "--count", "1", "--connect", _url(made)]))
            done.set()

        def says(text: str) -> None:
            said: list[str] = []

            def heard() -> bool:
                said.append(capsys.readouterr().err)
                return "\n" in "".join(said) or done.is_set()

            until(heard, what=text)
            assert "".join(said) == f"sig-gateway: {text}\n"

        thread = threading.Thread(target=watch, name="watch", daemon=True)  # it waits for ever if this fails
        thread.start()
        says("no gateway is there; waiting")
        made.kill(0)
        says("no router of the fleet is there now; trying again until one is")
        made.start(0)
        says("the fleet is back")
        with FleetRouter(made.settings(), gateway=Gateway("north", "g")) as router:
            signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
            assert signal is not None
            while not done.wait(0.05):
                signal.trigger(READING)
        thread.join()
    assert codes == [0]


def test_health(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """The ill parts, and a line for each that is well."""
    assert main(["health", "--json", "--connect", _url(house)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "failing"
    parts = {name: part["message"] for name, part in report["parts"].items() if not name.startswith("west")}
    assert parts == {
        "north/g": "all 1 parts are well",
        "south/g a": "it burns",
        "south/script": "a program that offers senders, and has no health",
    }


def test_history(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """As its gateway has it; a script has none."""
    assert main(["history", "north/g/temp", "--format", "csv", "--connect", _url(house)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "2026-01-01T00:00:00.000Z,1.5,1.0,2.0,1.5,3"
    assert main(["history", "north/g/temp", "--format", "json", "--connect", _url(house)]) == 0
    assert json.loads(capsys.readouterr().out)["sender"] == "north/g/temp"
    assert main(["history", "south/script/hum", "--connect", _url(house)]) == 1
    assert "south/script keeps no history" in capsys.readouterr().err


def test_a_gateway_that_is_not_there(house: Routers, capsys: pytest.CaptureFixture[str]) -> None:
    """It may have been stopped, or be misspelt; the others are listed."""
    assert main(["read", "north/h/temp", "--connect", _url(house)]) == 1
    said = capsys.readouterr().err
    assert "north/h in the fleet now: it was stopped, or has never been there; `sig-gateway senders`" in said


def test_nobody_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Is said by each command, and on standard output is what there is."""
    with routers(1) as made:
        url = _url(made)
        assert main(["senders", "--json", "--connect", url]) == 0
        assert capsys.readouterr() == ("[]\n", "sig-gateway: no gateway is there\n")
        assert main(["senders", "--connect", url]) == 0
        assert capsys.readouterr() == ("no senders\n", "sig-gateway: no gateway is there\n")
        for arguments in (["read", "north/g/temp"], ["history", "north/g/temp"]):
            assert main([*arguments, "--connect", url]) == 1
            assert capsys.readouterr().err == "error: unknown_sender: no gateway is there\n"
        assert main(["health", "--json", "--connect", url]) == 1
        assert json.loads(capsys.readouterr().out)["parts"]["fleet"]["message"] == "no gateway is there"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["read", "temp", "--connect", "fleet:tcp://localhost"], "site/gateway/sender"),
        (["read", "north/*/temp", "--connect", "fleet:tcp://localhost"], "expected one sender"),
        (["read", "a/b/c", "--connect", "fleet:"], "expected fleet:tls://HOST"),
        (["read", "a/b/c", "--connect", "fleet:", "--tls-dir", "x"], "routers, got 'fleet:'; fleet: alone"),
        (
            ["read", "a/b/c", "--connect", "fleet:tls://h?x=1", "--tls-dir", "x"],
            "'fleet:tls://h?x=1': expected",
        ),
        (["read", "a/b/c", "--connect", "fleet:tcp://far.example"], "without TLS"),
        (["read", "a/b/c", "--connect", "fleet:tls://hub"], "who are we?"),
        (["read", "a/b/c", "--connect", "fleet:tls://hub?ca=x"], "no file x"),
        (["read", "a/b/c", "--connect", "fleet:tls://hub?x=1"], "expected ca, cert and key"),
        (["read", "a/b/c", "--connect", "fleet:tls://hub?x"], "expected fleet:ROUTERS"),
        (["read", "a/b/c", "--connect", "fleet:tls://hub", "--tls-dir", "/x"], "no file /x/ca.pem; `sig-gat"),
        (
            ["read", "a/b/c", "--connect", "fleet:tls://hub", "--tls-dir", "x"],
            f"no file x/ca.pem in {Path.cwd()}",
        ),
        (
            ["read", "a/b/c", "--connect", "fleet:tls://hub", "--tls-dir", "x"],
            "--tls-dir, or $SIG_GATEWAY_FLEET_",
        ),
        (["reload", "--connect", "fleet:tcp://localhost"], "for one gateway"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and what to write."""
    assert main(arguments) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", [["doctor"], ["capture", "board", "x"], ["history", "temp"]])
def test_a_fleet_of_the_environment_is_for_other_commands(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a config asks of that one's gateway; a fleet that was typed is refused, but for history."""
    monkeypatch.setenv("SIG_GATEWAY_CONNECT", "fleet:tcp://localhost")
    config = tmp_path / "none.yaml"
    assert main([*command, "-c", str(config)]) == (1 if command == ["doctor"] else 2)
    out, err = capsys.readouterr()
    assert f"{config}: no such file" in out + err
    assert main([*command, "-c", str(config), "--connect", "fleet:tcp://localhost"]) == 2
    said = "is called site/gateway/sender" if command[0] == "history" else "for one gateway, not for a fleet"
    assert said in " ".join(capsys.readouterr().err.split())


def test_certificates_belong_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All three files."""
    (tmp_path / "x").touch()
    assert main(["read", "a/b/c", "--connect", f"fleet:tls://hub?ca={tmp_path}/x"]) == 2
    assert "there is no cert" in capsys.readouterr().err


def test_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it looked, and what to start."""
    where = f"tcp://127.0.0.1:{free_port()}"
    assert main(["read", "a/b/c", "--connect", f"fleet:{where}"]) == 1
    said = f"{where}: connection refused: is `sig-gateway fleet-router` running there?"
    assert said in capsys.readouterr().err
