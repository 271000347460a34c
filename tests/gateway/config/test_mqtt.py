"""The `mqtt` section: what it takes, and what it says of what it does not take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.config import Config

Complaints = Callable[..., list[str]]
LoadText = Callable[..., Config]


def section(**keys: str) -> str:
    lines = {"url": "mqtt://127.0.0.1", **keys}
    return "mqtt:\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


def test_defaults(load_text: LoadText) -> None:
    """Only the URL must be there; no section, no MQTT."""
    mqtt = load_text(section()).mqtt
    assert mqtt is not None
    assert (mqtt.loss_window, mqtt.version, mqtt.discovery_prefix) == (1.0, "auto", "homeassistant")
    assert load_text("mqtt:\n").mqtt is None


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("loss_window", "0", 0.0),
        ("loss_window", "500ms", 0.5),
        ("outbox_age", "30d", 30 * 86400.0),
        ("version", "5", "5"),
        ("version", '"5"', "5"),
        ("version", "3.1.1", "3.1.1"),
        ("discovery", "entity", "entity"),
        ("discovery_prefix", "ha/x", "ha/x"),
        ("outbox_mb", "10", 10),
    ],
)
def test_values(load_text: LoadText, key: str, written: str, value: Any) -> None:
    """As people write them."""
    assert getattr(load_text(section(**{key: written})).mqtt, key) == value


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        (
            "url",
            "http://x",
            "a URL such as mqtt://host:1883 or mqtts://host:8883, got a value that is not shown",
        ),
        ("version", "4", 'auto, "5" or 3.1.1'),
        ("loss_window", "soon", "a time span such as 30s or 5min, or seconds, got 'soon'"),
        ("backlog_rate", "0", "a whole number from 1, got 0"),
        ("discovery_prefix", '"a/#"', "a topic without wildcards"),
        ("discovery", "devices", "device or entity"),
        ("home_assistant", "maybe", "true or false, got 'maybe'"),
        ("password", "5", "a text, got a value that is not shown"),
    ],
)
def test_wrong_values(complaints: Complaints, key: str, written: str, expected: str) -> None:
    """What was expected, never what is secret."""
    (line,) = complaints(section(**{key: written}))
    assert f"mqtt.{key}: expected {expected}" in line


def test_who_to_log_in_as(complaints: Complaints) -> None:
    """In one place, and with a name."""
    (twice,) = complaints(section(url="mqtt://house@h", user="other"))
    assert "mqtt.user: there is a user in mqtt.url already" in twice
    (nameless,) = complaints(section(password="x"))
    assert "mqtt.password: a password needs a user" in nameless
    assert complaints(section(url="mqtt://house@h", password="!env P"), P="hush") == []


def test_certificates(tmp_path: Path, complaints: Complaints) -> None:
    """They must be there, fit, and be of use."""
    authority = trustme.CA()
    ours = authority.issue_cert("x@example.org")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ours.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    ours.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    url = "mqtts://h"
    assert complaints(section(url=url, tls="{ca: ca.pem, cert: cert.pem, key: key.pem}")) == []
    (plain,) = complaints(section(tls="{ca: ca.pem}"))
    assert "write: url: mqtts://127.0.0.1" in plain
    (missing,) = complaints(section(url=url, tls="{ca: no.pem}"))
    assert "mqtt.tls.ca: 'no.pem' cannot be read: No such file" in missing
    (half,) = complaints(section(url=url, tls="{cert: cert.pem}"))
    assert "expected cert and key together" in half
    (wrong,) = complaints(section(url=url, tls="{ca: key.pem}"))
    assert "mqtt.tls.ca: expected a certificate, PEM" in wrong
