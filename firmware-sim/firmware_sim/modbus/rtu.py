"""Modbus RTU as a slave has it: bytes to requests, answers to bytes.

Source: "MODBUS over Serial Line, Specification and Implementation Guide V1.02" (frames, times, CRC) and
"MODBUS Application Protocol Specification V1.1b3" (functions, exceptions), both of modbus.org.
"""

from typing import NamedTuple

from firmware_sim.pace import byte_ns

READ_HOLDING = 3
READ_INPUT = 4
ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
MAX_REGISTERS = 125
_FIXED_GAP_NS = 1_750_000
_SHORT = range(1, 7)
"""Functions whose request is an address and a number: 8 bytes with id and CRC."""
_LONG = (15, 16)
"""Functions whose request has a byte that says how many follow."""


def crc(data: bytes) -> int:
    """CRC-16/MODBUS: reflected, polynomial 0xA001, from 0xFFFF. Of `123456789`: 0x4B37."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 if register & 1 else register >> 1
    return register


def frame(body: bytes) -> bytes:
    """A slave's id, function and data, with its CRC, the low byte first."""
    return body + crc(body).to_bytes(2, "little")


def gap_ns(baud: int) -> int:
    """The silence between frames, t3.5: 3.5 bytes up to 19,200 baud, above 1.75 ms; 0 without a baud."""
    if baud > 19_200:
        return _FIXED_GAP_NS
    return 7 * byte_ns(baud) // 2


class Request(NamedTuple):
    """What a master asks a slave: an undamaged frame without its CRC."""

    slave: int
    function: int
    data: bytes

    def exception(self, code: int) -> bytes:
        """The frame that refuses it."""
        return frame(bytes([self.slave, self.function | 0x80, code]))

    def registers(self, values: list[int]) -> bytes:
        """The frame that answers a read; each value is taken modulo 2^16, big-endian."""
        data = b"".join((value & 0xFFFF).to_bytes(2, "big") for value in values)
        return frame(bytes([self.slave, self.function, len(data)]) + data)


class Requests:
    """Bytes in any pieces in, requests out. A silence of `silence_ns` ends a frame, whole or not. Holds less
    than the longest request, which has 264 bytes, between two calls."""

    def __init__(self, silence_ns: int) -> None:
        self._silence_ns = silence_ns
        self._last_ns = 0
        self._rest = b""
        self.damaged = 0

    def clear(self) -> None:
        """Forget the frame that has begun."""
        self._rest = b""

    def feed(self, now_ns: int, data: bytes) -> list[Request]:
        """The requests that `data` completed. What has a wrong CRC takes all that came with it along: only a
        silence says where the next one begins."""
        if self._rest and now_ns - self._last_ns > self._silence_ns:
            self._spoil()
        self._last_ns = now_ns
        self._rest += data
        found = []
        while (length := _length(self._rest)) is not None and len(self._rest) >= length:
            body, check = self._rest[: length - 2], self._rest[length - 2 : length]
            if crc(body) != int.from_bytes(check, "little"):
                self._spoil()
                break
            found.append(Request(body[0], body[1], body[2:]))
            self._rest = self._rest[length:]
        return found

    def _spoil(self) -> None:
        self.damaged += 1
        self._rest = b""


def _length(data: bytes) -> int | None:
    """Bytes of the frame that begins with `data`; None while that is open."""
    if len(data) < 2:
        return None
    if data[1] in _SHORT:
        return 8
    if data[1] in _LONG:
        return 9 + data[6] if len(data) > 6 else None
    return max(4, len(data))  # a function that we do not know: all that came is one frame
