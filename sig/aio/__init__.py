"""`sig` for programs that live in asyncio: events to iterate over, requests to await. Standard library only.

    from sig import aio

    async for info, data in aio.events(router, event="#changed"):
        print(info["sender"], data)

    celsius = await aio.request(router, "temp", "read")

With `remote=True`, and a ClientRouter, both go to the server.

Rules:
 - The loop is never blocked: what may take time, a handler of this process say, runs on a thread.
 - Other threads touch the loop by `call_soon_threadsafe` only, and only while somebody waits: a flood of
   events wakes it once for all that has come, and an iterator that always has more lets others have a turn.
 - What ends an iterator (break, cancel, aclose, garbage collection, the loop's end) ends its subscription.
"""

from sig.aio.iterator import Events, events
from sig.aio.requests import request

__all__ = ["Events", "events", "request"]
