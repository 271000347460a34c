"""The protocol `modbus`, as the registry knows it: its keys, and from a port to a session."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from drivers.errors import OptionError, PortError
from drivers.modbus.bus import Bus
from drivers.modbus.options import (
    EVERY_S,
    GAP_S,
    TIMEOUT_S,
    SlaveOptions,
    parse_devices,
    parse_id,
    parse_registers,
    span,
)
from drivers.modbus.profiles import PROFILES
from drivers.modbus.rtu import RtuWire
from drivers.modbus.session import ModbusSession
from drivers.modbus.simulated import SIM, simulated_port, unlike
from drivers.modbus.slave import channel_name, slaves_of
from drivers.modbus.tcp import TcpWire
from drivers.modbus.timing import BITS, Timing, norm_gap_s
from drivers.options import Option
from drivers.source import Keeper
from drivers.stream.port_options import port_options
from drivers.stream.port_settings import PortSettings
from drivers.stream.ports import EXPECTED, PortSource, parse_port
from drivers.stream.tap import Tap
from drivers.stream.transport import open_transport

_TCP = "tcp://"
_TCP_PORT = 502
_EXPECTED = f"{_TCP}host or {_TCP}host:port for Modbus TCP, {EXPECTED}"
# Opening a serial port anew finds an adapter that hangs; with a network's URL, a peer that has gone.
_PATIENCE_S = 60.0
_NETWORK_PATIENCE_S = 10.0

_TRY = "try another id, baud or parity, and A and B swapped; see docs/modbus.md"
_TRY_TCP = "try another id; see docs/modbus.md"

# What the simulator calls it, for the port `sim:`.
SIMULATED = "modbus"


class ModbusSource:
    """A port, and the slaves behind it. See `drivers.source.Source`, `drivers.stream.on_port.OnPort`."""

    def __init__(
        self,
        where: str,
        settings: PortSettings,
        slaves: Mapping[str, SlaveOptions],
        every_s: float,
        timeout_s: float,
        gap_s: float | None,
    ) -> None:
        self.where = where
        self._tcp = where.startswith(_TCP)
        self.port: PortSource = parse_port(
            _socket_url(where) if self._tcp else simulated_port(where, slaves), SIMULATED
        )
        self.settings = settings
        self.tap = Tap()
        self._slaves = slaves
        self._every_s = every_s
        byte_s = 0.0 if self._tcp else BITS / settings.baud
        gap = 0.0 if self._tcp else norm_gap_s(settings.baud) if gap_s is None else gap_s
        self._timing = Timing(timeout_s, gap, byte_s)

    def open(self, keeper: Keeper) -> ModbusSession:
        """See `drivers.source.Source`."""
        device = self.port.resolve()
        before = self.port.presence()
        try:
            transport = open_transport(device, self.settings, tap=self.tap)
        except PortError as error:
            # Under the name that the config has for it.
            raise type(error)(str(error).replace(device, self.where if self._tcp else device)) from error
        wire = TcpWire() if self._tcp else RtuWire()
        # From here on the port is the session's; until there is one, ours.
        try:
            return ModbusSession(
                keeper,
                self.where if self._tcp else device,
                slaves_of(self._slaves, self._every_s, self._timing.timeout_s, numbered=self._tcp),
                partial(Bus, transport, wire, self._timing, keeper.clock),
                line=self.where if self._tcp else f"{device} at {line_text(self.settings)}",
                remedy=_TRY_TCP if self._tcp else _TRY,
                patience_s=_NETWORK_PATIENCE_S if "://" in device else _PATIENCE_S,
                replaced=lambda: self.port.presence() not in (before, None),
            )
        except BaseException:
            transport.close()
            raise

    def presence(self) -> object:
        """See `drivers.source.Source`."""
        return self.port.presence()

    def close(self) -> None:
        """See `drivers.source.Source`."""
        self.port.close()

    def device_of(self, channel: str) -> str:
        """See `drivers.source.Source`."""
        device, slash, _ = channel.partition("/")
        return device if slash and device in self._slaves else ""


@dataclass(frozen=True)
class ModbusKind:
    """See `drivers.source.SourceKind`."""

    sets_intervals: bool = False
    tells_identity: bool = False

    @property
    def options(self) -> Mapping[str, Option]:
        """See `SourceKind`."""
        port = port_options(9600)
        return {**port, "port": replace(port["port"], parse=_port), **_OWN}

    def check(self, parsed: Mapping[str, Any]) -> None:
        """See `SourceKind`."""
        if parsed["port"] is not None and not parsed["port"].startswith(_TCP):
            parse_port(parsed["port"], SIMULATED)
        if parsed["devices"] is not None and parsed["registers"] is not None:
            raise OptionError(
                "registers", "expected one of devices and registers, got both; put them under a device's name"
            )
        if parsed["devices"] is None and parsed["registers"] is None:
            raise OptionError(
                "devices", f"expected devices or registers, got neither; write: {_EXAMPLE}", ("registers",)
            )
        if parsed["devices"] is not None and parsed["id"] is not None:
            raise OptionError("id", "each of the devices has its own; write it there")

    def warnings(self, parsed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is not wrong, and most likely not what was meant: the option, and what about it."""
        if parsed["port"] is None or parsed["devices"] is None:
            return
        if parsed["port"].startswith(SIM):
            yield from (("devices", text) for text in unlike(parsed["port"], parsed["devices"]))
            return
        if "://" in parsed["port"]:
            return  # the line is set somewhere else
        line = parsed["baud"], parsed["parity"]
        settings = PortSettings(*line, parsed["stop_bits"])
        for name, slave in parsed["devices"].items():
            profile = PROFILES[slave.profile] if slave.profile else None
            if profile is not None and line not in profile.lines:
                usual = " or ".join(line_text(PortSettings(*each)) for each in profile.lines)
                yield (
                    "devices",
                    f"{name}: {slave.profile} comes set to {usual}, and this bus is "
                    f"{line_text(settings)}: set one of them to the other's, or it will not answer",
                )

    def channels(self, parsed: Mapping[str, Any]) -> Collection[str]:
        """See `SourceKind`: all."""
        return [
            channel_name(name, register)
            for name, slave in _slaves(parsed).items()
            for register in slave.registers
        ]

    def source(self, parsed: Mapping[str, Any]) -> ModbusSource:
        """See `SourceKind`."""
        settings = PortSettings(
            parsed["baud"], parsed["parity"], parsed["stop_bits"], parsed["dtr"], parsed["rts"]
        )
        return ModbusSource(
            parsed["port"], settings, _slaves(parsed), parsed["every"], parsed["timeout"], parsed["gap"]
        )


