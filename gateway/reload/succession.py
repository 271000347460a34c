"""From the old services to the new ones, which have the events since the exchange in their mailboxes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.reload.parts import LISTENERS, Listener, Parts
from gateway.reload.plan import Fate
from gateway.service import Part, StartError, State
from sig.errors import text_of

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.reload.report import Report

logger = logging.getLogger(__name__)

STOP_S = 10.0
"""What an old service has to stop until that is said: a slow card may take seconds."""
ANY_TIME_S = 1e6
"""What it has after all: two of them would write the same file."""


def succeed(
    parts: Parts, new: Mapping[str, Listener], report: Report, before: Config, stopping: threading.Event
) -> None:
    """Those that are no more are stopped, all at the same time, then those that are new are started.
    `before`: the config of the old ones. On the reload's thread."""
    fates = report.plan.fates
    ends = (Fate.RESTARTED, Fate.REMOVED)
    old = {name: parts.running(name) for name in LISTENERS if fates.get((name,)) in ends}
    going = {
        name: threading.Thread(target=service.stop, args=(ANY_TIME_S,), name=f"stop-{name}", daemon=True)
        for name, service in old.items()
        if service is not None
    }
    parts.late = {name: part for name, part in parts.late.items() if getattr(report.config, name) is not None}
    parts.heirs = new
    for thread in going.values():
        try:
            thread.start()
        except RuntimeError:  # this machine has no thread left: here, then, one after the other
            thread.run()
    until = time.monotonic() + STOP_S
    for name, thread in going.items():
        _await(parts, name, thread, until)
        if name not in new:
            parts.set_running(name, None)
    for name, service in new.items():
        parts.heirs = {each: its for each, its in parts.heirs.items() if each != name}
        _start(parts, name, service, report, before, stopping)


def _await(parts: Parts, name: str, stops: threading.Thread, until: float) -> None:
    """However long it takes, also where the gateway ends: what the new one has heard is written down after
    it. What is lost where that takes longer than the gateway has, the app says."""
    if stops.ident is None:
        return
    stops.join(max(0.0, until - time.monotonic()))
    if not stops.is_alive():
        return
    text = f"the one of before the reload has not stopped after {STOP_S:g} s, and the new config waits for it"
    logger.error("reload: %s: %s", name, text)
    parts.late = {**parts.late, name: Part(State.FAILING, text)}
    stops.join()
    parts.late = {each: part for each, part in parts.late.items() if each != name}
    logger.info("reload: %s: the one of before has stopped", name)


def _start(
    parts: Parts,
    name: str,
    service: Listener,
    report: Report,
    before: Config,
    stopping: threading.Event,
) -> None:
    if stopping.is_set():
        _write_down(parts, name, service)
        return
    try:
        if name == "http":
            parts.probe(report.config)
    except StartError as error:
        if report.plan.fates[name,] is Fate.ADDED:
            report.failed[name,] = str(error)
            parts.feed.remove(service.mailbox)
            return
        report.failed[name,] = f"{error}; it is as it was"
        again = parts.make[name](before)
        parts.feed.exchange(service.mailbox, again.mailbox)
        service = again
    if parts.set_running(name, service):
        try:
            service.start()
        except Exception as error:
            text = f"left out, as it cannot be started: {type(error).__name__}: {text_of(error)}"
            logger.exception("reload: %s: %s", name, text)
            _leave_out(parts, name, service, report, text)
        else:
            parts.late = {each: part for each, part in parts.late.items() if each != name}
    if stopping.is_set():  # whoever ends the gateway may have stopped it before it was started, or never
        _write_down(parts, name, service)


def _leave_out(parts: Parts, name: str, service: Listener, report: Report, text: str) -> None:
    """It cannot be started: nobody fills a mailbox for it, and what it has heard is to be sent again. The
    health says so until a later reload starts it."""
    report.failed[name,] = text
    parts.set_running(name, None)
    parts.feed.remove(service.mailbox)
    service.mailbox.give_up()
    parts.late = {**parts.late, name: Part(State.FAILING, text)}


def _write_down(parts: Parts, name: str, service: Listener) -> None:
    """The gateway ends, and the old one has ended: what the new one has heard is to be on disk."""
    if name != "http":
        service.start()
    service.stop(STOP_S)
    parts.feed.remove(service.mailbox)
