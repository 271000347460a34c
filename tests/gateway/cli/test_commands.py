"""The command line in this process: help, usage errors, and what needs no gateway."""

from pathlib import Path

import pytest

from gateway.cli import common, main

COMMANDS = [
    *("run", "check", "senders", "read", "request", "watch", "history", "export", "import"),
    *("ports", "capture", "simulate", "doctor", "firmware", "fleet-router", "fleet", "collect"),
]


@pytest.mark.parametrize("arguments", [[], ["-h"], *([command, "--help"] for command in COMMANDS)])
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Every command has help, cut nowhere."""
    assert main(arguments) in (0, 2)
    shown = capsys.readouterr()
    assert "Usage: sig-gateway" in shown.out + shown.err
    assert "..." not in shown.out.replace("COMMAND [ARGS]...", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["read"],
        ["read", "temp", "--connect", "http://x"],
        ["read", "temp", "--timeout", "-1"],
        ["request", "temp"],
        ["request", "temp", "read", "{"],
        ["watch", "--count", "0"],
        ["run", "--colour"],
    ],
)
def test_usage_errors(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit status 2, words on stderr, nothing on stdout."""
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Error: " in shown.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Installed or not."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("sig-gateway ")


def test_where_the_config_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed, else this folder's, else the service's, which is said; `run` wants one of its own."""
    installed = tmp_path / "etc.yaml"
    installed.write_text("gateway: {name: service}\n")
    monkeypatch.setattr(common, "INSTALLED_CONFIG", installed)
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{installed}: correct")
    assert said.err.startswith(f"there is no ./config.yaml: it is {installed} that is looked at\n")
    assert main(["check", "-c", "other.yaml"]) == 2
    assert "other.yaml" in capsys.readouterr().err
    assert main(["run"]) == 2
    assert str(installed) not in capsys.readouterr().err
    (tmp_path / "config.yaml").write_text("gateway: {name: here}\n")
    assert main(["check"]) == 0
    assert "etc.yaml" not in "".join(capsys.readouterr())
    (tmp_path / "config.yaml").unlink()
    installed.unlink()
    assert main(["check"]) == 2
    assert capsys.readouterr().err.startswith("config.yaml")


def test_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A summary for a correct config; a port given as a secret is not in it."""
    path = tmp_path / "config.yaml"
    (tmp_path / "port").write_text("/dev/ttySECRET")
    path.write_text("links: {a: {port: !file port}}\nsensors: {t: {driver: light, link: a, channel: lux}}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  link a (sensorline, a port that is not shown): t",
        "  sensor t: light, channel lux of a",
    ]
    path.write_text("links: {a: {port: 'sim:', identity: SIM1}, b: {port: /x, identity: !file port}}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  link a (sensorline, sim:, identity SIM1): no sensors",
        "  link b (sensorline, /x, identity that is not shown): no sensors",
    ]
    path.write_text("links: {r: {protocol: mysensors, port: /x, discover: true}}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["  link r (mysensors, /x): what it finds"]
    path.write_text("sensors: {}\nmqtt: {url: 'mqtts://gw:hush@h', home_assistant: true}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["  mqtt: broker h:8883, encrypted, Home Assistant on"]
    (tmp_path / "url").write_text("mqtt://gw:hush@h")
    path.write_text("sensors: {}\nmqtt: {url: !file url}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  mqtt: a broker that is not shown, Home Assistant off"
    ]
    fleet = "site: north, routers: ['tcp://127.0.0.1', 'tcp://127.0.0.1:7448']"
    path.write_text(f"sensors: {{}}\ngateway: {{name: barn}}\nfleet: {{{fleet}}}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  fleet: north/barn, routers tcp://127.0.0.1, tcp://127.0.0.1:7448, consumers collector"
    ]
    (tmp_path / "hub").write_text("tcp://127.0.0.1")
    path.write_text("sensors: {}\nfleet: {site: north, routers: [!file hub], consumers: []}\n")
    assert main(["check", "-c", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  fleet: north/gateway, routers that are not shown, consumers none"
    ]
    path.write_text("links: {a: {}}\nx: 1\n")
    assert main(["check", "-c", str(path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "2 errors"


def test_what_the_environment_says_of_the_clock(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that is none is a usage error: what it is, where, what was expected; nothing is started."""
    path = tmp_path / "config.yaml"
    path.write_text(f"gateway: {{data: {tmp_path}/data}}\nrouter: {{listen: 'unix:{tmp_path}/s'}}\n")
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "yes")
    assert main(["run", "-c", str(path)]) == 2
    assert capsys.readouterr().err.endswith(
        "error: SIG_GATEWAY_CLOCK: expected set or unset, got 'yes'; leave it out to have it found out\n"
    )
    assert not (tmp_path / "data").exists()


COLLECT = "collect: {}\nfleet: {routers: ['tcp://localhost']}\n"


def test_a_collectors_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a gateway's config, its file is looked at; what is of gateways alone says what to use."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "collect.yaml").write_text(COLLECT)
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert said.err == "there is no ./config.yaml: it is collect.yaml that is looked at\n"
    assert "collects all sites as collector" in said.out
    for command in (["history", "north/shed/temp"], ["export", "all.csv"], ["run"]):
        assert main([*command, "-c", "collect.yaml"]) == 2
        said = capsys.readouterr()
        assert said.err.startswith(
            "collect.yaml: a collector's config, and no gateway's: `sig-gateway collect"
        )
        assert len(said.err.splitlines()) == 1
    assert main(["history", "north/shed/temp"]) == 2
    assert "it is collect.yaml that is looked at\ncollect.yaml: a collector's" in capsys.readouterr().err
    assert main(["doctor", "-c", "collect.yaml", "--connect", "tcp://127.0.0.1:1"]) == 2
    assert "--connect is for a gateway" in capsys.readouterr().err


def test_a_routers_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Is checked as what it is."""
    path = tmp_path / "hub.yaml"
    path.write_text("listen: [tcp://127.0.0.1:7000]\nconnect: tcp://127.0.0.1:7001\n")
    assert main(["check", str(path)]) == 0
    where = "listens on tcp://127.0.0.1:7000, connects to tcp://127.0.0.1:7001"
    assert capsys.readouterr().out == f"{path}: correct\n  router: {where}\n"
    path.write_text("listen: tls://0.0.0.0\ndir: hub\n")
    assert main(["check", str(path)]) == 2
    assert "there is no ca.pem" in capsys.readouterr().err
    path.write_text("listen: [1]\n")
    assert main(["check", str(path)]) == 2
    assert "listen: expected a list such as" in capsys.readouterr().err
