"""A call, as its caller waits for it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import sig
from sig.net.core import NEVER
from sig.net.pending import Pending
from tests.sig.netkit import WAIT_S


def refused(pending: Pending) -> None:
    """What a connection does when time is up."""
    pending.complete({"status": -2, "exception": "too late", "error": "timeout"})


def test_the_first_answer_counts() -> None:
    """Whoever gives it; `done` hears of it once."""
    heard: list[Any] = []
    pending = Pending(1, "m", 5.0, heard.append, pipelined=True)
    assert not pending.is_done()
    assert not pending.has_caller
    pending.complete({"status": 0, "response": 1})
    pending.complete({"status": 0, "response": 2})
    assert pending.is_done()
    assert heard == [{"status": 0, "response": 1}]
    assert pending.wait(refused) == 1


def test_a_call_whose_time_is_up_is_given_up() -> None:
    """What the connection says is raised; if that was interrupted and says nothing, a timeout is."""
    pending = Pending(1, "m", 0.0, None, pipelined=True)
    with pytest.raises(sig.RequestTimeout, match="too late"):
        pending.wait(refused)
    silent = Pending(1, "m", 0.0, None, pipelined=True)
    with pytest.raises(sig.RequestTimeout, match="no answer to 'm' in time"):
        silent.wait(lambda _pending: None)


def test_time_runs_from_when_a_call_is_sent() -> None:
    """Until then its caller waits for it to be, however short its time."""
    pending = Pending(1, "m", 0.0, None, pipelined=False)
    assert pending.deadline == NEVER
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            pending.wait(refused)
        except sig.RequestTimeout as err:
            raised.append(err)

    caller = threading.Thread(target=wait)
    caller.start()
    caller.join(0.3)
    assert caller.is_alive()
    pending.deadline = time.monotonic()
    caller.join(WAIT_S)
    assert [str(each) for each in raised] == ["too late"]
