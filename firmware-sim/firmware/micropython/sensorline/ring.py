"""The readings that a board keeps until they are acknowledged (docs/protocol.md, section 7).

One block of bytes: a head, what is known of each boot, then the readings, of 13 bytes each, as a ring. Of
each boot they are one run, so their sequence numbers need no room. `memory`, where a port has some that
outlives a reset, gets the whole block after each change.
"""

import struct

from sensorline.lines import crc32
from sensorline.sensor import WORDS

MAX_BOOTS = 4
"""Of which something is known: what an answer to `again` has room for. At a fifth the oldest is forgotten."""
_HEAD = "<IIHHH"  # checksum of all that follows, the channels' checksum, oldest, count, boots
_PAST = "<IIIIIIQ"  # boot, base, first, newest, lost from, to, the clock when it was last looked at
_ENTRY = "<QiB"  # time, steps or the number of a word, channel
_ENTRY_BYTES = 13
_FAULT = 0x80


class Past:
    """Of one boot: `first` to `newest` are kept, `lost_from` to `lost_to` (0: none) were overwritten, so many
    of each channel in `lost`. From `base` on they lie in the ring: those before `first` wait to be oldest.
    `end`: the boot's clock."""

    def __init__(self, boot, channels):
        self.boot = boot
        self.base = self.first = 1
        self.newest = self.lost_from = self.lost_to = self.end = 0
        self.lost = [0] * channels

    def spent(self):
        """Is nothing left to be told of it?"""
        return self.base > self.newest and not self.lost_to


class Ring:
    """Room for `size` readings, or as many as `memory` has room for; 0: it keeps none."""

    def __init__(self, size, names, memory=None):
        self._channels = len(names)
        self._fingerprint = crc32(" ".join(names).encode()) & 0xFFFFFFFF
        self._past_bytes = struct.calcsize(_PAST) + 2 * self._channels
        self._start = struct.calcsize(_HEAD) + MAX_BOOTS * self._past_bytes
        if memory is not None:
            size = max(0, min(size, (memory.size - self._start) // _ENTRY_BYTES))
        self.size = size
        self._block = bytearray(self._start + size * _ENTRY_BYTES)
        self._oldest = self._count = 0
        self._memory = memory
        self.pasts = []
        if memory is not None:
            self._load(memory.read())

    def begin(self, boot):
        """Another boot; of those before there may be readings."""
        self.pasts = [past for past in self.pasts if past.boot != boot or self._drop(past)]
        # The boot that has just ended stays if there is room: that it is named tells that nothing was lost.
        ended = self.pasts[-1:] if len(self.pasts) < MAX_BOOTS else []
        self.pasts = [past for past in self.pasts if not past.spent() or past in ended]
        while len(self.pasts) >= MAX_BOOTS:
            self._drop(self.pasts[0])
            self.pasts.pop(0)
        self.pasts.append(Past(boot, self._channels))
        self._save()

    def tick(self, now):
        """The clock of the boot that runs."""
        self.pasts[-1].end = now
        self._save()

    def past(self, boot):
        """What is known of a boot; None: nothing."""
        for past in self.pasts:
            if past.boot == boot:
                return past
        return None

    def keep(self, seq, time, channel, steps):
        """The next of the boot that runs: `steps`, or a word."""
        if not self.size:
            return
        if self._count == self.size:
            self._overwrite()
        past = self.pasts[-1]
        if past.base > past.newest:
            past.base = past.first = seq
        past.newest = seq
        past.end = time
        if isinstance(steps, str):
            channel |= _FAULT
            steps = WORDS.index(steps)
        struct.pack_into(_ENTRY, self._block, self._place(self._count), time, steps, channel)
        self._count += 1
        self._save()

    def find(self, boot, seq):
        """Time, channel, steps or a word; None if it is not kept."""
        before = 0
        for past in self.pasts:
            if past.boot == boot:
                if not past.first <= seq <= past.newest:
                    return None
                place = self._place(before + seq - past.base)
                time, steps, channel = struct.unpack_from(_ENTRY, self._block, place)
                return time, channel & ~_FAULT, WORDS[steps] if channel & _FAULT else steps
            before += past.newest + 1 - past.base
        return None

    def age(self, boot, time, now):
        """How long before `now` of this boot `time` of that one was, as far as the clocks have run."""
        found = None
        for past in self.pasts:
            if past.boot == boot:
                found = -time
            if found is not None:
                found += now if past is self.pasts[-1] else past.end
        return found

    def acknowledge(self, boot, seq):
        """Forget what is safe. What the boot has not reached cannot be: then nothing happens."""
        past = self.past(boot)
        if past is None or seq > past.newest:
            return
        past.first = max(past.first, seq + 1)
        if past.lost_to <= seq:
            past.lost_from = past.lost_to = 0
            past.lost = [0] * self._channels
        self._trim()
        if past.spent() and past is not self.pasts[-1]:
            self.pasts.remove(past)
        self._save()

    def _trim(self):
        for past in self.pasts:
            self._free(past.first - past.base)
            past.base = past.first
            if past.base <= past.newest:
                return

    def _free(self, count):
        if count:
            self._oldest = (self._oldest + count) % self.size
            self._count -= count

    def _drop(self, past):
        """Forget all that is kept of it: it must be the oldest."""
        while past in self.pasts and past.base <= past.newest:
            self._overwrite()

    def _overwrite(self):
        for past in self.pasts:
            if past.base <= past.newest:
                channel = self._block[self._place(0) + _ENTRY_BYTES - 1] & ~_FAULT
                past.lost_from = past.lost_from or past.base
                past.lost_to = past.base
                past.lost[channel] = min(past.lost[channel] + 1, 65535)
                past.base = past.first = past.base + 1
                self._free(1)
                self._trim()
                return

    def _place(self, number):
        return self._start + (self._oldest + number) % self.size * _ENTRY_BYTES

    def _save(self):
        if self._memory is None:
            return
        head = (self._fingerprint, self._oldest, self._count, len(self.pasts))
        struct.pack_into(_HEAD, self._block, 0, 0, *head)
        at = struct.calcsize(_HEAD)
        for past in self.pasts:
            about = (past.boot, past.base, past.first, past.newest, past.lost_from, past.lost_to, past.end)
            struct.pack_into(_PAST, self._block, at, *about)
            struct.pack_into(
                "<%dH" % self._channels, self._block, at + self._past_bytes - 2 * self._channels, *past.lost
            )
            at += self._past_bytes
        struct.pack_into("<I", self._block, 0, self._checksum(self._block))
        self._memory.write(self._block)

    def _checksum(self, block):
        return crc32(memoryview(block)[4:]) & 0xFFFFFFFF

    def _load(self, block):
        """What was there before the reset, if it is whole and of the same channels."""
        if len(block) != len(self._block):
            return
        checksum, fingerprint, oldest, count, boots = struct.unpack_from(_HEAD, block, 0)
        if checksum != self._checksum(block) or fingerprint != self._fingerprint:
            return
        self._block[:] = block
        self._oldest, self._count = oldest, count
        at = struct.calcsize(_HEAD)
        for _ in range(boots):
            past = Past(0, self._channels)
            about = struct.unpack_from(_PAST, block, at)
            past.boot, past.base, past.first, past.newest, past.lost_from, past.lost_to, past.end = about
            past.lost = list(
                struct.unpack_from("<%dH" % self._channels, block, at + self._past_bytes - 2 * self._channels)
            )
            self.pasts.append(past)
            at += self._past_bytes
