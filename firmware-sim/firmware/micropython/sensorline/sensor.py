"""What a board measures with."""

WORDS = ("absent", "range", "checksum", "busy")
"""Why a sensor failed, as a reading says it."""
MAX_INTERVAL_MS = 86400000
"""A day: what the board makes of a longer interval."""


class Channel:
    """One quantity, as the hello has it: `kind`, `unit`, the range `low` to `high` in the unit, `decimals` of
    its values, `interval_ms` between two readings at first."""

    def __init__(self, name, kind, unit, low, high, decimals=2, interval_ms=2000):
        self.name = name
        self.kind = kind
        self.unit = unit
        self.low = low
        self.high = high
        self.decimals = decimals
        self.interval_ms = interval_ms


class Sensor:
    """One part, one measurement of all its channels, which takes `takes_ms` from `begin` to `measure`.
    `shortest_ms` lies between two of them: what a part answers sooner is its last value once more.
    `warm_up_ms`: from the start to the first."""

    channels = ()
    takes_ms = 0
    shortest_ms = 1
    warm_up_ms = 0

    def begin(self):
        """Start measuring. An `OSError` is as good as one of `measure`."""

    def measure(self):
        """For each channel its value, or one of `WORDS`. An `OSError` means that the part is not there."""
        raise NotImplementedError


class Watch:
    """A channel and when it is due; of its board the channel number `index`."""

    def __init__(self, index, channel, turn):
        self.index = index
        self.channel = channel
        self.turn = turn
        self.interval_ms = max(channel.interval_ms, turn.sensor.shortest_ms) if channel.interval_ms else 0
        self.due = 0

    def set_interval(self, ms, now):
        """From now on; limited by what the part can do."""
        self.interval_ms = min(max(ms, self.turn.sensor.shortest_ms), MAX_INTERVAL_MS) if ms else 0
        self.due = now + self.interval_ms

    def is_due(self, now):
        """Is a reading of it to be sent?"""
        return self.interval_ms > 0 and now >= self.due

    def took(self, now):
        """It was; the next is an interval later, or, if that has passed, from now."""
        self.due += self.interval_ms
        if self.due <= now:
            self.due = now + self.interval_ms

    def steps(self, value):
        """A value in steps of its last decimal; a word of `WORDS` if it cannot be one."""
        if isinstance(value, str):
            return value if value in WORDS else "absent"
        if value is None or value != value or not self.channel.low <= value <= self.channel.high:
            return "range"
        return round(value * 10**self.channel.decimals)


class Turn:
    """A sensor and its next measurement: free from `free` on, being taken until `ready` (None: it is not)."""

    def __init__(self, sensor):
        self.sensor = sensor
        self.free = sensor.warm_up_ms
        self.ready = None
        self.watches = []

    def start(self, now):
        """Begin to measure."""
        self.free = now + self.sensor.shortest_ms
        self.ready = now + self.sensor.takes_ms
        self.sensor.begin()

    def wait_ms(self, now):
        """How long until what is asked for now is measured."""
        start = max(self.free - now, 0) + self.sensor.takes_ms
        return start if self.ready is None else max(self.ready - now, 0)

    def next(self, now, read):
        """When there is something to do; None: nothing. `read`: a channel of it is asked for."""
        if self.ready is not None:
            return self.ready
        dues = [watch.due for watch in self.watches if watch.interval_ms]
        if read:
            dues.append(now)
        return max(min(dues), self.free) if dues else None
