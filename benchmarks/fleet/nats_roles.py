"""Gateways and a consumer on NATS JetStream: a stream on a leaf server at the edge, which three servers in a
cluster take over into one of their own, kept three times.

    python -m benchmarks.fleet.nats_roles {gateways|consumer} OPTIONS

Options, commands and the log are those of `zenoh_roles`. A gateway says the next event when the last is
acknowledged, and again after a second without.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.peers import external
from benchmarks.report import load
from tests.support.fleet_gateways import reading

EDGE, HUB = "EDGE", "HUB"
SUBJECTS = "event.>"
PATIENCE_S = 30.0

nats: Any = load("nats")


class Servers:
    """Three in a cluster, and a leaf; as `tests.support.fleet_routers` has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports, self._cluster, self._leaves = (
            [external.free_port() for _ in range(3)] for _ in range(3)
        )
        self._edge = external.free_port()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for index in range(3):
            self.start(index)
        self._leaf = self._run("edge", self._edge, _LEAF.format(remotes=self._urls(self._leaves)), "edge")
        try:
            asyncio.run(self._declare())
        except BaseException:
            self.close()
            raise

    @property
    def endpoints(self) -> list[str]:
        """Where a consumer connects to."""
        return [f"nats://127.0.0.1:{port}" for port in self._ports]

    @property
    def edge(self) -> list[str]:
        """Where a gateway connects to."""
        return [f"nats://127.0.0.1:{self._edge}"]

    def start(self, index: int) -> None:
        """Begin one, or begin it again."""
        text = _MEMBER.format(
            cluster=self._cluster[index], routes=self._urls(self._cluster), leaf=self._leaves[index]
        )
        self._processes[index] = self._run(f"hub{index}", self._ports[index], text, "hub")

    def pid(self, index: int) -> int:
        """Of its process."""
        return self._processes[index].pid

    def kill(self, index: int) -> None:
        """As kill -9 does."""
        process = self._processes.pop(index)
        process.kill()
        process.wait()

    def hang(self, index: int) -> None:
        """It stands still."""
        os.kill(self.pid(index), 19)

    def go_on(self, index: int) -> None:
        """After `hang`."""
        os.kill(self.pid(index), 18)

    def close(self) -> None:
        """End all."""
        while self._processes:
            self.kill(next(iter(self._processes)))
        self._leaf.kill()
        self._leaf.wait()

    @staticmethod
    def _urls(ports: list[int]) -> str:
        return ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)

    def _run(self, name: str, port: int, text: str, domain: str) -> subprocess.Popen[bytes]:
        config = self._folder / f"{name}.conf"
        config.write_text(_ALL.format(name=name, port=port, store=self._folder / name, domain=domain) + text)
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                ["nats-server", "-c", str(config)],
                env=os.environ | {"PATH": external.PATH},
                stdout=log,
                stderr=log,
            )

    async def _declare(self) -> None:
        edge = await _connected(self.edge)
        await _patiently(lambda: edge.jetstream().add_stream(name=EDGE, subjects=[SUBJECTS], num_replicas=1))
        hub = await _connected(self.endpoints)
        source = nats.js.api.StreamSource(
            name=EDGE, external=nats.js.api.ExternalStream(api="$JS.edge.API", deliver="")
        )
        await _patiently(lambda: hub.jetstream().add_stream(name=HUB, sources=[source], num_replicas=3))
        await edge.close()
        await hub.close()


_ALL = """
server_name: {name}
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{store}", domain: {domain}, max_mem: 64MB, max_file: 512MB }}
ping_interval: 1s
ping_max: 2
"""
_MEMBER = """
cluster {{ name: hub, listen: "127.0.0.1:{cluster}", routes: [{routes}] }}
leafnodes {{ listen: "127.0.0.1:{leaf}" }}
"""
_LEAF = """
leafnodes {{ reconnect: 1, remotes: [ {{ urls: [{remotes}] }} ] }}
"""


