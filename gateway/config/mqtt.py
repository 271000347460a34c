"""The shape of the config's `mqtt` section."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config.fields import Section, Text, Token, field
from gateway.config.spans import Span

_BAD_IN_TOPIC = re.compile(r"[+#\x00-\x1f\x7f\ud800-\udfff]")
MAX_TOPIC_BYTES = 65_535


def _check_topic(text: str) -> str:
    """One that others publish on: `$` begins the broker's own, and shared subscriptions."""
    if not text or text[0] == "$" or _BAD_IN_TOPIC.search(text) or len(text.encode()) > MAX_TOPIC_BYTES:
        raise ValueError("not a topic")
    return text


def _check_prefix(text: str) -> str:
    if _check_topic(text)[0] == "/" or text[-1] == "/":
        raise ValueError("not a topic")
    return text


def _as_text(value: object) -> object:
    """A version such as 5, which YAML reads as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _none_if_empty(value: object) -> object:
    """Brokers know no empty password; who writes one means none, and is told so."""
    return None if value == "" else value


class MqttTlsSection(Section):
    """`mqtt.tls`: whom to trust, and who we are."""

    ca: Text | None = field(
        None,
        "The authority that signed the broker's certificate, PEM; relative to the config file. "
        "Without it, those that the system trusts.",
        "a file's path",
        "ca.pem",
    )
    cert: Text | None = field(
        None, "Our own certificate, if the broker wants one, PEM.", "a file's path", "cert.pem"
    )
    key: Text | None = field(None, "Its private key, PEM, without a passphrase.", "a file's path", "key.pem")


class MqttSection(Section):
    """`mqtt`: the broker, and what to tell it."""

    url: Token = field(  # its parts: see broker_url.py
        ...,
        "The broker. `mqtts:` encrypts; `ws:` and `wss:` are MQTT over WebSockets.",
        "a URL such as mqtt://host:1883 or mqtts://host:8883",
        "mqtt://127.0.0.1:1883",
        secret=True,
    )
    home_assistant: bool = field(False, "Announce the sensors to Home Assistant.", "true or false", "true")
    discovery: Literal["device", "entity"] = field(
        "device",
        "How: a message for each device or, for Home Assistant before 2024.12, for each entity.",
        "device or entity",
        "device",
    )
    discovery_prefix: Annotated[str, AfterValidator(_check_prefix)] = field(
        "homeassistant", "Home Assistant's discovery prefix.", "a topic without wildcards", "homeassistant"
    )
    birth_topic: Annotated[str, AfterValidator(_check_topic)] = field(
        "homeassistant/status",
        "Where Home Assistant says that it has started (its birth message): everything is then said again.",
        "a topic without wildcards",
        "homeassistant/status",
    )
    user: Token | None = field(
        None,
        "Whom to log in as; may be in the URL instead.",
        "a text",
        "!env MQTT_USER",
        secret=True,
        quote=True,
    )
    password: Annotated[Token | None, BeforeValidator(_none_if_empty)] = field(
        None,
        "The password. Keep it out of the file: `!env NAME` or `!file PATH`.",
        "a text",
        "!file password.txt",
        secret=True,
        quote=True,
    )
    tls: MqttTlsSection | None = field(
        None, "Certificates, for `mqtts:` and `wss:`.", "a mapping", "{ca: ca.pem}"
    )
    version: Annotated[Literal["auto", "5", "3.1.1"], BeforeValidator(_as_text)] = field(
        "auto",
        "MQTT's version; auto: 5, and 3.1.1 when the broker refuses that.",
        'auto, "5" or 3.1.1',
        "auto",
    )
    client_id: Text | None = field(
        None,
        "What we are called at the broker, where no two may be called the same. Without it, `sig-` and the "
        "gateway's name.",
        "a text",
        "sig-greenhouse",
        quote=True,
    )
    loss_window: Annotated[Span, Field(le=60)] = field(
        1.0,
        "What a kill or a power cut may lose of the events that the broker has not got; while it is away, "
        "the SD card is written to so often. 0: each event is written before it is sent.",
        "a time span from 0 to 60s; a number is seconds",
        "1s",
    )
    outbox_rows: int = Field(
        500_000,
        ge=1,
        le=100_000_000,
        description="Events that wait for the broker at most; beyond it, the oldest go.",
        json_schema_extra={"expected": "a whole number from 1", "write": "500000"},
    )
    outbox_mb: int = Field(
        100,
        ge=1,
        le=100_000,
        description="The same in megabytes.",
        json_schema_extra={"expected": "a whole number from 1", "write": "100"},
    )
    outbox_age: Annotated[Span, Field(ge=1)] = field(
        604800.0, "The same in time.", "a time span from 1s, such as 7d; a number is seconds", "7d"
    )
    backlog_rate: int = Field(
        200,
        ge=1,
        le=100_000,
        description="Events a second that are sent of those that waited.",
        json_schema_extra={"expected": "a whole number from 1", "write": "200"},
    )
    request_timeout: Annotated[Span, Field(ge=0.1)] = field(
        10.0,
        "What a request from MQTT may take, if it does not say so itself.",
        "a time span from 100ms, such as 10s; a number is seconds",
        "10s",
    )
