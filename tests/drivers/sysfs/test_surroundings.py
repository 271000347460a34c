"""How long a read may take."""

from typing import cast

import pytest

from drivers.source import Keeper
from drivers.sysfs.files import Files
from drivers.sysfs.left import LeftReads
from drivers.sysfs.surroundings import Surroundings


@pytest.mark.parametrize(
    ("every_s", "given", "converts", "expected"),
    [
        (10.0, None, False, 2.0),
        (10.0, None, True, 5.0),
        (2.0, None, True, 4.0),
        (0.1, None, True, 1.5),
        (0.1, None, False, 1.5),
        (0.1, 7.0, True, 7.0),
    ],
)
def test_longest_read(every_s: float, given: float | None, converts: bool, expected: float) -> None:
    """Less than three intervals and a second, after which the sensors behind it are stale."""
    around = Surroundings(cast("Keeper", None), Files(), every_s, LeftReads(), given, lambda: None)
    assert around.longest_read_s(converts=converts) == expected
