"""Home Assistant's part of discovery, as components/mqtt/discovery.py and entity.py have it."""

import json
import re
from typing import Any

_TOPIC = re.compile(r"homeassistant/(\w+)/(?:([\w-]+)/)?([\w-]+)/config")
Place = tuple[str, str, str]
"""Platform, device, key: Home Assistant's discovery hash."""


class HomeAssistant:
    """`old`: before 2024.12, which knows neither devices nor migration."""

    def __init__(self, *, old: bool = False) -> None:
        self._old = old
        self._topics: dict[Place, str] = {}
        self._ids: dict[Place, str] = {}
        self.registry: set[str] = set()
        """Unique ids, also of entities that are not loaded."""
        self.complaints: list[str] = []

    @property
    def entities(self) -> dict[str, str]:
        """The topic of each entity, by its unique id."""
        return {self._ids[place]: topic for place, topic in self._topics.items()}

    def receive(self, topic: str, payload: bytes) -> None:
        """A message on a discovery topic; others are not for us."""
        match = _TOPIC.fullmatch(topic)
        if match is None or (self._old and match[1] == "device"):
            return
        said: dict[str, Any] = json.loads(payload) if payload else {}
        migrate = said == {"migr_discvry": True}
        if migrate and self._old:
            return  # an update that makes no sense
        if match[1] != "device":
            assert match[2] is not None
            self._component(topic, (match[1], match[2], match[3]), {} if migrate else said, migrate)
        elif migrate or not said:
            for place in [place for place in self._topics if place[1] == match[3]]:
                self._component(topic, place, {}, migrate)
        else:
            assert said["dev"]["ids"]
            assert said["o"]["name"]
            for key, part in said["cmps"].items():
                options = {name: value for name, value in part.items() if name != "p"}
                self._component(topic, (part["p"], match[3], key), options, migrate)

    def _component(self, topic: str, place: Place, options: dict[str, Any], migrate: bool) -> None:
        known = self._topics.get(place)
        if known is not None and known != topic:
            if options or migrate:
                self.complaints.append(f"conflicting message for {place}: {topic}, known from {known}")
        elif not options:
            if known is not None:
                del self._topics[place]
                if not migrate:
                    self.registry.discard(self._ids[place])
        elif known is None and any(self._ids[other] == options["uniq_id"] for other in self._topics):
            self.complaints.append(f"{options['uniq_id']} is not unique: {topic}")
        else:
            self._topics[place] = topic
            self._ids[place] = options["uniq_id"]
            self.registry.add(options["uniq_id"])
