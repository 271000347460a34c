"""Certificates and keys that a service's manager has read as root: `LoadCredential`."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from gateway.app import App
from gateway.config import ConfigError, load
from gateway.mqtt.settings import target
from gateway.reload.files import files_of, not_taken
from tests.support.leaks import nothing_left
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until


class Handed:
    """A config in `etc`, whose `secrets` are empty for whoever is not root; and what systemd has handed over
    of it."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.path = folder / "etc" / "config.yaml"
        self.folder = folder / "credentials"
        self.environ = {"CREDENTIALS_DIRECTORY": str(self.folder)}
        (folder / "etc" / "secrets").mkdir(parents=True)
        self.folder.mkdir()
        ours = self.authority.issue_cert("localhost", "127.0.0.1")
        ours.private_key_pem.write_to_path(str(self.folder / "secrets_key.pem"))
        ours.cert_chain_pems[0].write_to_path(str(self.folder / "secrets_cert.pem"))
        self.authority.cert_pem.write_to_path(str(self.folder / "secrets_ca.pem"))


@pytest.fixture
def handed(tmp_path: Path) -> Handed:
    """In folders of its own."""
    return Handed(tmp_path)


def test_router_and_page_show_a_certificate_that_root_alone_may_read(
    handed: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the service finds it: both listen, and a client that believes the authority is content."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed.folder))
    ports = [free_port(), free_port()]
    tls = "tls: {cert: secrets/cert.pem, key: ./secrets/key.pem}"
    sections = zip(("router", "http"), ports, strict=True)
    handed.path.write_text(
        "".join(f"{name}: {{listen: '127.0.0.1:{port}', {tls}}}\n" for name, port in sections)
    )
    believing = ssl.create_default_context()
    handed.authority.configure_trust(believing)
    with nothing_left():
        app = App(load(handed.path))
        app.start()
        try:
            until(lambda: app.health()["parts"]["http"]["status"] == "ok")
            for port in ports:
                plain = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
                with believing.wrap_socket(plain, server_hostname="localhost") as secured:
                    assert secured.version()
        finally:
            app.stop()


def test_who_we_are_to_the_broker(handed: Handed) -> None:
    """And whom to believe; a reload sees what has been handed over, and no more."""
    handed.path.write_text(
        "mqtt: {url: 'mqtts://localhost', "
        "tls: {ca: secrets/ca.pem, cert: secrets/cert.pem, key: secrets/key.pem}}\n"
    )
    config = load(handed.path, environ=handed.environ)
    assert config.mqtt is not None
    told = target(config, config.mqtt)
    assert (told.ca, told.cert, told.key) == tuple(
        handed.folder / f"secrets_{name}.pem" for name in ("ca", "cert", "key")
    )
    before = files_of(config)
    assert None not in before["mqtt"]
    secrets = handed.path.parent / "secrets"
    (secrets / "key.pem").write_text("renewed")
    assert files_of(config) == before


def test_a_renewed_one_is_told_of_by_a_reload(handed: Handed) -> None:
    """What systemd handed over is of the start: a reload says that it wants a restart, where it sees that the
    file is another, and where it may not see; nothing where all are the same, or none was handed over."""
    text = "mqtt: {url: 'mqtts://localhost', tls: {cert: secrets/cert.pem, key: secrets/key.pem}}\n"
    handed.path.write_text(text)
    config = load(handed.path, environ=handed.environ)
    secrets = handed.path.parent / "secrets"
    restart = "systemd hands it over at a start: sudo systemctl restart sig-gateway"
    assert not_taken(config) == {"mqtt": f"a certificate or key that was renewed is not seen: {restart}"}
    for name in ("key", "cert"):
        (secrets / f"{name}.pem").write_bytes((handed.folder / f"secrets_{name}.pem").read_bytes())
    assert not_taken(config) == {}
    (secrets / "key.pem").write_text("renewed")
    assert not_taken(config) == {"mqtt": f"secrets/key.pem: not as at the start any more; {restart}"}
    assert not_taken(replace(config, credentials=None)) == {}


def test_a_reload_says_so(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the part, which is kept."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed.folder))
    tls = "tls: {cert: secrets/cert.pem, key: secrets/key.pem}"
    handed.path.write_text(f"router: {{listen: '127.0.0.1:{free_port()}', {tls}}}\n")
    with nothing_left():
        app = App(load(handed.path))
        app.start()
        try:
            (handed.path.parent / "secrets" / "key.pem").write_text("renewed")
            (line,) = [one for one in app.reloader.request(None)["parts"] if one["part"] == "router"]
            assert line["result"] == "kept"
            assert line["message"].startswith("secrets/key.pem: not as at the start any more; systemd hands")
        finally:
            app.stop()


def test_one_that_came_after_the_start(handed: Handed) -> None:
    """The file itself is read then; where that cannot be, what to type is said. Nothing is said of services
    where there is none, or of a file that is elsewhere."""
    secrets = handed.path.parent / "secrets"
    for name in ("key", "cert"):
        (secrets / f"new-{name}.pem").write_bytes((handed.folder / f"secrets_{name}.pem").read_bytes())
    handed.path.write_text("router: {tls: {cert: secrets/new-cert.pem, key: secrets/new-key.pem}}\n")
    config = load(handed.path, environ=handed.environ)
    assert config.read_at("secrets/new-key.pem") == secrets / "new-key.pem"
    handed.path.write_text("router: {tls: {cert: none.pem, key: secrets/none.pem}}\n")
    with pytest.raises(ConfigError) as caught:
        load(handed.path, environ=handed.environ)
    elsewhere, late = caught.value.problems
    assert str(elsewhere).endswith("'none.pem' cannot be read: No such file or directory")
    assert str(late).endswith("hands it over at a start: sudo systemctl restart sig-gateway")
    with pytest.raises(ConfigError) as caught:
        load(handed.path, environ={})
    assert "systemctl" not in str(caught.value)
