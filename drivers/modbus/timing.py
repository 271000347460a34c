"""How long things take on a bus, and how long silence is.

Source: MODBUS over Serial Line V1.02, 2.5.1.1: frames are 3.5 characters of 11 bits apart, above 19,200 baud
1.75 ms.
"""

from dataclasses import dataclass

# A start bit, eight data bits, parity or a second stop bit, a stop bit. 8N1 has ten: there is a reserve.
BITS = 11
_FIXED_ABOVE_BAUD = 19_200
_FIXED_GAP_S = 0.00175


def norm_gap_s(baud: int) -> float:
    """The silence between two frames."""
    return 3.5 * BITS / baud if baud <= _FIXED_ABOVE_BAUD else _FIXED_GAP_S


@dataclass(frozen=True, slots=True)
class Timing:
    """`timeout_s`: how long after a question its answer may begin. `gap_s`: the silence before a question.
    `byte_s`: how long a byte is on the wire, 0 in a network."""

    timeout_s: float
    gap_s: float
    byte_s: float

    def wait_s(self, request_bytes: int, answer_bytes: int) -> float:
        """How long after the writing of a question its answer is complete at the latest."""
        return self.timeout_s + (request_bytes + answer_bytes) * self.byte_s
