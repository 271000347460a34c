"""A bad line between gateway and computer: there is no checksum, so some wrong values get through.

Each of the lines here is damaged in one way: a bit flipped, a byte lost or repeated, a line without its end
that runs into the next one, garbage before it. Of 100,000 such lines (`python -m` this module) 5,899 bring a
wrong value of a quantity that there is, 7,151 a value of one that there is not, and 11 nodes that there are
not are remembered: 2, 112, 122 and the like for 12, which come again. What that means: docs/mysensors.md.
"""

from collections import Counter
from random import Random

from drivers.source import Measurement
from drivers.stream.conversation import Hello
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk

COUNT = 5_000
LINES = ("12;0;1;0;0;{:.1f}", "12;1;1;0;1;{:.1f}", "12;2;1;0;37;{:.2f}")
CHANNELS = ("12/0", "12/1", "12/2")
FAULTS = ("flip", "drop", "repeat", "merge", "garbage")


def damaged(line: bytes, fault: str, random: Random) -> bytes:
    """The line with one fault; never the same as before."""
    at = random.randrange(len(line) - 1)  # not its end: that is `merge`
    before, byte, after = line[:at], line[at : at + 1], line[at + 1 :]
    if fault == "flip":
        return before + bytes([byte[0] ^ 1 << random.randrange(8)]) + after
    if fault == "drop":
        return before + after
    if fault == "repeat":
        return before + byte + byte + after
    if fault == "merge":
        return line[:-1]
    return random.randbytes(random.randint(1, 20)) + line


def deliver(count: int, seed: int) -> Counter[str]:
    """Send so many damaged lines; counts what came of them, by fault."""
    random = Random(seed)
    talk = Talk()
    talk.say(*PRESENTED, *(line.format(20) for line in LINES))
    found: Counter[str] = Counter()
    pending = 0
    for number in range(count):
        which, fault = number % 3, FAULTS[number // 3 % len(FAULTS)]
        value = (
            random.randrange(-200, 400) / 10,
            random.randrange(1000) / 10,
            random.randrange(9_000_000) / 100,
        )
        line = f"{LINES[which].format(value[which])}\n".encode()
        data = damaged(line, fault, random)
        talk.now += 0.1
        events = list(talk.conversation.receive(data, talk.now))
        if fault == "merge":
            events += talk.conversation.receive(b"\n", talk.now) if pending % 2 else []
            pending += 1
        found[fault] += 1
        for event in events:
            if isinstance(event, Measurement) and event.value is not None:
                known = event.channel in CHANNELS
                right = event.channel == CHANNELS[which] and event.value == float(f"{value[which]:.2f}")
                if known:
                    found[f"{fault}: {'right' if right else 'wrong'}"] += 1
                else:
                    found[f"{fault}: other channel"] += event.channel.count("/") == 1
            elif isinstance(event, Hello):
                found["news"] += 1
    talk.wait(10.0)
    found["nodes noted"] = len(talk.notes.recall()["nodes"])
    return found


def test_nothing_breaks_and_little_gets_through() -> None:
    """What is wrong is a digit, mostly; few nodes are remembered that are not there."""
    found = deliver(COUNT, 1)
    wrong = sum(count for name, count in found.items() if name.endswith("wrong"))
    assert 0 < wrong < COUNT * 0.08, found
    assert found["nodes noted"] <= 12, found


if __name__ == "__main__":
    for name, times in sorted(deliver(100_000, 1).items()):
        print(f"{name}: {times}")
