"""What is done and said about connections, one after the other: no network, a clock of the test's own."""

import logging
import queue
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.mqtt.broker import back_off, versions
from gateway.mqtt.broker import broker as broker_module
from gateway.mqtt.broker.abilities import ALL, Abilities
from gateway.mqtt.broker.broker import STEADY_S, Broker
from gateway.mqtt.broker.dialling import Dialled
from gateway.mqtt.broker.notes import (
    TAKEN_OVER,
    UNSUPPORTED_VERSION,
    Connected,
    Ending,
    Lost,
    Refused,
    SubscriptionRefused,
)
from gateway.mqtt.broker.rival import CLASH_BACK_OFF_S, LAST_CLASH_BACK_OFF_S, PEACE_S
from gateway.mqtt.broker.target import Target
from gateway.mqtt.broker.versions import HANG_UPS, V5, V311

DAY_S = 86400.0
HANG_UP = Lost(0, "gone")
ACCEPTED = Connected(20, 1 << 20)
Logged = Callable[[], list[str]]


class FakeConnection:
    """Opens at once, or raises what the test wants."""

    raises: BaseException | None = None

    def __init__(self, _target: Target, version: int, _will: tuple[str, str], abilities: Abilities) -> None:
        self.version = version
        self.abilities = abilities
        self.closed = False

    def open(self) -> None:
        if FakeConnection.raises is not None:
            raise FakeConnection.raises

    def tick(self) -> None:
        pass

    def abandon(self) -> None:
        self.closed = True

    close = abandon


class Life:
    """A broker, its time, and the versions that were tried."""

    def __init__(self, versions: tuple[int, ...] = (V5, V311)) -> None:
        self.now = 1000.0
        self.versions: list[int] = []
        self.suspicious: list[bool] = []
        self.wills: list[Abilities] = []
        self._letters: queue.Queue[Any] = queue.Queue()
        self.broker = Broker(
            Target("broker.example", 1883, "sig-test"),
            versions,
            ("sig/test/status", "offline"),
            post=self._post,
            up=lambda *_: None,
            down=self._down,
            clock=lambda: self.now,
        )

    def _post(self, letter: object) -> bool:
        self._letters.put(letter)
        return True

    def _down(self, suspicious: bool) -> Ending:
        self.suspicious.append(suspicious)
        return Ending()

    def dial(self) -> None:
        """The next try, as soon as it is due."""
        self.now = max(self.now, self.broker.due)
        self.broker.run(self.now)
        letter: Dialled = self._letters.get(timeout=20)
        self.versions.append(letter.connection.version)
        self.wills.append(letter.connection.abilities)  # type: ignore[attr-defined]
        self.broker.dialled(letter)

    def connect(self, *notes: Any) -> None:
        """The next try, and what comes of it."""
        self.dial()
        for note in notes or (ACCEPTED,):
            self.broker.take(note)

    def hold(self, held_s: float) -> None:
        """The connection is good for so long."""
        end = self.now + held_s
        while self.now < end:
            self.now = min(end, self.now + 10.0)
            self.broker.run(self.now)

    def lose(self, code: int = 0) -> float:
        """The connection ends; returns the seconds until the next try."""
        self.broker.take(Lost(code, "gone"))
        return self.broker.due - self.now


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeConnection]]:
    """No network."""
    monkeypatch.setattr(broker_module, "Connection", FakeConnection)
    yield FakeConnection
    FakeConnection.raises = None


def test_any_exception_of_the_library(
    fake: type[FakeConnection], caplog: pytest.LogCaptureFixture, logged: Logged
) -> None:
    """Dialling goes on, and the log says what it was, once."""
    life = Life()
    fake.raises = IndexError("list index out of range")
    for _ in range(5):
        life.dial()
    assert "IndexError: list index out of range" in logged()[0]
    assert len(logged()) == 1
    fake.raises = None
    life.connect()
    assert life.broker.accepted


def test_a_hang_up_is_no_word_about_the_version(logged: Logged) -> None:
    """A broker that starts behind a proxy gets MQTT 5 when it is there."""
    life = Life()
    for _ in range(HANG_UPS - 1):
        life.connect(HANG_UP)
    life.connect()
    assert life.versions == [V5] * HANG_UPS
    assert logged()[-1] == "mqtt: connected to broker.example:1883, MQTT 5"


def test_hang_ups_in_a_row(logged: Logged) -> None:
    """Then 3.1.1 is tried, once; the log says why it is used; the next time MQTT 5 comes first again."""
    life = Life()
    for _ in range(2 * HANG_UPS + 1):
        life.connect(HANG_UP)
    life.connect()
    assert life.versions == [*[V5] * HANG_UPS, V311] * 2
    assert logged()[-1] == (
        "mqtt: connected to broker.example:1883, MQTT 3.1.1: "
        "it hung up 3 times on the other version, which comes first again next time"
    )
    life.hold(2 * STEADY_S)
    life.lose()
    life.connect()
    assert life.versions[-1] == V5
    assert logged()[-1] == "mqtt: connected to broker.example:1883, MQTT 5"


