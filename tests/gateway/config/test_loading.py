"""Whole configs: accepted, or every error with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from drivers.kinds import sensor_class
from gateway.config import Config, ConfigError, load

Complaints = Callable[..., list[str]]
LoadText = Callable[..., Config]

GOOD = """\
gateway: {name: greenhouse, data: ./data}
router: {listen: 127.0.0.1:7300}
links:
  board: {protocol: sensorline, port: "sim:"}
sensors:
  temp: {driver: temperature, link: board, channel: temp, delta: 0.1, cold: 18, hot: 26}
"""


def test_good(load_text: LoadText, tmp_path: Path) -> None:
    """What was written is there, paths are relative to the config file, defaults are filled in."""
    config = load_text(GOOD)
    assert config.gateway.name == "greenhouse"
    assert config.data == tmp_path / "data"
    assert (config.links["board"].protocol, config.links["board"].identity) == ("sensorline", None)
    assert config.links["board"].options == {"port": "sim:"}
    assert config.sensors["temp"].options == {"delta": 0.1, "cold": 18, "hot": 26}
    assert config.router.token is None
    assert config.warnings == ()


def test_parts_that_may_be_left_out(load_text: LoadText, complaints: Complaints) -> None:
    """With all of them there is nothing to warn of; what is wrong in each is told with its line."""
    text = GOOD + 'mqtt: {url: "mqtt://u:p@127.0.0.1", home_assistant: true}\n'
    text += 'http: {listen: "[::1]:80"}\nhistory: {keep: 400d}\n'
    assert load_text(text).warnings == ()
    found = complaints(GOOD + "mqtt: {urll: x}\nhttp: {listen: 80}\nhistory: {keep: forever}\n")
    assert found == [
        "7: mqtt: 'url' is missing: expected a URL such as mqtt://host:1883 or mqtts://host:8883; "
        "write: url: mqtt://127.0.0.1:1883",
        "7: mqtt.urll: unknown key 'urll'; did you mean 'url'?",
        "8: http.listen: expected host:port, [ipv6]:port or unix:PATH, got 80 (a number); "
        "write: listen: 127.0.0.1:80",
        "9: history.keep: expected a time span from 1s, such as 400d; a number is seconds, got 'forever'; "
        "write: keep: 400d",
    ]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1", 1.0), ("1.5", 1.5), ("5000ms", 5.0), ("' 5 min '", 300.0), ("0.5h", 1800.0), ("1d", 86400.0)],
)
def test_a_time_span_is_written_alike_everywhere(
    load_text: LoadText, written: str, seconds: float, tmp_path: Path
) -> None:
    """In each section that has one, and in a sensor's options."""
    text = f"mqtt: {{url: mqtt://h, outbox_age: {written}}}\nhistory: {{keep: {written}}}\n"
    text += "links: {b: {port: /dev/x}}\n"
    text += f"sensors: {{t: {{driver: temperature, link: b, heartbeat: {written}}}}}\n"
    (tmp_path / "real.yaml").write_text(text)
    config = load(tmp_path / "real.yaml")
    assert config.history is not None
    assert config.history.keep == seconds
    assert config.mqtt is not None
    assert config.mqtt.outbox_age == seconds
    assert (
        sensor_class("temperature")
        .option_table()["heartbeat"]
        .parse(config.sensors["t"].options["heartbeat"])
        == seconds
    )


