"""Gateways and a consumer on zenoh alone: `plain`, or `advanced`, whose publishers keep what they sent.

    python -m benchmarks.fleet.zenoh_roles {plain|advanced} {gateways|consumer} OPTIONS

Options, commands and the log are those of `tests.support.fleet_gateways` and `.fleet_consumer`; the consumer
takes `request N` besides, and answers with the median of so many, in seconds.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import zenoh
import zenoh.ext

from gateway.fleet.keys import Gateway
from gateway.fleet.session import Settings
from gateway.fleet.spool import Spool
from tests.support.fleet_consumer import opened
from tests.support.fleet_gateways import BEAT_S, Gateways, reading

KEPT = 300
"""Events of a gateway that Advanced keeps in memory."""
HEARTBEAT_S = 0.5


class Raw:
    """A gateway that puts and forgets."""

    advanced = False

    def __init__(self, gateway: Gateway, spool: Spool, said: int) -> None:  # noqa: ARG002  # as Simulated
        self.gateway, self.said = gateway, said
        self._session: zenoh.Session | None = None
        self._publisher: Any = None

    def begin(self, session: zenoh.Session) -> None:
        """It has found a router."""
        self._session = session
        key = self.gateway.key("event", "temp", "changed")
        if self.advanced:
            detection = zenoh.ext.MissDetectionConfig(heartbeat=HEARTBEAT_S, sporadic_heartbeat=None)
            self._publisher = zenoh.ext.declare_advanced_publisher(
                session,
                key,
                cache=zenoh.ext.CacheConfig(max_samples=KEPT),
                sample_miss_detection=detection,
                publisher_detection=True,
            )
        else:
            self._publisher = session.declare_publisher(key)
        self._echo = session.declare_queryable(self.gateway.key("ask"), _echo)

    def say(self, now: float, _clock_s: float) -> None:
        """The next event."""
        if self._publisher is not None:
            self.said += 1
            self._publisher.put(reading(self.said, now, time.time()))

    def beat(self, now: float) -> float:
        """When it is to be called again."""
        return now + 20 * BEAT_S

    def close(self) -> None:
        """Its session."""
        if self._session is not None:
            self._session.close()  # type: ignore[no-untyped-call]


class Advanced(Raw):
    """A gateway whose publisher keeps what it sent."""

    advanced = True


def _echo(query: zenoh.Query) -> None:
    query.reply(query.key_expr, query.payload or b"")


def consume(advanced: bool, options: dict[str, Any]) -> None:
    """Until standard input ends."""
    session = opened(Settings(options["routers"]))
    log = os.open(options["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def heard(sample: zenoh.Sample) -> None:
        got = time.monotonic()
        data = json.loads(sample.payload.to_string())
        _, _, site, name, _, sender, _ = str(sample.key_expr).split("/")
        os.write(log, f"event {site}/{name}/{sender} 0 0 {data['n']} {data['t']} {got:.4f}\n".encode())

    every = "sig/1/*/*/event/**"
    if advanced:
        _subscriber: Any = zenoh.ext.declare_advanced_subscriber(
            session,
            every,
            heard,
            history=zenoh.ext.HistoryConfig(detect_late_publishers=True),
            recovery=zenoh.ext.RecoveryConfig(periodic_queries=None, heartbeat=True),
            subscriber_detection=True,
        )
    else:
        _subscriber = session.declare_subscriber(every, heard)
    print("ready", flush=True)
    for line in sys.stdin:
        print(statistics.median(_requests(session, int(line.split()[1]))), flush=True)
    session.close()  # type: ignore[no-untyped-call]


def _requests(session: zenoh.Session, count: int) -> list[float]:
    took = []
    for number in range(count):
        began = time.perf_counter()
        replies = session.get("sig/1/north/g0/ask", payload=json.dumps({"n": number}))
        answers = [reply.ok.payload.to_string() for reply in replies if reply.ok is not None]
        assert json.loads(answers[0]) == {"n": number}
        took.append(time.perf_counter() - began)
    return took


def main() -> None:
    """See the module."""
    kind, role, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    if role == "consumer":
        Path(options["log"]).touch()
        consume(kind == "advanced", options)
    else:
        Gateways(options, Advanced if kind == "advanced" else Raw).run()


if __name__ == "__main__":
    main()
