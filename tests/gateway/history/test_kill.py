"""kill -9 while it is written and sealed: all that was written is there, and no wrong reading."""

import random
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.history.whole import check_whole, is_unharmed

ROOT = Path(__file__).parents[3]
KILLS = 100
FEW = 5


@pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(n, marks=pytest.mark.slow) for n in range(FEW, KILLS))]
)
def test_killed(tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """At some moment under load."""
    chance = random.Random(seed)
    path = tmp_path / "history.db"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.history.living", str(path), str(seed)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child:
        lines = [child.stdout.readline() for _ in range(chance.randint(1, 60))]
        select.select([], [], [], chance.random() / 50)  # somewhere between two commits
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
    told = [int(line) for line in lines if line.endswith(b"\n")]
    assert child.returncode == -9
    check_whole(path, told[-1])
    assert is_unharmed(caplog)
