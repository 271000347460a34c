"""What is held of what was seen: no look, no machine."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from gateway.clock.belief import Verdict
from gateway.config.problems import Problem
from gateway.doctor import disk, memory, power, wear
from gateway.doctor.broker import judge, judge_discovery
from gateway.doctor.config_file import MOST, config_file
from gateway.doctor.finding import Finding, Level, report, worst
from gateway.doctor.gateway_itself import gateway_itself
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import Person, caller, named
from gateway.doctor.service import service
from gateway.doctor.time_of_day import of_clock, zone
from gateway.doctor.unit import Unit, credentials, parse
from gateway.doctor.visit import Route, Seen
from gateway.mqtt.broker.abilities import Abilities
from gateway.version import package_version

RED, YELLOW, GREEN = Level.RED, Level.YELLOW, Level.GREEN


def _patient(**parts: Any) -> Patient:
    known: dict[str, Any] = {
        "path": Path("config.yaml"),
        "config": None,
        "person": caller(),
        "running": Running("tcp://h:1", problem="no gateway answers at tcp://h:1: refused", refused=True),
    }
    return Patient(**(known | parts))


def test_the_whole() -> None:
    """As its worst line; nothing is well."""
    lines = [Finding("a", GREEN, "well"), Finding("b", YELLOW, "so so", "do this")]
    assert worst([]) is GREEN
    assert worst(lines) is YELLOW
    assert report(lines) == {
        "status": "yellow",
        "checks": [
            {"check": "a", "level": "green", "message": "well", "remedy": None},
            {"check": "b", "level": "yellow", "message": "so so", "remedy": "do this"},
        ],
    }


@pytest.mark.parametrize(
    ("bits", "alarm", "level", "words"),
    [
        (None, None, GREEN, "does not tell"),
        (0, None, GREEN, "no undervoltage, and not too hot"),
        (None, False, GREEN, "no undervoltage"),
        (None, True, RED, "undervoltage, now"),
        (0x50001, False, RED, "undervoltage, now"),
        (0x10000, None, YELLOW, "undervoltage since the boot"),
        (0x2, None, YELLOW, "slowed down, now"),
        (0x4, None, YELLOW, "slowed down, now"),
        (0x8, None, YELLOW, "slowed down, now"),
        (0x80000, None, YELLOW, "was slowed down since the boot"),
    ],
)
def test_power(bits: int | None, alarm: bool | None, level: Level, words: str) -> None:
    """Undervoltage comes before heat, now before once."""
    found = power.judge(bits, alarm)
    assert (found.level, words in found.message) == (level, True), found


@pytest.mark.parametrize(
    ("life", "spare", "read_only", "level", "words"),
    [
        ([], None, False, GREEN, "does not tell how worn"),
        ([1, 2], 1, False, GREEN, "at most 20 % of its life"),
        ([1, 8], 1, False, GREEN, "at most 80 % of its life"),
        ([9, 1], 1, False, YELLOW, "80 to 90 % of its life"),
        ([], 2, False, YELLOW, "80 % of its spare blocks"),
        ([1, 1], 3, False, RED, "worn out"),
        ([1, 11], 1, False, RED, "worn out"),
        ([1, 1], 1, True, RED, "takes no more writes"),
    ],
)
def test_wear(life: list[int], spare: int | None, read_only: bool, level: Level, words: str) -> None:
    """In tenths, as JEDEC has them."""
    found = wear.judge("the eMMC mmcblk0", life, spare, read_only=read_only)
    assert (found.level, words in found.message) == (level, True), found


def test_errors_of_a_file_system(tmp_path: Path) -> None:
    """As ext4 counts them; boot partitions of a chip are no chips."""
    for name, text in (("mmcblk0p2", "2\n"), ("sda1", "0\n")):
        (tmp_path / "sys/fs/ext4" / name).mkdir(parents=True)
        (tmp_path / "sys/fs/ext4" / name / "errors_count").write_text(text)
    for name in ("mmcblk0", "mmcblk0boot0"):
        (tmp_path / "sys/block" / name / "device").mkdir(parents=True)
    found = list(wear.wear(_patient(machine=Machine(tmp_path))))
    assert [one.message for one in found] == [
        "the eMMC mmcblk0 does not tell how worn it is",
        "the file system on mmcblk0p2 has met 2 errors",
    ]
    assert found[1].level is YELLOW


@pytest.mark.parametrize(
    ("free", "inodes", "read_only", "wanted", "level", "words"),
    [
        (10**9, 5000, False, 0, GREEN, "1 GB of 8 GB free"),
        (10**9, None, False, 10**9, GREEN, "free"),
        (10**9, 5000, False, 10**9 + 1, YELLOW, "the databases may take 1 GB more"),
        (10**9, 999, False, 0, YELLOW, "only 999 more files"),
        (10**9, 0, False, 0, RED, "no inodes left"),
        (199 * 10**6, 5000, False, 0, YELLOW, "only 199 MB left"),
        (19 * 10**6, 0, False, 0, RED, "is full: 19 MB of 8 GB left"),
        (10**9, 5000, True, 0, RED, "is read-only"),
    ],
)
def test_disk(free: int, inodes: int | None, read_only: bool, wanted: int, level: Level, words: str) -> None:
    """The worst of it."""
    found = disk.judge(disk.Disk(Path("/x"), free, 8 * 10**9, inodes, read_only), wanted)
    assert (found.level, words in found.message) == (level, True), found


@pytest.mark.parametrize(
    ("available", "swap", "level"),
    [
        (None, 0, GREEN),
        (10**9, 0, GREEN),
        (59 * 10**6, 10**9, YELLOW),
        (24 * 10**6, 0, RED),
        (24 * 10**6, 10**9, YELLOW),
    ],
)
def test_memory(available: int | None, swap: int, level: Level) -> None:
    """Swap saves from the worst."""
    assert memory.judge(available, 10**9, swap).level is level
    assert memory.meminfo("MemTotal:  2 kB\nHugePages_Total:  0\nSwapFree: 1 kB\n") == {
        "MemTotal": 2048,
        "SwapFree": 1024,
    }


def test_clock() -> None:
    """Not believed, believed, synchronised."""
    assert of_clock(Verdict(False, False, "it is earlier"), 0.0).level is RED
    assert of_clock(Verdict(True, False, "nobody keeps it"), 0.0).level is YELLOW
    assert of_clock(Verdict(True, True, "it is"), 1_795_329_000.0) == Finding(
        "clock", GREEN, "2026-11-22T06:30:00Z, synchronised"
    )


def test_time_zone(tmp_path: Path) -> None:
    """From the link that Debian has, or TZ; one that is not there is told."""
    machine = Machine(tmp_path)
    zones = tmp_path / "usr/share/zoneinfo/Europe"
    zones.mkdir(parents=True)
    (zones / "Berlin").write_text("")
    (tmp_path / "etc").mkdir()
    assert zone(machine, None).message == "time zone UTC, as none is set"
    link = tmp_path / "etc/localtime"
    link.symlink_to(zones / "Berlin")
    assert zone(machine, None).message == "time zone Europe/Berlin"
    assert zone(machine, "Europe/Berlin").level is GREEN
    assert zone(machine, "CET-1CEST").level is GREEN
    assert zone(machine, "Europe/Berlino").level is YELLOW
    link.unlink()
    link.symlink_to(zones / "Paris")
    assert zone(machine, None).level is YELLOW


def test_config_errors_are_bounded() -> None:
    """Of a thousand a person reads twenty."""
    problems = tuple(Problem("config.yaml", line, "wrong") for line in range(1, 101))
    found = list(config_file(_patient(problems=problems)))
    assert len(found) == MOST + 1
    assert found[-1].message == f"{100 - MOST} more errors"


def _running(**more: Any) -> Running:
    info = {"name": "a", "version": package_version(), "links": {}}
    known: dict[str, Any] = {"health": {"parts": {}}, "info": info}
    return Running("tcp://h:1", **(known | more))


def test_what_the_gateway_says() -> None:
    """What fails is red, what is unknown yellow; another version is told."""
    parts = {
        "links.a": {"status": "failing", "message": "no"},
        "mqtt": {"status": "unknown", "message": "connecting"},
        "router": {"status": "ok", "message": "yes"},
    }
    found = list(gateway_itself(_patient(running=_running(health={"parts": parts}))))
    assert [(one.level, one.message) for one in found] == [(RED, "links.a: no"), (YELLOW, "mqtt: connecting")]
    (well,) = gateway_itself(_patient(running=_running()))
    assert well.level is GREEN
    old = {"name": "a", "version": "0.0.1", "links": {}}
    first, _ = gateway_itself(_patient(running=_running(info=old)))
    assert (first.level, first.message) == (
        YELLOW,
        f"version 0.0.1 runs, and {package_version()} is installed",
    )
    many = {f"p{n}": {"status": "failing", "message": "no"} for n in range(100)}
    assert len(list(gateway_itself(_patient(running=_running(health={"parts": many}))))) == 41
    strange: list[Any] = [None, [], {"x": 5}]
    for nonsense in strange:
        assert list(gateway_itself(_patient(running=_running(health={"parts": nonsense}))))


def test_nobody_answers() -> None:
    """Nobody is there; somebody is there and is no gateway, or wants a token."""
    (found,) = gateway_itself(_patient())
    assert (found.level, found.remedy) == (YELLOW, "start it: sig-gateway run -c config.yaml")
    (found,) = gateway_itself(_patient(running=Running("tcp://h:1", problem="unauthorized: token")))
    assert (found.level, found.message) == (RED, "unauthorized: token")
    assert "--token-file" in found.remedy


SHOWN = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nResult=success\nNRestarts=1\nUser=sig\n"


def test_unit() -> None:
    """What systemctl prints; a user's, one that is not there."""
    unit = parse(f"{SHOWN}Group=sig\nSupplementaryGroups=dialout i2c\nMainPID=812\n", own=False)
    assert unit == Unit(True, "active", "success", 1, "sig", ("sig", "dialout", "i2c"), False, 812)
    assert unit is not None
    assert (unit.systemctl, unit.journalctl) == ("sudo systemctl", "journalctl -u sig-gateway")
    own = parse(SHOWN, own=True)
    assert own is not None
    assert (own.systemctl, own.journalctl) == ("systemctl --user", "journalctl --user -u sig-gateway")
    made_up = parse(f"{SHOWN}DynamicUser=yes\nStateDirectory=sig-gateway more\n", own=False)
    assert made_up is not None
    assert made_up.dynamic
    assert made_up.keeps(Path("/var/lib/sig-gateway/data"))
    assert not made_up.keeps(Path("/var/lib/other"))
    assert made_up.lets_write(Path("/anywhere"))
    strict = "ProtectSystem=strict\nStateDirectory=sig\nReadWritePaths=/srv/a -/srv/b\n"
    bound = parse(SHOWN + strict, own=False)
    assert bound is not None
    there = ["/srv/a/x", "/srv/b/x", "/var/lib/sig/x", "/srv/c"]
    assert [bound.lets_write(Path(path)) for path in there] == [True, True, True, False]
    assert parse("LoadState=not-found\n", own=False) is None
    assert parse("", own=False) is None


