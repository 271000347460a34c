"""From the old services to the new ones, which have the events since the exchange in their mailboxes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.reload.parts import LISTENERS, Listener, Parts
from gateway.reload.plan import Fate
from gateway.service import Part, Service, StartError, State, stop_together

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.reload.report import Report

logger = logging.getLogger(__name__)

STOP_S = 10.0
"""What an old service has to stop until that is said: a slow card may take seconds."""
AGAIN_S = 1.0
"""After that, between two looks whether the gateway ends."""


def succeed(
    parts: Parts, new: Mapping[str, Listener], report: Report, before: Config, stopping: threading.Event
) -> None:
    """Those that are no more are stopped, all at the same time, then those that are new are started.
    `before`: the config of the old ones. On the reload's thread."""
    fates = report.plan.fates
    ends = (Fate.RESTARTED, Fate.REMOVED)
    old = {name: parts.running(name) for name in LISTENERS if fates.get((name,)) in ends}
    going = {name: service for name, service in old.items() if service is not None}
    stop_together(list(going.values()), STOP_S)
    for name, service in going.items():
        if _ended(parts, name, service, stopping) and name not in new:
            parts.set_running(name, None)
    for name, service in new.items():
        _start(parts, name, service, report, before, stopping)


def _ended(parts: Parts, name: str, old: Service, stopping: threading.Event) -> bool:
    """Wait for the old one, however long it takes: two of them would write the same file. False if the
    gateway ends before that."""
    if old.stop(0.0):
        return True
    text = f"the one of before the reload has not stopped after {STOP_S:g} s, and the new config waits for it"
    logger.error("reload: %s: %s", name, text)
    parts.late = {**parts.late, name: Part(State.FAILING, text)}
    try:
        while not old.stop(AGAIN_S):
            if stopping.is_set():
                return False
    finally:
        parts.late = {each: part for each, part in parts.late.items() if each != name}
    logger.info("reload: %s: the one of before has stopped", name)
    return True


def _start(
    parts: Parts,
    name: str,
    service: Listener,
    report: Report,
    before: Config,
    stopping: threading.Event,
) -> None:
    if stopping.is_set():
        return
    try:
        if name == "http" and report.plan.fates[name,] is Fate.RESTARTED:
            parts.probe(report.config)
    except StartError as error:
        report.failed[name,] = f"{error}; it is as it was"
        again = parts.make[name](before)
        parts.feed.exchange(service.mailbox, again.mailbox)
        service = again
    parts.set_running(name, service)
    service.start()
