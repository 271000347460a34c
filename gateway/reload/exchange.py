"""From one config to another, while the gateway runs: one reload, on the thread of `reloader`.

    made        what is new is made, and opens nothing: what cannot be made is a refusal
    exchanged   on the dispatcher's thread, between two events: sensors leave, change, come; who listens to
                events anew (MQTT, history, HTTP) has every event from there on, and who did has all before
    followed    old links are closed, new ones opened; old services are stopped, new ones started

Until the exchange nothing has happened. After it the new config holds, but for a part that cannot be started:
that is started again as it was.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sig
from drivers.reading import STALE
from gateway.logs import configure
from gateway.reload.files import files_of, not_taken
from gateway.reload.parts import LISTENERS, Listener, Parts
from gateway.reload.plan import Fate, Plan, plan, unchangeable
from gateway.reload.refusal import RefusedError, check_left_out, refused
from gateway.reload.report import Report
from gateway.reload.succession import succeed
from gateway.service import StartError
from sig.errors import text_of

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.mailbox import Noted

logger = logging.getLogger(__name__)

TURN_S = 5.0
"""What a listener may hold up the dispatcher until the exchange is given up: a live read takes 3 s."""
CLOSE_S = 3.0
"""The same for links. One that takes longer closes by itself; a new one on its port is tried till then."""


class Exchange:
    """Of `parts`, to the config `after`. `stopping`: the gateway is about to end, and nothing more begins."""

    def __init__(self, parts: Parts, after: Config, stopping: threading.Event) -> None:
        self._parts = parts
        self._before = parts.config
        self._after = after
        self._stopping = stopping
        self._files = files_of(after)
        self._new: dict[str, Listener] = {}
        self._begun = False  # from when on it cannot be as before

    def run(self) -> Report:
        """Do it. Raises RefusedError, and then nothing has changed."""
        parts, links = self._parts, self._parts.links
        if problems := unchangeable(self._before, self._after):
            raise refused(problems)
        first = self._plan()
        made = links.prepare(self._after, first)
        try:
            check_left_out(self._before, made.config)
            self._after = made.config
            to_do = self._plan()
            report = Report(to_do, self._after)
            report.notes |= {(name,): text for name, text in not_taken(self._after).items()}
            for name in LISTENERS:
                if to_do.fates.get((name,)) in (Fate.RESTARTED, Fate.ADDED):
                    self._new[name] = parts.make[name](self._after)
            before = links.made
            between = self._between(to_do)
            self._on_dispatcher(lambda: self._exchange(lambda: links.exchange(made, to_do, between)))
        except RefusedError:
            links.give_up(made)
            raise
        except Exception as error:
            links.give_up(made)
            if self._begun:
                links.follow(before, CLOSE_S)
                raise
            logger.exception("reload: it failed before anything has changed; please report this")
            raise RefusedError([f"{type(error).__name__}: {text_of(error)}; nothing has changed"]) from error
        gone = [name for name in before.links if made.links.get(name) is not before.links[name]]
        parts.own.end_captures(gone)
        if not links.follow(before, CLOSE_S, opens=not self._stopping.is_set()):
            logger.warning("reload: a link takes long to close; a new one on its port is tried again")
        succeed(parts, self._new, report, self._before, self._stopping)
        if to_do.log_differs:
            configure(self._after)
        if to_do.fates["router",] is Fate.RESTARTED:
            self._router(report)
        self._settle(report)
        return report

    def _plan(self) -> Plan:
        sensors = self._parts.links.sensors
        return plan(
            self._before,
            self._after,
            (self._parts.files, self._files),
            lambda name: sensors[name].changeable,
        )

    # The dispatcher's thread

    def _between(self, to_do: Plan) -> Callable[[], None]:
        """What is to be done when sensors that go have gone, and none has come."""
        bridging = self._parts.running("mqtt")
        tell: Callable[[], None] | None = None
        if to_do.fates.get(("mqtt",)) is Fate.KEPT and to_do.sensors_differ and bridging is not None:
            tell = bridging.changed(self._after)

        def between() -> None:
            if tell is not None:
                tell()
            for name, service in self._new.items():
                old = self._parts.running(name)
                if old is None:
                    self._parts.feed.add(service.mailbox)
                else:
                    self._parts.feed.exchange(old.mailbox, service.mailbox)

        return between

    def _exchange(self, exchange: Callable[[], None]) -> None:
        if self._stopping.is_set():
            raise RefusedError(["the gateway ends"])
        self._begun = True
        exchange()
        known, running = self._known(), self._parts.running
        if (bridging := self._new.get("mqtt")) is not None:
            bridging.know(known)  # type: ignore[attr-defined]
        if (recording := self._new.get("history")) is not None:
            recording.goes_on = running("history") is not None  # type: ignore[attr-defined]
            if not recording.goes_on:  # type: ignore[attr-defined]
                recording.know(known)  # type: ignore[attr-defined]
        if (member := self._new.get("fleet")) is not None and running("fleet") is not None:
            member.follow(running("fleet"))  # type: ignore[attr-defined]

    def _known(self) -> list[Noted]:
        """What was heard last of each sensor, for who has not heard it."""
        if not self._new:
            return []
        found = []
        for name, sensor in self._parts.links.sensors.items():
            try:
                reading = sensor.last()
            except sig.RequestError:
                continue
            if reading is not None and reading["quality"] != STALE:
                found.append(self._parts.feed.noted(name, "#changed", reading))
        return found

    # The reload's thread

    def _on_dispatcher(self, job: Callable[[], None]) -> None:
        """Have it done there, in turn; wait for that. Raises RefusedError if its turn does not come."""
        turn = threading.Lock()  # taken by who comes first: the job, or giving it up
        done = threading.Event()
        failure: list[BaseException] = []

        def run(_: object) -> None:
            if not turn.acquire(blocking=False):
                return
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - raised again by who waits
                failure.append(error)
            finally:
                done.set()

        self._parts.dispatcher.post_always(run, None)
        if not done.wait(TURN_S):
            if turn.acquire(blocking=False):
                text = f"a listener has held up the dispatcher for {TURN_S:g} s; nothing has changed"
                raise RefusedError([f"{text}; try again, and see the log for who that is"])
            done.wait()  # it is at it, and ends as any listener does
        if failure:
            raise failure[0]

    def _router(self, report: Report) -> None:
        if self._stopping.is_set():
            return
        try:
            self._parts.server.change(self._after)
        except StartError as error:
            report.failed["router",] = f"{error}; it is as it was"
        if self._stopping.is_set():  # whoever ends the gateway has stopped what listened before
            self._parts.server.stop(CLOSE_S)

    def _settle(self, report: Report) -> None:
        """The config that holds now: the new one, but for what failed, which is as before, or is not."""
        failed = [str(part[0]) for part in report.failed]
        gone = [name for name in failed if name in LISTENERS and self._parts.running(name) is None]
        was: dict[str, Any] = {name: None if name in gone else getattr(self._before, name) for name in failed}
        self._parts.config = replace(self._after, **was)
        kept = {name: self._parts.files[name] for name in failed if name in self._parts.files}
        self._parts.files = {**{name: own for name, own in self._files.items() if name not in failed}, **kept}
