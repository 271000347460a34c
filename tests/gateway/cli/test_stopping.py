"""The signals that end the process, seen from a process of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# The main thread takes no signals at all, as when one comes just before it starts to wait.
WAITING = """
import signal, sys
from gateway.cli.stopping import stop_signals
with stop_signals() as stops:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    print("ready", flush=True)
    print(stops.get(), flush=True)
"""
OTHERS = """
import signal
from gateway.cli.stopping import stop_signals
with stop_signals() as stops:
    signal.signal(signal.SIGUSR1, lambda *_: print("mine", flush=True))
    print("ready", flush=True)
    signal.raise_signal(signal.SIGUSR1)
    print(stops.get(), flush=True)
"""
HANGING = """
import threading
from gateway.cli.stopping import stop_signals
with stop_signals() as stops:
    print("ready", flush=True)
    print(stops.get(), flush=True)
    threading.Event().wait()
"""
NONE_CAME = """
import signal, threading
from gateway.cli.stopping import stop_signals
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
with stop_signals():
    pass
assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
assert signal.set_wakeup_fd(-1) == -1
assert threading.active_count() == 1
print("ready")
"""
# Reading fails, more than once.
UNREADABLE = """
import socket
from gateway.cli.stopping import stop_signals
class Flaky(socket.socket):
    left = 3
    def recv(self, size):
        self.left -= 1
        if self.left >= 0:
            raise MemoryError
        return super().recv(size)
pair = socket.socketpair
def flaky_pair():
    told, tell = pair()
    return Flaky(fileno=told.detach()), tell
socket.socketpair = flaky_pair
with stop_signals() as stops:
    print("ready", flush=True)
    print(stops.get(), flush=True)
"""
NO_THREAD = """
import os, signal, threading
from gateway.cli.stopping import stop_signals
def start(thread):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
before = os.listdir("/proc/self/fd"), signal.getsignal(signal.SIGTERM)
try:
    with stop_signals():
        pass
except RuntimeError:
    assert (os.listdir("/proc/self/fd"), signal.getsignal(signal.SIGTERM)) == before
    assert signal.set_wakeup_fd(-1) == -1
    print("ready")
"""
DEADLINE_S = 30


@contextmanager
def running(script: str, *wrapper: str) -> Iterator[subprocess.Popen[str]]:
    """`script`, from the moment it says that it is ready."""
    environ = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [*wrapper, sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_that_comes_just_before_a_wait(number: signal.Signals) -> None:
    """The main thread is told though it is not interrupted."""
    with running(WAITING) as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=DEADLINE_S)
        assert (output, errors, process.returncode) == (f"{number.value}\n", "", 0)


def test_a_stop_that_hangs_ends_all_the_same() -> None:
    """With status 1, and further signals change nothing."""
    with running(HANGING) as process:
        for _ in range(10):
            process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=DEADLINE_S)
        assert (output, errors, process.returncode) == ("15\n", "", 1)


def test_nohup_keeps_hangups_ignored() -> None:
    """Only the SIGTERM that comes after it ends the process."""
    with running(WAITING, "sh", "-c", 'trap "" HUP; exec "$@"', "sh") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=DEADLINE_S) == ("15\n", "")


def test_other_signals_are_others_business() -> None:
    """A library's handler for one of them runs, and nothing ends."""
    with running(OTHERS) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=DEADLINE_S) == ("15\n", "")


def test_nothing_is_left_when_none_came() -> None:
    """Handlers, wake-up descriptor and thread are as before."""
    with running(NONE_CAME) as process:
        output, errors = process.communicate(timeout=DEADLINE_S)
        assert (output, errors, process.returncode) == ("", "", 0)


def test_signals_that_cannot_be_read_at_first() -> None:
    """The thread that waits for them tries again, and says why, once."""
    with running(UNREADABLE) as process:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=DEADLINE_S)
    assert out == f"{signal.SIGTERM:d}\n"
    # By the log's own words: from Python 3.13 on a traceback shows the line of such a program, too.
    assert err.count("signals cannot be read; trying again") == 1
    assert err.endswith("\nMemoryError\n")


def test_no_thread_for_them() -> None:
    """Nothing is left behind, neither a descriptor nor a handler."""
    with running(NO_THREAD) as process:
        assert process.wait(DEADLINE_S) == 0
