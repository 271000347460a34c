"""How often a disk is written to."""

from drivers.pace import Pace


def test_one_change_is_written_soon() -> None:
    """And the next, after calm, as soon."""
    pace = Pace(5.0, 600.0)
    assert pace.due(100.0) == 105.0
    assert pace.due(705.0) == 710.0


def test_what_never_rests_is_written_ever_more_rarely() -> None:
    """A day of changes is some hundred writings, not 17,280."""
    pace = Pace(5.0, 600.0)
    times = [pace.due(0.0)]
    while times[-1] < 86_400.0:
        times.append(pace.due(times[-1]))
    assert times[:4] == [5.0, 15.0, 35.0, 75.0]
    assert len(times) == 150
    assert times[-1] - times[-2] == 600.0
