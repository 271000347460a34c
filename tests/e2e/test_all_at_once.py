"""One gateway with a source of every kind, on simulators, beside a real broker: nobody disturbs another."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import sig
from tests.e2e.conftest import environment, run_cli
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

pytestmark = pytest.mark.once

# Every source measures several times a second, so that a few seconds tell its pace.
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "sim:?speed=600"}}}}
  sketch: {{{{protocol: text, port: "sim:?shape=7&speed=600", format: pairs}}}}
  radio: {{{{protocol: mysensors, port: "sim:?speed=600", discover: true}}}}
  bus:
    protocol: modbus
    port: "sim:?slaves=1:xy-md02,2:rs-ws-n01,3:r444a01"
    every: 200ms
    devices:
      roof: {{{{id: 1, profile: xy-md02}}}}
      field: {{{{id: 2, profile: rs-ws-n01, }}}}
      cellar: {{{{id: 3, profile: r444a01}}}}
  pi: {{{{protocol: sysfs, root: {folder}/sys, every: 200ms}}}}
sensors:
  board: {{{{driver: temperature, link: board, channel: temp}}}}
  sketch: {{{{driver: temperature, link: sketch, channel: temperature, stale_after: 2s}}}}
  radio: {{{{driver: temperature, link: radio, channel: 12/0, stale_after: 2s}}}}
  roof: {{{{driver: temperature, link: bus, channel: roof/temperature}}}}
  field: {{{{driver: temperature, link: bus, channel: field/temperature}}}}
  cellar: {{{{driver: temperature, link: bus, channel: cellar/temperature}}}}
  air: {{{{driver: temperature, link: pi, channel: iio/bme280/temp}}}}
  wall: {{{{driver: temperature, link: pi, channel: hwmon/sht3x/temp1}}}}
  bed: {{{{driver: temperature, link: pi, channel: w1/28-0316a2794b1f}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}", home_assistant: true}}}}
"""
DISCOVERED = {"radio-12-1", "radio-20-2"}
STEADY = {
    "board": "board",
    "sketch": "sketch",
    "radio": "radio",
    "radio-12-1": "radio",
    "radio-20-2": "radio",
    "roof": "bus",
    "air": "pi",
    "wall": "pi",
    "bed": "pi",
}
"""Each with its link. A slave that says everything twice is asked more rarely, and has no pace."""
WINDOWS = 3
WINDOW_S = 4.0
"""Long enough for 20 polls of a slow source: then a tenth is two."""

# What happens to a link, what mends it, and whose values suffer.
FAULTS = {
    "the board is unplugged": ("board", "unplug", "replug other", {"board"}),
    "the sketch stalls": ("sketch", "stall 60", "reset", {"sketch"}),
    "the radio's node falls silent": ("radio", "node 12 silent", "node 12 ok", {"radio", "radio-12-1"}),
    "a slave answers nonsense": ("bus", "slave 3 wrong-crc", "slave 3 ok", {"cellar"}),
    "a thermometer hangs": ("pi", "hang iio/bme280/temp", "heal all", {"air"}),
}


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that anybody may use."""
    with Mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@contextlib.contextmanager
def kernel(folder: Path) -> Iterator[None]:
    """A made-up /sys under `folder`."""
    command = [sys.executable, "-m", "firmware_sim", "--protocol", "sysfs", "--speed", "600"]
    with subprocess.Popen(
        [*command, "--link", str(folder / "sys"), "--until-eof"],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as simulator:
        assert simulator.stdout is not None
        assert simulator.stdout.readline().startswith("root:")
        yield


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, mosquitto: Mosquitto) -> Iterator["House"]:
    """The gateway with everything; slave 2 is dead from the start, slave 3 says everything twice."""
    from tests.e2e.conftest import Gateway

    folder = tmp_path_factory.mktemp("all")
    config = CONFIG.format(folder=folder, broker=mosquitto.port)
    with kernel(folder), Gateway(folder, config) as gateway:
        gateway.wait_for_error("listening on")
        with gateway.client() as client:
            made = House(gateway, client)
            until(
                lambda: made.good() >= {"board", "sketch", "radio", "roof", "air", "wall", "bed"} | DISCOVERED
            )
            made.tell("bus", "slave 2 silent")
            made.tell("bus", "slave 3 double")
            until(lambda: "field" not in made.good(), what="the dead slave is seen to be dead")
            until(lambda: "cellar" in made.good(), what="the slave that says everything twice is read")
            yield made


class House:
    """What a test asks of the gateway."""

    def __init__(self, gateway: Any, client: sig.ClientRouter) -> None:
        self.gateway = gateway
        self.client = client

    def tell(self, link: str, command: str) -> None:
        """Have a link's simulator do something."""
        path = "sys" if link == "pi" else f"data/{link}"
        told = run_cli(self.gateway.folder, "simulate", "--link", path, "--tell", command, **UNCOVERED)
        assert told.stdout.startswith("ok"), told

    def last(self, sender: str) -> dict[str, Any] | None:
        """The newest reading; None while the sender is not connected."""
        try:
            reading: dict[str, Any] | None = self.client.remoteRequest(sender, "last")
        except (sig.NotConnected, sig.UnknownSender):
            return None
        return reading

    def good(self) -> set[str]:
        """The senders whose newest reading is good."""
        # over the connection: each command is a program that takes from the others the time that is measured
        found = {each["sender"] for each in self.client.listRemoteSenders() if each["connected"]}
        senders = {name for name in found if not name.startswith("$")}  # none of the gateway itself
        return {name for name in senders if (self.last(name) or {}).get("quality") == "good"}

    def read_good(self, sender: str) -> bool:
        """Whether the command reads a good value; a sketch prints `nan` now and then, which is none."""
        read = self.gateway.cli("read", sender, "--timeout", "5")
        if "'nan'" in read.stderr:
            return False
        assert read.returncode == 0, (sender, read.stderr)
        return bool(json.loads(read.stdout)["quality"] == "good")

    def received(self, *senders: str) -> dict[str, int]:
        """How many measurements each had so far."""
        return {name: self.client.remoteRequest(name, "stats")["received"] for name in senders}

    def pace(self, *senders: str) -> dict[str, float]:
        """How many measurements each gets in `WINDOW_S`."""
        started, before = time.monotonic(), self.received(*senders)
        threading.Event().wait(WINDOW_S)  # the span that is measured
        part, after = WINDOW_S / (time.monotonic() - started), self.received(*senders)
        return {name: (after[name] - before[name]) * part for name in senders}

    def apart(self, usual: Mapping[str, float], *senders: str) -> dict[str, tuple[float, float]]:
        """Those whose pace is more than a tenth (and one, which may fall on either side of the span's end)
        from the usual one: each time, as this machine may have been busy for a while."""
        for _ in range(WINDOWS):
            pace = self.pace(*senders)
            found = {
                name: (count, usual[name])
                for name, count in pace.items()
                if abs(count - usual[name]) > 0.1 * usual[name] + 1
            }
            if not found:
                break
        return found

    def usual(self, *senders: str) -> dict[str, float]:
        """The pace of each while nothing is wrong."""
        first, second = self.pace(*senders), self.pace(*senders)
        return {name: max(first[name], second[name]) for name in senders}


