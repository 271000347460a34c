"""Sources of a test's own making."""

from drivers.stream.connector import StreamSource
from drivers.stream.port_settings import PortSettings
from drivers.stream.ports import PortSource
from drivers.stream.sensorline import Conversation


def on_port(port: PortSource, where: str = "a port of the test's") -> StreamSource:
    """A sensorline source on that port."""
    return StreamSource(where, port, PortSettings(), Conversation)
