"""Which registers are read with one question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.modbus.pdu import MAX_COUNT, Query
from drivers.modbus.registers import Register

# So many registers between two that are wanted are read with them. A question more costs 13 bytes, twice the
# silence of 3.5, and the slave's time to answer: together that of ten registers or more.
MAX_GAP = 8


@dataclass(frozen=True)
class Block:
    """Neighbours: what is asked, and the registers that are wanted of it, by channel."""

    query: Query
    registers: Mapping[str, Register]

    def words(self, channel: str, words: tuple[int, ...]) -> tuple[int, ...]:
        """Of the answer's words those of the channel's register."""
        register = self.registers[channel]
        start = register.address - self.query.address
        return words[start : start + register.count]

    def parts(self) -> tuple["Block", ...]:
        """The same registers in smaller blocks, for a slave that refuses to read this one: without what is
        between, and at last one by one. () if it cannot be smaller."""
        slave = self.query.slave
        if len(self.registers) == 1:
            return ()
        found = blocks(slave, self.registers, max_gap=0)
        if len(found) > 1:
            return found
        return tuple(_block(slave, {name: register}) for name, register in self.registers.items())


def blocks(slave: int, registers: Mapping[str, Register], max_gap: int = MAX_GAP) -> tuple[Block, ...]:
    """As few questions as may be for these registers."""
    found: list[list[str]] = []
    end = 0
    ordered = sorted(registers, key=lambda name: (registers[name].function, registers[name].address))
    for name in ordered:
        register = registers[name]
        after = register.address + register.count
        if found:
            first = registers[found[-1][0]]
            fits = after - first.address <= MAX_COUNT and register.address - end <= max_gap
            if first.function == register.function and fits:
                found[-1].append(name)
                end = max(end, after)
                continue
        found.append([name])
        end = after
    return tuple(_block(slave, {name: registers[name] for name in names}) for names in found)


def _block(slave: int, registers: Mapping[str, Register]) -> Block:
    return Block(_query(slave, registers.values()), registers)


def _query(slave: int, registers: Iterable[Register]) -> Query:
    listed = list(registers)
    start = min(register.address for register in listed)
    end = max(register.address + register.count for register in listed)
    return Query(slave, listed[0].function, start, end - start)
