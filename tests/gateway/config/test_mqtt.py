"""The `mqtt` section: what it takes, and what it says of what it does not take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Config, broker_url

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
    assert mqtt.birth_topic == "homeassistant/status"
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
        ("birth_topic", "ha/x", "ha/x"),
        ("birth_topic", "/ha/", "/ha/"),
        ("birth_topic", "sig/other/status", "sig/other/status"),
        ("outbox_mb", "10", 10),
    ],
)
def test_values(load_text: LoadText, key: str, written: str, value: Any) -> None:
    """As people write them."""
    assert getattr(load_text(section(**{key: written})).mqtt, key) == value


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("url", "5", "a URL such as mqtt://host:1883 or mqtts://host:8883, got a value that is not shown"),
        ("version", "4", 'auto, "5" or 3.1.1'),
        ("loss_window", "soon", "a time span from 0 to 60s; a number is seconds, got 'soon'"),
        ("loss_window", "61s", "a time span from 0 to 60s; a number is seconds, got '61s'"),
        ("outbox_age", "0", "a time span from 1s, such as 7d; a number is seconds, got 0"),
        ("outbox_age", "999ms", "a time span from 1s, such as 7d; a number is seconds, got '999ms'"),
        ("request_timeout", "0", "a time span from 100ms, such as 10s; a number is seconds, got 0"),
        ("backlog_rate", "0", "a whole number from 1, got 0"),
        ("discovery_prefix", '"a/#"', "a topic without wildcards"),
        ("discovery_prefix", "/a", "a topic without wildcards"),
        ("discovery_prefix", "a/", "a topic without wildcards"),
        ("birth_topic", '"a/#"', "a topic without wildcards, got 'a/#'"),
        ("birth_topic", "+/status", "a topic without wildcards, got '+/status'"),
        ("birth_topic", '""', "a topic without wildcards"),
        ("birth_topic", "$share/ha/status", "a topic without wildcards"),
        ("birth_topic", '"a\\0"', "a topic without wildcards"),
        ("birth_topic", "ü" * 33_000, "a topic without wildcards"),
        ("discovery", "devices", "device or entity"),
        ("home_assistant", "maybe", "true or false, got 'maybe'"),
        ("password", "5", "a text, got a value that is not shown"),
    ],
)
def test_wrong_values(complaints: Complaints, key: str, written: str, expected: str) -> None:
    """What was expected, never what is secret."""
    (line,) = complaints(section(**{key: written}))
    assert f"mqtt.{key}: expected {expected}" in line


@pytest.mark.parametrize(
    ("url", "why", "write"),
    [
        ("http://h:8123", "its scheme is none of mqtt, mqtts, ws, wss", "mqtt://h:8123"),
        ("ssl://h", "its scheme is none of mqtt, mqtts, ws, wss", "mqtts://h"),
        ("home.local:1883", "it has no '://'", "mqtt://home.local:1883"),
        ("home.local", "it has no '://'", "mqtt://home.local"),
        ("mqtt:home.local", "it has no '://'", "mqtt://home.local"),
        ("mqtts:/h:8883", "it has no '://'", "mqtts://h:8883"),
        ("mqtt://", "it has no host", "mqtt://host"),
        ("mqtt://:1883", "it has no host", "mqtt://host:1883"),
        ("mqtt://home pi:1883", "there is a space in its host", "mqtt://home:1883"),
        ("mqtt://h:0", "its port is not a number from 1 to 65535", "mqtt://h"),
        ("mqtt://h:65536", "its port is not a number from 1 to 65535", "mqtt://h"),
        ("mqtt://h:18x3", "its port is not a number from 1 to 65535", "mqtt://h"),
        ("mqtt://h:", "its port is not a number from 1 to 65535", "mqtt://h"),
        (
            "mqtt://fe80::1:1883",
            "its host is not one; an IPv6 address is written in brackets",
            "mqtt://[fe80::1]:1883",
        ),
        (
            "mqtt://fe80::1%eth0:1883",
            "its host is not one; an IPv6 address is written in brackets",
            "mqtt://[fe80::1%eth0]:1883",
        ),
        (
            "mqtt://[fe80::1%]:1883",
            "its host is not one; an IPv6 address is written in brackets",
            "mqtt://fe80:1883",
        ),
        ("mqtt://h:1883/sig", "it has a path, which only ws and wss take", "mqtt://h:1883"),
        ("mqtt://h?retain=1", "it has a query (from the '?' on), and a broker takes none", "mqtt://h"),
        ("ws://h/mqtt#x", "it has a fragment (from the '#' on), and a broker takes none", "ws://h"),
        ("ws://h:x/mqtt", "its port is not a number from 1 to 65535", "ws://h/mqtt"),
    ],
)
def test_wrong_urls(complaints: Complaints, url: str, why: str, write: str) -> None:
    """Which part is wrong, and the URL with the user's own host to write instead."""
    (line,) = complaints(section(url=f'"{url}"'))
    assert line == (
        f"2: mqtt.url: expected a URL such as mqtt://host:1883, got {url!r}: {why}; write: url: {write}"
    )


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("gw:hush#1", "a '#' in a user or a password is written %23"),
        ("gw:hush?", "a '?' in a user or a password is written %3F"),
        ("gw:hu/sh", "a '/' in a user or a password is written %2F"),
        ("gw:hush%", "a '%' in a user or a password is written %25"),
        ("gw:hush%zz", "a '%' in a user or a password is written %25"),
        ("gw:hush%FF", "what is percent-encoded in its user or password is not UTF-8"),
        (":hush", "it has a password without a user"),
    ],
)
def test_urls_with_a_password(complaints: Complaints, user: str, why: str) -> None:
    """It is never shown, also when its own characters have cut the URL."""
    (line,) = complaints(section(url=f'"mqtt://{user}@h:1883"'))
    assert f"got 'mqtt://***@h:1883': {why}; write: url: mqtt://USER:PASSWORD@h:1883" in line
    assert "hush" not in line
    (hidden,) = complaints(section(url="!env U"), U=f"mqtt://{user}@h:1883")
    assert hidden.endswith(f"got a value that is not shown: {why}")


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://h",
        "MQTTS://h.example.org:8883/",
        "ws://[::1]:9001/mqtt",
        "wss://u:p%40w@ü.de",
        "mqtt://u:p@w@h",
        "mqtt://[fe80::1%eth0]:1883",
        "mqtt://u:p@[fe80::1%25wlan0.1]",
    ],
)
def test_correct_urls(load_text: LoadText, url: str) -> None:
    """As people write them."""
    assert load_text(section(url=f'"{url}"')).mqtt is not None


