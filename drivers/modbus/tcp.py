"""Modbus TCP: a header (MBAP) in place of the CRC. Bytes in, answers out; no I/O, no clock.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (modbus.org). Each question has a number
that its answer repeats: an answer to an earlier one is known as such, and left out.
"""

import struct

from drivers.modbus.pdu import Answer, Query, answer_of
from drivers.modbus.wire import Damaged, Frame, NotModbusError

_HEADER = struct.Struct(">HHHB")
# An answer's length counts the id and a PDU of 2 to 253 bytes.
_LENGTHS = range(3, 255)
# Of answers that nobody waits for, as many as can be of use to whoever counts them.
_MAX_STRAYS = 64


class TcpWire:
    """See `drivers.modbus.wire.Wire`. For one thread."""

    request_bytes = 12
    noise = 0
    echoes = 0

    def __init__(self) -> None:
        self._number = 0
        self._query: Query | None = None
        self._heard = b""
        self._strays: list[Frame] = []

    def ask(self, query: Query) -> bytes:
        """See `Wire`."""
        self._number = self._number % 0xFFFF + 1
        self._query = query
        return _HEADER.pack(self._number, 0, 1 + len(query.pdu), query.slave) + query.pdu

    def answer_bytes(self, query: Query) -> int:
        """See `Wire`."""
        return _HEADER.size + 2 + 2 * query.quantity

    def receive(self, data: bytes) -> Answer | Damaged | None:
        """See `Wire`. After an answer, what came behind it is looked at with the next bytes."""
        self._heard += data
        while len(self._heard) >= _HEADER.size:
            number, protocol, length, slave = _HEADER.unpack_from(self._heard)
            if protocol != 0 or length not in _LENGTHS:
                raise NotModbusError(f"bytes came that are not Modbus TCP: {self._heard[:16].hex(' ')}")
            end = _HEADER.size - 1 + length
            if len(self._heard) < end:
                return None
            pdu, self._heard = self._heard[_HEADER.size : end], self._heard[end:]
            query = self._query
            if query is not None and (number, slave) == (self._number, query.slave):
                self._query = None
                return answer_of(query, pdu) or Damaged()
            self._strays = [*self._strays, Frame(slave, pdu)][-_MAX_STRAYS:]
        return None

    def give_up(self) -> None:
        """See `Wire`."""
        self._query = None

    def strays(self) -> list[Frame]:
        """See `Wire`."""
        found, self._strays = self._strays, []
        return found