def test_credentials_of_a_unit() -> None:
    """Each by its name; an empty line takes those before it away."""
    assert credentials("[Service]\nLoadCredential=old:/old\nLoadCredential=\n") == {}
    text = "LoadCredential=secrets:/srv/50%% x/secrets\n# LoadCredential=no:/no\nLoadCredential=inherited\n"
    assert credentials(text) == {"secrets": Path("/srv/50% x/secrets")}


@pytest.mark.parametrize(
    ("changed", "levels"),
    [
        ({}, [GREEN]),
        ({"enabled": False}, [YELLOW]),
        ({"active": "failed"}, [RED]),
        ({"result": "watchdog"}, [YELLOW]),
        ({"restarts": 2}, [GREEN]),
        ({"restarts": 3}, [YELLOW]),
        ({"watchdog": 1, "restarts": 5}, [YELLOW]),
        ({"enabled": False, "active": "failed", "watchdog": 1}, [YELLOW, RED, YELLOW]),
    ],
)
def test_service(changed: dict[str, Any], levels: list[Level]) -> None:
    """A line for each thing."""
    unit = Unit(True, "active", "success", 0, "", (), False, 1)._replace(**changed)
    assert [one.level for one in service(_patient(unit=unit))] == levels


def test_rights_of_others(tmp_path: Path) -> None:
    """By the mode, for owner, group and others, and for the folders above."""
    path = tmp_path / "file"
    path.write_text("")
    status = path.stat()
    owner = Person("o", status.st_uid or 4711, frozenset())
    os.chmod(path, 0o640)  # noqa: PTH101
    member = Person("m", 4712, frozenset({status.st_gid}))
    other = Person("x", 4713, frozenset())
    for folder in path.parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            assert not other.may(path, os.R_OK)
            break
    root = Person("root", 0, frozenset())
    assert root.may(path, os.R_OK | os.W_OK)
    assert not other.may(Path("/etc/shadow"), os.R_OK)
    assert other.may(Path("/etc/passwd"), os.R_OK)
    assert not other.may(Path("/etc/passwd"), os.W_OK)
    assert not member.may(path, os.W_OK)
    assert owner.may(Path("/tmp"), os.W_OK)
    assert caller().may(path, os.R_OK)


