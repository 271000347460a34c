"""What fails is run once more, alone, where that is wanted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.once_more import MOST, NAMED, VARIABLE
from tests.support.patients import ROOT

FAILS_FIRST = """
import pathlib, pytest
@pytest.mark.parametrize("number", range({count}))
def test_a(number):
    mark = pathlib.Path(f"mark{{number}}")
    had, _ = mark.exists(), mark.touch()
    assert had and {again}
"""


@pytest.mark.parametrize(
    ("count", "again", "wanted", "status"),
    [(1, True, "1", 0), (1, True, "", 1), (1, False, "1", 1), (MOST, True, "1", 0), (MOST + 1, True, "1", 1)],
)
def test_what_fails(tmp_path: Path, count: int, again: bool, wanted: str, status: int) -> None:
    """It passes the second time; nobody wants that; it fails again; as many as may; more."""
    (tmp_path / "test_a.py").write_text(FAILS_FIRST.format(count=count, again=again))
    # a Python with a cache of its own: the one that runs this test may be in the middle of a run
    code = f"import sys; sys.prefix={str(tmp_path)!r}; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from tests.support.once_more import main\nsys.exit(main(['-q', 'test_a.py']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {VARIABLE: wanted}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    named = (tmp_path / NAMED).read_text().splitlines() if (tmp_path / NAMED).exists() else []
    assert len(named) == (count if status == 0 else 0)


def test_nothing_fails(tmp_path: Path) -> None:
    """Then nothing is run again, nor named."""
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")
    code = f"import sys; sys.prefix={str(tmp_path)!r}; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from tests.support.once_more import main\nsys.exit(main(['-q', 'test_a.py']))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {VARIABLE: "1"}, check=True)
    assert not (tmp_path / NAMED).exists()
