"""Listening and asking, on ptys: who is understood at which rate, and what is never done."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.clock import SYSTEM_CLOCK
from drivers.stream.port_settings import PortSettings
from firmware_sim.line import encode
from gateway.probe import prober, sensorline
from gateway.probe.found import Detector, Found, Question
from gateway.probe.prober import BAUDS, Prober, Verdict
from gateway.probe.sensorline import SensorlineDetector
from tests.support.leaks import nothing_left
from tests.support.programs import running
from tests.support.scripted_board import ScriptedBoard
from tests.support.talker import Talker
from tests.support.waiting import until

pytestmark = pytest.mark.once

LISTEN_S = 0.2
READING = encode("R temp 1 5 21.5")
HELLO = encode("H 1 1 test-board X1 7 1.0 1 9") + encode("C 1 0 temp temperature C 0.01 -40 85 1000")


def hello(_rate: int, data: bytes) -> bytes:
    """What a board answers."""
    return HELLO if data == encode("Q 1 hello") else b""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No boot loader is waited for; nothing is left open."""
    monkeypatch.setattr(prober, "STARTING_S", 0.0)
    with nothing_left():
        yield


class Person:
    """Who is asked, and what was shown."""

    def __init__(self, *, agrees: bool) -> None:
        self.says_yes = agrees
        self.told: list[str] = []
        self.asked: list[str] = []

    def agrees(self, words: str) -> bool:
        self.asked.append(words)
        return self.says_yes

    def probe(self, device: Talker | Path, *detectors: Detector) -> Verdict:
        """At a talker's port, by the talker's clock."""
        clock, path = (device, device.link) if isinstance(device, Talker) else (SYSTEM_CLOCK, device)
        return Prober(
            detectors or (SensorlineDetector(),),
            say=self.told.append,
            agrees=self.agrees,
            listen_s=LISTEN_S,
            clock=clock,
        ).probe(str(path))


class Echo:
    """Understands `hello` when it is heard, and `yes` as an answer."""

    protocol = "echo"

    def __init__(self, *questions: Question) -> None:
        self._questions = questions
        self.understood = 0

    def heard(self, data: bytes) -> Found | None:
        self.understood += b"hello" in data
        return Found("echo", "an echo", complete=True) if b"hello" in data else None

    def questions(self, _at: PortSettings | None) -> Sequence[Question]:
        return self._questions

    def answered(self, answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        words = [question.words for question, data in answers if b"yes" in data]
        done = any(b"done" in data for _, data in answers)
        return Found("echo", f"answers {', '.join(words)}", complete=done) if words else None


@pytest.mark.parametrize("rate", BAUDS)
def test_listening_finds_the_rate(tmp_path: Path, rate: int) -> None:
    """Each of them; nothing is sent, and nobody is asked."""
    person = Person(agrees=True)
    says = dict.fromkeys(BAUDS, b"\xfe\x81\x00\n") | {rate: b"hello\n"}
    with Talker(tmp_path / "port", says) as talker:
        echo = Echo(Question("`?`", PortSettings(), b"?", 0.1))
        verdict = person.probe(talker, echo)
        assert talker.heard == []
    assert echo.understood == 1  # and then nobody listens on
    assert verdict.settings == PortSettings(rate)
    assert verdict.found is not None
    assert verdict.found.what == "an echo"
    assert person.asked == []
    assert len(person.told) == 1
    assert "nothing is sent" in person.told[0]


def test_nothing_is_sent_without_consent(tmp_path: Path) -> None:
    """What came is kept as a sample, that of the rate at which it can be read."""
    person = Person(agrees=False)
    says = {9600: b"\xfe\x81\x00\n", 57600: b"Light meter v2\n"}
    with Talker(tmp_path / "port", says) as talker:
        verdict = person.probe(talker)
        assert talker.heard == []
    assert verdict.found is None
    assert b"Light meter v2\n" in verdict.sample
    assert person.asked == [
        f"{tmp_path}/port: will send sensorline's `$Q 1 hello*83DCD986` at 115200, 9600 baud; "
        "until one is answered"
    ]


def test_all_that_is_sent_was_named(tmp_path: Path) -> None:
    """Every question of every detector, in order, until one is answered; at the rates that were named."""
    person = Person(agrees=True)
    slow = PortSettings(4800, "even")
    first = Echo(Question("`A`", PortSettings(9600), b"A", 0.1), Question("`A`", slow, b"A", 0.1))
    second = Echo(*(Question(f"`{word}`", slow, word.encode(), 0.1) for word in "BCD"))

    def answer(rate: int, data: bytes) -> bytes:
        return b"yes done" if (rate, data) == (4800, b"C") else b"no"

    with Talker(tmp_path / "port", answer=answer) as talker:
        verdict = person.probe(talker, first, second)
        assert talker.heard == [(9600, b"A"), (4800, b"A"), (4800, b"B"), (4800, b"C")]
    (asked,) = person.asked
    assert asked == (
        f"{tmp_path}/port: will send `A` at 9600, 4800 (even parity) baud; "
        "then `B` at 4800 (even parity) baud; then `C` at 4800 (even parity) baud; "
        "then `D` at 4800 (even parity) baud; until one is answered"
    )
    assert verdict.settings == slow
    assert verdict.found is not None
    assert verdict.found.what == "answers `C`"


def test_several_may_answer_at_one_rate(tmp_path: Path) -> None:
    """All the questions of that rate are asked, those of the next are not."""
    bus = Echo(
        *(Question(f"`{word}`", PortSettings(9600), word.encode(), 0.1) for word in "ABC"),
        Question("`A`", PortSettings(4800), b"A", 0.1),
    )

    def answer(_rate: int, data: bytes) -> bytes:
        return b"yes" if data in b"AC" else b""

    with Talker(tmp_path / "port", answer=answer) as talker:
        verdict = Person(agrees=True).probe(talker, bus)
        assert talker.heard == [(9600, b"A"), (9600, b"B"), (9600, b"C")]
    assert verdict.found is not None
    assert verdict.found.what == "answers `A`, `C`"


def test_a_board_s_hello(tmp_path: Path) -> None:
    """A board that says nothing by itself is asked who it is; sent is the one line that was shown."""
    with ScriptedBoard(tmp_path / "board") as board:
        verdict = Person(agrees=True).probe(board.link)
        assert board.requests == [["1", "hello"]]
    assert verdict.found is not None
    assert verdict.found.what == f"test-board {board.identity}, firmware 1.0"
    assert [channel.kind for channel in verdict.found.channels] == ["temperature", "humidity", "light"]
    assert verdict.settings == PortSettings(115200)


def test_what_was_heard_is_asked_for_by_its_own_protocol_alone(tmp_path: Path) -> None:
    """At the rate at which it was heard."""
    person = Person(agrees=True)
    other = Echo(Question("`?`", PortSettings(), b"?", 0.1))
    with Talker(tmp_path / "port", {57600: READING}, answer=hello) as talker:
        verdict = person.probe(talker, other, SensorlineDetector())
        assert talker.heard == [(57600, encode("Q 1 hello"))]
    assert person.asked[0].endswith("hello*83DCD986` at 57600 baud; until one is answered")
    assert verdict.settings == PortSettings(57600)
    assert verdict.found is not None
    assert verdict.found.certain


@pytest.mark.parametrize("agrees", [False, True])
def test_what_was_heard_is_better_than_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agrees: bool
) -> None:
    """Without consent, and where the question is not answered."""
    monkeypatch.setattr(sensorline, "WAIT_S", LISTEN_S)
    with Talker(tmp_path / "port", {9600: READING}) as talker:
        verdict = Person(agrees=agrees).probe(talker)
        assert len(talker.heard) == agrees
    assert verdict.found is not None
    assert [(channel.name, channel.value) for channel in verdict.found.channels] == [("temp", 21.5)]
    assert not verdict.found.certain


