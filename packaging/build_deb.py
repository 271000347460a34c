"""Make a Debian package of a wheel: `python packaging/build_deb.py WHEEL --arch arm64 --release bookworm`.

Debian's pydantic, paho and rich are too old, so the package has all of them in a virtual environment of its
own below /usr/lib/sig-gateway. They are the registry's wheels, unpacked by pip for the other machine; nothing
is compiled, and nothing of that machine is run, so each package can be made on any machine. A dependency that
has no wheel for it is named, and then there is no package.

A wheel with compiled code is for one minor version of Python: so a package is for one release of Debian, and
for the Raspberry Pi OS that is made of it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gateway.systemd.unit import NAME, STATE, Plan, system_unit  # noqa: E402 - from this checkout

CONFIG = Path("/etc/sig-gateway/config.yaml")
HOME = Path("/usr/lib/sig-gateway")


class Release(NamedTuple):
    """Of Debian: its number, and what it has."""

    number: int
    python: str
    systemd: int
    glibc: int


RELEASES = {"bookworm": Release(12, "3.11", 252, 36), "trixie": Release(13, "3.13", 257, 41)}
"""glibc 2.x; the registry's tags of platforms go by it."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "armhf": "armv7l"}
"""Debian's names and Python's."""
OLDEST_GLIBC = 17
EXTRA = "fleet"
ROUTER_UNIT = "fleet-router.service"
"""In gateway/systemd. It is not started, and not enabled: few machines are a router of a fleet."""


class NoWheelError(Exception):
    """A dependency cannot be had for that machine; the text names each."""


def main(argv: Sequence[str] | None = None) -> int:
    """Build one package; 1 with what is missing if it cannot be."""
    parser = argparse.ArgumentParser(description="Make a Debian package of a wheel.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--arch", choices=MACHINES, default="amd64")
    parser.add_argument("--release", choices=RELEASES, default="bookworm")
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    asked = parser.parse_args(argv)
    try:
        print(build(asked.wheel, asked.arch, asked.release, asked.into))
    except NoWheelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def build(wheel: Path, arch: str, release_name: str, into: Path) -> Path:
    """The path of the package that was made. Raises NoWheelError."""
    release = RELEASES[release_name]
    version = deb_version(wheel.name.split("-")[1], release)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _unpack(wheel, tree, arch, release)
        _add_environment(tree, release)
        _add_service(tree, release)
        _add_docs(tree)
        _add_control(tree, version, arch, release)
        into.mkdir(exist_ok=True)
        made = into / f"sig-gateway_{version}_{arch}.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(made)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def deb_version(version: str, release: Release) -> str:
    """`0.2.0rc1` is before 0.2.0: `0.2.0~rc1-1+deb12`."""
    upstream = re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", version)
    return f"{upstream}-1+deb{release.number}"


def pip_options(arch: str, release: Release) -> list[str]:
    """What has pip take wheels for that machine and nothing else."""
    machine = MACHINES[arch]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(release.glibc, OLDEST_GLIBC - 1, -1)]
    named = [*platforms, f"manylinux2014_{machine}"]
    options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={release.python}"]
    return [*options, *(f"--platform={platform}" for platform in named)]


def without_wheel(wheel: Path, arch: str, release: Release) -> list[str]:
    """Which of the wheel's dependencies, and theirs, have none for that machine."""
    report = json.loads(
        _pip("install", "--dry-run", "--ignore-installed", "--report=-", with_extra(wheel)).stdout
    )
    found = [each["metadata"] for each in report["install"]]
    needed = [f"{each['name']}=={each['version']}" for each in found if each["name"] != "sig-gateway"]
    missing = []
    with tempfile.TemporaryDirectory() as folder:
        for each in needed:
            options = pip_options(arch, release)
            done = _pip("download", "--no-deps", f"--dest={folder}", *options, each, check=False)
            if done.returncode:
                missing.append(each)
    return missing


def with_extra(wheel: Path) -> str:
    """What pip is to install: with the extra `fleet`, as nobody can add to what dpkg has installed."""
    return f"{wheel}[{EXTRA}]"


