"""A consumer that is a `FleetRouter`, as a script has it, also of what comes late. Its gateways are
`tests.support.fleet_gateways`.

    python -m benchmarks.fleet.ours_role OPTIONS

See `zenoh_roles`.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from gateway.fleet import FleetRouter
from gateway.fleet.session import Settings
from gateway.fleet.told import GAP, LATE
from tests.support.fleet_gateways import CHANGED, PRESSED


def main() -> None:
    """See the module."""
    options = json.loads(sys.argv[1])
    Path(options["log"]).touch()
    log = os.open(options["log"], os.O_WRONLY | os.O_APPEND)

    def heard(info: Any, data: Any) -> None:
        got = time.monotonic()
        data = data.get("data", data)  # what is no reading and comes late
        os.write(log, f"event {info['sender']} 0 0 {data['n']} {data['t']} {got:.4f}\n".encode())

    def lost(info: Any, data: Any) -> None:
        os.write(log, f"lost {info['sender']} {data['count'] or 0} {data['reason']}\n".encode())

    with FleetRouter(Settings(options["routers"])) as router:
        for event in (CHANGED, PRESSED, LATE):
            router.addListener(heard, "*/*/temp", event)
        router.addListener(lost, "*/*/temp", GAP)
        print("ready", flush=True)
        for line in sys.stdin:
            took = []
            for number in range(int(line.split()[1])):
                began = time.perf_counter()
                assert router.request("north/g0/temp", "echo", {"n": number}) == {"n": number}
                took.append(time.perf_counter() - began)
            print(statistics.median(took), flush=True)


if __name__ == "__main__":
    main()