def test_all_are_live(house: House) -> None:
    """Each is listed, connected, read by command, and its time is that of now; but for the dead slave."""
    live = {"board", "sketch", "radio", "roof", "cellar", "air", "wall", "bed"} | DISCOVERED
    until(lambda: house.good() >= live, what=f"all are good: {house.gateway.errors}")
    until(lambda: house.last("field") is None, what="the dead slave's sender is disconnected")
    for sender in live:
        until(lambda sender=sender: house.read_good(sender), what=f"{sender} is read: {house.gateway.errors}")  # type: ignore[misc]
    dead = house.gateway.cli("read", "field")
    assert (dead.returncode, "not_connected" in dead.stderr) == (1, True), dead


def test_all_are_in_mqtt_and_in_home_assistant(house: House, mosquitto: Mosquitto) -> None:
    """A retained state each, and a component of a device that Home Assistant is told of."""
    senders = {name for name in house.gateway.senders() if name != "field"}
    with Subscriber(mosquitto.port, "sig/test/+/state", "homeassistant/#") as seen:
        for name in senders:
            assert json.loads(seen.on(f"sig/test/{name}/state").payload)["value"] is not None, name

        def announced() -> set[str]:
            devices = [
                json.loads(message.payload) for message in seen.messages if message.topic.endswith("/config")
            ]
            return {
                part["stat_t"].split("/")[2]
                for device in devices
                for part in device.get("cmps", {}).values()
                if part["p"] == "sensor" and "stat_t" in part
            }

        until(lambda: announced() >= senders, what=f"{senders} are announced")


@pytest.mark.timeout(400)
def test_a_fault_of_one_is_no_fault_of_another(house: House) -> None:
    """Each source fails in turn: the others keep their pace, and what it had said last is good no more."""
    steady = set(STEADY)
    usual = house.usual(*steady)
    assert all(count >= 5 for count in usual.values()), usual
    for what, (link, command, remedy, suffer) in FAULTS.items():
        house.tell(link, command)
        others = {name for name in steady if STEADY[name] != link}
        assert house.apart(usual, *others) == {}, what
        until(lambda suffer=suffer: not suffer & house.good(), what=f"no good value of {suffer}: {what}")  # type: ignore[misc]
        # Those of the same bus have waited for it once, until it was given up.
        assert house.apart(usual, *steady - suffer) == {}, what
        house.tell(link, remedy)
        until(lambda suffer=suffer: suffer <= house.good(), what=f"good values of {suffer} after: {what}")  # type: ignore[misc]


def test_a_bus_that_is_jammed(house: House) -> None:
    """A slave that never stops talking silences its bus, which is told; nobody else notices."""
    others = {"board", "sketch", "radio", "air", "wall", "bed"} | DISCOVERED
    usual = house.usual(*others)
    house.tell("bus", "slave 3 babble")
    assert house.apart(usual, *others) == {}
    until(lambda: not {"roof", "cellar"} & house.good(), what="no good value from a jammed bus")
    read = house.gateway.cli("read", "roof", "--timeout", "2")
    assert read.returncode == 1
    house.tell("bus", "slave 3 ok")
    until(lambda: house.good() >= {"roof", "cellar"}, what="the bus is read again")
