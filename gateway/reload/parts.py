"""What a reload changes, as the app has put it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gateway.service import Part, Service

if TYPE_CHECKING:
    from drivers.dispatcher import Dispatcher
    from gateway.config import Config
    from gateway.feed import Feed
    from gateway.links import Links
    from gateway.mailbox import Mailbox
    from gateway.own_sender import OwnSender
    from gateway.reload.plan import Files
    from gateway.serving import Server

LISTENERS = ("history", "mqtt", "http", "fleet")
"""Sections whose services hear the events."""


class Listener(Service, Protocol):
    """One of their services."""

    @property
    def mailbox(self) -> Mailbox: ...


@dataclass(slots=True)
class Parts:
    """What runs. `make`: a service by section, of a config that has it; `running`: those there are;
    `set_running` exchanges one, None for none, or says False: the gateway has stopped."""

    config: Config
    dispatcher: Dispatcher
    links: Links
    server: Server
    own: OwnSender
    feed: Feed
    make: Mapping[str, Callable[[Config], Listener]]
    running: Callable[[str], Any]
    set_running: Callable[[str, Service | None], bool]
    probe: Callable[[Config], None]
    """Raises StartError if HTTP could not listen, as far as can be seen now."""
    files: Files
    late: Mapping[str, Part] = field(default_factory=dict)
    """Services whose predecessor does not stop, for the health."""
    heirs: Mapping[str, Listener] = field(default_factory=dict)
    """New ones that have not begun, as their predecessors have not ended: they hear, and write nothing."""

    def unwritten(self) -> dict[str, int]:
        """How many events each of those has heard. From any thread."""
        heard = {name: heir.mailbox.depth for name, heir in self.heirs.items() if name != "http"}
        return {name: count for name, count in heard.items() if count}
