"""When one that found no room, again and again, is asked for once more. Pure."""

# At once the first time. If it finds none then, as a sensor's name is taken say, so much later, and each time
# twice that, up to the last.
PUT_OFF_S = 1.0
LONGEST_S = 8.0
# So many are remembered, 200 bytes each; of the others those that may be asked for are forgotten.
MOST = 4096


class PutOff:
    """Readings, by their numbers."""

    def __init__(self) -> None:
        self._until: dict[int, tuple[float, float]] = {}  # and by how much the next time

    def note(self, seq: int, now: float) -> None:
        """That one found no room."""
        if len(self._until) >= MOST and seq not in self._until:
            self._until = {each: off for each, off in self._until.items() if off[0] > now}
        _, wait = self._until.pop(seq, (now, 0.0))
        if len(self._until) < MOST:
            self._until[seq] = now + wait, min(max(2 * wait, PUT_OFF_S), LONGEST_S)

    def waits(self, seq: int, now: float) -> bool:
        """Whether that one is not to be asked for yet."""
        return seq in self._until and now < self._until[seq][0]

    def forget_to(self, seq: int) -> None:
        """Those up to and with `seq` are not asked for any more."""
        if self._until:
            self._until = {each: off for each, off in self._until.items() if each > seq}
