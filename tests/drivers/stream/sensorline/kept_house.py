"""A simulated board that keeps its readings and the gateway's side of it, with a cable between them that a
test harms; all of it without a port, a thread or a clock of its own."""

from collections import Counter
from random import Random
from typing import NamedTuple

from drivers.receipt import Receipt
from drivers.source import Measurement, Missing
from drivers.stream.conversation import Hello, Pressed, Refusal, Reply, Send
from drivers.stream.sensorline import Conversation
from drivers.stream.sensorline.kept import Kept
from firmware_sim.recording import Recording
from firmware_sim.sensorline import Identity, SensorlineBoard
from firmware_sim.sensors import NS, Sensors

STEP_S = 0.05
START_S = 5000.0
CHANNELS = {"temp": "20 20.5 21", "hum": "40 41 42", "lux": "0 7.5 9"}


class Taken(NamedTuple):
    """A reading as the board took it: at `true_s` of the gateway's clock."""

    channel: str
    value: float
    true_s: float


class KeptHouse:
    """`kept`: how many readings the board keeps; `drift`: by which part its clock is fast; `every_s`: between
    two readings of a channel; `loss`: of which part of the lines either way nothing good arrives."""

    def __init__(
        self, kept: int = 100, *, drift: float = 0.0, every_s: float = 1.0, loss: float = 0.0, seed: int = 0
    ) -> None:
        rows = {name: tuple(values.split()) for name, values in CHANNELS.items()}
        sensors = Sensors(Recording(round(every_s * NS), rows), 0, 1.0, "seed")
        self.board = SensorlineBoard(sensors, Identity("uno", "24A1", "2.0.0"), 7, kept)
        self.random = Random(seed)
        self.loss = loss
        self.plugged = True
        self.safe_after = 0.0
        """After how many seconds a reading is safe."""
        self.lose = 0.0
        """Which part of the readings finds no room."""
        self.forgotten: set[tuple[int, int]] = set()
        """Those, by boot and number, whose receipt somebody never lets go."""
        self.held: list[Receipt] = []
        """Their receipts."""
        self.now = START_S
        self.taken: dict[tuple[int, int], Taken] = {}
        self.heard: dict[tuple[int, int], Measurement] = {}
        self.times_heard: Counter[tuple[int, int]] = Counter()
        self.late = 0
        self.missing: list[Missing] = []
        self.said: list[tuple[float, str]] = []
        """What the gateway said beside its requests, and when."""
        self.pressures: list[tuple[float, int]] = []
        self.at_rest = round(1.5 * len(CHANNELS) / every_s) + 1
        """How many readings a board keeps on a good line: of the second until it is told."""
        self._drift = drift
        self._kept = Kept()
        self._boot_s = START_S
        self._waiting: list[tuple[float, Receipt]] = []
        self._asking = False
        self._asked_at = 0.0
        self._request_id = 0
        self._open()
        self.board.start(self._board_ns)

    @property
    def _board_ns(self) -> int:
        return round((self.now - START_S) * (1 + self._drift) * NS)

    def _open(self) -> None:
        self.talk = Conversation(self._kept)
        self._met: tuple[str, int] | None = None
        self._asking = False
        self._hello_at = self.now

    def unplug(self) -> None:
        """The cable is pulled: the port is lost."""
        self.plugged = False

    def plug(self) -> None:
        """And opened anew."""
        self.plugged = True
        self._open()

    def restart_gateway(self) -> None:
        """It knows nothing any more."""
        self._kept, self._waiting = Kept(), []
        self._open()

    def reset(self, *, power: bool = False, off_s: float = 0.0, counts: bool = True) -> None:
        """The board starts anew; with `power`, its memory is lost; `counts`: its boots, too."""
        if power:
            self.board.power_lost()
        if not counts:
            self.board._next_boot = self.board.boot
        self.now += off_s
        self._boot_s = self.now
        self.board.start(self._board_ns)

    def run(self, seconds: float) -> None:
        """Time goes by."""
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            data = b"".join(self._from_board(line) for line in self.board.run(self._board_ns))
            if self.plugged:
                self._take(data)
                self._ask()
            self._settle()

    def _from_board(self, line: bytes) -> bytes:
        fields = line[1:-10].decode().split()
        if fields[0] in "RA" and len(fields) == (5 if fields[0] == "R" else 6):
            channel, seq, time_ms, value = fields[-4:]
            true_s = self._boot_s + int(time_ms) / 1000 / (1 + self._drift)
            self.taken[self.board.boot, int(seq)] = Taken(channel, float(value), true_s)
        return line if self.plugged and self._arrives() else b""

    def _arrives(self) -> bool:
        return self.random.random() >= self.loss

    def _to_board(self, data: bytes) -> None:
        if self.plugged and self._arrives():
            self.board.receive(self._board_ns, data, lambda: 0)

    def _take(self, data: bytes) -> None:
        for event in [*self.talk.receive(data, self.now), *self.talk.look(self.now)]:
            if isinstance(event, Measurement):
                self._measured(event)
            elif isinstance(event, Hello):
                who = event.device.identity, event.device.boot
                if who != self._met or event.anew:
                    self._met, self._asking, self._asked_at = who, True, 0.0
                self._hello_at = float("inf")
            elif isinstance(event, Reply | Refusal) and event.id == self._request_id:
                self._asking = False
            elif isinstance(event, Send):
                self.said.append((self.now, event.data[1:-10].decode()))
                self._to_board(event.data)
            elif isinstance(event, Missing):
                self.missing.append(event)
                if event.receipt is not None:
                    self._waiting.append((self.now + self.safe_after, event.receipt))
            elif isinstance(event, Pressed):
                self.pressures.append((self.now, event.waiting))
            elif type(event).__name__ == "HelloWanted":
                self._hello_at = min(self._hello_at, self.now)

    def _measured(self, measurement: Measurement) -> None:
        receipt = measurement.receipt
        assert receipt is not None
        key = receipt.boot, receipt.seq
        self.late += measurement.late
        if self.random.random() < self.lose:
            receipt.lose()
            return
        self.times_heard[key] += 1
        self.heard[key] = measurement
        if key in self.forgotten:
            self.held.append(receipt)
        else:
            self._waiting.append((self.now + self.safe_after, receipt))

    def _settle(self) -> None:
        for entry in [entry for entry in self._waiting if entry[0] <= self.now]:
            self._waiting.remove(entry)
            entry[1].release()

    def _ask(self) -> None:
        """Of the link's own requests the two that matter here."""
        if self.now >= self._hello_at:
            self._hello_at = self.now + 0.5
            self._request("hello")
        elif self._asking and self.now >= self._asked_at + 1.0:
            self._asked_at = self.now
            self._request("again")

    def _request(self, verb: str) -> None:
        self._request_id += 1
        self._to_board(self.talk.send(self._request_id, verb, (), self.now))

    def settle(self, seconds: float = 30.0) -> None:
        """The line is good from now on, until all is said."""
        self.loss, self.plugged, self.safe_after, self.lose = 0.0, True, 0.0, 0.0
        self._waiting = [(self.now, receipt) for _, receipt in self._waiting]
        self.run(seconds)

    @property
    def lost(self) -> set[tuple[int, int]]:
        """What the board took and nobody heard."""
        return set(self.taken) - set(self.heard)

    def worst_time(self) -> float:
        """By how many seconds a time is wrong, at most; of those that are not doubted."""
        return max(
            abs(measurement.measured - self.taken[key].true_s)
            for key, measurement in self.heard.items()
            if measurement.doubt is None
        )