def test_users_by_name() -> None:
    """By number too; one that there is not."""
    root = named("root")
    assert root is not None
    assert (root.name, root.uid) == ("root", 0)
    assert named("0", ["nogroup", "no-such-group"]) is not None
    assert named("no-such-user") is None
    assert named("99999999999999999999") is None


WAY = Route(
    "sig/g/probe/1",
    "homeassistant/device/d/config",
    ("sig/g/+/request/+",),
    ("homeassistant/a", "homeassistant/b"),
)
FINE: dict[str, Any] = {
    "version": 5,
    "echoed": {"sig/g/probe/1", "homeassistant/device/d/config"},
    "kept": True,
}


@pytest.mark.parametrize(
    ("seen", "level", "words", "remedy"),
    [
        ({}, GREEN, "b: MQTT 5, keeps retained messages, QoS 1, lets us publish and read", ""),
        ({"version": 4}, GREEN, "b: MQTT 3.1.1", ""),
        ({"problem": "refused"}, RED, "no connection to b: refused", "mqtt.url"),
        ({"abilities": Abilities(qos=0)}, YELLOW, "it takes QoS 0 only", "Mosquitto"),
        ({"oddities": ("it is odd",)}, YELLOW, "b: it is odd", "Mosquitto"),
        ({"kept": False}, YELLOW, "has not kept a retained message", "retain_available"),
        (
            {"unreadable": {"sig/g/+/request/+": "no"}},
            RED,
            "let us read sig/g/+/request/+: no",
            "readwrite sig/g/#",
        ),
        ({"unreadable": {"homeassistant/status": "no"}}, RED, "let us read", "readwrite homeassistant/#"),
        (
            {"refused": {"sig/g/probe/1": "no"}},
            RED,
            "let us publish on sig/g/probe/1: no",
            "readwrite sig/g/#",
        ),
        ({"echoed": set(), "kept": False}, RED, "does not come back", "readwrite sig/g/#"),
        ({"echoed": {"sig/g/probe/1"}, "version": 4}, YELLOW, "maybe b does not allow it", "homeassistant/#"),
        ({"lost": "closed"}, RED, "ended the connection in the middle: closed", "journalctl"),
        ({"lost": "closed", "echoed": set()}, RED, "after we had published on sig/g/", "journalctl"),
    ],
)
def test_broker(seen: dict[str, Any], level: Level, words: str, remedy: str) -> None:
    """One that is well but for one thing."""
    found = list(judge("b", Seen(**(FINE | seen)), WAY, "g"))
    assert any(one.level is level and words in one.message and remedy in one.remedy for one in found), found
    assert (found[-1].level is GREEN) is (level is not RED)


