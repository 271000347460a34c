"""`sig` for programs that live in asyncio. Standard library only.

    from sig import aio

    async with aio.connect("tcp://greenhouse.local:7300", token=token) as router:    # a ClientRouter
        celsius = await aio.request(router, "temp", "read", remote=True)
        async with aio.listen(router, on_hot, "temp", "hot", remote=True):    # async def on_hot(info, data)
            async for info, data in aio.events(router, event="#changed", remote=True):
                print(info["sender"], data)

`request`, `listen`, `events`, and `addSender`, whose handlers may be coroutine functions, take any router;
with `remote=True`, and a ClientRouter, they go to the server. docs/asyncio.md is the guide.

Rules:
 - The loop is never blocked: what may take time, a handler of this process say, runs on a thread.
 - Other threads touch the loop by `call_soon_threadsafe` only; of events only while somebody waits: a flood
   wakes it once for all that has come, and an iterator that always has more lets others have a turn.
 - What ends a block or an iterator (break, cancel, aclose, garbage collection, the loop's end) ends what it
   stands for: a subscription, a sender, a connection. No thread is left, nor a task.
"""

from sig.aio.connecting import Connecting, connect
from sig.aio.iterator import Events, events
from sig.aio.listeners import Listening, listen
from sig.aio.requests import request
from sig.aio.senders import Adding, addSender

__all__ = [
    "Adding",
    "Connecting",
    "Events",
    "Listening",
    "addSender",
    "connect",
    "events",
    "listen",
    "request",
]
