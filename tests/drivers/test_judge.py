"""The judge: units, calibration, plausibility."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import TemperatureSensor
from drivers.calibration import Calibration
from drivers.filters import SpikeGuard
from drivers.judge import Judge
from drivers.options import Amount
from drivers.source import Channel


def judge(
    *,
    offset: float = 0.0,
    scale: float = 1.0,
    plausible: tuple[float, float] | None = None,
    spike: Amount | None = None,
    resolution: float = 0.01,
    convert: Callable[[float], float] = float,
) -> Judge:
    """A judge of a channel from -40 to 85."""
    made = Judge(offset, scale, plausible, SpikeGuard(spike))
    made.use(Channel("temp", "temperature", "C", resolution, -40.0, 85.0, 1.0), convert)
    return made


def test_a_value_stays_as_the_board_wrote_it() -> None:
    """23.18 is 23.18, not 23.180000000000003."""
    assert judge().judge(23.18) == (23.18, None, False)


def test_calibration_scales_then_adds_the_offset() -> None:
    """20 * 1.1 - 0.5."""
    assert judge(scale=1.1, offset=-0.5).judge(20.0) == (21.5, None, False)


@pytest.mark.parametrize(
    ("unit", "raw", "celsius"),
    [("C", 21.5, 21.5), ("F", 212.0, 100.0), ("F", -40.0, -40.0), ("K", 273.15, 0.0)],
)
def test_units_are_converted(unit: str, raw: float, celsius: float) -> None:
    """°F and K become °C, before the calibration."""
    made = Judge(0.0, 1.0, (-300, 300), SpikeGuard(None))
    made.use(Channel("temp", "temperature", unit, 0.01, -1000, 1000, 1.0), TemperatureSensor.units[unit])
    assert made.judge(raw) == (celsius, None, False)


def test_a_small_scale_keeps_the_digits_that_the_board_resolved() -> None:
    """A raw 23180 in thousandths is 23.18, not 23.2: the rounding goes by the scaled resolution."""
    made = Judge(0.0, 0.001, (0, 100), SpikeGuard(None))
    made.use(Channel("temp", "temperature", "C", 1.0, 0, 65535, 1.0), float)
    assert made.judge(23180.0) == (23.18, None, False)


def test_no_value_is_minus_zero() -> None:
    """-0.0 would be written as such into JSON."""
    for raw in (-0.0, -0.0001):
        value, *_ = judge().judge(raw)
        assert math.copysign(1.0, value) == 1.0


@pytest.mark.parametrize("resolution", [0.0, -1.0, 1e-14, 1e14, math.inf, math.nan])
def test_odd_resolutions_do_no_harm(resolution: float) -> None:
    """What a board may announce never makes the judge fail."""
    value, reason, _ = judge(resolution=resolution).judge(21.5)
    assert reason is None
    assert value == pytest.approx(21.5, abs=0.1)


def test_outside_the_board_s_range_is_suspect() -> None:
    """The range that the board announces is of the raw value."""
    assert judge(offset=10).judge(85.0) == (95.0, None, False)
    assert judge().judge(85.1) == (85.1, "outside the board's range, -40 to 85", False)


def test_a_configured_range_replaces_the_board_s() -> None:
    """It is of the calibrated value, ends included."""
    made = judge(plausible=(0.0, 50.0), offset=1.0)
    assert made.judge(49.0) == (50.0, None, False)
    assert made.judge(49.01) == (50.01, "outside the plausible range, 0 to 50", False)
    assert judge(plausible=(0.0, 500.0)).judge(400.0) == (400.0, None, False)


def hygrometer(
    low: float = 0.0,
    high: float = 100.0,
    *,
    offset: float = 0.0,
    plausible: tuple[float, float] | None = None,
    clamp: bool = True,
) -> Judge:
    """A judge of humidity, of a board that announces `low` to `high`."""
    made = Judge(offset, 1.0, plausible, SpikeGuard(None), limits=(0.0, 100.0), clamp=clamp, kind="humidity")
    made.use(Channel("hum", "humidity", "%", 0.1, low, high, 1.0), float)
    return made


@pytest.mark.parametrize(
    ("raw", "value"), [(101.7, 100.0), (105.0, 100.0), (-0.1, 0.0), (-5.0, 0.0), (100.0, 100.0), (0.0, 0.0)]
)
def test_a_value_a_little_outside_what_can_be_is_set_to_the_limit(raw: float, value: float) -> None:
    """Fog: a hygrometer that announces 0 to 100 says more. 5 % of the span are believed, and no more."""
    assert hygrometer().judge(raw) == (value, None, raw != value)


@pytest.mark.parametrize("raw", [105.1, -5.1, 1000.0])
def test_a_value_far_outside_what_can_be_is_suspect(raw: float) -> None:
    """And stays as it is."""
    assert hygrometer().judge(raw) == (raw, "outside the board's range, 0 to 100", False)
    word = "more than humidity can be, 100" if raw > 0 else "less than humidity can be, 0"
    assert hygrometer(-1e6, 1e6).judge(raw) == (raw, word, False)


def test_the_limits_are_of_the_calibrated_value() -> None:
    """An offset must not bring a value to where no humidity is."""
    assert hygrometer(offset=3).judge(99.5) == (100.0, None, True)
    assert hygrometer(offset=3, clamp=False).judge(99.5) == (102.5, "more than humidity can be, 100", False)
    assert hygrometer(offset=8).judge(99.5) == (107.5, "more than humidity can be, 100", False)
    assert hygrometer(offset=-3).judge(101.7) == (98.7, None, False)


def test_the_board_s_range_is_of_the_raw_value() -> None:
    """A calibration that brings it back does not make it believable; one that takes it out does no harm."""
    assert hygrometer(offset=-50).judge(106.0) == (56.0, "outside the board's range, 0 to 100", False)
    assert hygrometer(20, 80, offset=10).judge(79.0) == (89.0, None, False)


@pytest.mark.parametrize(
    ("low", "high", "raw", "believed"),
    [(0, 99.9, 100.4, True), (0, 90, 91, False), (0, 90, 101, False), (0, 3, 4, False), (10, 100, 3, False)],
)
def test_only_a_board_s_range_that_ends_at_the_limit_is_stretched(
    low: float, high: float, raw: float, believed: bool
) -> None:
    """A hygrometer that says it measures up to 90 % is not believed 91."""
    assert (hygrometer(low, high).judge(raw)[1] is None) == believed


def test_a_clamped_value_is_compared_with_the_plausible_range() -> None:
    """As it is published."""
    assert hygrometer(plausible=(20, 100)).judge(101.7) == (100.0, None, True)
    reason = "outside the plausible range, 20 to 95"
    assert hygrometer(plausible=(20, 95)).judge(101.7) == (100.0, reason, True)
    assert hygrometer(plausible=(0, 200), clamp=False).judge(150.0)[1] == "more than humidity can be, 100"


def test_without_a_span_there_is_nothing_to_clamp_to() -> None:
    """Below absolute zero is suspect, however little."""
    for clamp in (True, False):
        made = Judge(
            0, 1, None, SpikeGuard(None), limits=(-273.15, math.inf), clamp=clamp, kind="temperature"
        )
        made.use(Channel("temp", "temperature", "C", 0.01, -1000, 1000, 1.0), float)
        assert made.judge(-273.16) == (-273.16, "less than temperature can be, -273.15", False)
        assert made.judge(-273.15) == (-273.15, None, False)


def test_asking_does_not_disturb_the_stream() -> None:
    """A live read is judged with the stream's memory and leaves none of its own."""
    made = judge(spike=Amount(5.0))
    made.take(20.0, None)
    for _ in range(5):
        assert made.judge(50.0)[1] == "spike: 50 after 20, more than 5 away"
    assert made.judge(21.0)[1] is None


