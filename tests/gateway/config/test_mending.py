"""What to write instead: the person's own value, mended until its key takes it."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.config.mending import mended, quoted_if_needed, read

LINK = "links: {b: {port: /dev/x, %s}}\nsensors: {t: {driver: temperature, link: b}}\n"
SENSOR = "links: {b: {port: /dev/x}}\nsensors: {t: {driver: temperature, link: b, %s}}\n"
OTHERS = "links: {b: {port: /dev/x}}\nsensors: {t: {driver: temperature, link: b}}\n%s\n"


def told(tmp_path: Path, text: str) -> str:
    """All that is wrong, by the real drivers."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return "\n".join(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("template", "written", "mended_to"),
    [
        (LINK, 'baud: "9600"', "baud: 9600"),
        (LINK, "baud: 9600 baud", "baud: 9600"),
        (LINK, "baud: '57,600'", "baud: 57600"),
        (LINK, "baud: 9600.0", "baud: 9600"),
        (LINK, "parity: Even", "parity: even"),
        (LINK, 'stop_bits: "2"', "stop_bits: 2"),
        (LINK, 'dtr: "off"', "dtr: off"),
        (SENSOR, 'offset: "1"', "offset: 1"),
        (SENSOR, "offset: '1,5'", "offset: 1.5"),
        (SENSOR, "offset: −1", "offset: -1"),
        (SENSOR, "offset: 1.5 °C", "offset: 1.5"),
        (SENSOR, 'delta: "0.1"', "delta: 0.1"),
        (SENSOR, "delta: '2,5 %'", "delta: 2.5 %"),
        (SENSOR, "stale_after: 5m", "stale_after: 5min"),
        (SENSOR, "stale_after: 1h30", "stale_after: 90min"),
        (SENSOR, "stale_after: 1h 30m", "stale_after: 90min"),
        (SENSOR, "stale_after: 2 hours", "stale_after: 2h"),
        (SENSOR, "stale_after: 1m30", "stale_after: 90s"),
        (SENSOR, "stale_after: 1,5s", None),
        (SENSOR, "stale_after: '1,5s'", "stale_after: 1.5s"),
        (OTHERS, "history: {keep: 1y}", "keep: 365d"),
        (OTHERS, "history: {keep: 2 weeks}", "keep: 14d"),
        (OTHERS, "history: {size: 2G}", "size: 2GB"),
        (OTHERS, "history: {size: 500 mb}", "size: 500MB"),
        (OTHERS, "router: {listen: 7301}", "listen: 127.0.0.1:7301"),
        (OTHERS, "router: {listen: '*:7301'}", "listen: 0.0.0.0:7301"),
        (OTHERS, "router: {listen: '::1:7301'}", 'listen: "[::1]:7301"'),
        (OTHERS, "http: {listen: 'http://localhost:8301/'}", "listen: localhost:8301"),
        (OTHERS, "gateway: {name: Gewächshaus 2}", "name: Gewachshaus-2"),
        (OTHERS, 'mqtt: {url: mqtt://h, home_assistant: "yes"}', "home_assistant: yes"),
        (OTHERS, "mqtt: {url: mqtt://h, home_assistant: 1}", "home_assistant: true"),
        (OTHERS, 'mqtt: {url: mqtt://h, outbox_rows: "1000"}', "outbox_rows: 1000"),
    ],
)
def test_own_values(tmp_path: Path, template: str, written: str, mended_to: str | None) -> None:
    """In every section, by the key's own check; what is written so is then taken."""
    text = told(tmp_path, template % written)
    if mended_to is None:
        return
    assert text.endswith(f"; write: {mended_to}")
    key, _, value = mended_to.partition(": ")
    begin = written.rpartition(f"{key}:")[0]
    path = tmp_path / "config.yaml"
    more = ", token: abcdefgh" if value == "0.0.0.0:7301" else ""
    end = "}" if written.endswith("}") else ""
    path.write_text(template % f"{begin}{key}: {value}{more}{end}")
    load(path, environ={})


@pytest.mark.parametrize(
    "written", ["baud: fast", "baud: 9600 or so it said 3", "baud: '1'", "dtr: maybe", "baud: [9600]"]
)
def test_what_cannot_be_mended(tmp_path: Path, written: str) -> None:
    """Is told with an example, as before."""
    key = written.partition(":")[0]
    assert "; write: baud: 115200" in told(tmp_path, LINK % written) or key == "dtr"


def test_quotes() -> None:
    """Only where YAML would read something else."""
    for plain in ("sim", "/dev/ttyACM0", "127.0.0.1:80", "a b", "Küche"):
        assert quoted_if_needed(plain) == plain
    for other in ("1", "on", "[::1]:80", "a #b", "a: b", "", "@a", "sim:", "- a", "null", "1e3"):
        assert quoted_if_needed(other)[0] == '"'


def test_reading() -> None:
    """As YAML does without quotes; what is long is no number."""
    assert [read(text) for text in ("9600", "1.5", "on", "a", "0123", "~")] == [
        9600,
        1.5,
        True,
        "a",
        "0123",
        None,
    ]
    assert mended("x" * 1000, lambda value: isinstance(value, str) and value != "x") is None


def test_what_is_right_is_not_mended() -> None:
    """Nor is what no way leads from."""
    assert mended(True, lambda _: True) is None
    assert mended(5, lambda value: value == 5) is None
    assert mended("a", lambda _: False) is None
