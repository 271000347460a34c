"""From two configs to what becomes of each part. Pure."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.config import Config, load
from gateway.reload.plan import Fate, Plan, plan, unchangeable

BASE: dict[str, Any] = {
    "links": {"a": {"port": "/dev/a"}, "b": {"port": "/dev/b"}},
    "sensors": {
        "one": {"driver": "temperature", "link": "a", "channel": "x"},
        "two": {"driver": "humidity", "link": "b"},
    },
}


def config(folder: Path, *without: str, **sections: Any) -> Config:
    """BASE with other sections."""
    path = folder / "config.yaml"
    given = {key: value for key, value in {**BASE, **sections}.items() if key not in without}
    path.write_text(yaml.safe_dump(given, sort_keys=False))
    return load(path)


def planned(before: Config, after: Config, *, changeable: bool = True, **files: Any) -> Plan:
    return plan(before, after, (files.get("old", {}), files.get("new", {})), lambda _name: changeable)


def sensors(**changes: Any) -> dict[str, Any]:
    """Those of BASE, the first one changed."""
    return {**BASE["sensors"], "one": {**BASE["sensors"]["one"], **changes}}


def test_nothing_has_changed(tmp_path: Path) -> None:
    """All is kept, in the order of the config."""
    found = planned(config(tmp_path), config(tmp_path))
    assert list(found.fates) == [
        ("links", "a"),
        ("links", "b"),
        ("sensors", "one"),
        ("sensors", "two"),
        ("router",),
    ]
    assert set(found.fates.values()) == {Fate.KEPT}
    assert found.words == {}
    assert not found.sensors_differ
    assert found.goes_on("links", "a")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hot": 26}, "hot none → 26"),
        ({"delta": "5%", "invalid": [85]}, "delta none → 5%, invalid"),
    ],
)
def test_an_option(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """In place, with what is another; restarted if that driver takes none so."""
    before, after = config(tmp_path), config(tmp_path, sensors=sensors(**changes))
    found = planned(before, after)
    assert (found.fates["sensors", "one"], found.words["sensors", "one"]) == (Fate.CHANGED, words)
    assert (found.changed_sensors, found.sensors_differ) == (["one"], True)
    assert found.goes_on("sensors", "one")
    assert found.fates["sensors", "two"] is Fate.KEPT
    restarted = planned(before, after, changeable=False)
    assert restarted.fates["sensors", "one"] is Fate.RESTARTED
    assert not restarted.goes_on("sensors", "one")


@pytest.mark.parametrize("changes", [{"driver": "humidity"}, {"channel": "y"}, {"link": "b"}])
def test_another_sensor_of_that_name(tmp_path: Path, changes: dict[str, Any]) -> None:
    """It is restarted."""
    found = planned(config(tmp_path), config(tmp_path, sensors=sensors(**changes)))
    assert found.fates["sensors", "one"] is Fate.RESTARTED


def test_a_channel_that_is_written_now(tmp_path: Path) -> None:
    """It is the same one."""
    written = {**BASE["sensors"], "two": {**BASE["sensors"]["two"], "channel": "two"}}
    found = planned(config(tmp_path), config(tmp_path, sensors=written))
    assert found.fates["sensors", "two"] is Fate.CHANGED


def test_a_link(tmp_path: Path) -> None:
    """With its sensors, and no others."""
    links = {**BASE["links"], "a": {"port": "/dev/other"}}
    found = planned(config(tmp_path), config(tmp_path, links=links))
    assert found.words == {
        ("links", "a"): "port /dev/a → /dev/other",
        ("sensors", "one"): "its link a is restarted",
    }
    assert {part for part, fate in found.fates.items() if fate is Fate.RESTARTED} == found.words.keys()


def test_more_and_less(tmp_path: Path) -> None:
    """Added and removed; a sensor that moves to a new link is restarted."""
    links = {"a": BASE["links"]["a"], "c": {"port": "/dev/c"}}
    moved = {"two": {**BASE["sensors"]["two"], "link": "c"}, "three": {"driver": "light", "link": "c"}}
    found = planned(config(tmp_path), config(tmp_path, links=links, sensors=moved, history={}))
    assert found.fates == {
        ("links", "a"): Fate.KEPT,
        ("links", "c"): Fate.ADDED,
        ("links", "b"): Fate.REMOVED,
        ("sensors", "two"): Fate.RESTARTED,
        ("sensors", "three"): Fate.ADDED,
        ("sensors", "one"): Fate.REMOVED,
        ("router",): Fate.KEPT,
        ("history",): Fate.ADDED,
    }
    assert found.words["sensors", "two"] == "link b → c"


def test_the_log(tmp_path: Path) -> None:
    """Changed in place, and no sensor with it; told of only where it is another."""
    found = planned(config(tmp_path), config(tmp_path, log={"level": "debug"}))
    assert (found.fates["log",], found.words["log",]) == (Fate.CHANGED, "level info → debug")
    assert (found.log_differs, found.changed_sensors, found.sensors_differ) == (True, [], False)
    assert not planned(config(tmp_path), config(tmp_path)).log_differs


def test_sections(tmp_path: Path) -> None:
    """Restarted with what is another, a secret without its value; removed."""
    before = config(tmp_path, mqtt={"url": "mqtt://me:secret@x"}, history={"keep": "10d"}, http={})
    after = config(tmp_path, mqtt={"url": "mqtt://me:other@x"}, history={"keep": "20d"})
    found = planned(before, after)
    assert [found.fates[name,] for name in ("mqtt", "history", "http")] == [
        Fate.RESTARTED,
        Fate.RESTARTED,
        Fate.REMOVED,
    ]
    assert found.words == {("mqtt",): "url", ("history",): "keep 10d → 20d"}
    assert not found.sensors_differ


def test_a_value_is_said_as_it_is_written(tmp_path: Path) -> None:
    """Time spans and sizes with their units."""
    before = config(tmp_path, history={"window": "90s", "size": "1GB"})
    after = config(tmp_path, history={"window": "2min", "size": 10_000_001})
    (words,) = planned(before, after).words.values()
    assert words == "window 90s → 2min, size 1GB → 10000001"


def test_a_value_that_becomes_secret(tmp_path: Path) -> None:
    """It is another, though it is the same, and is not shown."""
    (tmp_path / "port").write_text("/dev/a")
    before = config(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("port: /dev/a", "port: !file port"))
    found = planned(before, load(path))
    assert (found.fates["links", "a"], found.words["links", "a"]) == (Fate.RESTARTED, "port")


def test_a_renewed_certificate(tmp_path: Path) -> None:
    """The part that uses it is restarted."""
    found = planned(config(tmp_path), config(tmp_path), old={"router": b"a"}, new={"router": b"b"})
    assert found.fates["router",] is Fate.RESTARTED
    assert found.words["router",] == "what is in its certificates"


def test_what_needs_a_restart(tmp_path: Path) -> None:
    """Each is named with its line; a folder that is only written in another way is the same."""
    before = config(tmp_path, gateway={"name": "a", "data": "./data"})
    assert unchangeable(before, before) == []
    assert unchangeable(before, config(tmp_path, gateway={"name": "a", "data": "data"})) == []
    problems = unchangeable(before, config(tmp_path, gateway={"name": "b", "data": "x"}))
    assert [str(problem).partition("config.yaml:")[2] for problem in problems] == [
        f"{line}: gateway.{key}: cannot be changed while the gateway runs: restart it, or take the change "
        f"back (it is {old}, and is to be {new})"
        for key, line, old, new in (("data", 16, "'./data'", "'x'"), ("name", 15, "'a'", "'b'"))
    ]
    assert unchangeable(before, config(tmp_path))[-1].line in (0, 1)
