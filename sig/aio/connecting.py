"""`connect`: a connection for the length of a block."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from sig.aio.address import parse_address
from sig.aio.carrier import AioCarrier
from sig.aio.handlers import cancel_handlers
from sig.aio.threads import Work, apart
from sig.client import ClientRouter
from sig.limits import DEFAULT, Limits
from sig.wire import Codec

if TYPE_CHECKING:
    import ssl

# After a cancel: for what has been shut down to end, at once unless a resolver or a handler hangs.
GIVE_UP_S = 2.0


class Connecting(AbstractAsyncContextManager[ClientRouter]):
    """What `connect` returns; to be entered once."""

    def __init__(self, carrier: AioCarrier) -> None:
        self._carrier = carrier
        self._router = ClientRouter(carrier)
        self._entered = False

    async def __aenter__(self) -> ClientRouter:
        if self._entered:
            raise RuntimeError("this connection has been used already: call aio.connect(...) for each")
        self._entered = True
        making = Work(apart, self._carrier.make)
        try:
            await making.ended()
        except asyncio.CancelledError:
            if self._carrier.give_up(at_once=True):
                making = Work(apart, self._carrier.disconnect, or_here=True)
            await making.ended(GIVE_UP_S)
            raise
        making.outcome.result().result()
        return self._router

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            await cancel_handlers(self._router)
        except asyncio.CancelledError:
            self._carrier.give_up(at_once=True)
            raise
        finally:
            await self._leave()

    async def _leave(self) -> None:
        try:
            self._carrier.give_up()
            leaving = Work(apart, self._carrier.disconnect)
        except RuntimeError:  # this machine has no thread left; what is shut down does not take long to end
            self._carrier.give_up(at_once=True)
            self._carrier.disconnect()
            return
        try:
            await leaving.ended()
        except asyncio.CancelledError:
            self._carrier.give_up(at_once=True)
            await leaving.ended(GIVE_UP_S)
            raise
        leaving.outcome.result().result()


def connect(
    url: str,
    *,
    token: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
    codec: Codec | None = None,
    limits: Limits = DEFAULT,
) -> Connecting:
    """`async with connect("tcp://host:port") as router:` a ClientRouter, connected to the end of the block.

    `url`: `tcp://host[:port]`, `tls://host[:port]`, `unix:/path`; the port is 7300 by default. TLS, with the
    certificates that this machine trusts, or with `ssl_context`, which may be given with any of them. The
    other arguments are those of `CarrierTCPClient`, which is the router's `carrier`: it connects again by
    itself, for ever, and its callbacks may be set.

    Raises ValueError for a wrong url; on entering Unauthorized, Busy (the server has too many clients), or
    OSError with the reason. Nothing blocks the loop: what does is done by threads of the connection's own. A
    cancel ends it at once; only the look-up of a name goes on to its end, on its thread, and is then dropped.

    The end of the block cancels the handlers that `addSender` has started for this router, and sends what is
    queued, as `carrier.disconnect` does: for `Limits.full_wait_s` at most, as long as something is sent in
    each `Limits.drain_s`. A cancel meanwhile ends that, too; what is not sent then is counted in
    `dropped_signals`.
    """
    address = parse_address(url)
    options = {"token": token, "codec": codec, "limits": limits}
    carrier = AioCarrier(address, ssl_context=ssl_context, server_hostname=server_hostname, **options)
    return Connecting(carrier)
