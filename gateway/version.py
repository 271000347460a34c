"""The version that is installed, and the commit that it was made of."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_COMMIT = Path(__file__).with_name("commit.txt")
"""Written into what is built (`setup.py`); not there in a checkout."""


def package_version() -> str:
    """Such as `0.1.0`; `unknown` where the source is used without being installed."""
    try:
        return version("sig-gateway")
    except PackageNotFoundError:
        return "unknown"


def full_version() -> str:
    """Such as `0.1.0 (commit 4c9a83ee)`; without the commit where nobody knows it."""
    commit = _commit()
    return f"{package_version()} (commit {commit})" if commit else package_version()


def _commit() -> str | None:
    """A name for people; `-dirty` behind it where files of a checkout were changed since."""
    if _COMMIT.exists():
        return _COMMIT.read_text().strip() or None
    if not (_COMMIT.parents[1] / ".git").exists():
        return None
    import subprocess

    command = ["git", "-C", str(_COMMIT.parents[1]), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
