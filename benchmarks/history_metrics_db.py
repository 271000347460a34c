"""VictoriaMetrics, as Debian has it, as one more that keeps a year: a server beside, asked over HTTP.

It is taken from PATH, or out of Debian's package, which apt fetches and dpkg unpacks into a folder: nothing
is installed, no service is started.
"""

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.history_year import History
from gateway.history.buckets import width_of
from tests.support.ports import free_port

PACKAGE = "victoria-metrics"
ROWS_AT_ONCE = 10_000
START_S = 20.0


def program(folder: Path) -> Path | None:
    """Where it is; None where it cannot be had, which is said."""
    if found := shutil.which(PACKAGE):
        return Path(found)
    try:
        folder.mkdir()
        folder.chmod(0o777)  # apt fetches as a user of its own
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True, capture_output=True)
        (package,) = folder.glob("*.deb")
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{PACKAGE} is skipped: it cannot be had from Debian here: {error}", flush=True)
        return None
    return folder / "usr" / "bin" / PACKAGE


class VictoriaMetrics:
    """See `history_contenders.Contender`. Its day's chart has the cost of HTTP in it."""

    name = "VictoriaMetrics"

    def __init__(self, binary: Path, folder: Path) -> None:
        self._folder = folder
        port = free_port()
        options = {
            "storageDataPath": folder,
            "httpListenAddr": f"127.0.0.1:{port}",
            "retentionPeriod": 24,
            "memory.allowedBytes": "60MB",
            "search.disableCache": "true",
        }
        self._process = subprocess.Popen(
            [str(binary), *(f"-{key}={value}" for key, value in options.items())],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        deadline = time.monotonic() + START_S
        while True:
            try:
                self._ask("/health")
                break
            except OSError:
                if time.monotonic() > deadline:
                    self.close()
                    raise
                self._connection.close()
                time.sleep(0.05)

    def load(self, sensors: Sequence[History]) -> None:
        """By its own import, then merged as it does in the course of time."""
        for number, sensor in enumerate(sensors):
            times, values, _ = sensor.rows
            for at in range(0, len(times), ROWS_AT_ONCE):
                rows = {
                    "metric": {"__name__": "value", "sensor": str(number)},
                    "values": values[at : at + ROWS_AT_ONCE].tolist(),
                    "timestamps": times[at : at + ROWS_AT_ONCE].tolist(),
                }
                self._ask("/api/v1/import", json.dumps(rows).encode())
        self._ask("/internal/force_flush")
        self._ask("/internal/force_merge")

    def size(self) -> int:
        """All that is in its folder."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def rows(self, sensors: int) -> int:
        """How many it has, to see that none was refused."""
        query = {"query": "sum(count_over_time(value[10y]))", "nocache": 1}
        found = json.loads(self._ask(f"/api/v1/query?{urlencode(query)}"))["data"]["result"]
        return int(found[0]["value"][1]) if found and sensors else 0

    def chart(self, sensor: int, since: int, until: int, points: int) -> int:
        """See `Contender`."""
        width = width_of(until - since, points)
        query = {
            "query": f'rollup(value{{sensor="{sensor}"}}[{width}ms])',
            "start": since / 1000,
            "end": until / 1000,
            "step": f"{width}ms",
            "nocache": 1,
        }
        found = json.loads(self._ask(f"/api/v1/query_range?{urlencode(query)}"))["data"]["result"]
        return len(found[0]["values"]) if found else 0

    def close(self) -> None:
        """It ends."""
        self._connection.close()
        self._process.terminate()
        self._process.wait(30)

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        try:
            self._connection.request("GET" if body is None else "POST", path, body)
            answer = self._connection.getresponse()
        except (
            http.client.HTTPException,
            ConnectionError,
        ):  # it closes a connection that is idle for a minute
            self._connection.close()
            self._connection.request("GET" if body is None else "POST", path, body)
            answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise OSError(f"{PACKAGE}: {path[:60]}: status {answer.status}: {text[:200]!r}")
        return text
