"""How a line may be set."""

from typing import Any

import pytest

from drivers.errors import OptionError
from drivers.stream.port_settings import PortSettings


def test_the_usual() -> None:
    """8N1 at 115200, the lines left to the system."""
    usual = PortSettings()
    assert (usual.baud, usual.parity, usual.stop_bits) == (115200, "none", 1)
    assert usual.dtr is usual.rts is None


@pytest.mark.parametrize(("option", "value"), [("parity", "mark"), ("parity", "E"), ("stop_bits", 3)])
def test_what_a_line_cannot_be(option: str, value: Any) -> None:
    """The error says what it can."""
    with pytest.raises(OptionError, match=f"{option}: expected .*, got {value!r}"):
        PortSettings(**{option: value})
