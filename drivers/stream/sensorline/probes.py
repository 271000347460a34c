"""When a board is asked for what it lost before it was asked what it has. Pure."""

# It says that once, on a line that may be damaged, and while nothing newer is acknowledged. So it is asked
# so often first, and so long after each other: at one bit error in 1,000 one time in 100 fails.
PROBES = 4
PROBE_S = 0.5


class Probes:
    """Of one boot. While they are `open`, nothing of it may be acknowledged."""

    def __init__(self) -> None:
        self._left = 0
        self._at = 0.0

    @property
    def open(self) -> bool:
        """Whether there is one to come."""
        return self._left > 0

    def begin(self, now: float, *, lost: bool) -> None:
        """The board has said what it has; if something is `lost`, it says by itself what."""
        self._left, self._at = (PROBES if lost else 0), now + PROBE_S

    def end(self) -> None:
        """It has said what."""
        self._left = 0

    def take(self, now: float) -> bool:
        """Whether to ask now: one fewer is left then."""
        if not self._left or now < self._at:
            return False
        self._left, self._at = self._left - 1, now + PROBE_S
        return True
