"""What may go wrong, in words for the person who started the simulator."""


class SimulatorError(Exception):
    """Something the user can put right: the text says what, where, expected, got, and what to do."""


class LineError(ValueError):
    """A line that the protocol does not allow was to be sent."""
