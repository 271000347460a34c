"""HTTP, as the app composes it: its libraries are imported where it is configured, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.config.address import parse_address
from gateway.listening import listen_problem
from gateway.service import Service, StartError

if TYPE_CHECKING:
    import sig
    from drivers.sensor import Sensor
    from gateway.clock.wall import WallClock
    from gateway.config import Config
    from gateway.feed import Feed
    from gateway.http.context import History
    from gateway.http.service import HttpService


class Known(NamedTuple):
    """What the app knows of the whole. `health` and `info`: what the gateway's own sender answers; `sensors`,
    `services`: all by now, whose numbers `/metrics` tells; `history`: what is kept by now, None if nothing
    is. All for any thread."""

    health: Callable[[], Mapping[str, Any]]
    info: Callable[[], Mapping[str, Any]]
    clock: WallClock
    services: Callable[[], Iterable[Service]]
    history: Callable[[], History | None]
    sensors: Callable[[], Mapping[str, Sensor]]


def web(config: Config, router: sig.Router, feed: Feed, known: Known) -> HttpService:
    """For a config that has `http`."""
    from gateway.http.context import Context
    from gateway.http.service import HttpService
    from gateway.metrics.collect import Metrics

    metrics = Metrics(config.gateway.name, known.clock, known.services)

    def info_of(name: str) -> Any:
        sensor = known.sensors().get(name)
        return None if sensor is None else sensor.info()

    context = Context(router, feed, known.health, known.info, known.history, metrics, info_of)
    return HttpService(config, context)


def probe(config: Config) -> None:
    """Raises StartError if the `http` of a config could not listen, as far as that can be seen now."""
    from gateway.http.listening import listening

    assert config.http is not None
    try:
        with listening(parse_address(config.http.listen)):
            return
    except (OSError, ValueError) as error:
        raise StartError(listen_problem(config, "http", config.http.listen, error)) from None