@pytest.mark.parametrize("written", ["5m", "-1", "'30'", "[1]", "true", "1 week"])
def test_a_wrong_time_span_is_refused_everywhere(tmp_path: Path, written: str) -> None:
    """By the same rule, with the line of each."""
    text = f"mqtt: {{url: mqtt://h, outbox_age: {written}}}\nhistory: {{keep: {written}}}\n"
    text += "links: {b: {port: /dev/x}}\n"
    text += f"sensors: {{t: {{driver: temperature, link: b, heartbeat: {written}}}}}\n"
    (tmp_path / "real.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "real.yaml")
    assert [problem.path[-1] for problem in caught.value.problems] == ["outbox_age", "keep", "heartbeat"]
    assert all("expected a time span" in problem.text for problem in caught.value.problems)


def test_all_errors_at_once(complaints: Complaints) -> None:
    """One of each kind, in one file, in the order of the lines."""
    text = """\
gateway: {name: "green house", data: 5, nam: x}
links:
  board: {protocol: sensorlin, identity: "", port: "sim:"}
  other: {port: COM3, baud: lots, identity: a b, bord: x}
sensors:
  temp: {driver: temperature, link: bord, detla: 5, delta: lots}
  cross: {driver: temperature, link: board, cold: 26, hot: 18}
  kind: {driver: temprature, link: board}
  temp: {driver: temperature, link: board}
  none:
  text: {driver: [a], link: 7}
  half: {driver: 7, link: bord}
  other half: {driver: temprature, link: 7}
sensor: {}
"""
    assert complaints(text) == [
        "1: gateway.name: expected a name of letters, digits, '_', '-' or '.', at most 48, got 'green house'"
        "; write: name: green-house",
        "1: gateway.data: expected a folder's path, got 5 (a number); write: data: ./data",
        "1: gateway.nam: unknown key 'nam'; did you mean 'name'?",
        "3: links.board.identity: expected a text without spaces, at most 24 characters, got ''; "
        'write: identity: "0001"',
        "3: links.board.protocol: no protocol 'sensorlin'; did you mean 'sensorline'? "
        "protocols are: polled, sensorline, text",
        "4: links.other.identity: expected a text without spaces, at most 24 characters, got 'a b'; "
        'write: identity: "0001"',
        "4: links.other.port: expected a port, got 'COM3'",
        "4: links.other.baud: expected a number, got 'lots'; write: baud: 115200",
        "4: links.other.bord: unknown key 'bord'; keys here are: protocol, identity, port, baud",
        "6: sensors.temp.link: no link 'bord'; did you mean 'board'? links are: board, other",
        "6: sensors.temp.detla: unknown key 'detla'; did you mean 'delta'?",
        "6: sensors.temp.delta: expected a number or a percentage such as 5%, got 'lots'",
        "7: sensors.cross.cold: expected less than hot (18), got 26",
        "8: sensors.kind.driver: no driver 'temprature'; did you mean 'temperature'? "
        "drivers are: humidity, temperature",
        "9: sensors.temp: duplicate key 'temp': it is also on line 6; remove or rename one",
        "10: sensors.none: expected a mapping, got nothing; write: {driver: temperature, link: board}",
        "11: sensors.text.driver: expected a driver's name, got a list; write: driver: temperature",
        "11: sensors.text.link: expected a link's name, got 7 (a number); write: link: board",
        "12: sensors.half.driver: expected a driver's name, got 7 (a number); write: driver: temperature",
        "12: sensors.half.link: no link 'bord'; did you mean 'board'? links are: board, other",
        "13: sensors.'other half'.link: expected a link's name, got 7 (a number); write: link: board",
        "13: sensors.'other half'.driver: no driver 'temprature'; did you mean 'temperature'? "
        "drivers are: humidity, temperature",
        "14: sensor: unknown key 'sensor'; did you mean 'sensors'?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "links: {board: {protocol: sensorlin, port: 'sim:'}}",
            "1: links.board.protocol: no protocol 'sensorlin'; did",
        ),
        (
            "links: 5",
            "1: links: expected a mapping of links, got 5; write: board: {protocol: sensorline, ",
        ),
        (
            "sensors: [a]",
            "1: sensors: expected a mapping of sensors, got a list; write: temp: {driver: temperature",
        ),
        (
            "links: {a/b: {port: 'sim:'}}",
            "1: links.'a/b': expected a link's name of letters, digits, '_', '-' or",
        ),
        ("links: {..: {port: 'sim:'}}", "1: links.'..': expected a link's name"),
        ("links: {a: {}}", "1: links.a: 'port' is missing: expected a port; write: port: \"sim:\""),
        (
            "links: {a: 5}",
            '1: links.a: expected a mapping, got 5; write: {protocol: sensorline, port: "sim:"}',
        ),
        ("links: {a: {port: }}", '1: links.a.port: expected a port, got nothing; write: port: "sim:"'),
        (
            "links: {a: {port: /x, baud: }}",
            "1: links.a.baud: expected a number, got nothing; or remove the key",
        ),
        (
            "links: {a: {port: /x, baud: on}}",
            "1: links.a.baud: expected a number, got on, which YAML reads as true; write: baud: 115200",
        ),
        ("links: {a: {prt: /x}}", "1: links.a: 'port' is missing"),
        ("links: {a: {port: /x, prot: y}}", "1: links.a.prot: unknown key 'prot'; did you mean 'port'?"),
        (
            "links: {a: {protocol: 7, port: /x}}",
            "1: links.a.protocol: expected a protocol's name, got 7 (a number)",
        ),
        (
            "sensors: {'#a': {driver: temperature, link: b}}",
            "1: sensors.'#a': expected a name of at most 64",
        ),
        (
            "sensors: {a: {driver: temperature, link: b}}",
            "1: sensors.a.link: no link 'b'; there are no links",
        ),
        (
            "router: {listen: '7300'}",
            "1: router.listen: expected host:port, [ipv6]:port or unix:PATH, got '7300'; write",
        ),
        ("router: {listen: 'a:65536'}", "1: router.listen: expected host:port"),
        ("router: {listen: 'a:0'}", "1: router.listen: expected host:port"),
        ("router: {listen: '[::g]:1'}", "1: router.listen: expected host:port"),
        (
            "router: {token: 5}",
            "1: router.token: expected a text, got a value that is not shown, which YAML reads as a number; "
            'write it in quotes: token: "…"',
        ),
        ("router: {tls: {cert: a, kye: b}}", "1: router.tls: 'key' is missing: expected a file's path"),
        (
            "router: {tls: {cert: a, key: b, x: c}}",
            "1: router.tls.x: unknown key 'x'; keys here are: cert, key",
        ),
        (
            "sensors: {a: {driver: temperature, link: b, delta: }}\nlinks: {b: {port: 'sim:'}}",
            "1: sensors.a.delta: expected a number or a percentage such as 5%, got nothing",
        ),
        (
            "links: {b: {port: 'sim:'}}\nsensors: {a: {driver: temperature, link: b, cold: yes}}",
            "2: sensors.a.cold: expected a number, got yes, which YAML reads as true",
        ),
        (
            "links: {b: {port: 'sim:'}}\nsensors: {a: {driver: temperature, link: b, cold: true}}",
            "2: sensors.a.cold: expected a number, got true",
        ),
        (
            "sensors: {a: {driver: temperature, link: b, channel: on}}",
            "1: sensors.a.channel: expected a channel's name, got on, which YAML reads as true; write",
        ),
        ("gateway: {data: ' '}", "1: gateway.data: expected a folder's path, got ' '"),
        ("router: {listen: 'a b:1'}", "1: router.listen: expected host:port"),
        (
            "- a",
            "1: expected a mapping with the sections gateway, router, links, sensors, mqtt, http, history",
        ),
        ("hello", "1: expected a mapping with the sections gateway"),
    ],
)
def test_one_error(complaints: Complaints, text: str, problem: str) -> None:
    """Each says where, what was expected, what was given and what to write."""
    assert complaints(text)[0].startswith(problem)


