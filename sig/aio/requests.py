"""`request`: a handler's answer, awaited."""

from __future__ import annotations

import asyncio
from typing import Any

from sig import asking
from sig.aio.handlers import handler_here
from sig.aio.threads import client_of, on_thread, settle
from sig.client import ClientRouter
from sig.errors import STATUS_OK, RequestTimeout, from_wire
from sig.router import Router
from sig.sender import Sender
from sig.wire import Message


async def request(
    router: Router,
    sender: Sender | str,
    method: str,
    params: Any = None,
    *,
    timeout: float | None = None,
    remote: bool = False,
) -> Any:
    """`router.request`, or with `remote` the ClientRouter's `remoteRequest`; raises what they raise.

    A local handler runs on a thread, 16 at a time for the process, started as needed and ended when done; a
    remote request needs none, nor does a handler that is a coroutine function of this loop, see `addSender`.
    `timeout` in seconds, RequestTimeout after it: by default none locally, the carrier's (10 s) remotely.
    After a timeout or a cancel nothing waits for the answer; a handler that has begun runs on to its end.
    Busy if 1,024 requests wait for a thread already.
    """
    client = client_of(router) if remote else None
    if client is not None and timeout is None:
        timeout = client.carrier.limits.timeout_s
    name = sender.getName() if isinstance(sender, Sender) else sender
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            if client is not None:
                return await _remotely(client, name, method, params, timeout)
            here = handler_here(router, sender, method)
            if here is None:
                return await on_thread(lambda: router.request(sender, method, params))
            handler, is_default = here
            return await handler.answer(
                (method, params) if is_default else (params,), lambda err: asking.failed(name, method, err)
            )
    except TimeoutError as err:
        if isinstance(err, RequestTimeout) or not limit.expired():
            raise
        raise RequestTimeout(f"no answer to '{method}' from '{name}' in {timeout:g} s") from None


async def _remotely(
    client: ClientRouter, sender: str, method: str, params: Any, timeout_s: float | None
) -> Any:
    """`client.remoteRequest`, but that the reader completes a future instead of waking a thread."""
    if method is None:
        raise ValueError("a request needs a method: pass its name, not None")
    connection = client._connected()
    message: Message = {"sender": sender, "method": method, "params": params}
    if connection.pipelined:
        message["timeout"] = timeout_s
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Message] = loop.create_future()
    call = connection.start_call(
        "request", message, timeout_s, done=lambda answer: settle(loop, answered, answer)
    )
    try:
        answer = await answered
    except asyncio.CancelledError:
        connection.give_up(call)
        raise
    if answer.get("status") == STATUS_OK:
        return answer.get("response")
    raise from_wire(answer)