def _pip(command: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check", *arguments],
        check=check,
        capture_output=True,
        text=True,
    )


def _unpack(wheel: Path, tree: Path, arch: str, release: Release) -> None:
    """The wheel and all that it needs, where the environment has its packages."""
    target = tree / HOME.relative_to("/") / "lib" / f"python{release.python}" / "site-packages"
    options = [*pip_options(arch, release), f"--target={target}", "--no-compile", with_extra(wheel)]
    done = _pip("install", *options, check=False)
    if done.returncode:
        missing = ", ".join(without_wheel(wheel, arch, release))
        raise NoWheelError(
            f"no package for {arch} can be made: for Python {release.python} on {MACHINES[arch]} "
            f"the registry has no wheel of {missing or 'something'}. There, install with pipx, which "
            f"compiles what is missing or, on Raspberry Pi OS, takes it from piwheels.org"
            + ("" if missing else f"\n{done.stderr}")
        )
    shutil.rmtree(target / "bin")  # starts by the Python of this machine


def _add_environment(tree: Path, release: Release) -> None:
    """What `python -m venv` would make, for Debian's own Python."""
    home = tree / HOME.relative_to("/")
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(f"/usr/bin/python{release.python}")
    (home / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {release.python}\n"
    )
    script = home / "bin" / "sig-gateway"
    script.write_text(
        f"#!{HOME}/bin/python3\nimport sys\n\nfrom gateway.cli import main\n\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin/sig-gateway").symlink_to("../lib/sig-gateway/bin/sig-gateway")


def _add_service(tree: Path, release: Release) -> None:
    """The unit, and the config that it starts with."""
    plan = Plan(
        command=["/usr/bin/sig-gateway"],
        config=CONFIG,
        data=STATE,
        user="sig-gateway",
        groups=(),  # which there are is found at the install
        version=release.systemd,
        about="Of the Debian package. To change it: systemctl edit sig-gateway",
    )
    units = tree / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    (units / NAME).write_text(system_unit(plan))
    shutil.copy(ROOT / "gateway" / "systemd" / ROUTER_UNIT, units / f"sig-gateway-{ROUTER_UNIT}")
    settings = tree / CONFIG.parent.relative_to("/")
    (settings / "secrets").mkdir(parents=True, mode=0o700)
    default = (ROOT / "gateway" / "default.yaml").read_text()
    (settings / CONFIG.name).write_text(default.replace("data: ./data  ", f"data: {STATE}  "))


def _add_docs(tree: Path) -> None:
    folder = tree / "usr/share/doc/sig-gateway"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", folder / "copyright")
    shutil.copy(ROOT / "docs" / "install.md", folder)
    log = (ROOT / "CHANGELOG.md").read_bytes()
    (folder / "changelog.gz").write_bytes(gzip.compress(log, mtime=0))


def _add_control(tree: Path, version: str, arch: str, release: Release) -> None:
    """What dpkg reads; last, as it has the sums and the size of all the rest."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    control = tree / "DEBIAN"
    control.mkdir()
    major, minor = release.python.split(".")
    python = f"python3 (>= {release.python}), python3 (<< {major}.{int(minor) + 1})"
    (control / "control").write_text(
        f"""Package: sig-gateway
Version: {version}
Architecture: {arch}
Maintainer: The sig-gateway maintainers <sig-gateway@localhost>
Installed-Size: {sum(path.stat().st_size for path in files) // 1024}
Depends: {python}, adduser, init-system-helpers (>= 1.52)
Suggests: mosquitto
Section: net
Priority: optional
Description: sensor gateway for the Raspberry Pi
 Sensors on serial ports, RS-485 and the kernel's buses as events, live reads and
 home automation: MQTT with Home Assistant's discovery, HTTP, history.
"""
    )
    (control / "conffiles").write_text(f"{CONFIG}\n")
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]  # noqa: S324
    (control / "md5sums").write_text("".join(sums))
    for script in (ROOT / "packaging" / "debian").iterdir():
        shutil.copy(script, control)
    for path in tree.rglob("*"):
        if not path.is_symlink() and path.name != "secrets":
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


if __name__ == "__main__":
    sys.exit(main())
