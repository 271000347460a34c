"""The words of error messages."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.config.problems import Problem, choices, nearest, path_text, shown, unknown_key


def test_problem_as_one_line() -> None:
    """File, line, column and path appear as far as they are known."""
    assert str(Problem("c.yaml", 0, "is empty")) == "c.yaml: is empty"
    assert str(Problem("c.yaml", 3, "bad", column=7)) == "c.yaml:3:7: bad"
    assert str(Problem("c.yaml", 3, "bad", ("a", 1, "b c"))) == "c.yaml:3: a[1].'b c': bad"


def test_problems_come_in_the_order_of_the_file() -> None:
    """Whatever the order in which they were found."""
    error = ConfigError([Problem("c", 9, "y"), Problem("c", 2, "x")])
    assert str(error) == "c:2: x\nc:9: y"


def test_shown_values_are_short() -> None:
    """Scalars as in YAML, containers by kind, long text cut."""
    values: list[object] = [None, True, 5, "x", {"a": 1}, [1], {}, []]
    words = ["nothing", "true", "5", "'x'", "a mapping (key: value)", "a list"]
    words += ["an empty mapping", "an empty list"]
    assert [shown(value) for value in values] == words
    assert len(shown("x" * 1000)) == 60


def test_names() -> None:
    """A near name is suggested, whatever its case; without one, all are listed."""
    assert nearest("DELTA", ["delta"]) == "delta"
    assert nearest("zzz", ["delta"]) is None
    assert choices("link", "bord", ["board"]) == "no link 'bord'; did you mean 'board'? links are: board"
    assert choices("link", "x", ["board"]) == "no link 'x'; links are: board"
    assert choices("link", "x", []) == "no link 'x'; there are no links"
    assert choices("link", "x", [f"n{i:02}" for i in range(30)]).endswith("n23, … (30 in all)")
    assert unknown_key("x", ["a", "b"]) == "unknown key 'x'; keys here are: a, b"
    assert path_text(()) == ""


def test_what_could_steer_a_terminal_is_written_out(tmp_path: Path) -> None:
    """Such as a device's name in the words of a protocol."""
    path = tmp_path / "config.yaml"
    path.write_text('links: {bus: {protocol: modbus, port: /dev/x, devices: {"\\e[1m": {}}}}\n')
    with pytest.raises(ConfigError, match=r"got '\\x1b\[1m'") as caught:
        load(path)
    assert str(caught.value).isprintable()


def test_a_wrong_option_is_told_once(tmp_path: Path) -> None:
    """That it counts as missing, then, is no error more."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "links:\n  bus: {protocol: modbus, port: /dev/x, devices: 3}\n"
        "  two: {protocol: text, port: /dev/y, format: jsn}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert [problem.path for problem in caught.value.problems] == [
        ("links", "bus", "devices"),
        ("links", "two", "format"),
    ]
