"""What can be known of a source whose bytes go over one port, whatever it makes of them."""

from typing import Protocol, runtime_checkable

from drivers.stream.port_settings import PortSettings
from drivers.stream.ports import PortSource
from drivers.stream.tap import Tap


@runtime_checkable
class OnPort(Protocol):
    """Beside `drivers.source.Source`; a source that has these three can be captured."""

    port: PortSource
    """Where its port comes from. For the source's own thread, or for who has the source alone."""
    settings: PortSettings
    tap: Tap
    """Hears what is read and written, over all openings."""
