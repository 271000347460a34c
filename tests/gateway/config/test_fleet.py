"""The `fleet` section: what it takes, and what it says of what it does not take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.config import Config, fleet_checks, load_usable
from tests.support.fleet_enrolled import enrolled_alone

Complaints = Callable[..., list[str]]
LoadText = Callable[..., Config]
LOCAL = "[tcp://127.0.0.1:7447]"
TLS = "{ca: ca.pem, cert: cert.pem, key: key.pem}"


def section(**keys: str) -> str:
    lines = {"site": "north", "routers": LOCAL, **keys}
    return "fleet:\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """Beside the config: an authority, and a certificate of its."""
    authority = trustme.CA()
    mine = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    mine.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o600)
    return tmp_path


def test_defaults(load_text: LoadText) -> None:
    """A site and a router must be there; no section, no fleet."""
    fleet = load_text(section()).fleet
    assert fleet is not None
    assert (fleet.consumers, fleet.keep, fleet.size, fleet.loss_window) == (
        ["collector"],
        604_800.0,
        100_000_000,
        5.0,
    )
    assert fleet.tls is None
    assert load_text("fleet:\n").fleet is None


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("consumers", "[]", []),
        ("consumers", "[one, two]", ["one", "two"]),
        ("keep", "30d", 30 * 86400.0),
        ("size", "1MB", 10**6),
        ("loss_window", "100ms", 0.1),
        ("routers", "[tcp://localhost, 'tcp://[::1]:7000']", ["tcp://localhost", "tcp://[::1]:7000"]),
    ],
)
def test_values(load_text: LoadText, key: str, written: str, value: Any) -> None:
    """As people write them."""
    assert getattr(load_text(section(**{key: written})).fleet, key) == value


@pytest.mark.parametrize(
    ("key", "written", "line", "expected"),
    [
        (
            "site",
            "a/b",
            2,
            "site: expected a name of letters, digits, '_', '-' or '.', at most 48, got 'a/b'",
        ),
        ("site", '"*"', 2, "site: expected a name of letters"),
        ("site", "all", 2, "'all' means every site where a collector is enrolled; choose another name"),
        ("routers", "[]", 3, "tls://hub1 or tls://hub1:7447, got an empty list; write: routers: [tls://"),
        ("routers", "tls://hub", 3, "routers: expected a list of URLs such as tls://hub1"),
        ("routers", "[tcp://hub]", 3, "without TLS anybody could publish as any gateway; write tls://"),
        ("routers", "[http://hub]", 3, "expected tls://host or tls://host:port (by default 7447)"),
        ("routers", "[tls://hub]", 3, "tls:// needs certificates: make them with sig-gateway fleet enrol"),
        ("routers", "[tls://hub]", 3, "write: tls: {ca: secrets/fleet/ca.pem, cert: secrets/fleet/cert.pem"),
        ("routers", "[tcp://localhost, tcp://localhost]", 3, "'tcp://localhost' is there already"),
        ("consumers", "[a, a]", 4, "'a' is there already; leave it out"),
        ("consumers", "[a/b]", 4, "expected"),
        ("keep", "1s", 4, "keep: expected a time span from 60s"),
        ("size", "1kB", 4, "size: expected a size from 1MB to 1000GB"),
        ("loss_window", "0", 4, "loss_window: expected a time span from 100ms to 60s"),
        (
            "tls",
            "{ca: a}",
            4,
            "'cert' is missing: expected a file's path; write: cert: secrets/fleet/cert.pem",
        ),
        ("colour", "red", 4, "unknown key 'colour'"),
    ],
)
def test_errors(complaints: Complaints, key: str, written: str, line: int, expected: str) -> None:
    """With the line, and what to write."""
    found = complaints(section(**{key: written}))
    assert found[0].startswith(f"{line}: fleet.{key}"), found
    assert expected in found[0]


def test_certificates(load_text: LoadText, complaints: Complaints, certificates: Path) -> None:
    """Relative to the config file; all three are tried."""
    text = section(routers="[tls://hub1, tls://hub2]", tls=TLS)
    assert load_text(text).fleet is not None
    assert [each.path for each in load_text(text).warnings] == [("sensors",)]
    (certificates / "key.pem").unlink()
    assert complaints(text) == ["4: fleet.tls.key: 'key.pem' cannot be read: No such file or directory"]
    (certificates / "key.pem").write_text("none")
    assert "expected a certificate and its private key" in complaints(text)[0]
    assert "there is no private key in key, or it has a passphrase" in complaints(text)[0]
    trustme.CA().private_key_pem.write_to_path(certificates / "key.pem")
    assert "both PEM; key is that of another certificate than cert" in complaints(text)[0]
    (certificates / "cert.pem").write_text("none")
    assert "both PEM; there is no certificate in cert" in complaints(text)[0]
    (certificates / "ca.pem").write_text("none")
    assert any("fleet.tls.ca: expected a certificate, PEM" in each for each in complaints(text))


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("north/barn", {}, None),
        ("north/barn", {"reads": True, "asks": True}, None),
        ("north/shed", {}, "'cert.pem' is of the gateway north/shed, and this config says north/barn"),
        (
            "south/barn",
            {},
            "write gateway.name and fleet.site as it has them, or: sig-gateway fleet enrol no",
        ),
        ("desk", {"reads": True}, "'cert.pem' is of the reader desk"),
        ("main", {"site": "all"}, "'cert.pem' is of the collector main"),
        (f"northern/{'barn' * 12}", {}, "is of a gateway of another name"),
    ],
)
def test_whose_certificate(
    complaints: Complaints,
    load_text: LoadText,
    tmp_path: Path,
    name: str,
    wanted: dict[str, Any],
    said: str | None,
) -> None:
    """That of another is told: routers would drop all that is said with it."""
    enrolled_alone(tmp_path, name, **wanted)
    text = "gateway: {name: barn}\n" + section(routers="[tls://hub]", tls=TLS)
    if said is None:
        assert load_text(text).fleet is not None
        return
    (found,) = complaints(text)
    assert found.startswith("5: fleet.tls.cert: ")
    assert said in found


def test_another_s_certificate_leaves_the_fleet_out(tmp_path: Path) -> None:
    """The gateway runs, and its health and log say why it is in no fleet."""
    enrolled_alone(tmp_path, "north/shed")
    path = tmp_path / "config.yaml"
    path.write_text(section(routers="[tls://hub]", tls=TLS))
    config = load_usable(path)
    assert config.fleet is None
    (out,) = config.left_out
    assert "is of the gateway north/shed, and this config says north/" in out.reason


def test_certificates_of_no_use(complaints: Complaints, certificates: Path) -> None:
    """Where no router is reached by TLS."""
    (found,) = complaints(section(tls=TLS))
    assert found.startswith("4: fleet.tls: certificates are of no use without encryption")


@pytest.mark.parametrize("url", ["127.0.0.1:7447", "tls://127.0.0.1:7x47", "tls://hub:77777", "tcp://hub"])
def test_certificates_where_a_router_is_wrong(complaints: Complaints, certificates: Path, url: str) -> None:
    """Whether they are of use cannot be told then: there is one error, the router's."""
    (found,) = complaints(section(routers=f'["{url}"]', tls=TLS))
    assert found.startswith("3: fleet.routers[0]: ")
    assert repr(url) in found


def test_a_key_that_others_may_read(load_text: LoadText, certificates: Path) -> None:
    """A warning that says what to do."""
    (certificates / "key.pem").chmod(0o640)
    warnings = {each.path: each.text for each in load_text(section(routers="[tls://hub1]", tls=TLS)).warnings}
    assert "chmod 600 key.pem" in warnings["fleet", "tls", "key"]


def test_without_the_extra(complaints: Complaints, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setattr(fleet_checks, "find_spec", lambda _: None)
    (found,) = complaints(section())
    assert found.startswith("1: fleet: ")
    assert "pip install 'sig-gateway[fleet]', in a clone of its source pip install -e '.[fleet]'" in found