@pytest.mark.parametrize("listen", ["0.0.0.0:7300", "[::]:7300", "192.168.1.5:7300", "greenhouse.local:7300"])
def test_beyond_this_machine_a_token_is_needed(
    load_text: LoadText, complaints: Complaints, listen: str
) -> None:
    """Found together with the section's other errors, and gone with a token."""
    needs = f"1: router.listen: {listen} can be reached from other machines, and that needs a token; "
    needs += "write below it: token: !env SIG_GATEWAY_TOKEN"
    assert needs in complaints(f'router: {{listen: "{listen}", tsl: {{}}}}')
    config = load_text(f'router: {{listen: "{listen}", token: !env T}}', T="hush")
    assert config.router.token is not None
    assert config.router.token.get_secret_value() == "hush"
    assert "hush" not in repr(config)


@pytest.mark.parametrize(
    "listen", ["127.0.0.1:1", "127.9.9.9:1", "localhost:65535", "[::1]:1", "unix:/run/sig.sock"]
)
def test_this_machine_only_needs_no_token(complaints: Complaints, listen: str) -> None:
    """Loopback addresses and Unix sockets."""
    assert complaints(f'router: {{listen: "{listen}"}}') == []


def test_a_secret_is_never_shown(complaints: Complaints) -> None:
    """Not in the error about it either, wherever it stands."""
    text = "router: {listen: !env S}\n"
    text += "links: {b: {port: !env S, identity: !env S}, c: !env S, d: {protocol: !env S}}\n"
    text += "sensors: {t: {driver: temperature, link: !env S, cold: !env S}, u: {driver: !env S, link: b}}"
    for secret in ("hush hush", "hush\x01hush"):
        found = complaints(text, S=secret)
        assert len(found) == 8
        assert "hush" not in "".join(found)


