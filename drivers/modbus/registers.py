"""What stands in registers: from 16-bit words to a value in its unit."""

import math
import struct
from dataclasses import dataclass, field

WORDS = {"u16": 1, "s16": 1, "sign-offset": 1, "u32": 2, "s32": 2, "f32": 2}
"""How many registers each type takes."""
WORD_ORDERS = ("big", "little")
_FORMATS = {"u16": ">H", "s16": ">h", "sign-offset": ">H", "u32": ">I", "s32": ">i", "f32": ">f"}
# `sign-offset`: from there on a value is negative, counted from there (Kincony's SHT30).
_SIGN_OFFSET = 10_000
# What a float32 can tell apart.
_FLOAT_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Register:
    """One quantity: `address` counts from 0. The value is `raw` × `scale` + `offset`, in `unit`; `invalid`
    are raw values that stand for no value. `word_order`: which word of two is first, the `big` end or the
    `little`."""

    address: int
    type: str = "s16"
    function: int = 3
    word_order: str = "big"
    scale: float = 1.0
    offset: float = 0.0
    invalid: tuple[float, ...] = field(default=())
    unit: str = ""
    kind: str = ""

    @property
    def count(self) -> int:
        """How many registers it takes."""
        return WORDS[self.type]

    def value(self, words: tuple[int, ...]) -> tuple[float | None, str | None]:
        """From its registers: the value, or None and why there is none."""
        raw = self._raw(words)
        if not math.isfinite(raw):
            return None, f"the device says {raw}, which is no number"
        if raw in self.invalid:
            return None, f"the device says {raw:g}, which stands for no value (`invalid`)"
        # Twelve digits: more than any register has, and 305 × 0.1 is 30.5.
        return float(f"{raw * self.scale + self.offset:.12g}"), None

    def _raw(self, words: tuple[int, ...]) -> float:
        ordered = words if self.word_order == "big" else words[::-1]
        (raw,) = struct.unpack(_FORMATS[self.type], struct.pack(f">{len(words)}H", *ordered))
        if self.type == "f32":
            return float(f"{raw:.{_FLOAT_DIGITS}g}")
        if self.type == "sign-offset" and raw >= _SIGN_OFFSET:
            return float(_SIGN_OFFSET - raw)
        return float(raw)
