"""A router, a link and sensors at work on a real port, and all that happens there."""

import threading
import time
from typing import Any, Self

import sig
from drivers import Dispatcher, HumiditySensor, LightSensor, Link, Sensor, TemperatureSensor
from tests.support.waiting import DEADLINE_S

DRIVERS: dict[str, type[Sensor]] = {"temp": TemperatureSensor, "hum": HumiditySensor, "lux": LightSensor}


class House:
    """`events` are (sender, event, data, monotonic time), in order."""

    def __init__(
        self,
        port: str | None = None,
        *names: str,
        dispatcher: Dispatcher | None = None,
        source: Any = None,
        **options: Any,
    ) -> None:
        self.router = sig.Router()
        self.events: list[tuple[str, str, Any, float]] = []
        self._news = threading.Condition()
        self.router.addListener(self._note)
        self.link = Link("board", port, dispatcher=dispatcher, source=source)
        self.sensors = {name: DRIVERS[name](name, self.link, **options) for name in names or ("temp",)}

    def __enter__(self) -> Self:
        for sensor in self.sensors.values():
            sensor.attach(self.router)
        self.link.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def _note(self, info: dict[str, Any], data: Any) -> None:
        with self._news:
            self.events.append((info["sender"], info["event"], data, time.monotonic()))
            self._news.notify_all()

    def wait_for(self, event: str, sender: str = "temp", count: int = 1) -> tuple[Any, float]:
        """The data of the `count`th such event, and when it came; waits for it."""

        def found() -> list[tuple[Any, float]]:
            return [(data, when) for s, e, data, when in self.events if (s, e) == (sender, event)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, DEADLINE_S), (event, self.link.status())
            return found()[count - 1]

    def count(self, event: str, sender: str = "temp") -> int:
        """How many such events there were."""
        with self._news:
            return sum((s, e) == (sender, event) for s, e, _, _ in self.events)

    def all_data(self, event: str, sender: str = "temp") -> list[Any]:
        """The data of all such events, in order."""
        with self._news:
            return [data for s, e, data, _ in self.events if (s, e) == (sender, event)]

    def forget(self) -> None:
        """Begin to count anew."""
        with self._news:
            self.events.clear()

    def read(self, sender: str = "temp", **params: Any) -> Any:
        """A live read through the router."""
        return self.router.request(sender, "read", params)
