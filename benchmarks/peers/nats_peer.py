"""NATS: nats-server, and nats-py in an asyncio loop, each peer's work in one coroutine of it."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from benchmarks.peers import Data, external
from benchmarks.report import load

SUBJECT = "temp.changed"


def missing() -> str:
    return external.missing("nats-server") or ("" if load("nats") else "nats-py")


def serve() -> None:
    port = external.free_port()
    external.run("nats-server", port, "-a", "127.0.0.1", "-p", str(port))


class Peer:
    def __init__(self, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client = self._run(load("nats").connect(f"nats://127.0.0.1:{port}"))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def publish(self, events: Iterable[Data]) -> None:
        async def work() -> None:
            for data in events:
                await self._client.publish(SUBJECT, json.dumps(data).encode())
            await self._client.flush()

        self._run(work())

    def listen(self, callback: Callable[[Data], None]) -> None:
        async def heard(message: Any) -> None:
            callback(json.loads(message.data))

        self._run(self._client.subscribe(SUBJECT, cb=heard))
        self._run(self._client.flush())

    def request(self, count: int) -> list[float]:
        async def work() -> list[float]:
            took = []
            for number in range(count):
                start = time.perf_counter()
                reply = await self._client.request("temp.echo", json.dumps({"n": number}).encode())
                answer = json.loads(reply.data)
                took.append(time.perf_counter() - start)
                assert answer["n"] == number
            return took

        result: list[float] = self._run(work())
        return result

    def respond(self) -> None:
        async def answer(message: Any) -> None:
            await message.respond(json.dumps(json.loads(message.data)).encode())

        self._run(self._client.subscribe("temp.echo", cb=answer))
        self._run(self._client.flush())
