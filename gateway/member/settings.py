"""From a config's `fleet` to what a session needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fleet.session import Settings, Tls, endpoint

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.config.collect import CollectedFleetSection
    from gateway.config.fleet import FleetSection


def settings_of(fleet: FleetSection | CollectedFleetSection, config: Config) -> Settings:
    """`fleet` has been checked; `config`: where its files are."""
    tls = fleet.tls
    files = None if tls is None else Tls(*(config.read_at(name) for name in (tls.ca, tls.cert, tls.key)))
    return Settings([endpoint(url) for url in fleet.routers], files)