def test_a_port_that_is_in_use_is_not_touched(tmp_path: Path) -> None:
    """Who has it is said; it is not even listened to."""
    person = Person(agrees=True)
    with (
        Talker(tmp_path / "port", {9600: b"hello\n"}) as talker,
        talker.link.open("rb", buffering=0) as held,
        running(["sleep", "60"], held) as pid,
    ):
        until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
        verdict = person.probe(talker, Echo())
    assert verdict == Verdict(holders=(f"sleep (pid {pid})",))
    assert person.told == []


def test_a_port_that_is_taken_while_somebody_is_asked(tmp_path: Path) -> None:
    """A gateway may start meanwhile: it is not asked into its port. (Root's opening would succeed.)"""
    with ExitStack() as owned:
        talker = owned.enter_context(Talker(tmp_path / "port", {9600: READING}))

        def take(_words: str) -> bool:
            held = owned.enter_context(talker.link.open("rb", buffering=0))
            pid = owned.enter_context(running(["sleep", "60"], held))
            until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
            held.close()
            return True

        asking = Prober(
            [SensorlineDetector()], say=lambda _: None, agrees=take, listen_s=LISTEN_S, clock=talker
        )
        verdict = asking.probe(str(talker.link))
        assert talker.heard == []
    assert "is in use by sleep (pid " in str(verdict.problem)
    assert verdict.holders == ()
    assert verdict.found is not None


def test_a_port_that_cannot_be_opened(tmp_path: Path) -> None:
    """The reason, and nobody is asked."""
    person = Person(agrees=True)
    verdict = person.probe(tmp_path / "nothing")
    assert verdict.found is None
    assert "is not there" in str(verdict.problem)
    assert person.asked == []


def test_a_port_that_goes_while_somebody_is_asked(tmp_path: Path) -> None:
    """The reason; what was found before stays."""
    elsewhere = tmp_path / "elsewhere"

    def unplug(_words: str) -> bool:
        (tmp_path / "port").rename(elsewhere)
        return True

    with Talker(tmp_path / "port", {9600: READING}) as talker:
        asking = Prober(
            [SensorlineDetector()], say=lambda _: None, agrees=unplug, listen_s=LISTEN_S, clock=talker
        )
        verdict = asking.probe(str(talker.link))
        elsewhere.rename(talker.link)
    assert "is not there" in str(verdict.problem)
    assert verdict.found is not None
    assert verdict.found.channels[0].name == "temp"


def test_a_flood_is_bounded(tmp_path: Path) -> None:
    """What comes without an end is not kept without one."""
    with Talker(tmp_path / "port", dict.fromkeys(BAUDS, b"x" * 4000)) as talker:
        verdict = Person(agrees=False).probe(talker)
    assert 0 < len(verdict.sample) < prober.MOST_BYTES + 65536


def test_readable_text_is_given_more_time(tmp_path: Path) -> None:
    """A line that comes late still counts, where there was text before it."""
    with Talker(tmp_path / "port", {9600: b"warming up\n"}) as talker:

        class Late(Echo):
            def heard(self, data: bytes) -> Found | None:
                if data.count(b"\n") > 1.5 * LISTEN_S / 0.03:
                    talker.says[9600] = b"hello\n"
                return super().heard(data)

        verdict = Person(agrees=False).probe(talker, Late())
    assert verdict.found is not None
    assert verdict.settings == PortSettings(9600)
