"""What is to be sent again: `again`, `K`, `B` and `G` (docs/protocol.md, section 7)."""

from sensorline.lines import MAX_BODY, decimal, number

MAX_ASKED = 24
"""Ranges that wait. The gateway asks until it has what it wants: what is too much comes later."""
_GAP = 0
"""In the place of a range: what is lost of the boot."""


class Replay:
    """Over a ring. `free`: when the line is free of the line before, at `baud`, so that a reading that falls
    due, and an answer, wait for one line at most."""

    def __init__(self, ring, channels, baud):
        self._ring = ring
        self._channels = channels
        self._baud = baud
        self._asked = []  # [boot, next, last], oldest first
        self.free = 0

    def due(self):
        """When the next line may go; None: none is to."""
        return self.free if self._asked else None

    def again(self, now):
        """What an answer to `again` says; all that is kept is sent from now on."""
        self._asked = []
        pasts = self._ring.pasts
        for past in pasts:
            self._want(past, past.lost_from, past.newest, now)
        said = ""
        for past in pasts[-1:] + pasts[:-1]:
            more = "%s %d %d %d" % (said, past.boot, past.first, past.newest)
            if len("A 65535") + len(more) > MAX_BODY:
                break
            said = more
        return said

    def take(self, fields, now):
        """A `K`: forget what is safe, send again what did not come. One that is malformed does nothing."""
        numbers = [number(field) for field in fields[:2]]
        ranges = [_range(field) for field in fields[2:]]
        if len(numbers) < 2 or None in numbers or None in ranges:
            return
        boot, seq = numbers
        self._ring.acknowledge(boot, seq)
        past = self._ring.past(boot)
        if past is not None:
            for low, high in ranges:
                self._want(past, low, high, now)

    def _want(self, past, low, high, now):
        if past.lost_to and low <= past.lost_to and high >= past.lost_from:
            self._put([past.boot, _GAP, _GAP], now)
        low, high = max(low, past.first), min(high, past.newest)
        if low <= high:
            self._put([past.boot, low, high], now)

    def _put(self, range_, now):
        boot, low, high = range_
        for asked in self._asked:
            if (
                asked[0] == boot
                and asked[1] <= low
                and high <= asked[2]
                and (asked[1] == _GAP) == (low == _GAP)
            ):
                return  # it waits already
        if len(self._asked) < MAX_ASKED:
            if not self._asked:
                self.free = max(self.free, now)
            self._asked.append(range_)

    def next_body(self, now):
        """The next line; None if there is none, or it has become needless."""
        asked = self._asked[0]
        boot, seq, last = asked
        if seq == last:
            self._asked.pop(0)
        else:
            asked[1] += 1
        body = self._gap(boot) if seq == _GAP else self._kept(boot, seq, now)
        if body is not None:
            self.free = now + (len(body) + 11) * 11000 // self._baud + 1
        return body

    def _kept(self, boot, seq, now):
        found = self._ring.find(boot, seq)
        if found is None:
            return None
        time, index, steps = found
        body = "B %d %s" % (boot, reading(self._channels[index], seq, time, steps))
        if boot == self._ring.pasts[-1].boot:
            return body
        return "%s %d" % (body, self._ring.age(boot, time, now))

    def _gap(self, boot):
        past = self._ring.past(boot)
        if past is None or not past.lost_to:
            return None
        body = "G %d %d %d" % (boot, past.lost_from, past.lost_to)
        for channel, count in zip(self._channels, past.lost):
            more = " %s %d" % (channel.name, count)
            if count and len(body) + len(more) <= MAX_BODY:
                body += more
        return body


def reading(channel, seq, time, steps):
    """A reading as it goes on the line, behind its letter."""
    value = "!" + steps if isinstance(steps, str) else decimal(steps, channel.decimals)
    return "%s %d %d %s" % (channel.name, seq, time, value)


def _range(text):
    low, dash, high = text.partition("-")
    first = number(low)
    last = number(high) if dash else first
    return None if first is None or last is None or first > last else (first, last)
