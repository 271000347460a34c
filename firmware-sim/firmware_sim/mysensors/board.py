"""The gateway: what it says of itself, and what its radio carries to and from the nodes. No I/O.

The nodes have a supply of their own: they present themselves when the program starts, and a reset of the
gateway does not make them do it again.
"""

from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any

from firmware_sim.board import Board, MakeBoard
from firmware_sim.chance import Chance
from firmware_sim.mysensors.message import (
    EVERYBODY,
    ITSELF,
    Command,
    Internal,
    Lines,
    Message,
    Sensor,
    internal,
    parse,
)
from firmware_sim.mysensors.node import CLIMATE, LIBRARY, LIGHT, NEW, SLEEPER, Node
from firmware_sim.sensors import Sensors
from firmware_sim.talker import Talker

RADIO_NS = 10_000_000
"""To a node and back."""
PRESENT_NS = 300_000_000
"""From the program's start to the first node's presentation, and from each to the next one's."""
LOGS = 0.1
"""How likely a value is accompanied by a line of the gateway's log."""
HEARTBEAT_REPORTS = 5
"""The gateway's own heartbeat comes with each so-manieth report."""


def mysensors_board() -> MakeBoard:
    """What makes a gateway with three nodes."""

    def make(sensors: Sensors, seed: str) -> Board:
        return MySensorsBoard(sensors, seed)

    return make


