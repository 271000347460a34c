"""The bridge on a real broker: births, states, events, outages, the end."""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway import mailbox as mailbox_module
from gateway.mailbox import Mailbox
from gateway.mqtt import bridge as bridge_module
from gateway.mqtt import guard as guard_module
from gateway.mqtt.bridge import BATCH
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.notes import Connected
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.outbox.event import Event
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.requests import Answer
from gateway.mqtt.retained import Retained
from gateway.mqtt.sleep import Sleep
from gateway.mqtt.topics import Topics
from tests.support.far_away import FarAway
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.receipts import Kept
from tests.support.waiting import DEADLINE_S, until

HELD_UP_S = 5.0
"""What waits for a broker that does not answer takes far longer, or for ever; else it is a slow machine."""

Listen = Callable[..., Subscriber]
Decoded = Callable[[Any], Any]


def test_birth_states_and_events(house: Any, mosquitto: Mosquitto, listen: Listen, decoded: Decoded) -> None:
    """A subscriber sees the gateway and its sender come, each event, and the newest reading retained."""
    house.add()
    house.bridge(mosquitto.port, sensors=("temp", "away"))
    seen = listen()
    seen.on("sig/test/status", b"online")
    seen.on("sig/test/temp/availability", b"online")
    seen.on("sig/test/away/availability", b"offline")
    data = house.trigger()
    event = decoded(seen.on("sig/test/temp/event/changed"))
    assert event.pop("id")
    assert event == data
    assert decoded(seen.on("sig/test/temp/state")) == data
    late = listen("sig/test/+/state", "sig/test/+")
    state = late.on("sig/test/temp/state")
    assert state.retain
    assert decoded(state) == data
    assert decoded(late.on("sig/test/diagnostics"))["links_up"] == 0


def test_any_sender_any_data(house: Any, mosquitto: Mosquitto, listen: Listen, decoded: Decoded) -> None:
    """Numbers, texts, nothing, what is no JSON, keys of ours: each arrives, with an id and a time."""
    seen = listen()
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    name = "Büro a/b+c #1 100%"
    sender = house.router.addSender(name, ["note", "#", "a/b"])
    topic = "sig/test/Büro a%2Fb%2Bc %231 100%25"
    connect = decoded(seen.on(f"{topic}/event/connect"))
    assert connect["events"] == ["#connect", "#disconnect", "note", "#", "a/b"]
    for data in (1, "text", None, [1, 2], True):
        sender.getSignal("note").trigger(data)
    sender.getSignal("note").trigger({"id": 7})
    sender.getSignal("note").trigger({"x": float("nan")})
    sender.getSignal("note").trigger({1, 2})
    sender.getSignal("note").trigger({})
    sender.getSignal("note").trigger({"a": 1})
    seen.on(f"{topic}/event/note", count=10)
    notes = [json.loads(payload) for payload in seen.payloads(f"{topic}/event/note")]
    expected = [1, "text", None, [1, 2], True, {"id": 7}, "{'x': nan}", "{1, 2}", None, None]
    assert [note.get("data") for note in notes] == expected
    assert notes[-1]["a"] == 1
    assert len({note["id"] for note in notes}) == 10
    assert all(note["time"].endswith("Z") for note in notes)
    sender.getSignal("#").trigger(1)
    sender.getSignal("a/b").trigger(1)
    seen.on(f"{topic}/event/%23")
    seen.on(f"{topic}/event/a%2Fb")
    assert bridge.stop()
    assert f"{topic}/state" not in {message.topic for message in seen.messages}


def test_sender_goes_and_comes(house: Any, mosquitto: Mosquitto, listen: Listen) -> None:
    """Its availability follows, and each is an event too."""
    seen = listen()
    house.bridge(mosquitto.port)
    sender = house.add()
    seen.on("sig/test/temp/availability", b"online")
    sender.remove()
    seen.on("sig/test/temp/availability", b"offline")
    seen.on("sig/test/temp/event/disconnect")
    house.add()
    seen.on("sig/test/temp/availability", b"online", count=2)


