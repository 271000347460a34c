"""A supply that is too weak: restarts, one after the other. No I/O, no clock."""

from firmware_sim.sensors import NS


class BrownOut:
    """None, until `begin`. `left`: the restarts that it still has to come."""

    def __init__(self) -> None:
        self.left = 0
        self._at_ns = 0
        self._every_ns = 0

    def begin(self, times: int, seconds: float, now_ns: int) -> None:
        """So many restarts, `seconds` apart, from now on."""
        self.left, self._at_ns, self._every_ns = times, now_ns, round(seconds * NS)

    def end(self) -> None:
        """No more of them."""
        self.left = 0

    def hits(self, now_ns: int) -> bool:
        """Is one due? Then it is taken."""
        if not self.left or now_ns < self._at_ns:
            return False
        self.left -= 1
        self._at_ns = now_ns + self._every_ns
        return True

    def next_ns(self) -> int | None:
        """When the next one is due."""
        return self._at_ns if self.left else None
