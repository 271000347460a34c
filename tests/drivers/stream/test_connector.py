"""From a port to a session: who owns what was opened, and how long a board is asked on."""

import termios
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from drivers.dispatcher import Dispatcher
from drivers.errors import LinkLostError, OptionError, PortError, PortNotFoundError
from drivers.notes import ForgetfulNotes
from drivers.options import Option, parse_options
from drivers.source import Down, Measurement, Missing, Up
from drivers.stream import connector
from drivers.stream.connector import (
    FIRST_PATIENCE_S,
    LAST_PATIENCE_S,
    LENT_BAUD,
    NETWORK_PATIENCE_S,
    StreamProtocol,
    StreamSource,
)
from drivers.stream.port_options import port_options
from drivers.stream.port_settings import PortSettings
from drivers.stream.sensorline import Conversation
from drivers.stream.session import StreamSession
from drivers.stream.tap import Tap
from tests.support.fake_clock import FakeClock
from tests.support.scripted_board import ScriptedBoard

# So much goes by each time that somebody looks at the clock.
STEP_S = 5.0


class HastyClock(FakeClock):
    """Time flies, while `hasty`."""

    hasty = True

    def monotonic(self) -> float:
        """Seconds; a little later each time."""
        if self.hasty:
            self.advance(STEP_S)
        return super().monotonic()


class Port:
    """A port that is at `device`, where there is something."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.presence_is: object = "the first"
        self.closed = 0

    def resolve(self) -> str:
        """See `PortSource`."""
        if self.presence_is is None:
            raise PortNotFoundError("nothing is there")
        return self.device

    def presence(self) -> object:
        """See `PortSource`."""
        return self.presence_is

    def close(self) -> None:
        """See `PortSource`."""
        self.closed += 1


class Keeper:
    """Who opens; a session that has waited long is woken, so that it does not wait for bytes in earnest."""

    name = "board"

    def __init__(self) -> None:
        self.clock = HastyClock()
        self.dispatcher = Dispatcher(clock=self.clock)
        self.notes = ForgetfulNotes()
        self.session: StreamSession | None = None
        self.reasons: list[str] = []

    def measured(self, measurement: Measurement) -> None:
        """See `Keeper`."""

    def missing(self, missing: Missing) -> None:
        """See `Keeper`."""

    def pressed(self) -> None:
        """See `Keeper`."""

    def tell(self, event: Up | Down) -> None:
        """See `Keeper`."""

    def trouble(self, reason: str) -> None:
        """See `Keeper`."""
        self.reasons.append(reason)
        if self.session is not None:
            self.session.wake()

    def wanted(self) -> Mapping[str, int | None]:
        """See `Keeper`."""
        return {}


@pytest.fixture
def keeper() -> Keeper:
    """Somebody who opens."""
    return Keeper()


@pytest.fixture
def silent(board: ScriptedBoard) -> ScriptedBoard:
    """A board that says nothing."""
    board.script = lambda fields: []
    return board


def source_at(port: Port, settings: PortSettings | None = None) -> StreamSource:
    """A source that speaks sensorline."""
    return StreamSource("as written", port, settings or PortSettings(), Conversation)


def greeted_for(source: StreamSource, keeper: Keeper) -> float:
    """Open the port, and ask until patience is at its end: how long that was."""
    keeper.session = session = source.open(keeper)
    started = keeper.clock.monotonic()
    try:
        with pytest.raises(LinkLostError, match=r"did not say hello within .*; opening the port anew"):
            session.greet(threading.Event())
    finally:
        session.end("done")
    return keeper.clock.monotonic() - started


def near(patience_s: float) -> Any:
    """So long, but for the steps of the clock."""
    return pytest.approx(patience_s + 3 * STEP_S, abs=3 * STEP_S)


def test_a_board_is_greeted_on_its_port(board: ScriptedBoard, keeper: Keeper) -> None:
    """What was opened is told by its path, what is written by the source."""
    keeper.clock.hasty = False
    source = source_at(Port(str(board.link)))
    session = source.open(keeper)
    try:
        keeper.session = session
        (device,) = session.greet(threading.Event())
    finally:
        session.end("done")
    assert (session.where, source.where) == (str(board.link), "as written")
    assert device.identity == board.identity
    assert source.device_of("temp") == device.name == ""
    assert not session.ran_out_of_patience


@pytest.mark.parametrize("error", [RuntimeError("a defect"), KeyboardInterrupt()])
def test_a_conversation_that_cannot_be_made_leaves_no_open_port(
    board: ScriptedBoard, keeper: Keeper, error: BaseException
) -> None:
    """Nor a pipe; and the port can be opened at once, which is locked while somebody has it."""

    def fails() -> Conversation:
        raise error

    source = StreamSource("port", Port(str(board.link)), PortSettings(), fails)
    for _ in range(3):
        with pytest.raises(type(error)):
            source.open(keeper)
    source_at(Port(str(board.link))).open(keeper).end("done")


def test_a_session_that_cannot_be_made_leaves_no_open_port(
    board: ScriptedBoard, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same when it is the session that fails."""

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(connector, "StreamSession", fails)
        with pytest.raises(RuntimeError, match="a defect"):
            source_at(Port(str(board.link))).open(keeper)
    source_at(Port(str(board.link))).open(keeper).end("done")


