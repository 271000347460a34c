"""How a Debian package is made: names, versions, what pip is asked for. The whole is in
tests/installed/test_debian_package.py."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """The program."""
    spec = importlib.util.spec_from_file_location("build_deb", ROOT / "packaging" / "build_deb.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_deb"] = module
    spec.loader.exec_module(module)
    return module


needs_dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="there is no dpkg to compare versions")


@needs_dpkg
@pytest.mark.parametrize(
    ("version", "debian"),
    [
        ("0.1.0", "0.1.0-1+deb12"),
        ("0.2.0rc1", "0.2.0~rc1-1+deb12"),
        ("0.2.0a2", "0.2.0~a2-1+deb12"),
        ("0.2.0.dev3", "0.2.0~dev3-1+deb12"),
    ],
)
def test_a_version_is_debian_s(builder: ModuleType, version: str, debian: str) -> None:
    """What comes before a release is less than it, by dpkg's own judgement."""
    made = builder.deb_version(version, builder.RELEASES["bookworm"])
    assert made == debian
    if version != "0.1.0":
        subprocess.run(["dpkg", "--compare-versions", made, "lt", "0.2.0-1+deb12"], check=True)


@needs_dpkg
def test_a_newer_debian_s_package_is_newer(builder: ModuleType) -> None:
    """So that an update of the system takes it."""
    old, new = (builder.deb_version("0.1.0", builder.RELEASES[name]) for name in ("bookworm", "trixie"))
    subprocess.run(["dpkg", "--compare-versions", old, "lt", new], check=True)


def test_wheels_are_asked_for_by_python_machine_and_glibc(builder: ModuleType) -> None:
    """None that needs a newer glibc than the release has, nor one of another machine."""
    options = builder.pip_options("arm64", builder.RELEASES["bookworm"])
    assert "--only-binary=:all:" in options
    assert "--python-version=3.11" in options
    platforms = {option for option in options if option.startswith("--platform=")}
    assert "--platform=manylinux_2_36_aarch64" in platforms
    assert "--platform=manylinux2014_aarch64" in platforms
    assert "--platform=manylinux_2_37_aarch64" not in platforms
    assert all(platform.endswith("_aarch64") for platform in platforms)


def test_what_has_no_wheel_is_named(
    builder: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In words, with what to do instead; all of them at once."""

    def pip(command: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        names = ("sig-gateway", "a", "b", "c")
        report = json.dumps({"install": [{"metadata": {"name": name, "version": "1"}} for name in names]})
        fails = not (command == "install" and "--dry-run" in arguments) and arguments[-1] != "b==1"
        return subprocess.CompletedProcess([], int(fails), report, "")

    monkeypatch.setattr(builder, "_pip", pip)
    wheel = tmp_path / "sig_gateway-0.1.0-py3-none-any.whl"
    assert builder.main([str(wheel), "--arch", "armhf", "--into", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "no package for armhf" in said
    assert "no wheel of a==1, c==1." in said
    assert "pipx" in said
    assert list(tmp_path.iterdir()) == []


def test_the_package_has_the_fleet(builder: ModuleType) -> None:
    """Its extra is installed with the wheel: what dpkg has installed, pip cannot add to. And a unit that is
    enabled by nobody."""
    assert builder.with_extra(Path("a/sig_gateway-1-py3-none-any.whl")).endswith("any.whl[fleet]")
    unit = (ROOT / "gateway" / "systemd" / builder.ROUTER_UNIT).read_text()
    assert "ExecStart=/usr/bin/sig-gateway fleet-router -c /etc/sig-gateway/fleet-router.yaml" in unit
    script = (ROOT / "packaging" / "debian" / "postinst").read_text()
    assert [line.split()[2] for line in script.splitlines() if "fleet-router" in line] == ["try-restart"]


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_the_scripts_are_shell(name: str) -> None:
    """As dpkg runs them: executable, for /bin/sh."""
    script = ROOT / "packaging" / "debian" / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(script)], check=True)
