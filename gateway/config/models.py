"""The shape of each part of `config.yaml`, as pydantic models.

A field's `json_schema_extra` says what an error message needs: `expected` (what the field takes), `write`
(an example to copy), `secret` (never show what was given) `quote` (a text of somebody's own: who gives a
number means its digits, and a `#` may belong to it) and `name` (a word that people make up).
`description` is for docs/configuration.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from gateway.config.sizes import Size
from gateway.config.spans import Span

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,47}")
_IDENTITY = re.compile(r"[!-~]{1,24}")  # as sensorline's words are
_BAD_IN_SENDER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_SENDER_CHARS = 64
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - where a user listens is the user's choice
"""All of a machine's addresses."""
LEAST_SIZE, MOST_SIZE = 10 * 10**6, 1000 * 10**9


def field(
    default: Any,
    description: str,
    expected: str,
    write: str = "",
    *,
    secret: bool = False,
    quote: bool = False,
    name: bool = False,
) -> Any:
    """A field with what error messages and the docs need; `default` is `...` for one that must be there."""
    extra: dict[str, Any] = {
        "expected": expected,
        "write": write,
        "secret": secret,
        "quote": quote,
        "name": name,
    }
    return Field(default, description=description, json_schema_extra=extra)


class Section(BaseModel):
    """A part of the config. Unknown keys are errors, and nothing is converted behind the user's back."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OpenSection(BaseModel):
    """A part of the config that has keys beside its fields, checked against a table of the drivers' own."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def options(self) -> dict[str, Any]:
        """The other keys, as they were written."""
        return dict(self.model_extra or {})


class Address(BaseModel):
    """Where to listen: `host` and `port`, or the path of a Unix socket in `host` and port 0."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int
    unix: bool = False

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.unix or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """`host:port`, `[ipv6]:port` or `unix:PATH`. Raises ValueError."""
    if text.startswith("unix:") and len(text) > len("unix:") and "\0" not in text:
        return Address(host=text.removeprefix("unix:"), port=0, unix=True)
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 65536:
        raise ValueError("not host:port")
    if host.startswith("[") and host.endswith("]"):
        return Address(host=str(ipaddress.IPv6Address(host[1:-1])), port=int(port))
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", host):
        raise ValueError("not a host")
    return Address(host=host, port=int(port))


def _check_address(text: str) -> str:
    parse_address(text)
    return text


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("not a name")
    return text


def _check_not_blank(text: str) -> str:
    if not text.strip() or _BAD_IN_SENDER.search(text):
        raise ValueError("blank")
    return text


def _column(value: object) -> object:
    """A column's number is as good as the text of it: what else could be meant?"""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_identity(text: str) -> str:
    if not _IDENTITY.fullmatch(text):
        raise ValueError("not an identity")
    return text


def _check_token(token: SecretStr) -> SecretStr:
    _check_not_blank(token.get_secret_value())
    return token


def _check_host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,253}", text) or (":" in text and not _is_ipv6(text)):
        raise ValueError("not a host")
    return text


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_link_name(text: str) -> bool:
    """A link's name becomes a file name under the data folder: letters, digits, `_`, `-`, `.`; at most 48."""
    return _NAME.fullmatch(text) is not None


def is_sender_name(text: str) -> bool:
    """A sensor's name is its sender's: anything a person can type, but no `#` first (that is a channel), and
    not the name of the gateway's own sender."""
    fits = text.strip() != "" and len(text) <= MAX_SENDER_CHARS and text != "$gateway"
    return fits and not text.startswith("#") and _BAD_IN_SENDER.search(text) is None


Text = Annotated[str, AfterValidator(_check_not_blank)]
AddressText = Annotated[str, AfterValidator(_check_address)]
Token = Annotated[SecretStr, AfterValidator(_check_token)]

_ADDRESS = "host:port, [ipv6]:port or unix:PATH"


class GatewaySection(Section):
    """`gateway`: what this gateway is called and where it keeps its files."""

    name: Annotated[str, AfterValidator(_check_name)] = field(
        "gateway",
        "What this gateway is called, on the screen and in MQTT topics.",
        "a name of letters, digits, '_', '-' or '.', at most 48",
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
        _ADDRESS,
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
    identity: Annotated[str, AfterValidator(_check_identity)] | None = field(
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
        _ADDRESS,
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
