"""`!env` and `!file` where a number, true or false is wanted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, load

LoadText = Callable[..., Config]
END = "sensors: {t: {driver: temperature, link: b, hot: !env HOT}}\n"


def test_numbers_and_booleans(load_text: LoadText, tmp_path: Path) -> None:
    """Of models and of options; a text stays one, digits and all."""
    (tmp_path / "rows").write_text("1000\n")
    text = "links: {b: {port: /dev/x, baud: !env BAUD, identity: !env ID}}\n" + END
    text += "mqtt: {url: mqtt://h, user: u, password: !env PW, home_assistant: !env HA, "
    text += "outbox_rows: !file rows}\n"
    config = load_text(text, BAUD="9600", HOT="25.5", ID="0042", PW="12345", HA="yes")
    assert config.links["b"].options["baud"] == 9600
    assert config.links["b"].identity == "0042"
    assert config.sensors["t"].options["hot"] == 25.5
    assert config.mqtt is not None
    assert (config.mqtt.home_assistant, config.mqtt.outbox_rows) == (True, 1000)
    assert config.mqtt.password is not None
    assert config.mqtt.password.get_secret_value() == "12345"


@pytest.mark.parametrize(("baud", "hot"), [("fast and hush", "1"), ("9600", "hush")])
def test_what_is_no_number_is_not_shown(load_text: LoadText, baud: str, hot: str) -> None:
    """It may be a secret."""
    text = "links: {b: {port: /dev/x, baud: !env BAUD}}\n" + END
    with pytest.raises(ConfigError, match="got a value that is not shown") as caught:
        load_text(text, BAUD=baud, HOT=hot)
    assert "hush" not in str(caught.value)


def test_inside_of_an_option(tmp_path: Path) -> None:
    """A register's address, say; where it is wrong, nothing of the option is shown."""
    path = tmp_path / "config.yaml"
    register = "{function: 3, address: !env AT, type: u16, unit: C}"
    devices = f"{{d: {{id: !env ID, registers: {{t: {register}}}}}}}"
    path.write_text(f"links: {{b: {{protocol: modbus, port: /dev/x, devices: {devices}}}}}\n")
    load(path, environ={"AT": "7", "ID": "3"})
    with pytest.raises(ConfigError) as caught:
        load(path, environ={"AT": "hush", "ID": "3"})
    assert "hush" not in str(caught.value)