def test_the_presence_and_the_closing_are_the_port_s() -> None:
    """A source adds nothing to them."""
    port = Port("/dev/none")
    source = source_at(port)
    assert source.presence() == "the first"
    source.close()
    assert port.closed == 1


def test_patience_doubles_from_a_minute_to_an_hour(silent: ScriptedBoard, keeper: Keeper) -> None:
    """As each opening may reset the board."""
    source = source_at(Port(str(silent.link)))
    patience_s = [greeted_for(source, keeper) for _ in range(8)]
    assert patience_s == [near(s) for s in (60, 120, 240, 480, 960, 1920, 3600, 3600)]
    assert (FIRST_PATIENCE_S, LAST_PATIENCE_S) == (60, 3600)


def test_patience_starts_anew_after_a_board_that_came(silent: ScriptedBoard, keeper: Keeper) -> None:
    """It was lost in another way, such as an unplug."""
    source = source_at(Port(str(silent.link)))
    assert [greeted_for(source, keeper) for _ in range(3)] == [near(s) for s in (60, 120, 240)]
    silent.script, keeper.clock.hasty = (lambda fields: None), False
    keeper.session = session = source.open(keeper)
    session.greet(threading.Event())
    session.end("unplugged")
    silent.script, keeper.clock.hasty = (lambda fields: []), True
    assert [greeted_for(source, keeper) for _ in range(2)] == [near(s) for s in (60, 120)]


def test_tries_to_open_what_is_not_there_are_no_waiting(silent: ScriptedBoard, keeper: Keeper) -> None:
    """A cable that was out for an hour is not a board that was silent for one."""
    port = Port(str(silent.link))
    source = source_at(port)
    assert greeted_for(source, keeper) == near(60)
    port.presence_is = None
    for _ in range(10):
        with pytest.raises(PortNotFoundError):
            source.open(keeper)
    port.presence_is = "the second"
    assert [greeted_for(source, keeper) for _ in range(2)] == [near(s) for s in (120, 240)]


def test_a_port_that_is_another_one_by_now_is_left(silent: ScriptedBoard, keeper: Keeper) -> None:
    """Under the same name; one that cannot be seen for a moment is not another."""
    port = Port(str(silent.link))
    keeper.session = session = source_at(port).open(keeper)
    port.presence_is = None
    with pytest.raises(LinkLostError, match="did not say hello"):
        session.greet(threading.Event())
    port.presence_is = "the second"
    with pytest.raises(LinkLostError, match="another port has taken this one's place"):
        session.greet(threading.Event())
    session.end("done")
    session = source_at(port).open(keeper)
    session.end("done")


class Made:
    """Stands for a transport and for a session: what was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, wakes: bool = True) -> None:
        self.wakes = wakes
        self.opened: list[tuple[str, PortSettings]] = []
        self.sessions: list[dict[str, Any]] = []
        monkeypatch.setattr(connector, "open_transport", self.open_transport)
        monkeypatch.setattr(connector, "StreamSession", self.session)

    def open_transport(self, device: str, settings: PortSettings, *, tap: Tap) -> "Made":  # noqa: ARG002
        """As the transport's."""
        self.opened.append((device, settings))
        return self

    def session(self, *_: object, **given: Any) -> Any:
        """As the session's."""
        self.sessions.append(given)
        return type("Session", (), {"ran_out_of_patience": True})()


def test_behind_a_url_patience_is_short(monkeypatch: pytest.MonkeyPatch, keeper: Keeper) -> None:
    """To open it again resets nothing, and finds a peer that has gone."""
    made = Made(monkeypatch)
    source = source_at(Port("socket://192.0.2.1:4000"))
    for _ in range(3):
        source.open(keeper)
    assert [given["patience_s"] for given in made.sessions] == [NETWORK_PATIENCE_S] * 3


