"""What the gateway is compared with: the least that brings lines from a serial port to a broker.

python -m benchmarks.mqtt_minimal PORT BROKER_PORT
"""

import json
import os
import select
import sys
import threading

import serial
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


def main() -> None:
    """os.read, split, float, JSON, publish with QoS 1; no checksum, no outbox, no state."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", int(sys.argv[2]))
    client.loop_start()
    connected.wait(10)
    client.publish("sig/bench/status", "online", 1, retain=True)
    with serial.Serial(sys.argv[1], 115200) as port:
        rest = b""
        while True:
            select.select((port.fileno(),), (), ())
            *lines, rest = (rest + os.read(port.fileno(), 65536)).split(b"\n")
            for line in lines:
                fields = line.split(b" ")
                value = {"value": float(fields[4].split(b"*")[0]), "seq": int(fields[2])}
                client.publish("sig/bench/temp/event/changed", json.dumps(value), 1)


if __name__ == "__main__":
    main()
