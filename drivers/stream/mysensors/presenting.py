"""Who a node and its children are: what they present, and asking those to do so that have not."""

from drivers.stream.mysensors.internal import Housekeeping
from drivers.stream.mysensors.message import BROADCAST, INTERNAL, Message, encode
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import GATEWAY, Heard, Node
from drivers.stream.mysensors.types import Internal

# A node that was asked to present itself is not asked again for so long, whatever else it reports: it
# presents all its children, which takes seconds, or minutes until it wakes.
PRESENT_S = 60.0


class Presenting:
    """Command 0 of the protocol. For the thread that reads."""

    def __init__(self, network: Network, keeping: Housekeeping) -> None:
        self._network = network
        self._keeping = keeping

    def take(self, heard: Heard) -> None:
        """A node or a child says what it is."""
        if heard.message.child != BROADCAST:
            self._on_child(heard)
        elif heard.node.number == GATEWAY:
            self._keeping.is_gateway(heard.message.payload, heard.now, heard.events)
        else:
            self._on_node(heard)

    def want(self, heard: Heard, child: int) -> None:
        """It is not known what a node or a child is: once for each, the node is asked to present itself."""
        node = heard.node
        if _asked_lately(node, heard.now) or child in node.asked_for:
            return
        node.asked_for.add(child)
        node.asked_at = heard.now
        line = encode(Message(node.number, BROADCAST, INTERNAL, 0, Internal.PRESENTATION))
        self._network.send(node, line, heard.events)

    def _on_node(self, heard: Heard) -> None:
        """It has started, if it was not asked; it may run another sketch than before, that does not sleep."""
        node, now = heard.node, heard.now
        node.boot += not _asked_lately(node, now)
        said = True, False, heard.message.payload
        if (node.known, node.sleeps, node.library) != said:
            node.known, node.sleeps, node.library = said
            self._network.changed(now)
        self._network.rise(node, now, heard.events)

    def _on_child(self, heard: Heard) -> None:
        message, node = heard.message, heard.node
        child = node.child(message.child)
        if (child.type, child.name) == (message.type, message.payload):
            return
        if child.type not in (None, message.type):
            self._network.forget(node, message.child)
        child.presented(message.type, message.payload)
        for one in child.reported.values():
            one.sure = True
        self._network.changed(heard.now)
        if child.reported:
            self._network.rise(node, heard.now, heard.events)


def _asked_lately(node: Node, now: float) -> bool:
    return node.asked_at is not None and now - node.asked_at < PRESENT_S