@given(st.integers(-4000, 8500), st.sampled_from([1.0, 1.0372, -1.0, 0.5]), st.integers(-100, 100))
def test_calibration_loses_nothing_that_matters(hundredths: int, scale: float, offset: int) -> None:
    """Rounding moves a value by less than a tenth of what the board resolves."""
    raw = hundredths / 100
    value, *_ = judge(scale=scale, offset=offset / 10, plausible=(-1e6, 1e6)).judge(raw)
    assert abs(value - (raw * scale + offset / 10)) <= 0.001 * max(1.0, abs(scale))


def test_a_channel_that_says_nothing_of_itself() -> None:
    """No limits, no resolution: any value is good, with six digits."""
    made = Judge(0.0, 1.0, None, SpikeGuard(None))
    assert made.use(Channel("x"), TemperatureSensor.units["F"]) == 0.0
    assert made.judge(70.8) == (21.555556, None, False)
    assert made.judge(-1e99)[1] is None


def test_a_resolution_without_limits_is_converted_too() -> None:
    """A tenth of a °F is two digits of a °C, and one more."""
    made = Judge(0.0, 1.0, None, SpikeGuard(None))
    assert made.use(Channel("x", resolution=0.1), TemperatureSensor.units["F"]) == pytest.approx(0.1 / 1.8)
    assert made.decimals == 3


def test_a_calibration_takes_the_place_of_the_conversion() -> None:
    """The range of the board is still that of what it says; digits are by the flattest piece, and what is a
    change by the steepest."""
    made = Judge(
        0.0,
        1.0,
        None,
        SpikeGuard(Amount(0.5, relative=True)),
        calibration=Calibration([(0, 0), (10, 1), (20, 50)]),
    )
    assert made.use(Channel("x", "", "", 1.0, 0.0, 20.0), lambda raw: raw * 1000) == pytest.approx(4.9)
    assert made.decimals == 2
    assert made.judge(10.0)[0] == 1.0
    assert made.judge(21.0)[1] == "outside the board's range, 0 to 20"
