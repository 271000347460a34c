"""Requests over MQTT: always answered, in both versions, and never in the way of events."""

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import sig
from gateway.mqtt.delivery import ANSWERS
from gateway.requests_pool import WAITING, WORKERS
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import happens, until

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def client(house: Any, mosquitto: Mosquitto, listen: Callable[..., Subscriber]) -> Subscriber:
    """A caller; the bridge is up."""
    seen = listen("sig/test/status", "sig/test/+/response/+", "sig/test/+/event/+", "answers/#")
    house.bridge(mosquitto.port, request_s=5.0)
    seen.on("sig/test/status", b"online")
    return seen


@pytest.fixture
def ask(client: Subscriber) -> Ask:
    """Sends a request with MQTT 5's response topic; returns the answer, with what came with it."""
    numbers = iter(range(1000))

    def request(method: str, payload: Any = b"", sender: str = "temp") -> dict[str, Any]:
        number = next(numbers)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = f"answers/{number}"
        properties.CorrelationData = b"c%d" % number
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        client.client.publish(f"sig/test/{sender}/request/{method}", data, 1, properties=properties)
        message = client.on(f"answers/{number}")
        assert getattr(message.properties, "CorrelationData", None) == b"c%d" % number
        assert not message.retain
        answer: dict[str, Any] = json.loads(message.payload)
        return answer

    return request


def test_ok(house: Any, ask: Ask) -> None:
    """The response, with the transaction if there was one."""
    house.add(read=house.read, echo=lambda params: params)
    assert ask("read")["response"]["quality"] == "good"
    assert ask("echo", {"a": [1, None], "transaction": "x1"}) == {
        "status": "ok",
        "response": {"a": [1, None]},
        "transaction": "x1",
    }
    assert ask("echo", {"transaction": 0}) == {"status": "ok", "response": None, "transaction": 0}
    assert ask("echo", [1, 2])["response"] == [1, 2]
    assert ask("echo", {})["response"] == {}


@pytest.mark.parametrize("version", [4, 5])
def test_without_a_response_topic(
    house: Any, mosquitto: Mosquitto, listen: Any, client: Subscriber, decoded: Any, version: int
) -> None:
    """The answer is on the sender's own topic."""
    house.add("a/b")
    old = listen("sig/test/a%2Fb/response/#", version=version)
    old.client.publish("sig/test/a%2Fb/request/read", '{"transaction": 7}', 1)
    answer = decoded(old.on("sig/test/a%2Fb/response/read"))
    assert (answer["status"], answer["transaction"]) == ("ok", 7)


def failing(error: Exception) -> Callable[[Any], Any]:
    def handler(_params: Any) -> Any:
        raise error

    return handler


def test_every_error(house: Any, ask: Ask) -> None:
    """Its type and its text."""
    sender = house.add(
        read=failing(sig.RequestTimeout("too slow")),
        odd=failing(KeyError("k")),
        bad=failing(sig.BadParams("celsius is missing")),
        unjson=lambda _: {1, 2},
    )

    def error(*request: Any, **more: Any) -> tuple[str, str]:
        answer = ask(*request, **more)
        assert answer.pop("status") == "error"
        return answer["error"], answer["message"]

    assert error("read", sender="nobody") == ("unknown_sender", "there is no sender 'nobody'")
    assert error("dance")[0] == "unknown_method"
    assert error("read") == ("timeout", "too slow")
    assert error("bad") == ("bad_params", "celsius is missing")
    assert error("odd") == ("failed", "KeyError: 'k'")
    assert error("read", b'{"max_age": ')[0] == "bad_params"
    assert error("read", b"\xff\xfe")[0] == "bad_params"
    assert error("read", b"[" * 100_000)[0] == "bad_params"
    assert error("read", b"NaN")[0] == "bad_params"
    assert ask("unjson")["response"] == "{1, 2}"
    sender.remove()
    assert error("read")[0] == "not_connected"


def test_a_handler_that_hangs(house: Any, ask: Ask) -> None:
    """`timeout`, as soon as the caller's own is over; its late answer is dropped."""
    release = threading.Event()
    house.add(hang=lambda _: release.wait(20))
    answer = ask("hang", {"timeout": 0, "transaction": 1})
    assert (answer["error"], answer["transaction"]) == ("timeout", 1)
    release.set()


def test_a_flood(house: Any, client: Subscriber, ask: Ask) -> None:
    """Beyond the bound `busy`, at once; every one is answered; events go on meanwhile."""
    release = threading.Event()
    started = threading.Event()

    def wait(_params: Any) -> bool:
        started.set()
        return release.wait(20)

    house.add(wait=wait)
    for number in range(200):
        client.client.publish("sig/test/temp/request/wait", json.dumps({"transaction": number}), 1)
    happens(started)
    topic = "sig/test/temp/response/wait"
    client.on(topic, count=180)
    house.trigger()
    client.on("sig/test/temp/event/changed")
    answers = [json.loads(payload) for payload in client.payloads(topic)]
    assert {answer["error"] for answer in answers} == {"busy"}
    release.set()
    client.on(topic, count=200)
    answers = [json.loads(payload) for payload in client.payloads(topic)]
    assert sorted(answer["transaction"] for answer in answers) == list(range(200))
    assert sum(answer["status"] == "ok" for answer in answers) == 20
    assert ask("wait")["status"] == "ok"


