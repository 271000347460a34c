"""The service `fleet`, on a real file, with real routers and a consumer."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.receipt import Receipt, handing
from gateway import mailbox as mailbox_module
from gateway.config import load
from gateway.feed import Feed
from gateway.fleet.joining import Joining
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event
from gateway.fleet.session import close
from gateway.fleet.speaker import Speaker
from gateway.member.loop import Loop
from gateway.member.service import FILE, Membership
from gateway.member.spool import DiskSpool
from gateway.member.unconfirmed import TOO_MANY
from tests.support.durable_consumer import Consumer
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.fleet_routers import Routers, routers
from tests.support.imported import imported
from tests.support.waiting import DEADLINE_S, until

GATEWAY = Gateway("north", "gateway")
PARTS = ("zenoh", "gateway.member.loop", "gateway.member.store", "sqlite3")


class House:
    """The service, with a router of its own in which `temp` is."""

    def __init__(self, folder: Path, urls: list[str], more: str = "") -> None:
        path = folder / "config.yaml"
        path.write_text(f"fleet: {{site: north, routers: {json.dumps(urls)}, {more or 'keep: 7d'}}}\n")
        self.config = load(path)
        self.config.data.mkdir(exist_ok=True)
        self.clock = StagedClock(RunningMachine(), override="set")
        self.router = sig.Router()
        self.feed = Feed(self.router, self.clock)
        self.service = self.made()
        self.temp: Any = self.router.addSender("temp", ["#changed"], {"last": lambda _: {"value": 1}})

    def made(self) -> Membership:
        """Another one."""
        return Membership(
            self.config, self.router, self.feed, self.clock, lambda _: None, lambda: {"version": "1"}
        )

    def reload(self, meanwhile: Callable[[], None]) -> None:
        """As the reload's thread exchanges one for another."""
        before, after = self.service, self.made()
        self.feed.exchange(before.mailbox, after.mailbox)
        after.follow(before)
        meanwhile()
        assert before.stop(30.0)
        self.service = after
        after.start()

    def say(self, count: int = 1, first: int = 0) -> None:
        for number in range(first, first + count):
            self.temp.getSignal("#changed").trigger({"value": float(number)})

    @property
    def part(self) -> dict[str, Any]:
        return self.service.status()["fleet"].as_data()

    def is_in(self) -> None:
        until(lambda: self.part["status"] == "ok", what=str(self.part))


@pytest.fixture(scope="module")
def fleet() -> Iterator[Routers]:
    with routers(2) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, fleet: Routers) -> Iterator[House]:
    made = House(tmp_path, fleet.urls)
    yield made
    assert made.service.stop(30.0)


def values(consumer: Consumer) -> list[float]:
    return [json.loads(data)["value"] for data in consumer.readings("temp")]


def test_what_is_heard_is_said(house: House, fleet: Routers) -> None:
    """As it was triggered, connects and disconnects too, from before it has joined on."""
    house.service.start()
    house.say(3)
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: values(consumer) == [0.0, 1.0, 2.0])
        house.say(2, first=3)
        house.router.removeSender("temp")
        until(lambda: consumer.events[-1].event == "#disconnect")
        assert [each.event for each in consumer.events] == ["#changed"] * 5 + ["#disconnect"]
        assert consumer.events[-2].data == '{"value":4.0}'
        until(lambda: house.part["waiting"] == 0)
    assert house.part["consumers"]["collector"]["unconfirmed"] == 0
    assert "no event waits" in house.part["message"]


