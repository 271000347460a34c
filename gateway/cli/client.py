"""A connection to a running gateway, for the length of one command."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import click

import sig
from gateway.cli.over_fleet import HINT, fleet, is_fleet
from gateway.cli.unreachable import unauthorized, unreachable
from gateway.fleet.absence import NobodySeen
from gateway.plain import plain
from gateway.secret_file import SecretFileError, read_secret_file
from sig.carrier.tcpclient import CarrierTCPClient
from sig.event import Callback
from sig.limits import DEFAULT

DEFAULT_PORT = 7300


@dataclass(frozen=True, slots=True)
class Target:
    """Where a gateway listens. For a Unix socket `host` is `unix:/path` and `port` 0."""

    url: str
    host: str
    port: int
    tls: bool = False


def parse_url(url: str) -> Target:
    """`tcp://host[:port]`, `tls://host[:port]`, `unix:/path`, `host[:port]`, `:port`; raises click's usage
    error (exit status 2)."""
    problem = _url_problem(url)
    if is_fleet(url):
        raise problem
    if url.startswith("unix:"):
        path = url.removeprefix("unix:")
        path = "/" + path.lstrip("/") if path.startswith("//") else path
        if not path or "\0" in path:
            raise problem
        return Target(url, f"unix:{path}", 0)
    if re.fullmatch(r":[0-9]+", url):
        url = f"127.0.0.1{url}"
    if re.fullmatch(r"[^/@]+:[0-9]+|\[[^/@]+\]|[A-Za-z0-9][\w-]*(\.[\w-]+)*", url):
        url = f"tcp://{url}"
    try:
        parts = urlsplit(url)
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        raise problem from None
    extras = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not port or extras:
        raise problem
    return Target(url, parts.hostname, port, parts.scheme == "tls")


def _url_problem(url: str) -> click.BadParameter:
    if is_fleet(url):
        text = "this command is for one gateway, not for a fleet: --connect tcp://HOST"
        return click.BadParameter(text, param_hint=HINT)
    text = f"expected tcp://host:port, tls://host:port or unix:/path, got {url!r}"
    scheme, colon, rest = url.partition("://")
    if colon and scheme.lower() in ("http", "https"):
        host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0] or "HOST"
        text += "; HTTP is for programs and browsers; commands connect to the config's router.listen: "
        text += f"tcp://{host}:{DEFAULT_PORT}"
    elif colon and scheme.lower() in ("mqtt", "mqtts"):
        text += "; that is a broker; commands connect to the config's router.listen"
    return click.BadParameter(text, param_hint=HINT)


def read_token(path: Path) -> str:
    """The token that a file holds; raises click's usage error (exit status 2), which never shows it."""
    try:
        return read_secret_file(path)
    except SecretFileError as error:
        raise click.BadParameter(f"{path} {error}", param_hint="--token-file") from None


class Remote(Protocol):
    """A gateway, or a fleet of them: a ClientRouter, or a FleetRouter."""

    def addRemoteListener(  # noqa: N802 - sig's name
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool: ...
    def remoteRequest(  # noqa: N802 - sig's name
        self, sender: str, method: str, params: Any = None, timeout: float | None = None
    ) -> Any: ...
    def listRemoteSenders(self, list_events: bool = False) -> list[dict[str, Any]]: ...  # noqa: N802 - sig's


@contextmanager
def anywhere(
    url: str,
    token: str | None,
    *,
    on_lost: Callable[[], None] | None = None,
    on_back: Callable[[], None] | None = None,
) -> Iterator[Remote]:
    """A client connected to one gateway, or to a fleet, as the URL says; else as `connection`."""
    if not is_fleet(url):
        with connection(url, token, on_lost=on_lost, on_back=on_back) as client:
            yield client
        return
    sig.setup_logger(_Errors())
    try:
        with fleet(url, on_lost, on_back) as router:
            yield router
    finally:
        sig.setup_logger(None)


@contextmanager
def connection(
    url: str,
    token: str | None,
    *,
    on_lost: Callable[[], None] | None = None,
    on_back: Callable[[], None] | None = None,
    within_s: float | None = None,
) -> Iterator[sig.ClientRouter]:
    """A client connected to one gateway. It reconnects if there is an `on_lost`; both are called on the
    carrier's thread.
    `within_s`: how long it may take at most; then nothing is printed of what `sig` says.

    Raises click.ClickException (exit status 1) if no gateway answers.
    """
    target = parse_url(url)
    limits = DEFAULT if within_s is None else replace(DEFAULT, handshake_s=within_s)
    sig.setup_logger(_Errors() if within_s is None else None)
    context = _tls_context() if target.tls else None
    carrier = CarrierTCPClient(token=token, ssl_context=context, limits=limits)
    client = sig.ClientRouter(carrier)
    carrier.auto_reconnect = on_lost is not None
    try:
        if not _connect(carrier, target, token):
            raise click.ClickException(unreachable(target.url, carrier.last_error or "", time.time()))
        carrier.on_connected, carrier.on_disconnected = on_back, on_lost
        yield client
    finally:
        carrier.on_connected = carrier.on_disconnected = None
        carrier.disconnect()
        sig.setup_logger(None)


def _connect(carrier: CarrierTCPClient, target: Target, token: str | None) -> bool:
    try:
        return carrier.connect(target.host, target.port)
    except sig.Unauthorized as error:
        raise sig.Unauthorized(unauthorized(str(error), given=token is not None)) from None


class _Errors(sig.SimpleLogger):
    """Of what `sig` logs, errors are printed."""

    def __init__(self) -> None:
        super().__init__(level=sig.LOG_LEVELS.LEVEL_NONE)

    def error(self, text: str, *_: object) -> None:
        """Such as a token that the gateway does not take any more."""
        print(f"sig-gateway: {text}", file=sys.stderr, flush=True)


def _tls_context() -> Any:
    import ssl  # costs 10 ms

    return ssl.create_default_context()


def to_json(value: object) -> str:
    """One line of JSON; ° and its like as they are where standard output can say them."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=encoding != "utf8")
    return text if text.isprintable() else json.dumps(value)


def complain(error: sig.RequestError) -> int:
    """`error: not_connected: …` on stderr; returns the exit status."""
    others = isinstance(error, sig.UnknownSender) and not isinstance(error, NobodySeen)
    hint = "; `sig-gateway senders` lists those there are" if others else ""
    print(plain(f"error: {error.error}: {error}{hint}"), file=sys.stderr)
    return 1
