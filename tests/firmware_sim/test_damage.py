"""Damage: deterministic under a seed, as much as asked, and nothing where nothing is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.damage import MAX_GARBAGE, ByteNoise, Damager, Reset, Stall, Step, Unplug
from firmware_sim.faults import Noise, parse_faults
from firmware_sim.line import LineReader, encode

LINES = [encode(f"R temp {n} {n} 20.5") for n in range(1, 1001)]
MIXED = "flip=0.001,drop=0.001,repeat=0.001,garbage=0.02,merge=0.02,stall=0.01:2,reset=0.01,unplug=0.01:3"


def steps(spec: str, seed: str = "1") -> list[Step]:
    """What becomes of the thousand lines."""
    damager = Damager(parse_faults(spec), seed)
    return [step for line in LINES for step in damager.line(line)]


def sent(spec: str) -> bytes:
    """The bytes alone."""
    return b"".join(step for step in steps(spec) if isinstance(step, bytes))


def found(data: bytes) -> list[str]:
    """The bodies that a receiver gets."""
    return LineReader().feed(data)


def test_nothing_asked_nothing_done() -> None:
    """Without faults lines go out as they are, and the damager says that it is quiet."""
    assert steps("none") == list(LINES)
    assert Damager(parse_faults("slow=1,flip=0.1:in,silent=hum"), "1").quiet
    assert not Damager(parse_faults("merge=0.1"), "1").quiet


def test_a_seed_gives_the_same_damage_again() -> None:
    """The same lines under the same seed are damaged alike, under another differently."""
    assert steps(MIXED) == steps(MIXED)
    assert steps(MIXED, "1") != steps(MIXED, "2")


@pytest.mark.parametrize("spec", ["flip=0.01", "drop=0.01", "repeat=0.01", "merge=0.3", MIXED])
def test_no_damaged_line_is_taken_for_another(spec: str) -> None:
    """Good lines get through, and none that was not sent."""
    bodies = found(sent(spec))
    assert set(bodies) < {line[1:-10].decode() for line in LINES}
    assert len(bodies) > 10


def test_each_noise_does_its_own() -> None:
    """Flips keep the length, drops shorten, repeats lengthen."""
    data = b"".join(LINES)
    assert (
        len(sent("flip=0.01"))
        == len(data)
        != sum(a == b for a, b in zip(sent("flip=0.01"), data, strict=True))
    )
    assert len(data) * 0.98 < len(sent("drop=0.01")) < len(data)
    assert len(data) < len(sent("repeat=0.01")) < len(data) * 1.02


def test_garbage_comes_before_a_line_and_costs_nothing() -> None:
    """A burst has 1 to 64 bytes, and every line is still found."""
    damager = Damager(parse_faults("garbage=1"), "1")
    for line in LINES:
        (data,) = damager.line(line)
        assert isinstance(data, bytes)
        assert data.endswith(line)
        assert 1 <= len(data) - len(line) <= MAX_GARBAGE
        assert found(data)[-1:] == [line[1:-10].decode()]


def test_merged_lines_lose_the_first() -> None:
    """Without its LF a line disappears, the next one stays."""
    damager = Damager(parse_faults("merge=0.2"), "1")
    out = [damager.line(line) for line in LINES]
    merged = sum(step != [line] for step, line in zip(out, LINES, strict=True))
    assert 140 < merged < 260
    data = b"".join(step for line in out for step in line if isinstance(step, bytes)) + b"\n"
    assert len(found(data)) >= len(LINES) - merged


@pytest.mark.parametrize(
    ("spec", "event"), [("stall=1:2", Stall(2.0)), ("reset=1", Reset()), ("unplug=1:3", Unplug(3.0))]
)
def test_events_come_in_mid_line(spec: str, event: Step) -> None:
    """A stall, a reset, an unplugging cut the line anywhere; only after a stall does the rest come."""
    damager = Damager(parse_faults(spec), "1")
    cuts = set()
    for line in LINES[:200]:
        out = damager.line(line)
        assert event in out
        before = out[0] if isinstance(out[0], bytes) else b""
        cuts.add(len(before))
        whole = b"".join(step for step in out if isinstance(step, bytes))
        assert whole == (line if isinstance(event, Stall) else before)
        assert line.startswith(before)
    assert len(cuts) > 20


def test_a_line_may_vanish_altogether() -> None:
    """With every byte dropped nothing is sent."""
    assert Damager(parse_faults("drop=1"), "1").line(LINES[0]) == []


def test_directions_are_separate() -> None:
    """Noise in one direction leaves the other alone."""
    incoming = Damager(parse_faults("flip=0.1:in"), "1")
    assert incoming.incoming.damage(LINES[0]) != LINES[0]
    assert incoming.line(LINES[0]) == [LINES[0]]
    outgoing = Damager(parse_faults("flip=0.1:out"), "1")
    assert outgoing.incoming.damage(LINES[0]) == LINES[0]
    assert outgoing.line(LINES[0]) != [LINES[0]]


def test_slowness() -> None:
    """Answers are delayed within the bounds asked for."""
    damager = Damager(parse_faults("slow=0.1-0.3"), "1")
    delays = [damager.answer_delay_s() for _ in range(100)]
    assert 0.1 <= min(delays) < 0.15 < 0.25 < max(delays) <= 0.3
    assert Damager(parse_faults("none"), "1").answer_delay_s() == 0.0


noises = st.builds(Noise, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


@given(noises, st.lists(st.binary(max_size=50), max_size=10))
def test_pieces_do_not_matter(noise: Noise, pieces: list[bytes]) -> None:
    """The same bytes in other pieces are damaged the same."""
    whole = ByteNoise(noise, "s").damage(b"".join(pieces))
    other = ByteNoise(noise, "s")
    assert b"".join(other.damage(piece) for piece in pieces) == whole


@given(noises, st.binary(max_size=200))
def test_damage_is_bounded(noise: Noise, data: bytes) -> None:
    """No byte comes more than twice."""
    assert len(ByteNoise(noise, "s").damage(data)) <= 2 * len(data)