def test_one_port_twice(complaints: Complaints, load_text: LoadText) -> None:
    """Two links would fight over it; each `sim:` is a board of its own."""
    text = "links:\n  a: {port: /dev/ttyACM0}\n  b: {port: /dev/ttyACM0}\n"
    assert complaints(text) == [
        "3: links.b.port: the same port as links.a (line 2); one link may have many sensors"
    ]
    for port in ("'sim:'", "'sim:?speed=60'"):
        assert len(load_text(text.replace("/dev/ttyACM0", port)).links) == 2
    assert complaints(text.replace("/dev/ttyACM0", "'sim:/tmp/board'"))


@pytest.mark.parametrize("text", ["SIM000000001", "28-0316a2794b1f", "0001", "'1'", "1:2", "x" * 24])
def test_identities(load_text: LoadText, text: str) -> None:
    """Any link may have one; leading zeros stay."""
    config = load_text(f"links: {{b: {{port: /dev/x, identity: {text}}}}}")
    assert config.links["b"].identity == text.strip("'")
    assert config.links["b"].options == {"port": "/dev/x"}


@pytest.mark.parametrize(
    ("written", "what"), [("12", "a number"), ("1e3", "a number"), ("0x1F", "a number"), ("on", "true")]
)
def test_an_identity_that_yaml_reads_as_something_else(
    complaints: Complaints, written: str, what: str
) -> None:
    """What was written is what is to be quoted, not what YAML made of it."""
    assert complaints(f"links: {{b: {{port: /dev/x, identity: {written}}}}}") == [
        f"1: links.b.identity: expected a text without spaces, at most 24 characters, got {written}, "
        f'which YAML reads as {what}; write it in quotes: identity: "{written}"'
    ]


@pytest.mark.parametrize("text", ["''", "a b", "x" * 25, "ü", '"a\\n"', "[a]"])
def test_what_is_no_identity(complaints: Complaints, text: str) -> None:
    """No board could say it."""
    (problem,) = complaints(f"links: {{b: {{port: /dev/x, identity: {text}}}}}")
    assert problem.startswith(
        "1: links.b.identity: expected a text without spaces, at most 24 characters, got "
    )


def test_two_sensors_may_watch_one_channel(load_text: LoadText) -> None:
    """With other thresholds, for instance."""
    second = "  frost: {driver: temperature, link: board, channel: temp, cold: 2, hot: 5}\n"
    assert list(load_text(GOOD + second).sensors) == ["temp", "frost"]


