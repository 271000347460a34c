"""The radio network: its nodes, who of them is there, and what is kept of them over the program's end."""

import math

from drivers.pace import Pace
from drivers.source import Down, Notes
from drivers.stream.conversation import Event, Hello, Send
from drivers.stream.mysensors.ids import next_id
from drivers.stream.mysensors.memory import from_notes, to_notes
from drivers.stream.mysensors.nodes import GATEWAY, MAX_REPORTED, Node, Reported
from drivers.stream.mysensors.seen import Seen
from drivers.stream.mysensors.silence import Limits, Silence

# What is learnt goes to the disk so long after: a node presents all its children within a second or two.
# Where there is always something new, at last so rarely: 100 KB (see `memory`) are 29 MB a day then.
NOTE_S = 5.0
LONGEST_NOTE_S = 300.0
# So often it is looked who is overdue: a node's limit changes with what is learnt of its silences.
LOOK_S = 10.0
# To tell of a node anew costs some 20 us a channel, and as much as 25 channels beside that. So many are told
# of in a row, which is a hundred nodes that present themselves; then so many a second: 1 % of a processor.
TOLD_IN_A_ROW = 4000
TOLD_A_SECOND = 500
TELLING = 25


class Network:
    """All nodes of one gateway. For the thread that reads.

    `by_head`: the quantities that have come, by how their lines begin. `seen`: the channels that have come,
    or came in an earlier run. `answering`: those that a request is answered for; any thread may look.
    """

    def __init__(self, notes: Notes, limits: Limits) -> None:
        self._notes = notes
        self._limits = limits
        self.by_head: dict[bytes, Reported] = {}
        self.answering: frozenset[str] = frozenset()
        self._note_due = math.inf
        self._pace = Pace(NOTE_S, LONGEST_NOTE_S)
        self._look_due = math.inf
        self._room = float(TOLD_IN_A_ROW)
        self._room_at = -math.inf
        self._untold: dict[int, None] = {}  # nodes of which something new is to be told, in order
        self.given, self.nodes = from_notes(notes.recall(), limits)
        self.seen = Seen(self.nodes)
        for node in self.nodes.values():
            self._enter(node)

    def node(self, number: int) -> Node:
        """The node of that number; a new one if it is not known."""
        node = self.nodes.get(number)
        if node is None:
            node = self.nodes[number] = Node(number, Silence(limits=self._limits))
        return node

    def hear(self, node: Node, now: float, events: list[Event]) -> None:
        """Something came from `node`: it is there. The gateway is there once it has said who it is."""
        if node.silence.hear(now):
            self.changed(now)
        if not node.up and node.number != GATEWAY:
            self.rise(node, now, events)

    def rise(self, node: Node, now: float, events: list[Event]) -> None:
        """`node` is there, or is to be told of anew, as more is known of it: at once, or where that happens
        all the time, a little later."""
        if node.up and (self._untold or not self._has_room(now)):
            self._untold[node.number] = None
            return
        self._untold.pop(node.number, None)
        node.up = True
        self._room -= TELLING + 2 * node.reported_count
        if node.number != GATEWAY:
            self._look_due = min(self._look_due, now + min(node.silence.limit_s, LOOK_S))
        events.append(Hello(node.device()))
        self._enter(node)

    def look(self, now: float) -> list[Event]:
        """Those that have been silent for too long, and those of which something was left to tell."""
        events = self._overdue(now)
        while self._untold and self._has_room(now):
            node = self.nodes[next(iter(self._untold))]
            waiting, self._untold = self._untold, {}
            del waiting[node.number]
            if node.up:
                self.rise(node, now, events)
            self._untold = waiting
        return events

    def _has_room(self, now: float) -> bool:
        gained = (now - self._room_at) * TOLD_A_SECOND
        self._room, self._room_at = min(float(TOLD_IN_A_ROW), self._room + gained), now
        return self._room > 0

    def reported(self, node: Node, child: int, value_type: int, *, sure: bool) -> Reported | None:
        """A quantity of a child that has not come before; None if the node has too many."""
        if node.reported_count >= MAX_REPORTED:
            return None
        node.reported_count += 1
        one = Reported(node, child, value_type, sure=sure)
        one.names = (one.name(),)  # the rest of them when it is told of
        node.child(child).reports(one)
        self.by_head[one.head] = one
        return one

    def forget(self, node: Node, child: int) -> None:
        """What a child reported: it is another sensor now."""
        for one in node.child(child).reported.values():
            self.by_head.pop(one.head, None)
            self.seen.discard(one.names)
            self.answers(one, yes=False)
            node.reported_count -= 1

    def answers(self, one: Reported, *, yes: bool) -> None:
        """Whether requests for a quantity are answered."""
        one.answers = yes
        names = frozenset(one.names)
        self.answering = self.answering | names if yes else self.answering - names

    def everybody_left(self) -> None:
        """Who is there counts only when it is heard again."""
        for node in self.nodes.values():
            node.up = False

    def _overdue(self, now: float) -> list[Event]:
        if now < self._look_due:
            return []
        gone: list[Event] = []
        due = now + LOOK_S
        for node in self.nodes.values():
            if not node.up or node.number == GATEWAY:
                continue
            if node.silence.due <= now:
                node.up = False
                gone.append(Down(str(node.number), _silent(now - node.silence.heard)))
            else:
                due = min(due, node.silence.due)
        self._look_due = due
        return gone

    def send(self, node: Node, line: bytes, events: list[Event]) -> None:
        """Have `line` sent: at once, or, to a node that sleeps, when it says that it is awake."""
        if node.sleeps:
            node.wait(line)
        else:
            events.append(Send(line))

    def awake(self, node: Node, events: list[Event]) -> None:
        """`node` listens for a moment."""
        lines = node.wakes()
        if lines:
            events.append(Send(lines))

    # What is remembered

    def give_id(self) -> int | None:
        """A number for a new node, on the disk before anybody hears of it; None when there is none left."""
        number = next_id({*self.given, *self.nodes.keys()} - {GATEWAY})
        if number is not None:
            self.given.add(number)
            self.note()
        return number

    def changed(self, now: float) -> None:
        """Something new is known: it is to be noted soon."""
        if self._note_due == math.inf:
            self._note_due = self._pace.due(now)

    def note_if_due(self, now: float) -> None:
        """Note what has changed, if it is time."""
        if now >= self._note_due:
            self.note()

    def note(self) -> None:
        """Note what is known now."""
        self._note_due = math.inf
        self._notes.note(to_notes(self.given, self.nodes))

    def _enter(self, node: Node) -> None:
        """Its channels have names now, and can be found by them."""
        for name in node.device().channels:
            self.seen.add(name)
        answering = set(self.answering)
        for child in node.children.values():
            for one in child.reported.values():
                self.by_head[one.head] = one
                answering.difference_update(one.names)
                if one.answers:
                    answering.update(one.names)
        self.answering = frozenset(answering)


def _silent(seconds: float) -> str:
    shown = f"{seconds / 3600:.1f} h" if seconds >= 7200 else f"{seconds / 60:.0f} min"
    return f"nothing heard for {shown}"
