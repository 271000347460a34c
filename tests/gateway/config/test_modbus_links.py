"""Links of the protocol modbus in a config: one error each, with a remedy that is one."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load

LINK = "links:\n  bus:\n    protocol: modbus\n    port: /dev/ttyUSB0\n    "


def problems(tmp_path: Path, text: str) -> list[str]:
    """Each from its place on."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    try:
        load(path)
    except ConfigError as error:
        return [str(problem).partition(": ")[2] for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("keys", "begins", "writes"),
    [
        (
            "devices: {a: {id: 1, registers: {t: {address: 0, type: u61}}}}",
            "devices: a.registers.t.type: ",
            0,
        ),
        ("devices: {a: {profile: cwt}}", "devices: a.id: is missing", 1),
        ("devices: {a: {id: 1}}", "devices: a: expected a profile, or registers", 1),
        ("devices: {a: {id: 1, profile: xymd}}", "devices: a.profile: expected one of", 0),
        (
            "devices: {a: {id: 1, profile: cwt}, b: {id: 1, profile: cwt}}",
            "devices: b.id: 1 is the id of a",
            0,
        ),
        ("devices: 5", "devices: expected a mapping", 1),
        ("devices:", "devices: expected a mapping of devices, got nothing", 0),
        ("registers: {t: {type: s16}}", "registers: t.address: is missing", 1),
        ("registers: {t: {address: x}}", "registers: t.address: expected a whole number", 0),
        ("registers:", "registers: expected a mapping of registers, got nothing", 0),
        ("every: 10s", ": expected devices or registers, got neither", 1),
    ],
)
def test_one_error_each(tmp_path: Path, keys: str, begins: str, writes: int) -> None:
    """At its place, with at most one line to write."""
    (problem,) = problems(tmp_path, LINK + keys + "\n")
    assert problem.removeprefix("links.bus").lstrip(".").startswith(begins)
    assert problem.count("write:") == writes


def test_a_pattern_that_is_wrong_is_not_missing_too(tmp_path: Path) -> None:
    """The same of text, where a pattern is as good as a format."""
    text = "links:\n  a: {protocol: text, port: /dev/ttyUSB0, pattern: 'T=('}\n"
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("links.a.pattern: expected a regular expression")


@pytest.mark.parametrize("channel", ["temperature", "hall/temperature", "roof/temp"])
def test_a_channel_that_the_link_has_not(tmp_path: Path, channel: str) -> None:
    """Those that it has are listed."""
    text = (
        LINK + "devices: {roof: {id: 1, profile: xy-md02}}\nsensors:\n  t: {driver: temperature, link: bus, "
    )
    (problem,) = problems(tmp_path, f"{text}channel: {channel}}}\n")
    assert problem.startswith(f"sensors.t.channel: no channel {channel!r} on link bus; ")
    assert problem.endswith("channels are: roof/humidity, roof/temperature")
    assert not problems(tmp_path, f"{text}channel: roof/temperature}}\n")


@pytest.mark.parametrize(
    ("keys", "good"),
    [("pattern: 'T=(?P<temp>\\d+)'", ["temp"]), ("format: csv, header: [a, b]", ["a", "b", "1", "2"])],
)
def test_channels_of_text(tmp_path: Path, keys: str, good: list[str]) -> None:
    """Where the config says them."""
    text = (
        f"links:\n  a: {{protocol: text, port: /dev/ttyUSB0, {keys}}}\nsensors:\n  t: {{driver: temperature, "
    )
    for channel in good:
        assert not problems(tmp_path, f'{text}link: a, channel: "{channel}"}}\n')
    (problem,) = problems(tmp_path, f"{text}link: a, channel: x}}\n")
    assert "no channel 'x' on link a" in problem
