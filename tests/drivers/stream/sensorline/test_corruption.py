"""A bad cable: nothing wrong is ever delivered, and every line that is whole comes through.

The damage is the simulator's, seeded: 1 bit in 1000 flipped, 1 byte in 2000 dropped and another repeated,
bursts of random bytes before 2 lines in 100, and 1 line in 100 without its LF, so that it runs into the
next one. On top of that, what arrives is cut anywhere.

Of 50,000 lines that damages 14,891; 35,851 arrive, every whole one and 742 of the damaged (garbage before a
`$` costs nothing). Of 1,000,000 it damages 314,928; 699,914 arrive. None is wrong.
"""

from random import Random

import pytest

from drivers.source import Measurement
from drivers.stream.conversation import Hello
from drivers.stream.sensorline import Conversation
from firmware_sim.damage import Damager
from firmware_sim.faults import parse_faults
from firmware_sim.line import encode

FAULTS = "flip=0.001,drop=0.0005,repeat=0.0005,garbage=0.02,merge=0.01"
CHANNELS = ("temp", "hum", "lux")
STEP_MS = 20
START_S = 1000.0


def expected(seq: int) -> tuple[str, str]:
    """Channel and value of reading `seq`: all different, so that a mix-up shows."""
    return CHANNELS[seq % 3], f"{seq * 7919 % 100_003 / 100:.2f}"


def deliver(count: int, seed: int) -> tuple[int, int, int]:
    """Send `count` readings over the bad cable and check each that arrives.

    Returns how many lines were damaged, how many arrived, and how many of those that arrived were damaged.
    """
    damager = Damager(parse_faults(FAULTS), str(seed))
    random = Random(seed)
    conversation = Conversation()
    head = [f"H 0 1 m i 7 f {len(CHANNELS)} 0"]
    head += [f"C 0 {i} {name} kind unit 0.01 -9999 99999 60" for i, name in enumerate(CHANNELS)]
    assert [type(e) for e in conversation.receive(b"".join(map(encode, head)), START_S)] == [Hello]
    damaged: set[int] = set()
    arrived: set[int] = set()
    late = b""
    for seq in range(1, count + 1):
        channel, value = expected(seq)
        line = encode(f"R {channel} {seq} {seq * STEP_MS} {value}")
        steps = damager.line(line)
        if steps != [line]:
            damaged.add(seq)
        data = late + b"".join(step for step in steps if isinstance(step, bytes))
        cut = random.randrange(len(data) + 1) if random.random() < 0.2 else len(data)
        data, late = data[:cut], data[cut:]
        now = START_S + seq * STEP_MS / 1000
        for event in conversation.receive(data, now):
            assert type(event) is Measurement, event
            assert event.seq not in arrived
            channel, value = expected(event.seq)
            assert (event.channel, event.value, event.fault) == (channel, float(value), None)
            assert abs(event.measured - (START_S + event.seq * STEP_MS / 1000)) < 0.004
            assert event.measured <= now
            arrived.add(event.seq)
    for _ in conversation.receive(late, START_S + count * STEP_MS / 1000):
        arrived.add(count)
    whole = set(range(1, count + 1)) - damaged
    assert whole <= arrived, f"whole lines did not arrive: {sorted(whole - arrived)[:5]}"
    assert conversation.counters["restarts"] == conversation.counters["malformed"] == 0
    assert conversation.counters["lost"] == max(arrived) - len(arrived)
    return len(damaged), len(arrived), len(arrived & damaged)


def check(count: int, seed: int) -> None:
    """The shares are as the head of this file says."""
    damaged, arrived, harmless = deliver(count, seed)
    print(f"{count} lines: {damaged} damaged, {arrived} arrived, {harmless} of them damaged before their '$'")
    assert 0.25 < damaged / count < 0.40
    assert arrived / count > 0.60
    assert harmless / count > 0.005


def test_50_000_lines_over_a_bad_cable() -> None:
    """No value, channel, sequence or time is wrong; no whole line is lost."""
    check(50_000, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_1_000_000_lines_over_a_bad_cable() -> None:
    """The same, twenty times as long."""
    check(1_000_000, seed=2)
