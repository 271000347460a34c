"""The signals that end the gateway's process, and the promise that it ends in time."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping
from queue import SimpleQueue
from typing import NoReturn

STOP_WITHIN_S = 1.9
"""From the signal to the end of the process, whatever hangs."""
AGAIN_S = 0.1
"""After signals could not be read."""

logger = logging.getLogger(__name__)


class Hangup:
    """What SIGHUP has done where it does not end the process. `act` is called on the thread `signals`, and
    must not wait; nothing before it is set."""

    def __init__(self) -> None:
        self.act: Callable[[], object] = lambda: None


def is_a_service(environ: Mapping[str, str]) -> bool:
    """Whether systemd runs this process, and no terminal: a shell in a session of systemd's inherits the
    variables."""
    if not environ.keys() & {"INVOCATION_ID", "NOTIFY_SOCKET"}:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return True  # it has no terminal
    return False


@contextlib.contextmanager
def stop_signals(hangup: Hangup | None = None) -> Iterator[SimpleQueue[int]]:
    """SIGINT, SIGTERM and SIGHUP (the terminal went; unless ignored, as by nohup), as they come. With a
    `hangup`, SIGHUP is for that, and ends nothing.

    Only on the main thread. A thread of its own, `signals`, waits for them: Python runs signal handlers on
    the main thread between two of its steps, so one that comes just before that thread waits for something
    is handled when the wait is over, which may be never. The thread is told by the system's handler itself.
    It also ends the process, with status 1, when `STOP_WITHIN_S` have passed since the first of them,
    whatever holds up the stop: a driver, a handler, an exit hook.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hangup is not None or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    stops: SimpleQueue[int] = SimpleQueue()
    came = threading.Event()
    told, tell = socket.socketpair()
    thread = threading.Thread(
        target=_pass_on, args=(told, numbers, stops, came, hangup), name="signals", daemon=True
    )
    with contextlib.ExitStack() as undo:  # the last first
        undo.callback(_end, thread, told, came)
        undo.callback(tell.close)
        tell.setblocking(False)
        undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False))
        thread.start()
        for number in numbers:
            undo.callback(signal.signal, number, signal.signal(number, _leave_to_thread))
        yield stops


def end_now(status: int) -> NoReturn:
    """Without what Python does at its end: where a thread was left behind in a library that is not Python
    (zenoh's), which would come back to a Python that is gone, the process is aborted there."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _end(thread: threading.Thread, told: socket.socket, came: threading.Event) -> None:
    if thread.ident is None:  # this machine has no thread left
        told.close()
    elif not came.is_set():
        thread.join(0.1)  # a signal at the last moment ends the process in time, but not before


def _pass_on(
    told: socket.socket,
    numbers: Container[int],
    stops: SimpleQueue[int],
    came: threading.Event,
    hangup: Hangup | None,
) -> None:
    with told:
        while number := _next(told):
            if number == signal.SIGHUP and hangup is not None:
                hangup.act()
            elif number in numbers:  # a library may have handlers for others
                try:
                    came.set()
                    stops.put(number)
                    threading.Event().wait(STOP_WITHIN_S)
                finally:
                    os._exit(1)


def _next(told: socket.socket) -> int:
    """The next signal's number; 0 when there are no more. Whatever fails is tried again: without this
    thread, nothing but `kill -9` would end the process."""
    known = False
    while True:
        try:
            number = told.recv(1)
            return number[0] if number else 0
        except Exception:
            if not known:
                logger.exception("signals cannot be read; trying again")
            known = True
            time.sleep(AGAIN_S)


def _leave_to_thread(_number: int, _frame: object) -> None:
    """Python writes to the wake-up descriptor only for signals that have a handler."""
