"""The keys of a link on a port."""

import pytest

from drivers.errors import OptionError
from drivers.stream.port_options import port_options


def test_every_key_explains_itself() -> None:
    """With what an error message and the reference need."""
    for option in port_options(9600).values():
        assert option.expected
        assert option.doc
        assert option.write
    assert port_options(9600)["port"].required
    assert port_options(9600)["baud"].default == 9600


@pytest.mark.parametrize("raw", [50, 9600, 115200, 4_000_000])
def test_baud(raw: int) -> None:
    """Whole numbers in bounds."""
    assert port_options(9600)["baud"].parse(raw) == raw


@pytest.mark.parametrize("raw", [49, 4_000_001, 9600.5, "9600", True, None, [9600]])
def test_what_is_no_baud(raw: object) -> None:
    """All else is refused."""
    with pytest.raises(ValueError, match="expected a whole number from 50 to 4000000, got"):
        port_options(9600)["baud"].parse(raw)


@pytest.mark.parametrize("raw", ["/dev/ttyACM0", "usb:2341:0043", "socket://h:1", "sim:", "/dev/a b"])
def test_ports(raw: str) -> None:
    """As they were written."""
    assert port_options(9600)["port"].parse(raw) == raw


@pytest.mark.parametrize("raw", [5, 1.5, True, None, "", " ", "/dev/\x01", ["/dev/x"]])
def test_what_is_no_port(raw: object) -> None:
    """What is no text at all; a number is said to be one."""
    with pytest.raises(ValueError, match=r"expected a port, got .*") as caught:
        port_options(9600)["port"].parse(raw)
    assert not isinstance(caught.value, OptionError)
    assert str(caught.value).endswith(" (a number)") == (type(raw) in (int, float))


def test_a_text_that_names_no_port() -> None:
    """The error lists what does."""
    with pytest.raises(OptionError, match=r"expected a device such as .*, got 'COM3'"):
        port_options(9600)["port"].parse("COM3")
