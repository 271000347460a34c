"""No secret of any place of a config is in a bundle: not in the config, nor in errors, the log, what a
gateway says.

Everything is made up at random: the secrets, the places, whether the config is right, and how whoever logs
has written them.
"""

import base64
import json
import logging
import string
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import ConfigError, load, load_usable
from gateway.doctor.bundle.archive import packed
from gateway.doctor.bundle.contents import Bundle, bundle
from gateway.doctor.config_file import config_file
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import caller
from tests.support.examples import examples

NOW = 1_795_329_000.0
# Long enough to be no word of ours, and never a number.
ODD = string.ascii_letters + string.digits + "äß!$&'()*+,-./:;<=>?@[]^_`{|}~#%\\\" "
SECRET = st.text(ODD, min_size=8, max_size=80).filter(
    lambda text: (
        sum(map(str.isalnum, text)) >= 7
        and any(map(str.isdigit, text))
        and text == text.strip()
        and "  " not in text
    )
)
# Where a person may write one, as YAML in which SECRET stands for it, quoted.
PLACES = [
    "router: {listen: 127.0.0.1:7300, token: SECRET}",
    "http: {token: SECRET}",
    "mqtt: {url: 'mqtt://h', user: SECRET}",
    "mqtt: {url: 'mqtt://h', user: u, password: SECRET}",
    "mqtt: {url: SECRET}",
    "mqtt: {url: 'mqtt://h', pasword: SECRET}",
    "mqtt: {url: 'mqtt://h', tls: {ca: ca.pem, passphrase: SECRET}}",
    "mqtt: {url: 'mqtt://h', user: [SECRET]}",
    "mqtt: {url: 'mqtt://h', outbox_rows: {key: SECRET}}",
    "mqtt: SECRET",
    "fleet: {site: north, routers: [SECRET]}",
    "fleet: {site: north, routers: SECRET}",
    "router: {tokn: SECRET}",
    "router: {token: [SECRET, SECRET]}",
    "router: {token: {secret: SECRET}}",
    "secrets: {one: SECRET}",
    "links: {board: {protocol: text, port: /dev/x, ask: SECRET}}",
    "links: {board: {port: /dev/x, key: SECRET}}",
    "links: {board: SECRET}",
    "sensors: {t: {driver: light, link: board, api_key: SECRET}}",
    "sensors: {t: [SECRET]}",
    "gateway: {SECRET: 5}",
    "SECRET: 5",
    "history: {keep: 400d}  # it is SECRET",
]
TAGGED = [
    "router: {token: !file secret}",
    "http: {token: !env A_SECRET}",
    "mqtt: {url: !file secret}",
    "mqtt: {url: 'mqtt://h', user: u, password: !env A_SECRET}",
    "links: {board: {port: !file secret}}",
    "links: {board: {protocol: !env A_SECRET, port: 'sim:'}}",
    "sensors: {t: {driver: light, link: board, channel: !file secret}}",
    "sensors: {t: {driver: !file secret, link: !env A_SECRET}}",
    "gateway: {name: !env A_SECRET}",
    "history: {keep: !file secret}",
    "log: {level: !env A_SECRET}",
]
WRITTEN = [
    lambda text: text,
    repr,
    json.dumps,
    str.upper,
    lambda text: quote(text, safe=""),
    lambda text: f"mqtt://user:{quote(text)}@broker:1883/",
    lambda text: text[: len(text) * 2 // 3 + 3] + "…",
    lambda text: f"expected a number, got {text!r:.59}…",
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: f"Authorization: Bearer {text}",
]


def _patient(path: Path, said: str) -> Patient:
    """As doctor finds it, with a gateway that says things."""
    problems: Any = ()
    config = None
    try:
        config = load(path)
    except ConfigError as error:
        problems = error.problems
        try:
            config = load_usable(path)
        except ConfigError:
            config = None
    health = {"status": "failing", "parts": {said: {"status": "failing", "message": said, "list": [said]}}}
    return Patient(
        path=path,
        config=config,
        person=caller(),
        running=Running("tcp://127.0.0.1:7300", health, {"links": {"board": {"reason": said}}}),
        problems=problems,
        machine=Machine(Path("/nonexistent")),
    )


def _made(path: Path, log: str, said: str, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    monkeypatch.setattr("gateway.doctor.bundle.contents.newest", lambda _patient: log)
    patient = _patient(path, said)
    findings = list(config_file(patient))
    return bundle(patient, findings, NOW)


def _told(made: Bundle, secret: str) -> list[str]:
    """The files that tell it, in whatever way; README too. Half of it is as good as all of it."""
    forms = {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    forms |= {
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }
    forms |= {form[: max(12, len(form) // 2)] for form in forms}
    found = [
        name for name, text in made.files.items() if any(form.casefold() in text.casefold() for form in forms)
    ]
    with tarfile.open(fileobj=BytesIO(packed(made.files, NOW))) as archive:
        names = [member.name for member in archive]
    return found + [name for name in names if secret in name]


@pytest.mark.once
@given(
    secret=SECRET,
    place=st.sampled_from(PLACES),
    quoted=st.sampled_from([json.dumps, lambda text: "'" + text.replace("'", "''") + "'"]),
    written=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=4),
    broken=st.sampled_from(["", "", "\nrouter: [unclosed", "\nlinks: {board: {port: 5}}"]),
)
@settings(
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_wherever_it_was_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    place: str,
    quoted: Any,
    written: list[Any],
    broken: str,
) -> None:
    """In the file, right or wrong."""
    text = quoted(secret) if "#" not in place else secret
    path = tmp_path / "config.yaml"
    path.write_text(place.replace("SECRET", text) + broken)
    said = "; ".join(write(secret) for write in written)
    if "#" in place or "unclosed" in broken:
        # Nobody can know what in a comment is one, nor how a text is meant that is no YAML.
        said = "nothing"
    made = _made(path, f"ERROR {said}\n", said, monkeypatch)
    assert _told(made, secret) == []


@given(
    secret=SECRET,
    place=st.sampled_from(TAGGED),
    written=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=3),
)
@settings(
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, place: str, written: list[Any]
) -> None:
    """In a file of its own, or in the environment."""
    (tmp_path / "secret").write_text(secret)
    monkeypatch.setenv("A_SECRET", secret)
    path = tmp_path / "config.yaml"
    path.write_text(place)
    said = "; ".join(write(secret) for write in written)
    made = _made(path, f"ERROR {said}\n", said, monkeypatch)
    assert _told(made, secret) == []
    assert "<not shown>" in made.files["config.yaml"] or "A_SECRET" in made.files["config.yaml"]


URL_PART = st.text(string.ascii_letters + string.digits + "-_.!", min_size=8, max_size=30).filter(
    lambda text: any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) > 3 and text[0].isalpha()
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("router: {token: !file secret}", "cannot be read: Too many levels"),
        ("router: {token: !env NOT_SET_HERE}", "'NOT_SET_HERE' is not set"),
        (None, "cannot be read: No such file"),
    ],
)
def test_one_that_cannot_be_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, why: str
) -> None:
    """The gateway that runs knows it, and may have logged it; so there is no log, and why."""
    path = tmp_path / "config.yaml"
    (tmp_path / "secret").symlink_to("secret")  # root may read all else
    if text is not None:
        path.write_text(text)
    made = _made(path, "token 4fjw8q0x refused", "said", monkeypatch)
    assert "4fjw8q0x" not in made.files["log.txt"]
    assert why in made.files["log.txt"]
    assert "sudo sig-gateway doctor --bundle" in made.files["log.txt"]
    path.write_text("router: {token: hidden-here-1}")
    assert "refused" in _made(path, "token 4fjw8q0x refused", "said", monkeypatch).files["log.txt"]


@given(user=URL_PART, password=URL_PART, scheme=st.sampled_from(["mqtt", "mqtts", "ws", "http", "tcp"]))
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_a_broker_s_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, password: str, scheme: str
) -> None:
    """User, password and host, each by itself too; the scheme and the port are shown."""
    path = tmp_path / "config.yaml"
    path.write_text(f"mqtt: {{url: '{scheme}://{user}:{password}@my-secret-host.example:1884'}}")
    said = f"{user} may not log in with {password} at my-secret-host.example"
    made = _made(path, said, said, monkeypatch)
    assert _told(made, user) == []
    assert _told(made, password) == []
    assert _told(made, "my-secret-host.example") == []
    assert f"url: {scheme}://<not shown>:1884" in made.files["config.yaml"]


