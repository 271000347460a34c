"""Looks side by side, each on a thread of its own, and none waited for longer than it may take.

A look may hang in the kernel: a network's folder whose server is gone, a name that nobody resolves. Its
thread is then left behind; it holds nothing, and ends with the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

AGAIN_S = 0.1
"""How often it is told who is still waited for."""


class Late(NamedTuple):
    """What a look that did not end in time is counted as."""

    within_s: float


class Failed(NamedTuple):
    """What one that failed is."""

    error: Exception


def side_by_side(
    looks: Mapping[str, Callable[[], Any]],
    within_s: float,
    waiting: Callable[[Sequence[str]], None] = lambda _names: None,
) -> dict[str, Any]:
    """What each returns, or `Late` or `Failed`, by name and in their order. `waiting` is told again and again
    who is not done."""
    results: dict[str, Any] = {}
    news = threading.Condition()

    def run(name: str, look: Callable[[], Any]) -> None:
        try:
            result = look()
        except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
            result = Failed(error)
        with news:
            results[name] = result
            news.notify()

    threads = {
        name: threading.Thread(target=run, args=(name, look), name=f"doctor-{name}", daemon=True)
        for name, look in looks.items()
    }
    deadline = time.monotonic() + within_s
    for name, thread in threads.items():
        try:
            thread.start()
        except RuntimeError as error:  # this machine has no thread left
            with news:
                results[name] = Failed(error)
    with news:
        while (left := [name for name in looks if name not in results]) and time.monotonic() < deadline:
            waiting(left)
            news.wait(min(AGAIN_S, max(0.0, deadline - time.monotonic())))
        done = dict(results)
    for name in done:
        if threads[name].ident is not None:
            threads[name].join()
    return {name: done.get(name, Late(within_s)) for name in looks}
