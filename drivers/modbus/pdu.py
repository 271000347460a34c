"""What a master asks and a slave answers, without the frame round it: reading registers.

Source: MODBUS Application Protocol Specification V1.1b3, 6.3 (function 3, holding registers), 6.4 (function
4, input registers), 7 (exceptions) (modbus.org). All numbers are big-endian.
"""

import struct
from typing import NamedTuple

FUNCTIONS = (3, 4)
# What fits into a frame, 6.3.
MAX_COUNT = 125
_EXCEPTION = 0x80
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, and busy",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "the gateway gets no answer from it",
}
# From a gateway: nobody answers behind it.
NOBODY = (10, 11)
# It may know the registers, and not between them: section 7.
ILLEGAL = (2, 3)


class Query(NamedTuple):
    """A question: `quantity` registers from `address` (counted from 0), of the slave with that id."""

    slave: int
    function: int
    address: int
    quantity: int

    @property
    def shape(self) -> tuple[int, int]:
        """What an answer shows of its question: by nothing else can two answers of a slave be told apart."""
        return self.function, self.quantity

    @property
    def pdu(self) -> bytes:
        """Function and what follows, without the slave's id."""
        return struct.pack(">BHH", self.function, self.address, self.quantity)

    @property
    def head(self) -> bytes:
        """How the PDU of an answer that has the registers begins."""
        return bytes((self.function, 2 * self.quantity))


class Registers(NamedTuple):
    """An answer: the registers, in their order, 0 to 65535."""

    words: tuple[int, ...]


class Refused(NamedTuple):
    """An answer: an exception, with its code."""

    code: int

    def __str__(self) -> str:
        return f"exception {self.code}" + (f" ({name})" if (name := _EXCEPTIONS.get(self.code)) else "")


Answer = Registers | Refused


def answer_of(query: Query, pdu: bytes) -> Answer | None:
    """What the PDU of an undamaged frame of the right slave says; None if it is no answer to `query`."""
    if len(pdu) == 2 and pdu[0] == query.function | _EXCEPTION:
        return Refused(pdu[1])
    if pdu[:2] != query.head or len(pdu) != 2 + 2 * query.quantity:
        return None
    return Registers(struct.unpack(f">{query.quantity}H", pdu[2:]))