def test_one_channel_has_one_interval(complaints: Complaints, load_text: LoadText) -> None:
    """Both sensors are named, with their lines; one called like the channel is on it too."""
    text = """\
links: {b: {port: /dev/b}, c: {port: /dev/c}}
sensors:
  temp: {driver: temperature, link: b, interval: 2}
  frost: {driver: temperature, link: b, channel: temp, interval: 0.5}
"""
    assert complaints(text) == [
        "4: sensors.frost.interval: 0.5 s, and sensors.temp.interval (line 3) sets 2 s on the same channel "
        "'temp' of link b, which has one interval; write the same in both, or remove one"
    ]
    third = "  third: {driver: temperature, link: b, channel: temp, interval: 2.0}\n"
    assert len(complaints(text + third)) == 1
    for old, new in [
        (", interval: 0.5", ""),
        ("0.5", "2.0"),
        ("b, channel", "c, channel"),
        (": temp,", ": x,"),
    ]:
        assert list(load_text(text.replace(old, new)).sensors) == ["temp", "frost"]
    (hidden,) = complaints(text.replace("channel: temp", "channel: !env S"), S="temp")
    assert "on the same channel, which has one interval" in hidden
    (unknown,) = complaints(text.replace("link: b", "link: d"))[1:]
    assert "sensors.frost.link: no link 'd'" in unknown


def test_one_interval_written_in_two_ways(tmp_path: Path) -> None:
    """It is the spans that are compared, not the words; 0 is one of them."""
    path = tmp_path / "config.yaml"
    text = "links: {b: {port: /x}}\nsensors:\n  t: {driver: temperature, link: b, interval: 1s}\n"
    text += "  u: {driver: temperature, link: b, channel: t, interval: 1000ms}\n"
    path.write_text(text)
    assert list(load(path).sensors) == ["t", "u"]
    for wrong, shown in (("0", "0 s"), ("!env S", "an interval that is not shown")):
        path.write_text(text.replace("1000ms", wrong))
        with pytest.raises(ConfigError) as caught:
            load(path, environ={"S": "3s"})
        (problem,) = caught.value.problems
        assert problem.text.startswith(f"{shown}, and sensors.t.interval (line 3) sets 1 s on")
        assert "3 s" not in problem.text


def test_a_section_with_nothing_under_it(load_text: LoadText) -> None:
    """It is the same as no section; a gateway without sensors gets a warning."""
    config = load_text("gateway:\nrouter:\nlinks:\nsensors:\nmqtt:\n")
    assert config.gateway.name == "gateway"
    assert [str(w).partition("config.yaml:")[2] for w in config.warnings] == [
        "4: sensors: there are no sensors"
    ]