def test_the_disk_has_everything_before_zenoh_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A router that hangs may hold zenoh up, and the process has to end. What comes last is said all the
    same."""
    on_disk: list[int] = []

    def noting(of_zenoh: Callable[..., bool]) -> Callable[..., bool]:
        def noted(*args: Any) -> bool:
            with closing(sqlite3.connect(house.config.data / FILE)) as db:
                on_disk.append(db.execute("SELECT count(*) FROM events").fetchone()[0])
            return of_zenoh(*args)

        return noted

    said: list[str] = []
    house.service.start()
    house.is_in()
    stops = _held_up_until_told_to_stop(house, monkeypatch)
    monkeypatch.setattr(Joining, "stop", noting(Joining.stop))
    monkeypatch.setattr(Speaker, "close", noting(Speaker.close))
    monkeypatch.setattr(Speaker, "tell", lambda _speaker, event: said.append(event.data))
    monkeypatch.setattr("gateway.member.loop.close", noting(lambda *args: close(*args) and False))
    house.say()
    until(stops.is_set)
    house.say(2, first=1)
    assert not house.service.stop(30.0)
    assert on_disk == [3] * 3
    assert said[-2:] == ['{"value":1.0}', '{"value":2.0}']


@pytest.mark.parametrize("stops", [False, True])
def test_more_than_memory_has_room_for(house: House, stops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """That came at once, while it runs or just before it ends: all is on disk."""
    monkeypatch.setattr("gateway.member.held.MOST_BYTES", 100_000)
    monkeypatch.setattr("gateway.member.spool.MOST_UNWRITTEN_BYTES", 20_000)
    house.service.start()
    house.is_in()
    held_up = _held_up_until_told_to_stop(house, monkeypatch) if stops else threading.Event()
    if stops:
        house.say()
        until(held_up.is_set)
    for _ in range(100):
        house.temp.getSignal("#changed").trigger("x" * 5000)
    assert house.service.stop(30.0)
    with closing(sqlite3.connect(house.config.data / FILE)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] == 100 + stops


def _held_up_until_told_to_stop(house: House, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the service's thread is held up."""
    held_up, told = threading.Event(), threading.Event()
    post, really = house.service.mailbox.post, DiskSpool.turn

    def posted(letter: Any) -> None:
        told.set()
        post(letter)

    def turn(spool: DiskSpool, now: float) -> float:
        held_up.set()
        told.wait(DEADLINE_S)
        return really(spool, now)

    monkeypatch.setattr(house.service.mailbox, "post", posted)
    monkeypatch.setattr(DiskSpool, "turn", turn)
    return held_up


def test_who_is_there_follows_the_router(house: House, fleet: Routers) -> None:
    """Also who comes and goes while it is there, and nobody after its end."""
    up = "sig/1/north/gateway/up"
    with closing(Consumer(fleet.settings(1), GATEWAY, confirms=True)) as consumer:
        house.service.start()
        until(lambda: consumer.present == {up, f"{up}/temp"})
        house.router.addSender("hum", ["#changed"])
        until(lambda: consumer.present == {up, f"{up}/temp", f"{up}/hum"})
        house.router.removeSender("temp")
        until(lambda: consumer.present == {up, f"{up}/hum"})
        assert house.service.stop(30.0)
        until(lambda: consumer.present == set())


def test_questions(house: House, fleet: Routers) -> None:
    """Who is here, with what each can be asked; what a sender answers."""
    house.service.start()
    house.is_in()
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: consumer.request("senders"))
        said = json.loads(consumer.request("senders")[0])
        assert said["gateway"] == {"version": "1"}
        (temp,) = said["senders"]
        assert (temp["sender"], temp["connected"], temp["requests"]) == ("temp", True, ["last"])
        assert "#changed" in temp["events"]
        assert consumer.ask("temp", "last") == {"status": "ok", "response": {"value": 1}}


def test_nothing_is_lost_between_two(house: House, fleet: Routers) -> None:
    """What waits when it stops, and what comes while none is there and the next begins, as at a reload."""
    house.service.start()
    house.is_in()
    house.say(3)
    house.reload(lambda: house.say(3, first=3))
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: len(values(consumer)) == 6)
        assert values(consumer) == [float(number) for number in range(6)]
        assert consumer.lost == []
        house.reload(lambda: house.say(3, first=6))
        until(lambda: len(values(consumer)) == 9)
        assert [each.position.seq for each in consumer.events] == list(range(1, 10))
        assert len({each.position.epoch for each in consumer.events}) == 1


