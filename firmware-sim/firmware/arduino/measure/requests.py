"""What a board is asked while its stack is measured: everything, with kept and overwritten readings.

A line `#MS` is no request: what follows is sent when the board has run for so long.
"""

import sys
from zlib import crc32

ALL = [
    "#500",
    "Q 65535 hello",
    *(f"Q {65530 - i} interval {name} 1" for i, name in enumerate(("temp", "hum", "lux"))),
    *(f"Q 65520 read {name}" for name in ("temp", "lux", "nothing")),
    "Q 65510 ping",
    "Q 65509 " + "x" * 140,
    "#2600",
    "Q 65508 again",
    "#3400",
    "K 1 1 2-3 9-11 4294967295",
    "K 77 1 3-4",
    "K 1 3 " + " ".join(["4"] * 71),
    "Q 65507 again",
    *(f"Q 65500 read {name}" for name in ("temp", "lux")),
]


def main() -> None:
    """Write them, as lines."""
    for body in ALL:
        data = body.encode()
        sys.stdout.buffer.write(data + b"\n" if body.startswith("#") else b"$%b*%08X\n" % (data, crc32(data)))


if __name__ == "__main__":
    main()