@pytest.mark.parametrize(("discover", "warnings"), [("true", 0), ("false", 1)])
def test_links_that_find_sensors_by_themselves(tmp_path: Path, discover: str, warnings: int) -> None:
    """Need none in the config."""
    path = tmp_path / "config.yaml"
    path.write_text(f"links: {{r: {{protocol: mysensors, port: /dev/r, discover: {discover}}}}}\n")
    assert len(load(path).warnings) == warnings


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty; remove it, then `sig-gateway run --init` writes one"),
        (b"# only a comment\n", "is empty; "),
        (b"a: \xff\n", "1: is not UTF-8 text (byte 0xFF); save it as UTF-8"),
        (b"a" * 300_000, "is larger than 256 KiB: that is not a config"),
    ],
)
def test_files_that_are_no_configs(load_text: LoadText, data: bytes, problem: str) -> None:
    """One error that says what it is instead."""
    with pytest.raises(ConfigError, match="config") as caught:
        load_text(data)
    assert str(caught.value).partition("config.yaml:")[2].strip().startswith(problem)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, a device, no path at all."""
    for path, text in [
        (tmp_path / "none.yaml", "no such file; `sig-gateway run --init` writes one"),
        (tmp_path, "is a folder; give the file"),
        (Path("/dev/zero"), "is not a regular file"),
        (Path("a\0b"), "is not a path"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
    ]:
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert text in str(caught.value)


def test_byte_order_mark_and_windows_lines(load_text: LoadText) -> None:
    """As Notepad saves it."""
    assert load_text(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).gateway.name == "greenhouse"


def test_tls_files_are_tried(complaints: Complaints, tmp_path: Path) -> None:
    """Missing, not PEM, not a pair: said by `check`, not when the gateway starts."""
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    assert complaints("router: {tls: {cert: cert.pem, key: key.pem}}") == []
    assert complaints("router: {tls: {cert: none.pem, key: .}}") == [
        "1: router.tls.cert: 'none.pem' cannot be read: No such file or directory",
        "1: router.tls.key: '.' cannot be read: Is a directory",
    ]
    (found,) = complaints("router: {tls: {cert: key.pem, key: cert.pem}}")
    assert found.startswith(
        "1: router.tls: expected a certificate and its private key without a passphrase, both PEM"
    )


@pytest.mark.parametrize(
    ("protocol", "found"),
    [
        ("sensorline", []),
        (
            "text",
            ["4: sensors.temp.interval: text cannot set how often a device reports; remove the key"],
        ),
        (
            "polled",
            [
                "4: sensors.temp.interval: polled cannot set how often a device reports; remove the key, and "
                "write `every` at the link"
            ],
        ),
    ],
)
def test_an_interval_is_for_protocols_that_can_set_it(
    protocol: str, found: list[str], complaints: Complaints
) -> None:
    """Where it would do nothing, it is refused, with what to do."""
    text = f'links: {{b: {{protocol: {protocol}, port: "sim:"}}}}\n'
    text += (
        "sensors:\n  hum: {driver: humidity, link: b}\n  temp: {driver: temperature, link: b, interval: 2}\n"
    )
    assert complaints(text) == found


@pytest.mark.parametrize(
    ("protocol", "found"),
    [
        ("sensorline", []),
        ("polled", []),
        ("text", ["1: links.b.identity: nothing that speaks text says who it is; remove the key"]),
    ],
)
def test_an_identity_is_for_protocols_that_tell_it(
    protocol: str, found: list[str], complaints: Complaints
) -> None:
    """A pin that could never be checked would be false safety."""
    text = f'links: {{b: {{protocol: {protocol}, port: "sim:", identity: "0001"}}}}\n'
    assert complaints(text + "sensors: {temp: {driver: temperature, link: b}}\n") == found


def test_an_interval_on_a_link_that_is_wrong(complaints: Complaints) -> None:
    """Only what is wrong with the link is told."""
    text = "links: {b: 5, c: {protocol: sensorlin, port: 'sim:'}}\n"
    text += "sensors:\n  x: {driver: humidity, link: b, interval: 2}\n"
    text += "  y: {driver: humidity, link: c, interval: 2}\n"
    assert [line.partition(": ")[2].partition(":")[0] for line in complaints(text)] == [
        "links.b",
        "links.c.protocol",
    ]


def test_http(load_text: LoadText, complaints: Complaints) -> None:
    """What can be wrong there: beyond this machine without a token, no hosts, the router's port."""
    http = load_text(GOOD + 'http: {listen: "[::1]:80", hosts: [greenhouse.local, "::1"]}\n').http
    assert http is not None
    assert http.hosts == ["greenhouse.local", "::1"]
    found = complaints(
        GOOD + 'http: {listen: "0.0.0.0:8300", hosts: [a b, "x:80"], tls: {cert: a, key: b}}\n'
    )
    text = "\n".join(found)
    assert "7: http.listen: 0.0.0.0:8300 can be reached from other machines, and that needs a token" in text
    assert text.count("http.hosts") == 2
    assert "expected a list of host names without ports" in text
    (line,) = complaints(GOOD + "http: {listen: 127.0.0.1:7300}\n")
    assert line.startswith("7: http.listen: 127.0.0.1:7300 is where router.listen is; choose another port")