def test_a_flood_that_never_ends(house: Any, mosquitto: Mosquitto, listen: Callable[..., Subscriber]) -> None:
    """Somebody asks as fast as he can: what waits stays bounded, and events arrive as ever."""
    seen = listen("sig/test/status", "sig/test/+/event/+")
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    house.add()
    ended = threading.Event()
    waiting: list[int] = []

    def flood() -> None:
        with Subscriber(mosquitto.port) as attacker:
            while not ended.is_set():
                for _ in range(100):
                    attacker.client.publish("sig/test/temp/request/nothing", b"", 0)
                until(lambda: not attacker.client.want_write())
                waiting.append(bridge.status().answers)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        until(lambda: len(waiting) > 20)
        for number in range(20):
            house.trigger()
            seen.on("sig/test/temp/event/changed", count=number + 1)
    finally:
        ended.set()
        thread.join()
    assert max(waiting) <= ANSWERS + WORKERS + WAITING


def test_an_answer_too_large_for_the_broker(house: Any, tmp_path: Path) -> None:
    """The caller is told so; a long correlation counts as well."""
    with (
        Mosquitto(tmp_path, ["allow_anonymous true", "max_packet_size 2000"]) as broker,
        Subscriber(broker.port, "sig/test/status", "answers/1") as seen,
    ):
        house.add(much=lambda params: "x" * params)
        house.bridge(broker.port)
        seen.on("sig/test/status", b"online")
        for number, (length, correlation) in enumerate(((5000, b"1"), (1500, b"2" * 500)), 1):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = "answers/1"
            properties.CorrelationData = correlation
            seen.client.publish("sig/test/temp/request/much", str(length), 1, properties=properties)
            answer = seen.on("answers/1", count=number)
            assert getattr(answer.properties, "CorrelationData", None) == correlation
            told = json.loads(answer.payload)
            assert (told["status"], told["error"]) == ("error", "failed")
            assert "the broker takes messages of 2000 at most" in told["message"]
        assert seen.payloads("sig/test/status") == [b"online"]


def test_what_has_timed_out_is_not_run_later(house: Any, client: Subscriber, ask: Ask) -> None:
    """Its caller was told that it failed, and does not expect it any more."""
    release = threading.Event()
    ran: list[Any] = []
    house.add(wait=lambda _params: release.wait(20), open_valve=ran.append)
    for _ in range(WORKERS):
        client.client.publish("sig/test/temp/request/wait", "", 1)
    assert ask("open_valve", {"timeout": 0})["error"] == "timeout"
    release.set()
    client.on("sig/test/temp/response/wait", count=WORKERS)
    assert ask("open_valve", {"timeout": 5})["status"] == "ok"
    assert ran == [{"timeout": 5}]


def test_answers_that_would_be_requests(house: Any, client: Subscriber) -> None:
    """A response topic among our own topics is not used, nor one with wildcards."""
    calls: list[Any] = []
    house.add(note=calls.append)
    for topic in ("sig/test/temp/request/note", "sig/test/temp/state", "$SYS/x"):
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = topic
        client.client.publish("sig/test/temp/request/note", b"1", 1, properties=properties)
    client.on("sig/test/temp/response/note", count=3)
    assert calls == [1, 1, 1]


def test_a_retained_request_is_ignored(
    house: Any, mosquitto: Mosquitto, client: Subscriber, ask: Ask
) -> None:
    """Else it would run at every connect."""
    calls: list[Any] = []
    house.add(note=calls.append)
    client.client.publish("sig/test/temp/request/note", b"1", 1, retain=True)
    until(lambda: calls == [1])  # live it is one like any other
    house.bridge(mosquitto.port, gateway="test", client_id="again", database=house.folder / "again.db")
    client.on("sig/test/status", b"online", count=2)
    assert ask("note", 2)["status"] == "ok"
    assert 1 not in calls[1:]
    client.client.publish("sig/test/temp/request/note", b"", 1, retain=True)


def test_other_topics(house: Any, client: Subscriber, ask: Ask) -> None:
    """Neither too few nor too many levels make a request."""
    calls: list[Any] = []
    house.add(note=calls.append)
    for topic in ("sig/test/temp/request", "sig/test/temp/request/note/x", "sig/test/request/note"):
        client.client.publish(topic, b"1", 1)
    assert ask("note", 5)["status"] == "ok"
    assert calls == [5]


def test_a_name_that_no_topic_can_hold(house: Any, client: Subscriber, ask: Ask) -> None:
    """Percent-encoded it would be three times as long; it is nobody's name, and costs nothing."""
    house.add()
    client.client.publish(f"sig/test/{'%' * 22_000}/request/read", b"", 1)
    assert ask("read")["status"] == "ok"
    assert client.payloads("sig/test/status") == [b"online"]


def test_a_handler_that_wants_to_end_the_program(house: Any, client: Subscriber, ask: Ask) -> None:
    """It ends the request, as an error, and no worker."""
    house.add(leave=lambda _params: sys.exit(3), stay=lambda _params: 1)
    for _ in range(WORKERS + 1):
        assert ask("leave")["message"] == "SystemExit: 3"
    assert ask("stay")["response"] == 1


class SpeechlessError(Exception):
    """Of a library that thinks nobody will look."""

    def __str__(self) -> str:
        raise ZeroDivisionError


class Unprintable:
    """The same, as an answer."""

    def __repr__(self) -> str:
        raise ZeroDivisionError


def test_handlers_whose_failure_has_no_text(house: Any, ask: Ask) -> None:
    """More of them than there are workers: each is answered, and so is what comes after."""

    def fail(_params: Any) -> Any:
        raise SpeechlessError

    house.add(fail=fail, odd=lambda _params: Unprintable(), well=lambda _params: 1)
    for _ in range(WORKERS + 1):
        answer = ask("fail")
        assert answer["error"] == "failed"
        assert answer["message"] == "SpeechlessError: <SpeechlessError>"
        assert ask("odd")["response"] == "<Unprintable>"
    assert ask("well")["response"] == 1
