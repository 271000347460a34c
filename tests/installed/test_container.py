"""The image, built and run by buildah, on a base of the tests' Debian: no registry of images is asked."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installed import wheelhouse
from tests.support.machine import DEBIAN, ROOT, why_not

BASE = "docker.io/library/python:3.13-slim-trixie"
"""What the Containerfile asks for; here a Debian 12 with its Python 3.11 has that name."""
LEFT_OUT = ("./var/cache/apt", "./var/lib/apt/lists", "./usr/share/doc", "./usr/share/locale")
VENV = ("python3.11-venv_*", "python3-venv_*", "python3-pip-whl_*", "python3-setuptools-whl_*")

LIFE = """\
sig-gateway run --init >/data/log 2>&1 & gateway=$!
tries=0
until sig-gateway health; do
    tries=$((tries + 1)); [ $tries -lt 60 ] || { cat /data/log; exit 1; }
    sleep 1
done
kill -TERM $gateway; wait $gateway; echo "ended with $?"
"""
"""As the image is started, asked how it does until it is well, and stopped."""
ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        shutil.which("buildah") is None, reason="there is no buildah; apt install buildah crun"
    ),
]


class Buildah:
    """With its images and containers in a folder."""

    def __init__(self, folder: Path) -> None:
        self._where = [f"--root={folder / 'images'}", f"--runroot={folder / 'run'}", "--storage-driver=vfs"]

    def __call__(self, *arguments: str) -> str:
        """What it prints; in a network of its own, as the image's ports may be taken here."""
        command = [*ALONE, "buildah", *self._where, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout


def make_base(buildah: Buildah, wheel: Path, folder: Path) -> None:
    """Debian's Python with `python`, `venv` and the wheels, under the name of the one that is asked for."""
    tree = folder / "tree"
    tree.mkdir()
    out = [f"--exclude={each}" for each in LEFT_OUT]
    packed = subprocess.Popen(["tar", "-C", str(DEBIAN), *out, "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", str(tree), "-x"], stdin=packed.stdout, check=True)
    assert packed.stdout is not None
    packed.stdout.close()
    assert packed.wait() == 0
    for name in VENV:
        (found,) = (DEBIAN / "var/cache/apt/archives").glob(name)
        subprocess.run(["dpkg-deb", "-x", str(found), str(tree)], check=True)
    (tree / "usr/bin/python").symlink_to("python3")
    wheelhouse.fill(tree / wheelhouse.PLACE.lstrip("/"), wheel)
    (tree / "etc/pip.conf").write_text(wheelhouse.PIP)
    (folder / "Base").write_text("FROM scratch\nCOPY . /\n")
    buildah("bud", "--quiet", f"--file={folder / 'Base'}", f"--tag={BASE}", str(tree))


def test_built_and_run(wheel: Path, tmp_path: Path) -> None:
    """It says its version, starts with its default config as a user that is not root, and is healthy."""
    if (why := why_not()) is not None:
        pytest.skip(why)
    buildah = Buildah(tmp_path)
    make_base(buildah, wheel, tmp_path)
    file = ROOT / "packaging" / "Containerfile"
    buildah(
        "bud",
        "--quiet",
        "--pull-never",
        "--isolation=chroot",
        "--format=docker",
        f"--file={file}",
        "--tag=sig-gateway",
        str(ROOT),
    )
    name = buildah("from", "--pull-never", "localhost/sig-gateway").strip()
    run = ("run", "--isolation=chroot", name, "--")
    assert re.match(r"sig-gateway \d", buildah(*run, "sig-gateway", "--version"))
    assert buildah(*run, "id", "--user", "--name").strip() == "sig-gateway"
    said = buildah(*run, "sh", "-c", LIFE)
    assert "ok" in said
    assert said.splitlines()[-1] == "ended with 0"
