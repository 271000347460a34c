"""Schemathesis against a running gateway's own OpenAPI document: every operation, in earnest and not."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import CONFIG, ROOT, poll
from tests.support.ports import free_port

PROGRAM = ROOT / ".venv-schemathesis" / "bin" / "schemathesis"
SERVED = "http: {{listen: 127.0.0.1:{http}}}\nhistory: {{}}\n"
NOT_CHECKED = (
    # A time that is no time, or `since` after `until`, fits the document's schema and makes no sense.
    "positive_data_acceptance"
)
STREAM = "/api/v1/events"
"""Does not end: what is read of it in a while is what is looked at."""
ORDINARY = ("--exclude-path", STREAM, "--max-examples", "8", "--request-timeout", "60")
STREAMED = (
    *("--include-path", STREAM, "--max-examples", "3", "--request-timeout", "2"),
    *("--phases", "examples,fuzzing"),
)
DEADLINE_S = 300
"""For each of the two, which take some 10 s."""


@pytest.mark.once
@pytest.mark.timeout(3 * DEADLINE_S)
def test_its_own_document(start: Callable[..., Any], tmp_path: Path) -> None:
    """No 500, no status, header or body that is not documented, and no operation is left out."""
    if not PROGRAM.exists():
        pytest.skip("Schemathesis is not there; to install it: make schemathesis")
    port = free_port()
    gateway = start(CONFIG + SERVED.replace("{http}", str(port)))
    url = f"http://127.0.0.1:{port}"
    poll(lambda: gateway.cli("health").returncode == 0, "data flows")
    document = httpx.get(f"{url}/openapi.json").json()
    operations = sum(map(len, document["paths"].values()))
    run(url, tmp_path, ORDINARY, operations - 1)
    run(url, tmp_path, STREAMED, 1)
    assert "Traceback" not in gateway.errors


def run(url: str, folder: Path, how: tuple[str, ...], operations: int) -> None:
    """Fails if anything was found, or less was asked for than that."""
    done = subprocess.run(
        [
            *(str(PROGRAM), "run", f"{url}/openapi.json", "--seed", "11", "--no-color"),
            *("--checks", "all", "--exclude-checks", NOT_CHECKED, *how),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {operations}\n" in done.stdout, done.stdout
