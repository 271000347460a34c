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
EXAMPLES = 12
"""Of each kind, for each operation."""
STREAM_S = 1
"""A stream of events does not end: so long is one read."""


@pytest.mark.once
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
    done = subprocess.run(
        [
            *(str(PROGRAM), "run", f"{url}/openapi.json", "--seed", "11", "--no-color"),
            *("--checks", "all", "--exclude-checks", NOT_CHECKED),
            *("--max-examples", str(EXAMPLES), "--request-timeout", str(STREAM_S)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {operations}" in done.stdout, done.stdout
    assert "Traceback" not in gateway.errors
