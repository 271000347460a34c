"""`gateway.config.collecting`: a collector's file, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import ConfigError
from gateway.config.collecting import is_collect, load_collect
from tests.support.fleet_enrolled import enrolled_alone

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")

RIGHT = "collect: {sites: [north]}\nfleet: {routers: ['tcp://localhost']}\n"


def problems(folder: Path, text: str) -> list[str]:
    """What is said of it, without where."""
    path = folder / "collect.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_collect(path, {})
    return [str(each).partition(": ")[2] for each in caught.value.problems]


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """A second's window, a data folder beside the file, and a history of its own bounds."""
    path = tmp_path / "collect.yaml"
    path.write_text(f"{RIGHT}history: {{keep: 10d}}\nhttp: {{listen: '127.0.0.1:9'}}\n")
    config = load_collect(path, {})
    assert (config.collect.name, config.collect.sites, config.collect.window) == ("collector", ["north"], 1.0)
    assert config.data == tmp_path / "data"
    assert config.shared.data == tmp_path / "data"
    assert config.history.keep == 864_000.0
    assert config.shared.http is not None
    assert config.shared.gateway.name == "collector"


def test_which_file_is_a_collectors(tmp_path: Path) -> None:
    """As `check` asks; one that cannot be read is none."""
    path = tmp_path / "a.yaml"
    path.write_text(RIGHT)
    assert is_collect(path)
    path.write_text("gateway: {name: a}\n")
    assert not is_collect(path)
    assert not is_collect(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RIGHT.replace("[north]", "[north, north]"), "collect.sites[1]: 'north' is there twice; remove one"),
        (f"{RIGHT}history: {{window: 60s}}", "history.window: a collector's is in `collect`"),
        (RIGHT.replace("tcp://localhost", "tls://hub"), "fleet.routers[0]: tls:// needs certificates"),
        (RIGHT.replace("tcp://localhost", "tcp://hub"), "fleet.routers[0]: 'tcp://hub': without TLS"),
        (RIGHT.replace("sites:", "site:"), "collect.site: unknown key 'site'; did you mean 'sites'?"),
        (
            RIGHT.replace("[north]", "[north], postgres: mysql://x:hunter2@y"),
            "collect.postgres: expected a URL",
        ),
        (f"{RIGHT}links: {{}}", "links: unknown key 'links'"),
        ("collect: {}\n", "fleet: "),
        ("[]", "expected a mapping with the sections collect, fleet, http"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    """Where it is, and what to write; never what is secret."""
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(said), problem
    assert "hunter2" not in problem


TLS = "fleet: {routers: ['tls://hub'], tls: {ca: ca.pem, cert: cert.pem, key: key.pem}}\n"


@pytest.mark.parametrize(
    ("site", "collect", "said"),
    [
        ("all", "{name: main}", None),
        ("all", "{name: main, sites: [north]}", None),
        ("north", "{name: main, sites: [north]}", None),
        (
            "north",
            "{name: main}",
            "collect.sites: the certificate is for the site north alone, and this conf",
        ),
        ("north", "{name: main, sites: [south]}", "collect.sites: the certificate is for the site north alo"),
        ("north", "{name: main, sites: [north, south]}", "collect.sites: the certificate is for the site no"),
        (
            "all",
            "{}",
            "fleet.tls.cert: 'cert.pem' is of the collector main, and this config is of the collec",
        ),
        ("all", "{name: [main]}", "collect.name: expected"),
        ("all", "{name: main, sites: [[north]]}", "collect.sites: expected"),
    ],
)
def test_whose_certificate(tmp_path: Path, site: str, collect: str, said: str | None) -> None:
    """One of another name, or of another site, collects nothing, and no router says so."""
    enrolled_alone(tmp_path, "main", site=site)
    text = f"collect: {collect}\n{TLS}"
    if said is None:
        (tmp_path / "collect.yaml").write_text(text)
        assert load_collect(tmp_path / "collect.yaml", {}).collect.name == "main"
        return
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(said), problem


def test_a_gateway_s_certificate(tmp_path: Path) -> None:
    """Is none to collect with."""
    enrolled_alone(tmp_path, "north/barn")
    (problem,) = problems(tmp_path, f"collect: {{}}\n{TLS}")
    assert "is of the gateway north/barn, and this config is of the collector collector" in problem
    assert problem.endswith("sig-gateway fleet enrol collector --collector all, or the site that it collects")
