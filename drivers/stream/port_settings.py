"""How a serial line is set: speed, frame, and the two lines that a board may take for more than they are."""

from dataclasses import dataclass

from drivers.errors import OptionError

PARITIES = ("none", "even", "odd")
STOP_BITS = (1, 2)


@dataclass(frozen=True, slots=True)
class PortSettings:
    """8 data bits, and these. `baud`: bits a second. `dtr`, `rts`: on, off, or None to leave the line to the
    system, which turns both on when a port is opened. Raises `OptionError`."""

    baud: int = 115200
    parity: str = "none"
    stop_bits: int = 1
    dtr: bool | None = None
    rts: bool | None = None

    def __post_init__(self) -> None:
        if self.parity not in PARITIES:
            raise OptionError("parity", f"expected {', '.join(PARITIES)}, got {self.parity!r}")
        if self.stop_bits not in STOP_BITS:
            raise OptionError("stop_bits", f"expected 1 or 2, got {self.stop_bits!r}")
