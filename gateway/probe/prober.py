"""Listening at a port, and asking there.

A port that another program has open is never touched. First the port is only listened to, at one baud rate
after the other, until somebody is understood. Only then, and only if that is agreed to, something is sent;
who is to agree has been told what.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.errors import LinkLostError, PortError
from drivers.stream.port_settings import PortSettings
from drivers.stream.readable import is_text
from drivers.stream.transport import Transport, open_transport
from gateway.probe.found import Detector, Found, Question
from gateway.probe.users import refuse_used, users

# What sketches and modules use, the most usual first.
BAUDS = (9600, 115200, 57600, 38400, 19200, 4800)
# At each of them. Most sketches print every second or two.
LISTEN_S = 3.0
# At the first: opening the port resets most Arduinos, and their boot loader takes up to 2 s.
STARTING_S = 2.5
# At a rate at which text is read that nobody understands yet, so many times as long.
PATIENCE = 4
READ_S = 0.1
# A flood is understood as well by its beginning.
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a port. `holders` have it open, and then nothing was tried; `problem`: why nothing
    could be tried, or no more; `found` at `settings`; `sample`: what came if nobody was understood."""

    holders: tuple[str, ...] = ()
    problem: str | None = None
    found: Found | None = None
    settings: PortSettings | None = None
    sample: bytes = b""


class Prober:
    """`say` shows a line to a person. `agrees` shows what would be sent, and returns whether it may be."""

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        say: Callable[[str], None],
        agrees: Callable[[str], bool],
        listen_s: float = LISTEN_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._detectors = detectors
        self._say = say
        self._agrees = agrees
        self._listen_s = listen_s
        self._clock = clock

    def probe(self, device: str) -> Verdict:
        """Find out what speaks at `device`, a path or a URL of pyserial's. Raises nothing for what a port
        does."""
        holders = tuple(users(device))
        if holders:
            return Verdict(holders)
        verdict = Verdict()
        try:
            verdict = self._listen(device)
            if verdict.found is None or not verdict.found.certain:
                verdict = self._ask(device, verdict)
        except (PortError, LinkLostError) as error:
            return replace(verdict, problem=str(error))
        return verdict

    def _listen(self, device: str) -> Verdict:
        longest = self._listen_s * len(BAUDS) + STARTING_S
        self._say(
            f"{device}: listening at {', '.join(map(str, BAUDS))} baud, for {longest:.0f} s; nothing is sent "
            "(opening the port restarts many boards)"
        )
        sample, extra = b"", STARTING_S
        for settings in map(PortSettings, BAUDS):
            with _opened(device, settings) as port:
                data, found = self._collect(port, self._listen_s + extra, self._heard)
            extra = 0.0
            if found is not None:
                return Verdict(found=found, settings=settings)
            if _readable(data) or not sample:
                sample = data
        return Verdict(sample=sample)

    def _heard(self, data: bytes) -> Found | None:
        return next(filter(None, (detector.heard(data) for detector in self._detectors)), None)

    def _ask(self, device: str, before: Verdict) -> Verdict:
        """What was found by listening is asked for by its own protocol alone."""
        asked = [
            (detector, question)
            for detector in self._detectors
            if before.found is None or detector.protocol == before.found.protocol
            for question in detector.questions(before.settings)
        ]
        if not asked or not self._agrees(f"{device}: {_in_words([question for _, question in asked])}"):
            return before
        for settings, of_rate in itertools.groupby(asked, lambda pair: pair[1].settings):
            with _opened(device, settings) as port:
                for detector, pairs in itertools.groupby(of_rate, lambda pair: pair[0]):
                    found = self._answers(port, detector, [question for _, question in pairs])
                    if found is not None:
                        return Verdict(found=found, settings=settings)
        return before

    def _answers(self, port: Transport, detector: Detector, questions: Sequence[Question]) -> Found | None:
        """Who answers the questions of one rate; all are asked, unless an answer leaves none open."""
        answers: list[tuple[Question, bytes]] = []
        for question in questions:
            port.write(question.data)
            so_far = partial(_answered, detector, tuple(answers), question)
            data, found = self._collect(port, question.wait_s, so_far)
            if found is not None and found.complete:
                return found
            answers.append((question, data))
        return detector.answered(answers)

    def _collect(
        self, port: Transport, seconds: float, understand: Callable[[bytes], Found | None]
    ) -> tuple[bytes, Found | None]:
        """What comes within `seconds`, and what it is; returns as soon as that is complete. Text that nobody
        understands yet is given more time."""
        began = self._clock.monotonic()
        data, found = b"", None
        while len(data) < MOST_BYTES and not (found and found.complete):
            waited = self._clock.monotonic() - began
            if waited > (seconds if found or not _readable(data) else seconds * PATIENCE):
                break
            if more := port.read(READ_S):
                data += more
                found = understand(data)
        return data, found


def _opened(device: str, settings: PortSettings) -> Transport:
    """Each time anew: a person may take long to agree, and a gateway may have started meanwhile."""
    refuse_used(device)
    return open_transport(device, settings)


def _answered(
    detector: Detector, before: Sequence[tuple[Question, bytes]], question: Question, data: bytes
) -> Found | None:
    return detector.answered([*before, (question, data)])


def _in_words(questions: Sequence[Question]) -> str:
    """What will be sent, all of it: `will send A at 9600 and 115200 baud, then B at 9600 baud`."""
    rates: dict[str, list[str]] = {}
    for question in questions:
        rate = f"{question.settings.baud}"
        if question.settings.parity != "none":
            rate += f" ({question.settings.parity} parity)"
        if rate not in rates.setdefault(question.words, []):
            rates[question.words].append(rate)
    sent = [f"{words} at {', '.join(at)} baud" for words, at in rates.items()]
    return f"will send {'; then '.join(sent)}; until one is answered"


def _readable(data: bytes) -> bool:
    """Whether the last whole line is text: the first may be the end of one."""
    lines = data.replace(b"\r", b"\n").split(b"\n")[:-1]
    return any(is_text(line) for line in lines[-2:])
