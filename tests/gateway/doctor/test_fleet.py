"""A gateway's place in the fleet: real routers, real certificates, a real spool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.app import App
from gateway.config import load
from gateway.doctor.finding import Finding, Level
from gateway.doctor.fleet import judge_certificate, judge_routers
from gateway.doctor.fleet_spool import Spool, judge_file, judge_running
from gateway.fleet.certificate import Certificate
from gateway.fleet.members import Member, Role
from tests.support.fleet_enrolled import NOW, Enrolled
from tests.support.fleet_routers import Routers, routers
from tests.support.leaks import nothing_left
from tests.support.patients import Patient
from tests.support.ports import free_port
from tests.support.waiting import until

RED, YELLOW, GREEN = Level.RED, Level.YELLOW, Level.GREEN


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No thread, process or descriptor is left."""
    with nothing_left():
        yield


@pytest.fixture
def patient(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Patient:
    """One without a fault of its own."""
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "set")
    return Patient(tmp_path, capsys, monkeypatch)


@pytest.fixture(scope="module")
def plain() -> Iterator[Routers]:
    """A router without certificates."""
    with routers(1) as made:
        yield made


def section(urls: list[str], more: str = "keep: 7d") -> str:
    """Of a config."""
    return f"fleet: {{site: north, routers: {json.dumps(urls)}, {more}}}\n"


def test_no_fleet(patient: Patient) -> None:
    """Is no fault."""
    patient.config()
    assert patient.diagnosis().of("fleet", "green").message == "no fleet section: it belongs to no fleet"


def test_a_section_with_errors(patient: Patient) -> None:
    """It is the config's fault, and not that of a gateway without a fleet."""
    patient.config(section(["tls://hub1"]))
    found = patient.diagnosis()
    assert "tls:// needs certificates" in found.of("config").message
    assert [line for line in found.lines if line.check == "fleet"] == []


def test_routers_without_certificates(patient: Patient, plain: Routers) -> None:
    """One that answers is enough, and which does not is said; without any, nobody hears the gateway."""
    none = f"tcp://127.0.0.1:{free_port()}"
    patient.config(section(plain.urls))
    assert patient.diagnosis().of("fleet", "green").message == f"{plain.urls[0]} listens, without TLS"
    patient.config(section([none, *plain.urls]))
    line = patient.diagnosis().of("fleet", "yellow")
    assert line.message.startswith(
        f"{none} does not let us in: connection refused: is `sig-gateway fleet-rou"
    )
    assert line.message.endswith(f"; {plain.urls[0]} does")
    patient.config(section([none]))
    assert patient.diagnosis().of("fleet").message.startswith(f"{none} does not let us in")


def test_routers_that_are_secret(patient: Patient) -> None:
    """Are not named."""
    (patient.folder / "hub").write_text(f"tcp://127.0.0.1:{free_port()}")
    patient.config("fleet: {site: north, routers: [!file hub]}")
    assert patient.diagnosis().of("fleet").message.startswith("router 1 does not let us in")


def test_with_certificates(patient: Patient, tmp_path: Path) -> None:
    """Let in by two routers, which write nothing of it into their logs; the certificate's name and end are
    looked at, and who may read its key."""
    fleet = Enrolled(tmp_path / "fleet")
    place = fleet.enrol("north/barn", now=NOW - timedelta(days=700))
    fleet.start()
    try:
        urls = [f"tls://127.0.0.1:{port}" for port in fleet.ports]
        tls = f"tls: {{ca: {place}/ca.pem, cert: {place}/cert.pem, key: {place}/key.pem}}"
        patient.config(f"gateway: {{name: barn}}\n{section(urls, tls)}")
        found = patient.diagnosis()
        line = found.of("fleet", "green")
        assert line.message.startswith(
            f"{urls[0]}, {urls[1]}: each shows the fleet's certificate, and takes ours; what it lets us say"
        )
        assert found.of("fleet", "yellow").message.startswith("its certificate ends in 30 days, on ")
        (place / "key.pem").chmod(0o644)
        found = patient.diagnosis()
        assert f"everybody may read {place}/key.pem" in found.of("permissions", "yellow").message
        patient.config(f"gateway: {{name: shed}}\n{section(urls[:1], tls)}")
        said = patient.diagnosis().of("config").message
        assert "is of the gateway north/barn, and this config says north/shed: routers drop all" in said
        logs = [line for router in fleet.routers for line in router.log]
        ours = ("listening on", "certificate ends", "linked with the router hub")
        assert [line for line in logs if not any(text in line for text in ours)] == []
    finally:
        fleet.stop()


