"""The Containerfile, read as text: no image can be built where no registry of images is reached."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from gateway.cli.commands import cli

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n", " ", (ROOT / "packaging" / "Containerfile").read_text())
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
KNOWN = {
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "FROM",
    "HEALTHCHECK",
    "RUN",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
}


def of(instruction: str) -> list[str]:
    """What follows it, each time."""
    return [line.partition(" ")[2].strip() for line in LINES if line.startswith(f"{instruction} ")]


def test_every_line_is_an_instruction() -> None:
    """With what it needs."""
    assert {line.split()[0] for line in LINES} <= KNOWN
    assert LINES[0].startswith("FROM ")


def test_what_is_copied_is_there() -> None:
    """From the checkout; and all that the wheel is made of."""
    sources = [word for line in of("COPY") if "--from" not in line for word in shlex.split(line)[:-1]]
    assert all((ROOT / source).exists() for source in sources)
    assert {
        "pyproject.toml",
        "setup.py",
        "README.md",
        "LICENSE",
        "sig",
        "drivers",
        "gateway",
        "firmware-sim",
    } <= set(sources)


def test_both_stages_have_the_same_python() -> None:
    """The environment is made by one for the other, and is one that we support."""
    images = {line.split()[0] for line in of("FROM")}
    assert len(images) == 1
    assert re.search(r"python:3\.1[123]-", images.pop())


def test_it_does_not_run_as_root() -> None:
    """And its data outlives it."""
    assert of("USER") == ["sig-gateway"]
    assert of("VOLUME") == ["/data"]
    assert LINES.index("USER sig-gateway") > max(i for i, line in enumerate(LINES) if line.startswith("RUN"))


def test_its_health_is_the_gateway_s() -> None:
    """Given time at the start, when nothing is known yet."""
    (check,) = of("HEALTHCHECK")
    assert "--start-period=" in check
    assert json.loads(check.partition(" CMD ")[2]) == ["sig-gateway", "health"]
    assert {"health", "run"} <= set(getattr(cli, "commands", {}))
    assert json.loads(of("ENTRYPOINT")[0]) == ["sig-gateway"]
    assert json.loads(of("CMD")[0]) == ["run", "--init"]


def test_it_has_the_fleet() -> None:
    """Nobody adds an extra to an image that runs."""
    assert any("'.[fleet]'" in line for line in of("RUN"))