def test_hang_ups_after_a_short_connection(logged: Logged) -> None:
    """Its return is told once it holds; and then why it is 3.1.1."""
    life = Life()
    life.connect()
    life.lose()
    for _ in range(HANG_UPS):
        life.connect(HANG_UP)
    life.connect()
    life.hold(2 * STEADY_S)
    assert "broker.example:1883 holds again, MQTT 3.1.1: it hung up 3 times on the other" in logged()[-1]


def test_hang_ups_with_something_else_between(fake: type[FakeConnection]) -> None:
    """They are not in a row."""
    life = Life()
    for _ in range(HANG_UPS):
        life.connect(HANG_UP)
        fake.raises = ConnectionRefusedError("no")
        life.dial()
        fake.raises = None
    assert set(life.versions) == {V5}


def test_one_version_only() -> None:
    """What the user wants to be spoken is spoken, whatever the broker does."""
    life = Life((V5,))
    for _ in range(3 * HANG_UPS):
        life.connect(HANG_UP)
    life.connect(Refused(UNSUPPORTED_VERSION, "Unsupported protocol version"))
    assert life.broker.due > life.now
    life.connect()
    assert set(life.versions) == {V5}


def test_an_explicit_refusal_settles_the_version(logged: Logged) -> None:
    """3.1.1 at once, and at each later connect; a broker that refuses both is not dialled without a pause."""
    life = Life()
    life.connect(Refused(UNSUPPORTED_VERSION, "Unsupported protocol version"))
    assert life.broker.due <= life.now
    life.connect()
    life.hold(2 * STEADY_S)
    life.lose()
    life.connect()
    assert life.versions == [V5, V311, V311]
    life.lose()
    life.connect(Refused(UNSUPPORTED_VERSION, "Unsupported protocol version"))
    assert life.broker.due > life.now
    assert "mqtt: broker.example:1883 does not speak MQTT 5: going on with 3.1.1" in logged()


def test_a_topic_that_must_not_be_read(caplog: pytest.LogCaptureFixture, logged: Logged) -> None:
    """An error, once for each topic, also after many connections."""
    life = Life()
    for _ in range(3):
        life.connect(ACCEPTED, SubscriptionRefused("sig/test/+/request/#", "Not authorized"))
        life.hold(2 * STEADY_S)
        life.lose()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == [
        "mqtt: broker.example:1883 does not let us read sig/test/+/request/#: Not authorized; "
        "give the user the right to"
    ]


@pytest.mark.parametrize("code", [TAKEN_OVER, 0], ids=["taken over", "just ended"])
def test_a_clash_that_lasts(logged: Logged, code: int) -> None:
    """A day of it is told in a few lines, and the two meet more and more rarely."""
    life = Life()
    ended = life.now + DAY_S
    away: list[float] = []
    while life.now < ended:
        life.connect()
        life.broker.double()
        life.hold(min(CLASH_BACK_OFF_S * 2 ** len(away), LAST_CLASH_BACK_OFF_S))
        away.append(life.lose(code))
    assert CLASH_BACK_OFF_S / 2 <= away[0] <= CLASH_BACK_OFF_S
    assert min(away[6:]) >= LAST_CLASH_BACK_OFF_S / 2
    assert max(away) <= LAST_CLASH_BACK_OFF_S
    lines = logged()
    assert len(lines) == 3
    assert lines[0].startswith("mqtt: connected to")
    assert "another gateway of our name publishes on our topics" in lines[1]
    assert re.search("(another client has|seems to have) taken our id 'sig-test'", lines[2])


def test_peace_after_a_clash(logged: Logged) -> None:
    """A connection that held for long, without a sign of the other, is the end of it; the next is news."""
    life = Life()
    for _ in range(5):
        life.connect()
        life.broker.double()
        life.lose(TAKEN_OVER)
    life.connect()
    before = len(logged())
    life.hold(PEACE_S - 20)
    assert len(logged()) == before
    life.hold(40)
    assert logged()[before:] == ["mqtt: the connection to broker.example:1883 holds again, MQTT 5"]
    assert life.lose() < 1
    life.connect()
    life.broker.double()
    assert CLASH_BACK_OFF_S / 2 <= life.lose(TAKEN_OVER) <= CLASH_BACK_OFF_S
    assert [line.split(": ")[1][:19] for line in logged()[before + 1 :]] == [
        "lost the connection",
        "connected to broker",
        "broker.example:1883",
        "lost the connection",
    ]


