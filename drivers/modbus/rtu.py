"""RTU frames: id, PDU, CRC. Bytes in, answers out; no I/O, no clock.

An answer begins and ends with silence, which no USB adapter and no network hands on. So an answer is looked
for by what it must be: the slave's id, the function, the length, the CRC, 40 bits in all, at any place. What
stands around it (a transceiver's bytes on turning, the echo of the question, another slave's frame) is left
out. It has no number that would say which question it answers: see `drivers.modbus.pending`.
"""

from collections.abc import Iterator

from drivers.modbus.crc import crc16
from drivers.modbus.pdu import FUNCTIONS, MAX_COUNT, Answer, Query, answer_of
from drivers.modbus.wire import Damaged, Frame

# The longest frame, MODBUS over Serial Line V1.02, 2.5.1: more bytes than that hold no one answer.
MAX_FRAME = 256
# Of what comes while one answer is waited for, the newest so many bytes are looked through.
_KEPT = 2 * MAX_FRAME
# Id, function, code, CRC; id, function, length and CRC around the registers.
_EXCEPTION_BYTES = 5
_AROUND = 5


class RtuWire:
    """See `drivers.modbus.wire.Wire`. For one thread."""

    request_bytes = 8

    def __init__(self) -> None:
        self._query: Query | None = None
        self._request = b""
        self._heard = b""
        self._received = 0
        self._unasked = b""
        self.noise = 0
        self.echoes = 0

    def ask(self, query: Query) -> bytes:
        """See `Wire`."""
        body = bytes((query.slave,)) + query.pdu
        self._query, self._request = query, body + crc16(body)
        self._heard, self._received, self._unasked, self.noise = b"", 0, b"", 0
        return self._request

    def answer_bytes(self, query: Query) -> int:
        """See `Wire`."""
        return _AROUND + 2 * query.quantity

    def receive(self, data: bytes) -> Answer | Damaged | None:
        """See `Wire`."""
        query = self._query
        if query is None:
            self._unasked = (self._unasked + data)[-_KEPT:]
            return None
        self._heard = (self._heard + data)[-_KEPT:]
        self._received += len(data)
        if self._heard.startswith(self._request):
            self._heard = self._heard[len(self._request) :]
            self._received -= len(self._request)
            self.echoes += 1
        found = _find(query, self._heard) if len(self._heard) >= _EXCEPTION_BYTES else None
        if found is not None:
            answer, start, end = found
            self._query, self._unasked = None, self._heard[end:]
            self.noise = self._received - (len(self._heard) - start)
            return answer
        head = bytes((query.slave,)) + query.head
        if self._heard.startswith(head) and len(self._heard) >= self.answer_bytes(query):
            self._query, self.noise = None, self._received
            return Damaged()
        return None

    def give_up(self) -> None:
        """See `Wire`."""
        self._query, self.noise = None, self._received

    def strays(self) -> list[Frame]:
        """See `Wire`."""
        found = list(frames_in(self._unasked))
        if found:
            self._unasked = b""
        return found


def frames_in(data: bytes) -> Iterator[Frame]:
    """The undamaged answers in bytes that nobody waits for, one behind the other or with noise between."""
    at = 0
    while at + _EXCEPTION_BYTES <= len(data):
        length = _length_at(data, at)
        frame = data[at : at + length]
        if length and len(frame) == length and crc16(frame[:-2]) == frame[-2:]:
            yield Frame(frame[0], frame[1:-2])
            at += length
        else:
            at += 1


def _length_at(data: bytes, at: int) -> int:
    """How long a frame that begins there is; 0 if none does."""
    slave, function, third = data[at : at + 3]
    if not 1 <= slave <= 247:
        return 0
    if function in FUNCTIONS and third % 2 == 0 and 0 < third <= 2 * MAX_COUNT:
        return _AROUND + third
    return _EXCEPTION_BYTES if function & 0x7F in FUNCTIONS and function & 0x80 else 0


def _find(query: Query, heard: bytes) -> tuple[Answer, int, int] | None:
    """The answer to the question in what was heard: from where to where."""
    slave = bytes((query.slave,))
    for head, length in (
        (slave + query.head, _AROUND + 2 * query.quantity),
        (slave + bytes((query.function | 0x80,)), _EXCEPTION_BYTES),
    ):
        at = heard.find(head)
        while at >= 0 and at + length <= len(heard):
            frame = heard[at : at + length]
            if crc16(frame[:-2]) == frame[-2:] and (answer := answer_of(query, frame[1:-2])) is not None:
                return answer, at, at + length
            at = heard.find(head, at + 1)
    return None
