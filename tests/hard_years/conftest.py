"""For the tests of hard years."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.in_memory import IN_MEMORY


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory, if there can be one."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)
