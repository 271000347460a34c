"""From the server's loop to the threads that may wait, and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.responses import Response

from gateway.http.errors import HttpError
from gateway.requests_pool import Outcome, Pool, outcome_of

REQUEST_S = 10.0
"""For a request whose caller gives no time-out."""


class Calls:
    """Work for the pool's threads, from the loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def made(self, work: Callable[[], Response]) -> Response:
        """An answer that waits for nothing and yet takes a while to make, of a thousand sensors: the event
        streams are not to wait for it, and where requests wait, it would wait with them."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def run(self, work: Callable[[], Any], within_s: float, what: str) -> Any:
        """What it returns. Raises `HttpError`: what it raised, or `busy`, or `timeout`, after which it is not
        begun any more."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        deadline = time.monotonic() + within_s

        def tell(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        def on_thread() -> None:
            if time.monotonic() >= deadline:
                return
            outcome = outcome_of(work)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, outcome)

        if not self._pool.submit(on_thread):
            raise HttpError("busy", "too many requests are under way; try again later", {"retry-after": "1"})
        try:
            async with asyncio.timeout(within_s):
                outcome = await future
        except TimeoutError:
            raise HttpError("timeout", f"no answer in time; whether {what} was run is not known") from None
        if outcome.error is not None:
            raise HttpError(outcome.error, outcome.message)
        return outcome.response