def _slaves(parsed: Mapping[str, Any]) -> Mapping[str, SlaveOptions]:
    return parsed["devices"] or {"": SlaveOptions(parsed["id"] or 1, parsed["registers"])}


def line_text(settings: PortSettings) -> str:
    """`9600 8N1`."""
    return f"{settings.baud} 8{settings.parity[0].upper()}{settings.stop_bits}"


def _port(raw: object) -> str:
    """The port of any link, or `tcp://host[:port]`."""
    if not isinstance(raw, str) or not raw.startswith(_TCP):
        try:
            return str(port_options(9600)["port"].parse(raw))
        except OptionError as error:
            raise OptionError("port", error.problem.replace(EXPECTED, _EXPECTED)) from None
    try:
        parse_port(_socket_url(raw))
    except ValueError:
        raise ValueError(f"expected {_TCP}host or {_TCP}host:port, got {raw!r}") from None
    return raw


def _socket_url(text: str) -> str:
    url = urlsplit(text)
    if url.path.strip("/") or url.query or url.fragment or url.username:
        raise ValueError("more than a host and a port")
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname or ""
    return f"socket://{host}:{url.port or _TCP_PORT}"


def _placed(option: str, parse: Callable[[object], Any]) -> Callable[[object], Any]:
    """What is wrong inside a mapping is said with its place, and an example of the whole would be no remedy:
    an `OptionError` gets none."""

    def parse_it(raw: object) -> Any:
        try:
            return parse(raw)
        except ValueError as error:
            if isinstance(raw, dict) and raw:
                raise OptionError(option, str(error)) from None
            raise

    return parse_it


_EXAMPLE = "devices: {roof: {id: 2, profile: xy-md02}}"
_OWN = {
    "devices": Option(
        _placed("devices", parse_devices),
        None,
        "a mapping of devices",
        "The devices on the bus by name, see docs/modbus.md.",
        write="{roof: {id: 2, profile: xy-md02}}",
    ),
    "registers": Option(
        _placed("registers", parse_registers),
        None,
        "a mapping of registers",
        "In place of `devices`, where there is only one: its registers by channel.",
        write="{temperature: {function: 4, address: 1, type: s16, scale: 0.1, unit: C}}",
    ),
    "id": Option(
        parse_id,
        None,
        "a whole number from 1 to 247",
        "The id of the only device, beside `registers`; 1 if it is left out.",
        write="1",
    ),
    "every": Option(
        span(*EVERY_S), 10.0, "a time span from 50ms to 24h", "How often each channel is read.", write="10s"
    ),
    "timeout": Option(
        span(*TIMEOUT_S),
        0.5,
        "a time span from 10ms to 60s",
        "How long a device may take to begin its answer.",
        write="500ms",
    ),
    "gap": Option(
        span(*GAP_S),
        None,
        "a time span up to 1s",
        "The silence before each question; by default the norm's, 3.5 characters.",
        write="10ms",
    ),
}
