"""A made-up `/sys` for each test."""

from pathlib import Path

import pytest

from tests.support.made_up_sysfs import MadeUpTree


@pytest.fixture
def tree(tmp_path: Path) -> MadeUpTree:
    """Empty, but for the folders that list what there is."""
    return MadeUpTree(tmp_path / "sys")
