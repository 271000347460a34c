"""A connection to a whole fleet, for the length of one command: `--connect fleet:tls://hub1,tls://hub2`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import click

from gateway.fleet.keys import parse_name
from gateway.fleet.session import EXTRA, EndpointError, FleetError, Settings, Tls, endpoint

if TYPE_CHECKING:
    from gateway.fleet.router import FleetRouter

SCHEME = "fleet:"
HINT = "--connect, or $SIG_GATEWAY_CONNECT"
WHO = "--tls-dir, or $SIG_GATEWAY_FLEET_TLS"
ENVIRONMENT = "SIG_GATEWAY_CONNECT"
WITHIN_S = 3.0
"""For a router to be there."""
FILES = ("ca", "cert", "key")


def is_fleet(url: str) -> bool:
    """Whether it is of a fleet."""
    return url.startswith(SCHEME)


def typed(url: str) -> str:
    """Without the folder that was said by another option, as `settings_of` takes it."""
    return re.sub(r"[?&]tls=[^&]*$", "", url)


def check_name(url: str, sender: str | None, *, pattern: bool = False) -> bool:
    """Whether it is a pattern. Raises click's usage error (exit status 2) for what a fleet cannot take for a
    sender's name, or, where that will not do, for a pattern."""
    if sender is None or not is_fleet(url):
        return False
    try:
        name = parse_name(sender)
    except ValueError as error:
        raise _usage(str(error), "SENDER") from None
    if name.is_pattern and not pattern:
        raise _usage(f"expected one sender, got {sender!r}", "SENDER")
    return name.is_pattern


def of_pattern(pattern: str, listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what `listRemoteSenders` answers, those that it stands for."""
    name = parse_name(pattern)
    return [entry for entry in listed if name.matches(parse_name(entry["sender"]))]


def why_nobody(client: object) -> str:
    """Of who is connected to a fleet: see `FleetRouter.why_nobody`."""
    from gateway.fleet.router import FleetRouter

    return client.why_nobody() if isinstance(client, FleetRouter) else ""


def settings_of(url: str) -> Settings:
    """`fleet:` and its routers, with commas between, and who we are: `?tls=DIR`, as `--tls-dir DIR` has it,
    or `?ca=FILE&cert=FILE&key=FILE`. Without routers they are those of $SIG_GATEWAY_CONNECT. Raises click's
    usage error (exit status 2)."""
    routers, _, rest = url.removeprefix(SCHEME).partition("?")
    try:
        given = dict(parse_qsl(rest, strict_parsing=True)) if rest else {}
    except ValueError:
        text = f"expected {SCHEME}ROUTERS?ca=FILE&cert=FILE&key=FILE, got {typed(url)!r}"
        raise _usage(text) from None
    known = os.environ.get(ENVIRONMENT, "")
    if not routers and is_fleet(known) and known.partition("?")[0] != SCHEME:
        routers, _, rest = known.removeprefix(SCHEME).partition("?")
        given = dict(parse_qsl(rest)) | given
    if not routers:
        raise _usage(
            f"expected {SCHEME}tls://HOST,tls://HOST, the fleet's routers, got {typed(url)!r}; "
            f"{SCHEME} alone are those of ${ENVIRONMENT}"
        )
    try:
        endpoints = [endpoint(each.strip()) for each in routers.split(",")]
    except EndpointError as error:
        raise _usage(str(error)) from None
    tls = _tls(given, url)
    if tls is None and any(each.startswith("tls/") for each in endpoints):
        raise _usage(
            "who are we? A fleet lets nobody in without a certificate: --tls-dir DIR, the folder that "
            "`sig-gateway fleet enrol` has written, or $SIG_GATEWAY_FLEET_TLS",
            WHO,
        )
    return Settings(endpoints, tls)


def _tls(given: dict[str, str], url: str) -> Tls | None:
    if unknown := given.keys() - {"tls", *FILES}:
        raise _usage(
            f"{typed(url)!r}: expected ca, cert and key behind the ?, got {', '.join(sorted(unknown))}"
        )
    folder = Path(given["tls"]) if "tls" in given else None
    found = {name: Path(given[name]) for name in FILES if name in given}
    if folder is not None:
        found = {name: folder / f"{name}.pem" for name in FILES} | found
    if not found:
        return None
    for name in FILES:
        if name not in found:
            raise _usage(f"{typed(url)!r}: ca, cert and key belong together; there is no {name}")
        if not found[name].is_file():
            where = "" if found[name].is_absolute() else f" in {Path.cwd()}"
            text = f"there is no file {found[name]}{where}; `sig-gateway fleet enrol` makes one"
            raise _usage(text, HINT if name in given else WHO)
    return Tls(**found)


def _usage(text: str, hint: str = HINT) -> click.BadParameter:
    return click.BadParameter(text, param_hint=hint)


@contextmanager
def fleet(
    url: str,
    on_lost: Callable[[], None] | None = None,
    on_back: Callable[[], None] | None = None,
    within_s: float | None = None,
) -> Iterator[FleetRouter]:
    """Connected. Both are called on the router's dispatcher. Raises click.ClickException (exit status 1) if
    no router lets us in."""
    settings = settings_of(url)
    from gateway.fleet.router import FleetRouter

    router = FleetRouter(settings)
    try:
        try:
            router.connect(WITHIN_S if within_s is None else within_s)
        except ImportError:
            raise click.ClickException(EXTRA) from None
        except FleetError as error:
            raise click.ClickException(str(error)) from None
        router.on_lost, router.on_back = on_lost, on_back
        yield router
    finally:
        router.on_lost = router.on_back = None
        router.disconnect()
