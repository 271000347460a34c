"""The gateway that runs with a config, as seen from this machine."""

from __future__ import annotations

from gateway.config import Config
from gateway.config.address import parse_address


def own_url(config: Config) -> str:
    """Where it listens."""
    address = parse_address(config.router.listen)
    if address.unix:
        return f"unix:{address.host}"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104 - told apart
    scheme = "tcp" if config.router.tls is None else "tls"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{address.port}"


def own_token(config: Config) -> str | None:
    """What it wants to hear."""
    return None if config.router.token is None else config.router.token.get_secret_value()