def test_another_gateway_and_a_break_soon(logged: Logged) -> None:
    """Before it stays away for long, it says why."""
    life = Life()
    life.connect()
    life.broker.double()
    before = len(logged())
    assert life.lose() >= CLASH_BACK_OFF_S / 2
    (line,) = logged()[before:]
    assert "lost the connection to broker.example:1883: gone; the other gateway of our name seems" in line


def test_another_gateway_with_an_id_of_its_own() -> None:
    """The two share topics, not the connection: one that has held before it breaks is made again at once."""
    life = Life()
    life.connect()
    for _ in range(60):
        life.broker.double()
        life.hold(60)
    assert life.lose() < 1


def test_a_rival_of_which_nothing_is_known(logged: Logged) -> None:
    """MQTT 3.1.1, and the other is never heard: a day of it is told in three lines."""
    life = Life()
    ended = life.now + DAY_S
    while life.now < ended:
        life.connect()
        life.hold(back_off.REFUSED_S)
        life.lose()
    assert [line.split(": ")[1][:12] for line in logged()] == ["connected to", "lost the con", "the connecti"]


@pytest.mark.parametrize(
    ("code", "suspicious"),
    [(0, True), (0x80, True), (0x82, True), (0x95, True), (0x8B, False), (0x98, False), (0x9D, False)],
)
def test_whose_fault_an_end_is(code: int, suspicious: bool) -> None:
    """A message's, unless the broker says something else; an error of our own is none."""
    life = Life()
    life.connect()
    life.lose(code)
    life.connect()
    life.broker.restart("an error of our own")
    life.connect()
    life.broker.broken("nothing acknowledged")
    assert life.suspicious == [suspicious, False, True]


def test_what_a_broker_cannot_do(fake: type[FakeConnection]) -> None:
    """It is learned from a refusal, and tried again at once; forgotten when the broker was away."""
    life = Life()
    life.connect(Refused(0x9A, "Retain not supported"))
    assert life.broker.due <= life.now
    life.connect(Refused(0x9B, "QoS not supported"))
    assert life.broker.due <= life.now
    life.connect(Refused(0x9B, "QoS not supported"))
    assert life.broker.due > life.now
    life.connect()
    life.lose(0xA2)
    assert life.suspicious == [False]
    life.connect()
    assert life.wills == [ALL, (False, 1, True), *[(False, 0, True)] * 2, (False, 0, False)]
    life.lose()
    fake.raises = ConnectionRefusedError("no")
    life.dial()
    fake.raises = None
    life.connect()
    assert life.wills[-1] == ALL


@pytest.mark.parametrize(("code", "longest_s"), [(0x88, back_off.ABSENT_S), (0x87, back_off.REFUSED_S)])
def test_how_long_after_a_refusal(code: int, longest_s: float) -> None:
    """One that is only starting is asked as often as one that is not there."""
    life = Life()
    for _ in range(20):
        life.connect(Refused(code, "no"))
    assert longest_s / 2 <= life.broker.due - life.now <= longest_s


def test_live_again_within_two_seconds(fake: type[FakeConnection]) -> None:
    """After eight outages in a row, and after one of an hour, the next try is never far."""
    life = Life()
    for _ in range(8):
        life.connect()
        life.hold(2.0)
        assert life.lose() < 1
        fake.raises = ConnectionRefusedError("no")
        life.dial()
        fake.raises = None
    ended = life.now + 3600
    fake.raises = ConnectionRefusedError("no")
    while life.now < ended:
        life.dial()
        assert life.broker.due - life.now <= back_off.ABSENT_S
    fake.raises = None
    life.connect()
    assert life.broker.was_away


def test_a_hint_of_another_client(logged: Logged) -> None:
    """MQTT 5 has a word for it, so there is none without that; nor if something was in flight."""
    for version, hints in ((V5, 0), (V311, 1)):
        life = Life((version,))
        for _ in range(5):
            life.connect()
            life.lose()
        assert sum("client has our id" in line for line in logged()) == hints


def test_a_guess_that_was_right(fake: type[FakeConnection]) -> None:
    """The next time the other version has a second, and one try; unless the guess was wrong that time."""
    life = Life()
    for _ in range(HANG_UPS):
        life.connect(HANG_UP)
    life.connect()
    life.lose()
    life.dial()
    life.now += versions.GREETING_AGAIN_S
    life.broker.run(life.now)
    assert life.broker.connection is None
    life.connect(HANG_UP)
    assert life.versions[HANG_UPS:] == [V311, V5, V311]
    for _ in range(HANG_UPS):
        life.dial()
        life.now += versions.GREETING_AGAIN_S
        life.broker.run(life.now)
        still_open = life.broker.connection is not None
        life.now += versions.GREETING_S
        life.broker.run(life.now)
        assert (still_open, life.broker.connection) == (True, None)
    life.connect()
    assert life.versions[HANG_UPS + 3 :] == [*[V5] * HANG_UPS, V311]
