"""Names that say nothing of anybody. Pure."""

from __future__ import annotations

import ipaddress

ORDINARY = frozenset(
    {
        *("root", "pi", "user", "admin", "nobody", "debian", "ubuntu", "sig-gateway", "gateway", "mqtt"),
        *("localhost", "raspberrypi", "homeassistant", "home-assistant", "mosquitto", "broker", "sensor"),
        *("localdomain", "local", "lan", "home", "none", "unknown", "(none)"),
    }
)


def is_ordinary(name: str) -> bool:
    """Whether it may be told: a name that half the world has, or an address of this machine's own."""
    if not name.strip() or name.casefold() in ORDINARY:
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
