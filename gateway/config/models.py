"""The shape of each part of `config.yaml`, as pydantic models; MQTT and the log have files of their own."""

from __future__ import annotations

import socket
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config.address import ANYWHERE, EXPECTED, AddressText, is_host, parse_address
from gateway.config.fields import Identity, Name, OpenSection, Section, Text, Token, field
from gateway.config.sizes import Size
from gateway.config.spans import Span
from gateway.naming import CHARACTERS

LEAST_SIZE, MOST_SIZE = 10 * 10**6, 1000 * 10**9


def _column(value: object) -> object:
    """A column's number is as good as the text of it: what else could be meant?"""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_host(text: str) -> str:
    if not is_host(text):
        raise ValueError("not a host")
    return text


class GatewaySection(Section):
    """`gateway`: what this gateway is called and where it keeps its files."""

    name: Name = field(
        "gateway",
        "What this gateway is called, on the screen and in MQTT topics.",
        f"a name of {CHARACTERS}",
        "greenhouse",
        quote=True,
        name=True,
    )
    data: Text = field(
        "./data",
        "Folder for what the gateway keeps; created when missing; relative to the config file.",
        "a folder's path",
        "./data",
    )


class TlsSection(Section):
    """`router.tls` and `http.tls`: the certificate that clients see."""

    cert: Text = field(
        ..., "Certificate chain, PEM; relative to the config file.", "a file's path", "cert.pem"
    )
    key: Text = field(..., "Its private key, PEM, without a passphrase.", "a file's path", "key.pem")


class RouterSection(Section):
    """`router`: where other programs reach the senders."""

    listen: AddressText = field(
        "127.0.0.1:7300",
        "Where clients connect. Beyond this machine a token is required.",
        EXPECTED,
        "127.0.0.1:7300",
    )
    token: Token | None = field(
        None,
        "What a client must say first. Keep it out of the file: `!env NAME` or `!file PATH`.",
        "a text",
        "!env SIG_GATEWAY_TOKEN",
        secret=True,
        quote=True,
    )
    tls: TlsSection | None = field(
        None, "Encrypts the connections.", "a mapping", "{cert: cert.pem, key: key.pem}"
    )


class LinkSection(OpenSection):
    """`links.NAME`: what every link has; the other keys are its protocol's own."""

    protocol: Text = field("sensorline", "What the board speaks.", "a protocol's name", "sensorline")
    identity: Identity | None = field(
        None,
        "What the board, node or chip must say it is; another one is refused.",
        "a text without spaces, at most 24 characters",
        '"0001"',
        quote=True,
    )


class SensorSection(OpenSection):
    """`sensors.NAME`: what every sensor has; the other keys are the options of its driver."""

    driver: Text = field(..., "The kind of sensor.", "a driver's name", "temperature")
    link: Text = field(..., "The link it is on: a name from `links`.", "a link's name", "board")
    channel: Annotated[Text, BeforeValidator(_column)] | None = field(
        None,
        "What the board calls it, a column's number too; left out, the sensor's own name.",
        "a channel's name",
        "temp",
        quote=True,
    )


class HttpSection(Section):
    """`http`: the dashboard, and the API for programs."""

    listen: AddressText = field(
        "127.0.0.1:8300",
        "Where browsers connect. Beyond this machine a token is required.",
        EXPECTED,
        "127.0.0.1:8300",
    )
    token: Token | None = field(
        None,
        "What a program must say with each request, and a person once. Keep it out of the file: `!env NAME` "
        "or `!file PATH`.",
        "a text",
        "!env SIG_GATEWAY_TOKEN",
        secret=True,
        quote=True,
    )
    tls: TlsSection | None = field(
        None, "Encrypts the connections.", "a mapping", "{cert: cert.pem, key: key.pem}"
    )
    hosts: list[Annotated[str, AfterValidator(_check_host)]] = field(
        [],
        "Names under which browsers reach it, beside `localhost` and the address in `listen`: behind a "
        "proxy, or with a name of this machine's own.",
        "a list of host names without ports",
        "[greenhouse.local]",
    )

    @property
    def url(self) -> str:
        """Where a person finds the dashboard, by this machine's name if it listens on all its addresses."""
        address = parse_address(self.listen)
        if address.unix:
            return self.listen
        host = socket.gethostname() if address.host in ANYWHERE else address.host
        host = f"[{host}]" if ":" in host else host
        return f"{'http' if self.tls is None else 'https'}://{host}:{address.port}"


class HistorySection(Section):
    """`history`: what was said, for years."""

    keep: Annotated[Span, Field(ge=1)] = field(
        400 * 86400.0,
        "How long readings are kept. Of each hour the least, greatest and mean value stay longer.",
        "a time span from 1s, such as 400d; a number is seconds",
        "400d",
    )
    events: Annotated[Span, Field(ge=1)] = field(
        30 * 86400.0,
        "How long every other event is kept.",
        "a time span from 1s, such as 30d; a number is seconds",
        "30d",
    )
    window: Annotated[Span, Field(ge=1, le=300)] = field(
        60.0,
        "What a kill or a power cut may lose; the SD card is written to so often.",
        "a time span from 1s to 5min; a number is seconds",
        "60s",
    )
    size: Annotated[Size, Field(ge=LEAST_SIZE, le=MOST_SIZE)] = field(
        10**9,
        "How much of the disk it takes at most; beyond it, the oldest readings go.",
        "a size from 10MB to 1000GB, such as 500MB; a number is bytes",
        "1GB",
    )
