"""The shares of the Pythons: together they are everything, and each file is in one of them."""

import os
import subprocess
import sys

import pytest

from tests.support.sharing import ROOT, VARIABLE, Share
from tests.support.waiting import DEADLINE_S

FILES = sorted((ROOT / "tests").rglob("test_*.py"))
FOLDER = ROOT / "tests" / "firmware_sim" / "modbus"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_file_is_in_one(count: int) -> None:
    """But those that are run everywhere."""
    shares = [Share(f"{number}/{count}") for number in range(1, count + 1)]
    for path in FILES:
        times = sum(share.has(path) for share in shares)
        assert times == (count if path.is_relative_to(ROOT / "tests" / "sig") else 1), path


def test_they_are_about_as_large() -> None:
    """Neither has two thirds of the files."""
    other = [path for path in FILES if not path.is_relative_to(ROOT / "tests" / "sig")]
    for number in (1, 2):
        assert 1 / 3 < sum(Share(f"{number}/2").has(path) for path in other) / len(other) < 2 / 3


def test_without_a_word_it_is_everything() -> None:
    """As for whoever runs pytest."""
    assert all(Share("").has(path) for path in FILES)


def test_what_is_no_test_is_everybodys() -> None:
    """A conftest.py, a rig."""
    for name in ("tests/conftest.py", "tests/drivers/conftest.py", "tests/support/house.py"):
        assert Share("1/2").has(ROOT / name)
        assert Share("2/2").has(ROOT / name)


@pytest.mark.parametrize("text", ["3/2", "0/2", "1", "1/", "/2", "x/2"])
def test_nonsense(text: str) -> None:
    """Runs nothing."""
    with pytest.raises(ValueError, match=r"SIG_GATEWAY_SHARE|invalid literal"):
        Share(text)


def test_pytest_collects_a_share() -> None:
    """Of a folder: two shares are all of it."""
    one, other = collected("1/2"), collected("2/2")
    assert one
    assert other
    assert not one & other
    assert one | other == {path.relative_to(ROOT).as_posix() for path in FOLDER.glob("test_*.py")}


def collected(share: str) -> set[str]:
    """The files of a folder of which there are tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", str(FOLDER)],
        cwd=ROOT,
        env=os.environ | {VARIABLE: share},
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_S,
        check=True,
    )
    return {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
