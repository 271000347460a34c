"""`sig-gateway collect`, or `run`, on a machine of a bed; a program of its own.

    python -m tests.support.fleet_program '{"command": "collect", "config": "collect.yaml"}'

It is the whole program but for one check: without TLS a router is to be on this machine, and a bed's lines
are the test's own. It ends as by SIGTERM when standard input ends. With `talks`, what a `Talk` has, a script
talks to it; see `Talking` for what it obeys then.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import sig
from gateway.cli import main as sig_gateway
from gateway.fleet import session
from sig.carrier.tcpclient import CarrierTCPClient
from tests.support.fleet_gateways import CHANGED, PRESSED, SENDER, last_said, reading

AGAIN_S = 0.05
"""Before it is tried again whether the gateway listens."""
HEARD_S = 1.0
"""What is not accepted within that time is not said to be."""


class Talk(NamedTuple):
    """`port`: the gateway's; `gateway`: what the fleet calls it; `rate`: events a second; `truth`: a line
    there for each that the gateway has accepted, as a listener has heard of it, as `fleet_gateways` has
    it."""

    port: int
    gateway: str
    rate: float
    truth: str


class Talking:
    """A sender of a script's, connected over TCP, and a listener; both on this process's own threads, so that
    they are killed and hung with the gateway. Commands a line: `rate R` from now on; `figures` answers
    {"said": …}."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._rate = talk.rate
        truth = Path(talk.truth)
        truth.parent.mkdir(parents=True, exist_ok=True)
        self._truth = os.open(truth, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._said = last_said(truth).get(talk.gateway, 0)
        self._heard = threading.Event()
        self._waits_for = 0

    def run(self) -> None:
        """Until standard input ends."""
        carriers = CarrierTCPClient(), CarrierTCPClient()
        talking, listening = map(sig.ClientRouter, carriers)
        sender = talking.addRemoteSender(SENDER, [CHANGED, PRESSED])
        for event in (CHANGED, PRESSED):
            listening.addRemoteListener(self._hear, SENDER, event)
        for carrier in carriers:
            while not carrier.connect("127.0.0.1", self._talk.port):
                time.sleep(AGAIN_S)
        while True:
            wait_s = 1 / self._rate if self._rate else None
            if select.select([sys.stdin], [], [], wait_s)[0]:
                if not (lines := os.read(sys.stdin.fileno(), 1000).decode()):
                    return
                for command in lines.splitlines():
                    self._obey(*command.split())
            else:
                self._say(sender)

    def _say(self, sender: sig.Sender) -> None:
        self._said += 1
        said = time.monotonic()
        self._heard.clear()
        self._waits_for = self._said
        event = sender.getSignal((CHANGED, PRESSED)[self._said % 2])
        assert event is not None
        event.trigger(json.loads(reading(self._said, said, time.time())))
        if self._heard.wait(HEARD_S):
            os.write(self._truth, f"{self._talk.gateway} {self._said} {said:.4f}\n".encode())

    def _hear(self, _info: Any, data: Any) -> None:
        if data["n"] == self._waits_for:
            self._heard.set()

    def _obey(self, word: str, value: str = "") -> None:
        if word == "rate":
            self._rate = float(value)
        else:
            print(json.dumps({"said": self._said}), flush=True)


def _wait() -> None:
    """Until standard input ends."""
    while os.read(sys.stdin.fileno(), 1000):
        continue


def _then_end(wait: Callable[[], None]) -> None:
    try:
        wait()
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """See the module."""
    options = json.loads(sys.argv[1])
    wait = Talking(Talk(**options["talks"])).run if "talks" in options else _wait
    threading.Thread(target=_then_end, args=(wait,), name="until-our-starter-ends", daemon=True).start()
    with patch.object(session, "is_here", return_value=True):
        sys.exit(sig_gateway([options["command"], "-c", options["config"]]))


if __name__ == "__main__":
    main()
