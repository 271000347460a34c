"""aedes, on Node.js: it keeps all in memory."""

import shutil
from pathlib import Path

import pytest

from tests.support.brokers.server import INSTALLED, Server

NODE = shutil.which("node", path=str(INSTALLED / "bin"))
LIBRARY = INSTALLED / "aedes" / "node_modules" / "aedes" / "aedes.js"


class Aedes(Server):
    """It refuses MQTT 5, in MQTT 3.1.1's words, and knows no limit to a packet's size."""

    name = "aedes"

    def command(self) -> list[str]:
        """Skips the test where it is not installed."""
        if NODE is None or not LIBRARY.exists():
            pytest.skip("aedes is not installed; `make brokers` does it")
        return [NODE, str(Path(__file__).with_name("aedes") / "broker.mjs"), str(LIBRARY), str(self.port)]
