"""Drivers and protocols of others, which may fail in any way: that is wrong with their entries alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, load, load_usable
from tests.support.plugin import installed

SOURCE = """
from drivers import TemperatureSensor
from drivers.options import Option


class Kind:
    options = {}
    sets_intervals = tells_identity = True
    check = staticmethod(lambda parsed: None)
    warnings = staticmethod(lambda parsed: ())
    channels = staticmethod(lambda parsed: None)
    source = staticmethod(lambda parsed: 1 / 0)


def fail(*_):
    raise KeyError("oops")


def late(*_):
    yield fail()


check, channels, warnings, reader, table = (type(name, (Kind,), {})() for name in "abcde")
check.check, channels.channels, warnings.warnings = fail, fail, late
reader.options = {"depth": Option(fail, None, "a depth", "")}


class Table(TemperatureSensor):
    kind = "a_table"

    @classmethod
    def option_table(cls):
        return fail()


class Check(TemperatureSensor):
    kind = "a_check"

    @classmethod
    def check_options(cls, parsed):
        fail()
"""
KINDS = ("check", "channels", "warnings", "reader")


@pytest.fixture(autouse=True)
def foreign(tmp_path: Path) -> Iterator[None]:
    """Packages that fail when they are imported, end the program, or fail in what they are asked."""
    drivers = "a_table = ill_behaved:Table\na_check = ill_behaved:Check"
    protocols = "\n".join(f"{name} = ill_behaved:{name}" for name in KINDS)
    (tmp_path / "ending").mkdir()
    ends = "gone = ending_module:x", "lost = no_such_module_at_all:x"
    with (
        installed(
            tmp_path,
            "ill_behaved",
            SOURCE,
            {"sig_gateway.drivers": drivers, "sig_gateway.protocols": protocols},
        ),
        installed(
            tmp_path / "ending",
            "ending_module",
            "raise SystemExit(3)\n",
            {"sig_gateway.drivers": ends[1], "sig_gateway.protocols": "\n".join(ends)},
        ),
    ):
        yield


def both(folder: Path, text: str) -> tuple[list[str], Config]:
    """What `load` says is wrong, and what can be used."""
    path = folder / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [str(problem).partition("c.yaml:")[2] for problem in caught.value.problems], load_usable(path)


FAILS = "fails with KeyError: 'oops'; ask those who made it"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("protocol: check", f"2: links.bad: protocol 'check' {FAILS}"),
        ("protocol: channels", f"2: links.bad.protocol: protocol 'channels' {FAILS}"),
        ("protocol: reader, depth: 1", f"2: links.bad.depth: what reads 'depth' {FAILS}"),
        ("protocol: gone", "2: links.bad.protocol: protocol 'gone' fails with SystemExit: 3; ask those who"),
        (
            "protocol: lost",
            "2: links.bad.protocol: 'lost' of ending_module cannot be loaded: ModuleNotFoundError",
        ),
    ],
)
def test_a_protocol(tmp_path: Path, link: str, said: str) -> None:
    """Its link is left out, with its sensors, one that sets an interval too."""
    text = f"links:\n  bad: {{{link}}}\n  good: {{port: /dev/x}}\nsensors:\n"
    text += "  a: {driver: light, link: bad, interval: 5}\n  b: {driver: light, link: good}\n"
    problems, config = both(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith(said)
    assert ([*config.links], [*config.sensors]) == (["good"], ["b"])


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        ("a_table", f"4: sensors.bad.driver: driver 'a_table' {FAILS}"),
        ("a_check", f"4: sensors.bad: driver 'a_check' {FAILS}"),
        ("lost", "4: sensors.bad.driver: 'lost' of ending_module cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_driver(tmp_path: Path, driver: str, said: str) -> None:
    """Its sensor is left out."""
    text = f"links: {{good: {{port: /dev/x}}}}\n\nsensors:\n  bad: {{driver: {driver}, link: good}}\n"
    problems, config = both(tmp_path, text + "  b: {driver: light, link: good}\n")
    assert len(problems) == 1
    assert problems[0].startswith(said)
    assert ([*config.links], [*config.sensors]) == (["good"], ["b"])


def test_what_only_fails_to_warn_is_used(tmp_path: Path) -> None:
    """With a warning that says so."""
    path = tmp_path / "c.yaml"
    path.write_text("links: {a: {protocol: warnings}}\nsensors: {b: {driver: light, link: a}}\n")
    (warning,) = load(path).warnings
    assert str(warning).endswith(f"c.yaml:1: links.a.protocol: protocol 'warnings' {FAILS}")


def test_a_key_of_another_s_is_still_told(tmp_path: Path) -> None:
    """Those that fail are passed over when it is looked for."""
    problems, _ = both(tmp_path, "links: {a: {port: /dev/x, format: csv}}\n")
    assert "it is a key of protocol: text" in problems[0]
