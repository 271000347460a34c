"""MySensors gateways: they say their version when asked, and pass on what their nodes say.

Their lines have no checksum. So it takes two that fit the protocol, and hardly any that do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.notes import ForgetfulNotes
from drivers.source import Channel, Measurement
from drivers.stream.conversation import Hello
from drivers.stream.mysensors import Conversation
from drivers.stream.mysensors.message import QUIET_S
from drivers.stream.port_settings import PortSettings
from gateway.probe.found import Found, FoundChannel, Question

# Of the library: 115,200 by default, 38,400 where the processor has 8 MHz (MyConfig.h, MY_BAUD_RATE).
BAUDS = (115200, 38400)
# A gateway may be starting still, as opening the port has reset it.
WAIT_S = 2.5
LEAST_LINES = 2


class MySensorsDetector:
    """See `gateway.probe.found.Detector`."""

    protocol = "mysensors"

    def heard(self, data: bytes) -> Found | None:
        """By lines that fit; the first may lack its beginning."""
        return _found(data.partition(b"\n")[2] if data.count(b"\n") > LEAST_LINES else data, LEAST_LINES)

    def questions(self, at: PortSettings | None) -> Sequence[Question]:
        """Which version are you?"""
        version = Conversation(ForgetfulNotes()).send(1, "hello", (), 0.0)
        words = f"MySensors' question for the version, `{version.decode().strip()}`"
        rates = [PortSettings(baud) for baud in BAUDS] if at is None else [at]
        return [Question(words, settings, version, WAIT_S) for settings in rates]

    def answered(self, answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        """One line that fits is enough, where it was asked for."""
        return _found(b"".join(data for _, data in answers), 1)


def _found(data: bytes, least: int) -> Found | None:
    talk = Conversation(ForgetfulNotes())
    talk.look(-QUIET_S)  # what is missing at the beginning has been seen to
    devices, channels, values = {}, dict[str, Channel](), dict[str, float | None]()
    for event in talk.receive(data, 0.0):
        if isinstance(event, Hello):
            devices[event.device.name] = event.device
        elif isinstance(event, Measurement):
            values[event.channel] = event.value
    if talk.counters["lines"] < least or talk.counters["lines"] < 4 * talk.counters["malformed"]:
        return None
    for device in devices.values():
        channels |= {name: channel for name, channel in device.channels.items() if channel.offered}
    nodes = ", ".join(f"{name} ({device.model})" for name, device in devices.items() if name != "0")
    what = f"a gateway of a radio network; nodes heard: {nodes or 'none yet'}"
    found = tuple(
        FoundChannel(name, channel.kind, channel.unit, values.get(name)) for name, channel in channels.items()
    )
    # Its nodes come when they wake: the gateway makes their senders itself.
    return Found("mysensors", what, found, {"discover": True}, "radio", sensors=False)
