"""What YAML takes for something else: told, with what to write instead."""

from collections.abc import Callable

import pytest

from gateway.config import Config

LoadText = Callable[..., Config]
Complaints = Callable[..., list[str]]

CUT = (
    "the value ends before ' #', where YAML begins a comment; if the rest belongs to it, write it in quotes: "
)
EMPTY = "it is empty, which is as if it were not there"
UNFILLED = "is not filled in here: write !env NAME, for a variable that holds the whole value"


def warnings(config: Config) -> list[str]:
    return [str(warning).partition("config.yaml:")[2] for warning in config.warnings]


def mqtt(line: str) -> str:
    return (
        f"mqtt:\n  url: mqtt://h\n  user: u\n  {line}\nsensors: {{t: {{driver: temperature, link: b}}}}\n"
        + ("links: {b: {port: /dev/x}}\n")
    )


@pytest.mark.parametrize("key", ["password", "client_id"])
def test_a_value_that_a_comment_cuts(load_text: LoadText, key: str) -> None:
    """Where the `#` has no space behind it; what is in quotes is whole, and a comment is a comment."""
    assert warnings(load_text(mqtt(f"{key}: abc #def"))) == [f'4: mqtt.{key}: {CUT}{key}: "… #…"']
    for fine in ("abc # def", "abc#def", "'abc #def'", '"abc" #def', "abc ##", "abc #", "!env P #x"):
        assert warnings(load_text(mqtt(f"{key}: {fine}"), P="p")) == []


def test_in_every_section(load_text: LoadText) -> None:
    """Of keys that hold somebody's own words; elsewhere a comment is no loss."""
    text = (
        "gateway:\n  name: house #2\n  data: ./d #x\n"
        "links:\n  b:\n    port: /dev/x #usb\n    identity: a #1\n"
        "sensors:\n  t:\n    driver: temperature #x\n    link: b\n    channel: temp #1\n    cold: 5 #deg\n"
        "router:\n  token: t #k\n"
    )
    found = [line.partition(": the value")[0] for line in warnings(load_text(text))]
    assert found == [
        "2: gateway.name",
        "7: links.b.identity",
        "12: sensors.t.channel",
        "15: router.token",
    ]


def test_an_empty_value(load_text: LoadText) -> None:
    """Is told, with what to write; a section with nothing under it is the same as none."""
    assert warnings(load_text(mqtt("password:"))) == [
        f"4: mqtt.password: {EMPTY}; remove the key, or write: password: !file password.txt"
    ]
    assert warnings(load_text(mqtt("tls: ~"))) == [
        f"4: mqtt.tls: {EMPTY}; remove the key, or write: tls: {{ca: ca.pem}}"
    ]
    assert warnings(load_text(mqtt("password: #hush"))) == [
        f"4: mqtt.password: {EMPTY}: '#' begins a comment; write a value that begins with '#' in quotes"
    ]
    text = "links: {b: {port: /dev/x, identity: }}\nsensors: {t: {driver: temperature, link: b, channel: }}\n"
    assert [line.partition(": it is")[0] for line in warnings(load_text(text + "mqtt:\nrouter:\n"))] == [
        "1: links.b.identity",
        "2: sensors.t.channel",
    ]


def test_a_variable_that_nobody_fills_in(load_text: LoadText, complaints: Complaints) -> None:
    """As a warning, and as a part of an error; not of a secret's own text, nor of a pattern."""
    assert warnings(load_text(mqtt("password: '${PW}'"))) == [f"4: mqtt.password: ${{PW}} {UNFILLED}"]
    assert warnings(load_text(mqtt("password: !env P"), P="a${PW}")) == []
    assert warnings(load_text(mqtt("password: a$PW"))) == []
    (line,) = complaints("router: {listen: '${HOST}:7300'}\n")
    assert line == (
        "1: router.listen: expected host:port, [ipv6]:port or unix:PATH, got '${HOST}:7300'; "
        f"write: listen: 127.0.0.1:7300; ${{HOST}} {UNFILLED}"
    )
    (line,) = complaints("mqtt: {url: 'mqtt://${MQTT_HOST}:1883'}\n")
    assert line.endswith(
        "; a variable is not filled in here: write: url: !env NAME, and the whole URL into NAME"
    )
    assert "write: url: mqtt" not in line
    (line,) = complaints("links: {b: {port: '${PORT}'}}\n")
    assert line == f"1: links.b.port: expected a port, got '${{PORT}}'; ${{PORT}} {UNFILLED}"
    text = "links: {b: {port: /dev/x, pattern: '(?P<t>x)${a}'}}\n"
    assert UNFILLED not in str(complaints(text))


def test_what_takes_the_place_of_a_value_is_looked_at(load_text: LoadText) -> None:
    """Where a mapping is merged, what counts is what is written in it."""
    text = "links:\n  a: &a\n    port: /dev/x\n    identity: i #1\n"
    text += "  b:\n    <<: *a\n    port: /dev/y\n    identity: j\n"
    assert [
        line.partition(": the")[0] for line in warnings(load_text(text + "sensors:\n")) if "the value" in line
    ] == ["4: links.a.identity"]


@pytest.mark.parametrize(
    ("written", "kind"),
    [("12345", "a number"), ("1.5", "a number"), ("yes", "true or false"), ("off", "true or false")],
)
@pytest.mark.parametrize("key", ["user", "password"])
def test_a_secret_that_is_no_text(complaints: Complaints, key: str, written: str, kind: str) -> None:
    """It is not shown, and what to do is said."""
    (line,) = [
        line
        for line in complaints(mqtt("x: 1").replace("  user: u\n  x: 1", f"  {key}: {written}"))
        if key in line
    ]
    assert line == (
        f"3: mqtt.{key}: expected a text, got a value that is not shown, which YAML reads as {kind}; "
        f'write it in quotes: {key}: "…"'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gateway: {name: 5}", 'got 5, which YAML reads as a number; write it in quotes: name: "5"'),
        ("gateway: {name: on}", 'got on, which YAML reads as true; write it in quotes: name: "on"'),
        ("mqtt: {url: mqtt://h, client_id: 7}", "got 7, which YAML reads as a number; write it in quotes"),
    ],
)
def test_a_name_that_is_no_text(complaints: Complaints, text: str, said: str) -> None:
    """The same, with what was written."""
    (line,) = complaints(text)
    assert said in line


@pytest.mark.parametrize("tag", ["!secret", "!include", "!env_var"])
def test_tags_of_other_programs(complaints: Complaints, tag: str) -> None:
    """Ours are named, which do the same."""
    (line,) = complaints(mqtt(f"password: {tag} pw"))
    assert line == (
        f"4: mqtt.password: there is no {tag} here; write !file NAME, a file that holds this value alone, "
        "or !env NAME"
    )
