"""Who brings MySensors lines from a serial port to a broker, beside the gateway. Each publishes with QoS 1.

python -m benchmarks.mysensors_contenders minimal|threaded|asyncio PORT BROKER_PORT TOPIC

`minimal` is the least that does it: read, split, float, JSON; no node, no presentation, no state. The others
are pymysensors as its users run it, with a callback for each value, and paho.
"""

import asyncio
import json
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Any

import serial
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks import report

SET = b"1"


def connected(broker: int) -> Client:
    """A client of paho's, with its own thread, on the broker."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    there = threading.Event()
    client.on_connect = lambda *_: there.set()
    client.connect("127.0.0.1", broker)
    client.loop_start()
    there.wait(10)
    return client


def minimal(port_name: str, client: Client, topic: str) -> None:
    """os.read, split, float, JSON, publish."""
    with serial.Serial(port_name, 115200) as port:
        rest, seq = b"", 0
        while True:
            select.select((port.fileno(),), (), ())
            *lines, rest = (rest + os.read(port.fileno(), 65536)).split(b"\n")
            for line in lines:
                fields = line.split(b";", 5)
                if fields[2] == SET:
                    seq += 1
                    client.publish(topic, json.dumps({"value": float(fields[5]), "seq": seq}), 1)


def publishing(client: Client, topic: str) -> Callable[[Any], None]:
    """A callback of pymysensors' that publishes values."""
    count = iter(range(1, 1 << 60))

    def event(message: Any) -> None:
        if message.type == 1:
            value = {"value": float(message.payload), "seq": next(count)}
            client.publish(topic, json.dumps(value), 1)

    return event


def threaded(port_name: str, client: Client, topic: str) -> None:
    """pymysensors with threads."""
    library = report.load("mysensors.mysensors")
    gateway = library.SerialGateway(
        port_name, event_callback=publishing(client, topic), protocol_version="2.2"
    )
    gateway.start()
    threading.Event().wait()


def with_asyncio(port_name: str, client: Client, topic: str) -> None:
    """pymysensors on an event loop."""
    library = report.load("mysensors.mysensors")

    async def run() -> None:
        gateway = library.AsyncSerialGateway(
            port_name, event_callback=publishing(client, topic), protocol_version="2.2"
        )
        await gateway.start()
        await asyncio.Event().wait()

    asyncio.run(run())


RUNS = {"minimal": minimal, "threaded": threaded, "asyncio": with_asyncio}


def main() -> None:
    """See the module."""
    name, port_name, broker, topic = sys.argv[1:]
    RUNS[name](port_name, connected(int(broker)), topic)


if __name__ == "__main__":
    main()