async def _patiently(work: Callable[[], Awaitable[Any]]) -> Any:
    """A cluster has no leader in its first seconds."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await work()
        except Exception:  # of many kinds, all of them of a cluster that is not there yet
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.3)


async def _connected(servers: list[str]) -> Any:
    return await _patiently(
        lambda: nats.connect(
            servers,
            dont_randomize=True,
            ping_interval=1,
            max_outstanding_pings=2,
            reconnect_time_wait=0.2,
            max_reconnect_attempts=-1,
            connect_timeout=2,
            error_cb=_unheard,
        )
    )


async def _echo(message: Any) -> None:
    await message.respond(message.data)


async def _unheard(_error: Exception) -> None:
    """It comes back by itself, or is waited for in vain."""


class Gateways:
    """All of a process."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._rate = float(options["rate"])
        self._said: dict[str, int] = {}

    async def run(self) -> None:
        """Until standard input ends."""
        first, count = self._options["first"], self._options["count"]
        names = [f"g{number}" for number in range(first, first + count)]
        clients = [await _connected(self._options["routers"]) for _ in names]
        for name, client in zip(names, clients, strict=True):
            await client.subscribe(f"ask.{name}.echo", cb=_echo)
        tasks = [
            asyncio.create_task(self._speak(name, client, place / len(names)))
            for place, (name, client) in enumerate(zip(names, clients, strict=True))
        ]
        print("open", flush=True)
        while line := await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
            if line.startswith("rate"):
                self._rate = float(line.split()[1])
            else:
                print(json.dumps({"said": sum(self._said.values())}), flush=True)
        for task in tasks:
            task.cancel()

    async def _speak(self, name: str, client: Any, share: float) -> None:
        stream = client.jetstream(domain="edge")
        queue: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
        sending = asyncio.create_task(_send(name, stream, queue))
        due = time.monotonic() + share / (self._rate or 1.0)
        try:
            while True:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not self._rate:
                    due = time.monotonic() + 0.05
                    continue
                number = self._said[name] = self._said.get(name, 0) + 1
                queue.put_nowait((number, time.monotonic()))
                due += 1 / self._rate
        finally:
            sending.cancel()


async def _send(name: str, stream: Any, queue: asyncio.Queue[tuple[int, float]]) -> None:
    while True:
        number, said = await queue.get()
        while True:
            with suppress(nats.errors.Error, TimeoutError):
                await stream.publish(
                    f"event.{name}",
                    reading(number, said, time.time()).encode(),
                    timeout=1,
                    headers={"Nats-Msg-Id": f"{name}-{number}-{said}"},
                )
                break


async def consume(options: dict[str, Any]) -> None:
    """Until standard input ends."""
    client = await _connected(options["routers"])
    log = os.open(options["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def heard(message: Any) -> None:
        data = json.loads(message.data)
        name = message.subject.rpartition(".")[2]
        line = f"event north/{name}/temp 0 0 {data['n']} {data['t']} {time.monotonic():.4f}\n"
        os.write(log, line.encode())

    await _patiently(
        lambda: client.jetstream().subscribe(
            SUBJECTS, stream=HUB, durable="consumer", cb=heard, config=nats.js.api.ConsumerConfig(ack_wait=5)
        )
    )
    print("ready", flush=True)
    while line := await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        took = []
        for number in range(int(line.split()[1])):
            began = time.perf_counter()
            reply = await client.request("ask.g0.echo", json.dumps({"n": number}).encode(), timeout=5)
            assert json.loads(reply.data) == {"n": number}
            took.append(time.perf_counter() - began)
        print(statistics.median(took), flush=True)


def main() -> None:
    """See the module."""
    options = json.loads(sys.argv[2])
    if sys.argv[1] == "gateways":
        asyncio.run(Gateways(options).run())
    else:
        Path(options["log"]).touch()
        asyncio.run(consume(options))


if __name__ == "__main__":
    main()