def test_the_routers_of_a_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their hosts, wherever they are told; schemes and ports are shown."""
    path = tmp_path / "config.yaml"
    path.write_text("fleet: {site: north, routers: ['tls://hub1.school.example:7000', 'tls://hub2/path']}")
    said = "no router of the fleet lets us in at tls://hub1.school.example:7000: is hub2 there?"
    made = _made(path, said, said, monkeypatch)
    assert _told(made, "hub1.school.example") == []
    assert [name for name, text in made.files.items() if "hub2" in text] == []
    assert "  routers: [tls://<not shown>:7000, tls://<not shown>]\n" in made.files["config.yaml"]


def test_a_token_that_was_typed(tmp_path: Path) -> None:
    """Or is in the environment."""
    path = tmp_path / "config.yaml"
    path.write_text("gateway:")
    made = bundle(_patient(path, "it said s3cret-token-77"), [], NOW, ["s3cret-token-77"])
    assert _told(made, "s3cret-token-77") == []
    assert made.taken_out["secret"] >= 3


def test_no_log_lines_of_ours_hold_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Making a bundle logs nothing."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {token: abcdefgh1234}")
    with caplog.at_level(logging.DEBUG):
        bundle(_patient(path, "x"), [], NOW)
    assert "abcdefgh1234" not in caplog.text