@pytest.mark.parametrize(
    ("baud", "wakes", "lends"),
    [(9600, True, True), (LENT_BAUD, True, True), (LENT_BAUD + 1, True, False), (9600, False, False)],
)
def test_the_reading_of_a_port_is_lent_where_that_can_be(
    monkeypatch: pytest.MonkeyPatch, keeper: Keeper, baud: int, wakes: bool, lends: bool
) -> None:
    """It must be possible to take it back, before the kernel's buffer is full."""
    made = Made(monkeypatch, wakes=wakes)
    source_at(Port("/dev/none"), PortSettings(baud=baud)).open(keeper)
    assert made.sessions[0]["lends"] is lends


@pytest.mark.parametrize("now", [None, "the first", "the second"])
def test_a_port_is_replaced_when_another_is_there(
    monkeypatch: pytest.MonkeyPatch, keeper: Keeper, now: str | None
) -> None:
    """Not when it is gone: reading it will say so."""
    made, port = Made(monkeypatch), Port("/dev/none")
    source_at(port).open(keeper)
    port.presence_is = now
    assert made.sessions[0]["replaced"]() is (now == "the second")


OWN = Option(str, "x", "a word", "A word.")


def test_a_protocol_has_the_options_of_a_port_and_its_own() -> None:
    """With the baud rate that its boards use."""
    protocol = StreamProtocol(Conversation, baud=9600, own_options={"word": OWN})
    assert list(protocol.options) == [*port_options(9600), "word"]
    assert protocol.options["word"] is OWN
    parsed = parse_options(protocol.options, {"port": "/dev/none"})
    assert (parsed["baud"], parsed["word"]) == (9600, "x")
    assert StreamProtocol(Conversation).options["baud"].default == 115200
    assert StreamProtocol(Conversation).own_options == {}


def test_a_protocol_s_source_has_the_port_as_it_is_set(
    monkeypatch: pytest.MonkeyPatch, keeper: Keeper
) -> None:
    """Each option where it belongs; nothing is opened before `open`."""
    made = Made(monkeypatch)
    protocol = StreamProtocol(Conversation)
    settings: dict[str, Any] = {"baud": 4800, "parity": "even", "stop_bits": 2, "dtr": False, "rts": True}
    parsed = parse_options(protocol.options, {"port": "socket://127.0.0.1:1", **settings})
    protocol.check(parsed)
    source = protocol.source(parsed)
    assert (source.where, made.opened) == ("socket://127.0.0.1:1", [])
    source.open(keeper)
    assert made.opened == [("socket://127.0.0.1:1", PortSettings(**settings))]


def test_a_protocol_s_simulator_speaks_it() -> None:
    """And where there is none, the check says so; it knows the options of its own."""
    for protocol, port, wrong in (
        (StreamProtocol(Conversation), "sim:", r"expected a port of a device, got 'sim:'"),
        (StreamProtocol(Conversation, simulated="mysensors"), "sim:?shape=1", r"got 'shape'"),
    ):
        with pytest.raises(OptionError, match=wrong):
            protocol.check(parse_options(protocol.options, {"port": port}))
    text = StreamProtocol(Conversation, simulated="text")
    parsed = parse_options(text.options, {"port": "sim:?shape=3"})
    text.check(parsed)
    assert text.source(parsed).where == "sim:?shape=3"


def test_a_protocol_s_port_is_opened_with_its_baud_rate(board: ScriptedBoard, keeper: Keeper) -> None:
    """Seen at the other end of the pseudo-terminal."""
    protocol = StreamProtocol(Conversation, baud=9600)
    source = protocol.source(parse_options(protocol.options, {"port": str(board.link)}))
    session = source.open(keeper)
    with open(board.device, "rb", buffering=0) as terminal:  # noqa: PTH123 - no file, a terminal
        speeds = termios.tcgetattr(terminal.fileno())[4:6]
    session.end("done")
    assert speeds == [termios.B9600, termios.B9600]


def test_a_port_that_cannot_be_used_says_so(keeper: Keeper) -> None:
    """As it was: the link knows what to make of it."""
    with pytest.raises(PortNotFoundError):
        source_at(Port("/dev/none-such")).open(keeper)
    with pytest.raises(PortError):
        source_at(Port("/dev/null")).open(keeper)
