"""From a port to a session: a source that is a byte stream, and the kind of source that a protocol makes.

A protocol over a byte stream is a `Conversation` and an entry in the registry:

    PROTOCOL = StreamProtocol(Conversation)
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from drivers.options import Option
from drivers.source import Keeper
from drivers.stream.conversation import Conversation
from drivers.stream.port_options import port_options
from drivers.stream.port_settings import PortSettings
from drivers.stream.ports import PortSource, parse_port
from drivers.stream.session import StreamSession
from drivers.stream.tap import Tap
from drivers.stream.transport import open_transport

# The fastest port whose reading is lent: the 4 KiB that the kernel keeps are 178 ms there, see `loan.TICK_S`.
LENT_BAUD = 230_400
# How long a board is asked on before its port is opened anew, which resets many boards: twice as long each
# time, from a minute to an hour. With a network's URL that costs nothing, and finds a peer that has gone.
FIRST_PATIENCE_S = 60.0
LAST_PATIENCE_S = 3600.0
NETWORK_PATIENCE_S = 10.0


def _the_one(_channel: str) -> str:
    """Of a protocol whose links have one device each."""
    return ""


def _nothing(_channel: str) -> str:
    """Of a protocol of whose channels nothing more is to be said."""
    return ""


def _unknown(_parsed: Mapping[str, Any]) -> None:
    """Of a protocol whose keys do not say which channels there are."""


def _all_fits(_parsed: Mapping[str, Any]) -> None:
    """Of a protocol whose keys can be checked one by one."""


class StreamSource:
    """A port, and the protocol that is spoken there. See `drivers.source.Source`."""

    def __init__(
        self,
        where: str,
        port: PortSource,
        settings: PortSettings,
        conversation: Callable[..., Conversation],
        *,
        device_of: Callable[[str], str] = _the_one,
        remembers: bool = False,
    ) -> None:
        self.where = where
        self.port = port
        self._conversation = conversation
        self._device_of = device_of
        self._remembers = remembers
        self._patience_s = FIRST_PATIENCE_S
        self._session: StreamSession | None = None
        # See `drivers.stream.on_port`.
        self.settings = settings
        self.tap = Tap()

    def open(self, keeper: Keeper) -> StreamSession:
        """See `drivers.source.Source`."""
        self._grow_patience()
        device = self.port.resolve()
        before = self.port.presence()
        transport = open_transport(device, self.settings, tap=self.tap)
        # From here on the port is the session's; until there is one, ours.
        try:
            self._session = StreamSession(
                keeper,
                device,
                transport,
                self._conversation(notes=keeper.notes) if self._remembers else self._conversation(),
                patience_s=NETWORK_PATIENCE_S if "://" in device else self._patience_s,
                replaced=lambda: self.port.presence() not in (before, None),
                lends=transport.wakes and self.settings.baud <= LENT_BAUD,
                device_of=self._device_of,
            )
        except BaseException:
            transport.close()
            raise
        return self._session

    def presence(self) -> object:
        """See `drivers.source.Source`."""
        return self.port.presence()

    def close(self) -> None:
        """See `drivers.source.Source`."""
        self.port.close()

    def device_of(self, channel: str) -> str:
        """See `drivers.source.Source`."""
        return self._device_of(channel)

    def _grow_patience(self) -> None:
        """A board that was not there in all that time is waited for longer. Each session counts once, however
        often opening the next one fails."""
        before, self._session = self._session, None
        if before is None:
            return
        if before.ran_out_of_patience:
            self._patience_s = min(2 * self._patience_s, LAST_PATIENCE_S)
        else:
            self._patience_s = FIRST_PATIENCE_S


@dataclass(frozen=True)
class StreamProtocol:
    """A protocol over a byte stream, as the registry knows it; see `drivers.source.SourceKind`.

    `conversation` makes one for each opening of a port. `own_options` are the protocol's own keys; it is
    called with them, parsed, as keyword arguments, and where it `remembers` with the link's `notes` (see
    `drivers.source.Notes`). `own_check` sees all of them at once, and raises `OptionError`. `own_channels`:
    see `SourceKind.channels`. `device_of`: see `Source`. `simulated`: what the simulator calls the protocol,
    for the port `sim:`; empty if it speaks none such. `remark`: what is to be known of a channel, such as
    that it comes seldom; empty for nothing. `lasting`: further keyword arguments of its conversations, made
    once for each source: what outlives the loss of a port.
    """

    conversation: Callable[..., Conversation]
    baud: int = 115200
    own_options: Mapping[str, Option] = field(default_factory=dict)
    own_check: Callable[[Mapping[str, Any]], None] = _all_fits
    own_channels: Callable[[Mapping[str, Any]], Collection[str] | None] = _unknown
    sets_intervals: bool = False
    tells_identity: bool = True
    device_of: Callable[[str], str] = _the_one
    remembers: bool = False
    simulated: str = ""
    remark: Callable[[str], str] = _nothing
    lasting: Callable[[], Mapping[str, Any]] = dict

    @property
    def options(self) -> dict[str, Option]:
        """See `SourceKind`: those of a port, and the protocol's own."""
        return {**port_options(self.baud), **self.own_options}

    def check(self, parsed: Mapping[str, Any]) -> None:
        """See `SourceKind`."""
        if parsed["port"] is not None:  # it is missing, or wrong by itself
            parse_port(parsed["port"], self.simulated)
        self.own_check(parsed)

    def warnings(self, parsed: Mapping[str, Any]) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - there is none
        """See `SourceKind`."""
        return ()

    def channels(self, parsed: Mapping[str, Any]) -> Collection[str] | None:
        """See `SourceKind`."""
        return self.own_channels(parsed)

    def source(self, parsed: Mapping[str, Any]) -> StreamSource:
        """See `SourceKind`."""
        settings = PortSettings(
            parsed["baud"], parsed["parity"], parsed["stop_bits"], parsed["dtr"], parsed["rts"]
        )
        own = {**{name: parsed[name] for name in self.own_options}, **self.lasting()}
        return StreamSource(
            parsed["port"],
            parse_port(parsed["port"], self.simulated),
            settings,
            partial(self.conversation, **own),
            device_of=self.device_of,
            remembers=self.remembers,
        )
