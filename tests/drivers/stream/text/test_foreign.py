"""Lines of our other protocols."""

import pytest

from drivers.stream.text.foreign import foreign_protocol
from firmware_sim.line import encode


@pytest.mark.parametrize(
    ("lines", "protocol"),
    [
        ([encode("R temp 1 5 20.5")], "sensorline"),
        ([encode("R temp 1 5 20.5"), encode("D x"), b"noise"], "sensorline"),
        ([b"12;6;1;0;0;36.5\n"], "mysensors"),
        ([b"0;255;3;0;14;Gateway startup complete.\r\n"], "mysensors"),
        ([b"12;6;1;0;0;36.5\n", b"21.5;40"], None),
        ([b"$OSMSG,LR,512*6D"], None),
        ([b"21;40;3;0;5"], None),
        ([b"21.5;40;1;0;5;6"], None),
        ([], None),
    ],
)
def test_more_than_half_of_the_lines_tell(lines: list[bytes], protocol: str | None) -> None:
    """By their form."""
    assert foreign_protocol(lines) == protocol
