"""`fleet-router`: the process in which a router of a fleet is, from its list to the signal that ends it."""

from __future__ import annotations

import datetime
import logging
import os
import resource
import sys
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from gateway.cli.common import EXIT_USAGE
from gateway.cli.stopping import end_now, stop_signals
from gateway.fleet.diagnosis import place_of
from gateway.fleet.hub import OPEN, Asked, HubError, ending, members_of, settings_of
from gateway.fleet.members import LIST, Member
from gateway.fleet.neighbours import Watch
from gateway.fleet.relay import Relay
from gateway.fleet.session import EXTRA, FleetError, Settings
from gateway.sd_notify import Manager

LOOK_S = 60.0
"""Between two looks at the list."""
LEAVE_S = 0.5
"""For the connections to be closed, which takes some ms."""
WATCH_S = 0.2
"""For who tells of the links, which are about to go all at once."""
DAY_S = 86_400.0
"""Between two warnings of certificates that end."""
ZENOH_LOG = "warn,zenoh::net::runtime::orchestrator=error"
"""With `RUST_LOG` unset: handshakes that failed. That a port is held, and which router is not reached, we
say ourselves."""

logger = logging.getLogger("gateway.fleet.router")


def fleet_router(asked: Asked, *, verbose: bool) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP: 0; 1 when it cannot listen; 2 for what is wrong with `asked`."""
    try:
        import zenoh
    except ImportError:
        print(f"error: {EXTRA}", file=sys.stderr)
        return 1
    try:
        settings = settings_of(asked)
    except HubError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    os.environ.setdefault("NO_COLOR", "1")  # zenoh's log is for a journal
    zenoh.init_log_from_env_or("debug" if verbose else ZENOH_LOG)
    _have_files()
    _log(verbose=verbose)
    with stop_signals() as stops:
        return _run(asked, settings, stops)


def check_router(path: Path) -> int:
    """Print what is wrong with a router's file (to stderr, exit status 2), or what it sets up."""
    from gateway.cli.fleet_config import asked_of

    asked = asked_of(path, (), (), None)
    if asked is None:
        return EXIT_USAGE
    try:
        settings = settings_of(asked)
    except HubError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return EXIT_USAGE
    print(f"{path}: correct")
    linked = f", connects to {', '.join(asked.connect)}" if asked.connect else ""
    print(f"  router: listens on {', '.join(asked.listen)}{linked}")
    if settings.tls is not None and asked.folder is not None:
        there = [each for each in members_of(asked.folder).values() if not each.revoked]
        print(f"  members: {len(there)}, by {asked.folder / LIST}")
    return 0


def _log(*, verbose: bool) -> None:
    """To standard error. The gateway's own log takes a config, with which a router has nothing to do: without
    it a router has half the memory."""
    handler = logging.StreamHandler()
    lines = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    lines.converter = time.gmtime
    handler.setFormatter(lines)
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if verbose else logging.INFO)


def _have_files() -> None:
    """Each gateway has a connection: as many as this user may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _run(asked: Asked, settings: Settings, stops: SimpleQueue[int]) -> int:
    began = time.monotonic()
    watch = Watch(settings, _members(asked, settings))
    relay = Relay(settings, told=watch.post)
    try:
        relay.open()
    except FleetError as error:
        print(f"error: {error}{_held(settings)}", file=sys.stderr)
        return 1
    manager = Manager(os.environ)
    try:
        text = f"listening on {', '.join(asked.listen)}"
        logger.info("%s, after %.1f s", text, time.monotonic() - began)
        if settings.tls is None:
            logger.warning(OPEN)
        manager.ready(text)
        watch.start()
        _stay(asked.folder if settings.tls is not None else None, stops)
    finally:
        relay.stay()  # first: it would know nothing of the signal any more
        manager.stopping()
        manager.close()
        watch.close(WATCH_S)
        _leave(relay)
    return 0


def _members(asked: Asked, settings: Settings) -> dict[str, Member] | None:
    """Those who may do something, as the list was when access was made of it."""
    if settings.tls is None or asked.folder is None:
        return None
    return {each.common_name: each for each in members_of(asked.folder).values() if not each.revoked}


def _leave(relay: Relay) -> None:
    """Say good-bye to all; who has just come and says nothing holds that up, and is not waited for."""
    closed = relay.close(LEAVE_S)
    logger.info("stopped")
    if not closed:
        end_now(0)


def _held(settings: Settings) -> str:
    """By whom, where somebody else listens there."""
    from gateway.doctor.listeners import who_listens
    from gateway.doctor.machine import Machine

    for each in settings.listen:
        who = who_listens(Machine(), place_of(each).port)
        if who:
            return f"; that is in use by {who}: end it, or listen on another port"
    return ""


def _stay(folder: Path | None, stops: SimpleQueue[int]) -> None:
    """Until a signal comes. Says meanwhile whose certificates end, and that the list has changed."""
    if folder is None:
        stops.get()
        return
    taken, warn_at = _changed(folder), 0.0
    while True:
        if time.monotonic() >= warn_at:
            _warn(folder)
            warn_at = time.monotonic() + DAY_S
        try:
            stops.get(timeout=LOOK_S)
            return
        except Empty:
            now = _changed(folder)
            if now != taken:
                logger.warning("%s has changed: it is taken at the next start", folder / LIST)
            taken = now


def _warn(folder: Path) -> None:
    try:
        members = members_of(folder)
    except HubError as error:
        logger.warning("%s", error)
        return
    for line in ending(list(members.values()), datetime.datetime.now(datetime.UTC)):
        logger.warning("%s", line)


def _changed(folder: Path) -> int:
    try:
        return (folder / LIST).stat().st_mtime_ns
    except OSError:
        return 0
