"""A collector's file: what `doctor` says of it, and of the collector that runs with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli.doctor import Where, doctor
from gateway.collect.app import CollectApp
from gateway.config.collecting import load_collect
from gateway.doctor.machine import Machine
from tests.support.collected import Simulated
from tests.support.fleet_enrolled import enrolled_alone
from tests.support.fleet_routers import Routers, routers
from tests.support.leaks import nothing_left
from tests.support.patients import Diagnosis, read
from tests.support.ports import free_port
from tests.support.waiting import until

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No thread, process or descriptor is left."""
    with nothing_left():
        yield


@pytest.fixture(scope="module")
def fleet() -> Iterator[Routers]:
    """One router."""
    with routers(1) as made:
        yield made


class Collector:
    """Its file, in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = folder / "collect.yaml"
        self._capsys = capsys

    def config(self, urls: list[str], more: str = "", collect: str = "name: main") -> None:
        self.path.write_text(f"collect: {{{collect}}}\nfleet: {{routers: {json.dumps(urls)}{more}}}\n")

    def diagnosis(self) -> Diagnosis:
        """In this process."""
        self._capsys.readouterr()
        status = doctor(self.path, Where(None, None), as_json=True, bundle=None, yes=False, machine=Machine())
        return read(self._capsys.readouterr().out, status)


@pytest.fixture
def collector(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Collector:
    """Without a file yet."""
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "set")
    return Collector(tmp_path, capsys)


def test_one_that_does_not_run(collector: Collector, fleet: Routers) -> None:
    """Its file is right, its routers answer; it is no gateway, and nobody looks for links or a service."""
    collector.config(fleet.urls, collect="name: main, sites: [north]")
    found = collector.diagnosis()
    assert found.of("config", "green").message == f"{collector.path}: correct, collects north as main"
    assert found.of("collector", "yellow") == (
        *("collector", "yellow", "it does not run", f"start it: sig-gateway collect -c {collector.path}"),
    )
    assert found.of("fleet", "green").message == f"{fleet.urls[0]} listens, without TLS"
    assert found.of("databases", "green").message == "none yet"
    assert {"gateway", "ports", "service", "broker"}.isdisjoint(line.check for line in found.lines)


def test_a_file_with_errors(collector: Collector) -> None:
    """Each with its line, and no check of what cannot be known by it."""
    collector.config(["tls://hub"], collect="nmae: main")
    found = collector.diagnosis()
    assert "unknown key 'nmae'; did you mean 'name'?" in found.of("config").message
    assert "fleet" not in {line.check for line in found.lines}


def test_routers_and_a_certificate(collector: Collector, tmp_path: Path) -> None:
    """Who does not answer; until when the certificate is valid."""
    enrolled_alone(tmp_path, "main", site="all")
    collector.config([f"tls://127.0.0.1:{free_port()}"], ", tls: {ca: ca.pem, cert: cert.pem, key: key.pem}")
    found = collector.diagnosis()
    assert "does not let us in: connection refused" in found.of("fleet").message
    assert found.of("fleet", "green").message.startswith("its certificate is valid until ")


def test_files_that_are_damaged(collector: Collector, fleet: Routers, tmp_path: Path) -> None:
    """Of any site."""
    collector.config(fleet.urls)
    for site, data in (("north", b"SQLite format 3\0" + bytes(range(256)) * 32), ("south", b"")):
        (tmp_path / "data" / site).mkdir(parents=True)
        (tmp_path / "data" / site / "history.db").write_bytes(data)
    found = collector.diagnosis()
    assert f"{tmp_path}/data/north/history.db is damaged" in found.of("databases").message
    assert found.of("databases", "green").message.startswith(f"{tmp_path}/data/south/history.db: sound")


def test_one_that_runs(collector: Collector, fleet: Routers) -> None:
    """It is asked how it fares, and each part of it that is not well is told."""
    collector.config(fleet.urls, collect="")
    with collector.path.open("a") as file:
        file.write(f"http: {{listen: '127.0.0.1:{free_port()}'}}\n")
    app = CollectApp(load_collect(collector.path))
    app.start()
    try:
        until(lambda: "no gateway is seen" in app.health()["parts"]["fleet"]["message"])
        until(lambda: app.health()["parts"]["http"]["status"] == "ok")
        line = collector.diagnosis().of("collector", "yellow")
        assert line.message.startswith("fleet: connected, and no gateway is seen")
        with closing(Simulated(fleet, "north", "shed")):
            until(lambda: app.health()["status"] == "ok", what=str(app.health()))
            found = collector.diagnosis()
        runs = f"it runs as process {os.getpid()}, and all of its parts are well"
        assert found.of("collector", "green").message == runs
        assert found.of("databases", "green").message.startswith("the collector has them open")
    finally:
        app.stop()


def test_one_that_cannot_be_asked(collector: Collector, fleet: Routers) -> None:
    """It runs, and has no `http`."""
    collector.config(fleet.urls)
    app = CollectApp(load_collect(collector.path))
    app.start()
    try:
        text = collector.diagnosis().of("collector", "green").message
        assert text.startswith(f"it runs as process {os.getpid()}; how it fares is told by")
    finally:
        app.stop()


def test_a_port_of_somebody_else(collector: Collector, fleet: Routers, tmp_path: Path) -> None:
    """Another collector answers there."""
    collector.config(fleet.urls)
    with collector.path.open("a") as file:
        file.write(f"http: {{listen: '127.0.0.1:{free_port()}'}}\n")
    app = CollectApp(load_collect(collector.path))
    app.start()
    try:
        until(lambda: app.health()["parts"]["http"]["status"] == "ok")
        collector.path.write_text(collector.path.read_text().replace("name: main", "data: ./other"))
        assert "is not the collector of this config" in collector.diagnosis().of("collector").message
    finally:
        app.stop()
