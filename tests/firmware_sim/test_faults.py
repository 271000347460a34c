"""The fault specification: what is understood, and what is said of the rest."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.errors import SimulatorError
from firmware_sim.faults import EXAMPLE, FORMS, FaultSpec, Noise, Spike, parse_faults


def test_everything_at_once() -> None:
    """Every fault, mixed, with spaces."""
    text = (
        "flip=0.001, drop=1e-3:out, repeat=0.5:in, garbage=0.1, merge=0.2, stall=0.3:1.5, slow=0.1-0.9, "
        "reset=0.4, silent=hum, silent=lux, spike=0.6:temp:-99.5, spike=1:hum:0, unplug=0.7:2"
    )
    assert parse_faults(text) == FaultSpec(
        text=text,
        outgoing=Noise(flip=0.001, drop=0.001),
        incoming=Noise(flip=0.001, repeat=0.5),
        garbage=0.1,
        merge=0.2,
        stall=0.3,
        stall_s=1.5,
        slow_s=(0.1, 0.9),
        reset=0.4,
        unplug=0.7,
        unplug_s=2.0,
        silent=frozenset({"hum", "lux"}),
        spikes=(Spike(0.6, "temp", "-99.5"), Spike(1.0, "hum", "0")),
    )


@pytest.mark.parametrize("text", ["none", "", "  "])
def test_none(text: str) -> None:
    """No fault has a name too."""
    assert parse_faults(text) == FaultSpec()


def test_one_length_of_slowness() -> None:
    """A single number is a range of one."""
    assert parse_faults("slow=0.5").slow_s == (0.5, 0.5)


def test_the_example_is_true() -> None:
    """The example that every error gives is accepted."""
    assert parse_faults(EXAMPLE).stall_s == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flpi=0.1", "(perhaps flip)"),
        ("flip", "a probability P from 0 to 1; got ''"),
        ("flip=2", "a probability P from 0 to 1; got '2'"),
        ("flip=nan", "a probability P"),
        ("flip=0.1:up", "a direction, in or out"),
        ("flip=0.1:in:out", "a direction, in or out"),
        ("garbage=0.1:3", "1 parts with ':' between them; got 2"),
        ("stall=0.1", "stall=P:SECONDS, that is 2 parts"),
        ("stall=0.1:-1", "seconds from 0 to 3600; got '-1'"),
        ("stall=0.1:1e9", "seconds from 0 to 3600"),
        ("slow=3-1", "A not above B"),
        ("silent=tmp", "a channel (temp, hum, lux); got 'tmp'"),
        ("spike=0.1:temp:1e3", "a decimal number of at most 15 digits"),
        ("spike=0.1:temp", "that is 3 parts"),
        ("none,flip=0.1", "or 'none' alone"),
        ("flip=0.1,,drop=0.1", "fault '': expected one of"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """A mistake is named, with what would be right and an example."""
    with pytest.raises(SimulatorError, match=r"fault .*expected .*an example: ") as err:
        parse_faults(text)
    assert said in str(err.value)


def test_a_wrong_name_lists_the_right_ones() -> None:
    """Whoever guesses a name learns all of them."""
    with pytest.raises(SimulatorError) as err:
        parse_faults("noise=1")
    for name in FORMS:
        assert name in str(err.value)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """No text makes anything but a specification or the error."""
    with suppress(SimulatorError):
        parse_faults(text)