@given(url=st.text("mqts:/@#?%[]. 018aü-", max_size=30))
def test_any_url(url: str) -> None:
    """Complained about, or of use."""
    if broker_url.problem(url, secret=False) is None:
        assert broker_url.address(url)


def test_wrong_url_and_wrong_key(complaints: Complaints) -> None:
    """All errors at once."""
    assert len(complaints(section(url="h", loss_window="soon"))) == 2


def test_a_birth_topic_of_our_own(complaints: Complaints, load_text: LoadText) -> None:
    """Would make us answer our own `online` with `online`, for ever."""
    name = "gateway: {name: greenhouse}\n"
    for topic in ("sig/greenhouse/status", "sig/greenhouse/temp/availability"):
        (line,) = complaints(name + section(birth_topic=topic))
        assert line == (
            "4: mqtt.birth_topic: expected a topic of Home Assistant's, got one of the gateway's own "
            "(sig/greenhouse/…); write: birth_topic: homeassistant/status"
        )
    assert load_text(name + section(birth_topic="sig/greenhouse2/status")).mqtt is not None
    assert complaints("gateway: 5\n" + section(birth_topic="sig/x/status"))


@pytest.mark.parametrize(
    ("key", "value"), [("discovery", "entity"), ("discovery_prefix", "ha"), ("birth_topic", "ha/status")]
)
def test_discovery_without_home_assistant(load_text: LoadText, key: str, value: str) -> None:
    """Is a warning: it does nothing."""
    (warning,) = [one for one in load_text(section(**{key: value})).warnings if one.path[0] == "mqtt"]
    assert str(warning).endswith(
        f"mqtt.{key}: of no use without Home Assistant; write beside it: home_assistant: true"
    )
    warnings = load_text(section(home_assistant="true", **{key: value})).warnings
    assert not [one for one in warnings if one.path[0] == "mqtt"]


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


@pytest.mark.parametrize(
    ("url", "host", "address"),
    [
        ("mqtt://H.local", "h.local", "h.local:1883"),
        ("mqtts://[::1]", "::1", "[::1]:8883"),
        ("mqtt://[fe80::1%eth0]:5", "fe80::1%eth0", "[fe80::1%eth0]:5"),
        ("mqtt://u:p@[fe80::1%25wlan0.1]", "fe80::1%wlan0.1", "[fe80::1%wlan0.1]:1883"),
        ("mqtt://[fe80::1%25]", "fe80::1%25", "[fe80::1%25]:1883"),
    ],
)
def test_the_host_of_a_url(url: str, host: str, address: str) -> None:
    """As a resolver takes it, and as a person reads it; a zone may be written as in RFC 6874."""
    assert (broker_url.host(url), broker_url.address(url)) == (host, address)