def test_a_broker_that_hangs_up_on_what_it_does_not_allow() -> None:
    """Mosquitto 2.0.11 does at times: that is one finding, of the topic that was not answered."""
    lost = Seen(
        **(FINE | {"lost": "closed", "refused": {"homeassistant/device/d/config": "it hung up: closed"}})
    )
    (found,) = judge("b", lost, WAY, "g")
    assert found.level is RED
    assert "let us publish on homeassistant/device/d/config: it hung up: closed" in found.message
    assert "topic readwrite homeassistant/#" in found.remedy


@pytest.mark.parametrize(
    ("standing", "runs", "expected"),
    [
        ({"homeassistant/a": b"x", "homeassistant/b": b"x"}, True, [(GREEN, "2 discovery messages stand")]),
        (
            {"homeassistant/a": b"x"},
            True,
            [(RED, "1 of 2 discovery messages are not at the broker, such as homeassistant/b")],
        ),
        ({}, False, [(YELLOW, "2 of 2 discovery messages are not")]),
        (
            {"homeassistant/a": b"x", "homeassistant/b": b"x", "status": b"offline"},
            True,
            [(GREEN, "status says 'offline'"), (YELLOW, "Home Assistant has ended")],
        ),
        (
            {"homeassistant/a": b"x", "homeassistant/b": b"x", "status": b"online"},
            True,
            [(GREEN, "status says 'online'")],
        ),
    ],
)
def test_discovery(standing: dict[str, bytes], runs: bool, expected: list[tuple[Level, str]]) -> None:
    """Ours, and Home Assistant's word."""
    found = list(judge_discovery(Seen(standing=standing), WAY, "status", runs=runs))
    assert [one.level for one in found] == [level for level, _ in expected]
    assert all(words in one.message for one, (_, words) in zip(found, expected, strict=True)), found


def test_discovery_without_retained_messages() -> None:
    """They are there when Home Assistant starts."""
    (found,) = judge_discovery(Seen(abilities=Abilities(retain=False)), WAY, "status", runs=True)
    assert found.level is YELLOW
