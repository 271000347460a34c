"""What is left out of a config with errors, and what cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, load_usable
from tests.gateway.config.conftest import StandIn

LoadUsable = Callable[..., Config]

GOOD = """\
links:
  board: {port: /dev/a}
  other: {port: /dev/b}
sensors:
  temp: {driver: temperature, link: board}
  hall: {driver: temperature, link: other}
"""


@pytest.fixture
def usable(tmp_path: Path) -> LoadUsable:
    """Loads what can be used of a config that is given as text."""

    def load_it(text: str, **environ: str) -> Config:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return load_usable(path, StandIn(), environ)

    return load_it


def outs(config: Config) -> list[tuple[str, list[str]]]:
    """The parts by name, with the problems from their lines on."""
    return [
        (out.name, [str(problem).partition("config.yaml:")[2] for problem in out.problems])
        for out in config.left_out
    ]


def test_nothing_is_left_out_of_a_good_one(usable: LoadUsable) -> None:
    """It is what `load` gives."""
    config = usable(GOOD)
    assert (config.left_out, config.left_out_sensors) == ((), {})
    assert [*config.links, *config.sensors] == ["board", "other", "temp", "hall"]


def test_a_broken_link_and_its_sensors(usable: LoadUsable) -> None:
    """Both are out, the sensor for the link's sake, which it names; the rest is there."""
    config = usable(GOOD.replace("/dev/a}", "/dev/a, baud: fast, 1: x}"))
    assert ([*config.links], [*config.sensors]) == (["other"], ["hall"])
    assert outs(config) == [
        (
            "links.board",
            [
                "2: links.board: expected a name, got 1, which YAML reads as a number; "
                "write it in quotes: '1'",
                "2: links.board.baud: expected a number, got 'fast'; write: baud: 115200",
            ],
        ),
        ("sensors.temp", ["5: sensors.temp.link: its link 'board' is left out, see line 2; mend that"]),
    ]
    assert config.left_out[0].reason.endswith("write it in quotes: '1' (and 1 more)")
    (reason,) = config.left_out_sensors.values()
    assert reason.startswith("left out: ")
    assert reason.endswith("see line 2; mend that")


def test_a_broken_sensor(usable: LoadUsable) -> None:
    """It alone is out, with all that is wrong with it, also that its link is out."""
    config = usable(GOOD.replace("link: other", "link: other, cold: hot").replace("/dev/b", "nowhere"))
    assert ([*config.links], [*config.sensors]) == (["board"], ["temp"])
    assert [(name, len(problems)) for name, problems in outs(config)] == [
        ("links.other", 1),
        ("sensors.hall", 2),
    ]
    config = usable(GOOD.replace("link: other", "link: nothing"))
    assert ([*config.links], [*config.sensors]) == (["board", "other"], ["temp"])


@pytest.mark.parametrize(
    "section",
    ["mqtt: {url: nothing}", "mqtt: 5", "http: {listen: 80}", "history: {keep: x}", "history: !env NO"],
)
def test_an_optional_section(usable: LoadUsable, section: str) -> None:
    """Is left out as a whole, whatever is wrong in it, and no warning is about it."""
    config = usable(GOOD + section)
    name = section.partition(":")[0]
    ((left_out, (problem,)),) = outs(config)
    assert left_out == name
    assert problem.startswith(f"7: {name}")
    assert getattr(config, name) is None
    assert config.warnings == ()
    assert [*config.sensors] == ["temp", "hall"]


@pytest.mark.parametrize(
    "text",
    [
        "links: {a: b: c}",
        "- a",
        "links: [a]",
        "links: !env NO",
        "sensors: 5",
        "gateway: {name: a b}",
        "gateway: {name: !env NO}",
        "router: {token: !file nope}",
        "router: {}\nrouter: {}",
        "links: {}\nlinks: {}",
        "lynks: {}",
        "1: {}",
    ],
)
def test_what_cannot_be_left_out(usable: LoadUsable, text: str) -> None:
    """What is wrong in no part; then every error is told, those of parts too."""
    with pytest.raises(ConfigError):
        usable(text)
    with pytest.raises(ConfigError) as caught:
        usable("mqtt: {url: x}\nhistory: {keep: y}\nlynks: {}\n")
    assert [problem.path for problem in caught.value.problems] == [
        ("mqtt", "url"),
        ("history", "keep"),
        ("lynks",),
    ]


