"""A zenoh session: of a client of the fleet's routers, or of a router. And what zenoh's errors mean.

zenoh comes back by itself once a session is open: a client goes to the next of its routers when one dies or
hangs, declares there what it had declared, and tries all of them in turn while none is there. Opening needs a
router; who has to start without one tries again (`FleetError` says that it may be worth it).

Threads: zenoh calls back on its own, those that read from the network (`gateway.fleet.declaring.direct`).
Nothing of a user's runs there: what comes is posted.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

PORT = 7447
"""zenoh's own."""
LEASE_MS = 2000
"""After so long without a word a router, or a client, counts as gone: with the two below a hung router is
left after 3.8 s, with zenoh's own values after 20.4 s (docs/decisions/0020-fleet.md)."""
OPEN_MS = ACCEPT_MS = 2000
"""For a link to be made, at either end."""
MOST_SESSIONS = 20_000
"""With a router: twice the gateways that one is made for. zenoh's own 1,000 are soon used up."""
MOST_MESSAGE = 8 << 20
"""Bytes of what may come in one, as a request has 1 MB at most, a page 256 kB; more is dropped. zenoh's own
1 GB would be all the memory of any machine."""
AGAIN_MS, LONGEST_AGAIN_MS = 200, 1000
"""Between tries while no router is there."""
CLOSE_S = 0.5
"""For a session to be closed, where somebody waits for it."""
LONGEST_CLOSE_S = 60.0
"""Where nobody does, and it is to be known when it is over: zenoh gives up after ten seconds."""
INSTALL = "pip install 'sig-gateway[fleet]', in a clone of its source pip install -e '.[fleet]'"
EXTRA = f"fleets need zenoh, which is not installed: {INSTALL}"


class FleetError(ConnectionError):
    """No router could be reached, or none that lets us in; the text says what to do."""


class EndpointError(ValueError):
    """A router's address cannot be used; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Who we are, and whom we believe: PEM files, as `sig-gateway fleet enrol` writes them."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`routers`: to connect to, as `endpoint` makes them, the first that answers; `listen`: where a router
    listens, empty for a client. `access`: a router's access control, as zenoh has it."""

    routers: Sequence[str]
    tls: Tls | None = None
    listen: Sequence[str] = ()
    access: dict[str, object] | None = None


def endpoint(url: str) -> str:
    """zenoh's form of `tls://host[:port]`, or of `tcp://host[:port]` on this machine. Raises EndpointError.

    Without TLS anybody could publish as any gateway, so that is refused beyond this machine.
    """
    problem = EndpointError(f"expected tls://host or tls://host:port (by default {PORT}), got {url!r}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        raise problem from None
    extras = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("tls", "tcp") or not host or not port or extras:
        raise problem
    if parts.scheme == "tcp" and not is_here(host):
        raise EndpointError(
            f"{url!r}: without TLS anybody could publish as any gateway; write tls:// and make certificates "
            "with sig-gateway fleet enrol (tcp:// is for routers on this machine)"
        )
    return f"{parts.scheme}/[{host}]:{port}" if ":" in host else f"{parts.scheme}/{host}:{port}"


def open_session(settings: Settings) -> zenoh.Session:
    """One try, of a few seconds for each router that does not answer. Raises FleetError; ImportError where
    zenoh is not installed. Close it with `close`."""
    import zenoh

    try:
        return zenoh.open(config_of(settings))
    except zenoh.ZError as error:
        raise FleetError(_problem(settings, str(error))) from None


def close(session: zenoh.Session, within_s: float = CLOSE_S) -> bool:
    """End it, and all that it has declared: some ms, also where no router is there. With a router that hangs,
    and much that waits to be said to it, zenoh tries for ten seconds: False if it still does, on a thread
    that is left behind, and Python cannot end meanwhile (see `gateway.cli.stopping.end_now`). Raises
    RuntimeError if this machine has no thread left."""
    thread = threading.Thread(target=_close, args=(session,), name="fleet-close", daemon=True)
    thread.start()
    thread.join(within_s)
    return not thread.is_alive()


def _close(session: zenoh.Session) -> None:
    import zenoh

    try:
        session.close()  # type: ignore[no-untyped-call]  # of zenoh's
    except zenoh.ZError as error:
        logger.debug("fleet: no router has heard that it ends: %s", error)


def config_of(settings: Settings) -> zenoh.Config:
    """zenoh's configuration."""
    import zenoh

    config = zenoh.Config()
    values: dict[str, object] = {
        "mode": "router" if settings.listen else "client",
        "connect/endpoints": list(settings.routers),
        "connect/retry": {
            "period_init_ms": AGAIN_MS,
            "period_max_ms": LONGEST_AGAIN_MS,
            "period_increase_factor": 2,
        },
        "listen/endpoints": list(settings.listen),
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
        "transport/link/tx/lease": LEASE_MS,
        "transport/unicast/open_timeout": OPEN_MS,
        "transport/unicast/accept_timeout": ACCEPT_MS,
        "transport/link/rx/max_message_size": MOST_MESSAGE,
        # Else the first larger message to a router on this machine makes a segment of 16 MB, at either end.
        "transport/shared_memory/enabled": False,
    }
    if settings.tls is not None:
        values |= _tls_values(settings.tls)
    if settings.listen:
        values["transport/unicast/max_sessions"] = MOST_SESSIONS
    if settings.access is not None:
        values["access_control"] = settings.access
    for key, value in values.items():
        config.insert_json5(key, json.dumps(value))
    return config


def _tls_values(tls: Tls) -> dict[str, object]:
    """mTLS: both ends show a certificate of the fleet's own authority, also to connect."""
    return {
        "transport/link/tls/root_ca_certificate": str(tls.ca),
        "transport/link/tls/enable_mtls": True,
        "transport/link/tls/verify_name_on_connect": True,
        "transport/link/tls/connect_certificate": str(tls.cert),
        "transport/link/tls/connect_private_key": str(tls.key),
        "transport/link/tls/listen_certificate": str(tls.cert),
        "transport/link/tls/listen_private_key": str(tls.key),
        "transport/link/tls/close_link_on_expiration": True,
    }


def _problem(settings: Settings, text: str) -> str:
    """Without the paths of zenoh's own sources."""
    from gateway.fleet import diagnosis  # it brings OpenSSL: 3.5 MB that nobody needs whom a router lets in

    said = text.partition("  at ")[0].partition(" at /")[0].strip()
    if settings.tls is not None and (problem := diagnosis.problem_of_own(settings.tls)):
        return problem
    if settings.listen:
        return f"cannot listen on {', '.join(map(url_of, settings.listen))}: {said}"
    causes = {each: diagnosis.why_not(each, settings.tls) for each in settings.routers}
    told = "; ".join(f"{url_of(each)}: {cause or said}" for each, cause in causes.items())
    return f"no router of the fleet lets us in at {told}"


def url_of(where: str) -> str:
    """An address in zenoh's form, as people write it."""
    return where.replace("/", "://", 1)


def is_here(host: str) -> bool:
    """Whether that is this machine, as it calls itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
