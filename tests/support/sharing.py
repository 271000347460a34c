"""Which files a Python runs: all of them, or its share, where several Pythons divide the tests among them.

Nearly everything is the same on each Python, and takes minutes; so `make test` runs each file on the first
one, and on one of the others. What stands on threads from top to bottom is run on all. `make test-pythons`
runs everything on each of them.
"""

import os
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[2]
VARIABLE = "SIG_GATEWAY_SHARE"
"""Which share, of how many: 1/2 and 2/2. Without it, or empty: everything."""
EVERYWHERE = ("tests/sig/",)
"""Of folders: run whoever's share it is."""


class Share:
    """One of `count` shares; `number` counts from 1."""

    def __init__(self, text: str) -> None:
        """`text`: as in `VARIABLE`. Raises ValueError."""
        number, slash, count = text.partition("/")
        self.number, self.count = (int(number), int(count)) if slash else (1, 1)
        if text and not (slash and 1 <= self.number <= self.count):
            raise ValueError(f"{VARIABLE}: expected a share such as 1/2, got {text!r}")

    def has(self, path: Path) -> bool:
        """Whether a file is in it. By the name alone: the same on each machine, whatever else there is."""
        name = path.relative_to(ROOT).as_posix()
        if not path.name.startswith("test_") or name.startswith(EVERYWHERE):
            return True
        return zlib.crc32(name.encode()) % self.count == self.number - 1


MINE = Share(os.environ.get(VARIABLE, ""))
