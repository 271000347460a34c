"""HTTP, as the app composes it: its libraries are imported where it is configured, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.service import Service

if TYPE_CHECKING:
    import sig
    from gateway.config import Config
    from gateway.feed import Feed
    from gateway.http.context import History


def web(
    config: Config,
    router: sig.Router,
    feed: Feed,
    *,
    health: Callable[[], Mapping[str, Any]],
    info: Callable[[], Mapping[str, Any]],
    history: History | None,
) -> Service:
    """For a config that has `http`."""
    from gateway.http.context import Context
    from gateway.http.service import HttpService

    return HttpService(config, Context(router, feed, health, info, history))
