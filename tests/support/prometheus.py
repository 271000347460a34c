"""A real Prometheus, from Debian, on a free port of this machine, and its tool."""

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import pytest

from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until

_UNPACKED = Path(__file__).parents[2] / ".venv-prometheus" / "usr" / "bin"
_PATH = os.pathsep.join([os.environ.get("PATH", ""), str(_UNPACKED)])
SERVER = shutil.which("prometheus", path=_PATH)
TOOL = shutil.which("promtool", path=_PATH)


def required() -> None:
    """Skips the test where it is not there."""
    if SERVER is None or TOOL is None:
        pytest.skip("Prometheus is not there; on Debian: make prometheus")


def promtool(*arguments: str, said: str | None = None, folder: Path | None = None) -> str:
    """What it answers; fails if it complains."""
    required()
    done = subprocess.run(
        [str(TOOL), *arguments],
        input=said,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Series(NamedTuple):
    """One of an answer: its labels, and its newest value."""

    labels: Mapping[str, str]
    value: float


class Prometheus:
    """`config`: its file, as a user writes it, in a folder with its rules."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        required()
        data = self._config.parent / "prometheus"
        command = [
            str(SERVER),
            f"--config.file={self._config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]
        with self._config.with_suffix(".log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until(self._is_ready, what="Prometheus is ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        assert process is not None
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def query(self, expression: str) -> list[Series]:
        """What an expression is now. Fails if it is none."""
        found = self._ask("/api/v1/query", query=expression)["result"]
        return [Series(each["metric"], float(each["value"][1])) for each in found]

    def span(self, expression: str, since: float, until_: float) -> list[Mapping[str, str]]:
        """The labels of all that an expression was between two times (UTC), for a quarter of a second."""
        found = self._ask("/api/v1/query_range", query=expression, start=since, end=until_, step=0.25)[
            "result"
        ]
        return [each["metric"] for each in found]

    def firing(self) -> list[Mapping[str, str]]:
        """The labels of the alerts that fire now."""
        alerts = self._ask("/api/v1/alerts")["alerts"]
        return [alert["labels"] for alert in alerts if alert["state"] == "firing"]

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped, and how that went."""
        found: list[dict[str, Any]] = self._ask("/api/v1/targets")["activeTargets"]
        return found

    def _ask(self, path: str, **given: object) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE_S)
        try:
            connection.request("GET", f"{path}?{urlencode(given)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (given, answer)
        return answer["data"]

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._config.with_suffix(".log").read_text()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE_S)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == 200
        except ConnectionError:
            return False
        finally:
            connection.close()
