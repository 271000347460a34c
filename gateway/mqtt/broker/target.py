"""The broker that is to be connected to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom to connect. `base`: `mqtt`, or `websockets` with a `path`."""

    host: str
    port: int
    client_id: str
    transport: str = "tcp"
    path: str = "/mqtt"
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @property
    def name(self) -> str:
        """For the log; without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