def test_secrets_belong_to_their_part(usable: LoadUsable) -> None:
    """One that cannot be read; and a link's name that is secret is not told."""
    text = GOOD.replace("/dev/a", "!env NO").replace("link: board", "link: !env LINK")
    config = usable(text + "mqtt: {url: mqtt://h, user: u, password: !file nope}\n", LINK="board")
    assert outs(config) == [
        ("links.board", ["2: links.board.port: the environment variable 'NO' is not set"]),
        ("sensors.temp", ["5: sensors.temp.link: its link is left out, see line 2; mend that"]),
        ("mqtt", ["7: mqtt.password: !file 'nope' cannot be read: No such file or directory"]),
    ]


def test_of_two_that_collide_the_later_one(usable: LoadUsable) -> None:
    """Ports, names, intervals; a section that is there twice."""
    config = usable(GOOD.replace("/dev/b", "/dev/a"))
    assert ([*config.links], [*config.sensors]) == (["board"], ["temp"])
    config = usable(GOOD.replace("  other: {", "  board: {").replace("link: other", "link: board"))
    assert config.links["board"].options == {"port": "/dev/a"}
    assert [*config.sensors] == ["temp", "hall"]
    assert [name for name, _ in outs(config)] == ["links.board (line 3)"]
    config = usable(GOOD.replace("  hall: {", "  temp: {"))
    assert config.sensors["temp"].link == "board"
    assert [name for name, _ in outs(config)] == ["sensors.temp (line 6)"]
    assert config.left_out_sensors == {}
    text = GOOD.replace("link: board", "link: other, channel: hall, interval: 5")
    text = text.replace("link: other}", "link: other, interval: 6}")
    assert [*usable(text).sensors] == ["temp"]
    config = usable("mqtt: {url: mqtt://a}\nmqtt: {url: mqtt://b}\n")
    assert config.mqtt is not None
    assert config.mqtt.url.get_secret_value() == "mqtt://a"
    assert [name for name, _ in outs(config)] == ["mqtt (line 2)"]
    config = usable("mqtt: {url: mqtt://a, url: mqtt://b}\n")
    assert config.mqtt is None


def test_a_collision_with_what_is_out_is_none(usable: LoadUsable) -> None:
    """The later one is used, if the earlier one cannot be."""
    config = usable(GOOD.replace("/dev/b", "/dev/a").replace("/dev/a}", "/dev/a, baud: x}", 1))
    assert ([*config.links], [*config.sensors]) == (["other"], ["hall"])
    text = GOOD.replace("link: board", "link: other, channel: hall, interval: 5, cold: x")
    assert [*usable(text.replace("link: other}", "link: other, interval: 6}")).sensors] == ["hall"]
    third = GOOD.replace("/dev/b}", "/dev/a}\n  third: {port: /dev/a}")
    config = usable(third.replace("/dev/a}", "/dev/a, baud: x}", 1))
    assert [*config.links] == ["other"]
    assert [name for name, _ in outs(config)] == ["links.board", "links.third", "sensors.temp"]


def test_what_has_no_name(usable: LoadUsable) -> None:
    """Is told by its line; several of them are several parts."""
    config = usable("links:\n  1: {port: /dev/a}\n  yes: {port: /dev/b}\n  c d: {port: /dev/c}\n")
    assert config.links == {}
    assert [name for name, _ in outs(config)] == ["links (line 2)", "links (line 3)", "links.'c d'"]


def test_names_that_no_sender_can_have(usable: LoadUsable) -> None:
    """Are not among those that are kept free."""
    config = usable(GOOD.replace("  temp:", "  '#temp':").replace("link: other", "link: x"))
    assert [*config.left_out_sensors] == ["hall"]


def test_everything_may_be_left_out(usable: LoadUsable) -> None:
    """Then a router is left, and the warning that there are no sensors."""
    config = usable("links: {b: {}}\nsensors: {t: {}}\nmqtt: {}\n")
    assert (config.links, config.sensors, config.mqtt) == ({}, {}, None)
    assert [warning.text for warning in config.warnings] == ["there are no sensors"]
