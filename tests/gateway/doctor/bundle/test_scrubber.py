"""What is taken out, and what is not."""

from pathlib import Path

import pytest

from gateway.doctor.bundle import private
from gateway.doctor.bundle.ordinary import is_ordinary
from gateway.doctor.bundle.scrubber import Private, Scrubber
from gateway.doctor.bundle.typed import typed
from gateway.doctor.machine import Machine

NOTHING = Scrubber([])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 192.168.178.20 to 192.168.178.21:1883", "from <address 1> to <address 2>:1883"),
        ("again 192.168.178.20, 192.168.178.20", "again <address 1>, <address 1>"),
        ("fe80::1ff:fe23:4567:890a%eth0 and 2001:db8::1", "<address 1> and <address 2>"),
        ("dc:a6:32:01:02:03", "<address 1>"),
        ("mqtt://joe:pass@host/", "mqtt://<secret>@host/"),
        ("GET /x?token=abc&y=1", "GET /x?token=<secret>&y=1"),
        ("password: 'a b c'", "password: <secret>"),
        ('{"api_key": "abc"}', '{"api_key": <secret>}'),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer <secret>"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.sig", "<secret>"),
        ("jane.doe@example.org", "<e-mail 1>"),
        ('ssid="My House"', "ssid=<Wi-Fi name 1>"),
        ("at nas.local and router.fritz.box", "at <host 1> and <host 2>"),
        ("/home/jane/config.yaml", "/home/<user 1>/config.yaml"),
        (
            "/dev/serial/by-id/usb-Arduino_Uno_8543334363-if00",
            "/dev/serial/by-id/usb-Arduino_Uno_<serial 1>-if00",
        ),
        (
            "/dev/serial/by-id/usb-FTDI_FT232R_A5069RR4-if00-port0",
            "/dev/serial/by-id/usb-FTDI_FT232R_<serial 1>-if00-port0",
        ),
        ("usb:2341:0043:8543334363", "usb:2341:0043:<serial 1>"),
        ("w1/28-0316a2794b1f", "w1/28-<serial 1>"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END", "-----BEGIN PRIVATE KEY-----<secret>-----END"),
    ],
)
def test_by_how_it_looks(text: str, expected: str) -> None:
    """One thing has the same number; what it is stays."""
    assert Scrubber([]).text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:7300 and 0.0.0.0 and [::1]:8300 and ::",
        "2026-11-22T06:30:00.123Z INFO at 06:30:00",
        "sig-gateway 0.1.0, Python 3.11.7, SQLite 3.40.1, Linux 6.1.0-18",
        "/dev/ttyACM0, usb:2341:0043, sensorline, mqtt://host:1883",
        "expected an MQTT password; see mqtt.user and mqtt.password",
        "token: null, password: !file secret.txt, token: <not shown>",
        "i2c 1-0076, 0x8B, 28 %, a::x is no address of ours",
    ],
)
def test_what_stays(text: str) -> None:
    """Words, times, versions, and addresses that every machine has."""
    scrubber = Scrubber([])
    assert scrubber.text(text) == text
    assert not scrubber.counts


def test_short_values() -> None:
    """Are taken out where they stand by themselves, and are no letters of other words."""
    scrubber = Scrubber([Private("secret", "ab"), Private("user", "jo")])
    assert (
        scrubber.text("ab about cab 'ab' jo joe Jo") == "<secret> about cab '<secret>' <user 1> joe <user 1>"
    )


def test_a_secret_that_is_a_host_too() -> None:
    """Is a secret."""
    for known in (
        [Private("host", "abcd"), Private("secret", "abcd")],
        [Private("secret", "abcd"), Private("host", "abcd")],
    ):
        assert Scrubber(known).text("abcd") == "<secret>"


def test_the_longer_comes_first() -> None:
    """What is a part of another leaves nothing of it."""
    scrubber = Scrubber([Private("host", "shed"), Private("host", "shed.example.org")])
    assert scrubber.text("shed.example.org, shed") == "<host 1>, <host 2>"


def test_cut_short() -> None:
    """With a mark behind it, or long enough to be nothing else."""
    scrubber = Scrubber([Private("secret", "correct horse battery staple")])
    assert scrubber.text("got 'corre…'") == "got '<secret>…'"
    assert scrubber.text("got correct horse batt and no more") == "got <secret> and no more"
    assert scrubber.text("that is correct") == "that is correct"
    assert scrubber.text("correct  horse\n battery staple") == "<secret>"


def test_data() -> None:
    """Names in it too; numbers where they are one."""
    scrubber = Scrubber([Private("secret", "hidden"), Private("secret", "4711")])
    assert scrubber.data({"hidden": ["a hidden b", 4711, 5, True, None, 1.5]}) == {
        "<secret>": ["a <secret> b", "<secret>", 5, True, None, 1.5]
    }


def test_a_config_that_is_no_yaml() -> None:
    """All that is no word of configs is private."""
    found = {
        one.value for one in typed('mqtt: {url: "mqtt://h", password: hunter22\nrouter: [5\nlinks: board\n')
    }
    assert {"mqtt://h", "hunter22", "board"} <= found
    assert not {"mqtt", "password", "router", "url", "links"} & found


def test_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name, its domain, its serial number, its networks; ordinary names say nothing."""
    monkeypatch.setattr("gateway.doctor.bundle.private.socket.gethostname", lambda: "janes-pi")
    for path, text in {
        "etc/resolv.conf": "search example.org\nnameserver 1.2.3.4\n",
        "proc/device-tree/serial-number": "10000000abcdef01\0",
        "etc/wpa_supplicant/wpa_supplicant.conf": 'network={\n  ssid="My House"\n}\n',
        "etc/hostname": "raspberrypi\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = set(private.of_machine(Machine(tmp_path)))
    assert {
        Private("host", "janes-pi"),
        Private("host", "example.org"),
        Private("serial", "10000000abcdef01"),
        Private("Wi-Fi name", "My House"),
    } <= found
    assert Private("host", "raspberrypi") not in found
    assert is_ordinary("Raspberrypi")
    assert is_ordinary("[::1]")
    assert not is_ordinary("192.168.1.1")


@pytest.mark.parametrize(
    "text",
    ["a/b c%d", "a%2Fb%20c%25d", "a/b%20c%25d", "a%2Fb+c%25d", "A/B C%D", "YS9iIGMlZA"],
)
def test_notations(text: str) -> None:
    """In a URL, in capitals, in Base64."""
    assert Scrubber([Private("secret", "a/b c%d")]).text(f"({text})") == "(<secret>)"


def test_what_a_misspelt_key_has(tmp_path: Path) -> None:
    """Is private, unless it is a word that the config shows elsewhere, or a small number."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "links: {board: {port: /dev/x, key: temp, k: hunter22, n: 5}}\n"
        "sensors: {temp: {driver: light, link: board}}\n"
    )
    _, known = private.of_config(path)
    assert known == [Private("secret", "hunter22")]
