"""From the config to what a session needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fleet.session import Settings, Tls, endpoint

if TYPE_CHECKING:
    from gateway.config import Config


def settings_of(config: Config) -> Settings:
    """Of its `fleet`, which has been checked."""
    section = config.fleet
    assert section is not None
    tls = section.tls
    files = None if tls is None else Tls(*(config.read_at(name) for name in (tls.ca, tls.cert, tls.key)))
    return Settings([endpoint(url) for url in section.routers], files)