def test_what_waits(patient: Patient, plain: Routers) -> None:
    """As the gateway that runs says, and as its file has it when it does not."""
    patient.config(section(plain.urls, "loss_window: 100ms"))
    app = App(load(patient.path))
    app.start()
    try:
        sender: Any = app.router.addSender("temp", ["#changed"])
        sender.getSignal("#changed").trigger({"value": 1})
        until(lambda: app.health()["parts"]["fleet"].get("waiting") == 2)  # it came, and it changed
        line = patient.diagnosis().lines
        (text,) = [each.message for each in line if each.check == "fleet" and "wait" in each.message]
        assert text.startswith("2 events wait to be confirmed, the oldest of 20")
    finally:
        app.stop()
    found = patient.diagnosis()
    texts = [each.message for each in found.lines if each.check == "fleet" and "wait" in each.message]
    assert texts[0].startswith("2 events wait to be confirmed, the oldest of 20")
    assert any("fleet.db: sound" in each.message for each in found.lines if each.check == "databases")
    (patient.folder / "data" / "fleet.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 32)
    found = patient.diagnosis()
    assert "fleet.db is damaged" in found.of("databases").message
    assert [each for each in found.lines if each.check == "fleet" and "wait" in each.message] == []


def certificate(name: str, days: int) -> Certificate:
    """One that ends in so many days."""
    return Certificate(name, datetime(2026, 11, 30, 12, tzinfo=UTC) + timedelta(days=days, hours=1))


@pytest.mark.parametrize(
    ("given", "level", "words"),
    [
        (certificate("gateway:north/barn:3", 61), GREEN, "valid until 2027-01-30, for 61 days more"),
        (certificate("gateway:north/barn:1", 60), YELLOW, "ends in 60 days, on 2027-01-29"),
        (certificate("gateway:north/barn:1", 0), YELLOW, "ends in 0 days, on 2026-11-30"),
        (certificate("gateway:north/barn:1", -1), RED, "has ended on 2026-11-29: no router lets it in"),
        (certificate("reader:desk:1", 99), RED, "is of the reader desk, and this config says north/barn"),
        (certificate("", 99), RED, "is of '', which `fleet enrol` names nobody, and this config says north"),
    ],
)
def test_a_certificate(given: Certificate, level: Level, words: str) -> None:
    """From sixty days before its end it is told; whose it is comes first."""
    first = next(judge_certificate(given, "north/barn", datetime(2026, 11, 30, 12, tzinfo=UTC)))
    assert (first.level, words in first.message) == (level, True), first
    assert bool(first.remedy) is (level is not GREEN)


def test_a_certificate_of_a_long_name() -> None:
    """It has a digest of it."""
    name, now = f"north/{'barn' * 12}-of-the-mill", datetime(2026, 11, 30, tzinfo=UTC)
    ours = Member(name, Role.GATEWAY, now.date(), generation=2).common_name
    assert ours.startswith("gateway:#")
    assert [line.level for line in judge_certificate(certificate(ours, 99), name, now)] == [GREEN]
    found = judge_certificate(certificate(ours, 99), f"{name}s", now)
    assert [line.level for line in found] == [RED, GREEN]


@pytest.mark.parametrize(
    ("part", "levels", "words"),
    [
        ({"status": "ok", "waiting": 0, "oldest": None, "lost": 0}, [GREEN], "no event waits"),
        (
            {"status": "ok", "waiting": 1, "oldest": "T", "lost": 0},
            [GREEN],
            "1 event waits to be confirmed, ",
        ),
        (
            {"status": "failing", "waiting": 5, "oldest": "T"},
            [YELLOW],
            "by main (4, has last confirmed never)",
        ),
        ({"status": "ok", "waiting": 5, "oldest": "T", "lost": 7}, [GREEN, YELLOW], "7 events that it kept "),
    ],
)
def test_what_the_gateway_says(part: dict[str, Any], levels: list[Level], words: str) -> None:
    """Who is behind is told where that is a fault; what is lost always."""
    consumers = {"main": {"unconfirmed": 4, "confirmed": None}, "other": {"unconfirmed": 0, "confirmed": "T"}}
    found = list(judge_running({**part, "consumers": consumers}))
    assert [line.level for line in found] == levels
    assert words in found[-1].message
    if YELLOW in levels and "by main" in words:  # the collector does not run; or routers drop all of ours
        assert "is sig-gateway collect running there?" in found[0].remedy
        assert "`sig-gateway fleet list` says who is enrolled" in found[0].remedy


def test_what_the_file_says() -> None:
    """Also of one that takes too long to count."""
    assert judge_file(Spool(0, None)) == Finding("fleet", GREEN, "no event waits to be confirmed")
    said = judge_file(Spool(None, 0.0)).message
    assert said.startswith(
        "many events wait to be confirmed, the oldest of 1970-01-01T00:00:00.000Z; it says"
    )


def test_routers() -> None:
    """One line for all that let us in."""
    (line,) = judge_routers({"tls://a": ""}, encrypted=True)
    text = "tls://a shows the fleet's certificate, and takes ours; what it lets us say is not seen from here"
    assert line == Finding("fleet", GREEN, text)
    found = list(judge_routers({"tls://a": "off", "tls://b": "", "tls://c": "hung"}, encrypted=True))
    assert [(each.level, each.message) for each in found] == [
        (YELLOW, "tls://a does not let us in: off; tls://b does"),
        (YELLOW, "tls://c does not let us in: hung; tls://b does"),
    ]