def test_at_another_site_it_is_another_gateway(house: House, fleet: Routers) -> None:
    """With numbers of its own: of one that moves back, who listens at the first site is to see that it was
    away."""
    epochs: list[int] = []
    for site in ("south", "north"):
        house.service.start()
        house.is_in()
        section = house.config.fleet
        assert section is not None
        house.config = replace(house.config, fleet=section.model_copy(update={"site": site}))
        house.reload(house.say)
        with closing(Consumer(fleet.settings(), Gateway(site, "gateway"), confirms=True)) as consumer:
            until(lambda: values(consumer) == [0.0])
            epochs.append(consumer.events[-1].position.epoch)
    assert epochs[1] > epochs[0]


def test_no_router_is_there(tmp_path: Path) -> None:
    """It begins, says why it is not in the fleet, stops with all written, and joins when one comes."""
    with routers(1) as later:
        later.kill(0)
        house = House(tmp_path, later.urls)
        house.service.start()
        house.say(3)
        until(lambda: house.part["status"] == "failing")
        assert "no router of the fleet lets us in at tcp://127.0.0.1" in house.part["message"]
        assert house.part["routers"] == []
        began = time.monotonic()
        assert house.service.stop(60.0)
        assert time.monotonic() - began < 30.0
        house.service = house.made()
        house.service.start()
        later.start(0)
        until(lambda: house.part.get("waiting") == 3)
        with closing(Consumer(later.settings(), GATEWAY, confirms=True)) as consumer:
            until(lambda: len(values(consumer)) == 3)
            later.kill(0)
            until(lambda: house.part["routers"] == [])
            later.start(0)
            until(lambda: house.part["routers"] == later.urls)
            assert house.part["message"].startswith(f"in the fleet as {GATEWAY}, at {later.urls[0]}; ")
        assert house.service.stop(30.0)


def test_a_kept_reading_is_safe_when_it_is_confirmed(house: House, fleet: Routers) -> None:
    """Its receipt is held from the trigger on."""
    house.service.start()
    house.is_in()
    told: list[bool] = []
    receipt = Receipt("board", 1, 1, lambda _, safe: told.append(safe))
    with handing(receipt):
        house.say()
    receipt.release()
    assert told == []
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)):
        until(lambda: told == [True])


def test_more_than_its_mailbox_holds(house: House, fleet: Routers, monkeypatch: pytest.MonkeyPatch) -> None:
    """What there was no room for is told as lost, with its size; who is there is asked again."""
    monkeypatch.setattr(mailbox_module, "CAPACITY", 10)
    house.feed.add(house.service.mailbox)
    house.say(15)
    house.router.addSender("late", ["#changed"])
    house.service.start()
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: sum(each.events for each in consumer.lost) == 6)
        assert {each.reason for each in consumer.lost} == {TOO_MANY}
        assert {each.sender for each in consumer.lost} <= {"temp", "late", ""}
        assert values(consumer) == [float(number) for number in range(10)]
        until(lambda: "sig/1/north/gateway/up/late" in consumer.present)


def test_nobody_is_to_have_it(tmp_path: Path, fleet: Routers) -> None:
    """Events are said, and nothing is written but that it has begun."""
    house = House(tmp_path, fleet.urls, "consumers: []")
    house.service.start()
    house.is_in()
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=False)) as consumer:
        until(lambda: consumer.present)
        house.say(3)
        until(lambda: len(values(consumer)) == 3)
    assert (house.part["waiting"], house.part["consumers"]) == (0, {})
    assert house.service.stop(30.0)


