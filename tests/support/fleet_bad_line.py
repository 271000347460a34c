"""A line between two bridges that is slow and loses frames; a program of its own.

    ip netns exec LAN python -m tests.support.fleet_bad_line NAME DELAY_S LOSS

Makes the taps NAMEa and NAMEb, says "ready", and hands each frame of one to the other until standard input
ends. What netem does, for kernels that are built without it.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque

_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEADER = 0x0002 | 0x1000
MOST_WAITING = 2000
"""Frames that wait; of more each is lost, as in a modem."""


def _tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_WITHOUT_HEADER))
    return tap


def carry(one: int, other: int, delay_s: float, loss: float) -> None:
    """Until standard input ends."""
    waiting: deque[tuple[float, int, bytes]] = deque()
    chance = random.Random(one)
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready = select.select([one, other, sys.stdin], [], [], pause)[0]
        if sys.stdin in ready:
            return
        now = time.monotonic()
        for tap in (each for each in (one, other) if each in ready):
            frame = os.read(tap, 65536)
            if chance.random() >= loss and len(waiting) < MOST_WAITING:
                waiting.append((now + delay_s, other if tap == one else one, frame))
        while waiting and waiting[0][0] <= now:
            _, tap, frame = waiting.popleft()
            try:
                os.write(tap, frame)
            except OSError:
                continue  # that side is down


def main() -> None:
    """See the module."""
    name, delay_s, loss = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    one, other = _tap(f"{name}a"), _tap(f"{name}b")
    print("ready", flush=True)
    carry(one, other, delay_s, loss)


if __name__ == "__main__":
    main()
