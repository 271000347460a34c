"""What history and HTTP cost a running gateway: memory, CPU until it begins, followers of its events."""

import compileall
import http.client
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import gateway as package
from benchmarks.history_house import House
from benchmarks.history_streams import PER_SECOND, Delay, streams
from tests.support.mosquitto import Mosquitto, Subscriber

SETTLED_S = 4.0
"""After the first values: by then every part has what it needs."""
READINGS, READINGS_S = 400, 100.0
EVENTS = 100
CLIENTS, DEAF = 50, 1
FLOOD, FLOOD_S = 4000, 400.0
PAGE = re.compile(r'(?:src|href)="([^"#]+)"')
IMPORTED = re.compile(r'from "\\./([^"]+)"')


def byte_compile() -> None:
    """All that a gateway imports, so that no run compiles what another has compiled already."""
    for folder in {Path(package.__file__).parent.parent / name for name in ("sig", "drivers", "gateway")}:
        compileall.compile_dir(folder, quiet=1)
    with House({"http": {}, "history": {}}) as house:  # and its libraries
        house.wait_until_up()
        time.sleep(SETTLED_S)


def memory_mb(sections: Mapping[str, Any], *, page: bool = False) -> float:
    """Of a gateway with these parts after some readings; `page`: somebody has opened it, and follows."""
    with House(sections) as house, ExitStack() as stack:
        house.wait_until_up()
        time.sleep(SETTLED_S)
        if page:
            open_page(house.port)
            stack.enter_context(streams(house, 1))
        house.say(READINGS, READINGS_S)
        time.sleep(0.5)
        return house.memory_mb


def open_page(port: int) -> None:
    """As a browser does: the page, all that it names, and what it asks the API first."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def get(path: str) -> str:
        connection.request("GET", path, headers={"Host": "localhost", "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        return "" if answer.headers.get("Content-Encoding") else body.decode(errors="replace")

    seen = {"/"}
    connection.request("GET", "/", headers={"Host": "localhost"})
    for name in PAGE.findall(connection.getresponse().read().decode()):
        seen.add(name if name.startswith("/") else f"/{name}")
    for path in [*sorted(seen), "/api/v1/senders", "/api/v1/gateway", "/healthz"]:
        get(path)
    for number in range(10):
        get(f"/api/v1/senders/live-{number}/history?since=24h&points=120")
    connection.close()


class Start(NamedTuple):
    """Until the first message was with a subscriber."""

    cpu_s: float
    seconds: float


def start(sections: Mapping[str, Any]) -> Start:
    """Of a gateway with these parts and MQTT."""
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(Path(text)))
        subscriber = stack.enter_context(Subscriber(broker.port))
        came: list[Start] = []
        mqtt = {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}"}}
        house = House({**sections, **mqtt})
        began = 0.0

        def note(*_: object) -> None:
            if not came:
                came.append(Start(house.cpu_s, time.monotonic() - began))

        subscriber.client.on_message = note
        subscriber.client.subscribe("sig/bench/+/event/changed", 1)
        began = time.monotonic()
        with house:
            deadline = time.monotonic() + 30
            while not came and time.monotonic() < deadline:
                time.sleep(0.02)
    return came[0]


class Followers(NamedTuple):
    """Seconds; parts of a core; MB."""

    lone: list[float]
    others: list[float]
    last: list[float]
    cpu: float
    cpu_alone: float
    memory_before: float
    memory_flooded: float
    heard: int


def followers() -> Followers:
    """One client, and then fifty of which one does not read; ten events a second, and then a flood."""
    with House({"http": {}}) as house:
        house.wait_until_up()
        time.sleep(SETTLED_S)
        before, began = house.cpu_s, time.monotonic()
        house.say(EVENTS, PER_SECOND)
        alone = (house.cpu_s - before) / (time.monotonic() - began)
        with streams(house, 1) as one:
            time.sleep(1)
            lone = [each.late for each in one.delays(EVENTS)]
        with streams(house, CLIENTS, DEAF) as many:
            time.sleep(1)
            memory = house.memory_mb
            before, began = house.cpu_s, time.monotonic()
            found = many.delays(EVENTS)
            cpu = (house.cpu_s - before) / (time.monotonic() - began)
            house.say(FLOOD, FLOOD_S)
            flooded = house.memory_mb
    return Followers(
        lone, [each.late for each in found], list(_last(found)), cpu, alone, memory, flooded, len(found)
    )


def _last(found: list[Delay]) -> Iterator[float]:
    """Of each event, when the last of them had it."""
    by_event: dict[int, float] = {}
    for _, event, late in found:
        by_event[event] = max(late, by_event.get(event, 0.0))
    return iter(by_event.values())


def median_difference(ones: list[float], others: list[float]) -> float:
    """Of pairs that were measured one after the other."""
    return statistics.median(one - other for one, other in zip(ones, others, strict=True))
