"""One slave of a bus: what it is asked, whether it is there, and what its answers mean."""

from collections.abc import Iterator, Mapping

from drivers.modbus.blocks import Block, blocks
from drivers.modbus.bus import Outcome, Silent
from drivers.modbus.options import SlaveOptions
from drivers.modbus.pdu import Query, Refused, Registers
from drivers.modbus.pending import Pending
from drivers.modbus.profiles import PROFILES
from drivers.modbus.registers import Register
from drivers.source import Channel, Device, Measurement

# So many questions in a row without a good answer, and the device is gone.
GONE = 3
_NO_REGISTER = 2
# Manuals number the registers of a function from there on, the PDU from 0: section 4.4 of what `pdu` cites.
_IN_MANUALS = ((30_001, 4), (40_001, 3))
_NUMBERS = 9999


class Slave:
    """See the module. `name`: the device's, empty where there is only one. For the link's thread, but for
    `want`."""

    def __init__(
        self, name: str, options: SlaveOptions, every_s: float, timeout_s: float, *, numbered: bool
    ) -> None:
        self.name = name
        self.label = f"{name} (id {options.id})" if name else f"id {options.id}"
        self.id = options.id
        self.pending = Pending(timeout_s, numbered=numbered)
        self.up = False
        self.missed = False
        """It is not there, which has been told."""
        self.failures = 0
        """Questions in a row without a good answer."""
        self.damaged = 0
        """Of those, how many were answered, but not well, since the last good answer."""
        self.trouble = "was not asked yet"
        """What is wrong with it, after its label."""
        self._timeout_s = timeout_s
        self._every_s = options.every_s or every_s
        registers = {channel_name(name, key): register for key, register in options.registers.items()}
        self._blocks = list(blocks(options.id, registers))
        self._turns = 0
        self._wanted: dict[str, None] = {}
        self._seq = 0
        model = PROFILES[options.profile].model if options.profile else "Modbus device"
        channels = {key: _channel(key, each, self._every_s) for key, each in registers.items()}
        self.device = Device(model, "", "", 0, channels, name)

    @property
    def every_s(self) -> float:
        """How often it is to be asked, so that each of its blocks has its turn in the time set."""
        return self._every_s / len(self._blocks)

    def want(self, channel: str) -> None:
        """Have the channel's block asked next. From any thread."""
        self._wanted[channel] = None

    @property
    def wants(self) -> bool:
        """Whether a block is to be asked out of its turn."""
        return bool(self._wanted)

    def want_all_but(self, block: Block) -> None:
        """It has just come: the others' values are wanted soon too."""
        for each in self._blocks:
            if each is not block:
                self.want(next(iter(each.registers)))

    def block_of(self, channel: str) -> Block:
        """Which question reads the channel."""
        return next(block for block in self._blocks if channel in block.registers)

    def next_block(self) -> Block:
        """Which one has its turn."""
        if self._wanted:
            return self.block_of(self._wanted.popitem()[0])
        self._turns += 1
        return self._blocks[self._turns % len(self._blocks)]

    def split(self, block: Block) -> bool:
        """It refuses the block: ask for less at a time. False if that cannot be."""
        parts = block.parts()
        if parts:
            at = self._blocks.index(block)
            self._blocks[at : at + 1] = parts
        return bool(parts)

    def measurements(
        self, block: Block, answer: Registers | Refused, now: float, asked: float | None
    ) -> Iterator[Measurement]:
        """What an answer to the block's question says of each of its channels."""
        for channel, register in block.registers.items():
            if isinstance(answer, Registers):
                value, fault = register.value(block.words(channel, answer.words))
            else:
                value, fault = None, f"the device refuses {_registers(block.query)}: {answer}"
            yield Measurement(channel, self._seq, value, fault, now, asked)
            self._seq += 1

    @property
    def answers(self) -> bool:
        """Whether what is wrong with it is something else than silence: see `describe`."""
        return self.trouble.startswith("answers")

    def describe(self, outcome: Outcome, query: Query) -> str:
        """What is wrong with that outcome, after the label."""
        if isinstance(outcome, Refused):
            what = "no such register (exception 2)" if outcome.code == _NO_REGISTER else outcome
            return f"answers, and refuses {_registers(query)}: {what}; {_remedy(query)}"
        if not isinstance(outcome, Silent):
            return "answers, but damaged; check the wiring, and that no two devices have its id"
        if self.pending.latest_s:
            ample = max(2 * self.pending.latest_s, 2 * self._timeout_s)
            return f"answers late, after {self.pending.latest_s:.2f} s; write: timeout: {ample:.1g}s"
        noise = f"{outcome.noise} bytes of something else came: wrong baud rate or parity?"
        return f"does not answer within {self._timeout_s:g} s{f'; {noise}' if outcome.noise else ''}"


def channel_name(device: str, register: str) -> str:
    """What a sensor's `channel` says."""
    return f"{device}/{register}" if device else register


def _channel(name: str, register: Register, every_s: float) -> Channel:
    return Channel(name, register.kind, register.unit, abs(register.scale), interval_s=every_s)


def _registers(query: Query) -> str:
    last = query.address + query.quantity - 1
    which = f"register {last}" if query.quantity == 1 else f"registers {query.address} to {last}"
    return f"{which} of function {query.function}"


def _remedy(query: Query) -> str:
    """What to do about registers that are refused."""
    for first, function in _IN_MANUALS:
        if first <= query.address < first + _NUMBERS:
            return (
                f"addresses count from 0: {query.address} in a manual is "
                f"`address: {query.address - first}` of function {function}"
            )
    return "check its profile, or its registers"


def slaves_of(
    options: Mapping[str, SlaveOptions], every_s: float, timeout_s: float, *, numbered: bool
) -> dict[str, Slave]:
    """By name."""
    return {name: Slave(name, each, every_s, timeout_s, numbered=numbered) for name, each in options.items()}