def test_it_fails_and_begins_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours is in the log and in the health, and costs nothing else."""
    monkeypatch.setattr("gateway.member.service.AGAIN_S", 0.05)
    run, failing = Loop.run, [True]

    def fail(loop: Loop) -> None:
        if failing.pop() if failing else False:
            raise ZeroDivisionError("zero")
        run(loop)

    monkeypatch.setattr(Loop, "run", fail)
    with caplog.at_level(logging.CRITICAL, "gateway.member.service"):
        house.service.start()
        house.is_in()


@pytest.mark.parametrize("numbered", [False, True])
def test_what_comes_as_it_fails(
    house: House, fleet: Routers, monkeypatch: pytest.MonkeyPatch, numbered: bool
) -> None:
    """The event at which it fails is said late, or told as lost if it has not even a number; those behind it
    come, and the gateway is the same."""
    monkeypatch.setattr("gateway.member.service.AGAIN_S", 0.05)
    failing, say = [True], Speaker.say
    held_up = threading.Event()

    def fail(speaker: Speaker, *event: Any) -> Event:
        if '"value":1.0' in event[2] and failing:
            held_up.wait(DEADLINE_S)
            failing.pop()
            if numbered:
                speaker._spool.add(*event)
            raise ZeroDivisionError("zero")
        return say(speaker, *event)

    house.service.start()
    house.is_in()
    monkeypatch.setattr(Speaker, "say", fail)
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        house.say(5)
        held_up.set()
        until(lambda: values(consumer)[-1:] == [4.0])
        house.say(first=5)
        until(lambda: values(consumer)[-1:] == [5.0])
        assert values(consumer) == [0.0, *([1.0] if numbered else []), 2.0, 3.0, 4.0, 5.0]
        assert [(each.sender, each.events) for each in consumer.lost] == ([] if numbered else [("temp", 1)])
        assert {each.position.epoch for each in consumer.events} == {consumer.events[0].position.epoch}


def test_the_disk_is_full(tmp_path: Path, fleet: Routers) -> None:
    """What waits stays in memory, and the health says so."""
    house = House(tmp_path, fleet.urls)
    (house.config.data / FILE).mkdir()
    house.service.start()
    until(lambda: "the disk cannot be written" in house.part["message"])
    assert house.part["status"] == "failing"
    house.say(2)
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: len(values(consumer)) == 2)
        until(lambda: house.part["waiting"] == 0)
    assert house.service.stop(30.0)


def test_numbers(house: House, fleet: Routers) -> None:
    """For Prometheus, the watchdog and the dropped."""
    assert list(house.service.families()) == []
    assert house.service.loops() == {}
    house.service.start()
    house.is_in()
    house.say(3)
    until(lambda: house.part.get("waiting") == 3)
    found = {family.name: family.samples for family in house.service.families()}
    assert found["fleet_waiting_events"][0].value == 3
    assert found["fleet_routers"][0].value == 1
    assert found["fleet_unconfirmed_events"][0][:2] == ((("consumer", "collector"),), 3)
    assert found["fleet_max_bytes"][0].value == 100_000_000
    assert (found["fleet_events_total"][0].value or 0) >= 3
    assert found["fleet_writable"][0].value == 1
    assert house.service.loops()["fleet"] <= house.clock.monotonic()
    assert house.service.dropped() == {}


def test_what_is_imported(tmp_path: Path, fleet: Routers) -> None:
    """Nothing of it where there is no `fleet`; with it nothing before the links open."""
    assert imported(tmp_path, "", PARTS) == ([], [])
    section = f"fleet: {{site: north, routers: {json.dumps(fleet.urls)}}}"
    opening, ended = imported(tmp_path, section, PARTS)
    assert opening == []
    assert set(PARTS[1:]) <= set(ended)  # joining has hardly begun when it ends


def test_openssl_is_not(tmp_path: Path, fleet: Routers) -> None:
    """It takes 3.5 MB, and zenoh has TLS of its own."""
    section = f"fleet: {{site: north, routers: {json.dumps(fleet.urls)}}}"
    assert imported(tmp_path, section, ("ssl", "hashlib", "_hashlib")) == ([], [])
