"""A config from text, checked against a stand-in for the drivers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, ConfigError, load


class RefusedError(ValueError):
    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option, self.problem = option, problem


class Option:
    default, required = None, False

    def __init__(self, expected: str, numbers: bool, write: str = "") -> None:
        self.expected, self.numbers, self.write = expected, numbers, write

    def parse(self, raw: object) -> object:
        percentage = isinstance(raw, str) and raw.endswith("%") and not self.numbers
        if isinstance(raw, bool) or not (isinstance(raw, int | float) or percentage):
            raise ValueError(f"expected {self.expected}, got {raw!r}")
        return raw


class Port(Option):
    """A text that begins with '/', 'sim:' or 'usb:'."""

    required = True

    def __init__(self) -> None:
        super().__init__("a port", numbers=False, write='"sim:"')

    def parse(self, raw: object) -> object:
        if not isinstance(raw, str):
            raise ValueError(f"expected a port, got {raw!r}")  # noqa: TRY004 - as the drivers' parsers
        if not raw.startswith(("/", "sim:", "usb:")):
            raise RefusedError("port", f"expected a port, got {raw!r}")
        return raw


class StandIn:
    """Two kinds; a protocol that can do all, one that can tell nothing, one that polls."""

    def kinds(self) -> tuple[str, ...]:
        return ("temperature", "humidity")

    def protocols(self) -> tuple[str, ...]:
        return ("sensorline", "text", "polled")

    def options(self, _kind: str) -> dict[str, Any]:
        number = Option("a number", numbers=True)
        return {
            "cold": number,
            "hot": number,
            "delta": Option("a number or a percentage such as 5%", numbers=False),
            "interval": number,
        }

    def check_options(self, _kind: str, parsed: dict[str, Any]) -> None:
        if None not in (parsed["cold"], parsed["hot"]) and parsed["cold"] >= parsed["hot"]:
            raise RefusedError("cold", f"expected less than hot ({parsed['hot']}), got {parsed['cold']}")

    def check_link(self, _protocol: str, parsed: dict[str, Any]) -> None: ...

    def link_options(self, protocol: str) -> dict[str, Any]:
        every = {"every": Option("a number", numbers=True)} if protocol == "polled" else {}
        return {"port": Port(), "baud": Option("a number", numbers=True, write="115200"), **every}

    def sets_intervals(self, protocol: str) -> bool:
        return protocol == "sensorline"

    def tells_identity(self, protocol: str) -> bool:
        return protocol != "text"

    def channels(self, _protocol: str, _parsed: dict[str, Any]) -> None:
        return None

    def link_warnings(self, _protocol: str, parsed: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        return (("baud", "no board is that slow"),) if parsed["baud"] == 50 else ()


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., Config]:
    """Loads a config given as text or bytes, in `tmp_path`."""

    def load_it(text: str | bytes, **environ: str) -> Config:
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, StandIn(), environ)

    return load_it


@pytest.fixture
def complaints(load_text: Callable[..., Config]) -> Callable[..., list[str]]:
    """The error lines of a config, each from its line number on."""

    def lines(text: str | bytes, **environ: str) -> list[str]:
        try:
            load_text(text, **environ)
        except ConfigError as error:
            return [str(problem).partition("config.yaml:")[2] for problem in error.problems]
        return []

    return lines
