"""A call, as its caller waits for it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import sig
from sig.net.pending import Pending
from tests.sig.netkit import WAIT_S


def refused(pending: Pending) -> None:
    """What a connection does when time is up."""
    pending.complete({"status": -2, "exception": "too late", "error": "timeout"})


def test_the_first_answer_counts() -> None:
    """Whoever gives it; `done` hears of it once."""
    heard: list[Any] = []
    pending = Pending(1, "m", 5.0, heard.append)
    assert (pending.answer, pending.has_caller) == (None, False)
    pending.complete({"status": 0, "response": 1})
    pending.complete({"status": 0, "response": 2})
    assert heard == [pending.answer] == [{"status": 0, "response": 1}]
    assert pending.wait(refused) == 1


def test_who_waits_goes_on_once_done_has_been_called() -> None:
    """What it notes is there for him, an id say."""
    seen: list[Any] = []
    pending = Pending(1, "m", 5.0, lambda _answer: seen.append(pending.answer))
    pending.complete({"status": 0, "response": 1})
    assert seen == [None]
    assert pending.wait(refused) == 1


def test_a_call_whose_time_is_up_is_given_up() -> None:
    """What the connection says is raised; if that was interrupted and says nothing, a timeout is."""
    pending = Pending(1, "m", 0.0, None)
    with pytest.raises(sig.RequestTimeout, match="too late"):
        pending.wait(refused)
    silent = Pending(1, "m", 0.0, None)
    with pytest.raises(sig.RequestTimeout, match="no answer to 'm' in time"):
        silent.wait(lambda _pending: None)


def test_who_completes_it_may_be_stopped_in_the_middle() -> None:
    """Who waits notices that soon, however long he has."""

    class Stopped:
        def pop(self) -> None:
            pending._unanswered = []
            raise MemoryError

    pending = Pending(1, "m", 1000.0, None)
    pending.is_sent = True
    pending._unanswered = Stopped()  # type: ignore[assignment]
    with pytest.raises(MemoryError):
        pending.complete({"status": 0, "response": 1})
    with pytest.raises(sig.RequestTimeout, match="no answer to 'm' in time"):
        pending.wait(refused)


def test_time_runs_from_when_a_call_is_sent() -> None:
    """Who waits notices that it has been, and that its time is up since."""
    pending = Pending(1, "m", 0.0, None, unsent_s=WAIT_S)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            pending.wait(refused)
        except sig.RequestTimeout as err:
            raised.append(err)

    caller = threading.Thread(target=wait)
    caller.start()
    pending.deadline, pending.is_sent = time.monotonic(), True
    caller.join(WAIT_S / 2)
    assert [str(each) for each in raised] == ["too late"]


def test_a_call_waits_only_so_long_to_be_sent() -> None:
    """Its own time, or what others may need before it."""
    began = time.monotonic()
    assert Pending(1, "m", 5.0, None).deadline < began + WAIT_S
    assert Pending(1, "m", 5.0, None, unsent_s=1000.0).deadline >= began + 1000.0
    with pytest.raises(sig.RequestTimeout, match="too late"):
        Pending(1, "m", 0.0, None, unsent_s=0.001).wait(refused)
