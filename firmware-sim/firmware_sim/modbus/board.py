"""The bus: requests in, each answered by its slave, as well or as badly as that was told. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, ClassVar

from firmware_sim.agenda import Agenda
from firmware_sim.board import Board, MakeBoard
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import seconds
from firmware_sim.modbus.rtu import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    MAX_REGISTERS,
    Request,
    Requests,
    frame,
    gap_ns,
)
from firmware_sim.modbus.slaves import MODELS, Model, Seen
from firmware_sim.pace import byte_ns
from firmware_sim.sensors import NS, Sensors

DEFAULT_SLAVES = "1:xy-md02,2:rs-ws-n01,3:r444a01"
MAX_ID = 247
THINKING_NS = 2_000_000
"""From a request's end to the answer's first byte, or t3.5 where that is longer: probes take 2..20 ms."""
SILENCE_NS = 20_000_000
"""What ends a frame here: t3.5 is too short to be seen through a pseudo-terminal and a scheduler."""
LATE_S = 2.0
FAILURE = 4
"""The exception of a slave that is told none: server device failure."""
BABBLE = 2
"""Bytes at a time of a slave that never stops: no pause between them is as long as t3.5."""
BABBLE_BAUD = 9600
"""Where the bus has no pace."""

_NO_REGISTER = "a register always holds a value; `slave N silent` takes a whole slave away"
_MODES = ("ok", "silent", "late", "wrong-crc", "double", "exception", "babble")


@dataclass(frozen=True, slots=True)
class Slave:
    """A slave, and how it behaves: one of `_MODES`, with seconds or a code where that has one."""

    id: int
    name: str
    model: Model
    mode: str = "ok"
    amount: float = 0.0


def parse_slaves(text: str) -> dict[int, Slave]:
    """From `1:xy-md02,2:rs-ws-n01`; SimulatorError says what is wrong."""
    slaves: dict[int, Slave] = {}
    for item in text.split(","):
        number, _, name = item.strip().partition(":")
        if (
            not (number.isdecimal() and 1 <= int(number) <= MAX_ID and name in MODELS)
            or int(number) in slaves
        ):
            raise SimulatorError(
                f"--slaves: expected ID:NAME with commas between, each ID once and from 1 to {MAX_ID}, each "
                f"NAME one of {', '.join(MODELS)}; got {item!r}; an example: {DEFAULT_SLAVES}"
            )
        slaves[int(number)] = Slave(int(number), name, MODELS[name])
    return slaves


def modbus_board(slaves: str | None, baud: int) -> MakeBoard:
    """What makes a bus with those slaves; at `baud` requests and answers take their time, at 0 none."""
    known = parse_slaves(DEFAULT_SLAVES if slaves is None else slaves)

    def make(sensors: Sensors, seed: str) -> Board:
        return ModbusBoard(sensors, dict(known), baud, seed)

    return make


class ModbusBoard(Board):
    """See `Board`."""

    refuses: ClassVar[Mapping[str, str]] = {
        "merge": "a Modbus frame has no line end that could be lost",
        "silent": _NO_REGISTER,
        "loud": _NO_REGISTER,
        "fault": _NO_REGISTER,
    }

    def __init__(self, sensors: Sensors, slaves: dict[int, Slave], baud: int, seed: str) -> None:
        self._sensors = sensors
        self._slaves = slaves
        self._byte_ns = byte_ns(baud)
        self._gap_ns = gap_ns(baud)
        self._babble_ns = BABBLE * (self._byte_ns or byte_ns(BABBLE_BAUD))
        self._random = Random(f"{seed}/babble")
        self._requests = Requests(SILENCE_NS)
        self._agenda = Agenda()
        self._out: list[bytes] = []
        self._asked = self._answered = self._busy_ns = 0
        self._babbling = False
        self._free_ns = 0  # when the newest request or answer has left the wire
        self.commands = {"slave": (f"slave ID {'|'.join(_MODES)} [SECONDS|CODE]", self._slave)}

    def start(self, now_ns: int) -> None:
        """See `Board`: answers on their way are lost; a slave that babbles goes on."""
        self._agenda.clear()
        self._requests.clear()
        self._out = []
        self._free_ns = now_ns
        self._babble(now_ns)

    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:
        """See `Board`; a request is over when its last byte would be on the wire."""
        for request in self._requests.feed(now_ns, data):
            self._asked += 1
            end_ns = max(now_ns, self._free_ns) + (len(request.data) + 4) * self._byte_ns
            self._busy_ns += end_ns - max(now_ns, self._free_ns) + self._gap_ns
            self._free_ns = end_ns
            due = end_ns + max(THINKING_NS, self._gap_ns) + delay_ns()
            slave = self._slaves.get(request.slave)
            if slave is not None and slave.mode != "silent":
                late_ns = round(slave.amount * NS) if slave.mode == "late" else 0
                self._agenda.at(due + late_ns, partial(self._answer, request))

    def next_due_ns(self) -> int | None:
        """See `Board`."""
        return 0 if self._out else self._agenda.next_ns()

    def run(self, now_ns: int) -> list[bytes]:
        """See `Board`: frames."""
        self._agenda.run(now_ns)
        frames, self._out = self._out, []
        return frames

    def interrupted(self) -> bytes:
        """See `Board`."""
        return frame(bytes.fromhex("010404013102 22"))

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        return {
            "slaves": {slave.id: f"{slave.name} {slave.mode}" for slave in self._slaves.values()},
            "busy_ms": self._busy_ns // 1_000_000,
        }

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return {
            "requests": self._asked,
            "answers": self._answered,
            "requests_damaged": self._requests.damaged,
        }

    # Answers

    def _answer(self, request: Request, now_ns: int) -> None:
        slave = self._slaves[request.slave]
        answer = self._right(slave, request, now_ns)
        match slave.mode:
            case "silent":  # since the request came
                return
            case "exception":
                answer = request.exception(int(slave.amount))
            case "wrong-crc":
                answer = answer[:-1] + bytes([answer[-1] ^ 0x55])
            case "double":
                self._agenda.at(
                    now_ns + len(answer) * self._byte_ns + max(THINKING_NS, self._gap_ns),
                    partial(self._say, answer),
                )
        self._say(answer, now_ns)

    def _right(self, slave: Slave, request: Request, now_ns: int) -> bytes:
        """What a slave that is well answers."""
        reads = slave.model.reads.get(request.function)
        if reads is None:
            return request.exception(ILLEGAL_FUNCTION)
        address, count = int.from_bytes(request.data[:2], "big"), int.from_bytes(request.data[2:4], "big")
        if not 1 <= count <= MAX_REGISTERS:
            return request.exception(ILLEGAL_VALUE)
        registers = reads(self._seen(slave, now_ns))
        wanted = range(address, address + count)
        if not all(at in registers for at in wanted):
            return request.exception(ILLEGAL_ADDRESS)
        return request.registers([registers[at] for at in wanted])

    def _seen(self, slave: Slave, now_ns: int) -> Seen:
        def measure(channel: str) -> float:
            text = self._sensors.measure(channel, now_ns)
            return 0.0 if text is None or text.startswith("!") else float(text)

        return Seen(measure, slave.id)

    def _say(self, answer: bytes, now_ns: int) -> None:
        self._answered += 1
        self._out.append(answer)
        self._busy_ns += len(answer) * self._byte_ns + self._gap_ns
        self._free_ns = max(self._free_ns, now_ns) + len(answer) * self._byte_ns + self._gap_ns

    def _babble(self, now_ns: int) -> None:
        """While a slave does: bytes without end."""
        self._babbling = any(slave.mode == "babble" for slave in self._slaves.values())
        if self._babbling:
            self._out.append(self._random.randbytes(BABBLE))
            self._busy_ns += BABBLE * self._byte_ns
            self._agenda.at(now_ns + self._babble_ns, self._babble)

    # What can be asked for

    def _slave(self, arguments: list[str], now_ns: int) -> str:
        number, mode, *amount = arguments if len(arguments) in (2, 3) else ("", "")
        slave = self._slaves.get(int(number)) if number.isdecimal() else None
        if slave is None or mode not in _MODES:
            known = ", ".join(map(str, self._slaves))
            raise ValueError(f"a slave's ID ({known}) and a word; got {' '.join(arguments)!r}")
        self._slaves[slave.id] = replace(slave, mode=mode, amount=_amount(mode, amount))
        if not self._babbling:
            self._babble(now_ns)
        return f"slave {slave.id} is {mode}"


def _amount(mode: str, given: list[str]) -> float:
    """The seconds of a late slave, the code of an exceptional one."""
    if mode == "late":
        return seconds(given[0]) if given else LATE_S
    if mode == "exception":
        if given and not (given[0].isdecimal() and 1 <= int(given[0]) <= 255):
            raise ValueError(f"an exception's code from 1 to 255; got {given[0]!r}")
        return int(given[0]) if given else FAILURE
    if given:
        raise ValueError(f"{mode} has no amount; got {given[0]!r}")
    return 0.0
