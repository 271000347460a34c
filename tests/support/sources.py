"""Sources of a test's own making."""

from drivers.stream.connector import StreamSource
from drivers.stream.ports import PortSource
from drivers.stream.sensorline import Conversation
from drivers.stream.transport import PortSettings


def on_port(port: PortSource, where: str = "a port of the test's") -> StreamSource:
    """A sensorline source on that port."""
    return StreamSource(where, port, PortSettings(), Conversation)
