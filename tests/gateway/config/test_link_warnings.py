"""What a protocol says of a link that is not wrong."""

from collections.abc import Callable
from pathlib import Path

from gateway.config.catalog import Drivers
from gateway.config.loading import Config, load

LINK = (
    "links:\n  bus:\n    port: {port}\n    baud: {baud}\nsensors: {{t: {{driver: temperature, link: bus}}}}\n"
)


def test_a_warning_names_the_option(load_text: Callable[..., Config]) -> None:
    """And its line."""
    (warning,) = load_text(LINK.format(port="/dev/ttyUSB0", baud=50)).warnings
    assert str(warning).endswith("config.yaml:4: links.bus.baud: no board is that slow")
    assert load_text(LINK.format(port="/dev/ttyUSB0", baud=9600)).warnings == ()


def test_of_a_modbus_profile(tmp_path: Path) -> None:
    """The real drivers'; one without warnings of its own has none."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "links:\n"
        "  bus: {protocol: modbus, port: /dev/ttyUSB0, devices: {hall: {id: 1, profile: cwt}}}\n"
        "  board: {port: /dev/ttyACM0}\n"
        "sensors: {t: {driver: temperature, link: bus, channel: hall/temperature}}\n"
    )
    (warning,) = load(path, Drivers(), {}).warnings
    assert str(warning).endswith(
        "config.yaml:2: links.bus.devices: hall: cwt comes set to 4800 8N1, and this bus is 9600 8N1: set one"
        " of them to the other's, or it will not answer"
    )
