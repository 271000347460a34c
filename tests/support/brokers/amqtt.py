"""amqtt, on Python's asyncio: it keeps all in memory."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.support.brokers.server import INSTALLED, Server

PROGRAM = shutil.which("amqtt", path=str(INSTALLED / "bin"))


class Amqtt(Server):
    """It says nothing to a CONNECT of MQTT 5, and knows no limit to a packet's size."""

    name = "amqtt"

    @classmethod
    def missing(cls) -> str:
        """What to install before it can be started; empty if it can."""
        return "amqtt is not installed; `make brokers` does it" if PROGRAM is None else ""

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, port)
        self._config = folder / f"amqtt-{self.port}.yaml"
        config: dict[str, Any] = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        self._config.write_text(json.dumps(config))  # which is YAML, too

    def command(self) -> list[str]:
        """How it is started."""
        return [str(PROGRAM), "-c", str(self._config)]
