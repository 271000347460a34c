"""What a sensor says of itself: the responses of `info` and `stats`. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from drivers.dispatcher import Dispatcher
from drivers.link import LinkStatus
from drivers.source import Channel, Device


def of_device(link: LinkStatus, device: Device | None) -> dict[str, Any]:
    """Where the values come from. `device` is None before it was there. What it says of itself beside who it
    is (its battery, how many readings it keeps) stands under `device`, too."""
    return {
        "link": link.name,
        "port": link.port,
        "device": {
            "path": link.device,
            "model": device.model if device else None,
            "identity": device.identity if device else None,
            "boot": device.boot if device else None,
            **({"kept": device.kept} if device and device.kept else {}),
            **(device.about if device else {}),
        },
        "firmware": device.firmware if device else None,
    }


def of_channel(name: str, channel: Channel | None) -> dict[str, Any]:
    """What the device says of the channel; None for what it does not say, or before it was there."""
    return {
        "name": name,
        "unit": channel.unit if channel else None,
        "resolution": (channel.resolution or None) if channel else None,
        "range": [finite(channel.low), finite(channel.high)] if channel else None,
        "interval": channel.interval_s if channel else None,
    }


def of_options(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are set or have a default, as JSON can hold them."""
    return {
        name: value if isinstance(value, int | float | tuple) else str(value)
        for name, value in parsed.items()
        if value is not None
    }


def of_traffic(link: LinkStatus, dispatcher: Dispatcher) -> dict[str, Any]:
    """The counters that a sensor shares with others."""
    return {
        "link": {"state": str(link.state), "reason": link.reason, **link.counters, "dropped": link.dropped},
        "dispatcher": {"waiting": dispatcher.depth, "dropped": dispatcher.dropped},
    }


def finite(value: float | None) -> float | None:
    """JSON has no infinity, and no nan."""
    return value if value is not None and math.isfinite(value) else None