class MySensorsBoard(Talker):
    """See `Board`: node 12 measures temperature and humidity, 20 light, 31 sleeps."""

    def __init__(self, sensors: Sensors, seed: str) -> None:
        super().__init__(sensors)
        self._nodes = {node.id: node for node in (Node(12, CLIMATE), Node(20, LIGHT), Node(31, SLEEPER))}
        self._logs = Chance(Random(f"{seed}/log"), LOGS)
        self._lines = Lines()
        self._start_ns = 0
        self._joining = False
        self._received = self._rubbish = 0
        self.commands = {
            "new-node": ("new-node", self._new_node),
            "node": ("node N silent|ok|reboot", self._node),
        }

    def began(self, now_ns: int) -> int:
        """See `Talker`."""
        self._start_ns = now_ns
        self._lines.clear()
        self._log(now_ns, "MCO:BGN:INIT GW,CP=RNNGA---,FQ=16,REL=255,VER=2.3.2")
        self._send([internal(0, Internal.GATEWAY_READY, "Gateway startup complete."), _itself()])
        if self._boots == 1:
            for number, node in enumerate(self._nodes.values(), 1):
                self.agenda.at(now_ns + number * PRESENT_NS, partial(self._present, node))
        return now_ns + (len(self._nodes) + 1) * PRESENT_NS

    def report(self, now_ns: int) -> None:
        """See `Talker`: of all nodes whose turn it is."""
        if self._joining:
            self._ask_for_number()
        for node in self._nodes.values():
            if not node.silent and (self._reports - 1) % node.model.rows == 0:
                for message in node.report(now_ns, self._measure(now_ns)):
                    if message.command == Command.SET and self._logs.hit():
                        self._log(now_ns, _heard(message))
                    self._send([message])
        if self._reports % HEARTBEAT_REPORTS == 0:
            self._send([internal(0, Internal.HEARTBEAT_RESPONSE, str(self._ms(now_ns)))])

    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:
        """See `Board`."""
        for line in self._lines.feed(data):
            message = parse(line)
            if message is None:
                self._rubbish += 1
                continue
            self._received += 1
            due = now_ns + delay_ns() + (RADIO_NS if message.node else 0)
            self.agenda.at(due, partial(self._deliver, message))

    def interrupted(self) -> bytes:
        """See `Board`: a line of its log."""
        return internal(
            0, Internal.LOG_MESSAGE, "8523 TSF:MSG:READ,12-12-0,s=0,c=1,t=0,pt=7,l=5,sg=0:21.5"
        ).line()

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        return {
            "nodes": sorted(self._nodes),
            "silent_nodes": [node.id for node in self._nodes.values() if node.silent],
            "joining": self._joining,
        }

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        rubbish = self._rubbish + self._lines.too_long
        return {**super().counters(), "messages": self._received, "rubbish": rubbish}

    def _deliver(self, message: Message, now_ns: int) -> None:
        if message.node == 0:
            self._for_gateway(message, now_ns)
        elif message.node == EVERYBODY:
            self._for_everybody(message, now_ns)
        elif (node := self._nodes.get(message.node)) is not None and node.hears(now_ns):
            self._send(node.receive(message, now_ns, self._measure(now_ns)))
        else:
            self._log(now_ns, f"!TSF:MSG:SEND,0-0-{message.node}-{message.node},st=NACK:{message.payload}")

    def _for_gateway(self, message: Message, now_ns: int) -> None:
        if (message.child, message.command) != (ITSELF, Command.INTERNAL):
            return
        match message.type:
            case Internal.VERSION:
                self._send([internal(0, Internal.VERSION, LIBRARY)])
            case Internal.HEARTBEAT_REQUEST:
                self._send([internal(0, Internal.HEARTBEAT_RESPONSE, str(self._ms(now_ns)))])
            case Internal.PRESENTATION:
                self._send([_itself()])
            case Internal.REBOOT:
                self.start(now_ns)

    def _for_everybody(self, message: Message, now_ns: int) -> None:
        if message.command != Command.INTERNAL:
            return
        if message.type == Internal.ID_RESPONSE and self._joining:
            self._join(message.payload)
        elif message.type != Internal.ID_RESPONSE:
            for node in self._nodes.values():
                if node.hears(now_ns):
                    self._send(node.receive(message, now_ns, self._measure(now_ns)))

    def _present(self, node: Node, _now_ns: int) -> None:
        self._send(node.present())

    def _ask_for_number(self) -> None:
        self._send([internal(EVERYBODY, Internal.ID_REQUEST)])

    def _join(self, number: str) -> None:
        if not number.isdecimal() or not 1 <= int(number) < EVERYBODY:
            return
        self._joining = False
        node = self._nodes[int(number)] = Node(int(number), NEW)
        self._send(node.present())

    # What can be asked for

    def _new_node(self, arguments: list[str], _now_ns: int) -> str:
        if arguments:
            raise ValueError(f"got {len(arguments)} arguments")
        self._joining = True
        self._ask_for_number()
        return "it asks for a number"

    def _node(self, arguments: list[str], _now_ns: int) -> str:
        number, word = arguments if len(arguments) == 2 else ("", "")
        node = self._nodes.get(int(number)) if number.isdecimal() else None
        if node is None or word not in ("silent", "ok", "reboot"):
            known = ", ".join(map(str, sorted(self._nodes)))
            raise ValueError(f"a node ({known}) and what it is to do; got {' '.join(arguments)!r}")
        node.silent = word == "silent"
        if word == "reboot":
            self._send(node.present())
        return f"node {node.id} {'is silent' if node.silent else 'speaks'}"

    # Words

    def _measure(self, now_ns: int) -> Callable[[str], str | None]:
        return lambda channel: self.sensors.measure(channel, now_ns)

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.say(message.line())

    def _log(self, now_ns: int, text: str) -> None:
        self._send([internal(0, Internal.LOG_MESSAGE, f"{self._ms(now_ns)} {text}")])

    def _ms(self, now_ns: int) -> int:
        return (now_ns - self._start_ns) // 1_000_000


def _itself() -> Message:
    return Message(0, ITSELF, Command.PRESENTATION, 0, Sensor.ARDUINO_NODE, LIBRARY)


def _heard(message: Message) -> str:
    """The gateway's log of a value that its radio has heard."""
    node, child, _, _, type_, payload = message
    return f"TSF:MSG:READ,{node}-{node}-0,s={child},c=1,t={int(type_)},pt=7,l=5,sg=0:{payload}"
