"""What `--version` says: the version and, where it is known, the commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gateway import version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the package `gateway` is, with nothing in it."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    monkeypatch.setattr(version, "_COMMIT", folder / "commit.txt")
    return folder


def test_what_was_built_knows_its_commit(package: Path) -> None:
    """As `setup.py` has written it."""
    (package / "commit.txt").write_text("4c9a83ee\n")
    assert version.full_version() == f"{version.package_version()} (commit 4c9a83ee)"


@pytest.mark.parametrize("written", ["", "\n", None])
def test_without_a_commit_it_is_left_out(package: Path, written: str | None) -> None:
    """Of an archive of the source, or where git is not there."""
    if written is not None:
        (package / "commit.txt").write_text(written)
    assert version.full_version() == version.package_version()


def test_a_checkout_is_asked(package: Path) -> None:
    """And says whether something was changed since."""

    def git(*command: str) -> str:
        named = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
        done = ["git", "-C", str(package.parent), *named, *command]
        return subprocess.run(done, check=True, capture_output=True, text=True).stdout.strip()

    (package / "a").write_text("a")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "a")
    commit = git("rev-parse", "--short", "HEAD")
    assert version.full_version().endswith(f" (commit {commit})")
    (package / "a").write_text("b")
    assert version.full_version().endswith(f" (commit {commit}-dirty)")


def test_a_checkout_that_git_cannot_read_has_none(package: Path) -> None:
    """Such as one whose folder is another user's."""
    (package.parent / ".git").write_text("gitdir: /nonexistent")
    assert version.full_version() == version.package_version()
