"""NATS, whose MQTT is a gateway to its own subjects and streams, on disk."""

import json
import shutil
from pathlib import Path

from tests.support.brokers.server import INSTALLED, Server

PROGRAM = shutil.which("nats-server", path=str(INSTALLED / "bin"))


class Nats(Server):
    """It refuses MQTT 5, in MQTT 3.1.1's words. `largest`: bytes of a payload and its header of NATS's
    own, some 30.

    A larger one ends the connection; so does a topic with a space, which a subject of NATS cannot have.
    """

    name = "nats-server"
    spaces_in_topics = False

    @classmethod
    def missing(cls) -> str:
        """What to install before it can be started; empty if it can."""
        return "nats-server is not installed; `make brokers` does it" if PROGRAM is None else ""

    def __init__(self, folder: Path, port: int = 0, largest: int = 1 << 20) -> None:
        super().__init__(folder, port)
        self._config = folder / f"nats-{self.port}.conf"
        config = {
            "server_name": "tests",
            "host": "127.0.0.1",
            "port": -1,  # for its own protocol: any
            "max_payload": largest,
            "jetstream": {"store_dir": str(folder / f"nats-{self.port}")},
            "mqtt": {"host": "127.0.0.1", "port": self.port},
        }
        self._config.write_text(json.dumps(config))  # which is its own language, too

    def command(self) -> list[str]:
        """How it is started."""
        return [str(PROGRAM), "-c", str(self._config)]
