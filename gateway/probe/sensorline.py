"""Boards that speak sensorline (docs/protocol.md): they say who they are, and every line has a checksum."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.source import Device
from drivers.stream.conversation import Hello
from drivers.stream.port_settings import PortSettings
from drivers.stream.sensorline import Conversation
from drivers.stream.sensorline.frame import LineReceiver
from drivers.stream.sensorline.messages import parse_reading_line
from gateway.firmware.versions import newer_than
from gateway.probe.found import Found, FoundChannel, Question

BAUDS = (115200, 9600)
# A board answers within 0.8 s; it may be starting still, as opening the port has reset it.
WAIT_S = 2.5


class SensorlineDetector:
    """See `gateway.probe.found.Detector`. `shipped`: the words of the firmware that comes with the
    gateway."""

    protocol = "sensorline"

    def __init__(self, shipped: Sequence[str] = ()) -> None:
        self._shipped = shipped

    def heard(self, data: bytes) -> Found | None:
        """By a hello, or by readings alone: these do not say what they measure."""
        device, values = _hello_and_values(data)
        if device is None and not values:
            return None
        if device is None:
            channels = tuple(FoundChannel(name, value=value) for name, value in values.items())
            return Found(self.protocol, "a board that reports readings", channels, certain=False)
        channels = tuple(
            FoundChannel(channel.name, channel.kind, channel.unit, values.get(channel.name))
            for channel in device.channels.values()
        )
        reporting = {channel.name for channel in device.channels.values() if channel.interval_s > 0}
        keeps = f", keeps {device.kept} readings" if device.kept else ""
        return Found(
            self.protocol,
            f"{device.model} {device.identity}, firmware {device.firmware}{keeps}",
            channels,
            complete=reporting <= values.keys(),
            notes=_notes(device, self._shipped),
            board={
                "model": device.model,
                "identity": device.identity,
                "firmware": device.firmware,
                "keeps": device.kept,
            },
        )

    def questions(self, at: PortSettings | None) -> Sequence[Question]:
        """Who are you?"""
        hello = Conversation().send(1, "hello", (), 0.0)
        words = f"sensorline's `{hello.decode().strip()}`"
        rates = [PortSettings(baud) for baud in BAUDS] if at is None else [at]
        return [Question(words, settings, hello, WAIT_S) for settings in rates]

    def answered(self, answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        """The hello, and readings that came with it."""
        found = self.heard(b"".join(data for _, data in answers))
        return found if found is not None and found.certain else None


def _notes(device: Device, shipped: Sequence[str]) -> tuple[str, ...]:
    newer = newer_than(device.firmware, shipped)
    if newer is None:
        return ()
    return (
        f"a newer firmware, {newer}, comes with this gateway: `sig-gateway firmware export DIR` writes it",
    )


def _hello_and_values(data: bytes) -> tuple[Device | None, dict[str, float]]:
    """Who has said hello last, and each channel's newest value, with or without a hello."""
    hellos = [event for event in Conversation().receive(data, 0.0) if isinstance(event, Hello)]
    readings = filter(None, map(parse_reading_line, LineReceiver().receive(data)))
    values = {reading.channel: reading.value for reading in readings if reading.value is not None}
    return (hellos[-1].device if hellos else None), values