def test_the_end_is_said(
    house: Any, mosquitto: Mosquitto, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop publishes what there is and then offline, and waits for nothing when that is done."""
    monkeypatch.setattr(bridge_module, "DRAIN_S", DEADLINE_S)  # this machine may be busy
    seen = listen()
    house.add()
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    for _ in range(50):
        house.trigger()
    started = time.monotonic()
    assert bridge.stop(DEADLINE_S)
    assert time.monotonic() - started < HELD_UP_S
    seen.on("sig/test/temp/event/changed", count=50)
    seen.on("sig/test/status", b"offline")


def test_the_end_waits_for_no_broker(
    house: Any, mosquitto: Mosquitto, listen: Listen, tmp_path: Path
) -> None:
    """While the broker hangs a stop does not, and what was not acknowledged is on disk."""
    seen = listen()
    house.add()
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    mosquitto.suspend()
    for _ in range(50):
        house.trigger()
    started = time.monotonic()
    assert bridge.stop(DEADLINE_S)
    assert time.monotonic() - started < HELD_UP_S
    assert len(heads(tmp_path)) == 50


def test_the_will(house: Any, mosquitto: Mosquitto, listen: Listen) -> None:
    """Without a farewell, the broker says it."""
    seen = listen()
    with FarAway(mosquitto.port, 0.0) as far:
        bridge = house.bridge(far.port)
        seen.on("sig/test/status", b"online")
        far.cut()
        seen.on("sig/test/status", b"offline")
        seen.on("sig/test/status", b"online", count=2)
        assert bridge.stop()


def test_an_outage(house: Any, mosquitto: Mosquitto, decoded: Decoded) -> None:
    """Events of an outage come afterwards: late, marked, in order, with their own times; live ones first; no
    state is old."""
    house.add()
    bridge = house.bridge(mosquitto.port, backlog_rate=400.0, loss_s=0.1)
    with Subscriber(mosquitto.port, "sig/#", client_id="s", session=True) as seen:
        seen.on("sig/test/status", b"online")
        live = [house.trigger() for _ in range(20)]
        seen.on("sig/test/temp/event/changed", count=20)
        mosquitto.stop()
        missed = [house.trigger(time=f"2026-11-22T06:31:{i % 60:02d}.000Z") for i in range(300)]
        until(lambda: bridge.status().waiting == 300)
        mosquitto.start()
        seen.on("sig/test/status", b"online", count=2)
        after = [house.trigger() for _ in range(20)]
        until(lambda: len(distinct(seen)) == 340)
        events = distinct(seen)
        late = [event for event in events if event.get("late")]
        assert [event["seq"] for event in late] == [data["seq"] for data in missed]
        assert [event["time"] for event in late] == [data["time"] for data in missed]
        assert [event["seq"] for event in events if not event.get("late")] == [
            data["seq"] for data in live + after
        ]
        assert events.index(late[-1]) == len(events) - 1
        states = [json.loads(payload) for payload in seen.payloads("sig/test/temp/state")]
        numbers = [state["seq"] for state in states]
        assert numbers[-1] == after[-1]["seq"]
        assert numbers == sorted(numbers)
        assert not any("late" in state for state in states)


def distinct(seen: Subscriber) -> list[dict[str, Any]]:
    """The events, each once, as they came first: a broker that was stopped repeats what it had sent last."""
    found: dict[str, dict[str, Any]] = {}
    for payload in seen.payloads("sig/test/temp/event/changed"):
        event = json.loads(payload)
        found.setdefault(event["id"], event)
    return list(found.values())


def committed(folder: Path) -> int:
    """Rows in the file; 0 while the bridge holds it."""
    try:
        with sqlite3.connect(f"file:{folder}/mqtt.db?mode=ro", uri=True, timeout=0) as db:
            count: int = db.execute("SELECT count(*) FROM events").fetchone()[0]
        db.close()
    except sqlite3.Error:
        return 0
    return count


def test_nothing_is_kept_once_acknowledged(
    tmp_path: Path, house: Any, mosquitto: Mosquitto, listen: Listen
) -> None:
    """After a good connection the outbox is empty, in memory and on disk."""
    seen = listen()
    house.add()
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    for _ in range(100):
        house.trigger()
    seen.on("sig/test/temp/event/changed", count=100)
    until(lambda: bridge.status().waiting == 0)
    assert bridge.stop()
    assert committed(tmp_path) == 0


def test_events_of_a_stopped_bridge_wait(
    house: Any, mosquitto: Mosquitto, listen: Listen, decoded: Decoded
) -> None:
    """What was triggered while there was no broker is on disk after a stop, and the next run sends it."""
    house.add()
    first = house.bridge(1)
    data = house.trigger()
    assert first.stop()
    seen = listen()
    house.bridge(mosquitto.port)
    event = decoded(seen.on("sig/test/temp/event/changed"))
    assert event["late"] is True
    assert event["seq"] == data["seq"]
    assert not seen.payloads("sig/test/temp/state"), "an old value is no state"


def test_a_listener_is_never_held_up(house: Any, mosquitto: Mosquitto, listen: Listen) -> None:
    """Though the broker hangs, triggers return at once, and nothing is lost."""
    seen = listen()
    house.add()
    bridge = house.bridge(mosquitto.port, backlog_rate=20_000.0)
    seen.on("sig/test/status", b"online")
    mosquitto.suspend()
    slowest = 0.0
    for _ in range(3000):
        started = time.perf_counter()
        house.trigger()
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < HELD_UP_S
    until(lambda: bridge.status().waiting >= 3000)
    mosquitto.resume()
    seen.on("sig/test/temp/event/changed", count=3000)
    ids = {json.loads(payload)["id"] for payload in seen.payloads("sig/test/temp/event/changed")}
    assert len(ids) == 3000


def test_more_than_the_mailbox_holds(
    house: Any, mosquitto: Mosquitto, listen: Listen, monkeypatch: pytest.MonkeyPatch, decoded: Decoded
) -> None:
    """The surplus is counted, and shown as a gap; the last state of a sender arrives all the same."""
    seen = listen()
    sender = house.add()
    house.add("other")
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    with monkeypatch.context() as patch:
        patch.setattr(mailbox_module, "CAPACITY", 0)
        for _ in range(5):
            house.trigger()
        sender.remove()
    house.trigger("other")
    gap = decoded(seen.on("sig/test/temp/event/gap"))
    assert gap["count"] == 6
    assert gap["late"] is True
    assert gap["from"] <= gap["to"] == gap["time"]
    assert gap["reason"] == "the bridge could not keep up"
    seen.on("sig/test/temp/availability", b"offline")
    assert decoded(seen.wait_for(lambda m: m.topic == "sig/test/diagnostics" and b'"lost":6' in m.payload))


def test_a_message_too_large(house: Any, tmp_path: Path) -> None:
    """For us, or for the broker: it is left out and counted; the rest goes on."""
    with (
        Mosquitto(tmp_path, ["allow_anonymous true", "max_packet_size 2000"]) as broker,
        Subscriber(broker.port, "sig/#") as seen,
    ):
        house.add()
        bridge = house.bridge(broker.port)
        seen.on("sig/test/status", b"online")
        house.trigger(unit="x" * 3000)
        house.trigger(unit="x" * 300_000)
        house.trigger()
        seen.on("sig/test/temp/event/changed")
        until(lambda: bridge.status().lost == 2)


def test_bridges_are_plain_listeners(house: Any, mosquitto: Mosquitto, listen: Listen) -> None:
    """Two bridges of one router, two gateways: neither notices the other; stopping one leaves the other."""
    house.add()
    seen = listen()
    one = house.bridge(mosquitto.port)
    house.bridge(mosquitto.port, gateway="other", client_id="other", database=house.folder / "other.db")
    seen.on("sig/test/status", b"online")
    seen.on("sig/other/status", b"online")
    assert one.stop()
    house.trigger()
    seen.on("sig/other/temp/event/changed")
    assert isinstance(house.router, sig.Router)


def test_stop_without_start(house: Any) -> None:
    """May come at any time, and more than once."""
    bridge = house.bridge(1)
    assert bridge.stop()
    assert bridge.stop()


def test_a_bridge_that_fails(
    house: Any,
    mosquitto: Mosquitto,
    listen: Listen,
    decoded: Decoded,
    logged: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A defect of ours is logged, subscribers learn that it is offline, and it begins anew; what it could not
    take is counted."""
    monkeypatch.setattr(guard_module, "AFTER_FAILURE_S", (0.01, 0.1))
    seen = listen()
    house.add()
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "add", None)
        house.trigger()
        seen.on("sig/test/status", b"offline")
    seen.on("sig/test/status", b"online", count=2)
    house.trigger()
    seen.on("sig/test/temp/event/changed")
    assert decoded(seen.on("sig/test/temp/event/gap"))["reason"] == "an error of the gateway's"
    assert sum("the bridge failed, and begins anew" in line for line in logged()) == 1


