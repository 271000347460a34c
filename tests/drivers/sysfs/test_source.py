"""The kind of source: its keys, and what opening it says."""

import pytest

from drivers import sysfs
from drivers.errors import OptionError, PortNotFoundError
from drivers.kinds import new_source, protocol
from drivers.link import Link, LinkState
from drivers.sysfs.source import SysfsSource
from tests.support.made_up_sysfs import I2C, MadeUpTree
from tests.support.waiting import until


def test_the_kind() -> None:
    """It has no port; its devices cannot be pinned for all of a link, nor told how often to report."""
    kind = protocol("sysfs")
    assert kind is sysfs.PROTOCOL
    assert sorted(kind.options) == ["every", "root"]
    assert (kind.sets_intervals, kind.tells_identity) == (False, False)
    source = new_source("sysfs", {})
    assert source.where == "/sys"
    assert source.device_of("iio/bme280@0x76/temp") == "iio/bme280@0x76"


@pytest.mark.parametrize(
    ("option", "raw", "problem"),
    [
        ("every", "0s", "expected a time span from 100ms, got '0s'"),
        ("every", 0.05, "expected a time span from 100ms, got 0.05"),
        ("every", "soon", "expected a time span such as"),
        ("root", 5, "expected a folder's path such as /sys, got 5"),
        ("root", " ", "expected a folder's path"),
        ("root", "/sys\0", "expected a folder's path"),
        ("port", "/dev/ttyUSB0", "unknown option"),
    ],
)
def test_wrong_keys(option: str, raw: object, problem: str) -> None:
    """Each says what was expected."""
    with pytest.raises(OptionError, match=problem) as caught:
        new_source("sysfs", {option: raw})
    assert caught.value.option == option


@pytest.mark.parametrize(("raw", "where"), [("/tmp/sys/", "/tmp/sys"), ("/", "/"), ("sys", "sys")])
def test_roots(raw: str, where: str) -> None:
    """Without a slash at the end."""
    assert new_source("sysfs", {"root": raw, "every": "100ms"}).where == where


def test_nothing_is_there(tree: MadeUpTree) -> None:
    """Opening says what to do, also of a root that does not exist; ghosts are named."""
    for root, part in (
        (
            str(tree.root),
            f"no sensor of iio, hwmon or 1-wire is below {tree.root}; wire one, add its dtoverlay",
        ),
        ("/nonexistent", "below /nonexistent;"),
    ):
        source = SysfsSource(root)
        with pytest.raises(PortNotFoundError, match=part):
            source.open(Link("pi", source=source))
        assert source.presence() is None
    tree.w1("00-400000000000")
    source = SysfsSource(str(tree.root))
    with pytest.raises(
        PortNotFoundError, match=r"\(00-400000000000 on the 1-wire bus is noise: check the pull-up"
    ):
        source.open(Link("pi", source=source))


def test_a_link_waits_for_the_first_sensor(tree: MadeUpTree) -> None:
    """It is absent, and comes up when there is one."""
    with Link("pi", protocol="sysfs", root=str(tree.root)) as link:
        until(lambda: link.status().state is LinkState.ABSENT)
        assert "docs/sysfs.md" in (link.status().reason or "")
        tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n")
        until(lambda: link.status().state is LinkState.UP)
        assert link.status().device == str(tree.root)


def test_presence_is_another_for_another(tree: MadeUpTree) -> None:
    """Also where all but the mark is the same; it does not change by itself."""
    folder = tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n")
    source = SysfsSource(str(tree.root))
    first = source.presence()
    assert first is not None
    assert source.presence() == first
    tree.remove(folder)
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n")
    assert source.presence() not in (None, first)
