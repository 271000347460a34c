"""For the history's tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_MEMORY = next((folder for folder in ("/dev/shm",) if Path(folder).is_dir()), None)
"""Where there is such a folder a sync takes no time: for tests of which the disk is no part."""


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory, if there can be one."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)
