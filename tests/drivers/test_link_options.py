"""The options of links: what the config's `port` and `baud` take."""

import pytest

from drivers.errors import OptionError
from drivers.link_options import link_options
from drivers.protocols import protocol_names


def test_every_protocol_has_a_table() -> None:
    """With what an error message and the reference need."""
    for protocol in protocol_names():
        for option in link_options(protocol).values():
            assert option.expected
            assert option.doc
            assert option.write
    assert link_options("sensorline")["port"].required


@pytest.mark.parametrize("raw", [50, 9600, 115200, 4_000_000])
def test_baud(raw: int) -> None:
    """Whole numbers in bounds."""
    assert link_options("sensorline")["baud"].parse(raw) == raw


@pytest.mark.parametrize("raw", [49, 4_000_001, 9600.5, "9600", True, None, [9600]])
def test_what_is_no_baud(raw: object) -> None:
    """All else is refused."""
    with pytest.raises(ValueError, match="expected a whole number from 50 to 4000000, got"):
        link_options("sensorline")["baud"].parse(raw)


@pytest.mark.parametrize("raw", ["/dev/ttyACM0", "usb:2341:0043", "socket://h:1", "sim:", "/dev/a b"])
def test_ports(raw: str) -> None:
    """As they were written."""
    assert link_options("sensorline")["port"].parse(raw) == raw


@pytest.mark.parametrize("raw", [5, 1.5, True, None, "", " ", "/dev/\x01", ["/dev/x"]])
def test_what_is_no_port(raw: object) -> None:
    """What is no text at all; a number is said to be one."""
    with pytest.raises(ValueError, match=r"expected a port, got .*") as caught:
        link_options("sensorline")["port"].parse(raw)
    assert not isinstance(caught.value, OptionError)
    assert str(caught.value).endswith(" (a number)") == (type(raw) in (int, float))


def test_a_text_that_names_no_port() -> None:
    """The error lists what does."""
    with pytest.raises(OptionError, match=r"expected a device such as .*, got 'COM3'"):
        link_options("sensorline")["port"].parse("COM3")