@pytest.mark.parametrize(
    ("owner", "name", "safe", "lost"),
    [(Outbox, "add", [3], [1, 2]), (Event, "__init__", [3], [1, 2]), (bridge_module, "Made", [1, 2, 3], [])],
)
def test_kept_readings_of_a_bridge_that_fails(
    house: Any,
    mosquitto: Mosquitto,
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    safe: list[int],
    lost: list[int],
) -> None:
    """Each is to be sent again, unless the outbox has it: then it is safe as any other, and not told as
    lost."""
    monkeypatch.setattr(guard_module, "AFTER_FAILURE_S", (0.01, 0.1))
    seen, device = listen(), Kept()
    signal = house.add().getSignal("#changed")
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, None)
        device.say(signal, 1, house.read())
        device.say(signal, 2, house.read())
        seen.on("sig/test/status", b"offline")
        until(lambda: device.told >= len(lost))
    seen.on("sig/test/status", b"online", count=2)
    device.say(signal, 3, house.read())
    until(lambda: device.told == 3)
    assert (sorted(device.safe), device.lost) == (safe, lost)
    assert sum(bridge.dropped().values()) == len(lost)


def test_a_stop_loses_nothing(house: Any, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A burst, and a broker so far away that it takes a while: what has not gone out is on disk."""
    with Subscriber(mosquitto.port, "sig/#") as seen, FarAway(mosquitto.port, 0.03) as far:
        house.add()
        bridge = house.bridge(far.port)
        seen.on("sig/test/status", b"online")
        for _ in range(3000):
            house.trigger()
        seen.on("sig/test/temp/event/changed", count=20)
        assert bridge.stop()
        seen.on("sig/test/status", b"offline")
    sent = {json.loads(payload)["seq"] for payload in seen.payloads("sig/test/temp/event/changed")}
    kept = {json.loads(head + "}")["seq"] for head in heads(tmp_path)}
    assert sent | kept == set(range(1, 3001))


@pytest.mark.parametrize("fails", [False, True])
def test_a_stop_without_a_broker_loses_nothing(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """All that the mailbox holds goes to the disk, also if the last words fail."""
    stopping = threading.Event()
    until_due, post = Sleep.until, Mailbox.post

    def held_up(sleep: Sleep, *given: Any, **more: Any) -> bool:
        stopping.wait(DEADLINE_S)
        return until_due(sleep, *given, **more)

    def posted(mailbox: Mailbox, letter: object) -> bool:
        if letter is None:
            stopping.set()
        return post(mailbox, letter)

    monkeypatch.setattr(Sleep, "until", held_up)
    monkeypatch.setattr(Mailbox, "post", posted)
    if fails:
        monkeypatch.setattr(Retained, "last_states", None)
    house.add()
    bridge = house.bridge(free_port())
    for _ in range(5000):
        house.trigger()
    assert bridge.status().unread > 5000 - 3 * BATCH, "the bridge has not taken them yet"
    assert bridge.stop(DEADLINE_S)
    assert len(heads(tmp_path)) == 5000


def test_a_loss_window_of_zero(house: Any, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a burst every event is on disk before it is sent."""
    on_disk: set[str] = set()
    sent: list[bool] = []
    with FarAway(mosquitto.port, 0.03) as far:
        write, publish = Store.write, Connection.publish

        def noted_write(store: Store, new: Any, *rest: Any, **more: Any) -> Any:
            upto = write(store, new, *rest, **more)
            on_disk.update(row.uid for row in new)
            return upto

        def noted_publish(connection: Connection, topic: str, payload: bytes, **more: Any) -> Any:
            if topic == "sig/test/temp/event/changed":
                sent.append(json.loads(payload)["id"] in on_disk)
            return publish(connection, topic, payload, **more)

        monkeypatch.setattr(Store, "write", noted_write)
        monkeypatch.setattr(Connection, "publish", noted_publish)
        house.add()
        bridge = house.bridge(far.port, loss_s=0.0)
        until(lambda: bridge.status().connected)
        for _ in range(1000):
            house.trigger()
        until(lambda: len(sent) >= 300 and bridge.status().unread == 0)
        assert bridge.stop(DEADLINE_S)
    assert all(sent)


@pytest.mark.parametrize(
    ("loss_s", "keeping_up", "depth", "expected"),
    [
        (1.0, True, BATCH - 1, True),
        (1.0, True, BATCH, False),
        (1.0, False, BATCH - 1, False),
        (0.0, True, BATCH - 1, False),
    ],
)
def test_when_events_may_wait_in_the_mailbox(
    house: Any,
    monkeypatch: pytest.MonkeyPatch,
    loss_s: float,
    keeping_up: bool,
    depth: int,
    expected: bool,
) -> None:
    """In a burst that the broker keeps up with, while they are few, and may be lost."""
    bursts: list[bool] = []
    until_due = Sleep.until

    def noted(sleep: Sleep, *given: Any, burst: bool, **more: Any) -> bool:
        bursts.append(burst)
        return until_due(sleep, *given, burst=burst, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "keeping_up", keeping_up)
        patch.setattr(Mailbox, "depth", depth)
        patch.setattr(Sleep, "until", noted)
        house.bridge(free_port(), loss_s=loss_s)
        until(lambda: bursts)
    assert bursts[0] is expected


class Wire:
    """A connection that notes the topics of what is sent, once it is not blocked any more."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.is_blocked = True

    def blocked(self) -> bool:
        """As told."""
        return self.is_blocked

    def size(self, topic: bytes, payload: bytes, _correlation: bytes | None = None) -> int:
        """Bytes of the packet, about."""
        return len(topic) + len(payload)

    def publish(self, topic: str, _payload: bytes, **_more: Any) -> int:
        """Send it."""
        self.topics.append(topic)
        return len(self.topics)


def test_events_and_answers_take_turns(tmp_path: Path) -> None:
    """While there are both, neither has two of a kind before one of the other."""
    wire: Any = Wire()
    store = Store(tmp_path / "mqtt.db", Bounds(1000, 1 << 20, 1e9), lambda: "gap")
    outbox = Outbox(store, loss_s=1.0, rate=100.0, incarnation="x", clock=lambda: 1.0)
    delivery = Delivery(Topics("test"), outbox, broken=pytest.fail, clock=lambda: 1.0)
    delivery.up(wire, Connected(40, 1 << 20))
    for number in range(10):
        outbox.add("temp", "cold", '{"n":1', 0.0, 1.0)
        delivery.answer(Answer(f"answers/{number}", b"{}", None, None))
    wire.is_blocked = False
    delivery.run(1.0)
    store.close()
    are_answers = [topic.startswith("answers/") for topic in wire.topics]
    assert len(are_answers) == 20
    assert are_answers[::2] == [not is_answer for is_answer in are_answers[1::2]]
    assert len(set(are_answers[::2])) == 1


def heads(folder: Path) -> list[str]:
    """Of the readings in the outbox's file."""
    with contextlib.closing(sqlite3.connect(folder / "mqtt.db")) as db:
        return [head for (head,) in db.execute("SELECT head FROM events WHERE event = '#changed'")]


def test_events_and_states_share_a_slow_connection(house: Any, mosquitto: Mosquitto) -> None:
    """Neither keeps the other from going out, and of the states only the newest waits."""
    names = ("temp", "hum", "lux")
    with Subscriber(mosquitto.port, "sig/#") as seen, FarAway(mosquitto.port, 0.1) as far:
        for name in names:
            house.add(name)
        house.bridge(far.port)
        seen.on("sig/test/status", b"online")
        for _ in range(40):
            for name in names:
                house.trigger(name)
        last = house.seq
        for name in names:
            seen.on(f"sig/test/{name}/event/changed", count=40)
            seen.wait_for(partial(is_newest, f"sig/test/{name}/state", last - 3))
            assert len(seen.payloads(f"sig/test/{name}/state")) < 20


def is_newest(topic: str, seq: int, message: Any) -> bool:
    """Whether a message on that topic holds a reading after `seq`."""
    found: bool = message.topic == topic and json.loads(message.payload)["seq"] > seq
    return found


def test_names_and_texts_that_are_no_characters(
    house: Any, mosquitto: Mosquitto, listen: Listen, logged: Callable[[], list[str]]
) -> None:
    """Half of a surrogate pair, and a name that no topic can hold: the first becomes `?`, the second is left
    out and counted; the rest goes on, with and without a broker."""
    seen = listen(client_id="s", session=True)  # or it may be back later than the bridge, and miss some
    house.add()
    house.add("x" * 70_000)
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    house.trigger(unit="\ud800")
    house.trigger("x" * 70_000)
    assert json.loads(seen.on("sig/test/temp/event/changed").payload)["unit"] == "?"
    mosquitto.stop()
    until(lambda: not bridge.status().connected)
    house.trigger(unit="\ud800")
    house.add("\ud800")
    house.trigger("\ud800")
    until(lambda: bridge.status().unread == 0)
    mosquitto.start()
    house.trigger()
    seen.on("sig/test/temp/event/changed", count=3)
    seen.on("sig/test/?/event/changed")
    assert not any("failed" in line for line in logged())


def test_the_cable_is_pulled(house: Any, mosquitto: Mosquitto, listen: Listen, decoded: Decoded) -> None:
    """The last reading is retained as stale, so that whoever looks at the state alone knows, too."""
    seen = listen()
    sender = house.add()
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    data = house.trigger()
    seen.on("sig/test/temp/state")
    sender.remove()
    stale = decoded(seen.on("sig/test/temp/state", count=2))
    assert stale == data | {"quality": "stale", "reason": "not connected"}


def test_a_second_start_on_the_same_broker(
    house: Any, mosquitto: Mosquitto, listen: Listen, logged: Callable[[], list[str]]
) -> None:
    """What an earlier run has left at the broker is not taken for another gateway's."""
    seen = listen()
    for count in (1, 2, 3):
        bridge = house.bridge(mosquitto.port)
        seen.on("sig/test/status", b"online", count=count)
        house.add(f"own-{count}")
        house.trigger(f"own-{count}")
        seen.on(f"sig/test/own-{count}/event/changed")
        assert bridge.stop()
    assert [line.split(":")[1] for line in logged()] == [" connected to 127.0.0.1"] * 3


def test_when_its_loop_went_round_last(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sleeps can be woken at once, so that is now; one that is held up stands still."""
    held, go = threading.Event(), threading.Event()
    take = Outbox.add

    def hold(*args: Any, **more: Any) -> None:
        held.set()
        assert go.wait(DEADLINE_S)
        take(*args, **more)

    monkeypatch.setattr(Outbox, "add", hold)
    house.add()
    bridge = house.bridge(free_port())
    try:
        house.trigger()
        assert held.wait(DEADLINE_S)
        first = bridge.status().turned
        assert bridge.status().turned == first
    finally:
        go.set()
    until(lambda: bridge.status().turned > first)
    until(lambda: bridge.status().turned < bridge.status().turned)


def test_what_was_lost_by_sender(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost it: the mailbox, the outbox, the disk."""
    house.add()
    bridge = house.bridge(free_port())
    assert bridge.dropped() == {}
    monkeypatch.setattr(mailbox_module, "CAPACITY", 0)
    house.trigger()
    until(bridge.dropped)
    assert bridge.dropped() == {"temp": 1}
    assert bridge.status().lost == 1
